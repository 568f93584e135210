/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: calls of helpers, and their arguments.
 */
#include "gen.h"

void called(struct gen *g, struct reg result)
{
	for (int i = 1; i < 6; i++)
		g->s.reg[i].kind = K_NONE;
	g->s.reg[0] = result;
}

void call(struct gen *g, int helper, struct reg result)
{
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
	called(g, result);
}

/* @size initialised bytes below the frame pointer; their place. */
int on_stack(struct gen *g, int size)
{
	int at = -(int)((unsigned int)(size + 7) / 8 * 8) - 8 * (int)below(&g->r, 4);
	int num = pick_scalar(g);

	for (int i = 0; i < size; i += 8) {
		if (slip(g))
			continue;
		if (num >= 0 && chance(&g->r, 40))
			emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, num, at + i, 0);
		else
			emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at + i, (int)below(&g->r, 4));
		stack_written(g, at + i, 8);
	}
	return at;
}

/* r@arg = a pointer to @size bytes for a helper: the stack, or a map's value. */
static void memory_argument(struct gen *g, int arg, int size, bool write)
{
	int from = -1, at;

	for (int reg = 6; reg < 10 && from < 0; reg++) {
		const struct reg *r = &g->s.reg[reg];

		if (r->kind == K_MEM && !r->or_null && !(write && r->rdonly) && !r->umax &&
		    (r->off + size <= r->size || slip(g)) && r->off >= 0)
			from = reg;
	}
	if (chance(&g->r, 70)) {
		at = on_stack(g, size);
		if (slip(g))
			at += chance(&g->r, 50) ? 8 : 1;
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, 10, 0, 0);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, arg, 0, 0, at);
	} else if (from >= 0) {
		emit(g, BPF_ALU64 | BPF_MOV | BPF_X, arg, from, 0, 0);
	} else {
		load_map_value(g, arg, write || chance(&g->r, 60) ? M_DATA : M_RODATA,
			       (int)below(&g->r, (uint64_t)(size <= 64 ? 64 - size : 0) + 1));
	}
	g->s.reg[arg] = (struct reg){.kind = K_OPAQUE};
}

enum map pick_map(struct gen *g)
{
	static const enum map maps[] = {M_ARRAY, M_ARRAY, M_HASH, M_ODD, M_DATA, M_ITER, M_RODATA};

	return maps[below(&g->r, ARRAY_SIZE(maps))];
}

void gen_lookup(struct gen *g)
{
	enum map map = pick_map(g);
	struct reg value = {.kind = K_MEM,
			    .or_null = true,
			    .size = map_shapes[map].value,
			    .rdonly = map == M_RODATA,
			    .id = ++g->ids};
	int keep;

	memory_argument(g, 2, (int)map_shapes[map].key, false);
	load_map(g, 1, map);
	call(g, BPF_FUNC_map_lookup_elem, value);
	if (chance(&g->r, 90))
		gen_null_check(g);
	keep = 6 + (int)below(&g->r, 4);
	if (chance(&g->r, 70) && !(g->protect & 1u << keep))
		mov(g, keep, 0);
	if (!chance(&g->r, 90))
		gen_null_check(g);
}

void gen_update(struct gen *g)
{
	enum map map = pick_map(g);

	if (map == M_RODATA && chance(&g->r, 80))
		map = M_ARRAY;
	memory_argument(g, 3, (int)map_shapes[map].value, false);
	memory_argument(g, 2, (int)map_shapes[map].key, false);
	load_map(g, 1, map);
	load_number(g, 4, chance(&g->r, 80) ? 0 : (int64_t)below(&g->r, 4));
	call(g, BPF_FUNC_map_update_elem, scalar_any);
}

void gen_delete(struct gen *g)
{
	enum map map = chance(&g->r, 70) ? M_HASH : pick_map(g);

	memory_argument(g, 2, (int)map_shapes[map].key, false);
	load_map(g, 1, map);
	call(g, BPF_FUNC_map_delete_elem, scalar_any);
}

/* r@arg = a size of at most @max, constant or bounded. */
static void size_argument(struct gen *g, int arg, int max)
{
	int num = pick_scalar(g);

	if (chance(&g->r, 9))
		max += 1 + (int)below(&g->r, 8);
	if (num < 0 || chance(&g->r, 40)) {
		load_number(g, arg,
			    chance(&g->r, 80) ? (int64_t)below(&g->r, (uint64_t)max) + 1
					      : interesting(&g->r) & 63);
		return;
	}
	mov(g, arg, num);
	if (g->s.reg[arg].umax > (uint64_t)max || g->s.reg[arg].kind != K_SCALAR) {
		unsigned int protect = g->protect;

		g->protect |= 0x3e;
		g->s.reg[arg].kind = K_SCALAR;
		bound(g, arg, (uint64_t)max);
		g->protect = protect;
	}
	if (!g->s.reg[arg].umin && chance(&g->r, 70))
		guard(g, arg, chance(&g->r, 50) ? BPF_JNE : BPF_JSGT, true, 0);
}

/* r1 = meta->seq of an iterator. */
void seq_argument(struct gen *g)
{
	struct ins *ins;

	emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 6, 0, 0);
	ins = emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 0, 0);
	ins->reloc = RELOC_FIELD;
	ins->what = FIELD_META_SEQ;
	g->s.reg[1] = (struct reg){.kind = K_OPAQUE};
}

void gen_seq_write(struct gen *g)
{
	int size = 8 * (1 + (int)below(&g->r, 6));

	if (!main_iter(g) || g->s.reg[6].kind != K_CTX)
		return;
	memory_argument(g, 2, size, false);
	size_argument(g, 3, size);
	seq_argument(g);
	call(g, BPF_FUNC_seq_write, scalar_any);
}

void gen_seq_printf(struct gen *g)
{
	bool other = chance(&g->r, 40);

	if (!main_iter(g) || g->s.reg[6].kind != K_CTX)
		return;
	memory_argument(g, 4, 16, false);
	load_number(g, 5, chance(&g->r, 85) ? 16 : interesting(&g->r) & 31);
	load_map_value(g, 2, M_RODATA, other ? RODATA_FORMAT_S : RODATA_FORMAT);
	load_number(g, 3, slip(g) ? 200 : other ? RODATA_FORMAT_S_SIZE : RODATA_FORMAT_SIZE);
	seq_argument(g);
	call(g, BPF_FUNC_seq_printf, scalar_any);
}

void gen_snprintf(struct gen *g)
{
	int size = 8 * (1 + (int)below(&g->r, 3));

	memory_argument(g, 4, 16, false);
	memory_argument(g, 1, size, true);
	load_number(g, 5, chance(&g->r, 85) ? 16 : interesting(&g->r) & 31);
	size_argument(g, 2, size);
	load_map_value(g, 3, slip(g) ? M_DATA : M_RODATA,
		       chance(&g->r, 50) ? RODATA_FORMAT_S : RODATA_FORMAT);
	call(g, BPF_FUNC_snprintf, scalar_any);
}

void gen_strncmp(struct gen *g)
{
	int size = 8;

	memory_argument(g, 1, size, false);
	size_argument(g, 2, size);
	load_map_value(g, 3, slip(g) ? M_DATA : M_RODATA, RODATA_PLAIN);
	call(g, BPF_FUNC_strncmp, scalar_any);
}

void gen_probe_read(struct gen *g)
{
	int size = 8 * (1 + (int)below(&g->r, 4));

	memory_argument(g, 1, size, true);
	size_argument(g, 2, size);
	if (chance(&g->r, 97))
		load_map_value(g, 3, chance(&g->r, 50) ? M_DATA : M_RODATA, (int)below(&g->r, 32));
	else
		load_number(g, 3, (int64_t)below(&g->r, 4096));
	call(g, BPF_FUNC_probe_read_kernel, scalar_any);
}
