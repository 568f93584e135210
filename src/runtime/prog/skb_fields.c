/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What is known of a packet beside its bytes: whom it is for, and when it came or is to go. */
#include <arpa/inet.h>

#include "prog/skb.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define PACKET_OTHERHOST 3 /* the last that a packet may be made */
#define SKB_CLOCK_TAI 2	   /* of enum skb_tstamp_type, the last */

static u64 helper_skb_change_type(u64 ctx, u64 type, u64 r3, u64 r4, u64 r5)
{
	struct sk_buff *skb = (struct sk_buff *)(unsigned long)ctx;

	if (skb->pkt_type > PACKET_OTHERHOST || (u32)type > PACKET_OTHERHOST)
		return (s64)-EINVAL;
	skb->pkt_type = type;
	return 0;
}

static u64 helper_skb_set_tstamp(u64 ctx, u64 tstamp, u64 type, u64 r4, u64 r5)
{
	struct sk_buff *skb = (struct sk_buff *)(unsigned long)ctx;

	if (skb->protocol != htons(ETH_P_IP) && skb->protocol != htons(ETH_P_IPV6))
		return (s64)-EOPNOTSUPP;
	/* Of every clock but the real-time one, 0 is no time. */
	if ((u32)type > SKB_CLOCK_TAI || ((u32)type && !tstamp))
		return (s64)-EINVAL;
	skb->tstamp = tstamp;
	skb->tstamp_type = type;
	return 0;
}

const struct bpf_helper bpf_skb_fields_helpers[] = {
	{
		.id = BPF_FUNC_skb_change_type,
		.name = "bpf_skb_change_type",
		.proto =
			{
				.func = helper_skb_change_type,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING},
			},
		.types = BPF_TYPES_TC,
	},
	{
		.id = BPF_FUNC_skb_set_tstamp,
		.name = "bpf_skb_set_tstamp",
		.proto =
			{
				.func = helper_skb_set_tstamp,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_ANYTHING},
			},
		.types = BPF_TYPES_TC,
	},
};
const size_t bpf_skb_fields_helpers_nr = ARRAY_SIZE(bpf_skb_fields_helpers);
