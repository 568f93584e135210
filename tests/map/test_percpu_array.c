/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Arrays with a value for each CPU: what programs see of them, what bpf(2) does, and the walk. */
#include "rt.h"

#include <limits.h>

static struct bpf_map *new_array(u32 value_size, u32 max_entries)
{
	return new_map(BPF_MAP_TYPE_PERCPU_ARRAY, 4, value_size, max_entries, 0);
}

static int map_set(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	return map->ops->map_set_value(map, key, value, flags);
}

static void results(void **state)
{
	struct bpf_map *map = new_array(8, 4);
	static const struct {
		u32 key;
		u64 flags;
		int err;
	} updates[] = {
		{0, BPF_ANY, 0},      {3, BPF_EXIST, 0},	{3, BPF_NOEXIST, -EEXIST},
		{4, BPF_ANY, -E2BIG}, {4, BPF_NOEXIST, -E2BIG}, {UINT_MAX, BPF_ANY, -E2BIG},
		{0, 3, -EINVAL},      {0, BPF_F_LOCK, -EINVAL}, {9, 1ull << 40, -EINVAL},
	};
	u64 values[CPUS] = {7, 8, 9};
	u32 key;

	for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
		assert_int_equal(map_set(map, &updates[i].key, values, updates[i].flags),
				 updates[i].err);
		assert_int_equal(map_update(map, &updates[i].key, values, updates[i].flags),
				 updates[i].err);
	}
	key = 4;
	assert_int_equal(map_get(map, &key, values), -ENOENT);
	assert_null(map->ops->map_lookup_elem(map, &key));
	assert_null(map->ops->map_lookup_percpu_elem(map, &key, 0));
	key = 3;
	assert_int_equal(map_delete(map, &key), -EINVAL);
	assert_null(map->ops->map_lookup_percpu_elem(map, &key, CPUS));
	assert_null(map->ops->map_lookup_percpu_elem(map, &key, UINT_MAX));
	bpf_map_put_with_uref(map);
}

/* In a program's run lookup and update mean its own CPU's value, and only that. */
static void a_run_has_its_own_value(void **state)
{
	struct bpf_map *map = new_array(8, 4);
	u64 values[CPUS] = {10, 20, 30}, got[CPUS], mine = 77;
	struct bpf_run_ctx run;
	u32 key = 2, cpu;

	assert_int_equal(map_set(map, &key, values, BPF_ANY), 0);
	bpf_run_begin(&run, &rt);
	cpu = run.cpu;
	assert_int_equal(*(u64 *)map->ops->map_lookup_elem(map, &key), values[cpu]);
	assert_int_equal(map->ops->map_update_elem(map, &key, &mine, BPF_ANY), 0);
	assert_ptr_equal(map->ops->map_lookup_elem(map, &key),
			 map->ops->map_lookup_percpu_elem(map, &key, cpu));
	bpf_run_end(&run);
	assert_int_equal(map_get(map, &key, got), 0);
	values[cpu] = mine;
	assert_memory_equal(got, values, sizeof(values));
	for (key = 0; key < 4; key++) {
		assert_int_equal(map_get(map, &key, got), 0);
		assert_int_equal(got[0] | got[1] | got[2],
				 key == 2 ? values[0] | values[1] | values[2] : 0);
	}
	bpf_map_put_with_uref(map);
}

static void values_of_all_sizes_agree_with_a_model(void **state)
{
	enum { N = 20, LARGEST = 64 };
	static const u32 sizes[] = {1, 3, 8, 12, 24, 61};
	unsigned int seed = 3;

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct bpf_map *map = new_array(sizes[s], N);
		const u32 size = bpf_map_value_size(map);
		u8 model[N][LARGEST * CPUS] = {{0}}, got[LARGEST * CPUS], value[LARGEST * CPUS + 1];
		struct bpf_map_walk walk = {0};

		assert_int_equal(size, round_up(sizes[s], 8) * CPUS);
		for (int step = 0; step < 300; step++) {
			u32 key = rand_r(&seed) % N;

			/* From an odd address. */
			for (u32 i = 0; i < size; i++)
				value[i + 1] = rand_r(&seed);
			memcpy(model[key], value + 1, size);
			assert_int_equal(map_set(map, &key, value + 1, BPF_ANY), 0);
		}
		for (u32 key = 0; key < N; key++) {
			assert_true(bpf_map_walk(map, &walk));
			assert_int_equal(*(u32 *)walk.key, key);
			bpf_map_walk_copy(map, &walk, got, 0);
			assert_memory_equal(got, model[key], size);
			memset(got, 0, size);
			assert_int_equal(map_get(map, &key, got), 0);
			assert_memory_equal(got, model[key], size);
			for (u32 cpu = 0; cpu < CPUS; cpu++)
				assert_ptr_equal(bpf_map_percpu_ptr(map, walk.value, cpu),
						 map->ops->map_lookup_percpu_elem(map, &key, cpu));
		}
		assert_false(bpf_map_walk(map, &walk));
		bpf_map_put_with_uref(map);
	}
}

/* What two CPUs write to never lies in one cache line. */
static void cpus_share_no_line(void **state)
{
	struct bpf_map *map = new_array(8, 3);
	u32 first = 0, last = 2;

	for (u32 cpu = 0; cpu + 1 < CPUS; cpu++) {
		unsigned long end =
			(unsigned long)map->ops->map_lookup_percpu_elem(map, &last, cpu);
		unsigned long next =
			(unsigned long)map->ops->map_lookup_percpu_elem(map, &first, cpu + 1);

		assert_true(end / 64 < next / 64);
	}
	bpf_map_put_with_uref(map);
}

#define THREADS 5
#define RUNS 20000

static void *count(void *arg)
{
	struct bpf_map *map = arg;
	u32 key = 1;

	for (int i = 0; i < RUNS; i++) {
		struct bpf_run_ctx run;

		bpf_run_begin(&run, &rt);
		++*(u64 *)map->ops->map_lookup_elem(map, &key);
		bpf_run_end(&run);
	}
	return NULL;
}

/* Without any atomic operation: nobody else has the CPU meanwhile. */
static void counters_add_up(void **state)
{
	struct bpf_map *map = new_array(8, 2);
	pthread_t threads[THREADS];
	u64 got[CPUS], sum = 0;
	u32 key = 1;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, map), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(map_get(map, &key, got), 0);
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		sum += got[cpu];
	assert_int_equal(sum, THREADS * RUNS);
	bpf_map_put_with_uref(map);
}

static void sizes(void **state)
{
	static const struct {
		u32 value_size, max_entries;
		long err;
	} rows[] = {
		{32768, 1, 0},	       {32767, 1, 0},	{32769, 1, -E2BIG}, {UINT_MAX, 1, -E2BIG},
		{1u << 31, 1, -E2BIG}, {0, 1, -EINVAL}, {8, 0, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union bpf_attr attr = {.map_type = BPF_MAP_TYPE_PERCPU_ARRAY,
				       .key_size = 4,
				       .value_size = rows[i].value_size,
				       .max_entries = rows[i].max_entries};
		struct bpf_map *map = bpf_map_create(&rt, &attr, NULL, NULL);

		assert_int_equal(IS_ERR(map) ? PTR_ERR(map) : 0, rows[i].err);
		if (!IS_ERR(map)) {
			assert_true(bpf_map_memory_usage(map) >= (u64)rows[i].value_size * CPUS);
			bpf_map_put_with_uref(map);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),
		cmocka_unit_test(a_run_has_its_own_value),
		cmocka_unit_test(values_of_all_sizes_agree_with_a_model),
		cmocka_unit_test(cpus_share_no_line),
		cmocka_unit_test(counters_add_up),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests_name("percpu_array", tests, rt_set_up, rt_tear_down);
}
