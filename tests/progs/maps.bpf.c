// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Every map: what it is, and how many elements it holds by its counters. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Came with Linux 6.6. */
extern __s64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym __weak;

SEC("iter/bpf_map")
int maps(struct bpf_iter__bpf_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;

	if (!map) {
		BPF_SEQ_PRINTF(seq, "end seq_num=%llu\n", ctx->meta->seq_num);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "%4u %-16s type=%d max=%u elems=%lld\n", map->id, map->name,
		       map->map_type, map->max_entries,
		       bpf_map_sum_elem_count ? bpf_map_sum_elem_count(map) : -1);
	return 0;
}
