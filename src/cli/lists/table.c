/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Tables: see table.h. All cells are made once, into one text; then it is known how wide columns
 * are, and lines are put together of its pieces.
 */
#include <stdlib.h>

#include "table.h"

enum { WRITE_AT = 64 << 10 };

static const char gap[] = "  ", more[] = "...";

/* A cell: how many bytes it has, and how many columns of a terminal. */
struct extent {
	__u32 len, width;
};

struct table {
	const struct columns *columns;
	size_t nr_columns; /* that are shown: the first ones */
	size_t nr_rows;
	struct text cells; /* one after the other, row by row */
	struct extent *extents;
	size_t widths[MAX_COLUMNS];
};

static bool make_cells(struct table *table, struct view *view, const struct rows *rows)
{
	struct extent *extent = table->extents;
	struct cell cell;
	size_t start;

	for (size_t r = 0; r < table->nr_rows; r++) {
		for (size_t c = 0; c < table->columns->nr; c++, extent++) {
			start = text_length(&table->cells);
			column_get(table->columns->columns[c], view, rows->objects[r], &cell);
			cell_put(&table->cells, &cell, false);
			extent->len = text_length(&table->cells) - start;
			extent->width = text_width(table->cells.start + start, extent->len);
			if (extent->width > table->widths[c])
				table->widths[c] = extent->width;
		}
	}
	return !table->cells.failed && !view->scratch.failed;
}

static size_t total_width(const struct table *table)
{
	size_t width = 0;

	for (size_t c = 0; c < table->nr_columns; c++)
		width += table->widths[c] + (c ? strlen(gap) : 0);
	if (table->nr_columns < table->columns->nr)
		width += strlen(gap) + strlen(more);
	return width;
}

static bool may_be_cut(const struct column *column)
{
	return column->traits & MAY_BE_CUT || cell_is_list(column->kind);
}

/* Of each such column something is left, and its heading is. */
static void cut_columns(struct table *table, size_t width)
{
	const size_t enough = 10;
	const struct column *column;
	size_t least, excess, spare;

	for (size_t c = table->nr_columns; c-- && total_width(table) > width;) {
		column = table->columns->columns[c];
		if (!may_be_cut(column))
			continue;
		least = strlen(column->heading);
		least = least < enough ? enough : least;
		excess = total_width(table) - width;
		spare = table->widths[c] > least ? table->widths[c] - least : 0;
		table->widths[c] -= spare < excess ? spare : excess;
	}
}

/* What is left of the table says which objects these are. */
static bool is_essential(const struct column *column)
{
	return !strcmp(column->name, "id") || !strcmp(column->name, "name") ||
	       !strcmp(column->name, "prog_name");
}

static void fit(struct table *table, size_t width)
{
	size_t essential = 1;

	if (!width || total_width(table) <= width)
		return;
	cut_columns(table, width);
	for (size_t c = 0; c < table->nr_columns; c++)
		if (is_essential(table->columns->columns[c]))
			essential = c + 1;
	while (table->nr_columns > essential && total_width(table) > width)
		table->nr_columns--;
}

/* How many bytes of a cell are shown before "...": of a list whole items, where there are any. */
static size_t cut_at(const struct column *column, const char *bytes, size_t len, size_t room)
{
	const char *comma;

	len = text_fitting(bytes, len, room);
	comma = cell_is_list(column->kind) ? memrchr(bytes, ',', len) : NULL;
	return comma ? comma + 1 - bytes : len;
}

static void put_padded(const struct table *table, struct text *out, size_t c, const char *bytes,
		       struct extent extent)
{
	const struct column *column = table->columns->columns[c];
	size_t len = extent.len, width = extent.width, room = table->widths[c];
	bool right = cell_is_right_aligned(column->kind);
	bool cut = width > room && room > strlen(more);

	if (c)
		text_puts(out, gap);
	if (cut) {
		len = cut_at(column, bytes, len, room - strlen(more));
		width = text_width(bytes, len) + strlen(more);
	}
	if (right && width < room)
		text_fill(out, ' ', room - width);
	text_add(out, bytes, len);
	if (cut)
		text_puts(out, more);
	/* Nothing stands behind the last one. */
	if (!right && width < room && c + 1 < table->nr_columns)
		text_fill(out, ' ', room - width);
}

static void put_heading(const struct table *table, struct text *out, const char *line_end)
{
	size_t before;

	for (size_t c = 0; c < table->nr_columns; c++) {
		const char *heading = table->columns->columns[c]->heading;

		put_padded(table, out, c, heading,
			   (struct extent){strlen(heading), strlen(heading)});
	}
	before = table->nr_columns - 1;
	if (table->nr_columns < table->columns->nr) {
		size_t width = strlen(table->columns->columns[before]->heading);

		if (!cell_is_right_aligned(table->columns->columns[before]->kind) &&
		    width < table->widths[before])
			text_fill(out, ' ', table->widths[before] - width);
		text_puts(out, gap);
		text_puts(out, more);
	}
	text_puts(out, line_end);
}

static void put_rows(const struct table *table, struct text *out, size_t nr, const char *line_end,
		     FILE *stream)
{
	const char *bytes = table->cells.start;
	const struct extent *extent = table->extents;

	for (size_t r = 0; r < nr; r++) {
		for (size_t c = 0; c < table->columns->nr; c++) {
			if (c < table->nr_columns)
				put_padded(table, out, c, bytes, *extent);
			bytes += extent++->len;
		}
		text_puts(out, line_end);
		if (stream && text_length(out) > WRITE_AT)
			text_write(out, stream);
	}
}

void table_put(struct text *out, const struct columns *columns, struct view *view,
	       const struct rows *rows, struct terminal_size size, bool heading,
	       const char *line_end, FILE *stream)
{
	struct table table = {.columns = columns, .nr_columns = columns->nr, .nr_rows = rows->nr};
	size_t room = size.height > heading + 1u ? size.height - heading : 1;

	if (size.height && table.nr_rows > room)
		table.nr_rows = room - 1;
	table.extents = calloc(table.nr_rows * columns->nr + 1, sizeof(*table.extents));
	for (size_t c = 0; c < columns->nr; c++)
		table.widths[c] = heading ? strlen(columns->columns[c]->heading) : 0;
	if (!table.extents || !make_cells(&table, view, rows)) {
		out->failed = true;
	} else {
		fit(&table, size.width);
		if (heading)
			put_heading(&table, out, line_end);
		put_rows(&table, out, table.nr_rows, line_end, stream);
		if (table.nr_rows < rows->nr)
			text_format(out, "%s %zu more%s", more, rows->nr - table.nr_rows, line_end);
	}
	free(table.extents);
	text_end(&table.cells);
}
