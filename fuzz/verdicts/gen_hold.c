/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: what has to be given back. A sample of a ring buffer, a lock, and the tail
 * call that neither may be held for. What happens in between is other pieces; now and then it is
 * given back twice, not at all, on one of two ways, by a function, or used afterwards.
 */
#include "gen.h"

void give_back(struct gen *g, int reg)
{
	mov(g, 1, reg);
	load_number(g, 2, slip(g) ? 4 : 0);
	call(g, chance(&g->r, 50) ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard,
	     (struct reg){0});
}

/* Have a function give it back. */
static bool give_away(struct gen *g, int reg)
{
	struct reg sample = g->s.reg[reg];
	struct pending *pending;

	if (g->fn != FN_MAIN)
		return false;
	load_number(g, 1, 1);
	mov(g, 2, reg);
	pending = ask_for(g, FN_STATIC);
	if (!pending)
		return false;
	pending->arg = sample;
	pending->gives_back = !chance(&g->r, 5);
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	called(g, scalar_any);
	return true;
}

static void forget(struct gen *g, unsigned int id)
{
	for (int i = 0; i < 10; i++)
		if (g->s.reg[i].id == id)
			g->s.reg[i].kind = K_NONE;
	for (int i = 0; i < 64; i++)
		if (g->s.spill[i].id == id) {
			g->s.spill[i].kind = K_NONE;
			memset(g->s.init + i * 8, 0, 8);
		}
}

/* Give it back here, or on one of two ways that meet, or away. */
static void end_sample(struct gen *g, int reg)
{
	int num = pick_scalar(g);
	unsigned int jump;

	if (chance(&g->r, 2))
		return;
	if (chance(&g->r, 15) && give_away(g, reg))
		return;
	if (num < 0 || num == reg || chance(&g->r, 70)) {
		give_back(g, reg);
		if (slip(g))
			give_back(g, reg);
		return;
	}
	jump = g->p->n;
	emit(g, BPF_JMP | BPF_JGT | BPF_K, num, 0, 0, (int32_t)below(&g->r, 64));
	give_back(g, reg);
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
	jump = g->p->n - 1;
	if (!slip(g))
		give_back(g, reg);
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
}

void gen_reserve(struct gen *g)
{
	int keep = 7 + (int)below(&g->r, 3), slot = 63 - (int)below(&g->r, 12);
	int size = 8 * (1 + (int)below(&g->r, 4));
	unsigned int protect = g->protect, jump, id = ++g->ids;
	struct reg sample = {.kind = K_MEM, .size = size, .id = id};
	bool held = g->holds, spilled = chance(&g->r, 30);
	struct state none;

	if (g->depth > 2 || (g->protect & 1u << keep) || (held && chance(&g->r, 80)))
		return;
	load_number(g, 2, size);
	load_number(g, 3, slip(g) ? 1 : 0);
	load_map(g, 1, slip(g) ? M_ARRAY : M_RING);
	call(g, BPF_FUNC_ringbuf_reserve, sample);
	mov(g, keep, 0);
	none = g->s;
	jump = g->p->n;
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, chance(&g->r, 70) ? keep : 0, 0, 0, 0);
	if (slip(g))
		g->p->n--;
	if (spilled) {
		emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, keep, slot * 8 - 512, 0);
		stack_written(g, slot * 8 - 512, 8);
		g->s.spill[slot] = g->s.reg[keep];
	}
	g->protect |= 1u << keep;
	g->holds = true;
	g->depth += 2;
	gen_pieces(g, (int)below(&g->r, 4));
	g->depth -= 2;
	if (spilled && g->s.spill[slot].id == id && chance(&g->r, 60)) {
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, keep, 10, slot * 8 - 512, 0);
		g->s.reg[keep] = g->s.spill[slot];
	}
	if (chance(&g->r, 60))
		emit(g, BPF_ST | BPF_MEM | BPF_W, keep, 0,
		     (int)below(&g->r, (uint64_t)size) & (slip(g) ? ~0 : ~3), 7);
	g->holds = held;
	g->protect = protect;
	end_sample(g, keep);
	if (!slip(g))
		forget(g, id);
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
	for (int i = 0; i < 10; i++)
		if (none.reg[i].id == id)
			none.reg[i].kind = K_NONE;
	join(&g->s, &none);
}

/* r1 = the lock in the value at @reg. */
static void lock_call(struct gen *g, int reg, int helper)
{
	mov(g, 1, reg);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, slip(g) ? 12 : LOCK_OFFSET);
	call(g, helper, (struct reg){0});
}

void gen_lock(struct gen *g)
{
	int keep = 7 + (int)below(&g->r, 3), at = -8 - 8 * (int)below(&g->r, 4);
	unsigned int protect = g->protect, jump;
	bool held = g->holds;
	struct state none;

	if (g->depth > 2 || (g->protect & 1u << keep) || g->locked)
		return;
	/* Of its own size: Linux sees that such a key is there, and not in a larger constant. */
	emit(g, BPF_ST | BPF_MEM | BPF_W, 10, 0, at, (int)below(&g->r, 4));
	stack_written(g, at, 4);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, at);
	load_map(g, 1, M_LOCK);
	call(g, BPF_FUNC_map_lookup_elem,
	     (struct reg){.kind = K_MEM, .size = map_shapes[M_LOCK].value, .id = ++g->ids});
	mov(g, keep, 0);
	none = g->s;
	jump = g->p->n;
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, keep, 0, 0, 0);
	lock_call(g, keep, BPF_FUNC_spin_lock);
	g->protect |= 1u << keep;
	g->holds = true;
	g->locked = !slip(g);
	g->depth += 2;
	gen_pieces(g, 1 + (int)below(&g->r, 3));
	g->depth -= 2;
	if (chance(&g->r, 50))
		emit(g, BPF_ST | BPF_MEM | BPF_W, keep, 0, slip(g) ? LOCK_OFFSET : 16, 9);
	if (!slip(g))
		lock_call(g, keep, BPF_FUNC_spin_unlock);
	g->holds = held;
	g->locked = false;
	g->protect = protect;
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
	none.reg[keep].kind = none.reg[0].kind = K_NONE; /* NULL there */
	join(&g->s, &none);
}

void gen_tail_call(struct gen *g)
{
	int num = pick_scalar(g), ctx = -1;

	if (!is_iterator(g->p->target) && !slip(g))
		return;
	if ((g->fn == FN_LOOP || g->fn == FN_ELEM) && !slip(g))
		return;
	for (int i = 6; i < 10; i++)
		if (g->s.reg[i].kind == K_CTX)
			ctx = i;
	if (ctx < 0 && !slip(g))
		return;
	if (num >= 0 && chance(&g->r, 50))
		mov(g, 3, num);
	else
		load_number(g, 3,
			    chance(&g->r, 70) ? (int64_t)below(&g->r, 3) : interesting(&g->r));
	mov(g, 1, ctx < 0 ? 6 : ctx);
	load_map(g, 2, slip(g) ? M_ARRAY : M_PROGS);
	call(g, BPF_FUNC_tail_call, (struct reg){0});
}
