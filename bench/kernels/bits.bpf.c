// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Bits: set in a Bloom filter, counted, reversed, in another order of bytes. */
#include "kernel.h"

#define COUNT 1024
#define FILTER_BITS 32768

u64 bit_words[COUNT], bit_filter[FILTER_BITS / 64];
u32 bit_count;

FILL
{
	u64 random = 5;

	for (u32 i = 0; i < COUNT; i++) {
		u64 word = NEXT(random);

		bit_words[i] = word ^ word >> 32;
	}
	bit_count = COUNT;
	return 0;
}

/* The first half of the words are put in, the others are looked for; three hashes. */
KERNEL(bloom_filter)
{
	u32 found = 0, nr = bit_count;

	for (u32 i = 0; i < COUNT && i < nr; i++) {
		u64 hash = bit_words[i] * 0x9e3779b97f4a7c15;
		u32 a = hash >> 49, b = hash >> 34 & (FILTER_BITS - 1),
		    c = hash >> 19 & (FILTER_BITS - 1);

		if (i < COUNT / 2) {
			bit_filter[a / 64] |= 1ull << a % 64;
			bit_filter[b / 64] |= 1ull << b % 64;
			bit_filter[c / 64] |= 1ull << c % 64;
		} else {
			found += bit_filter[a / 64] >> a % 64 & bit_filter[b / 64] >> b % 64 &
				 bit_filter[c / 64] >> c % 64 & 1;
		}
	}
	return found;
}

KERNEL(count_bits)
{
	u32 nr = bit_count;
	u64 sum = 0;

	for (u32 i = 0; i < COUNT && i < nr; i++) {
		u64 x = bit_words[i];

		x -= x >> 1 & 0x5555555555555555;
		x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
		x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
		sum += x * 0x0101010101010101 >> 56;
	}
	return sum;
}

KERNEL(reverse_bits)
{
	u32 nr = bit_count;
	u64 sum = 0;

	for (u32 i = 0; i < COUNT && i < nr; i++) {
		u64 x = bit_words[i];

		x = (x >> 1 & 0x5555555555555555) | (x & 0x5555555555555555) << 1;
		x = (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
		x = (x >> 4 & 0x0f0f0f0f0f0f0f0f) | (x & 0x0f0f0f0f0f0f0f0f) << 4;
		sum = sum * 3 ^ __builtin_bswap64(x);
	}
	return sum ^ sum >> 32;
}

/* Of the network's order of bytes, as headers have them. */
KERNEL(byte_order)
{
	u32 nr = bit_count, hash = 0;

	for (u32 i = 0; i < COUNT && i < nr; i++) {
		const u8 *header = (const u8 *)&bit_words[i];
		u16 port = __builtin_bswap16(*(const u16 *)header);
		u16 other = __builtin_bswap16(*(const u16 *)(header + 2));
		u32 address = __builtin_bswap32(*(const u32 *)(header + 4));

		hash = hash * 31 + (address >> 8) + port - other;
	}
	return hash;
}
