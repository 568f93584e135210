/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The map of tasks that several of the programs walk: 4-byte keys, 100-byte values. */
#ifndef REAL_TASK_H
#define REAL_TASK_H

struct task {
	__u32 ppid;
	__u32 uid;
	__u32 pages;
	__u16 nice;
	__u8 state;
	__u8 threads;
	char comm[16];
	char cmdline[64];
	__u32 time_ms;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct task);
} tasks SEC(".maps");

#endif /* REAL_TASK_H */
