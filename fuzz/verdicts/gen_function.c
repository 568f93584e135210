/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: calls of functions and callbacks, which are made later.
 */
#include "gen.h"

struct pending *ask_for(struct gen *g, enum function fn)
{
	struct pending *pending;

	if (g->nr_pending == MAX_PENDING)
		return NULL;
	pending = &g->pending[g->nr_pending++];
	*pending = (struct pending){.fn = fn, .ref = g->p->n};
	g->p->with_btf = true;
	return pending;
}

/* r@arg = 16 bytes of our stack, which somebody else may change. */
static struct reg lend_stack(struct gen *g, int arg)
{
	int at = on_stack(g, 16);

	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, 10, 0, 0);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, arg, 0, 0, at);
	g->s.reg[arg] = (struct reg){.kind = K_OPAQUE};
	return (struct reg){.kind = K_MEM, .size = 16, .aligned = true};
}

void gen_call(struct gen *g)
{
	enum function fn = chance(&g->r, 60)   ? FN_STATIC
			   : chance(&g->r, 50) ? FN_GLOBAL_NUMBERS
					       : FN_GLOBAL_MEMORY;
	struct pending *pending;
	struct reg arg = scalar_any;
	int num = pick_scalar(g);

	if (g->fn != FN_MAIN && !slip(g))
		return;
	if (num < 0)
		return;
	if (fn != FN_GLOBAL_MEMORY)
		mov(g, 1, num);
	if (fn == FN_STATIC && chance(&g->r, 50)) {
		arg = lend_stack(g, 2);
	} else if (fn == FN_STATIC && chance(&g->r, 50)) {
		load_map_value(g, 2, M_DATA, 0);
		arg = g->s.reg[2];
	} else if (fn == FN_STATIC && g->s.reg[6].kind == K_CTX && chance(&g->r, 50)) {
		mov(g, 2, 6);
		arg = g->s.reg[2];
	} else if (fn == FN_GLOBAL_MEMORY) {
		lend_stack(g, 1);
		arg = (struct reg){.kind = K_MEM, .size = 16, .or_null = true, .aligned = true};
	} else {
		load_number(g, 2, interesting(&g->r));
	}
	pending = ask_for(g, fn);
	if (!pending)
		return;
	pending->arg = arg;
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	called(g, scalar_any);
}

void load_function(struct gen *g, int reg)
{
	emit(g, BPF_LD | BPF_IMM | BPF_DW, reg, BPF_PSEUDO_FUNC, 0, 0);
	emit(g, 0, 0, 0, 0, 0);
}

void gen_helper_loop(struct gen *g)
{
	bool elements = chance(&g->r, 40);
	struct pending *pending;
	struct reg arg = {.kind = K_SCALAR};
	struct ins *mask;
	int num = pick_scalar(g);

	if (g->fn != FN_MAIN || g->helper_loops == 2 || g->depth > 1)
		return;
	g->helper_loops++;
	if (chance(&g->r, 75))
		arg = lend_stack(g, 3);
	else
		load_number(g, 3, 0);
	load_number(g, 4, slip(g) ? 1 : 0);
	pending = ask_for(g, elements ? FN_ELEM : FN_LOOP);
	if (!pending)
		return;
	load_function(g, 2);
	pending->arg = arg;
	if (elements) {
		pending->map = chance(&g->r, 80) ? M_ARRAY : pick_map(g);
		load_map(g, 1, pending->map);
		call(g, BPF_FUNC_for_each_map_elem, scalar_any);
		return;
	}
	if (num > 5 && chance(&g->r, 60))
		mov(g, 1, num);
	else
		load_number(g, 1, (int64_t)below(&g->r, 64));
	mask = emit(g, BPF_ALU64 | BPF_AND | BPF_K, 1, 0, 0, (int)below(&g->r, 64));
	mask->locked = true;
	call(g, BPF_FUNC_loop, scalar_any);
	g->p->ins[g->p->n - 1].locked = true;
}
