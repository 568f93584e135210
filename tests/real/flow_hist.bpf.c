// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Histograms by powers of two, one a protocol, with bars. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SLOTS 32
#define PROTOS 4

struct hist {
	__u32 slots[SLOTS];
	__u64 sum;
	__u32 count;
};

struct hist hists[PROTOS];
const volatile __u32 bar_width = 20;

static __always_inline __u32 log2_u32(__u32 v)
{
	__u32 r, shift;

	r = (v > 0xFFFF) << 4;
	v >>= r;
	shift = (v > 0xFF) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xF) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	r |= v >> 1;
	return r;
}

static __always_inline __u32 log2_u64(__u64 v)
{
	__u32 hi = v >> 32;

	return hi ? log2_u32(hi) + 32 : log2_u32(v);
}

static __noinline int proto_slot(__u8 proto)
{
	switch (proto) {
	case 1:
		return 0;
	case 6:
		return 1;
	case 17:
		return 2;
	default:
		return 3;
	}
}

/* As many stars as @value has of @max. */
static __noinline const char *bar(__u32 value, __u32 max)
{
	static const char stars[] = "****************************************";
	__u32 width = max ? value * bar_width / max : 0;

	if (width > sizeof(stars) - 1)
		width = sizeof(stars) - 1;
	return &stars[sizeof(stars) - 1 - width];
}

static void show_hist(struct seq_file *seq, struct hist *hist)
{
	__u32 max = 0;

	for (int i = 0; i < SLOTS; i++)
		if (hist->slots[i] > max)
			max = hist->slots[i];
	if (!max)
		return;
	BPF_SEQ_PRINTF(seq, "count %u mean %llu\n", hist->count, hist->sum / hist->count);
	for (int i = 0; i < SLOTS; i++) {
		if (!hist->slots[i])
			continue;
		BPF_SEQ_PRINTF(seq, "%12llu: %-6u |%s\n", 1ULL << i, hist->slots[i],
			       bar(hist->slots[i], max));
	}
}

SEC("iter/bpf_map_elem")
int flow_hist(struct bpf_iter__bpf_map_elem *ctx)
{
	struct flow_key *key = ctx->key;
	struct flow *flow = ctx->value;
	struct hist *hist;
	__u32 slot;

	if (!key || !flow) {
		for (int i = 0; i < PROTOS; i++)
			show_hist(ctx->meta->seq, &hists[i]);
		return 0;
	}
	hist = &hists[proto_slot(key->proto) & (PROTOS - 1)];
	slot = log2_u64(flow->bytes);
	if (slot >= SLOTS)
		slot = SLOTS - 1;
	hist->slots[slot]++;
	hist->sum += flow->bytes;
	hist->count++;
	return 0;
}
