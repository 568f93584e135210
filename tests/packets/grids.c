/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Each helper with each combination of a few arguments, at the edges of what it takes. */
#include <limits.h>
#include <stdio.h>

#include "run.h"

#define TC BPF_PROG_TYPE_SCHED_CLS
#define XDP BPF_PROG_TYPE_XDP
#define FILTER BPF_PROG_TYPE_SOCKET_FILTER
#define MAX_VALUES 20

struct argument {
	enum { NONE, NUMBER, CONTEXT, STACK, PERF } kind;
	int nr;
	long long values[MAX_VALUES]; /* of a NUMBER; of a STACK: how far from its beginning */
};

#define NUMBERS(...)                                                                               \
	{                                                                                          \
		NUMBER, sizeof((long long[]){__VA_ARGS__}) / sizeof(long long),                    \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define CTX                                                                                        \
	{                                                                                          \
		CONTEXT, 1,                                                                        \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define BUF(at)                                                                                    \
	{                                                                                          \
		STACK, 1,                                                                          \
		{                                                                                  \
			at                                                                         \
		}                                                                                  \
	}

static const struct grid {
	const char *name;
	enum bpf_prog_type type;
	int helper;
	struct argument args[5];
} grids_of[] = {
	{"bpf_skb_load_bytes",
	 TC,
	 BPF_FUNC_skb_load_bytes,
	 {CTX, NUMBERS(0, 1, 14, 40, 56, 60, 63, 64, 65535, 65536, INT_MAX, -1, INT_MIN), BUF(0),
	  NUMBERS(1, 4, 8, 64)}},
	{"bpf_skb_load_bytes in a filter",
	 FILTER,
	 BPF_FUNC_skb_load_bytes,
	 {CTX, NUMBERS(0, 1, 40, 46, 49, 50, 63, 64, -1, -14), BUF(0), NUMBERS(1, 4, 8, 64)}},
	{"bpf_skb_load_bytes_relative",
	 TC,
	 BPF_FUNC_skb_load_bytes_relative,
	 {CTX, NUMBERS(0, 1, 14, 40, 56, 60, 63, 64, 65535, 65536, -1), BUF(0), NUMBERS(1, 8, 64),
	  NUMBERS(0, 1, 2, -1, 1LL << 32)}},
	{"bpf_skb_load_bytes_relative in a filter",
	 FILTER,
	 BPF_FUNC_skb_load_bytes_relative,
	 {CTX, NUMBERS(0, 1, 46, 49, 50, 63, 64), BUF(0), NUMBERS(1, 8, 64), NUMBERS(0, 1, 2)}},
	{"bpf_skb_store_bytes",
	 TC,
	 BPF_FUNC_skb_store_bytes,
	 {CTX, NUMBERS(0, 1, 12, 14, 40, 60, 63, 64, INT_MAX, -1), BUF(0), NUMBERS(1, 4, 64),
	  NUMBERS(0, 1, 2, 3, 4, 1LL << 32)}},
	{"bpf_skb_pull_data",
	 TC,
	 BPF_FUNC_skb_pull_data,
	 {CTX, NUMBERS(0, 1, 15, 60, 64, 65, 74, 75, 4096, -1)}},
	{"bpf_l3_csum_replace",
	 TC,
	 BPF_FUNC_l3_csum_replace,
	 {CTX, NUMBERS(0, 24, 25, 62, 63, 64, 65535, 65536, -2), NUMBERS(0, 1, 0x1234, 0xfffff, -1),
	  NUMBERS(0, 1, 0xffff, 0x12345678, -1), NUMBERS(0, 1, 2, 4, 8, 16, 18)}},
	{"bpf_l4_csum_replace",
	 TC,
	 BPF_FUNC_l4_csum_replace,
	 {CTX, NUMBERS(20, 50, 51, 64, 65536), NUMBERS(0, 0x1234, 0xfffff, -1),
	  NUMBERS(0, 1, 0x12345678, -1),
	  NUMBERS(0, 2, 4, 8, 16, 18, 20, 32, 34, 64, 98, 128, 132, 256, 1LL << 33)}},
	{"bpf_csum_diff",
	 TC,
	 BPF_FUNC_csum_diff,
	 {BUF(0), NUMBERS(0, 4, 6, 8, 32), BUF(32), NUMBERS(0, 4, 5, 16, 32),
	  NUMBERS(0, 1, 0xffff, 0x10000, -1, 0x12345678)}},
	{"bpf_csum_diff in XDP",
	 XDP,
	 BPF_FUNC_csum_diff,
	 {NUMBERS(0), NUMBERS(0), BUF(32), NUMBERS(0, 4, 32), NUMBERS(0, 5, -1)}},
	{"bpf_csum_update", TC, BPF_FUNC_csum_update, {CTX, NUMBERS(0, 1, -1)}},
	{"bpf_set_hash", TC, BPF_FUNC_set_hash, {CTX, NUMBERS(0, 1, -1)}},
	{"bpf_set_hash_invalid", TC, BPF_FUNC_set_hash_invalid, {CTX}},
	{"bpf_skb_change_tail",
	 TC,
	 BPF_FUNC_skb_change_tail,
	 {CTX,
	  NUMBERS(0, 13, 14, 15, 16, 18, 54, 63, 64, 65, 74, 78, 100, 1000, 3000, 16064, 16065, -1),
	  NUMBERS(0, 1, 1LL << 32)}},
	{"bpf_skb_change_head",
	 TC,
	 BPF_FUNC_skb_change_head,
	 {CTX,
	  NUMBERS(0, 1, 4, 14, 32, 33, 64, 65, 200, 256, 1000, 4000, 15985, 15990, 16000, 16001,
		  INT_MAX, INT_MIN, -1),
	  NUMBERS(0, 1, 1LL << 32)}},
	{"bpf_skb_vlan_push",
	 TC,
	 BPF_FUNC_skb_vlan_push,
	 {CTX, NUMBERS(0, 0x0081, 0x8100, 0xa888, 0x88a8, 0x10081, -1),
	  NUMBERS(0, 5, 0x1fff, 0x6123, -1)}},
	{"bpf_skb_vlan_pop", TC, BPF_FUNC_skb_vlan_pop, {CTX}},
	{"bpf_skb_adjust_room",
	 TC,
	 BPF_FUNC_skb_adjust_room,
	 {CTX, NUMBERS(0, 8, -8, 20, -20, -34, -36, -40, -41, -80, 0xfff, 0x1000, -0x1000, INT_MIN),
	  NUMBERS(0, 1, 2),
	  NUMBERS(0, 1, 2, 3, 4, 6, 8, 2 | 16, 4 | 8, 2 | 8 | 16, 32, 64, 2 | 64, 14LL << 56,
		  2 | 64 | 14LL << 56, 128, 256, 384, 512, 1LL << 55)}},
	{"bpf_skb_change_type", TC, BPF_FUNC_skb_change_type, {CTX, NUMBERS(0, 1, 3, 4, 7, 8, -1)}},
	{"bpf_skb_set_tstamp",
	 TC,
	 BPF_FUNC_skb_set_tstamp,
	 {CTX, NUMBERS(0, 5, -1), NUMBERS(0, 1, 2, 3, -1)}},
	{"bpf_redirect",
	 TC,
	 BPF_FUNC_redirect,
	 {NUMBERS(0, 1, -1), NUMBERS(0, 1, 2, 3, 8, 1LL << 32)}},
	{"bpf_redirect in XDP",
	 XDP,
	 BPF_FUNC_redirect,
	 {NUMBERS(0, 1, -1), NUMBERS(0, 1, 2, 1LL << 32)}},
	{"bpf_xdp_adjust_head",
	 XDP,
	 BPF_FUNC_xdp_adjust_head,
	 {CTX, NUMBERS(0, 1, 14, 46, 50, 51, 60, -1, -14, -200, -216, -217, -256, -257, INT_MAX,
		       INT_MIN)}},
	{"bpf_xdp_adjust_tail",
	 XDP,
	 BPF_FUNC_xdp_adjust_tail,
	 {CTX, NUMBERS(0, 1, 100, 1000, 3000, 3456, 3457, 4000, -1, -46, -49, -50, -51, -64,
		       INT_MAX, INT_MIN)}},
	{"bpf_xdp_adjust_meta",
	 XDP,
	 BPF_FUNC_xdp_adjust_meta,
	 {CTX, NUMBERS(0, 1, 4, -1, -2, -4, -8, -31, -32, -36, -128, -200, -216, -217, -220, -252,
		       -256, INT_MAX, INT_MIN)}},
	{"bpf_xdp_get_buff_len", XDP, BPF_FUNC_xdp_get_buff_len, {CTX}},
	{"bpf_xdp_store_bytes",
	 XDP,
	 BPF_FUNC_xdp_store_bytes,
	 {CTX, NUMBERS(0, 1, 14, 56, 63, 64, 65535, 65536, -1), BUF(0), NUMBERS(1, 8, 64)}},
	{"bpf_perf_event_output",
	 TC,
	 BPF_FUNC_perf_event_output,
	 {CTX,
	  {PERF, 1, {0}},
	  NUMBERS(0, 3, 4, 0xffffffffLL, 1LL << 32, 64LL << 32, 65LL << 32, 0xfffffLL << 32,
		  1LL << 52, -1),
	  BUF(0),
	  NUMBERS(0, 8, 64)}},
	{"bpf_perf_event_output in XDP",
	 XDP,
	 BPF_FUNC_perf_event_output,
	 {CTX,
	  {PERF, 1, {0}},
	  NUMBERS(0, 4, 64LL << 32, 65LL << 32, 1LL << 52),
	  BUF(0),
	  NUMBERS(8)}},
	{"bpf_perf_event_read",
	 TC,
	 BPF_FUNC_perf_event_read,
	 {{PERF, 1, {0}}, NUMBERS(0, 3, 4, 0xffffffffLL, 1LL << 32, -1)}},
	{"bpf_perf_event_read_value",
	 TC,
	 BPF_FUNC_perf_event_read_value,
	 {{PERF, 1, {0}}, NUMBERS(0, 4, 0xffffffffLL, 1LL << 32), BUF(0), NUMBERS(8, 24, 32)}},
};

static void set_argument(struct program *p, int reg, const struct argument *arg, int which)
{
	long long value = arg->values[which];

	switch (arg->kind) {
	case NONE:
		return;
	case NUMBER:
		EMIT(p, LD64(reg, (int)value, (int)(value >> 32)));
		return;
	case CONTEXT:
		EMIT(p, MOVX(reg, R6));
		return;
	case STACK:
		EMIT(p, MOVX(reg, R10), OP(ADD, reg, (int)value - 64));
		return;
	case PERF:
		EMIT(p, LD_MAP(reg, MAP_PERF));
	}
}

/* The combination with this number; 0: there are no more. */
static int one(const struct grid *grid, int number, const struct packet *packet)
{
	struct program p;
	char what[256];
	int n = snprintf(what, sizeof(what), "%s(", grid->name);

	begin(&p);
	for (int i = 0; i < 5 && grid->args[i].kind; i++) {
		const struct argument *arg = &grid->args[i];

		set_argument(&p, i + 1, arg, number % arg->nr);
		n += snprintf(what + n, sizeof(what) - (size_t)n, "%s%lld", i ? ", " : "",
			      arg->values[number % arg->nr]);
		number /= arg->nr;
	}
	snprintf(what + n, sizeof(what) - (size_t)n, ")");
	if (number)
		return 0;
	EMIT(&p, CALL_ID(grid->helper));
	finish(&p, grid->type);
	compare(&p, grid->type, packet, what);
	return 1;
}

/* Where there are many combinations, not every packet has to do. */
static int packets_for(const struct grid *grid)
{
	int combinations = 1;

	for (int i = 0; i < 5 && grid->args[i].kind; i++)
		combinations *= grid->args[i].nr;
	return combinations > 150 ? 2 : NR_PACKETS;
}

void grids(void **state)
{
	for (size_t i = 0; i < sizeof(grids_of) / sizeof(grids_of[0]); i++)
		for (int packet = 0; packet < packets_for(&grids_of[i]); packet++)
			for (int n = 0; one(&grids_of[i], n, &packets[packet]); n++)
				;
}

/* --- LD_ABS and LD_IND ------------------------------------------------------------------------ */

static void load_packet(enum bpf_prog_type type, int mode, int size, int off,
			const struct packet *packet)
{
	struct program p;
	char what[64];

	begin(&p);
	if (mode == BPF_IND)
		EMIT(&p, LD64(R2, (int)((unsigned int)off - 3), 0x55));
	EMIT(&p,
	     RAW(BPF_LD | mode | size, 0, mode == BPF_IND ? R2 : 0, 0, mode == BPF_IND ? 3 : off));
	finish(&p, type);
	snprintf(what, sizeof(what), "load %#x at %d", mode | size, off);
	compare(&p, type, packet, what);
}

void loads(void **state)
{
	static const enum bpf_prog_type types[] = {TC, FILTER, BPF_PROG_TYPE_SCHED_ACT};
	static const int modes[] = {BPF_ABS, BPF_IND}, sizes[] = {BPF_B, BPF_H, BPF_W};
	static const int offs[] = {0,
				   1,
				   13,
				   46,
				   47,
				   48,
				   49,
				   50,
				   60,
				   61,
				   62,
				   63,
				   64,
				   65535,
				   INT_MAX,
				   INT_MIN,
				   -1,
				   -0x1000,
				   -0x100000,
				   -0x100000 + 46,
				   -0x100000 + 49,
				   -0x100000 + 50,
				   -0x100001,
				   -0x200000,
				   -0x200000 + 13,
				   -0x200000 + 60,
				   -0x200000 + 63,
				   -0x200000 + 64,
				   -0x200001,
				   INT_MIN + 1};

	for (int t = 0; t < 3; t++)
		for (int m = 0; m < 2; m++)
			for (int s = 0; s < 3; s++)
				for (size_t o = 0; o < sizeof(offs) / sizeof(offs[0]); o++)
					for (int i = 0; i < NR_PACKETS; i++)
						load_packet(types[t], modes[m], sizes[s], offs[o],
							    &packets[i]);
}
