/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
#include "jit/magic.h"

typedef unsigned __int128 u128;

static u8 floor_log2(u64 n)
{
	return 63 - __builtin_clzll(n);
}

bool jit_magic_u32(u32 divisor, struct jit_magic *magic)
{
	const u8 k = floor_log2(divisor);
	const u64 power = 1ull << (32 + k);

	*magic = (struct jit_magic){.mul = power / divisor + 1, .after = k};
	return magic->mul * divisor - power <= 1ull << k;
}

u64 jit_magic_u32_long(u32 divisor)
{
	return ~0ull / divisor + 1;
}

struct jit_magic jit_magic_u64(u64 divisor)
{
	const u8 k = floor_log2(divisor);
	const u128 power = (u128)1 << (64 + k);
	const u64 mul = power / divisor + 1, error = mul * divisor - (u64)power;
	const u8 even = __builtin_ctzll(divisor);

	/* Of a smaller dividend the error may be larger, which for half of it is always enough. */
	if (error <= 1ull << k)
		return (struct jit_magic){.mul = mul, .after = k};
	if (even)
		return (struct jit_magic){.mul = mul, .before = even, .after = k - even};
	return (struct jit_magic){
		.mul = ((u128)2 * power) / divisor + 1, .after = k + 1, .add = true};
}

struct jit_magic jit_magic_s32(u32 absolute)
{
	const u8 k = floor_log2(absolute);
	const u64 power = 1ull << (31 + k);
	u64 mul = power / absolute + 1;

	if (mul * absolute - power <= 1ull << k)
		return (struct jit_magic){.mul = mul, .after = k - 1};
	return (struct jit_magic){.mul = 2 * power / absolute + 1, .after = k};
}

struct jit_magic jit_magic_s64(u64 absolute)
{
	const u8 k = floor_log2(absolute);
	const u128 power = (u128)1 << (63 + k);
	u64 mul = power / absolute + 1;

	if (mul * absolute - (u64)power <= 1ull << k)
		return (struct jit_magic){.mul = mul, .after = k - 1};
	return (struct jit_magic){.mul = 2 * power / absolute + 1, .after = k, .add = true};
}
