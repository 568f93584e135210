/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pieces of programs: memory through all kinds of pointers, the stack, offsets known by bounds
 * alone.
 */
#include "gen.h"

const uint8_t size_codes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};

void stack_written(struct gen *g, int64_t at, int64_t size)
{
	if (at < -512 || at + size > 0)
		return;
	memset(g->s.init + 512 + at, 1, (size_t)size);
	for (int64_t b = at; b < at + size; b++)
		g->s.spill[(512 + b) / 8].kind = K_NONE;
}

static bool stack_plain(const struct gen *g, int64_t at, int64_t size)
{
	if (at < -512 || at + size > 0)
		return false;
	for (int64_t b = at; b < at + size; b++)
		if (!g->s.init[512 + b] || g->s.spill[(512 + b) / 8].kind > K_SCALAR)
			return false;
	return true;
}

/* An offset for an instruction that accesses @size bytes through @r; most of the time a right one.
 */
static int pick_offset(struct gen *g, const struct reg *r, int size)
{
	int64_t low, high, first, last, off;

	region(r, &low, &high);
	first = low - r->off - (int64_t)r->umin;
	last = high - r->off - (int64_t)(r->umax > 1 << 20 ? 0 : r->umax) - size;
	if (r->kind == K_STACK && first < -96 - r->off)
		first = -96 - r->off; /* few slots, so that they meet */
	if (last < first)
		last = first;
	off = first + (int64_t)below(&g->r, (uint64_t)(last - first + 1));
	if (chance(&g->r, 25))
		off = chance(&g->r, 50) ? last : first;
	if (r->kind == K_STACK || r->kind == K_CTX || r->aligned) {
		int64_t at = r->off + off;

		if (!slip(g))
			off -= ((at % size) + size) % size;
		if (r->off + off < low)
			off += size;
	}
	if (slip(g))
		off = last + 1;
	if (slip(g))
		off = first - 1;
	return (int)off;
}

void gen_load(struct gen *g)
{
	int ptr = pick_pointer(g, false), code = size_codes[below(&g->r, 4)], dst, off, size;
	bool sign = chance(&g->r, 15) && code != BPF_DW;
	struct reg r;

	if (ptr < 0)
		return;
	r = g->s.reg[ptr];
	size = code == BPF_B ? 1 : code == BPF_H ? 2 : code == BPF_W ? 4 : 8;
	off = pick_offset(g, &r, size);
	dst = pick_dst(g);
	if (r.kind == K_STACK && !r.umax && !stack_plain(g, r.off + off, size)) {
		if (!slip(g))
			return;
	}
	emit(g, (uint8_t)(BPF_LDX | (sign ? BPF_MEMSX : BPF_MEM) | code), dst, ptr, off, 0);
	g->s.reg[dst] = size == 8 || sign ? scalar_any : scalar(0, (1ull << size * 8) - 1);
}

void gen_store(struct gen *g)
{
	int ptr = pick_pointer(g, true), code = size_codes[below(&g->r, 4)], src, off, size;
	struct reg r;

	if (ptr < 0)
		return;
	r = g->s.reg[ptr];
	size = code == BPF_B ? 1 : code == BPF_H ? 2 : code == BPF_W ? 4 : 8;
	off = pick_offset(g, &r, size);
	src = pick_scalar(g);
	if (src < 0 || chance(&g->r, 30))
		emit(g, (uint8_t)(BPF_ST | BPF_MEM | code), ptr, 0, off,
		     (int32_t)interesting(&g->r));
	else
		emit(g, (uint8_t)(BPF_STX | BPF_MEM | code), ptr, src, off, 0);
	if (r.kind == K_STACK) {
		if (!r.umax)
			stack_written(g, r.off + off, size);
		else
			memset(g->s.spill, 0, sizeof(g->s.spill));
	}
}

void gen_spill(struct gen *g)
{
	int slot = 63 - (int)below(&g->r, 12), at = slot * 8 - 512, reg = (int)below(&g->r, 10);

	if (g->s.reg[reg].kind == K_NONE)
		return;
	emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, reg, at, 0);
	stack_written(g, at, 8);
	g->s.spill[slot] = g->s.reg[reg];
}

void gen_fill(struct gen *g)
{
	for (int tries = 0; tries < 16; tries++) {
		int slot = 63 - (int)below(&g->r, 12), dst = pick_dst(g);

		if (g->s.spill[slot].kind == K_NONE)
			continue;
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, dst, 10, slot * 8 - 512, 0);
		g->s.reg[dst] = g->s.spill[slot];
		return;
	}
}

/* A load-acquire or store-release of any size. */
void gen_ordered(struct gen *g)
{
	int ptr = pick_pointer(g, true), num = pick_number(g), code = size_codes[below(&g->r, 4)];
	int size = code == BPF_B ? 1 : code == BPF_H ? 2 : code == BPF_W ? 4 : 8, off;
	struct reg r;

	if (ptr < 0 || num < 0 || (g->s.reg[ptr].kind == K_CTX && !slip(g)))
		return;
	r = g->s.reg[ptr];
	off = pick_offset(g, &r, size);
	if (chance(&g->r, 90))
		off -= (int)(((r.off + off) % size + size) % size);
	if (chance(&g->r, 50)) {
		emit(g, (uint8_t)(BPF_STX | BPF_ATOMIC | code), num, ptr, off, BPF_LOAD_ACQ);
		g->s.reg[num] = size == 8 ? scalar_any : scalar(0, (1ull << size * 8) - 1);
		return;
	}
	emit(g, (uint8_t)(BPF_STX | BPF_ATOMIC | code), ptr, num, off, BPF_STORE_REL);
	if (r.kind == K_STACK && !r.umax)
		stack_written(g, r.off + off, size);
	else if (r.kind == K_STACK)
		memset(g->s.spill, 0, sizeof(g->s.spill));
}

void gen_atomic(struct gen *g)
{
	static const int ops[] = {BPF_ADD,
				  BPF_OR,
				  BPF_AND,
				  BPF_XOR,
				  BPF_ADD | BPF_FETCH,
				  BPF_OR | BPF_FETCH,
				  BPF_AND | BPF_FETCH,
				  BPF_XOR | BPF_FETCH,
				  BPF_XCHG,
				  BPF_CMPXCHG};
	int ptr = pick_pointer(g, true), src = pick_number(g), off, op;
	bool wide = chance(&g->r, 60);
	struct reg r;

	if (ptr < 0 || src < 0 || (g->s.reg[ptr].kind == K_CTX && !slip(g)))
		return;
	r = g->s.reg[ptr];
	off = pick_offset(g, &r, wide ? 8 : 4);
	if (chance(&g->r, 85))
		off -= (int)(((r.off + off) % (wide ? 8 : 4) + 8) % (wide ? 8 : 4));
	if (r.kind == K_STACK && !stack_plain(g, r.off + off, wide ? 8 : 4))
		return;
	op = ops[below(&g->r, ARRAY_SIZE(ops))];
	if (op == BPF_CMPXCHG && g->s.reg[0].kind != K_SCALAR && !slip(g))
		return;
	emit(g, (uint8_t)(BPF_STX | BPF_ATOMIC | (wide ? BPF_DW : BPF_W)), ptr, src, off, op);
	if (op == BPF_CMPXCHG)
		g->s.reg[0] = scalar(0, wide ? UINT64_MAX : UINT32_MAX);
	else if (op & BPF_FETCH)
		g->s.reg[src] = scalar(0, wide ? UINT64_MAX : UINT32_MAX);
	if (r.kind == K_STACK)
		stack_written(g, r.off + off, wide ? 8 : 4);
}

void gen_add_constant(struct gen *g)
{
	int ptr = pick_pointer(g, false), dst = pick_dst(g);
	int64_t low, high, by;

	if (ptr < 0 || ptr == dst)
		return;
	if (g->s.reg[ptr].kind == K_CTX && !slip(g))
		return;
	mov(g, dst, ptr);
	region(&g->s.reg[dst], &low, &high);
	if (g->s.reg[dst].kind == K_STACK)
		low = -96;
	by = low - g->s.reg[dst].off + (int64_t)below(&g->r, (uint64_t)(high - low + 1));
	if (g->s.reg[dst].kind == K_STACK || g->s.reg[dst].aligned)
		by &= ~7ll;
	if (slip(g))
		by = interesting(&g->r);
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, (int32_t)by);
	g->s.reg[dst].off += (int32_t)by;
}

/*
 * The heart of it: an offset that is known only by its bounds. Bound a number, or the number it is
 * a copy of, or a spilled copy; add it to a pointer; access.
 */
void gen_variable(struct gen *g)
{
	int ptr = pick_pointer(g, false), code = size_codes[below(&g->r, 4)], num, dst, off, size;
	int64_t low, high, room;
	uint64_t max;
	struct reg r;
	bool write;

	if (ptr < 0 || (g->s.reg[ptr].kind == K_CTX && !slip(g)))
		return;
	r = g->s.reg[ptr];
	if (r.kind == K_STACK && chance(&g->r, 60))
		return;
	num = pick_number(g);
	dst = pick_dst(g);
	if (num < 0 || dst == num || dst == ptr || num == ptr)
		return;
	size = code == BPF_B ? 1 : code == BPF_H ? 2 : code == BPF_W ? 4 : 8;
	if (r.aligned)
		size = 1, code = BPF_B;
	region(&r, &low, &high);
	if (r.kind == K_STACK) {
		/* An initialised place of some bytes. */
		low = -48;
		for (int at = -48; at < -8; at += 8) {
			emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, at);
			stack_written(g, at, 8);
		}
		high = -8;
		size = 1, code = BPF_B;
	}
	off = (int)(low + (int64_t)below(&g->r, (uint64_t)(high - low)) / 2 - r.off);
	if (chance(&g->r, 25))
		off = (int)(low - r.off);
	room = high - size - (r.off + off) - (int64_t)r.umax;
	if (room < 0 || room > 1 << 20)
		return;
	max = (uint64_t)room;
	if (chance(&g->r, 9))
		max += 1 + below(&g->r, 2) * (uint64_t)size;
	else if (chance(&g->r, 40))
		max = below(&g->r, max + 1);

	switch (below(&g->r, 7)) {
	case 0: { /* bound a copy, use the first */
		int copy = pick_dst(g);

		if (copy == num || copy == ptr || copy == dst)
			return;
		if (chance(&g->r, 85))
			mov(g, copy, num);
		else
			emit(g, BPF_ALU | BPF_MOV | BPF_X, copy, num, 0, 0);
		guard(g, copy, BPF_JLE, true, (int32_t)max);
		g->s.reg[copy] = scalar(0, max);
		break;
	}
	case 1: { /* spilled before it was bounded */
		int slot = 63 - (int)below(&g->r, 12), at = slot * 8 - 512;
		bool wide = chance(&g->r, 80);

		if (r.kind == K_STACK)
			return;
		emit(g, BPF_STX | BPF_MEM | (wide ? BPF_DW : BPF_W), 10, num, at, 0);
		stack_written(g, at, wide ? 8 : 4);
		guard(g, num, chance(&g->r, 70) ? BPF_JLE : BPF_JSLE, true, (int32_t)max);
		emit(g, BPF_LDX | BPF_MEM | (wide ? BPF_DW : BPF_W), num, 10, at, 0);
		break;
	}
	case 2: { /* a copy at a distance */
		int copy = pick_dst(g), by = (int)below(&g->r, 16);

		if (copy == num || copy == ptr || copy == dst)
			return;
		mov(g, copy, num);
		emit(g, BPF_ALU64 | BPF_ADD | BPF_K, copy, 0, 0, by);
		guard(g, copy, BPF_JLE, true, (int32_t)max + by);
		if (chance(&g->r, 75))
			guard(g, copy, BPF_JGE, true, by);
		g->s.reg[copy] = scalar_any;
		break;
	}
	default:
		bound(g, num, max);
		if (chance(&g->r, 20) && max >= 4)
			bound(g, num, max - below(&g->r, 4));
	}
	mov(g, dst, ptr);
	if (chance(&g->r, 6)) /* from the other side */
		emit(g, BPF_ALU64 | BPF_SUB | BPF_X, dst, num, 0, 0);
	else
		emit(g, BPF_ALU64 | BPF_ADD | BPF_X, dst, num, 0, 0);
	g->s.reg[dst].umax += max;
	g->s.reg[num] = scalar(0, max);
	write = !r.rdonly && chance(&g->r, 35) && r.kind != K_STACK;
	if (write && chance(&g->r, 20)) {
		emit(g, BPF_STX | BPF_ATOMIC | BPF_DW, dst, num, off, BPF_ADD);
	} else if (write) {
		emit(g, (uint8_t)(BPF_ST | BPF_MEM | code), dst, 0, off, (int)below(&g->r, 100));
	} else {
		emit(g, (uint8_t)(BPF_LDX | BPF_MEM | code), num, dst, off, 0);
		g->s.reg[num] = size == 8 ? scalar_any : scalar(0, (1ull << size * 8) - 1);
	}
	if (chance(&g->r, 40))
		g->s.reg[dst].kind = K_NONE;
}
