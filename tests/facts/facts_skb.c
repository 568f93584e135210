/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * struct __sk_buff in test runs: what its fields are by default, which of them a caller may set and
 * a program, and what comes back.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "test_run.h"

static unsigned char packet[64];

/* r0 = the field. */
static int skb_reader(enum bpf_prog_type type, short off)
{
	return load_at(type, 0, 0, CODE(LDX_MEM(W, 0, 1, off), EXIT()));
}

static __u32 skb_field(enum bpf_prog_type type, short off)
{
	int prog = skb_reader(type, off);
	__u32 value = result_of(prog, packet);

	end(prog);
	return value;
}

/* CGROUP_SKB programs return a bit at a time. */
static __u32 cgroup_field(short off)
{
	__u32 value = 0;

	for (int bit = 0; bit < 32; bit++) {
		int prog = load_at(BPF_PROG_TYPE_CGROUP_SKB, 0, 0,
				   CODE(LDX_MEM(W, 0, 1, off), ALU64_IMM(BPF_RSH, 0, bit),
					ALU64_IMM(BPF_AND, 0, 1), EXIT()));

		value |= result_of(prog, packet) << bit;
		end(prog);
	}
	return value;
}

static __u32 at(int i)
{
	__u32 word;

	memcpy(&word, packet + i, sizeof(word));
	return word;
}

static void fields_by_default(void **state)
{
	static const struct {
		short off;
		__u32 value;
	} fields[] = {
		{SKB(len), 64},		{SKB(mark), 0},	    {SKB(queue_mapping), 0},
		{SKB(vlan_present), 0}, {SKB(vlan_tci), 0}, {SKB(vlan_proto), 0},
		{SKB(priority), 0},	{SKB(ifindex), 1},  {SKB(ingress_ifindex), 0},
		{SKB(tc_index), 0},	{SKB(cb), 0},	    {SKB(hash), 0},
		{SKB(tc_classid), 0},	{SKB(napi_id), 0},  {SKB(gso_segs), 0},
		{SKB(gso_size), 0},	{SKB(wire_len), 0},
	};

	make_packet(packet, ETH_P_IP);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		assert_int_equal(skb_field(BPF_PROG_TYPE_SCHED_CLS, fields[i].off),
				 fields[i].value);
	assert_int_equal(skb_field(BPF_PROG_TYPE_SOCKET_FILTER, SKB(len)), 64 - ETH_HLEN);
	assert_int_equal(skb_field(BPF_PROG_TYPE_LWT_XMIT, SKB(len)), 64 - ETH_HLEN);
}

static void protocols(void **state)
{
	make_packet(packet, ETH_P_IP);
	assert_int_equal(skb_field(BPF_PROG_TYPE_SCHED_CLS, SKB(protocol)), htons(ETH_P_IP));
	make_packet(packet, ETH_P_8021Q);
	assert_int_equal(skb_field(BPF_PROG_TYPE_SOCKET_FILTER, SKB(protocol)), htons(ETH_P_8021Q));
	/* A length: what follows says which. */
	make_packet(packet, 46);
	assert_int_equal(skb_field(BPF_PROG_TYPE_SOCKET_FILTER, SKB(protocol)), htons(ETH_P_802_2));
	packet[14] = packet[15] = 0xff;
	assert_int_equal(skb_field(BPF_PROG_TYPE_SOCKET_FILTER, SKB(protocol)), htons(ETH_P_802_3));
}

static void packet_types(void **state)
{
	static const struct {
		unsigned char first;
		__u32 type;
	} of[] = {{0, PACKET_HOST},
		  {1, PACKET_MULTICAST},
		  {2, PACKET_OTHERHOST},
		  {0xfe, PACKET_OTHERHOST},
		  {0xff, PACKET_MULTICAST}};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		make_packet(packet, 0x88b5);
		memset(packet, 0, ETH_ALEN);
		packet[0] = of[i].first;
		assert_int_equal(skb_field(BPF_PROG_TYPE_SOCKET_FILTER, SKB(pkt_type)), of[i].type);
	}
}

static void addresses(void **state)
{
	make_packet(packet, ETH_P_IP);
	assert_int_equal(cgroup_field(SKB(family)), AF_INET);
	assert_int_equal(cgroup_field(SKB(local_ip4)), at(26));
	assert_int_equal(cgroup_field(SKB(remote_ip4)), at(30));
	assert_int_equal(cgroup_field(SKB(remote_ip6)), 0);
	make_packet(packet, ETH_P_IPV6);
	assert_int_equal(cgroup_field(SKB(family)), AF_INET6);
	assert_int_equal(cgroup_field(SKB(local_ip6)), at(22));
	assert_int_equal(cgroup_field(SKB(local_ip6) + 12), at(34));
	assert_int_equal(cgroup_field(SKB(remote_ip6)), at(38));
	assert_int_equal(cgroup_field(SKB(local_ip4)), 0);
	assert_int_equal(cgroup_field(SKB(remote_port)), 0);
	make_packet(packet, 0x88b5);
	assert_int_equal(cgroup_field(SKB(family)), 0);
}

static void ip_packets_that_are_too_short(void **state)
{
	static const struct {
		__u16 type;
		__u32 header;
	} of[] = {{ETH_P_IP, 20}, {ETH_P_IPV6, 40}};
	struct test_run run = {.prog = skb_reader(BPF_PROG_TYPE_SOCKET_FILTER, SKB(len)),
			       .data_in = packet};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		make_packet(packet, of[i].type);
		run.data_size_in = ETH_HLEN + of[i].header - 1;
		run.data_size_out = 0;
		assert_int_equal(test_run(&run), -EINVAL);
		run.data_size_in++;
		run.data_size_out = 0;
		assert_int_equal(test_run(&run), 0);
		assert_int_equal(run.retval, of[i].header);
	}
}

/* Byte by byte: is it refused if it is not 0? */
static void fields_that_a_caller_sets(void **state)
{
	static const struct {
		short from, to;
	} settable[] = {
		{SKB(mark), SKB(mark) + 4},
		{SKB(priority), SKB(priority) + 8},
		{SKB(cb), SKB(cb) + 20},
		{SKB(tstamp), SKB(tstamp) + 8},
		{SKB(gso_size), SKB(gso_size) + 4},
		{SKB(hwtstamp), SKB(hwtstamp) + 8},
	};
	unsigned char ctx[sizeof(struct __sk_buff)];
	struct test_run run = {.prog = skb_reader(BPF_PROG_TYPE_SCHED_CLS, SKB(mark)),
			       .data_in = packet,
			       .data_size_in = 64,
			       .ctx_in = ctx,
			       .ctx_size_in = sizeof(ctx)};

	requires_linux(5, 18);
	make_packet(packet, 0x88b5);
	for (unsigned int i = 0; i < sizeof(ctx); i++) {
		int expected = -EINVAL, ret;

		/* These depend on how much; see below. */
		if (i >= SKB(ifindex) && i < SKB(ifindex) + 4)
			continue;
		if (i >= SKB(wire_len) && i < SKB(wire_len) + 8)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(settable); k++)
			if ((int)i >= settable[k].from && (int)i < settable[k].to)
				expected = 0;
		memset(ctx, 0, sizeof(ctx));
		ctx[i] = 1;
		ret = test_run(&run);
		if (ret != expected)
			fail_msg("byte %u: %d, not %d", i, ret, expected);
	}
}

static void lengths_and_devices(void **state)
{
	static const struct {
		short off;
		__u32 value;
		int result;
		__u32 seen; /* as it is read */
	} of[] = {
		{SKB(wire_len), 0, 0, 64},
		{SKB(wire_len), 63, -EINVAL, 0},
		{SKB(wire_len), 100, 0, 100},
		{SKB(wire_len), 65536, 0, 65536},
		{SKB(wire_len), 65537, -EINVAL, 0},
		{SKB(gso_segs), 65535, 0, 65535},
		{SKB(gso_segs), 65536, -EINVAL, 0},
		{SKB(gso_size), 0x12345, 0, 0x2345},
		{SKB(ifindex), 1, 0, 1},
		{SKB(ifindex), 0x7fffffff, -ENODEV, 0},
		{SKB(ingress_ifindex), 1000, 0, 1000},
	};
	struct __sk_buff ctx;

	requires_linux(5, 18);
	make_packet(packet, 0x88b5);
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct test_run run = {.prog = skb_reader(BPF_PROG_TYPE_SCHED_CLS, of[i].off),
				       .data_in = packet,
				       .data_size_in = 64,
				       .ctx_in = &ctx,
				       .ctx_size_in = sizeof(ctx)};

		memset(&ctx, 0, sizeof(ctx));
		memcpy((char *)&ctx + of[i].off, &of[i].value, 4);
		assert_int_equal(test_run(&run), of[i].result);
		if (!of[i].result)
			assert_int_equal(run.retval, of[i].seen);
	}
}

static void fields_that_a_program_sets(void **state)
{
	const struct code *code =
		CODE(MOV64_IMM(2, 0x1234), STX_MEM(W, 1, 2, SKB(mark)),
		     STX_MEM(W, 1, 2, SKB(priority)), STX_MEM(W, 1, 2, SKB(tc_index)),
		     STX_MEM(W, 1, 2, SKB(cb)), ST_MEM(DW, 1, SKB(cb) + 8, -1),
		     ST_MEM(B, 1, SKB(cb) + 17, 7), STX_MEM(W, 1, 2, SKB(tc_classid)),
		     STX_MEM(DW, 1, 2, SKB(tstamp)), MOV64_IMM(0, 0), EXIT());
	struct __sk_buff ctx = {.cb = {0, 5}}, expected;
	struct test_run run = {.prog = load_at(BPF_PROG_TYPE_SCHED_CLS, 0, 0, code),
			       .data_in = packet,
			       .data_size_in = 64,
			       .ctx_in = &ctx,
			       .ctx_size_in = sizeof(ctx),
			       .ctx_out = &ctx,
			       .ctx_size_out = sizeof(ctx)};

	make_packet(packet, 0x88b5);
	assert_int_equal(test_run(&run), 0);
	memset(&expected, 0, sizeof(expected));
	expected.mark = expected.priority = expected.cb[0] = 0x1234;
	expected.tstamp = 0x1234;
	expected.ifindex = 1;
	expected.cb[1] = 5;
	expected.cb[2] = expected.cb[3] = 0xffffffff;
	expected.cb[4] = 0x700;
	expected.wire_len = 64;
	assert_memory_equal(&ctx, &expected, sizeof(ctx));
}

/* Two bytes are kept of these. */
static void fields_of_16_bits(void **state)
{
	static const short fields[] = {SKB(tc_index), SKB(tc_classid), SKB(queue_mapping)};

	make_packet(packet, 0x88b5);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		/* A queue beyond 16 bits is no queue. */
		__u32 value = fields[i] == SKB(queue_mapping) ? 0x1234 : 0xabcd1234;
		int prog = load_at(BPF_PROG_TYPE_SCHED_CLS, 0, 0,
				   CODE(MOV64_IMM(2, (int)value), STX_MEM(W, 1, 2, fields[i]),
					LDX_MEM(W, 0, 1, fields[i]), EXIT()));

		assert_int_equal(result_of(prog, packet), value & 0xffff);
		prog = load_at(
			BPF_PROG_TYPE_SCHED_CLS, 0, 0,
			CODE(ST_MEM(W, 1, fields[i], 0x4321), LDX_MEM(W, 0, 1, fields[i]), EXIT()));
		assert_int_equal(result_of(prog, packet), 0x4321);
	}
}

static void parts_of_fields(void **state)
{
	struct __sk_buff ctx = {.mark = 0x84838281};
	static const struct {
		struct bpf_insn load;
		__u32 value;
	} of[] = {
		{LDX_MEM(B, 0, 1, SKB(mark)), 0x81},
		{LDX_MEM(B, 0, 1, SKB(mark) + 1), 0x82},
		{LDX_MEM(B, 0, 1, SKB(mark) + 2), 0x83},
		{LDX_MEM(B, 0, 1, SKB(mark) + 3), 0x84},
		{LDX_MEM(H, 0, 1, SKB(mark)), 0x8281},
		{LDX_MEM(H, 0, 1, SKB(mark) + 2), 0x8483},
		{INSN(BPF_LDX | 0x80 | BPF_B, 0, 1, SKB(mark), 0), 0xffffff81},
		{INSN(BPF_LDX | 0x80 | BPF_H, 0, 1, SKB(mark) + 2, 0), 0xffff8483},
	};

	requires_linux(6, 6);
	make_packet(packet, 0x88b5);
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct test_run run = {
			.prog = load_at(BPF_PROG_TYPE_SCHED_CLS, 0, 0, CODE(of[i].load, EXIT())),
			.data_in = packet,
			.data_size_in = 64,
			.ctx_in = &ctx,
			.ctx_size_in = sizeof(ctx)};

		assert_int_equal(test_run(&run), 0);
		assert_int_equal(run.retval, of[i].value);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(fields_by_default),
	cmocka_unit_test(protocols),
	cmocka_unit_test(packet_types),
	cmocka_unit_test(addresses),
	cmocka_unit_test(ip_packets_that_are_too_short),
	cmocka_unit_test(fields_that_a_caller_sets),
	cmocka_unit_test(lengths_and_devices),
	cmocka_unit_test(fields_that_a_program_sets),
	cmocka_unit_test(fields_of_16_bits),
	cmocka_unit_test(parts_of_fields),
};
const struct section skb_section = {"__sk_buff", tests, ARRAY_SIZE(tests)};
