/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What XDP programs do with their struct xdp_buff (prog/packet.h) by calls: its ends moved within
 * the memory that it has, bytes copied. Results and errors: net/core/filter.c.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/kernel_errno.h"
#include "prog/helper.h"
#include "prog/packet.h"

/* What Linux has at the beginning of the memory once the packet is on its way: no place for it. */
#define XDP_FRAME_SIZE 40
#define MAX_META_LEN 252 /* bytes, a multiple of 4 */

static struct xdp_buff *to_xdp(u64 ctx)
{
	return (struct xdp_buff *)(unsigned long)ctx;
}

static bool has_no_meta(const struct xdp_buff *xdp)
{
	return xdp->data_meta > xdp->data;
}

static s64 len_of(const struct xdp_buff *xdp)
{
	return xdp->data_end - xdp->data;
}

static u64 helper_xdp_adjust_head(u64 ctx, u64 offset, u64 r3, u64 r4, u64 r5)
{
	struct xdp_buff *xdp = to_xdp(ctx);
	s64 meta_len = has_no_meta(xdp) ? 0 : xdp->data - xdp->data_meta;
	s64 data = xdp->data - xdp->data_hard_start + (s32)offset;

	if (data < XDP_FRAME_SIZE + meta_len ||
	    data > xdp->data_end - xdp->data_hard_start - ETH_HLEN)
		return (s64)-EINVAL;
	if (meta_len)
		memmove(xdp->data_meta + (s32)offset, xdp->data_meta, meta_len);
	xdp->data_meta += (s32)offset;
	xdp->data += (s32)offset;
	return 0;
}

static u64 helper_xdp_adjust_tail(u64 ctx, u64 offset, u64 r3, u64 r4, u64 r5)
{
	struct xdp_buff *xdp = to_xdp(ctx);
	s32 off = offset;

	if (off > xdp_data_hard_end(xdp) - xdp->data_end || len_of(xdp) + off < ETH_HLEN)
		return (s64)-EINVAL;
	if (off > 0)
		memset(xdp->data_end, 0, off);
	xdp->data_end += off;
	return 0;
}

static u64 helper_xdp_adjust_meta(u64 ctx, u64 offset, u64 r3, u64 r4, u64 r5)
{
	struct xdp_buff *xdp = to_xdp(ctx);
	s64 meta = xdp->data_meta - xdp->data_hard_start + (s32)offset;
	s64 meta_len = xdp->data - xdp->data_hard_start - meta;

	if (has_no_meta(xdp))
		return (s64)-ENOTSUPP;
	if (meta < XDP_FRAME_SIZE || meta_len < 0)
		return (s64)-EINVAL;
	if (meta_len % 4 || meta_len > MAX_META_LEN)
		return (s64)-EACCES;
	xdp->data_meta += (s32)offset;
	return 0;
}

static u64 helper_xdp_get_buff_len(u64 ctx, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return len_of(to_xdp(ctx));
}

/* -EFAULT, -EINVAL: there are no such bytes. */
static int check_bytes(const struct xdp_buff *xdp, u32 off, u32 size)
{
	if (off > UINT16_MAX || size > UINT16_MAX)
		return -EFAULT;
	return off + size > len_of(xdp) ? -EINVAL : 0;
}

static u64 helper_xdp_load_bytes(u64 ctx, u64 offset, u64 to, u64 size, u64 r5)
{
	const struct xdp_buff *xdp = to_xdp(ctx);
	int err = check_bytes(xdp, offset, size);

	/* What a program reads of its buffer must not be what was there before. */
	if (err)
		memset((void *)(unsigned long)to, 0, (u32)size);
	else
		memmove((void *)(unsigned long)to, xdp->data + (u32)offset, (u32)size);
	return (s64)err;
}

static u64 helper_xdp_store_bytes(u64 ctx, u64 offset, u64 from, u64 size, u64 r5)
{
	struct xdp_buff *xdp = to_xdp(ctx);
	int err = check_bytes(xdp, offset, size);

	if (!err)
		memmove(xdp->data + (u32)offset, (const void *)(unsigned long)from, (u32)size);
	return (s64)err;
}

#define ADJUST_PROTO(func_)                                                                        \
	{                                                                                          \
		.func = func_, .ret_type = RET_INTEGER,                                            \
		.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING}, .changes_pkt_data = true,              \
	}

const struct bpf_helper bpf_xdp_helpers[] = {
	{
		.id = BPF_FUNC_xdp_adjust_head,
		.name = "bpf_xdp_adjust_head",
		.proto = ADJUST_PROTO(helper_xdp_adjust_head),
		.types = BPF_TYPE(XDP),
	},
	{
		.id = BPF_FUNC_xdp_adjust_tail,
		.name = "bpf_xdp_adjust_tail",
		.proto = ADJUST_PROTO(helper_xdp_adjust_tail),
		.types = BPF_TYPE(XDP),
	},
	{
		.id = BPF_FUNC_xdp_adjust_meta,
		.name = "bpf_xdp_adjust_meta",
		.proto = ADJUST_PROTO(helper_xdp_adjust_meta),
		.types = BPF_TYPE(XDP),
	},
	{
		.id = BPF_FUNC_xdp_get_buff_len,
		.name = "bpf_xdp_get_buff_len",
		.proto =
			{
				.func = helper_xdp_get_buff_len,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX},
			},
		.types = BPF_TYPE(XDP),
	},
	{
		.id = BPF_FUNC_xdp_load_bytes,
		.name = "bpf_xdp_load_bytes",
		.proto =
			{
				.func = helper_xdp_load_bytes,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_PTR_TO_UNINIT_MEM,
					     ARG_CONST_SIZE},
			},
		.types = BPF_TYPE(XDP),
	},
	{
		.id = BPF_FUNC_xdp_store_bytes,
		.name = "bpf_xdp_store_bytes",
		.proto =
			{
				.func = helper_xdp_store_bytes,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_ANYTHING,
					     MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE},
			},
		.types = BPF_TYPE(XDP),
	},
};
const size_t bpf_xdp_helpers_nr = ARRAY_SIZE(bpf_xdp_helpers);
