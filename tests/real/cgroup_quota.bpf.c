// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * CGROUP_SKB: what may leave: a quota of bytes for each destination network, and no packets to
 * ports that are on a list. Packets begin with the network header here.
 */
#include "packet.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be32);
	__type(value, __s64);
} quotas SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 128);
	__uint(key_size, 0);
	__uint(value_size, sizeof(__be16));
} closed_ports SEC(".maps");

__u64 over_quota, closed;

static __always_inline int spend(__be32 network, __u32 bytes)
{
	__s64 *left = bpf_map_lookup_elem(&quotas, &network);

	if (!left)
		return 1;
	if (*left < (__s64)bytes) {
		__sync_fetch_and_add(&over_quota, 1);
		return 0;
	}
	__sync_fetch_and_add(left, -(__s64)bytes);
	return 1;
}

SEC("cgroup_skb/egress")
int cgroup_quota(struct __sk_buff *skb)
{
	struct iphdr ip;
	__be16 port;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.version != 4)
		return 1;
	if (ip.protocol == IPPROTO_TCP || ip.protocol == IPPROTO_UDP) {
		if (bpf_skb_load_bytes(skb, ip.ihl * 4 + 2, &port, sizeof(port)))
			return 0;
		if (!bpf_map_peek_elem(&closed_ports, &port)) {
			__sync_fetch_and_add(&closed, 1);
			return 0;
		}
	}
	return spend(ip.daddr & bpf_htonl(0xffffff00), skb->len);
}

SEC("cgroup_skb/ingress")
int cgroup_direct(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data;

	if (skb->protocol != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > end)
		return 1;
	return spend(ip->saddr & bpf_htonl(0xffffff00), bpf_ntohs(ip->tot_len));
}
