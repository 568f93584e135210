// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The line of ancestors of each task, by lookups in the map that is being walked. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_DEPTH 12

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} depths SEC(".maps");

__u32 deepest, deepest_pid;
__u64 children[4];

static __noinline int count_child(__u32 pid)
{
	__u32 one = 1, *count;

	count = bpf_map_lookup_elem(&depths, &pid);
	if (!count)
		return bpf_map_update_elem(&depths, &pid, &one, BPF_ANY);
	*count += 1;
	return 0;
}

SEC("iter/bpf_map_elem")
int task_tree(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task *task = ctx->value, *up;
	__u32 line[MAX_DEPTH];
	__u32 *pid = ctx->key;
	__u32 depth = 0, next;

	if (!pid || !task) {
		BPF_SEQ_PRINTF(seq, "deepest %u at %u\n", deepest_pid, deepest);
		return 0;
	}
	next = task->ppid;
	for (int i = 0; i < MAX_DEPTH; i++) {
		up = bpf_map_lookup_elem(&tasks, &next);
		if (!up)
			break;
		line[i] = next;
		depth = i + 1;
		next = up->ppid;
	}
	count_child(task->ppid);
	BPF_SEQ_PRINTF(seq, "%u depth %u:", *pid, depth);
	for (int i = MAX_DEPTH - 1; i >= 0; i--)
		if (i < depth)
			BPF_SEQ_PRINTF(seq, "%s%u", i == depth - 1 ? " " : "/", line[i]);
	BPF_SEQ_PRINTF(seq, "\n");
	if (depth > deepest || (depth == deepest && *pid < deepest_pid)) {
		deepest = depth;
		deepest_pid = *pid;
	}
	return 0;
}
