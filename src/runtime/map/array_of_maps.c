/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* ARRAY_OF_MAPS (kernel: array_of_maps_map_ops in kernel/bpf/arraymap.c). Programs only look up;
 * what is put in and taken out is bpf(2)'s. */
#include <errno.h>
#include <stdlib.h>

#include "map/fd_array.h"
#include "map/map_in_map.h"
#include "map/map_types.h"

static struct bpf_map *array_of_maps_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct fd_array *array = calloc(1, sizeof(*array));
	int err = array ? fd_array_init(array, rt, attr) : -ENOMEM;

	if (err) {
		free(array);
		return ERR_PTR(err);
	}
	return &array->map;
}

static void put_inner(void *inner)
{
	bpf_map_put(inner);
}

static void array_of_maps_free(struct bpf_map *map)
{
	struct fd_array *array = to_fd_array(map);

	fd_array_clear(map, put_inner);
	fd_array_destroy(array);
	free(array);
}

static void *array_of_maps_lookup_elem(struct bpf_map *map, const void *key)
{
	return fd_array_object(map, array_index_of(key));
}

static int array_of_maps_set(struct bpf_map *map, const void *key, void *object, u64 flags)
{
	struct bpf_map *inner = object, *old;
	u32 index = array_index_of(key);
	int err = fd_array_check_set(map, index, flags);

	if (err)
		return err;
	if (inner)
		inner = bpf_map_check_inner(map, inner);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	old = fd_array_exchange(map, index, inner);
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

const struct bpf_map_ops array_of_maps_map_ops = {
	.map_alloc_check = fd_array_alloc_check,
	.map_alloc = array_of_maps_alloc,
	.map_free = array_of_maps_free,
	.map_lookup_elem = array_of_maps_lookup_elem,
	.map_get_next_key = array_map_get_next_key,
	.holds = BPF_MAP_HOLDS_MAPS,
	.map_set_object = array_of_maps_set,
	.map_object_id = array_of_maps_id,
	.batch = BPF_MAP_BATCH_KEYS,
	.map_mem_usage = fd_array_mem_usage,
	.map_check_btf = fd_array_check_btf,
};
