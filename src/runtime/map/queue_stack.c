/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * QUEUE and STACK (kernel: kernel/bpf/queue_stack_maps.c): values without keys, which come out in
 * the order in which they went in, or the last one first.
 *
 * Both are a ring of max_entries values in one area. The oldest is at `oldest`, the others follow.
 * What is pushed goes behind the newest. A queue gives the oldest, a stack the newest; either may
 * drop the oldest to make room (BPF_EXIST). A lock makes each operation one step: two threads that
 * pop never get the same value, and each pushed value is popped once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map/area.h"
#include "map/map_create.h"
#include "map/map_types.h"
#include "map/spinlock.h"

#define MAX_VALUE_SIZE (4u << 20) /* what kmalloc gives at most */

#define QUEUE_STACK_CREATE_FLAG_MASK (BPF_F_NUMA_NODE | BPF_F_ACCESS_MASK)

struct bpf_queue_stack {
	struct bpf_map map;
	struct spinlock lock;
	u32 oldest; /* below max_entries */
	u32 nr;	    /* at most max_entries */
	u8 *values;
};

static struct bpf_queue_stack *to_queue_stack(const struct bpf_map *map)
{
	return container_of(map, struct bpf_queue_stack, map);
}

static u64 values_size(const struct bpf_map *map)
{
	return (u64)map->max_entries * map->value_size;
}

static int queue_stack_map_alloc_check(const union bpf_attr *attr)
{
	if (!attr->max_entries || attr->key_size || !attr->value_size ||
	    attr->map_flags & ~QUEUE_STACK_CREATE_FLAG_MASK ||
	    !bpf_map_flags_access_ok(attr->map_flags))
		return -EINVAL;
	if (attr->value_size > MAX_VALUE_SIZE)
		return -E2BIG;
	return 0;
}

static struct bpf_map *queue_stack_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct bpf_queue_stack *qs = calloc(1, sizeof(*qs));

	if (!qs)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&qs->map, rt, attr);
	qs->values = bpf_map_area_alloc(values_size(&qs->map));
	if (!qs->values) {
		free(qs);
		return ERR_PTR(-ENOMEM);
	}
	return &qs->map;
}

static void queue_stack_map_free(struct bpf_map *map)
{
	struct bpf_queue_stack *qs = to_queue_stack(map);

	bpf_map_area_free(qs->values, values_size(map));
	free(qs);
}

/* The @n-th value, counted from the oldest; @n is below max_entries. */
static u8 *value_at(const struct bpf_queue_stack *qs, u32 n)
{
	u64 place = (u64)qs->oldest + n;

	if (place >= qs->map.max_entries)
		place -= qs->map.max_entries;
	return qs->values + place * qs->map.value_size;
}

static void drop_oldest(struct bpf_queue_stack *qs)
{
	qs->oldest = qs->oldest + 1 == qs->map.max_entries ? 0 : qs->oldest + 1;
	qs->nr--;
}

static long queue_stack_map_push_elem(struct bpf_map *map, const void *value, u64 flags)
{
	struct bpf_queue_stack *qs = to_queue_stack(map);
	long err = 0;

	if (flags != BPF_ANY && flags != BPF_EXIST)
		return -EINVAL;
	spin_lock(&qs->lock);
	if (qs->nr == map->max_entries) {
		if (flags != BPF_EXIST) {
			err = -E2BIG;
			goto unlock;
		}
		drop_oldest(qs);
	}
	memcpy(value_at(qs, qs->nr), value, map->value_size);
	qs->nr++;
unlock:
	spin_unlock(&qs->lock);
	return err;
}

/* Programs find zeroes in @value when there is nothing to be had. */
static long take(struct bpf_map *map, void *value, bool newest, bool keep)
{
	struct bpf_queue_stack *qs = to_queue_stack(map);
	long err = 0;

	spin_lock(&qs->lock);
	if (!qs->nr) {
		memset(value, 0, map->value_size);
		err = -ENOENT;
		goto unlock;
	}
	memcpy(value, value_at(qs, newest ? qs->nr - 1 : 0), map->value_size);
	if (keep)
		goto unlock;
	if (newest)
		qs->nr--;
	else
		drop_oldest(qs);
unlock:
	spin_unlock(&qs->lock);
	return err;
}

static long queue_map_peek_elem(struct bpf_map *map, void *value)
{
	return take(map, value, false, true);
}

static long queue_map_pop_elem(struct bpf_map *map, void *value)
{
	return take(map, value, false, false);
}

static long stack_map_peek_elem(struct bpf_map *map, void *value)
{
	return take(map, value, true, true);
}

static long stack_map_pop_elem(struct bpf_map *map, void *value)
{
	return take(map, value, true, false);
}

static long queue_stack_map_delete_elem(struct bpf_map *map, const void *key)
{
	return -EINVAL;
}

static int queue_stack_map_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	return -EINVAL;
}

static u64 queue_stack_map_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct bpf_queue_stack) + values_size(map);
}

const struct bpf_map_ops queue_map_ops = {
	.map_alloc_check = queue_stack_map_alloc_check,
	.map_alloc = queue_stack_map_alloc,
	.map_free = queue_stack_map_free,
	.map_delete_elem = queue_stack_map_delete_elem,
	.map_get_next_key = queue_stack_map_get_next_key,
	.map_push_elem = queue_stack_map_push_elem,
	.map_pop_elem = queue_map_pop_elem,
	.map_peek_elem = queue_map_peek_elem,
	.map_mem_usage = queue_stack_map_mem_usage,
};

const struct bpf_map_ops stack_map_ops = {
	.map_alloc_check = queue_stack_map_alloc_check,
	.map_alloc = queue_stack_map_alloc,
	.map_free = queue_stack_map_free,
	.map_delete_elem = queue_stack_map_delete_elem,
	.map_get_next_key = queue_stack_map_get_next_key,
	.map_push_elem = queue_stack_map_push_elem,
	.map_pop_elem = stack_map_pop_elem,
	.map_peek_elem = stack_map_peek_elem,
	.map_mem_usage = queue_stack_map_mem_usage,
};
