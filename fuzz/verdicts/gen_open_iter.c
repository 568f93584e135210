/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: loops over the numbers that an iterator on the stack gives
 * (bpf_iter_num_new, _next, _destroy).
 */
#include "gen.h"

static void iter_call(struct gen *g, int at, enum kfunc kfunc, struct reg result)
{
	struct ins *ins;

	mov(g, 1, 10);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, at);
	ins = emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 0);
	ins->reloc = RELOC_KFUNC;
	ins->what = kfunc;
	called(g, result);
}

/* Numbers change from round to round, pointers stay. */
static void begin_rounds(struct gen *g)
{
	for (int i = 6; i < 10; i++)
		if (g->s.reg[i].kind == K_SCALAR)
			g->s.reg[i] = scalar_any;
		else if (g->s.reg[i].kind != K_NONE)
			g->protect |= 1u << i;
	for (int i = 0; i < 64; i++)
		if (g->s.spill[i].kind == K_SCALAR)
			g->s.spill[i] = scalar_any;
}

void gen_open_iter(struct gen *g)
{
	/* Below where other pieces write. */
	int at = -104 - 8 * (int)g->iterators, num = pick_dst(g);
	unsigned int protect = g->protect, head, leave, out = 0;
	bool held = g->holds;
	struct state after;

	if (g->depth > 2 || g->iterators > 2)
		return;
	load_number(g, 2, (int64_t)below(&g->r, 8) - 2);
	if (pick_scalar(g) == 3 || slip(g))
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, 3, 0, 0, 15);
	else
		load_number(g, 3, (int64_t)below(&g->r, 14));
	iter_call(g, at, KFUNC_NUM_NEW, scalar_any);
	begin_rounds(g);
	head = g->p->n;
	iter_call(g, at, KFUNC_NUM_NEXT,
		  (struct reg){.kind = K_MEM, .size = 4, .rdonly = true, .id = ++g->ids});
	leave = g->p->n;
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0, 0);
	if (slip(g))
		g->p->n--;
	if (!(g->protect & 1u << num)) {
		emit(g, BPF_LDX | BPF_MEM | BPF_W, num, 0, 0, 0);
		g->s.reg[num] = scalar(0, UINT32_MAX);
	}
	after = g->s;
	g->holds = true;
	g->iterators++;
	g->depth += 2;
	gen_pieces(g, 1 + (int)below(&g->r, 4));
	g->depth -= 2;
	g->iterators--;
	g->holds = held;
	if (chance(&g->r, 25)) { /* out early */
		int reg = pick_scalar(g);

		out = g->p->n;
		emit(g, BPF_JMP | BPF_JGT | BPF_K, reg < 0 ? 10 : reg, 0, 0, (int)below(&g->r, 64));
	}
	emit(g, BPF_JMP | BPF_JA, 0, 0, (int)head - (int)g->p->n - 1, 0);
	g->p->ins[leave].insn.off = (int16_t)(g->p->n - leave - 1);
	if (out)
		g->p->ins[out].insn.off = (int16_t)(g->p->n - out - 1);
	join(&g->s, &after);
	for (int i = 0; i < 6; i++)
		g->s.reg[i].kind = K_NONE;
	if (!(protect & 1u << num))
		g->s.reg[num].kind = K_NONE; /* not set if there was no round */
	if (!slip(g))
		iter_call(g, at, KFUNC_NUM_DESTROY, (struct reg){0});
	g->protect = protect;
}
