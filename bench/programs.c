/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The programs that are measured: bpf_loop around TURN_OPS operations, instruction for instruction
 * the same on both engines. In the empty one each call is a move in its place, so that the
 * difference of the two is the call and what it does. With one operation a turn, a CPU would do
 * that of a short one while it waits for what makes up the loop, and the slower an engine's loop
 * is the less its operation would seem to take.
 *
 * The main function has at fp-16 what the callback gets: the state of the key generator, and how
 * many operations failed. The callback has its key at fp-4 and the value at fp-16.
 */
#include <string.h>

#include "programs.h"
#include "verifier/insn.h"

#define PTR(p) ((unsigned long)(p))
#define MAX_INSNS 512
#define MAIN_INSNS 12 /* where the callback begins */

struct program {
	struct bpf_insn insns[MAX_INSNS];
	unsigned int nr;
};

#define EMIT(program, ...)                                                                         \
	do {                                                                                       \
		const struct bpf_insn new_[] = {__VA_ARGS__};                                      \
                                                                                                   \
		memcpy((program)->insns + (program)->nr, new_, sizeof(new_));                      \
		(program)->nr += sizeof(new_) / sizeof(new_[0]);                                   \
	} while (0)

#define COUNT_FAILURE LDX(DW, R1, R6, 8), OP(ADD, R1, 1), STX(DW, R6, 8, R1)

static void emit_lookup(struct program *p, int map, bool empty)
{
	const struct bpf_insn call[] = {CALL(map_lookup_elem), MOVX(R0, R6)};

	EMIT(p, LD_MAP(R1, map), MOVX(R2, R10), OP(ADD, R2, -4));
	EMIT(p, call[empty]);
	/* The value is read: what the lookup is for, and where the cache misses. */
	EMIT(p, IF(JNE, R0, 0, 4), COUNT_FAILURE, JA(1), LDX(DW, R1, R0, 0));
}

static void emit_lookup_chained(struct program *p, int map, bool empty)
{
	emit_lookup(p, map, empty);
	/* Nothing is added to the state, but a CPU does not know that before it has the value. */
	EMIT(p, OP(AND, R1, 0), LDX(DW, R2, R6, 0), OPX(ADD, R2, R1), STX(DW, R6, 0, R2));
}

static void emit_update(struct program *p, int map, bool empty)
{
	const struct bpf_insn call[] = {CALL(map_update_elem), MOV(R0, 0)};

	EMIT(p, LD_MAP(R1, map), MOVX(R2, R10), OP(ADD, R2, -4), MOVX(R3, R10), OP(ADD, R3, -16),
	     MOV(R4, BPF_ANY));
	EMIT(p, call[empty]);
	EMIT(p, IF(JEQ, R0, 0, 3), COUNT_FAILURE);
}

static void emit_delete_insert(struct program *p, int map, bool empty)
{
	const struct bpf_insn call[] = {CALL(map_delete_elem), MOV(R0, 0)};

	EMIT(p, LD_MAP(R1, map), MOVX(R2, R10), OP(ADD, R2, -4));
	EMIT(p, call[empty]);
	EMIT(p, IF(JEQ, R0, 0, 3), COUNT_FAILURE);
	emit_update(p, map, empty);
}

static void (*const emit[NR_OPS])(struct program *p, int map, bool empty) = {
	[OP_LOOKUP] = emit_lookup,
	[OP_LOOKUP_CHAINED] = emit_lookup_chained,
	[OP_UPDATE] = emit_update,
	[OP_DELETE_INSERT] = emit_delete_insert,
};

int op_program(const struct engine *engine, int map, enum op op, bool empty, uint32_t count,
	       uint32_t elements)
{
	static const unsigned int functions[] = {0, MAIN_INSNS};
	struct program p = {.nr = 0};
	struct bpf_func_info info[2];
	int types = engine_functions(engine, functions, 2, info), prog;
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = PTR(p.insns),
		.license = PTR("Dual BSD/GPL"),
		.prog_name = "bench",
		.prog_btf_fd = types,
		.func_info = PTR(info),
		.func_info_cnt = 2,
		.func_info_rec_size = sizeof(info[0]),
	};

	if (types < 0)
		return types;
	EMIT(&p, LDX(DW, R1, R1, 0), STX(DW, R10, -16, R1), ST(DW, R10, -8, 0),
	     MOV(R1, count / TURN_OPS), LD_FUNC(R2, MAIN_INSNS - 5), MOVX(R3, R10),
	     OP(ADD, R3, -16), MOV(R4, 0), CALL(loop), LDX(DW, R0, R10, -8), EXIT);
	EMIT(&p, MOVX(R6, R2));
	for (int i = 0; i < TURN_OPS; i++) {
		EMIT(&p, LDX(DW, R1, R6, 0), OPW(MUL, R1, KEY_MULTIPLIER),
		     OPW(ADD, R1, KEY_INCREMENT), STX(DW, R6, 0, R1), OP(MUL, R1, elements),
		     OP(RSH, R1, 32), STX(W, R10, -4, R1), STX(DW, R10, -16, R1));
		emit[op](&p, map, empty);
	}
	EMIT(&p, RETURN(0));
	attr.insn_cnt = p.nr;
	prog = engine_bpf(engine, BPF_PROG_LOAD, &attr);
	engine_close(engine, types);
	return prog;
}

int op_run(const struct engine *engine, int prog, uint32_t seed)
{
	uint64_t ctx = seed;
	union bpf_attr attr = {
		.test = {.prog_fd = prog, .ctx_in = PTR(&ctx), .ctx_size_in = sizeof(ctx)},
	};
	int err = engine_bpf(engine, BPF_PROG_TEST_RUN, &attr);

	return err ? err : (int)attr.test.retval;
}
