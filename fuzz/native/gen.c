/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Random programs that end, and whose results depend on nothing but the memory that they are given:
 * what is made of an address of the stack never gets into a register that lives on, and what a call
 * leaves in r1 to r5 is written over. Apart from that anything goes: every operation on every
 * register, loads and stores of every kind and distance, jumps over anything, functions, loops.
 *
 * A function is a row of steps. A jump is open until some later step, where it lands: a step is
 * never entered in its middle, nor a loop from outside. Which program a seed stands for depends on
 * the compiler, too: C leaves open what is evaluated first.
 */
#include <stdint.h>

#include "native.h"
#include "prog/prog.h"

#define ALU64(op) (BPF_ALU64 | (op))
#define ALU32(op) (BPF_ALU | (op))
#define MEMSX 0x80
#define ATOMIC_LOAD_ACQ 0x100
#define ATOMIC_STORE_REL 0x110

#define MAX_FUNCS 6
#define CALLS 3 /* of a function */
#define MAX_OPEN 32
#define COUNTER (-MAX_BPF_STACK + 80) /* of the outermost loop */

struct gen {
	const struct world *world;
	struct program *program;
	u64 random;
	u32 func, nr_funcs, starts[MAX_FUNCS];
	u32 nr_regs; /* that the function uses: r0 to r5, and more */
	struct {
		u32 insn, func;
	} calls[MAX_FUNCS * CALLS];
	u32 nr_calls, calls_left;		 /* in the program, and for the function */
	u32 open[MAX_OPEN], nr_open, first_open; /* jumps; those before the first may not land */
	u32 loops;				 /* that the step is in */
};

/* splitmix64 */
u64 random_u64(u64 *state)
{
	u64 z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static u32 below(struct gen *g, u32 n)
{
	return (random_u64(&g->random) >> 32) * n >> 32;
}

static bool chance(struct gen *g, u32 percent)
{
	return below(g, 100) < percent;
}

static u64 number(struct gen *g)
{
	u64 bit = 1ull << below(g, 64);

	switch (below(g, 8)) {
	case 0:
		return bit;
	case 1:
		return bit - 1;
	case 2:
		return -bit;
	case 3:
		return below(g, 64);
	case 4:
		return 126 + below(g, 4);
	case 5:
		return -(u64)(126 + below(g, 4));
	case 6:
		return 0;
	default:
		return random_u64(&g->random);
	}
}

static u8 any_reg(struct gen *g)
{
	return below(g, g->nr_regs);
}

static void emit(struct gen *g, u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	g->program->insns[g->program->nr++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static void emit_imm64(struct gen *g, u8 dst, u8 src, u64 value)
{
	emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, src, 0, value);
	emit(g, 0, 0, 0, 0, value >> 32);
}

static void emit_middle(struct gen *g, u8 dst)
{
	emit_imm64(g, dst, 0, (unsigned long)g->world->middle);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

static void step_alu(struct gen *g)
{
	static const u8 ops[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,  BPF_AND,
		BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH,
	};
	u8 op = ops[below(g, ARRAY_SIZE(ops))], class = chance(g, 50) ? BPF_ALU64 : BPF_ALU;
	s16 off = (op == BPF_DIV || op == BPF_MOD) && chance(g, 50);
	s32 imm = number(g);

	if (chance(g, 50)) {
		if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
			imm &= class == BPF_ALU ? 31 : 63;
		emit(g, class | op | BPF_K, any_reg(g), 0, off, imm);
	} else {
		emit(g, class | op | BPF_X, any_reg(g), any_reg(g), off, 0);
	}
}

/* A division is worth a look where it goes wrong elsewhere. */
static void step_edge_of_division(struct gen *g)
{
	u8 a = any_reg(g), b = any_reg(g);

	emit(g, ALU64(BPF_MOV | BPF_K), a, 0, 0, chance(g, 50) ? INT32_MIN : -1);
	if (chance(g, 50))
		emit(g, ALU64(BPF_LSH | BPF_K), a, 0, 0, 32);
	emit(g, ALU64(BPF_MOV | BPF_K), b, 0, 0, chance(g, 50) ? -1 : 0);
	emit(g, (chance(g, 50) ? BPF_ALU64 : BPF_ALU) | (chance(g, 50) ? BPF_DIV : BPF_MOD) | BPF_X,
	     a, b, chance(g, 50), 0);
}

static void step_unary(struct gen *g)
{
	static const u8 bits[] = {16, 32, 64};
	u8 dst = any_reg(g);

	switch (below(g, 6)) {
	case 0:
		emit(g, ALU64(BPF_NEG), dst, 0, 0, 0);
		break;
	case 1:
		emit(g, ALU32(BPF_NEG), dst, 0, 0, 0);
		break;
	case 2:
		emit(g, ALU32(BPF_END | BPF_TO_LE), dst, 0, 0, bits[below(g, 3)]);
		break;
	case 3:
		emit(g, ALU32(BPF_END | BPF_TO_BE), dst, 0, 0, bits[below(g, 3)]);
		break;
	case 4:
		emit(g, ALU64(BPF_END), dst, 0, 0, bits[below(g, 3)]);
		break;
	default:
		if (chance(g, 50))
			emit(g, ALU64(BPF_MOV | BPF_X), dst, any_reg(g), 8 << below(g, 3), 0);
		else
			emit(g, ALU32(BPF_MOV | BPF_X), dst, any_reg(g), 8 << below(g, 2), 0);
	}
}

static void step_imm64(struct gen *g)
{
	emit_imm64(g, any_reg(g), 0, number(g));
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Somewhere to load @size bytes from: a register, which may change, and an offset. */
static u8 somewhere(struct gen *g, u32 size, bool aligned, s16 *off)
{
	u32 mask = aligned ? ~(size - 1) : ~0u;
	u8 base;

	if (chance(g, 40)) {
		*off = -(s32)((below(g, STACK_USED - size + 1) + size + (aligned ? size - 1 : 0)) &
			      mask);
		return BPF_REG_10;
	}
	base = any_reg(g);
	emit_middle(g, base);
	if (chance(g, 70))
		*off = (s32)(below(g, 2 * NEAR - size + 1) & mask) - NEAR;
	else if (chance(g, 50))
		*off = AREA_LOW + (s32)(below(g, 2 * size) & mask);
	else
		*off = AREA_HIGH - (s32)(below(g, 2 * size)) - (aligned ? size - 1 : 0);
	if (aligned)
		*off &= mask;
	return base;
}

static const u8 sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};

static void step_load(struct gen *g)
{
	u32 size = below(g, 4);
	s16 off;
	u8 base = somewhere(g, 1 << size, false, &off);
	u8 mode = size < 3 && chance(g, 40) ? MEMSX : BPF_MEM;

	emit(g, BPF_LDX | mode | sizes[size], any_reg(g), base, off, 0);
}

static void step_store(struct gen *g)
{
	u32 size = below(g, 4);
	s16 off;
	u8 base = somewhere(g, 1 << size, false, &off);

	if (chance(g, 40))
		emit(g, BPF_ST | BPF_MEM | sizes[size], base, 0, off, number(g));
	else
		emit(g, BPF_STX | BPF_MEM | sizes[size], base, any_reg(g), off, 0);
}

/* Guarded loads, of addresses good and bad. */
static void step_probe(struct gen *g)
{
	static const u64 bad[] = {
		0, 8, 0xfff, (1ull << 47) - 3, 1ull << 47, -(1ull << 47), 1ull << 63, ~0ull, ~7ull};
	u32 size = below(g, 4);
	s16 off = 0;
	u8 base;

	if (chance(g, 80)) {
		base = somewhere(g, 1 << size, false, &off);
	} else {
		base = any_reg(g);
		if (chance(g, 50)) {
			/* All of it is there, or not its last bytes. */
			off = chance(g, 50) ? number(g) : 0;
			emit_imm64(g, base, 0, (unsigned long)g->world->edge - off - below(g, 12));
		} else {
			emit_imm64(g, base, 0, bad[below(g, ARRAY_SIZE(bad))]);
		}
	}
	emit(g,
	     BPF_LDX | (size < 3 && chance(g, 40) ? BPF_PROBE_MEMSX : BPF_PROBE_MEM) | sizes[size],
	     any_reg(g), base, off, 0);
}

static void step_atomic(struct gen *g)
{
	static const s32 ops[] = {
		BPF_ADD,
		BPF_AND,
		BPF_OR,
		BPF_XOR,
		BPF_ADD | BPF_FETCH,
		BPF_AND | BPF_FETCH,
		BPF_OR | BPF_FETCH,
		BPF_XOR | BPF_FETCH,
		BPF_XCHG,
		BPF_CMPXCHG,
		ATOMIC_LOAD_ACQ,
		ATOMIC_STORE_REL,
	};
	s32 op = ops[below(g, ARRAY_SIZE(ops))];
	u32 size = op == ATOMIC_LOAD_ACQ || op == ATOMIC_STORE_REL ? below(g, 4) : 2 + below(g, 2);
	s16 off;
	u8 base = somewhere(g, 1 << size, true, &off), reg = any_reg(g);
	u8 code = BPF_STX | BPF_ATOMIC | sizes[size];

	/* So that it succeeds, too. */
	if (op == BPF_CMPXCHG && base && chance(g, 50))
		emit(g, BPF_LDX | BPF_MEM | sizes[size], BPF_REG_0, base, off, 0);
	if (op == ATOMIC_LOAD_ACQ)
		emit(g, code, reg, base, off, op);
	else
		emit(g, code, base, reg, off, op);
}

/* --- what compilers write ------------------------------------------------------------------------
 */

/* Nothing wants what is in @reg, or everything does. */
static void may_end(struct gen *g, u8 reg)
{
	if (chance(g, 70))
		emit(g, ALU64(BPF_MOV | BPF_K), reg, 0, 0, number(g));
}

static void land_some(struct gen *g, u32 percent);

/* A rotation, or nearly. Registers may be the same, and jumps may lead into it. */
static void step_rotation(struct gen *g)
{
	const u8 class = chance(g, 50) ? BPF_ALU64 : BPF_ALU;
	const u8 t = any_reg(g), a = any_reg(g), b = chance(g, 50) ? a : any_reg(g);
	const u32 width = class == BPF_ALU64 ? 64 : 32, bits = 1 + below(g, width - 1);
	const u32 left = chance(g, 90) ? width - bits : below(g, width);
	const bool right = chance(g, 50), other = chance(g, 30);

	emit(g, class | BPF_MOV | BPF_X, t, a, 0, 0);
	land_some(g, 2);
	emit(g, class | (right ? BPF_RSH : BPF_LSH) | BPF_K, t, 0, 0, bits);
	land_some(g, 2);
	if (b != a)
		emit(g, class | BPF_MOV | BPF_X, b, a, 0, 0);
	else if (chance(g, 30))
		step_alu(g);
	emit(g, class | (right ? BPF_LSH : BPF_RSH) | BPF_K, b, 0, 0, left);
	land_some(g, 2);
	emit(g, class | BPF_OR | BPF_X, other ? t : b, other ? b : t, 0, 0);
	may_end(g, other ? b : t);
}

/* A copy, and what is made of it; or a number of bits that is masked, and a shift by it. */
static void step_copy(struct gen *g)
{
	static const u8 ops[] = {
		BPF_ADD | BPF_K, BPF_SUB | BPF_K, BPF_MUL | BPF_K,
		BPF_AND | BPF_K, BPF_ADD | BPF_X, BPF_SUB | BPF_X,
		BPF_LSH | BPF_X, BPF_RSH | BPF_X, BPF_ARSH | BPF_X,
	};
	static const s32 masks[] = {0xff, 0xffff, 31, 63};
	const u8 first = chance(g, 50) ? BPF_ALU64 : BPF_ALU, a = any_reg(g), b = any_reg(g);
	const u8 class = chance(g, 70) ? first : BPF_ALU | (BPF_ALU64 ^ first);
	const u8 op = ops[below(g, ARRAY_SIZE(ops))];
	const s32 imm = op == (BPF_AND | BPF_K) ? masks[below(g, ARRAY_SIZE(masks))] : number(g);

	if (chance(g, 70)) {
		emit(g, first | BPF_MOV | BPF_X, a, b, 0, 0);
		land_some(g, 2);
		emit(g, class | op, a, BPF_SRC(op) == BPF_X ? any_reg(g) : 0, 0, imm);
	} else {
		emit(g, first | BPF_AND | BPF_K, a, 0, 0, masks[below(g, ARRAY_SIZE(masks))]);
		land_some(g, 2);
		emit(g, class | ops[6 + below(g, 3)], b, a, 0, 0);
		may_end(g, a);
	}
}

static void any_access(struct gen *g, u8 base, s16 off)
{
	const u32 size = below(g, 4);

	if (chance(g, 50))
		emit(g, BPF_LDX | (size < 3 && chance(g, 40) ? MEMSX : BPF_MEM) | sizes[size],
		     any_reg(g), base, off, 0);
	else if (chance(g, 70))
		emit(g, BPF_STX | BPF_MEM | sizes[size], base, any_reg(g), off, 0);
	else
		emit(g, BPF_ST | BPF_MEM | sizes[size], base, 0, off, number(g));
}

/* An element of an array. */
static void step_element(struct gen *g)
{
	const u8 i = any_reg(g), b = any_reg(g);
	u8 t = any_reg(g);

	if (i == t || i == b)
		return;
	emit(g, ALU64(BPF_AND | BPF_K), i, 0, 0, 7);
	switch (below(g, 3)) {
	case 0: /* of one that is known */
		if (chance(g, 80))
			emit(g, ALU64(BPF_LSH | BPF_K), i, 0, 0, below(g, 5));
		emit_middle(g, t);
		break;
	case 1: /* or not */
		emit_middle(g, b);
		if (chance(g, 80))
			emit(g, ALU64(BPF_LSH | BPF_K), i, 0, 0, below(g, 5));
		emit(g, ALU64(BPF_MOV | BPF_X), t, b, 0, 0);
		break;
	default:
		emit_middle(g, t);
		if (chance(g, 80))
			emit(g, ALU64(BPF_LSH | BPF_K), i, 0, 0, below(g, 5));
	}
	emit(g, ALU64(BPF_ADD | BPF_X), t, i, 0, 0);
	any_access(g, t, (s32)below(g, NEAR) - NEAR);
	may_end(g, t);
	may_end(g, i);
}

/* What is loaded for one operation, and perhaps stored again. */
static void step_operand(struct gen *g)
{
	static const u8 ops[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR, BPF_AND, BPF_XOR, BPF_LSH};
	const u8 class = chance(g, 50) ? BPF_ALU64 : BPF_ALU, t = any_reg(g);
	const u8 size = chance(g, 90) == (class == BPF_ALU64) ? BPF_DW : BPF_W;
	const u8 op = class | ops[below(g, ARRAY_SIZE(ops))];
	s16 off;
	const u8 base = somewhere(g, 8, false, &off);

	emit(g, BPF_LDX | BPF_MEM | size, t, base, off, 0);
	if (chance(g, 50) || base == t) {
		emit(g, op | BPF_X, any_reg(g), t, 0, 0);
	} else {
		if (chance(g, 50))
			emit(g, op | BPF_X, t, any_reg(g), 0, 0);
		else
			emit(g, op | BPF_K, t, 0, 0, BPF_OP(op) == BPF_LSH ? 3 : number(g));
		emit(g, BPF_STX | BPF_MEM | size, base, t, off, 0);
	}
	may_end(g, t);
}

/* --- jumps ------------------------------------------------------------------------------------ */

/* A jump that asks whether the operation before it gave zero. */
static void jump_if_zero(struct gen *g)
{
	static const u8 ops[] = {BPF_ADD, BPF_SUB, BPF_AND, BPF_OR, BPF_XOR, BPF_MUL, BPF_RSH};
	const u8 op = ops[below(g, ARRAY_SIZE(ops))] | (chance(g, 50) ? BPF_ALU64 : BPF_ALU);
	const u8 reg = any_reg(g);

	if (chance(g, 50))
		emit(g, op | BPF_X, reg, any_reg(g), 0, 0);
	else
		emit(g, op | BPF_K, reg, 0, 0, BPF_OP(op) == BPF_RSH ? 31 : number(g));
	land_some(g, 2);
	g->open[g->nr_open++] = g->program->nr;
	emit(g, (chance(g, 50) ? BPF_JMP : BPF_JMP32) | (chance(g, 50) ? BPF_JEQ : BPF_JNE) | BPF_K,
	     reg, 0, 0, chance(g, 90) ? 0 : number(g));
}

static void step_jump(struct gen *g)
{
	static const u8 ops[] = {
		BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,	BPF_JLT,  BPF_JLE,
		BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE,
	};
	u8 code = ops[below(g, ARRAY_SIZE(ops))] | (chance(g, 50) ? BPF_JMP : BPF_JMP32);

	if (g->nr_open == MAX_OPEN)
		return;
	if (chance(g, 20)) {
		jump_if_zero(g);
		return;
	}
	if (chance(g, 20)) { /* over the next one, which is one without a condition */
		emit(g, code | BPF_K, any_reg(g), 0, 1, number(g));
		land_some(g, 2);
		g->open[g->nr_open++] = g->program->nr;
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		return;
	}
	g->open[g->nr_open++] = g->program->nr;
	if (chance(g, 3))
		emit(g, BPF_JMP | BPF_MAY_GOTO, 0, 0, 0, 0);
	else if (chance(g, 5))
		emit(g, (chance(g, 50) ? BPF_JMP : BPF_JMP32) | BPF_JA, 0, 0, 0, 0);
	else if (chance(g, 50))
		emit(g, code | BPF_K, any_reg(g), 0, 0, number(g));
	else
		emit(g, code | BPF_X, any_reg(g), any_reg(g), 0, 0);
}

static void land(struct gen *g, u32 jump)
{
	struct bpf_insn *insn = &g->program->insns[jump];
	s32 distance = g->program->nr - jump - 1;

	if (insn->code == (BPF_JMP32 | BPF_JA))
		insn->imm = distance;
	else
		insn->off = distance;
}

static void land_some(struct gen *g, u32 percent)
{
	for (u32 i = g->first_open; i < g->nr_open;) {
		if (chance(g, percent)) {
			land(g, g->open[i]);
			g->open[i] = g->open[--g->nr_open];
		} else {
			i++;
		}
	}
}

static void steps(struct gen *g, u32 nr);

static void step_loop(struct gen *g)
{
	const u32 outer_open = g->first_open;
	const s16 counter = COUNTER + 8 * (s32)g->loops;
	const u8 reg = any_reg(g);
	u32 begin;

	if (g->loops == 2)
		return;
	g->loops++;
	g->first_open = g->nr_open;
	emit(g, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, counter, 1 + below(g, 3));
	begin = g->program->nr;
	steps(g, 1 + below(g, chance(g, 20) ? 40 : 8));
	land_some(g, 100);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, reg, BPF_REG_10, counter, 0);
	emit(g, ALU64(BPF_ADD | BPF_K), reg, 0, 0, -1);
	emit(g, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, reg, counter, 0);
	emit(g, BPF_JMP | BPF_JNE | BPF_K, reg, 0, (s32)begin - (s32)g->program->nr - 1, 0);
	g->first_open = outer_open;
	g->loops--;
}

/* --- calls ------------------------------------------------------------------------------------ */

static u8 kept_reg(struct gen *g)
{
	return g->nr_regs > BPF_REG_6 ? BPF_REG_6 + below(g, g->nr_regs - BPF_REG_6) : BPF_REG_0;
}

static void after_call(struct gen *g)
{
	for (u8 r = BPF_REG_1; r <= BPF_REG_5; r++)
		if (chance(g, 50))
			emit(g, ALU64(BPF_MOV | BPF_K), r, 0, 0, number(g));
		else
			emit(g, ALU64(BPF_MOV | BPF_X), r, chance(g, 50) ? BPF_REG_0 : kept_reg(g),
			     0, 0);
}

/* A function further down; 0: there is none. */
static u32 later_function(struct gen *g)
{
	u32 left = g->nr_funcs - g->func - 1;

	return left && g->calls_left ? g->func + 1 + below(g, left) : 0;
}

/* bpf_loop gives two arguments, a call five. */
static bool is_callback(u32 func)
{
	return func % 2;
}

static void note_call(struct gen *g, u32 func)
{
	g->calls[g->nr_calls].insn = g->program->nr;
	g->calls[g->nr_calls++].func = func;
	g->calls_left--;
}

static void step_call(struct gen *g)
{
	u32 func = later_function(g);

	if (!func || (g->loops && chance(g, 70)))
		return;
	note_call(g, func);
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	after_call(g);
}

static void step_call_back(struct gen *g)
{
	u32 func = later_function(g);

	if (!is_callback(func) || g->loops)
		return;
	emit(g, ALU64(BPF_MOV | BPF_K), BPF_REG_1, 0, 0, chance(g, 90) ? below(g, 4) : number(g));
	emit(g, ALU64(BPF_MOV | BPF_K), BPF_REG_4, 0, 0, chance(g, 95) ? 0 : number(g));
	/* More turns than a few only of what is refused. */
	emit(g, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, 2, 0);
	emit(g, BPF_JMP32 | BPF_JGT | BPF_K, BPF_REG_1, 0, 1, 8 << 20);
	emit(g, ALU64(BPF_AND | BPF_K), BPF_REG_1, 0, 0, 3);
	note_call(g, func);
	if (chance(g, 70)) {
		emit_imm64(g, BPF_REG_2, BPF_PSEUDO_FUNC, 0);
	} else { /* the address, which is not the same in both, is nowhere else afterwards */
		emit_imm64(g, BPF_REG_5, BPF_PSEUDO_FUNC, 0);
		emit(g, ALU64(BPF_MOV | BPF_X), BPF_REG_2, BPF_REG_5, 0, 0);
		emit(g, ALU64(BPF_MOV | BPF_K), BPF_REG_5, 0, 0, number(g));
	}
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, chance(g, 70) ? BPF_FUNC_loop : HELPER_CALL_BACK);
	after_call(g);
}

static void step_helper(struct gen *g)
{
	u32 map = below(g, NR_ARRAYS);
	s16 key = -STACK_USED + (s32)below(g, 64);

	switch (below(g, 4)) {
	case 0:
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, HELPER_MIX);
		break;
	case 1:
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_smp_processor_id);
		break;
	case 2:
		emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 0);
		break;
	default:
		if (chance(g, 90))
			emit(g, BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, key,
			     below(g, ARRAY_ENTRIES + 2));
		emit_imm64(g, BPF_REG_1, 0, (unsigned long)g->world->arrays[map]);
		emit(g, ALU64(BPF_MOV | BPF_X), BPF_REG_2, BPF_REG_10, 0, 0);
		emit(g, ALU64(BPF_ADD | BPF_K), BPF_REG_2, 0, 0, key);
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 1 + map, BPF_FUNC_map_lookup_elem);
	}
	after_call(g);
}

/* Where there is such a program, it is the end of the function, which returns what that one does.
 */
static void step_tail_call(struct gen *g)
{
	u64 index = chance(g, 40) ? below(g, PROG_ENTRIES) : number(g);

	emit_middle(g, BPF_REG_1);
	emit_imm64(g, BPF_REG_2, 0, (unsigned long)g->world->progs);
	if (chance(g, 50))
		emit_imm64(g, BPF_REG_3, 0, index);
	else
		emit(g, ALU64(BPF_MOV | BPF_X), BPF_REG_3, kept_reg(g), 0, 0);
	emit(g, BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0);
	emit(g, ALU64(BPF_MOV | BPF_K), BPF_REG_0, 0, 0, number(g));
	after_call(g);
}

/* --- functions -------------------------------------------------------------------------------- */

static const struct {
	void (*step)(struct gen *g);
	u32 weight;
} kinds[] = {
	{step_alu, 40},	   {step_edge_of_division, 3},
	{step_unary, 8},   {step_imm64, 5},
	{step_load, 12},   {step_store, 12},
	{step_probe, 3},   {step_atomic, 8},
	{step_jump, 15},   {step_loop, 2},
	{step_call, 2},	   {step_call_back, 1},
	{step_helper, 2},  {step_rotation, 4},
	{step_copy, 5},	   {step_element, 5},
	{step_operand, 5}, {step_tail_call, 1},
};

static void steps(struct gen *g, u32 nr)
{
	u32 sum = 0;

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += kinds[i].weight;
	while (nr-- && g->program->nr < PROGRAM_MAX / 2) {
		u32 pick = below(g, sum), i = 0;

		land_some(g, 15);
		for (; pick >= kinds[i].weight; i++)
			pick -= kinds[i].weight;
		kinds[i].step(g);
	}
}

static void write_stack(struct gen *g)
{
	emit(g, ALU64(BPF_MOV | BPF_X), BPF_REG_0, BPF_REG_10, 0, 0);
	emit(g, ALU64(BPF_ADD | BPF_K), BPF_REG_0, 0, 0, -MAX_BPF_STACK);
	emit(g, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_0, 0, 0, number(g));
	emit(g, ALU64(BPF_ADD | BPF_K), BPF_REG_0, 0, 0, 8);
	emit(g, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_0, BPF_REG_10, -3, 0);
}

static void begin_main(struct gen *g)
{
	for (u8 r = 0; r < BPF_REG_10; r++)
		if (r != BPF_REG_1)
			emit(g, BPF_LDX | BPF_MEM | BPF_DW, r, BPF_REG_1, REGS_IN + 8 * r, 0);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, REGS_IN + 8, 0);
}

/* All registers, and the stack, to where they are compared. */
static void end_main(struct gen *g)
{
	for (u8 r = 0; r < BPF_REG_10; r++)
		emit(g, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, r, -MAX_BPF_STACK + 8 * r, 0);
	emit_middle(g, BPF_REG_1);
	for (u8 r = 0; r < BPF_REG_10; r++) {
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_10, -MAX_BPF_STACK + 8 * r,
		     0);
		emit(g, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_2, REGS_OUT + 8 * r, 0);
	}
	emit(g, ALU64(BPF_MOV | BPF_X), BPF_REG_3, BPF_REG_10, 0, 0);
	emit(g, ALU64(BPF_ADD | BPF_K), BPF_REG_3, 0, 0, -STACK_USED);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_3, 0, 0);
	emit(g, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_2, STACK_OUT, 0);
	emit(g, ALU64(BPF_ADD | BPF_K), BPF_REG_1, 0, 0, 8);
	emit(g, ALU64(BPF_ADD | BPF_K), BPF_REG_3, 0, 0, 8);
	emit(g, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_3, BPF_REG_10, -5, 0);
}

static void begin_other(struct gen *g)
{
	emit(g, ALU64(BPF_MOV | BPF_K), BPF_REG_0, 0, 0, number(g));
	for (u8 r = BPF_REG_3; r <= BPF_REG_5 && is_callback(g->func); r++)
		emit(g, ALU64(BPF_MOV | BPF_X), r, below(g, BPF_REG_3), 0, 0);
	for (u8 r = BPF_REG_6; r < g->nr_regs; r++)
		emit(g, ALU64(BPF_MOV | BPF_X), r, below(g, BPF_REG_6), 0, 0);
}

static void function(struct gen *g)
{
	static const u32 lengths[] = {0, 3, 10, 40, 150, 600};
	u32 length = below(g, lengths[below(g, ARRAY_SIZE(lengths))] + 1);

	g->starts[g->func] = g->program->nr;
	/* One that needs nothing of its own. */
	if (g->func && chance(g, 20)) {
		emit(g, ALU64(BPF_MOV | BPF_X), BPF_REG_0, BPF_REG_1, 0, 0);
		emit(g, ALU64(BPF_ADD | BPF_X), BPF_REG_0, BPF_REG_2, 0, 0);
		emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
		return;
	}
	g->nr_regs = g->func ? BPF_REG_6 + below(g, 5) : BPF_REG_10;
	if (!g->program->clear)
		write_stack(g);
	if (g->func)
		begin_other(g);
	else
		begin_main(g);
	g->first_open = g->nr_open = 0;
	g->calls_left = CALLS;
	steps(g, length);
	land_some(g, 100);
	if (!g->func)
		end_main(g);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void link_calls(struct gen *g)
{
	for (u32 i = 0; i < g->nr_calls; i++) {
		struct bpf_insn *insn = &g->program->insns[g->calls[i].insn];
		u32 to = g->starts[g->calls[i].func];
		u64 addr = (unsigned long)&g->program->insns[to];

		if (insn->code == (BPF_JMP | BPF_CALL)) {
			insn->imm = to - g->calls[i].insn - 1;
		} else {
			insn[0].imm = addr;
			insn[1].imm = addr >> 32;
		}
	}
}

void generate(const struct world *world, u64 seed, struct program *program)
{
	struct gen g = {.world = world, .program = program, .random = seed};

	program->nr = 0;
	program->clear = chance(&g, 50);
	g.nr_funcs = 1 + below(&g, MAX_FUNCS);
	for (g.func = 0; g.func < g.nr_funcs; g.func++)
		function(&g);
	link_calls(&g);
}
