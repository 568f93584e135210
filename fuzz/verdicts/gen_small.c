/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs of a small world: three registers and four slots of stack with numbers of a few bits,
 * branches that part and meet, short loops, a function and a callback that change the same slots.
 * Nothing in them can go wrong. Paths meet all the time in states that are nearly the same, so
 * what the comparison of states overlooks shows in the question at the end (judge.c).
 */
#include "gen.h"

#define COUNTER (-48) /* of loops, beside the slots */

static int value(struct gen *g)
{
	return 7 + (int)below(&g->r, 3);
}

static int slot(struct gen *g)
{
	return -8 * (1 + (int)below(&g->r, 4));
}

static int32_t small_number(struct gen *g)
{
	static const int32_t numbers[] = {0,  1,  2,  3,   4,	5,  7,	8,	   15,
					  16, -1, -2, 255, 256, 31, 32, INT32_MAX, INT32_MIN};

	return numbers[below(&g->r, chance(&g->r, 60) ? 7 : ARRAY_SIZE(numbers))];
}

static void small_alu(struct gen *g)
{
	static const uint8_t ops[] = {BPF_ADD,	BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND,
				      BPF_AND,	BPF_OR,	 BPF_XOR, BPF_LSH, BPF_RSH,
				      BPF_ARSH, BPF_MOV, BPF_MOV, BPF_DIV, BPF_MOD};
	uint8_t op = ops[below(&g->r, ARRAY_SIZE(ops))];
	uint8_t class = chance(&g->r, 65) ? BPF_ALU64 : BPF_ALU;
	bool shift = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	int32_t imm = small_number(g);
	int dst = value(g);

	if (chance(&g->r, 50) && !shift) {
		emit(g, class | op | BPF_X, dst, value(g),
		     op == BPF_MOV && chance(&g->r, 15) ? 8 << below(&g->r, 2) : 0, 0);
		return;
	}
	if (shift)
		imm = (int32_t)below(&g->r, chance(&g->r, 80) ? 8 : class == BPF_ALU ? 32 : 64);
	if ((op == BPF_DIV || op == BPF_MOD) && !imm)
		imm = 3;
	if (op == BPF_AND && chance(&g->r, 50))
		imm = (int32_t)below(&g->r, 8);
	emit(g, class | op | BPF_K, dst, 0, 0, imm);
}

static void small_memory(struct gen *g, int base)
{
	static const int atomics[] = {BPF_ADD, BPF_ADD | BPF_FETCH, BPF_XCHG, BPF_OR | BPF_FETCH};
	int code = size_codes[chance(&g->r, 50) ? 3 : below(&g->r, 4)];
	int size = code == BPF_B ? 1 : code == BPF_H ? 2 : code == BPF_W ? 4 : 8;
	int off = slot(g);

	if (chance(&g->r, 25))
		off += (int)below(&g->r, 8u / (unsigned int)size) * size;
	switch (below(&g->r, 6)) {
	case 0:
	case 1:
		emit(g, (uint8_t)(BPF_STX | BPF_MEM | code), base, value(g), off, 0);
		return;
	case 2:
		emit(g, (uint8_t)(BPF_ST | BPF_MEM | code), base, 0, off, small_number(g));
		return;
	case 3:
		if (size >= 4) {
			emit(g, (uint8_t)(BPF_STX | BPF_ATOMIC | code), base, value(g), off,
			     atomics[below(&g->r, ARRAY_SIZE(atomics))]);
			return;
		}
	}
	emit(g, (uint8_t)(BPF_LDX | BPF_MEM | code), value(g), base, off, 0);
}

/* At an offset that is one of a few. */
static void small_somewhere(struct gen *g, int base)
{
	static const int32_t masks[] = {8, 16, 24};
	uint8_t code = size_codes[below(&g->r, 4)];

	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, value(g), 0, 0);
	emit(g, BPF_ALU64 | BPF_AND | BPF_K, 1, 0, 0, masks[below(&g->r, ARRAY_SIZE(masks))]);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_X, 1, base, 0, 0);
	if (chance(&g->r, 50))
		emit(g, BPF_STX | BPF_MEM | code, 1, value(g), -32, 0);
	else if (chance(&g->r, 50))
		emit(g, BPF_ST | BPF_MEM | code, 1, 0, -32, small_number(g));
	else
		emit(g, BPF_LDX | BPF_MEM | code, value(g), 1, -32, 0);
}

static void small_piece(struct gen *g, int base)
{
	unsigned int which = (unsigned int)below(&g->r, 11);

	if (which < 6)
		small_alu(g);
	else if (which < 9)
		small_memory(g, base);
	else
		small_somewhere(g, base);
}

static void small_pieces(struct gen *g, int base, int depth);

/* Two ways, one of which may be empty; behind them, now and then, room for a state to be kept. */
static void small_branch(struct gen *g, int base, int depth)
{
	unsigned int jump = g->p->n, over;
	uint8_t code =
		(uint8_t)((chance(&g->r, 65) ? BPF_JMP : BPF_JMP32) | jump_ops[below(&g->r, 11)]);
	int a = value(g), b = value(g);

	if (a == b || chance(&g->r, 55))
		emit(g, code | BPF_K, a, 0, 0, small_number(g));
	else
		emit(g, code | BPF_X, a, b, 0, 0);
	small_pieces(g, base, depth + 1);
	if (chance(&g->r, 50)) {
		over = g->p->n;
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
		jump = over;
		small_pieces(g, base, depth + 1);
	}
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
	for (int i = 0; i < 3; i++)
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	for (int i = 0; i < 7; i++)
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
}

static void small_loop(struct gen *g, int base, int depth)
{
	int head;

	emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, COUNTER, 1 + (int)below(&g->r, 4))->locked = true;
	head = (int)g->p->n;
	small_pieces(g, base, depth + 2);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, 0, 10, COUNTER, 0)->locked = true;
	emit(g, BPF_ALU64 | BPF_SUB | BPF_K, 0, 0, 0, 1)->locked = true;
	emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, COUNTER, 0)->locked = true;
	emit(g, BPF_JMP | BPF_JNE | BPF_K, 0, 0, head - (int)g->p->n - 1, 0)->locked = true;
}

static void small_call(struct gen *g, int base)
{
	bool loop = chance(&g->r, 50) && g->helper_loops < 2;
	int arg = loop ? 3 : 2;
	struct pending *pending;

	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, value(g), 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, base, 0, 0);
	pending = ask_for(g, loop ? FN_LOOP : FN_STATIC);
	if (!pending)
		return;
	pending->small = true;
	if (loop) {
		g->helper_loops++;
		load_function(g, 2);
		load_number(g, 4, 0);
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, 1, 0, 0, 3)->locked = true;
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_loop)->locked = true;
	} else {
		emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	}
	if (chance(&g->r, 50))
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, value(g), 0, 0, 0);
}

static void small_pieces(struct gen *g, int base, int depth)
{
	int count = depth ? 1 + (int)below(&g->r, 3) : 4 + (int)below(&g->r, 8);

	for (; count > 0 && g->p->n < 300; count--) {
		unsigned int which = (unsigned int)below(&g->r, 8);

		if (which < 3 && depth < 3)
			small_branch(g, base, depth);
		else if (which == 3 && depth < 2 && chance(&g->r, 50))
			small_loop(g, base, depth);
		else if (which == 4 && g->fn == FN_MAIN && !depth)
			small_call(g, base);
		else
			small_piece(g, base);
	}
}

static void begin_values(struct gen *g)
{
	for (int i = 7; i < 10; i++)
		g->s.reg[i] = scalar_any;
	g->s.reg[0].kind = K_NONE;
}

void gen_small(struct gen *g)
{
	for (int i = 7; i < 10; i++) {
		emit(g, BPF_LDX | BPF_MEM | size_codes[below(&g->r, 4)], i, 6, 8 * (i - 7), 0);
		if (chance(&g->r, 60))
			emit(g, BPF_ALU64 | BPF_AND | BPF_K, i, 0, 0, (1 << below(&g->r, 4)) - 1);
	}
	for (int at = -8; at >= -32; at -= 8) {
		if (chance(&g->r, 50))
			emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, small_number(g));
		else
			emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, value(g), at, 0);
	}
	small_pieces(g, 10, 0);
	begin_values(g);
	if (chance(&g->r, 25))
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, value(g), 10, slot(g), 0);
}

void gen_small_function(struct gen *g)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 2, 0, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 7, 1, 0, 0);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, 8, 6, slot(g), 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 9, 0, 0, small_number(g));
	small_pieces(g, 6, 1);
	begin_values(g);
	if (chance(&g->r, 60))
		emit(g, BPF_STX | BPF_MEM | BPF_DW, 6, value(g), slot(g), 0);
}
