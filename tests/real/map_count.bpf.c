// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Elements of hash maps by their counters, and the maps of each type in a map of totals. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

extern __s64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym;

struct totals {
	__u64 maps;
	__u64 entries;
	__u64 largest;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 40);
	__type(key, __u32);
	__type(value, struct totals);
} mcount_totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 20);
	__type(key, __u64);
	__type(value, __u8);
} mcount_some SEC(".maps");

static __always_inline bool is_ours(const struct bpf_map *map)
{
	static const char prefix[] = "mcount_";
	char name[16];

	bpf_probe_read_kernel(name, sizeof(name), map->name);
	for (int i = 0; i < sizeof(prefix) - 1; i++)
		if (name[i] != prefix[i])
			return false;
	return true;
}

static void add(struct bpf_map *map)
{
	struct totals *totals, first = {};
	__u32 type = map->map_type;

	totals = bpf_map_lookup_elem(&mcount_totals, &type);
	if (!totals) {
		first.maps = 1;
		first.entries = first.largest = map->max_entries;
		bpf_map_update_elem(&mcount_totals, &type, &first, BPF_ANY);
		return;
	}
	totals->maps++;
	totals->entries += map->max_entries;
	if (map->max_entries > totals->largest)
		totals->largest = map->max_entries;
}

SEC("iter/bpf_map")
int map_count(struct bpf_iter__bpf_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;
	struct totals *totals;
	__u32 hash = BPF_MAP_TYPE_HASH;

	if (!map) {
		totals = bpf_map_lookup_elem(&mcount_totals, &hash);
		if (totals)
			BPF_SEQ_PRINTF(seq, "hash: two or more %d, largest %llu, all more %d\n",
				       totals->maps >= 2, totals->largest,
				       totals->entries > totals->largest);
		return 0;
	}
	if (!is_ours(map))
		return 0;
	add(map);
	BPF_SEQ_PRINTF(seq, "%s %lld of %u\n", map->name, bpf_map_sum_elem_count(map),
		       map->max_entries);
	return 0;
}
