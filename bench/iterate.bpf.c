// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Iterators over the elements of a map of 4-byte keys and 8-byte values: add them up, write them,
 * print them.
 */
#include "../examples/iter.h"

char _license[] SEC("license") = "Dual BSD/GPL";

__u64 total;

SEC("iter/bpf_map_elem")
int sum_elems(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *value = ctx->value;

	if (value)
		total += *value;
	return 0;
}

SEC("iter/bpf_map_elem")
int write_elems(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value, pair[2];

	if (!key || !value)
		return 0;
	pair[0] = *key;
	pair[1] = *value;
	bpf_seq_write(ctx->meta->seq, pair, sizeof(pair));
	return 0;
}

SEC("iter/bpf_map_elem")
int print_elems(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (key && value)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%u: %llu\n", *key, *value);
	return 0;
}

SEC("iter/bpf_map_elem")
int json_elems(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (key && value)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%s{\"key\":%u,\"value\":%llu}\n",
			       ctx->meta->seq_num ? "," : "[", *key, *value);
	else
		BPF_SEQ_PRINTF(ctx->meta->seq, "%s]\n", ctx->meta->seq_num ? "" : "[");
	return 0;
}
