/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions, interpreted and compiled: the cases of isa_cases.h, and every arithmetic operation
 * and conditional jump with all pairs of edge values, against what C says and, where it can be
 * used, against the kernel.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nofault.h"
#include "execute.h"
#include "insn.h"
#include "kernel.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "prog/prog.h"
#include "runtime.h"
#include "test.h"

#define PROG_MAX 256
struct isa_case {
	const char *name;
	u64 want;
	const struct bpf_insn *insns;
	size_t nr;
	const struct bpf_insn *sub; /* what its calls call */
	size_t sub_nr;
};

#define BODY(...)                                                                                  \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define CASE(name, want, ...)                                                                      \
	{                                                                                          \
		static const struct bpf_insn insns[] = {__VA_ARGS__};                              \
                                                                                                   \
		check(&(const struct isa_case){name, want, insns, ARRAY_SIZE(insns), NULL, 0});    \
		nr++;                                                                              \
	}
#define CASE_CALL(name, want, body, callee)                                                        \
	{                                                                                          \
		static const struct bpf_insn insns[] = body, sub[] = callee;                       \
                                                                                                   \
		check(&(const struct isa_case){name, want, insns, ARRAY_SIZE(insns), sub,          \
					       ARRAY_SIZE(sub)});                                  \
		nr++;                                                                              \
	}
static size_t for_each_case(void (*check)(const struct isa_case *c))
{
	size_t nr = 0;

#include "isa_cases.h"
	return nr;
}

static bool use_kernel;

/*
 * The whole program: the case; with @upper, the upper half of r0 to r0, for the kernel gives back
 * 32 bits; exit; the subprogram.
 */
static size_t complete(struct bpf_insn *prog, const struct isa_case *c, bool upper)
{
	size_t nr = c->nr;

	assert_true(nr + 2 + c->sub_nr <= PROG_MAX);
	memcpy(prog, c->insns, nr * sizeof(*prog));
	if (upper)
		prog[nr++] = ALU64_K(RSH, R0, 32);
	prog[nr++] = EXIT;
	for (size_t i = 0; i < c->nr; i++)
		if (prog[i].code == (BPF_JMP | BPF_CALL) && prog[i].src_reg == BPF_PSEUDO_CALL)
			prog[i].imm = nr - i - 1;
	if (c->sub)
		memcpy(prog + nr, c->sub, c->sub_nr * sizeof(*prog));
	return nr + c->sub_nr;
}

static void check_case(const struct isa_case *c)
{
	struct bpf_insn prog[PROG_MAX];
	u64 got;

	got = execute(prog, complete(prog, c, false), 0, 0);
	if (got != c->want)
		fail_msg("%s: %#llx, not %#llx", c->name, got, c->want);
}

static void test_cases(void **state)
{
	assert_true(for_each_case(check_case) >= 120);
}

static void check_case_kernel(const struct isa_case *c)
{
	struct bpf_insn prog[PROG_MAX];
	u64 got = 0;

	for (int upper = 0; upper < 2; upper++) {
		int fd = kernel_load(prog, complete(prog, c, upper), NULL);
		__u32 half;

		if (fd < 0)
			fail_msg("%s: the kernel does not load it: %d", c->name, fd);
		assert_int_equal(kernel_run(fd, &half), 0);
		close(fd);
		got |= (u64)half << 32 * upper;
	}
	if (got != c->want)
		fail_msg("%s: kernel %#llx, not %#llx", c->name, got, c->want);
}

static void test_cases_kernel(void **state)
{
	if (!use_kernel)
		skip_because("%s", kernel_unusable_reason());
	for_each_case(check_case_kernel);
}

/* --- all pairs of edge values ------------------------------------------------------------- */

static const u64 edges[] = {
	0,
	1,
	2,
	3,
	7,
	8,
	31,
	32,
	63,
	64,
	0x7f,
	0x80,
	0xff,
	0x7fff,
	0x8000,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xfffffffe,
	0xffffffff,
	1ull << 32,
	1ull << 62,
	INT64_MAX,
	1ull << 63,
	(u64)-2,
	(u64)-1,
	(u64)-128,
	(u64)-7,
	(u64)INT32_MIN,
	0x0123456789abcdef,
};

/* C's word for what an instruction does. @s: signed division. */
static u64 alu64(u8 op, bool s, u64 a, u64 b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		if (!b)
			return 0;
		if (s)
			return b == (u64)-1 ? 0 - a : (u64)((s64)a / (s64)b);
		return a / b;
	case BPF_MOD:
		if (!b)
			return a;
		if (s)
			return b == (u64)-1 ? 0 : (u64)((s64)a % (s64)b);
		return a % b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b % 64);
	case BPF_RSH:
		return a >> (b % 64);
	case BPF_ARSH:
		return a >> (b % 64) | (a >> 63 && b % 64 ? ~0ull << (64 - b % 64) : 0);
	default:
		return b;
	}
}

/* 32-bit operations by way of the 64-bit ones, which the edge values do not let overflow. */
static u64 alu32(u8 op, bool s, u64 a, u64 b)
{
	bool extend = s || op == BPF_ARSH;
	u64 x = extend ? (u64)(s32)a : (u32)a;
	u64 y = s ? (u64)(s32)b : (u32)b;

	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		y %= 32;
	return (u32)alu64(op, s, x, y);
}

static const u8 alu_ops[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_MOD,  BPF_OR,
			     BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH, BPF_ARSH, BPF_MOV};

#define FOR_ALU(op, s)                                                                             \
	for (size_t op##_i = 0; op##_i < ARRAY_SIZE(alu_ops); op##_i++)                            \
		for (int s = 0, op = alu_ops[op##_i]; s < 1 + (op == BPF_DIV || op == BPF_MOD); s++)

static void test_alu(void **state)
{
	FOR_ALU(op, s)
	{
		for (size_t i = 0; i < ARRAY_SIZE(edges) * ARRAY_SIZE(edges); i++) {
			u64 a = edges[i / ARRAY_SIZE(edges)], b = edges[i % ARRAY_SIZE(edges)];
			/* r1 and r2 are given; an immediate is the lower half of b. */
			const struct bpf_insn x64[] = {
				MOVR(R0, R1), INSN(BPF_ALU64 | op | BPF_X, R0, R2, s, 0), EXIT};
			const struct bpf_insn x32[] = {
				MOVR(R0, R1), INSN(BPF_ALU | op | BPF_X, R0, R2, s, 0), EXIT};
			const struct bpf_insn k64[] = {
				MOVR(R0, R1), INSN(BPF_ALU64 | op | BPF_K, R0, 0, s, b), EXIT};
			const struct bpf_insn k32[] = {
				MOVR(R0, R1), INSN(BPF_ALU | op | BPF_K, R0, 0, s, b), EXIT};

			if (EXECUTE(x64, a, b) != alu64(op, s, a, b) ||
			    EXECUTE(x32, a, b) != alu32(op, s, a, b) ||
			    EXECUTE(k64, a, 0) != alu64(op, s, a, (s32)b) ||
			    EXECUTE(k32, a, 0) != alu32(op, s, a, (u32)b))
				fail_msg("operation %#x%s of %#llx and %#llx", op,
					 s ? ", signed," : "", a, b);
		}
	}
}

static bool taken64(u8 op, u64 a, u64 b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSGT:
		return (s64)a > (s64)b;
	case BPF_JSGE:
		return (s64)a >= (s64)b;
	case BPF_JSLT:
		return (s64)a < (s64)b;
	case BPF_JSLE:
		return (s64)a <= (s64)b;
	default:
		return a & b;
	}
}

static bool taken32(u8 op, u64 a, u64 b)
{
	bool s = op == BPF_JSGT || op == BPF_JSGE || op == BPF_JSLT || op == BPF_JSLE;

	return s ? taken64(op, (s32)a, (s32)b) : taken64(op, (u32)a, (u32)b);
}

static const u8 jmp_ops[] = {BPF_JEQ,  BPF_JNE,	 BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
			     BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE};

static bool jumps(u8 class_op_source, s32 imm, u64 a, u64 b)
{
	const struct bpf_insn insns[] = {
		INSN(class_op_source, R1, class_op_source & BPF_X ? R2 : 0, 2, imm), MOV(R0, 0),
		EXIT, MOV(R0, 1), EXIT};

	return EXECUTE(insns, a, b);
}

static void test_jumps(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(jmp_ops); k++) {
		u8 op = jmp_ops[k];

		for (size_t i = 0; i < ARRAY_SIZE(edges) * ARRAY_SIZE(edges); i++) {
			u64 a = edges[i / ARRAY_SIZE(edges)], b = edges[i % ARRAY_SIZE(edges)];

			if (jumps(BPF_JMP | op | BPF_X, 0, a, b) != taken64(op, a, b) ||
			    jumps(BPF_JMP | op | BPF_K, b, a, 0) != taken64(op, a, (s32)b) ||
			    jumps(BPF_JMP32 | op | BPF_X, 0, a, b) != taken32(op, a, b) ||
			    jumps(BPF_JMP32 | op | BPF_K, b, a, 0) != taken32(op, a, b))
				fail_msg("jump %#x of %#llx and %#llx", op, a, b);
		}
	}
}

/*
 * One program for each operation that folds its results for every seventh pair, for the kernel's
 * verifier takes its time, into one number, which the interpreter and the kernel must agree on.
 * Constants divide by anything but zero, and shift by less than the width, or the kernel refuses
 * them; registers do as they please but for shifts, of which Linux leaves open what too large ones
 * give.
 */
#define FOLD_MAX 8192
#define FOLD_STEP 7

static size_t fold_alu(struct bpf_insn *prog, u8 code, bool s)
{
	u8 op = BPF_OP(code);
	bool shift = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	bool divides = op == BPF_DIV || op == BPF_MOD;
	u64 width = BPF_CLASS(code) == BPF_ALU64 ? 64 : 32;
	size_t nr = 0;

	prog[nr++] = MOV(R0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(edges) * ARRAY_SIZE(edges); i += FOLD_STEP) {
		u64 a = edges[i / ARRAY_SIZE(edges)], b = edges[i % ARRAY_SIZE(edges)];
		const struct bpf_insn consts[] = {LD64(R1, a), LD64(R2, b)};

		if ((shift && b >= width) || (divides && BPF_SRC(code) == BPF_K && !(u32)b))
			continue;
		memcpy(prog + nr, consts, sizeof(consts));
		nr += ARRAY_SIZE(consts);
		prog[nr++] =
			BPF_SRC(code) == BPF_X ? INSN(code, R1, R2, s, 0) : INSN(code, R1, 0, s, b);
		prog[nr++] = ALU64_K(MUL, R0, 31);
		prog[nr++] = ALU64_X(ADD, R0, R1);
	}
	prog[nr++] = MOVR(R1, R0);
	prog[nr++] = ALU64_K(RSH, R1, 32);
	prog[nr++] = ALU64_X(XOR, R0, R1);
	prog[nr++] = EXIT;
	return nr;
}

static size_t fold_jmp(struct bpf_insn *prog, u8 code)
{
	size_t nr = 0;

	prog[nr++] = MOV(R0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(edges) * ARRAY_SIZE(edges); i += FOLD_STEP) {
		u64 a = edges[i / ARRAY_SIZE(edges)], b = edges[i % ARRAY_SIZE(edges)];
		const struct bpf_insn consts[] = {LD64(R1, a), LD64(R2, b)};

		memcpy(prog + nr, consts, sizeof(consts));
		nr += ARRAY_SIZE(consts);
		prog[nr++] = ALU64_K(MUL, R0, 31);
		prog[nr++] =
			BPF_SRC(code) == BPF_X ? INSN(code, R1, R2, 1, 0) : INSN(code, R1, 0, 1, b);
		prog[nr++] = ALU64_K(ADD, R0, 1);
	}
	prog[nr++] = MOVR(R1, R0);
	prog[nr++] = ALU64_K(RSH, R1, 32);
	prog[nr++] = ALU64_X(XOR, R0, R1);
	prog[nr++] = EXIT;
	return nr;
}

static void compare_fold(const struct bpf_insn *prog, size_t nr, u8 code)
{
	int fd = kernel_load(prog, nr, NULL);
	__u32 theirs;

	if (fd < 0)
		fail_msg("opcode %#x: the kernel does not load it: %d", code, fd);
	assert_int_equal(kernel_run(fd, &theirs), 0);
	close(fd);
	if (theirs != (u32)execute(prog, nr, 0, 0))
		fail_msg("opcode %#x: not what the kernel gives", code);
}

static void test_folds_kernel(void **state)
{
	static const u8 classes[] = {BPF_ALU64 | BPF_X, BPF_ALU64 | BPF_K, BPF_ALU | BPF_X,
				     BPF_ALU | BPF_K};
	static struct bpf_insn prog[FOLD_MAX];

	if (!use_kernel)
		skip_because("%s", kernel_unusable_reason());
	for (size_t k = 0; k < ARRAY_SIZE(classes); k++) {
		FOR_ALU(op, s)
		compare_fold(prog, fold_alu(prog, classes[k] | op, s), classes[k] | op);
		for (size_t i = 0; i < ARRAY_SIZE(jmp_ops); i++) {
			u8 code = (BPF_CLASS(classes[k]) == BPF_ALU64 ? BPF_JMP : BPF_JMP32) |
				  BPF_SRC(classes[k]) | jmp_ops[i];

			compare_fold(prog, fold_jmp(prog, code), code);
		}
	}
}

/* --- what is ours, or needs more than registers ------------------------------------------- */

static void test_arguments(void **state)
{
	const struct bpf_insn sum[] = {MOVR(R0, R1), ALU64_X(SUB, R0, R2), EXIT};
	const struct bpf_insn upper[] = {LD64(R0, 0x100000002), EXIT};

	assert_int_equal(EXECUTE(sum, 50, 8), 42);
	assert_int_equal(EXECUTE(upper, 1, 2), 0x100000002);
}

/* Two functions, one after the other on the same memory: what the first wrote, the second reads. */
static void test_cleared_stack(void **state)
{
	struct bpf_insn insns[] = {
		MOV(R1, -1),
		CALL_SUB(2),
		CALL_SUB(4),
		EXIT,
		STX(DW, R10, -512, R1),
		STX(DW, R10, -8, R1),
		EXIT,
		LDX(DW, R0, R10, -512),
		LDX(DW, R1, R10, -8),
		ALU64_X(OR, R0, R1),
		EXIT,
	};

	struct bpf_prog_aux aux = {.reads_unwritten_stack = true};
	struct bpf_prog prog = {.aux = &aux, .insnsi = insns, .len = ARRAY_SIZE(insns)};
	u64 r0 = 1;

	assert_int_equal(try_execute(&prog, 0, 0, &r0), 0);
	assert_int_equal(r0, 0);
}

static void test_unaligned(void **state)
{
	const struct bpf_insn copy[] = {LDX(DW, R0, R1, 1),   STX(DW, R1, 11, R0),
					LDX(W, R0, R1, 11),   LDX(H, R2, R1, 15),
					ALU64_X(ADD, R0, R2), EXIT};
	u8 mem[24] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

	assert_int_equal(EXECUTE(copy, (uintptr_t)mem, 0), 0x04030201 + 0x0605);
	assert_memory_equal(mem + 1, mem + 11, 8);
}

static void test_acquire_release(void **state)
{
#define ORDERED(size)                                                                              \
	MOV(R2, -2), ATOMIC(size, 0x110, R1, 8, R2), ATOMIC(size, 0x100, R0, 8, R1), EXIT
	const struct bpf_insn b[] = {MOVR(R0, R1), ORDERED(B)};
	const struct bpf_insn h[] = {MOVR(R0, R1), ORDERED(H)};
	const struct bpf_insn w[] = {MOVR(R0, R1), ORDERED(W)};
	const struct bpf_insn dw[] = {MOVR(R0, R1), ORDERED(DW)};
	u64 mem[2] = {0};

	assert_int_equal(EXECUTE(b, (uintptr_t)mem, 0), 0xfe);
	assert_int_equal(mem[1], 0xfe);
	assert_int_equal(EXECUTE(h, (uintptr_t)mem, 0), 0xfffe);
	assert_int_equal(EXECUTE(w, (uintptr_t)mem, 0), 0xfffffffe);
	assert_int_equal(mem[1], 0xfffffffe);
	assert_int_equal(EXECUTE(dw, (uintptr_t)mem, 0), (u64)-2);
	assert_int_equal(mem[0], 0);
}

static void test_probe_loads(void **state)
{
	static const u64 bad[] = {0, 8, 0x8000000000000000, 0xdeadbeef00000000, -9};
	static const struct {
		u8 mode_size;
		u64 want;
	} loads[] = {
		{BPF_PROBE_MEM | BPF_B, 0xf8},
		{BPF_PROBE_MEM | BPF_H, 0xf7f8},
		{BPF_PROBE_MEM | BPF_W, 0xf5f6f7f8},
		{BPF_PROBE_MEM | BPF_DW, 0xf1f2f3f4f5f6f7f8},
		{BPF_PROBE_MEMSX | BPF_B, (u64)-8},
		{BPF_PROBE_MEMSX | BPF_H, 0xfffffffffffff7f8},
		{BPF_PROBE_MEMSX | BPF_W, 0xfffffffff5f6f7f8},
	};
	u64 mem = 0xf1f2f3f4f5f6f7f8;

	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		const struct bpf_insn insns[] = {
			MOV(R0, -1), INSN(BPF_LDX | loads[i].mode_size, R0, R1, 8, 0), EXIT};

		assert_int_equal(EXECUTE(insns, (uintptr_t)&mem - 8, 0), loads[i].want);
		for (size_t k = 0; k < ARRAY_SIZE(bad); k++)
			assert_int_equal(EXECUTE(insns, bad[k], 0), 0);
	}
}

static u64 digits(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return r1 * 10000 + r2 * 1000 + r3 * 100 + r4 * 10 + r5;
}

#define ONE_TO_FIVE MOV(R1, 1), MOV(R2, 2), MOV(R3, 3), MOV(R4, 4), MOV(R5, 5)

static void test_kfunc_call(void **state)
{
	struct bpf_insn insns[] = {ONE_TO_FIVE, CALL_KFUNC(1), EXIT};
	struct bpf_kfunc_desc_tab *tab = calloc(1, sizeof(*tab) + 2 * sizeof(tab->descs[0]));
	struct bpf_prog_aux aux = {.kfunc_tab = tab};
	struct bpf_prog prog = {.aux = &aux, .insnsi = insns, .len = ARRAY_SIZE(insns)};
	struct bpf_run_ctx run;
	struct trek_runtime rt;
	u64 r0 = 0;

	tab->nr_descs = 2;
	tab->descs[1].func = digits;
	bpf_run_begin(&run, new_runtime(&rt));
	run.prog = &prog;
	assert_int_equal(try_execute(&prog, 0, 0, &r0), 0);
	assert_int_equal(r0, 12345);
	tab->descs[1].gives_bool = true;
	assert_int_equal(try_execute(&prog, 0, 0, &r0), 0);
	assert_int_equal(r0, 12345 & 0xff);
	bpf_run_end(&run);
	free_runtime(&rt);
	free(tab);
}

/* A helper's callback: bpf_loop sums 0 .. 9 into the caller's stack, and stops when told to. */
static void test_callback(void **state)
{
	struct bpf_insn insns[] = {
		ST(DW, R10, -8, 0),
		MOV(R1, 10),
		LD64(R2, 0),
		MOVR(R3, R10),
		ALU64_K(ADD, R3, -8),
		MOV(R4, 0),
		CALL(BPF_FUNC_loop),
		MOVR(R6, R0),
		LDX(DW, R0, R10, -8),
		ALU64_K(MUL, R6, 1000),
		ALU64_X(ADD, R0, R6),
		EXIT,
		/* 13: */
		LDX(DW, R3, R2, 0),
		ALU64_X(ADD, R3, R1),
		STX(DW, R2, 0, R3),
		MOV(R0, 0),
		JMP_K(JLT, R1, 6, 1),
		MOV(R0, 0),
		EXIT,
	};
	u64 func = (uintptr_t)&insns[13];
	struct bpf_run_ctx run;
	struct trek_runtime rt;

	insns[2].src_reg = BPF_PSEUDO_FUNC;
	insns[2].imm = (u32)func;
	insns[3].imm = func >> 32;
	bpf_run_begin(&run, new_runtime(&rt));
	assert_int_equal(EXECUTE(insns, 0, 0), 10 * 1000 + 45);
	insns[18].imm = 1;
	assert_int_equal(EXECUTE(insns, 0, 0), 7 * 1000 + 21);
	/* What the outer run had is there again. */
	assert_null(run.callback);
	bpf_run_end(&run);
	free_runtime(&rt);
}

#define ADDS 300000
static pthread_barrier_t adders;

/* Plain additions first, by themselves: one that is not atomic must have its chance to show. */
static void *adder(void *mem)
{
	const struct bpf_insn insns[] = {
		MOV(R3, ADDS),
		MOV(R2, 1),
		ATOMIC(DW, BPF_ADD, R1, 0, R2),
		ALU64_K(SUB, R3, 1),
		JMP_K(JNE, R3, 0, -3),
		MOV(R3, ADDS),
		MOV(R2, 1),
		ATOMIC(W, BPF_ADD | BPF_FETCH, R1, 8, R2),
		ALU64_K(SUB, R3, 1),
		JMP_K(JNE, R3, 0, -4),
		MOV(R0, 0),
		EXIT,
	};

	pthread_barrier_wait(&adders);
	EXECUTE(insns, (uintptr_t)mem, 0);
	return NULL;
}

static void test_atomics_are(void **state)
{
	pthread_t threads[4];
	u64 mem[2] = {0};

	pthread_barrier_init(&adders, NULL, ARRAY_SIZE(threads));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, adder, mem), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&adders);
	assert_int_equal(mem[0], ADDS * ARRAY_SIZE(threads));
	assert_int_equal(mem[1], ADDS * ARRAY_SIZE(threads));
}

/* What verification lets pass by mistake ends the program, or is not compiled. */
static void test_unknown_opcode(void **state)
{
	struct bpf_insn insns[] = {MOV(R0, 5), INSN(0xff, 0, 0, 0, 0), EXIT};
	struct bpf_prog_aux aux = {0};
	struct bpf_prog prog = {.aux = &aux, .insnsi = insns, .len = ARRAY_SIZE(insns)};
	u64 r0 = 0;
	int err = try_execute(&prog, 0, 0, &r0);

	assert_true(err == -ENOTSUP || !r0);
}

static int setup(void **state)
{
	use_kernel = kernel_usable();
	bpf_helpers_register(bpf_base_helpers, bpf_base_helpers_nr);
	return nofault_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cases_kernel),
		cmocka_unit_test(test_alu),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_folds_kernel),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_cleared_stack),
		cmocka_unit_test(test_unaligned),
		cmocka_unit_test(test_acquire_release),
		cmocka_unit_test(test_probe_loads),
		cmocka_unit_test(test_kfunc_call),
		cmocka_unit_test(test_callback),
		cmocka_unit_test(test_atomics_are),
		cmocka_unit_test(test_unknown_opcode),
	};

	return cmocka_run_group_tests_name("interp", tests, setup, NULL);
}
