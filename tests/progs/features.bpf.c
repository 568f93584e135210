// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * One iterator that leans on much at once: a subprogram, callbacks, a bounded loop, global data,
 * strings, other maps. Its output depends on its input alone, so the engines can be compared.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile char prefix[8] = "row";
const volatile __u32 rounds = 3;
__u32 histogram[8];

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} seen SEC(".maps");

/* Only declared: how many elements it has libbpf decides. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} events SEC(".maps");

static __noinline __u32 bits(__u64 value)
{
	__u32 n = 0;

	for (int i = 0; i < 64; i++)
		n += (value >> i) & 1;
	return n;
}

struct sum_ctx {
	__u64 sum;
	__u32 step;
};

static long add_one(__u32 index, struct sum_ctx *ctx)
{
	ctx->sum += index * ctx->step;
	return index == 9;
}

static long count_elem(struct bpf_map *map, __u32 *key, __u32 *value, struct sum_ctx *ctx)
{
	ctx->sum += *value;
	return 0;
}

SEC("iter/bpf_map_elem")
int features(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;
	struct sum_ctx sum = {.step = 2};
	char text[24];
	__u32 k, one = 1, *n;

	if (!key || !value) {
		sum.sum = 0;
		k = bpf_for_each_map_elem(&seen, count_elem, &sum, 0);
		BPF_SEQ_PRINTF(seq, "%u classes, %llu rows in %s\n", k, sum.sum, ctx->map->name);
		for (int i = 0; i < 8; i++)
			BPF_SEQ_PRINTF(seq, "%u ", histogram[i]);
		BPF_SEQ_PRINTF(seq, "\n");
		return 0;
	}
	bpf_loop(100, add_one, &sum, 0);
	k = bits(*value) & 31;
	n = bpf_map_lookup_elem(&seen, &k);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&seen, &k, &one, BPF_ANY);
	histogram[*key & 7]++;
	for (__u32 i = 0; i < rounds && i < 8; i++)
		sum.sum ^= *value + i;
	BPF_SNPRINTF(text, sizeof(text), "%s-%04x", (const char *)prefix, *key);
	BPF_SEQ_PRINTF(seq, "%s %u %llu %d\n", text, k, sum.sum,
		       bpf_strncmp(text, sizeof(text), "row-0003") == 0);
	return 0;
}
