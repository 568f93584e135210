/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Values with a lock: what is copied and what is not, wherever the lock lies; and that what is
 * written and read with BPF_F_LOCK is never seen half written. The types that say where a lock is
 * are test_map.c's concern: here a map is told.
 */
#include "rt.h"

#define MAX_SIZE 88

static const u32 kinds[] = {BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH};

static struct bpf_map *map_with_lock(u32 type, u32 size, u32 lock)
{
	struct bpf_map *map = new_map(type, 4, size, 16, 0);

	map->record = calloc(1, sizeof(*map->record));
	assert_non_null(map->record);
	map->record->spin_lock_off = (s32)lock;
	map->record->nr = 1;
	map->record->fields[0] =
		(struct btf_field){.type = BPF_SPIN_LOCK, .off = lock, .size = sizeof(u32)};
	return map;
}

static int get(struct bpf_map *map, u32 key, void *value, u64 flags)
{
	int err;

	rcu_read_lock();
	err = map->ops->map_copy_value(map, &key, value, flags);
	rcu_read_unlock();
	return err;
}

static void the_lock_is_not_copied(void **state)
{
	static const struct {
		u32 size, lock;
	} shapes[] = {{4, 0},	{5, 0},	       {8, 0},	       {8, 4},
		      {12, 8},	{16, 4},       {16, 8},	       {23, 8},
		      {23, 12}, {MAX_SIZE, 0}, {MAX_SIZE, 40}, {MAX_SIZE, MAX_SIZE - 4}};
	static const u64 flags[] = {0, BPF_F_LOCK};
	u32 key = 3;

	for (size_t s = 0; s < ARRAY_SIZE(shapes) * 2 * ARRAY_SIZE(kinds); s++) {
		const u32 size = shapes[s / 4].size, lock = shapes[s / 4].lock;
		struct bpf_map *map = map_with_lock(kinds[s % 2], size, lock);
		u8 in[MAX_SIZE + 1], out[MAX_SIZE + 9], *held;

		for (int round = 0; round < 3; round++) {
			memset(in, 0xa0 + round, sizeof(in));
			memset(out, 0xee, sizeof(out));
			/* From and to odd addresses. */
			assert_int_equal(map_update(map, &key, in + 1, flags[s / 2 % 2]), 0);
			held = map->ops->map_lookup_elem(map, &key);
			assert_int_equal(*(u32 *)(held + lock), 0);
			assert_int_equal(get(map, key, out + 1, flags[s / 2 % 2]), 0);
			for (u32 i = 0; i < size; i++)
				assert_int_equal(out[i + 1], i - lock < 4 ? 0 : 0xa0 + round);
			assert_int_equal(out[0], 0xee);
			assert_int_equal(out[size + 1], 0xee);
		}
		/* One that is held stays so. */
		if (kinds[s % 2] == BPF_MAP_TYPE_ARRAY) {
			*(u32 *)(held + lock) = 1;
			assert_int_equal(map_update(map, &key, in, 0), 0);
			assert_int_equal(get(map, key, out, 0), 0);
			assert_int_equal(*(u32 *)(held + lock), 1);
			*(u32 *)(held + lock) = 0;
		}
		bpf_map_put_with_uref(map);
	}
}

#define WORDS 10
#define UPDATES 20000
#define WRITERS 3

static struct bpf_map *shared;
static bool stop;

static void *write_locked(void *arg)
{
	u64 value[WORDS + 1] = {0};
	u32 key = 1;

	for (u64 n = 0; n < UPDATES; n++) {
		for (int i = 0; i < WORDS; i++)
			value[i] = n << 8 | (unsigned long)arg;
		if (map_update(shared, &key, value, BPF_F_LOCK))
			return (void *)1;
	}
	return NULL;
}

static void *read_locked(void *arg)
{
	u64 value[WORDS + 1];

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (get(shared, 1, value, BPF_F_LOCK))
			return (void *)1;
		for (int i = 1; i < WORDS; i++)
			if (value[i] != value[0])
				return (void *)2;
	}
	return NULL;
}

static void values_are_whole(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		pthread_t reader, writers[WRITERS];
		u64 value[WORDS + 1] = {0};
		u32 key = 1;
		void *ret;

		shared = map_with_lock(kinds[k], sizeof(value), WORDS * 8 + 4);
		stop = false;
		assert_int_equal(map_update(shared, &key, value, BPF_ANY), 0);
		assert_int_equal(pthread_create(&reader, NULL, read_locked, NULL), 0);
		for (long i = 0; i < WRITERS; i++)
			assert_int_equal(pthread_create(&writers[i], NULL, write_locked, (void *)i),
					 0);
		for (int i = 0; i < WRITERS; i++) {
			pthread_join(writers[i], &ret);
			assert_null(ret);
		}
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		pthread_join(reader, &ret);
		assert_null(ret);
		bpf_map_put_with_uref(shared);
	}
}

static void without_a_lock_there_is_none_to_take(void **state)
{
	static const u32 all[] = {BPF_MAP_TYPE_ARRAY,	    BPF_MAP_TYPE_HASH,
				  BPF_MAP_TYPE_LRU_HASH,    BPF_MAP_TYPE_PERCPU_ARRAY,
				  BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH};
	u64 value[CPUS] = {0};
	u32 key = 1;

	for (size_t k = 0; k < ARRAY_SIZE(all); k++) {
		struct bpf_map *map = new_map(all[k], 4, 8, 16, 0);

		assert_int_equal(map_update(map, &key, value, BPF_F_LOCK), -EINVAL);
		assert_int_equal(map_update(map, &key, value, BPF_F_LOCK | BPF_EXIST), -EINVAL);
		bpf_map_put_with_uref(map);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lock_is_not_copied),
		cmocka_unit_test(values_are_whole),
		cmocka_unit_test(without_a_lock_there_is_none_to_take),
	};

	return cmocka_run_group_tests_name("lock", tests, rt_set_up, rt_tear_down);
}
