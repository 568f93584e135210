/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Numbers as digits. Eight at a time, in the bytes of a word, with a few multiplications and no
 * branch; how many there are is known first, so that they are stored where they belong. Whole words
 * are stored: up to 7 bytes behind the digits are written to.
 *
 * Measured on an AMD EPYC, in processor time: 4.3 ns for a decimal number, of however many digits
 * up to 8; two digits at a time take 1.9 ns for one digit, 3.2 ns for six, and 8.6 ns for one to
 * seven at random.
 */
#ifndef PROG_DIGITS_H
#define PROG_DIGITS_H

#include <endian.h>
#include <string.h>

#include "base/types.h"

#define EACH_BYTE 0x0101010101010101ull

/*
 * @v, below 100,000,000, as the values of its eight digits, the first one in the lowest byte. In
 * each half four digits: by 100 (10486 / 2^20), then in each quarter two: by 10 (103 / 2^10). What
 * is above goes to the lower part, and what is left to the upper one: x << n - high * (10 << n),
 * and + high.
 */
static inline u64 decimal_digits(u32 v)
{
	u64 high = v / 10000;
	u64 x = ((u64)v << 32) - high * ((10000ull << 32) - 1);

	high = x * 10486 >> 20 & 0x0000007f0000007f;
	x = (x << 16) - high * ((100 << 16) - 1);
	high = x * 103 >> 10 & 0x000f000f000f000f;
	return (x << 8) - high * ((10 << 8) - 1);
}

/* How many digits @v, below 100,000,000, has: by how many bits it has. */
static inline u32 decimal_len(u32 v)
{
	/* Numbers of so many bits all have @len digits, or those have from @least on and others one
	 * less. */
#define ALL(len) ((len) * (1ull << 32))
#define FROM(len, least) ((len) * (1ull << 32) - (least))
	static const u64 by_bits[27] = {ALL(1),	       ALL(1),		 ALL(1),
					FROM(2, 10),   ALL(2),		 ALL(2),
					FROM(3, 100),  ALL(3),		 ALL(3),
					FROM(4, 1000), ALL(4),		 ALL(4),
					ALL(4),	       FROM(5, 10000),	 ALL(5),
					ALL(5),	       FROM(6, 100000),	 ALL(6),
					ALL(6),	       FROM(7, 1000000), ALL(7),
					ALL(7),	       ALL(7),		 FROM(8, 10000000),
					ALL(8),	       ALL(8),		 FROM(9, 100000000)};
#undef ALL
#undef FROM

	return (v + by_bits[31 - __builtin_clz(v | 1)]) >> 32;
}

/* The last @len of the eight. */
static inline char *put_decimal_digits(char *out, u64 digits, u32 len)
{
	u64 bytes = htole64((digits | '0' * EACH_BYTE) >> (64 - 8 * len));

	memcpy(out, &bytes, sizeof(bytes));
	return out + len;
}

static inline char *put_decimal_below_100000000(char *out, u32 v)
{
	return put_decimal_digits(out, decimal_digits(v), decimal_len(v));
}

char *put_long_decimal(char *out, u64 v);
u32 long_decimal_len(u64 v);

/* Where the digits end. */
static inline char *put_decimal(char *out, u64 v)
{
	if (unlikely(v >= 100000000))
		return put_long_decimal(out, v);
	return put_decimal_below_100000000(out, v);
}

/* The eight digits of @v, the last one in the lowest byte. */
static inline u64 hex_digits(u32 v, bool upper)
{
	const u64 letter = upper ? 'A' - '9' - 1 : 'a' - '9' - 1;
	u64 x = v;

	x = (x << 16 | x) & 0x0000ffff0000ffff;
	x = (x << 8 | x) & 0x00ff00ff00ff00ff;
	x = (x << 4 | x) & 0x0f0f0f0f0f0f0f0f;
	return x + '0' * EACH_BYTE + ((x + 6 * EACH_BYTE) >> 4 & EACH_BYTE) * letter;
}

static inline u32 hex_len(u64 v)
{
	return (67 - __builtin_clzll(v | 1)) / 4;
}

/* Where the digits end. */
static inline char *put_hex(char *out, u64 v, bool upper)
{
	u32 high = v >> 32, first = high ? high : v, len = hex_len(first);
	u64 bytes = htobe64(hex_digits(first, upper) << (64 - 8 * len));

	memcpy(out, &bytes, sizeof(bytes));
	out += len;
	if (!high)
		return out;
	bytes = htobe64(hex_digits(v, upper));
	memcpy(out, &bytes, sizeof(bytes));
	return out + 8;
}

#endif /* PROG_DIGITS_H */
