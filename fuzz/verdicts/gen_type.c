/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: the context of iterators, walks through structures, the kfunc.
 */
#include "gen.h"

void gen_ctx(struct gen *g)
{
	static const struct reg arguments[NR_TARGETS][4] = {
		[T_ELEM] = {{.kind = K_BTF, .what = S_META, .trusted = true},
			    {.kind = K_BTF, .what = S_MAP, .trusted = true},
			    {.kind = K_MEM, .or_null = true, .rdonly = true, .size = 4},
			    {.kind = K_MEM, .or_null = true, .size = 24}},
		[T_MAP] = {{.kind = K_BTF, .what = S_META, .trusted = true},
			   {.kind = K_BTF, .what = S_MAP, .trusted = true, .or_null = true}},
	};
	int dst, which;

	if (!main_iter(g) || g->s.reg[6].kind != K_CTX)
		return;
	which = (int)below(&g->r, g->p->target == T_ELEM ? 4 : 2);
	dst = chance(&g->r, 60) ? 7 + (int)below(&g->r, 3) : pick_dst(g);
	if (g->protect & 1u << dst)
		return;
	emit(g, BPF_LDX | BPF_MEM | (slip(g) ? BPF_W : BPF_DW), dst, 6,
	     8 * which + (slip(g) ? 4 : 0) + (slip(g) ? 16 : 0), 0);
	g->s.reg[dst] = arguments[g->p->target][which];
	g->s.reg[dst].id = ++g->ids;
	if (g->s.reg[dst].or_null && chance(&g->r, 85))
		gen_null_check(g);
}

void gen_walk(struct gen *g)
{
	int ptr = -1, dst = pick_dst(g);
	const struct field *f;
	unsigned int which;
	struct ins *ins;
	int size_code;

	for (int tries = 0; tries < 16 && ptr < 0; tries++) {
		int reg = (int)below(&g->r, 10);

		if (g->s.reg[reg].kind == K_BTF && (!g->s.reg[reg].or_null || slip(g)))
			ptr = reg;
	}
	if (ptr < 0)
		return;
	do {
		which = (unsigned int)below(&g->r, nr_fields);
		f = &fields[which];
	} while ((int)f->of != g->s.reg[ptr].what);
	if (!field_usable[which])
		return;
	size_code = f->size == 1 ? BPF_B : f->size == 2 ? BPF_H : f->size == 4 ? BPF_W : BPF_DW;
	if (slip(g))
		size_code = size_codes[below(&g->r, 4)];
	if (slip(g)) {
		ins = emit(g, (uint8_t)(BPF_ST | BPF_MEM | size_code), ptr, 0, 0, 1);
	} else {
		ins = emit(g, (uint8_t)(BPF_LDX | BPF_MEM | size_code), dst, ptr, 0, 0);
		if (f->to >= 0)
			g->s.reg[dst] = (struct reg){.kind = K_BTF, .what = f->to};
		else
			g->s.reg[dst] =
				f->size == 8 ? scalar_any : scalar(0, (1ull << f->size * 8) - 1);
	}
	ins->reloc = RELOC_FIELD;
	ins->what = (uint8_t)which;
}

void gen_count(struct gen *g)
{
	struct ins *ins;

	for (int reg = 0; reg < 10; reg++) {
		const struct reg *r = &g->s.reg[reg];

		if (r->kind == K_BTF && r->what == S_MAP &&
		    ((r->trusted && !r->or_null) || slip(g))) {
			mov(g, 1, reg);
			goto have;
		}
	}
	load_map(g, 1, pick_map(g));
have:
	ins = emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 0);
	ins->reloc = RELOC_KFUNC;
	ins->what = KFUNC_COUNT;
	called(g, scalar_any);
}
