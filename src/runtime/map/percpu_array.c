/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * PERCPU_ARRAY: an array for each virtual CPU (kernel: kernel/bpf/arraymap.c).
 *
 * All values of a CPU lie together, in lines that no other CPU's values share, so that counting on
 * one CPU costs nothing on another. A running program has to do with its own CPU's, which nobody
 * else writes to meanwhile but bpf(2).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/runtime.h"
#include "map/area.h"
#include "map/array.h"
#include "map/map_create.h"
#include "map/map_types.h"
#include "map/value.h"

#define CACHE_LINE 64
#define MAX_VALUE_SIZE (32u << 10) /* Linux: PCPU_MIN_UNIT_SIZE */

struct bpf_percpu_array {
	struct bpf_map map;
	u32 elem_size;
	u8 *values;
};

static struct bpf_percpu_array *to_array(const struct bpf_map *map)
{
	return container_of(map, struct bpf_percpu_array, map);
}

static u64 values_size(const struct bpf_percpu_array *array)
{
	return array->map.percpu_stride * array->map.rt->num_possible_cpus;
}

static int percpu_array_map_alloc_check(const union bpf_attr *attr)
{
	if (!attr->max_entries || attr->key_size != sizeof(u32) || !attr->value_size ||
	    attr->map_flags & ~BPF_F_ACCESS_MASK || !bpf_map_flags_access_ok(attr->map_flags))
		return -EINVAL;
	return attr->value_size > MAX_VALUE_SIZE ? -E2BIG : 0;
}

static struct bpf_map *percpu_array_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct bpf_percpu_array *array = calloc(1, sizeof(*array));

	if (!array)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&array->map, rt, attr);
	array->elem_size = round_up(attr->value_size, 8);
	array->map.percpu_stride = round_up((u64)array->elem_size * attr->max_entries, CACHE_LINE);
	array->values = bpf_map_area_alloc(values_size(array));
	if (!array->values) {
		free(array);
		return ERR_PTR(-ENOMEM);
	}
	return &array->map;
}

static u8 *value_at(const struct bpf_percpu_array *array, u32 index, u32 cpu)
{
	return bpf_map_percpu_ptr(&array->map, array->values + (u64)index * array->elem_size, cpu);
}

static void percpu_array_map_free(struct bpf_map *map)
{
	struct bpf_percpu_array *array = to_array(map);

	for (u32 i = 0; map->record && i < map->max_entries; i++)
		for (u32 cpu = 0; cpu < map->rt->num_possible_cpus; cpu++)
			bpf_map_free_fields(map, value_at(array, i, cpu));
	bpf_map_area_free(array->values, values_size(array));
	free(array);
}

static void *percpu_array_map_lookup_elem(struct bpf_map *map, const void *key)
{
	u32 index = array_index_of(key);

	return likely(index < map->max_entries) ? value_at(to_array(map), index, bpf_map_lane(map))
						: NULL;
}

static void *percpu_array_map_lookup_percpu_elem(struct bpf_map *map, const void *key, u32 cpu)
{
	u32 index = array_index_of(key);

	if (index >= map->max_entries || cpu >= map->rt->num_possible_cpus)
		return NULL;
	return value_at(to_array(map), index, cpu);
}

static long percpu_array_map_update_elem(struct bpf_map *map, const void *key, const void *value,
					 u64 flags)
{
	u32 index = array_index_of(key);
	int err = array_check_update(map, index, flags);

	if (!err)
		bpf_map_percpu_store(map, value_at(to_array(map), index, bpf_map_lane(map)), value,
				     map->value_size);
	return err;
}

static int percpu_array_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	const struct bpf_percpu_array *array = to_array(map);
	u32 index = array_index_of(key);

	if (index >= map->max_entries)
		return -ENOENT;
	for (u32 cpu = 0; cpu < map->rt->num_possible_cpus; cpu++)
		bpf_map_percpu_load(map, (u8 *)value + (u64)cpu * array->elem_size,
				    value_at(array, index, cpu), array->elem_size);
	return 0;
}

static int percpu_array_map_set_value(struct bpf_map *map, const void *key, const void *value,
				      u64 flags)
{
	const struct bpf_percpu_array *array = to_array(map);
	u32 index = array_index_of(key);
	int err = array_check_update(map, index, flags);

	for (u32 cpu = 0; !err && cpu < map->rt->num_possible_cpus; cpu++)
		bpf_map_percpu_store(map, value_at(array, index, cpu),
				     (const u8 *)value + (u64)cpu * array->elem_size,
				     array->elem_size);
	return err;
}

static u32 percpu_array_map_walk(struct bpf_map *map, u64 pos, struct bpf_map_walk *walks, u32 nr)
{
	return array_walk(map, pos, walks, to_array(map)->values, to_array(map)->elem_size);
}

static struct bpf_map_layout percpu_array_map_layout(const struct bpf_map *map)
{
	const struct bpf_percpu_array *array = to_array(map);

	return (struct bpf_map_layout){array->values, array->elem_size};
}

static u64 percpu_array_map_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct bpf_percpu_array) + values_size(to_array(map));
}

const struct bpf_map_ops percpu_array_map_ops = {
	.map_alloc_check = percpu_array_map_alloc_check,
	.map_alloc = percpu_array_map_alloc,
	.map_free = percpu_array_map_free,
	.map_lookup_elem = percpu_array_map_lookup_elem,
	.map_update_elem = percpu_array_map_update_elem,
	.map_delete_elem = array_map_delete_elem,
	.map_get_next_key = array_map_get_next_key,
	.map_copy_value = percpu_array_map_copy_value,
	.map_set_value = percpu_array_map_set_value,
	.map_lookup_percpu_elem = percpu_array_map_lookup_percpu_elem,
	.batch = BPF_MAP_BATCH_KEYS,
	.map_layout = percpu_array_map_layout,
	.map_walk = percpu_array_map_walk,
	.map_mem_usage = percpu_array_map_mem_usage,
	.map_check_btf = array_map_check_btf,
	.percpu = true,
	.values_may_hold = true,
};
