// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Of a buffer: its sum, and hashes of it. */
#include "kernel.h"

#define SIZE 4096

u8 hash_bytes[SIZE] __attribute__((aligned(8)));
u32 hash_length, crc_table[256];

FILL
{
	u64 random = 1;

	for (u32 i = 0; i < SIZE; i++)
		hash_bytes[i] = NEXT(random) >> 56;
	for (u32 i = 0; i < 256; i++) {
		u32 crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		crc_table[i] = crc;
	}
	hash_length = SIZE;
	return 0;
}

KERNEL(sum)
{
	const u32 *words = (const u32 *)hash_bytes;
	u32 len = hash_length / sizeof(u32);
	u64 sum = 0;

	for (u32 i = 0; i < SIZE / sizeof(u32) && i < len; i++)
		sum += words[i];
	return sum ^ sum >> 32;
}

/* Of the internet protocols (RFC 1071). */
KERNEL(checksum)
{
	const u16 *halves = (const u16 *)hash_bytes;
	u32 len = hash_length / sizeof(u16);
	u32 sum = 0;

	for (u32 i = 0; i < SIZE / sizeof(u16) && i < len; i++) {
		sum += halves[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (u16)~sum;
}

KERNEL(fnv1a)
{
	u32 len = hash_length;
	u64 hash = 0xcbf29ce484222325;

	for (u32 i = 0; i < SIZE && i < len; i++)
		hash = (hash ^ hash_bytes[i]) * 0x100000001b3;
	return hash ^ hash >> 32;
}

/* Jenkins's one at a time. */
KERNEL(jenkins)
{
	u32 len = hash_length;
	u32 hash = 0;

	for (u32 i = 0; i < SIZE && i < len; i++) {
		hash += hash_bytes[i];
		hash += hash << 10;
		hash ^= hash >> 6;
	}
	hash += hash << 3;
	hash ^= hash >> 11;
	return hash + (hash << 15);
}

static inline u32 rotate(u32 x, u32 bits)
{
	return x << bits | x >> (32 - bits);
}

static inline u64 rotate64(u64 x, u32 bits)
{
	return x << bits | x >> (64 - bits);
}

KERNEL(murmur3)
{
	const u32 *words = (const u32 *)hash_bytes;
	u32 len = hash_length / sizeof(u32);
	u32 hash = 42;

	for (u32 i = 0; i < SIZE / sizeof(u32) && i < len; i++) {
		hash ^= rotate(words[i] * 0xcc9e2d51, 15) * 0x1b873593;
		hash = rotate(hash, 13) * 5 + 0xe6546b64;
	}
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	return hash ^ hash >> 13;
}

#define SIP_ROUND(a, b, c, d)                                                                      \
	do {                                                                                       \
		a += b, b = rotate64(b, 13) ^ a, a = rotate64(a, 32);                              \
		c += d, d = rotate64(d, 16) ^ c;                                                   \
		a += d, d = rotate64(d, 21) ^ a;                                                   \
		c += b, b = rotate64(b, 17) ^ c, c = rotate64(c, 32);                              \
	} while (0)

/* SipHash-2-4, but for the length in the last word. */
KERNEL(siphash)
{
	const u64 *words = (const u64 *)hash_bytes;
	u32 len = hash_length / sizeof(u64);
	u64 a = 0x736f6d6570736575, b = 0x646f72616e646f6d, c = 0x6c7967656e657261,
	    d = 0x7465646279746573;

	for (u32 i = 0; i < SIZE / sizeof(u64) && i < len; i++) {
		d ^= words[i];
		SIP_ROUND(a, b, c, d);
		SIP_ROUND(a, b, c, d);
		a ^= words[i];
	}
	c ^= 0xff;
	for (int i = 0; i < 4; i++)
		SIP_ROUND(a, b, c, d);
	a ^= b ^ c ^ d;
	return a ^ a >> 32;
}

/* By a table, a byte at a time. */
KERNEL(crc32)
{
	u32 len = hash_length, crc = ~0u;

	for (u32 i = 0; i < SIZE && i < len; i++)
		crc = crc >> 8 ^ crc_table[(u8)(crc ^ hash_bytes[i])];
	return ~crc;
}
