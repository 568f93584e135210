/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Maps whose values are maps. What the outer one was made for is its inner_map_meta: a struct
 * bpf_map that is no map, but says what the verifier relies on in each that is put in.
 */
#ifndef MAP_MAP_IN_MAP_H
#define MAP_MAP_IN_MAP_H

#include "map/map.h"

/* What @inner, which may be an ERR_PTR, is like. ERR_PTR: -EINVAL, it holds maps itself; -ENOTSUPP,
 * its kind cannot be held. Takes a reference on its types. */
struct bpf_map *bpf_map_meta_alloc(const struct bpf_map *inner);
void bpf_map_meta_free(struct bpf_map *meta); /* NULL: nothing */

/* map_meta_equal of ARRAY: the number of elements, too, as indexes are checked against it ahead of
 * time. With BPF_F_INNER_MAP they are not. */
bool array_map_meta_equal(const struct bpf_map *meta, const struct bpf_map *map);

/* Of an inner map that is as @map: may it have fewer elements? */
static inline bool bpf_map_may_be_smaller(const struct bpf_map *map)
{
	return !map->id && (map->map_flags & BPF_F_INNER_MAP || !map->ops->map_meta_equal);
}

/* May @inner be put into @outer? @inner, or an ERR_PTR: -EINVAL, or @inner is one. */
struct bpf_map *bpf_map_check_inner(const struct bpf_map *outer, struct bpf_map *inner);

#endif /* MAP_MAP_IN_MAP_H */
