/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Writes to packets, and the checksums in their headers. */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/kernel_errno.h"
#include "prog/csum.h"
#include "prog/skb.h"

/* Linux 6.16: the change is of an IPv6 address, which only checksums by devices care about. */
#ifndef BPF_F_IPV6
#define BPF_F_IPV6 (1ull << 7)
#endif

#define CSUM_MANGLED_0 0xffff

static struct sk_buff *to_skb(u64 ctx)
{
	return (struct sk_buff *)(unsigned long)ctx;
}

static u64 helper_skb_store_bytes(u64 ctx, u64 offset, u64 from, u64 size, u64 flags)
{
	struct sk_buff *skb = to_skb(ctx);
	u32 off = offset, len = size;

	if (flags & ~(u64)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return (s64)-EINVAL;
	if (off > INT_MAX || off + (u64)len > skb->len)
		return (s64)-EFAULT;
	/* It may be memory of the packet itself. */
	memmove(skb->data + off, (const void *)(unsigned long)from, len);
	if (flags & BPF_F_INVALIDATE_HASH)
		skb->hash = 0;
	return 0;
}

/* The checksum at @off of the packet; NULL. */
static u8 *checksum_at(const struct sk_buff *skb, u32 off)
{
	if (off > UINT16_MAX || off % 2 || skb_ensure_writable(skb, off + sizeof(u16)))
		return NULL;
	return skb->data + off;
}

/* Of the field's size, which is in @flags; 0: @to is the difference. -EINVAL. */
static int replace(u16 *csum, u64 from, u64 to, u64 flags)
{
	switch (flags & BPF_F_HDR_FIELD_MASK) {
	case 0:
		if (from)
			return -EINVAL;
		*csum = csum_replace_by_diff(*csum, to);
		return 0;
	case 2:
		*csum = csum_replace2(*csum, from, to);
		return 0;
	case 4:
		*csum = csum_replace4(*csum, from, to);
		return 0;
	}
	return -EINVAL;
}

static u64 helper_l3_csum_replace(u64 ctx, u64 offset, u64 from, u64 to, u64 flags)
{
	u8 *place = checksum_at(to_skb(ctx), offset);
	u16 csum;
	int err;

	if (flags & ~(u64)BPF_F_HDR_FIELD_MASK)
		return (s64)-EINVAL;
	if (!place)
		return (s64)-EFAULT;
	memcpy(&csum, place, sizeof(csum));
	err = replace(&csum, from, to, flags);
	memcpy(place, &csum, sizeof(csum));
	return (s64)err;
}

static u64 helper_l4_csum_replace(u64 ctx, u64 offset, u64 from, u64 to, u64 flags)
{
	const u64 known = BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR |
			  BPF_F_HDR_FIELD_MASK | BPF_F_IPV6;
	u8 *place = checksum_at(to_skb(ctx), offset);
	u16 csum;
	int err;

	if (flags & ~known)
		return (s64)-EINVAL;
	if (!place)
		return (s64)-EFAULT;
	memcpy(&csum, place, sizeof(csum));
	/* UDP: 0 says that there is none. */
	if ((flags & BPF_F_MARK_MANGLED_0) && !(flags & BPF_F_MARK_ENFORCE) && !csum)
		return 0;
	err = replace(&csum, from, to, flags);
	if (!err && (flags & BPF_F_MARK_MANGLED_0) && !csum)
		csum = CSUM_MANGLED_0;
	memcpy(place, &csum, sizeof(csum));
	return (s64)err;
}

static u64 helper_csum_diff(u64 from, u64 from_size, u64 to, u64 to_size, u64 seed)
{
	const u8 *old = (const u8 *)(unsigned long)from, *new = (const u8 *)(unsigned long)to;
	/* A program may pass a size with what may be NULL, and then is. */
	u32 old_size = old ? from_size : 0, new_size = new ? to_size : 0, sum = seed;

	if (!new_size && old_size)
		return csum_from32to16(~csum_partial(old, old_size, ~sum));
	sum = csum_partial(new, new_size, sum);
	return csum_from32to16(old_size ? csum_sub(sum, csum_partial(old, old_size, 0)) : sum);
}

/* It is for packets whose sum the device took. */
static u64 helper_csum_update(u64 ctx, u64 csum, u64 r3, u64 r4, u64 r5)
{
	return (s64)-ENOTSUPP;
}

#define BYTES_OR_NULL (PTR_MAYBE_NULL | MEM_RDONLY | ARG_PTR_TO_MEM)
#define CSUM_REPLACE_PROTO(func_)                                                                  \
	{                                                                                          \
		.func = func_, .ret_type = RET_INTEGER,                                            \
		.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_ANYTHING, ARG_ANYTHING,             \
			     ARG_ANYTHING},                                                        \
		.changes_pkt_data = true,                                                          \
	}

const struct bpf_helper bpf_skb_store_helpers[] = {
	{
		.id = BPF_FUNC_skb_store_bytes,
		.name = "bpf_skb_store_bytes",
		.proto =
			{
				.func = helper_skb_store_bytes,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING,
					     MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE,
					     ARG_ANYTHING},
				.changes_pkt_data = true,
			},
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT) | BPF_TYPE(SK_SKB),
	},
	{
		.id = BPF_FUNC_l3_csum_replace,
		.name = "bpf_l3_csum_replace",
		.proto = CSUM_REPLACE_PROTO(helper_l3_csum_replace),
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT),
	},
	{
		.id = BPF_FUNC_l4_csum_replace,
		.name = "bpf_l4_csum_replace",
		.proto = CSUM_REPLACE_PROTO(helper_l4_csum_replace),
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT),
	},
	{
		.id = BPF_FUNC_csum_diff,
		.name = "bpf_csum_diff",
		.proto =
			{
				.func = helper_csum_diff,
				.ret_type = RET_INTEGER,
				.arg_type = {BYTES_OR_NULL, ARG_CONST_SIZE_OR_ZERO, BYTES_OR_NULL,
					     ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING},
				.pkt_access = true,
			},
		.types = BPF_TYPES_TC | BPF_TYPES_LWT | BPF_TYPE(XDP),
	},
	{
		.id = BPF_FUNC_csum_update,
		.name = "bpf_csum_update",
		.proto =
			{
				.func = helper_csum_update,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING},
			},
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT),
	},
};
const size_t bpf_skb_store_helpers_nr = ARRAY_SIZE(bpf_skb_store_helpers);
