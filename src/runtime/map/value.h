/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Copies of values that programs write to meanwhile, in place: word by word, so that a counter of 8
 * bytes is never seen half written (kernel: bpf_long_memcpy). @value is at a multiple of 8 in the
 * map; the other side lies anywhere.
 */
#ifndef MAP_VALUE_H
#define MAP_VALUE_H

#include <string.h>

#include "map/map.h"
#include "map/spinlock.h"

static inline void bpf_map_value_load(void *dst, const void *value, u32 size)
{
	const u64 *words = value;
	const u8 *tail = (const u8 *)value + (size & ~7u);
	u8 *out = dst;

	if (likely(size == 8)) {
		u64 word = __atomic_load_n(words, __ATOMIC_RELAXED);

		memcpy(out, &word, 8);
		return;
	}
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

	if (likely(size == 8)) {
		u64 word;

		memcpy(&word, in, 8);
		__atomic_store_n(words, word, __ATOMIC_RELAXED);
		return;
	}
	for (u32 i = 0; i < size / 8; i++, in += 8) {
		u64 word;

		memcpy(&word, in, 8);
		__atomic_store_n(&words[i], word, __ATOMIC_RELAXED);
	}
	for (u32 i = 0; i < size % 8; i++)
		__atomic_store_n(&tail[i], in[i], __ATOMIC_RELAXED);
}

/*
 * A whole value may have fields that are no plain data: they are no part of what is copied, and
 * read as zero. BPF_F_LOCK: hold the lock among them meanwhile, so that the copy is whole (kernel:
 * copy_map_value, copy_map_value_locked).
 */
static inline struct spinlock *bpf_map_value_lock(const struct bpf_map *map, void *value)
{
	return (struct spinlock *)((u8 *)value + map->record->spin_lock_off);
}

/* fields.c: of a value that has such fields; @size: round_up(value_size, 8), or value_size. */
void bpf_map_fields_load(const struct bpf_map *map, void *dst, const void *value, u32 size);
void bpf_map_fields_store(const struct bpf_map *map, void *value, const void *src);
/* Zeroes for the rest of it. */
void bpf_map_fields_clear(const struct bpf_map *map, void *value);
void bpf_map_copy_out_locked(const struct bpf_map *map, void *dst, void *value, u64 flags);
void bpf_map_copy_in_locked(const struct bpf_map *map, void *value, const void *src, u64 flags);
/* Give back the objects that it holds (kernel: bpf_obj_free_fields). Others may use it meanwhile.
 */
void bpf_map_release_fields(const struct bpf_map *map, void *value);

/* A value lets go of what it holds. */
static inline void bpf_map_free_fields(const struct bpf_map *map, void *value)
{
	if (unlikely(map->record))
		bpf_map_release_fields(map, value);
}

/* @flags: BPF_F_LOCK, where there is a lock, or others, which say nothing here. */
static inline void bpf_map_copy_out(const struct bpf_map *map, void *dst, void *value, u64 flags)
{
	if (unlikely(map->record))
		bpf_map_copy_out_locked(map, dst, value, flags);
	else
		bpf_map_value_load(dst, value, map->value_size);
}

static inline void bpf_map_copy_in(const struct bpf_map *map, void *value, const void *src,
				   u64 flags)
{
	if (unlikely(map->record))
		bpf_map_copy_in_locked(map, value, src, flags);
	else
		bpf_map_value_store(value, src, map->value_size);
}

/* One CPU's value of a per-CPU kind, @size bytes of it. What it held goes where it is written over.
 */
static inline void bpf_map_percpu_load(const struct bpf_map *map, void *dst, const void *value,
				       u32 size)
{
	if (unlikely(map->record))
		bpf_map_fields_load(map, dst, value, size);
	else
		bpf_map_value_load(dst, value, size);
}

static inline void bpf_map_percpu_store(const struct bpf_map *map, void *value, const void *src,
					u32 size)
{
	if (likely(!map->record)) {
		bpf_map_value_store(value, src, size);
		return;
	}
	bpf_map_fields_store(map, value, src);
	bpf_map_release_fields(map, value);
}

/* A value that nobody sees yet; its lock is free. Objects it holds none: what it held was given
 * back, and where memory is used again early, what somebody puts there meanwhile is the new one's.
 */
static inline void bpf_map_value_init(const struct bpf_map *map, void *value, const void *src)
{
	if (likely(!map->record)) {
		memcpy(value, src, map->value_size);
		return;
	}
	bpf_map_fields_store(map, value, src);
	if (bpf_map_has_spin_lock(map))
		bpf_map_value_lock(map, value)->taken = 0;
}

#endif /* MAP_VALUE_H */
