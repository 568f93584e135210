/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Copies of values that programs write to meanwhile, in place: word by word, so that a counter of 8
 * bytes is never seen half written (kernel: bpf_long_memcpy). @value is at a multiple of 8 in the
 * map; the other side lies anywhere.
 */
#ifndef MAP_VALUE_H
#define MAP_VALUE_H

#include <string.h>

#include "base/types.h"

static inline void bpf_map_value_load(void *dst, const void *value, u32 size)
{
	const u64 *words = value;
	const u8 *tail = (const u8 *)value + (size & ~7u);
	u8 *out = dst;

	for (u32 i = 0; i < size / 8; i++, out += 8) {
		u64 word = __atomic_load_n(&words[i], __ATOMIC_RELAXED);

		memcpy(out, &word, 8);
	}
	for (u32 i = 0; i < size % 8; i++)
		out[i] = __atomic_load_n(&tail[i], __ATOMIC_RELAXED);
}

static inline void bpf_map_value_store(void *value, const void *src, u32 size)
{
	u64 *words = value;
	u8 *tail = (u8 *)value + (size & ~7u);
	const u8 *in = src;

	for (u32 i = 0; i < size / 8; i++, in += 8) {
		u64 word;

		memcpy(&word, in, 8);
		__atomic_store_n(&words[i], word, __ATOMIC_RELAXED);
	}
	for (u32 i = 0; i < size % 8; i++)
		__atomic_store_n(&tail[i], in[i], __ATOMIC_RELAXED);
}

#endif /* MAP_VALUE_H */
