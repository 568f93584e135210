// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Tracing: entry and return of a function by kprobes that read the registers, a tracepoint by its
 * record's layout, and raw tracepoints that follow pointers with probe reads. Times and paths are
 * kept for each thread.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stddef.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PATH_SIZE 128
#define SLOTS 27

struct call {
	__u64 start_ns;
	__u64 flags;
	char path[PATH_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call);
} fresh SEC(".maps");

struct totals {
	char comm[16];
	__u64 count;
	__u64 ns[SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct totals);
} processes SEC(".maps");

const volatile __u32 only_process = 0;
__u64 switches, wakeups;

/* What a thread of the kernel looks like as far as it matters here. */
struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

static __always_inline __u32 slot_of(__u64 ns)
{
	__u32 slot = 0;

	ns /= 1000;
	for (int i = 0; i < SLOTS - 1; i++) {
		if (!(ns >> (i + 1)))
			break;
		slot = i + 1;
	}
	return slot;
}

SEC("kprobe/do_sys_openat2")
int open_begins(struct pt_regs *regs)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 thread = id, zero = 0;
	struct call *call;

	if (only_process && id >> 32 != only_process)
		return 0;
	call = bpf_map_lookup_elem(&fresh, &zero);
	if (!call)
		return 0;
	call->start_ns = bpf_ktime_get_ns();
	call->flags = 0;
	bpf_probe_read_user(&call->flags, sizeof(call->flags), (void *)regs->rdx);
	if (bpf_probe_read_user_str(call->path, sizeof(call->path), (void *)regs->rsi) < 0)
		call->path[0] = '\0';
	bpf_map_update_elem(&calls, &thread, call, BPF_ANY);
	return 0;
}

static __noinline int count_call(__u32 process, __u64 ns)
{
	struct totals *totals = bpf_map_lookup_elem(&processes, &process), first = {.count = 1};
	__u32 slot = slot_of(ns);

	if (!totals) {
		bpf_get_current_comm(first.comm, sizeof(first.comm));
		first.ns[0] = ns;
		return bpf_map_update_elem(&processes, &process, &first, BPF_NOEXIST);
	}
	totals->count++;
	if (slot < SLOTS)
		totals->ns[slot] += ns;
	return 0;
}

SEC("kretprobe/do_sys_openat2")
int open_ends(struct pt_regs *regs)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 thread = id;
	struct call *call = bpf_map_lookup_elem(&calls, &thread);
	__u64 start;

	if (!call)
		return 0;
	start = call->start_ns;
	bpf_map_delete_elem(&calls, &thread);
	if ((long)regs->rax < 0)
		return 0;
	return count_call(id >> 32, bpf_ktime_get_ns() - start);
}

/* /sys/kernel/tracing/events/sched/sched_switch/format */
struct sched_switch {
	__u64 common;
	char prev_comm[16];
	int prev_pid;
	int prev_prio;
	long prev_state;
	char next_comm[16];
	int next_pid;
	int next_prio;
};

SEC("tracepoint/sched/sched_switch")
int on_switch(struct sched_switch *record)
{
	__u32 thread = record->prev_pid;

	__sync_fetch_and_add(&switches, 1);
	if (record->prev_state && record->next_pid)
		bpf_map_delete_elem(&calls, &thread);
	return 0;
}

/* sched_wakeup_new(struct task_struct *task): what a parent started. */
SEC("raw_tracepoint/sched_wakeup_new")
int on_wakeup(struct bpf_raw_tracepoint_args *args)
{
	struct task_struct *task = (void *)args->args[0], *parent;
	struct totals *totals;
	char comm[16] = "";
	__u32 process;

	if (!bpf_core_type_exists(struct task_struct))
		return 0; /* no engine but the kernel has tasks */
	BPF_CORE_READ_INTO(&parent, task, real_parent);
	process = BPF_CORE_READ(parent, tgid);
	BPF_CORE_READ_STR_INTO(&comm, task, comm);
	if (comm[0] == '[')
		return 0;
	totals = bpf_map_lookup_elem(&processes, &process);
	if (totals)
		__builtin_memcpy(totals->comm, comm, sizeof(comm));
	__sync_fetch_and_add(&wakeups, 1);
	return 0;
}
