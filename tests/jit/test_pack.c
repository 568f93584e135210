/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Memory for code: of any size, from any number of threads, never writable and executable, and not
 * there where there is none. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "prog/prog_pack.h"
#include "test.h"

#define PACK (2u << 20)
#define PAGE 4096u

/* Code that returns @value: mov eax, value; ret. */
static void write_code(u8 *code, u32 value)
{
	code[0] = 0xb8;
	memcpy(code + 1, &value, sizeof(value));
	code[5] = 0xc3;
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

/* How many mappings may be written and executed. */
static u32 writable_code(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	u32 nr = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		nr += strstr(line, " rwx") != NULL;
	fclose(maps);
	return nr;
}

static void test_sizes(void **state)
{
	static const u32 sizes[] = {6, PAGE - 1, PAGE, PAGE + 1, PACK, PACK + 1, 16 * PACK, 6};
	const u32 before = writable_code();
	u8 *code[ARRAY_SIZE(sizes)];

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		code[i] = prog_pack_alloc(sizes[i]);
		assert_false(IS_ERR(code[i]));
		memset(code[i], 0xcc, sizes[i]);
		write_code(code[i] + sizes[i] - 6, i);
		assert_int_equal(writable_code(), before);
		assert_int_equal(prog_pack_seal(code[i], sizes[i]), 0);
	}
	assert_int_equal(writable_code(), before);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_int_equal(call(code[i] + sizes[i] - 6), i);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		prog_pack_free(code[i], sizes[i]);
}

/* What was another's is not left there. */
static void test_reuse(void **state)
{
	u8 *first = prog_pack_alloc(6), *code[2];

	for (u32 i = 0; i < ARRAY_SIZE(code); i++)
		code[i] = prog_pack_alloc(3 * PAGE);
	write_code(code[0], 1);
	assert_int_equal(prog_pack_seal(code[0], 3 * PAGE), 0);
	prog_pack_free(code[0], 3 * PAGE);
	code[0] = prog_pack_alloc(2 * PAGE);
	for (u32 i = 0; i < 2 * PAGE; i++)
		assert_int_equal(code[0][i], 0);
	prog_pack_free(code[0], 2 * PAGE);
	prog_pack_free(code[1], 3 * PAGE);
	prog_pack_free(first, 6);
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
		sizes[at] = 6 + (i * 7919 + id * 104729) % (5 * PAGE);
		code[at] = prog_pack_alloc(sizes[at]);
		if (IS_ERR(code[at]))
			return NULL;
		write_code(code[at], id * 8 + at);
		if (prog_pack_seal(code[at], sizes[at]))
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
	assert_int_equal(PTR_ERR(code), -ENOMEM);
	code = prog_pack_alloc(6);
	assert_false(IS_ERR(code));
	prog_pack_free(code, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("memory for code", tests, NULL, NULL);
}
