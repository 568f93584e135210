/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Maps of maps under load: inner maps are replaced and go while others are in them. What is found
 * is one of those that were put in, whole, and stays good to the end of the read-side section.
 */
#include "rt.h"

#define KEYS 8
#define READERS 3
#define ROUNDS 4000

static struct bpf_map *outer_new(u32 type, const struct bpf_map *inner)
{
	union bpf_attr attr = {
		.map_type = type, .key_size = 4, .value_size = 4, .max_entries = KEYS};
	struct bpf_map *map = bpf_map_create(&rt, &attr, NULL, inner);

	assert_false(IS_ERR_OR_NULL(map));
	return map;
}

static int set(struct bpf_map *map, u32 key, struct bpf_map *inner, u64 flags)
{
	int err;

	rcu_read_lock();
	err = map->ops->map_set_object(map, &key, inner, flags);
	rcu_read_unlock();
	return err;
}

/* An array of two elements, both of which hold @number. */
static struct bpf_map *twins(u64 number)
{
	struct bpf_map *map = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0);

	for (u32 key = 0; key < 2; key++)
		assert_int_equal(map_update(map, &key, &number, 0), 0);
	return map;
}

struct load {
	struct bpf_map *map;
	bool stop;
	u64 found;
	u64 wrong;
};

static void *reader(void *arg)
{
	struct load *load = arg;

	while (!__atomic_load_n(&load->stop, __ATOMIC_RELAXED)) {
		for (u32 key = 0; key < KEYS; key++) {
			u32 index[2] = {0, 1};
			struct bpf_map *inner;
			bool wrong = false;
			u64 *a, *b;

			rcu_read_lock();
			inner = load->map->ops->map_lookup_elem(load->map, &key);
			if (inner) {
				a = inner->ops->map_lookup_elem(inner, &index[0]);
				b = inner->ops->map_lookup_elem(inner, &index[1]);
				wrong = !a || !b || *a != *b || *a % KEYS != key;
			}
			rcu_read_unlock();
			__atomic_add_fetch(&load->found, !!inner, __ATOMIC_RELAXED);
			__atomic_add_fetch(&load->wrong, wrong, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

static void *walker(void *arg)
{
	struct load *load = arg;
	const struct bpf_map_ops *ops = load->map->ops;

	while (!__atomic_load_n(&load->stop, __ATOMIC_RELAXED)) {
		struct bpf_map_walk walk = {0};
		u32 key, id;
		bool more = ops->map_walk;

		while (more) {
			rcu_read_lock();
			more = bpf_map_walk(load->map, &walk);
			if (more)
				ops->map_walk_object_id(load->map, &walk);
			rcu_read_unlock();
		}
		rcu_read_lock();
		for (key = 0; key < KEYS; key++)
			ops->map_object_id(load->map, &key, &id);
		rcu_read_unlock();
	}
	return NULL;
}

/* The only reference to an inner map is the outer one's: what takes its place frees it. */
static void replaced_under_readers(void **state)
{
	static const u32 kinds[] = {BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		pthread_t threads[READERS + 1];
		struct bpf_map *first = twins(0);
		struct load load = {.map = outer_new(kinds[i], first)};

		bpf_map_put(first);
		for (int t = 0; t <= READERS; t++)
			pthread_create(&threads[t], NULL, t ? reader : walker, &load);
		for (u32 n = 0;
		     n < ROUNDS || __atomic_load_n(&load.found, __ATOMIC_RELAXED) < ROUNDS; n++) {
			u32 key = n % KEYS;

			if (n % 5 == 4)
				set(load.map, key, NULL, 0);
			else
				assert_int_equal(set(load.map, key, twins(n), BPF_ANY), 0);
		}
		__atomic_store_n(&load.stop, true, __ATOMIC_RELAXED);
		for (int t = 0; t <= READERS; t++)
			pthread_join(threads[t], NULL);
		assert_int_equal(load.wrong, 0);
		bpf_map_put(load.map);
	}
}

/* Of those who put into one place at the same time, the last stays and no reference is lost. */
static void *putter(void *arg)
{
	struct load *load = arg;

	for (u32 n = 0; n < ROUNDS / 4; n++) {
		u32 key = n % 2;
		struct bpf_map *inner = twins(key);

		if (set(load->map, key, inner, n % 3 ? BPF_ANY : BPF_NOEXIST))
			bpf_map_put(inner);
		if (n % 7 == 0)
			set(load->map, key, NULL, 0);
	}
	return NULL;
}

static void replaced_by_many(void **state)
{
	static const u32 kinds[] = {BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		pthread_t threads[READERS];
		struct bpf_map *first = twins(0);
		struct load load = {.map = outer_new(kinds[i], first)};
		u32 none = 0;

		bpf_map_put(first);
		for (int t = 0; t < READERS; t++)
			pthread_create(&threads[t], NULL, putter, &load);
		for (int t = 0; t < READERS; t++)
			pthread_join(threads[t], NULL);
		bpf_map_put(load.map);
		/* The outer map, what it held, and what those were freed with. */
		for (int t = 0; t < 3; t++)
			rcu_barrier();
		assert_null(bpf_map_get_curr_or_next(&rt, &none));
	}
}

/* What an outer map was made for outlives the map that it was made with. */
static void meta_of_its_own(void **state)
{
	struct bpf_map *inner = new_map(BPF_MAP_TYPE_HASH, 4, 8, 5, BPF_F_NO_PREALLOC);
	struct bpf_map *map = outer_new(BPF_MAP_TYPE_ARRAY_OF_MAPS, inner), *meta;

	bpf_map_put(inner);
	rcu_barrier();
	meta = map->inner_map_meta;
	assert_int_equal(meta->map_type, BPF_MAP_TYPE_HASH);
	assert_int_equal(meta->key_size, 4);
	assert_int_equal(meta->value_size, 8);
	assert_int_equal(meta->max_entries, 5);
	assert_int_equal(meta->map_flags, BPF_F_NO_PREALLOC);
	assert_int_equal(meta->id, 0);
	assert_int_equal(set(map, 0, ERR_PTR(-EBADF), 0), -EBADF);
	bpf_map_put(map);
}

/* Far more places than there is memory for, and one of the last in use. */
static void huge(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
			       .key_size = 4,
			       .value_size = 4,
			       .max_entries = 1u << 28};
	struct bpf_map *inner = twins(3), *map = bpf_map_create(&rt, &attr, NULL, inner);

	assert_false(IS_ERR(map));
	assert_int_equal(set(map, 1000, inner, 0), 0);
	bpf_map_put(map);
	for (int i = 0; i < 3; i++)
		rcu_barrier();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meta_of_its_own),
		cmocka_unit_test(replaced_under_readers),
		cmocka_unit_test(replaced_by_many),
		cmocka_unit_test(huge),
	};

	return cmocka_run_group_tests_name("maps in maps", tests, rt_set_up, rt_tear_down);
}
