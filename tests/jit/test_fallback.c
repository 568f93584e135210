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

static void test_fallback(void **state)
{
	struct trek_runtime *rt;
	int before, after;

	assert_int_equal(trek_runtime_open(NULL, &rt), 0);
	before = load(rt);
	assert_true(jited(rt, before));
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)) {
		trek_runtime_close(rt);
		skip_because("this kernel cannot forbid executable memory");
	}
	after = load(rt);
	assert_false(jited(rt, after));
	assert_int_equal(result(rt, before), 42);
	assert_int_equal(result(rt, after), 42);
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
