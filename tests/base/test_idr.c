/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Ids: cyclic, never two of one, and a search that agrees with a plain table. */
#include "test.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/idr.h"

static char object[1];

static int alloc(struct idr *idr, void *ptr)
{
	int id;

	idr_lock(idr);
	id = idr_alloc_cyclic_locked(idr, ptr);
	idr_unlock(idr);
	return id;
}

static void *find(struct idr *idr, u32 id)
{
	void *found;

	idr_lock(idr);
	found = idr_find_locked(idr, id);
	idr_unlock(idr);
	return found;
}

static void *next(struct idr *idr, u32 *id)
{
	void *found;

	idr_lock(idr);
	found = idr_get_next_locked(idr, id);
	idr_unlock(idr);
	return found;
}

static void ids_go_up_and_are_not_reused_at_once(void **state)
{
	struct idr idr;

	assert_int_equal(idr_init(&idr), 0);
	for (int i = 1; i <= 300; i++) {
		assert_int_equal(alloc(&idr, object), i);
		idr_remove(&idr, i);
	}
	assert_null(find(&idr, 300));
	assert_int_equal(alloc(&idr, object), 301);
	assert_ptr_equal(find(&idr, 301), object);
	idr_destroy(&idr);
}

static void ids_wrap_to_the_first_free_one(void **state)
{
	struct idr idr;
	u32 id = 0;

	assert_int_equal(idr_init(&idr), 0);
	assert_int_equal(alloc(&idr, object), 1);
	assert_int_equal(alloc(&idr, object), 2);
	idr.next = INT_MAX - 1;
	assert_int_equal(alloc(&idr, object), INT_MAX - 1);
	assert_int_equal(alloc(&idr, object), INT_MAX);
	assert_int_equal(alloc(&idr, object), 3);
	idr.next = INT_MAX;
	assert_int_equal(alloc(&idr, object), 4);
	id = 5;
	assert_ptr_equal(next(&idr, &id), object);
	assert_int_equal(id, INT_MAX - 1);
	idr_destroy(&idr);
}

static void unknown_ids_are_not_found(void **state)
{
	static const u32 ids[] = {0, 1, 63, 64, 4096, INT_MAX, (u32)INT_MAX + 1, UINT_MAX};
	struct idr idr;

	assert_int_equal(idr_init(&idr), 0);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
			u32 id = ids[i];

			assert_null(find(&idr, id));
			idr_remove(&idr, id);
			if (!round || id > 2)
				assert_null(next(&idr, &id));
		}
		idr.next = 2;
		if (!round)
			assert_int_equal(alloc(&idr, object), 2);
	}
	idr_destroy(&idr);
}

#define MODEL 5000u

static void search_agrees_with_a_table(void **state)
{
	static void *model[MODEL];
	struct idr idr;
	unsigned int seed = 7;

	assert_int_equal(idr_init(&idr), 0);
	for (int step = 0; step < 40000; step++) {
		u32 id = rand_r(&seed) % MODEL, got = id, want = id;

		if (rand_r(&seed) % 2) {
			/* From @id on: the next free one, of which there are some. */
			idr.next = id ? id : 1;
			for (want = idr.next; want < MODEL && model[want]; want++)
				;
			if (want == MODEL)
				continue;
			assert_int_equal(alloc(&idr, &model[want]), want);
			model[want] = &model[want];
		} else {
			idr_remove(&idr, id);
			model[id] = NULL;
		}
		for (want = id; want < MODEL && !model[want]; want++)
			;
		if (want == MODEL) {
			assert_null(next(&idr, &got));
		} else {
			assert_ptr_equal(next(&idr, &got), model[want]);
			assert_int_equal(got, want);
		}
	}
	for (u32 id = 0; id < MODEL; id++) {
		assert_ptr_equal(find(&idr, id), model[id]);
		idr_remove(&idr, id);
	}
	/* An empty tree keeps no node: what is left is what destroy need not free. */
	assert_null(idr.root);
	idr_destroy(&idr);
}

#define EACH 2000

static void lowest_is_the_smallest_free_one(void **state)
{
	enum { FROM = 3, NR = 5000 };
	bool taken[FROM + NR + 1] = {true, true, true};
	unsigned int seed = 1;
	struct idr idr;
	u32 id, lowest;

	assert_int_equal(idr_init(&idr), 0);
	for (int i = 0; i < 4 * NR; i++) {
		id = FROM + rand_r(&seed) % NR;
		if (taken[id]) {
			idr_remove(&idr, id);
			taken[id] = false;
		}
		for (lowest = FROM; taken[lowest]; lowest++)
			;
		/* The second time it has to look further. */
		for (int j = 0; j < 2 && lowest < FROM + NR; j++) {
			idr_lock(&idr);
			assert_int_equal(idr_alloc_lowest_locked(&idr, &idr, FROM), lowest);
			idr_unlock(&idr);
			taken[lowest] = true;
			while (taken[lowest])
				lowest++;
		}
	}
	assert_ptr_equal(find(&idr, FROM), taken[FROM] ? &idr : NULL);
	idr_destroy(&idr);
}

static void *alloc_many(void *arg)
{
	for (int i = 0; i < EACH; i++)
		if (alloc(arg, object) <= 0)
			return arg;
	return NULL;
}

static void threads_get_different_ids(void **state)
{
	pthread_t threads[4];
	struct idr idr;
	u32 id = 0;
	int nr = 0;

	assert_int_equal(idr_init(&idr), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, alloc_many, &idr), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	for (; next(&idr, &id); id++)
		nr++;
	assert_int_equal(nr, EACH * ARRAY_SIZE(threads));
	idr_destroy(&idr);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_go_up_and_are_not_reused_at_once),
		cmocka_unit_test(ids_wrap_to_the_first_free_one),
		cmocka_unit_test(unknown_ids_are_not_found),
		cmocka_unit_test(search_agrees_with_a_table),
		cmocka_unit_test(lowest_is_the_smallest_free_one),
		cmocka_unit_test(threads_get_different_ids),
	};

	return cmocka_run_group_tests_name("idr", tests, NULL, NULL);
}
