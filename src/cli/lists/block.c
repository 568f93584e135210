/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* One object for people: see block.h. */
#include "block.h"

static const char *name_of(const struct view *view, enum object_kind kind, __u32 id)
{
	const struct program *program;
	const struct btf_object *btf;
	const struct link *link;
	const struct map *map;

	switch (kind) {
	case OBJECT_PROGRAM:
		program = objects_program(view->objects, id);
		return program ? program->name : NULL;
	case OBJECT_MAP:
		map = objects_map(view->objects, id);
		return map ? map->name : NULL;
	case OBJECT_LINK:
		link = objects_link(view->objects, id);
		return link ? link_type_name(link->type) : NULL;
	default:
		btf = objects_btf(view->objects, id);
		return btf ? btf->name : NULL;
	}
}

/* "12 counts", with what kind it is where that is not plain. */
static void put_related(struct text *out, const struct view *view, enum object_kind kind, __u32 id,
			bool first, bool say_kind)
{
	const char *name = name_of(view, kind, id);

	if (!first)
		text_puts(out, ", ");
	if (say_kind)
		text_format(out, "%s ", object_kind_names[kind]);
	text_number(out, id);
	if (name && *name) {
		text_char(out, ' ');
		text_name(out, name);
	}
}

static void put_sources(struct text *out, const struct view *view, const struct cell *cell)
{
	const struct reference *reference = cell->list;
	bool first = true;

	for (size_t i = 0; i < cell->nr; i++, reference++) {
		if (reference->from != cell->from || reference->why != cell->why)
			continue;
		put_related(out, view, reference->from, reference->from_id, first, false);
		first = false;
	}
}

static void put_maps(struct text *out, const struct view *view, const struct cell *cell)
{
	for (size_t i = 0; i < cell->nr; i++)
		put_related(out, view, OBJECT_MAP, ((const __u32 *)cell->list)[i], !i, false);
}

/* A line "label:  value", or more where a terminal is @room columns wide; @value is empty then. */
static void put_line(struct text *out, const char *label, size_t width, struct text *value,
		     size_t room)
{
	const size_t left = width + 2;
	const char *at = value->start, *comma;
	size_t column = left, len, wide;

	text_puts(out, label);
	text_char(out, ':');
	text_fill(out, ' ', left - strlen(label) - 1);
	for (; at < value->at; at += len + (comma != NULL)) {
		comma = memmem(at, value->at - at, ", ", 2);
		len = comma ? (size_t)(comma + 1 - at) : (size_t)(value->at - at);
		wide = text_width(at, len);
		if (room && column > left && column + 1 + wide > room) {
			text_char(out, '\n');
			text_fill(out, ' ', left);
			column = left;
		} else if (at > value->start) {
			text_char(out, ' ');
			column++;
		}
		text_add(out, at, len);
		column += wide;
	}
	text_char(out, '\n');
	out->failed |= value->failed;
	text_clear(value);
}

/* What a map has as elements: the only references that no column shows from this end. */
static void put_elements(struct text *out, const struct view *view, __u32 id)
{
	const struct reference *reference = view->objects->references;

	for (size_t i = 0; i < view->objects->nr_references; i++, reference++)
		if (reference->from == OBJECT_MAP && reference->from_id == id &&
		    reference->why == HAS_ELEMENT)
			put_related(out, view, reference->to, reference->to_id, !text_length(out),
				    true);
}

void block_put(struct text *out, const struct columns *columns, struct view *view,
	       const struct kind *kind, const void *object, size_t room)
{
	size_t width = 0, len;
	struct text value = {0};
	struct cell cell;

	for (size_t c = 0; c < columns->nr; c++) {
		len = strlen(columns->columns[c]->name);
		width = len > width ? len : width;
	}
	for (size_t c = 0; c < columns->nr; c++) {
		column_get(columns->columns[c], view, object, &cell);
		if (cell_is_empty(&cell))
			continue;
		if (cell.kind == CELL_SOURCES)
			put_sources(&value, view, &cell);
		else if (cell.kind == CELL_IDS)
			put_maps(&value, view, &cell);
		else
			cell_put(&value, &cell, true);
		put_line(out, columns->columns[c]->name, width, &value,
			 cell_is_list(cell.kind) ? room : 0);
	}
	if (kind->kind == OBJECT_MAP)
		put_elements(&value, view, object_id(object));
	if (text_length(&value))
		put_line(out, "has elements", width > 12 ? width : 12, &value, room);
	text_end(&value);
}
