// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * XDP: a bucket of tokens for each source, under a spin lock since any CPU may take from it; and a
 * dispatcher that goes on in a program for the packet's protocol by tail call.
 */
#include "packet.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct bucket {
	struct bpf_spin_lock lock;
	__u32 tokens;
	__u64 refilled_ns;
	__u64 dropped;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __be32);
	__type(value, struct bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} protocols SEC(".maps");

const volatile __u32 burst = 32;
const volatile __u64 token_ns = 1000000;

/* Whether the bucket gives a token. */
static __always_inline int take_token(struct bucket *bucket, __u64 now)
{
	__u64 gained;
	int taken = 0;

	bpf_spin_lock(&bucket->lock);
	gained = token_ns ? (now - bucket->refilled_ns) / token_ns : burst;
	if (gained) {
		gained += bucket->tokens;
		bucket->tokens = gained < burst ? gained : burst;
		bucket->refilled_ns = now;
	}
	if (bucket->tokens) {
		bucket->tokens--;
		taken = 1;
	} else {
		bucket->dropped++;
	}
	bpf_spin_unlock(&bucket->lock);
	return taken;
}

SEC("xdp")
int xdp_limit(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	__u64 now = bpf_ktime_get_ns();
	struct bucket *bucket, fresh = {};
	struct ethhdr *eth;
	struct iphdr *ip;
	__be32 source;

	if (take_ethernet(&cursor, &eth) != ETH_P_IP)
		return XDP_PASS;
	ip = take_ipv4(&cursor);
	if (!ip)
		return XDP_DROP;
	source = ip->saddr;
	bucket = bpf_map_lookup_elem(&buckets, &source);
	if (!bucket) {
		fresh.tokens = burst - 1;
		fresh.refilled_ns = now;
		bpf_map_update_elem(&buckets, &source, &fresh, BPF_NOEXIST);
	} else if (!take_token(bucket, now)) {
		return XDP_DROP;
	}
	bpf_tail_call(ctx, &protocols, ip->protocol == IPPROTO_UDP);
	return XDP_PASS;
}

/* Datagrams that are too small for DNS. */
SEC("xdp")
int xdp_limit_udp(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct ethhdr *eth;
	struct udphdr *udp;

	if (take_ethernet(&cursor, &eth) != ETH_P_IP || !take_ipv4(&cursor))
		return XDP_DROP;
	udp = take(&cursor, sizeof(*udp));
	if (!udp)
		return XDP_DROP;
	if (udp->dest == bpf_htons(53) && bpf_ntohs(udp->len) < sizeof(*udp) + 12)
		return XDP_DROP;
	return XDP_PASS;
}

SEC("xdp")
int xdp_limit_tcp(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct ethhdr *eth;
	struct tcphdr *tcp;

	if (take_ethernet(&cursor, &eth) != ETH_P_IP || !take_ipv4(&cursor))
		return XDP_DROP;
	tcp = take(&cursor, sizeof(*tcp));
	/* Neither nothing nor all at once. */
	if (!tcp || (tcp->syn && tcp->fin) || (!tcp->syn && !tcp->ack && !tcp->rst))
		return XDP_DROP;
	return XDP_PASS;
}
