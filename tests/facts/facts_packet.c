/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What programs see of the packet of a test run, by struct __sk_buff, struct xdp_md and their
 * pointers into it; what they leave; and what the caller's context does to it.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "test_run.h"

static unsigned char packet[64], out[80000];

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

/* --- struct __sk_buff --- */

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

/* --- pointers into the packet --- */

#define SKB_DATA LDX_MEM(W, 2, 1, SKB(data)), LDX_MEM(W, 3, 1, SKB(data_end))
#define XDP_DATA LDX_MEM(W, 2, 1, MD(data)), LDX_MEM(W, 3, 1, MD(data_end))

static void length_of_the_packet(void **state)
{
	make_packet(packet, 0x88b5);
	assert_int_equal(result_of(load_at(BPF_PROG_TYPE_SCHED_CLS, 0, 0,
					   CODE(SKB_DATA, ALU64_REG(BPF_SUB, 3, 2), MOV64_REG(0, 3),
						EXIT())),
				   packet),
			 64);
	assert_int_equal(result_of(load_at(BPF_PROG_TYPE_LWT_IN, 0, 0,
					   CODE(SKB_DATA, ALU64_REG(BPF_SUB, 3, 2), MOV64_REG(0, 3),
						EXIT())),
				   packet),
			 64 - ETH_HLEN);
	assert_int_equal(result_of(load_at(BPF_PROG_TYPE_XDP, 0, 0,
					   CODE(XDP_DATA, ALU64_REG(BPF_SUB, 3, 2), MOV64_REG(0, 3),
						EXIT())),
				   packet),
			 64);
}

/* r0 = 100 + byte @i of the packet, or 7 if it has fewer; by each comparison that says so. */
static void bytes_of_the_packet(void **state)
{
	static const struct {
		__u8 op;
		bool swapped, jumps_inside, excludes_equal;
	} ways[] = {
		{BPF_JGT, false, false, false}, {BPF_JGE, false, false, true},
		{BPF_JLT, false, true, true},	{BPF_JLE, false, true, false},
		{BPF_JGT, true, true, true},	{BPF_JGE, true, true, false},
		{BPF_JLT, true, false, false},	{BPF_JLE, true, false, true},
	};

	make_packet(packet, 0x88b5);
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++)
		for (int i = 62; i < 66; i++) {
			/* With the end itself excluded, a byte less has to be compared. */
			int ahead = i + 1 - ways[w].excludes_equal;
			short over = ways[w].jumps_inside ? 1 : 2;
			struct bpf_insn jump = ways[w].swapped ? JMP_REG(ways[w].op, 3, 4, over)
							       : JMP_REG(ways[w].op, 4, 3, over);
			const struct code *code =
				ways[w].jumps_inside
					? CODE(XDP_DATA, MOV64_REG(4, 2),
					       ALU64_IMM(BPF_ADD, 4, ahead), MOV64_IMM(0, 7), jump,
					       EXIT(), LDX_MEM(B, 0, 2, (short)i),
					       ALU64_IMM(BPF_ADD, 0, 100), EXIT())
					: CODE(XDP_DATA, MOV64_REG(4, 2),
					       ALU64_IMM(BPF_ADD, 4, ahead), MOV64_IMM(0, 7), jump,
					       LDX_MEM(B, 0, 2, (short)i),
					       ALU64_IMM(BPF_ADD, 0, 100), EXIT());

			assert_int_equal(result_of(load_at(BPF_PROG_TYPE_XDP, 0, 0, code), packet),
					 i < 64 ? 100 + packet[i] : 7);
		}
}

/* The length of an IP header, by which the bytes behind it are found. */
static void variable_offsets(void **state)
{
	const struct code *code = CODE(
		MOV64_IMM(0, 0), XDP_DATA, MOV64_REG(4, 2), ALU64_IMM(BPF_ADD, 4, 34),
		JMP_REG(BPF_JGT, 4, 3, 8), LDX_MEM(B, 5, 2, 14), ALU64_IMM(BPF_AND, 5, 15),
		ALU64_IMM(BPF_LSH, 5, 2), ALU64_REG(BPF_ADD, 2, 5), MOV64_REG(4, 2),
		ALU64_IMM(BPF_ADD, 4, 16), JMP_REG(BPF_JGT, 4, 3, 1), LDX_MEM(H, 0, 2, 14), EXIT());
	int prog = load_at(BPF_PROG_TYPE_XDP, 0, 0, code);

	make_packet(packet, ETH_P_IP);
	for (int words = 0; words < 16; words++) {
		int off = 14 + 4 * words;

		packet[14] = (unsigned char)(0x40 | words);
		assert_int_equal(result_of(prog, packet),
				 off + 2 <= 64 ? packet[off] | packet[off + 1] << 8 : 0);
	}
}

static void writes_into_the_packet(void **state)
{
	static const enum bpf_prog_type of[] = {BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS,
						BPF_PROG_TYPE_LWT_XMIT};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		bool xdp = of[i] == BPF_PROG_TYPE_XDP;
		const struct code *code =
			CODE(LDX_MEM(W, 2, 1, xdp ? MD(data) : SKB(data)),
			     LDX_MEM(W, 3, 1, xdp ? MD(data_end) : SKB(data_end)), MOV64_REG(4, 2),
			     ALU64_IMM(BPF_ADD, 4, 20), JMP_REG(BPF_JGT, 4, 3, 4),
			     LDX_MEM(B, 5, 2, 0), STX_MEM(B, 2, 5, 19), ST_MEM(H, 2, 0, 0x7778),
			     ST_MEM(DW, 2, 8, -1), MOV64_IMM(0, 1), EXIT());
		unsigned int skipped = of[i] == BPF_PROG_TYPE_LWT_XMIT ? ETH_HLEN : 0;
		struct test_run run = {.prog = load_at(of[i], 0, 0, code),
				       .data_in = packet,
				       .data_size_in = 64,
				       .data_out = out,
				       .data_size_out = 64};
		unsigned char expected[64];

		make_packet(packet, 0x88b5);
		make_packet(expected, 0x88b5);
		memset(expected, 0, skipped);
		expected[skipped + 19] = packet[skipped];
		memcpy(expected + skipped, "\x78\x77", 2);
		memset(expected + skipped + 8, 0xff, 8);
		assert_int_equal(test_run(&run), 0);
		assert_memory_equal(out, expected, 64);
	}
}

/* --- struct xdp_md --- */

/* r0 = what is in front of the packet << 16 | its length */
static int xdp_shape(void)
{
	return load_at(BPF_PROG_TYPE_XDP, 0, 0,
		       CODE(XDP_DATA, LDX_MEM(W, 4, 1, MD(data_meta)), ALU64_REG(BPF_SUB, 3, 2),
			    ALU64_REG(BPF_SUB, 2, 4), ALU64_IMM(BPF_LSH, 2, 16),
			    ALU64_REG(BPF_OR, 3, 2), MOV64_REG(0, 3), EXIT()));
}

static void xdp_contexts(void **state)
{
	static const struct {
		struct xdp_md md;
		__u32 size;
		int result;
		__u32 meta, length; /* as the program sees them */
	} of[] = {
		{{.data_end = 64}, 64, 0, 0, 64},
		{{.data_end = 0}, 64, 0, 0, 0},
		{{.data_end = 63}, 64, 0, 0, 63},
		{{.data_end = 65}, 64, -EINVAL, 0, 0},
		{{.data = 4, .data_end = 64}, 64, 0, 4, 60},
		{{.data = 8, .data_end = 8}, 64, 0, 8, 0},
		{{.data = 8, .data_end = 4}, 64, -EINVAL, 0, 0},
		{{.data = 3, .data_end = 64}, 64, -EINVAL, 0, 0},
		{{.data = 48, .data_end = 64}, 64, 0, 48, 16},
		{{.data = 52, .data_end = 64}, 64, -EINVAL, 0, 0},
		{{.data = 8, .data_end = 64, .data_meta = 4}, 64, -EINVAL, 0, 0},
		{{.data = 216, .data_end = 1000}, 1000, 0, 216, 784},
		{{.data = 220, .data_end = 1000}, 1000, -EINVAL, 0, 0},
		{{.data_end = 64, .ingress_ifindex = 1}, 64, 0, 0, 64},
		{{.data_end = 64, .ingress_ifindex = 0x7fffffff}, 64, -ENODEV, 0, 0},
		{{.data_end = 64, .ingress_ifindex = 1, .rx_queue_index = 1}, 64, -EINVAL, 0, 0},
		{{.data_end = 64, .rx_queue_index = 1}, 64, -EINVAL, 0, 0},
		{{.data_end = 64, .egress_ifindex = 1}, 64, -EINVAL, 0, 0},
		{{.data_end = 9000}, 9000, 0, 0, 3520},
		{{.data_end = 2000}, 9000, 0, 0, 2000},
		{{.data = 8, .data_end = 3530}, 3530, 0, 8, 3520},
	};
	static unsigned char data[9000];

	requires_linux(6, 18);
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct test_run run = {.prog = xdp_shape(),
				       .data_in = data,
				       .data_size_in = of[i].size,
				       .ctx_in = &of[i].md,
				       .ctx_size_in = sizeof(of[i].md)};
		int ret = test_run(&run);

		if (ret != of[i].result)
			fail_msg("row %zu: %d, not %d", i, ret, of[i].result);
		if (!ret)
			assert_int_equal(run.retval, of[i].meta << 16 | of[i].length);
		end(run.prog);
	}
}

static void xdp_context_comes_back(void **state)
{
	struct xdp_md md = {.data = 8, .data_end = 64, .ingress_ifindex = 1}, back;
	struct test_run run = {.prog = xdp_shape(),
			       .data_in = packet,
			       .data_size_in = 64,
			       .data_out = out,
			       .data_size_out = 100,
			       .ctx_in = &md,
			       .ctx_size_in = sizeof(md),
			       .ctx_out = &back,
			       .ctx_size_out = sizeof(back)};

	make_packet(packet, 0x88b5);
	assert_int_equal(test_run(&run), 0);
	assert_memory_equal(&back, &md, sizeof(md));
	/* What is in front of it counts. */
	assert_int_equal(run.data_size_out, 64);
	assert_memory_equal(out, packet, 64);
	/* Who only asks for it has said that the packet ends where it begins. */
	run.ctx_in = NULL;
	run.ctx_size_in = 0;
	assert_int_equal(test_run(&run), 0);
	assert_int_equal(run.retval, 0);
}

static void xdp_device(void **state)
{
	const struct code *code =
		CODE(LDX_MEM(W, 0, 1, MD(ingress_ifindex)), LDX_MEM(W, 2, 1, MD(rx_queue_index)),
		     ALU64_IMM(BPF_LSH, 2, 8), ALU64_REG(BPF_OR, 0, 2), EXIT());

	make_packet(packet, 0x88b5);
	assert_int_equal(result_of(load_at(BPF_PROG_TYPE_XDP, 0, 0, code), packet), 1);
}

/* A program may write to what is in front of a packet. */
static void xdp_meta(void **state)
{
	const struct code *code =
		CODE(LDX_MEM(W, 2, 1, MD(data_meta)), LDX_MEM(W, 3, 1, MD(data)), MOV64_REG(4, 2),
		     ALU64_IMM(BPF_ADD, 4, 4), JMP_REG(BPF_JGT, 4, 3, 3), LDX_MEM(W, 0, 2, 0),
		     ST_MEM(W, 2, 0, 0x55555555), EXIT(), MOV64_IMM(0, 7), EXIT());
	struct xdp_md md = {.data = 8, .data_end = 64};
	struct test_run run = {.prog = load_at(BPF_PROG_TYPE_XDP, 0, 0, code),
			       .data_in = packet,
			       .data_size_in = 64,
			       .data_out = out,
			       .data_size_out = 64,
			       .ctx_in = &md,
			       .ctx_size_in = sizeof(md)};

	make_packet(packet, 0x88b5);
	assert_int_equal(test_run(&run), 0);
	assert_int_equal(run.retval, at(0));
	assert_memory_equal(out, "UUUU", 4);
	assert_memory_equal(out + 4, packet + 4, 60);
	assert_int_equal(result_of(run.prog, packet), 7);
}

/* What does not fit into a page is not seen, and comes back all the same. */
static void large_xdp_packets(void **state)
{
	static unsigned char large[20000];
	struct test_run run = {.prog = xdp_shape(),
			       .data_in = large,
			       .data_size_in = sizeof(large),
			       .data_out = out,
			       .data_size_out = sizeof(out)};

	requires_linux(6, 18);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (unsigned char)(i * 7 + i / 256);
	assert_int_equal(test_run(&run), 0);
	assert_int_equal(run.retval, 3520);
	assert_int_equal(run.data_size_out, sizeof(large));
	assert_memory_equal(out, large, sizeof(large));
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
	cmocka_unit_test(length_of_the_packet),
	cmocka_unit_test(bytes_of_the_packet),
	cmocka_unit_test(variable_offsets),
	cmocka_unit_test(writes_into_the_packet),
	cmocka_unit_test(xdp_contexts),
	cmocka_unit_test(xdp_context_comes_back),
	cmocka_unit_test(xdp_device),
	cmocka_unit_test(xdp_meta),
	cmocka_unit_test(large_xdp_packets),
};
const struct section packet_section = {"packet", tests, ARRAY_SIZE(tests)};
