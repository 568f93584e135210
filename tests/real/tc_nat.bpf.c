// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * TC: translation of addresses and ports on the way out, by helpers that store into the packet and
 * repair its checksums. Pointers into the packet are taken anew after each of them.
 */
#include "packet.h"

#include <stddef.h>

#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct endpoint {
	__be32 address;
	__be16 port;
	__u16 proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct endpoint);
	__type(value, struct endpoint);
} translations SEC(".maps");

__u64 translated, untouched;

#define IP_AT ETH_HLEN
#define IP_CHECK_AT (IP_AT + offsetof(struct iphdr, check))
#define IP_SOURCE_AT (IP_AT + offsetof(struct iphdr, saddr))
#define L4_AT (IP_AT + sizeof(struct iphdr))

static __always_inline int read_source(struct __sk_buff *skb, struct endpoint *source)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	__be16 *port = data + L4_AT;

	if ((void *)(port + 1) > end)
		return -1;
	if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return -1;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return -1;
	source->address = ip->saddr;
	source->port = *port;
	source->proto = ip->protocol;
	return 0;
}

static __noinline int replace_source(struct __sk_buff *skb, const struct endpoint *from,
				     const struct endpoint *to)
{
	__u32 check_at = L4_AT + (from->proto == IPPROTO_TCP ? offsetof(struct tcphdr, check)
							     : offsetof(struct udphdr, check));
	__u64 flags = from->proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;

	if (bpf_l4_csum_replace(skb, check_at, from->address, to->address,
				flags | BPF_F_PSEUDO_HDR | sizeof(to->address)) ||
	    bpf_l4_csum_replace(skb, check_at, from->port, to->port, flags | sizeof(to->port)) ||
	    bpf_l3_csum_replace(skb, IP_CHECK_AT, from->address, to->address, sizeof(to->address)))
		return -1;
	if (bpf_skb_store_bytes(skb, IP_SOURCE_AT, &to->address, sizeof(to->address), 0) ||
	    bpf_skb_store_bytes(skb, L4_AT, &to->port, sizeof(to->port), 0))
		return -1;
	return 0;
}

SEC("tc")
int tc_nat(struct __sk_buff *skb)
{
	struct endpoint from = {}, *known, to;

	if (bpf_skb_pull_data(skb, L4_AT + sizeof(__be16)) || read_source(skb, &from)) {
		__sync_fetch_and_add(&untouched, 1);
		return TC_ACT_OK;
	}
	known = bpf_map_lookup_elem(&translations, &from);
	if (!known) {
		__sync_fetch_and_add(&untouched, 1);
		return TC_ACT_OK;
	}
	to = *known;
	if (replace_source(skb, &from, &to))
		return TC_ACT_SHOT;
	/* What was stored is there to be read. */
	if (read_source(skb, &from) || from.address != to.address)
		return TC_ACT_SHOT;
	__sync_fetch_and_add(&translated, 1);
	return TC_ACT_OK;
}
