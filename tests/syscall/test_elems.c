/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Commands on elements: keys and values of all sizes, and what other threads do meanwhile to the
 * map, its handle, and the memory that the command needs.
 */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rcu.h"
#include "call.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

static int set_up(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

static void fill(uint8_t *bytes, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = rand_r(&seed);
}

/* One element, through all commands that there are for it. */
static void go_round(uint32_t key_size, uint32_t value_size)
{
	static uint8_t key[1024], value[8192], got[8192];
	int map = BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_HASH, .key_size = key_size,
		      .value_size = value_size, .max_entries = 2);

	assert_true(map > 0);
	for (unsigned int round = 0; round < 2; round++) {
		fill(key, key_size, 1);
		fill(value, value_size, 2 + round);
		assert_int_equal(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(key),
				     .value = PTR(value)),
				 0);
		memset(got, 0xee, sizeof(got));
		assert_int_equal(
			BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = map, .key = PTR(key), .value = PTR(got)),
			0);
		assert_memory_equal(got, value, value_size);
		assert_int_equal(got[value_size], 0xee);
	}
	memset(got, 0xee, sizeof(got));
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = map, .next_key = PTR(got)), 0);
	assert_memory_equal(got, key, key_size);
	assert_int_equal(got[key_size], 0xee);
	assert_int_equal(
		BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = map, .key = PTR(key), .next_key = PTR(got)),
		-ENOENT);
	memset(got, 0xee, sizeof(got));
	assert_int_equal(BPF(BPF_MAP_LOOKUP_AND_DELETE_ELEM, .map_fd = map, .key = PTR(key),
			     .value = PTR(got)),
			 0);
	assert_memory_equal(got, value, value_size);
	assert_int_equal(got[value_size], 0xee);
	assert_int_equal(BPF(BPF_MAP_DELETE_ELEM, .map_fd = map, .key = PTR(key)), -ENOENT);
	assert_int_equal(trek_close(rt, map), 0);
}

/* Around the sizes that are copied by one instruction, and those that need memory. */
static void test_sizes(void **state)
{
	static const uint32_t keys[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 33, 127, 128, 129, 300};
	static const uint32_t values[] = {1,  2,  4,  7,   8,	9,   15,  16,  17,
					  31, 32, 33, 255, 256, 511, 512, 513, 8000};

	for (size_t k = 0; k < NR(keys); k++)
		for (size_t v = 0; v < NR(values); v++)
			go_round(keys[k], values[v]);
}

/* --- freezing --------------------------------------------------------------------------------- */

enum { WRITERS = 3 };

static int array_update(int map, uint64_t value)
{
	uint32_t key = 0;

	return BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(&value));
}

static uint64_t array_lookup(int map)
{
	uint32_t key = 0;
	uint64_t value;

	assert_int_equal(
		BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(&value)), 0);
	return value;
}

static void *write_until_frozen(void *arg)
{
	uint64_t value = 0;
	long err;

	do
		err = array_update(*(int *)arg, ++value);
	while (!err);
	return (void *)err;
}

/* The verifier takes values of frozen maps for constants: no write ends after the freezing. */
static void test_frozen_values_stay(void **state)
{
	for (int round = 0; round < 200; round++) {
		int map = map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0);
		pthread_t threads[WRITERS];
		uint64_t value;
		void *err;

		for (int i = 0; i < WRITERS; i++)
			assert_int_equal(
				pthread_create(&threads[i], NULL, write_until_frozen, &map), 0);
		while (!array_lookup(map))
			sched_yield();
		assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = map), 0);
		value = array_lookup(map);
		for (int i = 0; i < WRITERS; i++) {
			assert_int_equal(pthread_join(threads[i], &err), 0);
			assert_int_equal((long)err, -EPERM);
		}
		assert_true(array_lookup(map) == value);
		assert_int_equal(trek_close(rt, map), 0);
	}
}

/* --- handles that end meanwhile --------------------------------------------------------------- */

static bool done;
static int
	handle; /* of a map whose values are one byte over and over: one of two kinds and sizes */

static void *use_handle(void *arg)
{
	unsigned int seed = (unsigned long)arg;
	uint8_t value[64];

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		uint32_t key = rand_r(&seed) % 4;
		int err;

		memset(value, 0, sizeof(value));
		err = BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = handle, .key = PTR(&key),
			  .value = PTR(value));
		if (err && err != -EBADF && err != -ENOENT)
			return "lookup";
		for (int i = 1; !err && i < 8; i++)
			if (value[i] != value[0] || !value[0])
				return "value";
		/* Of the other map, perhaps, by now: it may be one byte over and over, too. */
		memset(value, 1 + rand_r(&seed) % 255, sizeof(value));
		err = BPF(BPF_MAP_UPDATE_ELEM, .map_fd = handle, .key = PTR(&key),
			  .value = PTR(value));
		if (err && err != -EBADF)
			return "update";
		err = BPF(BPF_MAP_DELETE_ELEM, .map_fd = handle, .key = PTR(&key));
		if (err && err != -EBADF && err != -ENOENT)
			return "delete";
	}
	return NULL;
}

static void test_closed_in_use(void **state)
{
	pthread_t threads[WRITERS];
	void *failed;

	__atomic_store_n(&done, false, __ATOMIC_RELAXED);
	handle = map_new(BPF_MAP_TYPE_HASH, 8, 4, 0);
	for (unsigned long i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_handle, (void *)(i + 1)), 0);
	for (int round = 0; round < 2000; round++) {
		uint32_t type = round % 2 ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_LRU_HASH;

		assert_int_equal(trek_close(rt, handle), 0);
		assert_int_equal(map_new(type, round % 3 ? 64 : 8, 4, 0), handle);
		if (round % 16 == 0)
			sched_yield();
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_string_equal(failed ? failed : "", "");
	}
}

/* --- memory that waits for a grace period ----------------------------------------------------- */

static uint64_t steps;

/* A reader who goes when the other thread has come to a stop. */
static void *hold_up(void *arg)
{
	uint64_t seen = 0, now;

	rcu_read_lock();
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	for (int still = 0; still < 5; still = now == seen ? still + 1 : 0, seen = now) {
		usleep(20000);
		now = __atomic_load_n(&steps, __ATOMIC_RELAXED);
	}
	rcu_read_unlock();
	return NULL;
}

/* 96 elements of a megabyte come and go while a reader is there, in a map that may hold one. */
static void test_updates_wait_for_memory(void **state)
{
	enum { SIZE = 1 << 20 };
	int map = map_new(BPF_MAP_TYPE_HASH, SIZE, 1, BPF_F_NO_PREALLOC);
	uint8_t *value = calloc(1, SIZE);
	pthread_t reader;

	assert_non_null(value);
	__atomic_store_n(&done, false, __ATOMIC_RELAXED);
	__atomic_store_n(&steps, 0, __ATOMIC_RELAXED);
	assert_int_equal(pthread_create(&reader, NULL, hold_up, NULL), 0);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		sched_yield();
	for (uint32_t key = 0; key < 96; key++) {
		value[SIZE - 1] = key;
		assert_int_equal(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key),
				     .value = PTR(value)),
				 0);
		assert_int_equal(BPF(BPF_MAP_DELETE_ELEM, .map_fd = map, .key = PTR(&key)), 0);
		__atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED);
	}
	assert_int_equal(pthread_join(reader, NULL), 0);
	free(value);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),
		TEST(test_frozen_values_stay),
		TEST(test_closed_in_use),
		TEST(test_updates_wait_for_memory),
	};

	return cmocka_run_group_tests_name("elems", tests, NULL, NULL);
}
