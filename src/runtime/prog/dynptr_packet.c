/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Dynptrs of packets (kernel: bpf_dynptr_from_skb and _xdp in net/core/filter.c). One stands for
 * the packet that the context has, not for its memory: it stays when that becomes another one, and
 * with the size that it had.
 */
#include "prog/dynptr.h"
#include "prog/packet.h"

static struct bpf_dynptr_kern *kern(struct bpf_dynptr *p)
{
	return (struct bpf_dynptr_kern *)p;
}

static int from_packet(struct bpf_dynptr *ptr, void *packet, enum bpf_dynptr_type type, u64 size,
		       u64 flags)
{
	if (flags || size > DYNPTR_MAX_SIZE) {
		bpf_dynptr_set_null(kern(ptr));
		return -EINVAL;
	}
	bpf_dynptr_init(kern(ptr), packet, type, size);
	return 0;
}

/* A program that is told of a struct __sk_buff is given a struct sk_buff. */
int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)
{
	struct sk_buff *skb = (struct sk_buff *)s;

	return from_packet(ptr__uninit, skb, BPF_DYNPTR_TYPE_SKB, skb->len, flags);
}

static int bpf_dynptr_from_skb_rdonly(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr)
{
	int err = bpf_dynptr_from_skb(s, flags, ptr);

	if (!err)
		kern(ptr)->size |= DYNPTR_RDONLY_BIT;
	return err;
}

int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)
{
	struct xdp_buff *xdp = (struct xdp_buff *)x;

	return from_packet(ptr__uninit, xdp, BPF_DYNPTR_TYPE_XDP, xdp->data_end - xdp->data, flags);
}

static const struct btf_kfunc skb_kfuncs[] = {
	BTF_KFUNC(bpf_dynptr_from_skb, KF_TRUSTED_ARGS, .new_dynptr = BPF_DYNPTR_TYPE_SKB),
};
const struct btf_kfunc_id_set bpf_dynptr_skb_kfunc_set = {skb_kfuncs, ARRAY_SIZE(skb_kfuncs)};

static const struct btf_kfunc skb_rdonly_kfuncs[] = {
	{
		.name = "bpf_dynptr_from_skb",
		.func = (u64(*)(u64, u64, u64, u64, u64))(void (*)(void))bpf_dynptr_from_skb_rdonly,
		.flags = KF_TRUSTED_ARGS,
		.new_dynptr = BPF_DYNPTR_TYPE_SKB,
	},
};
const struct btf_kfunc_id_set bpf_dynptr_skb_rdonly_kfunc_set = {skb_rdonly_kfuncs,
								 ARRAY_SIZE(skb_rdonly_kfuncs)};

static const struct btf_kfunc xdp_kfuncs[] = {
	BTF_KFUNC(bpf_dynptr_from_xdp, 0, .new_dynptr = BPF_DYNPTR_TYPE_XDP),
};
const struct btf_kfunc_id_set bpf_dynptr_xdp_kfunc_set = {xdp_kfuncs, ARRAY_SIZE(xdp_kfuncs)};
