/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Helpers for dynptrs of every kind (kernel: bpf_dynptr_* in kernel/bpf/helpers.c). Each access is
 * checked as it is made, against the size that the dynptr has then. A null one has size 0 and no
 * data: whatever is asked of it fails.
 */
#include "prog/dynptr.h"

#include <string.h>

#include "prog/packet.h"

static void *pointer(u64 r)
{
	return (void *)(unsigned long)r;
}

static u8 *packet_bytes(u8 *data, const u8 *end, u64 offset, u32 len)
{
	return offset + len > (u64)(end - data) ? NULL : data + offset;
}

/* The @len bytes at @offset, which are within the size; NULL: a packet has them no more. */
static u8 *bytes_at(const struct bpf_dynptr_kern *ptr, u32 offset, u32 len)
{
	u64 from = (u64)ptr->offset + offset;
	struct sk_buff *skb = ptr->data;
	struct xdp_buff *xdp = ptr->data;

	switch (bpf_dynptr_get_type(ptr)) {
	case BPF_DYNPTR_TYPE_SKB:
		return packet_bytes(skb->data, skb->tail, from, len);
	case BPF_DYNPTR_TYPE_XDP:
		return packet_bytes(xdp->data, xdp->data_end, from, len);
	default:
		return (u8 *)ptr->data + from;
	}
}

void *bpf_dynptr_bytes(const struct bpf_dynptr_kern *ptr, u32 offset, u32 len)
{
	if (!ptr->data || bpf_dynptr_check_off_len(ptr, offset, len))
		return NULL;
	return bytes_at(ptr, offset, len);
}

int bpf_dynptr_missing(const struct bpf_dynptr_kern *ptr)
{
	return ptr->data && bpf_dynptr_get_type(ptr) == BPF_DYNPTR_TYPE_SKB ? -EFAULT : -EINVAL;
}

int bpf_dynptr_read(void *dst, u32 len, const struct bpf_dynptr_kern *ptr, u32 offset, u64 flags)
{
	const u8 *src;

	if (!ptr->data || flags)
		return -EINVAL;
	if (bpf_dynptr_check_off_len(ptr, offset, len))
		return -E2BIG;
	src = bytes_at(ptr, offset, len);
	if (!src) {
		if (bpf_dynptr_get_type(ptr) == BPF_DYNPTR_TYPE_SKB)
			memset(dst, 0, len);
		return bpf_dynptr_missing(ptr);
	}
	/* It may be memory of the same dynptr. */
	if (len)
		memmove(dst, src, len);
	return 0;
}

int bpf_dynptr_write(const struct bpf_dynptr_kern *ptr, u32 offset, const void *src, u32 len,
		     u64 flags)
{
	u64 known = 0;
	u8 *dst;

	if (!ptr->data || bpf_dynptr_rdonly(ptr))
		return -EINVAL;
	if (bpf_dynptr_check_off_len(ptr, offset, len))
		return -E2BIG;
	if (bpf_dynptr_get_type(ptr) == BPF_DYNPTR_TYPE_SKB)
		known = BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH;
	if (flags & ~known)
		return -EINVAL;
	dst = bytes_at(ptr, offset, len);
	if (!dst)
		return bpf_dynptr_missing(ptr);
	if (len)
		memmove(dst, src, len);
	if (flags & BPF_F_INVALIDATE_HASH)
		((struct sk_buff *)ptr->data)->hash = 0;
	return 0;
}

static u64 helper_dynptr_from_mem(u64 data, u64 size32, u64 flags, u64 dynptr, u64 r5)
{
	struct bpf_dynptr_kern *ptr = pointer(dynptr);
	u32 size = size32;

	if (size > DYNPTR_MAX_SIZE || flags) {
		bpf_dynptr_set_null(ptr);
		return size > DYNPTR_MAX_SIZE ? -E2BIG : -EINVAL;
	}
	bpf_dynptr_init(ptr, pointer(data), BPF_DYNPTR_TYPE_LOCAL, size);
	return 0;
}

static u64 helper_dynptr_read(u64 dst, u64 len, u64 dynptr, u64 offset, u64 flags)
{
	return (s64)bpf_dynptr_read(pointer(dst), len, pointer(dynptr), offset, flags);
}

static u64 helper_dynptr_write(u64 dynptr, u64 offset, u64 src, u64 len, u64 flags)
{
	return (s64)bpf_dynptr_write(pointer(dynptr), offset, pointer(src), len, flags);
}

static u64 helper_dynptr_data(u64 dynptr, u64 offset, u64 len, u64 r4, u64 r5)
{
	const struct bpf_dynptr_kern *ptr = pointer(dynptr);

	/* Where a packet is may change. */
	if (bpf_dynptr_rdonly(ptr) || bpf_dynptr_get_type(ptr) > BPF_DYNPTR_TYPE_RINGBUF)
		return 0;
	return (unsigned long)bpf_dynptr_bytes(ptr, offset, len);
}

const struct bpf_helper bpf_dynptr_helpers[] = {
	{
		.id = BPF_FUNC_dynptr_from_mem,
		.name = "bpf_dynptr_from_mem",
		.proto =
			{
				.func = helper_dynptr_from_mem,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_UNINIT_MEM | MEM_OF_MAP,
					     ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING,
					     ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_LOCAL | MEM_UNINIT |
						     MEM_WRITE},
			},
	},
	{
		.id = BPF_FUNC_dynptr_read,
		.name = "bpf_dynptr_read",
		.proto =
			{
				.func = helper_dynptr_read,
				.ret_type = RET_INTEGER,
				/* Where it fails, what was there stays: it counts as read. */
				.arg_type = {MEM_WRITE | ARG_PTR_TO_MEM, ARG_CONST_SIZE_OR_ZERO,
					     MEM_RDONLY | ARG_PTR_TO_DYNPTR, ARG_ANYTHING,
					     ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_dynptr_write,
		.name = "bpf_dynptr_write",
		.proto =
			{
				.func = helper_dynptr_write,
				.ret_type = RET_INTEGER,
				.arg_type = {MEM_RDONLY | ARG_PTR_TO_DYNPTR, ARG_ANYTHING,
					     MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE_OR_ZERO,
					     ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_dynptr_data,
		.name = "bpf_dynptr_data",
		.proto =
			{
				.func = helper_dynptr_data,
				.ret_type = PTR_MAYBE_NULL | RET_PTR_TO_DYNPTR_MEM,
				.arg_type = {MEM_RDONLY | ARG_PTR_TO_DYNPTR, ARG_ANYTHING,
					     ARG_CONST_ALLOC_SIZE_OR_ZERO},
			},
	},
};

const size_t bpf_dynptr_helpers_nr = ARRAY_SIZE(bpf_dynptr_helpers);
