/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What is in the 16 bytes that a program declares as a struct bpf_dynptr (kernel: struct
 * bpf_dynptr_kern in include/linux/bpf.h): a piece of memory whose size is not known when the
 * program is loaded. Programs do not look into it, and cannot write to it; only calls do.
 *
 * Whoever makes one writes all of it, also where the call fails: then it is null. The verifier
 * takes it for a dynptr from then on.
 */
#ifndef BASE_DYNPTR_H
#define BASE_DYNPTR_H

#include <errno.h>

#include "base/bpf_types.h"

enum bpf_dynptr_type {
	BPF_DYNPTR_TYPE_INVALID, /* to the verifier: of a kind that is not known */
	BPF_DYNPTR_TYPE_LOCAL,	 /* memory of a map, or of a sample that is drained */
	BPF_DYNPTR_TYPE_RINGBUF, /* a sample */
	BPF_DYNPTR_TYPE_SKB,	 /* what the struct sk_buff at data has */
	BPF_DYNPTR_TYPE_XDP,	 /* what the struct xdp_buff at data has */
};

struct bpf_dynptr_kern {
	void *data; /* of a size that is the kind's business; NULL: null */
	/* The kind, and whether it may be written to, are in its upper 8 bits. */
	u32 size;
	u32 offset; /* of what it stands for, from data */
};
_Static_assert(sizeof(struct bpf_dynptr_kern) == sizeof(struct bpf_dynptr), "one for the other");

#define DYNPTR_MAX_SIZE ((1u << 24) - 1)
#define DYNPTR_TYPE_SHIFT 28
#define DYNPTR_TYPE_MASK 7
#define DYNPTR_RDONLY_BIT (1u << 31)

static inline enum bpf_dynptr_type bpf_dynptr_get_type(const struct bpf_dynptr_kern *ptr)
{
	return (ptr->size >> DYNPTR_TYPE_SHIFT) & DYNPTR_TYPE_MASK;
}

static inline u32 bpf_dynptr_get_size(const struct bpf_dynptr_kern *ptr)
{
	return ptr->size & DYNPTR_MAX_SIZE;
}

static inline bool bpf_dynptr_rdonly(const struct bpf_dynptr_kern *ptr)
{
	return ptr->size & DYNPTR_RDONLY_BIT;
}

static inline void bpf_dynptr_set_null(struct bpf_dynptr_kern *ptr)
{
	*ptr = (struct bpf_dynptr_kern){0};
}

/* @size is at most DYNPTR_MAX_SIZE. */
static inline void bpf_dynptr_init(struct bpf_dynptr_kern *ptr, void *data,
				   enum bpf_dynptr_type type, u32 size)
{
	*ptr = (struct bpf_dynptr_kern){
		.data = data,
		.size = size | (u32)type << DYNPTR_TYPE_SHIFT,
	};
}

static inline int bpf_dynptr_check_off_len(const struct bpf_dynptr_kern *ptr, u32 offset, u32 len)
{
	u32 size = bpf_dynptr_get_size(ptr);

	return len > size || offset > size - len ? -E2BIG : 0;
}

#endif /* BASE_DYNPTR_H */
