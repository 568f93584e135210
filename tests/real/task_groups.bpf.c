// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Tasks by user into records of a map with 16-byte keys, written as binary structures. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct group_key {
	__u64 uid_and_state;
	char first[8];
};

struct group {
	__u32 tasks;
	__u64 pages; /* after a hole of four bytes */
	__u16 threads;
	char longest[16];
	__u8 longest_length;
	__u32 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct group_key);
	__type(value, struct group);
} groups SEC(".maps");

struct record {
	struct group_key key;
	struct group group;
};

static __always_inline __u32 length_of(const char *text, __u32 size)
{
	__u32 length;

	for (length = 0; length < size; length++)
		if (!text[length])
			break;
	return length;
}

static long write_group(struct bpf_map *map, struct group_key *key, struct group *group,
			struct seq_file **seq)
{
	struct record record;

	__builtin_memset(&record, 0, sizeof(record));
	record.key = *key;
	record.group.tasks = group->tasks;
	record.group.pages = group->pages;
	record.group.threads = group->threads;
	record.group.longest_length = group->longest_length;
	record.group.pid = group->pid;
	__builtin_memcpy(record.group.longest, group->longest, sizeof(group->longest));
	return bpf_seq_write(*seq, &record, sizeof(record)) < 0;
}

SEC("iter/bpf_map_elem")
int task_groups(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task *task = ctx->value;
	struct group_key key = {};
	struct group *group, fresh;
	__u32 *pid = ctx->key;
	__u8 length;

	if (!pid || !task) {
		bpf_for_each_map_elem(&groups, write_group, &seq, 0);
		return 0;
	}
	key.uid_and_state = (__u64)task->uid << 32 | (task->state & 3);
	__builtin_memcpy(key.first, task->cmdline, 3);
	group = bpf_map_lookup_elem(&groups, &key);
	if (!group) {
		__builtin_memset(&fresh, 0, sizeof(fresh));
		if (bpf_map_update_elem(&groups, &key, &fresh, BPF_ANY))
			return 0;
		group = bpf_map_lookup_elem(&groups, &key);
		if (!group)
			return 0;
	}
	group->tasks++;
	group->pages += task->pages;
	group->threads += task->threads;
	length = length_of(task->comm, sizeof(task->comm));
	if (length > group->longest_length ||
	    (length == group->longest_length && *pid < group->pid)) {
		group->pid = *pid;
		group->longest_length = length;
		__builtin_memcpy(group->longest, task->comm, sizeof(group->longest));
		for (int i = 0; i < 16; i++)
			if (i >= length)
				group->longest[i] = '.';
	}
	return 0;
}
