/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs from a seed: pieces of programs (gen.h), put together.
 */
#include "gen.h"

enum { EXITS = 1, CALLS = 2 }; /* it may leave the function; it calls something */

static const struct {
	void (*piece)(struct gen *g);
	unsigned int weight, does;
} pieces[] = {
	{gen_alu, 22},
	{gen_odd_alu, 6},
	{gen_number, 8},
	{gen_copy, 6},
	{gen_load, 12},
	{gen_store, 10},
	{gen_spill, 6},
	{gen_fill, 6},
	{gen_atomic, 4},
	{gen_ordered, 3},
	{gen_add_constant, 5},
	{gen_variable, 16, EXITS},
	{gen_if, 12},
	{gen_loop, 4},
	{gen_diamond, 8},
	{gen_stride, 3},
	{gen_stale, 6, CALLS},
	{gen_half, 3, EXITS},
	{gen_trap, 3},
	{gen_null_check, 4, EXITS},
	{gen_lookup, 7, EXITS | CALLS},
	{gen_update, 3, CALLS},
	{gen_delete, 1, CALLS},
	{gen_seq_write, 5, EXITS | CALLS},
	{gen_seq_printf, 2, CALLS},
	{gen_snprintf, 2, EXITS | CALLS},
	{gen_strncmp, 2, EXITS | CALLS},
	{gen_probe_read, 3, EXITS | CALLS},
	{gen_ctx, 8, EXITS},
	{gen_walk, 7},
	{gen_count, 1, CALLS},
	{gen_call, 4, CALLS},
	{gen_helper_loop, 3, CALLS},
	{gen_reserve, 4, CALLS},
	{gen_lock, 3, CALLS},
	{gen_tail_call, 2, EXITS | CALLS},
	{gen_packet, 14, EXITS},
	{gen_packet_join, 6, EXITS},
	{gen_packet_variable, 10, EXITS},
	{gen_adjust_head, 3, CALLS},
	{gen_packet_load, 4, EXITS | CALLS},
	{gen_load_bytes, 2, CALLS},
	{gen_open_iter, 4, CALLS},
	{gen_dynptr_new, 4, CALLS},
	{gen_dynptr_data, 4, CALLS},
	{gen_dynptr_copy, 3, CALLS},
	{gen_dynptr_ring, 3, CALLS},
};

void gen_pieces(struct gen *g, int count)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		sum += pieces[i].weight;
	for (; count > 0 && g->budget > 0; count--) {
		unsigned int at = (unsigned int)below(&g->r, sum), i = 0, n = g->p->n;
		unsigned int not_now = (g->holds ? EXITS : 0) | (g->locked ? CALLS : 0);

		while (at >= pieces[i].weight)
			at -= pieces[i++].weight;
		if ((pieces[i].does & not_now) && !slip(g))
			continue;
		pieces[i].piece(g);
		g->budget -= (int)(g->p->n - n) + 1;
	}
}

/* Everything that is known goes into the result. */
static void gen_end(struct gen *g)
{
	int kept = -1;

	if (g->fn == FN_MAIN && g->p->n < MAX_INS / 2) {
		g->p->question = g->p->n;
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	}
	for (int i = 9; i >= 0; i--)
		if (g->s.reg[i].kind == K_SCALAR && chance(&g->r, 90))
			kept = i;
	if (kept < 0)
		load_number(g, 0, 0);
	else if (kept)
		mov(g, 0, kept);
	for (int i = kept + 1; kept >= 0 && i < 10; i++) {
		if (g->s.reg[i].kind != K_SCALAR)
			continue;
		emit(g, BPF_ALU64 | BPF_XOR | BPF_X, 0, i, 0, 0);
		emit(g, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 0x1000193);
	}
	if (main_iter(g) && g->s.reg[6].kind == K_CTX) {
		emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, -8, 0);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8);
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 8);
		seq_argument(g);
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_seq_write);
		load_number(g, 0, 0);
	}
	if (main_iter(g) || g->fn == FN_LOOP || g->fn == FN_ELEM) {
		if (chance(&g->r, 70))
			load_number(g, 0, slip(g) ? 2 : 0);
		else if (!slip(g))
			alu_imm(g, 0, BPF_AND, true, chance(&g->r, 95) && main_iter(g) ? 0 : 1);
	} else if (g->s.reg[0].kind == K_NONE) {
		load_number(g, 0, 1);
	}
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void gen_function(struct gen *g, const struct pending *pending)
{
	struct bpf_insn *ref = &g->p->ins[pending->ref].insn;

	memset(&g->s, 0, sizeof(g->s));
	g->fn = pending->fn;
	g->protect = 0;
	g->iterators = g->dynptrs = g->rings = 0;
	g->depth = 1;
	g->budget = 12 + (int)below(&g->r, 20);
	g->s.reg[10] = (struct reg){.kind = K_STACK};
	switch (pending->fn) {
	case FN_STATIC:
		g->s.reg[1] = scalar_any;
		g->s.reg[2] = pending->arg;
		break;
	case FN_LOOP:
		g->s.reg[1] = scalar(0, 1 << 23);
		g->s.reg[2] = pending->arg;
		break;
	case FN_ELEM:
		g->s.reg[1] = (struct reg){.kind = K_MAP, .what = pending->map};
		g->s.reg[2] = (struct reg){
			.kind = K_MEM, .rdonly = true, .size = map_shapes[pending->map].key};
		g->s.reg[3] = (struct reg){.kind = K_MEM,
					   .size = map_shapes[pending->map].value,
					   .rdonly = pending->map == M_RODATA};
		g->s.reg[4] = pending->arg;
		break;
	case FN_GLOBAL_NUMBERS:
		g->s.reg[1] = scalar(0, UINT32_MAX);
		g->s.reg[2] = scalar_any;
		break;
	default:
		g->s.reg[1] = pending->arg;
		g->s.reg[1].id = ++g->ids;
		if (chance(&g->r, 90))
			gen_null_check(g);
		break;
	}
	ref->imm = (int32_t)(g->p->funcs[g->p->nr_funcs - 1].at - pending->ref - 1);
	if (pending->small) {
		gen_small_function(g);
		gen_end(g);
		return;
	}
	/* Keep the arguments where calls leave them. */
	for (int i = 1, keep = 7; i < 5 && keep < 10; i++)
		if (g->s.reg[i].kind != K_NONE && chance(&g->r, 70))
			mov(g, keep++, i);
	if (pending->gives_back) {
		mov(g, 6, 2);
		g->protect |= 1u << 6;
		g->holds = true;
	}
	gen_pieces(g, 3 + (int)below(&g->r, 8));
	g->holds = false;
	if (pending->gives_back)
		give_back(g, 6);
	gen_end(g);
}

void generate(struct program *p, uint64_t seed, uint64_t number)
{
	static const enum target targets[] = {T_SYSCALL, T_SYSCALL, T_SYSCALL, T_ELEM,
					      T_ELEM,	 T_MAP,	    T_XDP,     T_TC};
	struct gen g = {.r = {seed * 0x2545f4914f6cdd1dull ^ number}, .p = p};

	rnd(&g.r);
	p->seed = seed;
	p->number = number;
	p->n = p->mutations = p->question = 0;
	p->nr_funcs = 1;
	p->funcs[0].at = 0;
	p->funcs[0].fn = FN_MAIN;
	p->target = targets[below(&g.r, ARRAY_SIZE(targets))];
	p->with_btf = chance(&g.r, 20);

	g.fn = FN_MAIN;
	g.budget = chance(&g.r, 60) ? 40 : 120;
	g.s.reg[10] = (struct reg){.kind = K_STACK};
	g.s.reg[1] = (struct reg){.kind = K_CTX};
	mov(&g, 6, 1);
	if (!chance(&g.r, 3))
		g.protect = 1 << 6;
	if (p->target == T_SYSCALL && chance(&g.r, 30)) {
		gen_small(&g);
	} else {
		if (is_iterator(p->target))
			gen_ctx(&g);
		else if (has_packet(p->target))
			gen_packet(&g);
		else
			for (int i = 0; i < 3; i++)
				gen_load(&g);
		gen_pieces(&g, 4 + (int)below(&g.r, 24));
	}
	gen_end(&g);
	for (unsigned int i = 0; i < g.nr_pending && p->nr_funcs < MAX_FUNCS; i++) {
		struct pending pending = g.pending[i];

		p->funcs[p->nr_funcs].at = p->n;
		p->funcs[p->nr_funcs++].fn = pending.fn;
		gen_function(&g, &pending);
	}
	if (chance(&g.r, 45))
		mutate(p, &g.r);
}
