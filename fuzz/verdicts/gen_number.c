/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: numbers, and ways to bound them.
 */
#include "gen.h"

static const uint8_t alu_ops[] = {
	BPF_ADD, BPF_ADD, BPF_SUB, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,  BPF_OR,	BPF_AND,  BPF_AND,
	BPF_AND, BPF_LSH, BPF_LSH, BPF_RSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_XOR, BPF_ARSH, BPF_ARSH,
};

/* What the model knows of dst afterwards: only what is easy. */
static void model_alu(struct reg *d, int op, bool wide, uint64_t n)
{
	uint64_t a = d->umin, b = d->umax, limit = wide ? UINT64_MAX : UINT32_MAX;
	bool small = b < 1ull << 31 && n < 1ull << 31;

	if (!wide && b > UINT32_MAX)
		a = 0, b = UINT32_MAX;
	*d = scalar(0, limit);
	switch (op) {
	case BPF_ADD:
		if (small)
			*d = scalar(a + n, b + n);
		break;
	case BPF_SUB:
		if (small && a >= n)
			*d = scalar(a - n, b - n);
		break;
	case BPF_AND:
		if (n <= INT32_MAX)
			*d = scalar(0, n < b ? n : b);
		break;
	case BPF_MUL:
		if (small)
			*d = scalar(a * n, b * n);
		break;
	case BPF_RSH:
		*d = scalar(a >> (n & 63), b >> (n & 63));
		break;
	case BPF_LSH:
		if (small && n < 32)
			*d = scalar(a << n, b << n);
		break;
	case BPF_DIV:
		if (n && n <= INT32_MAX)
			*d = scalar(a / n, b / n);
		break;
	case BPF_MOD:
		if (n && n <= INT32_MAX)
			*d = scalar(0, n - 1);
		break;
	}
	if (d->umax > limit)
		*d = scalar(0, limit);
}

void alu_imm(struct gen *g, int reg, int op, bool wide, int32_t imm)
{
	emit(g, (uint8_t)((wide ? BPF_ALU64 : BPF_ALU) | op | BPF_K), reg, 0, 0, imm);
	model_alu(&g->s.reg[reg], op, wide, (uint64_t)(int64_t)imm);
}

void gen_alu(struct gen *g)
{
	int dst = pick_number(g), src, op = alu_ops[below(&g->r, ARRAY_SIZE(alu_ops))];
	bool wide = chance(&g->r, 60);
	int32_t imm = (int32_t)interesting(&g->r);
	struct reg before;
	struct ins *ins;

	if (dst < 0)
		return;
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		imm = (int32_t)below(&g->r, (wide ? 64 : 32) + slip(g) * 3u);
	if ((op == BPF_DIV || op == BPF_MOD) && !imm)
		imm = 1;
	if (chance(&g->r, 55)) {
		if (chance(&g->r, 40))
			imm = 1 + (int32_t)below(&g->r, wide ? 63 : 31);
		alu_imm(g, dst, op, wide, imm);
		if ((op == BPF_DIV || op == BPF_MOD) && chance(&g->r, 30)) {
			g->p->ins[g->p->n - 1].insn.off = 1;
			g->s.reg[dst] = scalar_any;
		}
		return;
	}
	src = pick_scalar(g);
	if (src < 0)
		return;
	before = g->s.reg[src];
	ins = emit(g, (uint8_t)((wide ? BPF_ALU64 : BPF_ALU) | op | BPF_X), dst, src, 0, 0);
	if ((op == BPF_DIV || op == BPF_MOD) && chance(&g->r, 30))
		ins->insn.off = 1;
	if (before.umin == before.umax && !ins->insn.off)
		model_alu(&g->s.reg[dst], op, wide, before.umin);
	else if (op == BPF_ADD && wide && before.umax < 1u << 30 && g->s.reg[dst].umax < 1u << 30)
		g->s.reg[dst] =
			scalar(g->s.reg[dst].umin + before.umin, g->s.reg[dst].umax + before.umax);
	else
		g->s.reg[dst] = scalar(0, wide ? UINT64_MAX : UINT32_MAX);
}

void gen_odd_alu(struct gen *g)
{
	static const int sizes[] = {16, 32, 64};
	int dst = pick_number(g), src = pick_scalar(g);

	if (dst < 0 || src < 0)
		return;
	switch (below(&g->r, 4)) {
	case 0:
		emit(g, (chance(&g->r, 50) ? BPF_ALU64 : BPF_ALU) | BPF_NEG, dst, 0, 0, 0);
		g->s.reg[dst] = scalar_any;
		break;
	case 1: { /* swaps */
		int size = sizes[below(&g->r, 3)];

		if (chance(&g->r, 40))
			emit(g, BPF_ALU64 | BPF_END, dst, 0, 0, size);
		else
			emit(g, (uint8_t)(BPF_ALU | BPF_END | (chance(&g->r, 50) ? BPF_X : 0)), dst,
			     0, 0, size);
		g->s.reg[dst] = scalar(0, size == 64 ? UINT64_MAX : (1ull << size) - 1);
		break;
	}
	case 2: { /* moves that extend the sign */
		int size = 8 << below(&g->r, 3);
		bool wide = chance(&g->r, 60) || size == 32;
		struct reg from = g->s.reg[src];

		emit(g, (uint8_t)((wide ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X), dst, src, size,
		     0);
		g->s.reg[dst] = from.umax < 1ull << (size - 1) ? from : scalar_any;
		break;
	}
	default: { /* a short move cuts */
		struct reg from = g->s.reg[src];

		emit(g, BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0);
		g->s.reg[dst] = from.umax <= UINT32_MAX ? from : scalar(0, UINT32_MAX);
	}
	}
}

void gen_number(struct gen *g)
{
	load_number(g, pick_dst(g), interesting(&g->r));
}

void gen_copy(struct gen *g)
{
	int src = (int)below(&g->r, 11), dst = pick_dst(g);

	if (g->s.reg[src].kind != K_NONE || slip(g))
		mov(g, dst, src);
}

/* Leave unless what the branch says: `if (reg OP n) goto +2; r0 = 0; exit`. */
void guard(struct gen *g, int reg, int op, bool wide, int32_t n)
{
	emit(g, (uint8_t)((wide ? BPF_JMP : BPF_JMP32) | op | BPF_K), reg, 0, 2, n);
	exit_with(g, 0);
}

static void guard_reg(struct gen *g, int reg, int op, bool wide, int src)
{
	emit(g, (uint8_t)((wide ? BPF_JMP : BPF_JMP32) | op | BPF_X), reg, src, 2, 0);
	exit_with(g, 0);
}

/* Make @reg at most @max, one way or another, some of them not quite. */
void bound(struct gen *g, int reg, uint64_t max)
{
	struct reg *r = &g->s.reg[reg];
	bool fits = r->umax <= UINT32_MAX;
	uint64_t mask = 1;
	int other;

	if (max > 1 << 20)
		max = 1 << 20;
	while (mask * 2 <= max + 1)
		mask *= 2;
	mask--;
	switch (below(&g->r, 17)) {
	case 0:
	case 1:
		alu_imm(g, reg, BPF_AND, chance(&g->r, 60), (int32_t)mask);
		return;
	case 2:
		alu_imm(g, reg, BPF_AND, true, (int32_t)(max & rnd(&g->r)));
		return;
	case 3:
		alu_imm(g, reg, chance(&g->r, 10) ? BPF_MOD : BPF_AND, chance(&g->r, 60),
			(int32_t)max + 1);
		bound(g, reg, max);
		return;
	case 4:
		guard(g, reg, BPF_JLE, true, (int32_t)max);
		break;
	case 5:
		guard(g, reg, BPF_JLT, true, (int32_t)max + 1);
		break;
	case 6: /* the lower half alone */
		if (!fits && chance(&g->r, 90))
			emit(g, BPF_ALU | BPF_MOV | BPF_X, reg, reg, 0, 0);
		guard(g, reg, BPF_JLE, false, (int32_t)max);
		break;
	case 7: /* signed, both ends */
		guard(g, reg, BPF_JSLE, true, (int32_t)max);
		if (!slip(g))
			guard(g, reg, chance(&g->r, 50) ? BPF_JSGE : BPF_JSGT, true,
			      chance(&g->r, 80) ? 0 : -1);
		break;
	case 8: /* signed in 32 bits */
		if (!fits && chance(&g->r, 90))
			emit(g, BPF_ALU | BPF_MOV | BPF_X, reg, reg, 0, 0);
		guard(g, reg, BPF_JSLT, false, (int32_t)max + 1);
		if (!slip(g))
			guard(g, reg, BPF_JSGE, false, 0);
		break;
	case 9:
		guard(g, reg, BPF_JEQ, chance(&g->r, 70), (int32_t)below(&g->r, max + 1));
		break;
	case 10: { /* shift down */
		unsigned int bits = (unsigned int)__builtin_popcountll(mask);
		bool wide = chance(&g->r, 60);

		if (bits)
			alu_imm(g, reg, chance(&g->r, 90) ? BPF_RSH : BPF_ARSH, wide,
				(int32_t)((wide ? 64 : 32) - bits));
		else
			alu_imm(g, reg, BPF_AND, true, 0);
		break;
	}
	case 11: /* max - (reg & mask) */
		other = pick_dst(g);
		if (other == reg)
			break;
		alu_imm(g, reg, BPF_AND, true, (int32_t)mask);
		load_number(g, other, (int64_t)max);
		emit(g, BPF_ALU64 | BPF_SUB | BPF_X, other, reg, 0, 0);
		mov(g, reg, other);
		break;
	case 12: /* against another register */
		other = pick_dst(g);
		if (other == reg)
			break;
		load_number(g, other, (int64_t)max);
		if (chance(&g->r, 50))
			guard_reg(g, reg, BPF_JLE, true, other);
		else
			guard_reg(g, other, BPF_JGE, true, reg);
		break;
	case 13: /* small times small */
		alu_imm(g, reg, BPF_AND, true, 3);
		alu_imm(g, reg, BPF_MUL, chance(&g->r, 60), (int32_t)(max / 3));
		break;
	case 14: /* bits that are known to be clear */
		emit(g, BPF_JMP | BPF_JSET | BPF_K, reg, 0, 1, (int32_t)~mask);
		emit(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		exit_with(g, 0);
		break;
	case 15: /* bits put together */
		alu_imm(g, reg, BPF_AND, true, (int32_t)mask);
		alu_imm(g, reg, BPF_OR, chance(&g->r, 50), (int32_t)(mask & rnd(&g->r)));
		break;
	case 16: /* range with a lower end */
		guard(g, reg, BPF_JLE, true, (int32_t)max);
		g->s.reg[reg].umin = 0;
		guard(g, reg, BPF_JGE, chance(&g->r, 70), (int32_t)(max / 2));
		break;
	}
	g->s.reg[reg] = scalar(0, max);
}
