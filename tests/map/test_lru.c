/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* LRU_HASH: who goes and who stays, what a full map holds, shares of CPUs, failing memory; threads
 * that fill it past its end. */
#include "rt.h"

#include <stdlib.h>

#include "failing_areas.h"

static struct bpf_map *new_lru(u32 max_entries, u32 flags)
{
	return new_map(BPF_MAP_TYPE_LRU_HASH, 4, 8, max_entries, flags);
}

static void put(struct bpf_map *map, u32 key)
{
	u64 value = key * 3ull;

	assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
}

static bool has(struct bpf_map *map, u32 key)
{
	u64 value;
	int err = map_get(map, &key, &value);

	assert_true(err == -ENOENT || (!err && value == key * 3ull));
	return !err;
}

/* As a program does. */
static bool use(struct bpf_map *map, u32 key)
{
	bool found;

	rcu_read_lock();
	found = map->ops->map_lookup_elem(map, &key);
	rcu_read_unlock();
	return found;
}

static u32 held(struct bpf_map *map)
{
	struct bpf_map_walk walk = {0};
	u32 nr = 0;

	rcu_read_lock();
	while (bpf_map_walk(map, &walk))
		nr++;
	rcu_read_unlock();
	assert_int_equal(bpf_map_read_elem_count(map), nr);
	return nr;
}

static void who_goes(void **state)
{
	/* Lower-case letters are inserted, upper-case ones looked up by a program, '-' deletes, '?'
	 * is a lookup by bpf(2), '=' an update of what is there. Of the map of four are left: */
	static const struct {
		const char *ops, *left;
	} rows[] = {
		{"abcd", "abcd"},      {"abcde", "bcde"},
		{"abcdefgh", "efgh"},  {"abcdAe", "acde"},
		{"abcdABe", "abde"},   {"abcd?ae", "bcde"},
		{"abcd=ae", "acde"},   {"abcdABCDe", "bcde"},
		{"abcd-be", "acde"},   {"abcd-aef", "cdef"},
		{"abcd-defg", "cefg"}, {"abcdAeAfAg", "aefg"},
		{"abcd-a-b-c-d", ""},  {"abcd-a-b-c-defgh", "efgh"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpf_map *map = new_lru(4, 0);
		char left[27] = "";

		for (const char *op = rows[i].ops; *op; op++) {
			u32 key;

			if (*op == '-') {
				key = *++op;
				assert_int_equal(map_delete(map, &key), 0);
			} else if (*op == '?') {
				assert_true(has(map, *++op));
			} else if (*op == '=') {
				put(map, *++op);
			} else if (*op < 'a') {
				assert_true(use(map, *op - 'A' + 'a'));
			} else {
				put(map, *op);
			}
		}
		for (char key = 'a'; key <= 'z'; key++)
			if (has(map, key))
				strncat(left, &key, 1);
		if (strcmp(left, rows[i].left))
			fail_msg("%s: left %s, not %s", rows[i].ops, left, rows[i].left);
		assert_int_equal(held(map), strlen(left));
		bpf_map_put_with_uref(map);
	}
}

/* What is used all the time stays while ten times what the map holds passes through it; and the map
 * stays as full as it is said to be. */
static void what_is_used_stays(void **state)
{
	enum { MAX = 1000, USED = 300 };
	struct bpf_map *map = new_lru(MAX, 0);

	for (u32 key = 0; key < USED; key++)
		put(map, key);
	for (u32 key = USED; key < 10 * MAX; key++) {
		put(map, key);
		if (key % 100)
			continue;
		for (u32 used = 0; used < USED; used++)
			assert_true(use(map, used));
	}
	assert_in_range(held(map), MAX - MAX / 64, MAX);
	bpf_map_put_with_uref(map);
}

/* If all are in use, some go nevertheless, and soon. */
static void all_in_use(void **state)
{
	enum { MAX = 20000 };
	struct bpf_map *map = new_lru(MAX, 0);

	for (u32 key = 0; key < MAX; key++)
		put(map, key);
	assert_int_equal(held(map), MAX);
	for (u32 key = 0; key < MAX; key++)
		assert_true(use(map, key));
	for (u32 key = MAX; key < MAX + 1000; key++)
		put(map, key);
	for (u32 key = MAX; key < MAX + 1000; key++)
		assert_true(has(map, key));
	assert_in_range(held(map), MAX - 16, MAX);
	bpf_map_put_with_uref(map);
}

static void on_cpu(u32 cpu, struct bpf_map *map, u32 first, u32 nr)
{
	struct bpf_run_ctx ctx;

	bpf_run_begin(&ctx, &rt);
	ctx.cpu = cpu; /* nobody else runs */
	for (u32 key = first; key < first + nr; key++)
		put(map, key);
	bpf_run_end(&ctx);
}

/* BPF_F_NO_COMMON_LRU: each CPU has its share, and evicts from it. */
static void shares_of_cpus(void **state)
{
	struct bpf_map *map = new_lru(4, BPF_F_NO_COMMON_LRU);
	u32 key;

	assert_int_equal(map->max_entries, 6);
	on_cpu(0, map, 0, 100);
	assert_int_equal(held(map), 2);
	assert_true(has(map, 98) && has(map, 99));
	on_cpu(2, map, 100, 100);
	assert_int_equal(held(map), 4);
	on_cpu(1, map, 200, 1);
	assert_int_equal(held(map), 5);
	assert_true(has(map, 98) && has(map, 99) && has(map, 198) && has(map, 199) &&
		    has(map, 200));
	/* The place of what is deleted elsewhere is still CPU 2's. */
	key = 199;
	assert_int_equal(map_delete(map, &key), 0);
	on_cpu(0, map, 300, 2);
	assert_true(has(map, 198) && has(map, 300) && has(map, 301));
	on_cpu(2, map, 400, 1);
	assert_true(has(map, 198) && has(map, 400) && has(map, 200));
	assert_int_equal(held(map), 5);
	bpf_map_put_with_uref(map);
}

static void failing_memory(void **state)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_LRU_HASH,
		.key_size = 4,
		.value_size = 1000,
		.max_entries = 1000,
	};
	u8 value[1000] = {0};
	struct bpf_map *map;

	map = create_with_enough_areas(&attr);
	/* Updates need none, also where no grace period ends. */
	areas_left = 0;
	rcu_read_lock();
	for (u32 key = 0; key < 5000; key++) {
		memcpy(value, &key, sizeof(key));
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_NOEXIST), 0);
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_EXIST), 0);
		assert_int_equal(map->ops->map_copy_value(map, &key, value, 0), 0);
		assert_memory_equal(value, &key, sizeof(key));
	}
	rcu_read_unlock();
	areas_left = -1;
	assert_in_range(held(map), 985, 1000);
	bpf_map_put_with_uref(map);
}

#define THREADS 4
#define ROUNDS 20000u
#define STABLE 1000u

static struct bpf_map *shared;
static int failures;

/* Keys of its own, so that it knows: what it has just put there is found, or was evicted since. */
static void *thrash(void *arg)
{
	const u32 self = (unsigned long)arg;

	for (u32 i = 0; i < ROUNDS; i++) {
		u32 key = i * THREADS + self;
		u64 value = key * 3ull, *found;
		struct bpf_run_ctx ctx;

		bpf_run_begin(&ctx, &rt);
		if (shared->ops->map_update_elem(shared, &key, &value, BPF_ANY))
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
		found = shared->ops->map_lookup_elem(shared, &key);
		if (found && *found != value)
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
		if (i % 3 == 0)
			shared->ops->map_delete_elem(shared, &key);
		bpf_run_end(&ctx);
	}
	return NULL;
}

static void threads_drive_out_each_other(void **state)
{
	for (u32 flags = 0; flags <= BPF_F_NO_COMMON_LRU; flags += BPF_F_NO_COMMON_LRU) {
		for (u32 max = 3; max <= 3000; max *= 10) {
			pthread_t threads[THREADS];

			shared = new_lru(max, flags);
			for (unsigned long i = 0; i < THREADS; i++)
				assert_int_equal(
					pthread_create(&threads[i], NULL, thrash, (void *)i), 0);
			for (int i = 0; i < THREADS; i++)
				pthread_join(threads[i], NULL);
			assert_int_equal(failures, 0);
			assert_in_range(held(shared), 1, max);
			bpf_map_put_with_uref(shared);
		}
	}
}

/* What it put is there, or gone: never another's value, whatever element it lies in. */
static void *put_and_get(void *arg)
{
	unsigned int seed = (unsigned long)arg;

	for (u32 i = 0; i < 3 * ROUNDS; i++) {
		u32 key = rand_r(&seed) % 8;
		u64 value = key * 3ull;

		if (map_update(shared, &key, &value, BPF_ANY))
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
		key = rand_r(&seed) % 8;
		if (!map_get(shared, &key, &value) && value != key * 3ull)
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
		if (!map_next(shared, &key, &key) && key >= 8)
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* No grace period ends and there is no memory: elements are used again under readers. */
static void elements_used_before_their_time(void **state)
{
	pthread_t threads[THREADS];

#ifdef __SANITIZE_THREAD__
	skip_because("readers see that they were overtaken, ThreadSanitizer does not");
#endif
	shared = new_lru(3, 0);
	areas_left = 0;
	rcu_read_lock();
	for (unsigned long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_and_get, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	rcu_read_unlock();
	areas_left = -1;
	assert_int_equal(failures, 0);
	assert_in_range(held(shared), 1, 3);
	bpf_map_put_with_uref(shared);
}

static bool stop;

static void *come_and_go(void *arg)
{
	const u32 self = (unsigned long)arg;
	unsigned int seed = self;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u32 key = STABLE + rand_r(&seed) % 500 * THREADS + self;
		u32 stays = rand_r(&seed) % STABLE;
		u64 value = stays * 3ull;

		if (rand_r(&seed) % 2)
			put(shared, key);
		else
			map_delete(shared, &key);
		if (map_update(shared, &stays, &value, BPF_EXIST))
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Where nothing has to be evicted, nothing is, and a walk shows what stays exactly once. */
static void what_stays_is_seen_exactly_once(void **state)
{
	pthread_t threads[THREADS];

	shared = new_lru(STABLE + 500 * THREADS, 0);
	for (u32 key = 0; key < STABLE; key++)
		put(shared, key);
	for (unsigned long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, (void *)i), 0);
	for (int i = 0; i < 100; i++) {
		struct bpf_map_walk walk = {0};
		u8 seen[STABLE] = {0};
		u32 stable = 0;
		bool more;

		do {
			rcu_read_lock();
			more = bpf_map_walk(shared, &walk);
			if (more && *(u32 *)walk.key < STABLE) {
				stable++;
				failures += seen[*(u32 *)walk.key]++;
			}
			rcu_read_unlock();
		} while (more);
		failures += stable != STABLE;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
	bpf_map_put_with_uref(shared);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_goes),
		cmocka_unit_test(what_is_used_stays),
		cmocka_unit_test(all_in_use),
		cmocka_unit_test(shares_of_cpus),
		cmocka_unit_test(failing_memory),
		cmocka_unit_test(threads_drive_out_each_other),
		cmocka_unit_test(elements_used_before_their_time),
		cmocka_unit_test(what_stays_is_seen_exactly_once),
	};

	return cmocka_run_group_tests_name("lru", tests, rt_set_up, rt_tear_down);
}
