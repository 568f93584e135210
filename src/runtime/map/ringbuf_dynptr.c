/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Samples whose size is not known when the program is loaded: a dynptr, 16 bytes of the program's
 * stack that it cannot look into, says where the sample is and how long; each access is checked as
 * it is made (kernel: bpf_dynptr_* in kernel/bpf/helpers.c). One that could not be had is null, and
 * has to be given back all the same.
 */
#include <errno.h>
#include <string.h>

#include "map/ringbuf.h"

#define DYNPTR_MAX_SIZE ((1ull << 24) - 1)

/* What is in the program's struct bpf_dynptr. */
struct bpf_dynptr_kern {
	void *data; /* NULL: null */
	u32 size;
	u32 offset; /* of what it stands for, from data */
};

static void *pointer(u64 r)
{
	return (void *)(unsigned long)r;
}

static int check_off_len(const struct bpf_dynptr_kern *ptr, u32 offset, u32 len)
{
	return len > ptr->size || offset > ptr->size - len ? -E2BIG : 0;
}

static u64 helper_ringbuf_reserve_dynptr(u64 map, u64 size32, u64 flags, u64 dynptr, u64 r5)
{
	struct bpf_dynptr_kern *ptr = pointer(dynptr);
	u32 size = size32;

	*ptr = (struct bpf_dynptr_kern){0};
	if (flags)
		return -EINVAL;
	if (size > DYNPTR_MAX_SIZE)
		return -E2BIG;
	ptr->data = bpf_ringbuf_reserve(pointer(map), size, 0);
	if (!ptr->data)
		return -EINVAL;
	ptr->size = size;
	return 0;
}

static u64 helper_ringbuf_submit_dynptr(u64 dynptr, u64 flags, u64 r3, u64 r4, u64 r5)
{
	struct bpf_dynptr_kern *ptr = pointer(dynptr);

	if (ptr->data)
		bpf_ringbuf_submit(ptr->data, flags);
	*ptr = (struct bpf_dynptr_kern){0};
	return 0;
}

static u64 helper_ringbuf_discard_dynptr(u64 dynptr, u64 flags, u64 r3, u64 r4, u64 r5)
{
	struct bpf_dynptr_kern *ptr = pointer(dynptr);

	if (ptr->data)
		bpf_ringbuf_discard(ptr->data, flags);
	*ptr = (struct bpf_dynptr_kern){0};
	return 0;
}

static u64 helper_dynptr_read(u64 dst, u64 len, u64 dynptr, u64 offset, u64 flags)
{
	const struct bpf_dynptr_kern *ptr = pointer(dynptr);

	if (!ptr->data || flags)
		return -EINVAL;
	if (check_off_len(ptr, offset, len))
		return -E2BIG;
	/* It may be memory of the same sample. */
	if ((u32)len)
		memmove(pointer(dst), (u8 *)ptr->data + ptr->offset + (u32)offset, (u32)len);
	return 0;
}

static u64 helper_dynptr_write(u64 dynptr, u64 offset, u64 src, u64 len, u64 flags)
{
	const struct bpf_dynptr_kern *ptr = pointer(dynptr);

	if (!ptr->data || flags)
		return -EINVAL;
	if (check_off_len(ptr, offset, len))
		return -E2BIG;
	if ((u32)len)
		memmove((u8 *)ptr->data + ptr->offset + (u32)offset, pointer(src), (u32)len);
	return 0;
}

static u64 helper_dynptr_data(u64 dynptr, u64 offset, u64 len, u64 r4, u64 r5)
{
	const struct bpf_dynptr_kern *ptr = pointer(dynptr);

	if (!ptr->data || check_off_len(ptr, offset, len))
		return 0;
	return (unsigned long)ptr->data + ptr->offset + (u32)offset;
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
					     MEM_UNINIT | MEM_WRITE | ARG_PTR_TO_DYNPTR},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_submit_dynptr,
		.name = "bpf_ringbuf_submit_dynptr",
		.proto =
			{
				.func = helper_ringbuf_submit_dynptr,
				.ret_type = RET_VOID,
				.arg_type = {OBJ_RELEASE | ARG_PTR_TO_DYNPTR, ARG_ANYTHING},
			},
	},
	{
		.id = BPF_FUNC_ringbuf_discard_dynptr,
		.name = "bpf_ringbuf_discard_dynptr",
		.proto =
			{
				.func = helper_ringbuf_discard_dynptr,
				.ret_type = RET_VOID,
				.arg_type = {OBJ_RELEASE | ARG_PTR_TO_DYNPTR, ARG_ANYTHING},
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
				.arg_type = {ARG_PTR_TO_DYNPTR, ARG_ANYTHING,
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

const size_t bpf_ringbuf_dynptr_helpers_nr = ARRAY_SIZE(bpf_ringbuf_dynptr_helpers);
