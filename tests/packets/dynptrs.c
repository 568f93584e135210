/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Dynptrs of packets: what is read and written by them, also when the packet is another one. */
#include "run.h"

#define TC BPF_PROG_TYPE_SCHED_CLS
#define XDP BPF_PROG_TYPE_XDP
#define FILTER BPF_PROG_TYPE_SOCKET_FILTER
#define OUT BPF_PROG_TYPE_LWT_OUT
#define XMIT BPF_PROG_TYPE_LWT_XMIT
#define MAX_STEPS 72

#define A -80
#define B -96
#define AT(reg, off) MOVX(reg, R10), OP(ADD, reg, off)
/* What a call returns goes into r7. */
#define FOLD MOVXW(R0, R0), OPX(ADD, R7, R0), OP(MUL, R7, 3)
#define FROM(kfunc, flags) MOV(R7, 0), MOVX(R1, R6), MOV(R2, flags), AT(R3, A), KFUNC(kfunc), FOLD
#define OF_SKB FROM(bpf_dynptr_from_skb, 0)
#define OF_XDP FROM(bpf_dynptr_from_xdp, 0)
#define READ(off, len)                                                                             \
	AT(R1, -64), MOV(R2, len), AT(R3, A), MOV(R4, off), MOV(R5, 0), CALL(dynptr_read), FOLD
#define WRITE(off, len, flags)                                                                     \
	AT(R1, A), MOV(R2, off), AT(R3, -64), MOV(R4, len), MOV(R5, flags), CALL(dynptr_write), FOLD
/* The first byte, 99 if there is none. */
#define FIRST IF(JEQ, R0, 0, 2), LDX(B, R0, R0, 0), JA(1), MOV(R0, 99), FOLD
#define SLICE(at, off, len)                                                                        \
	AT(R1, at), MOV(R2, off), MOV(R3, 0), MOV(R4, len), KFUNC(bpf_dynptr_slice), FIRST
#define SLICE_RDWR(off, len)                                                                       \
	AT(R1, A), MOV(R2, off), AT(R3, -64), MOV(R4, len), KFUNC(bpf_dynptr_slice_rdwr),          \
		IF(JEQ, R0, 0, 1), ST(B, R0, 1, 0xab)
#define DATA AT(R1, A), MOV(R2, 0), MOV(R3, 8), CALL(dynptr_data), FIRST
#define ADJUST(start, end) AT(R1, A), MOV(R2, start), MOV(R3, end), KFUNC(bpf_dynptr_adjust), FOLD
#define ASK(kfunc) AT(R1, A), KFUNC(kfunc), OP(AND, R0, 255), FOLD
#define CLONE AT(R1, A), AT(R2, B), KFUNC(bpf_dynptr_clone), FOLD
#define SET(off, len)                                                                              \
	AT(R1, A), MOV(R2, off), MOV(R3, len), MOV(R4, 7), KFUNC(bpf_dynptr_memset), FOLD
#define COPY(to, from, len)                                                                        \
	AT(R1, A), MOV(R2, to), AT(R3, A), MOV(R4, from), MOV(R5, len), KFUNC(bpf_dynptr_copy), FOLD
#define CHANGE(helper, a) MOVX(R1, R6), MOV(R2, a), MOV(R3, 0), CALL(helper), FOLD

static const struct {
	const char *name;
	enum bpf_prog_type type;
	struct bpf_insn insns[MAX_STEPS];
} programs[] = {
	{"read", TC, {OF_SKB, READ(0, 14), READ(14, 20)}},
	{"read, past the end", TC, {OF_SKB, READ(0, 64), READ(40, 64), READ(4000, 1)}},
	{"read in XDP", XDP, {OF_XDP, READ(0, 14), READ(14, 20)}},
	{"read in XDP, past the end", XDP, {OF_XDP, READ(0, 64), READ(40, 64), READ(4000, 1)}},
	{"read in a filter", FILTER, {OF_SKB, READ(0, 14), READ(4000, 1)}},
	{"read on its way out", OUT, {OF_SKB, READ(0, 14), READ(4000, 1)}},
	{"asked",
	 TC,
	 {OF_SKB, ASK(bpf_dynptr_size), ASK(bpf_dynptr_is_null), ASK(bpf_dynptr_is_rdonly)}},
	{"asked in XDP",
	 XDP,
	 {OF_XDP, ASK(bpf_dynptr_size), ASK(bpf_dynptr_is_null), ASK(bpf_dynptr_is_rdonly)}},
	{"asked in a filter",
	 FILTER,
	 {OF_SKB, ASK(bpf_dynptr_size), ASK(bpf_dynptr_is_null), ASK(bpf_dynptr_is_rdonly)}},
	{"asked as it is sent", XMIT, {OF_SKB, ASK(bpf_dynptr_size), ASK(bpf_dynptr_is_rdonly)}},
	{"null",
	 TC,
	 {FROM(bpf_dynptr_from_skb, 1), ASK(bpf_dynptr_is_null), READ(0, 4), WRITE(0, 4, 0)}},
	{"null in XDP",
	 XDP,
	 {FROM(bpf_dynptr_from_xdp, 1), ASK(bpf_dynptr_is_null), READ(0, 4), WRITE(0, 4, 0)}},
	{"written", TC, {OF_SKB, WRITE(14, 20, 0), WRITE(50, 64, 0), WRITE(4000, 1, 0)}},
	{"written with flags",
	 TC,
	 {OF_SKB, WRITE(0, 4, 1), WRITE(4, 4, 2), WRITE(8, 4, 4), WRITE(12, 4, 3)}},
	{"written in XDP", XDP, {OF_XDP, WRITE(14, 20, 0), WRITE(50, 64, 0), WRITE(0, 4, 1)}},
	{"written in a filter", FILTER, {OF_SKB, WRITE(0, 4, 0)}},
	{"slices",
	 TC,
	 {OF_SKB, SLICE(A, 0, 14), SLICE(A, 30, 4), SLICE(A, 40, 100), SLICE(A, -1, 1)}},
	{"slices in XDP", XDP, {OF_XDP, SLICE(A, 0, 14), SLICE(A, 30, 4), SLICE(A, 40, 100)}},
	{"slices in a filter", FILTER, {OF_SKB, SLICE(A, 0, 14), SLICE(A, 40, 100)}},
	{"a slice to write", TC, {OF_SKB, SLICE_RDWR(12, 14), SLICE_RDWR(50, 64)}},
	{"a slice to write in XDP", XDP, {OF_XDP, SLICE_RDWR(12, 14), SLICE_RDWR(50, 64)}},
	{"data", TC, {OF_SKB, DATA}},
	{"data in XDP", XDP, {OF_XDP, DATA}},
	{"adjusted", TC, {OF_SKB, ADJUST(4, 40), READ(0, 8), WRITE(32, 4, 0), READ(33, 4)}},
	{"adjusted in XDP", XDP, {OF_XDP, ADJUST(4, 40), READ(0, 8), WRITE(32, 4, 0), READ(33, 4)}},
	{"cloned",
	 TC,
	 {OF_SKB, ADJUST(4, 40), CLONE, ADJUST(4, 8), SLICE(B, 0, 36), SLICE(A, 0, 4)}},
	{"set", TC, {OF_SKB, SET(4, 20), SET(50, 64)}},
	{"set in XDP", XDP, {OF_XDP, SET(4, 20), SET(50, 64)}},
	{"set in a filter", FILTER, {OF_SKB, SET(4, 20)}},
	{"copied", TC, {OF_SKB, COPY(0, 10, 20), COPY(10, 4, 20)}},
	{"copied in XDP", XDP, {OF_XDP, COPY(0, 10, 20), COPY(30, 20, 64)}},
	{"copied in a filter", FILTER, {OF_SKB, COPY(0, 10, 20)}},

	/* It has the size that the packet had. */
	{"a packet that was cut",
	 TC,
	 {OF_SKB, CHANGE(skb_change_tail, 40), READ(0, 8), READ(36, 8), ASK(bpf_dynptr_size)}},
	{"a packet that was cut, written",
	 TC,
	 {OF_SKB, CHANGE(skb_change_tail, 40), WRITE(0, 8, 0), WRITE(36, 8, 0), WRITE(36, 8, 4)}},
	{"a packet that was cut, slices",
	 TC,
	 {OF_SKB, CHANGE(skb_change_tail, 40), SLICE(A, 0, 8), SLICE(A, 36, 8)}},
	{"a packet that was cut, set",
	 TC,
	 {OF_SKB, CHANGE(skb_change_tail, 40), SET(0, 8), SET(36, 8)}},
	{"a packet that was cut, copied",
	 TC,
	 {OF_SKB, CHANGE(skb_change_tail, 40), COPY(0, 36, 8), COPY(36, 0, 8)}},
	{"a packet that is longer",
	 TC,
	 {OF_SKB, CHANGE(skb_change_tail, 3000), READ(0, 8), READ(60, 8), WRITE(0, 8, 0)}},
	{"a packet with a new header",
	 TC,
	 {OF_SKB, CHANGE(skb_change_head, 14), READ(0, 20), WRITE(4, 8, 0), SLICE(A, 14, 4)}},
	{"a packet of XDP that was cut",
	 XDP,
	 {OF_XDP, CHANGE(xdp_adjust_tail, -20), READ(0, 8), READ(36, 20)}},
	{"a packet of XDP that was cut, written",
	 XDP,
	 {OF_XDP, CHANGE(xdp_adjust_tail, -20), WRITE(0, 8, 0), WRITE(36, 20, 0), SET(36, 20)}},
	{"a packet of XDP with a new header",
	 XDP,
	 {OF_XDP, CHANGE(xdp_adjust_head, -14), READ(0, 20), WRITE(4, 8, 0), SLICE(A, 14, 4)}},
	{"a packet of XDP without its header",
	 XDP,
	 {OF_XDP, CHANGE(xdp_adjust_head, 14), READ(0, 8), READ(50, 8), SLICE(A, 0, 4)}},
};

void dynptrs(void **state)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		for (int packet = 0; packet < NR_PACKETS; packet++) {
			struct program p;
			unsigned int nr = MAX_STEPS;

			while (nr && !programs[i].insns[nr - 1].code)
				nr--;
			begin(&p);
			emit(&p, programs[i].insns, nr);
			EMIT(&p, MOVX(R0, R7));
			finish(&p, programs[i].type);
			compare(&p, programs[i].type, &packets[packet], programs[i].name);
		}
}
