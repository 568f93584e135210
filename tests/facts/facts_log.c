/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The verifier's log: which buffers are accepted, and what a buffer that is too small holds. Texts
 * are each engine's own.
 */
#include "facts.h"

#define LOG_FIXED 8 /* keep the beginning, not the end (Linux 6.4) */

static char whole[LOG_SIZE];

/* A program that is refused, so that there is something to say. */
static int refused(__u32 level, char *buf, __u32 size)
{
	const struct bpf_insn insn[] = {LDX_MEM(DW, 2, 1, CTX_OBJECT), LDX_MEM(W, 3, 2, 0),
					MOV64_IMM(0, 0), EXIT()};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_TRACING};

	attr.insns = PTR(insn);
	attr.insn_cnt = ARRAY_SIZE(insn);
	attr.license = PTR("GPL");
	attr.expected_attach_type = BPF_TRACE_ITER;
	attr.attach_btf_id = (__u32)type_id("bpf_iter_bpf_map", BTF_KIND_FUNC);
	attr.log_level = level;
	attr.log_buf = PTR(buf);
	attr.log_size = size;
	return own(bpf(BPF_PROG_LOAD, &attr));
}

static void buffers(void **state)
{
	const struct {
		const char *what;
		__u32 level;
		char *buf;
		__u32 size;
		int result;
	} cases[] = {
		{"no log", 0, NULL, 0, -EACCES},
		{"a buffer at level 0", 0, whole, sizeof(whole), -EINVAL},
		{"a buffer of no size", 1, whole, 0, -EINVAL},
		{"a size of no buffer", 1, NULL, 1024, -EINVAL},
		{"a size of no buffer at level 0", 0, NULL, 1024, -EINVAL},
		{"a level of no buffer", 1, NULL, 0, -EACCES},
		{"level 1", 1, whole, sizeof(whole), -EACCES},
		{"level 2", 2, whole, sizeof(whole), -EACCES},
		{"statistics", 4, whole, sizeof(whole), -EACCES},
		{"all levels", 7, whole, sizeof(whole), -EACCES},
		{"an unknown level", 16, whole, sizeof(whole), -EINVAL},
		{"a size past a quarter of 4 GiB", 1, whole, 0xffffffff, -EINVAL},
		{"bad memory", 1, (char *)8, 1024, -EFAULT},
	};

	requires_linux(6, 4);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = refused(cases[i].level, cases[i].buf, cases[i].size);

		if (ret != cases[i].result)
			fail_msg("%s: %d, not %d", cases[i].what, ret, cases[i].result);
	}
}

static size_t whole_log(void)
{
	size_t len;

	memset(whole, 'x', sizeof(whole));
	assert_int_equal(refused(1, whole, sizeof(whole)), -EACCES);
	len = strnlen(whole, sizeof(whole));
	assert_in_range(len, 8, sizeof(whole) - 1);
	assert_int_equal(whole[len - 1], '\n');
	return len;
}

static void too_small(void **state)
{
	size_t len;

	requires_linux(6, 4);
	len = whole_log();
	for (size_t size = 1; size <= len + 2; size += size < 4 || size >= len - 2 ? 1 : 5) {
		static char small[LOG_SIZE];
		size_t kept = size - 1 < len ? size - 1 : len;
		int result = size > len ? -EACCES : -ENOSPC;

		/* Rolling: the end stays. */
		memset(small, 'x', sizeof(small));
		assert_int_equal(refused(1, small, (__u32)size), result);
		assert_memory_equal(small, whole + len - kept, kept);
		assert_int_equal(small[kept], 0);
		assert_int_equal(small[size], 'x');

		/* Fixed: the beginning. */
		memset(small, 'x', sizeof(small));
		assert_int_equal(refused(1 | LOG_FIXED, small, (__u32)size), result);
		assert_memory_equal(small, whole, kept);
		assert_int_equal(small[kept], 0);
		assert_int_equal(small[size], 'x');
	}
}

/* log_true_size, which <linux/bpf.h> may be too old to know, is behind core_relo_rec_size. */
static void true_size(void **state)
{
	const struct bpf_insn insn[] = {MOV64_IMM(0, 2), EXIT()};
	const size_t at = offsetof(union bpf_attr, core_relo_rec_size) + 4;
	static const __u32 sizes[] = {LOG_SIZE, 10};
	char raw[256] = {0};
	union bpf_attr *attr = (void *)raw;
	__u32 written[2];

	requires_linux(6, 4);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(raw, 0, sizeof(raw));
		attr->prog_type = BPF_PROG_TYPE_TRACING;
		attr->insns = PTR(insn);
		attr->insn_cnt = ARRAY_SIZE(insn);
		attr->license = PTR("GPL");
		attr->expected_attach_type = BPF_TRACE_ITER;
		attr->attach_btf_id = (__u32)type_id("bpf_iter_bpf_map", BTF_KIND_FUNC);
		attr->log_level = 1;
		attr->log_buf = PTR(whole);
		attr->log_size = sizes[i];
		assert_int_equal(E->bpf(BPF_PROG_LOAD, raw, sizeof(raw)), i ? -ENOSPC : -EINVAL);
		memcpy(&written[i], raw + at, sizeof(written[i]));
		if (!i)
			assert_int_equal(written[0], strlen(whole) + 1);
	}
	assert_int_equal(written[1], written[0]);
}

/* A program that loads may have nothing to say, but what it says ends. */
static void of_a_program_that_loads(void **state)
{
	assert_true(load_trivial_iter("bpf_map") >= 0);
	assert_true(strnlen(load_log, sizeof(load_log)) < sizeof(load_log));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(buffers),
	cmocka_unit_test(too_small),
	cmocka_unit_test(true_size),
	cmocka_unit_test(of_a_program_that_loads),
};
const struct section log_section = {"log", tests, ARRAY_SIZE(tests)};
