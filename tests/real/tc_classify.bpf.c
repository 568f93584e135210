// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * TC: a classifier. What the headers in the linear part say gives the packet its kind and mark;
 * where they are not in it they are loaded, and a name in the payload is looked at byte by byte.
 */
#include "packet.h"

#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum traffic { TRAFFIC_OTHER = 1, TRAFFIC_BULK, TRAFFIC_INTERACTIVE, TRAFFIC_NAMES };

struct class_totals {
	__u64 packets;
	__u64 bytes;
	__u32 longest;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct class_totals);
} classes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, char[32]);
	__type(value, __u64);
} names SEC(".maps");

#define DNS_NAME_AT (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr) + 12)

/* The name of a question, labels joined by dots, into @name. */
static __always_inline int read_name(struct __sk_buff *skb, char *name)
{
	char raw[32] = "";
	__u32 left = 0, n = 0;

	/* Longer ones are not counted. */
	if (skb->len < DNS_NAME_AT + sizeof(raw) ||
	    bpf_skb_load_bytes(skb, DNS_NAME_AT, raw, sizeof(raw)))
		return -1;
	for (__u32 i = 0; i < sizeof(raw); i++) {
		if (left) {
			name[n++ & 31] = raw[i] >= 'A' && raw[i] <= 'Z' ? raw[i] | 0x20 : raw[i];
			left--;
			continue;
		}
		if (!raw[i])
			return n;
		if (raw[i] & 0xc0)
			return -1;
		left = raw[i];
		if (n)
			name[n++ & 31] = '.';
	}
	return -1;
}

static __always_inline void count_name(struct __sk_buff *skb)
{
	char name[32] = {};
	__u64 one = 1, *count;

	if (read_name(skb, name) <= 0)
		return;
	count = bpf_map_lookup_elem(&names, name);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&names, name, &one, BPF_ANY);
}

static __always_inline enum traffic traffic_of(struct __sk_buff *skb, __u8 proto, __u16 sport,
					       __u16 dport)
{
	__u16 low = sport < dport ? sport : dport;

	if (proto == IPPROTO_UDP && low == 53) {
		count_name(skb);
		return TRAFFIC_NAMES;
	}
	if (proto == IPPROTO_TCP && (low == 22 || low == 23))
		return TRAFFIC_INTERACTIVE;
	if (proto == IPPROTO_TCP && (low == 80 || low == 443))
		return TRAFFIC_BULK;
	return TRAFFIC_OTHER;
}

static __always_inline enum traffic classify(struct __sk_buff *skb)
{
	struct cursor cursor = {(void *)(long)skb->data, (void *)(long)skb->data_end};
	__be16 ports[2] = {};
	struct ethhdr *eth;
	struct iphdr *ip;
	__be16 *near;
	__u32 at;
	__u8 proto;

	if (take_ethernet(&cursor, &eth) != ETH_P_IP)
		return TRAFFIC_OTHER;
	ip = take_ipv4(&cursor);
	if (!ip || ip->frag_off & bpf_htons(0x1fff))
		return TRAFFIC_OTHER;
	proto = ip->protocol;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return TRAFFIC_OTHER;
	at = cursor.at - (void *)(long)skb->data;
	near = take(&cursor, sizeof(ports));
	if (near) {
		ports[0] = near[0];
		ports[1] = near[1];
	} else if (bpf_skb_load_bytes(skb, at, ports, sizeof(ports))) {
		return TRAFFIC_OTHER;
	}
	return traffic_of(skb, proto, bpf_ntohs(ports[0]), bpf_ntohs(ports[1]));
}

SEC("tc")
int tc_classify(struct __sk_buff *skb)
{
	enum traffic kind = classify(skb);
	struct class_totals *totals;
	__u32 key = kind;

	totals = bpf_map_lookup_elem(&classes, &key);
	if (!totals)
		return TC_ACT_SHOT;
	__sync_fetch_and_add(&totals->packets, 1);
	__sync_fetch_and_add(&totals->bytes, skb->len);
	if (skb->len > totals->longest)
		totals->longest = skb->len;
	skb->mark = kind;
	skb->tc_classid = 0x10000 | kind;
	skb->cb[0] = skb->len;
	if (kind == TRAFFIC_INTERACTIVE)
		skb->priority = 6;
	return TC_ACT_OK;
}
