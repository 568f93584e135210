/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Samples whose size is not known when the program is loaded: a dynptr (base/dynptr.h) says where
 * the sample is and how long (kernel: bpf_ringbuf_*_dynptr in kernel/bpf/ringbuf.c). One that could
 * not be had is null, and has to be given back all the same.
 */
#include "base/dynptr.h"
#include "map/ringbuf.h"

static void *pointer(u64 r)
{
	return (void *)(unsigned long)r;
}

static u64 helper_ringbuf_reserve_dynptr(u64 map, u64 size32, u64 flags, u64 dynptr, u64 r5)
{
	struct bpf_dynptr_kern *ptr = pointer(dynptr);
	u32 size = size32;
	void *sample;

	bpf_dynptr_set_null(ptr);
	if (flags)
		return -EINVAL;
	if (size > DYNPTR_MAX_SIZE)
		return -E2BIG;
	sample = bpf_ringbuf_reserve(pointer(map), size, 0);
	if (!sample)
		return -EINVAL;
	bpf_dynptr_init(ptr, sample, BPF_DYNPTR_TYPE_RINGBUF, size);
	return 0;
}

static u64 helper_ringbuf_submit_dynptr(u64 dynptr, u64 flags, u64 r3, u64 r4, u64 r5)
{
	struct bpf_dynptr_kern *ptr = pointer(dynptr);

	if (ptr->data)
		bpf_ringbuf_submit(ptr->data, flags);
	bpf_dynptr_set_null(ptr);
	return 0;
}

static u64 helper_ringbuf_discard_dynptr(u64 dynptr, u64 flags, u64 r3, u64 r4, u64 r5)
{
	struct bpf_dynptr_kern *ptr = pointer(dynptr);

	if (ptr->data)
		bpf_ringbuf_discard(ptr->data, flags);
	bpf_dynptr_set_null(ptr);
	return 0;
}

const struct bpf_helper bpf_ringbuf_dynptr_helpers[] = {
	{
		.id = BPF_FUNC_ringbuf_reserve_dynptr,
		.name = "bpf_ringbuf_reserve_dynptr",
		.proto =
			{
				.func = helper_ringbuf_reserve_dynptr,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_ANYTHING, ARG_ANYTHING,
					     MEM_UNINIT | MEM_WRITE | DYNPTR_TYPE_RINGBUF |
						     ARG_PTR_TO_DYNPTR},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_submit_dynptr,
		.name = "bpf_ringbuf_submit_dynptr",
		.proto =
			{
				.func = helper_ringbuf_submit_dynptr,
				.ret_type = RET_VOID,
				.arg_type = {OBJ_RELEASE | DYNPTR_TYPE_RINGBUF | ARG_PTR_TO_DYNPTR,
					     ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_discard_dynptr,
		.name = "bpf_ringbuf_discard_dynptr",
		.proto =
			{
				.func = helper_ringbuf_discard_dynptr,
				.ret_type = RET_VOID,
				.arg_type = {OBJ_RELEASE | DYNPTR_TYPE_RINGBUF | ARG_PTR_TO_DYNPTR,
					     ARG_ANYTHING},
			},
	},
};

const size_t bpf_ringbuf_dynptr_helpers_nr = ARRAY_SIZE(bpf_ringbuf_dynptr_helpers);
