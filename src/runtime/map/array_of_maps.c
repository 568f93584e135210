/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * ARRAY_OF_MAPS: pointers to maps, a reference each (kernel: array_of_maps_map_ops in
 * kernel/bpf/arraymap.c). Programs only look up; bpf(2) puts in, takes out and replaces, each by
 * one exchange of a pointer: who looks up gets the old map or the new one, and either is whole.
 */
#include <errno.h>

#include "base/rcu.h"
#include "map/area.h"
#include "map/array.h"
#include "map/map_create.h"
#include "map/map_in_map.h"
#include "map/map_types.h"

#define ENOTSUPP 524 /* the kernel's own, which reaches user space */

#define CREATE_FLAG_MASK (BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY)

struct array_of_maps {
	struct bpf_map map;
	struct bpf_map *inner[];
};

static struct array_of_maps *to_array(const struct bpf_map *map)
{
	return container_of(map, struct array_of_maps, map);
}

static u64 array_size(u32 max_entries)
{
	return sizeof(struct array_of_maps) + (u64)max_entries * sizeof(struct bpf_map *);
}

static int array_of_maps_alloc_check(const union bpf_attr *attr)
{
	if (!attr->max_entries || attr->key_size != sizeof(u32) ||
	    attr->value_size != sizeof(u32) || attr->map_flags & ~CREATE_FLAG_MASK)
		return -EINVAL;
	return 0;
}

static struct bpf_map *array_of_maps_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct array_of_maps *array = bpf_map_area_alloc(array_size(attr->max_entries));

	if (!array)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&array->map, rt, attr);
	return &array->map;
}

static void array_of_maps_free(struct bpf_map *map)
{
	struct array_of_maps *array = to_array(map);

	for (u32 i = 0; i < map->max_entries; i++)
		if (array->inner[i])
			bpf_map_put(array->inner[i]);
	bpf_map_area_free(array, array_size(map->max_entries));
}

static void *array_of_maps_lookup_elem(struct bpf_map *map, const void *key)
{
	u32 index = array_index_of(key);

	if (unlikely(index >= map->max_entries))
		return NULL;
	return rcu_dereference(to_array(map)->inner[index]);
}

static int array_of_maps_set(struct bpf_map *map, const void *key, void *object, u64 flags)
{
	struct bpf_map *inner = object, *old;
	u32 index = array_index_of(key);

	if (flags != BPF_ANY)
		return -EINVAL;
	if (index >= map->max_entries)
		return -E2BIG;
	if (inner) {
		inner = bpf_map_check_inner(map, inner);
		if (IS_ERR(inner))
			return PTR_ERR(inner);
	}
	old = __atomic_exchange_n(&to_array(map)->inner[index], inner, __ATOMIC_ACQ_REL);
	if (old)
		bpf_map_put(old);
	return old || inner ? 0 : -ENOENT;
}

static int array_of_maps_id(struct bpf_map *map, const void *key, u32 *id)
{
	const struct bpf_map *inner = array_of_maps_lookup_elem(map, key);

	if (!inner)
		return -ENOENT;
	*id = inner->id;
	return 0;
}

static u64 array_of_maps_mem_usage(const struct bpf_map *map)
{
	return array_size(map->max_entries);
}

static int no_btf(const struct bpf_map *map, const struct btf *btf, const struct btf_type *key,
		  const struct btf_type *value)
{
	return -ENOTSUPP;
}

const struct bpf_map_ops array_of_maps_map_ops = {
	.map_alloc_check = array_of_maps_alloc_check,
	.map_alloc = array_of_maps_alloc,
	.map_free = array_of_maps_free,
	.map_lookup_elem = array_of_maps_lookup_elem,
	.map_get_next_key = array_map_get_next_key,
	.holds = BPF_MAP_HOLDS_MAPS,
	.map_set_object = array_of_maps_set,
	.map_object_id = array_of_maps_id,
	.batch = BPF_MAP_BATCH_KEYS,
	.map_mem_usage = array_of_maps_mem_usage,
	.map_check_btf = no_btf,
};
