/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* ARRAY: every result of FACTS, values in place, direct access, memory that can be mapped. */
#include "rt.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/kernel_errno.h"

static struct bpf_map *new_array(u32 value_size, u32 max_entries, u32 flags)
{
	return new_map(BPF_MAP_TYPE_ARRAY, sizeof(u32), value_size, max_entries, flags);
}

static void results(void **state)
{
	struct bpf_map *map = new_array(8, 4, 0);
	static const struct {
		u32 key;
		u64 flags;
		long err;
	} updates[] = {
		{0, BPF_ANY, 0},      {3, BPF_EXIST, 0},	{3, BPF_NOEXIST, -EEXIST},
		{4, BPF_ANY, -E2BIG}, {4, BPF_NOEXIST, -E2BIG}, {UINT_MAX, BPF_ANY, -E2BIG},
		{0, 3, -EINVAL},      {0, BPF_F_LOCK, -EINVAL}, {9, 1ull << 40, -EINVAL},
	};
	static const struct {
		u32 key, next;
		int err;
	} nexts[] = {
		{0, 1, 0}, {2, 3, 0}, {3, 0, -ENOENT}, {4, 0, 0}, {UINT_MAX, 0, 0},
	};
	u64 value = 0;
	u32 key;

	for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
		value = 100 + i;
		assert_int_equal(map_update(map, &updates[i].key, &value, updates[i].flags),
				 updates[i].err);
	}
	key = 0;
	assert_int_equal(map_get(map, &key, &value), 0);
	assert_int_equal(value, 100);
	key = 3;
	assert_int_equal(map_get(map, &key, &value), 0);
	assert_int_equal(value, 101);
	assert_int_equal(map_delete(map, &key), -EINVAL);
	assert_int_equal(map->ops->map_copy_value(map, &key, &value, BPF_F_LOCK), -EINVAL);
	key = 4;
	assert_int_equal(map_get(map, &key, &value), -ENOENT);
	assert_null(map->ops->map_lookup_elem(map, &key));

	for (size_t i = 0; i < ARRAY_SIZE(nexts); i++) {
		key = 77;
		assert_int_equal(map_next(map, &nexts[i].key, &key), nexts[i].err);
		assert_int_equal(key, nexts[i].err ? 77 : nexts[i].next);
	}
	assert_int_equal(map_next(map, NULL, &key), 0);
	assert_int_equal(key, 0);
	bpf_map_put_with_uref(map);
}

static void values_of_all_sizes_agree_with_a_model(void **state)
{
	static const u32 sizes[] = {1, 3, 8, 12, 24, 61};
	unsigned int seed = 3;

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct bpf_map *map = new_array(sizes[s], 50, s % 2 ? BPF_F_MMAPABLE : 0);
		u8 model[50][64] = {{0}}, got[64], value[65];

		for (int step = 0; step < 500; step++) {
			u32 key = rand_r(&seed) % 50;

			/* From an odd address. */
			for (u32 i = 0; i < sizes[s]; i++)
				value[i + 1] = rand_r(&seed);
			memcpy(model[key], value + 1, sizes[s]);
			assert_int_equal(map_update(map, &key, value + 1, BPF_ANY), 0);
		}
		for (u32 key = 0; key < 50; key++) {
			memset(got, 0, sizeof(got));
			assert_int_equal(map_get(map, &key, got), 0);
			assert_memory_equal(got, model[key], sizeof(got));
			assert_int_equal((unsigned long)map->ops->map_lookup_elem(map, &key) % 8,
					 0);
		}
		bpf_map_put_with_uref(map);
	}
}

static void a_walk_shows_each_index_once(void **state)
{
	struct bpf_map *map = new_array(8, 300, 0);
	struct bpf_map_walk walk = {0}, before;
	u32 nr = 0;

	for (before = walk; bpf_map_walk(map, &walk); before = walk, nr++) {
		assert_int_equal(*(u32 *)walk.key, nr);
		assert_ptr_equal(walk.value, map->ops->map_lookup_elem(map, &nr));
		/* Again. */
		walk = before;
		assert_true(bpf_map_walk(map, &walk));
		assert_int_equal(*(u32 *)walk.key, nr);
	}
	assert_int_equal(nr, 300);
	assert_false(bpf_map_walk(map, &walk));
	bpf_map_put_with_uref(map);
}

static void direct_access(void **state)
{
	struct bpf_map *map = new_array(100, 1, BPF_F_RDONLY_PROG), *two = new_array(8, 2, 0);
	u32 key = 0;
	u64 addr, start;

	assert_int_equal(map->ops->map_direct_value_addr(map, &start, 0), 0);
	assert_ptr_equal((void *)(unsigned long)start, map->ops->map_lookup_elem(map, &key));
	assert_int_equal(map->ops->map_direct_value_addr(map, &addr, 99), 0);
	assert_int_equal(addr, start + 99);
	assert_int_equal(map->ops->map_direct_value_addr(map, &addr, 100), -EINVAL);
	assert_int_equal(map->ops->map_direct_value_addr(two, &addr, 0), -ENOTSUPP);
	assert_int_equal(map->ops->map_memfd(map), -ENOTSUP);
	bpf_map_put_with_uref(map);
	bpf_map_put_with_uref(two);
}

static void a_mapping_is_the_memory(void **state)
{
	const long page = sysconf(_SC_PAGESIZE);
	struct bpf_map *map = new_array(4, 1000, BPF_F_MMAPABLE);
	int fd = map->ops->map_memfd(map);
	u32 key = 999, value = 42, *shared;

	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), round_up(8 * 1000, page));
	shared = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
	assert_int_equal(shared[2 * 999], 42);
	shared[2 * 999] = 43;
	assert_int_equal(map_get(map, &key, &value), 0);
	assert_int_equal(value, 43);
	assert_true(map->ops->map_mem_usage(map) >= 8000);
	/* The mapping outlives the map. */
	bpf_map_put_with_uref(map);
	rcu_barrier();
	assert_int_equal(shared[2 * 999], 43);
	munmap(shared, 2 * page);
}

/* Whoever has the descriptor can do no more than map it, and read-only values only to read. */
static void the_memory_keeps_its_size_and_its_values(void **state)
{
	const long page = sysconf(_SC_PAGESIZE);
	static const u32 flags[] = {BPF_F_MMAPABLE, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		bool rdonly = flags[i] & BPF_F_RDONLY_PROG;
		struct bpf_map *map = new_array(4, 1000, flags[i]);
		int fd = map->ops->map_memfd(map);
		u32 key = 0, value = 42, *shared;

		assert_int_equal(ftruncate(fd, 0), -1);
		assert_int_equal(ftruncate(fd, 100 * page), -1);
		assert_int_equal(pwrite(fd, &key, 4, 0), rdonly ? -1 : 4);
		shared = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		assert_int_equal(shared == MAP_FAILED, rdonly);
		if (!rdonly)
			munmap(shared, page);
		shared = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
		assert_ptr_not_equal(shared, MAP_FAILED);
		assert_int_equal(mprotect(shared, page, PROT_READ | PROT_WRITE), rdonly ? -1 : 0);
		/* The map itself writes on. */
		assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
		assert_int_equal(shared[0], 42);
		munmap(shared, page);
		bpf_map_put_with_uref(map);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),
		cmocka_unit_test(values_of_all_sizes_agree_with_a_model),
		cmocka_unit_test(a_walk_shows_each_index_once),
		cmocka_unit_test(direct_access),
		cmocka_unit_test(a_mapping_is_the_memory),
		cmocka_unit_test(the_memory_keeps_its_size_and_its_values),
	};

	return cmocka_run_group_tests_name("array", tests, rt_set_up, rt_tear_down);
}
