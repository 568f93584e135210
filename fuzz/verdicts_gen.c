/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs from a seed. The generator keeps a rough model of what each register and stack byte
 * holds, so that about half of the programs are right, and leaves the path of virtue often and by
 * little: a bound that is one too large, a check that is missing, a copy that was bounded instead.
 *
 * A piece of program is a function gen_*(g): it appends instructions and updates the model. What is
 * possible now is found by trying; a piece that does not fit does nothing.
 */
#include <string.h>

#include "verdicts.h"

/* --- random numbers ----------------------------------------------------------------------- */

uint64_t rnd(struct rng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint64_t below(struct rng *r, uint64_t n)
{
	return n ? rnd(r) % n : 0;
}

bool chance(struct rng *r, unsigned int percent)
{
	return below(r, 100) < percent;
}

int64_t interesting(struct rng *r)
{
	static const int64_t numbers[] = {
		0,
		1,
		-1,
		2,
		-2,
		3,
		7,
		8,
		15,
		16,
		24,
		31,
		32,
		33,
		47,
		48,
		63,
		64,
		65,
		127,
		128,
		-128,
		255,
		256,
		-256,
		32767,
		32768,
		-32768,
		65535,
		65536,
		INT32_MAX,
		INT32_MIN,
		(int64_t)INT32_MAX + 1,
		UINT32_MAX,
		(int64_t)UINT32_MAX + 1,
		INT64_MAX,
		INT64_MIN,
		INT64_MIN + 1,
		(int64_t)INT32_MIN - 1,
		-4096,
		511,
		512,
	};
	int64_t n;

	switch (below(r, 8)) {
	case 0:
		return (int64_t)(1ull << below(r, 64));
	case 1:
		return (int64_t)((1ull << below(r, 64)) - 1);
	case 2:
		return (int64_t)rnd(r);
	case 3:
		return (int64_t)below(r, 64);
	default:
		n = numbers[below(r, ARRAY_SIZE(numbers))];
		return chance(r, 20) ? (int64_t)((uint64_t)n + below(r, 3) - 1) : n;
	}
}

/* --- the world that programs live in ------------------------------------------------------ */

const struct map_shape map_shapes[NR_MAPS] = {
	[M_ARRAY] = {BPF_MAP_TYPE_ARRAY, 4, 48, 4, 0},
	[M_HASH] = {BPF_MAP_TYPE_HASH, 8, 16, 8, 0},
	[M_ODD] = {BPF_MAP_TYPE_HASH, 12, 20, 8, 0},
	[M_RODATA] = {BPF_MAP_TYPE_ARRAY, 4, RODATA_SIZE, 1, BPF_F_RDONLY_PROG},
	[M_DATA] = {BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0},
	[M_ITER] = {BPF_MAP_TYPE_ARRAY, 4, 24, 4, 0},
};

const char rodata[RODATA_SIZE] = "%llu %x\n\0\0\0\0\0\0\0\0abc\0\0\0\0\0\0\0\0\0\0\0\0\0%d|%lx";

const struct field fields[] = {
	[FIELD_META_SEQ] = {S_META, "seq", 8, S_SEQ},
	[FIELD_META_SEQ_NUM] = {S_META, "seq_num", 8, -1},
	{S_META, "session_id", 8, -1},
	{S_MAP, "id", 4, -1},
	{S_MAP, "key_size", 4, -1},
	{S_MAP, "value_size", 4, -1},
	{S_MAP, "max_entries", 4, -1},
	{S_MAP, "map_type", 4, -1},
	{S_MAP, "map_flags", 4, -1},
	{S_MAP, "map_extra", 8, -1},
	{S_MAP, "frozen", 1, -1},
	{S_MAP, "name", 1, -1},
	{S_MAP, "btf_key_type_id", 4, -1},
	{S_MAP, "inner_map_meta", 8, S_MAP},
	{S_MAP, "btf", 8, S_BTF},
	{S_BTF, "id", 4, -1},
	{S_BTF, "data_size", 4, -1},
	{S_BTF, "base_btf", 8, S_BTF},
	{S_SEQ, "size", 8, -1},
	{S_SEQ, "count", 8, -1},
	{S_SEQ, "index", 8, -1},
};
const unsigned int nr_fields = ARRAY_SIZE(fields);
bool field_usable[ARRAY_SIZE(fields)];

const int known_helpers[] = {
	BPF_FUNC_map_lookup_elem,
	BPF_FUNC_map_update_elem,
	BPF_FUNC_map_delete_elem,
	BPF_FUNC_probe_read_kernel,
	BPF_FUNC_seq_write,
	BPF_FUNC_seq_printf,
	BPF_FUNC_strncmp,
	BPF_FUNC_snprintf,
	BPF_FUNC_for_each_map_elem,
	BPF_FUNC_loop,
	0,
};

/* --- the model ---------------------------------------------------------------------------- */

enum kind {
	K_NONE,
	K_SCALAR,
	K_CTX,
	K_STACK,  /* off is from the frame pointer */
	K_MEM,	  /* size bytes, off from their start: map values, callers' stack, keys */
	K_BTF,	  /* what: enum structure */
	K_MAP,	  /* what: enum map */
	K_OPAQUE, /* a pointer that is only passed on */
};

struct reg {
	enum kind kind;
	bool or_null, rdonly, aligned, trusted;
	int what;
	int64_t off;
	uint64_t umin, umax; /* a scalar's range; what was added to a pointer */
	int64_t size;
	unsigned int id; /* shared by copies of one maybe-NULL pointer, or of one scalar */
};

struct state {
	struct reg reg[11];
	struct reg spill[64]; /* by slot from the bottom; K_NONE: none */
	uint8_t init[512];
};

#define MAX_PENDING 8
struct gen {
	struct rng r;
	struct program *p;
	struct state s;
	unsigned int protect; /* registers not to be overwritten */
	unsigned int depth;   /* of blocks */
	unsigned int ids;
	enum function fn; /* being generated */
	unsigned int helper_loops;
	int budget;
	/* Functions asked for, and who refers to them. */
	struct pending {
		enum function fn;
		unsigned int ref;
		struct reg arg;
		enum map map;
	} pending[MAX_PENDING];
	unsigned int nr_pending;
};

static const struct reg scalar_any = {.kind = K_SCALAR, .umin = 0, .umax = UINT64_MAX};

static struct reg scalar(uint64_t umin, uint64_t umax)
{
	return (struct reg){.kind = K_SCALAR, .umin = umin, .umax = umax};
}

static bool main_iter(const struct gen *g)
{
	return g->fn == FN_MAIN && g->p->target != T_SYSCALL;
}

/* Something goes wrong on purpose now? */
static bool slip(struct gen *g)
{
	return below(&g->r, 1000) < 9;
}

/* --- emitting ----------------------------------------------------------------------------- */

static struct ins *emit(struct gen *g, uint8_t code, int dst, int src, int off, int32_t imm)
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

static void mov(struct gen *g, int dst, int src)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
	g->s.reg[dst] = g->s.reg[src];
}

static void load_number(struct gen *g, int dst, int64_t n)
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

static void load_map(struct gen *g, int dst, enum map map)
{
	struct ins *ins = emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, 0);

	ins->reloc = RELOC_MAP;
	ins->what = map;
	emit(g, 0, 0, 0, 0, 0);
	g->s.reg[dst] = (struct reg){.kind = K_MAP, .what = map};
}

static void load_map_value(struct gen *g, int dst, enum map map, int off)
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

static void exit_with(struct gen *g, int n)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, n);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* --- choosing -----------------------------------------------------------------------------------
 */

static int pick_dst(struct gen *g)
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

static int pick_scalar(struct gen *g)
{
	for (int tries = 0; tries < 20; tries++) {
		int reg = (int)below(&g->r, 10);

		if (g->s.reg[reg].kind == K_SCALAR)
			return reg;
	}
	return slip(g) ? (int)below(&g->r, 11) : -1;
}

/* A scalar that may be changed. */
static int pick_number(struct gen *g)
{
	for (int tries = 0; tries < 20; tries++) {
		int reg = (int)below(&g->r, 10);

		if (g->s.reg[reg].kind == K_SCALAR && !(g->protect & 1u << reg))
			return reg;
	}
	return -1;
}

/* Where a pointer's region begins and ends, seen from its base. */
static bool region(const struct reg *reg, int64_t *low, int64_t *high)
{
	*low = reg->kind == K_STACK ? -512 : 0;
	*high = reg->kind == K_STACK ? 0 : reg->kind == K_CTX ? CTX_SIZE : reg->size;
	return reg->kind == K_STACK || reg->kind == K_MEM || reg->kind == K_CTX;
}

static int pick_pointer(struct gen *g, bool write)
{
	for (int tries = 0; tries < 24; tries++) {
		int reg = (int)below(&g->r, 11);
		const struct reg *r = &g->s.reg[reg];
		int64_t low, high;

		if (!region(r, &low, &high))
			continue;
		if (r->kind == K_CTX && main_iter(g))
			continue;
		if ((r->or_null || (write && r->rdonly)) && !slip(g))
			continue;
		return reg;
	}
	return -1;
}

/* --- numbers -------------------------------------------------------------------------------------
 */

static const uint8_t alu_ops[] = {
	BPF_ADD, BPF_ADD, BPF_SUB, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,  BPF_OR,	BPF_AND,  BPF_AND,
	BPF_AND, BPF_LSH, BPF_LSH, BPF_RSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_XOR, BPF_ARSH, BPF_ARSH,
};

/* What the model knows of dst afterwards: only what is easy. */
static void model_alu(struct reg *d, int op, bool wide, uint64_t n)
{
	uint64_t a = d->umin, b = d->umax, limit = wide ? UINT64_MAX : UINT32_MAX;
	bool small = b < 1ull << 31 && n < 1ull << 31;

	if (!wide && b > UINT32_MAX)
		a = 0, b = UINT32_MAX;
	*d = scalar(0, limit);
	switch (op) {
	case BPF_ADD:
		if (small)
			*d = scalar(a + n, b + n);
		break;
	case BPF_SUB:
		if (small && a >= n)
			*d = scalar(a - n, b - n);
		break;
	case BPF_AND:
		if (n <= INT32_MAX)
			*d = scalar(0, n < b ? n : b);
		break;
	case BPF_MUL:
		if (small)
			*d = scalar(a * n, b * n);
		break;
	case BPF_RSH:
		*d = scalar(a >> (n & 63), b >> (n & 63));
		break;
	case BPF_LSH:
		if (small && n < 32)
			*d = scalar(a << n, b << n);
		break;
	case BPF_DIV:
		if (n && n <= INT32_MAX)
			*d = scalar(a / n, b / n);
		break;
	case BPF_MOD:
		if (n && n <= INT32_MAX)
			*d = scalar(0, n - 1);
		break;
	}
	if (d->umax > limit)
		*d = scalar(0, limit);
}

static void alu_imm(struct gen *g, int reg, int op, bool wide, int32_t imm)
{
	emit(g, (uint8_t)((wide ? BPF_ALU64 : BPF_ALU) | op | BPF_K), reg, 0, 0, imm);
	model_alu(&g->s.reg[reg], op, wide, (uint64_t)(int64_t)imm);
}

static void gen_alu(struct gen *g)
{
	int dst = pick_number(g), src, op = alu_ops[below(&g->r, ARRAY_SIZE(alu_ops))];
	bool wide = chance(&g->r, 60);
	int32_t imm = (int32_t)interesting(&g->r);
	struct reg before;
	struct ins *ins;

	if (dst < 0)
		return;
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		imm = (int32_t)below(&g->r, (wide ? 64 : 32) + slip(g) * 3u);
	if ((op == BPF_DIV || op == BPF_MOD) && !imm)
		imm = 1;
	if (chance(&g->r, 55)) {
		if (chance(&g->r, 40))
			imm = 1 + (int32_t)below(&g->r, wide ? 63 : 31);
		alu_imm(g, dst, op, wide, imm);
		if ((op == BPF_DIV || op == BPF_MOD) && chance(&g->r, 30)) {
			g->p->ins[g->p->n - 1].insn.off = 1;
			g->s.reg[dst] = scalar_any;
		}
		return;
	}
	src = pick_scalar(g);
	if (src < 0)
		return;
	before = g->s.reg[src];
	ins = emit(g, (uint8_t)((wide ? BPF_ALU64 : BPF_ALU) | op | BPF_X), dst, src, 0, 0);
	if ((op == BPF_DIV || op == BPF_MOD) && chance(&g->r, 30))
		ins->insn.off = 1;
	if (before.umin == before.umax && !ins->insn.off)
		model_alu(&g->s.reg[dst], op, wide, before.umin);
	else if (op == BPF_ADD && wide && before.umax < 1u << 30 && g->s.reg[dst].umax < 1u << 30)
		g->s.reg[dst] =
			scalar(g->s.reg[dst].umin + before.umin, g->s.reg[dst].umax + before.umax);
	else
		g->s.reg[dst] = scalar(0, wide ? UINT64_MAX : UINT32_MAX);
}

static void gen_odd_alu(struct gen *g)
{
	static const int sizes[] = {16, 32, 64};
	int dst = pick_number(g), src = pick_scalar(g);

	if (dst < 0 || src < 0)
		return;
	switch (below(&g->r, 4)) {
	case 0:
		emit(g, (chance(&g->r, 50) ? BPF_ALU64 : BPF_ALU) | BPF_NEG, dst, 0, 0, 0);
		g->s.reg[dst] = scalar_any;
		break;
	case 1: { /* swaps */
		int size = sizes[below(&g->r, 3)];

		if (chance(&g->r, 40))
			emit(g, BPF_ALU64 | BPF_END, dst, 0, 0, size);
		else
			emit(g, (uint8_t)(BPF_ALU | BPF_END | (chance(&g->r, 50) ? BPF_X : 0)), dst,
			     0, 0, size);
		g->s.reg[dst] = scalar(0, size == 64 ? UINT64_MAX : (1ull << size) - 1);
		break;
	}
	case 2: { /* moves that extend the sign */
		int size = 8 << below(&g->r, 3);
		bool wide = chance(&g->r, 60) || size == 32;
		struct reg from = g->s.reg[src];

		emit(g, (uint8_t)((wide ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X), dst, src, size,
		     0);
		g->s.reg[dst] = from.umax < 1ull << (size - 1) ? from : scalar_any;
		break;
	}
	default: { /* a short move cuts */
		struct reg from = g->s.reg[src];

		emit(g, BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0);
		g->s.reg[dst] = from.umax <= UINT32_MAX ? from : scalar(0, UINT32_MAX);
	}
	}
}

static void gen_number(struct gen *g)
{
	load_number(g, pick_dst(g), interesting(&g->r));
}

static void gen_copy(struct gen *g)
{
	int src = (int)below(&g->r, 11), dst = pick_dst(g);

	if (g->s.reg[src].kind != K_NONE || slip(g))
		mov(g, dst, src);
}

/* Leave unless what the branch says: `if (reg OP n) goto +2; r0 = 0; exit`. */
static void guard(struct gen *g, int reg, int op, bool wide, int32_t n)
{
	emit(g, (uint8_t)((wide ? BPF_JMP : BPF_JMP32) | op | BPF_K), reg, 0, 2, n);
	exit_with(g, 0);
}

static void guard_reg(struct gen *g, int reg, int op, bool wide, int src)
{
	emit(g, (uint8_t)((wide ? BPF_JMP : BPF_JMP32) | op | BPF_X), reg, src, 2, 0);
	exit_with(g, 0);
}

/* Make @reg at most @max, one way or another, some of them not quite. */
static void bound(struct gen *g, int reg, uint64_t max)
{
	struct reg *r = &g->s.reg[reg];
	bool fits = r->umax <= UINT32_MAX;
	uint64_t mask = 1;
	int other;

	if (max > 1 << 20)
		max = 1 << 20;
	while (mask * 2 <= max + 1)
		mask *= 2;
	mask--;
	switch (below(&g->r, 17)) {
	case 0:
	case 1:
		alu_imm(g, reg, BPF_AND, chance(&g->r, 60), (int32_t)mask);
		return;
	case 2:
		alu_imm(g, reg, BPF_AND, true, (int32_t)(max & rnd(&g->r)));
		return;
	case 3:
		alu_imm(g, reg, chance(&g->r, 10) ? BPF_MOD : BPF_AND, chance(&g->r, 60),
			(int32_t)max + 1);
		bound(g, reg, max);
		return;
	case 4:
		guard(g, reg, BPF_JLE, true, (int32_t)max);
		break;
	case 5:
		guard(g, reg, BPF_JLT, true, (int32_t)max + 1);
		break;
	case 6: /* the lower half alone */
		if (!fits && chance(&g->r, 90))
			emit(g, BPF_ALU | BPF_MOV | BPF_X, reg, reg, 0, 0);
		guard(g, reg, BPF_JLE, false, (int32_t)max);
		break;
	case 7: /* signed, both ends */
		guard(g, reg, BPF_JSLE, true, (int32_t)max);
		if (!slip(g))
			guard(g, reg, chance(&g->r, 50) ? BPF_JSGE : BPF_JSGT, true,
			      chance(&g->r, 80) ? 0 : -1);
		break;
	case 8: /* signed in 32 bits */
		if (!fits && chance(&g->r, 90))
			emit(g, BPF_ALU | BPF_MOV | BPF_X, reg, reg, 0, 0);
		guard(g, reg, BPF_JSLT, false, (int32_t)max + 1);
		if (!slip(g))
			guard(g, reg, BPF_JSGE, false, 0);
		break;
	case 9:
		guard(g, reg, BPF_JEQ, chance(&g->r, 70), (int32_t)below(&g->r, max + 1));
		break;
	case 10: { /* shift down */
		unsigned int bits = (unsigned int)__builtin_popcountll(mask);
		bool wide = chance(&g->r, 60);

		if (bits)
			alu_imm(g, reg, chance(&g->r, 90) ? BPF_RSH : BPF_ARSH, wide,
				(int32_t)((wide ? 64 : 32) - bits));
		else
			alu_imm(g, reg, BPF_AND, true, 0);
		break;
	}
	case 11: /* max - (reg & mask) */
		other = pick_dst(g);
		if (other == reg)
			break;
		alu_imm(g, reg, BPF_AND, true, (int32_t)mask);
		load_number(g, other, (int64_t)max);
		emit(g, BPF_ALU64 | BPF_SUB | BPF_X, other, reg, 0, 0);
		mov(g, reg, other);
		break;
	case 12: /* against another register */
		other = pick_dst(g);
		if (other == reg)
			break;
		load_number(g, other, (int64_t)max);
		if (chance(&g->r, 50))
			guard_reg(g, reg, BPF_JLE, true, other);
		else
			guard_reg(g, other, BPF_JGE, true, reg);
		break;
	case 13: /* small times small */
		alu_imm(g, reg, BPF_AND, true, 3);
		alu_imm(g, reg, BPF_MUL, chance(&g->r, 60), (int32_t)(max / 3));
		break;
	case 14: /* bits that are known to be clear */
		emit(g, BPF_JMP | BPF_JSET | BPF_K, reg, 0, 1, (int32_t)~mask);
		emit(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		exit_with(g, 0);
		break;
	case 15: /* bits put together */
		alu_imm(g, reg, BPF_AND, true, (int32_t)mask);
		alu_imm(g, reg, BPF_OR, chance(&g->r, 50), (int32_t)(mask & rnd(&g->r)));
		break;
	case 16: /* range with a lower end */
		guard(g, reg, BPF_JLE, true, (int32_t)max);
		g->s.reg[reg].umin = 0;
		guard(g, reg, BPF_JGE, chance(&g->r, 70), (int32_t)(max / 2));
		break;
	}
	g->s.reg[reg] = scalar(0, max);
}

/* --- memory ------------------------------------------------------------------------------- */

static const uint8_t size_codes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};

static void stack_written(struct gen *g, int64_t at, int64_t size)
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

static void gen_load(struct gen *g)
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

static void gen_store(struct gen *g)
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

static void gen_spill(struct gen *g)
{
	int slot = 63 - (int)below(&g->r, 12), at = slot * 8 - 512, reg = (int)below(&g->r, 10);

	if (g->s.reg[reg].kind == K_NONE)
		return;
	emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, reg, at, 0);
	stack_written(g, at, 8);
	g->s.spill[slot] = g->s.reg[reg];
}

static void gen_fill(struct gen *g)
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

static void gen_atomic(struct gen *g)
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

static void gen_add_constant(struct gen *g)
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
static void gen_variable(struct gen *g)
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

/* --- control flow ------------------------------------------------------------------------- */

static void gen_pieces(struct gen *g, int count);

static bool same(const struct reg *a, const struct reg *b)
{
	return a->kind == b->kind && a->off == b->off && a->what == b->what &&
	       a->or_null == b->or_null && a->size == b->size && a->rdonly == b->rdonly;
}

static void join_reg(struct reg *into, const struct reg *other)
{
	if (!same(into, other)) {
		into->kind = K_NONE;
		return;
	}
	if (other->umin < into->umin)
		into->umin = other->umin;
	if (other->umax > into->umax)
		into->umax = other->umax;
	into->trusted &= other->trusted;
}

static void join(struct state *into, const struct state *other)
{
	for (int i = 0; i < 10; i++)
		join_reg(&into->reg[i], &other->reg[i]);
	for (int i = 0; i < 64; i++) {
		bool pointer = into->spill[i].kind > K_SCALAR || other->spill[i].kind > K_SCALAR;

		join_reg(&into->spill[i], &other->spill[i]);
		if (pointer && into->spill[i].kind == K_NONE)
			memset(into->init + i * 8, 0, 8);
	}
	for (int i = 0; i < 512; i++)
		into->init[i] &= other->init[i];
}

static const uint8_t jump_ops[] = {BPF_JEQ,  BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT,
				   BPF_JSGE, BPF_JLT, BPF_JLE, BPF_JSLT, BPF_JSLE};

static void gen_if(struct gen *g)
{
	int reg = pick_scalar(g), other = chance(&g->r, 35) ? pick_scalar(g) : -1;
	uint8_t op = jump_ops[below(&g->r, ARRAY_SIZE(jump_ops))];
	uint8_t class = chance(&g->r, 65) ? BPF_JMP : BPF_JMP32;
	unsigned int jump, over;
	struct state before, then;

	if (reg < 0 || g->depth > 3)
		return;
	jump = g->p->n;
	if (other >= 0)
		emit(g, class | op | BPF_X, reg, other, 0, 0);
	else
		emit(g, class | op | BPF_K, reg, 0, 0,
		     (int32_t)(chance(&g->r, 50) ? interesting(&g->r) : (int64_t)below(&g->r, 64)));
	before = g->s;
	g->depth++;
	gen_pieces(g, 1 + (int)below(&g->r, 4));
	g->p->ins[jump].insn.off = (int16_t)(g->p->n - jump - 1);
	then = g->s;
	g->s = before;
	if (chance(&g->r, 40)) {
		over = g->p->n;
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		g->p->ins[jump].insn.off++;
		gen_pieces(g, 1 + (int)below(&g->r, 4));
		g->p->ins[over].insn.off = (int16_t)(g->p->n - over - 1);
	}
	g->depth--;
	join(&g->s, &then);
}

static void gen_loop(struct gen *g)
{
	int counter = 6 + (int)below(&g->r, 4), rounds = 1 + (int)below(&g->r, 12), head;
	unsigned int protect = g->protect;
	bool wide = chance(&g->r, 70);

	if (g->depth > 1 || (g->protect & 1u << counter) || g->s.reg[counter].kind > K_SCALAR)
		return;
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, counter, 0, 0, 0)->locked = true;
	for (int i = 0; i < 6; i++)
		g->s.reg[i].kind = K_NONE;
	for (int i = 6; i < 10; i++)
		if (g->s.reg[i].kind == K_SCALAR)
			g->s.reg[i] = scalar_any;
	g->s.reg[counter] = scalar(0, (uint64_t)rounds - 1);
	/* What the body may not change, so that the second round finds it as the first did. */
	g->protect |= 1u << counter;
	for (int i = 6; i < 10; i++)
		if (g->s.reg[i].kind != K_SCALAR && g->s.reg[i].kind != K_NONE)
			g->protect |= 1u << i;
	head = (int)g->p->n;
	g->depth += 2;
	gen_pieces(g, 1 + (int)below(&g->r, 4));
	g->depth -= 2;
	if (chance(&g->r, 20)) { /* out early */
		int reg = pick_scalar(g);

		if (reg >= 0)
			emit(g, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, 2, 5);
	}
	/* Locked: a loop of a million rounds takes the kernel a minute to refuse. */
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, counter, 0, 0, 1)->locked = true;
	switch (below(&g->r, 4)) {
	case 0:
		emit(g, (wide ? BPF_JMP : BPF_JMP32) | BPF_JNE | BPF_K, counter, 0,
		     head - (int)g->p->n - 1, rounds);
		break;
	case 1:
		emit(g, (wide ? BPF_JMP : BPF_JMP32) | BPF_JSLT | BPF_K, counter, 0,
		     head - (int)g->p->n - 1, rounds);
		break;
	default:
		emit(g, (wide ? BPF_JMP : BPF_JMP32) | BPF_JLT | BPF_K, counter, 0,
		     head - (int)g->p->n - 1, rounds);
	}
	g->p->ins[g->p->n - 1].locked = true;
	g->protect = protect;
	g->s.reg[counter] = scalar(0, (uint64_t)rounds);
	for (int i = 0; i < 6; i++)
		g->s.reg[i].kind = K_NONE;
	for (int i = 0; i < 64; i++)
		if (g->s.spill[i].kind == K_SCALAR)
			g->s.spill[i] = scalar_any;
}

/* A bad access where the model, or nobody, thinks that a number gets: only who is wrong about
 * numbers accepts it where it is reached. */
static void gen_trap(struct gen *g)
{
	int reg = pick_scalar(g);
	const struct reg *r = &g->s.reg[reg < 0 ? 0 : reg];
	uint8_t class = chance(&g->r, 65) ? BPF_JMP : BPF_JMP32;

	if (reg < 0)
		return;
	if (r->kind == K_SCALAR && r->umax < INT32_MAX && chance(&g->r, 65)) {
		bool high = chance(&g->r, 70);

		emit(g, class | (high ? BPF_JGT : BPF_JLT) | BPF_K, reg, 0, 1,
		     (int32_t)(high ? r->umax - slip(g) : r->umin));
	} else if (chance(&g->r, 60)) {
		/* One operation more, and what it cannot make. */
		int32_t n = 1 + (int32_t)below(&g->r, 62);

		if (g->protect & 1u << reg)
			return;
		/* A modulus seldom: Linux 6.18 does not follow it. */
		switch (chance(&g->r, 3) ? 0 : 1 + below(&g->r, 5)) {
		case 0:
			alu_imm(g, reg, BPF_MOD, chance(&g->r, 50), n + 1);
			emit(g, class | BPF_JGT | BPF_K, reg, 0, 1, n);
			break;
		case 1:
			alu_imm(g, reg, BPF_AND, chance(&g->r, 50), n);
			emit(g, class | BPF_JSET | BPF_K, reg, 0, 1, ~n);
			break;
		case 2:
			alu_imm(g, reg, BPF_OR, chance(&g->r, 50), n);
			emit(g, class | BPF_JLT | BPF_K, reg, 0, 1, n);
			break;
		case 3:
			alu_imm(g, reg, BPF_RSH, true, n);
			emit(g, BPF_JMP | BPF_JSLT | BPF_K, reg, 0, 1, 0);
			break;
		case 4:
			alu_imm(g, reg, BPF_ARSH, false, n & 31);
			emit(g, BPF_JMP | BPF_JSLT | BPF_K, reg, 0, 1, 0);
			break;
		default:
			alu_imm(g, reg, BPF_LSH, chance(&g->r, 50), n & 31);
			emit(g, class | BPF_JSET | BPF_K, reg, 0, 1,
			     (int32_t)((1u << (n & 31)) - 1));
		}
	} else {
		emit(g, class | jump_ops[below(&g->r, ARRAY_SIZE(jump_ops))] | BPF_K, reg, 0, 1,
		     (int32_t)interesting(&g->r));
	}
	emit(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
	emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, 8, 0);
}

/* Give a maybe-NULL pointer its check. */
static void gen_null_check(struct gen *g)
{
	for (int reg = 0; reg < 10; reg++) {
		unsigned int id = g->s.reg[reg].id;

		if (!g->s.reg[reg].or_null)
			continue;
		if (chance(&g->r, 60)) {
			guard(g, reg, BPF_JNE, true, 0);
		} else {
			emit(g, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, 1, 0);
			emit(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
			exit_with(g, 0);
		}
		for (int i = 0; i < 10; i++)
			if (g->s.reg[i].id == id)
				g->s.reg[i].or_null = false;
		for (int i = 0; i < 64; i++)
			if (g->s.spill[i].id == id)
				g->s.spill[i].or_null = false;
		return;
	}
}

/* --- calls -------------------------------------------------------------------------------- */

static void called(struct gen *g, struct reg result)
{
	for (int i = 1; i < 6; i++)
		g->s.reg[i].kind = K_NONE;
	g->s.reg[0] = result;
}

static void call(struct gen *g, int helper, struct reg result)
{
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
	called(g, result);
}

/* @size initialised bytes below the frame pointer; their place. */
static int on_stack(struct gen *g, int size)
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

static enum map pick_map(struct gen *g)
{
	static const enum map maps[] = {M_ARRAY, M_ARRAY, M_HASH, M_ODD, M_DATA, M_ITER, M_RODATA};

	return maps[below(&g->r, ARRAY_SIZE(maps))];
}

static void gen_lookup(struct gen *g)
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

static void gen_update(struct gen *g)
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

static void gen_delete(struct gen *g)
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
static void seq_argument(struct gen *g)
{
	struct ins *ins;

	emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 6, 0, 0);
	ins = emit(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 0, 0);
	ins->reloc = RELOC_FIELD;
	ins->what = FIELD_META_SEQ;
	g->s.reg[1] = (struct reg){.kind = K_OPAQUE};
}

static void gen_seq_write(struct gen *g)
{
	int size = 8 * (1 + (int)below(&g->r, 6));

	if (!main_iter(g) || g->s.reg[6].kind != K_CTX)
		return;
	memory_argument(g, 2, size, false);
	size_argument(g, 3, size);
	seq_argument(g);
	call(g, BPF_FUNC_seq_write, scalar_any);
}

static void gen_seq_printf(struct gen *g)
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

static void gen_snprintf(struct gen *g)
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

static void gen_strncmp(struct gen *g)
{
	int size = 8;

	memory_argument(g, 1, size, false);
	size_argument(g, 2, size);
	load_map_value(g, 3, slip(g) ? M_DATA : M_RODATA, RODATA_PLAIN);
	call(g, BPF_FUNC_strncmp, scalar_any);
}

static void gen_probe_read(struct gen *g)
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

/* --- types -------------------------------------------------------------------------------- */

static void gen_ctx(struct gen *g)
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

static void gen_walk(struct gen *g)
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

static void gen_count(struct gen *g)
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
	called(g, scalar_any);
}

/* --- functions of the program ------------------------------------------------------------- */

static struct pending *ask_for(struct gen *g, enum function fn)
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

static void gen_call(struct gen *g)
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

static void load_function(struct gen *g, int reg)
{
	emit(g, BPF_LD | BPF_IMM | BPF_DW, reg, BPF_PSEUDO_FUNC, 0, 0);
	emit(g, 0, 0, 0, 0, 0);
}

static void gen_helper_loop(struct gen *g)
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

/* --- what a verifier forgets, or should have ---------------------------------------------- */

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
static void gen_diamond(struct gen *g)
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
static void gen_stride(struct gen *g)
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
static void gen_half(struct gen *g)
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
static void gen_stale(struct gen *g)
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

/* --- putting it together ------------------------------------------------------------------ */

static const struct {
	void (*piece)(struct gen *g);
	unsigned int weight;
} pieces[] = {
	{gen_alu, 22},	   {gen_odd_alu, 6},	  {gen_number, 8},     {gen_copy, 6},
	{gen_load, 12},	   {gen_store, 10},	  {gen_spill, 6},      {gen_fill, 6},
	{gen_atomic, 4},   {gen_add_constant, 5}, {gen_variable, 16},  {gen_if, 12},
	{gen_loop, 4},	   {gen_diamond, 8},	  {gen_stride, 3},     {gen_stale, 6},
	{gen_half, 3},	   {gen_trap, 3},	  {gen_null_check, 4}, {gen_lookup, 7},
	{gen_update, 3},   {gen_delete, 1},	  {gen_seq_write, 5},  {gen_seq_printf, 2},
	{gen_snprintf, 2}, {gen_strncmp, 2},	  {gen_probe_read, 3}, {gen_ctx, 8},
	{gen_walk, 7},	   {gen_count, 1},	  {gen_call, 4},       {gen_helper_loop, 3},
};

static void gen_pieces(struct gen *g, int count)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		sum += pieces[i].weight;
	for (; count > 0 && g->budget > 0; count--) {
		unsigned int at = (unsigned int)below(&g->r, sum), i = 0, n = g->p->n;

		while (at >= pieces[i].weight)
			at -= pieces[i++].weight;
		pieces[i].piece(g);
		g->budget -= (int)(g->p->n - n) + 1;
	}
}

/* Everything that is known goes into the result. */
static void gen_end(struct gen *g)
{
	int kept = -1;

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
	/* Keep the arguments where calls leave them. */
	for (int i = 1, keep = 7; i < 5 && keep < 10; i++)
		if (g->s.reg[i].kind != K_NONE && chance(&g->r, 70))
			mov(g, keep++, i);
	ref->imm = (int32_t)(g->p->funcs[g->p->nr_funcs - 1].at - pending->ref - 1);
	gen_pieces(g, 3 + (int)below(&g->r, 8));
	gen_end(g);
}

void generate(struct program *p, uint64_t seed, uint64_t number)
{
	static const enum target targets[] = {T_SYSCALL, T_SYSCALL, T_SYSCALL,
					      T_ELEM,	 T_ELEM,    T_MAP};
	struct gen g = {.r = {seed * 0x2545f4914f6cdd1dull ^ number}, .p = p};

	rnd(&g.r);
	p->seed = seed;
	p->number = number;
	p->n = p->mutations = 0;
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
	if (p->target != T_SYSCALL)
		gen_ctx(&g);
	else
		for (int i = 0; i < 3; i++)
			gen_load(&g);
	gen_pieces(&g, 4 + (int)below(&g.r, 24));
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
