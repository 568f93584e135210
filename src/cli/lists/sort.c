/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* --sort: see chosen.h. */
#include <stdlib.h>

#include "chosen.h"

int sort_choose(const struct kind *kind, const char *text, struct sort *sort)
{
	size_t len;

	for (sort->nr = 0; sort->nr < MAX_COLUMNS; text += len + 1) {
		sort->keys[sort->nr].descending = *text == '-';
		text += *text == '-' || *text == '+';
		len = strcspn(text, ",");
		sort->keys[sort->nr].column = column_find(kind, text, len);
		if (!sort->keys[sort->nr].column)
			return usage_error("--sort: a %s has no column '%.*s'", kind->name,
					   (int)len, text);
		sort->nr++;
		if (!text[len])
			break;
	}
	return 0;
}

unsigned int sort_wants(const struct sort *sort)
{
	unsigned int wants = 0;

	for (size_t i = 0; i < sort->nr; i++)
		wants |= sort->keys[i].column->wants | sort->keys[i].column->wants_named;
	return wants;
}

/* A row and what it is sorted by. */
struct entry {
	const void *object;
	size_t was; /* its place before */
	const struct cell *cells;
};

static int compare(const void *a, const void *b, void *sort_pointer)
{
	const struct sort *sort = sort_pointer;
	const struct entry *of_a = a, *of_b = b;
	const struct cell *left, *right;
	int order;

	for (size_t i = 0; i < sort->nr; i++) {
		left = &of_a->cells[i];
		right = &of_b->cells[i];
		order = cell_compare(left, right);
		if (order && sort->keys[i].descending && left->kind != CELL_UNKNOWN &&
		    right->kind != CELL_UNKNOWN)
			return -order;
		if (order)
			return order;
	}
	return of_a->was < of_b->was ? -1 : 1;
}

/* What is in a buffer that the next cell takes is copied. false: no memory. */
static bool take_cell(const struct column *column, struct view *view, const void *object,
		      struct cell *cell)
{
	column_get(column, view, object, cell);
	if (cell->kind == CELL_WORDS)
		cell->list = NULL; /* compared by how many they are */
	if (cell->kind != CELL_TEXT)
		return true;
	cell->text = strdup(cell->text);
	return cell->text;
}

static bool take_cells(const struct sort *sort, struct view *view, const struct rows *rows,
		       struct entry *entries, struct cell *cells)
{
	for (size_t i = 0; i < rows->nr; i++) {
		entries[i] = (struct entry){rows->objects[i], i, cells + i * sort->nr};
		for (size_t k = 0; k < sort->nr; k++)
			if (!take_cell(sort->keys[k].column, view, rows->objects[i],
				       &cells[i * sort->nr + k]))
				return false;
	}
	return true;
}

int sort_rows(const struct sort *sort, struct view *view, struct rows *rows)
{
	struct entry *entries = calloc(rows->nr + 1, sizeof(*entries));
	struct cell *cells = calloc(rows->nr * sort->nr + 1, sizeof(*cells));
	int status = 0;

	if (!entries || !cells || !take_cells(sort, view, rows, entries, cells)) {
		status = fail("--sort: out of memory; free some and run it again");
	} else {
		qsort_r(entries, rows->nr, sizeof(*entries), compare, (void *)sort);
		for (size_t i = 0; i < rows->nr; i++)
			rows->objects[i] = entries[i].object;
	}
	for (size_t i = 0; cells && i < rows->nr * sort->nr; i++)
		if (cells[i].kind == CELL_TEXT)
			free((char *)cells[i].text);
	free(cells);
	free(entries);
	return status;
}
