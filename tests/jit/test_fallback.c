/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where a system lets no memory become executable, programs are interpreted, and all else is the
 * same. The process forbids it to itself, for good: hence a test of its own.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>

#include <bpftrek/runtime.h>

#include "test.h"
#include "verifier/insn.h"

/* Linux 6.3; the headers of the build may be older. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define MANY 1000 /* more than fit where one is */
#define PTR(p) ((uint64_t)(uintptr_t)(p))

static int load(struct trek_runtime *rt)
{
	static const struct bpf_insn insns[] = {MOV(R0, 42), EXIT};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = PTR(insns),
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = PTR("Dual BSD/GPL"),
	};
	int prog = trek_bpf(rt, BPF_PROG_LOAD, &attr, sizeof(attr));

	assert_true(prog >= 0);
	return prog;
}

static bool jited(struct trek_runtime *rt, int prog)
{
	char text[1024];

	assert_true(trek_fdinfo(rt, prog, text, sizeof(text)) > 0);
	return strstr(text, "prog_jited:\t1\n");
}

static uint32_t result(struct trek_runtime *rt, int prog)
{
	uint64_t ctx = 0;
	uint32_t retval = 0;

	assert_int_equal(trek_prog_run(rt, prog, &ctx, sizeof(ctx), &retval), 0);
	return retval;
}

/* Put @prog into @array: all of its programs are native, or none is. */
static int put(struct trek_runtime *rt, int array, int prog)
{
	uint32_t key = 0;
	union bpf_attr attr = {.map_fd = array, .key = PTR(&key), .value = PTR(&prog)};

	return trek_bpf(rt, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

/* What is executable already has room for some more. */
static void test_fallback(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_PROG_ARRAY,
			       .key_size = 4,
			       .value_size = 4,
			       .max_entries = 1};
	struct trek_runtime *rt;
	int before, after, array;

	assert_int_equal(trek_runtime_open(NULL, &rt), 0);
	before = load(rt);
	assert_true(jited(rt, before));
	array = trek_bpf(rt, BPF_MAP_CREATE, &attr, sizeof(attr));
	assert_int_equal(put(rt, array, before), 0);
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)) {
		trek_runtime_close(rt);
		skip_because("this kernel cannot forbid executable memory");
	}
	for (int i = 0; i < MANY; i++) {
		after = load(rt);
		assert_int_equal(result(rt, after), 42);
		if (!jited(rt, after))
			break;
	}
	assert_false(jited(rt, after));
	assert_int_equal(put(rt, array, after), -EINVAL);
	assert_int_equal(put(rt, array, before), 0);
	assert_int_equal(result(rt, before), 42);
	trek_runtime_close(rt);
}

/* Who asks for it has it. */
static void test_interpret(void **state)
{
	struct trek_runtime_opts opts = {.size = sizeof(opts), .interpret = 1};
	struct trek_runtime *rt;
	int prog;

	assert_int_equal(trek_runtime_open(&opts, &rt), 0);
	prog = load(rt);
	assert_false(jited(rt, prog));
	assert_int_equal(result(rt, prog), 42);
	trek_runtime_close(rt);
	opts.interpret = 2;
	assert_int_equal(trek_runtime_open(&opts, &rt), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interpret),
		cmocka_unit_test(test_fallback),
	};

	return cmocka_run_group_tests_name("fallback", tests, NULL, NULL);
}
