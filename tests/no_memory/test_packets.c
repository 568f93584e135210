/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Packets that are to be longer than their memory: without more of it the helper says -ENOMEM, and
 * the packet is as long as it was; with it the same run does it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <bpftrek/runtime.h>

#include "../verifier/insn.h"
#include "no_memory.h"
#include "test.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))
#define PACKET_LEN 64

/* Without no_memory.c, which gives programs that run their memory. */
int __real_trek_bpf(struct trek_runtime *rt, int cmd, union bpf_attr *attr, uint32_t size);

static const struct kind {
	const char *name;
	int helper, size, mode;
	unsigned int longer;
} kinds[] = {
	{"bpf_skb_change_head", BPF_FUNC_skb_change_head, 1000, 0, 1000 + PACKET_LEN},
	{"bpf_skb_change_tail", BPF_FUNC_skb_change_tail, 3000, 0, 3000},
	{"bpf_skb_adjust_room", BPF_FUNC_skb_adjust_room, 1000, BPF_ADJ_ROOM_MAC,
	 1000 + PACKET_LEN},
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct trek_runtime *rt;

/* Returns the length, and above it the helper's result. */
static int load(const struct kind *kind)
{
	const struct bpf_insn insns[] = {
		MOVX(R6, R1),
		MOV(R2, kind->size),
		MOV(R3, kind->mode),
		MOV(R4, 0),
		CALL_ID(kind->helper),
		OP(LSH, R0, 16),
		LDX(W, R1, R6, offsetof(struct __sk_buff, len)),
		OPX(OR, R0, R1),
		EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = PTR(insns),
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = PTR("GPL"),
	};

	return trek_bpf(rt, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* @n allocations succeed, no others. False: they were enough. */
static bool run(int prog, long n, int *ret, uint32_t *retval)
{
	static uint8_t packet[PACKET_LEN] = {[12] = 0x08, [14] = 0x45};
	union bpf_attr attr = {
		.test.prog_fd = (uint32_t)prog,
		.test.data_in = PTR(packet),
		.test.data_size_in = sizeof(packet),
	};

	no_memory_begin(n, true);
	*ret = __real_trek_bpf(rt, BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	*retval = attr.test.retval;
	return no_memory_end();
}

static void grows(void **state)
{
	const struct kind *kind = *state;
	unsigned int refused = 0;
	int prog = load(kind), ret;
	uint32_t retval;
	long n;

	assert_true(prog >= 0);
	for (n = 0; run(prog, n, &ret, &retval); n++) {
		assert_true(!ret || ret == -ENOMEM);
		if (ret)
			continue; /* there was none for the packet itself */
		assert_int_equal((int32_t)retval >> 16, -ENOMEM);
		assert_int_equal(retval & 0xffff, PACKET_LEN);
		refused++;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(retval, kind->longer);
	assert_true(refused);
	trek_close(rt, prog);
}

int main(void)
{
	struct CMUnitTest tests[NR_KINDS];
	int failed;

	if (trek_runtime_open(NULL, &rt))
		return 1;
	for (size_t i = 0; i < NR_KINDS; i++)
		tests[i] = (struct CMUnitTest){kinds[i].name, grows, NULL, NULL, (void *)&kinds[i]};
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	trek_runtime_close(rt);
	return failed;
}
