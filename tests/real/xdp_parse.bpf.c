// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * XDP: what kinds of packets arrive. Ethernet, VLAN tags, IPv4 with options, IPv6 with its
 * extension headers, TCP with its options, UDP; counted for each CPU. Packets that are cut off
 * within a header are dropped.
 */
#include "packet.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum kind { KIND_OTHER, KIND_CUT, KIND_TCP4, KIND_TCP6, KIND_UDP4, KIND_UDP6, KIND_SYN, KINDS };

struct totals {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, struct totals);
} kinds SEC(".maps");

/* Announced segment sizes of connections: how often each. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u16);
	__type(value, __u64);
} segment_sizes SEC(".maps");

struct extension {
	__u8 next;
	__u8 len;
};

#define MAX_EXTENSIONS 2
#define MAX_OPTIONS 5

/* The protocol behind the IPv6 header and its extensions; -1: cut off. */
static __always_inline int take_ipv6(struct cursor *cursor)
{
	struct ipv6hdr *ip = take(cursor, sizeof(*ip));
	struct extension *ext;
	__u8 next;

	if (!ip)
		return -1;
	next = ip->nexthdr;
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			break;
		ext = take(cursor, sizeof(*ext));
		if (!ext || !take(cursor, ext->len * 8 + 6))
			return -1;
		next = ext->next;
	}
	return next;
}

static __always_inline void count_segment_size(__u16 size)
{
	__u64 one = 1, *count = bpf_map_lookup_elem(&segment_sizes, &size);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&segment_sizes, &size, &one, BPF_NOEXIST);
}

/*
 * The options from @from to @to, counted from the begin of the packet. A global function: it is
 * verified once, and not on each path that leads to it.
 */
__noinline int walk_options(struct xdp_md *ctx, __u32 from, __u32 to)
{
	struct cursor cursor = {(void *)(long)ctx->data + (from & 0x3ff),
				(void *)(long)ctx->data_end};
	void *end = (void *)(long)ctx->data + (to & 0x3ff);
	__u8 *kind, *len;
	__be16 *mss;

	for (int i = 0; i < MAX_OPTIONS; i++) {
		kind = take(&cursor, 1);
		if (!kind || (void *)kind >= end || *kind == 0)
			return 0;
		if (*kind == 1)
			continue;
		len = take(&cursor, 1);
		if (!len || *len < 2)
			return 0;
		if (*kind == 2 && *len == 4) {
			mss = take(&cursor, sizeof(*mss));
			if (mss)
				count_segment_size(bpf_ntohs(*mss));
			return 0;
		}
		cursor.at = (void *)kind + *len;
	}
	return 0;
}

static __always_inline enum kind parse_tcp(struct xdp_md *ctx, struct cursor *cursor,
					   enum kind kind)
{
	struct cursor whole = *cursor;
	struct tcphdr *tcp = take(cursor, sizeof(*tcp));
	void *data = (void *)(long)ctx->data;
	__u32 len;

	if (!tcp)
		return KIND_CUT;
	len = tcp->doff * 4;
	if (len < sizeof(*tcp) || !take(&whole, len))
		return KIND_CUT;
	if (!tcp->syn)
		return kind;
	walk_options(ctx, cursor->at - data, whole.at - data);
	return KIND_SYN;
}

static __always_inline enum kind parse_transport(struct xdp_md *ctx, struct cursor *cursor,
						 int proto, int v6)
{
	if (proto == IPPROTO_TCP)
		return parse_tcp(ctx, cursor, v6 ? KIND_TCP6 : KIND_TCP4);
	if (proto != IPPROTO_UDP)
		return proto < 0 ? KIND_CUT : KIND_OTHER;
	if (!take(cursor, sizeof(struct udphdr)))
		return KIND_CUT;
	return v6 ? KIND_UDP6 : KIND_UDP4;
}

static __always_inline enum kind parse(struct xdp_md *ctx, struct cursor *cursor)
{
	struct ethhdr *eth;
	struct iphdr *ip;

	switch (take_ethernet(cursor, &eth)) {
	case -1:
		return KIND_CUT;
	case ETH_P_IP:
		ip = take_ipv4(cursor);
		return ip ? parse_transport(ctx, cursor, ip->protocol, 0) : KIND_CUT;
	case ETH_P_IPV6:
		return parse_transport(ctx, cursor, take_ipv6(cursor), 1);
	}
	return KIND_OTHER;
}

SEC("xdp")
int xdp_parse(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	__u32 kind = parse(ctx, &cursor);
	struct totals *totals = bpf_map_lookup_elem(&kinds, &kind);

	if (!totals)
		return XDP_ABORTED;
	totals->packets++;
	totals->bytes += ctx->data_end - ctx->data;
	return kind == KIND_CUT ? XDP_DROP : XDP_PASS;
}
