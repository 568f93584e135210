/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf_redirect: the packet is to leave by another device, says the program with the result that the
 * call gave it. Which device is for who sends packets; here nobody does, so nobody asks.
 */
#include <linux/pkt_cls.h>

#include "base/vcpu.h"
#include "prog/helper.h"
#include "prog/skb.h"

static u64 redirect_skb(u64 flags)
{
	return flags & ~(u64)BPF_F_INGRESS ? TC_ACT_SHOT : TC_ACT_REDIRECT;
}

static u64 redirect_xdp(u64 flags)
{
	return flags ? XDP_ABORTED : XDP_REDIRECT;
}

static u64 helper_redirect(u64 ifindex, u64 flags, u64 r3, u64 r4, u64 r5)
{
	return bpf_current->prog->type == BPF_PROG_TYPE_XDP ? redirect_xdp(flags)
							    : redirect_skb(flags);
}

const struct bpf_helper bpf_redirect_helpers[] = {
	{
		.id = BPF_FUNC_redirect,
		.name = "bpf_redirect",
		.proto =
			{
				.func = helper_redirect,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_ANYTHING, ARG_ANYTHING},
			},
		.types = BPF_TYPES_TC | BPF_TYPE(LWT_XMIT) | BPF_TYPE(XDP),
	},
};
const size_t bpf_redirect_helpers_nr = ARRAY_SIZE(bpf_redirect_helpers);
