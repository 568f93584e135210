/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Hashes keyed with a seed that nobody outside knows, so that nobody can choose keys that all fall
 * into one bucket: of each word the product with the seed, folded.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <string.h>

#include "base/types.h"

#define HASH_ODD 0x9e3779b97f4a7c15ull
#define HASH_OTHER 0xd6e8feb86659fd93ull

/* The halves of the product of two words, folded: each bit of the result depends on all of both. */
static inline u64 mix(u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (u64)product ^ (u64)(product >> 64);
}

/* Up to 8 bytes. */
static inline u64 load_key(const void *key, u32 size)
{
	u64 word = 0;

	memcpy(&word, key, size);
	return word;
}

/* @size is hashed, too: what ends in zeroes is not what is shorter. */
static inline u64 hash_bytes(const void *bytes, u32 size, u64 seed)
{
	u64 hash = seed ^ size * HASH_ODD;
	const u8 *p = bytes;

	for (; size > sizeof(u64); size -= sizeof(u64), p += sizeof(u64))
		hash = mix(load_key(p, sizeof(u64)) ^ hash, HASH_ODD ^ seed) ^ HASH_OTHER;
	return mix(mix(load_key(p, size) ^ hash, HASH_ODD), HASH_OTHER ^ seed);
}

/* A new seed. @salt: an address, for where there is no randomness. */
u64 hash_seed(const void *salt);

#endif /* BASE_HASH_H */
