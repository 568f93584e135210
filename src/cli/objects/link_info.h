/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What bpf(2) tells of a link (include/uapi/linux/bpf.h, struct bpf_link_info, as of Linux 7.2):
 * the header that this is built with may be older. An engine that is older fills what it knows and
 * leaves zeroes; link->info_size says how much.
 */
#ifndef CLI_OBJECTS_LINK_INFO_H
#define CLI_OBJECTS_LINK_INFO_H

#include <linux/types.h>

/* BPF_LINK_TYPE_*, those that <linux/bpf.h> may lack included. */
enum link_type {
	LINK_RAW_TRACEPOINT = 1,
	LINK_TRACING = 2,
	LINK_CGROUP = 3,
	LINK_ITER = 4,
	LINK_NETNS = 5,
	LINK_XDP = 6,
	LINK_PERF_EVENT = 7,
	LINK_KPROBE_MULTI = 8,
	LINK_STRUCT_OPS = 9,
	LINK_NETFILTER = 10,
	LINK_TCX = 11,
	LINK_UPROBE_MULTI = 12,
	LINK_NETKIT = 13,
	LINK_SOCKMAP = 14,
};

/* link_info.perf_event.type: BPF_PERF_EVENT_* */
enum link_perf_event {
	LINK_PERF_UPROBE = 1,
	LINK_PERF_URETPROBE = 2,
	LINK_PERF_KPROBE = 3,
	LINK_PERF_KRETPROBE = 4,
	LINK_PERF_TRACEPOINT = 5,
	LINK_PERF_OTHER = 6,
};

/* Pointers in it are not valid any more; what they led to is link->text. */
struct link_info {
	__u32 type;
	__u32 id;
	__u32 prog_id;
	union {
		struct {
			__aligned_u64 tp_name;
			__u32 tp_name_len;
			__u32 : 32;
			__u64 cookie;
		} raw_tracepoint;
		struct {
			__u32 attach_type;
			__u32 target_obj_id; /* of a program or a BTF */
			__u32 target_btf_id; /* the type in it */
			__u32 : 32;
			__u64 cookie;
		} tracing;
		struct {
			__u64 cgroup_id;
			__u32 attach_type;
		} cgroup;
		struct {
			__aligned_u64 target_name;
			__u32 target_name_len;
			__u32 map_id;
			union {
				struct {
					__u64 cgroup_id;
					__u32 order;
				} cgroup;
				struct {
					__u32 tid;
					__u32 pid;
				} task;
			};
		} iter;
		struct {
			__u32 netns_ino;
			__u32 attach_type;
		} netns;
		struct {
			__u32 ifindex;
		} xdp;
		struct {
			__u32 map_id;
		} struct_ops;
		struct {
			__u32 pf;
			__u32 hooknum;
			__s32 priority;
			__u32 flags;
		} netfilter;
		struct {
			__aligned_u64 addrs;
			__u32 count;
			__u32 flags;
			__u64 missed;
			__aligned_u64 cookies;
		} kprobe_multi;
		struct {
			__aligned_u64 path;
			__aligned_u64 offsets;
			__aligned_u64 ref_ctr_offsets;
			__aligned_u64 cookies;
			__u32 path_size;
			__u32 count;
			__u32 flags;
			__u32 pid;
		} uprobe_multi;
		struct {
			__u32 type; /* enum link_perf_event */
			__u32 : 32;
			union {
				struct {
					__aligned_u64 file_name;
					__u32 name_len;
					__u32 offset;
					__u64 cookie;
					__u64 ref_ctr_offset;
				} uprobe;
				struct {
					__aligned_u64 func_name;
					__u32 name_len;
					__u32 offset;
					__u64 addr;
					__u64 missed;
					__u64 cookie;
				} kprobe;
				struct {
					__aligned_u64 tp_name;
					__u32 name_len;
					__u32 : 32;
					__u64 cookie;
				} tracepoint;
				struct {
					__u64 config;
					__u32 type;
					__u32 : 32;
					__u64 cookie;
				} event;
			};
		} perf_event;
		struct {
			__u32 ifindex;
			__u32 attach_type;
		} tcx;
		struct {
			__u32 ifindex;
			__u32 attach_type;
		} netkit;
		struct {
			__u32 map_id;
			__u32 attach_type;
		} sockmap;
	};
} __attribute__((aligned(8)));

#endif /* CLI_OBJECTS_LINK_INFO_H */
