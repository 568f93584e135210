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

static void put_label(struct text *out, const char *label, size_t width)
{
	text_puts(out, label);
	text_char(out, ':');
	text_fill(out, ' ', width > strlen(label) ? width - strlen(label) + 1 : 1);
}

/* What a map has as elements: the only references that no column shows from this end. */
static void put_elements(struct text *out, const struct view *view, __u32 id, size_t width)
{
	const struct reference *reference = view->objects->references;
	bool first = true;

	for (size_t i = 0; i < view->objects->nr_references; i++, reference++) {
		if (reference->from != OBJECT_MAP || reference->from_id != id ||
		    reference->why != HAS_ELEMENT)
			continue;
		if (first)
			put_label(out, "has elements", width);
		put_related(out, view, reference->to, reference->to_id, first, true);
		first = false;
	}
	if (!first)
		text_char(out, '\n');
}

void block_put(struct text *out, const struct columns *columns, struct view *view,
	       const struct kind *kind, const void *object)
{
	size_t width = 0, len;
	struct cell cell;

	for (size_t c = 0; c < columns->nr; c++) {
		len = strlen(columns->columns[c]->name);
		width = len > width ? len : width;
	}
	for (size_t c = 0; c < columns->nr; c++) {
		column_get(columns->columns[c], view, object, &cell);
		if (cell_is_empty(&cell))
			continue;
		put_label(out, columns->columns[c]->name, width);
		if (cell.kind == CELL_SOURCES)
			put_sources(out, view, &cell);
		else if (cell.kind == CELL_IDS)
			put_maps(out, view, &cell);
		else
			cell_put(out, &cell, true);
		text_char(out, '\n');
	}
	if (kind->kind == OBJECT_MAP)
		put_elements(out, view, object_id(object), width);
}
