/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Programs of several calls, one on what the other left. */
#include <string.h>

#include "run.h"

#define TC BPF_PROG_TYPE_SCHED_CLS
#define XDP BPF_PROG_TYPE_XDP
#define MAX_STEPS 48

/* Calls with the context and numbers; what they return is added to r7. */
#define STEP(helper, a, b)                                                                         \
	MOVX(R1, R6), MOV(R2, a), MOV(R3, b), CALL(helper), OPX(ADD, R7, R0), OP(MUL, R7, 3)
#define STORE(off, len, flags)                                                                     \
	MOVX(R1, R6), MOV(R2, off), MOVX(R3, R10), OP(ADD, R3, -64), MOV(R4, len), MOV(R5, flags), \
		CALL(skb_store_bytes), OPX(ADD, R7, R0)
#define RELATIVE(off, len, start)                                                                  \
	MOVX(R1, R6), MOV(R2, off), MOVX(R3, R10), OP(ADD, R3, -64), MOV(R4, len), MOV(R5, start), \
		CALL(skb_load_bytes_relative), OPX(ADD, R7, R0)
#define XDP_BYTES(helper, off, len)                                                                \
	MOVX(R1, R6), MOV(R2, off), MOVX(R3, R10), OP(ADD, R3, -64), MOV(R4, len), CALL(helper),   \
		OPX(ADD, R7, R0)
#define FIELD(name) LDX(W, R0, R6, offsetof(struct __sk_buff, name)), OPX(ADD, R7, R0)
#define ROOM(diff, mode, flags)                                                                    \
	MOVX(R1, R6), MOV(R2, diff), MOV(R3, mode), MOV(R4, flags), CALL(skb_adjust_room),         \
		OPX(ADD, R7, R0), OP(MUL, R7, 3)
#define PUSH(proto, tci) STEP(skb_vlan_push, proto, tci)
#define POP STEP(skb_vlan_pop, 0, 0)

static const struct {
	const char *name;
	enum bpf_prog_type type;
	struct bpf_insn insns[MAX_STEPS];
} programs[] = {
	{"a new header", TC, {STEP(skb_change_head, 14, 0), STORE(0, 14, 0)}},
	{"a header that is longer than the room before the packet",
	 TC,
	 {STEP(skb_change_head, 300, 0), STORE(290, 20, 0)}},
	{"headers, one after the other",
	 TC,
	 {STEP(skb_change_head, 60, 0), STEP(skb_change_head, 60, 0),
	  STEP(skb_change_head, 200, 0)}},
	{"a longer packet, written to its end",
	 TC,
	 {STEP(skb_change_tail, 200, 0), STORE(136, 64, 0), STORE(137, 64, 0)}},
	{"a packet cut, and longer again",
	 TC,
	 {STEP(skb_change_tail, 40, 0), STEP(skb_change_tail, 90, 0)}},
	{"longer at both ends",
	 TC,
	 {STEP(skb_change_tail, 3000, 0), STEP(skb_change_head, 500, 0), STORE(3436, 64, 0)}},
	{"longer at both ends, the other way",
	 TC,
	 {STEP(skb_change_head, 500, 0), STEP(skb_change_tail, 3500, 0), STORE(3436, 64, 0)}},
	{"cut below the network header, after a new header",
	 TC,
	 {STEP(skb_change_head, 14, 0), STEP(skb_change_tail, 27, 0),
	  STEP(skb_change_tail, 28, 0)}},
	{"the network header, after a new header",
	 TC,
	 {STEP(skb_change_head, 14, 0), RELATIVE(0, 20, 1)}},
	{"the link layer's, after a new header",
	 TC,
	 {STEP(skb_change_head, 14, 0), RELATIVE(0, 28, 0)}},
	{"loads of classic BPF, after a new header",
	 TC,
	 {STEP(skb_change_head, 14, 0), LD_ABS(W, 14), OPX(ADD, R7, R0), LD_ABS(H, -0x100000),
	  OPX(ADD, R7, R0), LD_ABS(H, -0x200000 + 20), OPX(ADD, R7, R0)}},
	{"loads of classic BPF, after a cut",
	 TC,
	 {STEP(skb_change_tail, 40, 0), LD_ABS(W, 36), OPX(ADD, R7, R0), LD_ABS(W, 37)}},
	{"a load that ends the program keeps what was written",
	 TC,
	 {STORE(0, 8, 0), LD_ABS(W, 5000)}},
	{"one tag", TC, {PUSH(0x0081, 5)}},
	{"two tags", TC, {PUSH(0x0081, 5), PUSH(0xa888, 6)}},
	{"three tags", TC, {PUSH(0x0081, 5), PUSH(0xa888, 6), PUSH(0x0081, 7)}},
	{"a tag and back", TC, {PUSH(0x0081, 5), POP}},
	{"two tags and back", TC, {PUSH(0x0081, 5), PUSH(0xa888, 6), POP, POP}},
	{"more tags off than on", TC, {PUSH(0x0081, 5), POP, POP, POP}},
	{"two tags, and where the headers are",
	 TC,
	 {PUSH(0x0081, 5), PUSH(0xa888, 6), RELATIVE(0, 16, 1), RELATIVE(0, 18, 0)}},
	{"a tag off, and where the headers are", TC, {POP, RELATIVE(0, 8, 1), RELATIVE(0, 14, 0)}},
	{"tags and a longer packet",
	 TC,
	 {PUSH(0x0081, 5), PUSH(0x0081, 6), STEP(skb_change_tail, 500, 0), POP}},
	{"many tags",
	 TC,
	 {PUSH(0x81, 1), PUSH(0x81, 2), PUSH(0x81, 3), PUSH(0x81, 4), PUSH(0x81, 5)}},
	{"a tunnel", TC, {ROOM(20, 1, 2), STORE(14, 20, 0), RELATIVE(0, 16, 1)}},
	{"a tunnel of the other protocol",
	 TC,
	 {ROOM(40, 1, 4), FIELD(protocol), RELATIVE(0, 16, 1)}},
	{"a tunnel in a tunnel", TC, {ROOM(20, 1, 2), ROOM(20, 1, 2)}},
	{"a tunnel, and back", TC, {ROOM(40, 1, 4), ROOM(-40, 1, 128), FIELD(protocol)}},
	{"a tunnel, and a cut", TC, {ROOM(20, 1, 2), STEP(skb_change_tail, 60, 0)}},
	{"room, and a new header",
	 TC,
	 {ROOM(8, 0, 0), STEP(skb_change_head, 14, 0), ROOM(8, 1, 0)}},
	{"a tag, and room behind it", TC, {PUSH(0x0081, 5), PUSH(0x0081, 6), ROOM(8, 1, 0)}},
	{"whom it is for", TC, {STEP(skb_change_type, 2, 0), FIELD(pkt_type)}},
	{"when it came",
	 TC,
	 {STEP(skb_set_tstamp, 1234, 1), LDX(DW, R0, R6, offsetof(struct __sk_buff, tstamp)),
	  OPX(ADD, R7, R0), LDX(B, R0, R6, offsetof(struct __sk_buff, tstamp_type)),
	  OPX(ADD, R7, R0)}},
	{"the hash", TC, {STEP(set_hash, 77, 0), FIELD(hash), STEP(get_hash_recalc, 0, 0)}},
	{"the hash, made invalid",
	 TC,
	 {STEP(set_hash, 77, 0), STEP(set_hash_invalid, 0, 0), FIELD(hash)}},
	{"the hash, made invalid by a write",
	 TC,
	 {STEP(set_hash, 77, 0), STORE(20, 4, BPF_F_INVALIDATE_HASH), FIELD(hash)}},
	{"the hash, after a write that leaves it",
	 TC,
	 {STEP(set_hash, 77, 0), STORE(20, 4, BPF_F_RECOMPUTE_CSUM), FIELD(hash)}},
	{"XDP: a longer header, written",
	 XDP,
	 {STEP(xdp_adjust_head, -14, 0), XDP_BYTES(xdp_store_bytes, 0, 14)}},
	{"XDP: a shorter one",
	 XDP,
	 {STEP(xdp_adjust_head, 1, 0), XDP_BYTES(xdp_load_bytes, 0, 14)}},
	{"XDP: longer at both ends",
	 XDP,
	 {STEP(xdp_adjust_head, -100, 0), STEP(xdp_adjust_tail, 500, 0),
	  XDP_BYTES(xdp_store_bytes, 550, 64)}},
	{"XDP: cut, and longer again",
	 XDP,
	 {STEP(xdp_adjust_tail, -1, 0), STEP(xdp_adjust_tail, 1, 0)}},
	{"XDP: metadata, and a longer header",
	 XDP,
	 {STEP(xdp_adjust_meta, -8, 0), STEP(xdp_adjust_head, -20, 0)}},
	{"XDP: metadata, and a header that is too long beside it",
	 XDP,
	 {STEP(xdp_adjust_meta, -8, 0), STEP(xdp_adjust_head, -209, 0),
	  STEP(xdp_adjust_head, -208, 0)}},
	{"XDP: more metadata, and less",
	 XDP,
	 {STEP(xdp_adjust_meta, -32, 0), STEP(xdp_adjust_meta, 8, 0), STEP(xdp_adjust_meta, 28, 0),
	  STEP(xdp_adjust_meta, 24, 0)}},
	{"XDP: the length, after all",
	 XDP,
	 {STEP(xdp_adjust_tail, 7, 0), STEP(xdp_get_buff_len, 0, 0)}},
	{"XDP: bytes, read",
	 XDP,
	 {XDP_BYTES(xdp_load_bytes, 3, 12), XDP_BYTES(xdp_load_bytes, 0, 1)}},
	{"XDP: bytes, written",
	 XDP,
	 {XDP_BYTES(xdp_store_bytes, 3, 12), XDP_BYTES(xdp_store_bytes, 14, 1)}},
};

/* r0 = r7, and the end. */
static void run_one(size_t i, const struct packet *packet)
{
	static const struct bpf_insn none;
	struct program p;

	begin(&p);
	EMIT(&p, MOV(R7, 0));
	for (int k = 0; k < MAX_STEPS && memcmp(&programs[i].insns[k], &none, sizeof(none)); k++)
		emit(&p, &programs[i].insns[k], 1);
	EMIT(&p, MOVX(R0, R7));
	finish(&p, programs[i].type);
	compare(&p, programs[i].type, packet, programs[i].name);
}

void sequences(void **state)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		for (int packet = 0; packet < NR_PACKETS; packet++)
			run_one(i, &packets[packet]);
}
