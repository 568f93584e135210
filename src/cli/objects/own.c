/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What a look makes in the engine itself: iterator programs, their types, links and maps. */
#include <linux/bpf.h>
#include <string.h>

#include <bpf/bpf.h>

#include "look.h"

void own_add(struct own *own, enum object_kind kind, __u32 id)
{
	if (id && own->nr[kind] < MAX_OWN)
		own->ids[kind][own->nr[kind]++] = id;
}

void own_merge(struct own *own, const struct own *more)
{
	for (enum object_kind kind = 0; kind < NR_OBJECT_KINDS; kind++)
		for (size_t i = 0; i < more->nr[kind]; i++)
			own_add(own, kind, more->ids[kind][i]);
}

bool own_has(const struct own *own, enum object_kind kind, __u32 id)
{
	for (size_t i = 0; i < own->nr[kind]; i++)
		if (own->ids[kind][i] == id)
			return true;
	return false;
}

void own_add_fd(struct own *own, enum object_kind kind, int fd)
{
	union {
		struct bpf_prog_info prog;
		struct bpf_map_info map;
		struct bpf_link_info link;
	} info;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return;
	if (kind == OBJECT_PROGRAM) {
		own_add(own, kind, info.prog.id);
		own_add(own, OBJECT_BTF, info.prog.btf_id);
	} else if (kind == OBJECT_MAP) {
		own_add(own, kind, info.map.id);
	} else if (kind == OBJECT_LINK) {
		own_add(own, kind, info.link.id);
	}
}

static bool is_used(const struct objects *objects, __u32 map)
{
	for (size_t i = 0; i < objects->nr_programs; i++)
		for (size_t j = 0; j < objects->programs[i].nr_map_ids; j++)
			if (objects->programs[i].map_ids[j] == map)
				return true;
	return false;
}

/* No process can reach it, and its only user is a program that has gone but for a grace period. */
static bool is_leftover(const struct objects *objects, const struct map *map)
{
	return map->type == BPF_MAP_TYPE_ARRAY && map->max_entries == 1 && !map->usercnt &&
	       map->refcnt == 1 && !strcmp(map->name, LOADER_NAME) && !is_used(objects, map->id);
}

void own_drop_leftovers(struct objects *objects)
{
	size_t nr = 0;

	for (size_t i = 0; i < objects->nr_maps; i++)
		if (!is_leftover(objects, &objects->maps[i]))
			objects->maps[nr++] = objects->maps[i];
	objects->nr_maps = nr;
}
