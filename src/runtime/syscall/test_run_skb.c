/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BPF_PROG_TEST_RUN of programs that are given a struct __sk_buff. A packet comes in with its
 * Ethernet header. Traffic control sees it; for all others the packet begins behind it, and where
 * it goes back there are zeros. What is not set by the caller's context is as it would be if the
 * packet had just come in through the loopback device. A packet that says it is IP has to be long
 * enough for that.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/nofault.h"
#include "prog/skb.h"
#include "syscall/test_run.h"

/* Of newer headers than this may be compiled with (Linux 6.17). */
#define F_TEST_SKB_CHECKSUM_COMPLETE (1u << 2)

#define MAX_SIZE (TEST_RUN_PAGE - NET_SKB_PAD - SKB_SHARED_INFO_SIZE)
#define MAX_WIRE_LEN 65536
#define MAX_GSO_SEGS 65535

/* --- what kind of packet it is --- */

/* The loopback device's own address is all zeros, and so is the one that it broadcasts to. */
static u32 packet_type(const struct ethhdr *eth)
{
	static const u8 own[ETH_ALEN];

	if (!memcmp(eth->h_dest, own, ETH_ALEN))
		return PACKET_HOST;
	return eth->h_dest[0] & 1 ? PACKET_MULTICAST : PACKET_OTHERHOST;
}

/* Of frames that have a length where others have a type. */
static u16 protocol_of(const u8 *packet, u32 size)
{
	const struct ethhdr *eth = (const struct ethhdr *)packet;
	static const u8 raw[2] = {0xff, 0xff};

	if (ntohs(eth->h_proto) >= ETH_P_802_3_MIN)
		return eth->h_proto;
	if (size >= ETH_HLEN + sizeof(raw) && !memcmp(packet + ETH_HLEN, raw, sizeof(raw)))
		return htons(ETH_P_802_3);
	return htons(ETH_P_802_2);
}

/* The addresses of an IP packet are those of its socket, from where it is seen. */
static int set_addresses(struct sk_buff *skb, u32 size)
{
	struct iphdr ip;
	struct ipv6hdr ip6;

	switch (ntohs(skb->protocol)) {
	case ETH_P_IP:
		if (size < sizeof(ip))
			return -EINVAL;
		memcpy(&ip, skb->network_header, sizeof(ip));
		skb->family = AF_INET;
		skb->local_ip4 = ip.saddr;
		skb->remote_ip4 = ip.daddr;
		return 0;
	case ETH_P_IPV6:
		if (size < sizeof(ip6))
			return -EINVAL;
		memcpy(&ip6, skb->network_header, sizeof(ip6));
		skb->family = AF_INET6;
		memcpy(skb->local_ip6, &ip6.saddr, sizeof(ip6.saddr));
		memcpy(skb->remote_ip6, &ip6.daddr, sizeof(ip6.daddr));
		return 0;
	}
	return 0;
}

/* @packet: @size bytes at the place in memory where its Ethernet header is. */
static int init_skb(struct sk_buff *skb, u8 *packet, u32 size, bool with_header)
{
	u32 skipped = with_header ? 0 : ETH_HLEN;

	skb->data = packet + skipped;
	skb->data_meta = skb->data;
	skb->tail = packet + size;
	skb->len = size - skipped;
	skb->mac_header = packet;
	skb->network_header = packet + ETH_HLEN;
	skb->pkt_type = packet_type((const struct ethhdr *)packet);
	skb->protocol = protocol_of(packet, size);
	skb->ifindex = LOOPBACK_IFINDEX;
	return set_addresses(skb, size - ETH_HLEN);
}

u32 run_socket_filter(struct bpf_prog *prog, void *data, u32 size)
{
	struct sk_buff skb = {.head = data, .end = (u8 *)data + size};

	/* Addresses are for others. */
	(void)init_skb(&skb, data, size, false);
	return test_run_once(prog, &skb);
}

/* --- the caller's context --- */

/* Fields that the caller may set. */
static const struct {
	u16 from, to;
} settable[] = {
	{offsetof(struct __sk_buff, mark), offsetofend(struct __sk_buff, mark)},
	{offsetof(struct __sk_buff, priority), offsetofend(struct __sk_buff, ifindex)},
	{offsetof(struct __sk_buff, cb), offsetofend(struct __sk_buff, cb)},
	{offsetof(struct __sk_buff, tstamp), offsetofend(struct __sk_buff, gso_segs)},
	{offsetof(struct __sk_buff, gso_size), offsetofend(struct __sk_buff, gso_size)},
	{offsetof(struct __sk_buff, hwtstamp), offsetofend(struct __sk_buff, hwtstamp)},
};

static bool only_settable(const struct __sk_buff *ctx)
{
	const u8 *bytes = (const u8 *)ctx;
	u32 i, field = 0;

	for (i = 0; i < sizeof(*ctx); i++) {
		while (field < ARRAY_SIZE(settable) && i >= settable[field].to)
			field++;
		if (bytes[i] && (field == ARRAY_SIZE(settable) || i < settable[field].from))
			return false;
	}
	return true;
}

static int set_fields(struct sk_buff *skb, const struct __sk_buff *ctx)
{
	if (!ctx)
		return 0;
	if (ctx->ifindex > LOOPBACK_IFINDEX)
		return -ENODEV;
	if (!only_settable(ctx) || ctx->gso_segs > MAX_GSO_SEGS)
		return -EINVAL;
	skb->wire_len = ctx->wire_len ? ctx->wire_len : skb->len;
	if (skb->wire_len < skb->len || skb->wire_len > MAX_WIRE_LEN)
		return -EINVAL;
	skb->mark = ctx->mark;
	skb->priority = ctx->priority;
	skb->ingress_ifindex = ctx->ingress_ifindex;
	memcpy(skb->cb, ctx->cb, sizeof(skb->cb));
	skb->tstamp = ctx->tstamp;
	skb->gso_segs = ctx->gso_segs;
	skb->gso_size = (u16)ctx->gso_size;
	skb->hwtstamp = ctx->hwtstamp;
	return 0;
}

static void give_fields(const struct sk_buff *skb, struct __sk_buff *ctx)
{
	if (!ctx)
		return;
	ctx->mark = skb->mark;
	ctx->priority = skb->priority;
	ctx->ingress_ifindex = skb->ingress_ifindex;
	ctx->ifindex = skb->ifindex;
	memcpy(ctx->cb, skb->cb, sizeof(ctx->cb));
	ctx->tstamp = skb->tstamp;
	ctx->wire_len = skb->wire_len;
	ctx->gso_segs = skb->gso_segs;
	ctx->hwtstamp = skb->hwtstamp;
}

/* --- the run --- */

static bool sees_header(const struct bpf_prog *prog)
{
	return prog->type == BPF_PROG_TYPE_SCHED_CLS || prog->type == BPF_PROG_TYPE_SCHED_ACT;
}

static int run_packet(struct bpf_call *call, struct bpf_prog *prog, struct sk_buff *skb,
		      struct __sk_buff *ctx)
{
	u32 duration, retval = test_run_repeat(call, prog, skb, &duration);
	struct test_run_packet packet;
	int err;

	if (!sees_header(prog)) {
		if (skb_make_room(skb, ETH_HLEN, 0))
			return -ENOMEM;
		skb->data -= ETH_HLEN;
		skb->len += ETH_HLEN;
		memset(skb->data, 0, ETH_HLEN);
	}
	packet = (struct test_run_packet){.data = skb->data, .size = skb->len};
	give_fields(skb, ctx);
	err = test_run_finish(call, &packet, retval, duration);
	return err ? err : test_run_ctx_out(call, ctx, sizeof(*ctx));
}

int test_run_skb(struct bpf_call *call, struct bpf_prog *prog)
{
	const union bpf_attr *attr = &call->attr;
	u32 size = attr->test.data_size_in;
	struct __sk_buff *ctx = NULL;
	struct sk_buff skb = {0};
	int err;

	if ((attr->test.flags & ~F_TEST_SKB_CHECKSUM_COMPLETE) || attr->test.cpu ||
	    attr->test.batch_size || size < ETH_HLEN || size > MAX_SIZE)
		return -EINVAL;
	skb.head = calloc(1, NET_SKB_PAD + size + SKB_SHARED_INFO_SIZE);
	if (!skb.head)
		return -ENOMEM;
	skb.end = skb.head + NET_SKB_PAD + size + SKB_SHARED_INFO_SIZE;
	err = copy_from_user(skb.head + NET_SKB_PAD, attr->test.data_in, size);
	if (err)
		goto out;
	ctx = test_run_ctx_in(call, sizeof(*ctx));
	if (IS_ERR(ctx)) {
		err = PTR_ERR(ctx);
		ctx = NULL;
		goto out;
	}
	err = init_skb(&skb, skb.head + NET_SKB_PAD, size, sees_header(prog));
	if (!err)
		err = set_fields(&skb, ctx);
	if (!err)
		err = run_packet(call, prog, &skb, ctx);
out:
	free(ctx);
	/* By now it may be another one. */
	free(skb.head);
	return err;
}
