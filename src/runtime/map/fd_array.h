/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What kinds of map share whose values are objects at the indexes 0 to max_entries - 1, a reference
 * each (kernel: fd_array_map_* in kernel/bpf/arraymap.c). An entry is changed by one exchange of a
 * pointer: who looks gets the old object or the new one, and keeps it to the end of its RCU
 * section.
 */
#ifndef MAP_FD_ARRAY_H
#define MAP_FD_ARRAY_H

#include "base/rcu.h"
#include "map/array.h"

struct fd_array {
	struct bpf_map map;
	u64 used; /* no entry from here on ever had an object */
	void **objects;
};

static inline struct fd_array *to_fd_array(const struct bpf_map *map)
{
	return container_of(map, struct fd_array, map);
}

/* NULL: no object is there, or no such index. */
static inline void *fd_array_object(const struct bpf_map *map, u32 index)
{
	if (unlikely(index >= map->max_entries))
		return NULL;
	return rcu_dereference(to_fd_array(map)->objects[index]);
}

int fd_array_alloc_check(const union bpf_attr *attr);
int fd_array_init(struct fd_array *array, struct trek_runtime *rt, const union bpf_attr *attr);
/* Nobody else has the map any more, and it is empty. */
void fd_array_destroy(struct fd_array *array);

/* In the order in which Linux looks at things, the object itself is the last: first this. */
int fd_array_check_set(const struct bpf_map *map, u32 index, u64 flags);
/* Put @object, or NULL, to @index, which is there. What was there before, with its reference. */
void *fd_array_exchange(struct bpf_map *map, u32 index, void *object);
/* Empty every entry, calling @put for what was there. */
void fd_array_clear(struct bpf_map *map, void (*put)(void *object));

u64 fd_array_mem_usage(const struct bpf_map *map);
/* Objects have no types: -ENOTSUPP. */
int fd_array_check_btf(const struct bpf_map *map, const struct btf *btf, const struct btf_type *key,
		       const struct btf_type *value);

#endif /* MAP_FD_ARRAY_H */
