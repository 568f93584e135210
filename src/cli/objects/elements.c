/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs and maps that maps hold as their elements. A look-up by bpf(2) gives their ids; for a
 * map of struct_ops, at the members of the structure that are functions.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "details.h"
#include "references.h"

/* Larger ones are left out: an empty place takes a system call as well. */
#define MAX_LOOKUPS (1u << 20)

static const struct {
	bool holds;
	enum object_kind what;
	__u32 id_off; /* of the id in the value */
} kinds[] = {
	[BPF_MAP_TYPE_PROG_ARRAY] = {true, OBJECT_PROGRAM},
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = {true, OBJECT_MAP},
	[BPF_MAP_TYPE_HASH_OF_MAPS] = {true, OBJECT_MAP},
	/* A program may be run behind the device or CPU: bpf_devmap_val, bpf_cpumap_val. */
	[BPF_MAP_TYPE_DEVMAP] = {true, OBJECT_PROGRAM, 4},
	[BPF_MAP_TYPE_DEVMAP_HASH] = {true, OBJECT_PROGRAM, 4},
	[BPF_MAP_TYPE_CPUMAP] = {true, OBJECT_PROGRAM, 4},
};

/* What is done with an element: 0, or -errno, which ends the walk. */
typedef int take_element(void *context, const struct map *map, enum object_kind what, __u32 id);

static int add(void *look, const struct map *map, enum object_kind what, __u32 id)
{
	const struct reference r = {
		.from = OBJECT_MAP,
		.from_id = map->id,
		.to = what,
		.to_id = id,
		.why = HAS_ELEMENT,
	};

	return id ? reference_add(look, &r) : 0;
}

static int look_up(const struct map *map, int fd, const void *key, void *value, take_element *take,
		   void *context)
{
	const __u32 off = kinds[map->type].id_off;
	__u32 id;

	if (bpf_map_lookup_elem(fd, key, value))
		return errno == ENOENT ? 0 : -errno;
	memcpy(&id, (char *)value + off, sizeof(id));
	return take(context, map, kinds[map->type].what, id);
}

static int walk(const struct map *map, int fd, take_element *take, void *context)
{
	char *keys = calloc(2, map->key_size), *value = calloc(1, map->value_size + 8);
	char *key = NULL, *next = keys;
	__u32 steps = 0;
	int err = 0;

	if (!keys || !value)
		err = -ENOMEM;
	while (!err && steps++ < MAX_LOOKUPS && !bpf_map_get_next_key(fd, key, next)) {
		err = look_up(map, fd, next, value, take, context);
		key = next;
		next = key == keys ? keys + map->key_size : keys;
	}
	free(keys);
	free(value);
	return err;
}

/* The type of the structure of functions that a map of struct_ops registers, and where it is in the
 * map's value. */
static const struct btf_type *operations(const struct btf *btf, __u32 value_type, __u32 *off)
{
	const struct btf_type *value = btf__type_by_id(btf, value_type);
	const struct btf_member *data;

	if (!value || !btf_is_struct(value) || !btf_vlen(value))
		return NULL;
	data = btf_members(value) + btf_vlen(value) - 1;
	*off = btf_member_bit_offset(value, btf_vlen(value) - 1) / 8;
	value = btf__type_by_id(btf, data->type);
	return value && btf_is_struct(value) ? value : NULL;
}

static bool is_function(const struct btf *btf, __u32 type)
{
	const struct btf_type *t = btf__type_by_id(btf, type);

	if (!t || !btf_is_ptr(t))
		return false;
	t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t);
}

static int functions(struct look *look, const struct map *map, int fd, const struct btf *btf)
{
	const struct btf_type *ops;
	__u32 base, off, zero = 0;
	char *value;
	int err = 0;

	ops = operations(btf, map->btf_vmlinux_value_type_id, &base);
	value = calloc(1, map->value_size + 8);
	if (!value)
		return -ENOMEM;
	if (ops && !bpf_map_lookup_elem(fd, &zero, value)) {
		for (__u32 i = 0; i < btf_vlen(ops) && !err; i++) {
			__u64 id = 0;

			off = base + btf_member_bit_offset(ops, i) / 8;
			if (!is_function(btf, btf_members(ops)[i].type) ||
			    off + sizeof(id) > map->value_size)
				continue;
			memcpy(&id, value + off, sizeof(id));
			err = add(look, map, OBJECT_PROGRAM, id);
		}
	}
	free(value);
	return err;
}

static bool holds(const struct map *map)
{
	return map->type < sizeof(kinds) / sizeof(kinds[0]) && kinds[map->type].holds &&
	       map->value_size >= kinds[map->type].id_off + sizeof(__u32);
}

static int of_map(struct look *look, const struct map *map, struct btf **btf)
{
	int fd, err = 0;

	if ((!holds(map) && map->type != BPF_MAP_TYPE_STRUCT_OPS) || map_is_emptied(map))
		return 0;
	fd = bpf_map_get_fd_by_id(map->id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (holds(map)) {
		err = walk(map, fd, add, look);
	} else {
		if (!*btf)
			*btf = btf__load_vmlinux_btf();
		err = *btf ? functions(look, map, fd, *btf) : -errno;
	}
	close(fd);
	if (err && err != -ENOMEM)
		err = look_leave_out(look, WANT_HELD_BY_MAPS, "what map %u holds: %s", map->id,
				     strerror(-err));
	else if (!err && holds(map) && map->max_entries > MAX_LOOKUPS)
		err = look_leave_out(look, WANT_HELD_BY_MAPS,
				     "what map %u holds: it has more than %u elements", map->id,
				     MAX_LOOKUPS);
	return err;
}

int elements_find(struct look *look)
{
	struct objects *objects = look->objects;
	struct btf *btf = NULL;
	int err = 0;

	for (size_t i = 0; i < objects->nr_maps && !err; i++)
		err = of_map(look, &objects->maps[i], &btf);
	btf__free(btf);
	return err;
}

static int is_sought(void *sought, const struct map *map, enum object_kind what, __u32 id)
{
	return id == *(const __u32 *)sought ? -EEXIST : 0;
}

int elements_have_map(const struct objects *objects, __u32 id)
{
	int found = 0, fd;

	for (size_t i = 0; i < objects->nr_maps && !found; i++) {
		const struct map *map = &objects->maps[i];

		if (!holds(map) || kinds[map->type].what != OBJECT_MAP)
			continue;
		fd = bpf_map_get_fd_by_id(map->id);
		if (fd < 0) {
			found = errno != ENOENT;
			continue;
		}
		found = walk(map, fd, is_sought, &id);
		if (found != -ENOMEM)
			found = found || map->max_entries > MAX_LOOKUPS;
		close(fd);
	}
	return found;
}
