/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BPF_PROG_TEST_RUN of XDP programs. The caller's struct xdp_md says how much of what comes in is
 * in front of the packet, and where the part of it ends that the program sees. That is at most what
 * fits into a page; the rest comes back as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/kernel_errno.h"
#include "base/nofault.h"
#include "prog/packet.h"
#include "syscall/test_run.h"

#define MAX_BATCH 256 /* of frames that are sent on */
#define MAX_FRAGS 17  /* a page each */
/* In the headroom, what is known of a packet that is sent on: not for programs. */
#define XDP_FRAME_SIZE 40

struct xdp_run {
	struct xdp_md *md; /* NULL: the caller neither gives nor asks */
	u8 *page;	   /* headroom, what the program sees, tailroom */
	u8 *rest;
	u32 rest_size;
};

/* Sending the packets on to where the program says: no such place. */
static int check_flags(const union bpf_attr *attr)
{
	if (attr->test.flags & ~BPF_F_TEST_XDP_LIVE_FRAMES)
		return -EINVAL;
	if (!attr->test.flags)
		return attr->test.batch_size ? -EINVAL : 0;
	return attr->test.batch_size > MAX_BATCH ? -E2BIG : -ENOTSUPP;
}

static int check_md(const struct xdp_md *md, u32 size)
{
	if (md->data_meta || md->data_end > size || md->data > md->data_end)
		return -EINVAL;
	if (md->data % sizeof(u32) || md->data > XDP_PACKET_HEADROOM - XDP_FRAME_SIZE)
		return -EINVAL;
	if (md->egress_ifindex)
		return -EINVAL;
	if (md->ingress_ifindex > LOOPBACK_IFINDEX)
		return -ENODEV;
	/* It has one queue. */
	return md->rx_queue_index ? -EINVAL : 0;
}

/* Bring the packet in: into @run, and where it is into @xdp. */
static int packet_in(const struct bpf_call *call, struct xdp_run *run, struct xdp_buff *xdp)
{
	u32 size = call->attr.test.data_size_in, meta = run->md ? run->md->data : 0;
	u32 room = TEST_RUN_PAGE - SKB_SHARED_INFO_SIZE - XDP_PACKET_HEADROOM + meta;
	u32 seen = min_of(run->md ? run->md->data_end : size, room);
	u64 from = call->attr.test.data_in;

	if (size - meta < ETH_HLEN)
		return -EINVAL;
	run->rest_size = size - seen;
	if (run->rest_size > MAX_FRAGS * TEST_RUN_PAGE)
		return -ENOMEM;
	run->page = calloc(1, TEST_RUN_PAGE);
	if (!run->page)
		return -ENOMEM;
	xdp->data_hard_start = run->page;
	xdp->frame_sz = TEST_RUN_PAGE;
	xdp->data_meta = run->page + XDP_PACKET_HEADROOM - meta;
	xdp->data = xdp->data_meta + meta;
	xdp->data_end = xdp->data_meta + seen;
	if (copy_from_user(xdp->data_meta, from, seen))
		return -EFAULT;
	if (!run->rest_size)
		return 0;
	run->rest = memdup_user(from + seen, run->rest_size);
	if (!IS_ERR(run->rest))
		return 0;
	seen = PTR_ERR(run->rest);
	run->rest = NULL;
	return (int)seen;
}

static void give_md(const struct xdp_buff *xdp, const u8 *begin, struct xdp_md *md)
{
	if (!md)
		return;
	md->data = xdp->data - begin;
	md->data_end = xdp->data_end - begin;
}

static int run_packet(struct bpf_call *call, struct bpf_prog *prog, struct xdp_buff *xdp,
		      struct xdp_run *run)
{
	u32 duration, retval = test_run_repeat(call, prog, xdp, &duration);
	const u8 *begin = min_of(xdp->data_meta, xdp->data);
	struct test_run_packet packet = {
		.data = begin,
		.size = xdp->data_end - begin,
		.rest = run->rest,
		.rest_size = run->rest_size,
	};
	int err;

	give_md(xdp, begin, run->md);
	err = test_run_finish(call, &packet, retval, duration);
	return err ? err : test_run_ctx_out(call, run->md, sizeof(*run->md));
}

int test_run_xdp(struct bpf_call *call, struct bpf_prog *prog)
{
	struct xdp_buff xdp = {.ingress_ifindex = LOOPBACK_IFINDEX};
	struct xdp_run run = {0};
	int err;

	if (prog->expected_attach_type == BPF_XDP_DEVMAP ||
	    prog->expected_attach_type == BPF_XDP_CPUMAP)
		return -EINVAL;
	err = check_flags(&call->attr);
	if (err)
		return err;
	run.md = test_run_ctx_in(call, sizeof(*run.md));
	if (IS_ERR(run.md))
		return PTR_ERR(run.md);
	err = call->attr.test.data_size_in < ETH_HLEN ? -EINVAL : 0;
	if (!err && run.md)
		err = check_md(run.md, call->attr.test.data_size_in);
	if (!err)
		err = packet_in(call, &run, &xdp);
	if (!err)
		err = run_packet(call, prog, &xdp, &run);
	free(run.rest);
	free(run.page);
	free(run.md);
	return err;
}
