/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Test runs with packets: what goes into one, and what comes back. */
#ifndef FACTS_TEST_RUN_H
#define FACTS_TEST_RUN_H

#include "facts.h"

#define UNTOUCHED 0xdeadu /* what results hold before the run */

struct test_run {
	int prog;
	const void *data_in;
	__u32 data_size_in;
	void *data_out;
	__u32 data_size_out;
	const void *ctx_in;
	__u32 ctx_size_in;
	void *ctx_out;
	__u32 ctx_size_out;
	__u32 repeat, flags, cpu, batch_size;
	__u32 retval, duration;
};
/* 0 or -errno; sizes, retval and duration are then what came back. */
int test_run(struct test_run *run);

/* A program; an expected_attach_type, flags. */
int load_at(enum bpf_prog_type type, __u32 attach_type, __u32 flags, const struct code *code);

/* r0 of @prog with a packet of 64 bytes: asserts that it runs. */
__u32 result_of(int prog, const void *packet);

/* An Ethernet frame with bytes 1, 2, 3 ..., of @type (an ETH_P_*). */
void make_packet(unsigned char packet[64], __u16 type);

#define MD(field) offsetof(struct xdp_md, field)
#define SKB(field) offsetof(struct __sk_buff, field)

#endif /* FACTS_TEST_RUN_H */
