/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Conditional jumps. If what is known of both sides decides the comparison, one way is walked; else
 * both, and on each of them the registers are narrowed to what the comparison then says, as are all
 * other registers and spilled copies that are the same number or the same pointer.
 */
#include <limits.h>

#include "verifier/env.h"

/* Not an opcode of the machine: the other way of BPF_JSET. */
#define BPF_JNSET 0x01

static u8 opposite(u8 op)
{
	switch (op) {
	case BPF_JEQ:
		return BPF_JNE;
	case BPF_JNE:
		return BPF_JEQ;
	case BPF_JGT:
		return BPF_JLE;
	case BPF_JLE:
		return BPF_JGT;
	case BPF_JGE:
		return BPF_JLT;
	case BPF_JLT:
		return BPF_JGE;
	case BPF_JSGT:
		return BPF_JSLE;
	case BPF_JSLE:
		return BPF_JSGT;
	case BPF_JSGE:
		return BPF_JSLT;
	case BPF_JSLT:
		return BPF_JSGE;
	case BPF_JSET:
		return BPF_JNSET;
	}
	return BPF_JSET;
}

/* a < b is b > a: four comparisons are left of eight. True if the sides must be swapped. */
static bool as_greater(u8 *op)
{
	switch (*op) {
	case BPF_JLT:
		*op = BPF_JGT;
		return true;
	case BPF_JLE:
		*op = BPF_JGE;
		return true;
	case BPF_JSLT:
		*op = BPF_JSGT;
		return true;
	case BPF_JSLE:
		*op = BPF_JSGE;
		return true;
	}
	return false;
}

struct view {
	s64 smin, smax;
	u64 umin, umax;
	struct tnum bits;
};

static struct view view_of(const struct bpf_reg_state *reg, bool is32)
{
	if (is32)
		return (struct view){reg->s32_min_value, reg->s32_max_value, reg->u32_min_value,
				     reg->u32_max_value, tnum_subreg(reg->var_off)};
	return (struct view){reg->smin_value, reg->smax_value, reg->umin_value, reg->umax_value,
			     reg->var_off};
}

static int decide_greater(u64 amin, u64 amax, u64 bmin, u64 bmax, bool or_equal)
{
	if (amin > bmax || (or_equal && amin >= bmax))
		return 1;
	if (amax < bmin || (!or_equal && amax <= bmin))
		return 0;
	return -1;
}

static int decide_equal(const struct view *a, const struct view *b)
{
	if (a->umin > b->umax || a->umax < b->umin || a->smin > b->smax || a->smax < b->smin ||
	    !tnum_overlap(a->bits, b->bits))
		return 0;
	if (tnum_is_const(a->bits) && tnum_is_const(b->bits))
		return 1;
	return -1;
}

static int decide_set(const struct view *a, const struct view *b)
{
	if (a->bits.value & b->bits.value)
		return 1;
	if (!((a->bits.value | a->bits.mask) & (b->bits.value | b->bits.mask)))
		return 0;
	return -1;
}

/* Is the jump taken? 1: always, 0: never, -1: it depends. */
static int decide(const struct bpf_reg_state *reg1, const struct bpf_reg_state *reg2, u8 op,
		  bool is32)
{
	const u64 flip = 1ull << 63; /* signed order is unsigned order with the sign turned */
	bool swap = as_greater(&op);
	struct view a = view_of(swap ? reg2 : reg1, is32), b = view_of(swap ? reg1 : reg2, is32);
	int equal;

	switch (op) {
	case BPF_JEQ:
		return decide_equal(&a, &b);
	case BPF_JNE:
		equal = decide_equal(&a, &b);
		return equal < 0 ? equal : !equal;
	case BPF_JSET:
		return decide_set(&a, &b);
	case BPF_JGT:
	case BPF_JGE:
		return decide_greater(a.umin, a.umax, b.umin, b.umax, op == BPF_JGE);
	case BPF_JSGT:
	case BPF_JSGE:
		return decide_greater((u64)a.smin ^ flip, (u64)a.smax ^ flip, (u64)b.smin ^ flip,
				      (u64)b.smax ^ flip, op == BPF_JSGE);
	}
	return -1;
}

/* A number compared with itself. */
static int decide_same(u8 op)
{
	switch (op) {
	case BPF_JEQ:
	case BPF_JGE:
	case BPF_JLE:
	case BPF_JSGE:
	case BPF_JSLE:
		return 1;
	case BPF_JSET:
		return -1;
	}
	return 0;
}

static void set_bits(struct bpf_reg_state *reg, struct tnum bits, bool is32)
{
	reg->var_off = is32 ? tnum_with_subreg(reg->var_off, bits) : bits;
}

static void store_view(struct bpf_reg_state *reg, const struct view *v, bool is32)
{
	if (is32) {
		reg->s32_min_value = v->smin;
		reg->s32_max_value = v->smax;
		reg->u32_min_value = v->umin;
		reg->u32_max_value = v->umax;
	} else {
		reg->smin_value = v->smin;
		reg->smax_value = v->smax;
		reg->umin_value = v->umin;
		reg->umax_value = v->umax;
	}
	set_bits(reg, v->bits, is32);
}

static void narrow_equal(struct view *a, struct view *b)
{
	a->umin = b->umin = max_of(a->umin, b->umin);
	a->umax = b->umax = min_of(a->umax, b->umax);
	a->smin = b->smin = max_of(a->smin, b->smin);
	a->smax = b->smax = min_of(a->smax, b->smax);
	if (tnum_overlap(a->bits, b->bits))
		a->bits = b->bits = tnum_intersect(a->bits, b->bits);
}

/* a is not the constant b: a range that begins or ends with b loses it. */
static void narrow_not_equal(struct view *a, const struct view *b, bool is32)
{
	u64 value = b->bits.value;
	s64 svalue = is32 ? (s32)value : (s64)value;

	if (!tnum_is_const(b->bits))
		return;
	if (a->umin == value && a->umin < a->umax)
		a->umin++;
	if (a->umax == value && a->umin < a->umax)
		a->umax--;
	if (a->smin == svalue && a->smin < a->smax)
		a->smin++;
	if (a->smax == svalue && a->smin < a->smax)
		a->smax--;
}

static void narrow_set(struct view *a, const struct view *b)
{
	/* One single bit that b can have: a has it, too. */
	if (tnum_is_const(b->bits) && __builtin_popcountll(b->bits.value) == 1)
		a->bits = tnum_or(a->bits, tnum_const(b->bits.value));
}

static void narrow_not_set(struct view *a, const struct view *b)
{
	/* Bits that b has for certain, a has not. */
	if (!(a->bits.value & b->bits.value))
		a->bits = tnum_and(a->bits, tnum_const(~b->bits.value));
}

static void narrow_greater(struct view *a, struct view *b, u64 by)
{
	/* Where this overflows, the comparison cannot be true. */
	if (b->umin + by >= b->umin)
		a->umin = max_of(a->umin, b->umin + by);
	if (a->umax >= by)
		b->umax = min_of(b->umax, a->umax - by);
}

static void narrow_sgreater(struct view *a, struct view *b, s64 by)
{
	if (b->smin <= LLONG_MAX - by)
		a->smin = max_of(a->smin, b->smin + by);
	if (a->smax >= LLONG_MIN + by)
		b->smax = min_of(b->smax, a->smax - by);
}

/* @reg1 @op @reg2 is true: what does that say of the two? False: it cannot be true. */
static bool narrow(struct bpf_reg_state *reg1, struct bpf_reg_state *reg2, u8 op, bool is32)
{
	bool swap = as_greater(&op);
	struct bpf_reg_state *ra = swap ? reg2 : reg1, *rb = swap ? reg1 : reg2;
	struct view a = view_of(ra, is32), b = view_of(rb, is32), a0 = a;

	switch (op) {
	case BPF_JEQ:
		narrow_equal(&a, &b);
		break;
	case BPF_JNE:
		narrow_not_equal(&a, &b, is32);
		narrow_not_equal(&b, &a0, is32);
		break;
	case BPF_JSET:
		narrow_set(&a, &b);
		narrow_set(&b, &a0);
		break;
	case BPF_JNSET:
		narrow_not_set(&a, &b);
		narrow_not_set(&b, &a0);
		break;
	case BPF_JGT:
		narrow_greater(&a, &b, 1);
		break;
	case BPF_JGE:
		narrow_greater(&a, &b, 0);
		break;
	case BPF_JSGT:
		narrow_sgreater(&a, &b, 1);
		break;
	case BPF_JSGE:
		narrow_sgreater(&a, &b, 0);
		break;
	}
	/* A bound beyond 32 bits would be cut when it is stored: the comparison is impossible. */
	if (is32 && (a.umin > UINT_MAX || a.smin > INT_MAX || b.smax < INT_MIN))
		return false;
	store_view(ra, &a, is32);
	store_view(rb, &b, is32);
	if (!reg_bounds_sane(ra) || !reg_bounds_sane(rb))
		return false;
	reg_bounds_sync(ra);
	reg_bounds_sync(rb);
	return true;
}

/* The same without a change: can it be true? */
static bool possible(const struct bpf_reg_state *reg1, const struct bpf_reg_state *reg2, u8 op,
		     bool is32)
{
	struct bpf_reg_state copy1 = *reg1, copy2 = *reg2;

	return narrow(&copy1, &copy2, op, is32);
}

struct told {
	struct bpf_verifier_env *env;
	struct bpf_reg_state known;
};

static bool is_equal(const struct bpf_reg_state *reg, const void *arg)
{
	const struct told *t = arg;

	return reg->id == t->known.id && reg->type == SCALAR_VALUE;
}

/* What is known of one register is known of @reg, too, but for the constant between them. */
static void copy_to_equal(struct bpf_reg_state *reg, const void *arg)
{
	const struct told *t = arg;
	const struct bpf_reg_state *known = &t->known;
	struct bpf_reg_state told = *known;

	if (reg->off != known->off)
		reg_add_const(&told, (s64)reg->off - known->off);
	told.off = reg->off;
	told.id = reg->id;
	told.since = reg->since;
	/* That the two are equal rests on both. */
	told.origin = join_origins(t->env, known->origin, reg->origin);
	*reg = told;
}

static void tell_equal_regs(struct bpf_verifier_env *env, struct bpf_verifier_state *state,
			    const struct bpf_reg_state *reg)
{
	struct told told = {.env = env, .known = *reg};

	if (reg->type == SCALAR_VALUE && reg->id)
		change_regs(env, state, is_equal, copy_to_equal, &told);
}

struct null_mark {
	u32 id;
	bool is_null;
};

static bool is_or_null(const struct bpf_reg_state *reg, const void *arg)
{
	const struct null_mark *mark = arg;

	return (reg->type & PTR_MAYBE_NULL) && reg->id == mark->id;
}

static void mark_null(struct bpf_reg_state *reg, const void *arg)
{
	const struct null_mark *mark = arg;
	u32 since = reg->since;

	if (mark->is_null) {
		reg_mark_const(reg, 0);
		reg->since = since;
	} else {
		reg->type &= ~PTR_MAYBE_NULL;
		if (!may_hold_lock(reg))
			reg->id = 0;
	}
}

/* Types whose pointers are never NULL once PTR_MAYBE_NULL is off. */
static bool pointer_not_null(u32 type)
{
	if (type & (PTR_MAYBE_NULL | PTR_UNTRUSTED))
		return false;
	switch (base_type(type)) {
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MAP_KEY:
	case PTR_TO_STACK:
	case PTR_TO_MEM:
	case PTR_TO_CTX:
	case CONST_PTR_TO_MAP:
	case PTR_TO_FUNC:
		return true;
	case PTR_TO_BTF_ID:
		return type & PTR_TRUSTED;
	}
	return false;
}

static bool is_null_check(const struct bpf_insn *insn)
{
	u8 op = BPF_OP(insn->code);

	return BPF_CLASS(insn->code) == BPF_JMP && BPF_SRC(insn->code) == BPF_K && !insn->imm &&
	       (op == BPF_JEQ || op == BPF_JNE);
}

/* Like decide(), for a pointer on at least one side. */
static int decide_pointer(const struct bpf_insn *insn, const struct bpf_reg_state *dst)
{
	if (!is_null_check(insn) || !pointer_not_null(dst->type))
		return -1;
	/* An offset could bring it to 0, were it not for the bounds that memory has. */
	if (dst->off < 0 || dst->smin_value < 0 || dst->smax_value >= BPF_MAX_VAR_OFF)
		return -1;
	return BPF_OP(insn->code) == BPF_JNE;
}

int check_cond_jmp_op(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next)
{
	bool is32 = BPF_CLASS(insn->code) == BPF_JMP32, by_reg = BPF_SRC(insn->code) == BPF_X;
	u32 target = env->insn_idx + 1 + insn->off;
	struct bpf_reg_state *dst, *src, constant;
	struct bpf_verifier_state *other;
	u8 op = BPF_OP(insn->code);
	int taken, err;
	bool scalars, by_value;

	err = check_reg_read(env, insn->dst_reg);
	if (!err && by_reg)
		err = check_reg_read(env, insn->src_reg);
	if (err)
		return err;
	dst = &cur_regs(env)[insn->dst_reg];
	if (by_reg) {
		src = &cur_regs(env)[insn->src_reg];
	} else {
		reg_mark_const(&constant, (u64)(s64)insn->imm);
		src = &constant;
	}
	scalars = dst->type == SCALAR_VALUE && src->type == SCALAR_VALUE;

	if (scalars)
		taken = dst == src ? decide_same(op) : -1;
	else if (by_reg && !is32)
		taken = decide_packet(dst, src, op);
	else
		taken = decide_pointer(insn, dst);
	by_value = scalars && taken < 0;
	if (by_value)
		taken = decide(dst, src, op, is32);
	if (by_value && taken < 0 && dst != src) {
		bool can = possible(dst, src, op, is32);

		/* A path that cannot be at all is walked all the same: both ways. */
		if (can != possible(dst, src, opposite(op), is32))
			taken = can;
	}
	if (taken >= 0) {
		if (by_value) {
			mark_reg_precise(env, dst);
			mark_reg_precise(env, src);
		}
		*next = taken ? target : env->insn_idx + 1;
		return 0;
	}
	other = push_path(env, target);
	if (IS_ERR(other))
		return PTR_ERR(other);
	*next = env->insn_idx + 1;

	if (scalars && dst != src) {
		u32 origin = join_origins(env, dst->origin, src->origin);
		struct bpf_reg_state *regs = other->frame[other->curframe]->regs;
		struct bpf_reg_state constant2 = *src;
		struct bpf_reg_state *dst2 = &regs[insn->dst_reg];
		struct bpf_reg_state *src2 = by_reg ? &regs[insn->src_reg] : &constant2;

		narrow(dst2, src2, op, is32);
		narrow(dst, src, opposite(op), is32);
		dst->origin = src->origin = dst2->origin = src2->origin = origin;
		tell_equal_regs(env, other, dst2);
		tell_equal_regs(env, other, src2);
		tell_equal_regs(env, env->cur, dst);
		tell_equal_regs(env, env->cur, src);
	} else if (is_null_check(insn) && (dst->type & PTR_MAYBE_NULL)) {
		struct null_mark mark = {.id = dst->id, .is_null = op == BPF_JEQ};

		/* The id of what a call gave is that of its reference. */
		if (dst->ref_obj_id && dst->ref_obj_id == dst->id)
			forget_reference(mark.is_null ? other : env->cur, dst->ref_obj_id);
		change_regs(env, other, is_or_null, mark_null, &mark);
		mark.is_null = !mark.is_null;
		change_regs(env, env->cur, is_or_null, mark_null, &mark);
	} else if (by_reg && !is32) {
		compare_packet(env, other, insn);
	}
	return 0;
}
