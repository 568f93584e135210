/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The columns of BTFs. Names and values of JSON are bpftool's (btf.c). */
#include "column.h"

static const struct btf_object *of(const void *object)
{
	return object;
}

static void get_programs(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_BTF, of(object)->id, OBJECT_PROGRAM, HAS_TYPES, cell);
}

static void get_maps(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_BTF, of(object)->id, OBJECT_MAP, HAS_TYPES, cell);
}

static void get_btf_holders(struct view *view, const void *object, struct cell *cell)
{
	get_holders(view, OBJECT_BTF, of(object)->id, cell);
}

static const struct column columns[] = {
	{"id", "ID", CELL_ID, IN_TABLE | IN_JSON, MEMBER(btf_object, id), .stays = STAYS_ALWAYS,
	 .help = "its number, given out once"},
	{"name", "NAME", CELL_TEXT, IN_TABLE | IN_JSON | OMIT_EMPTY, MEMBER(btf_object, name),
	 .least = NAME_LEAST, .stays = STAYS_ALWAYS,
	 .help = "vmlinux or the name of a module; those of programs have none"},
	{"size", "SIZE", CELL_SIZE, IN_TABLE | IN_JSON, MEMBER(btf_object, size), .stays = 6,
	 .help = "size of the types"},
	{"kernel", "KERNEL", CELL_FLAG, IN_TABLE | IN_JSON, MEMBER(btf_object, kernel), .stays = 3,
	 .help = "whether they are the engine's own"},
	{"prog_ids", "PROGS", CELL_SOURCES, IN_TABLE | IN_JSON, WANT_PROGRAMS, .get = get_programs,
	 .stays = 5, .help = "programs whose types they are"},
	{"map_ids", "MAPS", CELL_SOURCES, IN_TABLE | IN_JSON, WANT_MAPS, .get = get_maps,
	 .stays = 4, .help = "maps whose types they are"},
	{"pids", "PIDS", CELL_HOLDERS, IN_TABLE | IN_JSON | OMIT_EMPTY, WANT_HOLDERS_OF_FEW,
	 WANT_HOLDERS, .get = get_btf_holders, .least = HOLDER_LEAST, .stays = 5,
	 .help = "processes that hold it; of more than 1,000 objects only if it is asked for by "
		 "name"},
	{0},
};

const struct kind btf_kind = {
	.kind = OBJECT_BTF,
	.name = "BTF",
	.wants = WANT_BTFS,
	.columns = columns,
	.object_size = sizeof(struct btf_object),
	.first = offsetof(struct objects, btfs),
	.count = offsetof(struct objects, nr_btfs),
};
