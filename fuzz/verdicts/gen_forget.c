/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: what a verifier forgets, or should have forgotten.
 */
#include "gen.h"

/* A number that as an offset into 64 bytes is right for a byte, or is not. */
static int32_t offset_number(struct gen *g, bool right)
{
	static const int32_t bad[] = {64, 65, 72, -1, -8, 127, 4096, INT32_MAX, INT32_MIN};

	return right ? (int32_t)below(&g->r, 64) : bad[below(&g->r, ARRAY_SIZE(bad))];
}

/* Read or write the byte of M_DATA at the offset that @reg holds. */
static void use_as_offset(struct gen *g, int reg)
{
	int ptr = pick_dst(g);

	if (ptr == reg)
		return;
	load_map_value(g, ptr, M_DATA, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_X, ptr, reg, 0, 0);
	if (chance(&g->r, 50))
		emit(g, BPF_ST | BPF_MEM | BPF_B, ptr, 0, 0, 1);
	else
		emit(g, BPF_LDX | BPF_MEM | BPF_B, reg, ptr, 0, 0);
	g->s.reg[ptr].kind = K_NONE;
	g->s.reg[reg] = scalar(0, UINT8_MAX);
}

static void set_arm(struct gen *g, unsigned int variant, int x, int slot, int num, bool right)
{
	int at = slot * 8 - 512;

	switch (variant) {
	case 0: /* a number */
		emit(g, (chance(&g->r, 80) ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_K, x, 0, 0,
		     offset_number(g, right));
		break;
	case 1: /* a place in a value */
		load_map_value(g, x, M_DATA, (right ? 0 : 41) + (int)below(&g->r, 23));
		break;
	case 2: /* a value of one map or another */
		load_map_value(g, x, right ? M_RODATA : M_DATA, 0);
		break;
	case 3: /* a number on the stack */
		emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, offset_number(g, right));
		stack_written(g, at, 8);
		break;
	case 4: /* a number within bounds */
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, x, num, 0, 0);
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, x, 0, 0, right ? 63 : 127);
		break;
	case 5: /* a pointer or a number on the stack */
		load_map_value(g, x, M_DATA, 0);
		emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, right ? x : num, at, 0);
		stack_written(g, at, 8);
		break;
	default: /* a pointer, or NULL */
		if (right)
			load_map_value(g, x, M_DATA, 0);
		else
			emit(g, BPF_ALU64 | BPF_MOV | BPF_K, x, 0, 0, 0);
	}
}

/* Two ways that meet: what differs between them is used when they have met. */
void gen_diamond(struct gen *g)
{
	int num = pick_scalar(g), x = pick_dst(g), slot = 63 - (int)below(&g->r, 12);
	unsigned int variant = (unsigned int)below(&g->r, 7), jump, over, protect = g->protect;
	bool right = chance(&g->r, 72), first = chance(&g->r, 50);

	if (num < 0 || num == x || g->depth > 2)
		return;
	jump = g->p->n;
	emit(g,
	     (uint8_t)((chance(&g->r, 70) ? BPF_JMP : BPF_JMP32) |
		       jump_ops[below(&g->r, ARRAY_SIZE(jump_ops))] | BPF_K),
	     num, 0, 0, (int32_t)interesting(&g->r));
	set_arm(g, variant, x, slot, num, right || first);
	over = g->p->n;
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
	set_arm(g, variant, x, slot, num, right || !first);
	g->p->ins[over].insn.off = (int16_t)(g->p->n - over - 1);
	g->s.reg[x] = (struct reg){.kind = K_OPAQUE};
	g->protect |= 1u << x;
	g->depth += 2;
	if (chance(&g->r, 70))
		gen_pieces(g, 1 + (int)below(&g->r, 2));
	g->depth -= 2;
	g->protect = protect;
	if (g->s.reg[x].kind != K_OPAQUE)
		return; /* a call took it */
	switch (variant) {
	case 0:
	case 4:
		use_as_offset(g, x);
		return;
	case 3:
		if (g->s.spill[slot].kind != K_NONE)
			return;
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, x, 10, slot * 8 - 512, 0);
		use_as_offset(g, x);
		return;
	case 5:
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, x, 10, slot * 8 - 512, 0);
		emit(g, BPF_LDX | BPF_MEM | BPF_W, x, x, 4, 0);
		break;
	case 1:
		emit(g, BPF_LDX | BPF_MEM | BPF_W, x, x, 20, 0);
		break;
	case 2:
		emit(g, BPF_LDX | BPF_MEM | BPF_W, x, x, 64, 0);
		break;
	default:
		emit(g, BPF_LDX | BPF_MEM | BPF_W, x, x, 4, 0);
	}
	g->s.reg[x] = scalar(0, UINT32_MAX);
}

/* A loop that walks over memory: as far as it goes, or a step too far. */
void gen_stride(struct gen *g)
{
	static const int steps[] = {1, 2, 4, 8, 3, 5};
	int i = 6 + (int)below(&g->r, 4), ptr = pick_dst(g), num = pick_scalar(g), head;
	int step = steps[below(&g->r, ARRAY_SIZE(steps))], end = 64 - (int)below(&g->r, 24);
	bool wide = chance(&g->r, 70), pointer = chance(&g->r, 40);
	uint8_t op = chance(&g->r, 60) ? BPF_JLT : chance(&g->r, 50) ? BPF_JSLT : BPF_JLE;

	if (g->depth > 2 || (g->protect & 1u << i) || g->s.reg[i].kind > K_SCALAR || ptr == i ||
	    ptr == num || num == i)
		return;
	if (chance(&g->r, 20))
		end += (int)below(&g->r, 12);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, i, 0, 0, chance(&g->r, 70) ? 0 : (int)below(&g->r, 16))
		->locked = true;
	if (pointer)
		load_map_value(g, ptr, M_DATA, 0);
	head = (int)g->p->n;
	if (!pointer) {
		load_map_value(g, ptr, M_DATA, 0);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_X, ptr, i, 0, 0);
	}
	emit(g, BPF_ST | BPF_MEM | BPF_B, ptr, 0, 0, 7);
	if (num >= 0 && !(g->protect & 1u << num) && chance(&g->r, 30)) {
		/* Or out of it, by what nobody knows. */
		emit(g, BPF_JMP | BPF_JEQ | BPF_K, num, 0, pointer ? 4 : 3, 77);
		emit(g, BPF_ALU64 | BPF_RSH | BPF_K, num, 0, 0, (int)below(&g->r, 2));
		g->s.reg[num] = scalar_any;
	}
	emit(g, (wide ? BPF_ALU64 : BPF_ALU) | BPF_ADD | BPF_K, i, 0, 0, step)->locked = true;
	if (pointer)
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, ptr, 0, 0, step);
	emit(g, (uint8_t)((wide ? BPF_JMP : BPF_JMP32) | op | BPF_K), i, 0, head - (int)g->p->n - 1,
	     end);
	g->p->ins[g->p->n - 1].locked = true;
	g->s.reg[i] = scalar(0, 128);
	g->s.reg[ptr].kind = K_NONE;
}

/* r@arg = the stack at @at, for somebody who changes it. */
static void stack_argument(struct gen *g, int arg, int at)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, arg, 0, 0, at);
	g->s.reg[arg] = (struct reg){.kind = K_OPAQUE};
}

static void change_in_call(struct gen *g, int num, int at)
{
	static const struct reg lent = {.kind = K_MEM, .size = 16, .aligned = true};
	bool loop = chance(&g->r, 50);
	struct pending *pending;

	if (g->fn != FN_MAIN || (loop && (g->helper_loops == 2 || g->depth > 1)))
		return;
	if (!loop)
		mov(g, 1, num);
	stack_argument(g, loop ? 3 : 2, at);
	pending = ask_for(g, loop ? FN_LOOP : FN_STATIC);
	if (!pending)
		return;
	pending->arg = lent;
	if (!loop) {
		emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
		called(g, scalar_any);
		return;
	}
	g->helper_loops++;
	load_function(g, 2);
	load_number(g, 4, 0);
	load_number(g, 1, (int64_t)below(&g->r, 20));
	emit(g, BPF_ALU64 | BPF_AND | BPF_K, 1, 0, 0, 15)->locked = true;
	call(g, BPF_FUNC_loop, scalar_any);
	g->p->ins[g->p->n - 1].locked = true;
}

/* Change something at or beside the stack's @near, one way or another. */
static void change(struct gen *g, int x, int num, int at, int near)
{
	int32_t n = (int32_t)interesting(&g->r);

	switch (below(&g->r, 8)) {
	case 0: /* a part of it */
		emit(g, (uint8_t)(BPF_ST | BPF_MEM | size_codes[below(&g->r, 3)]), 10, 0,
		     near + 4 * (int)below(&g->r, 2), n);
		break;
	case 1: /* at an offset within bounds */
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, x, num, 0, 0);
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, x, 0, 0, chance(&g->r, 50) ? 7 : 8);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_X, x, 10, 0, 0);
		emit(g, (uint8_t)(BPF_ST | BPF_MEM | (chance(&g->r, 50) ? BPF_B : BPF_DW)), x, 0,
		     near, n);
		g->s.reg[x].kind = K_NONE;
		break;
	case 2: /* by a helper */
		stack_argument(g, 1, near);
		load_number(g, 2, chance(&g->r, 50) ? 8 : 1);
		load_map_value(g, 3, M_DATA, 8);
		call(g, BPF_FUNC_probe_read_kernel, scalar_any);
		break;
	case 3:
	case 4:
		change_in_call(g, num, at < near ? at : near);
		break;
	case 5: /* atomically */
		if (chance(&g->r, 50))
			emit(g, BPF_STX | BPF_ATOMIC | BPF_DW, 10, num, near,
			     chance(&g->r, 50) ? BPF_ADD : BPF_XCHG);
		else
			emit(g, BPF_STX | BPF_ATOMIC | BPF_W, 10, num, near, BPF_OR | BPF_FETCH);
		g->s.reg[num] = scalar_any;
		break;
	case 6: /* compared and exchanged */
		if (g->protect & 1)
			break;
		load_number(g, 0, (int64_t)below(&g->r, 64));
		emit(g, (uint8_t)(BPF_STX | BPF_ATOMIC | (chance(&g->r, 50) ? BPF_DW : BPF_W)), 10,
		     num, near, BPF_CMPXCHG);
		g->s.reg[0] = scalar_any;
		if (chance(&g->r, 30))
			use_as_offset(g, 0);
		break;
	default: /* not at all */
		gen_pieces(g, 1);
	}
}

/* A copy that is cut or extended; one of the two is bounded, the other used. */
void gen_half(struct gen *g)
{
	int num = pick_scalar(g), x = pick_dst(g);
	bool which = chance(&g->r, 50), wide = chance(&g->r, 60);

	if (num < 0 || x == num)
		return;
	if (chance(&g->r, 50))
		emit(g, BPF_ALU | BPF_MOV | BPF_X, x, num, 0, 0);
	else
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, x, num, 8 << below(&g->r, 3), 0);
	guard(g, which ? num : x, chance(&g->r, 60) ? BPF_JLE : BPF_JSLE, wide, 63);
	if (chance(&g->r, 40))
		guard(g, chance(&g->r, 50) ? num : x, BPF_JSGE, chance(&g->r, 60), 0);
	g->s.reg[x] = scalar_any;
	use_as_offset(g, x);
}

/* Numbers that are known on the stack; something that may change them; a use of one as if nothing
 * had happened. */
void gen_stale(struct gen *g)
{
	int slot = 63 - (int)below(&g->r, 6), at = slot * 8 - 512, num = pick_scalar(g);
	int x = 6 + (int)below(&g->r, 4), near = at + 8 * ((int)below(&g->r, 3) - 1);

	if (num < 0 || (g->protect & 1u << x) || x == num || near > -8)
		return;
	load_number(g, x, offset_number(g, true));
	if (chance(&g->r, 50))
		emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, x, at, 0);
	else
		emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, offset_number(g, true));
	stack_written(g, at, 8);
	emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, near, offset_number(g, true));
	stack_written(g, near, 8);
	change(g, x, num, at, near);
	if (g->protect & 1u << x)
		return;
	emit(g, (uint8_t)(BPF_LDX | BPF_MEM | (chance(&g->r, 70) ? BPF_DW : BPF_W)), x, 10,
	     chance(&g->r, 60) ? at : near, 0);
	g->s.reg[x] = scalar(0, 63);
	use_as_offset(g, x);
}
