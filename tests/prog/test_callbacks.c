/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* bpf_loop, and other helpers that call a function of the program that called them. */
#include <errno.h>
#include <string.h>

#include "execute.h"
#include "insn.h"
#include "prog/helper.h"
#include "runtime.h"

#define MAX_TURNS (8u << 20)
#define HELPER_RUN ((enum bpf_func_id)250)
#define HELPER_TWICE ((enum bpf_func_id)251)

static struct trek_runtime rt;

/* @nr instructions, in which a ld_imm64 of a function has the distance to it, as before loading. */
static u64 run(struct bpf_insn *insns, u32 nr, u64 r1)
{
	struct bpf_run_ctx ctx;
	u64 r0;

	for (u32 i = 0; i < nr; i++) {
		u64 addr;

		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_FUNC) {
			addr = (unsigned long)&insns[i + 1 + insns[i].imm];
			insns[i].imm = addr;
			insns[i + 1].imm = addr >> 32;
		}
		i++;
	}
	bpf_run_begin(&ctx, &rt);
	r0 = execute(insns, nr, r1, 0);
	assert_null(ctx.callback);
	bpf_run_end(&ctx);
	return r0;
}

#define FUNC(d, off) LD64_SRC(d, BPF_PSEUDO_FUNC, off, 0)
/* A program that calls bpf_loop(turns, the function, r1 of the program, flags). */
#define LOOP(turns, flags, ...)                                                                    \
	(struct bpf_insn[])                                                                        \
	{                                                                                          \
		MOVR(R3, R1), LD64(R1, turns), FUNC(R2, 5), LD64(R4, flags), CALL(BPF_FUNC_loop),  \
			EXIT, __VA_ARGS__                                                          \
	}
#define RUN_LOOP(turns, flags, r1, ...)                                                            \
	run(LOOP(turns, flags, __VA_ARGS__),                                                       \
	    sizeof(LOOP(turns, flags, __VA_ARGS__)) / sizeof(struct bpf_insn), r1)

static void test_loop(void **state)
{
	u64 sum = 0;

	assert_int_equal(RUN_LOOP(0, 0, 0, MOV(R0, 0), EXIT), 0);
	assert_int_equal(RUN_LOOP(7, 0, 0, MOV(R0, 0), EXIT), 7);
	/* The turn is the first argument, what bpf_loop was given the second. */
	assert_int_equal(RUN_LOOP(7, 0, (uintptr_t)&sum, LDX(DW, R3, R2, 0), ALU64_X(ADD, R3, R1),
				  STX(DW, R2, 0, R3), MOV(R0, 0), EXIT),
			 7);
	assert_int_equal(sum, 21);
	/* Another result than 0 is the end, whichever of its bits is set. */
	assert_int_equal(RUN_LOOP(7, 0, 0, MOV(R0, 1), EXIT), 1);
	assert_int_equal(RUN_LOOP(7, 0, 0, LD64(R0, 1ull << 63), EXIT), 1);
	assert_int_equal(RUN_LOOP(7, 0, 0, MOVR(R0, R1), EXIT), 2);
}

static void test_loop_limits(void **state)
{
	assert_int_equal(RUN_LOOP(MAX_TURNS, 0, 0, MOV(R0, 1), EXIT), 1);
	assert_int_equal(RUN_LOOP(MAX_TURNS, 0, 0, MOV(R0, 0), EXIT), MAX_TURNS);
	assert_int_equal(RUN_LOOP(MAX_TURNS + 1, 0, 0, MOV(R0, 1), EXIT), (u64)-E2BIG);
	assert_int_equal(RUN_LOOP(UINT32_MAX, 0, 0, MOV(R0, 1), EXIT), (u64)-E2BIG);
	assert_int_equal(RUN_LOOP(1ull << 32 | 3, 0, 0, MOV(R0, 0), EXIT), 3);
	assert_int_equal(RUN_LOOP(3, 1, 0, MOV(R0, 0), EXIT), (u64)-EINVAL);
	assert_int_equal(RUN_LOOP(3, 1ull << 32, 0, MOV(R0, 0), EXIT), (u64)-EINVAL);
	assert_int_equal(RUN_LOOP(UINT32_MAX, 1, 0, MOV(R0, 0), EXIT), (u64)-EINVAL);
}

static void test_nested_loops(void **state)
{
	u64 sum = 0;

	/* Each of three turns has five. */
	assert_int_equal(RUN_LOOP(3, 0, (uintptr_t)&sum, MOVR(R6, R1), MOVR(R3, R2), MOV(R1, 5),
				  FUNC(R2, 5), MOV(R4, 0), CALL(BPF_FUNC_loop), ALU64_K(SUB, R0, 5),
				  EXIT,
				  /* the inner one */
				  LDX(DW, R3, R2, 0), ALU64_K(ADD, R3, 1), STX(DW, R2, 0, R3),
				  MOV(R0, 0), EXIT),
			 3);
	assert_int_equal(sum, 15);
}

/* --- other helpers ---------------------------------------------------------------------------- */

static u64 twice(u64 func, u64 r2, u64 r3, u64 r4, u64 r5)
{
	u64 (*callback)(u64, u64, u64, u64, u64, u64) = bpf_current->callback;

	return callback(func, 1, r2, r3, r4, r5) << 32 | callback(func, 2, r2, r3, r4, r5);
}

static struct bpf_insn other[8];

/* Another program, in the same run: it has a callback of its own, or calls that of nobody. */
static u64 run_other(u64 nr, u64 r2, u64 r3, u64 r4, u64 r5)
{
	u64 (*callback)(u64, u64, u64, u64, u64, u64) = bpf_current->callback;
	u64 r0 = execute(other, nr, 0, 0);

	assert_ptr_equal(bpf_current->callback, callback);
	return r0;
}

static const struct bpf_helper helpers[] = {
	{.id = HELPER_RUN, .name = "run", .proto.func = run_other},
	{.id = HELPER_TWICE, .name = "twice", .proto.func = twice},
};

static void test_five_arguments(void **state)
{
	struct bpf_insn insns[] = {
		FUNC(R1, 10),	MOV(R2, 10), MOV(R3, 100),	 MOV(R4, 1000),
		MOV(R5, 10000), MOV(R6, 77), CALL(HELPER_TWICE), JMP_K(JEQ, R6, 77, 1),
		MOV(R0, 0),	EXIT,
	};
	struct bpf_insn func[] = {
		MOVR(R6, R1),
		ALU64_X(ADD, R6, R2),
		ALU64_X(ADD, R6, R3),
		ALU64_X(ADD, R6, R4),
		ALU64_X(ADD, R6, R5),
		MOVR(R0, R6),
		EXIT,
	};
	struct bpf_insn both[ARRAY_SIZE(insns) + ARRAY_SIZE(func)];

	memcpy(both, insns, sizeof(insns));
	memcpy(both + ARRAY_SIZE(insns), func, sizeof(func));
	assert_int_equal(run(both, ARRAY_SIZE(both), 0), 11111ull << 32 | 11112);
}

/* What a program that runs within the run of another one sets is not there afterwards. */
static void test_program_within(void **state)
{
	struct bpf_insn insns[] = {
		MOV(R1, 4),
		CALL(HELPER_RUN),
		MOVR(R6, R0),
		FUNC(R1, 4),
		CALL(HELPER_TWICE),
		ALU64_X(ADD, R0, R6),
		EXIT,
		/* the function */
		MOVR(R0, R1),
		EXIT,
	};
	struct bpf_insn again[ARRAY_SIZE(insns)];
	const struct bpf_insn plain[] = {MOV(R0, 30), ALU64_K(ADD, R0, 10), MOV(R1, 0), EXIT};
	/* With a function, too: it returns three times its argument. */
	const struct bpf_insn calls[] = {LD64_SRC(R1, BPF_PSEUDO_FUNC, (unsigned long)&other[4],
						  (unsigned long)&other[4] >> 32),
					 CALL(HELPER_TWICE),
					 EXIT,
					 ALU64_K(MUL, R1, 3),
					 MOVR(R0, R1),
					 EXIT};

	memcpy(again, insns, sizeof(insns));
	memcpy(other, plain, sizeof(plain));
	assert_int_equal(run(insns, ARRAY_SIZE(insns), 0), (1ull << 32 | 2) + 40);
	memcpy(other, calls, sizeof(calls));
	again[0].imm = ARRAY_SIZE(calls);
	assert_int_equal(run(again, ARRAY_SIZE(again), 0), 4ull << 32 | 8);
}

static int set_up(void **state)
{
	new_runtime(&rt);
	bpf_helpers_register(bpf_base_helpers, bpf_base_helpers_nr);
	bpf_helpers_register(helpers, ARRAY_SIZE(helpers));
	return 0;
}

static int tear_down(void **state)
{
	free_runtime(&rt);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop),	       cmocka_unit_test(test_loop_limits),
		cmocka_unit_test(test_nested_loops),   cmocka_unit_test(test_five_arguments),
		cmocka_unit_test(test_program_within),
	};

	return cmocka_run_group_tests_name("callbacks", tests, set_up, tear_down);
}
