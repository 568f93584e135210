/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What a look makes in the engine itself: iterator programs, their types, links and maps. */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "details.h"

void own_add(struct own *own, enum object_kind kind, __u32 id)
{
	if (id && own->nr[kind] < MAX_OWN)
		own->ids[kind][own->nr[kind]++] = id;
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

static bool is_gone(const struct program *program)
{
	int fd = bpf_prog_get_fd_by_id(program->id);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ENOENT;
}

/* By a program that is there, and not only was when they were looked at. */
static bool is_used(const struct objects *objects, __u32 map)
{
	for (size_t i = 0; i < objects->nr_programs; i++)
		for (size_t j = 0; j < objects->programs[i].nr_map_ids; j++)
			if (objects->programs[i].map_ids[j] == map)
				return !is_gone(&objects->programs[i]);
	return false;
}

/* No process can reach it, and one thing refers to it: it goes with that. */
static bool may_be_leftover(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_ARRAY && map->max_entries == 1 && !map->usercnt &&
	       map->refcnt == 1 && !strcmp(map->name, LOADER_NAME);
}

static int drop(struct objects *objects)
{
	size_t nr = 0;

	for (size_t i = 0; i < objects->nr_maps; i++) {
		const struct map *map = &objects->maps[i];
		int keep = !may_be_leftover(map) || is_used(objects, map->id);

		if (!keep)
			keep = elements_have_map(objects, map->id);
		if (keep < 0)
			return keep;
		if (keep)
			objects->maps[nr++] = *map;
	}
	objects->nr_maps = nr;
	return 0;
}

/* A map of that name is a leftover if what refers to it is no program or map that is there. */
int own_drop_leftovers(struct look *look, bool has_programs)
{
	struct objects *objects = look->objects;
	size_t i = 0;
	int err = 0;

	while (i < objects->nr_maps && !may_be_leftover(&objects->maps[i]))
		i++;
	if (i == objects->nr_maps)
		return 0;
	if (!has_programs)
		err = syscall_way.read(look, SORT_PROGRAMS);
	if (!err)
		err = drop(objects);
	if (!has_programs)
		objects->nr_programs = 0;
	/* Where programs may not be asked for, it may be somebody's. */
	return err == -ENOMEM ? err : 0;
}
