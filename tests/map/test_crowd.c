/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Slots and elements of hashes that are full, in the hands of many threads: who deletes a key finds
 * a place for another, whatever the others do meanwhile; an LRU map is as full as it may be; and in
 * the end no slot and no element is lost, none is used twice, and the counters are exact.
 */
#include "rt.h"

#include "failing_areas.h"
#include "map/htab.h"

#define THREADS 8u
#define KEYS_EACH 4u
#define KEYS (THREADS * KEYS_EACH)
#define LRU_KEYS 1500u
#define MOST_AT_ONCE 16u /* are evicted by one thread */
#ifdef __SANITIZE_THREAD__
#define ROUNDS 3000u
#else
#define ROUNDS 20000u
#endif

struct kind {
	u32 type, value_size, flags;
};

static const struct kind kinds[] = {
	{BPF_MAP_TYPE_HASH, 8},
	{BPF_MAP_TYPE_HASH, 8, BPF_F_NO_PREALLOC},
	{BPF_MAP_TYPE_HASH, 256},
	{BPF_MAP_TYPE_PERCPU_HASH, 8},
	{BPF_MAP_TYPE_LRU_HASH, 8},
	{BPF_MAP_TYPE_LRU_HASH, 256},
	{BPF_MAP_TYPE_LRU_HASH, 8, BPF_F_NO_COMMON_LRU},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 8},
};

static struct bpf_map *map;
static const struct kind *kind;
static int failures;

static void wrong(const char *what, u32 key, long err)
{
	if (__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) < 10)
		print_error("%s: key %u, %ld\n", what, key, err);
}

static void run_threads(void *(*func)(void *number))
{
	pthread_t threads[THREADS];

	failures = 0;
	for (unsigned long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, func, (void *)i), 0);
	for (u32 i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
}

static void make_value(u32 key, u64 *values)
{
	for (u32 i = 0; i < kind->value_size / sizeof(u64); i++)
		values[i] = key + 1ull;
}

static long put(u32 key, u64 flags)
{
	u64 values[32];
	int err;

	make_value(key, values);
	do
		err = map_update(map, &key, values, flags);
	while (bpf_map_restart(&err));
	return err;
}

/* Of per-CPU values one is what was put. */
static bool is_whole(u32 key)
{
	u64 values[max_of(32, CPUS)], sum = 0;
	bool whole = !map_get(map, &key, values);

	for (u32 cpu = 0; cpu < CPUS; cpu++)
		sum += values[cpu];
	if (map->ops->percpu)
		return whole && sum == key + 1ull;
	for (u32 i = 0; i < kind->value_size / sizeof(u64); i++)
		whole = whole && values[i] == key + 1ull;
	return whole;
}

static u32 nr_of_walk(void)
{
	struct bpf_map_walk walk = {0};
	u32 nr = 0;

	rcu_read_lock();
	while (bpf_map_walk(map, &walk))
		nr++;
	rcu_read_unlock();
	return nr;
}

static void let_grace_periods_end(void)
{
	for (int i = 0; i < 3; i++)
		rcu_barrier();
}

/* Each is in use or can be had, before there is memory for more. */
static void assert_no_elem_lost(void)
{
	struct bpf_htab *htab = to_htab(map);
	const u64 capacity = htab->capacity;
	u64 nr = nr_of_walk();

	let_grace_periods_end();
	rcu_read_lock();
	while (htab_alloc_elem(htab, 0) && htab->capacity == capacity)
		nr++;
	rcu_read_unlock();
	assert_int_equal(nr, capacity);
}

/* --- a map that is full ----------------------------------------------------------------------- */

static void *delete_and_insert(void *arg)
{
	const u32 first = (unsigned long)arg * KEYS_EACH;
	unsigned int seed = first;

	for (u32 i = 0; i < ROUNDS && !__atomic_load_n(&failures, __ATOMIC_RELAXED); i++) {
		const u32 key = first + rand_r(&seed) % KEYS_EACH;
		long err = map_delete(map, &key);

		if (err)
			wrong("delete", key, err);
		err = put(key, BPF_NOEXIST);
		if (err)
			wrong("insert", key, err);
		if (!is_whole(first + i % KEYS_EACH))
			wrong("value", first + i % KEYS_EACH, 0);
	}
	return NULL;
}

static void who_deletes_can_insert(void **state)
{
	kind = *state;
	map = new_map(kind->type, 4, kind->value_size, KEYS, kind->flags);
	for (u32 key = 0; key < KEYS; key++)
		assert_int_equal(put(key, BPF_NOEXIST), 0);
	run_threads(delete_and_insert);
	assert_int_equal(bpf_map_read_elem_count(map), KEYS);
	assert_int_equal(nr_of_walk(), KEYS);
	assert_int_equal(put(KEYS, BPF_ANY), -E2BIG);
	for (u32 key = 0; key < KEYS; key++)
		assert_int_equal(map_delete(map, &key), 0);
	assert_int_equal(bpf_map_read_elem_count(map), 0);
	assert_int_equal(nr_of_walk(), 0);
	for (u32 key = KEYS; key < 2 * KEYS; key++)
		assert_int_equal(put(key, BPF_NOEXIST), 0);
	assert_int_equal(put(0, BPF_ANY), -E2BIG);
	assert_int_equal(nr_of_walk(), KEYS);
	assert_no_elem_lost();
	bpf_map_put_with_uref(map);
}

/* --- eviction --------------------------------------------------------------------------------- */

static void *insert_many(void *arg)
{
	unsigned int seed = (unsigned long)arg;

	for (u32 i = 0; i < ROUNDS; i++) {
		const u32 random = rand_r(&seed), key = random % (2 * LRU_KEYS);
		const bool delete = random & 1 << 28 && i < ROUNDS - LRU_KEYS;
		long err = delete ? map_delete(map, &key) : put(key, BPF_ANY);

		if (err && err != -ENOENT)
			wrong("change", key, err);
	}
	return NULL;
}

/* In the end nobody deletes: what is missing has made room for what has not come yet. */
static void full_maps_stay_full(void **state)
{
	u32 max, nr, key;

	kind = *state;
	map = new_map(kind->type, 4, kind->value_size, LRU_KEYS, kind->flags);
	max = map->max_entries;
	run_threads(insert_many);
	nr = nr_of_walk();
	assert_int_equal(bpf_map_read_elem_count(map), nr);
	if (!(kind->flags & BPF_F_NO_COMMON_LRU))
		assert_in_range(nr, max - THREADS * MOST_AT_ONCE, max);
	for (key = 0; key < 2 * LRU_KEYS; key++)
		map_delete(map, &key);
	assert_int_equal(bpf_map_read_elem_count(map), 0);
	assert_int_equal(nr_of_walk(), 0);
	/* One thread uses only its lane's slots. */
	if (kind->flags & BPF_F_NO_COMMON_LRU)
		max /= CPUS;
	for (key = 0; key < max; key++)
		assert_int_equal(put(key, BPF_NOEXIST), 0);
	assert_int_equal(bpf_map_read_elem_count(map), max);
	assert_int_equal(nr_of_walk(), max);
	for (key = 0; key < max; key++)
		assert_true(is_whole(key));
	assert_no_elem_lost();
	bpf_map_put_with_uref(map);
}

/* --- one thread ------------------------------------------------------------------------------- */

/* Each of them comes back by itself: more than a lane has stacks for. */
static void grace_periods_one_by_one(void **state)
{
	kind = *state;
	map = new_map(kind->type, 4, kind->value_size, 1000, kind->flags);
	for (u32 key = 0; key < 1000; key++)
		assert_int_equal(put(key, BPF_NOEXIST), 0);
	for (u32 key = 0; key < 3 * LANE_STACKS; key++) {
		assert_int_equal(map_delete(map, &key), 0);
		let_grace_periods_end();
	}
	assert_no_elem_lost();
	bpf_map_put_with_uref(map);
}

/* Without memory for more elements than the map holds: while a reader holds up the grace period
 * they are used again early, and when it has gone they are as free as ever. */
static void what_is_used_early_comes_back(void **state)
{
	kind = *state;
	map = new_map(kind->type, 4, kind->value_size, 64, kind->flags);
	areas_left = 0;
	rcu_read_lock();
	for (u32 key = 0; key < 1000; key++)
		assert_int_equal(put(key, BPF_NOEXIST), 0);
	for (u32 key = 900; key < 1000; key++)
		map_delete(map, &key);
	for (u32 key = 0; key < 10; key++)
		assert_int_equal(put(key, BPF_NOEXIST), 0);
	assert_true(to_htab(map)->recycled > 0);
	rcu_read_unlock();
	let_grace_periods_end();
	assert_no_elem_lost();
	areas_left = -1;
	bpf_map_put_with_uref(map);
}

#define FULL(what, i)                                                                              \
	{                                                                                          \
		"full " what, who_deletes_can_insert, NULL, NULL, (void *)&kinds[i]                \
	}
#define ONE_BY_ONE(what, i)                                                                        \
	{                                                                                          \
		what ", one by one", grace_periods_one_by_one, NULL, NULL, (void *)&kinds[i]       \
	}
#define EARLY(what, i)                                                                             \
	{                                                                                          \
		what ", used early", what_is_used_early_comes_back, NULL, NULL, (void *)&kinds[i]  \
	}
#define LRU(what, i)                                                                               \
	{                                                                                          \
		what, full_maps_stay_full, NULL, NULL, (void *)&kinds[i]                           \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FULL("hash", 0),
		FULL("hash, no prealloc", 1),
		FULL("hash of 256", 2),
		FULL("percpu_hash", 3),
		LRU("lru_hash", 4),
		LRU("lru_hash of 256", 5),
		LRU("lru_hash, no common LRU", 6),
		LRU("lru_percpu_hash", 7),
		ONE_BY_ONE("hash", 0),
		ONE_BY_ONE("lru_hash", 4),
		EARLY("lru_hash", 4),
		EARLY("lru_hash of 256", 5),
	};

	return cmocka_run_group_tests_name("crowd", tests, rt_set_up, rt_tear_down);
}
