// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What a program with a skeleton has: a map, constants, data and bss that it maps into memory. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} squares SEC(".maps");

const volatile __u64 factor = 1;
__u64 visited = 0;
__u64 largest = 1;

SEC("iter/bpf_map_elem")
int show(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (!key || !value)
		return 0;
	visited++;
	if (*value > largest)
		largest = *value;
	BPF_SEQ_PRINTF(ctx->meta->seq, "%u %llu\n", *key, *value * factor);
	return 0;
}
