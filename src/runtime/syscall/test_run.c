/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BPF_PROG_TEST_RUN: programs that are given plain memory or numbers, and what is the same for
 * those that are given packets. A type that is run is a line in runners[] (last).
 */
#include "syscall/test_run.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/kernel_errno.h"
#include "base/nofault.h"
#include "prog/packet.h"

#define MAX_RAW_TP_CTX 96 /* 12 arguments */

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

static u32 run_in(struct bpf_run_ctx *run, const struct bpf_prog *prog, const void *ctx)
{
	u32 ret = bpf_prog_run(prog, ctx);

	bpf_run_end(run);
	return ret;
}

u32 test_run_once(struct bpf_prog *prog, void *ctx)
{
	struct bpf_run_ctx run;

	bpf_run_begin(&run, prog->aux->rt);
	return run_in(&run, prog, ctx);
}

u32 test_run_repeat(const struct bpf_call *call, struct bpf_prog *prog, void *ctx, u32 *duration)
{
	u32 repeat = max_of(call->attr.test.repeat, 1u), retval = 0, i;
	u64 start = now_ns(), each;

	for (i = 0; i < repeat; i++)
		retval = test_run_once(prog, ctx);
	each = (now_ns() - start) / repeat;
	*duration = min_of(each, UINT32_MAX);
	return retval;
}

void *test_run_ctx_in(const struct bpf_call *call, u32 known)
{
	const union bpf_attr *attr = &call->attr;
	void *ctx;
	int err;

	if (!attr->test.ctx_in && !attr->test.ctx_out)
		return NULL;
	ctx = calloc(1, known);
	if (!ctx)
		return ERR_PTR(-ENOMEM);
	if (!attr->test.ctx_in)
		return ctx;
	err = bpf_check_uarg_tail_zero(attr->test.ctx_in, known, attr->test.ctx_size_in);
	if (!err)
		err = copy_from_user(ctx, attr->test.ctx_in, min_of(known, attr->test.ctx_size_in));
	if (err) {
		free(ctx);
		return ERR_PTR(err);
	}
	return ctx;
}

int test_run_ctx_out(const struct bpf_call *call, const void *ctx, u32 known)
{
	const union bpf_attr *attr = &call->attr;
	u32 room = attr->test.ctx_size_out;

	if (!ctx || !attr->test.ctx_out)
		return 0;
	if (copy_to_user(attr->test.ctx_out, ctx, min_of(room, known)) ||
	    bpf_call_write(call, offsetof(union bpf_attr, test.ctx_size_out), &known,
			   sizeof(known)))
		return -EFAULT;
	return room < known ? -ENOSPC : 0;
}

/* Who gives no size gets all of it, as it was before there were sizes. */
static int packet_out(const struct bpf_call *call, const struct test_run_packet *packet)
{
	u64 to = call->attr.test.data_out;
	u32 room = call->attr.test.data_size_out, size = packet->size;
	bool fits = !room || room >= (u64)packet->size + packet->rest_size;

	if (!fits)
		size = room - packet->rest_size;
	if (to && (copy_to_user(to, packet->data, size) ||
		   (packet->rest_size && copy_to_user(to + size, packet->rest, packet->rest_size))))
		return -EFAULT;
	return fits ? 0 : -ENOSPC;
}

int test_run_finish(const struct bpf_call *call, const struct test_run_packet *packet, u32 retval,
		    u32 duration)
{
	u32 room = call->attr.test.data_size_out, size = packet->size + packet->rest_size;
	int err;

	/* Not even the last part: nothing is given at all. */
	if (room && room < packet->rest_size)
		return -ENOSPC;
	err = packet_out(call, packet);
	if (err && err != -ENOSPC)
		return err;
	if (bpf_call_write(call, offsetof(union bpf_attr, test.data_size_out), &size,
			   sizeof(size)) ||
	    bpf_call_write(call, offsetof(union bpf_attr, test.retval), &retval, sizeof(retval)) ||
	    bpf_call_write(call, offsetof(union bpf_attr, test.duration), &duration,
			   sizeof(duration)))
		return -EFAULT;
	return err;
}

/* --- programs that are called with plain memory --- */

/* @data: the context, which the program may write to. */
static int run_syscall_prog(struct bpf_prog *prog, void *data, size_t size, u32 *retval)
{
	u64 none[1] = {0};

	if (size < prog->aux->max_ctx_offset || size > UINT16_MAX)
		return -EINVAL;
	*retval = test_run_once(prog, size ? data : none);
	return 0;
}

static int write_retval(const struct bpf_call *call, u32 retval)
{
	return bpf_call_write(call, offsetof(union bpf_attr, test.retval), &retval, sizeof(retval));
}

static int test_run_syscall(struct bpf_call *call, struct bpf_prog *prog)
{
	const union bpf_attr *attr = &call->attr;
	u32 size = attr->test.ctx_size_in, retval;
	void *ctx = NULL;
	int err;

	if (attr->test.data_in || attr->test.data_out || attr->test.ctx_out ||
	    attr->test.data_size_in || attr->test.data_size_out || attr->test.ctx_size_out ||
	    attr->test.duration || attr->test.repeat || attr->test.flags || attr->test.batch_size)
		return -EINVAL;
	if (size > UINT16_MAX)
		return -EINVAL;
	if (size) {
		ctx = memdup_user(attr->test.ctx_in, size);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	err = run_syscall_prog(prog, ctx, size, &retval);
	if (!err)
		err = write_retval(call, retval);
	if (!err && size)
		err = copy_to_user(attr->test.ctx_in, ctx, size);
	free(ctx);
	return err;
}

/* --- raw tracepoints: called with up to 12 numbers, on a CPU of the caller's choice --- */

static int run_on_cpu(const struct bpf_call *call, struct bpf_prog *prog, const void *ctx,
		      u32 *retval)
{
	u32 cpu = call->attr.test.cpu;
	struct bpf_run_ctx run;

	if (!(call->attr.test.flags & BPF_F_TEST_RUN_ON_CPU)) {
		if (cpu)
			return -EINVAL;
		bpf_run_begin(&run, prog->aux->rt);
	} else {
		if (cpu >= prog->aux->rt->num_possible_cpus)
			return -ENXIO;
		bpf_run_begin_on(&run, prog->aux->rt, cpu);
	}
	*retval = run_in(&run, prog, ctx);
	return 0;
}

static int test_run_raw_tp(struct bpf_call *call, struct bpf_prog *prog)
{
	const union bpf_attr *attr = &call->attr;
	u64 ctx[MAX_RAW_TP_CTX / sizeof(u64)] = {0};
	u32 size = attr->test.ctx_size_in, retval;
	int err;

	if (attr->test.data_in || attr->test.data_out || attr->test.ctx_out ||
	    attr->test.duration || attr->test.repeat || attr->test.batch_size)
		return -EINVAL;
	if (size < prog->aux->max_ctx_offset || size > MAX_RAW_TP_CTX)
		return -EINVAL;
	if (size && copy_from_user(ctx, attr->test.ctx_in, size))
		return -EFAULT;
	err = run_on_cpu(call, prog, ctx, &retval);
	return err ? err : write_retval(call, retval);
}

/* --- the command, and the same for who has the program and its memory at hand --- */

static const struct {
	enum bpf_prog_type type;
	test_run_fn *run;
} runners[] = {
	{BPF_PROG_TYPE_SYSCALL, test_run_syscall}, {BPF_PROG_TYPE_RAW_TRACEPOINT, test_run_raw_tp},
	{BPF_PROG_TYPE_XDP, test_run_xdp},	   {BPF_PROG_TYPE_SOCKET_FILTER, test_run_skb},
	{BPF_PROG_TYPE_SCHED_CLS, test_run_skb},   {BPF_PROG_TYPE_SCHED_ACT, test_run_skb},
	{BPF_PROG_TYPE_CGROUP_SKB, test_run_skb},  {BPF_PROG_TYPE_LWT_IN, test_run_skb},
	{BPF_PROG_TYPE_LWT_OUT, test_run_skb},	   {BPF_PROG_TYPE_LWT_XMIT, test_run_skb},
};

static int run_by_type(struct bpf_call *call, struct bpf_prog *prog)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(runners); i++)
		if (runners[i].type == prog->type)
			return runners[i].run(call, prog);
	return -ENOTSUPP;
}

int prog_test_run(struct bpf_call *call)
{
	const union bpf_attr *attr = &call->attr;
	struct bpf_prog *prog;
	int err;

	if (!attr->test.ctx_size_in != !attr->test.ctx_in ||
	    !attr->test.ctx_size_out != !attr->test.ctx_out)
		return -EINVAL;
	prog = bpf_prog_get(call->rt, attr->test.prog_fd);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	err = run_by_type(call, prog);
	bpf_prog_put(prog);
	return err;
}

int trek_prog_run(struct trek_runtime *rt, int handle, void *ctx, size_t ctx_size, uint32_t *retval)
{
	LEAVE_ERRNO_ALONE;
	struct bpf_prog *prog = bpf_prog_get(rt, handle);
	int err = -ENOTSUP;

	if (IS_ERR(prog))
		return PTR_ERR(prog);
	if (prog->type == BPF_PROG_TYPE_SYSCALL) {
		err = run_syscall_prog(prog, ctx, ctx_size, retval);
	} else if (prog->type == BPF_PROG_TYPE_SOCKET_FILTER) {
		err = ctx_size < ETH_HLEN || ctx_size > INT32_MAX ? -EINVAL : 0;
		if (!err)
			*retval = run_socket_filter(prog, ctx, ctx_size);
	}
	bpf_prog_put(prog);
	return err;
}
