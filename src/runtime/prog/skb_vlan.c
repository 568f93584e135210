/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * VLAN tags (kernel: skb_vlan_push(), skb_vlan_pop()). The outermost one is kept beside the packet,
 * as devices hand it over; one that is pushed over it moves it into the packet, and back.
 */
#include <arpa/inet.h>
#include <string.h>

#include "prog/skb.h"

#define VLAN_HLEN 4
#define ETH_TYPE_LEN 2
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88a8
#define ETH_P_802_3 0x0001
#define ETH_P_802_2 0x0004
#define ETH_P_802_3_MIN 0x0600 /* below it is a length */

static bool is_vlan(u16 protocol)
{
	return protocol == htons(ETH_P_8021Q) || protocol == htons(ETH_P_8021AD);
}

static u16 load16(const u8 *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void store16(u8 *p, u16 v)
{
	memcpy(p, &v, sizeof(v));
}

/* The tag that is beside the packet becomes part of it, behind the addresses. */
static int insert_tag(struct sk_buff *skb)
{
	u32 addresses = ETH_HLEN - ETH_TYPE_LEN;

	if (skb->len < ETH_HLEN || skb_make_room(skb, VLAN_HLEN, 0))
		return -ENOMEM;
	skb->data -= VLAN_HLEN;
	skb->len += VLAN_HLEN;
	memmove(skb->data, skb->data + VLAN_HLEN, addresses);
	store16(skb->data + addresses, skb->vlan_proto);
	store16(skb->data + addresses + ETH_TYPE_LEN, htons(skb->vlan_tci));
	skb->mac_header = skb->data;
	skb->data_meta = skb->data;
	skb->network_header -= VLAN_HLEN;
	skb->protocol = skb->vlan_proto;
	return 0;
}

static void put_tag(struct sk_buff *skb, u16 proto, u16 tci)
{
	skb->vlan_present = 1;
	skb->vlan_proto = proto;
	skb->vlan_tci = tci;
}

/* The protocol of what follows a tag: @type, unless it is a length. */
static u16 encapsulated(const struct sk_buff *skb, u16 type)
{
	const u8 *payload = skb->data + ETH_HLEN + VLAN_HLEN;

	if (ntohs(type) >= ETH_P_802_3_MIN)
		return type;
	/* Novell's raw frames begin with what would be a checksum. */
	if (skb->tail - payload >= 2 && load16(payload) == 0xffff)
		return htons(ETH_P_802_3);
	return htons(ETH_P_802_2);
}

/* The first tag in the packet leaves it: *@tci. */
static int remove_tag(struct sk_buff *skb, u16 *tci)
{
	int err = skb_ensure_writable(skb, ETH_HLEN + VLAN_HLEN);

	if (err)
		return err;
	*tci = ntohs(load16(skb->data + ETH_HLEN));
	skb->protocol = encapsulated(skb, load16(skb->data + ETH_HLEN + ETH_TYPE_LEN));
	memmove(skb->data + VLAN_HLEN, skb->data, ETH_HLEN - ETH_TYPE_LEN);
	skb->data += VLAN_HLEN;
	skb->len -= VLAN_HLEN;
	skb->mac_header = skb->data;
	skb->data_meta = skb->data;
	if (skb->network_header < skb->data + ETH_HLEN)
		skb->network_header = skb->data + ETH_HLEN;
	return 0;
}

static u64 helper_skb_vlan_push(u64 ctx, u64 proto, u64 tci, u64 r4, u64 r5)
{
	struct sk_buff *skb = (struct sk_buff *)(unsigned long)ctx;
	int err;

	if (skb->vlan_present) {
		err = insert_tag(skb);
		if (err)
			return (s64)err;
	}
	put_tag(skb, is_vlan(proto) ? (u16)proto : htons(ETH_P_8021Q), tci);
	return 0;
}

static u64 helper_skb_vlan_pop(u64 ctx, u64 r2, u64 r3, u64 r4, u64 r5)
{
	struct sk_buff *skb = (struct sk_buff *)(unsigned long)ctx;
	u16 proto, tci;
	int err;

	if (skb->vlan_present) {
		skb->vlan_present = 0;
		skb->vlan_proto = 0;
		skb->vlan_tci = 0;
	} else {
		err = is_vlan(skb->protocol) ? remove_tag(skb, &tci) : 0;
		if (err)
			return (s64)err;
	}
	/* The next one takes its place. */
	if (!is_vlan(skb->protocol))
		return 0;
	proto = skb->protocol;
	err = remove_tag(skb, &tci);
	if (!err)
		put_tag(skb, proto, tci);
	return (s64)err;
}

const struct bpf_helper bpf_skb_vlan_helpers[] = {
	{
		.id = BPF_FUNC_skb_vlan_push,
		.name = "bpf_skb_vlan_push",
		.proto =
			{
				.func = helper_skb_vlan_push,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_ANYTHING},
				.changes_pkt_data = true,
			},
		.types = BPF_TYPES_TC,
	},
	{
		.id = BPF_FUNC_skb_vlan_pop,
		.name = "bpf_skb_vlan_pop",
		.proto =
			{
				.func = helper_skb_vlan_pop,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX},
				.changes_pkt_data = true,
			},
		.types = BPF_TYPES_TC,
	},
};
const size_t bpf_skb_vlan_helpers_nr = ARRAY_SIZE(bpf_skb_vlan_helpers);
