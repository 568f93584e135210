/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Dumps of which each allocation fails in turn, those of the embedded engine among them. Whatever
 * fails, what is out is whole: the elements up to one, closed as its format asks; and it is said
 * that there are no more, unless all are there.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "commands.h"
#include "dump/dump.h"
#include "engine.h"

#include "../test.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t nr, size_t size);
int __real_dump_run(struct dump *dump, const char *map);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t nr, size_t size);
int __wrap_dump_run(struct dump *dump, const char *map);

static long countdown = -1; /* until one fails, and all after it; negative: none does */
static bool failed;

/* A dump may have two threads. */
static bool fails(void)
{
	if (__atomic_load_n(&countdown, __ATOMIC_RELAXED) < 0)
		return false;
	if (__atomic_fetch_sub(&countdown, 1, __ATOMIC_RELAXED) > 0)
		return false;
	__atomic_store_n(&countdown, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&failed, true, __ATOMIC_RELAXED);
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

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t nr, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, nr, size);
}

/* What was written to a descriptor that is a file in memory. */
static char *written(int fd, size_t *size)
{
	const off_t end = lseek(fd, 0, SEEK_CUR);
	char *text = malloc(end + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, end, 0), end);
	text[end] = '\0';
	*size = end;
	return text;
}

static void empty(int fd)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
}

/* What the dump at hand writes when nothing fails, and how its elements end. */
static char *all;
static const char *element_end;
static bool in_order;
static unsigned int in_the_middle;

static void check_document(const char *text, size_t size, size_t elements)
{
	json_t *document = json_loadb(text, size, 0, NULL);

	assert_non_null(document);
	assert_int_equal(json_array_size(document), elements);
	json_decref(document);
}

static void check_whole(const struct dump *dump, const char *text, size_t size)
{
	const size_t elements = dump->sink.elements;
	const bool document = !strcmp(dump->format->name, "json");
	size_t end = size;

	in_the_middle += elements && elements < 4;
	if (document)
		check_document(text, size, elements);
	if (!in_order)
		return;
	if (document)
		end -= strlen(dump->pretty && elements ? "\n]\n" : "]\n");
	assert_memory_equal(text, all, end);
	if (elements)
		assert_memory_equal(text + end - strlen(element_end), element_end,
				    strlen(element_end));
}

int __wrap_dump_run(struct dump *dump, const char *map)
{
	size_t size, all_size;
	char *text, *said;
	int status;

	empty(STDOUT_FILENO);
	assert_int_equal(__real_dump_run(dump, map), 0);
	all = written(STDOUT_FILENO, &all_size);
	for (long n = 0;; n++) {
		assert_true(n < 10000);
		empty(STDOUT_FILENO);
		empty(STDERR_FILENO);
		failed = false;
		__atomic_store_n(&countdown, n, __ATOMIC_RELAXED);
		status = __real_dump_run(dump, map);
		__atomic_store_n(&countdown, -1, __ATOMIC_RELAXED);
		text = written(STDOUT_FILENO, &size);
		said = written(STDERR_FILENO, &(size_t){0});
		if (status) {
			assert_true(failed);
			assert_non_null(strstr(said, "out of memory"));
			if (size)
				check_whole(dump, text, size);
		} else {
			assert_string_equal(said, "");
			assert_int_equal(size, all_size);
		}
		free(text);
		free(said);
		if (!failed)
			break;
	}
	free(all);
	return 0;
}

/* --- The dumps -------------------------------------------------------------------------------- */

static char *engine, object[4096];
static char rows[] = "/tmp/dump_no_memory.XXXXXX";
static char many_rows[] = "/tmp/dump_no_memory.XXXXXX";

/* More than one thread is left to read. */
static int write_many_rows(void)
{
	int fd = mkstemp(many_rows);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	for (int key = 0; file && key < 20000; key++)
		fprintf(file, "{\"key\":%d,\"value\":%d}\n", key, key);
	return file ? fclose(file) : -1;
}

/* Four elements: every second one is of much more text. */
static int write_rows(void)
{
	int fd = mkstemp(rows);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	for (int key = 0; file && key < 4; key++) {
		fprintf(file, "{\"key\":%d,\"value\":\"0x", key);
		for (int i = 0; i < 65536; i++)
			fputs(key % 2 ? "7f" : "00", file);
		fputs("\"}\n", file);
	}
	return file ? fclose(file) : -1;
}

static void dump_each(char *map, char *how, char *format)
{
	char fill[64];
	char *argv[] = {"bpftrek", "--on", engine,   how,  "map",      "dump", map,
			"--load",  object, "--fill", fill, "--format", format, NULL};

	snprintf(fill, sizeof(fill), "%s=%s", map, strcmp(map, "large") ? rows : many_rows);
	element_end = strcmp(format, "json") ? "\n" : "}";
	if (!strcmp(format, "raw"))
		element_end = "";
	options = (struct options){0};
	in_the_middle = 0;
	assert_int_equal(command_run(&bpftrek_command, sizeof(argv) / sizeof(argv[0]) - 1, argv),
			 0);
}

static void test_array(void **state)
{
	in_order = true;
	dump_each("growing", "--json", "json");
	assert_true(in_the_middle > 0);
	dump_each("growing", "--pretty", "json");
	assert_true(in_the_middle > 0);
	dump_each("growing", "--json", "jsonl");
	assert_true(in_the_middle > 0);
	/* These are formatted before any is written, for their widths. */
	dump_each("growing", "--json", "table");
	dump_each("growing", "--json", "csv");
	dump_each("growing", "--json", "raw");
}

static void test_hash(void **state)
{
	in_order = false;
	dump_each("blocks", "--json", "json");
	dump_each("blocks", "--json", "csv");
}

/* Which one of them has what memory there is, is theirs. */
static void test_two_threads(void **state)
{
	in_order = false;
	dump_each("large", "--json", "json");
}

/* --- Where they go: files in memory ----------------------------------------------------------- */

static int before[2];

static int begin(void **state)
{
	for (int i = 0; i < 2; i++) {
		before[i] = dup(1 + i);
		dup2(memfd_create("written", MFD_CLOEXEC), 1 + i);
	}
	return 0;
}

static int end(void **state)
{
	size_t size;
	char *said = written(STDERR_FILENO, &size);

	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(before[i], 1 + i);
		close(before[i]);
	}
	/* Among it is what cmocka says of a test that failed. */
	fwrite(said, 1, size, stderr);
	free(said);
	return 0;
}

static void test_missing(void **state)
{
	skip_because("this user may not use the kernel");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_array, begin, end),
		cmocka_unit_test_setup_teardown(test_hash, begin, end),
		cmocka_unit_test_setup_teardown(test_two_threads, begin, end),
	};
	static const struct CMUnitTest without[] = {cmocka_unit_test(test_missing)};
	int failures;

	engine = argc > 1 ? argv[1] : "embedded";
	if (engine_start_on(engine))
		return cmocka_run_group_tests_name("dump_no_memory", without, NULL, NULL);
	engine_stop();
	snprintf(object, sizeof(object), "%s/dumped.bpf.o", getenv("TEST_OBJECTS"));
	if (write_rows() || write_many_rows())
		return 1;
	failures = cmocka_run_group_tests_name("dump_no_memory", tests, NULL, NULL);
	unlink(rows);
	unlink(many_rows);
	return failures;
}
