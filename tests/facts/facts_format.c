/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Formats of bpf_snprintf and bpf_seq_printf: a call may always have the same one, which cannot
 * change, or others on other paths, or one that nobody knows before. What is printed depends on the
 * one that it has when it runs.
 */
#include "facts.h"

#define RO_SIZE 256
#define OUT_SIZE 64

/* Where formats begin in the map of make_formats(). */
enum { FMT_PAIR = 0, FMT_HEX = 32, FMT_ONE = 64, FMT_BAD = 96, FMT_TEXT = 128 };

static int make_formats(void)
{
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, RO_SIZE, 1, BPF_F_RDONLY_PROG);
	char formats[RO_SIZE] = "";
	const __u32 key = 0;

	strcpy(formats + FMT_PAIR, "%u: %llu\n");
	strcpy(formats + FMT_HEX, "%x,%llx;");
	strcpy(formats + FMT_ONE, "%d|");
	strcpy(formats + FMT_BAD, "a%d%y");
	strcpy(formats + FMT_TEXT, "100%%");
	assert_int_equal(map_update(map, &key, formats, 0), 0);
	assert_int_equal(map_freeze(map), 0);
	return map;
}

/* --- bpf_snprintf ----------------------------------------------------------------------------- */

/* Which of two formats, by what is in the map @which when it runs. */
static void emit_choose(struct code *code, int formats, int which, int first, int second)
{
	EMIT(code, LD_MAP_VALUE(1, which, 0), LDX_MEM(W, 6, 1, 0), LD_MAP_VALUE(3, formats, first),
	     JMP_IMM(BPF_JEQ, 6, 0, 2), LD_MAP_VALUE(3, formats, second));
}

/* bpf_snprintf(value of @out, OUT_SIZE, R3, {42, -7}, 16) */
static void emit_snprintf(struct code *code, int out)
{
	EMIT(code, ST_MEM(DW, 10, -16, 42), ST_MEM(DW, 10, -8, -7), LD_MAP_VALUE(1, out, 0),
	     MOV64_IMM(2, OUT_SIZE), MOV64_REG(4, 10), ALU64_IMM(BPF_ADD, 4, -16), MOV64_IMM(5, 16),
	     CALL(BPF_FUNC_snprintf));
}

static void prints(int prog, int out, const char *want)
{
	char got[OUT_SIZE] = "";
	unsigned int ret = 0;
	const __u32 key = 0;

	if (prog < 0)
		fail_msg("%s\n%s", strerror(-prog), load_log);
	assert_int_equal(map_update(out, &key, got, 0), 0);
	assert_int_equal(E->run(prog, &ret), 0);
	assert_int_equal(map_lookup(out, &key, got), 0);
	assert_string_equal(got, want);
	assert_int_equal(ret, strlen(want) + 1);
}

static void one_format(void **state)
{
	int formats = make_formats(), out = map_new(BPF_MAP_TYPE_ARRAY, 4, OUT_SIZE, 1, 0);
	struct code code = {.n = 0};

	EMIT(&code, LD_MAP_VALUE(3, formats, FMT_PAIR));
	emit_snprintf(&code, out);
	EMIT(&code, EXIT());
	prints(load(BPF_PROG_TYPE_SOCKET_FILTER, &code), out, "42: 18446744073709551609\n");
}

/* The map with the format may be gone by then. */
static void format_outlives_its_map(void **state)
{
	int formats = make_formats(), out = map_new(BPF_MAP_TYPE_ARRAY, 4, OUT_SIZE, 1, 0), prog;
	struct code code = {.n = 0};

	EMIT(&code, LD_MAP_VALUE(3, formats, FMT_HEX));
	emit_snprintf(&code, out);
	EMIT(&code, EXIT());
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	end(formats);
	prints(prog, out, "2a,fffffffffffffff9;");
}

static void two_formats(void **state)
{
	int formats = make_formats(), out = map_new(BPF_MAP_TYPE_ARRAY, 4, OUT_SIZE, 1, 0);
	int which = map_new(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), prog;
	const __u32 key = 0, one = 1;
	struct code code = {.n = 0};

	emit_choose(&code, formats, which, FMT_PAIR, FMT_HEX);
	emit_snprintf(&code, out);
	EMIT(&code, EXIT());
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	prints(prog, out, "42: 18446744073709551609\n");
	assert_int_equal(map_update(which, &key, &one, 0), 0);
	prints(prog, out, "2a,fffffffffffffff9;");
}

/* Several calls, one of them dead, one in a function. */
static void calls_in_functions(void **state)
{
	int formats = make_formats(), out = map_new(BPF_MAP_TYPE_ARRAY, 4, OUT_SIZE, 1, 0);
	struct code code = {.n = 0};
	unsigned int starts[2] = {0}, dead, call;

	EMIT(&code, MOV64_IMM(6, 1), JMP_IMM(BPF_JEQ, 6, 1, 0));
	dead = code.n;
	EMIT(&code, LD_MAP_VALUE(3, formats, FMT_ONE));
	emit_snprintf(&code, out);
	code.insn[dead - 1].off = (short)(code.n - dead);
	EMIT(&code, LD_MAP_VALUE(3, formats, FMT_HEX));
	emit_snprintf(&code, out);
	call = code.n;
	EMIT(&code, CALL_SUBPROG(0), EXIT());
	starts[1] = code.n;
	code.insn[call].imm = (int)(code.n - call - 1);
	EMIT(&code, LD_MAP_VALUE(3, formats, FMT_PAIR));
	emit_snprintf(&code, out);
	EMIT(&code, EXIT());
	prints(load_functions(&code, starts, 2), out, "42: 18446744073709551609\n");
}

/* Arguments where the text goes: it is made of what they were. */
static void arguments_in_the_output(void **state)
{
	int formats = make_formats(), out = map_new(BPF_MAP_TYPE_ARRAY, 4, OUT_SIZE, 1, 0);
	struct code code = {.n = 0};

	EMIT(&code, LD_MAP_VALUE(1, out, 0), ST_MEM(DW, 1, 0, 42), ST_MEM(DW, 1, 8, -7),
	     MOV64_REG(4, 1), MOV64_IMM(2, OUT_SIZE), LD_MAP_VALUE(3, formats, FMT_PAIR),
	     MOV64_IMM(5, 16), CALL(BPF_FUNC_snprintf), EXIT());
	prints(load(BPF_PROG_TYPE_SOCKET_FILTER, &code), out, "42: 18446744073709551609\n");
}

/* The call is shown as it was given. */
static void how_it_is_shown(void **state)
{
	int formats = make_formats(), out = map_new(BPF_MAP_TYPE_ARRAY, 4, OUT_SIZE, 1, 0), prog;
	struct bpf_prog_info info = {0};
	struct bpf_insn shown[32] = {0};
	__u32 size = sizeof(info);
	struct code code = {.n = 0};

	for (int i = 0; i < 2; i++) {
		EMIT(&code, LD_MAP_VALUE(3, formats, i ? FMT_HEX : FMT_PAIR));
		emit_snprintf(&code, out);
	}
	EMIT(&code, EXIT());
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	info.xlated_prog_len = sizeof(shown);
	info.xlated_prog_insns = PTR(shown);
	assert_int_equal(get_info(prog, &info, &size), 0);
	assert_int_equal(info.xlated_prog_len, code.n * sizeof(shown[0]));
	for (unsigned int i = 0; i < code.n; i++) {
		if (code.insn[i].code != (BPF_JMP | BPF_CALL))
			continue;
		assert_int_equal(shown[i].code, BPF_JMP | BPF_CALL);
		assert_int_equal(shown[i].src_reg, 0);
		assert_int_equal(shown[i].off, 0);
	}
}

/* --- bpf_seq_printf --------------------------------------------------------------------------- */

static char text[256 * 1024];

/* Puts the key, which is in r9, and the value of the element on the stack; then come the format and
 * its size, in r2 and r3. */
static void emit_element_begin(struct code *code)
{
	emit_prologue(code);
	EMIT(code, LDX_MEM(DW, 2, 6, CTX_KEY), LDX_MEM(DW, 3, 6, CTX_VALUE),
	     JMP_IMM(BPF_JNE, 2, 0, 2), MOV64_IMM(0, 0), EXIT(), JMP_IMM(BPF_JNE, 3, 0, 2),
	     MOV64_IMM(0, 0), EXIT(), LDX_MEM(W, 9, 2, 0), LDX_MEM(DW, 3, 3, 0),
	     STX_MEM(DW, 10, 9, -16), STX_MEM(DW, 10, 3, -8));
}

/* Prints them; what the call returns is added to the value of @errors. */
static void emit_element_end(struct code *code, int args_size, int errors)
{
	EMIT(code, MOV64_REG(1, 8), MOV64_REG(4, 10), ALU64_IMM(BPF_ADD, 4, -16),
	     MOV64_IMM(5, args_size), CALL(BPF_FUNC_seq_printf), LD_MAP_VALUE(1, errors, 0),
	     LDX_MEM(DW, 2, 1, 0), ALU64_REG(BPF_ADD, 2, 0), STX_MEM(DW, 1, 2, 0), MOV64_IMM(0, 0),
	     EXIT());
}

static void shows(const struct code *code, int map, const char *want, int errors, __s64 want_error)
{
	const __u32 key = 0;
	__s64 error = 0;
	ssize_t len;

	assert_int_equal(map_update(errors, &key, &error, 0), 0);
	len = read_all(session("bpf_map_elem", code, map), text, sizeof(text));
	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, (size_t)len);
	assert_int_equal(map_lookup(errors, &key, &error), 0);
	assert_int_equal(error, want_error);
}

/* More than a buffer of it. */
static void seq_one_format(void **state)
{
	int formats = make_formats(), map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 9000);
	int errors = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	static char want[sizeof(text)];
	struct code code = {.n = 0};
	size_t len = 0;

	emit_element_begin(&code);
	EMIT(&code, LD_MAP_VALUE(2, formats, FMT_PAIR), MOV64_IMM(3, sizeof("%u: %llu\n")));
	/* The errors of what did not fit, one for each time that the buffer was full, are not
	 * counted. */
	EMIT(&code, MOV64_REG(1, 8), MOV64_REG(4, 10), ALU64_IMM(BPF_ADD, 4, -16), MOV64_IMM(5, 16),
	     CALL(BPF_FUNC_seq_printf), MOV64_IMM(0, 0), EXIT());
	for (int i = 0; i < 9000; i++)
		len += (size_t)snprintf(want + len, sizeof(want) - len, "%d: %d\n", i, 100 + i);
	assert_true(len > 2 * 32768);
	shows(&code, map, want, errors, 0);
}

/* By whether the key is 1: one format or the other, each with its own size. */
static void seq_two_formats(void **state)
{
	static const struct {
		int second, second_size; /* -1: on the stack */
		int args_size;
		const char *want;
		__s64 error;
	} rows[] = {
		{FMT_HEX, sizeof("%x,%llx;"), 16, "0: 100\n1,65;2: 102\n", 0},
		{FMT_PAIR, 3, 16, "0: 100\n2: 102\n", -EINVAL},		/* no end */
		{FMT_PAIR, RO_SIZE, 16, "0: 100\n1: 101\n2: 102\n", 0}, /* and more */
		{FMT_BAD, sizeof("a%d%y"), 16, "0: 100\n2: 102\n", -EINVAL},
		{FMT_TEXT, sizeof("100%%"), 16, "0: 100\n100%2: 102\n", 0},
		{FMT_ONE, sizeof("%d|"), 8, "1|", 2 * -EINVAL},
		{-1, 4, 16, "0: 100\n1!\n2: 102\n", 0},
	};
	int formats = make_formats(), map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3);
	int errors = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct code code = {.n = 0};

		emit_element_begin(&code);
		EMIT(&code, LD_MAP_VALUE(2, formats, FMT_PAIR), MOV64_IMM(3, sizeof("%u: %llu\n")),
		     ST_MEM(DW, 10, -24, 0),
		     ST_MEM(W, 10, -24, '%' | 'u' << 8 | '!' << 16 | '\n' << 24),
		     JMP_IMM(BPF_JNE, 9, 1, 3));
		if (rows[i].second < 0)
			EMIT(&code, MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -24), MOV64_IMM(3, 5));
		else
			EMIT(&code, LD_MAP_VALUE(2, formats, rows[i].second),
			     MOV64_IMM(3, rows[i].second_size));
		emit_element_end(&code, rows[i].args_size, errors);
		shows(&code, map, rows[i].want, errors, rows[i].error);
	}
}

/* One that is not right for its arguments, or not at all, is that when it is printed. */
static void seq_wrong_format(void **state)
{
	int formats = make_formats(), map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3);
	int errors = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);

	for (int i = 0; i < 3; i++) {
		struct code code = {.n = 0};

		emit_element_begin(&code);
		EMIT(&code, LD_MAP_VALUE(2, formats, i == 1 ? FMT_BAD : FMT_PAIR),
		     MOV64_IMM(3, i == 2 ? 4 : 16));
		emit_element_end(&code, i == 0 ? 8 : 16, errors);
		shows(&code, map, "", errors, 3 * -EINVAL);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_format),
	cmocka_unit_test(format_outlives_its_map),
	cmocka_unit_test(two_formats),
	cmocka_unit_test(calls_in_functions),
	cmocka_unit_test(arguments_in_the_output),
	cmocka_unit_test(how_it_is_shown),
	cmocka_unit_test(seq_one_format),
	cmocka_unit_test(seq_two_formats),
	cmocka_unit_test(seq_wrong_format),
};
const struct section format_section = {"format", tests, ARRAY_SIZE(tests)};
