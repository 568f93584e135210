/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The columns of links. Names and values of JSON are bpftool's (link.c) where it has them; what
 * there is for one type of link only is in link_target.c.
 */
#include "link_target.h"

static const struct link *of(const void *object)
{
	return object;
}

static void get_type(struct view *view, const void *object, struct cell *cell)
{
	get_text(cell, link_type_name(of(object)->type));
}

static void json_type(struct view *view, const void *object, struct json *json)
{
	put_type(json, "type", link_type_name(of(object)->type), of(object)->type);
}

static void get_program(struct view *view, const void *object, struct cell *cell)
{
	const struct program *program = objects_program(view->objects, of(object)->prog_id);

	get_text(cell, program ? program->name : NULL);
}

static void get_attach_type(struct view *view, const void *object, struct cell *cell)
{
	__u64 type = link_attach_type(of(object));

	get_text(cell, type == UNKNOWN ? NULL : attach_type_name(type));
}

static void json_attach_type(struct view *view, const void *object, struct json *json)
{
	__u64 type = link_attach_type(of(object));

	if (type != UNKNOWN)
		put_type(json, "attach_type", attach_type_name(type), type);
}

static void get_target(struct view *view, const void *object, struct cell *cell)
{
	put_link_target(view, of(object), &view->scratch);
	cell->text = text_string(&view->scratch);
	if (!*cell->text)
		cell->kind = CELL_UNKNOWN;
}

static void json_target(struct view *view, const void *object, struct json *json)
{
	struct cell cell = {.kind = CELL_TEXT};

	put_link_details(view, of(object), json);
	text_clear(&view->scratch);
	get_target(view, object, &cell);
	if (cell.kind == CELL_UNKNOWN)
		return;
	json_name(json, "target");
	json_put_text(json, cell.text);
}

static void get_link_pins(struct view *view, const void *object, struct cell *cell)
{
	get_pins(view, OBJECT_LINK, of(object)->id, cell);
}

static void get_link_holders(struct view *view, const void *object, struct cell *cell)
{
	get_holders(view, OBJECT_LINK, of(object)->id, cell);
}

static const struct column columns[] = {
	{"id", "ID", CELL_ID, IN_TABLE | IN_JSON, MEMBER(link, id), .stays = STAYS_ALWAYS,
	 .help = "its number, given out once"},
	{"type", "TYPE", CELL_TEXT, IN_TABLE | IN_JSON, .get = get_type, .json = json_type,
	 .stays = 7, .help = "link type"},
	{"prog_id", "PROG", CELL_NUMBER, IN_TABLE | IN_JSON | OMIT_ZERO, MEMBER(link, prog_id),
	 .stays = 6, .help = "program that it attaches"},
	{"prog_name", "NAME", CELL_TEXT, IN_TABLE | IN_JSON | OMIT_EMPTY, WANT_PROGRAMS,
	 .get = get_program, .least = NAME_LEAST, .stays = STAYS_ALWAYS,
	 .help = "name of the program"},
	{"target", "TARGET", CELL_TEXT, IN_TABLE | IN_JSON | CUT_INSIDE,
	 WANT_LINK_INFO | WANT_PROGRAMS | WANT_ATTACH_TO | WANT_MAPS, .get = get_target,
	 .json = json_target, .least = TARGET_OF_LINK_LEAST, .stays = 8,
	 .help = "what it attaches to; in JSON with members that its type has"},
	{"attach_type", "ATTACH_TYPE", CELL_TEXT, IN_TABLE | IN_JSON, WANT_LINK_INFO,
	 .get = get_attach_type, .json = json_attach_type, .stays = 3, .help = "attach type"},
	{"pinned", "PINNED", CELL_PINS, IN_TABLE | IN_JSON | OMIT_EMPTY, WANT_PINS,
	 .get = get_link_pins, .least = PATH_LEAST, .stays = 4, .help = "where it is pinned"},
	{"pids", "PIDS", CELL_HOLDERS, IN_TABLE | IN_JSON | OMIT_EMPTY, WANT_HOLDERS_OF_FEW,
	 WANT_HOLDERS, .get = get_link_holders, .least = HOLDER_LEAST, .stays = 5,
	 .help = "processes that hold it; of more than 1,000 objects only if it is asked for by "
		 "name"},
	{0},
};

const struct kind link_kind = {
	.kind = OBJECT_LINK,
	.name = "link",
	.wants = WANT_LINKS | WANT_FOR_LINKS,
	.columns = columns,
	.object_size = sizeof(struct link),
	.first = offsetof(struct objects, links),
	.count = offsetof(struct objects, nr_links),
	.type_name = link_type_name,
};
