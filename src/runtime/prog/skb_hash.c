/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The hash of a packet's flow: the same for all packets of a connection in one direction, and
 * another one in each process (kernel: __skb_get_hash()). It is of the addresses, the protocol and
 * the ports, as far as the packet has them; 0 stands for none that is known.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "prog/skb.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPV4_HLEN 20
#define IPV6_HLEN 40
#define FRAGMENT_MASK 0x3fff /* more follow, or it is not the first */

struct flow {
	u8 addresses[32];
	u8 ports[4];
	u16 protocol;
	u8 transport;
};

static u64 key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void make_key(void)
{
	struct timespec now;

	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) == sizeof(key))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	key = (u64)now.tv_nsec << 32 ^ now.tv_sec ^ (unsigned long)&now;
}

static void find_ports(const struct sk_buff *skb, const u8 *header, struct flow *flow)
{
	if ((flow->transport == IPPROTO_TCP || flow->transport == IPPROTO_UDP) &&
	    skb->tail - header >= (s64)sizeof(flow->ports))
		memcpy(flow->ports, header, sizeof(flow->ports));
}

static void find_flow(const struct sk_buff *skb, struct flow *flow)
{
	const u8 *ip = skb->network_header;
	s64 size = skb->tail - ip;

	flow->protocol = skb->protocol;
	if (flow->protocol == htons(ETH_P_IP) && size >= IPV4_HLEN) {
		flow->transport = ip[9];
		memcpy(flow->addresses, ip + 12, 8);
		if (!((ip[6] << 8 | ip[7]) & FRAGMENT_MASK))
			find_ports(skb, ip + min_of((s64)(ip[0] & 15) * 4, size), flow);
	} else if (flow->protocol == htons(ETH_P_IPV6) && size >= IPV6_HLEN) {
		flow->transport = ip[6];
		memcpy(flow->addresses, ip + 8, 32);
		find_ports(skb, ip + IPV6_HLEN, flow);
	}
}

/* FNV-1a, with a key before and a last mixing behind it. */
static u32 hash_of(const struct flow *flow)
{
	const u8 *bytes = (const u8 *)flow;
	u64 hash = 0xcbf29ce484222325ull ^ key;

	for (size_t i = 0; i < sizeof(*flow); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	return hash >> 32 ? hash >> 32 : 1;
}

static u64 helper_get_hash_recalc(u64 ctx, u64 r2, u64 r3, u64 r4, u64 r5)
{
	struct sk_buff *skb = (struct sk_buff *)(unsigned long)ctx;
	struct flow flow;

	if (!skb->hash) {
		pthread_once(&key_once, make_key);
		memset(&flow, 0, sizeof(flow));
		find_flow(skb, &flow);
		skb->hash = hash_of(&flow);
	}
	return skb->hash;
}

static u64 helper_set_hash_invalid(u64 ctx, u64 r2, u64 r3, u64 r4, u64 r5)
{
	((struct sk_buff *)(unsigned long)ctx)->hash = 0;
	return 0;
}

static u64 helper_set_hash(u64 ctx, u64 hash, u64 r3, u64 r4, u64 r5)
{
	((struct sk_buff *)(unsigned long)ctx)->hash = hash;
	return 0;
}

#define HASH_PROTO(func_)                                                                          \
	{                                                                                          \
		.func = func_, .ret_type = RET_INTEGER, .arg_type = {ARG_PTR_TO_CTX},              \
	}

const struct bpf_helper bpf_skb_hash_helpers[] = {
	{
		.id = BPF_FUNC_get_hash_recalc,
		.name = "bpf_get_hash_recalc",
		.proto = HASH_PROTO(helper_get_hash_recalc),
		.types = BPF_TYPES_TC | BPF_TYPES_LWT,
	},
	{
		.id = BPF_FUNC_set_hash_invalid,
		.name = "bpf_set_hash_invalid",
		.proto = HASH_PROTO(helper_set_hash_invalid),
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT),
	},
	{
		.id = BPF_FUNC_set_hash,
		.name = "bpf_set_hash",
		.proto =
			{
				.func = helper_set_hash,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING},
			},
		.types = BPF_TYPES_TC,
	},
};
const size_t bpf_skb_hash_helpers_nr = ARRAY_SIZE(bpf_skb_hash_helpers);
