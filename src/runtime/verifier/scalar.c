/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Arithmetic of scalars. A result is computed three times over: bits as tracked numbers, and ranges
 * of 64 and of 32 bits, each of which is left wide open where the operation can wrap; what one of
 * them knows reg_bounds_sync() tells the others. Ranges are worked out in 128 bits, where nothing
 * wraps.
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

void scalar_op(struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op, bool is64,
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

void offset_op(struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op)
{
	struct tnum bits = tnum_op(op, dst->var_off, src, 64);
	struct range r = range_op(op, range_of(dst, 64), range_of(src, 64), bits, 64);

	dst->var_off = bits;
	reg_set_full_range(dst);
	set_range(dst, 64, r);
	reg_bounds_sync(dst);
}
