/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * HASH_OF_MAPS: a HASH whose values are pointers to maps, a reference each (kernel:
 * htab_of_maps_map_ops in kernel/bpf/hashtab.c). The hash is one of its own, which nobody else
 * knows of, made for values of 8 bytes.
 *
 * Programs only look up, which takes no lock. bpf(2) alone changes it, with the bucket's lock: so
 * who replaces or removes a pointer has seen which one it is, and drops its reference.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rcu.h"
#include "map/fd_array.h"
#include "map/htab.h"
#include "map/map_in_map.h"
#include "map/map_types.h"

struct hash_of_maps {
	struct bpf_map map;
	struct bpf_map *hash;
};

static struct bpf_map *hash_of(const struct bpf_map *map)
{
	return container_of(map, struct hash_of_maps, map)->hash;
}

static int hash_of_maps_alloc_check(const union bpf_attr *attr)
{
	return attr->value_size == sizeof(u32) ? htab_map_ops.map_alloc_check(attr) : -EINVAL;
}

static struct bpf_map *hash_of_maps_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct hash_of_maps *outer = calloc(1, sizeof(*outer));
	union bpf_attr of_hash = *attr;

	if (!outer)
		return ERR_PTR(-ENOMEM);
	of_hash.map_type = BPF_MAP_TYPE_HASH;
	of_hash.value_size = sizeof(struct bpf_map *);
	outer->hash = htab_map_ops.map_alloc(rt, &of_hash);
	if (IS_ERR(outer->hash)) {
		struct bpf_map *err = outer->hash;

		free(outer);
		return err;
	}
	bpf_map_init_from_attr(&outer->map, rt, attr);
	outer->map.elem_count = outer->hash->elem_count;
	outer->map.nr_elem_counts = outer->hash->nr_elem_counts;
	return &outer->map;
}

static void hash_of_maps_free(struct bpf_map *map)
{
	struct hash_of_maps *outer = container_of(map, struct hash_of_maps, map);
	struct bpf_map_walk walk = {0};

	while (bpf_map_walk(outer->hash, &walk))
		bpf_map_put(*(struct bpf_map **)walk.value);
	/* It is the one reference that the hash ever had. */
	atomic64_set(&outer->hash->refcnt, 0);
	htab_map_ops.map_free(outer->hash);
	free(outer);
}

static void *hash_of_maps_lookup_elem(struct bpf_map *map, const void *key)
{
	struct bpf_map **value = htab_map_ops.map_lookup_elem(hash_of(map), key);

	return value ? rcu_dereference(*value) : NULL;
}

static void copy_map_of(const struct bpf_htab *htab, struct htab_elem *e, void *to)
{
	memcpy(to, elem_value(htab, e), sizeof(struct bpf_map *));
}

/* Put @inner in the place of what is at @key, or take that out. Its id in *@id, if there was one.
 */
static int change(struct bpf_map *map, const void *key, struct bpf_map *inner, u64 flags, u32 *id)
{
	struct bpf_htab *htab = to_htab(hash_of(map));
	struct bpf_map *old = NULL;
	u64 word = 0;
	int err;

	if (inner) {
		if (flags > BPF_EXIST)
			return -EINVAL;
		err = htab_set_word(htab, key, (unsigned long)inner, flags, &word);
		old = (struct bpf_map *)(unsigned long)word;
	} else {
		err = htab_delete(htab, key, copy_map_of, &old);
	}
	if (!err && old) {
		*id = old->id;
		bpf_map_put(old);
	}
	return err;
}

static int hash_of_maps_set(struct bpf_map *map, const void *key, void *object, u64 flags)
{
	struct bpf_map *inner = object;
	u32 old_id;

	if (inner) {
		inner = bpf_map_check_inner(map, inner);
		if (IS_ERR(inner))
			return PTR_ERR(inner);
	}
	return change(map, key, inner, flags, &old_id);
}

static int hash_of_maps_id(struct bpf_map *map, const void *key, u32 *id)
{
	const struct bpf_map *inner = hash_of_maps_lookup_elem(map, key);

	if (!inner)
		return -ENOENT;
	*id = inner->id;
	return 0;
}

static int hash_of_maps_lookup_and_delete_elem(struct bpf_map *map, const void *key, void *value,
					       u64 flags)
{
	u32 id = 0;
	int err = change(map, key, NULL, 0, &id);

	if (!err)
		memcpy(value, &id, sizeof(id));
	return err;
}

static u32 hash_of_maps_walk(struct bpf_map *map, u64 pos, struct bpf_map_walk *walks, u32 nr)
{
	return htab_map_ops.map_walk(hash_of(map), pos, walks, nr);
}

static u32 hash_of_maps_walk_id(struct bpf_map *map, const struct bpf_map_walk *walk)
{
	return rcu_dereference(*(struct bpf_map **)walk->value)->id;
}

static int hash_of_maps_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	return htab_map_ops.map_get_next_key(hash_of(map), key, next_key);
}

static u64 hash_of_maps_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct hash_of_maps) + htab_map_ops.map_mem_usage(hash_of(map));
}

const struct bpf_map_ops hash_of_maps_map_ops = {
	.map_alloc_check = hash_of_maps_alloc_check,
	.map_alloc = hash_of_maps_alloc,
	.map_free = hash_of_maps_free,
	.map_lookup_elem = hash_of_maps_lookup_elem,
	.map_get_next_key = hash_of_maps_get_next_key,
	.holds = BPF_MAP_HOLDS_MAPS,
	.map_set_object = hash_of_maps_set,
	.map_object_id = hash_of_maps_id,
	.map_lookup_and_delete_elem = hash_of_maps_lookup_and_delete_elem,
	.batch = BPF_MAP_BATCH_WALK,
	.map_walk = hash_of_maps_walk,
	.map_walk_object_id = hash_of_maps_walk_id,
	.map_mem_usage = hash_of_maps_mem_usage,
	.map_check_btf = fd_array_check_btf,
};
