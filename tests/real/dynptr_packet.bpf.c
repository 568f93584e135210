// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Packets through dynptrs: slices are in the packet or in a buffer, whatever is linear; the same
 * parser stands behind XDP and TC.
 */
#include "kernel.h"
#include "packet.h"

#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u16);
	__type(value, __u64);
} ports SEC(".maps");

__u64 bytes, short_ones;

static __always_inline void count_port(__u16 port)
{
	__u64 one = 1, *count = bpf_map_lookup_elem(&ports, &port);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&ports, &port, &one, BPF_ANY);
}

/* The protocol of transport, and where it begins in @at; -1: neither IPv4 nor IPv6. */
static __always_inline int find_transport(const struct bpf_dynptr *packet, __u32 *at)
{
	__u8 buffer[sizeof(struct ipv6hdr)];
	struct ipv6hdr *ip6;
	struct ethhdr *eth;
	struct iphdr *ip;

	eth = bpf_dynptr_slice(packet, 0, buffer, sizeof(*eth));
	if (!eth)
		return -1;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		ip = bpf_dynptr_slice(packet, ETH_HLEN, buffer, sizeof(*ip));
		if (!ip || ip->ihl < 5)
			return -1;
		*at = ETH_HLEN + ip->ihl * 4;
		return ip->protocol;
	}
	if (eth->h_proto != bpf_htons(ETH_P_IPV6))
		return -1;
	ip6 = bpf_dynptr_slice(packet, ETH_HLEN, buffer, sizeof(*ip6));
	if (!ip6)
		return -1;
	*at = ETH_HLEN + sizeof(*ip6);
	return ip6->nexthdr;
}

static __always_inline int parse(struct bpf_dynptr *packet)
{
	struct udphdr *udp, copy;
	__u32 at;

	bytes += bpf_dynptr_size(packet);
	if (find_transport(packet, &at) != IPPROTO_UDP)
		return 0;
	udp = bpf_dynptr_slice(packet, at, &copy, sizeof(copy));
	if (!udp) {
		short_ones++;
		return -1;
	}
	count_port(bpf_ntohs(udp->dest));
	return 0;
}

SEC("xdp")
int dynptr_xdp(struct xdp_md *ctx)
{
	struct bpf_dynptr packet;

	if (bpf_dynptr_from_xdp(ctx, 0, &packet))
		return XDP_ABORTED;
	return parse(&packet) ? XDP_DROP : XDP_PASS;
}

/* Also answers: the addresses of Ethernet change places. */
SEC("tc")
int dynptr_tc(struct __sk_buff *skb)
{
	struct ethhdr *eth, copy;
	struct bpf_dynptr packet;
	__u8 mac[ETH_ALEN];

	if (bpf_dynptr_from_skb(skb, 0, &packet) || parse(&packet))
		return TC_ACT_SHOT;
	eth = bpf_dynptr_slice_rdwr(&packet, 0, &copy, sizeof(copy));
	if (!eth)
		return TC_ACT_SHOT;
	__builtin_memcpy(mac, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, mac, ETH_ALEN);
	if ((void *)eth == (void *)&copy)
		bpf_dynptr_write(&packet, 0, eth, sizeof(*eth), 0);
	return TC_ACT_OK;
}
