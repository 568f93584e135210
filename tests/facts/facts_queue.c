/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* QUEUE and STACK: what goes in, and what comes out. */
#include "kinds.h"

/* What is the same in a queue and a stack; it is full before and after. */
static const struct step refused[] = {
	{PUSH, 9, BPF_ANY, -E2BIG, 9},
	{PUSH, 9, BPF_NOEXIST, -EINVAL, 9},
	{PUSH, 9, BPF_NOEXIST | BPF_EXIST, -EINVAL, 9},
	{PUSH, 9, BPF_F_LOCK, -EINVAL, 9},
	{PUSH, 9, BPF_F_LOCK | BPF_EXIST, -EINVAL, 9},
	{PUSH, 9, 8, -EINVAL, 9},
	{PUSH, 9, 1ull << 33, -EINVAL, 9},
	{PUSH, 9, BPF_EXIST, -EINVAL, 9, .key = true},
	{PEEK, SAME, 1, -EINVAL, SAME},
	{PEEK, SAME, BPF_F_LOCK, -EINVAL, SAME},
	{PEEK, SAME, 0, -EINVAL, SAME, .key = true},
	{POP, SAME, 1, -EINVAL, SAME},
	{POP, SAME, BPF_F_LOCK, -EINVAL, SAME},
	{POP, SAME, 0, -EINVAL, SAME, .key = true},
	{DELETE, SAME, 0, -EINVAL, SAME},
	{DELETE, SAME, 0, -EINVAL, SAME, .key = true},
	{NEXT, SAME, 0, -EINVAL, SAME},
	{NEXT, SAME, 0, -EINVAL, SAME, .key = true},
};

static const struct step empty[] = {
	{PEEK, SAME, 0, -ENOENT, SAME},
	{POP, SAME, 0, -ENOENT, SAME},
};

/* @steps from empty on, what a map refuses, and @rest, which empties it. */
static void in_and_out(enum bpf_map_type type, const struct step *steps, size_t nr_steps,
		       const struct step *rest, size_t nr_rest)
{
	int map = map_new(type, 0, 4, 3, 0);

	run_steps(map, empty, ARRAY_SIZE(empty));
	run_steps(map, steps, nr_steps);
	run_steps(map, refused, ARRAY_SIZE(refused));
	no_batches(map);
	run_steps(map, rest, nr_rest);
	run_steps(map, empty, ARRAY_SIZE(empty));
}

static void queue(void **state)
{
	static const struct step steps[] = {
		{PUSH, 1, BPF_ANY, 0, 1},   {PUSH, 2, BPF_EXIST, 0, 2},
		{PEEK, SAME, 0, 0, 1},	    {PEEK, SAME, 0, 0, 1},
		{PUSH, 3, BPF_ANY, 0, 3},   {PUSH, 4, BPF_ANY, -E2BIG, 4},
		{PUSH, 5, BPF_EXIST, 0, 5}, {PEEK, SAME, 0, 0, 2},
		{POP, SAME, 0, 0, 2},	    {POP, SAME, 0, 0, 3},
		{PUSH, 6, BPF_ANY, 0, 6},   {POP, SAME, 0, 0, 5},
		{POP, SAME, 0, 0, 6},	    {POP, SAME, 0, -ENOENT, SAME},
		{PUSH, 7, BPF_ANY, 0, 7},   {PUSH, 8, BPF_ANY, 0, 8},
		{PUSH, 9, BPF_ANY, 0, 9},
	};
	static const struct step rest[] = {
		{POP, SAME, 0, 0, 7},
		{POP, SAME, 0, 0, 8},
		{POP, SAME, 0, 0, 9},
	};

	in_and_out(QUEUE, steps, ARRAY_SIZE(steps), rest, ARRAY_SIZE(rest));
}

static void stack(void **state)
{
	static const struct step steps[] = {
		{PUSH, 1, BPF_ANY, 0, 1},   {PUSH, 2, BPF_EXIST, 0, 2},
		{PEEK, SAME, 0, 0, 2},	    {PEEK, SAME, 0, 0, 2},
		{PUSH, 3, BPF_ANY, 0, 3},   {PUSH, 4, BPF_ANY, -E2BIG, 4},
		{PUSH, 5, BPF_EXIST, 0, 5}, {PEEK, SAME, 0, 0, 5},
		{POP, SAME, 0, 0, 5},	    {POP, SAME, 0, 0, 3},
		{PUSH, 6, BPF_ANY, 0, 6},   {POP, SAME, 0, 0, 6},
		{POP, SAME, 0, 0, 2},	    {POP, SAME, 0, -ENOENT, SAME},
		{PUSH, 7, BPF_ANY, 0, 7},   {PUSH, 8, BPF_ANY, 0, 8},
		{PUSH, 9, BPF_ANY, 0, 9},
	};
	static const struct step rest[] = {
		{POP, SAME, 0, 0, 9},
		{POP, SAME, 0, 0, 8},
		{POP, SAME, 0, 0, 7},
	};

	in_and_out(STACK, steps, ARRAY_SIZE(steps), rest, ARRAY_SIZE(rest));
}

static void programs_push_and_pop(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int taken;
	} rows[] = {{QUEUE, 22350}, {STACK, 55320}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int map = map_new(rows[i].type, 0, 4, 3, 0);
		struct code code = {.n = 0};

		EMIT(&code, MOV64_IMM(6, 0));
		for (int value = 1; value <= 3; value++)
			emit_push(&code, map, value, BPF_ANY);
		emit_push(&code, map, 4, BPF_ANY);
		EMIT(&code, MOV64_REG(7, 0)); /* -E2BIG */
		emit_push(&code, map, 5, BPF_EXIST);
		emit_take(&code, map, BPF_FUNC_map_peek_elem);
		for (int n = 0; n < 4; n++)
			emit_take(&code, map, BPF_FUNC_map_pop_elem);
		/* The last one finds nothing, and zeroes what it was to fill. */
		EMIT(&code, ALU64_REG(BPF_ADD, 7, 0), MOV64_REG(0, 6),
		     JMP_IMM(BPF_JEQ, 7, -E2BIG - ENOENT, 1), MOV64_IMM(0, 0), EXIT());
		assert_int_equal(run_program(&code), rows[i].taken);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(queue),
	cmocka_unit_test(stack),
	cmocka_unit_test(programs_push_and_pop),
};
const struct section queue_section = {"queue", tests, ARRAY_SIZE(tests)};
