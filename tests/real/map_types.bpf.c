// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The types of keys and values, by name and kind, out of each map's own BTF. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { BTF_KIND_ARRAY = 3, BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM, BTF_KIND_TYPEDEF = 8 };

struct session_key {
	__u64 cookie;
	__u16 family;
};

enum colour { RED, GREEN };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10);
	__type(key, struct session_key);
	__type(value, enum colour);
} mtypes_struct SEC(".maps");

typedef __u32 port_t;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10);
	__type(key, port_t);
	__type(value, char[12]);
} mtypes_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10);
	__uint(key_size, 4);
	__uint(value_size, 4);
} mtypes_none SEC(".maps");

#define KINDS 20

static const char kinds[KINDS][10] = {"void",	 "int",	     "ptr",	 "array",    "struct",
				      "union",	 "enum",     "fwd",	 "typedef",  "volatile",
				      "const",	 "restrict", "func",	 "proto",    "var",
				      "datasec", "float",    "decl_tag", "type_tag", "enum64"};

static __noinline int show_type(struct seq_file *seq, struct btf *btf, __u32 id)
{
	char name[32] = "", kind_name[10];
	struct btf_type *type, **types;
	const char *strings;
	__u32 info, kind, members;

	if (!btf || id >= BPF_CORE_READ(btf, nr_types)) {
		BPF_SEQ_PRINTF(seq, " ?");
		return 0;
	}
	types = BPF_CORE_READ(btf, types);
	if (bpf_probe_read_kernel(&type, sizeof(type), &types[id]))
		return 0;
	info = BPF_CORE_READ(type, info);
	strings = BPF_CORE_READ(btf, strings);
	bpf_probe_read_kernel_str(name, sizeof(name), strings + BPF_CORE_READ(type, name_off));
	kind = info >> 24 & 0x1f;
	members = info & 0xffff;
	if (kind >= KINDS)
		kind = 0;
	__builtin_memcpy(kind_name, kinds[kind], sizeof(kind_name));
	BPF_SEQ_PRINTF(seq, " %s %s", kind_name, name[0] ? name : "(none)");
	switch (kind) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
		BPF_SEQ_PRINTF(seq, "[%u] size %u", members, BPF_CORE_READ(type, size));
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_ARRAY:
		break;
	default:
		BPF_SEQ_PRINTF(seq, " size %u", BPF_CORE_READ(type, size));
	}
	return 0;
}

SEC("iter/bpf_map")
int map_types(struct bpf_iter__bpf_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;
	char name[16] = {};

	if (!map)
		return 0;
	BPF_CORE_READ_STR_INTO(&name, map, name);
	if (*(__u32 *)name != bpf_htonl(0x6d747970)) /* mtyp */
		return 0;
	BPF_SEQ_PRINTF(seq, "%s:", name);
	show_type(seq, map->btf, map->btf_key_type_id);
	BPF_SEQ_PRINTF(seq, " ->");
	show_type(seq, map->btf, map->btf_value_type_id);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
