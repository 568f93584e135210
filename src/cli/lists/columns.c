/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* --columns: see chosen.h. */
#include "chosen.h"

void columns_with(const struct kind *kind, unsigned int traits, struct columns *columns)
{
	columns->nr = 0;
	columns->named = 0;
	for (const struct column *column = kind->columns; column->name; column++)
		if (column->traits & traits) {
			columns->asked[columns->nr] = false;
			columns->columns[columns->nr++] = column;
		}
}

static void take_out(struct columns *columns, const struct column *column)
{
	size_t kept = 0;

	for (size_t i = 0; i < columns->nr; i++) {
		if (columns->columns[i] == column)
			continue;
		columns->columns[kept] = columns->columns[i];
		columns->asked[kept++] = columns->asked[i];
	}
	columns->nr = kept;
}

/* Each is shown once, where it was first. */
static void put_in(struct columns *columns, const struct column *column, bool asked)
{
	size_t i = 0;

	while (i < columns->nr && columns->columns[i] != column)
		i++;
	if (i == columns->nr) {
		columns->columns[columns->nr++] = column;
		columns->asked[i] = false;
	}
	columns->asked[i] |= asked;
	columns->named |= column->wants_named;
}

int columns_choose(const struct kind *kind, const char *text, struct columns *columns)
{
	const struct column *column;
	char sign;
	size_t len;

	if (*text != '+' && *text != '-')
		columns->nr = 0;
	for (;; text += len + 1) {
		sign = *text == '+' || *text == '-' ? *text++ : '+';
		len = strcspn(text, ",");
		if (len == 3 && !strncmp(text, "all", 3)) {
			for (column = kind->columns; column->name; column++)
				sign == '-' ? take_out(columns, column)
					    : put_in(columns, column, false);
		} else {
			column = column_find(kind, text, len);
			if (!column)
				return usage_error("--columns: a %s has no column '%.*s'",
						   kind->name, (int)len, text);
			sign == '-' ? take_out(columns, column) : put_in(columns, column, true);
		}
		if (!text[len])
			break;
	}
	return 0;
}

unsigned int columns_want(const struct columns *columns)
{
	unsigned int wants = columns->named;

	for (size_t i = 0; i < columns->nr; i++)
		wants |= columns->columns[i]->wants;
	return wants;
}

void columns_leave_out(struct columns *columns, unsigned int missing)
{
	const struct column *column;

	for (size_t i = columns->nr; i--;) {
		column = columns->columns[i];
		if ((column->wants | column->wants_named) & missing)
			take_out(columns, column);
	}
}
