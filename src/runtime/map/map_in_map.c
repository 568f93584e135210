/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What maps of maps share (kernel: kernel/bpf/map_in_map.c). They are one level deep, so nothing
 * here can be its own inner map, and an outer map that goes lets go of its inner ones and of
 * nothing below them.
 *
 * A program gets at an inner map without a reference of its own. It may be taken out meanwhile, and
 * that may have been its last reference: bpf_map_put() leaves it in place for a grace period, and
 * the program's run is a read-side section.
 */
#include "map/map_in_map.h"

#include <stdlib.h>

#include "base/kernel_errno.h"
#include "btf/btf.h"

struct bpf_map *bpf_map_meta_alloc(const struct bpf_map *inner)
{
	struct bpf_map *meta;

	if (IS_ERR_OR_NULL(inner))
		return inner ? ERR_PTR(PTR_ERR(inner)) : ERR_PTR(-EBADF);
	if (inner->inner_map_meta)
		return ERR_PTR(-EINVAL);
	/* Its programs have to fit each other, which no outer map could promise. */
	if (inner->ops->holds != BPF_MAP_HOLDS_VALUES)
		return ERR_PTR(-ENOTSUPP);
	meta = calloc(1, sizeof(*meta));
	if (!meta)
		return ERR_PTR(-ENOMEM);
	meta->ops = inner->ops;
	meta->rt = inner->rt;
	meta->map_type = inner->map_type;
	meta->key_size = inner->key_size;
	meta->value_size = inner->value_size;
	meta->max_entries = inner->max_entries;
	meta->map_flags = inner->map_flags;
	if (inner->record) {
		meta->record = malloc(sizeof(*meta->record));
		if (!meta->record) {
			free(meta);
			return ERR_PTR(-ENOMEM);
		}
		*meta->record = *inner->record;
	}
	/* The record speaks of these types. */
	if (inner->btf) {
		btf_get(inner->btf);
		meta->btf = inner->btf;
	}
	return meta;
}

void bpf_map_meta_free(struct bpf_map *meta)
{
	if (!meta)
		return;
	btf_put(meta->btf);
	free(meta->record);
	free(meta);
}

static bool record_equal(const struct btf_record *a, const struct btf_record *b)
{
	if (!a || !b)
		return a == b;
	if (a->nr != b->nr)
		return false;
	for (u32 i = 0; i < a->nr; i++)
		if (a->fields[i].type != b->fields[i].type ||
		    a->fields[i].off != b->fields[i].off ||
		    a->fields[i].btf_id != b->fields[i].btf_id)
			return false;
	return true;
}

/* The same in all that programs which know @meta rely on, whatever the kind. */
static bool bpf_map_meta_equal(const struct bpf_map *meta, const struct bpf_map *map)
{
	return meta->map_type == map->map_type && meta->key_size == map->key_size &&
	       meta->value_size == map->value_size && meta->map_flags == map->map_flags &&
	       record_equal(meta->record, map->record);
}

bool array_map_meta_equal(const struct bpf_map *meta, const struct bpf_map *map)
{
	return bpf_map_meta_equal(meta, map) &&
	       (meta->map_flags & BPF_F_INNER_MAP || meta->max_entries == map->max_entries);
}

struct bpf_map *bpf_map_check_inner(const struct bpf_map *outer, struct bpf_map *inner)
{
	const struct bpf_map *meta = outer->inner_map_meta;
	bool equal;

	if (IS_ERR(inner))
		return inner;
	equal = meta->ops->map_meta_equal ? meta->ops->map_meta_equal(meta, inner)
					  : bpf_map_meta_equal(meta, inner);
	return equal ? inner : ERR_PTR(-EINVAL);
}
