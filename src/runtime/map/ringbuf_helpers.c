/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The ring buffer's helpers, with Linux's prototypes. A program that reserved a sample holds a
 * reference to it; submit and discard take it back.
 */
#include "map/ringbuf.h"

static void *pointer(u64 r)
{
	return (void *)(unsigned long)r;
}

static u64 helper_ringbuf_output(u64 map, u64 data, u64 size, u64 flags, u64 r5)
{
	return bpf_ringbuf_output(pointer(map), pointer(data), size, flags);
}

static u64 helper_ringbuf_reserve(u64 map, u64 size, u64 flags, u64 r4, u64 r5)
{
	return (unsigned long)bpf_ringbuf_reserve(pointer(map), size, flags);
}

static u64 helper_ringbuf_submit(u64 sample, u64 flags, u64 r3, u64 r4, u64 r5)
{
	bpf_ringbuf_submit(pointer(sample), flags);
	return 0;
}

static u64 helper_ringbuf_discard(u64 sample, u64 flags, u64 r3, u64 r4, u64 r5)
{
	bpf_ringbuf_discard(pointer(sample), flags);
	return 0;
}

static u64 helper_ringbuf_query(u64 map, u64 flags, u64 r3, u64 r4, u64 r5)
{
	return bpf_ringbuf_query(pointer(map), flags);
}

const struct bpf_helper bpf_ringbuf_helpers[] = {
	{
		.id = BPF_FUNC_ringbuf_output,
		.name = "bpf_ringbuf_output",
		.proto =
			{
				.func = helper_ringbuf_output,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, MEM_RDONLY | ARG_PTR_TO_MEM,
					     ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_reserve,
		.name = "bpf_ringbuf_reserve",
		.proto =
			{
				.func = helper_ringbuf_reserve,
				.ret_type = RET_PTR_TO_RINGBUF_MEM_OR_NULL,
				.acquires = true,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_CONST_ALLOC_SIZE_OR_ZERO,
					     ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_submit,
		.name = "bpf_ringbuf_submit",
		.proto =
			{
				.func = helper_ringbuf_submit,
				.ret_type = RET_VOID,
				.arg_type = {ARG_PTR_TO_RINGBUF_MEM | OBJ_RELEASE, ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_discard,
		.name = "bpf_ringbuf_discard",
		.proto =
			{
				.func = helper_ringbuf_discard,
				.ret_type = RET_VOID,
				.arg_type = {ARG_PTR_TO_RINGBUF_MEM | OBJ_RELEASE, ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_query,
		.name = "bpf_ringbuf_query",
		.proto =
			{
				.func = helper_ringbuf_query,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_ANYTHING},
			},
	},
};

const size_t bpf_ringbuf_helpers_nr = ARRAY_SIZE(bpf_ringbuf_helpers);
