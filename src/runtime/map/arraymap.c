/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * ARRAY: all elements are there from the start, zeroed, and stay (kernel: kernel/bpf/arraymap.c).
 * Values lie one after the other, each at a multiple of 8, and are updated in place. A small map is
 * one block of memory: 100,000 of them are made and freed in 0.8 microseconds each, in 1.7 with
 * two.
 *
 * A BPF_F_MMAPABLE array, and only it, has its values in a memfd, so that others may map them. It
 * may be in the hands of the process as a file descriptor: programs rely on its size, and the
 * verifier on that nobody writes to BPF_F_RDONLY_PROG values but through bpf(2).
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/kernel_errno.h"
#include "btf/btf.h"
#include "map/area.h"
#include "map/array.h"
#include "map/map_create.h"
#include "map/map_in_map.h"
#include "map/map_types.h"
#include "map/value.h"

#define ARRAY_CREATE_FLAG_MASK                                                                     \
	(BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_ACCESS_MASK | BPF_F_INNER_MAP)

#define MAX_INLINED 4096u /* bytes */

struct bpf_array {
	struct bpf_map map;
	u32 elem_size;
	int memfd;  /* -1: none */
	u64 size;   /* of the values, in bytes */
	u8 *values; /* few stand behind this structure, on cache lines of their own */
} __attribute__((aligned(64)));

static struct bpf_array *to_array(const struct bpf_map *map)
{
	return container_of(map, struct bpf_array, map);
}

static int array_map_alloc_check(const union bpf_attr *attr)
{
	if (!attr->max_entries || attr->key_size != sizeof(u32) || !attr->value_size ||
	    attr->map_flags & ~ARRAY_CREATE_FLAG_MASK || !bpf_map_flags_access_ok(attr->map_flags))
		return -EINVAL;
	if (attr->value_size > INT_MAX)
		return -E2BIG;
	return 0;
}

static int seal_memfd(const struct bpf_array *array)
{
	/* Before Linux 5.1 there is only trek_mmap() to refuse it. */
	if (array->map.map_flags & BPF_F_RDONLY_PROG)
		fcntl(array->memfd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
	return fcntl(array->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
}

static int alloc_mmapable(struct bpf_array *array)
{
	u64 size = round_up(array->size, (u64)sysconf(_SC_PAGESIZE));
	void *values;

	if (size > LONG_MAX)
		return -ENOMEM;
	array->memfd = memfd_create("bpftrek-array", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (array->memfd < 0)
		return -errno;
	if (ftruncate(array->memfd, size))
		goto no_memory;
	values = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, array->memfd,
		      0);
	if (values == MAP_FAILED)
		goto no_memory;
	if (seal_memfd(array)) {
		munmap(values, size);
		goto no_memory;
	}
	array->values = values;
	array->size = size;
	return 0;

no_memory:
	close(array->memfd);
	return -ENOMEM;
}

static bool is_inlined(const struct bpf_array *array)
{
	return array->values == (const u8 *)(array + 1);
}

static void free_array(struct bpf_array *array)
{
	bpf_map_area_free(array, sizeof(*array) + (is_inlined(array) ? array->size : 0));
}

static struct bpf_map *array_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	const u32 elem_size = round_up(attr->value_size, 8);
	const u64 size = (u64)elem_size * attr->max_entries;
	const bool mmapable = attr->map_flags & BPF_F_MMAPABLE;
	const bool inlined = !mmapable && size <= MAX_INLINED;
	struct bpf_array *array = bpf_map_area_alloc(sizeof(*array) + (inlined ? size : 0));
	int err = 0;

	if (!array)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&array->map, rt, attr);
	array->elem_size = elem_size;
	array->size = size;
	array->memfd = -1;
	if (mmapable)
		err = alloc_mmapable(array);
	else
		array->values = inlined ? (u8 *)(array + 1) : bpf_map_area_alloc(size);
	if (!err && !array->values)
		err = -ENOMEM;
	if (err) {
		free_array(array);
		return ERR_PTR(err);
	}
	return &array->map;
}

static u8 *value_at(const struct bpf_array *array, u32 index)
{
	return array->values + (u64)index * array->elem_size;
}

static void array_map_free(struct bpf_map *map)
{
	struct bpf_array *array = to_array(map);

	for (u32 i = 0; map->record && i < map->max_entries; i++)
		bpf_map_free_fields(map, value_at(array, i));
	if (array->memfd >= 0) {
		munmap(array->values, array->size);
		close(array->memfd);
	} else if (!is_inlined(array)) {
		bpf_map_area_free(array->values, array->size);
	}
	free_array(array);
}

static void *array_map_lookup_elem(struct bpf_map *map, const void *key)
{
	u32 index = array_index_of(key);

	return likely(index < map->max_entries) ? value_at(to_array(map), index) : NULL;
}

static long array_map_update_elem(struct bpf_map *map, const void *key, const void *value,
				  u64 flags)
{
	u32 index = array_index_of(key);
	int err = array_check_update(map, index, flags);

	if (err)
		return err;
	bpf_map_copy_in(map, value_at(to_array(map), index), value, flags);
	bpf_map_free_fields(map, value_at(to_array(map), index));
	return 0;
}

long array_map_delete_elem(struct bpf_map *map, const void *key)
{
	return -EINVAL;
}

int array_map_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	u32 index = key ? array_index_of(key) : UINT_MAX;
	u32 next = index < map->max_entries ? index + 1 : 0;

	if (next == map->max_entries)
		return -ENOENT;
	memcpy(next_key, &next, sizeof(next));
	return 0;
}

static int array_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	void *from = array_map_lookup_elem(map, key);

	if (flags && !bpf_map_has_spin_lock(map))
		return -EINVAL;
	if (!from)
		return -ENOENT;
	bpf_map_copy_out(map, value, from, flags);
	return 0;
}

static u32 array_map_walk(struct bpf_map *map, u64 pos, struct bpf_map_walk *walks, u32 nr)
{
	return array_walk(map, pos, walks, to_array(map)->values, to_array(map)->elem_size);
}

static struct bpf_map_layout array_map_layout(const struct bpf_map *map)
{
	const struct bpf_array *array = to_array(map);

	return (struct bpf_map_layout){array->values, array->elem_size};
}

static int array_map_direct_value_addr(const struct bpf_map *map, u64 *addr, u32 off)
{
	if (map->max_entries != 1)
		return -ENOTSUPP;
	if (off >= map->value_size)
		return -EINVAL;
	*addr = (unsigned long)to_array(map)->values + off;
	return 0;
}

static int array_map_memfd(const struct bpf_map *map)
{
	int memfd = to_array(map)->memfd;

	/* Nobody but programs and bpf(2) may touch a lock, or a pointer. */
	return memfd < 0 || map->record ? -ENOTSUP : memfd;
}

static u64 array_map_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct bpf_array) + to_array(map)->size;
}

int array_map_check_btf(const struct bpf_map *map, const struct btf *btf,
			const struct btf_type *key, const struct btf_type *value)
{
	u32 data;

	/* .rodata, .data and .bss have no key. */
	if (btf_type_is_void(key))
		return map->map_type == BPF_MAP_TYPE_ARRAY && map->max_entries == 1 &&
				       btf_kind(value) == BTF_KIND_DATASEC
			       ? 0
			       : -EINVAL;
	if (!btf_type_is_int(key))
		return -EINVAL;
	data = btf_int_data(key);
	return BTF_INT_BITS(data) == 32 && !BTF_INT_OFFSET(data) ? 0 : -EINVAL;
}

const struct bpf_map_ops array_map_ops = {
	.map_alloc_check = array_map_alloc_check,
	.map_alloc = array_map_alloc,
	.map_free = array_map_free,
	.map_lookup_elem = array_map_lookup_elem,
	.map_update_elem = array_map_update_elem,
	.map_delete_elem = array_map_delete_elem,
	.map_get_next_key = array_map_get_next_key,
	.map_copy_value = array_map_copy_value,
	.batch = BPF_MAP_BATCH_KEYS,
	.map_walk = array_map_walk,
	.map_layout = array_map_layout,
	.map_direct_value_addr = array_map_direct_value_addr,
	.map_memfd = array_map_memfd,
	.map_mem_usage = array_map_mem_usage,
	.map_check_btf = array_map_check_btf,
	.values_may_lock = true,
	.values_may_hold = true,
	.map_meta_equal = array_map_meta_equal,
};
