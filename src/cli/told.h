/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A value in the making, of which each bit may be told more than once (members of a union lie in
 * the same place), but not differently. What nobody tells is zero.
 */
#ifndef CLI_TOLD_H
#define CLI_TOLD_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

struct told {
	unsigned char *out;
	unsigned char *mask; /* which bits were told */
	size_t size;
};

/* Begin with the @size bytes at @out, zeroed. false: out of memory. */
bool told_begin(struct told *told, void *out, size_t size);
void told_end(struct told *told);

/* false: some of these were told before, and differ. @at lies in told->out. */
bool tell_bytes(struct told *told, unsigned char *at, const void *bytes, size_t size);

/*
 * The low @bits of @value, at bit @bit of @at, counted as the machine counts bit-fields. Above 64
 * are zeroes.
 */
bool tell_bits(struct told *told, unsigned char *at, size_t bit, size_t bits, __u64 value);

#endif /* CLI_TOLD_H */
