/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Kfuncs for dynptrs of every kind (kernel: bpf_dynptr_* in kernel/bpf/helpers.c). All memory is in
 * one piece, so what is asked for is never copied to the buffer that the program offers for it.
 */
#include <string.h>

#include "prog/dynptr.h"
#include "prog/kfunc.h"

static struct bpf_dynptr_kern *kern(const struct bpf_dynptr *p)
{
	return (struct bpf_dynptr_kern *)p;
}

int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end)
{
	struct bpf_dynptr_kern *ptr = kern(p);
	u32 size = bpf_dynptr_get_size(ptr);

	if (!ptr->data || start > end)
		return -EINVAL;
	if (start > size || end > size)
		return -ERANGE;
	ptr->offset += start;
	ptr->size = (ptr->size & ~DYNPTR_MAX_SIZE) | (end - start);
	return 0;
}

bool bpf_dynptr_is_null(const struct bpf_dynptr *p)
{
	return !kern(p)->data;
}

bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p)
{
	return kern(p)->data && bpf_dynptr_rdonly(kern(p));
}

u32 bpf_dynptr_size(const struct bpf_dynptr *p)
{
	return kern(p)->data ? bpf_dynptr_get_size(kern(p)) : (u32)-EINVAL;
}

int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit)
{
	/* They may overlap. */
	const struct bpf_dynptr_kern ptr = *kern(p);

	*kern(clone__uninit) = ptr;
	if (ptr.data)
		return 0;
	bpf_dynptr_set_null(kern(clone__uninit));
	return -EINVAL;
}

void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer__opt, u32 buffer__szk)
{
	return bpf_dynptr_bytes(kern(p), offset, buffer__szk);
}

void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 offset, void *buffer__opt,
			    u32 buffer__szk)
{
	if (bpf_dynptr_rdonly(kern(p)))
		return NULL;
	return bpf_dynptr_bytes(kern(p), offset, buffer__szk);
}

int bpf_dynptr_copy(struct bpf_dynptr *dst_ptr, u32 dst_off, struct bpf_dynptr *src_ptr,
		    u32 src_off, u32 size)
{
	void *src = bpf_dynptr_slice(src_ptr, src_off, NULL, size);
	void *dst = bpf_dynptr_slice_rdwr(dst_ptr, dst_off, NULL, size);

	if (src && dst) {
		memmove(dst, src, size);
		return 0;
	}
	/* The error is that of what cannot be done. */
	if (src)
		return bpf_dynptr_write(kern(dst_ptr), dst_off, src, size, 0);
	if (dst)
		return bpf_dynptr_read(dst, size, kern(src_ptr), src_off, 0);
	if (bpf_dynptr_check_off_len(kern(dst_ptr), dst_off, size) ||
	    bpf_dynptr_check_off_len(kern(src_ptr), src_off, size))
		return -E2BIG;
	return size ? bpf_dynptr_missing(kern(src_ptr)) : 0;
}

int bpf_dynptr_memset(struct bpf_dynptr *p, u32 offset, u32 size, u8 val)
{
	void *dst = bpf_dynptr_slice_rdwr(p, offset, NULL, size);

	if (dst) {
		memset(dst, val, size);
		return 0;
	}
	if (bpf_dynptr_rdonly(kern(p)))
		return -EINVAL;
	if (bpf_dynptr_check_off_len(kern(p), offset, size))
		return -E2BIG;
	return size ? bpf_dynptr_missing(kern(p)) : 0;
}

static const struct btf_kfunc dynptr_kfuncs[] = {
	BTF_KFUNC(bpf_dynptr_slice, KF_RET_NULL, .slice = MEM_RDONLY),
	BTF_KFUNC(bpf_dynptr_slice_rdwr, KF_RET_NULL, .slice = MEM_WRITE),
	BTF_KFUNC(bpf_dynptr_adjust, 0),
	BTF_KFUNC(bpf_dynptr_is_null, 0),
	BTF_KFUNC(bpf_dynptr_is_rdonly, 0),
	BTF_KFUNC(bpf_dynptr_size, 0),
	BTF_KFUNC(bpf_dynptr_clone, 0),
	BTF_KFUNC(bpf_dynptr_copy, 0),
	BTF_KFUNC(bpf_dynptr_memset, 0),
};

static const struct btf_kfunc_id_set bpf_dynptr_kfunc_set = {dynptr_kfuncs,
							     ARRAY_SIZE(dynptr_kfuncs)};

void bpf_dynptr_register_kfuncs(void)
{
	static const struct {
		enum bpf_prog_type type;
		const struct btf_kfunc_id_set *set;
	} sets[] = {
		{BPF_PROG_TYPE_UNSPEC, &bpf_dynptr_kfunc_set},
		{BPF_PROG_TYPE_UNSPEC, &bpf_dynptr_user_kfunc_set},
		{BPF_PROG_TYPE_SCHED_CLS, &bpf_dynptr_skb_kfunc_set},
		{BPF_PROG_TYPE_SCHED_ACT, &bpf_dynptr_skb_kfunc_set},
		{BPF_PROG_TYPE_SK_SKB, &bpf_dynptr_skb_kfunc_set},
		{BPF_PROG_TYPE_LWT_XMIT, &bpf_dynptr_skb_kfunc_set},
		{BPF_PROG_TYPE_SOCKET_FILTER, &bpf_dynptr_skb_rdonly_kfunc_set},
		{BPF_PROG_TYPE_CGROUP_SKB, &bpf_dynptr_skb_rdonly_kfunc_set},
		{BPF_PROG_TYPE_LWT_IN, &bpf_dynptr_skb_rdonly_kfunc_set},
		{BPF_PROG_TYPE_LWT_OUT, &bpf_dynptr_skb_rdonly_kfunc_set},
		{BPF_PROG_TYPE_LWT_SEG6LOCAL, &bpf_dynptr_skb_rdonly_kfunc_set},
		{BPF_PROG_TYPE_XDP, &bpf_dynptr_xdp_kfunc_set},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		register_btf_kfunc_id_set(sets[i].type, sets[i].set);
}
