/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Arithmetic on tracked numbers. Each result has every number that the operation can give for some
 * choice of the unknown bits, and as few others as is cheap to find out.
 */
#include "verifier/tnum.h"

struct tnum tnum_range(u64 min, u64 max)
{
	u64 differ = min ^ max, below;
	u8 bits;

	if (!differ)
		return tnum_const(min);
	bits = 64 - __builtin_clzll(differ);
	if (bits == 64)
		return tnum_unknown;
	below = (1ull << bits) - 1;
	return TNUM(min & ~below, below);
}

struct tnum tnum_lshift(struct tnum a, u8 shift)
{
	return TNUM(a.value << shift, a.mask << shift);
}

struct tnum tnum_rshift(struct tnum a, u8 shift)
{
	return TNUM(a.value >> shift, a.mask >> shift);
}

struct tnum tnum_arshift(struct tnum a, u8 shift, u8 bits)
{
	/* An unknown sign bit is copied as unknown: the mask shifts like the value does. */
	if (bits == 32)
		return TNUM((u32)((s32)a.value >> shift), (u32)((s32)a.mask >> shift));
	return TNUM((s64)a.value >> shift, (s64)a.mask >> shift);
}

struct tnum tnum_add(struct tnum a, struct tnum b)
{
	/* Where the sums of the smallest and of the largest choice differ, a carry is unknown. */
	u64 low = a.value + b.value;
	u64 high = low + a.mask + b.mask;
	u64 unknown = (low ^ high) | a.mask | b.mask;

	return TNUM(low & ~unknown, unknown);
}

struct tnum tnum_sub(struct tnum a, struct tnum b)
{
	u64 diff = a.value - b.value;
	u64 unknown = ((diff + a.mask) ^ (diff - b.mask)) | a.mask | b.mask;

	return TNUM(diff & ~unknown, unknown);
}

struct tnum tnum_and(struct tnum a, struct tnum b)
{
	u64 ones = a.value & b.value;
	u64 may_be = (a.value | a.mask) & (b.value | b.mask);

	return TNUM(ones, may_be & ~ones);
}

struct tnum tnum_or(struct tnum a, struct tnum b)
{
	u64 ones = a.value | b.value;

	return TNUM(ones, (a.mask | b.mask) & ~ones);
}

struct tnum tnum_xor(struct tnum a, struct tnum b)
{
	u64 unknown = a.mask | b.mask;

	return TNUM((a.value ^ b.value) & ~unknown, unknown);
}

struct tnum tnum_mul(struct tnum a, struct tnum b)
{
	struct tnum sum = tnum_const(0);

	/* Long multiplication: a bit of @a that is known adds @b, an unknown one perhaps. */
	for (; a.value | a.mask; a = tnum_rshift(a, 1), b = tnum_lshift(b, 1)) {
		if (a.value & 1)
			sum = tnum_add(sum, b);
		else if (a.mask & 1)
			sum = tnum_add(sum, TNUM(0, b.value | b.mask));
	}
	return sum;
}

bool tnum_overlap(struct tnum a, struct tnum b)
{
	return !((a.value ^ b.value) & ~a.mask & ~b.mask);
}

struct tnum tnum_intersect(struct tnum a, struct tnum b)
{
	u64 unknown = a.mask & b.mask;

	return TNUM((a.value | b.value) & ~unknown, unknown);
}

bool tnum_in(struct tnum a, struct tnum b)
{
	return !(b.mask & ~a.mask) && a.value == (b.value & ~a.mask);
}

struct tnum tnum_cast(struct tnum a, u8 size)
{
	u64 keep = size >= 8 ? ~0ull : (1ull << (size * 8)) - 1;

	return TNUM(a.value & keep, a.mask & keep);
}

struct tnum tnum_with_subreg(struct tnum a, struct tnum low)
{
	return TNUM((a.value & ~0xffffffffull) | (u32)low.value,
		    (a.mask & ~0xffffffffull) | (u32)low.mask);
}

bool tnum_is_aligned(struct tnum a, u64 size)
{
	return !((a.value | a.mask) & (size - 1));
}
