/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BPF_PROG_TEST_RUN: what running a program once, or often, has in common whatever it is given
 * (test_run.c); with packets: test_run_skb.c and test_run_xdp.c. Behaviour: net/bpf/test_run.c.
 */
#ifndef SYSCALL_TEST_RUN_H
#define SYSCALL_TEST_RUN_H

#include "prog/prog.h"
#include "syscall/command.h"

/* The only device that there is: Linux has the loopback device of the caller's namespace. */
#define LOOPBACK_IFINDEX 1

/* What Linux has for a packet and what is around it. */
#define TEST_RUN_PAGE 4096

typedef int test_run_fn(struct bpf_call *call, struct bpf_prog *prog);
test_run_fn test_run_skb, test_run_xdp;

/* Once, with @ctx; r0. */
u32 test_run_once(struct bpf_prog *prog, void *ctx);
/* As often as the caller says; of the last time r0. *@duration: of one on average, ns. */
u32 test_run_repeat(const struct bpf_call *call, struct bpf_prog *prog, void *ctx, u32 *duration);

/* The caller's context as a structure of @known bytes, zero where it has less; NULL if neither that
 * which goes in nor that which comes out is asked for; ERR_PTR. */
void *test_run_ctx_in(const struct bpf_call *call, u32 known);
/* -ENOSPC: some of it was given, or nothing of it asked for. */
int test_run_ctx_out(const struct bpf_call *call, const void *ctx, u32 known);

/* A packet as it goes back: @rest is behind it, in memory of its own. */
struct test_run_packet {
	const void *data;
	u32 size;
	const void *rest;
	u32 rest_size;
};
/* The packet, r0 and the time. -ENOSPC: what there is room for of the packet, and all the rest. */
int test_run_finish(const struct bpf_call *call, const struct test_run_packet *packet, u32 retval,
		    u32 duration);

/* Run a SOCKET_FILTER program with a packet of at least ETH_HLEN bytes, which it cannot change. */
u32 run_socket_filter(struct bpf_prog *prog, void *data, u32 size);

#endif /* SYSCALL_TEST_RUN_H */
