/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* How types are called: what libbpf knows them as. An old libbpf runs on a newer kernel; what it
 * does not know yet is called here as its successors do.
 */
#include <stdio.h>

#include <bpf/libbpf.h>

#include "objects.h"

const char *const object_kind_names[NR_OBJECT_KINDS] = {
	[OBJECT_PROGRAM] = "prog",
	[OBJECT_MAP] = "map",
	[OBJECT_LINK] = "link",
	[OBJECT_BTF] = "btf",
};

/* Linux 6.3 and later. */
static const char *const newer_map_types[] = {
	[32] = "cgrp_storage",
	[33] = "arena",
	[34] = "insn_array",
	[35] = "rhash",
};
static const char *const newer_program_types[] = {
	[32] = "netfilter",
};
static const char *const newer_link_types[] = {
	[9] = "struct_ops", [10] = "netfilter", [11] = "tcx",		[12] = "uprobe_multi",
	[13] = "netkit",    [14] = "sockmap",	[15] = "tracing_multi",
};
static const char *const newer_attach_types[] = {
	[44] = "struct_ops",
	[45] = "netfilter",
	[46] = "tcx_ingress",
	[47] = "tcx_egress",
	[48] = "trace_uprobe_multi",
	[49] = "cgroup_unix_connect",
	[50] = "cgroup_unix_sendmsg",
	[51] = "cgroup_unix_recvmsg",
	[52] = "cgroup_unix_getpeername",
	[53] = "cgroup_unix_getsockname",
	[54] = "netkit_primary",
	[55] = "netkit_peer",
	[56] = "trace_kprobe_session",
	[57] = "trace_uprobe_session",
	[58] = "trace_fsession",
	[59] = "trace_fentry_multi",
	[60] = "trace_fexit_multi",
	[61] = "trace_fsession_multi",
};

#define NEWER(names, type) ((type) < sizeof(names) / sizeof(*(names)) ? (names)[type] : NULL)

/* One text for each function below: who prints two of a sort at once copies the first. */
static const char *or_number(const char *name, const char *newer, __u32 type, char *text,
			     size_t size)
{
	if (name || newer)
		return name ? name : newer;
	snprintf(text, size, "type %u", type);
	return text;
}

const char *map_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_map_type_str(type), NEWER(newer_map_types, type), type, text,
			 sizeof(text));
}

const char *program_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_prog_type_str(type), NEWER(newer_program_types, type), type,
			 text, sizeof(text));
}

const char *link_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_link_type_str(type), NEWER(newer_link_types, type), type, text,
			 sizeof(text));
}

const char *attach_type_name(__u32 type)
{
	static char text[20];

	return or_number(libbpf_bpf_attach_type_str(type), NEWER(newer_attach_types, type), type,
			 text, sizeof(text));
}
