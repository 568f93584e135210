/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pointers into the packet of a test run, and struct xdp_md: what programs see, what they leave,
 * and what the caller's context does to it.
 */
#include <linux/if_ether.h>

#include "test_run.h"

static unsigned char packet[64], out[80000];

static __u32 at(int i)
{
	__u32 word;

	memcpy(&word, packet + i, sizeof(word));
	return word;
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

/* What programs know with 4 bytes has 8 where they run: the program that runs shows it. */
static void pointers_have_8_bytes(void **state)
{
	static const struct {
		enum bpf_prog_type type;
		short off;
		__u8 size;
	} of[] = {
		{BPF_PROG_TYPE_XDP, MD(data), BPF_DW},
		{BPF_PROG_TYPE_SCHED_CLS, SKB(data), BPF_DW},
		{BPF_PROG_TYPE_SCHED_CLS, SKB(len), BPF_W},
		{BPF_PROG_TYPE_SCHED_CLS, SKB(mark), BPF_W},
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct bpf_insn insns[8] = {0};
		struct bpf_prog_info info = {
			.xlated_prog_insns = PTR(insns),
			.xlated_prog_len = sizeof(insns),
		};
		__u32 size = sizeof(info);
		int prog = load_at(of[i].type, 0, 0, CODE(LDX_MEM(W, 0, 1, of[i].off), EXIT()));

		assert_true(prog >= 0);
		assert_int_equal(get_info(prog, &info, &size), 0);
		assert_int_equal(insns[0].code, BPF_LDX | BPF_MEM | of[i].size);
		assert_int_equal(insns[0].dst_reg, 0);
		assert_int_equal(insns[0].src_reg, 1);
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

/* Memory with a size, where there is none. Linux lets it pass, and is not asked what happens. */
static void memory_that_is_not_there(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 4, 8, 1, 0);

	if (!E->is_private)
		skip_because("it might read at NULL");
	make_packet(packet, 0x88b5);
	assert_int_equal(result_of(load_at(BPF_PROG_TYPE_SCHED_CLS, 0, 0,
					   CODE(ST_MEM(W, 10, -4, 7), MOV64_REG(2, 10),
						ALU64_IMM(BPF_ADD, 2, -4), LD_MAP_FD(1, map),
						CALL(BPF_FUNC_map_lookup_elem), MOV64_REG(1, 0),
						MOV64_IMM(2, 8), MOV64_IMM(3, 0), MOV64_IMM(4, 0),
						MOV64_IMM(5, 0), CALL(BPF_FUNC_csum_diff), EXIT())),
				   packet),
			 0);
}

/* A packet grows to what Linux can allocate in one piece, 4 MiB, and soon, by a few bytes each
 * time.
 */
static void tags_without_end(void **state)
{
	struct test_run run = {.data_in = packet, .data_size_in = 64};

	if (!E->is_private)
		skip_because("it would be kept busy");
	make_packet(packet, 0x88b5);
	run.prog = load_at(
		BPF_PROG_TYPE_SCHED_CLS, 0, 0,
		CODE(MOV64_REG(6, 1), MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -8), MOV64_IMM(2, 0),
		     MOV64_IMM(3, 2000000), CALL_KFUNC(type_id("bpf_iter_num_new", BTF_KIND_FUNC)),
		     MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -8),
		     CALL_KFUNC(type_id("bpf_iter_num_next", BTF_KIND_FUNC)),
		     JMP_IMM(BPF_JEQ, 0, 0, 5), MOV64_REG(1, 6), MOV64_IMM(2, 0), MOV64_IMM(3, 1),
		     CALL(BPF_FUNC_skb_vlan_push), JMP_IMM(BPF_JA, 0, 0, -9), MOV64_REG(1, 10),
		     ALU64_IMM(BPF_ADD, 1, -8),
		     CALL_KFUNC(type_id("bpf_iter_num_destroy", BTF_KIND_FUNC)), MOV64_IMM(0, 0),
		     EXIT()));
	assert_true(run.prog >= 0);
	assert_int_equal(test_run(&run), 0);
	assert_true(run.data_size_out > 1 << 20 && run.data_size_out <= 4 << 20);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(length_of_the_packet),
	cmocka_unit_test(bytes_of_the_packet),
	cmocka_unit_test(variable_offsets),
	cmocka_unit_test(writes_into_the_packet),
	cmocka_unit_test(pointers_have_8_bytes),
	cmocka_unit_test(xdp_contexts),
	cmocka_unit_test(xdp_context_comes_back),
	cmocka_unit_test(xdp_device),
	cmocka_unit_test(xdp_meta),
	cmocka_unit_test(large_xdp_packets),
	cmocka_unit_test(memory_that_is_not_there),
	cmocka_unit_test(tags_without_end),
};
const struct section packet_section = {"packet", tests, ARRAY_SIZE(tests)};
