/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The helpers that act on nothing but their arguments and the process (kernel: kernel/bpf/helpers.c
 * and kernel/trace/bpf_trace.c). Prototypes are Linux's, so that the verifier judges alike.
 *
 * The _user and _kernel forms of probe_read are one here: programs and what they look at live in
 * one address space. bpf_trace_printk and bpf_trace_vprintk write one line to standard error where
 * the kernel writes to its trace pipe, "bpf_trace_printk: TEXT".
 */
#include "prog/helper.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/nofault.h"
#include "base/runtime.h"
#include "base/vcpu.h"
#include "prog/bprintf.h"

#define TRACE_PRINTK_VARARGS 3
#define TRACE_PREFIX "bpf_trace_printk: "
#define TASK_COMM_LEN 16

#define HELPER(name) static u64 name(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)

static void *ptr(u64 reg)
{
	return (void *)(unsigned long)reg;
}

static u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (u64)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

HELPER(bpf_ktime_get_ns)
{
	return clock_ns(CLOCK_MONOTONIC);
}

HELPER(bpf_ktime_get_boot_ns)
{
	return clock_ns(CLOCK_BOOTTIME);
}

HELPER(bpf_ktime_get_tai_ns)
{
	return clock_ns(CLOCK_TAI);
}

/* As with CONFIG_HZ=1000. */
HELPER(bpf_jiffies64)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE) / 1000000;
}

/* Of the processor that the thread is on: memory is near that one, not a virtual one. */
HELPER(bpf_get_numa_node_id)
{
	unsigned int node = 0;

	getcpu(NULL, &node);
	return node;
}

/* libbpf calls it to see whether memory is accounted, and else wants to raise RLIMIT_MEMLOCK. */
HELPER(bpf_ktime_get_coarse_ns)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

HELPER(bpf_get_smp_processor_id)
{
	return bpf_current->cpu;
}

/* A bad address is no more so for this: what is read there is read with care. */
HELPER(bpf_per_cpu_ptr)
{
	u32 cpu = r2;

	return cpu < bpf_current->rt->num_possible_cpus ? r1 + (u64)cpu * PERCPU_STRIDE : 0;
}

HELPER(bpf_this_cpu_ptr)
{
	return r1 + (u64)bpf_current->cpu * PERCPU_STRIDE;
}

/* xorshift64*, one state a thread: no lock, and no line that two of them write. */
HELPER(bpf_get_prandom_u32)
{
	static __thread u64 state __attribute__((tls_model("initial-exec")));

	while (!state)
		if (getrandom(&state, sizeof(state), GRND_NONBLOCK) != sizeof(state))
			state = clock_ns(CLOCK_MONOTONIC) ^ (u64)(unsigned long)&state;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1d) >> 32;
}

HELPER(bpf_get_current_pid_tgid)
{
	return (u64)getpid() << 32 | (u32)syscall(SYS_gettid);
}

HELPER(bpf_get_current_uid_gid)
{
	return (u64)getgid() << 32 | getuid();
}

HELPER(bpf_get_current_comm)
{
	char comm[TASK_COMM_LEN] = "", *buf = ptr(r1);
	u32 size = r2;

	pthread_getname_np(pthread_self(), comm, sizeof(comm));
	/* Cut to end with a NUL, padded with NULs. */
	memset(buf, 0, size);
	memcpy(buf, comm, strnlen(comm, size - 1));
	return 0;
}

HELPER(bpf_probe_read)
{
	u32 size = r2;
	int err = copy_from_nofault(ptr(r1), ptr(r3), size);

	/* What a program reads of its buffer then must not be what was there before. */
	if (err)
		memset(ptr(r1), 0, size);
	return (s64)err;
}

HELPER(bpf_probe_read_str)
{
	u32 size = r2;
	long len;

	if (!size)
		return 0;
	len = strncpy_from_nofault(ptr(r1), ptr(r3), size);
	if (len < 0)
		memset(ptr(r1), 0, size);
	return len;
}

static u64 trace_text(const char *fmt, u32 fmt_size, const u64 *args, u32 nr_args)
{
	NO_CANCELLATION; /* write(2) would end a thread within its run */
	char line[sizeof(TRACE_PREFIX) - 1 + MAX_BPRINTF_BUF] = TRACE_PREFIX;
	char *text = line + sizeof(TRACE_PREFIX) - 1;
	long len = bpf_bprintf(text, MAX_BPRINTF_BUF, fmt, fmt_size, args, nr_args);
	int saved_errno = errno;
	size_t shown;
	ssize_t written;

	if (len < 0)
		return len;
	shown = min_of((size_t)len, (size_t)MAX_BPRINTF_BUF - 1);
	if (!shown || text[shown - 1] != '\n')
		text[shown++] = '\n';
	/* At once, so that lines of several threads do not mix. Nobody to tell where it fails. */
	written = write(STDERR_FILENO, line, text + shown - line);
	(void)written;
	errno = saved_errno;
	return len;
}

HELPER(bpf_trace_printk)
{
	const u64 args[TRACE_PRINTK_VARARGS] = {r3, r4, r5};

	return trace_text(ptr(r1), r2, args, TRACE_PRINTK_VARARGS);
}

/* The number of arguments in @data_len bytes of them; -EINVAL. */
static int count_args(u64 data, u32 data_len)
{
	if (data_len % 8 || data_len > MAX_BPRINTF_VARARGS * 8 || (data_len && !data))
		return -EINVAL;
	return data_len / 8;
}

HELPER(bpf_trace_vprintk)
{
	int nr_args = count_args(r3, r4);

	if (nr_args < 0)
		return (s64)nr_args;
	return trace_text(ptr(r1), r2, ptr(r3), nr_args);
}

/* Of bpf_snprintf; -EINVAL. */
static int check_snprintf(u64 buf, u32 size, u64 data, u32 data_len)
{
	int nr_args = count_args(data, data_len);

	return nr_args >= 0 && !buf && size ? -EINVAL : nr_args;
}

HELPER(bpf_snprintf)
{
	int nr_args = check_snprintf(r1, r2, r4, r5);
	long len;

	if (nr_args < 0)
		return (s64)nr_args;
	/* The verifier has seen the NUL. */
	len = bpf_bprintf(ptr(r1), (u32)r2, ptr(r3), UINT32_MAX, ptr(r4), nr_args);
	/* The NUL counts here. */
	return len < 0 ? len : len + 1;
}

static u64 bpf_snprintf_format(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5,
			       const struct bpf_format *format)
{
	int nr_args = check_snprintf(r1, r2, r4, r5);
	long len;

	if (nr_args < 0)
		return (s64)nr_args;
	len = bpf_format_print(format, ptr(r1), (u32)r2, ptr(r4), nr_args);
	return len < 0 ? len : len + 1;
}

HELPER(bpf_strncmp)
{
	int diff = strncmp(ptr(r1), ptr(r3), (u32)r2);

	/* libc says more than the sign. */
	return (s64)((diff > 0) - (diff < 0));
}

HELPER(bpf_loop)
{
	u64 (*callback)(u64, u64, u64, u64, u64, u64) = bpf_current->callback;
	u32 nr_loops = r1;

	if (r4)
		return (s64)-EINVAL;
	if (nr_loops > BPF_MAX_LOOPS)
		return (s64)-E2BIG;
	for (u32 i = 0; i < nr_loops; i++)
		if (callback(r2, i, r3, 0, 0, 0))
			return i + 1;
	return nr_loops;
}

#define PROBE_READ_PROTO(func_)                                                                    \
	{                                                                                          \
		.func = func_, .gpl_only = true, .ret_type = RET_INTEGER,                          \
		.arg_type = {ARG_PTR_TO_UNINIT_MEM, ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING},         \
	}
/* A string may be shorter than its buffer: what lies behind it stays, so it counts as read. */
#define PROBE_READ_STR_PROTO(func_)                                                                \
	{                                                                                          \
		.func = func_, .gpl_only = true, .ret_type = RET_LENGTH,                           \
		.arg_type = {MEM_WRITE | ARG_PTR_TO_MEM, ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING},    \
	}
#define NO_ARG_PROTO(func_)                                                                        \
	{                                                                                          \
		.func = func_, .ret_type = RET_INTEGER,                                            \
	}
#define FORMAT_DATA PTR_MAYBE_NULL | MEM_RDONLY | ARG_PTR_TO_MEM

const struct bpf_helper bpf_base_helpers[] = {
	{BPF_FUNC_ktime_get_ns, "bpf_ktime_get_ns", NO_ARG_PROTO(bpf_ktime_get_ns)},
	{BPF_FUNC_ktime_get_boot_ns, "bpf_ktime_get_boot_ns", NO_ARG_PROTO(bpf_ktime_get_boot_ns)},
	{BPF_FUNC_ktime_get_tai_ns, "bpf_ktime_get_tai_ns", NO_ARG_PROTO(bpf_ktime_get_tai_ns)},
	/* Tracing has none: it may interrupt who sets the clock. */
	{BPF_FUNC_ktime_get_coarse_ns, "bpf_ktime_get_coarse_ns",
	 NO_ARG_PROTO(bpf_ktime_get_coarse_ns),
	 ~(BPF_TYPES_TRACING | BPF_TYPE(CGROUP_DEVICE) | BPF_TYPE(CGROUP_SOCKOPT))},
	{BPF_FUNC_jiffies64, "bpf_jiffies64", NO_ARG_PROTO(bpf_jiffies64)},
	{BPF_FUNC_get_numa_node_id, "bpf_get_numa_node_id", NO_ARG_PROTO(bpf_get_numa_node_id)},
	{BPF_FUNC_get_smp_processor_id, "bpf_get_smp_processor_id",
	 {.func = bpf_get_smp_processor_id, .ret_type = RET_CPU}},
	{BPF_FUNC_per_cpu_ptr,
	 "bpf_per_cpu_ptr",
	 {.func = bpf_per_cpu_ptr,
	  .ret_type = PTR_MAYBE_NULL | RET_PTR_TO_BTF_ID_OF_CPU,
	  .arg_type = {ARG_PTR_TO_PERCPU_BTF_ID, ARG_ANYTHING}}},
	{BPF_FUNC_this_cpu_ptr,
	 "bpf_this_cpu_ptr",
	 {.func = bpf_this_cpu_ptr,
	  .ret_type = RET_PTR_TO_BTF_ID_OF_CPU,
	  .arg_type = {ARG_PTR_TO_PERCPU_BTF_ID}}},
	{BPF_FUNC_get_prandom_u32, "bpf_get_prandom_u32", NO_ARG_PROTO(bpf_get_prandom_u32)},
	{BPF_FUNC_get_current_pid_tgid, "bpf_get_current_pid_tgid",
	 NO_ARG_PROTO(bpf_get_current_pid_tgid)},
	{BPF_FUNC_get_current_uid_gid, "bpf_get_current_uid_gid",
	 NO_ARG_PROTO(bpf_get_current_uid_gid)},
	{BPF_FUNC_get_current_comm,
	 "bpf_get_current_comm",
	 {.func = bpf_get_current_comm,
	  .ret_type = RET_INTEGER,
	  .arg_type = {ARG_PTR_TO_UNINIT_MEM, ARG_CONST_SIZE}}},
	{BPF_FUNC_probe_read, "bpf_probe_read", PROBE_READ_PROTO(bpf_probe_read),
	 BPF_TYPES_TRACING},
	{BPF_FUNC_probe_read_str, "bpf_probe_read_str", PROBE_READ_STR_PROTO(bpf_probe_read_str),
	 BPF_TYPES_TRACING},
	{BPF_FUNC_probe_read_kernel, "bpf_probe_read_kernel", PROBE_READ_PROTO(bpf_probe_read)},
	{BPF_FUNC_probe_read_user, "bpf_probe_read_user", PROBE_READ_PROTO(bpf_probe_read)},
	{BPF_FUNC_probe_read_kernel_str, "bpf_probe_read_kernel_str",
	 PROBE_READ_STR_PROTO(bpf_probe_read_str)},
	{BPF_FUNC_probe_read_user_str, "bpf_probe_read_user_str",
	 PROBE_READ_STR_PROTO(bpf_probe_read_str)},
	/* Linux judges the format of these two when they run, that of bpf_snprintf at load. */
	{BPF_FUNC_trace_printk,
	 "bpf_trace_printk",
	 {.func = bpf_trace_printk,
	  .gpl_only = true,
	  .ret_type = RET_INTEGER,
	  .arg_type = {MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE}}},
	{BPF_FUNC_trace_vprintk,
	 "bpf_trace_vprintk",
	 {.func = bpf_trace_vprintk,
	  .gpl_only = true,
	  .ret_type = RET_INTEGER,
	  .arg_type = {MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE, FORMAT_DATA,
		       ARG_CONST_SIZE_OR_ZERO}}},
	{BPF_FUNC_snprintf,
	 "bpf_snprintf",
	 {.func = bpf_snprintf,
	  .gpl_only = true,
	  .ret_type = RET_INTEGER,
	  .arg_type = {ARG_PTR_TO_MEM_OR_NULL, ARG_CONST_SIZE_OR_ZERO, ARG_PTR_TO_CONST_STR,
		       FORMAT_DATA, ARG_CONST_SIZE_OR_ZERO},
	  .fmt_arg = 3,
	  .fmt_data_arg = 4,
	  .func_of_format = bpf_snprintf_format}},
	{BPF_FUNC_strncmp,
	 "bpf_strncmp",
	 {.func = bpf_strncmp,
	  .ret_type = RET_INTEGER,
	  .arg_type = {MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE, ARG_PTR_TO_CONST_STR}}},
	{BPF_FUNC_loop,
	 "bpf_loop",
	 {.func = bpf_loop,
	  .ret_type = RET_INTEGER,
	  .arg_type = {ARG_ANYTHING, ARG_PTR_TO_FUNC, ARG_PTR_TO_STACK_OR_NULL, ARG_ANYTHING},
	  .callback = BPF_CALLBACK_LOOP}},
};
const size_t bpf_base_helpers_nr = ARRAY_SIZE(bpf_base_helpers);
