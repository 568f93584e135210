/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: packets. How much of one there is a program finds out by comparing a pointer
 * with the end; then it is memory of that size. Moving its head ends all that was found out.
 */
#include <stddef.h>

#include "gen.h"

static bool has_context(const struct gen *g)
{
	return has_packet(g->p->target) && g->fn == FN_MAIN && g->s.reg[6].kind == K_CTX;
}

static int data_field(const struct gen *g)
{
	return g->p->target == T_XDP ? (int)offsetof(struct xdp_md, data)
				     : (int)offsetof(struct __sk_buff, data);
}

static int end_field(const struct gen *g)
{
	return g->p->target == T_XDP ? (int)offsetof(struct xdp_md, data_end)
				     : (int)offsetof(struct __sk_buff, data_end);
}

/* A register for a pointer, not @but. */
static int pick_other(struct gen *g, int but)
{
	for (int tries = 0; tries < 16; tries++) {
		int reg = pick_dst(g);

		if (reg != but && !(g->protect & 1u << reg))
			return reg;
	}
	return -1;
}

/*
 * Leave unless @size bytes from @reg on are in the packet; @past and @end are registers for it.
 * Comparing the other way round tells as much; what is compared with >= a byte less.
 */
static void check_size(struct gen *g, int reg, int past, int end, int size)
{
	uint8_t op = BPF_JLE;
	int a = past, b = end;

	if (slip(g))
		size += chance(&g->r, 50) ? -1 : 1;
	emit(g, BPF_LDX | BPF_MEM | BPF_W, end, 6, slip(g) ? data_field(g) : end_field(g), 0);
	mov(g, past, reg);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, past, 0, 0, size);
	if (chance(&g->r, 30)) {
		a = end;
		b = past;
		op = BPF_JGE;
	}
	if (chance(&g->r, 15))
		op = op == BPF_JLE ? BPF_JLT : BPF_JGT;
	if (slip(g))
		op = op == BPF_JLE ? BPF_JGE : BPF_JLE;
	if (chance(&g->r, 50)) {
		emit(g, (uint8_t)(BPF_JMP | op | BPF_X), a, b, 2, 0);
	} else {
		emit(g, (uint8_t)(BPF_JMP | op | BPF_X), a, b, 1, 0);
		emit(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
		emit(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
	}
	exit_with(g, (int)below(&g->r, 3));
	g->s.reg[past].kind = g->s.reg[end].kind = K_OPAQUE;
	/* Now and then as if there were a byte more. */
	g->s.reg[reg].size = size + chance(&g->r, 5);
}

void gen_packet(struct gen *g)
{
	int reg = 7 + (int)below(&g->r, 3), past, end;

	if (!has_context(g) || (g->protect & 1u << reg))
		return;
	past = pick_other(g, reg);
	end = past < 0 ? -1 : pick_other(g, reg);
	if (end < 0 || end == past)
		return;
	emit(g, BPF_LDX | BPF_MEM | (slip(g) ? BPF_DW : BPF_W), reg, 6, data_field(g), 0);
	g->s.reg[reg] = (struct reg){.kind = K_MEM, .packet = true, .id = ++g->ids};
	check_size(g, reg, past, end, PACKET_MIN - 4 + (int)below(&g->r, PACKET_MAX - PACKET_MIN));
}

/* Two ways that know of different sizes meet: what one of them allows, the other may not. */
void gen_packet_join(struct gen *g)
{
	int reg = 7 + (int)below(&g->r, 3), num = pick_scalar(g), past, end, small, large;
	unsigned int other, meet;

	if (!has_context(g) || num < 0 || num > 9 || num == reg || (g->protect & 1u << reg))
		return;
	past = pick_other(g, reg);
	end = past < 0 ? -1 : pick_other(g, reg);
	if (end < 0 || end == past || num == past || num == end)
		return;
	emit(g, BPF_LDX | BPF_MEM | BPF_W, reg, 6, data_field(g), 0);
	g->s.reg[reg] = (struct reg){.kind = K_MEM, .packet = true, .id = ++g->ids};
	small = PACKET_MIN - 8 + (int)below(&g->r, 16);
	large = small + 1 + (int)below(&g->r, 24);
	other = g->p->n;
	emit(g, BPF_JMP | BPF_JGT | BPF_K, num, 0, 0, (int)below(&g->r, 40));
	check_size(g, reg, past, end, chance(&g->r, 50) ? small : large);
	meet = g->p->n;
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	g->p->ins[other].insn.off = (int16_t)(g->p->n - other - 1);
	check_size(g, reg, past, end, chance(&g->r, 50) ? small : large);
	g->p->ins[meet].insn.off = (int16_t)(g->p->n - meet - 1);
	g->s.reg[past].kind = g->s.reg[end].kind = K_NONE;
	g->s.reg[reg].size = chance(&g->r, 70) ? small : large;
	/* Where they meet, or a little later. */
	if (chance(&g->r, 60))
		emit(g, BPF_LDX | BPF_MEM | BPF_B, past, reg,
		     (int)g->s.reg[reg].size - 1 - (int)below(&g->r, 2), 0);
}

/* As a parser does: a number says where the next part begins. */
void gen_packet_variable(struct gen *g)
{
	int reg = -1, num = pick_number(g), part, past, end;
	uint64_t max;

	for (int i = 0; i < 10; i++)
		if (g->s.reg[i].kind == K_MEM && g->s.reg[i].packet)
			reg = i;
	if (!has_context(g) || reg < 0 || num < 0)
		return;
	part = pick_other(g, reg);
	past = pick_other(g, reg);
	end = pick_other(g, reg);
	if (part < 0 || past < 0 || end < 0 || part == past || part == end || past == end ||
	    num == part || num == past || num == end)
		return;
	max = below(&g->r, 48);
	bound(g, num, max);
	mov(g, part, reg);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_X, part, num, 0, 0);
	g->s.reg[part].off = 0;
	g->s.reg[part].umin = g->s.reg[part].umax = 0;
	g->s.reg[part].id = ++g->ids;
	check_size(g, part, past, end, 1 + (int)below(&g->r, 12));
	if (chance(&g->r, 70))
		emit(g, BPF_LDX | BPF_MEM | BPF_B, num, part, 0, 0);
	if (chance(&g->r, 40)) /* back */
		emit(g, BPF_ALU64 | BPF_SUB | BPF_X, part, num, 0, 0);
}

static void forget_packet(struct gen *g)
{
	for (int i = 0; i < 10; i++)
		if (g->s.reg[i].packet && chance(&g->r, 85))
			g->s.reg[i].kind = K_NONE;
	for (int i = 0; i < 64; i++)
		if (g->s.spill[i].packet && chance(&g->r, 85)) {
			g->s.spill[i].kind = K_NONE;
			memset(g->s.init + i * 8, 0, 8);
		}
}

void gen_adjust_head(struct gen *g)
{
	if (!has_context(g) || (g->p->target != T_XDP && !slip(g)))
		return;
	mov(g, 1, 6);
	load_number(g, 2, (int64_t)below(&g->r, 17) - 8);
	call(g, BPF_FUNC_xdp_adjust_head, scalar_any);
	forget_packet(g);
}

/* LD_ABS and LD_IND. */
void gen_packet_load(struct gen *g)
{
	uint8_t size = size_codes[below(&g->r, 3)];
	int num = pick_number(g);

	if (g->fn != FN_MAIN || g->s.reg[6].kind != K_CTX || (g->p->target != T_TC && !slip(g)))
		return;
	if (num >= 0 && chance(&g->r, 50))
		emit(g, BPF_LD | BPF_IND | size, 0, num, 0, (int)below(&g->r, 20));
	else
		emit(g, BPF_LD | BPF_ABS | size, 0, 0, 0, (int)below(&g->r, 60));
	called(g, scalar(0, size == BPF_B ? UINT8_MAX : size == BPF_H ? UINT16_MAX : UINT32_MAX));
}

void gen_load_bytes(struct gen *g)
{
	int size = 1 + (int)below(&g->r, 24), at = -8 * (1 + (size + 7) / 8);

	if (!has_context(g) || (g->p->target != T_TC && !slip(g)))
		return;
	mov(g, 1, 6);
	load_number(g, 2, (int64_t)below(&g->r, 40));
	mov(g, 3, 10);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, at);
	load_number(g, 4, size);
	call(g, BPF_FUNC_skb_load_bytes, scalar_any);
	stack_written(g, at, size);
}
