/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Keys and values in memory that ends: to the last byte they are taken and given, and where one
 * byte is missing the call fails and the map is as it was.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "kinds.h"

static const struct kind {
	enum bpf_map_type type;
	unsigned int key, flags;
	bool percpu, index; /* index: of an array */
} kinds[] = {
	{BPF_MAP_TYPE_HASH, 4, 0},
	{BPF_MAP_TYPE_HASH, 13, NP},
	{BPF_MAP_TYPE_LRU_HASH, 4, 0},
	{BPF_MAP_TYPE_PERCPU_HASH, 4, 0, .percpu = true},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 5, 0, .percpu = true},
	{BPF_MAP_TYPE_ARRAY, 4, 0, .index = true},
	{BPF_MAP_TYPE_ARRAY, 4, BPF_F_MMAPABLE, .index = true},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0, .percpu = true, .index = true},
	{LPM, 8, NP},
	{QUEUE, 0, 0},
	{STACK, 0, 0},
	{BLOOM, 0, 0},
};

#define VALUE 12u

/* The last bytes of two pages: behind them there is nothing. */
static __u8 *edges[2];
#define KEY_END edges[0]
#define VALUE_END edges[1]

static void make_edges(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		__u8 *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);

		assert_true(at != MAP_FAILED);
		assert_int_equal(mprotect(at + page, page, PROT_NONE), 0);
		edges[i] = at + page;
	}
}

static void unmake_edges(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		munmap(edges[i] - page, 2 * page);
}

/* @cmd with @key_lacks and @value_lacks bytes less than it needs. */
static int at_the_edge(const struct kind *kind, int cmd, int map, unsigned int key_lacks,
		       unsigned int value_lacks)
{
	const size_t value_size = kind->percpu ? 16 * E->cpus() : VALUE;
	__u8 *key = kind->key ? KEY_END - kind->key + key_lacks : NULL;
	__u8 *value = VALUE_END - (cmd == NEXT ? kind->key : value_size) + value_lacks;

	/* Key 0; a prefix of 8 bits. */
	memset(KEY_END - 32, 0, 32);
	if (key && !key_lacks && kind->type == LPM)
		key[0] = 8;
	return map_command(cmd, map, key, value, 0);
}

static void check(const struct kind *kind, int cmd, int map, unsigned int key_lacks,
		  unsigned int value_lacks, int result)
{
	int err = at_the_edge(kind, cmd, map, key_lacks, value_lacks);

	if (err != result)
		fail_msg("%s, kind %d, command %d, %u of the key and %u of the value missing: %d, "
			 "not %d",
			 E->name, kind->type, cmd, key_lacks, value_lacks, err, result);
}

static void one_element(const struct kind *kind)
{
	int map = map_new(kind->type, kind->key, VALUE, 4, kind->flags);

	check(kind, PUSH, map, 0, 1, -EFAULT);
	if (!kind->index)
		check(kind, PEEK, map, 0, 0, -ENOENT);
	memset(VALUE_END - 16 * E->cpus(), 1, 16 * E->cpus());
	check(kind, PUSH, map, 0, 0, 0);
	check(kind, PEEK, map, 0, 1, -EFAULT);
	memset(VALUE_END - 16 * E->cpus(), kind->type == BLOOM, 16 * E->cpus());
	check(kind, PEEK, map, 0, 0, 0);
	assert_int_equal(VALUE_END[kind->percpu ? -16 : -(int)VALUE], 1);
	if (!kind->key)
		return;

	/* What is there stays as it is. */
	memset(VALUE_END - 16 * E->cpus(), 2, 16 * E->cpus());
	check(kind, PUSH, map, 0, 1, -EFAULT);
	check(kind, PUSH, map, 1, 0, -EFAULT);
	check(kind, PEEK, map, 1, 0, -EFAULT);
	check(kind, DELETE, map, 1, 0, -EFAULT);
	check(kind, NEXT, map, 1, 0, -EFAULT);
	check(kind, PEEK, map, 0, 0, 0);
	assert_int_equal(VALUE_END[kind->percpu ? -16 : -(int)VALUE], 1);
	if (kind->index)
		check(kind, NEXT, map, 0, 1, -EFAULT);
	check(kind, NEXT, map, 0, 0, kind->index ? 0 : -ENOENT);
}

static void elements(void **state)
{
	make_edges();
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		one_element(&kinds[i]);
	unmake_edges();
}

/* Two elements where there is room for not quite as many. */
static void batches(void **state)
{
	static const struct {
		int cmd;
		unsigned int key_lacks, value_lacks;
		int result;
		__u32 count;
	} steps[] = {
		{BPF_MAP_UPDATE_BATCH, 1, 0, -EFAULT, 1}, {BPF_MAP_UPDATE_BATCH, 0, 1, -EFAULT, 1},
		{BPF_MAP_UPDATE_BATCH, 0, 0, 0, 2},	  {BPF_MAP_LOOKUP_BATCH, 1, 0, -EFAULT, 0},
		{BPF_MAP_LOOKUP_BATCH, 0, 1, -EFAULT, 0}, {BPF_MAP_LOOKUP_BATCH, 0, 0, 0, 2},
	};

	make_edges();
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int map = map_new(BPF_MAP_TYPE_ARRAY, 4, VALUE, 3, 0);
		__u32 out, keys[2] = {0, 1}, count = 2;
		__u8 *key = KEY_END - sizeof(keys) + steps[i].key_lacks;
		__u8 *value = VALUE_END - 2 * VALUE + steps[i].value_lacks;
		int err;

		memcpy(KEY_END - sizeof(keys), keys, sizeof(keys));
		/* Any index is good, wherever it is read. */
		if (steps[i].key_lacks)
			memset(KEY_END - sizeof(keys), 0, sizeof(keys));
		err = map_batch(steps[i].cmd, map, &out, key, value, &count, 0);
		if (err != steps[i].result || count != steps[i].count)
			fail_msg("step %zu: %d, count %u; not %d, %u", i, err, count,
				 steps[i].result, steps[i].count);
	}
	unmake_edges();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(elements),
	cmocka_unit_test(batches),
};
const struct section edges_section = {"edges", tests, ARRAY_SIZE(tests)};
