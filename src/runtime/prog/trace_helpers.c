/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Helpers that say things to, and of, perf and probes (kernel: kernel/trace/bpf_trace.c). A process
 * has no perf events to write to or to read, so a PERF_EVENT_ARRAY is always empty, and no probes
 * that would have an address or a cookie.
 */
#include <errno.h>
#include <string.h>

#include "base/vcpu.h"
#include "map/map.h"
#include "prog/helper.h"
#include "prog/skb.h"

/* The entry that @flags name of @map, which is empty: -ENOENT, or -E2BIG. */
static s64 find_event(const struct bpf_map *map, u64 flags)
{
	u64 index = flags & BPF_F_INDEX_MASK;

	if (index == BPF_F_CURRENT_CPU)
		index = bpf_current->cpu;
	return index < map->max_entries ? -ENOENT : -E2BIG;
}

/* How much of a packet can be put behind the data, in bytes; -1: the context is none. */
static s64 packet_len(u64 ctx)
{
	const struct sk_buff *skb = (const struct sk_buff *)(unsigned long)ctx;
	const struct xdp_buff *xdp = (const struct xdp_buff *)(unsigned long)ctx;
	enum bpf_prog_type type = bpf_current->prog->type;

	if (type == BPF_PROG_TYPE_XDP)
		return xdp->data_end - xdp->data;
	return BPF_TYPES_SKB >> type & 1 ? skb->len : -1;
}

static u64 helper_perf_event_output(u64 ctx, u64 map, u64 flags, u64 data, u64 size)
{
	s64 len = packet_len(ctx);
	u64 known = BPF_F_INDEX_MASK | (len < 0 ? 0 : BPF_F_CTXLEN_MASK);

	if (flags & ~known)
		return (s64)-EINVAL;
	if (len >= 0 && (flags & BPF_F_CTXLEN_MASK) >> 32 > len)
		return (s64)-EFAULT;
	return find_event((const struct bpf_map *)(unsigned long)map, flags);
}

static u64 helper_perf_event_read(u64 map, u64 flags, u64 r3, u64 r4, u64 r5)
{
	if (flags & ~BPF_F_INDEX_MASK)
		return (s64)-EINVAL;
	return find_event((const struct bpf_map *)(unsigned long)map, flags);
}

static u64 helper_perf_event_read_value(u64 map, u64 flags, u64 buf, u64 size, u64 r5)
{
	memset((void *)(unsigned long)buf, 0, (u32)size);
	if ((u32)size != sizeof(struct bpf_perf_event_value))
		return (s64)-EINVAL;
	return helper_perf_event_read(map, flags, 0, 0, 0);
}

static u64 helper_none(u64 ctx, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return 0;
}

const struct bpf_helper bpf_trace_helpers[] = {
	{
		.id = BPF_FUNC_perf_event_output,
		.name = "bpf_perf_event_output",
		.proto =
			{
				.func = helper_perf_event_output,
				.gpl_only = true,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX, ARG_CONST_MAP_PTR, ARG_ANYTHING,
					     MEM_RDONLY | ARG_PTR_TO_MEM, ARG_CONST_SIZE_OR_ZERO},
			},
		.types = ~(BPF_TYPE(SK_REUSEPORT) | BPF_TYPE(FLOW_DISSECTOR)),
	},
	{
		.id = BPF_FUNC_perf_event_read,
		.name = "bpf_perf_event_read",
		.proto =
			{
				.func = helper_perf_event_read,
				.gpl_only = true,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_perf_event_read_value,
		.name = "bpf_perf_event_read_value",
		.proto =
			{
				.func = helper_perf_event_read_value,
				.gpl_only = true,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_ANYTHING, ARG_PTR_TO_UNINIT_MEM,
					     ARG_CONST_SIZE},
			},
	},
	{
		.id = BPF_FUNC_get_func_ip,
		.name = "bpf_get_func_ip",
		.proto =
			{
				.func = helper_none,
				.gpl_only = true,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX},
			},
		.types = BPF_TYPES_TRACING,
	},
	{
		.id = BPF_FUNC_get_attach_cookie,
		.name = "bpf_get_attach_cookie",
		.proto =
			{
				.func = helper_none,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_PTR_TO_CTX},
			},
		.types = BPF_TYPES_TRACING & ~(BPF_TYPE(TRACING) | BPF_TYPE(SYSCALL)),
	},
};
const size_t bpf_trace_helpers_nr = ARRAY_SIZE(bpf_trace_helpers);
