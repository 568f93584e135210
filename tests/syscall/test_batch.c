/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The batch commands against a model, and while others insert and delete: a lookup that is done in
 * parts of any size shows each element that stays exactly once, and no element twice.
 */
#include "test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "call.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_CPUS 4

static const struct {
	uint32_t type;
	bool percpu;
} hashes[] = {
	{BPF_MAP_TYPE_HASH, false},
	{BPF_MAP_TYPE_LRU_HASH, false},
	{BPF_MAP_TYPE_PERCPU_HASH, true},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, true},
};

static int set_up(void **state)
{
	struct trek_runtime_opts opts = {.size = sizeof(opts), .num_possible_cpus = MAX_CPUS};

	return trek_runtime_open(&opts, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

/* What is left in *count of it. */
static int batch(int cmd, int map, const void *in, void *out, const void *keys, const void *values,
		 uint32_t *count)
{
	union bpf_attr attr = {.batch = {.in_batch = PTR(in),
					 .out_batch = PTR(out),
					 .keys = PTR(keys),
					 .values = PTR(values),
					 .count = *count,
					 .map_fd = map}};
	int ret = trek_bpf(rt, cmd, &attr, sizeof(attr));

	*count = attr.batch.count;
	return ret;
}

/* --- against a model -------------------------------------------------------------------------- */

enum { KEYS = 64, STEPS = 3000 };

struct model {
	int map;
	bool percpu;
	bool there[KEYS];
	uint64_t value[KEYS];
	uint32_t nr;
};

/* A value, in each CPU's place a different one. */
static void fill(const struct model *m, uint64_t *at, uint64_t value)
{
	for (uint32_t cpu = 0; cpu < (m->percpu ? MAX_CPUS : 1); cpu++)
		at[cpu] = value + cpu;
}

static void model_update(struct model *m, unsigned int *seed)
{
	uint32_t keys[8], count = rand_r(seed) % 9, n = count;
	uint64_t values[8 * MAX_CPUS];

	for (uint32_t i = 0; i < n; i++) {
		keys[i] = rand_r(seed) % KEYS;
		m->value[keys[i]] = (uint64_t)rand_r(seed) << 8;
		m->nr += !m->there[keys[i]];
		m->there[keys[i]] = true;
		fill(m, values + i * (m->percpu ? MAX_CPUS : 1), m->value[keys[i]]);
		for (uint32_t j = 0; j < i; j++) /* of a key that is given twice, the last counts */
			if (keys[j] == keys[i])
				fill(m, values + j * (m->percpu ? MAX_CPUS : 1), 1);
	}
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, m->map, NULL, NULL, keys, values, &count), 0);
	assert_int_equal(count, n);
}

static void model_delete(struct model *m, unsigned int *seed)
{
	uint32_t keys[8], count = rand_r(seed) % 9, done = 0, n = count;

	for (uint32_t i = 0; i < n; i++)
		keys[i] = rand_r(seed) % KEYS;
	for (; done < n && m->there[keys[done]]; done++, m->nr--)
		m->there[keys[done]] = false;
	assert_int_equal(batch(BPF_MAP_DELETE_BATCH, m->map, NULL, NULL, keys, NULL, &count),
			 done < n ? -ENOENT : 0);
	assert_int_equal(count, done);
}

/* All of it, in parts of @part. */
static void model_lookup(struct model *m, uint32_t part, bool delete)
{
	const int cmd = delete ? BPF_MAP_LOOKUP_AND_DELETE_BATCH : BPF_MAP_LOOKUP_BATCH;
	const uint32_t words = m->percpu ? MAX_CPUS : 1;
	uint64_t values[KEYS * MAX_CPUS], expected[MAX_CPUS];
	uint32_t keys[KEYS], pos = 0, met = 0, count;
	bool seen[KEYS] = {false};
	int ret;

	do {
		count = part;
		ret = batch(cmd, m->map, met ? &pos : NULL, &pos, keys, values, &count);
		assert_true(ret == 0 || ret == -ENOENT);
		assert_in_range(count, 0, part);
		if (!ret)
			assert_int_equal(count, part);
		for (uint32_t i = 0; i < count; i++, met++) {
			assert_in_range(keys[i], 0, KEYS - 1);
			assert_true(m->there[keys[i]]);
			assert_false(seen[keys[i]]);
			seen[keys[i]] = true;
			fill(m, expected, m->value[keys[i]]);
			assert_memory_equal(values + i * words, expected, words * 8);
		}
	} while (!ret);
	assert_int_equal(met, m->nr);
	if (delete) {
		memset(m->there, 0, sizeof(m->there));
		m->nr = 0;
	}
}

static void test_a_model(void **state)
{
	static const uint32_t parts[] = {1, 2, 3, 7, KEYS - 1, KEYS, KEYS + 1, UINT32_MAX};
	unsigned int seed = 1;

	for (size_t h = 0; h < ARRAY_SIZE(hashes); h++) {
		struct model m = {.percpu = hashes[h].percpu};

		/* An LRU evicts nothing as long as there is this much room. */
		m.map = map_new(hashes[h].type, 8, 64 * KEYS, 0);
		assert_true(m.map >= 0);
		for (int step = 0; step < STEPS; step++) {
			int what = rand_r(&seed) % 100;

			if (what < 60)
				model_update(&m, &seed);
			else if (what < 85)
				model_delete(&m, &seed);
			else
				model_lookup(&m, parts[rand_r(&seed) % ARRAY_SIZE(parts)],
					     what >= 98);
		}
		trek_close(rt, m.map);
	}
}

/* --- neighbours that go ----------------------------------------------------------------------- */

/* Between two parts, delete what lies around where the first ended, one element after the other. */
static void test_a_neighbour_goes(void **state)
{
	enum { N = 200 };

	for (size_t h = 0; h < ARRAY_SIZE(hashes); h++)
		for (uint32_t part = 1; part < 20; part += 3) {
			int map = map_new(hashes[h].type, 8, 64 * N, 0), ret;
			uint64_t values[N * MAX_CPUS] = {0};
			uint32_t keys[N], pos, count, gone[N] = {0}, seen[N] = {0}, last = 0;
			bool first = true;

			for (uint32_t key = 0; key < N; key++)
				assert_int_equal(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map,
						     .key = PTR(&key), .value = PTR(values)),
						 0);
			do {
				count = part;
				ret = batch(BPF_MAP_LOOKUP_BATCH, map, first ? NULL : &pos, &pos,
					    keys, values, &count);
				assert_true(ret == 0 || ret == -ENOENT);
				for (uint32_t i = 0; i < count; i++) {
					assert_int_equal(seen[keys[i]]++, 0);
					assert_int_equal(gone[keys[i]], 0);
					last = keys[i];
				}
				/* The one that was shown last, and those that were put in before
				 * and after it. */
				for (uint32_t k = last ? last - 1 : 0; k < N && k <= last + 1;
				     k++) {
					int err = BPF(BPF_MAP_DELETE_ELEM, .map_fd = map,
						      .key = PTR(&k));

					assert_int_equal(err, gone[k] ? -ENOENT : 0);
					gone[k] = 1;
				}
				first = false;
			} while (!ret);
			for (uint32_t key = 0; key < N; key++)
				assert_true(seen[key] || gone[key]);
			trek_close(rt, map);
		}
}

enum { STABLE = 500, CHANGING = 500, WALKS = 60, CHANGES_AT_LEAST = 20000 };

static int shared;
static bool stop;
static uint32_t changes;

static void *change(void *arg)
{
	uint64_t values[MAX_CPUS] = {0};
	unsigned int seed = 7;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		uint32_t key = STABLE + rand_r(&seed) % CHANGING;

		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = shared, .key = PTR(&key), .value = PTR(values));
		/* A value that is replaced is the same element. */
		key = rand_r(&seed) % STABLE;
		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = shared, .key = PTR(&key), .value = PTR(values));
		key = STABLE + rand_r(&seed) % CHANGING;
		BPF(BPF_MAP_DELETE_ELEM, .map_fd = shared, .key = PTR(&key));
		__atomic_add_fetch(&changes, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void test_walks_while_others_change(void **state)
{
	static const uint32_t parts[] = {1, 13, 100, 2000};
	static uint64_t values[2000 * MAX_CPUS];
	static uint32_t keys[2000];

	for (size_t h = 0; h < ARRAY_SIZE(hashes); h++) {
		pthread_t thread;

		shared = map_new(hashes[h].type, 8, 64 * (STABLE + CHANGING), 0);
		for (uint32_t key = 0; key < STABLE; key++)
			assert_int_equal(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = shared,
					     .key = PTR(&key), .value = PTR(values)),
					 0);
		stop = false;
		changes = 0;
		assert_int_equal(pthread_create(&thread, NULL, change, NULL), 0);
		for (int walk = 0;
		     walk < WALKS || __atomic_load_n(&changes, __ATOMIC_RELAXED) < CHANGES_AT_LEAST;
		     walk++) {
			uint32_t part = parts[walk % ARRAY_SIZE(parts)], pos = 0, count;
			uint32_t seen[STABLE] = {0};
			int ret;

			do {
				count = part;
				ret = batch(BPF_MAP_LOOKUP_BATCH, shared, &pos, &pos, keys, values,
					    &count);
				for (uint32_t i = 0; i < count; i++)
					if (keys[i] < STABLE)
						seen[keys[i]]++;
			} while (!ret);
			assert_int_equal(ret, -ENOENT);
			for (uint32_t key = 0; key < STABLE; key++)
				assert_int_equal(seen[key], 1);
		}
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		trek_close(rt, shared);
	}
}

/* Many threads empty a map at once: each element is taken by one of them. */
static uint32_t taken[STABLE];

static void *take(void *arg)
{
	uint64_t values[7 * MAX_CPUS];
	uint32_t keys[7], pos = 0, count;
	int ret;

	do {
		count = 7;
		ret = batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, shared, &pos, &pos, keys, values,
			    &count);
		for (uint32_t i = 0; i < count; i++)
			__atomic_add_fetch(&taken[keys[i]], 1, __ATOMIC_RELAXED);
	} while (!ret);
	return (void *)(long)ret;
}

static void test_each_is_taken_once(void **state)
{
	for (size_t h = 0; h < ARRAY_SIZE(hashes); h++) {
		uint64_t values[MAX_CPUS] = {0};
		pthread_t threads[3];
		void *ret;

		shared = map_new(hashes[h].type, 8, 64 * STABLE, 0);
		memset(taken, 0, sizeof(taken));
		for (uint32_t key = 0; key < STABLE; key++)
			assert_int_equal(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = shared,
					     .key = PTR(&key), .value = PTR(values)),
					 0);
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, take, NULL), 0);
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
			pthread_join(threads[i], &ret);
			assert_int_equal((long)ret, -ENOENT);
		}
		for (uint32_t key = 0; key < STABLE; key++)
			assert_int_equal(taken[key], 1);
		trek_close(rt, shared);
	}
}

/* --- nothing for a long way ------------------------------------------------------------------- */

enum { MANY = 100000 };

static void test_far_between(void **state)
{
	uint32_t *keys = calloc(MANY, sizeof(*keys)), got[4], pos, count = MANY;
	uint64_t *values = calloc(MANY, sizeof(*values)), got_values[4];

	shared = map_new(BPF_MAP_TYPE_HASH, 8, MANY, 0);
	for (uint32_t key = 0; key < MANY; key++)
		keys[key] = key;
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, shared, NULL, NULL, keys, values, &count), 0);
	assert_int_equal(count, MANY);
	/* All but the last two. */
	count = MANY - 2;
	assert_int_equal(batch(BPF_MAP_DELETE_BATCH, shared, NULL, NULL, keys, values, &count), 0);

	count = 1;
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, shared, NULL, &pos, got, got_values, &count),
			 0);
	assert_int_equal(count, 1);
	assert_int_equal(got[0], MANY - 2);
	count = 4;
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, shared, &pos, &pos, got, got_values, &count),
			 -ENOENT);
	assert_int_equal(count, 1);
	assert_int_equal(got[0], MANY - 1);
	count = 2;
	assert_int_equal(
		batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, shared, NULL, &pos, got, got_values, &count),
		-ENOENT);
	assert_int_equal(count, 2);
	assert_int_equal(got[0] + got[1], 2 * MANY - 3);
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, shared, NULL, &pos, got, got_values, &count),
			 -ENOENT);
	assert_int_equal(count, 0);
	trek_close(rt, shared);
	free(values);
	free(keys);
}

/* --- counts ----------------------------------------------------------------------------------- */

static void test_the_count_has_to_be_writable(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 8, 4, 0);
	union bpf_attr attr = {.batch = {.map_fd = map, .count = 1}};
	const uint32_t to_count = offsetof(union bpf_attr, batch.count);

	/* Attributes that end before the map: its handle is 0. */
	assert_int_equal(trek_bpf(rt, BPF_MAP_LOOKUP_BATCH, &attr, to_count), -EBADF);
	trek_close(rt, map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_model),
		cmocka_unit_test(test_a_neighbour_goes),
		cmocka_unit_test(test_walks_while_others_change),
		cmocka_unit_test(test_each_is_taken_once),
		cmocka_unit_test(test_far_between),
		cmocka_unit_test(test_the_count_has_to_be_writable),
	};

	return cmocka_run_group_tests_name("batch", tests, set_up, tear_down);
}
