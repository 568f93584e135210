// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Lists every map, with the number of elements that it holds now, if its kind counts them. */
#include "iter.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Came with Linux 6.6; elsewhere its address is NULL. */
extern __s64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym __weak;

SEC("iter/bpf_map")
int maps(struct bpf_iter__bpf_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;

	if (!map)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%5s %-16s %4s %8s %8s\n", "ID", "NAME", "TYPE", "MAX",
			       "ELEMENTS");
	BPF_SEQ_PRINTF(seq, "%5u %-16s %4d %8u", map->id, map->name, map->map_type,
		       map->max_entries);
	if (bpf_map_sum_elem_count &&
	    (map->map_type == BPF_MAP_TYPE_HASH || map->map_type == BPF_MAP_TYPE_LRU_HASH ||
	     map->map_type == BPF_MAP_TYPE_PERCPU_HASH ||
	     map->map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH))
		BPF_SEQ_PRINTF(seq, " %8lld\n", bpf_map_sum_elem_count(map));
	else
		BPF_SEQ_PRINTF(seq, " %8s\n", "-");
	return 0;
}
