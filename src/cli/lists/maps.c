/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The columns of maps. Names and values of JSON are bpftool's (map.c) where it has them: flags and
 * frozen are numbers there.
 */
#include <linux/bpf.h>

#include "column.h"

static const struct map *of(const void *object)
{
	return object;
}

static void get_type(struct view *view, const void *object, struct cell *cell)
{
	get_text(cell, map_type_name(of(object)->type));
}

static void json_type(struct view *view, const void *object, struct json *json)
{
	put_type(json, "type", map_type_name(of(object)->type), of(object)->type);
}

/* By bit, as BPF_F_* of linux/bpf.h. */
static const char *const flag_names[] = {
	"no_prealloc", "no_common_lru",	 "numa_node",	  "rdonly",	  "wronly",
	"build_id",    "zero_seed",	 "rdonly_prog",	  "wronly_prog",  "clone",
	"mmapable",    "preserve_elems", "inner_map",	  "link",	  "path_fd",
	"vtype_btf",   "token",		 "segv_on_fault", "no_user_conv", "rb_overwrite",
};

static void get_flag_names(struct view *view, const void *object, struct cell *cell)
{
	__u32 flags = of(object)->flags;
	const char *names[32];

	for (size_t bit = 0; bit < 32; bit++) {
		if (!(flags & 1u << bit))
			continue;
		names[cell->nr++] = bit < sizeof(flag_names) / sizeof(flag_names[0])
					    ? flag_names[bit]
					    : "other";
	}
	text_add(&view->scratch, (const char *)names, cell->nr * sizeof(names[0]));
	cell->list = view->scratch.start;
	if (view->scratch.failed)
		cell->kind = CELL_UNKNOWN;
}

static void get_elements(struct view *view, const void *object, struct cell *cell)
{
	get_number(cell, of(object)->elements);
	cell->approximate = of(object)->counted_by_reading;
}

static void json_elements(struct view *view, const void *object, struct json *json)
{
	if (of(object)->elements == UNKNOWN)
		return;
	json_name(json, "elements");
	json_put_number(json, of(object)->elements);
	if (of(object)->counted_by_reading) {
		json_name(json, "counted_by");
		json_put_text(json, "reading");
	}
}

static void get_fill(struct view *view, const void *object, struct cell *cell)
{
	const struct map *map = of(object);

	if (map->elements == UNKNOWN || !map->max_entries)
		cell->kind = CELL_UNKNOWN;
	else
		cell->real = 100.0 * map->elements / map->max_entries;
	cell->approximate = map->counted_by_reading;
}

static bool is_program_array(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_PROG_ARRAY && map->owner_prog_type != UNKNOWN;
}

static void get_owner_type(struct view *view, const void *object, struct cell *cell)
{
	if (!is_program_array(of(object)) || !of(object)->owner_prog_type)
		cell->kind = CELL_UNKNOWN;
	else
		get_text(cell, program_type_name(of(object)->owner_prog_type));
}

static void get_owner_jited(struct view *view, const void *object, struct cell *cell)
{
	get_number(cell, is_program_array(of(object)) && of(object)->owner_prog_type
				 ? of(object)->owner_jited
				 : UNKNOWN);
}

static void get_programs(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_MAP, of(object)->id, OBJECT_PROGRAM, USES_MAP, cell);
}

static void get_iterators(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_MAP, of(object)->id, OBJECT_LINK, ITERATES, cell);
}

static void get_outer_maps(struct view *view, const void *object, struct cell *cell)
{
	get_sources(view, OBJECT_MAP, of(object)->id, OBJECT_MAP, HAS_ELEMENT, cell);
}

static void get_map_pins(struct view *view, const void *object, struct cell *cell)
{
	get_pins(view, OBJECT_MAP, of(object)->id, cell);
}

static void get_map_holders(struct view *view, const void *object, struct cell *cell)
{
	get_holders(view, OBJECT_MAP, of(object)->id, cell);
}

static const struct column columns[] = {
	{"id", "ID", CELL_ID, IN_TABLE | IN_JSON, MEMBER(map, id), .stays = STAYS_ALWAYS,
	 .help = "its number, given out once"},
	{"type", "TYPE", CELL_TEXT, IN_TABLE | IN_JSON, .get = get_type, .json = json_type,
	 .stays = 8, .help = "map type"},
	{"name", "NAME", CELL_TEXT, IN_TABLE | IN_JSON | OMIT_EMPTY, MEMBER(map, name),
	 .stays = STAYS_ALWAYS, .help = "name, of up to 15 bytes"},
	{"flags", "FLAGS_HEX", CELL_NUMBER, IN_JSON, MEMBER(map, flags),
	 .help = "flags that it was created with, as a number"},
	{"flag_names", "FLAGS", CELL_WORDS, IN_JSON, .get = get_flag_names, .help = "their names"},
	{"bytes_key", "KEY", CELL_NUMBER, IN_TABLE | IN_JSON, MEMBER(map, key_size), .stays = 1,
	 .help = "bytes of a key"},
	{"bytes_value", "VALUE", CELL_NUMBER, IN_TABLE | IN_JSON, MEMBER(map, value_size),
	 .stays = 2, .help = "bytes of a value"},
	{"max_entries", "MAX", CELL_NUMBER, IN_TABLE | IN_JSON, MEMBER(map, max_entries),
	 .stays = 5, .help = "elements that it has room for"},
	{"elements", "ELEMENTS", CELL_NUMBER, IN_TABLE | IN_JSON, WANT_ELEMENTS, WANT_READING,
	 .get = get_elements, .json = json_elements, .stays = 7,
	 .help = "elements that are in it now; where the engine does not count them they are read "
		 "(\"~\"), if this is asked for by name"},
	{"fill", "FILL", CELL_PERCENT, IN_TABLE | IN_JSON, WANT_ELEMENTS, WANT_READING,
	 .get = get_fill, .stays = 6, .help = "how full that is, in percent"},
	{"bytes_memlock", "MEMORY", CELL_SIZE, IN_TABLE | IN_JSON, WANT_MEMORY,
	 MEMBER(map, bytes_memlock), .stays = 5, .help = "memory that it takes"},
	{"frozen", "FROZEN", CELL_NUMERIC_FLAG, IN_JSON, MEMBER(map, frozen),
	 .help = "whether bpf(2) may no longer write to it; 0 or 1 in JSON"},
	{"owner_prog_type", "OWNER", CELL_TEXT, IN_JSON, .get = get_owner_type,
	 .help = "type of the programs that may be in a prog_array"},
	{"owner_jited", "OWNER_JITED", CELL_FLAG, IN_JSON, .get = get_owner_jited,
	 .help = "whether they run as machine code"},
	{"btf_id", "BTF", CELL_NUMBER, IN_JSON | OMIT_ZERO, MEMBER(map, btf_id),
	 .help = "BTF of its types"},
	{"btf_key_type_id", "KEY_TYPE", CELL_NUMBER, IN_JSON | OMIT_ZERO,
	 MEMBER(map, btf_key_type_id), .help = "type of a key in it"},
	{"btf_value_type_id", "VALUE_TYPE", CELL_NUMBER, IN_JSON | OMIT_ZERO,
	 MEMBER(map, btf_value_type_id), .help = "type of a value in it"},
	{"btf_vmlinux_value_type_id", "STRUCT_OPS_TYPE", CELL_NUMBER, IN_JSON | OMIT_ZERO,
	 MEMBER(map, btf_vmlinux_value_type_id), .help = "type of the engine that it implements"},
	{"map_extra", "EXTRA", CELL_NUMBER, IN_JSON | OMIT_ZERO, MEMBER(map, map_extra),
	 .help = "hash functions of a bloom_filter, address of an arena"},
	{"ifindex", "IFINDEX", CELL_NUMBER, IN_JSON | OMIT_ZERO, MEMBER(map, ifindex),
	 .help = "device that it is offloaded to"},
	{"progs", "PROGS", CELL_SOURCES, IN_TABLE | IN_JSON, WANT_PROGRAMS, .get = get_programs,
	 .stays = 4, .help = "programs that use it"},
	{"iterators", "ITERATORS", CELL_SOURCES, IN_JSON | OMIT_EMPTY, WANT_LINKS,
	 .get = get_iterators, .help = "links of iterators over its elements"},
	{"outer_maps", "OUTER_MAPS", CELL_SOURCES, OMIT_EMPTY, WANT_HELD_BY_MAPS,
	 .get = get_outer_maps, .help = "maps that have it as an element"},
	{"refcnt", "REFS", CELL_NUMBER, IN_JSON, MEMBER(map, refcnt), .help = "references to it"},
	{"usercnt", "USER_REFS", CELL_NUMBER, IN_JSON, MEMBER(map, usercnt),
	 .help = "of them, descriptors and pins"},
	{"pinned", "PINNED", CELL_PINS, OMIT_EMPTY, WANT_PINS, .get = get_map_pins,
	 .least = PATH_LEAST, .help = "where it is pinned"},
	{"pids", "PIDS", CELL_HOLDERS, IN_TABLE | IN_JSON | OMIT_EMPTY, WANT_HOLDERS_OF_FEW,
	 WANT_HOLDERS, .get = get_map_holders, .least = HOLDER_LEAST, .stays = 6,
	 .help = "processes that hold it; of more than 1,000 objects only if it is asked for by "
		 "name"},
	{0},
};

const struct kind map_kind = {
	.kind = OBJECT_MAP,
	.name = "map",
	.wants = WANT_MAPS,
	.columns = columns,
	.object_size = sizeof(struct map),
	.first = offsetof(struct objects, maps),
	.count = offsetof(struct objects, nr_maps),
	.type_name = map_type_name,
};
