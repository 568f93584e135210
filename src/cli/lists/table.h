/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Rows as a table with a heading, as wide as they need or as a terminal is. */
#ifndef CLI_LISTS_TABLE_H
#define CLI_LISTS_TABLE_H

#include "chosen.h"
#include "terminal.h"

/*
 * Write @rows into @out: at most @size.height lines, with the heading and one that says that there
 * is more. Where the terminal is too narrow, long names, targets and lists are cut, the widest
 * most, which "..." shows; and where that does not do, columns are left out, those first that tell
 * least (column->stays), which "..." in the heading shows. Each line ends with @line_end. Much of
 * it goes to @stream by and by, unless that is NULL.
 */
void table_put(struct text *out, const struct columns *columns, struct view *view,
	       const struct rows *rows, struct terminal_size size, bool heading,
	       const char *line_end, FILE *stream);

#endif /* CLI_LISTS_TABLE_H */
