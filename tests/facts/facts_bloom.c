/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* BLOOM_FILTER: what is in it, what seems to be, and what cannot be done with it. */
#include "kinds.h"

static void bloom(void **state)
{
	static const struct step steps[] = {
		{PEEK, 1, 0, -ENOENT, 1},
		{PUSH, 1, BPF_ANY, 0, 1},
		{PUSH, 1, BPF_ANY, 0, 1},
		{PEEK, 1, 0, 0, 1},
		{PUSH, 2, BPF_NOEXIST, -EINVAL, 2},
		{PUSH, 2, BPF_EXIST, -EINVAL, 2},
		{PUSH, 2, BPF_F_LOCK, -EINVAL, 2},
		{PUSH, 2, 1ull << 33, -EINVAL, 2},
		{PUSH, 2, BPF_ANY, -EINVAL, 2, .key = true},
		{PEEK, 2, 0, -ENOENT, 2},
		{PEEK, 1, 1, -EINVAL, 1},
		{PEEK, 1, BPF_F_LOCK, -EINVAL, 1},
		{PEEK, 1, 0, -EINVAL, 1, .key = true},
		{POP, 1, 0, -ENOTSUPP, 1},
		{POP, 1, 1, -EINVAL, 1},
		{POP, 1, 0, -EINVAL, 1, .key = true},
		{DELETE, 1, 0, -EOPNOTSUPP, 1},
		{DELETE, 1, 0, -EINVAL, 1, .key = true},
		{NEXT, 1, 0, -EOPNOTSUPP, 1},
		{NEXT, 1, 0, -EINVAL, 1, .key = true},
	};
	int map = map_create(BLOOM, 0, 4, 100, BPF_F_ZERO_SEED, 0);

	run_steps(map, steps, ARRAY_SIZE(steps));
	no_batches(map);
}

/* Without a random seed, even the mistakes are the same everywhere. */
static void bloom_false_positives(void **state)
{
	static const struct {
		unsigned int value_size, max;
		__u64 hashes;
		unsigned int found; /* of 1000 values that were not pushed */
		__u64 first;	    /* which of the first 64 */
	} rows[] = {
		{4, 100, 1, 341, 0x2a0630c2c80816a},
		{8, 100, 3, 95, 0x400000000250000},
		{7, 40, 2, 211, 0x4000000898822115},
		{24, 9, 5, 44, 0},
		{13, 70, 0, 20, 0x8},
		{1, 30, 2, 133, 0x200a000420a0000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int map = map_create(BLOOM, 0, rows[i].value_size, rows[i].max, BPF_F_ZERO_SEED,
				     rows[i].hashes);
		unsigned int found = 0;
		__u64 first = 0;

		for (unsigned int n = 0; n < rows[i].max + 1000; n++) {
			unsigned char value[24] = {n, n >> 8};
			bool push = n < rows[i].max;
			int err;

			memset(value + 2, n * 7, sizeof(value) - 2);
			if (rows[i].value_size == 1)
				value[0] = push ? n : 128 + n % 128;
			err = map_command(push ? PUSH : PEEK, map, NULL, value, 0);
			if (push)
				assert_int_equal(err, 0);
			else if (!err && n - rows[i].max < 64)
				first |= 1ull << (n - rows[i].max);
			found += !push && !err;
		}
		if (found != rows[i].found || first != rows[i].first)
			fail_msg("row %zu: %u, %#llx; not %u, %#llx", i, found, first,
				 rows[i].found, rows[i].first);
	}
}

static void programs_ask_filters(void **state)
{
	int map = map_create(BLOOM, 0, 4, 100, BPF_F_ZERO_SEED, 0);
	struct code code = {.n = 0};

	EMIT(&code, MOV64_IMM(6, 0));
	emit_push(&code, map, 7, BPF_ANY);
	emit_take(&code, map, BPF_FUNC_map_peek_elem);
	EMIT(&code, MOV64_REG(7, 0)); /* it is there, and stays as it is */
	emit_push(&code, map, 7, BPF_EXIST);
	EMIT(&code, ALU64_REG(BPF_ADD, 7, 0), MOV64_REG(0, 6), JMP_IMM(BPF_JEQ, 7, -EINVAL, 1),
	     MOV64_IMM(0, 0), EXIT());
	assert_int_equal(run_program(&code), 7);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(bloom),
	cmocka_unit_test(bloom_false_positives),
	cmocka_unit_test(programs_ask_filters),
};
const struct section bloom_section = {"bloom", tests, ARRAY_SIZE(tests)};
