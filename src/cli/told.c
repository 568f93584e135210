/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* A value of which each bit may be told more than once. */
#include <stdlib.h>
#include <string.h>

#include "told.h"

bool told_begin(struct told *told, void *out, size_t size)
{
	told->out = out;
	told->size = size;
	told->mask = calloc(1, size ? size : 1);
	if (told->mask)
		memset(out, 0, size);
	return told->mask;
}

void told_end(struct told *told)
{
	free(told->mask);
}

bool tell_bytes(struct told *told, unsigned char *at, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;
	unsigned char *mask = told->mask + (at - told->out);
	bool agrees = true;

	for (size_t i = 0; i < size; i++) {
		agrees &= !((at[i] ^ from[i]) & mask[i]);
		at[i] = from[i];
		mask[i] = 0xff;
	}
	return agrees;
}

bool tell_bits(struct told *told, unsigned char *at, size_t first, size_t bits, __u64 value)
{
	unsigned char *mask = told->mask + (at - told->out), one;
	bool agrees = true, is_set;

	for (size_t i = 0; i < bits; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		const size_t bit = first + i, shift = bit % 8;
#else
		const size_t bit = first + bits - 1 - i, shift = 7 - bit % 8;
#endif
		one = 1u << shift;
		is_set = i < 64 && value >> i & 1;
		agrees &= !(mask[bit / 8] & one) || is_set == !!(at[bit / 8] & one);
		mask[bit / 8] |= one;
		if (is_set)
			at[bit / 8] |= one;
	}
	return agrees;
}
