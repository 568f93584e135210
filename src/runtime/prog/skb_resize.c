/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Packets made longer or shorter, at either end. After any of these calls a program has to ask
 * again where the packet is.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernel_errno.h"
#include "prog/skb.h"

static struct sk_buff *to_skb(u64 ctx)
{
	return (struct sk_buff *)(unsigned long)ctx;
}

/* What Linux can allocate in one piece. */
#define MAX_MEMORY (4u << 20)

static void set_head(struct sk_buff *skb, u8 *head, size_t shift)
{
	u8 *old = skb->head;

	skb->data = head + (skb->data - old) + shift;
	skb->tail = head + (skb->tail - old) + shift;
	skb->data_meta = head + (skb->data_meta - old) + shift;
	skb->mac_header = head + (skb->mac_header - old) + shift;
	skb->network_header = head + (skb->network_header - old) + shift;
	skb->head = head;
}

int skb_make_room(struct sk_buff *skb, u32 before, u32 behind)
{
	size_t size = skb->end - skb->head, more_before, more_behind;
	u8 *head;

	more_before = before > skb->data - skb->head ? before - (skb->data - skb->head) : 0;
	more_behind = behind > skb->end - skb->tail ? behind - (skb->end - skb->tail) : 0;
	if (!more_before && !more_behind)
		return 0;
	if (size + more_before + more_behind > MAX_MEMORY)
		return -ENOMEM;
	/* A program may ask for a few bytes again and again: half as much each time is not much. */
	if (more_before)
		more_before = min_of(round_up(max_of(more_before, size / 2), NET_SKB_PAD),
				     MAX_MEMORY - size - more_behind);
	head = calloc(1, size + more_before + more_behind);
	if (!head)
		return -ENOMEM;
	memcpy(head + more_before, skb->head, skb->tail - skb->head);
	free(skb->head);
	set_head(skb, head, more_before);
	skb->end = head + size + more_before + more_behind;
	return 0;
}

static u64 helper_skb_pull_data(u64 ctx, u64 size, u64 r3, u64 r4, u64 r5)
{
	return (s64)skb_ensure_writable(to_skb(ctx), size);
}

/* Up to the network header the packet stays. */
static u32 min_len(const struct sk_buff *skb)
{
	return skb->network_header > skb->data ? skb->network_header - skb->data : 0;
}

static u64 helper_skb_change_tail(u64 ctx, u64 new_len, u64 flags, u64 r4, u64 r5)
{
	struct sk_buff *skb = to_skb(ctx);
	u32 len = new_len;

	if (flags || len > BPF_SKB_MAX_LEN || len < min_len(skb))
		return (s64)-EINVAL;
	if (skb->encapsulation)
		return (s64)-ENOTSUPP;
	if (len > skb->len) {
		if (skb_make_room(skb, 0, len - skb->len))
			return (s64)-ENOMEM;
		memset(skb->tail, 0, len - skb->len);
	}
	skb->tail = skb->data + len;
	skb->len = len;
	return 0;
}

static u64 helper_skb_change_head(u64 ctx, u64 head_room, u64 flags, u64 r4, u64 r5)
{
	struct sk_buff *skb = to_skb(ctx);
	u32 room = head_room;

	if (flags || room > INT_MAX || skb->len + room > BPF_SKB_MAX_LEN)
		return (s64)-EINVAL;
	if (skb_make_room(skb, room, 0))
		return (s64)-ENOMEM;
	skb->data -= room;
	skb->len += room;
	memset(skb->data, 0, room);
	skb->mac_header = skb->data;
	skb->data_meta = skb->data;
	return 0;
}

#define RESIZE_PROTO(func_)                                                                        \
	{                                                                                          \
		.func = func_, .ret_type = RET_INTEGER,                                            \
		.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_ANYTHING},                          \
		.changes_pkt_data = true,                                                          \
	}

const struct bpf_helper bpf_skb_resize_helpers[] = {
	{
		.id = BPF_FUNC_skb_pull_data,
		.name = "bpf_skb_pull_data",
		.proto =
			{
				.func = helper_skb_pull_data,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING},
				.changes_pkt_data = true,
			},
		.types = BPF_TYPES_TC | BPF_TYPES_LWT | BPF_TYPE(SK_SKB),
	},
	{
		.id = BPF_FUNC_skb_change_tail,
		.name = "bpf_skb_change_tail",
		.proto = RESIZE_PROTO(helper_skb_change_tail),
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT) | BPF_TYPE(SK_SKB),
	},
	{
		.id = BPF_FUNC_skb_change_head,
		.name = "bpf_skb_change_head",
		.proto = RESIZE_PROTO(helper_skb_change_head),
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT) | BPF_TYPE(SK_SKB),
	},
};
const size_t bpf_skb_resize_helpers_nr = ARRAY_SIZE(bpf_skb_resize_helpers);
