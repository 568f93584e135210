/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Checksums of the internet (RFC 1071): one's complement sums of 16-bit words, in memory's order,
 * kept in 32 bits until they are folded (kernel: include/net/checksum.h). A sum is 0 only if all
 * that was added is 0; any other zero is all ones.
 */
#ifndef PROG_CSUM_H
#define PROG_CSUM_H

#include <string.h>

#include "base/types.h"

static inline u32 csum_add(u32 sum, u32 addend)
{
	u32 result = sum + addend;

	return result + (result < addend);
}

static inline u32 csum_sub(u32 sum, u32 subtrahend)
{
	return csum_add(sum, ~subtrahend);
}

/* The sum of 16 bits. */
static inline u16 csum_from32to16(u32 sum)
{
	sum += sum >> 16 | sum << 16;
	return sum >> 16;
}

/* What a header has: the complement of the sum. */
static inline u16 csum_fold(u32 sum)
{
	return ~csum_from32to16(sum);
}

/* As if zeros followed up to a multiple of 4. */
static inline u32 csum_partial(const u8 *data, u32 size, u32 sum)
{
	u64 wide = sum;
	u32 word;

	for (u32 i = 0; i < size; i += sizeof(word)) {
		word = 0;
		memcpy(&word, data + i, min_of(size - i, sizeof(word)));
		wide += word;
	}
	wide = (u32)wide + (wide >> 32);
	return (u32)wide + (wide >> 32);
}

/* The checksum @csum of a header, after what it covers has changed by @diff. */
static inline u16 csum_replace_by_diff(u16 csum, u32 diff)
{
	return csum_fold(csum_add(diff, (u16)~csum));
}

static inline u16 csum_replace4(u16 csum, u32 from, u32 to)
{
	return csum_fold(csum_add(csum_sub((u16)~csum, from), to));
}

static inline u16 csum_replace2(u16 csum, u16 from, u16 to)
{
	return csum_replace4(csum, from, to);
}

#endif /* PROG_CSUM_H */
