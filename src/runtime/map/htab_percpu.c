/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * PERCPU_HASH and LRU_PERCPU_HASH (kernel: kernel/bpf/hashtab.c): an element has a value for each
 * CPU. A program has to do with its own CPU's, which no other program touches while it runs; bpf(2)
 * with all of them, one after the other, each at a multiple of 8 bytes.
 *
 * Values are written in place: what a program has looked up stays the value of its CPU for as long
 * as the element is there. A new element has zeroes for the other CPUs.
 */
#include "map/htab.h"

#include <errno.h>

#include "map/map_types.h"
#include "map/value.h"

/*
 * What does not change is asked for once: in between there are stores, to who knows what. And short
 * code lets a CPU begin the next command while this one waits for the memory of a large map.
 */
static inline void load_area(const struct bpf_htab *htab, const u8 *from, void *values)
{
	const u32 cpus = htab->map.rt->num_possible_cpus, size = htab->value_space;
	const u64 stride = htab->map.percpu_stride;
	u8 *to = values;

	if (likely(size == sizeof(u64) && !htab->map.record))
		for (u8 *end = to + cpus * sizeof(u64); to != end;
		     to += sizeof(u64), from += stride)
			bpf_map_value_load(to, from, sizeof(u64));
	else
		for (u32 cpu = 0; cpu < cpus; cpu++, to += size, from += stride)
			bpf_map_percpu_load(&htab->map, to, from, size);
}

static inline void store_area(const struct bpf_htab *htab, u8 *to, const void *values)
{
	const u32 cpus = htab->map.rt->num_possible_cpus, size = htab->value_space;
	const u64 stride = htab->map.percpu_stride;
	const u8 *from = values;

	if (likely(size == sizeof(u64) && !htab->map.record))
		for (const u8 *end = from + cpus * sizeof(u64); from != end;
		     from += sizeof(u64), to += stride)
			bpf_map_value_store(to, from, sizeof(u64));
	else
		for (u32 cpu = 0; cpu < cpus; cpu++, from += size, to += stride)
			bpf_map_percpu_store(&htab->map, to, from, size);
}

static void load_all(const struct bpf_htab *htab, struct htab_elem *e, void *values)
{
	load_area(htab, elem_area(htab, e), values);
}

static void store_all(const struct bpf_htab *htab, struct htab_elem *e, const void *values)
{
	store_area(htab, elem_area(htab, e), values);
}

static void *own_value(const struct bpf_htab *htab, struct htab_elem *e)
{
	return bpf_map_percpu_ptr(&htab->map, elem_area(htab, e), bpf_map_lane(&htab->map));
}

static void store_own(const struct bpf_htab *htab, struct htab_elem *e, const void *value)
{
	bpf_map_percpu_store(&htab->map, own_value(htab, e), value, htab->map.value_size);
}

static void init_own(const struct bpf_htab *htab, struct htab_elem *e, const void *value)
{
	for (u32 cpu = 0; cpu < htab->map.rt->num_possible_cpus; cpu++) {
		void *each = bpf_map_percpu_ptr(&htab->map, elem_area(htab, e), cpu);

		if (unlikely(htab->map.record))
			bpf_map_fields_clear(&htab->map, each);
		else
			memset(each, 0, htab->value_space);
	}
	bpf_map_value_init(&htab->map, own_value(htab, e), value);
}

static void *htab_percpu_map_lookup_elem(struct bpf_map *map, const void *key)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e = find_elem(htab, hash_key(htab, key), key);

	return e ? own_value(htab, e) : NULL;
}

static void *htab_lru_percpu_map_lookup_elem(struct bpf_map *map, const void *key)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e = htab_lru_find(htab, hash_key(htab, key), key);

	if (!e)
		return NULL;
	htab_lru_touch(htab, e);
	return own_value(htab, e);
}

static void *htab_percpu_map_lookup_percpu_elem(struct bpf_map *map, const void *key, u32 cpu)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e;

	if (cpu >= map->rt->num_possible_cpus)
		return NULL;
	e = htab->lru ? htab_lru_find(htab, hash_key(htab, key), key)
		      : find_elem(htab, hash_key(htab, key), key);
	if (!e)
		return NULL;
	if (htab->lru)
		htab_lru_touch(htab, e);
	return bpf_map_percpu_ptr(map, elem_area(htab, e), cpu);
}

/* @init: what a new element's values become. @store: what becomes of those that are there. */
static inline long update(struct bpf_htab *htab, const void *key, const void *value, u64 flags,
			  void (*init)(const struct bpf_htab *, struct htab_elem *, const void *),
			  void (*store)(const struct bpf_htab *, struct htab_elem *, const void *))
{
	const u64 hash = hash_key(htab, key);
	struct htab_bucket *bucket = bucket_of(htab, hash);
	struct htab_elem *old, *e;
	u64 slot;
	long err;

	/* As early as can be: the lock has to wait until what was written before is seen. */
	__builtin_prefetch(bucket, 1);
	if (flags > BPF_EXIST)
		return -EINVAL;
again:
	bucket_lock(bucket);
	old = find_elem(htab, hash, key);
	err = htab_check_flags(old, flags);
	if (err)
		goto unlock;
	if (old) {
		store(htab, old, value);
		if (htab->lru)
			htab_lru_touch(htab, old);
		goto unlock;
	}
	err = htab_alloc_entry(htab, own_lane(htab), &slot, &e);
	if (!err) {
		init(htab, e, value);
		htab_insert_elem(htab, own_lane(htab), hash, e, slot, key);
	}
unlock:
	bucket_unlock(bucket);
	if (htab_lru_retry(htab, err))
		goto again;
	return err;
}

/* One store needs no lock: see the top of hashtab.c. */
static long htab_percpu_map_update_elem(struct bpf_map *map, const void *key, const void *value,
					u64 flags)
{
	struct bpf_htab *htab = to_htab(map);

	if (htab_is_unlocked(htab) && flags <= BPF_EXIST && !map->record) {
		struct htab_elem *e = find_elem(htab, hash_key(htab, key), key);
		int err = htab_check_flags(e, flags);

		if (e)
			__builtin_prefetch(own_value(htab, e), 1);
		if (e && !err)
			store_word(own_value(htab, e), load_word(value, map->value_size));
		if (e)
			return err;
	}
	return update(to_htab(map), key, value, flags, init_own, store_own);
}

/* So of several at once each CPU's value is from one of them, as in PERCPU_ARRAY. */
static int htab_percpu_map_set_value(struct bpf_map *map, const void *key, const void *values,
				     u64 flags)
{
	struct bpf_htab *htab = to_htab(map);

	if (htab_is_unlocked(htab) && flags <= BPF_EXIST) {
		struct htab_elem *e = find_elem(htab, hash_key(htab, key), key);
		int err = htab_check_flags(e, flags);

		if (e && !err)
			store_area(htab, elem_area(htab, e), values);
		if (e)
			return err;
	}
	return update(htab, key, values, flags, store_all, store_all);
}

static int htab_percpu_map_copy_value(struct bpf_map *map, const void *key, void *values, u64 flags)
{
	struct bpf_htab *htab = to_htab(map);
	struct htab_elem *e;
	u64 begin;

	if (flags)
		return -EINVAL;
	do {
		begin = htab_read_begin(htab);
		e = find_elem(htab, hash_key(htab, key), key);
		if (e)
			load_all(htab, e, values);
	} while (!htab_read_ok(htab, begin));
	return e ? 0 : -ENOENT;
}

static int htab_percpu_map_lookup_and_delete_elem(struct bpf_map *map, const void *key,
						  void *values, u64 flags)
{
	return flags ? -EINVAL : htab_delete(to_htab(map), key, load_all, values);
}

const struct bpf_map_ops htab_percpu_map_ops = {
	.map_alloc_check = htab_map_alloc_check,
	.map_alloc = htab_map_alloc,
	.map_free = htab_map_free,
	.map_lookup_elem = htab_percpu_map_lookup_elem,
	.map_update_elem = htab_percpu_map_update_elem,
	.map_delete_elem = htab_map_delete_elem,
	.map_lookup_percpu_elem = htab_percpu_map_lookup_percpu_elem,
	.map_lookup_and_delete_elem = htab_percpu_map_lookup_and_delete_elem,
	.map_lookup_and_delete_begin = htab_map_lookup_and_delete_begin,
	.map_get_next_key = htab_map_get_next_key,
	.map_copy_value = htab_percpu_map_copy_value,
	.map_set_value = htab_percpu_map_set_value,
	.map_walk = htab_map_walk,
	.map_mem_usage = htab_map_mem_usage,
	.batch = BPF_MAP_BATCH_WALK,
	.percpu = true,
	.values_may_hold = true,
};

const struct bpf_map_ops htab_lru_percpu_map_ops = {
	.map_alloc_check = htab_map_alloc_check,
	.map_alloc = htab_map_alloc,
	.map_free = htab_map_free,
	.map_lookup_elem = htab_lru_percpu_map_lookup_elem,
	.map_update_elem = htab_percpu_map_update_elem,
	.map_delete_elem = htab_map_delete_elem,
	.map_lookup_percpu_elem = htab_percpu_map_lookup_percpu_elem,
	.map_lookup_and_delete_elem = htab_percpu_map_lookup_and_delete_elem,
	.map_get_next_key = htab_map_get_next_key,
	.map_copy_value = htab_percpu_map_copy_value,
	.map_set_value = htab_percpu_map_set_value,
	.map_walk = htab_map_walk,
	.map_mem_usage = htab_map_mem_usage,
	.batch = BPF_MAP_BATCH_WALK,
	.percpu = true,
	.values_may_hold = true,
};
