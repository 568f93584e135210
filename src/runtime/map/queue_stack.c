/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * QUEUE and STACK (kernel: kernel/bpf/queue_stack_maps.c): values without keys, which come out in
 * the order in which they went in, or the last one first.
 *
 * Both are a ring of max_entries values and one free place in one area. The oldest is at `tail`,
 * the others follow up to `head`, where what is pushed goes. A queue gives the oldest, a stack the
 * newest; either may drop the oldest to make room (BPF_EXIST). A lock makes each operation one
 * step: two threads that pop never get the same value, and each pushed value is popped once.
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

struct ring {
	union {
		struct bpf_map map;
		struct bpf_queue_stack seen; /* by programs; it changes under the lock */
	};
	struct spinlock lock;
	u8 *values;
};

static struct ring *to_ring(const struct bpf_map *map)
{
	return container_of(map, struct ring, map);
}

static u64 values_size(const struct bpf_map *map)
{
	return ((u64)map->max_entries + 1) * map->value_size;
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
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&ring->map, rt, attr);
	ring->values = bpf_map_area_alloc(values_size(&ring->map));
	if (!ring->values) {
		free(ring);
		return ERR_PTR(-ENOMEM);
	}
	ring->seen.size = ring->map.max_entries + 1;
	return &ring->map;
}

static void queue_stack_map_free(struct bpf_map *map)
{
	struct ring *ring = to_ring(map);

	bpf_map_area_free(ring->values, values_size(map));
	free(ring);
}

static u8 *value_at(const struct ring *ring, u32 place)
{
	return ring->values + (u64)place * ring->map.value_size;
}

static u32 behind(const struct ring *ring, u32 place)
{
	return place == ring->map.max_entries ? 0 : place + 1;
}

static u32 before(const struct ring *ring, u32 place)
{
	return place ? place - 1 : ring->map.max_entries;
}

static bool is_empty(const struct ring *ring)
{
	return ring->seen.head == ring->seen.tail;
}

static bool is_full(const struct ring *ring)
{
	return behind(ring, ring->seen.head) == ring->seen.tail;
}

static long queue_stack_map_push_elem(struct bpf_map *map, const void *value, u64 flags)
{
	struct ring *ring = to_ring(map);
	long err = 0;

	if (flags != BPF_ANY && flags != BPF_EXIST)
		return -EINVAL;
	spin_lock(&ring->lock);
	if (is_full(ring)) {
		if (flags != BPF_EXIST) {
			err = -E2BIG;
			goto unlock;
		}
		ring->seen.tail = behind(ring, ring->seen.tail);
	}
	memcpy(value_at(ring, ring->seen.head), value, map->value_size);
	ring->seen.head = behind(ring, ring->seen.head);
unlock:
	spin_unlock(&ring->lock);
	return err;
}

/* Programs find zeroes in @value when there is nothing to be had. */
static long take(struct bpf_map *map, void *value, bool newest, bool keep)
{
	struct ring *ring = to_ring(map);
	long err = 0;
	u32 newest_at;

	spin_lock(&ring->lock);
	if (is_empty(ring)) {
		memset(value, 0, map->value_size);
		err = -ENOENT;
		goto unlock;
	}
	newest_at = before(ring, ring->seen.head);
	memcpy(value, value_at(ring, newest ? newest_at : ring->seen.tail), map->value_size);
	if (keep)
		goto unlock;
	if (newest)
		ring->seen.head = newest_at;
	else
		ring->seen.tail = behind(ring, ring->seen.tail);
unlock:
	spin_unlock(&ring->lock);
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
	return sizeof(struct ring) + values_size(map);
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
