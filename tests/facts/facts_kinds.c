/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Kinds of maps that have no element walk: queues, stacks, Bloom filters, longest-prefix tries.
 * Every command and flag, in tables of what is done and what comes of it.
 */
#include "facts.h"
#include "map/lpm_model.h"

#define ENOTSUPP 524

#define QUEUE BPF_MAP_TYPE_QUEUE
#define STACK BPF_MAP_TYPE_STACK
#define BLOOM BPF_MAP_TYPE_BLOOM_FILTER
#define LPM BPF_MAP_TYPE_LPM_TRIE
#define PERF BPF_MAP_TYPE_PERF_EVENT_ARRAY
#define NP BPF_F_NO_PREALLOC
#define RDONLY_WRONLY_PROG (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)
#define MAX_VALUE (4u << 20)

/* --- creation ---------------------------------------------------------------------------- */

static int create(enum bpf_map_type type, unsigned int key, unsigned int value, unsigned int max,
		  unsigned int flags, __u64 extra)
{
	union bpf_attr attr = {.map_type = type,
			       .key_size = key,
			       .value_size = value,
			       .max_entries = max,
			       .map_flags = flags,
			       .map_extra = extra};

	return own(bpf(BPF_MAP_CREATE, &attr));
}

static void creation(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
		__u64 extra;
		int result;
	} cases[] = {
		{QUEUE, 0, 4, 1, 0, 0, 0},
		{QUEUE, 4, 4, 1, 0, 0, -EINVAL},
		{QUEUE, 0, 0, 1, 0, 0, -EINVAL},
		{QUEUE, 0, 4, 0, 0, 0, -EINVAL},
		{QUEUE, 0, 4, 1, 0, 1, -EINVAL},
		{QUEUE, 0, 1, 1, 0, 0, 0},
		{QUEUE, 0, MAX_VALUE, 1, 0, 0, 0},
		{QUEUE, 0, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{QUEUE, 4, MAX_VALUE + 1, 1, 0, 0, -EINVAL},
		{QUEUE, 0, MAX_VALUE, 0xffffffff, 0, 0, -ENOMEM},
		{QUEUE, 0, 4, 1, NP, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_ZERO_SEED, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_MMAPABLE, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_INNER_MAP, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_RDONLY, 0, 0},
		{QUEUE, 0, 4, 1, BPF_F_RDONLY_PROG, 0, 0},
		{QUEUE, 0, 4, 1, BPF_F_WRONLY_PROG, 0, 0},
		{QUEUE, 0, 4, 1, RDONLY_WRONLY_PROG, 0, -EINVAL},
		{STACK, 0, 4, 1, 0, 0, 0},
		{STACK, 4, 4, 1, 0, 0, -EINVAL},
		{STACK, 0, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{STACK, 0, 4, 1, NP, 0, -EINVAL},
		{BLOOM, 0, 4, 1, 0, 0, 0},
		{BLOOM, 4, 4, 1, 0, 0, -EINVAL},
		{BLOOM, 0, 0, 1, 0, 0, -EINVAL},
		{BLOOM, 0, 4, 0, 0, 0, -EINVAL},
		{BLOOM, 0, 4, 1, 0, 1, 0},
		{BLOOM, 0, 4, 1, 0, 15, 0},
		{BLOOM, 0, 4, 1, 0, 16, -EINVAL},
		{BLOOM, 0, 4, 1, 0, 1ull << 32, -EINVAL},
		{BLOOM, 0, 4, 1, BPF_F_ZERO_SEED, 0, 0},
		{BLOOM, 0, 4, 1, NP, 0, -EINVAL},
		{BLOOM, 0, 4, 1, BPF_F_MMAPABLE, 0, -EINVAL},
		{BLOOM, 0, 4, 1, BPF_F_RDONLY_PROG, 0, 0},
		{BLOOM, 0, 4, 1, RDONLY_WRONLY_PROG, 0, -EINVAL},
		{BLOOM, 0, MAX_VALUE, 1, 0, 0, 0},
		{BLOOM, 0, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{BLOOM, 4, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{LPM, 8, 4, 1, NP, 0, 0},
		{LPM, 8, 4, 1, 0, 0, -EINVAL},
		{LPM, 4, 4, 1, NP, 0, -EINVAL},
		{LPM, 5, 1, 1, NP, 0, 0},
		{LPM, 260, 4, 1, NP, 0, 0},
		{LPM, 261, 4, 1, NP, 0, -EINVAL},
		{LPM, 0, 4, 1, NP, 0, -EINVAL},
		{LPM, 8, 0, 1, NP, 0, -EINVAL},
		{LPM, 8, 4, 0, NP, 0, -EINVAL},
		{LPM, 8, 4, 0xffffffff, NP, 0, 0},
		{LPM, 8, 4, 1, NP, 1, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_ZERO_SEED, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_NO_COMMON_LRU, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_MMAPABLE, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_INNER_MAP, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_RDONLY, 0, 0},
		{LPM, 8, 4, 1, NP | BPF_F_WRONLY_PROG, 0, 0},
		{LPM, 8, 4, 1, NP | RDONLY_WRONLY_PROG, 0, -EINVAL},
		{LPM, 8, MAX_VALUE - 256 - 24, 1, NP, 0, 0},
		{LPM, 8, MAX_VALUE - 256 - 23, 1, NP, 0, -EINVAL},
		{PERF, 4, 4, 1, 0, 0, 0},
		{PERF, 4, 4, 8, BPF_F_PRESERVE_ELEMS, 0, 0},
		{PERF, 4, 4, 0, 0, 0, -EINVAL},
		{PERF, 8, 4, 1, 0, 0, -EINVAL},
		{PERF, 4, 8, 1, 0, 0, -EINVAL},
		{PERF, 4, 4, 1, NP, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_MMAPABLE, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_INNER_MAP, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_RDONLY, 0, 0},
		{PERF, 4, 4, 1, BPF_F_RDONLY_PROG, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_WRONLY_PROG, 0, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = create(cases[i].type, cases[i].key, cases[i].value, cases[i].max,
				 cases[i].flags, cases[i].extra);

		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
		if (ret >= 0)
			end(ret);
	}
}

/* What a key or a value must be. */
static void types_of_keys(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, flags;
		enum { NO_KEY, U32_KEY, INT_KEY, STRUCT_KEY } with;
		int result;
	} cases[] = {
		{QUEUE, 0, 0, NO_KEY, -EINVAL},	  {QUEUE, 0, 0, INT_KEY, -EINVAL},
		{STACK, 0, 0, NO_KEY, -EINVAL},	  {BLOOM, 0, 0, NO_KEY, 0},
		{BLOOM, 0, 0, INT_KEY, -EINVAL},  {LPM, 8, NP, NO_KEY, -EINVAL},
		{LPM, 8, NP, INT_KEY, -EINVAL},	  {LPM, 8, NP, STRUCT_KEY, 0},
		{PERF, 4, 0, U32_KEY, -ENOTSUPP}, {PERF, 4, 0, NO_KEY, -ENOTSUPP},
	};
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	int ids[4] = {0}, u32, fd;
	__u32 size;

	u32 = ids[U32_KEY] = btf__add_int(btf, "u32", 4, 0);
	ids[INT_KEY] = btf__add_int(btf, "u64", 8, 0);
	ids[STRUCT_KEY] = btf__add_struct(btf, "key", 8);
	btf__add_field(btf, "prefixlen", u32, 0, 0);
	btf__add_field(btf, "data", u32, 32, 0);
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = own(bpf(BPF_BTF_LOAD, &attr));
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr map = {.map_type = cases[i].type,
				      .key_size = cases[i].key,
				      .value_size = 4,
				      .max_entries = 1,
				      .map_flags = cases[i].flags,
				      .btf_fd = (__u32)fd,
				      .btf_key_type_id = (__u32)ids[cases[i].with],
				      .btf_value_type_id = (__u32)u32};
		int ret = own(bpf(BPF_MAP_CREATE, &map));

		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
	}
	btf__free(btf);
}

static void info_keeps_map_extra(void **state)
{
	static const __u64 extras[] = {0, 3};
	struct bpf_map_info info;

	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		info_of(create(BLOOM, 0, 4, 100, 0, extras[i]), &info, sizeof(info));
		assert_int_equal(info.map_extra, extras[i]);
		assert_int_equal(info.key_size, 0);
	}
}

/* --- commands ---------------------------------------------------------------------------- */

#define PUSH BPF_MAP_UPDATE_ELEM
#define PEEK BPF_MAP_LOOKUP_ELEM
#define POP BPF_MAP_LOOKUP_AND_DELETE_ELEM
#define DELETE BPF_MAP_DELETE_ELEM
#define NEXT BPF_MAP_GET_NEXT_KEY
#define FREEZE BPF_MAP_FREEZE

static int command(int cmd, int map, const void *key, void *value, __u64 flags)
{
	union bpf_attr attr = {0};

	attr.map_fd = (__u32)map;
	if (cmd == FREEZE)
		return bpf(cmd, &attr);
	attr.key = PTR(key);
	if (cmd != DELETE) {
		attr.value = PTR(value);
		attr.flags = cmd == NEXT ? 0 : flags;
	}
	return bpf(cmd, &attr);
}

static int batch(int cmd, int map, void *out, const void *keys, const void *values, __u32 *count,
		 __u64 flags)
{
	union bpf_attr attr = {0};
	int err;

	attr.batch.out_batch = PTR(out);
	attr.batch.keys = PTR(keys);
	attr.batch.values = PTR(values);
	attr.batch.count = *count;
	attr.batch.map_fd = (__u32)map;
	attr.batch.elem_flags = flags;
	err = bpf(cmd, &attr);
	*count = attr.batch.count;
	return err;
}

/* A step in a map without keys. @value: what goes in, and what is to be there afterwards. */
struct step {
	int cmd;
	__u32 in;
	__u64 flags;
	int result;
	__u32 out;
	bool key; /* there is a pointer where there must be none */
};

#define SAME 99 /* @in of what gives something; as @out: nothing was written */

static void run_steps(int map, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__u32 key = 0, value = steps[i].in;
		int err = command(steps[i].cmd, map, steps[i].key ? &key : NULL, &value,
				  steps[i].flags);

		if (err != steps[i].result || value != steps[i].out)
			fail_msg("step %zu: %d, value %u; not %d, %u", i, err, value,
				 steps[i].result, steps[i].out);
	}
}

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

static void no_batches(int map, const int *results)
{
	static const int cmds[] = {BPF_MAP_LOOKUP_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH,
				   BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH};
	__u32 keys[4] = {0}, values[4] = {0}, out, count;

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		count = 1;
		assert_int_equal(batch(cmds[i], map, &out, keys, values, &count, 0), results[i]);
	}
}

static const int lacks_batches[] = {-ENOTSUPP, -ENOTSUPP, -ENOTSUPP, -ENOTSUPP};

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
	int map = map_new(QUEUE, 0, 4, 3, 0);

	run_steps(map, empty, ARRAY_SIZE(empty));
	run_steps(map, steps, ARRAY_SIZE(steps));
	run_steps(map, refused, ARRAY_SIZE(refused));
	no_batches(map, lacks_batches);
	run_steps(map, rest, ARRAY_SIZE(rest));
	run_steps(map, empty, ARRAY_SIZE(empty));
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
	int map = map_new(STACK, 0, 4, 3, 0);

	run_steps(map, empty, ARRAY_SIZE(empty));
	run_steps(map, steps, ARRAY_SIZE(steps));
	run_steps(map, refused, ARRAY_SIZE(refused));
	no_batches(map, lacks_batches);
	run_steps(map, rest, ARRAY_SIZE(rest));
	run_steps(map, empty, ARRAY_SIZE(empty));
}

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
	int map = create(BLOOM, 0, 4, 100, BPF_F_ZERO_SEED, 0);

	run_steps(map, steps, ARRAY_SIZE(steps));
	no_batches(map, lacks_batches);
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
		int map = create(BLOOM, 0, rows[i].value_size, rows[i].max, BPF_F_ZERO_SEED,
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
			err = command(push ? PUSH : PEEK, map, NULL, value, 0);
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

/* --- longest-prefix tries ---------------------------------------------------------------- */

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
		err = command(steps[i].cmd, map, &key, &value, steps[i].flags);
		if (err != steps[i].result || value != steps[i].out)
			fail_msg("step %zu: %d, value %u; not %d, %u", i, err, value,
				 steps[i].result, steps[i].out);
	}
	assert_int_equal(command(PEEK, map, NULL, &(__u32){0}, 0), -EFAULT);
	assert_int_equal(command(DELETE, map, NULL, NULL, 0), -EFAULT);
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
				err = command(PUSH, map, &key, &value, flags);
				expected = lpm_model_update(&model, &key, wanted, flags);
				break;
			case 2:
				err = command(DELETE, map, &key, NULL, 0);
				expected = lpm_model_delete(&model, &key);
				break;
			case 3:
				err = command(PEEK, map, &key, &value, 0);
				expected = lpm_model_lookup(&model, &key, &wanted);
				break;
			case 4:
				if (model.nr && random_number() % 4)
					key = model.entries[random_number() % model.nr].key;
				err = command(NEXT, map, &key, &next, 0);
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

	assert_int_equal(command(NEXT, map, NULL, next, 0), -ENOENT);
	assert_int_equal(command(NEXT, map, &keys[0], next, 0), -ENOENT);
	for (size_t i = ARRAY_SIZE(keys); i-- > 0;)
		assert_int_equal(command(PUSH, map, &keys[i], &value, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		assert_int_equal(command(NEXT, map, i ? key : NULL, next, 0), 0);
		assert_memory_equal(next, &keys[i], 8);
		memcpy(key, next, 8);
	}
	assert_int_equal(command(NEXT, map, key, next, 0), -ENOENT);
	/* Unknown ones begin again. */
	memcpy(key, (__u8[]){9, 0, 0, 0, 10, 0, 0, 0}, 8);
	assert_int_equal(command(NEXT, map, key, next, 0), 0);
	assert_memory_equal(next, &keys[0], 8);
	memcpy(key, (__u8[]){77, 0, 0, 0, 10, 0, 0, 0}, 8);
	assert_int_equal(command(NEXT, map, key, next, 0), 0);
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
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, 0), 0);
	assert_int_equal(count, N);
	count = N + 1;
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, 0), -ENOSPC);
	assert_int_equal(count, N);
	count = 1;
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, BPF_NOEXIST),
			 -EINVAL);
	count = 1;
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, map, NULL, keys, values, &count, BPF_F_LOCK),
			 -EINVAL);
	count = 3;
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, map, out, got_keys, got, &count, 0), 0);
	assert_int_equal(count, 3);
	assert_memory_equal(got_keys, keys, 3 * sizeof(keys[0]));
	assert_memory_equal(got, values, 3 * sizeof(values[0]));
	count = N;
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, map, out, got_keys, got, &count, 0), 0);
	assert_int_equal(count, N);
	count = 1;
	assert_int_equal(batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, map, out, got_keys, got, &count, 0),
			 -ENOTSUPP);
	count = N + 1;
	assert_int_equal(batch(BPF_MAP_DELETE_BATCH, map, NULL, keys, NULL, &count, 0), -ENOENT);
	assert_int_equal(count, N);
	count = N;
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, map, out, got_keys, got, &count, 0), -ENOENT);
}

/* --- arrays of perf events --------------------------------------------------------------- */

static void perf_events(void **state)
{
	static const struct {
		int cmd;
		__u32 index, in;
		__u64 flags;
		int result;
	} steps[] = {
		{PUSH, 0, 0xffffffff, 0, -EBADF}, {PUSH, 0, 9999, 0, -EBADF},
		{PUSH, 0, 9999, 1, -EINVAL},	  {PUSH, 4, 9999, 0, -E2BIG},
		{PUSH, 4, 9999, 1, -EINVAL},	  {PEEK, 0, SAME, 0, -ENOTSUPP},
		{PEEK, 4, SAME, 0, -ENOTSUPP},	  {DELETE, 0, SAME, 0, -ENOENT},
		{DELETE, 4, SAME, 0, -E2BIG},	  {POP, 0, SAME, 0, -ENOTSUPP},
	};
	int map = map_new(PERF, 4, 4, 4, 0), prog = load_trivial_iter("bpf_map_elem");
	__u32 index, next;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		__u32 value = steps[i].in;
		int err = command(steps[i].cmd, map, &steps[i].index, &value, steps[i].flags);

		if (err != steps[i].result)
			fail_msg("step %zu: %d, not %d", i, err, steps[i].result);
	}
	index = 0;
	assert_int_equal(command(PUSH, map, &index, &map, 0), -EBADF); /* of something else */
	assert_int_equal(command(NEXT, map, NULL, &next, 0), 0);
	assert_int_equal(next, 0);
	index = 3;
	assert_int_equal(command(NEXT, map, &index, &next, 0), -ENOENT);
	no_batches(map, lacks_batches);
	assert_int_equal(attach_map(prog, map), -EINVAL);
}

/* --- programs ---------------------------------------------------------------------------- */

/* A helper called with the map, two words on the stack and no flags. */
static int load_call(int map, int helper)
{
	struct code code = {.n = 0};

	EMIT(&code, ST_MEM(DW, 10, -16, 0), ST_MEM(DW, 10, -8, 0), LD_MAP_FD(1, map),
	     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -16));
	if (helper == BPF_FUNC_map_update_elem)
		EMIT(&code, MOV64_REG(3, 2), MOV64_IMM(4, 0));
	else
		EMIT(&code, MOV64_IMM(3, 0));
	EMIT(&code, CALL(helper), MOV64_IMM(0, 0), EXIT());
	return load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
}

static void helpers_by_kind(void **state)
{
	static const int helpers[] = {BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem,
				      BPF_FUNC_map_delete_elem, BPF_FUNC_map_push_elem,
				      BPF_FUNC_map_pop_elem,	BPF_FUNC_map_peek_elem};
	static const struct {
		enum bpf_map_type type;
		unsigned int key, flags;
		int results[ARRAY_SIZE(helpers)];
	} rows[] = {
#define NO -EINVAL
#define KEY -EACCES /* there is none to be read */
		{QUEUE, 0, 0, {KEY, KEY, KEY, 0, 0, 0}},
		{STACK, 0, 0, {KEY, KEY, KEY, 0, 0, 0}},
		{BLOOM, 0, 0, {KEY, KEY, KEY, 0, NO, 0}},
		{LPM, 8, NP, {0, 0, 0, NO, NO, NO}},
		{PERF, 4, 0, {NO, NO, NO, NO, NO, NO}},
		{BPF_MAP_TYPE_HASH, 4, 0, {0, 0, 0, NO, NO, NO}},
		{BPF_MAP_TYPE_ARRAY, 4, 0, {0, 0, 0, NO, NO, NO}},
		{QUEUE, 0, BPF_F_RDONLY_PROG, {KEY, KEY, KEY, -EACCES, -EACCES, 0}},
		{QUEUE, 0, BPF_F_WRONLY_PROG, {KEY, KEY, KEY, 0, 0, 0}},
		{BLOOM, 0, BPF_F_RDONLY_PROG, {KEY, KEY, KEY, -EACCES, -EACCES, 0}},
		{LPM, 8, NP | BPF_F_RDONLY_PROG, {0, -EACCES, -EACCES, -EACCES, -EACCES, NO}},
#undef KEY
#undef NO
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int map = map_new(rows[i].type, rows[i].key, 4, 4, rows[i].flags);

		for (size_t h = 0; h < ARRAY_SIZE(helpers); h++) {
			int ret = load_call(map, helpers[h]);

			if ((ret >= 0 ? 0 : ret) != rows[i].results[h])
				fail_msg("row %zu, helper %d: %d, not %d", i, helpers[h], ret,
					 rows[i].results[h]);
		}
	}
}

/* *(u32 *)(fp - 4) = @value; r0 = push(@map, fp - 4, @flags) */
static void emit_push(struct code *code, int map, int value, int flags)
{
	EMIT(code, ST_MEM(W, 10, -4, value), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), MOV64_IMM(3, flags), CALL(BPF_FUNC_map_push_elem));
}

/* The same with pop or peek; what is there afterwards is added to r6 * 10. */
static void emit_take(struct code *code, int map, int helper)
{
	EMIT(code, ST_MEM(W, 10, -4, 7), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), CALL(helper), ALU64_IMM(BPF_MUL, 6, 10),
	     LDX_MEM(W, 1, 10, -4), ALU64_REG(BPF_ADD, 6, 1));
}

static unsigned int run(const struct code *code)
{
	int prog = load(BPF_PROG_TYPE_SOCKET_FILTER, code);
	unsigned int ret;

	if (prog < 0)
		fail_msg("does not load: %d\n%s", prog, load_log);
	assert_int_equal(E->run(prog, &ret), 0);
	return ret;
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
		assert_int_equal(run(&code), rows[i].taken);
	}
}

static void programs_ask_filters(void **state)
{
	int map = create(BLOOM, 0, 4, 100, BPF_F_ZERO_SEED, 0);
	struct code code = {.n = 0};

	EMIT(&code, MOV64_IMM(6, 0));
	emit_push(&code, map, 7, BPF_ANY);
	emit_take(&code, map, BPF_FUNC_map_peek_elem);
	EMIT(&code, MOV64_REG(7, 0)); /* it is there, and stays as it is */
	emit_push(&code, map, 7, BPF_EXIST);
	EMIT(&code, ALU64_REG(BPF_ADD, 7, 0), MOV64_REG(0, 6), JMP_IMM(BPF_JEQ, 7, -EINVAL, 1),
	     MOV64_IMM(0, 0), EXIT());
	assert_int_equal(run(&code), 7);
}

static void programs_use_tries(void **state)
{
	int map = map_new(LPM, 8, 4, 4, NP);
	struct code code = {.n = 0};
	__u32 key[2] = {8, 10}, value = 40;

	assert_int_equal(command(PUSH, map, key, &value, 0), 0);
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
	assert_int_equal(run(&code), 60);
	assert_int_equal(command(PEEK, map, key, &value, 0), 0);
	assert_int_equal(value, 41);
}

/* --- the same for all -------------------------------------------------------------------- */

static const struct {
	enum bpf_map_type type;
	unsigned int key, flags;
} kinds[] = {{QUEUE, 0, 0}, {STACK, 0, 0}, {BLOOM, 0, 0}, {LPM, 8, NP}};

static void handles_and_freezing(void **state)
{
	__u32 keys[2] = {8}, next[2];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const void *key = kinds[i].key ? keys : NULL;
		enum bpf_map_type type = kinds[i].type;
		int rdonly = map_new(type, kinds[i].key, 4, 4, kinds[i].flags | BPF_F_RDONLY);
		int wronly = map_new(type, kinds[i].key, 4, 4, kinds[i].flags | BPF_F_WRONLY);
		int map = map_new(type, kinds[i].key, 4, 4, kinds[i].flags);
		int next_key = type == LPM ? 0 : type == BLOOM ? -EOPNOTSUPP : -EINVAL;
		__u32 value = 5;

		assert_int_equal(command(PUSH, rdonly, key, &value, 0), -EPERM);
		assert_int_equal(command(DELETE, rdonly, key, NULL, 0), -EPERM);
		assert_int_equal(command(POP, rdonly, key, &value, 0), -EPERM);
		assert_int_equal(command(PEEK, rdonly, key, &value, 0), -ENOENT);
		assert_int_equal(command(PUSH, wronly, key, &value, 0), 0);
		assert_int_equal(command(PEEK, wronly, key, &value, 0), -EPERM);
		assert_int_equal(command(POP, wronly, key, &value, 0), -EPERM);
		assert_int_equal(command(NEXT, wronly, key, next, 0), -EPERM);

		assert_int_equal(command(PUSH, map, key, &value, 0), 0);
		assert_int_equal(command(FREEZE, map, NULL, NULL, 0), 0);
		assert_int_equal(command(PUSH, map, key, &value, 0), -EPERM);
		assert_int_equal(command(POP, map, key, &value, 0), -EPERM);
		assert_int_equal(command(DELETE, map, key, NULL, 0), -EPERM);
		assert_int_equal(command(PEEK, map, key, &value, 0), 0);
		assert_int_equal(value, 5);
		assert_int_equal(command(NEXT, map, NULL, next, 0), next_key);
	}
}

static void bad_value_pointers(void **state)
{
	__u32 key[2] = {8}, value = 5;
	void *bad = (void *)8;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const void *k = kinds[i].key ? key : NULL;
		int map = map_new(kinds[i].type, kinds[i].key, 4, 4, kinds[i].flags);
		int absent = kinds[i].type == BLOOM ? -EFAULT : -ENOENT;

		assert_int_equal(command(PUSH, map, k, bad, 0), -EFAULT);
		assert_int_equal(command(PEEK, map, k, bad, 0), absent);
		assert_int_equal(command(PUSH, map, k, &value, 0), 0);
		assert_int_equal(command(PEEK, map, k, bad, 0), -EFAULT);
	}
	/* What was popped and cannot be given is lost. */
	for (size_t i = 0; i < 2; i++) {
		int map = map_new(kinds[i].type, 0, 4, 4, 0);

		assert_int_equal(command(PUSH, map, NULL, &value, 0), 0);
		assert_int_equal(command(POP, map, NULL, bad, 0), -EFAULT);
		assert_int_equal(command(POP, map, NULL, &value, 0), -ENOENT);
	}
}

static void no_element_walk(void **state)
{
	int prog = load_trivial_iter("bpf_map_elem");

	assert_true(prog >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int map = map_new(kinds[i].type, kinds[i].key, 4, 4, kinds[i].flags);

		assert_int_equal(attach_map(prog, map), -EINVAL);
	}
}

static void inside_other_maps(void **state)
{
	static const __u32 index;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		enum bpf_map_type type = kinds[i].type;
		int inner = map_new(type, kinds[i].key, 4, 4, kinds[i].flags);
		int larger = map_new(type, kinds[i].key, 4, 8, kinds[i].flags);
		int wider = map_new(type, kinds[i].key, 8, 4, kinds[i].flags);
		union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
				       .key_size = 4,
				       .value_size = 4,
				       .max_entries = 1,
				       .inner_map_fd = (__u32)inner};
		int outer = own(bpf(BPF_MAP_CREATE, &attr));

		assert_true(outer >= 0);
		assert_int_equal(command(PUSH, outer, &index, &inner, 0), 0);
		assert_int_equal(command(PUSH, outer, &index, &larger, 0), 0);
		assert_int_equal(command(PUSH, outer, &index, &wider, 0), -EINVAL);
		if (type == BLOOM) {
			int other = create(type, 0, 4, 4, 0, 7);

			assert_int_equal(command(PUSH, outer, &index, &other, 0), 0);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(creation),
	cmocka_unit_test(types_of_keys),
	cmocka_unit_test(info_keeps_map_extra),
	cmocka_unit_test(queue),
	cmocka_unit_test(stack),
	cmocka_unit_test(bloom),
	cmocka_unit_test(bloom_false_positives),
	cmocka_unit_test(lpm),
	cmocka_unit_test(lpm_is_a_longest_prefix_scan),
	cmocka_unit_test(lpm_get_next_key),
	cmocka_unit_test(lpm_batches),
	cmocka_unit_test(perf_events),
	cmocka_unit_test(helpers_by_kind),
	cmocka_unit_test(programs_push_and_pop),
	cmocka_unit_test(programs_ask_filters),
	cmocka_unit_test(programs_use_tries),
	cmocka_unit_test(handles_and_freezing),
	cmocka_unit_test(bad_value_pointers),
	cmocka_unit_test(no_element_walk),
	cmocka_unit_test(inside_other_maps),
};
const struct section kinds_section = {"kinds", tests, ARRAY_SIZE(tests)};
