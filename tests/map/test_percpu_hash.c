/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* PERCPU_HASH and LRU_PERCPU_HASH: what programs and bpf(2) see of a value for each CPU; a plain
 * model; sums of threads that count; memory. */
#include "rt.h"

#include <stdlib.h>

#include "failing_areas.h"

static const u32 kinds[] = {BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH};

static int set(struct bpf_map *map, const void *key, const void *values, u64 flags)
{
	int err;

	rcu_read_lock();
	err = map->ops->map_set_value(map, key, values, flags);
	rcu_read_unlock();
	return err;
}

static int take(struct bpf_map *map, const void *key, void *values, u64 flags)
{
	int err;

	rcu_read_lock();
	err = map->ops->map_lookup_and_delete_elem(map, key, values, flags);
	rcu_read_unlock();
	return err;
}

/* Nobody else runs. */
static void begin_on(struct bpf_run_ctx *ctx, u32 cpu)
{
	bpf_run_begin(ctx, &rt);
	ctx->cpu = cpu;
}

static void a_value_for_each_cpu(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct bpf_map *map = new_map(kinds[k], 4, 12, 4, 0);
		u64 values[CPUS][2], value[2] = {11, 12}, *found;
		struct bpf_run_ctx ctx;
		u32 key = 7;

		assert_int_equal(bpf_map_value_size(map), sizeof(values));
		/* A program's new element: its own value, and zeroes. */
		begin_on(&ctx, 1);
		assert_null(map->ops->map_lookup_elem(map, &key));
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_EXIST), -ENOENT);
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_NOEXIST), 0);
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_NOEXIST), -EEXIST);
		assert_int_equal(map->ops->map_update_elem(map, &key, value, 4), -EINVAL);
		found = map->ops->map_lookup_elem(map, &key);
		assert_int_equal(found[0], 11);
		bpf_run_end(&ctx);
		memset(values, 0xff, sizeof(values));
		assert_int_equal(map_get(map, &key, values), 0);
		assert_int_equal(values[0][0], 0);
		assert_int_equal(values[0][1], 0);
		assert_int_equal(values[1][0], 11);
		assert_int_equal(values[1][1], 12);
		assert_int_equal(values[2][0], 0);

		/* Another's: in place, the rest stays, and so does what was found. */
		begin_on(&ctx, 2);
		value[0] = 22;
		found = map->ops->map_lookup_elem(map, &key);
		assert_int_equal(found[0], 0);
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_EXIST), 0);
		assert_int_equal(found[0], 22);
		assert_ptr_equal(map->ops->map_lookup_percpu_elem(map, &key, 2), found);
		found = map->ops->map_lookup_percpu_elem(map, &key, 1);
		assert_int_equal(found[0], 11);
		assert_null(map->ops->map_lookup_percpu_elem(map, &key, CPUS));
		assert_null(map->ops->map_lookup_percpu_elem(map, &key, UINT32_MAX));
		bpf_run_end(&ctx);

		/* bpf(2): all of them. */
		for (u32 cpu = 0; cpu < CPUS; cpu++)
			values[cpu][0] = values[cpu][1] = 100 + cpu;
		assert_int_equal(set(map, &key, values, BPF_NOEXIST), -EEXIST);
		assert_int_equal(set(map, &key, values, 3), -EINVAL);
		assert_int_equal(set(map, &key, values, BPF_EXIST), 0);
		begin_on(&ctx, 0);
		found = map->ops->map_lookup_elem(map, &key);
		assert_int_equal(found[0], 100);
		bpf_run_end(&ctx);
		assert_int_equal(take(map, &key, values, BPF_F_LOCK), -EINVAL);
		memset(values, 0, sizeof(values));
		assert_int_equal(take(map, &key, values, 0), 0);
		assert_int_equal(values[2][1], 102);
		assert_int_equal(take(map, &key, values, 0), -ENOENT);
		assert_int_equal(map_get(map, &key, values), -ENOENT);
		assert_int_equal(bpf_map_read_elem_count(map), 0);
		bpf_map_put_with_uref(map);
	}
}

#define KEYS 200u
#define MAX 100u

static void it_agrees_with_a_model(void **state)
{
	struct bpf_map *map = new_map(BPF_MAP_TYPE_PERCPU_HASH, 8, 8, MAX, 0);
	static struct {
		bool there;
		u64 values[CPUS];
	} model[KEYS];
	unsigned int seed = 5;
	u32 nr = 0;

	for (int i = 0; i < 50000; i++) {
		const u64 key = rand_r(&seed) % KEYS, flags = rand_r(&seed) % 3;
		const u32 cpu = rand_r(&seed) % CPUS;
		const bool there = model[key].there;
		u64 values[CPUS] = {i, i + 1, i + 2}, got[CPUS] = {0};
		struct bpf_run_ctx ctx;
		int err = 0, expected = 0;

		if (flags == BPF_NOEXIST && there)
			expected = -EEXIST;
		else if (flags == BPF_EXIST && !there)
			expected = -ENOENT;
		else if (!there && nr == MAX)
			expected = -E2BIG;
		switch (rand_r(&seed) % 5) {
		case 0: /* a program's update */
			begin_on(&ctx, cpu);
			err = map->ops->map_update_elem(map, &key, values, flags);
			bpf_run_end(&ctx);
			if (!expected) {
				if (!there)
					memset(model[key].values, 0, sizeof(model[key].values));
				model[key].values[cpu] = values[0];
				model[key].there = true;
				nr += !there;
			}
			break;
		case 1:
			err = set(map, &key, values, flags);
			if (!expected) {
				memcpy(model[key].values, values, sizeof(values));
				model[key].there = true;
				nr += !there;
			}
			break;
		case 2:
			err = map_delete(map, &key);
			expected = there ? 0 : -ENOENT;
			model[key].there = false;
			nr -= there;
			break;
		case 3:
			err = take(map, &key, got, 0);
			expected = there ? 0 : -ENOENT;
			if (there)
				assert_memory_equal(got, model[key].values, sizeof(got));
			model[key].there = false;
			nr -= there;
			break;
		case 4:
			err = map_get(map, &key, got);
			expected = there ? 0 : -ENOENT;
			if (there)
				assert_memory_equal(got, model[key].values, sizeof(got));
			break;
		}
		if (err != expected)
			fail_msg("step %d, key %llu: %d, not %d", i, key, err, expected);
		if (i % 1000 == 0) {
			struct bpf_map_walk walk = {0};
			u32 seen = 0;

			assert_int_equal(bpf_map_read_elem_count(map), nr);
			rcu_read_lock();
			while (bpf_map_walk(map, &walk)) {
				const u64 found = *(u64 *)walk.key;

				assert_true(found < KEYS && model[found].there);
				for (u32 c = 0; c < CPUS; c++)
					assert_int_equal(
						*(u64 *)bpf_map_percpu_ptr(map, walk.value, c),
						model[found].values[c]);
				seen++;
			}
			rcu_read_unlock();
			assert_int_equal(seen, nr);
		}
	}
	bpf_map_put_with_uref(map);
}

#define THREADS 5
#define RUNS 30000

static struct bpf_map *shared;
static u64 lost;

/* Not atomic: the CPU is the run's alone. Others insert and delete keys beside. */
static void *count(void *arg)
{
	unsigned int seed = (unsigned long)arg;

	for (int i = 0; i < RUNS; i++) {
		u32 key = rand_r(&seed) % 10, other = 10 + rand_r(&seed) % 50;
		u64 one = 1, *value;
		struct bpf_run_ctx ctx;

		bpf_run_begin(&ctx, &rt);
		value = shared->ops->map_lookup_elem(shared, &key);
		if (value)
			(*(volatile u64 *)value)++;
		else
			__atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
		if (rand_r(&seed) % 2)
			shared->ops->map_update_elem(shared, &other, &one, BPF_ANY);
		else
			shared->ops->map_delete_elem(shared, &other);
		bpf_run_end(&ctx);
	}
	return NULL;
}

static void sums_add_up(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		u64 values[CPUS] = {0}, sum = 0;
		pthread_t threads[THREADS];

		shared = new_map(kinds[k], 4, 8, 100, 0);
		for (u32 key = 0; key < 10; key++)
			assert_int_equal(set(shared, &key, values, BPF_NOEXIST), 0);
		for (unsigned long i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, count, (void *)i), 0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		for (u32 key = 0; key < 10; key++) {
			assert_int_equal(map_get(shared, &key, values), 0);
			for (u32 cpu = 0; cpu < CPUS; cpu++)
				sum += values[cpu];
		}
		assert_int_equal(lost, 0);
		assert_int_equal(sum, (u64)THREADS * RUNS);
		bpf_map_put_with_uref(shared);
	}
}

/* Values of many sizes do not touch each other, nor keys, on any CPU, over many chunks. */
static void nothing_overlaps(void **state)
{
	static const u32 sizes[] = {1, 8, 20, 700, 32768};
	static u8 values[CPUS * 32768], got[CPUS * 32768];

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			const u32 nr = sizes[s] > 1000 ? 5 : 5000;
			struct bpf_map *map = new_map(kinds[k], 5, sizes[s], nr, 0);
			const u32 size = bpf_map_value_size(map);

			for (u64 key = 0; key < nr; key++) {
				memset(values, (u8)key, size);
				assert_int_equal(set(map, &key, values, BPF_NOEXIST), 0);
			}
			for (u64 key = 0; key < nr; key++) {
				memset(values, (u8)key, size);
				assert_int_equal(map_get(map, &key, got), 0);
				assert_memory_equal(got, values, size);
			}
			assert_int_equal(bpf_map_read_elem_count(map), nr);
			bpf_map_put_with_uref(map);
		}
	}
}

/* Linux: a bucket of 16 bytes, an element of 48 with the key and a pointer, the values. */
static void memory_is_no_more_than_linux_takes(void **state)
{
	const u32 max = 1u << 14;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct bpf_map *map = new_map(kinds[k], 4, 8, max, 0);
		u64 values[CPUS] = {0}, usage = 0;

		for (int round = 0; round < 4; round++) {
			for (u32 key = 0; key < max; key++)
				assert_int_equal(set(map, &key, values, BPF_NOEXIST), 0);
			if (!usage)
				assert_true(bpf_map_memory_usage(map) <=
					    (16 + 48 + 8 + 8 + 8 * CPUS) * (u64)max);
			for (u32 key = 0; key < max; key++)
				assert_int_equal(map_delete(map, &key), 0);
			rcu_barrier();
			rcu_barrier();
			if (usage)
				assert_int_equal(bpf_map_memory_usage(map), usage);
			usage = bpf_map_memory_usage(map);
		}
		bpf_map_put_with_uref(map);
	}
}

static void failing_memory(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		union bpf_attr attr = {
			.map_type = kinds[k],
			.key_size = 4,
			.value_size = 32768,
			.max_entries = 80,
		};
		static u8 values[CPUS * 32768], got[CPUS * 32768];
		struct bpf_map *map;
		u32 key = 0;

		map = create_with_enough_areas(&attr);
		areas_left = 1;
		while (key < 80 && !set(map, &key, values, BPF_NOEXIST))
			key++;
		if (kinds[k] == BPF_MAP_TYPE_PERCPU_HASH) {
			assert_true(key > 0 && key < 80);
			assert_int_equal(set(map, &key, values, 0), -ENOMEM);
			assert_int_equal(map_get(map, &key, got), -ENOENT);
		} else {
			assert_int_equal(key, 80);
		}
		assert_int_equal(bpf_map_read_elem_count(map), key);
		/* A key that is there needs none. */
		areas_left = 0;
		key = 0;
		memset(values, 9, sizeof(values));
		assert_int_equal(set(map, &key, values, BPF_EXIST), 0);
		assert_int_equal(map_get(map, &key, got), 0);
		assert_memory_equal(got, values, sizeof(got));
		memset(values, 0, sizeof(values));
		areas_left = -1;
		bpf_map_put_with_uref(map);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_for_each_cpu),
		cmocka_unit_test(it_agrees_with_a_model),
		cmocka_unit_test(sums_add_up),
		cmocka_unit_test(nothing_overlaps),
		cmocka_unit_test(memory_is_no_more_than_linux_takes),
		cmocka_unit_test(failing_memory),
	};

	return cmocka_run_group_tests_name("percpu_hash", tests, rt_set_up, rt_tear_down);
}
