/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Memory for code: of any size, from any number of threads, shared by programs but not with another
 * process, never writable and executable, and not there where there is none. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prog/prog_pack.h"
#include "test.h"

#define PACK (2u << 20)
#define PAGE 4096u
#define TRAP 0xcc

/* Code that returns @value, at @at of @size bytes: mov eax, value; ret. */
static void *bytes_of(u32 at, u32 size, u32 value)
{
	u8 *bytes = malloc(size);

	assert_non_null(bytes);
	memset(bytes, 0x90, size);
	bytes[at] = 0xb8;
	memcpy(bytes + at + 1, &value, sizeof(value));
	bytes[at + 5] = 0xc3;
	return bytes;
}

/* @used bytes of code that return @value at @at, where @room were asked for. */
static u8 *new_code(u32 room, u32 used, u32 at, u32 value)
{
	u8 *code = prog_pack_alloc(room), *bytes;

	if (IS_ERR(code))
		return NULL;
	bytes = bytes_of(at, used, value);
	if (prog_pack_write(code, bytes, used, room)) {
		prog_pack_free(code, room);
		code = NULL;
	}
	free(bytes);
	return code;
}

static u32 call(const void *code)
{
#ifdef __x86_64__
	return ((u32(*)(void))(unsigned long)code)();
#else
	u32 value;

	memcpy(&value, (const u8 *)code + 1, sizeof(value));
	return value;
#endif
}

/* How many mappings there are of shared memory without a name, which code is in, and how many of
 * all may be written and executed. */
static u32 mappings(u32 *writable_code)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	u32 nr = 0;

	assert_non_null(maps);
	*writable_code = 0;
	while (fgets(line, sizeof(line), maps)) {
		nr += strstr(line, "/dev/zero") != NULL;
		*writable_code += strstr(line, " rwx") != NULL;
	}
	fclose(maps);
	return nr;
}

static void test_sizes(void **state)
{
	static const u32 sizes[] = {6,	      63,	64,   65,	PAGE - 1,  PAGE,
				    PAGE + 1, PACK - 1, PACK, PACK + 1, 16 * PACK, 6};
	u8 *code[ARRAY_SIZE(sizes)];
	u32 before, now;

	mappings(&before);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		code[i] = new_code(sizes[i], sizes[i], sizes[i] - 6, i);
		assert_non_null(code[i]);
		assert_int_equal((unsigned long)code[i] % 64, 0);
		mappings(&now);
		assert_int_equal(now, before);
	}
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_int_equal(call(code[i] + sizes[i] - 6), i);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		prog_pack_free(code[i], sizes[i]);
}

#define SMALL 10000

/* Small programs lie side by side, and freeing every other one splits nothing. */
static void test_share(void **state)
{
	static u8 *code[SMALL];
	u8 *low, *high;
	u32 unused, before = mappings(&unused);

	for (u32 i = 0; i < SMALL; i++) {
		code[i] = new_code(100, 6 + i % 59, 0, i);
		assert_non_null(code[i]);
	}
	low = high = code[0];
	for (u32 i = 0; i < SMALL; i++) {
		low = min_of(low, code[i]);
		high = max_of(high, code[i]);
		if (i % 2)
			prog_pack_free(code[i], 6 + i % 59);
	}
	assert_in_range(high - low, 0, 65 * SMALL);
	assert_in_range(mappings(&unused), 0, before + 4);
	for (u32 i = 0; i < SMALL; i += 2)
		assert_int_equal(call(code[i]), i);
	for (u32 i = 1; i < SMALL; i += 2) {
		code[i] = new_code(64, 6, 0, i);
		assert_in_range((unsigned long)code[i], (unsigned long)low, (unsigned long)high);
	}
	for (u32 i = 0; i < SMALL; i++) {
		assert_int_equal(call(code[i]), i);
		prog_pack_free(code[i], i % 2 ? 6 : 6 + i % 59);
	}
}

/* What was another's is not left there, and room that was not used is another's. */
static void test_reuse(void **state)
{
	u8 *first = new_code(6, 6, 0, 0), *code = new_code(3 * PAGE, 65, 0, 1), *next;

	for (u32 i = 65; i < 3 * PAGE; i++)
		assert_int_equal(code[i], TRAP);
	next = new_code(2 * PAGE, 2 * PAGE, 0, 2);
	assert_ptr_equal(next, code + 128);
	prog_pack_free(code, 65);
	for (u32 i = 0; i < 128; i++)
		assert_int_equal(code[i], TRAP);
	assert_int_equal(call(next), 2);
	prog_pack_free(next, 2 * PAGE);
	assert_ptr_equal(new_code(3 * PAGE, 65, 0, 3), code);
	prog_pack_free(code, 65);
	prog_pack_free(first, 6);
}

enum { FORKED = 3 };

/* In a child: what was there is run, freed and replaced, while the parent does the same. */
static int use_after_fork(u8 **old, int to, int from, u32 value)
{
	u8 *new[FORKED];
	char byte = 0;

	for (u32 i = 0; i < FORKED; i++) {
		if (call(old[i]) != i)
			return 1;
		if (i)
			prog_pack_free(old[i], 6);
	}
	for (u32 i = 0; i < FORKED; i++) {
		new[i] = new_code(6, 6, 0, value + i);
		/* Not beside what was there before. */
		if (!new[i] || (unsigned long)new[i] / PAGE == (unsigned long)old[0] / PAGE)
			return 2;
	}
	/* Now the other one has written all that it writes. */
	if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
		return 3;
	for (u32 i = 0; i < FORKED; i++) {
		if (call(old[i]) != i || call(new[i]) != value + i)
			return 4;
		prog_pack_free(new[i], 6);
	}
	prog_pack_free(old[0], 6);
	return 0;
}

static void test_fork(void **state)
{
	int up[2], down[2], status, err;
	u8 *old[FORKED];
	pid_t child;

	for (u32 i = 0; i < FORKED; i++)
		old[i] = new_code(6, 6, 0, i);
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	child = fork();
	if (!child) {
		alarm(20);
		_exit(use_after_fork(old, up[1], down[0], 100));
	}
	assert_true(child > 0);
	alarm(20);
	err = use_after_fork(old, down[1], up[0], 200);
	alarm(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(err, 0);
	assert_int_equal(status, 0);
	for (u32 i = 0; i < 2; i++) {
		close(up[i]);
		close(down[i]);
	}
}

#define THREADS 4
#define ROUNDS 2000

static void *come_and_go(void *arg)
{
	const u32 id = (u32)(unsigned long)arg;
	u8 *code[8] = {0};
	u32 sizes[8] = {0};

	for (u32 i = 0; i < ROUNDS; i++) {
		u32 at = (i * 5 + id) % 8;

		if (code[at] && call(code[at]) != id * 8 + at)
			return NULL;
		prog_pack_free(code[at], sizes[at]);
		sizes[at] = 6 + (i * 7919 + id * 104729) % (i % 3 ? 200 : 5 * PAGE);
		code[at] = new_code(sizes[at] + i % 100, sizes[at], 0, id * 8 + at);
		if (!code[at])
			return NULL;
	}
	for (u32 at = 0; at < 8; at++)
		prog_pack_free(code[at], sizes[at]);
	return arg;
}

static void test_threads(void **state)
{
	pthread_t threads[THREADS];

	for (unsigned long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, (void *)(i + 1)),
				 0);
	for (u32 i = 0; i < THREADS; i++) {
		void *done;

		pthread_join(threads[i], &done);
		assert_non_null(done);
	}
}

/* All that was had is given back. */
static void test_none_left(void **state)
{
	u32 unused, before = mappings(&unused);
	u8 *code = new_code(5 * PACK, 6, 0, 0);

	assert_in_range(mappings(&unused), before + 1, before + 2);
	prog_pack_free(code, 6);
	assert_int_equal(mappings(&unused), before);
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* Enough is enough: the address space of the process is bounded. */
static void test_no_memory(void **state)
{
	struct rlimit old, none = {0};
	void *code;

	if (sanitized)
		skip_because("a sanitizer needs address space");
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	none.rlim_max = old.rlim_max;
	if (setrlimit(RLIMIT_AS, &none))
		skip_because("the address space cannot be bounded");
	code = prog_pack_alloc(64 * PACK);
	setrlimit(RLIMIT_AS, &old);
	assert_true(IS_ERR(code));
	assert_int_equal(PTR_ERR(code), -ENOTSUP);
	code = new_code(6, 6, 0, 0);
	assert_non_null(code);
	prog_pack_free(code, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),	  cmocka_unit_test(test_share),
		cmocka_unit_test(test_reuse),	  cmocka_unit_test(test_fork),
		cmocka_unit_test(test_threads),	  cmocka_unit_test(test_none_left),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("memory for code", tests, NULL, NULL);
}
