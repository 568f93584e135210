/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What is known of one scalar: bits (var_off), and the least and the largest value that it can have
 * as an unsigned and as a signed number, of 64 bits and of its low 32. Five views of one set; each
 * is an over-approximation, and each can tell the others something: reg_bounds_sync().
 */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "verifier/env.h"

#define HIGH_HALF 0xffffffff00000000ull
#define S64_MIN LLONG_MIN
#define S64_MAX LLONG_MAX

void reg_set_full_range(struct bpf_reg_state *reg)
{
	reg->smin_value = S64_MIN;
	reg->smax_value = S64_MAX;
	reg->umin_value = 0;
	reg->umax_value = ~0ull;
	reg->s32_min_value = INT_MIN;
	reg->s32_max_value = INT_MAX;
	reg->u32_min_value = 0;
	reg->u32_max_value = UINT_MAX;
}

static void set_known(struct bpf_reg_state *reg, u64 value)
{
	reg->var_off = tnum_const(value);
	reg->smin_value = reg->smax_value = (s64)value;
	reg->umin_value = reg->umax_value = value;
	reg->s32_min_value = reg->s32_max_value = (s32)value;
	reg->u32_min_value = reg->u32_max_value = (u32)value;
}

void reg_mark_unknown(struct bpf_reg_state *reg)
{
	*reg = (struct bpf_reg_state){.type = SCALAR_VALUE, .var_off = tnum_unknown};
	reg_set_full_range(reg);
}

void reg_mark_const(struct bpf_reg_state *reg, u64 value)
{
	*reg = (struct bpf_reg_state){.type = SCALAR_VALUE};
	set_known(reg, value);
}

void reg_mark_pointer(struct bpf_reg_state *reg, u32 type)
{
	*reg = (struct bpf_reg_state){.type = type};
	set_known(reg, 0);
}

static void tighten_u64(struct bpf_reg_state *reg, u64 min, u64 max)
{
	reg->umin_value = max_of(reg->umin_value, min);
	reg->umax_value = min_of(reg->umax_value, max);
}

static void tighten_s64(struct bpf_reg_state *reg, s64 min, s64 max)
{
	reg->smin_value = max_of(reg->smin_value, min);
	reg->smax_value = min_of(reg->smax_value, max);
}

static void tighten_u32(struct bpf_reg_state *reg, u32 min, u32 max)
{
	reg->u32_min_value = max_of(reg->u32_min_value, min);
	reg->u32_max_value = min_of(reg->u32_max_value, max);
}

static void tighten_s32(struct bpf_reg_state *reg, s32 min, s32 max)
{
	reg->s32_min_value = max_of(reg->s32_min_value, min);
	reg->s32_max_value = min_of(reg->s32_max_value, max);
}

/* Bits that are known bound the value; an unknown sign bit makes it largest or least. */
static void bounds_from_bits(struct bpf_reg_state *reg)
{
	u64 value = reg->var_off.value, mask = reg->var_off.mask;
	u64 sign = 1ull << 63;
	u32 value32 = value, mask32 = mask, sign32 = 1u << 31;

	tighten_u64(reg, value, value | mask);
	tighten_s64(reg, (s64)(value | (mask & sign)), (s64)(value | (mask & ~sign)));
	tighten_u32(reg, value32, value32 | mask32);
	tighten_s32(reg, (s32)(value32 | (mask32 & sign32)), (s32)(value32 | (mask32 & ~sign32)));
}

/* A range that does not cross the point where the other reading wraps is a range there, too. */
static void signed_and_unsigned(struct bpf_reg_state *reg)
{
	/* Around 0: if one of the two parts is out of the unsigned range, the value is in the
	 * other. */
	if (reg->smin_value < 0 && reg->smax_value >= 0) {
		if (reg->umin_value > (u64)reg->smax_value)
			reg->smax_value = -1;
		else if (reg->umax_value < (u64)reg->smin_value)
			reg->smin_value = 0;
	}
	if (reg->s32_min_value < 0 && reg->s32_max_value >= 0) {
		if (reg->u32_min_value > (u32)reg->s32_max_value)
			reg->s32_max_value = -1;
		else if (reg->u32_max_value < (u32)reg->s32_min_value)
			reg->s32_min_value = 0;
	}
	if ((s64)reg->umin_value <= (s64)reg->umax_value)
		tighten_s64(reg, (s64)reg->umin_value, (s64)reg->umax_value);
	if ((u64)reg->smin_value <= (u64)reg->smax_value)
		tighten_u64(reg, (u64)reg->smin_value, (u64)reg->smax_value);
	if ((s32)reg->u32_min_value <= (s32)reg->u32_max_value)
		tighten_s32(reg, (s32)reg->u32_min_value, (s32)reg->u32_max_value);
	if ((u32)reg->s32_min_value <= (u32)reg->s32_max_value)
		tighten_u32(reg, (u32)reg->s32_min_value, (u32)reg->s32_max_value);
}

/* Where the high half is the same all over the range, the low half has a range. */
static void low_from_whole(struct bpf_reg_state *reg)
{
	if (reg->umin_value >> 32 == reg->umax_value >> 32)
		tighten_u32(reg, reg->umin_value, reg->umax_value);
	if (reg->smin_value >> 32 == reg->smax_value >> 32)
		tighten_u32(reg, reg->smin_value, reg->smax_value);
	/* -1 to 3: the low halves wrap unsigned, and are in order as signed numbers. */
	if (reg->smin_value >= INT_MIN && reg->smax_value <= INT_MAX)
		tighten_s32(reg, reg->smin_value, reg->smax_value);
}

/*
 * The least number not below @min whose low half is in [@low, @high], and the largest not above
 * @max. The high half of a signed number counts up as the number does, so one rule does for both;
 * where the next high half does not exist, the ranges contradict and nothing is gained.
 */
static u64 next_with_low(u64 min, u32 low, u32 high)
{
	if ((u32)min < low)
		return (min & HIGH_HALF) | low;
	if ((u32)min <= high)
		return min;
	return ((min & HIGH_HALF) + (1ull << 32)) | low;
}

static u64 prev_with_low(u64 max, u32 low, u32 high)
{
	if ((u32)max > high)
		return (max & HIGH_HALF) | high;
	if ((u32)max >= low)
		return max;
	return ((max & HIGH_HALF) - (1ull << 32)) | high;
}

static void whole_from_low(struct bpf_reg_state *reg)
{
	u32 low = reg->u32_min_value, high = reg->u32_max_value;
	u64 umin = next_with_low(reg->umin_value, low, high);
	u64 umax = prev_with_low(reg->umax_value, low, high);
	s64 smin = (s64)next_with_low((u64)reg->smin_value, low, high);
	s64 smax = (s64)prev_with_low((u64)reg->smax_value, low, high);

	if (umin > reg->umin_value)
		reg->umin_value = umin;
	if (umax < reg->umax_value)
		reg->umax_value = umax;
	if (smin > reg->smin_value)
		reg->smin_value = smin;
	if (smax < reg->smax_value)
		reg->smax_value = smax;
}

static bool ranges_sane(const struct bpf_reg_state *reg)
{
	return reg->umin_value <= reg->umax_value && reg->smin_value <= reg->smax_value &&
	       reg->u32_min_value <= reg->u32_max_value && reg->s32_min_value <= reg->s32_max_value;
}

/* False: no number is in all of the ranges. */
static bool bits_from_bounds(struct bpf_reg_state *reg)
{
	struct tnum whole = tnum_range(reg->umin_value, reg->umax_value);
	struct tnum low = tnum_range(reg->u32_min_value, reg->u32_max_value);

	if (!tnum_overlap(reg->var_off, whole))
		return false;
	whole = tnum_intersect(reg->var_off, whole);
	if (!tnum_overlap(tnum_subreg(whole), low))
		return false;
	reg->var_off = tnum_with_subreg(whole, tnum_intersect(tnum_subreg(whole), low));
	return true;
}

/* Most numbers are constants or nothing is known of them, and most rounds change nothing. */

#define BOUNDS_START offsetof(struct bpf_reg_state, var_off)
#define BOUNDS_SIZE (offsetof(struct bpf_reg_state, u32_max_value) + sizeof(u32) - BOUNDS_START)

struct bounds {
	u8 bytes[BOUNDS_SIZE];
};

static struct bounds bounds_of(const struct bpf_reg_state *reg)
{
	struct bounds b;

	memcpy(b.bytes, (const u8 *)reg + BOUNDS_START, BOUNDS_SIZE);
	return b;
}

static bool bounds_are(const struct bpf_reg_state *reg, const struct bounds *b)
{
	return !memcmp((const u8 *)reg + BOUNDS_START, b->bytes, BOUNDS_SIZE);
}

static bool all_say_constant(const struct bpf_reg_state *reg)
{
	u64 value = reg->var_off.value;

	return !reg->var_off.mask && reg->umin_value == value && reg->umax_value == value &&
	       (u64)reg->smin_value == value && (u64)reg->smax_value == value &&
	       reg->u32_min_value == (u32)value && reg->u32_max_value == (u32)value &&
	       (u32)reg->s32_min_value == (u32)value && (u32)reg->s32_max_value == (u32)value;
}

static bool all_say_nothing(const struct bpf_reg_state *reg)
{
	return !reg->var_off.value && reg->var_off.mask == ~0ull && !reg->umin_value &&
	       reg->umax_value == ~0ull && reg->smin_value == S64_MIN &&
	       reg->smax_value == S64_MAX && !reg->u32_min_value && reg->u32_max_value == ~0u &&
	       reg->s32_min_value == INT_MIN && reg->s32_max_value == INT_MAX;
}

bool reg_bounds_sane(const struct bpf_reg_state *reg)
{
	struct bpf_reg_state copy;
	struct bounds before;
	int round;

	if (all_say_constant(reg) || all_say_nothing(reg))
		return true;
	copy = *reg;
	for (round = 0; round < 3; round++) {
		before = bounds_of(&copy);
		bounds_from_bits(&copy);
		low_from_whole(&copy);
		if (!ranges_sane(&copy))
			return false;
		signed_and_unsigned(&copy);
		if (!ranges_sane(&copy))
			return false;
		whole_from_low(&copy);
		if (!ranges_sane(&copy) || !bits_from_bounds(&copy))
			return false;
		if (bounds_are(&copy, &before))
			break;
	}
	return true;
}

void reg_bounds_sync(struct bpf_reg_state *reg)
{
	struct bounds before;
	int round;

	if (all_say_constant(reg) || all_say_nothing(reg))
		return;
	/* Twice: what the halves learn from the whole can tell the whole something again. */
	for (round = 0; round < 2; round++) {
		before = bounds_of(reg);
		bounds_from_bits(reg);
		low_from_whole(reg);
		if (!ranges_sane(reg))
			goto contradiction;
		signed_and_unsigned(reg);
		if (!ranges_sane(reg))
			goto contradiction;
		whole_from_low(reg);
		if (!ranges_sane(reg))
			goto contradiction;
		signed_and_unsigned(reg);
		if (!ranges_sane(reg) || !bits_from_bounds(reg))
			goto contradiction;
		if (bounds_are(reg, &before))
			return;
	}
	bounds_from_bits(reg);
	if (ranges_sane(reg))
		return;
contradiction:
	/* The path cannot be taken. Anything is true of it; "anything can be in it" is safe. */
	reg->var_off = tnum_unknown;
	reg_set_full_range(reg);
}

void reg_assign_32_into_64(struct bpf_reg_state *reg)
{
	reg->var_off = tnum_subreg(reg->var_off);
	reg->umin_value = reg->u32_min_value;
	reg->umax_value = reg->u32_max_value;
	reg->smin_value = reg->u32_min_value;
	reg->smax_value = reg->u32_max_value;
	reg_bounds_sync(reg);
}

void reg_zero_extend(struct bpf_reg_state *reg, u32 size)
{
	u64 mask;

	if (size >= 8)
		return;
	mask = (1ull << (size * 8)) - 1;
	reg->var_off = tnum_cast(reg->var_off, size);
	if (size == 4) {
		reg_assign_32_into_64(reg);
		return;
	}
	if ((reg->umin_value & ~mask) == (reg->umax_value & ~mask)) {
		reg->umin_value &= mask;
		reg->umax_value &= mask;
	} else {
		reg->umin_value = 0;
		reg->umax_value = mask;
	}
	reg->smin_value = reg->umin_value;
	reg->smax_value = reg->umax_value;
	reg->u32_min_value = reg->s32_min_value = reg->umin_value;
	reg->u32_max_value = reg->s32_max_value = reg->umax_value;
	reg_bounds_sync(reg);
}

void reg_sign_extend(struct bpf_reg_state *reg, u32 size)
{
	u8 shift = 64 - size * 8;
	s64 least = S64_MIN >> shift, largest = S64_MAX >> shift;
	s64 min = reg->smin_value, max = reg->smax_value;
	struct tnum bits = tnum_arshift(tnum_lshift(reg->var_off, shift), shift, 64);

	if (size == 4) {
		min = reg->s32_min_value;
		max = reg->s32_max_value;
	} else if (min < least || max > largest) {
		min = least;
		max = largest;
	}
	reg_set_full_range(reg);
	reg->var_off = bits;
	reg->smin_value = min;
	reg->smax_value = max;
	reg_bounds_sync(reg);
}
