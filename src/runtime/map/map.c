/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What every map does, whatever its kind (kernel: kernel/bpf/syscall.c, map_create and around).
 *
 * Lifetime: the last bpf_map_put() takes the id away, so that nobody finds the map any more, and
 * frees it after a grace period, for those who reached it without a reference. Who finds a map by
 * id takes a reference under the id space's lock, and only if there is one left.
 *
 * Freezing: writecnt counts the long writes under way; FROZEN is far below zero, so that one word
 * decides between a writer and a freezer. Writes of single elements are not counted, which would
 * cost as much as they do: they look whether it is below zero, and stay in the RCU section in which
 * they looked, for whose end freezing waits.
 */
#include "map/map.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/obj_name.h"
#include "base/rcu.h"
#include "base/runtime.h"
#include "base/vcpu.h"
#include "btf/btf.h"
#include "map/area.h"
#include "map/map_create.h"
#include "map/map_in_map.h"
#include "map/map_types.h"
#include "map/value.h"

#define NUMA_NO_NODE (-1)
#define FROZEN INT64_MIN

static const struct bpf_map_ops *map_types[BPF_MAP_TYPE_USER_RINGBUF + 1] = {
#define BPF_MAP_TYPE_ENTRY(type, ops) [type] = &ops,
	BPF_MAP_TYPES(BPF_MAP_TYPE_ENTRY)
#undef BPF_MAP_TYPE_ENTRY
};

void bpf_map_register_type(enum bpf_map_type type, const struct bpf_map_ops *ops)
{
	map_types[type] = ops;
}

const struct bpf_map_ops *bpf_map_type_ops(u32 type)
{
	return type < ARRAY_SIZE(map_types) ? map_types[type] : NULL;
}

static int check_attr(const union bpf_attr *attr)
{
	if (attr->btf_vmlinux_value_type_id) /* of struct_ops maps */
		return -EINVAL;
	if (attr->btf_key_type_id && !attr->btf_value_type_id)
		return -EINVAL;
	if (attr->map_extra && attr->map_type != BPF_MAP_TYPE_BLOOM_FILTER)
		return -EINVAL;
	if (attr->map_flags & BPF_F_NUMA_NODE && attr->numa_node) /* there is one node */
		return -EINVAL;
	return bpf_map_type_ops(attr->map_type) ? 0 : -EINVAL;
}

void bpf_map_init_from_attr(struct bpf_map *map, struct trek_runtime *rt,
			    const union bpf_attr *attr)
{
	map->ops = map_types[attr->map_type];
	map->rt = rt;
	map->map_type = attr->map_type;
	map->key_size = attr->key_size;
	map->value_size = attr->value_size;
	map->max_entries = attr->max_entries;
	/* What BPF_F_RDONLY and BPF_F_WRONLY say holds for the handle, not for the map. */
	map->map_flags = attr->map_flags & ~(BPF_F_RDONLY | BPF_F_WRONLY);
	map->map_extra = attr->map_extra;
	map->numa_node = attr->map_flags & BPF_F_NUMA_NODE ? (int)attr->numa_node : NUMA_NO_NODE;
	atomic64_set(&map->refcnt, 1);
	atomic64_set(&map->usercnt, 1);
}

static int set_btf(struct bpf_map *map, const union bpf_attr *attr, struct btf *btf)
{
	struct btf_record *record;
	int err;

	if (!attr->btf_value_type_id)
		return 0;
	if (IS_ERR_OR_NULL(btf))
		return btf ? PTR_ERR(btf) : -EBADF;
	if (btf->kernel_btf)
		return -EACCES;
	err = bpf_map_check_btf(map, btf, attr->btf_key_type_id, attr->btf_value_type_id);
	if (err)
		return err;
	record = bpf_map_find_record(map, btf, attr->btf_value_type_id);
	if (IS_ERR(record))
		return PTR_ERR(record);
	map->record = record;
	btf_get(btf);
	map->btf = btf;
	map->btf_key_type_id = attr->btf_key_type_id;
	map->btf_value_type_id = attr->btf_value_type_id;
	return 0;
}

static int alloc_id(struct bpf_map *map)
{
	struct idr *idr = &map->rt->map_idr;
	int id;

	idr_lock(idr);
	id = idr_alloc_cyclic_locked(idr, map);
	if (id > 0)
		map->id = id;
	idr_unlock(idr);
	return min_of(id, 0);
}

static void map_free(struct bpf_map *map)
{
	struct trek_runtime *rt = map->rt;
	struct bpf_map *meta = map->inner_map_meta;
	struct btf_record *record = map->record;
	struct btf *btf = map->btf;

	map->ops->map_free(map);
	bpf_map_meta_free(meta);
	free(record);
	btf_put(btf);
	atomic64_dec(&rt->objects);
}

static void map_free_rcu(struct callback_head *head)
{
	map_free(container_of(head, struct bpf_map, rcu));
}

struct bpf_map *bpf_map_create(struct trek_runtime *rt, const union bpf_attr *attr, struct btf *btf,
			       const struct bpf_map *inner)
{
	const struct bpf_map_ops *ops;
	struct bpf_map *map, *meta = NULL;
	int err = check_attr(attr);

	if (err)
		return ERR_PTR(err);
	ops = map_types[attr->map_type];
	err = ops->map_alloc_check(attr);
	if (!err && attr->map_ifindex) /* there is no device to offload to */
		err = -EINVAL;
	if (err)
		return ERR_PTR(err);
	if (ops->holds == BPF_MAP_HOLDS_MAPS) {
		meta = bpf_map_meta_alloc(inner);
		if (IS_ERR(meta))
			return meta;
	}
	map = ops->map_alloc(rt, attr);
	if (IS_ERR(map)) {
		bpf_map_meta_free(meta);
		return map;
	}
	atomic64_inc(&rt->objects);
	map->inner_map_meta = meta;
	err = bpf_obj_name_cpy(map->name, attr->map_name, sizeof(map->name));
	if (!err)
		err = set_btf(map, attr, btf);
	if (!err)
		err = alloc_id(map);
	if (err) {
		map_free(map); /* nobody has seen it */
		return ERR_PTR(err);
	}
	return map;
}

void bpf_map_inc(struct bpf_map *map)
{
	atomic64_inc(&map->refcnt);
}

void bpf_map_put(struct bpf_map *map)
{
	if (!atomic64_dec_and_test(&map->refcnt))
		return;
	idr_remove(&map->rt->map_idr, map->id);
	call_rcu_head(&map->rcu, map_free_rcu);
}

void bpf_map_inc_with_uref(struct bpf_map *map)
{
	atomic64_inc(&map->refcnt);
	atomic64_inc(&map->usercnt);
}

void bpf_map_put_with_uref(struct bpf_map *map)
{
	if (atomic64_dec_and_test(&map->usercnt) && map->ops->map_release_uref)
		map->ops->map_release_uref(map);
	bpf_map_put(map);
}

struct bpf_map *bpf_map_get_by_id(struct trek_runtime *rt, u32 id)
{
	struct bpf_map *map;

	idr_lock(&rt->map_idr);
	map = idr_find_locked(&rt->map_idr, id);
	if (!map || !atomic64_inc_not_zero(&map->refcnt))
		map = ERR_PTR(-ENOENT);
	idr_unlock(&rt->map_idr);
	return map;
}

struct bpf_map *bpf_map_get_curr_or_next(struct trek_runtime *rt, u32 *id)
{
	struct bpf_map *map;

	idr_lock(&rt->map_idr);
	for (;; (*id)++) {
		map = idr_get_next_locked(&rt->map_idr, id);
		if (!map || atomic64_inc_not_zero(&map->refcnt))
			break;
	}
	idr_prefetch_locked(&rt->map_idr, *id + IDR_AHEAD, sizeof(*map));
	idr_unlock(&rt->map_idr);
	return map;
}

void bpf_map_walk_copy(struct bpf_map *map, const struct bpf_map_walk *walk, void *value, u64 flags)
{
	const u32 size = round_up(map->value_size, 8);
	u32 id;

	if (map->ops->map_walk_object_id) {
		id = map->ops->map_walk_object_id(map, walk);
		memcpy(value, &id, sizeof(id));
	} else if (map->ops->percpu) {
		for (u32 cpu = 0; cpu < map->rt->num_possible_cpus; cpu++)
			bpf_map_percpu_load(map, (u8 *)value + (u64)cpu * size,
					    bpf_map_percpu_ptr(map, walk->value, cpu), size);
	} else {
		bpf_map_copy_out(map, value, walk->value, flags);
	}
}

int bpf_map_freeze(struct bpf_map *map)
{
	s64 none = 0;

	if (!__atomic_compare_exchange_n(&map->writecnt.counter, &none, FROZEN, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return none < 0 ? -EPERM : -EBUSY;
	synchronize_rcu();
	__atomic_store_n(&map->frozen, true, __ATOMIC_RELEASE);
	return 0;
}

int bpf_map_write_begin(struct bpf_map *map)
{
	s64 now = __atomic_load_n(&map->writecnt.counter, __ATOMIC_RELAXED);

	do {
		if (now < 0)
			return -EPERM;
	} while (!__atomic_compare_exchange_n(&map->writecnt.counter, &now, now + 1, true,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return 0;
}

void bpf_map_write_end(struct bpf_map *map)
{
	atomic64_dec(&map->writecnt);
}

bool bpf_map_wait_restart(int *err)
{
	if (rcu_read_ongoing()) {
		*err = -ENOMEM;
		return false;
	}
	/* Not only for readers: for what is called back after them. */
	rcu_barrier();
	return true;
}

u32 bpf_map_lane(const struct bpf_map *map)
{
	static u32 threads;
	static __thread u32 thread_number __attribute__((tls_model("initial-exec")));
	const struct bpf_run_ctx *run = bpf_current;

	if (run && run->rt == map->rt)
		return run->cpu;
	if (!thread_number)
		thread_number = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
	return thread_number % map->rt->num_possible_cpus;
}

static u64 elem_count_size(const struct bpf_map *map)
{
	return (u64)map->nr_elem_counts * BPF_ELEM_COUNT_STRIDE * sizeof(s64);
}

int bpf_map_init_elem_count(struct bpf_map *map, u32 nr)
{
	map->nr_elem_counts = nr;
	map->elem_count = bpf_map_area_alloc(elem_count_size(map));
	return map->elem_count ? 0 : -ENOMEM;
}

void bpf_map_free_elem_count(struct bpf_map *map)
{
	bpf_map_area_free(map->elem_count, elem_count_size(map));
	map->elem_count = NULL;
}

s64 bpf_map_read_elem_count(const struct bpf_map *map)
{
	s64 sum = 0;

	if (!map->elem_count)
		return 0;
	for (u32 i = 0; i < map->nr_elem_counts; i++)
		sum += __atomic_load_n(&map->elem_count[i * BPF_ELEM_COUNT_STRIDE],
				       __ATOMIC_RELAXED);
	return sum;
}

u64 bpf_map_memory_usage(const struct bpf_map *map)
{
	return map->ops->map_mem_usage(map);
}
