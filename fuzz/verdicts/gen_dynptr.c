/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: dynptrs, of a map's value or a sample of a ring buffer. Each has a place of
 * its own on the stack, below where other pieces write.
 */
#include "gen.h"

#define PLACES 3
#define PLACE(i) (-144 - 16 * (int)(i))

static void dynptr_argument(struct gen *g, int reg, unsigned int i)
{
	mov(g, reg, 10);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, PLACE(i) + (slip(g) ? 8 : 0));
	g->s.reg[reg].kind = K_OPAQUE;
}

void gen_dynptr_new(struct gen *g)
{
	unsigned int i = (unsigned int)below(&g->r, PLACES);
	int size = 1 + (int)below(&g->r, 40), off = (int)below(&g->r, 24), num = pick_number(g);

	if ((g->rings & 1u << i) && !slip(g))
		return;
	if (num >= 6 && chance(&g->r, 50)) {
		bound(g, num, (uint64_t)size);
		mov(g, 2, num);
	} else {
		load_number(g, 2, size);
	}
	load_map_value(g, 1, chance(&g->r, 90) ? M_DATA : M_RODATA, off);
	load_number(g, 3, slip(g) ? 1 : 0);
	dynptr_argument(g, 4, i);
	call(g, BPF_FUNC_dynptr_from_mem, scalar_any);
	stack_written(g, PLACE(i), 16);
	memset(g->s.init + 512 + PLACE(i), 0, 16); /* not to be read */
	g->dynptrs |= 1u << i;
}

static int some_dynptr(struct gen *g)
{
	unsigned int i = (unsigned int)below(&g->r, PLACES);

	if (g->fn != FN_MAIN && !slip(g))
		return -1;
	return (g->dynptrs | g->rings) & 1u << i || slip(g) ? (int)i : -1;
}

/* A part of it, as memory. */
void gen_dynptr_data(struct gen *g)
{
	int i = some_dynptr(g), size = 1 + (int)below(&g->r, 16), num = pick_scalar(g);

	if (i < 0)
		return;
	if (num >= 6 && chance(&g->r, 40))
		mov(g, 2, num);
	else
		load_number(g, 2, (int64_t)below(&g->r, 24));
	load_number(g, 3, size);
	dynptr_argument(g, 1, (unsigned int)i);
	call(g, BPF_FUNC_dynptr_data,
	     (struct reg){.kind = K_MEM, .or_null = true, .size = size, .id = ++g->ids});
	if (chance(&g->r, 80))
		mov(g, 7 + (int)below(&g->r, 3), 0);
	if (g->holds) /* no way out here */
		g->s.reg[0].kind = K_NONE;
	else if (chance(&g->r, 80))
		gen_null_check(g);
}

void gen_dynptr_copy(struct gen *g)
{
	int i = some_dynptr(g), size = 1 + (int)below(&g->r, 24), at;

	if (i < 0)
		return;
	at = on_stack(g, size);
	if (chance(&g->r, 50)) {
		mov(g, 1, 10);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, at);
		load_number(g, 2, size);
		dynptr_argument(g, 3, (unsigned int)i);
		load_number(g, 4, (int64_t)below(&g->r, 24));
		load_number(g, 5, slip(g) ? 1 : 0);
		call(g, BPF_FUNC_dynptr_read, scalar_any);
		stack_written(g, at, size);
		return;
	}
	dynptr_argument(g, 1, (unsigned int)i);
	load_number(g, 2, (int64_t)below(&g->r, 24));
	mov(g, 3, 10);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, at);
	load_number(g, 4, size);
	load_number(g, 5, slip(g) ? 1 : 0);
	call(g, BPF_FUNC_dynptr_write, scalar_any);
}

/* A sample for as long as a few pieces take. */
void gen_dynptr_ring(struct gen *g)
{
	unsigned int i = (unsigned int)below(&g->r, PLACES), id;
	bool held = g->holds;

	if (g->fn != FN_MAIN || g->depth > 2 || (g->rings & 1u << i))
		return;
	load_map(g, 1, M_RING);
	load_number(g, 2, 8 + (int64_t)below(&g->r, 32));
	load_number(g, 3, 0);
	dynptr_argument(g, 4, i);
	call(g, BPF_FUNC_ringbuf_reserve_dynptr, scalar_any);
	g->rings |= 1u << i;
	g->dynptrs &= ~(1u << i);
	g->holds = true;
	g->depth += 2;
	id = g->ids;
	gen_pieces(g, 1 + (int)below(&g->r, 4));
	g->depth -= 2;
	g->holds = held;
	if (chance(&g->r, 3))
		return;
	dynptr_argument(g, 1, i);
	load_number(g, 2, 0);
	call(g,
	     chance(&g->r, 50) ? BPF_FUNC_ringbuf_submit_dynptr : BPF_FUNC_ringbuf_discard_dynptr,
	     (struct reg){0});
	g->rings &= ~(1u << i);
	/* What was found in it. */
	for (int r = 0; r < 10; r++)
		if (g->s.reg[r].kind == K_MEM && g->s.reg[r].id > id && !slip(g))
			g->s.reg[r].kind = K_NONE;
}
