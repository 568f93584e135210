/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: branches, loops, traps where nothing should get, NULL checks.
 */
#include "gen.h"

static bool same(const struct reg *a, const struct reg *b)
{
	return a->kind == b->kind && a->off == b->off && a->what == b->what &&
	       a->or_null == b->or_null && a->size == b->size && a->rdonly == b->rdonly;
}

static void join_reg(struct reg *into, const struct reg *other)
{
	if (!same(into, other)) {
		into->kind = K_NONE;
		return;
	}
	if (other->umin < into->umin)
		into->umin = other->umin;
	if (other->umax > into->umax)
		into->umax = other->umax;
	into->trusted &= other->trusted;
}

void join(struct state *into, const struct state *other)
{
	for (int i = 0; i < 10; i++)
		join_reg(&into->reg[i], &other->reg[i]);
	for (int i = 0; i < 64; i++) {
		bool pointer = into->spill[i].kind > K_SCALAR || other->spill[i].kind > K_SCALAR;

		join_reg(&into->spill[i], &other->spill[i]);
		if (pointer && into->spill[i].kind == K_NONE)
			memset(into->init + i * 8, 0, 8);
	}
	for (int i = 0; i < 512; i++)
		into->init[i] &= other->init[i];
}

const uint8_t jump_ops[] = {BPF_JEQ,  BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT,
			    BPF_JSGE, BPF_JLT, BPF_JLE, BPF_JSLT, BPF_JSLE};

void gen_if(struct gen *g)
{
	int reg = pick_scalar(g), other = chance(&g->r, 35) ? pick_scalar(g) : -1;
	uint8_t op = jump_ops[below(&g->r, ARRAY_SIZE(jump_ops))];
	uint8_t class = chance(&g->r, 65) ? BPF_JMP : BPF_JMP32;
	unsigned int jump, over;
	struct state before, then;

	if (reg < 0 || g->depth > 3)
		return;
	jump = g->p->n;
	if (other >= 0 && other != reg) /* Linux compares a number with itself as with another */
		emit(g, class | op | BPF_X, reg, other, 0, 0);
	else
		emit(g, class | op | BPF_K, reg, 0, 0,
		     (int32_t)(chance(&g->r, 50) ? interesting(&g->r) : (int64_t)below(&g->r, 64)));
	before = g->s;
	g->depth++;
	gen_pieces(g, 1 + (int)below(&g->r, 4));
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
	then = g->s;
	g->s = before;
	if (chance(&g->r, 40)) {
		over = g->p->n;
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		g->p->ins[jump].insn.off++;
		gen_pieces(g, 1 + (int)below(&g->r, 4));
		g->p->ins[over].insn.off = (int16_t)(g->p->n - over - 1);
	}
	g->depth--;
	join(&g->s, &then);
}

void gen_loop(struct gen *g)
{
	int counter = 6 + (int)below(&g->r, 4), rounds = 1 + (int)below(&g->r, 12), head;
	unsigned int protect = g->protect;
	bool wide = chance(&g->r, 70);

	if (g->depth > 1 || (g->protect & 1u << counter) || g->s.reg[counter].kind > K_SCALAR)
		return;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, counter, 0, 0, 0)->locked = true;
	for (int i = 0; i < 6; i++)
		g->s.reg[i].kind = K_NONE;
	for (int i = 6; i < 10; i++)
		if (g->s.reg[i].kind == K_SCALAR)
			g->s.reg[i] = scalar_any;
	g->s.reg[counter] = scalar(0, (uint64_t)rounds - 1);
	/* What the body may not change, so that the second round finds it as the first did. */
	g->protect |= 1u << counter;
	for (int i = 6; i < 10; i++)
		if (g->s.reg[i].kind != K_SCALAR && g->s.reg[i].kind != K_NONE)
			g->protect |= 1u << i;
	head = (int)g->p->n;
	if (chance(&g->r, 30))
		emit(g, BPF_JMP | BPF_JCOND, 0, 0, 0, 0)->locked = true;
	g->depth += 2;
	gen_pieces(g, 1 + (int)below(&g->r, 4));
	g->depth -= 2;
	if (chance(&g->r, 20)) { /* out early */
		int reg = pick_scalar(g);

		if (reg >= 0)
			emit(g, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, 2, 5);
	}
	/* Locked: a loop of a million rounds takes the kernel a minute to refuse. */
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, counter, 0, 0, 1)->locked = true;
	switch (below(&g->r, 4)) {
	case 0:
		emit(g, (wide ? BPF_JMP : BPF_JMP32) | BPF_JNE | BPF_K, counter, 0,
		     head - (int)g->p->n - 1, rounds);
		break;
	case 1:
		emit(g, (wide ? BPF_JMP : BPF_JMP32) | BPF_JSLT | BPF_K, counter, 0,
		     head - (int)g->p->n - 1, rounds);
		break;
	default:
		emit(g, (wide ? BPF_JMP : BPF_JMP32) | BPF_JLT | BPF_K, counter, 0,
		     head - (int)g->p->n - 1, rounds);
	}
	g->p->ins[g->p->n - 1].locked = true;
	if (g->p->ins[head].insn.code == (BPF_JMP | BPF_JCOND))
		g->p->ins[head].insn.off = (int16_t)((int)g->p->n - head - 1);
	g->protect = protect;
	g->s.reg[counter] = scalar(0, (uint64_t)rounds);
	for (int i = 0; i < 6; i++)
		g->s.reg[i].kind = K_NONE;
	for (int i = 0; i < 64; i++)
		if (g->s.spill[i].kind == K_SCALAR)
			g->s.spill[i] = scalar_any;
}

/* A bad access where the model, or nobody, thinks that a number gets: only who is wrong about
 * numbers accepts it where it is reached. */
void gen_trap(struct gen *g)
{
	int reg = pick_scalar(g);
	const struct reg *r = &g->s.reg[reg < 0 ? 0 : reg];
	uint8_t class = chance(&g->r, 65) ? BPF_JMP : BPF_JMP32;

	if (reg < 0)
		return;
	if (r->kind == K_SCALAR && r->umax < INT32_MAX && chance(&g->r, 65)) {
		bool high = chance(&g->r, 70);

		emit(g, class | (high ? BPF_JGT : BPF_JLT) | BPF_K, reg, 0, 1,
		     (int32_t)(high ? r->umax - slip(g) : r->umin));
	} else if (chance(&g->r, 60)) {
		/* One operation more, and what it cannot make. */
		int32_t n = 1 + (int32_t)below(&g->r, 62);

		if (g->protect & 1u << reg)
			return;
		/* A modulus seldom: Linux 6.18 does not follow it. */
		switch (chance(&g->r, 3) ? 0 : 1 + below(&g->r, 5)) {
		case 0:
			alu_imm(g, reg, BPF_MOD, chance(&g->r, 50), n + 1);
			emit(g, class | BPF_JGT | BPF_K, reg, 0, 1, n);
			break;
		case 1:
			alu_imm(g, reg, BPF_AND, chance(&g->r, 50), n);
			emit(g, class | BPF_JSET | BPF_K, reg, 0, 1, ~n);
			break;
		case 2:
			alu_imm(g, reg, BPF_OR, chance(&g->r, 50), n);
			emit(g, class | BPF_JLT | BPF_K, reg, 0, 1, n);
			break;
		case 3:
			alu_imm(g, reg, BPF_RSH, true, n);
			emit(g, BPF_JMP | BPF_JSLT | BPF_K, reg, 0, 1, 0);
			break;
		case 4:
			alu_imm(g, reg, BPF_ARSH, false, n & 31);
			emit(g, BPF_JMP | BPF_JSLT | BPF_K, reg, 0, 1, 0);
			break;
		default:
			alu_imm(g, reg, BPF_LSH, chance(&g->r, 50), n & 31);
			emit(g, class | BPF_JSET | BPF_K, reg, 0, 1,
			     (int32_t)((1u << (n & 31)) - 1));
		}
	} else {
		emit(g, class | jump_ops[below(&g->r, ARRAY_SIZE(jump_ops))] | BPF_K, reg, 0, 1,
		     (int32_t)interesting(&g->r));
	}
	emit(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
	emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, 8, 0);
}

/* Give a maybe-NULL pointer its check. */
void gen_null_check(struct gen *g)
{
	for (int reg = 0; reg < 10; reg++) {
		unsigned int id = g->s.reg[reg].id;

		if (!g->s.reg[reg].or_null)
			continue;
		if (chance(&g->r, 60)) {
			guard(g, reg, BPF_JNE, true, 0);
		} else {
			emit(g, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, 1, 0);
			emit(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
			exit_with(g, 0);
		}
		for (int i = 0; i < 10; i++)
			if (g->s.reg[i].id == id)
				g->s.reg[i].or_null = false;
		for (int i = 0; i < 64; i++)
			if (g->s.spill[i].id == id)
				g->s.spill[i].or_null = false;
		return;
	}
}
