// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* How many elements a map has, asked again and again. */
#include "../examples/iter.h"

char _license[] SEC("license") = "Dual BSD/GPL";

extern __s64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym;

/* Its size is set when it is loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} counted SEC(".maps");

struct count_ctx {
	__u64 rounds, counted;
};

static int step(__u64 round, void *data)
{
	__u64 *sum = data;

	*sum += bpf_map_sum_elem_count((const struct bpf_map *)&counted);
	return 0;
}

SEC("syscall")
int count(struct count_ctx *ctx)
{
	__u64 sum = 0;

	bpf_loop(ctx->rounds, step, &sum, 0);
	ctx->counted = sum;
	return 0;
}
