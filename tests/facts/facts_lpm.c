/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* LPM_TRIE: the longest prefix, beside a plain scan; its order; batches. */
#include "kinds.h"
#include "map/lpm_model.h"

struct lpm_step {
	int cmd;
	__u32 len;
	__u8 data[4];
	__u32 in;
	__u64 flags;
	int result;
	__u32 out;
};

static void lpm(void **state)
{
	static const struct lpm_step steps[] = {
		{PEEK, 32, {10, 0, 0, 1}, SAME, 0, -ENOENT, SAME},
		{DELETE, 8, {10, 0, 0, 0}, SAME, 0, -ENOENT, SAME},
		{PUSH, 8, {10, 0, 0, 0}, 1, BPF_EXIST, -ENOENT, 1},
		{PUSH, 8, {10, 1, 2, 3}, 1, BPF_NOEXIST, 0, 1}, /* what is behind does not count */
		{PUSH, 8, {10, 0, 0, 0}, 2, BPF_NOEXIST, -EEXIST, 2},
		{PEEK, 8, {10, 9, 9, 9}, SAME, 0, 0, 1},
		{PEEK, 7, {10, 0, 0, 0}, SAME, 0, -ENOENT, SAME},
		{PEEK, 32, {10, 0, 0, 1}, SAME, 0, 0, 1},
		{PEEK, 32, {11, 0, 0, 1}, SAME, 0, -ENOENT, SAME},
		{PEEK, 33, {10, 0, 0, 1}, SAME, 0, -ENOENT, SAME},
		{PEEK, 0xffffffff, {10, 0, 0, 1}, SAME, 0, -ENOENT, SAME},
		{PUSH, 24, {10, 0, 1, 0}, 3, BPF_ANY, 0, 3},
		{PUSH, 24, {10, 0, 2, 0}, 4, BPF_ANY, 0, 4}, /* they part at a fork */
		{PEEK, 22, {10, 0, 0, 0}, SAME, 0, 0, 1},    /* which is no entry */
		{DELETE, 22, {10, 0, 0, 0}, SAME, 0, -ENOENT, SAME},
		{PUSH, 22, {10, 0, 0, 0}, 5, BPF_EXIST, -ENOENT, 5},
		{PUSH, 0, {0, 0, 0, 0}, 5, BPF_ANY, -ENOSPC, 5}, /* full */
		{PUSH, 24, {10, 0, 2, 0}, 6, BPF_ANY, 0, 6},
		{PUSH, 24, {10, 0, 2, 0}, 7, BPF_NOEXIST, -EEXIST, 7},
		{PUSH, 22, {10, 0, 0, 0}, 7, BPF_EXIST, -ENOENT, 7},
		{PEEK, 32, {10, 0, 2, 77}, SAME, 0, 0, 6},
		{PEEK, 32, {10, 0, 1, 77}, SAME, 0, 0, 3},
		{PEEK, 32, {10, 0, 3, 77}, SAME, 0, 0, 1},
		{DELETE, 8, {10, 0, 0, 0}, SAME, 0, 0, SAME},
		{PEEK, 32, {10, 0, 3, 77}, SAME, 0, -ENOENT, SAME},
		{PUSH, 0, {1, 2, 3, 4}, 8, BPF_ANY, 0, 8},
		{PEEK, 0, {9, 9, 9, 9}, SAME, 0, 0, 8},
		{PEEK, 32, {255, 0, 0, 0}, SAME, 0, 0, 8},
		{DELETE, 24, {10, 0, 1, 0}, SAME, 0, 0, SAME},
		{DELETE, 24, {10, 0, 1, 0}, SAME, 0, -ENOENT, SAME},
		{PEEK, 32, {10, 0, 1, 77}, SAME, 0, 0, 8},
		{PEEK, 32, {10, 0, 2, 77}, SAME, 0, 0, 6},
		{PUSH, 33, {10, 0, 0, 0}, 9, BPF_ANY, -EINVAL, 9},
		{PUSH, 8, {10, 0, 0, 0}, 9, 3, -EINVAL, 9},
		{PUSH, 8, {10, 0, 0, 0}, 9, BPF_F_LOCK, -EINVAL, 9},
		{PUSH, 8, {10, 0, 0, 0}, 9, 1ull << 33, -EINVAL, 9},
		{DELETE, 33, {10, 0, 0, 0}, SAME, 0, -EINVAL, SAME},
		{PEEK, 8, {10, 0, 0, 0}, SAME, 1, -EINVAL, SAME},
		{PEEK, 8, {10, 0, 0, 0}, SAME, BPF_F_LOCK, -EINVAL, SAME},
		{POP, 24, {10, 0, 2, 0}, SAME, 0, -ENOTSUPP, SAME},
		{POP, 24, {10, 0, 2, 0}, SAME, 1, -EINVAL, SAME},
		{DELETE, 0, {0, 0, 0, 0}, SAME, 0, 0, SAME},
		{DELETE, 24, {10, 0, 2, 0}, SAME, 0, 0, SAME},
		{PEEK, 32, {10, 0, 2, 77}, SAME, 0, -ENOENT, SAME},
	};
	int map = map_new(LPM, 8, 4, 3, NP);

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct lpm_key key = {.len = steps[i].len};
		__u32 value = steps[i].in;
		int err;

		memcpy(key.data, steps[i].data, 4);
		err = map_command(steps[i].cmd, map, &key, &value, steps[i].flags);
		if (err != steps[i].result || value != steps[i].out)
			fail_msg("step %zu: %d, value %u; not %d, %u", i, err, value,
				 steps[i].result, steps[i].out);
	}
	assert_int_equal(map_command(PEEK, map, NULL, &(__u32){0}, 0), -EFAULT);
	assert_int_equal(map_command(DELETE, map, NULL, NULL, 0), -EFAULT);
}

static __u32 seed;

static __u32 random_number(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void lpm_is_a_longest_prefix_scan(void **state)
{
	static struct lpm_model model;
	static const __u32 sizes[] = {1, 4, 16};

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		int map = map_new(LPM, 4 + sizes[s], 8, 60, NP);

		model = (struct lpm_model){.data_size = sizes[s], .max_entries = 60};
		seed = sizes[s];
		for (unsigned int i = 0; i < 5000; i++) {
			struct lpm_key key = lpm_model_random_key(&model, random_number);
			struct lpm_key next = {0}, want = {0};
			__u64 value = i, wanted = i, flags = random_number() % 4;
			int err = 0, expected = 0;

			switch (random_number() % 5) {
			case 0:
			case 1:
				err = map_command(PUSH, map, &key, &value, flags);
				expected = lpm_model_update(&model, &key, wanted, flags);
				break;
			case 2:
				err = map_command(DELETE, map, &key, NULL, 0);
				expected = lpm_model_delete(&model, &key);
				break;
			case 3:
				err = map_command(PEEK, map, &key, &value, 0);
				expected = lpm_model_lookup(&model, &key, &wanted);
				break;
			case 4:
				if (model.nr && random_number() % 4)
					key = model.entries[random_number() % model.nr].key;
				err = map_command(NEXT, map, &key, &next, 0);
				expected = lpm_model_next(&model, &key, &want);
				break;
			}
			if (err != expected || value != wanted ||
			    memcmp(&next, &want, sizeof(want)))
				fail_msg("%u bytes, step %u: %d, not %d", sizes[s], i, err,
					 expected);
		}
	}
}

static void lpm_get_next_key(void **state)
{
	/* In the order in which they come. */
	static const struct {
		__u32 len;
		__u8 data[4];
	} keys[] = {
		{32, {10, 0, 0, 1}}, {24, {10, 0, 0, 0}}, {24, {10, 0, 1, 9}},	{16, {10, 0, 0, 0}},
		{8, {11, 0, 0, 0}},  {1, {0, 0, 0, 0}},	  {32, {255, 0, 0, 0}},
	};
	int map = map_new(LPM, 8, 4, 10, NP);
	__u32 value = 0;
	__u8 key[8], next[8];

	assert_int_equal(map_command(NEXT, map, NULL, next, 0), -ENOENT);
	assert_int_equal(map_command(NEXT, map, &keys[0], next, 0), -ENOENT);
	for (size_t i = ARRAY_SIZE(keys); i-- > 0;)
		assert_int_equal(map_command(PUSH, map, &keys[i], &value, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		assert_int_equal(map_command(NEXT, map, i ? key : NULL, next, 0), 0);
		assert_memory_equal(next, &keys[i], 8);
		memcpy(key, next, 8);
	}
	assert_int_equal(map_command(NEXT, map, key, next, 0), -ENOENT);
	/* Unknown ones begin again. */
	memcpy(key, (__u8[]){9, 0, 0, 0, 10, 0, 0, 0}, 8);
	assert_int_equal(map_command(NEXT, map, key, next, 0), 0);
	assert_memory_equal(next, &keys[0], 8);
	memcpy(key, (__u8[]){77, 0, 0, 0, 10, 0, 0, 0}, 8);
	assert_int_equal(map_command(NEXT, map, key, next, 0), 0);
	assert_memory_equal(next, &keys[0], 8);
}

static void lpm_batches(void **state)
{
	enum { N = 5 };
	int map = map_new(LPM, 8, 4, N, NP);
	__u32 keys[N + 1][2], values[N + 1], got_keys[N][2], got[N], out[2], count;

	for (__u32 i = 0; i <= N; i++) {
		keys[i][0] = 32;
		keys[i][1] = i << 24;
		values[i] = 100 + i;
	}
	count = N;
	assert_int_equal(map_batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, 0), 0);
	assert_int_equal(count, N);
	count = N + 1;
	assert_int_equal(map_batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, 0),
			 -ENOSPC);
	assert_int_equal(count, N);
	count = 1;
	assert_int_equal(
		map_batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, BPF_NOEXIST),
		-EINVAL);
	count = 1;
	assert_int_equal(
		map_batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, BPF_F_LOCK),
		-EINVAL);
	count = 3;
	assert_int_equal(map_batch(BPF_MAP_LOOKUP_BATCH, map, out, got_keys, got, &count, 0), 0);
	assert_int_equal(count, 3);
	assert_memory_equal(got_keys, keys, 3 * sizeof(keys[0]));
	assert_memory_equal(got, values, 3 * sizeof(values[0]));
	count = N;
	assert_int_equal(map_batch(BPF_MAP_LOOKUP_BATCH, map, out, got_keys, got, &count, 0), 0);
	assert_int_equal(count, N);
	count = 1;
	assert_int_equal(
		map_batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, map, out, got_keys, got, &count, 0),
		-ENOTSUPP);
	count = N + 1;
	assert_int_equal(map_batch(BPF_MAP_DELETE_BATCH, map, NULL, keys, NULL, &count, 0),
			 -ENOENT);
	assert_int_equal(count, N);
	count = N;
	assert_int_equal(map_batch(BPF_MAP_LOOKUP_BATCH, map, out, got_keys, got, &count, 0),
			 -ENOENT);
}

static void programs_use_tries(void **state)
{
	int map = map_new(LPM, 8, 4, 4, NP);
	struct code code = {.n = 0};
	__u32 key[2] = {8, 10}, value = 40;

	assert_int_equal(map_command(PUSH, map, key, &value, 0), 0);
	/* key = {8 * n, 10}: update {16}, ++ of what {32} finds, delete {16}, {32} once more */
	EMIT(&code, ST_MEM(W, 10, -8, 16), ST_MEM(W, 10, -4, 10), ST_MEM(W, 10, -12, 20),
	     LD_MAP_FD(1, map), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8), MOV64_REG(3, 10),
	     ALU64_IMM(BPF_ADD, 3, -12), MOV64_IMM(4, BPF_NOEXIST), CALL(BPF_FUNC_map_update_elem),
	     MOV64_REG(7, 0));
	EMIT(&code, ST_MEM(W, 10, -8, 32), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 2),
	     LDX_MEM(W, 1, 0, 0), ALU64_REG(BPF_ADD, 7, 1));
	EMIT(&code, ST_MEM(W, 10, -8, 16), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_delete_elem), ALU64_REG(BPF_ADD, 7, 0));
	EMIT(&code, ST_MEM(W, 10, -8, 32), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 4),
	     LDX_MEM(W, 1, 0, 0), ALU64_REG(BPF_ADD, 7, 1), ALU64_IMM(BPF_ADD, 1, 1),
	     STX_MEM(W, 0, 1, 0), MOV64_REG(0, 7), EXIT());
	assert_int_equal(run_program(&code), 60);
	assert_int_equal(map_command(PEEK, map, key, &value, 0), 0);
	assert_int_equal(value, 41);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(lpm),
	cmocka_unit_test(lpm_is_a_longest_prefix_scan),
	cmocka_unit_test(lpm_get_next_key),
	cmocka_unit_test(lpm_batches),
	cmocka_unit_test(programs_use_tries),
};
const struct section lpm_section = {"lpm", tests, ARRAY_SIZE(tests)};
