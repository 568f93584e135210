/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Division by a number that is known, by multiplying (Granlund and Montgomery, "Division by
 * Invariant Integers using Multiplication", 1994).
 *
 * Of a dividend of N bits and a divisor d between 2^k and 2^(k+1), let m be the first number above
 * 2^(N+k) / d, which has N bits, and e what m * d is above 2^(N+k). The quotient is m times the
 * dividend, without the lower N + k bits, if e is at most 2^k. If not, m needs one bit more: it
 * has 2^N added, and everything is for k + 1; or the dividend and the divisor are even, and their
 * halves do. tests/jit/test_divide.c holds it, for what compilers make of it.
 *
 * No divisor here is 0, or a power of two, and those of 64 bits are less than 2^63.
 */
#ifndef JIT_MAGIC_H
#define JIT_MAGIC_H

#include "base/types.h"

struct jit_magic {
	u64 mul;
	u8 before, after; /* bits to the right, of the dividend and of the product's upper half */
	bool add;	  /* mul has 2^64 (unsigned), or wants to be so much less (signed) added */
};

/* Of 32 bits: the product has 64, of which the upper half goes right by after. False: mul has 33.
 */
bool jit_magic_u32(u32 divisor, struct jit_magic *magic);
/* Of 32 bits, but of a product of 128. */
u64 jit_magic_u32_long(u32 divisor);
struct jit_magic jit_magic_u64(u64 divisor);
/* The quotient of the absolute value of the divisor is one less for a negative dividend. */
struct jit_magic jit_magic_s32(u32 absolute);
struct jit_magic jit_magic_s64(u64 absolute);

#endif /* JIT_MAGIC_H */
