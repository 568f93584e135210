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

/* --- what is counted ---------------------------------------------------------------------- */

/* Two functions with 16 and 8 bytes of stack, and two ways to the end. */
static int load_with_level(__u32 level, char *buf, __u32 size, bool ends)
{
	const struct bpf_insn insn[] = {ST_MEM(DW, 10, -16, 0),
					CALL_SUBPROG(1),
					EXIT(),
					ST_MEM(DW, 10, -8, 0),
					CALL(BPF_FUNC_get_prandom_u32),
					JMP_IMM(BPF_JEQ, 0, 7, 1),
					MOV64_IMM(0, 0),
					ends ? EXIT() : MOV64_REG(0, 9),
					EXIT()};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER};

	attr.insns = PTR(insn);
	attr.insn_cnt = ARRAY_SIZE(insn) - ends;
	attr.license = PTR("GPL");
	attr.log_level = level;
	attr.log_buf = PTR(buf);
	attr.log_size = size;
	memset(buf, 'x', size);
	return own(bpf(BPF_PROG_LOAD, &attr));
}

static const char *line_with(const char *log, const char *word)
{
	for (const char *line = log; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, word, strlen(word)))
			return line;
	}
	return NULL;
}

/* "processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 ..." */
static unsigned int processed(const char *log)
{
	const char *line = line_with(log, "processed ");
	unsigned int n[5] = {0};
	int end = 0;

	assert_non_null(line);
	assert_int_equal(sscanf(line,
				"processed %u insns (limit 1000000) max_states_per_insn %u "
				"total_states %u peak_states %u mark_read %u\n%n",
				&n[0], &n[1], &n[2], &n[3], &n[4], &end),
			 5);
	assert_int_equal(line[end], 0); /* the last line */
	assert_true(n[1] <= n[3] && n[3] <= n[2]);
	return n[0];
}

static void statistics(void **state)
{
	const char *line;
	unsigned int usec;
	int end = 0;

	for (int ends = 1; ends >= 0; ends--) {
		for (__u32 level = 1; level < 8; level++) {
			int ret = load_with_level(level, whole, sizeof(whole), ends);

			assert_true(ends ? ret >= 0 : ret == -EACCES);
			/* All instructions but one, over both ways. */
			assert_in_range(processed(whole), 7, 11);
			line = line_with(whole, "verification time ");
			assert_int_equal(!!line, !!(level & 4));
			assert_int_equal(!!line_with(whole, "stack depth "), !!(level & 4));
			if (!line)
				continue;
			assert_int_equal(sscanf(line,
						"verification time %u usec\nstack depth 16+8\n%n",
						&usec, &end),
					 1);
			assert_ptr_equal(line + end, line_with(whole, "processed "));
			/* A refusal is told, too, whatever the level is. */
			assert_int_equal(line == whole, !(level & 2) && ends);
		}
	}
}

/* That the log does not fit is an error of a program that is right, too. */
static void too_small_for_a_good_program(void **state)
{
	requires_linux(6, 4);
	assert_true(load_with_level(1, whole, sizeof(whole), true) >= 0);
	assert_int_equal(load_with_level(1, whole, 20, true), -ENOSPC);
	assert_int_equal(load_with_level(1 | LOG_FIXED, whole, 20, true), -ENOSPC);
	assert_int_equal(load_with_level(1, (char *)whole, 1, true), -ENOSPC);
	assert_int_equal(whole[0], 0);
}

/* Without a buffer, the size that one would need; an attr too short to have it is left alone. */
static void true_size_of_no_buffer(void **state)
{
	const struct bpf_insn insn[] = {MOV64_REG(0, 9), EXIT()};
	const size_t at = offsetof(union bpf_attr, core_relo_rec_size) + 4;
	char raw[256] = {0};
	union bpf_attr *attr = (void *)raw;
	__u32 written;

	requires_linux(6, 4);
	attr->prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr->insns = PTR(insn);
	attr->insn_cnt = ARRAY_SIZE(insn);
	attr->license = PTR("GPL");
	for (__u32 level = 0; level < 3; level++) {
		attr->log_level = level;
		memset(raw + at, 0, 4);
		assert_int_equal(E->bpf(BPF_PROG_LOAD, raw, sizeof(raw)), -EACCES);
		memcpy(&written, raw + at, sizeof(written));
		assert_int_equal(written > 16, level > 0);
		memset(raw + at, 0, 4);
		assert_int_equal(E->bpf(BPF_PROG_LOAD, raw, (unsigned int)at), -EACCES);
		memcpy(&written, raw + at, sizeof(written));
		assert_int_equal(written, 0);
	}
}

/* The same of BPF_BTF_LOAD: btf_log_true_size is behind btf_log_level. */
static void of_types(void **state)
{
	const size_t at = offsetof(union bpf_attr, btf_log_level) + 4;
	char bad[64] = "no types", raw[256];
	union bpf_attr *attr = (void *)raw;
	__u32 needed = 0, written;

	requires_linux(6, 4);
	for (__u32 size = sizeof(whole); size; size = size > needed ? needed : size - 1) {
		for (int fixed = 0; fixed < 2; fixed++) {
			static char small[LOG_SIZE];

			memset(raw, 0, sizeof(raw));
			memset(small, 'x', sizeof(small));
			attr->btf = PTR(bad);
			attr->btf_size = sizeof(bad);
			attr->btf_log_buf = PTR(small);
			attr->btf_log_size = size;
			attr->btf_log_level = fixed ? 1 | LOG_FIXED : 1;
			assert_int_equal(E->bpf(BPF_BTF_LOAD, raw, sizeof(raw)),
					 needed && size < needed ? -ENOSPC : -EINVAL);
			memcpy(&written, raw + at, sizeof(written));
			if (!needed) {
				needed = written;
				assert_in_range(needed, 2, sizeof(small));
				assert_int_equal(strlen(small) + 1, needed);
				memcpy(whole, small, needed);
			}
			assert_int_equal(written, needed);
			if (size > needed)
				continue;
			assert_int_equal(small[size - 1], 0);
			assert_int_equal(small[size], 'x');
			assert_memory_equal(small, whole + (fixed ? 0 : needed - size), size - 1);
		}
	}
	assert_int_equal(E->bpf(BPF_BTF_LOAD, raw, (unsigned int)at), -ENOSPC);
	attr->btf_log_level = 0;
	assert_int_equal(E->bpf(BPF_BTF_LOAD, raw, sizeof(raw)), -EINVAL);
	attr->btf_log_level = 16;
	assert_int_equal(E->bpf(BPF_BTF_LOAD, raw, sizeof(raw)), -EINVAL);
	attr->btf_log_level = 1;
	attr->btf_log_size = 0;
	assert_int_equal(E->bpf(BPF_BTF_LOAD, raw, sizeof(raw)), -EINVAL);
	attr->btf_log_size = 64;
	attr->btf_log_buf = 8;
	assert_int_equal(E->bpf(BPF_BTF_LOAD, raw, sizeof(raw)), -EFAULT);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(buffers),
	cmocka_unit_test(too_small),
	cmocka_unit_test(true_size),
	cmocka_unit_test(of_a_program_that_loads),
	cmocka_unit_test(statistics),
	cmocka_unit_test(too_small_for_a_good_program),
	cmocka_unit_test(true_size_of_no_buffer),
	cmocka_unit_test(of_types),
};
const struct section log_section = {"log", tests, ARRAY_SIZE(tests)};
