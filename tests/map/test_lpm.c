/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* LPM_TRIE: a longest-prefix scan, threads, memory that is given back, failing memory. */
#include "rt.h"

#include "map/lpm_model.h"

/* Linked with --wrap: allocations fail when this has come down to 0; negative: never. */
static int mallocs_left = -1;
static atomic64_t nodes; /* allocated by this program and the runtime, and not yet freed */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void __real_free(void *p);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
	if (!mallocs_left)
		return NULL;
	if (mallocs_left > 0)
		mallocs_left--;
	atomic64_inc(&nodes);
	return __real_malloc(size);
}

void __wrap_free(void *p)
{
	if (p)
		atomic64_dec(&nodes);
	__real_free(p);
}

static __thread u32 seed;

static u32 random_number(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static struct bpf_map *new_trie(u32 data_size, u32 max_entries)
{
	return new_map(BPF_MAP_TYPE_LPM_TRIE, sizeof(u32) + data_size, 8, max_entries,
		       BPF_F_NO_PREALLOC);
}

static void wait_for_the_grace_period(void)
{
	for (int i = 0; i < 3; i++)
		rcu_barrier();
}

/* One operation of the model and of @map; a message if they differ. */
static const char *step(struct bpf_map *map, struct lpm_model *model)
{
	struct lpm_key key = lpm_model_random_key(model, random_number);
	struct lpm_key next = {0}, want = {0};
	u64 value = random_number(), wanted = value, flags = random_number() % 4;

	if (model->nr && random_number() % 2)
		key = model->entries[random_number() % model->nr].key;
	switch (random_number() % 5) {
	case 0:
	case 1:
		return map_update(map, &key, &value, flags) ==
				       lpm_model_update(model, &key, value, flags)
			       ? NULL
			       : "update";
	case 2:
		return map_delete(map, &key) == lpm_model_delete(model, &key) ? NULL : "delete";
	case 3:
		return map_get(map, &key, &value) == lpm_model_lookup(model, &key, &wanted) &&
				       value == wanted
			       ? NULL
			       : "lookup";
	default:
		return map_next(map, &key, &next) == lpm_model_next(model, &key, &want) &&
				       !memcmp(&next, &want, sizeof(want))
			       ? NULL
			       : "next key";
	}
}

static void it_is_a_longest_prefix_scan(void **state)
{
	static struct lpm_model model;
	static const u32 sizes[] = {1, 3, 4, 9, 16}, entries[] = {1, 5, 60};

	for (u32 row = 0; row < ARRAY_SIZE(sizes) * ARRAY_SIZE(entries); row++) {
		u32 max = entries[row % ARRAY_SIZE(entries)];
		u32 size = sizes[row / ARRAY_SIZE(entries)];
		struct bpf_map *map = new_trie(size, max);

		model = (struct lpm_model){.data_size = size, .max_entries = max};
		seed = row;
		for (u32 i = 0; i < 4000; i++) {
			const char *what = step(map, &model);

			if (what)
				fail_msg("row %u, step %u: %s", row, i, what);
		}
		bpf_map_put_with_uref(map);
	}
}

/* Any prefix and any data, so that words differ in any place. */
static void all_bits_count(void **state)
{
	struct bpf_map *map = new_trie(16, 256);

	for (u32 len = 0; len <= 128; len++) {
		struct lpm_key key = {.len = len};
		u64 value = len;

		assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), 0);
	}
	for (u32 bit = 0; bit < 128; bit++) {
		struct lpm_key key = {.len = 128};
		u64 value = 0;

		key.data[bit / 8] = 0x80 >> bit % 8;
		assert_int_equal(map_get(map, &key, &value), 0);
		assert_int_equal(value, bit);
		key.len = bit / 2;
		assert_int_equal(map_get(map, &key, &value), 0);
		assert_int_equal(value, bit / 2);
	}
	bpf_map_put_with_uref(map);
}

static void values_are_aligned(void **state)
{
	for (u32 size = 1; size <= 256; size++) {
		struct bpf_map *map = new_trie(size, 4);
		u8 key[260] = {0};
		u64 value = ~0ull;

		memset(key + 4, 0xff, size);
		memcpy(key, &(u32){size * 8}, 4);
		assert_int_equal(map_update(map, key, &value, BPF_ANY), 0);
		rcu_read_lock();
		assert_int_equal((unsigned long)map->ops->map_lookup_elem(map, key) % 8, 0);
		rcu_read_unlock();
		bpf_map_put_with_uref(map);
	}
}

static void random_key(u8 *key, u32 size)
{
	for (u32 i = 0; i < size; i++)
		key[4 + i] = random_number();
	memcpy(key, &(u32){size * 8 - (random_number() % 4 ? 0 : random_number() % 16)}, 4);
}

/* It may be filled and emptied for ever, and has no node when it is empty. */
static void memory_is_given_back(void **state)
{
	enum { N = 2000, DATA = 4 };
	struct bpf_map *map = new_trie(DATA, N);
	u8 key[4 + DATA];
	u64 value = 0;
	s64 before;

	wait_for_the_grace_period();
	before = atomic64_read(&nodes);
	for (u32 round = 0; round < 5; round++) {
		seed = round;
		for (u32 i = 0; i < N; i++) {
			random_key(key, DATA);
			assert_int_equal(map_update(map, key, &value, BPF_ANY), 0);
			if (i % 5 == 0) /* over itself */
				assert_int_equal(map_update(map, key, &value, BPF_EXIST), 0);
		}
		wait_for_the_grace_period();
		/* An entry has a node, and there are fewer forks than entries. */
		assert_in_range(atomic64_read(&nodes) - before, N / 2, 2 * N);
		/* As Linux counts: 24 bytes, data and value. */
		assert_in_range(bpf_map_memory_usage(map), 1, (24 + DATA + 8) * N);
		while (!map_next(map, NULL, key))
			assert_int_equal(map_delete(map, key), 0);
		wait_for_the_grace_period();
		assert_int_equal(atomic64_read(&nodes), before);
		assert_int_equal(bpf_map_memory_usage(map), 0);
	}
	bpf_map_put_with_uref(map);
}

/* How many more blocks are freed than allocated from a map's creation to its end. */
static s64 blocks_of_a_life(u32 entries)
{
	struct bpf_map *map;
	u8 key[8];
	u64 value = 0;
	s64 before;

	wait_for_the_grace_period();
	before = atomic64_read(&nodes);
	map = new_trie(4, 2000);
	for (u32 i = 0; i < entries; i++) {
		random_key(key, 4);
		assert_int_equal(map_update(map, key, &value, BPF_ANY), 0);
	}
	if (!map_next(map, NULL, key)) /* in the grace period, when the map goes */
		assert_int_equal(map_delete(map, key), 0);
	bpf_map_put_with_uref(map);
	wait_for_the_grace_period();
	return before - atomic64_read(&nodes);
}

static void a_map_takes_its_entries_with_it(void **state)
{
	s64 none = blocks_of_a_life(0);

	assert_int_equal(blocks_of_a_life(1), none);
	assert_int_equal(blocks_of_a_life(2000), none);
}

static void a_deep_trie_is_freed(void **state)
{
	struct bpf_map *map = new_trie(256, 4096);
	u8 key[260] = {0};
	u64 value = 0;

	for (u32 len = 0; len <= 2048; len++) {
		memcpy(key, &len, 4);
		assert_int_equal(map_update(map, key, &value, BPF_NOEXIST), 0);
	}
	assert_int_equal(map_next(map, NULL, key), 0);
	assert_int_equal(*(u32 *)key, 2048);
	bpf_map_put_with_uref(map);
}

static void failing_memory_changes_nothing(void **state)
{
	struct bpf_map *map = new_trie(4, 8);
	struct lpm_key key = {32, {10, 0, 0, 0}}, other = {32, {10, 0, 0, 1}};
	struct lpm_key fork = {31, {10, 0, 0, 0}};
	u64 value = 1, got;

	mallocs_left = 0;
	assert_int_equal(map_update(map, &key, &value, BPF_ANY), -ENOMEM);
	mallocs_left = -1;
	assert_int_equal(map_get(map, &key, &got), -ENOENT);
	assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
	for (int n = 0; n < 2; n++) { /* the entry, and the fork above both */
		mallocs_left = n;
		assert_int_equal(map_update(map, &other, &value, BPF_ANY), -ENOMEM);
		mallocs_left = -1;
		assert_int_equal(map_get(map, &key, &got), 0);
		assert_int_equal(map_get(map, &other, &got), -ENOENT);
		assert_int_equal(map_get(map, &fork, &got), -ENOENT);
	}
	assert_int_equal(map_update(map, &other, &value, BPF_ANY), 0);
	/* Nothing is needed to delete, but for what ThreadSanitizer has to be told of RCU. */
#ifndef BASE_RCU_TSAN_H
	mallocs_left = 0;
#endif
	assert_int_equal(map_delete(map, &key), 0);
	mallocs_left = -1;
	assert_int_equal(map_get(map, &other, &got), 0);
	bpf_map_put_with_uref(map);
}

/* What a reader has found is good until the end of its section. */
static void readers_keep_what_they_found(void **state)
{
	struct bpf_map *map = new_trie(4, 8);
	struct lpm_key key = {32, {10, 0, 0, 0}};
	u64 value = 1, *found;

	assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
	rcu_read_lock();
	found = map->ops->map_lookup_elem(map, &key);
	value = 2;
	assert_int_equal(map_update(map, &key, &value, BPF_EXIST), 0);
	assert_int_equal(map_delete(map, &key), 0);
	assert_int_equal(*found, 1);
	rcu_read_unlock();
	bpf_map_put_with_uref(map);
}

/* bpf(2) waits for those who read, where a program would have to wait for itself. */
static void bpf_waits_for_memory(void **state)
{
	enum { BIG = 1 << 20 };
	struct bpf_map *map = new_map(BPF_MAP_TYPE_LPM_TRIE, 8, BIG, 8, BPF_F_NO_PREALLOC);
	struct lpm_key key = {32, {10, 0, 0, 0}};
	void *value = calloc(1, BIG);
	int err = 0;
	u32 nr;

	assert_non_null(value);
	rcu_read_lock();
	for (nr = 0; nr < 200 && !err; nr++)
		err = map->ops->map_update_elem(map, &key, value, BPF_ANY);
	assert_int_equal(err, -ERESTART);
	assert_true(nr < 70);
	assert_non_null(map->ops->map_lookup_elem(map, &key));
	rcu_read_unlock();
	for (nr = 0; nr < 200; nr++) {
		do
			err = map_update(map, &key, value, BPF_ANY);
		while (bpf_map_restart(&err));
		assert_int_equal(err, 0);
	}
	bpf_map_put_with_uref(map);
	free(value);
}

/* A program that updates for ever within one run does not take all memory. */
static void one_run_takes_no_memory_without_end(void **state)
{
	enum { BIG = 1 << 20 };
	struct bpf_map *map = new_map(BPF_MAP_TYPE_LPM_TRIE, 8, BIG, 8, BPF_F_NO_PREALLOC);
	struct lpm_key key = {32, {10, 0, 0, 0}};
	void *value = calloc(1, BIG);
	struct bpf_run_ctx ctx;
	long err = 0;

	assert_non_null(value);
	bpf_run_begin(&ctx, &rt);
	for (u32 i = 0; i < 200 && !err; i++)
		err = map->ops->map_update_elem(map, &key, value, BPF_ANY);
	assert_int_equal(err, -ENOMEM);
	assert_non_null(map->ops->map_lookup_elem(map, &key));
	bpf_run_end(&ctx);
	wait_for_the_grace_period();
	assert_int_equal(map_update(map, &key, value, BPF_ANY), 0);
	bpf_map_put_with_uref(map);
	free(value);
}

/* --- threads ---------------------------------------------------------------------------------- */

#define STABLE 64

struct worker {
	struct bpf_map *map;
	const bool *stop;
	u32 seed;
	u64 lookups;
	const char *wrong;
};

/* 10.x.0.0/16: x is a stable entry's number. Around it, above, below and beside it all changes. */
static struct lpm_key stable_key(u32 n)
{
	return (struct lpm_key){16, {10, n}};
}

static void *change(void *arg)
{
	struct worker *w = arg;

	seed = w->seed;
	for (u32 i = 0; i < 60000; i++) {
		struct lpm_key key = stable_key(random_number() % STABLE);
		u64 value = 1000;

		switch (random_number() % 4) {
		case 0: /* a stable one, which changes its value for the same */
			value = key.data[1];
			if (map_update(w->map, &key, &value, BPF_EXIST))
				w->wrong = "a stable entry is gone";
			continue;
		case 1: /* above */
			key.len = random_number() % 16;
			break;
		default: /* below, beside */
			key.len = 17 + random_number() % 16;
			key.data[2] = random_number();
			key.data[3] = random_number();
		}
		if (random_number() % 2)
			map_update(w->map, &key, &value, BPF_ANY);
		else
			map_delete(w->map, &key);
	}
	return NULL;
}

static void *look_up(void *arg)
{
	struct worker *w = arg;

	seed = w->seed;
	while (!__atomic_load_n(w->stop, __ATOMIC_RELAXED)) {
		struct lpm_key key = stable_key(random_number() % STABLE), next;
		u64 value;

		/* Exactly the stable one. */
		if (map_get(w->map, &key, &value))
			w->wrong = "a stable entry is not found";
		else if (value != key.data[1])
			w->wrong = "another value than the entry's";
		/* It, or something longer. */
		key.len = 32;
		key.data[2] = random_number();
		if (map_get(w->map, &key, &value))
			w->wrong = "nothing is found below a stable entry";
		else if (value != key.data[1] && value != 1000)
			w->wrong = "the value of another stable entry";
		if (++w->lookups % 16 == 0)
			map_next(w->map, &key, &next);
	}
	return NULL;
}

static void lookups_miss_nothing_while_others_change_the_trie(void **state)
{
	enum { WRITERS = 2, READERS = 2 };
	struct bpf_map *map = new_trie(4, 400);
	struct worker workers[WRITERS + READERS];
	pthread_t threads[WRITERS + READERS];
	bool stop = false;

	for (u32 n = 0; n < STABLE; n++) {
		struct lpm_key key = stable_key(n);
		u64 value = n;

		assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), 0);
	}
	for (u32 i = 0; i < WRITERS + READERS; i++) {
		workers[i] = (struct worker){.map = map, .stop = &stop, .seed = i};
		assert_int_equal(pthread_create(&threads[i], NULL, i < WRITERS ? change : look_up,
						&workers[i]),
				 0);
	}
	for (u32 i = 0; i < WRITERS + READERS; i++) {
		if (i == WRITERS)
			__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], NULL);
	}
	for (u32 i = 0; i < WRITERS + READERS; i++)
		if (workers[i].wrong)
			fail_msg("thread %u: %s", i, workers[i].wrong);
	bpf_map_put_with_uref(map);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_a_longest_prefix_scan),
		cmocka_unit_test(all_bits_count),
		cmocka_unit_test(values_are_aligned),
		cmocka_unit_test(memory_is_given_back),
		cmocka_unit_test(a_map_takes_its_entries_with_it),
		cmocka_unit_test(a_deep_trie_is_freed),
		cmocka_unit_test(failing_memory_changes_nothing),
		cmocka_unit_test(readers_keep_what_they_found),
		cmocka_unit_test(one_run_takes_no_memory_without_end),
		cmocka_unit_test(bpf_waits_for_memory),
		cmocka_unit_test(lookups_miss_nothing_while_others_change_the_trie),
	};

	return cmocka_run_group_tests_name("lpm", tests, rt_set_up, rt_tear_down);
}
