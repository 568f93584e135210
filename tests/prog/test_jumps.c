/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Jumps of every distance, forward and backward, over code whose length grows by single bytes where
 * a distance stops to fit into one; and the longest that there are.
 */
#include <stdlib.h>

#include "execute.h"
#include "insn.h"

#define LONGEST 1000000 /* instructions of a program */

static struct bpf_insn *insns;
static u32 nr;

static void add(struct bpf_insn insn)
{
	insns[nr++] = insn;
}

/* Code of 3 and of 4 bytes on x86-64. Neither does what can be seen. */
static void fill(u32 shorts, u32 longs)
{
	while (shorts--)
		add(MOVR(R2, R3));
	while (longs--)
		add(ALU64_K(ADD, R2, 1));
}

static u64 run(void)
{
	u64 r0 = execute(insns, nr, 0, 0);

	nr = 0;
	return r0;
}

static void forward(struct bpf_insn jump, u32 shorts, u32 longs)
{
	u32 at;

	add(MOV(R0, 1));
	add(MOV(R2, 0));
	add(MOV(R3, 0));
	at = nr;
	add(jump);
	fill(shorts, longs);
	add(ALU64_K(ADD, R0, 16));
	if (jump.code == (BPF_JMP32 | BPF_JA))
		insns[at].imm = nr - at - 1;
	else
		insns[at].off = nr - at - 1;
	add(ALU64_K(ADD, R0, 1));
	add(EXIT);
	if (run() != 2)
		fail_msg("over %u and %u instructions", shorts, longs);
}

/* The first instruction of the function is where it leads, three times. */
static void backward(u32 shorts, u32 longs)
{
	add(MOV(R1, 3));
	add(MOV(R0, 0));
	add(MOV(R2, 0));
	add(MOV(R3, 0));
	add(CALL_SUB(1));
	add(EXIT);
	u32 first = nr;
	add(ALU64_K(ADD, R1, -1));
	add(MOV(R2, 7));
	add(MOV(R3, 7));
	fill(shorts, longs);
	add(JMP_K(JSGT, R1, -2, (s32)first - (s32)nr - 1));
	add(MOVR(R0, R1));
	add(EXIT);
	if (run() != (u64)-2)
		fail_msg("back over %u and %u instructions", shorts, longs);
}

/* 60 to 180 bytes, in all the ways that two lengths give. */
static void test_distances(void **state)
{
	for (u32 shorts = 0; shorts < 60; shorts++)
		for (u32 longs = 0; longs < 45; longs++) {
			if (3 * shorts + 4 * longs < 60 || 3 * shorts + 4 * longs > 180)
				continue;
			forward(JA(0), shorts, longs);
			forward(JA32(0), shorts, longs);
			forward(JMP_K(JEQ, R0, 1, 0), shorts, longs);
			forward(JMP32_K(JGT, R0, 0, 0), shorts, longs);
			forward(JMP_K(JLT, R0, 100000, 0), shorts, longs);
			forward(JMP_X(JNE, R0, R2, 0), shorts, longs);
			backward(shorts, longs);
		}
}

static void test_extremes(void **state)
{
	forward(JMP_K(JEQ, R0, 1, 0), 0, INT16_MAX - 1);
	backward(0, INT16_MAX - 3);
	forward(JA32(0), 0, LONGEST - 8);
}

/* Over all of the program and back: two jumps, and a function behind it all. */
static void test_longest_back(void **state)
{
	add(MOV(R0, 0));
	add(MOV(R2, 0));
	add(MOV(R3, 0));
	add(JA32(LONGEST - 8));
	u32 back = nr;
	add(ALU64_K(ADD, R0, 5));
	add(EXIT);
	fill(0, LONGEST - 10);
	add(CALL_SUB(1));
	add(JA32((s32)back - (s32)nr - 1));
	add(MOV(R0, 37));
	add(EXIT);
	assert_int_equal(nr, LONGEST);
	assert_int_equal(run(), 42);
}

#define MAY_GOTO(o) INSN(BPF_JMP | BPF_MAY_GOTO, 0, 0, o, 0)

/* It goes on as often in each call of a function, and jumps from then on. */
static void test_may_goto(void **state)
{
	const struct bpf_insn loop[] = {MAY_GOTO(2), ALU64_K(ADD, R0, 1), JA(-3)};

	add(MOV(R0, 0));
	for (int i = 0; i < 2; i++)
		for (size_t j = 0; j < ARRAY_SIZE(loop); j++)
			add(loop[j]);
	add(EXIT);
	assert_int_equal(run(), 8 << 20);

	add(CALL_SUB(4));
	add(MOVR(R6, R0));
	add(CALL_SUB(2));
	add(ALU64_X(ADD, R0, R6));
	add(EXIT);
	add(MOV(R0, 0));
	for (size_t j = 0; j < ARRAY_SIZE(loop); j++)
		add(loop[j]);
	add(EXIT);
	assert_int_equal(run(), 16 << 20);

	/* Backwards, at last. */
	add(MOV(R0, 0));
	add(JMP_K(JSET, R0, 1, 3));
	add(ALU64_K(ADD, R0, 2));
	add(MAY_GOTO(1));
	add(JA(-4));
	add(JMP_K(JGT, R0, 0, 1));
	add(MAY_GOTO(-6));
	add(EXIT);
	assert_int_equal(run(), 2 * ((8 << 20) + 1));
}

static int set_up(void **state)
{
	insns = calloc(LONGEST + 1, sizeof(*insns));
	return !insns;
}

static int tear_down(void **state)
{
	free(insns);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distances),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_longest_back),
		cmocka_unit_test(test_may_goto),
	};

	return cmocka_run_group_tests_name("jumps", tests, set_up, tear_down);
}
