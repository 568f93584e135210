/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BPF_PROG_TEST_RUN: what may be asked of which type of program, and which answer each mistake
 * gets. What programs see of the packet is in facts_packet.c.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "test_run.h"

/* Linux 6.17. */
#define F_TEST_SKB_CHECKSUM_COMPLETE (1u << 2)
#define MAX_SKB 3712 /* what is left of a page */

int test_run(struct test_run *run)
{
	union bpf_attr attr = {0};
	int err;

	attr.test.prog_fd = (__u32)run->prog;
	attr.test.retval = UNTOUCHED;
	attr.test.data_in = PTR(run->data_in);
	attr.test.data_size_in = run->data_size_in;
	attr.test.data_out = PTR(run->data_out);
	attr.test.data_size_out = run->data_size_out;
	attr.test.ctx_in = PTR(run->ctx_in);
	attr.test.ctx_size_in = run->ctx_size_in;
	attr.test.ctx_out = PTR(run->ctx_out);
	attr.test.ctx_size_out = run->ctx_size_out;
	attr.test.repeat = run->repeat;
	attr.test.duration = run->duration;
	attr.test.flags = run->flags;
	attr.test.cpu = run->cpu;
	attr.test.batch_size = run->batch_size;
	err = bpf(BPF_PROG_TEST_RUN, &attr);
	run->retval = attr.test.retval;
	run->data_size_out = attr.test.data_size_out;
	run->ctx_size_out = attr.test.ctx_size_out;
	run->duration = attr.test.duration;
	return err;
}

int load_at(enum bpf_prog_type type, __u32 attach_type, __u32 flags, const struct code *code)
{
	union bpf_attr attr = {.prog_type = type};

	attr.expected_attach_type = attach_type;
	attr.prog_flags = flags;
	attr.insns = PTR(code->insn);
	attr.insn_cnt = code->n;
	attr.license = PTR("GPL");
	return own(bpf(BPF_PROG_LOAD, &attr));
}

__u32 result_of(int prog, const void *packet)
{
	struct test_run run = {.prog = prog, .data_in = packet, .data_size_in = 64};

	assert_true(prog >= 0);
	assert_int_equal(test_run(&run), 0);
	return run.retval;
}

void make_packet(unsigned char packet[64], __u16 type)
{
	for (int i = 0; i < 64; i++)
		packet[i] = (unsigned char)(i + 1);
	packet[12] = (unsigned char)(type >> 8);
	packet[13] = (unsigned char)type;
}

/* Types that are given packets as a struct __sk_buff. */
static const struct {
	enum bpf_prog_type type;
	bool sees_header;
} skb_types[] = {
	{BPF_PROG_TYPE_SOCKET_FILTER, false}, {BPF_PROG_TYPE_SCHED_CLS, true},
	{BPF_PROG_TYPE_SCHED_ACT, true},      {BPF_PROG_TYPE_CGROUP_SKB, false},
	{BPF_PROG_TYPE_LWT_IN, false},	      {BPF_PROG_TYPE_LWT_OUT, false},
	{BPF_PROG_TYPE_LWT_XMIT, false},
};

static int load_one(enum bpf_prog_type type)
{
	return load_at(type, 0, 0, CODE(MOV64_IMM(0, 1), EXIT()));
}

/* --- errors --- */

static unsigned char data[80000], out[80000], zero[400];

struct run_case {
	const char *what;
	struct test_run run;
	int skb, xdp; /* results */
};

#define DATA .data_in = data, .data_size_in = 64

static const struct run_case run_cases[] = {
	{"nothing", {0}, -EINVAL, -EINVAL},
	{"an Ethernet header but a byte", {.data_in = data, .data_size_in = 13}, -EINVAL, -EINVAL},
	{"an Ethernet header", {.data_in = data, .data_size_in = 14}, 0, 0},
	{"a page, but what is around it", {.data_in = data, .data_size_in = MAX_SKB}, 0, 0},
	{"a byte more", {.data_in = data, .data_size_in = MAX_SKB + 1}, -EINVAL, 0},
	{"64 KiB", {.data_in = data, .data_size_in = 65535}, -EINVAL, 0},
	{"one page and 17 more, nearly", {.data_in = data, .data_size_in = 73152}, -EINVAL, 0},
	{"a byte more", {.data_in = data, .data_size_in = 73153}, -EINVAL, -ENOMEM},
	{"NULL with a size", {.data_size_in = 64}, -EFAULT, -EFAULT},
	{"data without a size", {.data_in = data}, -EINVAL, -EINVAL},
	{"a bad address", {.data_in = (void *)8, .data_size_in = 64}, -EFAULT, -EFAULT},
	{"a bad address to write to",
	 {DATA, .data_out = (void *)8, .data_size_out = 64},
	 -EFAULT,
	 -EFAULT},
	{"on a CPU", {DATA, .flags = BPF_F_TEST_RUN_ON_CPU}, -EINVAL, -EINVAL},
	{"a CPU without the flag", {DATA, .cpu = 1}, -EINVAL, 0},
	{"a flag nobody knows", {DATA, .flags = 8}, -EINVAL, -EINVAL},
	{"a batch", {DATA, .batch_size = 1}, -EINVAL, -EINVAL},
	{"frames sent on, too many",
	 {DATA, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 257},
	 -EINVAL,
	 -E2BIG},
	{"a context without a size", {DATA, .ctx_in = zero}, -EINVAL, -EINVAL},
	{"a size without a context", {DATA, .ctx_size_in = 4}, -EINVAL, -EINVAL},
	{"a context to write without a size", {DATA, .ctx_out = out}, -EINVAL, -EINVAL},
	{"a size without a context to write", {DATA, .ctx_size_out = 4}, -EINVAL, -EINVAL},
	{"a short context", {DATA, .ctx_in = zero, .ctx_size_in = 4}, 0, 0},
	{"a long one of zeros", {DATA, .ctx_in = zero, .ctx_size_in = 300}, 0, 0},
	{"a long one with more", {DATA, .ctx_in = zero, .ctx_size_in = 400}, -E2BIG, -E2BIG},
	{"a bad address for it", {DATA, .ctx_in = (void *)8, .ctx_size_in = 24}, -EFAULT, -EFAULT},
	{"a bad address for it to go",
	 {DATA, .ctx_out = (void *)8, .ctx_size_out = 192},
	 -EFAULT,
	 -EFAULT},
	{"often", {DATA, .repeat = 5}, 0, 0},
};

static void check_cases(int prog, bool xdp)
{
	for (size_t i = 0; i < ARRAY_SIZE(run_cases); i++) {
		const struct run_case *c = &run_cases[i];
		struct test_run run = c->run;
		int expected = xdp ? c->xdp : c->skb, ret;

		run.prog = prog;
		run.duration = UNTOUCHED;
		ret = test_run(&run);
		if (ret != expected)
			fail_msg("%s: %d, not %d", c->what, ret, expected);
		/* What fails has not run; but where it cannot be written. */
		assert_int_equal(run.retval, ret && ret != -EFAULT ? UNTOUCHED
					     : ret		   ? run.retval
								   : 1);
		if (!ret)
			assert_int_equal(run.data_size_out, c->run.data_size_in);
	}
}

static void answers(void **state)
{
	requires_linux(6, 18);
	zero[399] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(skb_types); i++)
		check_cases(load_one(skb_types[i].type), false);
	check_cases(load_one(BPF_PROG_TYPE_XDP), true);
}

static void checksum_flag(void **state)
{
	struct test_run run = {.prog = load_one(BPF_PROG_TYPE_SCHED_CLS),
			       DATA,
			       .flags = F_TEST_SKB_CHECKSUM_COMPLETE};

	requires_linux(6, 17);
	assert_int_equal(test_run(&run), 0);
	run.prog = load_one(BPF_PROG_TYPE_XDP);
	assert_int_equal(test_run(&run), -EINVAL);
}

static void types_that_are_not_run(void **state)
{
	static const struct {
		enum bpf_prog_type type;
		__u32 attach_type;
	} types_[] = {
		{BPF_PROG_TYPE_KPROBE, 0},
		{BPF_PROG_TYPE_TRACEPOINT, 0},
		{BPF_PROG_TYPE_PERF_EVENT, 0},
		{BPF_PROG_TYPE_SOCK_OPS, 0},
		{BPF_PROG_TYPE_SK_SKB, 0},
		{BPF_PROG_TYPE_SK_MSG, 0},
		{BPF_PROG_TYPE_CGROUP_SOCK, 0},
		{BPF_PROG_TYPE_CGROUP_DEVICE, 0},
		{BPF_PROG_TYPE_CGROUP_SYSCTL, 0},
		{BPF_PROG_TYPE_LWT_SEG6LOCAL, 0},
		{BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND},
		{BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT},
		{BPF_PROG_TYPE_SK_REUSEPORT, BPF_SK_REUSEPORT_SELECT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types_); i++) {
		struct test_run run = {
			.prog = load_at(types_[i].type, types_[i].attach_type, 0,
					CODE(MOV64_IMM(0, 1), EXIT())),
			DATA,
		};

		assert_true(run.prog >= 0);
		assert_int_equal(test_run(&run), -ENOTSUPP);
	}
}

static void xdp_programs_of_maps(void **state)
{
	static const __u32 attach_types[] = {BPF_XDP_DEVMAP, BPF_XDP_CPUMAP};

	for (size_t i = 0; i < ARRAY_SIZE(attach_types); i++) {
		struct test_run run = {
			.prog = load_at(BPF_PROG_TYPE_XDP, attach_types[i], 0,
					CODE(MOV64_IMM(0, 2), EXIT())),
			DATA,
		};

		assert_int_equal(test_run(&run), -EINVAL);
	}
}

/* --- what comes back --- */

static void packet_comes_back(void **state)
{
	unsigned char packet[64];

	make_packet(packet, 0x88b5);
	for (size_t i = 0; i < ARRAY_SIZE(skb_types); i++) {
		struct test_run run = {.prog = load_one(skb_types[i].type),
				       .data_in = packet,
				       .data_size_in = 64,
				       .data_out = out,
				       .data_size_out = 100};

		memset(out, 0x55, 100);
		assert_int_equal(test_run(&run), 0);
		assert_int_equal(run.data_size_out, 64);
		assert_memory_equal(out, skb_types[i].sees_header ? packet : zero, ETH_HLEN);
		assert_memory_equal(out + ETH_HLEN, packet + ETH_HLEN, 64 - ETH_HLEN);
		assert_int_equal(out[64], 0x55);
	}
}

static void short_of_room(void **state)
{
	static const enum bpf_prog_type of[] = {BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_XDP};
	unsigned char packet[64];

	make_packet(packet, 0x88b5);
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct test_run run = {.prog = load_one(of[i]),
				       .data_in = packet,
				       .data_size_in = 64,
				       .data_out = out,
				       .data_size_out = 10};

		memset(out, 0x55, 100);
		assert_int_equal(test_run(&run), -ENOSPC);
		/* It did run, and says how much there is. */
		assert_int_equal(run.data_size_out, 64);
		assert_int_equal(run.retval, 1);
		assert_memory_equal(out, packet, 10);
		assert_int_equal(out[10], 0x55);
		/* No size means any. */
		run.data_size_out = 0;
		assert_int_equal(test_run(&run), 0);
		assert_memory_equal(out, packet, 64);
		assert_int_equal(out[64], 0x55);
		/* Nothing to write to: only how much there is, and whether that is too much. */
		run.data_out = NULL;
		assert_int_equal(test_run(&run), 0);
		run.data_size_out = 10;
		assert_int_equal(test_run(&run), -ENOSPC);
		assert_int_equal(run.data_size_out, 64);
	}
}

static void context_comes_back(void **state)
{
	static const struct {
		enum bpf_prog_type type;
		__u32 size;
	} of[] = {
		{BPF_PROG_TYPE_SCHED_CLS, sizeof(struct __sk_buff)},
		{BPF_PROG_TYPE_SOCKET_FILTER, sizeof(struct __sk_buff)},
		{BPF_PROG_TYPE_XDP, sizeof(struct xdp_md)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct test_run run = {
			.prog = load_one(of[i].type), DATA, .ctx_out = out, .ctx_size_out = 300};

		memset(out, 0x55, 300);
		assert_int_equal(test_run(&run), 0);
		assert_int_equal(run.ctx_size_out, of[i].size);
		assert_int_equal(out[of[i].size], 0x55);
		run.ctx_size_out = 4;
		memset(out, 0x55, 300);
		assert_int_equal(test_run(&run), -ENOSPC);
		assert_int_equal(run.ctx_size_out, of[i].size);
		assert_int_equal(run.retval, 1);
		assert_int_equal(out[4], 0x55);
	}
}

/* What one run leaves behind the next one finds. */
static void repeated(void **state)
{
	const struct code *code = CODE(LDX_MEM(W, 0, 1, SKB(mark)), ALU64_IMM(BPF_ADD, 0, 1),
				       STX_MEM(W, 1, 0, SKB(mark)), EXIT());
	struct __sk_buff ctx = {.mark = 100};
	struct test_run run = {.prog = load_at(BPF_PROG_TYPE_SCHED_CLS, 0, 0, code),
			       DATA,
			       .repeat = 7,
			       .ctx_in = &ctx,
			       .ctx_size_in = sizeof(ctx),
			       .ctx_out = &ctx,
			       .ctx_size_out = sizeof(ctx)};

	assert_int_equal(test_run(&run), 0);
	assert_int_equal(run.retval, 107);
	assert_int_equal(ctx.mark, 107);
	run.repeat = 0;
	assert_int_equal(test_run(&run), 0);
	assert_int_equal(run.retval, 108);
}

/* Of one run, on average. */
static void duration(void **state)
{
	struct test_run run = {.prog = load_one(BPF_PROG_TYPE_SCHED_CLS), DATA, .repeat = 1000};

	run.duration = UNTOUCHED;
	assert_int_equal(test_run(&run), 0);
	assert_in_range(run.duration, 0, 20000);
}

/* --- raw tracepoints --- */

struct raw_case {
	const char *what;
	struct test_run run;
	int result;
};

static const __u64 args[13] = {1, 0x1122334455667788, 3};

static const struct raw_case raw_cases[] = {
	{"what it reads is missing", {0}, -EINVAL},
	{"half of it is", {.ctx_in = args, .ctx_size_in = 12}, -EINVAL},
	{"just enough", {.ctx_in = args, .ctx_size_in = 16}, 0},
	{"12 arguments", {.ctx_in = args, .ctx_size_in = 96}, 0},
	{"more", {.ctx_in = args, .ctx_size_in = 104}, -EINVAL},
	{"a bad address", {.ctx_in = (void *)8, .ctx_size_in = 16}, -EFAULT},
	{"on the first CPU",
	 {.ctx_in = args, .ctx_size_in = 16, .flags = BPF_F_TEST_RUN_ON_CPU},
	 0},
	{"on one that is not",
	 {.ctx_in = args, .ctx_size_in = 16, .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = 100000},
	 -ENXIO},
	{"a CPU without the flag", {.ctx_in = args, .ctx_size_in = 16, .cpu = 1}, -EINVAL},
	{"repeated", {.ctx_in = args, .ctx_size_in = 16, .repeat = 1}, -EINVAL},
	{"a batch", {.ctx_in = args, .ctx_size_in = 16, .batch_size = 1}, -EINVAL},
	{"a duration", {.ctx_in = args, .ctx_size_in = 16, .duration = 1}, -EINVAL},
	{"a packet", {.ctx_in = args, .ctx_size_in = 16, .data_in = data}, -EINVAL},
	{"room for a packet", {.ctx_in = args, .ctx_size_in = 16, .data_out = out}, -EINVAL},
	{"sizes of packets alone",
	 {.ctx_in = args, .ctx_size_in = 16, .data_size_in = 8, .data_size_out = 8},
	 0},
	{"room for the context",
	 {.ctx_in = args, .ctx_size_in = 16, .ctx_out = out, .ctx_size_out = 16},
	 -EINVAL},
};

static void raw_tracepoints(void **state)
{
	int prog = load_at(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, CODE(LDX_MEM(DW, 0, 1, 8), EXIT()));

	assert_true(prog >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(raw_cases); i++) {
		const struct raw_case *c = &raw_cases[i];
		struct test_run run = c->run;
		int ret;

		run.prog = prog;
		ret = test_run(&run);
		if (ret != c->result)
			fail_msg("%s: %d, not %d", c->what, ret, c->result);
		assert_int_equal(run.retval, ret ? UNTOUCHED : 0x55667788);
	}
}

static void raw_tracepoint_on_a_cpu(void **state)
{
	unsigned int cpus = E->cpus();
	struct test_run run = {
		.prog = load_at(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0,
				CODE(CALL(BPF_FUNC_get_smp_processor_id), EXIT())),
		.flags = BPF_F_TEST_RUN_ON_CPU,
	};

	for (run.cpu = 0; run.cpu < cpus; run.cpu++) {
		int ret = test_run(&run);

		if (ret == -ENXIO && !E->is_private)
			continue; /* it is offline */
		assert_int_equal(ret, 0);
		assert_int_equal(run.retval, run.cpu);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(answers),
	cmocka_unit_test(checksum_flag),
	cmocka_unit_test(types_that_are_not_run),
	cmocka_unit_test(xdp_programs_of_maps),
	cmocka_unit_test(packet_comes_back),
	cmocka_unit_test(short_of_room),
	cmocka_unit_test(context_comes_back),
	cmocka_unit_test(repeated),
	cmocka_unit_test(duration),
	cmocka_unit_test(raw_tracepoints),
	cmocka_unit_test(raw_tracepoint_on_a_cpu),
};
const struct section test_run_section = {"test run", tests, ARRAY_SIZE(tests)};
