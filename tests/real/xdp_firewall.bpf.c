// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * XDP: a firewall. The longest prefix of the source address that is known decides; a rule may let
 * through some ports only. Each rule counts what it met on each CPU.
 */
#include "packet.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_RULES 64

struct prefix {
	__u32 len;
	__u8 address[16]; /* IPv4: ::ffff:a.b.c.d */
};

struct rule {
	__u32 number;
	__u8 drop;
	__u8 only_ports;
	__u16 ports[8];
};

struct met {
	__u64 packets;
	__u64 bytes;
	__u64 last_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, struct rule);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_RULES);
	__type(key, __u32);
	__type(value, struct met);
} counters SEC(".maps");

const volatile __u8 drop_unknown = 0;
__u64 unparsed;

struct packet {
	struct prefix source;
	__u16 port;
	__u8 proto;
};

static __always_inline int read_packet(struct cursor *cursor, struct packet *packet)
{
	struct ipv6hdr *ip6;
	struct ethhdr *eth;
	struct udphdr *udp;
	struct iphdr *ip;

	packet->source.len = 128;
	switch (take_ethernet(cursor, &eth)) {
	case ETH_P_IP:
		ip = take_ipv4(cursor);
		if (!ip)
			return -1;
		packet->source.address[10] = packet->source.address[11] = 0xff;
		__builtin_memcpy(&packet->source.address[12], &ip->saddr, 4);
		packet->proto = ip->protocol;
		break;
	case ETH_P_IPV6:
		ip6 = take(cursor, sizeof(*ip6));
		if (!ip6)
			return -1;
		__builtin_memcpy(packet->source.address, &ip6->saddr, 16);
		packet->proto = ip6->nexthdr;
		break;
	default:
		return -1;
	}
	if (packet->proto != IPPROTO_TCP && packet->proto != IPPROTO_UDP)
		return 0;
	udp = take(cursor, sizeof(*udp)); /* the ports of TCP are at the same place */
	if (!udp)
		return -1;
	packet->port = bpf_ntohs(udp->dest);
	return 0;
}

static __noinline int port_is_allowed(const struct rule *rule, __u16 port)
{
	if (!rule->only_ports)
		return 1;
	for (int i = 0; i < 8; i++)
		if (rule->ports[i] && rule->ports[i] == port)
			return 1;
	return 0;
}

static __always_inline void count(__u32 number, __u64 bytes)
{
	struct met fresh = {.packets = 1, .bytes = bytes, .last_ns = bpf_ktime_get_ns()};
	struct met *met = bpf_map_lookup_elem(&counters, &number);

	if (!met) {
		bpf_map_update_elem(&counters, &number, &fresh, BPF_NOEXIST);
		return;
	}
	met->packets++;
	met->bytes += bytes;
	met->last_ns = fresh.last_ns;
}

SEC("xdp")
int xdp_firewall(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	__u64 bytes = cursor.end - cursor.at;
	struct packet packet = {};
	struct rule *rule;

	if (read_packet(&cursor, &packet)) {
		__sync_fetch_and_add(&unparsed, 1);
		return XDP_PASS;
	}
	rule = bpf_map_lookup_elem(&rules, &packet.source);
	if (!rule)
		return drop_unknown ? XDP_DROP : XDP_PASS;
	count(rule->number, bytes);
	if (rule->drop)
		return XDP_DROP;
	return port_is_allowed(rule, packet.port) ? XDP_PASS : XDP_DROP;
}
