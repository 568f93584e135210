/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The rule about programs that are not known, and the list of those that are. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/allow.h"
#include "world.h"

static void unknown_programs(void **state)
{
	uint64_t tags[] = {0x0102030405060708, 0xfffffffffffffffe};
	struct allow_list list = {.tags = tags, .nr = 2};
	struct world w;

	world_begin(&w);
	memcpy(add_program(&w, 7, BPF_PROG_TYPE_XDP, 1)->tag, "\1\2\3\4\5\6\7\10", 8);
	memcpy(add_program(&w, 8, BPF_PROG_TYPE_XDP, 1)->tag, "\1\2\3\4\5\6\7\11", 8);
	run(&w, &unknown_program_rule);
	assert_int_equal(w.audit.nr_findings, 0);
	assert_non_null(strstr(rule_not_checked(&w.audit, &unknown_program_rule), "--allow"));
	w.audit.allow = &list;
	run(&w, &unknown_program_rule);
	assert_non_null(
		strstr(only_finding(&w, OBJECT_PROGRAM, 8, HIGH)->text, "0102030405060709"));
	list.nr = 0;
	run(&w, &unknown_program_rule);
	assert_int_equal(w.audit.nr_findings, 2);
	world_end(&w);
}

static int read_list(struct allow_list *list, const char *text, size_t len)
{
	char path[] = "/tmp/audit-XXXXXX";
	int fd = mkstemp(path), status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	*said = '\0';
	*list = (struct allow_list){0};
	status = allow_list_read(list, path);
	unlink(path);
	return status;
}

static void lists_of_programs(void **state)
{
	static const struct {
		const char *text;
		size_t len, tags;
		const char *said; /* NULL: it is a good one */
	} cases[] = {
#define TEXT(text) text, sizeof(text) - 1
		{TEXT(""), 0, NULL},
		{TEXT("# none\n\n   \n"), 0, NULL},
		{TEXT("0102030405060708"), 1, NULL},
		{TEXT("0102030405060708 name\r\n \tABCDEF0123456789\tx # y\n"), 2, NULL},
		{TEXT("0102030405060708#x\n0102030405060708\n"), 2, NULL},
		{TEXT("\n010203040506070\n"), 0, "line 2: '010203040506070'"},
		{TEXT("01020304050607080\n"), 0, "line 1: "},
		{TEXT("0x02030405060708\n"), 0, "line 1: "},
		{TEXT("0102030405060708,x\n"), 0, "line 1: "},
		{TEXT("0102030405060708 a\0b\n"), 0, "line 1: "},
		{TEXT("\0\n"), 0, "line 1: "},
		{TEXT("\xff\xfe\n"), 0, "line 1: "},
#undef TEXT
	};
	const uint8_t tag[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static char line[1 << 20];
	struct allow_list list;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(read_list(&list, cases[i].text, cases[i].len), !!cases[i].said);
		if (cases[i].said)
			assert_non_null(strstr(said, cases[i].said));
		else
			assert_int_equal(list.nr, cases[i].tags);
		if (cases[i].tags)
			assert_true(allow_list_has(&list, tag));
		allow_list_free(&list);
	}
	memset(line, '#', sizeof(line));
	assert_int_equal(read_list(&list, line, sizeof(line)), 1);
	assert_non_null(strstr(said, "longer than"));
	allow_list_free(&list);
	list = (struct allow_list){0};
	assert_int_equal(allow_list_read(&list, "/tmp"), 1);
	assert_non_null(strstr(said, "directory"));
	allow_list_free(&list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_programs),
		cmocka_unit_test(lists_of_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
