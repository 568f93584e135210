// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Maps as bpftool lists them, with what they hold in memory; those whose names begin as asked. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define BPF_F_INNER_MAP (1u << 12)

struct pair {
	__u32 a;
	char b[20];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct pair);
	__type(value, char[7]);
} mlist_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 17);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pair);
} mlist_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(key_size, 4);
	__uint(value_size, 100);
} mlist_const SEC(".maps");

static const char type_names[][16] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
	[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
};

static const struct {
	__u32 flag;
	char name[14];
} flag_names[] = {
	{BPF_F_NO_PREALLOC, "no_prealloc"}, {BPF_F_RDONLY_PROG, "rdonly_prog"},
	{BPF_F_WRONLY_PROG, "wronly_prog"}, {BPF_F_MMAPABLE, "mmapable"},
	{BPF_F_INNER_MAP, "inner"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static __always_inline const char *type_name(enum bpf_map_type type)
{
	if (type >= COUNT(type_names) || !type_names[type][0])
		return "other";
	return type_names[type];
}

static __noinline __u64 memory(enum bpf_map_type type, __u32 key_size, __u32 value_size,
			       __u32 max_entries)
{
	__u64 value = (value_size + 7) & ~7u;

	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		return max_entries * (48 + ((key_size + 7) & ~7u) + value);
	case BPF_MAP_TYPE_ARRAY:
		return max_entries * value;
	default:
		return 0;
	}
}

SEC("iter/bpf_map")
int map_list(struct bpf_iter__bpf_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;
	char name[16];
	__u32 flags;

	if (!map) {
		BPF_SEQ_PRINTF(seq, "at least three: %d\n", ctx->meta->seq_num >= 2);
		return 0;
	}
	if (bpf_probe_read_kernel_str(name, sizeof(name), map->name) < 6)
		return 0;
	if (bpf_strncmp(name, 6, "mlist_"))
		return 0;
	flags = map->map_flags;
	BPF_SEQ_PRINTF(seq, "%s: %s key %uB value %uB max %u memory %lluB", name,
		       type_name(map->map_type), map->key_size, map->value_size, map->max_entries,
		       memory(map->map_type, map->key_size, map->value_size, map->max_entries));
	for (int i = 0; i < COUNT(flag_names); i++) {
		if (!(flags & flag_names[i].flag))
			continue;
		BPF_SEQ_PRINTF(seq, " %s", flag_names[i].name);
		flags &= ~flag_names[i].flag;
	}
	if (flags)
		BPF_SEQ_PRINTF(seq, " %#x", flags);
	BPF_SEQ_PRINTF(seq, "%s\n", map->frozen ? " frozen" : "");
	return 0;
}
