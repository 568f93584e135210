/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Arithmetic. A scalar result is computed three times over: bits as tracked numbers, and ranges of
 * 64 and of 32 bits, each of which is left wide open where the operation can wrap; what one of them
 * knows reg_bounds_sync() tells the others. Ranges are worked out in 128 bits, where nothing wraps.
 *
 * With a pointer only addition and subtraction make sense: a constant goes into its fixed offset,
 * anything else into its ranges. Whether the result points to something is asked when it is used.
 */
#include <limits.h>

#include "verifier/env.h"

struct range {
	s64 smin, smax;
	u64 umin, umax;
};

static struct range full_range(u8 bits)
{
	if (bits == 32)
		return (struct range){INT_MIN, INT_MAX, 0, UINT_MAX};
	return (struct range){LLONG_MIN, LLONG_MAX, 0, ~0ull};
}

static struct range range_of(const struct bpf_reg_state *reg, u8 bits)
{
	if (bits == 32)
		return (struct range){reg->s32_min_value, reg->s32_max_value, reg->u32_min_value,
				      reg->u32_max_value};
	return (struct range){reg->smin_value, reg->smax_value, reg->umin_value, reg->umax_value};
}

static void set_range(struct bpf_reg_state *reg, u8 bits, struct range r)
{
	if (bits == 32) {
		reg->s32_min_value = r.smin;
		reg->s32_max_value = r.smax;
		reg->u32_min_value = r.umin;
		reg->u32_max_value = r.umax;
	} else {
		reg->smin_value = r.smin;
		reg->smax_value = r.smax;
		reg->umin_value = r.umin;
		reg->umax_value = r.umax;
	}
}

/* [@min, @max], cut to @bits: a range if all of it wraps equally often, else left as it is. */
static void keep_unsigned(struct range *r, __int128 min, __int128 max, u8 bits)
{
	if (min >> bits != max >> bits)
		return;
	r->umin = bits == 32 ? (u32)min : (u64)min;
	r->umax = bits == 32 ? (u32)max : (u64)max;
}

static void keep_signed(struct range *r, __int128 min, __int128 max, u8 bits)
{
	__int128 half = (__int128)1 << (bits - 1);

	if ((min + half) >> bits != (max + half) >> bits)
		return;
	r->smin = bits == 32 ? (s32)min : (s64)min;
	r->smax = bits == 32 ? (s32)max : (s64)max;
}

static void range_mul(struct range *r, struct range a, struct range b, u8 bits)
{
	unsigned __int128 largest = (unsigned __int128)a.umax * b.umax;
	__int128 corner[4] = {
		(__int128)a.smin * b.smin,
		(__int128)a.smin * b.smax,
		(__int128)a.smax * b.smin,
		(__int128)a.smax * b.smax,
	};
	__int128 min = corner[0], max = corner[0];
	int i;

	if (largest >> bits == 0) {
		r->umin = a.umin * b.umin;
		r->umax = (u64)largest;
	}
	for (i = 1; i < 4; i++) {
		min = min_of(min, corner[i]);
		max = max_of(max, corner[i]);
	}
	/* Products of 64-bit numbers reach 2^126: adding half of 2^64 overflows nothing. */
	keep_signed(r, min, max, bits);
}

static void range_lsh(struct range *r, struct range a, struct range by, u8 bits)
{
	struct range all = full_range(bits);
	u64 low, high;

	if (by.umax >= bits)
		return;
	low = by.umin;
	high = by.umax;
	if (a.umax <= all.umax >> high) {
		r->umin = a.umin << low;
		r->umax = a.umax << high;
	}
	if (low == high && a.smin >= all.smin >> low && a.smax <= all.smax >> low) {
		r->smin = (s64)((u64)a.smin << low);
		r->smax = (s64)((u64)a.smax << low);
	}
}

/* What @op makes of two ranges of @bits each; what it does not find out is the full range. */
static struct range range_op(u8 op, struct range a, struct range b, struct tnum result, u8 bits)
{
	struct range r = full_range(bits);

	switch (op) {
	case BPF_ADD:
		keep_unsigned(&r, (__int128)a.umin + b.umin, (__int128)a.umax + b.umax, bits);
		keep_signed(&r, (__int128)a.smin + b.smin, (__int128)a.smax + b.smax, bits);
		break;
	case BPF_SUB:
		keep_unsigned(&r, (__int128)a.umin - b.umax, (__int128)a.umax - b.umin, bits);
		keep_signed(&r, (__int128)a.smin - b.smax, (__int128)a.smax - b.smin, bits);
		break;
	case BPF_MUL:
		range_mul(&r, a, b, bits);
		break;
	case BPF_AND:
		r.umin = result.value;
		r.umax = min_of(a.umax, b.umax);
		break;
	case BPF_OR:
		r.umin = max_of(a.umin, b.umin);
		r.umax = result.value | result.mask;
		break;
	case BPF_XOR:
		r.umin = result.value;
		r.umax = result.value | result.mask;
		break;
	case BPF_LSH:
		range_lsh(&r, a, b, bits);
		break;
	case BPF_RSH:
		if (b.umax < bits) {
			r.umin = a.umin >> b.umax;
			r.umax = a.umax >> b.umin;
		}
		break;
	case BPF_ARSH:
		if (b.umax < bits) {
			r.smin = a.smin >> (a.smin < 0 ? b.umin : b.umax);
			r.smax = a.smax >> (a.smax < 0 ? b.umax : b.umin);
		}
		break;
	case BPF_DIV:
		if (b.umin == b.umax && b.umin) {
			r.umin = a.umin / b.umin;
			r.umax = a.umax / b.umin;
		}
		break;
	case BPF_MOD:
		if (b.umin == b.umax && b.umin)
			r.umax = min_of(a.umax, b.umin - 1);
		break;
	}
	return r;
}

static struct tnum tnum_shift(u8 op, struct tnum a, const struct bpf_reg_state *by, u8 bits)
{
	u8 shift;

	/* A larger amount is one that the machine masks; only one that is known says anything. */
	if (!tnum_is_const(by->var_off) || by->var_off.value >= bits)
		return tnum_unknown;
	shift = by->var_off.value;
	if (op == BPF_LSH)
		return tnum_lshift(a, shift);
	if (op == BPF_RSH)
		return tnum_rshift(a, shift);
	return tnum_arshift(a, shift, bits);
}

static struct tnum tnum_op(u8 op, struct tnum a, const struct bpf_reg_state *src, u8 bits)
{
	struct tnum b = bits == 32 ? tnum_subreg(src->var_off) : src->var_off;

	switch (op) {
	case BPF_ADD:
		return tnum_add(a, b);
	case BPF_SUB:
		return tnum_sub(a, b);
	case BPF_MUL:
		return tnum_mul(a, b);
	case BPF_AND:
		return tnum_and(a, b);
	case BPF_OR:
		return tnum_or(a, b);
	case BPF_XOR:
		return tnum_xor(a, b);
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return tnum_shift(op, a, src, bits);
	}
	return tnum_unknown;
}

/* Does the low half of the result depend on the low halves of the operands alone? */
static bool low_half_is_own(u8 op, const struct bpf_reg_state *src)
{
	switch (op) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return true;
	case BPF_LSH:
		return src->umax_value < 32;
	}
	return false;
}

static void scalar_op(struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op, bool is64,
		      bool is_signed)
{
	struct range r32 = full_range(32), r64 = full_range(64);
	struct tnum bits;

	if (is_signed) {
		reg_mark_unknown(dst);
		if (!is64)
			reg_zero_extend(dst, 4);
		return;
	}
	if (is64) {
		bits = tnum_op(op, dst->var_off, src, 64);
		r64 = range_op(op, range_of(dst, 64), range_of(src, 64), bits, 64);
		if (low_half_is_own(op, src))
			r32 = range_op(op, range_of(dst, 32), range_of(src, 32), tnum_subreg(bits),
				       32);
		/* The first half of "sign-extend the low half" must not lose what is known of it.
		 */
		if (op == BPF_LSH && src->umin_value == 32 && src->umax_value == 32) {
			r64.smin = (s64)((u64)(s64)dst->s32_min_value << 32);
			r64.smax = (s64)((u64)(s64)dst->s32_max_value << 32);
		}
		dst->var_off = bits;
		set_range(dst, 64, r64);
		set_range(dst, 32, r32);
		reg_bounds_sync(dst);
		return;
	}
	bits = tnum_subreg(tnum_op(op, tnum_subreg(dst->var_off), src, 32));
	r32 = range_op(op, range_of(dst, 32), range_of(src, 32), bits, 32);
	dst->var_off = bits;
	set_range(dst, 32, r32);
	reg_assign_32_into_64(dst);
}

static bool pointer_arithmetic_allowed(u32 type)
{
	switch (base_type(type)) {
	case PTR_TO_CTX:
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MAP_KEY:
	case PTR_TO_STACK:
	case PTR_TO_BTF_ID:
	case PTR_TO_MEM:
	case PTR_TO_BUF:
	case CONST_PTR_TO_DYNPTR:
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
	case PTR_TO_TP_BUFFER:
		return true;
	}
	return false;
}

#define SANE_OFFSET_ADVICE "bound the number before it is added: a pointer stays within 512 MiB"

static int check_offset_sane(struct bpf_verifier_env *env, const struct bpf_reg_state *reg,
			     u32 regno, bool pointer)
{
	if (reg->smin_value <= -BPF_MAX_VAR_OFF || reg->smax_value >= BPF_MAX_VAR_OFF) {
		/* A wide range is refused where it is used; a known offset at once. */
		if (tnum_is_const(reg->var_off) || reg->smin_value == LLONG_MIN)
			return refuse(env, -EINVAL, regno, SANE_OFFSET_ADVICE,
				      "%s %lld is out of the range of pointer offsets",
				      pointer ? "offset" : "adding", (long long)reg->smin_value);
	}
	if (pointer && (reg->off <= -BPF_MAX_VAR_OFF || reg->off >= BPF_MAX_VAR_OFF))
		return refuse(env, -EINVAL, regno, SANE_OFFSET_ADVICE,
			      "offset %d is out of the range of pointer offsets", reg->off);
	return 0;
}

/* dst = pointer op scalar; @dst may be either of them, so both are copies. */
static int pointer_op(struct bpf_verifier_env *env, u32 dst_regno, struct bpf_reg_state ptr,
		      struct bpf_reg_state scalar, u8 op)
{
	struct bpf_reg_state *dst = &cur_regs(env)[dst_regno];
	struct range r = full_range(64);
	struct tnum bits;
	int err;

	mark_reg_precise(env, &scalar);
	if (ptr.type & PTR_MAYBE_NULL)
		return refuse(env, -EACCES, dst_regno, "compare the pointer with NULL first",
			      "arithmetic on a pointer that may be NULL");
	if (base_type(ptr.type) == CONST_PTR_TO_MAP && reg_is_null(&scalar) && op == BPF_ADD) {
		*dst = ptr;
		return 0;
	}
	if (!pointer_arithmetic_allowed(ptr.type))
		return refuse(env, -EACCES, dst_regno, NULL, "arithmetic on a %s",
			      reg_type_name(ptr.type));
	err = check_offset_sane(env, &scalar, dst_regno, false);
	if (err)
		return err;
	err = check_offset_sane(env, &ptr, dst_regno, true);
	if (err)
		return err;

	*dst = ptr;
	if (tnum_is_const(scalar.var_off)) {
		s64 off = op == BPF_ADD ? ptr.off + scalar.smin_value : ptr.off - scalar.smin_value;

		dst->off = off; /* both are within 2^29 */
		move_packet_pointer(env, dst, scalar.smin_value, true, op == BPF_ADD);
		return check_offset_sane(env, dst, dst_regno, true);
	}
	bits = op == BPF_ADD ? tnum_add(ptr.var_off, scalar.var_off)
			     : tnum_sub(ptr.var_off, scalar.var_off);
	r = range_op(op, range_of(&ptr, 64), range_of(&scalar, 64), bits, 64);
	dst->var_off = bits;
	reg_set_full_range(dst);
	set_range(dst, 64, r);
	reg_bounds_sync(dst);
	move_packet_pointer(env, dst, scalar.smin_value, false, op == BPF_ADD);
	return check_offset_sane(env, dst, dst_regno, true);
}

static const char *op_name(u8 op)
{
	static const char *const name[16] = {"+=",  "-=",  "*=", "/=", "|=", "&=",   "<<=",
					     ">>=", "neg", "%=", "^=", "=",  "s>>=", "swap"};

	return name[op >> 4] ? name[op >> 4] : "?";
}

/* A number plus a constant stays tied to the numbers that it was equal to. */
static void keep_link(struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op, bool is64)
{
	s64 off = dst->off;

	if (dst->id && is64 && (op == BPF_ADD || op == BPF_SUB) && tnum_is_const(src->var_off) &&
	    src->smin_value > -BPF_MAX_VAR_OFF && src->smin_value < BPF_MAX_VAR_OFF)
		off += op == BPF_ADD ? src->smin_value : -src->smin_value;
	else
		dst->id = 0;
	if (off <= -BPF_MAX_VAR_OFF || off >= BPF_MAX_VAR_OFF)
		dst->id = 0;
	dst->off = dst->id ? off : 0;
}

void reg_add_const(struct bpf_reg_state *reg, s64 number)
{
	struct bpf_reg_state constant;

	reg_mark_const(&constant, number);
	scalar_op(reg, &constant, BPF_ADD, true, false);
}

/* Read-only memory without bounds. */
static bool is_untrusted_mem(const struct bpf_reg_state *reg)
{
	return base_type(reg->type) == PTR_TO_MEM && (reg->type & PTR_UNTRUSTED) &&
	       !(reg->type & PTR_MAYBE_NULL);
}

static int binary_op(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64;
	u8 op = BPF_OP(insn->code);
	struct bpf_reg_state src;
	u32 origin;

	if (BPF_SRC(insn->code) == BPF_X)
		src = cur_regs(env)[insn->src_reg];
	else
		reg_mark_const(&src, (u64)(s64)insn->imm);

	if (dst->type == SCALAR_VALUE && src.type == SCALAR_VALUE) {
		/* The same number on both sides is known better than its range. */
		if (BPF_SRC(insn->code) == BPF_X && insn->src_reg == insn->dst_reg &&
		    (op == BPF_XOR || op == BPF_SUB)) {
			reg_mark_const(dst, 0);
			return 0;
		}
		keep_link(dst, &src, op, is64);
		origin = join_origins(env, dst->origin, src.origin);
		scalar_op(dst, &src, op, is64, insn->off != 0);
		dst->origin = origin;
		return 0;
	}
	if (dst->type != SCALAR_VALUE && src.type != SCALAR_VALUE) {
		if (op == BPF_SUB) {
			reg_mark_unknown(dst);
			if (!is64)
				reg_zero_extend(dst, 4);
			return 0;
		}
		return refuse(env, -EACCES, insn->dst_reg,
			      "subtract pointers only within one packet, or compare them",
			      "R%u %s R%u, both pointers", insn->dst_reg, op_name(op),
			      insn->src_reg);
	}
	if (!is64) {
		if (op == BPF_SUB) {
			reg_mark_unknown(dst);
			reg_zero_extend(dst, 4);
			return 0;
		}
		return refuse(env, -EACCES, insn->dst_reg, "use the 64-bit form",
			      "32-bit arithmetic (%s) with a pointer", op_name(op));
	}
	/* Whatever it points to then, it is looked at with care. */
	if (is_untrusted_mem(dst))
		return 0;
	if (is_untrusted_mem(&src)) {
		reg_mark_unknown(dst);
		return 0;
	}
	if (op != BPF_ADD && op != BPF_SUB)
		return refuse(env, -EACCES, insn->dst_reg, "add to or subtract from it only",
			      "arithmetic (%s) with a pointer", op_name(op));
	if (dst->type == SCALAR_VALUE) {
		if (op == BPF_SUB)
			return refuse(
				env, -EACCES, insn->dst_reg,
				"subtract the number from the pointer, or keep offsets as numbers",
				"a pointer subtracted from a number");
		return pointer_op(env, insn->dst_reg, src, *dst, op);
	}
	if (op == BPF_SUB && base_type(dst->type) == PTR_TO_STACK)
		return refuse(env, -EACCES, insn->dst_reg, "add the negative number",
			      "subtraction from a stack pointer");
	return pointer_op(env, insn->dst_reg, *dst, src, op);
}

static void move_reg(struct bpf_verifier_env *env, struct bpf_reg_state *dst,
		     struct bpf_reg_state *src, bool is64, s16 extend)
{
	bool whole = is64 && !extend;

	if (src->type != SCALAR_VALUE && !whole) {
		reg_mark_unknown(dst);
		if (!is64)
			reg_zero_extend(dst, 4);
		return;
	}
	/* A copy stays the same number as its source if no bit of it is lost. */
	if (!extend && !is64)
		whole = src->umax_value <= UINT_MAX;
	else if (extend && is64)
		whole = src->smin_value >= -(1ll << (extend - 1)) &&
			src->smax_value < (1ll << (extend - 1));
	if (src->type == SCALAR_VALUE && whole && !src->id && !tnum_is_const(src->var_off))
		src->id = ++env->next_id;
	*dst = *src;
	if (src->type != SCALAR_VALUE)
		return;
	if (!whole)
		dst->id = 0;
	if (extend)
		reg_sign_extend(dst, extend / 8);
	if (!is64) {
		if (extend)
			dst->id = 0;
		reg_zero_extend(dst, 4);
	}
}

static int check_mov(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64;
	struct bpf_reg_state *regs = cur_regs(env);
	int err;

	if (BPF_SRC(insn->code) == BPF_K) {
		reg_mark_const(&regs[insn->dst_reg], is64 ? (u64)(s64)insn->imm : (u32)insn->imm);
		return 0;
	}
	err = check_reg_read(env, insn->src_reg);
	if (err)
		return err;
	move_reg(env, &regs[insn->dst_reg], &regs[insn->src_reg], is64, insn->off);
	return 0;
}

static u64 swap_bytes(u64 value, u32 bits)
{
	return __builtin_bswap64(value) >> (64 - bits);
}

static int check_end(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	bool swaps = BPF_CLASS(insn->code) == BPF_ALU64 ||
		     BPF_SRC(insn->code) ==
			     (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? BPF_TO_BE : BPF_TO_LE);
	struct tnum bits = tnum_unknown;
	bool scalar = dst->type == SCALAR_VALUE;
	u32 origin = dst->origin;

	if (scalar && swaps)
		bits = TNUM(swap_bytes(dst->var_off.value, insn->imm),
			    swap_bytes(dst->var_off.mask, insn->imm));
	else if (scalar)
		bits = dst->var_off;
	reg_mark_unknown(dst);
	dst->origin = origin;
	dst->var_off = tnum_cast(bits, insn->imm / 8);
	reg_bounds_sync(dst);
	return 0;
}

static int check_neg(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64;
	struct bpf_reg_state src = *dst;

	reg_mark_unknown(dst);
	if (src.type == SCALAR_VALUE) {
		reg_mark_const(dst, 0);
		scalar_op(dst, &src, BPF_SUB, is64, false);
		dst->origin = src.origin;
	} else if (!is64) {
		reg_zero_extend(dst, 4);
	}
	return 0;
}

static int check_shift_or_div(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	s32 bits = BPF_CLASS(insn->code) == BPF_ALU64 ? 64 : 32;

	if (BPF_SRC(insn->code) != BPF_K)
		return 0;
	switch (BPF_OP(insn->code)) {
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		if (insn->imm < 0 || insn->imm >= bits)
			return refuse(env, -EINVAL, -1, "shift by less than the number has bits",
				      "a shift of a %d-bit number by %d", bits, insn->imm);
		return 0;
	case BPF_DIV:
	case BPF_MOD:
		if (!insn->imm)
			return refuse(env, -EINVAL, -1, "divide by a constant that is not 0",
				      "division by zero");
		return 0;
	}
	return 0;
}

int check_alu_op(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	u8 op = BPF_OP(insn->code);
	int err;

	if (op == BPF_MOV)
		return check_mov(env, insn);
	err = check_reg_read(env, insn->dst_reg);
	if (err)
		return err;
	if (op == BPF_END)
		return check_end(env, insn);
	if (op == BPF_NEG)
		return check_neg(env, insn);
	err = check_shift_or_div(env, insn);
	if (err)
		return err;
	if (BPF_SRC(insn->code) == BPF_X) {
		err = check_reg_read(env, insn->src_reg);
		if (err)
			return err;
	}
	return binary_op(env, insn);
}
