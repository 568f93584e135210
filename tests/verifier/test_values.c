/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Is what the verifier knows of numbers true? Random straight lines of arithmetic, conditional
 * jumps and loads and stores of the stack run twice: on numbers, and in the verifier. After every
 * step each number must be one that the verifier thinks possible, a jump must not go a way that it
 * thinks impossible, and numbers that it ties together must lie as far apart as it says.
 */
#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "verifier/env.h"

#define NR_REGS 5
#define LINES 40000
#define LINE_LENGTH 16
#define STACK_BYTES 32

struct machine {
	u64 r[NR_REGS];
	u8 stack[STACK_BYTES]; /* r10 - STACK_BYTES and up */
};

static u64 rng;

static u64 rnd(void)
{
	u64 z = rng += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static u32 below(u32 n)
{
	return rnd() % n;
}

/* Numbers near where something changes. */
static u64 number(void)
{
	static const u64 edges[] = {
		0,	    1,		2,	    7,		 8,	     0x7f,
		0x80,	    0xff,	0x100,	    0x7fff,	 0x8000,     0xffff,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1ull << 62, (1ull << 63) - 1,
		1ull << 63, ~0ull};
	u64 n = edges[below(ARRAY_SIZE(edges))];

	switch (below(4)) {
	case 0:
		return n + below(5) - 2;
	case 1:
		return -n;
	case 2:
		return rnd() >> below(64);
	}
	return n;
}

/* --- the machine ------------------------------------------------------------------------------ */

static u64 divide(u64 a, u64 b, bool is64, bool is_signed, bool mod)
{
	if (!is64 && !is_signed) {
		a = (u32)a;
		b = (u32)b;
	}
	if (!is64 && is_signed) {
		a = (u64)(s64)(s32)a;
		b = (u64)(s64)(s32)b;
	}
	if (!b)
		return mod ? a : 0;
	if (!is_signed)
		return mod ? a % b : a / b;
	if (b == ~0ull)
		return mod ? 0 : -a;
	return mod ? (u64)((s64)a % (s64)b) : (u64)((s64)a / (s64)b);
}

static u64 extend(u64 value, int bits)
{
	return (u64)((s64)(value << (64 - bits)) >> (64 - bits));
}

static u64 alu(const struct bpf_insn *insn, u64 a, u64 b)
{
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64;
	u32 bits = is64 ? 64 : 32;
	u64 r = 0;

	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		r = a + b;
		break;
	case BPF_SUB:
		r = a - b;
		break;
	case BPF_MUL:
		r = a * b;
		break;
	case BPF_AND:
		r = a & b;
		break;
	case BPF_OR:
		r = a | b;
		break;
	case BPF_XOR:
		r = a ^ b;
		break;
	case BPF_LSH:
		r = a << (b & (bits - 1));
		break;
	case BPF_RSH:
		r = (is64 ? a : (u32)a) >> (b & (bits - 1));
		break;
	case BPF_ARSH:
		r = is64 ? (u64)((s64)a >> (b & 63)) : (u64)((s32)a >> (b & 31));
		break;
	case BPF_DIV:
	case BPF_MOD:
		r = divide(a, b, is64, insn->off, BPF_OP(insn->code) == BPF_MOD);
		break;
	case BPF_NEG:
		r = -a;
		break;
	case BPF_MOV:
		r = insn->off ? extend(b, insn->off) : b;
		break;
	case BPF_END:
		if (is64 || BPF_SRC(insn->code) == BPF_TO_BE)
			return __builtin_bswap64(a) >> (64 - insn->imm);
		return insn->imm == 64 ? a : a & ((1ull << insn->imm) - 1);
	}
	return is64 ? r : (u32)r;
}

static bool jump(const struct bpf_insn *insn, u64 a, u64 b)
{
	bool is32 = BPF_CLASS(insn->code) == BPF_JMP32;
	s64 sa = is32 ? (s32)a : (s64)a, sb = is32 ? (s32)b : (s64)b;

	if (is32) {
		a = (u32)a;
		b = (u32)b;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return a & b;
	case BPF_JSGT:
		return sa > sb;
	case BPF_JSGE:
		return sa >= sb;
	case BPF_JSLT:
		return sa < sb;
	}
	return sa <= sb;
}

/* --- what the verifier knows -------------------------------------------------------------------
 */

static struct bpf_insn insns[4];
static struct bpf_insn_aux_data aux[4];
static struct bpf_subprog_info subprog;
static struct bpf_prog_aux prog_aux;
static struct bpf_prog prog = {.aux = &prog_aux, .insnsi = insns, .len = 4};
static const struct bpf_check_input input;

static void begin(struct bpf_verifier_env *env)
{
	*env = (struct bpf_verifier_env){
		.prog = &prog,
		.in = &input,
		.insns = insns,
		.nr_insns = 4,
		.aux = aux,
		.subprogs = &subprog,
		.nr_subprogs = 1,
	};
	env->cur = new_state(env);
	assert_non_null(env->cur);
	reg_mark_pointer(&cur_regs(env)[BPF_REG_10], PTR_TO_STACK);
}

static bool possible(const struct bpf_reg_state *reg, u64 value)
{
	return reg->type == SCALAR_VALUE && reg->umin_value <= value && value <= reg->umax_value &&
	       reg->smin_value <= (s64)value && (s64)value <= reg->smax_value &&
	       reg->u32_min_value <= (u32)value && (u32)value <= reg->u32_max_value &&
	       reg->s32_min_value <= (s32)value && (s32)value <= reg->s32_max_value &&
	       !((value ^ reg->var_off.value) & ~reg->var_off.mask);
}

static void check(struct bpf_verifier_env *env, const struct machine *m, u32 line, u32 step)
{
	const struct bpf_reg_state *regs = cur_regs(env);

	for (u32 i = 0; i < NR_REGS; i++) {
		if (!possible(&regs[i], m->r[i])) {
			char text[256];

			describe_reg(env, &regs[i], text, sizeof(text));
			fail_msg("line %u, step %u: r%u = %#llx is not %s (code %#x off %d imm %d)",
				 line, step, i, (unsigned long long)m->r[i], text, insns[0].code,
				 insns[0].off, insns[0].imm);
		}
		for (u32 k = 0; k < i; k++)
			if (regs[i].id && regs[i].id == regs[k].id &&
			    m->r[i] - m->r[k] != (u64)((s64)regs[i].off - regs[k].off))
				fail_msg("line %u, step %u: r%u and r%u are tied", line, step, i,
					 k);
	}
}

/* --- steps -------------------------------------------------------------------------------------
 */

static struct bpf_insn random_alu(void)
{
	static const u8 ops[] = {BPF_ADD, BPF_SUB, BPF_MUL,  BPF_AND, BPF_OR,  BPF_XOR,
				 BPF_LSH, BPF_RSH, BPF_ARSH, BPF_DIV, BPF_MOD, BPF_NEG,
				 BPF_MOV, BPF_MOV, BPF_ADD,  BPF_AND, BPF_END};
	static const u8 extends[] = {0, 0, 8, 16, 32};
	struct bpf_insn insn = {.dst_reg = below(NR_REGS)};
	u8 op = ops[below(ARRAY_SIZE(ops))];
	bool is64 = below(2);

	insn.code = (is64 ? BPF_ALU64 : BPF_ALU) | op;
	if (op == BPF_END) {
		insn.imm = 16 << below(3);
		if (!is64 && below(2))
			insn.code |= BPF_TO_BE;
		return insn;
	}
	if (op == BPF_NEG)
		return insn;
	if (below(2)) {
		insn.code |= BPF_X;
		insn.src_reg = below(NR_REGS);
		if (op == BPF_MOV)
			insn.off = extends[below(is64 ? 5 : 4)];
	} else {
		insn.imm = (s32)number();
		if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
			insn.imm &= is64 ? 63 : 31;
	}
	if (op == BPF_DIV || op == BPF_MOD) {
		insn.off = below(4) == 0;
		if (BPF_SRC(insn.code) == BPF_K && !insn.imm)
			insn.imm = 3;
	}
	return insn;
}

static u64 source(const struct machine *m, const struct bpf_insn *insn)
{
	return BPF_SRC(insn->code) == BPF_X ? m->r[insn->src_reg] : (u64)(s64)insn->imm;
}

static void step_alu(struct bpf_verifier_env *env, struct machine *m)
{
	insns[0] = random_alu();
	assert_int_equal(check_alu_op(env, &insns[0]), 0);
	m->r[insns[0].dst_reg] = alu(&insns[0], m->r[insns[0].dst_reg], source(m, &insns[0]));
}

static void step_jump(struct bpf_verifier_env *env, struct machine *m)
{
	static const u8 ops[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,	 BPF_JLT, BPF_JLE,
				 BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE};
	struct bpf_insn *insn = &insns[0];
	u32 next;
	bool taken;

	*insn = (struct bpf_insn){.dst_reg = below(NR_REGS), .off = 1};
	insn->code = (below(2) ? BPF_JMP : BPF_JMP32) | ops[below(ARRAY_SIZE(ops))];
	if (below(2)) {
		insn->code |= BPF_X;
		insn->src_reg = below(NR_REGS);
	} else {
		/* Often near the number itself, so that both ways are seen. */
		insn->imm = (s32)(below(2) ? m->r[insn->dst_reg] + below(3) - 1 : number());
	}
	env->insn_idx = 0;
	assert_int_equal(check_cond_jmp_op(env, insn, &next), 0);
	taken = jump(insn, m->r[insn->dst_reg], source(m, insn));
	if (env->pending) {
		struct bpf_pending_path *other = env->pending;
		struct bpf_verifier_state *state = other->state;

		/* The way that the machine goes is the one to go on with. */
		if (taken) {
			other->state = env->cur;
			env->cur = state;
		}
		state = other->state;
		env->pending = NULL;
		env->nr_pending = 0;
		free_state(env, state);
		free(other);
	} else if ((next == 2) != taken) {
		fail_msg("a jump that is %staken is thought impossible (code %#x imm %d)",
			 taken ? "" : "not ", insn->code, insn->imm);
	}
}

/* A store or load of the stack; what the verifier refuses is not done. */
static void step_memory(struct bpf_verifier_env *env, struct machine *m)
{
	static const u8 sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	struct bpf_insn *insn = &insns[0];
	u8 size = sizes[below(4)], reg = below(NR_REGS);
	u32 bytes, at;
	u64 value = 0;

	*insn = (struct bpf_insn){.code = BPF_MEM | size};
	bytes = insn_size(insn);
	at = below(STACK_BYTES / bytes) * bytes;
	insn->off = (s16)at - STACK_BYTES;
	if (below(2)) {
		insn->dst_reg = BPF_REG_10;
		insn->code |= BPF_STX;
		insn->src_reg = reg;
		value = m->r[reg];
		if (below(4) == 0) {
			insn->code = BPF_ST | BPF_MEM | size;
			insn->src_reg = 0;
			insn->imm = (s32)number();
			value = (u64)(s64)insn->imm;
		}
		assert_int_equal(check_store(env, insn), 0);
		memcpy(m->stack + at, &value, bytes);
		return;
	}
	insn->code |= BPF_LDX;
	if (bytes < 8 && below(3) == 0)
		insn->code = BPF_LDX | BPF_MEMSX | size;
	insn->src_reg = BPF_REG_10;
	insn->dst_reg = reg;
	if (check_load(env, insn))
		return;
	memcpy(&value, m->stack + at, bytes);
	m->r[reg] = BPF_MODE(insn->code) == BPF_MEMSX ? extend(value, bytes * 8) : value;
}

static void numbers_are_what_they_are_thought_to_be(void **state)
{
	struct bpf_verifier_env env;

	rng = 20240229;
	for (u32 line = 0; line < LINES; line++) {
		struct machine m = {{0}};

		begin(&env);
		for (u32 i = 0; i < NR_REGS; i++) {
			m.r[i] = number();
			reg_mark_unknown(&cur_regs(&env)[i]);
			if (below(4) == 0)
				reg_mark_const(&cur_regs(&env)[i], m.r[i]);
		}
		for (u32 step = 0; step < LINE_LENGTH; step++) {
			switch (below(5)) {
			case 0:
			case 1:
				step_alu(&env, &m);
				break;
			case 2:
				step_memory(&env, &m);
				break;
			default:
				step_jump(&env, &m);
			}
			check(&env, &m, line, step);
		}
		free_all_states(&env);
		assert_int_equal(env.state_memory, 0);
	}
}

/* All pairs of tracked numbers of 4 bits, and every number in them. */
static void tracked_numbers(void **state)
{
	static struct tnum (*const ops[])(struct tnum, struct tnum) = {
		tnum_add, tnum_sub, tnum_and, tnum_or, tnum_xor, tnum_mul};

	for (u32 pair = 0; pair < 1u << 16; pair++) {
		struct tnum a = TNUM(pair & 15, (pair >> 4) & 15);
		struct tnum b = TNUM((pair >> 8) & 15, pair >> 12);

		if ((a.value & a.mask) || (b.value & b.mask))
			continue;
		for (u32 n = 0; n < 256; n++) {
			u64 x = n & 15, y = n >> 4;
			const u64 results[] = {x + y, x - y, x & y, x | y, x ^ y, x * y};

			if (((x ^ a.value) & ~a.mask) || ((y ^ b.value) & ~b.mask))
				continue;
			for (u32 i = 0; i < ARRAY_SIZE(ops); i++)
				assert_true(tnum_in(ops[i](a, b), tnum_const(results[i])));
			if (x == y)
				assert_true(tnum_overlap(a, b) &&
					    tnum_in(tnum_intersect(a, b), tnum_const(x)));
			if (x <= y)
				assert_true(tnum_in(tnum_range(x, y), tnum_const(x)) &&
					    tnum_in(tnum_range(x, y), tnum_const(y)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracked_numbers),
		cmocka_unit_test(numbers_are_what_they_are_thought_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
