/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the batch commands and BPF_MAP_LOOKUP_AND_DELETE_ELEM give, kind by kind. */
#include <stdio.h>
#include <sys/mman.h>

#include "facts.h"

struct batch {
	int result;
	__u32 count; /* as the engine left it */
};

static struct batch batch(int cmd, int map, const void *in, void *out, const void *keys,
			  const void *values, __u32 count, __u64 elem_flags, __u64 flags)
{
	union bpf_attr attr = {0};
	struct batch done;

	attr.batch.map_fd = (__u32)map;
	attr.batch.in_batch = PTR(in);
	attr.batch.out_batch = PTR(out);
	attr.batch.keys = PTR(keys);
	attr.batch.values = PTR(values);
	attr.batch.count = count;
	attr.batch.elem_flags = elem_flags;
	attr.batch.flags = flags;
	done.result = bpf(cmd, &attr);
	done.count = attr.batch.count;
	return done;
}

#define assert_batch(call, expected_result, expected_count)                                        \
	do {                                                                                       \
		struct batch done_ = call;                                                         \
		if (done_.result != (expected_result) || done_.count != (expected_count))          \
			fail_msg("%s: %d with %u done, not %d with %u", #call, done_.result,       \
				 done_.count, expected_result, expected_count);                    \
	} while (0)

/* --- which kinds ------------------------------------------------------------------------------ */

enum { LOOKUP = 1, UPDATE = 2, DELETE = 4, LOOKUP_AND_DELETE = 8, ELEM_LOOKUP_AND_DELETE = 16 };

static const struct kind {
	enum bpf_map_type type;
	unsigned int key, value, max, flags;
	unsigned int can;
	int missing; /* of ELEM_LOOKUP_AND_DELETE: an empty kind or an absent key */
} kinds[] = {
	{BPF_MAP_TYPE_HASH, 4, 8, 16, 0, 31, -ENOENT},
	{BPF_MAP_TYPE_LRU_HASH, 4, 8, 16, 0, 31, -ENOENT},
	{BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 16, 0, 31, -ENOENT},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 16, 0, 31, -ENOENT},
	{BPF_MAP_TYPE_ARRAY, 4, 8, 16, 0, LOOKUP | UPDATE, -ENOTSUPP},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 16, 0, LOOKUP | UPDATE, -ENOTSUPP},
	{BPF_MAP_TYPE_LPM_TRIE, 8, 8, 16, BPF_F_NO_PREALLOC, LOOKUP | UPDATE | DELETE, -ENOTSUPP},
	{BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 16, 0, LOOKUP | UPDATE, -ENOTSUPP},
	{BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 16, 0, 15, -ENOTSUPP},
	{BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 16, 0, 0, -ENOTSUPP},
	{BPF_MAP_TYPE_QUEUE, 0, 8, 16, 0, ELEM_LOOKUP_AND_DELETE, -ENOENT},
	{BPF_MAP_TYPE_STACK, 0, 8, 16, 0, ELEM_LOOKUP_AND_DELETE, -ENOENT},
	{BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 16, 0, 0, -ENOTSUPP},
	{BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0, -ENOTSUPP},
	{BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0, 0, -ENOTSUPP},
};

/* Negative: this engine has no such kind. */
static int map_of_kind(const struct kind *kind)
{
	union bpf_attr attr = {.map_type = kind->type,
			       .key_size = kind->key,
			       .value_size = kind->value,
			       .max_entries = kind->max,
			       .map_flags = kind->flags};
	int map;

	if (kind->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || kind->type == BPF_MAP_TYPE_HASH_OF_MAPS)
		attr.inner_map_fd = (__u32)map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	map = own(bpf(BPF_MAP_CREATE, &attr));
	if (map < 0 && !(map == -EINVAL && E->is_private))
		fail_msg("kind %d: %d", kind->type, map);
	return map;
}

static void kinds_and_commands(void **state)
{
	static const struct {
		int cmd;
		unsigned int bit;
	} commands[] = {
		{BPF_MAP_LOOKUP_BATCH, LOOKUP},
		{BPF_MAP_UPDATE_BATCH, UPDATE},
		{BPF_MAP_DELETE_BATCH, DELETE},
		{BPF_MAP_LOOKUP_AND_DELETE_BATCH, LOOKUP_AND_DELETE},
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		int map = map_of_kind(&kinds[k]);

		for (size_t c = 0; map >= 0 && c < ARRAY_SIZE(commands); c++) {
			struct batch done =
				batch(commands[c].cmd, map, NULL, NULL, NULL, NULL, 0, 0, 0);
			int expected = kinds[k].can & commands[c].bit ? 0 : -ENOTSUPP;

			if (done.result != expected)
				fail_msg("kind %d, command %d: %d", kinds[k].type, commands[c].cmd,
					 done.result);
		}
	}
}

static int lookup_and_delete(int map, const void *key, void *value, __u64 flags)
{
	union bpf_attr attr = {0};

	attr.map_fd = (__u32)map;
	attr.key = PTR(key);
	attr.value = PTR(value);
	attr.flags = flags;
	return bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr);
}

static void lookup_and_delete_by_kind(void **state)
{
	char key[8] = {0}, value[4096];

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		int map = map_of_kind(&kinds[k]), ret;

		if (map < 0)
			continue;
		ret = lookup_and_delete(map, kinds[k].key ? key : NULL, value, 0);
		if (ret != kinds[k].missing)
			fail_msg("kind %d: %d", kinds[k].type, ret);
		/* A key where there is none, none where there is one. */
		assert_int_equal(lookup_and_delete(map, kinds[k].key ? NULL : key, value, 0),
				 kinds[k].key ? -EFAULT : -EINVAL);
		for (int bit = 0; bit < 64; bit++)
			assert_int_equal(lookup_and_delete(map, kinds[k].key ? key : NULL, value,
							   1ULL << bit),
					 -EINVAL);
	}
}

static void lookup_and_delete_of_hash(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 4);
	void *const bad = (void *)8;
	__u64 value = 0;
	__u32 key = 2;

	assert_int_equal(lookup_and_delete(map, &key, &value, 0), 0);
	assert_int_equal(value, 102);
	assert_int_equal(lookup_and_delete(map, &key, &value, 0), -ENOENT);
	assert_int_equal(map_lookup(map, &key, &value), -ENOENT);
	assert_int_equal(lookup_and_delete(map, bad, &value, 0), -EFAULT);
	/* It is deleted before it is copied out. */
	key = 3;
	assert_int_equal(lookup_and_delete(map, &key, bad, 0), -EFAULT);
	assert_int_equal(map_lookup(map, &key, &value), -ENOENT);
	assert_int_equal(map_freeze(map), 0);
	key = 1;
	assert_int_equal(lookup_and_delete(map, &key, &value, 0), -EPERM);
	assert_int_equal(lookup_and_delete(9999, &key, &value, 0), -EBADF);
}

static void lookup_and_delete_needs_both_rights(void **state)
{
	int rdonly = map_new(BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_RDONLY);
	int wronly = map_new(BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_WRONLY);
	__u64 value = 1;
	__u32 key = 0;

	assert_int_equal(lookup_and_delete(rdonly, &key, &value, 0), -EPERM);
	assert_int_equal(lookup_and_delete(wronly, &key, &value, 0), -EPERM);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, wronly, NULL, &key, &key, &value, 1, 0, 0), -EPERM,
		     1);
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, rdonly, NULL, NULL, &key, &value, 1, 0, 0), -EPERM,
		     1);
	assert_batch(batch(BPF_MAP_DELETE_BATCH, rdonly, NULL, NULL, &key, NULL, 1, 0, 0), -EPERM,
		     1);
	assert_batch(
		batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, rdonly, NULL, &key, &key, &value, 1, 0, 0),
		-EPERM, 1);
	assert_batch(
		batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, wronly, NULL, &key, &key, &value, 1, 0, 0),
		-EPERM, 1);
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, wronly, NULL, NULL, &key, &value, 1, 0, 0), 0, 1);
	assert_int_equal(map_freeze(wronly), 0);
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, wronly, NULL, NULL, &key, &value, 1, 0, 0), -EPERM,
		     1);
}

/* --- flags ------------------------------------------------------------------------------------ */

static void batch_flags(void **state)
{
	static const enum bpf_map_type types_[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY};
	static const int commands[] = {BPF_MAP_LOOKUP_BATCH, BPF_MAP_UPDATE_BATCH,
				       BPF_MAP_LOOKUP_AND_DELETE_BATCH, BPF_MAP_DELETE_BATCH};

	for (size_t t = 0; t < ARRAY_SIZE(types_); t++)
		for (size_t c = 0; c < (types_[t] == BPF_MAP_TYPE_HASH ? 4 : 2); c++) {
			bool looks = commands[c] == BPF_MAP_LOOKUP_BATCH ||
				     commands[c] == BPF_MAP_LOOKUP_AND_DELETE_BATCH;
			int map = map_of_numbers(types_[t], 4), result;
			__u64 values[4] = {1, 2, 3, 4};
			__u32 keys[4] = {0, 1, 2, 3}, out;

			for (int bit = 0; bit < 64; bit++)
				assert_batch(batch(commands[c], map, NULL, &out, keys, values, 4,
						   1ULL << bit, 0),
					     -EINVAL, 4);
			/* Not even that there is nothing to do is seen first. */
			assert_batch(batch(commands[c], map, NULL, &out, keys, values, 0, 1, 0),
				     -EINVAL, 0);
			result = looks && types_[t] == BPF_MAP_TYPE_HASH ? -EINVAL : 0;
			assert_batch(batch(commands[c], map, NULL, &out, keys, values, 2, 0, 1),
				     result, 2);
		}
}

/* --- what is done, and how much of it --------------------------------------------------------- */

static void update_and_delete_count(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 4, 8, 4, 0);
	__u64 values[6] = {100, 101, 102, 103, 104, 105}, value;
	__u32 keys[6] = {0, 1, 2, 3, 4, 5}, holes[4] = {0, 9, 1, 2};

	assert_batch(batch(BPF_MAP_UPDATE_BATCH, map, NULL, NULL, keys, values, 0, 0, 0), 0, 0);
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, map, NULL, NULL, keys, values, 3, 0, 0), 0, 3);
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, map, NULL, NULL, keys, values, 6, 0, 0), -E2BIG,
		     4);
	assert_int_equal(map_lookup(map, &keys[3], &value), 0);
	assert_int_equal(value, 103);
	assert_batch(batch(BPF_MAP_DELETE_BATCH, map, NULL, NULL, holes, NULL, 4, 0, 0), -ENOENT,
		     1);
	assert_int_equal(map_lookup(map, &keys[0], &value), -ENOENT);
	assert_int_equal(map_lookup(map, &keys[1], &value), 0);
	assert_batch(batch(BPF_MAP_DELETE_BATCH, map, NULL, NULL, keys + 1, NULL, 3, 0, 0), 0, 3);
	assert_batch(batch(BPF_MAP_DELETE_BATCH, map, NULL, NULL, keys, NULL, 0xffffffff, 0, 0),
		     -ENOENT, 0);
}

/* All @n elements of numbers 0 to n-1, each once, with its value. */
static void assert_numbers(const __u32 *keys, const __u64 *values, unsigned int n)
{
	__u32 met = 0;

	for (unsigned int i = 0; i < n; i++) {
		assert_in_range(keys[i], 0, n - 1);
		assert_false(met & 1u << keys[i]);
		met |= 1u << keys[i];
		assert_int_equal(values[i], 100 + keys[i]);
	}
}

/* Where to go on is not told: out_batch is not looked at. */
static void past_the_end(int map, int cmd)
{
	__u32 past = 0xffffffff, out = 7, key;
	__u64 value;

	assert_batch(batch(cmd, map, &past, &out, &key, &value, 1, 0, 0), -ENOENT, 0);
	assert_int_equal(out, 7);
	assert_batch(batch(cmd, map, &past, (void *)8, &key, &value, 1, 0, 0), -ENOENT, 0);
	assert_batch(batch(cmd, map, (void *)8, &out, &key, &value, 1, 0, 0), -EFAULT, 0);
}

static void lookup_all_of_hash(void **state)
{
	enum { N = 20 };
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, N);
	__u64 values[2 * N];
	__u32 keys[2 * N], pos = 0;

	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, NULL, &pos, keys, values, 2 * N, 0, 0),
		     -ENOENT, N);
	assert_numbers(keys, values, N);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, &pos, &pos, keys, values, 2 * N, 0, 0),
		     -ENOENT, 0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, NULL, &pos, keys, values, N, 0, 0), -ENOENT,
		     N);
	assert_numbers(keys, values, N);
	pos = 0xffffffff;
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, &pos, &pos, keys, values, N, 0, 0), -ENOENT,
		     0);
	past_the_end(map, BPF_MAP_LOOKUP_BATCH);
	past_the_end(map, BPF_MAP_LOOKUP_AND_DELETE_BATCH);
	assert_batch(
		batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, map, NULL, &pos, keys, values, 2 * N, 0, 0),
		-ENOENT, N);
	assert_numbers(keys, values, N);
	assert_int_equal(map_next_key(map, NULL, keys), -ENOENT);
	assert_batch(
		batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, map, NULL, &pos, keys, values, 2 * N, 0, 0),
		-ENOENT, 0);
}

/* By parts that are large enough for any bucket. */
static void lookup_hash_by_parts(void **state)
{
	enum { N = 30, PART = 10 };
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, N);
	__u64 values[N + PART];
	__u32 keys[N + PART], pos = 0, done = 0;
	struct batch part;

	do {
		part = batch(BPF_MAP_LOOKUP_BATCH, map, done ? &pos : NULL, &pos, keys + done,
			     values + done, PART, 0, 0);
		done += part.count;
		assert_in_range(done, 0, N);
	} while (!part.result);
	assert_int_equal(part.result, -ENOENT);
	assert_int_equal(done, N);
	assert_numbers(keys, values, N);
}

static void lookup_array(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 4);
	__u64 values[8];
	__u32 keys[8], pos = 9;

	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, NULL, &pos, keys, values, 3, 0, 0), 0, 3);
	assert_int_equal(pos, 2);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, &pos, &pos, keys + 3, values + 3, 3, 0, 0),
		     -ENOENT, 1);
	assert_int_equal(pos, 3);
	assert_numbers(keys, values, 4);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, &pos, &pos, keys, values, 3, 0, 0), -ENOENT,
		     0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, NULL, &pos, keys, values, 4, 0, 0), 0, 4);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, NULL, &pos, keys, values, 5, 0, 0), -ENOENT,
		     4);
	/* A key past the end leads to the first one. */
	pos = 77;
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, &pos, &pos, keys, values, 1, 0, 0), 0, 1);
	assert_int_equal(keys[0], 0);
	/* An update that hits the end. */
	keys[0] = 3;
	keys[1] = 4;
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, map, NULL, NULL, keys, values, 2, 0, 0), -E2BIG,
		     1);
}

static void per_cpu_values(void **state)
{
	static const enum bpf_map_type types_[] = {
		BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH};
	enum { MAX_CPUS = 1024, N = 3 };
	const unsigned int cpus = E->cpus();
	static char in[N * MAX_CPUS * 16], out[N * MAX_CPUS * 16];

	assert_in_range(cpus, 1, MAX_CPUS);
	for (size_t t = 0; t < ARRAY_SIZE(types_); t++) {
		const bool array = types_[t] == BPF_MAP_TYPE_PERCPU_ARRAY;
		/* An LRU that is nearly full may evict. */
		int map = map_try(types_[t], 4, 12, array ? N : 1000, 0);
		__u32 keys[N] = {0, 1, 2}, got[N + 1], pos;
		size_t size = 16 * cpus;

		if (map == -EINVAL && E->is_private)
			continue;
		assert_true(map >= 0);
		for (size_t i = 0; i < N * size; i++)
			in[i] = (char)(i * 7 + i / 16);
		assert_batch(batch(BPF_MAP_UPDATE_BATCH, map, NULL, NULL, keys, in, N, 0, 0), 0, N);
		assert_batch(batch(BPF_MAP_LOOKUP_BATCH, map, NULL, &pos, got, out, N + 1, 0, 0),
			     -ENOENT, N);
		for (unsigned int i = 0; i < N; i++) {
			assert_memory_equal(out + i * size, in + got[i] * size, size);
			memset(out, 0, size);
			assert_int_equal(map_lookup(map, &keys[i], out), 0);
			assert_memory_equal(out, in + keys[i] * size, size);
			assert_int_equal(map_update(map, &keys[i], in, BPF_EXIST), 0);
			assert_int_equal(map_update(map, &keys[i], in, BPF_NOEXIST), -EEXIST);
			assert_int_equal(map_update(map, &keys[i], in, BPF_F_LOCK), -EINVAL);
			assert_int_equal(map_update(map, &keys[i], in, 3), -EINVAL);
			assert_int_equal(map_lookup(map, &keys[i], out), 0);
			assert_memory_equal(out, in, size);
			/* What the next round compares with. */
			assert_int_equal(map_update(map, &keys[i], in + i * size, BPF_ANY), 0);
			assert_batch(
				batch(BPF_MAP_LOOKUP_BATCH, map, NULL, &pos, got, out, N + 1, 0, 0),
				-ENOENT, N);
		}
		keys[0] = 77;
		assert_int_equal(map_lookup(map, &keys[0], out), -ENOENT);
		assert_int_equal(map_update(map, &keys[0], in, BPF_ANY), array ? -E2BIG : 0);
	}
}

/* --- bad pointers ----------------------------------------------------------------------------- */

static void bad_pointers(void **state)
{
	enum { PAGE = 4096 };
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *const bad = (void *)8;
	int hash = map_of_numbers(BPF_MAP_TYPE_HASH, 8),
	    array = map_of_numbers(BPF_MAP_TYPE_ARRAY, 8);
	__u32 keys[8] = {0, 1, 2, 3, 4, 5, 6, 7}, pos, *edge;
	__u64 values[8];

	assert_true(pages != MAP_FAILED);
	assert_int_equal(munmap(pages + PAGE, PAGE), 0);
	edge = (__u32 *)(pages + PAGE) - 3; /* 3 keys before the end */
	memcpy(edge, keys, 12);

	assert_batch(batch(BPF_MAP_UPDATE_BATCH, array, NULL, NULL, edge, values, 8, 0, 0), -EFAULT,
		     3);
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, array, NULL, NULL, keys, bad, 8, 0, 0), -EFAULT,
		     0);
	assert_batch(batch(BPF_MAP_UPDATE_BATCH, array, NULL, NULL, NULL, values, 8, 0, 0), -EFAULT,
		     0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, array, NULL, &pos, edge, values, 8, 0, 0), -EFAULT,
		     0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, array, NULL, bad, keys, values, 8, 0, 0), -EFAULT,
		     8);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, array, bad, &pos, keys, values, 8, 0, 0), -EFAULT,
		     0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, array, NULL, &pos, keys, bad, 8, 0, 0), -EFAULT,
		     0);

	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, hash, NULL, &pos, bad, values, 8, 0, 0), -EFAULT,
		     0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, hash, NULL, &pos, keys, bad, 8, 0, 0), -EFAULT, 0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, hash, bad, &pos, keys, values, 8, 0, 0), -EFAULT,
		     0);
	assert_batch(batch(BPF_MAP_LOOKUP_BATCH, hash, NULL, bad, keys, values, 8, 0, 0), -EFAULT,
		     0);
	memcpy(edge, keys, 12);
	edge[0] = 0;
	edge[1] = 1;
	edge[2] = 2;
	assert_batch(batch(BPF_MAP_DELETE_BATCH, hash, NULL, NULL, edge, NULL, 8, 0, 0), -EFAULT,
		     3);
	assert_batch(batch(BPF_MAP_DELETE_BATCH, 9999, NULL, NULL, edge, NULL, 8, 0, 0), -EBADF, 8);
	munmap(pages, PAGE);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(kinds_and_commands),
	cmocka_unit_test(lookup_and_delete_by_kind),
	cmocka_unit_test(lookup_and_delete_of_hash),
	cmocka_unit_test(lookup_and_delete_needs_both_rights),
	cmocka_unit_test(batch_flags),
	cmocka_unit_test(update_and_delete_count),
	cmocka_unit_test(lookup_all_of_hash),
	cmocka_unit_test(lookup_hash_by_parts),
	cmocka_unit_test(lookup_array),
	cmocka_unit_test(per_cpu_values),
	cmocka_unit_test(bad_pointers),
};
const struct section batch_section = {"batch", tests, ARRAY_SIZE(tests)};
