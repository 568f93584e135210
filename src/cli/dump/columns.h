/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The columns that a key or value has in a table or in CSV: one for each member of a struct and of
 * the structs in it, "value.pos.x"; one for each union or array, as JSON; one for anything else,
 * and the variables of a section. What has no type has two where it could be a number: that, and
 * its bytes, unless it is known to be a number.
 */
#ifndef CLI_DUMP_COLUMNS_H
#define CLI_DUMP_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

struct column {
	char *name;
	struct plan *plan;
	bool number;
	bool of_key;
	size_t width; /* of a table's */
};

struct columns {
	struct column *all;
	size_t count;
	bool quoted; /* set before any is added: for CSV, whose strings may have newlines */
};

/*
 * Append those of a @size byte key or value of @type of @btf (0: none; @only_number: it is a
 * number). 0; -ENOMEM; -EINVAL: @why says what is wrong with its types.
 */
int columns_add(struct columns *columns, bool of_key, const struct btf *btf, __u32 type,
		size_t size, bool only_number, const char **why);
void columns_free(struct columns *columns);

#endif /* CLI_DUMP_COLUMNS_H */
