/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Threads that insert, delete and replace while others walk and look up. Keys below STABLE stay,
 * and their values are replaced all the time: each walk has to show them exactly once. A value is
 * eight times the same word: one that is torn shows.
 */
#include "rt.h"

#include <sched.h>

#define STABLE 2000u
#define CHANGING 2000u
#define WALKS 100
#define CHANGES_AT_LEAST 10000
#define WRITERS 2
#define WORDS 8

static struct bpf_map *map;
static bool stop;
static int failures;
static u64 changes;

#define expect(what)                                                                               \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);                        \
			print_error("line %d: %s\n", __LINE__, #what);                             \
		}                                                                                  \
	} while (0)

static long put(u32 key, u64 word, u64 flags)
{
	u64 value[WORDS];

	for (int i = 0; i < WORDS; i++)
		value[i] = word;
	return map_update(map, &key, value, flags);
}

static bool whole(const u64 *value)
{
	for (int i = 1; i < WORDS; i++)
		if (value[i] != value[0])
			return false;
	return true;
}

/* Let others run, now and then: what was found must not change its key, nor be reused. */
static bool held(const u32 *key, const u32 *found, const u64 *value)
{
	static __thread u32 calls;
	u64 word = value[0];

	if (++calls % 128 == 0)
		sched_yield();
	return *key == *found && word == value[0] && whole(value);
}

/* Each writer has changing keys of its own, so that it knows what must come out. */
static void *write_many(void *arg)
{
	const u32 self = (unsigned long)arg;
	unsigned int seed = self;
	bool there[CHANGING] = {false};
	u64 word = 0, rounds = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u32 k = rand_r(&seed) % (CHANGING / WRITERS) * WRITERS + self;
		u32 key = STABLE + k;

		expect(!put(rand_r(&seed) % STABLE, ++word, BPF_EXIST));
		if (there[k])
			expect(!map_delete(map, &key));
		else
			expect(!put(key, ++word, BPF_NOEXIST));
		there[k] = !there[k];
		__atomic_add_fetch(&changes, 1, __ATOMIC_RELAXED);
		/*
		 * A reader that is kept from running holds up what is to be freed, and past 64 MiB
		 * of that the map does otherwise: wait for it long before.
		 */
		if (++rounds % 2048 == 0)
			synchronize_rcu();
	}
	for (u32 k = 0; k < CHANGING; k++) {
		u32 key = STABLE + k;

		if (there[k])
			expect(!map_delete(map, &key));
	}
	return NULL;
}

static void *look_up_many(void *arg)
{
	unsigned int seed = 99;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u32 key = rand_r(&seed) % (STABLE + CHANGING);
		const u64 *value;

		rcu_read_lock();
		value = map->ops->map_lookup_elem(map, &key);
		expect(value || key >= STABLE);
		expect(!value || held(&key, (const u32 *)value - 2, value));
		rcu_read_unlock();
	}
	return NULL;
}

/* In one section of RCU, or in one for each element. */
static void walk_once(bool one_section)
{
	static u8 seen[STABLE];
	struct bpf_map_walk walk = {0};
	u32 stable = 0;
	bool more;

	memset(seen, 0, sizeof(seen));
	if (one_section)
		rcu_read_lock();
	do {
		if (!one_section)
			rcu_read_lock();
		more = bpf_map_walk(map, &walk);
		if (more) {
			u32 key = *(u32 *)walk.key;

			expect(key < STABLE + CHANGING);
			expect(held(&key, walk.key, walk.value));
			if (key < STABLE) {
				stable++;
				expect(!seen[key]++);
			}
		}
		if (!one_section)
			rcu_read_unlock();
	} while (more);
	if (one_section)
		rcu_read_unlock();
	expect(stable == STABLE);
}

static void what_stays_is_seen_exactly_once(void **state)
{
	pthread_t writers[WRITERS], reader;

	/* No room to spare: every insertion needs the slot of a deletion. */
	map = new_map(BPF_MAP_TYPE_HASH, 4, WORDS * sizeof(u64), STABLE + CHANGING, 0);
	for (u32 key = 0; key < STABLE; key++)
		assert_int_equal(put(key, key, BPF_NOEXIST), 0);
	for (unsigned long i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, write_many, (void *)i), 0);
	assert_int_equal(pthread_create(&reader, NULL, look_up_many, NULL), 0);
	for (int i = 0; i < WALKS || __atomic_load_n(&changes, __ATOMIC_RELAXED) < CHANGES_AT_LEAST;
	     i++)
		walk_once(i % 2);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	pthread_join(reader, NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(bpf_map_read_elem_count(map), STABLE);
	walk_once(true);
	assert_int_equal(failures, 0);
	bpf_map_put_with_uref(map);
}

#define ROUNDS 10000
#define FEW 8u

/* All threads on the same few keys: each insertion and deletion is done by exactly one of them. */
static s64 balance;
static pthread_barrier_t all_here;

static void *fight(void *arg)
{
	unsigned int seed = (unsigned long)arg;
	s64 mine = 0;

	pthread_barrier_wait(&all_here);
	for (int i = 0; i < ROUNDS; i++) {
		u32 key = rand_r(&seed) % FEW;

		if (rand_r(&seed) % 2)
			mine += !put(key, i, BPF_NOEXIST);
		else
			mine -= !map_delete(map, &key);
	}
	__atomic_add_fetch(&balance, mine, __ATOMIC_RELAXED);
	return NULL;
}

static void writers_of_one_key_exclude_each_other(void **state)
{
	pthread_t threads[4];
	struct bpf_map_walk walk = {0};
	s64 nr = 0;

	map = new_map(BPF_MAP_TYPE_HASH, 4, WORDS * sizeof(u64), FEW, 0);
	pthread_barrier_init(&all_here, NULL, ARRAY_SIZE(threads));
	for (unsigned long i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fight, (void *)i), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	rcu_read_lock();
	while (bpf_map_walk(map, &walk))
		nr++;
	rcu_read_unlock();
	pthread_barrier_destroy(&all_here);
	assert_int_equal(nr, balance);
	assert_int_equal(bpf_map_read_elem_count(map), balance);
	bpf_map_put_with_uref(map);
}

static void *delete_some(void *arg)
{
	for (u32 key = (unsigned long)arg; key < STABLE; key += CPUS)
		expect(!map_delete(map, &key));
	return NULL;
}

/* What threads free on one CPU serves those on others, slots as well as memory. */
static void nothing_is_stranded_on_a_cpu(void **state)
{
	pthread_t threads[CPUS];
	u64 usage = 0;

	map = new_map(BPF_MAP_TYPE_HASH, 4, WORDS * sizeof(u64), STABLE, 0);
	for (int round = 0; round < 4; round++) {
		for (u32 key = 0; key < STABLE; key++)
			assert_int_equal(put(key, key, BPF_NOEXIST), 0);
		assert_int_equal(put(STABLE, 0, BPF_NOEXIST), -E2BIG);
		if (round)
			assert_int_equal(bpf_map_memory_usage(map), usage);
		usage = bpf_map_memory_usage(map);
		for (unsigned long i = 0; i < CPUS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, delete_some, (void *)i),
					 0);
		for (int i = 0; i < CPUS; i++)
			pthread_join(threads[i], NULL);
		rcu_barrier();
		rcu_barrier();
	}
	assert_int_equal(failures, 0);
	bpf_map_put_with_uref(map);
}

static void *delete_all(void *arg)
{
	for (u32 key = 0; key < 16; key++)
		expect(!map_delete(map, &key));
	return NULL;
}

/* One thread inserts, others delete: few entries at a time touch little memory, however large the
 * map may become. */
static void a_queue_stays_small(void **state)
{
	u64 usage = 0;

	map = new_map(BPF_MAP_TYPE_HASH, 4, WORDS * sizeof(u64), 1u << 20, 0);
	for (int round = 0; round < 10; round++) {
		pthread_t thread;

		for (u32 key = 0; key < 16; key++)
			assert_int_equal(put(key, key, BPF_NOEXIST), 0);
		assert_int_equal(pthread_create(&thread, NULL, delete_all, NULL), 0);
		pthread_join(thread, NULL);
		rcu_barrier();
		rcu_barrier();
		if (round)
			assert_int_equal(bpf_map_memory_usage(map), usage);
		usage = bpf_map_memory_usage(map);
	}
	bpf_map_put_with_uref(map);
}

/* A map may go while elements wait for their grace period. */
static void maps_come_and_go(void **state)
{
	for (int round = 0; round < 200; round++) {
		map = new_map(BPF_MAP_TYPE_HASH, 4, WORDS * sizeof(u64), 8, 0);
		for (u32 key = 0; key < 8; key++) {
			assert_int_equal(put(key, 0, BPF_ANY), 0);
			assert_int_equal(put(key, 1, BPF_ANY), 0);
			if (round % 2)
				assert_int_equal(map_delete(map, &key), 0);
		}
		bpf_map_put_with_uref(map);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_is_seen_exactly_once),
		cmocka_unit_test(writers_of_one_key_exclude_each_other),
		cmocka_unit_test(nothing_is_stranded_on_a_cpu),
		cmocka_unit_test(a_queue_stays_small),
		cmocka_unit_test(maps_come_and_go),
	};

	return cmocka_run_group_tests_name("walk", tests, rt_set_up, rt_tear_down);
}
