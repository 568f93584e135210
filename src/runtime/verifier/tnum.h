/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Tracked numbers: what is known of each bit of a value. A bit of @mask that is set is unknown; the
 * others are as in @value, which has 0 where @mask has 1. (Vishwanathan et al., "Sound, Precise,
 * and Fast Abstract Interpretation with Tristate Numbers", CGO 2022.)
 */
#ifndef VERIFIER_TNUM_H
#define VERIFIER_TNUM_H

#include "base/types.h"

struct tnum {
	u64 value;
	u64 mask;
};

#define TNUM(value_, mask_) ((struct tnum){.value = (value_), .mask = (mask_)})
static const struct tnum tnum_unknown = {.value = 0, .mask = ~0ull};

static inline struct tnum tnum_const(u64 value)
{
	return TNUM(value, 0);
}

static inline bool tnum_is_const(struct tnum a)
{
	return !a.mask;
}

/* The smallest tracked number that has all of [min, max]. */
struct tnum tnum_range(u64 min, u64 max);

struct tnum tnum_lshift(struct tnum a, u8 shift);
struct tnum tnum_rshift(struct tnum a, u8 shift);
/* Of the low @bits (32 or 64), which is also the width of the result. */
struct tnum tnum_arshift(struct tnum a, u8 shift, u8 bits);
struct tnum tnum_add(struct tnum a, struct tnum b);
struct tnum tnum_sub(struct tnum a, struct tnum b);
struct tnum tnum_and(struct tnum a, struct tnum b);
struct tnum tnum_or(struct tnum a, struct tnum b);
struct tnum tnum_xor(struct tnum a, struct tnum b);
struct tnum tnum_mul(struct tnum a, struct tnum b);

/* Do @a and @b have a number in common, and what is known of those that they have? */
bool tnum_overlap(struct tnum a, struct tnum b);
struct tnum tnum_intersect(struct tnum a, struct tnum b);
/* Is every number of @b one of @a? */
bool tnum_in(struct tnum a, struct tnum b);

/* The low @size bytes, zero-extended. */
struct tnum tnum_cast(struct tnum a, u8 size);
static inline struct tnum tnum_subreg(struct tnum a)
{
	return tnum_cast(a, 4);
}

/* The high half of @a over the low half of @low. */
struct tnum tnum_with_subreg(struct tnum a, struct tnum low);
/* Can every number of it be divided by @size, a power of two? */
bool tnum_is_aligned(struct tnum a, u64 size);

#endif /* VERIFIER_TNUM_H */
