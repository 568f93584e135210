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
	size_t nr_rows;
	struct text cells; /* one after the other, row by row */
	struct extent *extents;
	size_t widths[MAX_COLUMNS];
	bool says_something[MAX_COLUMNS]; /* more than "-" */
	bool left_out[MAX_COLUMNS];
	size_t nr_left_out;
	size_t first, last; /* of those that are shown */
};

static const struct column *column_of(const struct table *table, size_t c)
{
	return table->columns->columns[c];
}

static bool make_cells(struct table *table, struct view *view, const struct rows *rows)
{
	struct extent *extent = table->extents;
	struct cell cell;
	size_t start;

	for (size_t r = 0; r < table->nr_rows; r++) {
		for (size_t c = 0; c < table->columns->nr; c++, extent++) {
			start = text_length(&table->cells);
			column_get(column_of(table, c), view, rows->objects[r], &cell);
			cell_put(&table->cells, &cell, false);
			table->says_something[c] |= !cell_is_empty(&cell);
			extent->len = text_length(&table->cells) - start;
			extent->width = text_width(table->cells.start + start, extent->len);
			if (extent->width > table->widths[c])
				table->widths[c] = extent->width;
		}
	}
	return !table->cells.failed && !view->scratch.failed;
}

/* Of each column that may be cut something is left, and its heading is. */
static size_t least_width(const struct table *table, size_t c)
{
	const struct column *column = column_of(table, c);
	size_t least = column->least, heading = strlen(column->heading);

	if (!least && cell_is_list(column->kind))
		least = LIST_LEAST;
	least = least && least < heading ? heading : least;
	return least && least < table->widths[c] ? least : table->widths[c];
}

/* With those cut that are wider than @most and may be. */
static size_t width_within(const struct table *table, size_t c, size_t most)
{
	size_t width = table->widths[c], least = least_width(table, c);

	return width <= most ? width : least < most ? most : least;
}

static size_t total_width(const struct table *table, size_t most)
{
	size_t width = table->nr_left_out ? strlen(more) : 0, gaps = table->nr_left_out > 0;

	for (size_t c = 0; c < table->columns->nr; c++) {
		if (table->left_out[c])
			continue;
		width += width_within(table, c, most);
		gaps++;
	}
	return width + (gaps - 1) * strlen(gap);
}

/* What the user asked for by name comes before what is there anyway, last what is empty. */
static unsigned int stays(const struct table *table, size_t c)
{
	unsigned int by_kind = column_of(table, c)->stays;

	if (by_kind == STAYS_ALWAYS)
		return by_kind;
	if (table->columns->asked[c])
		return STAYS_ALWAYS - 1;
	return table->says_something[c] ? by_kind : 0;
}

/* Of those that stay as long, the last one. false: all that are left stay always. */
static bool leave_one_out(struct table *table)
{
	const size_t nr = table->columns->nr;
	size_t next = nr;

	for (size_t c = 0; c < nr; c++)
		if (!table->left_out[c] && stays(table, c) < STAYS_ALWAYS &&
		    (next == nr || stays(table, c) <= stays(table, next)))
			next = c;
	/* Something has to be there. */
	if (next == nr || table->nr_left_out + 1 == nr)
		return false;
	table->left_out[next] = true;
	table->nr_left_out++;
	return true;
}

/*
 * As many columns as there is room for, if all that may be cut are; then these get what is left,
 * so that the widest lose most.
 */
static void fit(struct table *table, size_t width)
{
	size_t most = width, room, within;

	if (!width)
		return;
	while (total_width(table, 0) > width && leave_one_out(table))
		;
	while (table->left_out[table->first])
		table->first++;
	while (table->left_out[table->last])
		table->last--;
	while (most && total_width(table, most) > width)
		most--;
	room = most ? width - total_width(table, most) : 0;
	for (size_t c = 0; c < table->columns->nr; c++) {
		within = width_within(table, c, most);
		if (!table->left_out[c] && within < table->widths[c] && room) {
			within++;
			room--;
		}
		table->widths[c] = within;
	}
}

/* How many of the first bytes, so that the others are no wider than @room. */
static size_t all_but(const char *bytes, size_t len, size_t room)
{
	size_t at = text_fitting(bytes, len, text_width(bytes, len) - room);

	/* One of two columns may be in the way. */
	return text_width(bytes + at, len - at) > room ? at + text_fitting(bytes + at, len - at, 2)
						       : at;
}

/* Paths begin alike; what they are is at their end. */
static void put_cut_text(struct text *out, bool inside, const char *bytes, size_t len, size_t room)
{
	size_t head = room - strlen(more), at;

	if (inside)
		head = *bytes == '/' ? 0 : head / 2;
	text_add(out, bytes, text_fitting(bytes, len, head));
	text_puts(out, more);
	if (!inside)
		return;
	at = all_but(bytes, len, room - strlen(more) - head);
	text_add(out, bytes + at, len - at);
}

/* Of a list whole items, of the first one what there is room for. */
static void put_cut_list(struct text *out, const char *bytes, size_t len, size_t room)
{
	size_t fitting = text_fitting(bytes, len, room - strlen(more));
	const char *comma = memrchr(bytes, ',', fitting);

	if (comma) {
		text_add(out, bytes, comma + 1 - bytes);
	} else {
		comma = memchr(bytes, ',', len);
		if (comma)
			room -= strlen(more) + 1;
		put_cut_text(out, true, bytes, comma ? (size_t)(comma - bytes) : len, room);
		if (!comma)
			return;
		text_char(out, ',');
	}
	text_puts(out, more);
}

static void put_cut(struct text *out, const struct column *column, const char *bytes, size_t len,
		    size_t room)
{
	if (cell_is_list(column->kind))
		put_cut_list(out, bytes, len, room);
	else
		put_cut_text(out, column->traits & CUT_INSIDE, bytes, len, room);
}

static void put_padded(const struct table *table, struct text *out, size_t c, const char *bytes,
		       struct extent extent)
{
	const struct column *column = column_of(table, c);
	size_t room = table->widths[c], width = extent.width, start;
	bool right = cell_is_right_aligned(column->kind);

	if (c != table->first)
		text_puts(out, gap);
	if (width > room) {
		start = text_length(out);
		put_cut(out, column, bytes, extent.len, room);
		width = text_width(out->start + start, text_length(out) - start);
	} else {
		if (right)
			text_fill(out, ' ', room - width);
		text_add(out, bytes, extent.len);
	}
	/* Nothing stands behind the last one. */
	if (!right && width < room && c != table->last)
		text_fill(out, ' ', room - width);
}

static void put_heading(const struct table *table, struct text *out, const char *line_end)
{
	const struct column *last = column_of(table, table->last);
	size_t width = strlen(last->heading);

	for (size_t c = 0; c < table->columns->nr; c++) {
		const char *heading = column_of(table, c)->heading;

		if (!table->left_out[c])
			put_padded(table, out, c, heading,
				   (struct extent){strlen(heading), strlen(heading)});
	}
	if (table->nr_left_out) {
		if (!cell_is_right_aligned(last->kind) && width < table->widths[table->last])
			text_fill(out, ' ', table->widths[table->last] - width);
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
			if (!table->left_out[c])
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
	struct table table = {.columns = columns, .nr_rows = rows->nr, .last = columns->nr - 1};
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
