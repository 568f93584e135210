/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf_strtol and bpf_strtoul: what they take of a text, with each base, here and in the kernel. One
 * program there reads the text from the value of an array and leaves its results in it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "insn.h"
#include "kernel.h"
#include "prog/helper.h"
#include "test.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_TEXT 80

struct question {
	char text[MAX_TEXT];
	u64 size, flags;
	s64 taken;
	u64 number;
};

static const struct {
	const char *text;
	u32 size; /* 0: up to the NUL */
} texts[] = {
	{"0"},
	{"7"},
	{"12 rest"},
	{"12", 1},
	{"12\0"
	 "34",
	 5},
	{"", 1},
	{" ", 1},
	{" \t\n\v\f\r 42"},
	{"\xa0"
	 "42"},
	{"\x85"
	 "42"},
	{"-"},
	{"- 1"},
	{"--1"},
	{"+1"},
	{"-0"},
	{"-17"},
	{"x"},
	{"0x"},
	{"0X1f"},
	{"0x1G"},
	{"0xg"},
	{"x1"},
	{"-0x10"},
	{"010"},
	{"08"},
	{"019"},
	{"ff"},
	{"fg"},
	{"9223372036854775807"},
	{"9223372036854775808"},
	{"-9223372036854775808"},
	{"-9223372036854775809"},
	{"18446744073709551615"},
	{"18446744073709551616"},
	{"-18446744073709551615"},
	{"184467440737095516150"},
	{"0xffffffffffffffff"},
	{"0x10000000000000000"},
	{"01777777777777777777777"},
	{"02777777777777777777777"},
	{"0000000000000000000000000000000000000000000000000000000000000005", 64},
	{"00000000000000000000000000000000000000000000000000000000000000056", 65},
	{"                                                                12"},
};

static const u64 flags[] = {0, 8, 10, 16, 1, 2, 31, 32, 64 + 10, 1ull << 63};

static const struct {
	enum bpf_func_id id;
	const char *name;
} functions[] = {{BPF_FUNC_strtol, "bpf_strtol"}, {BPF_FUNC_strtoul, "bpf_strtoul"}};

/* A program that asks @id what is in the array @map; -errno. */
static int kernel_program(enum bpf_func_id id, int map)
{
	const struct bpf_insn insns[] = {
		/* r6 = the value */
		{BPF_LD | BPF_DW | BPF_IMM, 6, BPF_PSEUDO_MAP_IDX_VALUE, 0, 0},
		{0},
		{BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0, 0},
		{BPF_LDX | BPF_MEM | BPF_DW, 2, 6, offsetof(struct question, size), 0},
		/* 1 to MAX_TEXT */
		{BPF_JMP | BPF_JGT | BPF_K, 2, 0, 2, 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
		{BPF_JMP | BPF_JGT | BPF_K, 2, 0, -3, MAX_TEXT},
		{BPF_LDX | BPF_MEM | BPF_DW, 3, 6, offsetof(struct question, flags), 0},
		{BPF_ALU64 | BPF_MOV | BPF_X, 4, 6, 0, 0},
		{BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, offsetof(struct question, number)},
		{BPF_JMP | BPF_CALL, 0, 0, 0, id},
		{BPF_STX | BPF_MEM | BPF_DW, 6, 0, offsetof(struct question, taken), 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};

	return kernel_load(insns, ARRAY_LEN(insns), &map);
}

static void ask_here(enum bpf_func_id id, struct question *q)
{
	char *text = malloc(q->size); /* of that size: what is read beyond is seen */

	assert_non_null(text);
	memcpy(text, q->text, q->size);
	q->taken = bpf_helper_funcs[id]((unsigned long)text, q->size, q->flags,
					(unsigned long)&q->number, 0);
	free(text);
}

static void ask(enum bpf_func_id id, const char *name, int prog, int map, size_t t, u64 flag)
{
	struct question here = {.flags = flag, .number = 99}, there;
	u32 ret = 0;

	here.size = texts[t].size ? texts[t].size : strlen(texts[t].text);
	memcpy(here.text, texts[t].text, here.size);
	assert_int_equal(kernel_array_set(map, &here), 0);
	ask_here(id, &here);
	assert_int_equal(kernel_run(prog, &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(kernel_array_get(map, &there), 0);
	if (here.taken != there.taken || here.number != there.number)
		fail_msg("%s(\"%s\", %llu): %lld and %llx; the kernel %lld and %llx", name,
			 texts[t].text, (unsigned long long)flag, (long long)here.taken,
			 (unsigned long long)here.number, (long long)there.taken,
			 (unsigned long long)there.number);
}

static void test_as_the_kernel(void **state)
{
	int map, prog;

	if (!kernel_usable())
		skip_because("%s", kernel_unusable_reason());
	map = kernel_array(sizeof(struct question), 0, NULL);
	assert_true(map >= 0);
	for (size_t f = 0; f < ARRAY_LEN(functions); f++) {
		prog = kernel_program(functions[f].id, map);
		assert_true(prog >= 0);
		for (size_t t = 0; t < ARRAY_LEN(texts); t++)
			for (size_t i = 0; i < ARRAY_LEN(flags); i++)
				ask(functions[f].id, functions[f].name, prog, map, t, flags[i]);
		close(prog);
	}
	close(map);
}

static void test_alone(void **state)
{
	struct question q = {.text = " -0x1fz", .size = 7};

	ask_here(BPF_FUNC_strtol, &q);
	assert_int_equal(q.taken, 6);
	assert_int_equal(q.number, (u64)-31);
	ask_here(BPF_FUNC_strtoul, &q);
	assert_int_equal(q.taken, -EINVAL);
	assert_int_equal(q.number, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_kernel),
		cmocka_unit_test(test_alone),
	};

	bpf_helpers_register(bpf_strtox_helpers, bpf_strtox_helpers_nr);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
