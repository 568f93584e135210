/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* HASH in one thread: every result of FACTS, a plain model, full maps, memory, failing memory. */
#include "rt.h"

#include <stdlib.h>

#include "failing_areas.h"

static struct bpf_map *new_hash(u32 key_size, u32 value_size, u32 max_entries)
{
	return new_map(BPF_MAP_TYPE_HASH, key_size, value_size, max_entries, 0);
}

static void results(void **state)
{
	struct bpf_map *map = new_hash(4, 8, 2);
	static const struct {
		enum { UPDATE, DELETE, GET } op;
		u32 key;
		u64 value, flags;
		long err;
	} rows[] = {
		{GET, 1, 0, 0, -ENOENT},
		{DELETE, 1, 0, 0, -ENOENT},
		{UPDATE, 1, 10, BPF_EXIST, -ENOENT},
		{UPDATE, 1, 11, BPF_NOEXIST, 0},
		{GET, 1, 11, 0, 0},
		{UPDATE, 1, 12, BPF_NOEXIST, -EEXIST},
		{GET, 1, 11, 0, 0},
		{UPDATE, 1, 13, BPF_EXIST, 0},
		{GET, 1, 13, 0, 0},
		{UPDATE, 2, 20, BPF_ANY, 0},
		{UPDATE, 3, 30, BPF_ANY, -E2BIG},
		{UPDATE, 3, 30, BPF_EXIST, -ENOENT},
		{UPDATE, 2, 21, BPF_ANY, 0}, /* full, and known */
		{UPDATE, 2, 22, BPF_NOEXIST, -EEXIST},
		{GET, 2, 21, 0, 0},
		{GET, 3, 0, 0, -ENOENT},
		{DELETE, 1, 0, 0, 0},
		{UPDATE, 3, 31, BPF_ANY, 0}, /* at once */
		{GET, 1, 0, 0, -ENOENT},
		{GET, 3, 31, 0, 0},
		{UPDATE, 3, 0, 3, -EINVAL},
		{UPDATE, 3, 0, BPF_F_LOCK, -EINVAL},
		{UPDATE, 3, 0, 1ull << 33, -EINVAL},
		{UPDATE, 9, 0, 8, -EINVAL},
		{GET, 3, 31, 0, 0},
	};
	u32 key = 3;
	u64 value;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		long err = 0;

		value = rows[i].value;
		if (rows[i].op == UPDATE)
			err = map_update(map, &rows[i].key, &value, rows[i].flags);
		else if (rows[i].op == DELETE)
			err = map_delete(map, &rows[i].key);
		else
			err = map_get(map, &rows[i].key, &value);
		if (err != rows[i].err || value != rows[i].value)
			fail_msg("row %zu: %ld, value %llu", i, err, value);
	}
	assert_int_equal(map->ops->map_copy_value(map, &key, &value, BPF_F_LOCK), -EINVAL);
	assert_int_equal(bpf_map_read_elem_count(map), 2);
	bpf_map_put_with_uref(map);
}

#define KEYS 200u

/* Keys of many sizes, few entries and fewer buckets, also one that cannot hold them all, every
 * operation, after each the same result as a table has; at the end walks and get_next_key show what
 * the table holds. */
static void it_agrees_with_a_model(void **state)
{
	static const u32 key_sizes[] = {1, 4, 7, 8, 12, 16, 31};
	unsigned int seed = 11;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(key_sizes); i++) {
		const size_t s = i / 2;
		const u32 max = i % 2 ? 100 : 7;
		struct bpf_map *map = new_map(BPF_MAP_TYPE_HASH, key_sizes[s], 8, max,
					      BPF_F_NO_PREALLOC | (s % 2 ? BPF_F_ZERO_SEED : 0));
		struct {
			bool there;
			u32 seen;
			u64 value;
		} model[KEYS] = {{0}};
		struct bpf_map_walk walk = {0};
		u8 key[32] = {0}, next[32] = {0};
		u32 nr = 0, walked = 0;

		for (int step = 0; step < 6000; step++) {
			u32 k = rand_r(&seed) % KEYS;
			u64 value = rand_r(&seed), flags = rand_r(&seed) % 3, got;
			long want = 0;

			key[0] = k;
			key[key_sizes[s] - 1] = k;
			switch (rand_r(&seed) % 4) {
			case 0:
				want = model[k].there ? 0 : -ENOENT;
				assert_int_equal(map_delete(map, key), want);
				nr -= model[k].there;
				model[k].there = false;
				break;
			case 1:
				want = model[k].there ? 0 : -ENOENT;
				assert_int_equal(map_get(map, key, &got), want);
				assert_true(want || got == model[k].value);
				break;
			default:
				if (model[k].there && flags == BPF_NOEXIST)
					want = -EEXIST;
				else if (!model[k].there && flags == BPF_EXIST)
					want = -ENOENT;
				else if (!model[k].there && nr == max)
					want = -E2BIG;
				assert_int_equal(map_update(map, key, &value, flags), want);
				if (!want) {
					nr += !model[k].there;
					model[k].there = true;
					model[k].value = value;
				}
			}
			assert_int_equal(bpf_map_read_elem_count(map), nr);
		}
		rcu_read_lock();
		for (; bpf_map_walk(map, &walk); walked++) {
			u32 k = *(u8 *)walk.key;

			assert_true(model[k].there);
			assert_int_equal(*(u64 *)walk.value, model[k].value);
			assert_int_equal(model[k].seen++, 0);
		}
		rcu_read_unlock();
		assert_int_equal(walked, nr);

		walked = 0;
		if (!map_next(map, NULL, next)) {
			do {
				memcpy(key, next, sizeof(key));
				assert_int_equal(model[key[0]].seen++, 1);
				walked++;
			} while (!map_next(map, key, next));
		}
		assert_int_equal(walked, nr);
		bpf_map_put_with_uref(map);
	}
}

static void get_next_key(void **state)
{
	struct bpf_map *map = new_hash(4, 4, 8);
	u32 key = 5, first, next;

	assert_int_equal(map_next(map, NULL, &next), -ENOENT);
	assert_int_equal(map_next(map, &key, &next), -ENOENT);
	for (key = 0; key < 8; key++)
		assert_int_equal(map_update(map, &key, &key, BPF_ANY), 0);
	assert_int_equal(map_next(map, NULL, &first), 0);
	key = 1000;
	assert_int_equal(map_next(map, &key, &next), 0);
	assert_int_equal(next, first);
	/* The last one of all. */
	for (next = first; !map_next(map, &next, &key); next = key)
		;
	assert_int_equal(map_next(map, &next, &key), -ENOENT);
	bpf_map_put_with_uref(map);
}

static void a_full_map_takes_a_key_for_each_that_goes(void **state)
{
	struct bpf_map *map = new_hash(4, 8, 64);
	u64 value = 0;
	u64 usage;

	for (u32 key = 0; key < 64; key++)
		assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), 0);
	/* All in one grace period: the map has to have more elements than entries. */
	rcu_read_lock();
	for (u32 key = 64; key < 3000; key++) {
		u32 old = key - 64;

		assert_int_equal(map->ops->map_update_elem(map, &key, &value, 0), -E2BIG);
		assert_int_equal(map->ops->map_delete_elem(map, &old), 0);
		assert_int_equal(map->ops->map_update_elem(map, &key, &value, 0), 0);
	}
	rcu_read_unlock();
	/* They are used again afterwards. */
	usage = bpf_map_memory_usage(map);
	for (int round = 0; round < 20; round++) {
		rcu_barrier();
		rcu_barrier();
		for (u32 key = 2936; key < 3000; key++)
			assert_int_equal(map_update(map, &key, &value, BPF_EXIST), 0);
	}
	assert_int_equal(bpf_map_memory_usage(map), usage);
	bpf_map_put_with_uref(map);
}

/* What a lookup returned stays as it is until the reader is gone; a value that is written over in
 * one go, from its deletion on. */
static void readers_keep_what_they_found(void **state)
{
	static const struct {
		u32 type, value_size, flags;
		bool in_place;
	} rows[] = {
		{BPF_MAP_TYPE_HASH, 8, BPF_F_NO_PREALLOC, false},
		{BPF_MAP_TYPE_HASH, 16, 0, false},
		{BPF_MAP_TYPE_LRU_HASH, 16, 0, false},
		{BPF_MAP_TYPE_HASH, 8, 0, true},
		{BPF_MAP_TYPE_HASH, 4, 0, true},
		{BPF_MAP_TYPE_LRU_HASH, 1, 0, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpf_map *map =
			new_map(rows[i].type, 4, rows[i].value_size, 4, rows[i].flags);
		u64 value[2] = {1, 1}, *old;
		u32 key = 1;

		assert_int_equal(map_update(map, &key, value, 0), 0);
		rcu_read_lock();
		old = map->ops->map_lookup_elem(map, &key);
		for (value[0] = 2; value[0] < 200; value[0]++)
			assert_int_equal(map->ops->map_update_elem(map, &key, value, 0), 0);
		assert_int_equal(*old, rows[i].in_place ? 199 : 1);
		assert_int_equal(map->ops->map_delete_elem(map, &key), 0);
		for (key = 1; key < 5; key++)
			assert_int_equal(map->ops->map_update_elem(map, &key, value, 0), 0);
		assert_int_equal(*old, rows[i].in_place ? 199 : 1);
		rcu_read_unlock();
		bpf_map_put_with_uref(map);
	}
}

#define TAKES 10000u

static struct bpf_map *shared;
static bool absent[TAKES + 1], taken[TAKES + 1];

/* Updates, and looks whether somebody has taken what it put there. */
static void *put_all(void *arg)
{
	const u32 key = 0;
	u64 got;

	for (u64 value = 1; value <= TAKES; value++) {
		if (map_update(shared, &key, &value, BPF_ANY))
			break;
		absent[value] = map_get(shared, &key, &got);
		if (value % 16 == 0)
			sched_yield();
	}
	return NULL;
}

/* What an update has put there is either looked up and deleted or still there. */
static void no_update_is_lost_to_a_deletion(void **state)
{
	const struct bpf_map_ops *ops;
	const u32 key = 0;
	pthread_t thread;
	u64 value = 0;
	u32 nr = 0;

	memset(absent, 0, sizeof(absent));
	memset(taken, 0, sizeof(taken));
	shared = new_hash(4, 8, 4);
	ops = shared->ops;
	assert_int_equal(pthread_create(&thread, NULL, put_all, NULL), 0);
	while (value < TAKES) {
		int err;

		ops->map_lookup_and_delete_begin(shared);
		rcu_read_lock();
		err = ops->map_lookup_and_delete_elem(shared, &key, &value, 0);
		rcu_read_unlock();
		if (err)
			continue;
		assert_false(taken[value]);
		taken[value] = true;
		nr++;
	}
	pthread_join(thread, NULL);
	for (value = 1; value <= TAKES; value++)
		assert_true(taken[value] || !absent[value]);
	assert_in_range(nr, 1, TAKES);
	bpf_map_put_with_uref(shared);
}

static void an_entry_keeps_its_place_in_walks(void **state)
{
	struct bpf_map *map = new_hash(4, 8, 16);
	struct bpf_map_walk walk = {0}, again;
	u64 value = 0;
	u32 seen = 0;

	for (u32 key = 0; key < 8; key++)
		assert_int_equal(map_update(map, &key, &value, 0), 0);
	rcu_read_lock();
	for (again = walk; bpf_map_walk(map, &walk); again = walk) {
		u32 key = *(u32 *)walk.key;

		assert_false(seen & 1u << key);
		seen |= 1u << key;
		/* A retry finds the same entry, its new value too. */
		for (u32 k = 0; k < 8; k++) {
			value = 100 + key;
			assert_int_equal(map->ops->map_update_elem(map, &k, &value, 0), 0);
		}
		walk = again;
		assert_true(bpf_map_walk(map, &walk));
		assert_int_equal(*(u32 *)walk.key, key);
		assert_int_equal(*(u64 *)walk.value, 100 + key);
	}
	rcu_read_unlock();
	assert_int_equal(seen, 0xff);
	bpf_map_put_with_uref(map);
}

static void memory_is_stable_and_no_more_than_linux_takes(void **state)
{
	const u32 max = 1u << 14;
	struct bpf_map *map = new_hash(4, 8, max);
	u64 value = 0, usage = 0;

	for (int round = 0; round < 6; round++) {
		for (u32 key = 0; key < max; key++)
			assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), 0);
		if (!usage)
			assert_true(bpf_map_memory_usage(map) <= 64 * (u64)max);
		for (u32 key = 0; key < max; key++)
			assert_int_equal(map_delete(map, &key), 0);
		rcu_barrier();
		rcu_barrier();
		if (usage)
			assert_int_equal(bpf_map_memory_usage(map), usage);
		usage = bpf_map_memory_usage(map);
	}
	assert_int_equal(bpf_map_read_elem_count(map), 0);
	bpf_map_put_with_uref(map);
}

static void failing_memory_changes_nothing(void **state)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 1000,
		.max_entries = 1000,
	};
	u8 value[1000] = {7}, got[1000];
	struct bpf_map *map;
	u32 key = 0, nr;

	map = create_with_enough_areas(&attr);
	areas_left = 2;
	while (!map_update(map, &key, value, 0))
		key++;
	nr = key;
	assert_int_equal(map_update(map, &key, value, 0), -ENOMEM);
	assert_int_equal(map_get(map, &key, got), -ENOENT);
	assert_int_equal(bpf_map_read_elem_count(map), nr);
	/* A key that is there needs none. */
	key = 0;
	value[0] = 8;
	assert_int_equal(map_update(map, &key, value, BPF_NOEXIST), -EEXIST);
	assert_int_equal(map_update(map, &key, value, BPF_EXIST), 0);
	assert_int_equal(map_get(map, &key, got), 0);
	assert_int_equal(got[0], 8);
	/* A deletion needs none; its memory is there for the next after a grace period. */
	assert_int_equal(map_delete(map, &key), 0);
	rcu_barrier();
	assert_int_equal(map_update(map, &key, value, BPF_NOEXIST), 0);
	areas_left = -1;
	/* No slot was lost. */
	for (key = nr; key < 1000; key++)
		assert_int_equal(map_update(map, &key, value, BPF_NOEXIST), 0);
	assert_int_equal(map_update(map, &key, value, BPF_NOEXIST), -E2BIG);
	bpf_map_put_with_uref(map);
}

/* Counting elements reads as many words on the largest machine as on one of 32 CPUs. */
static void counters_are_few(void **state)
{
	struct bpf_map *map;
	u32 value = 0, key;

	rt.num_possible_cpus = NR_CPUS;
	map = new_hash(4, sizeof(value), 100);
	for (key = 0; key < 100; key++)
		assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), 0);
	key = 7;
	assert_int_equal(map_delete(map, &key), 0);
	assert_int_equal(bpf_map_read_elem_count(map), 99);
	assert_in_range(map->nr_elem_counts, 1, 32);
	bpf_map_put_with_uref(map);
	rcu_barrier();
	rcu_barrier();
	rt.num_possible_cpus = CPUS;
}

/* No grace period ends while a program runs. */
static void a_long_run_takes_no_memory_without_end(void **state)
{
	enum { VALUE_SIZE = 1 << 20, UPDATES = 80, LIMIT = 72 << 20 };
	struct bpf_map *map = new_hash(4, VALUE_SIZE, 2);
	u32 *value = calloc(1, VALUE_SIZE), *kept, key = 1;
	struct bpf_run_ctx ctx;
	int err;

	assert_non_null(value);
	assert_int_equal(map_update(map, &key, value, 0), 0);
	bpf_run_begin(&ctx, &rt);
	kept = map->ops->map_lookup_elem(map, &key);
	for (u32 i = 1; i <= UPDATES; i++) {
		value[0] = value[VALUE_SIZE / 4 - 1] = i;
		assert_int_equal(map->ops->map_update_elem(map, &key, value, BPF_EXIST), 0);
	}
	assert_true(bpf_map_memory_usage(map) <= LIMIT);
	assert_int_equal(kept[0], 0);
	kept = map->ops->map_lookup_elem(map, &key);
	assert_int_equal(kept[0], UPDATES);
	assert_int_equal(kept[VALUE_SIZE / 4 - 1], UPDATES);
	/* What is deleted waits, too. */
	assert_int_equal(map->ops->map_delete_elem(map, &key), 0);
	assert_int_equal(map->ops->map_update_elem(map, &key, value, 0), -ENOMEM);
	bpf_run_end(&ctx);
	rcu_barrier();
	assert_int_equal(map_update(map, &key, value, 0), 0);

	/* Others can wait for its end, and then go on; nothing is changed until then. */
	rcu_read_lock();
	do {
		value[0]++;
		err = map->ops->map_update_elem(map, &key, value, BPF_EXIST);
	} while (!err);
	assert_int_equal(err, -ERESTART);
	kept = map->ops->map_lookup_elem(map, &key);
	assert_int_equal(kept[0], value[0] - 1);
	assert_false(bpf_map_restart(&err));
	assert_int_equal(err, -ENOMEM);
	assert_int_equal(map->ops->map_delete_elem(map, &key), 0);
	assert_int_equal(map->ops->map_update_elem(map, &key, value, 0), -ERESTART);
	rcu_read_unlock();
	err = -ERESTART;
	assert_true(bpf_map_restart(&err));
	assert_int_equal(map_update(map, &key, value, 0), 0);
	err = -ENOENT;
	assert_false(bpf_map_restart(&err));
	assert_int_equal(err, -ENOENT);
	assert_int_equal(bpf_map_read_elem_count(map), 1);
	bpf_map_put_with_uref(map);
	free(value);
}

/* --- helpers --------------------------------------------------------------------------------- */

static const struct bpf_helper *helper(u32 id)
{
	for (size_t i = 0; i < bpf_map_helpers_nr; i++)
		if (bpf_map_helpers[i].id == id)
			return &bpf_map_helpers[i];
	return NULL;
}

static u64 call(u32 id, u64 r1, u64 r2, u64 r3, u64 r4)
{
	return helper(id)->proto.func(r1, r2, r3, r4, 0);
}

#define P(x) ((u64)(unsigned long)(x))

/* A program's callback: counts, and stops at the element that @func says. */
static u64 callback(u64 func, u64 map, u64 key, u64 value, u64 ctx, u64 r5)
{
	u64 *sum = (u64 *)(unsigned long)ctx;

	*sum += *(u64 *)(unsigned long)value;
	return *(u32 *)(unsigned long)key == func;
}

static void helpers_act_on_maps(void **state)
{
	struct bpf_map *map = new_hash(4, 8, 8), *array = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 5, 0);
	struct bpf_run_ctx ctx;
	u64 value, sum = 0;
	u32 key;

	bpf_run_begin(&ctx, &rt);
	ctx.callback = callback;
	for (key = 0; key < 5; key++) {
		value = 1 << key;
		assert_int_equal(
			call(BPF_FUNC_map_update_elem, P(map), P(&key), P(&value), BPF_NOEXIST), 0);
		assert_int_equal(
			call(BPF_FUNC_map_update_elem, P(array), P(&key), P(&value), BPF_ANY), 0);
	}
	key = 3;
	assert_int_equal((s64)call(BPF_FUNC_map_update_elem, P(map), P(&key), P(&value), 1),
			 -EEXIST);
	assert_int_equal(
		*(u64 *)(unsigned long)call(BPF_FUNC_map_lookup_elem, P(map), P(&key), 0, 0), 8);

	assert_int_equal(call(BPF_FUNC_for_each_map_elem, P(map), 99, P(&sum), 0), 5);
	assert_int_equal(sum, 31);
	sum = 0;
	assert_int_equal(call(BPF_FUNC_for_each_map_elem, P(array), 99, P(&sum), 0), 5);
	assert_int_equal(sum, 31);
	sum = 0;
	assert_int_equal(call(BPF_FUNC_for_each_map_elem, P(array), 2, P(&sum), 0), 3);
	assert_int_equal(sum, 7);
	assert_int_equal((s64)call(BPF_FUNC_for_each_map_elem, P(array), 99, P(&sum), 1), -EINVAL);

	assert_int_equal(call(BPF_FUNC_map_delete_elem, P(map), P(&key), 0, 0), 0);
	assert_int_equal((s64)call(BPF_FUNC_map_delete_elem, P(map), P(&key), 0, 0), -ENOENT);
	assert_int_equal(call(BPF_FUNC_map_lookup_elem, P(map), P(&key), 0, 0), 0);
	assert_int_equal((s64)call(BPF_FUNC_map_delete_elem, P(array), P(&key), 0, 0), -EINVAL);
	bpf_run_end(&ctx);
	bpf_map_put_with_uref(map);
	bpf_map_put_with_uref(array);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),
		cmocka_unit_test(it_agrees_with_a_model),
		cmocka_unit_test(get_next_key),
		cmocka_unit_test(a_full_map_takes_a_key_for_each_that_goes),
		cmocka_unit_test(readers_keep_what_they_found),
		cmocka_unit_test(no_update_is_lost_to_a_deletion),
		cmocka_unit_test(an_entry_keeps_its_place_in_walks),
		cmocka_unit_test(memory_is_stable_and_no_more_than_linux_takes),
		cmocka_unit_test(failing_memory_changes_nothing),
		cmocka_unit_test(counters_are_few),
		cmocka_unit_test(a_long_run_takes_no_memory_without_end),
		cmocka_unit_test(helpers_act_on_maps),
	};

	return cmocka_run_group_tests_name("hash", tests, rt_set_up, rt_tear_down);
}
