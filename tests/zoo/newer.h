/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What kernels after 6.1 added to bpf(2) and the zoo makes, by number: the zoo is built with the
 * headers of an older system than it runs on.
 */
#ifndef ZOO_NEWER_H
#define ZOO_NEWER_H

#include <linux/types.h>

enum {
	NEWER_PROG_TYPE_NETFILTER = 32,

	NEWER_MAP_TYPE_CGRP_STORAGE = 32,
	NEWER_MAP_TYPE_ARENA = 33,
	NEWER_MAP_TYPE_INSN_ARRAY = 34,
	NEWER_MAP_TYPE_RHASH = 35,

	NEWER_STRUCT_OPS = 44,
	NEWER_NETFILTER = 45,
	NEWER_TCX_INGRESS = 46,
	NEWER_TCX_EGRESS = 47,
	NEWER_TRACE_UPROBE_MULTI = 48,
	NEWER_CGROUP_UNIX_CONNECT = 49,
	NEWER_NETKIT_PRIMARY = 54,
	NEWER_TRACE_FSESSION = 58,
	NEWER_TRACE_FENTRY_MULTI = 59,

	NEWER_F_XDP_DEV_BOUND_ONLY = 1 << 6, /* of programs */
	NEWER_F_LINK = 1 << 13,		     /* of maps */
};

/* BPF_LINK_CREATE */
struct newer_link_create {
	__u32 prog_fd; /* or map_fd */
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	union {
		struct {
			__u64 path, offsets, ref_ctr_offsets, cookies;
			__u32 cnt, flags, pid;
		} uprobe_multi;
		struct {
			__u32 target_btf_id;
			__u64 cookie;
		} tracing;
		struct {
			__u64 ids, cookies;
			__u32 cnt;
		} tracing_multi;
		struct {
			__u32 pf, hooknum;
			__s32 priority;
			__u32 flags;
		} netfilter;
		struct {
			__u32 relative_fd;
			__u64 expected_revision;
		} tcx;
		__u64 pad[8];
	};
};

#endif /* ZOO_NEWER_H */
