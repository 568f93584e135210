/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Objects at indexes: see map/fd_array.h. */
#include "map/fd_array.h"

#include "base/kernel_errno.h"
#include "map/area.h"

#define CREATE_FLAG_MASK (BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY)

int fd_array_alloc_check(const union bpf_attr *attr)
{
	if (!attr->max_entries || attr->key_size != sizeof(u32) ||
	    attr->value_size != sizeof(u32) || attr->map_flags & ~CREATE_FLAG_MASK)
		return -EINVAL;
	return 0;
}

static u64 objects_size(const struct fd_array *array)
{
	return (u64)array->map.max_entries * sizeof(array->objects[0]);
}

int fd_array_init(struct fd_array *array, struct trek_runtime *rt, const union bpf_attr *attr)
{
	bpf_map_init_from_attr(&array->map, rt, attr);
	array->objects = bpf_map_area_alloc(objects_size(array));
	return array->objects ? 0 : -ENOMEM;
}

void fd_array_destroy(struct fd_array *array)
{
	bpf_map_area_free(array->objects, objects_size(array));
}

int fd_array_check_set(const struct bpf_map *map, u32 index, u64 flags)
{
	if (flags != BPF_ANY)
		return -EINVAL;
	return index < map->max_entries ? 0 : -E2BIG;
}

void *fd_array_exchange(struct bpf_map *map, u32 index, void *object)
{
	struct fd_array *array = to_fd_array(map);
	u64 used = __atomic_load_n(&array->used, __ATOMIC_RELAXED);

	/* Before the object is there, or who clears might pass it by. */
	while (object && used <= index)
		if (__atomic_compare_exchange_n(&array->used, &used, index + 1ull, true,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			break;
	return __atomic_exchange_n(&array->objects[index], object, __ATOMIC_ACQ_REL);
}

void fd_array_clear(struct bpf_map *map, void (*put)(void *object))
{
	struct fd_array *array = to_fd_array(map);
	u64 used = __atomic_load_n(&array->used, __ATOMIC_ACQUIRE);

	for (u64 i = 0; i < used; i++) {
		void *object = fd_array_object(map, i) ? fd_array_exchange(map, i, NULL) : NULL;

		if (object)
			put(object);
	}
}

u64 fd_array_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct fd_array) + objects_size(to_fd_array(map));
}

int fd_array_check_btf(const struct bpf_map *map, const struct btf *btf, const struct btf_type *key,
		       const struct btf_type *value)
{
	return -ENOTSUPP;
}
