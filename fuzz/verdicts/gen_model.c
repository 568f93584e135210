/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Appending instructions, with what the model then knows; choosing registers by it.
 */
#include "gen.h"

struct ins *emit(struct gen *g, uint8_t code, int dst, int src, int off, int32_t imm)
{
	struct ins *ins;

	if (g->p->n >= MAX_INS)
		g->p->n--; /* too long: spoilt, and loaded all the same */
	ins = &g->p->ins[g->p->n++];
	*ins = (struct ins){.insn = {.code = code,
				     .dst_reg = dst & 15,
				     .src_reg = src & 15,
				     .off = (int16_t)off,
				     .imm = imm}};
	return ins;
}

void mov(struct gen *g, int dst, int src)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
	g->s.reg[dst] = g->s.reg[src];
}

void load_number(struct gen *g, int dst, int64_t n)
{
	if (n == (int32_t)n && !chance(&g->r, 5)) {
		emit(g, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, (int32_t)n);
	} else if (n >= 0 && n <= UINT32_MAX && chance(&g->r, 50)) {
		emit(g, BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, (int32_t)n);
	} else {
		emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, 0, 0, (int32_t)n);
		emit(g, 0, 0, 0, 0, (int32_t)((uint64_t)n >> 32));
	}
	g->s.reg[dst] = scalar((uint64_t)n, (uint64_t)n);
}

void load_map(struct gen *g, int dst, enum map map)
{
	struct ins *ins = emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, 0);

	ins->reloc = RELOC_MAP;
	ins->what = map;
	emit(g, 0, 0, 0, 0, 0);
	g->s.reg[dst] = (struct reg){.kind = K_MAP, .what = map};
}

void load_map_value(struct gen *g, int dst, enum map map, int off)
{
	struct ins *ins = emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_VALUE, 0, 0);

	ins->reloc = RELOC_MAP_VALUE;
	ins->what = map;
	emit(g, 0, 0, 0, 0, off);
	g->s.reg[dst] = (struct reg){.kind = K_MEM,
				     .size = map_shapes[map].value,
				     .off = off,
				     .rdonly = map == M_RODATA};
}

void exit_with(struct gen *g, int n)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, n);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

int pick_dst(struct gen *g)
{
	int best = -1;

	if (slip(g))
		return (int)below(&g->r, 10);
	for (int tries = 0; tries < 12; tries++) {
		int reg = (int)below(&g->r, 10);
		enum kind kind = g->s.reg[reg].kind;

		if (g->protect & 1u << reg)
			continue;
		best = reg;
		if (kind == K_NONE || kind == K_SCALAR || chance(&g->r, 15))
			break;
	}
	return best < 0 ? 0 : best;
}

int pick_scalar(struct gen *g)
{
	for (int tries = 0; tries < 20; tries++) {
		int reg = (int)below(&g->r, 10);

		if (g->s.reg[reg].kind == K_SCALAR)
			return reg;
	}
	return slip(g) ? (int)below(&g->r, 11) : -1;
}

/* A scalar that may be changed. */
int pick_number(struct gen *g)
{
	for (int tries = 0; tries < 20; tries++) {
		int reg = (int)below(&g->r, 10);

		if (g->s.reg[reg].kind == K_SCALAR && !(g->protect & 1u << reg))
			return reg;
	}
	return -1;
}

/* Where a pointer's region begins and ends, seen from its base. */
bool region(const struct reg *reg, int64_t *low, int64_t *high)
{
	*low = reg->kind == K_STACK ? -512 : 0;
	*high = reg->kind == K_STACK ? 0 : reg->kind == K_CTX ? CTX_SIZE : reg->size;
	return reg->kind == K_STACK || reg->kind == K_MEM || reg->kind == K_CTX;
}

int pick_pointer(struct gen *g, bool write)
{
	for (int tries = 0; tries < 24; tries++) {
		int reg = (int)below(&g->r, 11);
		const struct reg *r = &g->s.reg[reg];
		int64_t low, high;

		if (!region(r, &low, &high))
			continue;
		if (r->kind == K_CTX && g->p->target != T_SYSCALL)
			continue;
		if ((r->or_null || (write && r->rdonly)) && !slip(g))
			continue;
		return reg;
	}
	return -1;
}
