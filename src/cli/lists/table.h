/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Rows as a table with a heading, as wide as they need or as a terminal is. */
#ifndef CLI_LISTS_TABLE_H
#define CLI_LISTS_TABLE_H

#include "chosen.h"

struct table_size {
	size_t width;  /* columns of the terminal; 0: no end */
	size_t height; /* lines, the heading and a line that says that there is more; 0: no end */
};

/*
 * Write @rows into @out. Where the terminal is too narrow, lists and targets are cut first, which
 * "..." shows, then columns are left out from the right, which "..." in the heading shows; ids and
 * names never are. Each line ends with @line_end. Much of it goes to @stream by and by, unless that
 * is NULL.
 */
void table_put(struct text *out, const struct columns *columns, struct view *view,
	       const struct rows *rows, struct table_size size, bool heading, const char *line_end,
	       FILE *stream);

#endif /* CLI_LISTS_TABLE_H */
