/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What programs do with dynptrs, whoever made them.
 */
#ifndef PROG_DYNPTR_H
#define PROG_DYNPTR_H

#include "base/dynptr.h"
#include "base/func.h"
#include "prog/kfunc.h"

/* NULL: @ptr is null, or has no @len bytes at @offset, or a packet has them no more. */
void *bpf_dynptr_bytes(const struct bpf_dynptr_kern *ptr, u32 offset, u32 len);
/* Why has it none, which are within its size? -EINVAL: it is null; -EFAULT, -EINVAL: a packet. */
int bpf_dynptr_missing(const struct bpf_dynptr_kern *ptr);
/* -EINVAL: it is null, or may not be written to; flags that are not known. -E2BIG: too
 * short. Or the error of a packet that has become shorter. */
int bpf_dynptr_read(void *dst, u32 len, const struct bpf_dynptr_kern *ptr, u32 offset, u64 flags);
int bpf_dynptr_write(const struct bpf_dynptr_kern *ptr, u32 offset, const void *src, u32 len,
		     u64 flags);

/* bpf_dynptr_from_mem, _read, _write, _data: for bpf_helpers_register(). */
extern const struct bpf_helper bpf_dynptr_helpers[];
extern const size_t bpf_dynptr_helpers_nr;
/*
 * Kfuncs for programs of every type (dynptr_kfuncs.c, dynptr_user.c); those that make dynptrs of
 * packets, for types that may write to them and that may not (dynptr_packet.c).
 */
extern const struct btf_kfunc_id_set bpf_dynptr_user_kfunc_set, bpf_dynptr_skb_kfunc_set,
	bpf_dynptr_skb_rdonly_kfunc_set, bpf_dynptr_xdp_kfunc_set;
void bpf_dynptr_register_kfuncs(void);

#endif /* PROG_DYNPTR_H */
