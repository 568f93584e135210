/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf_skb_adjust_room: bytes put in or taken out behind the Ethernet header or behind the first
 * network header, as programs do that put packets into tunnels and take them out (kernel:
 * bpf_skb_net_grow(), bpf_skb_net_shrink() of net/core/filter.c).
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/kernel_errno.h"
#include "prog/skb.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPV4_HLEN 20
#define IPV6_HLEN 40
#define MAX_DIFF 0xfff

/* Linux 6.3. */
#ifndef BPF_F_ADJ_ROOM_DECAP_L3_IPV4
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV4 (1ull << 7)
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV6 (1ull << 8)
#endif
#define ENCAP_L3 (u64)(BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6)
#define ENCAP_L4 (u64)(BPF_F_ADJ_ROOM_ENCAP_L4_GRE | BPF_F_ADJ_ROOM_ENCAP_L4_UDP)
#define DECAP_L3 (u64)(BPF_F_ADJ_ROOM_DECAP_L3_IPV4 | BPF_F_ADJ_ROOM_DECAP_L3_IPV6)
#define OF_SHRINKING (DECAP_L3 | BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET)
#define ALL_FLAGS                                                                                  \
	(OF_SHRINKING | ENCAP_L3 | ENCAP_L4 | BPF_F_ADJ_ROOM_ENCAP_L2_ETH |                        \
	 BPF_F_ADJ_ROOM_ENCAP_L2(BPF_ADJ_ROOM_ENCAP_L2_MASK))

static u32 net_base_len(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) ? IPV4_HLEN : IPV6_HLEN;
}

/* The packet is now of the other protocol, if that is what @flags say of it. */
static void set_protocol(struct sk_buff *skb, bool ipv4, bool ipv6)
{
	if (skb->protocol == htons(ETH_P_IP) && ipv6)
		skb->protocol = htons(ETH_P_IPV6);
	else if (skb->protocol == htons(ETH_P_IPV6) && ipv4)
		skb->protocol = htons(ETH_P_IP);
}

static int check_encapsulation(const struct sk_buff *skb, u32 diff, u64 flags)
{
	u32 mac_len = flags >> BPF_ADJ_ROOM_ENCAP_L2_SHIFT;

	if ((flags & ENCAP_L3) == ENCAP_L3 || (flags & ENCAP_L4) == ENCAP_L4)
		return -EINVAL;
	if ((flags & BPF_F_ADJ_ROOM_ENCAP_L2_ETH) && mac_len < ETH_HLEN)
		return -EINVAL;
	if (skb->encapsulation)
		return -EALREADY;
	return mac_len > diff ? -EINVAL : 0;
}

static int grow(struct sk_buff *skb, u32 off, u32 diff, u64 flags)
{
	int err = flags & ENCAP_L3 ? check_encapsulation(skb, diff, flags) : 0;

	if (!err)
		err = skb_make_room(skb, diff, 0);
	if (err)
		return err;
	skb->data -= diff;
	skb->len += diff;
	memmove(skb->data, skb->data + diff, off);
	memset(skb->data + off, 0, diff);
	skb->mac_header -= diff;
	skb->network_header -= diff;
	skb->data_meta = skb->data;
	if (flags & ENCAP_L3) {
		skb->encapsulation = true;
		set_protocol(skb, flags & BPF_F_ADJ_ROOM_ENCAP_L3_IPV4,
			     flags & BPF_F_ADJ_ROOM_ENCAP_L3_IPV6);
	}
	return 0;
}

static int shrink(struct sk_buff *skb, u32 off, u32 diff, u64 flags)
{
	if (flags & ~OF_SHRINKING)
		return -EINVAL;
	if (off + diff > skb->len)
		return -ENOMEM;
	memmove(skb->data + diff, skb->data, off);
	skb->data += diff;
	skb->len -= diff;
	skb->mac_header += diff;
	skb->network_header += diff;
	skb->data_meta = skb->data;
	set_protocol(skb, flags & BPF_F_ADJ_ROOM_DECAP_L3_IPV4,
		     flags & BPF_F_ADJ_ROOM_DECAP_L3_IPV6);
	return 0;
}

/* What has to be left of the packet from its network header on; -EINVAL. */
static int min_len(const struct sk_buff *skb, u64 flags, bool shrinks)
{
	switch (flags & DECAP_L3) {
	case 0:
		return net_base_len(skb);
	case BPF_F_ADJ_ROOM_DECAP_L3_IPV4:
		return shrinks ? IPV4_HLEN : -EINVAL;
	case BPF_F_ADJ_ROOM_DECAP_L3_IPV6:
		return shrinks ? IPV6_HLEN : -EINVAL;
	}
	return -EINVAL;
}

static u64 helper_skb_adjust_room(u64 ctx, u64 len_diff, u64 mode, u64 flags, u64 r5)
{
	struct sk_buff *skb = (struct sk_buff *)(unsigned long)ctx;
	bool shrinks = (s32)len_diff < 0;
	u32 diff = shrinks ? -(u32)len_diff : (u32)len_diff, off, len;
	int min;

	if (flags & ~ALL_FLAGS)
		return (s64)-EINVAL;
	if (diff > MAX_DIFF)
		return (s64)-EFAULT;
	if ((skb->protocol != htons(ETH_P_IP) && skb->protocol != htons(ETH_P_IPV6)) ||
	    ((u32)mode != BPF_ADJ_ROOM_NET && (u32)mode != BPF_ADJ_ROOM_MAC))
		return (s64)-ENOTSUPP;
	off = skb->network_header - skb->mac_header;
	if ((u32)mode == BPF_ADJ_ROOM_NET)
		off += net_base_len(skb);
	min = min_len(skb, flags, shrinks);
	if (min < 0)
		return (s64)min;
	len = skb->tail - skb->network_header;
	if (shrinks ? diff >= len || len - diff < (u32)min : skb->len + diff > BPF_SKB_MAX_LEN)
		return (s64)-ENOTSUPP;
	/* Nothing of the packet is moved that it has not. */
	if (off > skb->len)
		return (s64)-ENOMEM;
	return (s64)(shrinks ? shrink(skb, off, diff, flags) : grow(skb, off, diff, flags));
}

const struct bpf_helper bpf_skb_room_helpers[] = {
	{
		.id = BPF_FUNC_skb_adjust_room,
		.name = "bpf_skb_adjust_room",
		.proto =
			{
				.func = helper_skb_adjust_room,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_ANYTHING,
					     ARG_ANYTHING},
				.changes_pkt_data = true,
			},
		.types = BPF_TYPES_TC,
	},
};
const size_t bpf_skb_room_helpers_nr = ARRAY_SIZE(bpf_skb_room_helpers);
