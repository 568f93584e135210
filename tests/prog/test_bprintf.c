/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The printf of BPF. Each format of the table, and some hundred random ones, is printed here in
 * each way that there is, and by the kernel's bpf_snprintf, and must give the same bytes or the
 * same error. What the table expects is written in it, too: that part needs no kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nofault.h"
#include "insn.h"
#include "kernel.h"
#include "prog/bprintf.h"
#include "test.h"

/*
 * What both sides print from: arguments, room for the output, and bytes that pointers point to. In
 * the kernel it is the value of a map, here a variable with the same contents.
 */
#define OUT_SIZE 1536
#define MEM_SIZE 2048
struct area {
	u64 args[MAX_BPRINTF_VARARGS];
	char out[OUT_SIZE];
	char mem[MEM_SIZE];
};

/* Offsets in mem. */
#define M_EMPTY 0
#define M_HELLO 8
#define M_HIGH 24
#define M_IP 40
#define M_LONG 64     /* 600 bytes */
#define M_HALF 704    /* 300 bytes */
#define M_NEARLY 1024 /* 503 bytes */

static struct area area;
static char formats[1 << 16];

static void fill_mem(char *mem)
{
	static const unsigned char ip[16] = {0x20, 0x01, 0x0d, 0xb8, 0,	  1,   0,   10,
					     0xff, 0xfe, 7,    0,    100, 200, 255, 0};

	strcpy(mem + M_HELLO, "hello");
	strcpy(mem + M_HIGH, "a\x01\xff\tz%d");
	memcpy(mem + M_IP, ip, sizeof(ip));
	memset(mem + M_LONG, 'L', 600);
	memset(mem + M_HALF, 'h', 300);
	memset(mem + M_NEARLY, 'n', 503);
}

/* An argument: a number, or P(offset): the address of a byte of mem. */
#define POINTER_TAG 0xbeef000000000000
#define P(offset) (POINTER_TAG | (offset))
static bool is_pointer(u64 arg)
{
	return arg >> 48 == POINTER_TAG >> 48;
}

struct print_case {
	const char *fmt;
	u32 nr_args;
	u64 args[MAX_BPRINTF_VARARGS];
	u32 size;	  /* of the output; 0: 1024 */
	const char *want; /* NULL: not stated */
	int err;
};

#define ARGS(...)                                                                                  \
	sizeof((u64[]){__VA_ARGS__}) / 8,                                                          \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define NONE                                                                                       \
	0,                                                                                         \
	{                                                                                          \
		0                                                                                  \
	}

static const struct print_case cases[] = {
	{"", NONE, 0, ""},
	{"plain text\t\n", NONE, 0, "plain text\t\n"},
	{"100%%", NONE, 0, "100%"},
	{"%%%%a%%", NONE, 0, "%%a%"},
	{"%d", ARGS(-5), 0, "-5"},
	{"%d", ARGS(0xffffffff80000000), 0, "-2147483648"},
	{"%i", ARGS(0x1ffffffff), 0, "-1"},
	{"%u", ARGS(-1), 0, "4294967295"},
	{"%x %X", ARGS(0xdeadbeef, 0xdeadbeef), 0, "deadbeef DEADBEEF"},
	{"%ld %lld", ARGS(-7, 1ull << 63), 0, "-7 -9223372036854775808"},
	{"%lu %llu", ARGS(-1, 1), 0, "18446744073709551615 1"},
	{"%lx %llX", ARGS(-1, 0xabcdef0123), 0, "ffffffffffffffff ABCDEF0123"},
	{"%u: %llu\n", ARGS(17, 12345678901), 0, "17: 12345678901\n"},
	{"%5d|%-5d|%05d|%+d|% d", ARGS(42, 42, 42, 42, 42), 0, "   42|42   |00042|+42| 42"},
	{"%5d|%-5d|%05d|%+5d|% 5d", ARGS(-42, -42, -42, -42, -42), 0,
	 "  -42|-42  |-0042|  -42|  -42"},
	{"%+u|% u|%+x|%-05d|%+05d|%- 5d|", ARGS(1, 2, 3, 4, 5, 6), 0, "1|2|3|4    |+0005| 6   |"},
	{"%0+5d|%+05u|%0 5d|%-+5d|%+ d", ARGS(1, 2, 3, 4, 5), 0, "+0001|00002| 0003|+4   |+5"},
	{"%020llu|%-20llx|%3llu", ARGS(9, 0xab, 123456), 0,
	 "00000000000000000009|ab                  |123456"},
	{"%0%", ARGS(1), 0, NULL, -EINVAL},
	{"%c%c%c", ARGS('a', 'b' + 256, 'c'), 0, "abc"},
	{"%3c|%-3c|%03c", ARGS('a', 'b', 'c'), 0, "  a|b  |  c"},
	{"%cx", ARGS('a'), 0, "ax"},
	{"%s", ARGS(P(M_HELLO)), 0, "hello"},
	{"[%s]", ARGS(P(M_EMPTY)), 0, "[]"},
	{"[%s]", ARGS(0), 0, "[]"},
	{"[%s]", ARGS(P(M_HIGH)), 0, "[a\x01\xff\tz%d]"},
	{"%8s|%-8s|%08s|%2s", ARGS(P(M_HELLO), P(M_HELLO), P(M_HELLO), P(M_HELLO)), 0,
	 "   hello|hello   |   hello|hello"},
	{"%s.%s,%s", ARGS(P(M_HELLO), P(M_HELLO), P(M_HELLO)), 0, "hello.hello,hello"},
	{"%sx", ARGS(P(M_HELLO)), 0, NULL, -EINVAL},
	{"%s1", ARGS(P(M_HELLO)), 0, NULL, -EINVAL},
	{"%s%d", ARGS(P(M_HELLO), 3), 0, "hello3"},
	{"%s", ARGS(P(M_LONG)), 1024, NULL},
	{"%s%s", ARGS(P(M_LONG), P(M_HELLO)), 1024, NULL, -ENOSPC},
	{"%s%d", ARGS(P(M_LONG), 1), 1024, NULL, -ENOSPC},
	{"%s%c", ARGS(P(M_LONG), 1), 1024, NULL, -ENOSPC},
	{"%s%pI4", ARGS(P(M_LONG), P(M_IP)), 1024, NULL, -ENOSPC},
	{"%s%s", ARGS(P(M_HALF), P(M_HALF)), 1024, NULL},
	{"%s%d", ARGS(P(M_NEARLY), 1), 1024, NULL},
	{"%s%d%d", ARGS(P(M_NEARLY), 1, 2), 1024, NULL},
	{"%s%d%d%d", ARGS(P(M_NEARLY), 1, 2, 3), 1024, NULL, -ENOSPC},
	{"%s%lld", ARGS(P(M_NEARLY), 1), 1024, NULL},
	{"%s%c%lld", ARGS(P(M_NEARLY), 'c', 1), 1024, NULL, -ENOSPC},
	{"%s%pI4", ARGS(P(M_NEARLY), P(M_IP)), 1024, NULL},
	{"%s%pI6", ARGS(P(M_NEARLY), P(M_IP)), 1024, NULL, -ENOSPC},
	{"%pks|%pks", ARGS(P(M_HELLO), 0), 0, "hello|"},
	{"%10pks|%-10pks|", ARGS(P(M_HELLO), P(M_HELLO)), 0, "hello|hello|"},
	{"%pus", ARGS(0), 0, ""},
	{"%pksx", ARGS(P(M_HELLO)), 0, NULL, -EINVAL},
	{"%pk", ARGS(P(M_HELLO)), 0, NULL, -EINVAL},
	{"%pu", ARGS(P(M_HELLO)), 0, NULL, -EINVAL},
	{"%px", ARGS(0x1234), 0, "0000000000001234"},
	{"%px", ARGS(0), 0, "0000000000000000"},
	{"%20px|%-20px|%020px|%3px", ARGS(0x1234, 0x1234, 0x1234, 0x1234), 0,
	 "                1234|1234                |00000000000000001234|1234"},
	{"%+px|% px|%-px|%0px", ARGS(1, 2, 3, 4), 0, NULL},
	{"%pxyz1 %d", ARGS(1, 2), 0, "0000000000000001 2"},
	{"%p", ARGS(0), 0, NULL},
	{"%p %p", ARGS(-1, -4095), 0, NULL},
	{"%pK|%20pK|%-20pK|", ARGS(0, 0, 0), 0, NULL},
	{"%p,%p", ARGS(0, 0), 0, NULL},
	{"%p%d", ARGS(0, 1), 0, NULL},
	{"%p%", ARGS(0), 0, NULL, -EINVAL},
	{"%p%%", ARGS(0), 0, "0000000000000000%"},
	{"%p%p", ARGS(0, 0), 0, "00000000000000000000000000000000"},
	{"%pK%%", ARGS(0), 0, NULL},
	{"%p\n", ARGS(0), 0, NULL},
	{"%pa", ARGS(0), 0, NULL, -EINVAL},
	{"%p0", ARGS(0), 0, NULL, -EINVAL},
	{"%ps|%pS|%pB", ARGS(0x1234, 0x1234, 0x1234), 0, "0x1234|0x1234|0x1234"},
	{"%20ps|%-20pS|%20pB|", ARGS(0x1234, 0x1234, 0x1234), 0, NULL},
	{"%020ps", ARGS(0x1234), 0, NULL},
	{"%ps", ARGS(0), 0, "0x0"},
	{"%pSR|%psfoo|%pBb", ARGS(1, 2, 3), 0, "0x1|0x2|0x3"},
	{"%pI4 %pi4", ARGS(P(M_IP), P(M_IP)), 0, "32.1.13.184 032.001.013.184"},
	{"%pI6", ARGS(P(M_IP)), 0, "2001:0db8:0001:000a:fffe:0700:64c8:ff00"},
	{"%pi6", ARGS(P(M_IP)), 0, "20010db80001000afffe070064c8ff00"},
	{"%pI6c|%pI4x", ARGS(P(M_IP), P(M_IP)), 0,
	 "2001:0db8:0001:000a:fffe:0700:64c8:ff00|32.1.13.184"},
	{"%20pI4|%-20pi4|", ARGS(P(M_IP), P(M_IP)), 0, "32.1.13.184|032.001.013.184|"},
	{"%pI4", ARGS(0), 0, "0.0.0.0"},
	{"%pi6", ARGS(0), 0, "00000000000000000000000000000000"},
	{"%pI5", ARGS(0), 0, NULL, -EINVAL},
	{"%pI", ARGS(0), 0, NULL, -EINVAL},
	{"%pM", ARGS(0), 0, NULL, -EINVAL},
	{"%d%d%d%d%d%d%d%d%d%d%d%d", ARGS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 0,
	 "123456789101112"},
	{"%d", NONE, 0, NULL, -EINVAL},
	{"%d%d", ARGS(1), 0, NULL, -EINVAL},
	{"%d", ARGS(1, 2, 3), 0, "1"},
	{"text", ARGS(1), 0, "text"},
	{"%", ARGS(1), 0, NULL, -EINVAL},
	{"%5", ARGS(1), 0, NULL, -EINVAL},
	{"%l", ARGS(1), 0, NULL, -EINVAL},
	{"%llld", ARGS(1), 0, NULL, -EINVAL},
	{"%hd", ARGS(1), 0, NULL, -EINVAL},
	{"%hhu", ARGS(1), 0, NULL, -EINVAL},
	{"%zu", ARGS(1), 0, NULL, -EINVAL},
	{"%jd", ARGS(1), 0, NULL, -EINVAL},
	{"%o", ARGS(1), 0, NULL, -EINVAL},
	{"%#x", ARGS(1), 0, NULL, -EINVAL},
	{"%.3d", ARGS(1), 0, NULL, -EINVAL},
	{"%*d", ARGS(1, 2), 0, NULL, -EINVAL},
	{"%f", ARGS(1), 0, NULL, -EINVAL},
	{"%n", ARGS(1), 0, NULL, -EINVAL},
	{"%1$d", ARGS(1), 0, NULL, -EINVAL},
	{"%ls", ARGS(0), 0, NULL, -EINVAL},
	{"%lc", ARGS(0), 0, NULL, -EINVAL},
	{"%S", ARGS(0), 0, NULL, -EINVAL},
	{"bell\a", NONE, 0, NULL, -EINVAL},
	{"\x01", NONE, 0, NULL, -EINVAL},
	{"\x7f", NONE, 0, NULL, -EINVAL},
	{"\v\f\r", NONE, 0, "\v\f\r"},
	{"caf\xc3\xa9 %d", ARGS(1), 0, "caf\xc3\xa9 1"},
	{"%s\xa0", ARGS(0), 0, "\xa0"},
	{"%s\xc3", ARGS(0), 0, NULL, -EINVAL},
	{"%p\x80", ARGS(0), 0, NULL, -EINVAL},
	{"%px\xc3\xd7", ARGS(0), 0, "0000000000000000\xd7"},
	{"%px\xc3\xa9\xd7", ARGS(0), 0, "0000000000000000\xa9\xd7"},
	{"%d\xc3", ARGS(1), 0, "1\xc3"},
	{"truncated", NONE, 1, ""},
	{"truncated", NONE, 4, "tru"},
	{"truncated", NONE, 9, "truncate"},
	{"truncated", NONE, 10, "truncated"},
	{"%d%s%8d", ARGS(123, P(M_HELLO), 5), 6, "123he"},
	{"%px%lld", ARGS(1, 2), 3, "00"},
	{"%-10d|", ARGS(1), 5, "1   "},
	{"%4294967301d|%4294967295d|%4294967295px", ARGS(1, 2, 3), 0, "    1|2|0000000000000003"},
	{"%1000d", ARGS(1), 16, "               "},
	{"%5000d", ARGS(1), 16, "               "},
};

static u32 case_size(const struct print_case *c)
{
	return c->size ? c->size : 1024;
}

static u64 local_arg(u64 arg)
{
	return is_pointer(arg) ? (u64)(uintptr_t)(area.mem + (arg & 0xffff)) : arg;
}

static struct bpf_format *new_format(const char *fmt)
{
	char *copy = strdup(fmt);
	struct bpf_format *format = bpf_format_new(copy, strlen(fmt) + 1);

	/* It has no use for the text any longer. */
	memset(copy, '%', strlen(fmt));
	free(copy);
	assert_non_null(format);
	return format;
}

/* To where there is as much room as in a session's buffer; it must be what @len and area.out are.
 */
static void print_over(const struct print_case *c, const struct bpf_format *format, long len)
{
	static char buf[32768];
	long over;

	memset(buf, 0x55, sizeof(buf));
	over = bpf_format_print_over(format, buf, sizeof(buf), area.args, c->nr_args);
	if (over != len)
		fail_msg("\"%s\" over the buffer: %ld, not %ld", c->fmt, over, len);
	if (len < 0)
		return;
	for (size_t i = 0; i < min_of((size_t)len, (size_t)case_size(c) - 1); i++)
		if (buf[i] != area.out[i])
			fail_msg("\"%s\" over the buffer: \"%.200s\", not \"%.200s\"", c->fmt, buf,
				 area.out);
	/* Where the room is just not there, it is left alone. */
	memset(buf, 0x55, sizeof(buf));
	over = bpf_format_print_over(format, buf, case_size(c), area.args, c->nr_args);
	assert_int_equal(over, len);
	assert_memory_equal(buf, area.out, min_of((size_t)len, (size_t)case_size(c) - 1));
	for (size_t i = case_size(c); i < OUT_SIZE; i++)
		assert_int_equal(buf[i], 0x55);
}

/* As bpf_snprintf: the length with the NUL. */
static long print_here(const struct print_case *c)
{
	struct bpf_format *format = new_format(c->fmt);
	static char out[OUT_SIZE];
	long len, again;

	memset(area.out, 0x55, sizeof(area.out));
	for (u32 i = 0; i < c->nr_args; i++)
		area.args[i] = local_arg(c->args[i]);
	len = bpf_bprintf(area.out, case_size(c), c->fmt, strlen(c->fmt) + 1, area.args,
			  c->nr_args);
	memset(out, 0x55, sizeof(out));
	again = bpf_format_print(format, out, case_size(c), area.args, c->nr_args);
	if (again != len || memcmp(out, area.out, sizeof(out)))
		fail_msg("\"%s\" parsed before: %ld \"%.200s\", not %ld \"%.200s\"", c->fmt, again,
			 out, len, area.out);
	print_over(c, format, len);
	free(format);
	return len < 0 ? len : len + 1;
}

static void test_table(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct print_case *c = &cases[i];
		long ret = print_here(c);

		if (c->err && ret != c->err)
			fail_msg("\"%s\": %ld, not %d", c->fmt, ret, c->err);
		if (!c->err && ret < 0)
			fail_msg("\"%s\": %ld", c->fmt, ret);
		if (c->want && strcmp(area.out, c->want))
			fail_msg("\"%s\" prints \"%s\", not \"%s\"", c->fmt, area.out, c->want);
		if (c->err == -EINVAL || !c->err)
			assert_int_equal(bpf_bprintf_check(c->fmt, strlen(c->fmt) + 1, c->nr_args),
					 c->err);
	}
}

static void test_no_nul(void **state)
{
	assert_int_equal(bpf_bprintf_check("abc", 3, 0), -EINVAL);
	assert_int_equal(bpf_bprintf_check("abc", 4, 0), 0);
	assert_int_equal(bpf_bprintf_check("", 0, 0), -EINVAL);
	/* What is behind the first NUL is no part of the format. */
	assert_int_equal(bpf_bprintf_check("abc\0%y", 7, 0), 0);
}

static void test_too_many_args(void **state)
{
	u64 args[MAX_BPRINTF_VARARGS + 1] = {0};
	char buf[8] = "same";

	struct bpf_format *format = new_format("x");

	assert_int_equal(bpf_bprintf(buf, 8, "x", 2, args, MAX_BPRINTF_VARARGS + 1), -EINVAL);
	assert_int_equal(bpf_format_print(format, buf, 8, args, MAX_BPRINTF_VARARGS + 1), -EINVAL);
	assert_int_equal(bpf_format_print_over(format, buf, 8, args, MAX_BPRINTF_VARARGS + 1),
			 -EINVAL);
	free(format);
	assert_string_equal(buf, "same");
}

/* What is printed may lie where it is printed to, and so may the arguments of bpf_format_print().
 */
static void test_prints_its_output(void **state)
{
	static const char *const fmts[] = {"%s, %s %d", "%8s|%s %d", "%pI4 %pI6 %d", "%pks%s %d"};
	static char buf[8192], want[8192];

	for (size_t i = 0; i < ARRAY_SIZE(fmts); i++) {
		struct bpf_format *format = new_format(fmts[i]);

		for (int at = 0; at < 1200; at += 7) {
			const u64 args[] = {(u64)(uintptr_t)buf + 100 + at,
					    (u64)(uintptr_t)buf + at, 7};
			long len, want_len;

			for (size_t k = 0; k < sizeof(buf); k++)
				buf[k] = want[k] = k % 131 ? 'a' + k % 17 : 0;
			want_len = bpf_bprintf(want + 600, 4096, fmts[i], strlen(fmts[i]) + 1, args,
					       3);
			len = bpf_format_print_over(format, buf + 600, 4096, args, 3);
			assert_int_equal(len, want_len);
			assert_memory_equal(buf + 600, want + 600, len);
		}
		free(format);
	}
	for (int at = 0; at < 40; at++) {
		struct bpf_format *format = new_format("%d %lld %lld");
		u64 args[3] = {-1, 123456789, 1000000007};

		memset(buf, 0, sizeof(buf));
		memcpy(buf + at, args, sizeof(args));
		bpf_format_print(format, buf + 16, 100, (const u64 *)(buf + at), 3);
		assert_string_equal(buf + 16, "-1 123456789 1000000007");
		free(format);
	}
}

/* Every length of a number, and the numbers where it changes. */
static void test_digits(void **state)
{
	static const char *const fmts[] = {"%u", "%lu", "%d", "%ld", "%x", "%lx", "%X"};
	char buf[128], want[128];

	for (size_t f = 0; f < ARRAY_SIZE(fmts); f++) {
		struct bpf_format *format = new_format(fmts[f]);

		for (u32 k = 0; k < 3 * 20 + 3 * 64 + 20000; k++) {
			u64 v = k - 3 * 20 - 3 * 64, power = 1;
			long len;

			if (k < 3 * 20)
				for (u32 i = 0; i < k / 3; i++)
					power *= 10;
			else if (k < 3 * 20 + 3 * 64)
				power = 1ull << (k - 3 * 20) / 3;
			if (k < 3 * 20 + 3 * 64)
				v = power + k % 3 - 1;
			else if (k % 2)
				v = v * 0x9e3779b97f4a7c15 >> k % 64;
			len = bpf_format_print_over(format, buf, sizeof(buf), &v, 1);
			buf[len] = 0;
			snprintf(want, sizeof(want), fmts[f], v);
			assert_string_equal(buf, want);
		}
		free(format);
	}
}

/* An error leaves the output as it was, also where some of it could have been printed. */
static void test_error_prints_nothing(void **state)
{
	const u64 args[2] = {(u64)(uintptr_t)(area.mem + M_LONG), 1};
	char buf[8] = "same";

	assert_int_equal(bpf_bprintf(buf, 8, "a%s%d", 6, args, 2), -ENOSPC);
	assert_string_equal(buf, "same");
	assert_int_equal(bpf_bprintf(buf, 8, "a%d%y", 6, args, 2), -EINVAL);
	assert_string_equal(buf, "same");
}

static void test_no_room(void **state)
{
	const u64 arg = 12345;

	assert_int_equal(bpf_bprintf(NULL, 0, "%d", 3, &arg, 1), 5);
	/* Linux has this width, too, and warns of it: it is not asked. */
	assert_int_equal(bpf_bprintf(NULL, 0, "%99999999999d", 14, &arg, 1), 8388607);
}

static void test_bad_pointers(void **state)
{
	static const u64 bad[] = {0,  1,  4095,		 0x8000000000000000, 0xdead000000000000,
				  -1, -8, 0x7ffffffff000};
	char buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const u64 args[] = {bad[i], bad[i], bad[i]};

		bpf_bprintf(buf, sizeof(buf), "[%s|%pks|%pI4]", 15, args, 3);
		assert_string_equal(buf, "[||0.0.0.0]");
	}
}

/* %p: Linux's shape, the same for the same address, another for another, and not the address. */
static void test_hashed_pointers(void **state)
{
	const u64 a[2] = {0xffff888012345678, 0xffff888012345678};
	const u64 b[2] = {0xffff888012345680, 0xffff888012345678};
	char buf[64], other[64];

	assert_int_equal(bpf_bprintf(buf, sizeof(buf), "%p %pK", 7, a, 2), 33);
	assert_memory_equal(buf, buf + 17, 16);
	assert_memory_equal(buf, "00000000", 8);
	assert_null(strstr(buf, "12345678"));
	assert_int_equal(bpf_bprintf(other, sizeof(other), "%p %pK", 7, b, 2), 33);
	assert_memory_not_equal(other, buf, 16);
	assert_string_equal(other + 16, buf + 16);
}

/* --- against the kernel ------------------------------------------------------------------- */

static int area_fd = -1, formats_fd = -1;

#define INSNS_MAX 128
struct insns {
	struct bpf_insn insn[INSNS_MAX];
	size_t nr;
};

static void emit(struct insns *p, struct bpf_insn insn)
{
	assert_true(p->nr < INSNS_MAX);
	p->insn[p->nr++] = insn;
}

static void emit_ld64(struct insns *p, int reg, int src, u32 lo, u32 hi)
{
	const struct bpf_insn pair[] = {LD64_SRC(reg, src, lo, hi)};

	emit(p, pair[0]);
	emit(p, pair[1]);
}

/* bpf_snprintf(area.out, size, formats + fmt_off, area.args, nr * 8); the program's fd, -errno. */
static int load_printer(const struct print_case *c, u32 fmt_off)
{
	struct insns p = {.nr = 0};

	emit_ld64(&p, R6, BPF_PSEUDO_MAP_VALUE, area_fd, offsetof(struct area, args));
	for (u32 i = 0; i < c->nr_args; i++) {
		u64 arg = c->args[i];

		if (is_pointer(arg))
			emit_ld64(&p, R1, BPF_PSEUDO_MAP_VALUE, area_fd,
				  offsetof(struct area, mem) + (arg & 0xffff));
		else
			emit_ld64(&p, R1, 0, arg, arg >> 32);
		emit(&p, STX(DW, R6, i * 8, R1));
	}
	emit_ld64(&p, R1, BPF_PSEUDO_MAP_VALUE, area_fd, offsetof(struct area, out));
	emit(&p, MOV(R2, case_size(c)));
	emit_ld64(&p, R3, BPF_PSEUDO_MAP_VALUE, formats_fd, fmt_off);
	emit(&p, MOVR(R4, R6));
	emit(&p, MOV(R5, c->nr_args * 8));
	emit(&p, CALL(BPF_FUNC_snprintf));
	emit(&p, EXIT);
	return kernel_load(p.insn, p.nr, NULL);
}

/* What the kernel's bpf_snprintf gives; its output in @out. */
static long print_in_kernel(const struct print_case *c, u32 fmt_off, struct area *out)
{
	__u32 ret;
	int fd, err;

	memset(out->out, 0x55, sizeof(out->out));
	assert_int_equal(kernel_array_set(area_fd, out), 0);
	fd = load_printer(c, fmt_off);
	if (fd < 0)
		return fd;
	err = kernel_run(fd, &ret);
	close(fd);
	assert_int_equal(err, 0);
	assert_int_equal(kernel_array_get(area_fd, out), 0);
	return (s32)ret;
}

static void compare(const struct print_case *c, u32 fmt_off)
{
	static struct area kernel;
	long theirs, ours;

	fill_mem(kernel.mem);
	theirs = print_in_kernel(c, fmt_off, &kernel);
	ours = print_here(c);
	if (theirs != ours)
		fail_msg("\"%s\" in %u: kernel %ld \"%.60s\", here %ld \"%.60s\"", c->fmt,
			 case_size(c), theirs, kernel.out, ours, area.out);
	if (memcmp(kernel.out, area.out, OUT_SIZE))
		fail_msg("\"%s\" in %u: kernel \"%.200s\", here \"%.200s\"", c->fmt, case_size(c),
			 kernel.out, area.out);
}

static int open_formats(void)
{
	formats_fd = kernel_array(sizeof(formats), BPF_F_RDONLY_PROG, formats);
	if (formats_fd < 0)
		return formats_fd;
	return kernel_map_freeze(formats_fd);
}

static void close_formats(void)
{
	close(formats_fd);
	formats_fd = -1;
}

static void test_table_kernel(void **state)
{
	u32 offs[ARRAY_SIZE(cases)], used = 0;

	if (area_fd < 0)
		skip_because("%s", kernel_unusable_reason());
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		offs[i] = used;
		strcpy(formats + used, cases[i].fmt);
		used += strlen(cases[i].fmt) + 1;
	}
	assert_int_equal(open_formats(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		compare(&cases[i], offs[i]);
	close_formats();
}

/* The kernel's %p, which cannot be compared byte by byte, has the shape of ours. */
static void test_hashed_kernel(void **state)
{
	const struct print_case c = {"%p|%pK|%20p|%-20p|", ARGS(0x123456, 0x123456, 7, 7)};
	static struct area kernel;
	long theirs;

	if (area_fd < 0)
		skip_because("%s", kernel_unusable_reason());
	memset(formats, 0, sizeof(formats));
	strcpy(formats, c.fmt);
	assert_int_equal(open_formats(), 0);
	theirs = print_in_kernel(&c, 0, &kernel);
	close_formats();
	assert_int_equal(theirs, print_here(&c));
	for (int i = 0; c.fmt && i < theirs - 1; i++) {
		bool hex = strchr("0123456789abcdef", kernel.out[i]) != NULL;

		/* The first of the 16 digits are zeroes; how many digits follow, the hash says. */
		if (i < 34 ? !hex || i % 17 < 8 : false)
			assert_int_equal(kernel.out[i], area.out[i]);
	}
}

static int setup(void **state)
{
	if (nofault_init())
		return -1;
	fill_mem(area.mem);
	if (kernel_usable())
		area_fd = kernel_array(sizeof(struct area), 0, &area);
	return 0;
}

static int teardown(void **state)
{
	if (area_fd >= 0)
		close(area_fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_nul),
		cmocka_unit_test(test_too_many_args),
		cmocka_unit_test(test_error_prints_nothing),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_bad_pointers),
		cmocka_unit_test(test_prints_its_output),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_hashed_pointers),
		cmocka_unit_test(test_table_kernel),
		cmocka_unit_test(test_hashed_kernel),
	};

	return cmocka_run_group_tests_name("bprintf", tests, setup, teardown);
}
