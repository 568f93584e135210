/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The base helpers, called as programs call them: by number, with registers. And the registries. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/nofault.h"
#include "insn.h"
#include "kernel.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "runtime.h"
#include "test.h"

static struct trek_runtime rt;

#define REG(x) ((u64)(uintptr_t)(x))
#define CALL_1(id, a) bpf_helper_funcs[id](REG(a), 0, 0, 0, 0)
#define CALL_3(id, a, b, c) bpf_helper_funcs[id](REG(a), REG(b), REG(c), 0, 0)
#define CALL_4(id, a, b, c, d) bpf_helper_funcs[id](REG(a), REG(b), REG(c), REG(d), 0)
#define CALL_5(id, a, b, c, d, e) bpf_helper_funcs[id](REG(a), REG(b), REG(c), REG(d), REG(e))

static void test_registry(void **state)
{
	for (size_t i = 0; i < bpf_base_helpers_nr; i++) {
		const struct bpf_helper *helper = &bpf_base_helpers[i];

		assert_ptr_equal(bpf_helper_by_id(helper->id), helper);
		assert_ptr_equal(bpf_helper_funcs[helper->id], helper->proto.func);
		assert_memory_equal(helper->name, "bpf_", 4);
	}
	assert_null(bpf_helper_by_id(BPF_FUNC_unspec));
	assert_null(bpf_helper_by_id(BPF_HELPERS_MAX));
	assert_null(bpf_helper_by_id(UINT32_MAX));
}

static s64 kfunc_everywhere(void)
{
	return 1;
}

static s64 kfunc_tracing(void)
{
	return 2;
}

static void test_kfuncs(void **state)
{
	static const struct btf_kfunc every[] = {BTF_KFUNC(kfunc_everywhere, KF_TRUSTED_ARGS)};
	static const struct btf_kfunc tracing[] = {BTF_KFUNC(kfunc_tracing, 0)};
	static const struct btf_kfunc_id_set every_set = {every, 1}, tracing_set = {tracing, 1};

	assert_null(btf_kfunc_find(BPF_PROG_TYPE_TRACING, "kfunc_everywhere"));
	/* Registering again is registering once: it never fills the table. */
	for (int i = 0; i < 1000; i++) {
		register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &every_set);
		register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &tracing_set);
	}
	assert_ptr_equal(btf_kfunc_find(BPF_PROG_TYPE_XDP, "kfunc_everywhere"), every);
	assert_ptr_equal(btf_kfunc_find(BPF_PROG_TYPE_TRACING, "kfunc_everywhere"), every);
	assert_ptr_equal(btf_kfunc_find(BPF_PROG_TYPE_TRACING, "kfunc_tracing"), tracing);
	assert_null(btf_kfunc_find(BPF_PROG_TYPE_XDP, "kfunc_tracing"));
	assert_null(btf_kfunc_find(BPF_PROG_TYPE_TRACING, "kfunc"));
	assert_int_equal(every[0].func(0, 0, 0, 0, 0), 1);
}

static void test_clocks(void **state)
{
	struct timespec before, after;
	u64 ns;

	clock_gettime(CLOCK_MONOTONIC, &before);
	ns = CALL_1(BPF_FUNC_ktime_get_ns, 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_in_range(ns, before.tv_sec * 1000000000ull + before.tv_nsec,
			after.tv_sec * 1000000000ull + after.tv_nsec);
	clock_gettime(CLOCK_BOOTTIME, &before);
	assert_true(CALL_1(BPF_FUNC_ktime_get_boot_ns, 0) >=
		    before.tv_sec * 1000000000ull + before.tv_nsec);
	clock_gettime(CLOCK_TAI, &before);
	ns = CALL_1(BPF_FUNC_ktime_get_tai_ns, 0);
	clock_gettime(CLOCK_TAI, &after);
	assert_in_range(ns, before.tv_sec * 1000000000ull + before.tv_nsec,
			after.tv_sec * 1000000000ull + after.tv_nsec);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &before);
	ns = CALL_1(BPF_FUNC_jiffies64, 0);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &after);
	assert_in_range(ns, before.tv_sec * 1000ull + before.tv_nsec / 1000000,
			after.tv_sec * 1000ull + after.tv_nsec / 1000000);
}

static void test_who(void **state)
{
	char comm[32], want[32] = "trek-test", small[4] = {'x', 'x', 'x', 'x'};

	assert_int_equal(CALL_1(BPF_FUNC_get_current_pid_tgid, 0),
			 (u64)getpid() << 32 | (u32)syscall(SYS_gettid));
	assert_int_equal(CALL_1(BPF_FUNC_get_current_uid_gid, 0), (u64)getgid() << 32 | getuid());
	pthread_setname_np(pthread_self(), "trek-test");
	memset(comm, 'x', sizeof(comm));
	assert_int_equal(CALL_3(BPF_FUNC_get_current_comm, comm, 32, 0), 0);
	assert_memory_equal(comm, want, sizeof(comm));
	assert_int_equal(CALL_3(BPF_FUNC_get_current_comm, small, 3, 0), 0);
	assert_memory_equal(small, "tr\0x", 4);
}

static void test_cpu(void **state)
{
	struct bpf_run_ctx run;

	bpf_run_begin(&run, &rt);
	assert_int_equal(CALL_1(BPF_FUNC_get_smp_processor_id, 0), run.cpu);
	bpf_run_end(&run);
}

static void test_random(void **state)
{
	u32 ones = 0, zeroes = 0;

	for (int i = 0; i < 64; i++) {
		u64 x = CALL_1(BPF_FUNC_get_prandom_u32, 0);

		assert_int_equal(x >> 32, 0);
		ones |= x;
		zeroes |= ~x;
	}
	assert_int_equal(ones, UINT32_MAX);
	assert_int_equal(zeroes, UINT32_MAX);
}

static void test_probe_read(void **state)
{
	static const u32 ids[] = {BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_user};
	char buf[8];

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		memset(buf, 'x', sizeof(buf));
		assert_int_equal(CALL_3(ids[i], buf, 4, "abcdefg"), 0);
		assert_memory_equal(buf, "abcdxxxx", 8);
		assert_int_equal(CALL_3(ids[i], buf, 0, NULL), 0);
		assert_memory_equal(buf, "abcdxxxx", 8);
		assert_int_equal(CALL_3(ids[i], buf, 6, 8), -EFAULT);
		assert_memory_equal(buf, "\0\0\0\0\0\0xx", 8);
	}
}

static void test_probe_read_str(void **state)
{
	char buf[8];

	memset(buf, 'x', sizeof(buf));
	assert_int_equal(CALL_3(BPF_FUNC_probe_read_kernel_str, buf, 8, "abc"), 4);
	assert_memory_equal(buf, "abc\0xxxx", 8);
	assert_int_equal(CALL_3(BPF_FUNC_probe_read_kernel_str, buf, 4, "abcdefg"), 4);
	assert_memory_equal(buf, "abc\0xxxx", 8);
	assert_int_equal(CALL_3(BPF_FUNC_probe_read_kernel_str, buf, 8, ""), 1);
	assert_int_equal(CALL_3(BPF_FUNC_probe_read_user_str, buf, 0, "abc"), 0);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(CALL_3(BPF_FUNC_probe_read_kernel_str, buf, 6, 8), -EFAULT);
	assert_memory_equal(buf, "\0\0\0\0\0\0xx", 8);
}

static void test_snprintf(void **state)
{
	const u64 args[13] = {42};
	char buf[8];

	assert_int_equal(CALL_5(BPF_FUNC_snprintf, buf, 8, "%d!", args, 8), 4);
	assert_string_equal(buf, "42!");
	assert_int_equal(CALL_5(BPF_FUNC_snprintf, buf, 3, "%d!", args, 8), 4);
	assert_string_equal(buf, "42");
	assert_int_equal(CALL_5(BPF_FUNC_snprintf, NULL, 0, "%d!", args, 8), 4);
	assert_int_equal(CALL_5(BPF_FUNC_snprintf, buf, 8, "", NULL, 0), 1);
	assert_int_equal(CALL_5(BPF_FUNC_snprintf, buf, 8, "%d", args, 7), -EINVAL);
	assert_int_equal(CALL_5(BPF_FUNC_snprintf, buf, 8, "%d", NULL, 8), -EINVAL);
	assert_int_equal(CALL_5(BPF_FUNC_snprintf, buf, 8, "%d", args, 13 * 8), -EINVAL);
	assert_int_equal(CALL_5(BPF_FUNC_snprintf, buf, 8, "%f", args, 8), -EINVAL);
}

static const struct strncmp_case {
	const char *a, *b;
	u32 size;
	int want;
} strncmp_cases[] = {
	{"abc", "abd", 3, -1}, {"abd", "abc", 3, 1}, {"abc", "abd", 2, 0},
	{"abc", "ab", 3, 1},   {"a", "abc", 3, -1},  {"\xff", "\x01", 1, 1},
	{"abc", "abc", 16, 0}, {"", "", 8, 0},	     {"", "a", 8, -1},
};

static void test_strncmp(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(strncmp_cases); i++) {
		const struct strncmp_case *c = &strncmp_cases[i];

		assert_int_equal(CALL_3(BPF_FUNC_strncmp, c->a, c->size, c->b), (s64)c->want);
	}
}

static void test_strncmp_kernel(void **state)
{
	if (!kernel_usable())
		skip_because("%s", kernel_unusable_reason());
	for (size_t i = 0; i < ARRAY_SIZE(strncmp_cases); i++) {
		const struct strncmp_case *c = &strncmp_cases[i];
		char a[32] = "", b[32] = "";
		__u32 ret;
		int a_fd, b_fd, fd;

		strcpy(a, c->a);
		strcpy(b, c->b);
		a_fd = kernel_array(sizeof(a), 0, a);
		b_fd = kernel_array(sizeof(b), BPF_F_RDONLY_PROG, b);
		assert_int_equal(kernel_map_freeze(b_fd), 0);
		const struct bpf_insn insns[] = {
			LD64_SRC(R1, BPF_PSEUDO_MAP_VALUE, a_fd, 0),
			MOV(R2, c->size),
			LD64_SRC(R3, BPF_PSEUDO_MAP_VALUE, b_fd, 0),
			CALL(BPF_FUNC_strncmp),
			EXIT,
		};
		fd = kernel_load(insns, ARRAY_SIZE(insns), NULL);
		assert_true(fd >= 0);
		assert_int_equal(kernel_run(fd, &ret), 0);
		assert_int_equal((s32)ret, c->want);
		close(fd);
		close(b_fd);
		close(a_fd);
	}
}

static u32 calls;
static u64 stop_at_3(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	assert_int_equal(func, 77);
	assert_int_equal(r1, calls);
	assert_int_equal(r2, 99);
	calls++;
	return r1 == 3;
}

static u64 count(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	calls++;
	return 0;
}

static void test_loop(void **state)
{
	struct bpf_run_ctx run;

	bpf_run_begin(&run, &rt);
	run.callback = stop_at_3;
	calls = 0;
	assert_int_equal(CALL_4(BPF_FUNC_loop, 10, 77, 99, 0), 4);
	assert_int_equal(calls, 4);
	calls = 0;
	assert_int_equal(CALL_4(BPF_FUNC_loop, 2, 77, 99, 0), 2);
	assert_int_equal(CALL_4(BPF_FUNC_loop, 0, 77, 99, 0), 0);
	assert_int_equal(calls, 2);
	assert_int_equal(CALL_4(BPF_FUNC_loop, 1, 77, 99, 1), -EINVAL);
	assert_int_equal(CALL_4(BPF_FUNC_loop, (8 << 20) + 1, 77, 99, 0), -E2BIG);
	assert_int_equal(calls, 2);
	run.callback = count;
	calls = 0;
	assert_int_equal(CALL_4(BPF_FUNC_loop, 8 << 20, 77, 99, 0), 8 << 20);
	assert_int_equal(calls, 8 << 20);
	bpf_run_end(&run);
}

/* What @id with these arguments writes to standard error; its result in @ret. */
static void trace(char *text, size_t size, s64 *ret, u32 id, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	*ret = bpf_helper_funcs[id](r1, r2, r3, r4, r5);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	len = read(fds[0], text, size - 1);
	assert_true(len >= 0);
	text[len] = 0;
	close(fds[0]);
}

static void test_trace_printk(void **state)
{
	static const char fmt[] = "%d %s", lines[] = "a\n", bad[] = "%f", wide[] = "%2000d";
	const u64 args[] = {7, REG("x")};
	char text[2048];
	s64 ret;

	trace(text, sizeof(text), &ret, BPF_FUNC_trace_printk, REG(fmt), 6, 5, REG("five"), 0);
	assert_string_equal(text, "bpf_trace_printk: 5 five\n");
	assert_int_equal(ret, 6);
	trace(text, sizeof(text), &ret, BPF_FUNC_trace_printk, REG(lines), 3, 0, 0, 0);
	assert_string_equal(text, "bpf_trace_printk: a\n");
	trace(text, sizeof(text), &ret, BPF_FUNC_trace_printk, REG(bad), 3, 0, 0, 0);
	assert_string_equal(text, "");
	assert_int_equal(ret, -EINVAL);
	trace(text, sizeof(text), &ret, BPF_FUNC_trace_printk, REG(fmt), 5, 0, 0, 0);
	assert_int_equal(ret, -EINVAL);
	trace(text, sizeof(text), &ret, BPF_FUNC_trace_printk, REG(wide), 7, 1, 0, 0);
	assert_int_equal(ret, 2000);
	assert_int_equal(strlen(text), 18 + 1023 + 1);
	trace(text, sizeof(text), &ret, BPF_FUNC_trace_vprintk, REG(fmt), 6, REG(args), 16, 0);
	assert_string_equal(text, "bpf_trace_printk: 7 x\n");
	trace(text, sizeof(text), &ret, BPF_FUNC_trace_vprintk, REG(fmt), 6, REG(args), 12, 0);
	assert_int_equal(ret, -EINVAL);
}

static int setup(void **state)
{
	bpf_helpers_register(bpf_base_helpers, bpf_base_helpers_nr);
	new_runtime(&rt);
	return nofault_init();
}

static int teardown(void **state)
{
	free_runtime(&rt);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registry),
		cmocka_unit_test(test_kfuncs),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_probe_read),
		cmocka_unit_test(test_probe_read_str),
		cmocka_unit_test(test_snprintf),
		cmocka_unit_test(test_strncmp),
		cmocka_unit_test(test_strncmp_kernel),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_trace_printk),
	};

	return cmocka_run_group_tests_name("helpers", tests, setup, teardown);
}
