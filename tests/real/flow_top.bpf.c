// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The largest flows, kept sorted in a global array by insertion, shown after the last. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TOP 10

struct top {
	struct flow_key key;
	__u64 bytes;
	__u32 packets;
};

struct top top[TOP];
__u32 top_count;
__u64 seen_bytes;

static __always_inline bool ahead(const struct flow *flow, const struct flow_key *key,
				  const struct top *than)
{
	if (flow->bytes != than->bytes)
		return flow->bytes > than->bytes;
	return bpf_ntohl(key->saddr) < bpf_ntohl(than->key.saddr);
}

static __noinline void show_top(struct seq_file *seq, const struct top *t, __u32 rank)
{
	__be32 saddr = t->key.saddr, daddr = t->key.daddr;

	BPF_SEQ_PRINTF(seq, "%2u %pI4:%u -> %pI4:%u %llu bytes %u packets\n", rank, &saddr,
		       bpf_ntohs(t->key.sport), &daddr, bpf_ntohs(t->key.dport), t->bytes,
		       t->packets);
}

SEC("iter/bpf_map_elem")
int flow_top(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct flow_key *key = ctx->key;
	struct flow *flow = ctx->value;
	__u32 at;

	if (!key || !flow) {
		for (__u32 i = 0; i < TOP && i < top_count; i++)
			show_top(seq, &top[i], i + 1);
		BPF_SEQ_PRINTF(seq, "total %llu bytes\n", seen_bytes);
		return 0;
	}
	seen_bytes += flow->bytes;
	for (at = 0; at < TOP; at++)
		if (at >= top_count || ahead(flow, key, &top[at]))
			break;
	if (at >= TOP)
		return 0;
	for (int i = TOP - 1; i > 0; i--)
		if (i > at)
			top[i] = top[i - 1];
	top[at].key = *key;
	top[at].bytes = flow->bytes;
	top[at].packets = flow->packets;
	if (top_count < TOP)
		top_count++;
	return 0;
}
