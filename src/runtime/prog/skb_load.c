/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Reads of packets: LD_ABS and LD_IND, bpf_skb_load_bytes and bpf_skb_load_bytes_relative. */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "prog/skb.h"

/* Of classic BPF (<linux/filter.h>): the network header, the link layer's. */
#define SKF_NET_OFF (-0x100000)
#define SKF_LL_OFF (-0x200000)

/* @size bytes at @start + @off, which begin before the packet's end; NULL. */
static const u8 *within(const struct sk_buff *skb, const u8 *start, u32 off, u32 size)
{
	s64 first = start - skb->head + (s64)off;

	return first >= 0 && first + size <= skb->tail - skb->head ? skb->head + first : NULL;
}

static const u8 *find(const struct sk_buff *skb, s32 off, u32 size)
{
	if (off >= 0)
		return within(skb, skb->data, off, size);
	if (off >= SKF_NET_OFF)
		return within(skb, skb->network_header, off - SKF_NET_OFF, size);
	if (off >= SKF_LL_OFF)
		return within(skb, skb->mac_header, off - SKF_LL_OFF, size);
	return NULL;
}

s64 bpf_skb_load(u64 ctx, u32 off, u32 size)
{
	const u8 *p = find((const struct sk_buff *)(unsigned long)ctx, off, size);
	u64 value = 0;

	if (!p)
		return -EFAULT;
	for (u32 i = 0; i < size; i++)
		value = value << 8 | p[i];
	return value;
}

/* What a program reads of its buffer must not be what was there before. */
static u64 copy_or_clear(void *to, const u8 *from, u32 size)
{
	if (!from) {
		memset(to, 0, size);
		return (s64)-EFAULT;
	}
	memmove(to, from, size); /* it may be memory of the packet itself */
	return 0;
}

static u64 helper_skb_load_bytes(u64 ctx, u64 offset, u64 to, u64 size, u64 r5)
{
	const struct sk_buff *skb = (const struct sk_buff *)(unsigned long)ctx;
	u32 off = offset;

	return copy_or_clear((void *)(unsigned long)to,
			     off > INT_MAX ? NULL : within(skb, skb->data, off, size), size);
}

static u64 helper_skb_load_bytes_relative(u64 ctx, u64 offset, u64 to, u64 size, u64 start_header)
{
	const struct sk_buff *skb = (const struct sk_buff *)(unsigned long)ctx;
	const u8 *start = NULL;
	u32 off = offset;

	if ((u32)start_header == BPF_HDR_START_MAC)
		start = skb->mac_header;
	else if ((u32)start_header == BPF_HDR_START_NET)
		start = skb->network_header;
	if (off > UINT16_MAX)
		start = NULL;
	return copy_or_clear((void *)(unsigned long)to,
			     start ? within(skb, start, off, size) : NULL, size);
}

const struct bpf_helper bpf_skb_load_helpers[] = {
	{
		.id = BPF_FUNC_skb_load_bytes,
		.name = "bpf_skb_load_bytes",
		.proto =
			{
				.func = helper_skb_load_bytes,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_PTR_TO_UNINIT_MEM,
					     ARG_CONST_SIZE},
			},
		.types = BPF_TYPES_SKB,
	},
	{
		.id = BPF_FUNC_skb_load_bytes_relative,
		.name = "bpf_skb_load_bytes_relative",
		.proto =
			{
				.func = helper_skb_load_bytes_relative,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_PTR_TO_UNINIT_MEM,
					     ARG_CONST_SIZE, ARG_ANYTHING},
			},
		.types = BPF_TYPES_TC | BPF_TYPE(SOCKET_FILTER) | BPF_TYPE(CGROUP_SKB),
	},
};
const size_t bpf_skb_load_helpers_nr = ARRAY_SIZE(bpf_skb_load_helpers);
