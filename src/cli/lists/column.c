/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What columns of all kinds of objects do: see column.h. */
#include "column.h"

static void get_member(const struct column *column, const void *object, struct cell *cell)
{
	const char *member = (const char *)object + column->offset;

	if (column->kind == CELL_TEXT)
		return get_text(cell, *(const char *const *)member);
	switch (column->size) {
	case 1:
		cell->number = *(const bool *)member;
		break;
	case 4:
		cell->number = *(const __u32 *)member;
		break;
	default:
		get_number(cell, *(const __u64 *)member);
	}
}

void get_sources(const struct view *view, enum object_kind kind, __u32 id, enum object_kind from,
		 enum reference_reason why, struct cell *cell)
{
	static const unsigned int wants[] = {
		[OBJECT_PROGRAM] = WANT_PROGRAMS,
		[OBJECT_MAP] = WANT_MAPS,
		[OBJECT_LINK] = WANT_LINKS,
		[OBJECT_BTF] = WANT_BTFS,
	};

	cell->from = from;
	cell->why = why;
	cell->list = objects_references(view->objects, kind, id, &cell->nr);
	if (view->objects->missing & wants[from] && cell_is_empty(cell))
		cell->kind = CELL_UNKNOWN;
}

void get_pins(const struct view *view, enum object_kind kind, __u32 id, struct cell *cell)
{
	cell->list = objects_pins(view->objects, kind, id, &cell->nr);
	if (view->objects->missing & WANT_PINS && !cell->nr)
		cell->kind = CELL_UNKNOWN;
}

void get_holders(const struct view *view, enum object_kind kind, __u32 id, struct cell *cell)
{
	cell->list = objects_holders(view->objects, kind, id, &cell->nr);
	if (view->objects->missing & WANT_HOLDERS && !cell->nr)
		cell->kind = CELL_UNKNOWN;
}

void put_type(struct json *json, const char *member, const char *name, __u32 type)
{
	json_name(json, member);
	if (strncmp(name, "type ", 5))
		json_put_text(json, name);
	else
		json_put_number(json, type);
}

void column_get(const struct column *column, struct view *view, const void *object,
		struct cell *cell)
{
	*cell = (struct cell){.kind = column->kind};
	text_clear(&view->scratch);
	if (column->get)
		column->get(view, object, cell);
	else
		get_member(column, object, cell);
	if (column->traits & OMIT_ZERO && cell->kind != CELL_UNKNOWN && !cell->number)
		cell->kind = CELL_UNKNOWN;
}

void column_put_json(const struct column *column, struct view *view, const void *object,
		     struct json *json)
{
	struct cell cell;

	if (column->json)
		return column->json(view, object, json);
	column_get(column, view, object, &cell);
	if (cell.kind == CELL_UNKNOWN || (column->traits & OMIT_EMPTY && cell_is_empty(&cell)))
		return;
	json_name(json, column->name);
	cell_put_json(json, &cell);
}

static bool is_called(const char *name, const char *text, size_t len)
{
	return !strncasecmp(name, text, len) && !name[len];
}

const struct column *column_find(const struct kind *kind, const char *name, size_t len)
{
	const struct column *column = kind->columns;

	while (column->name && (strncmp(column->name, name, len) || column->name[len]))
		column++;
	if (column->name)
		return column;
	for (column = kind->columns; column->name; column++)
		if (is_called(column->heading, name, len))
			return column;
	return NULL;
}
