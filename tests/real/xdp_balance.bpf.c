// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * XDP: a load balancer for services of IPv4. The flow's hash chooses the backend, a table of
 * connections keeps the choice; addresses are rewritten, and the checksums of IP, TCP and UDP are
 * brought up to date by what changed (RFC 1624). The packet goes back out.
 */
#include "packet.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_BACKENDS 16

struct service_key {
	__be32 address;
	__be16 port;
	__u8 proto;
	__u8 pad;
};

struct service {
	__u32 first; /* its backends, in the table of all */
	__u32 count;
};

struct backend {
	__be32 address;
	__u8 mac[ETH_ALEN];
	__u8 down;
	__u8 pad;
	__u64 packets;
};

struct flow {
	__be32 saddr, daddr;
	__be16 sport, dport;
	__u8 proto;
	__u8 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct service_key);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_BACKENDS);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct flow);
	__type(value, __u32);
} connections SEC(".maps");

static __always_inline __u32 mix(__u32 hash, __u32 word)
{
	hash ^= word * 0xcc9e2d51;
	hash = hash << 13 | hash >> 19;
	return hash * 5 + 0xe6546b64;
}

static __always_inline __u32 hash_flow(const struct flow *flow)
{
	__u32 hash = mix(0x9747b28c, flow->saddr);

	hash = mix(hash, flow->daddr);
	hash = mix(hash, (__u32)flow->sport << 16 | flow->dport);
	hash = mix(hash, flow->proto);
	hash ^= hash >> 16;
	return hash * 0x85ebca6b;
}

/* @sum, of data in which one word becomes another. */
static __always_inline __u16 change_word(__u16 sum, __be32 from, __be32 to)
{
	__u32 changed = (__u16)~sum;

	changed += (__u16) ~(from & 0xffff) + (__u16) ~(from >> 16);
	changed += (to & 0xffff) + (to >> 16);
	return ~fold(changed);
}

/* Choose among the backends of the service those that are up; NULL: there is none. */
static __noinline struct backend *choose(struct flow *flow, struct service *service)
{
	__u32 *kept = bpf_map_lookup_elem(&connections, flow);
	struct backend *backend;
	__u32 hash, number;

	if (kept) {
		backend = bpf_map_lookup_elem(&backends, kept);
		if (backend && !backend->down)
			return backend;
	}
	hash = hash_flow(flow);
	for (__u32 i = 0; i < MAX_BACKENDS; i++) {
		if (i >= service->count)
			break;
		number = service->first + (hash + i) % service->count;
		backend = bpf_map_lookup_elem(&backends, &number);
		if (!backend || backend->down)
			continue;
		bpf_map_update_elem(&connections, flow, &number, BPF_ANY);
		return backend;
	}
	return NULL;
}

static __always_inline void rewrite(struct ethhdr *eth, struct iphdr *ip, __sum16 *check,
				    const struct backend *backend)
{
	__be32 from = ip->daddr, to = backend->address;

	if (check)
		*check = change_word(*check, from, to);
	ip->check = change_word(ip->check, from, to);
	ip->daddr = to;
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, backend->mac, ETH_ALEN);
}

SEC("xdp")
int xdp_balance(struct xdp_md *ctx)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct service_key key = {};
	struct service *service;
	struct backend *backend;
	__sum16 *check = NULL;
	struct flow flow = {};
	struct tcphdr *tcp;
	struct udphdr *udp;
	struct ethhdr *eth;
	struct iphdr *ip;

	if (take_ethernet(&cursor, &eth) != ETH_P_IP)
		return XDP_PASS;
	ip = take_ipv4(&cursor);
	if (!ip || ip->frag_off & bpf_htons(0x3fff))
		return XDP_PASS;
	if (ip->protocol == IPPROTO_TCP) {
		tcp = take(&cursor, sizeof(*tcp));
		if (!tcp)
			return XDP_DROP;
		flow.sport = tcp->source;
		flow.dport = tcp->dest;
		check = &tcp->check;
	} else if (ip->protocol == IPPROTO_UDP) {
		udp = take(&cursor, sizeof(*udp));
		if (!udp)
			return XDP_DROP;
		flow.sport = udp->source;
		flow.dport = udp->dest;
		if (udp->check)
			check = &udp->check;
	} else {
		return XDP_PASS;
	}
	key.address = flow.daddr = ip->daddr;
	key.port = flow.dport;
	key.proto = flow.proto = ip->protocol;
	flow.saddr = ip->saddr;
	service = bpf_map_lookup_elem(&services, &key);
	if (!service)
		return XDP_PASS;
	backend = choose(&flow, service);
	if (!backend)
		return XDP_DROP;
	__sync_fetch_and_add(&backend->packets, 1);
	rewrite(eth, ip, check, backend);
	return XDP_TX;
}
