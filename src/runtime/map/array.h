/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What kinds of map have in common whose keys are the indexes 0 to max_entries - 1. */
#ifndef MAP_ARRAY_H
#define MAP_ARRAY_H

#include <errno.h>
#include <string.h>

#include "map/map.h"

static inline u32 array_index_of(const void *key)
{
	u32 index;

	memcpy(&index, key, sizeof(index));
	return index;
}

/* What an update's @flags and index allow where all elements are there already: 0; -EINVAL, -E2BIG,
 * -EEXIST. That there is no lock to take is said last, as in Linux: a program sees that. */
static inline int array_check_update(const struct bpf_map *map, u32 index, u64 flags)
{
	if (unlikely(!bpf_map_update_flags_ok(map, flags))) {
		if ((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST)
			return -EINVAL;
		return index >= map->max_entries ? -E2BIG : flags & BPF_NOEXIST ? -EEXIST : -EINVAL;
	}
	if (index >= map->max_entries)
		return -E2BIG;
	return flags & BPF_NOEXIST ? -EEXIST : 0;
}

/* The pos of a walk is the last index shown, and a bit above it that says that there is one. The
 * key that is shown is its lower half. */
#define ARRAY_WALK_STARTED (1ull << 32)

static inline u32 array_walk(const struct bpf_map *map, u64 pos, struct bpf_map_walk *walk,
			     void *values, u32 elem_size)
{
	const u64 next = pos & ARRAY_WALK_STARTED ? (u32)pos + 1ull : 0;

	if (unlikely(next >= map->max_entries))
		return 0;
	walk->key = (u32 *)&walk->pos + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	walk->value = (u8 *)values + next * elem_size;
	walk->pos = ARRAY_WALK_STARTED | next;
	walk->mark = NULL;
	walk->stride = elem_size;
	return map->max_entries - next;
}

long array_map_delete_elem(struct bpf_map *map, const void *key); /* -EINVAL */
int array_map_get_next_key(struct bpf_map *map, const void *key, void *next_key);
int array_map_check_btf(const struct bpf_map *map, const struct btf *btf,
			const struct btf_type *key, const struct btf_type *value);

#endif /* MAP_ARRAY_H */
