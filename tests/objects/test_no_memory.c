/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Looks of which each allocation fails in turn: either all is said to have failed, or what is
 * missing is; nothing is kept, and no descriptor stays open.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cli.h"
#include "engine.h"
#include "objects.h"
#include "some.skel.h"
#include "test.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_reallocarray(void *old, size_t nr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_reallocarray(void *old, size_t nr, size_t size);

static long countdown = -1; /* until one fails; negative: none does */
static bool all_after, failed;

static bool fails(void)
{
	if (countdown < 0)
		return false;
	if (countdown) {
		countdown--;
		return false;
	}
	if (!all_after)
		countdown = -1;
	failed = true;
	errno = ENOMEM; /* as theirs do */
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return fails() ? NULL : __real_calloc(nr, size);
}

void *__wrap_reallocarray(void *old, size_t nr, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, nr, size);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int nr = 0;

	assert_non_null(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

/* All that can be wanted of an engine. */
#define EVERYTHING (2 * WANT_STATISTICS - 1 + WANT_INSIDE)

static void fail_each(bool and_after)
{
	struct objects objects;
	int before, status;
	long n = 0;

	do {
		before = open_files();
		all_after = and_after;
		countdown = n++;
		failed = false;
		status = objects_gather(EVERYTHING, &objects);
		countdown = -1;
		if (failed)
			assert_true(status || objects.nr_left_out);
		else
			assert_int_equal(status, 0);
		objects_free(&objects);
		assert_int_equal(open_files(), before);
		assert_true(n < 10000);
	} while (failed);
}

static void test_one(void **state)
{
	fail_each(false);
}

static void test_all_after(void **state)
{
	fail_each(true);
}

static struct some *some;

static int setup(void **state)
{
	some = some__open_and_load();
	return !some || some__attach(some) ? -1 : 0;
}

static int teardown(void **state)
{
	some__destroy(some);
	engine_stop();
	return 0;
}

static void test_missing(void **state)
{
	skip_because("this user may not use the kernel");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_one),
	cmocka_unit_test(test_all_after),
};

int main(int argc, char **argv)
{
	static const struct CMUnitTest without[] = {cmocka_unit_test(test_missing)};

	if (!engine_start_on("kernel"))
		return cmocka_run_group_tests_name("no_memory", tests, setup, teardown);
	return cmocka_run_group_tests_name("no_memory", without, NULL, NULL);
}
