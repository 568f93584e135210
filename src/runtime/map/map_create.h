/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the kinds of map check attributes with. */
#ifndef MAP_MAP_CREATE_H
#define MAP_MAP_CREATE_H

#include "map/map.h"

#define BPF_F_ACCESS_MASK (BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY | BPF_F_WRONLY_PROG)

/* A map that programs may neither read nor write is a mistake. */
static inline bool bpf_map_flags_access_ok(u32 flags)
{
	return (flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !=
	       (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG);
}

/*
 * Do types @key_id (0: none) and @value_id of @btf describe @map's keys and values? -EINVAL;
 * -EOPNOTSUPP: the value has a field that needs a care which maps do not give (timers,
 * lists, trees).
 */
int bpf_map_check_btf(const struct bpf_map *map, const struct btf *btf, u32 key_id, u32 value_id);

/* What a value of type @value_id has in it that is not plain data: NULL, or to be freed with
 * free(). ERR_PTR(-EACCES, -EOPNOTSUPP): fields where they may not be; -ENOENT: a pointer to what
 * no value can hold; -E2BIG: more than one lock, or BTF_FIELDS_MAX, or types too deep to look. */
struct btf_record *bpf_map_find_record(const struct bpf_map *map, const struct btf *btf,
				       u32 value_id);

#endif /* MAP_MAP_CREATE_H */
