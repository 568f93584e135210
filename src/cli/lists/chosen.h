/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What of a kind of objects is shown, and in which order: --columns, --sort, --type, --name,
 * --user, and the one object that an operand names.
 */
#ifndef CLI_LISTS_CHOSEN_H
#define CLI_LISTS_CHOSEN_H

#include "cli.h"
#include "column.h"
#include "object_name.h"

#define MAX_COLUMNS 64 /* of a kind, and of a line of --sort */

struct columns {
	const struct column *columns[MAX_COLUMNS];
	bool asked[MAX_COLUMNS]; /* for by its own name */
	size_t nr;
	unsigned int named; /* what those want */
};

/* Those of the kind with one of these traits. */
void columns_with(const struct kind *kind, unsigned int traits, struct columns *columns);

/*
 * What --columns @text says: "a,b" is these; "+a,-b" is @columns with a and without b; "all".
 * Words are the parser's to check. The exit status.
 */
int columns_choose(const struct kind *kind, const char *text, struct columns *columns);

unsigned int columns_want(const struct columns *columns);

/* Those for which something of @missing would have been wanted. */
void columns_leave_out(struct columns *columns, unsigned int missing);

struct sort {
	struct {
		const struct column *column;
		bool descending;
	} keys[MAX_COLUMNS];
	size_t nr;
};

/* What --sort @text says: "a,-b" is by a, then by b from the largest on. The exit status. */
int sort_choose(const struct kind *kind, const char *text, struct sort *sort);
unsigned int sort_wants(const struct sort *sort);

struct rows {
	const void **objects;
	size_t nr;
};

/* Order @rows; those that are alike stay in their order. What is not known is last in any case. */
int sort_rows(const struct sort *sort, struct view *view, struct rows *rows);

/* --type, --name, --user, and an operand. */
struct selection {
	const struct kind *kind;
	const struct arguments *arguments;
	struct object_name named; /* the operand; .id is known BY_PATH, too, when it is resolved */
	uid_t *users;
	size_t nr_users;
};

/* Read it; selection_end() is due in any case. Of paths the engine is asked, which is started. */
int selection_read(struct selection *selection, const struct kind *kind,
		   const struct arguments *arguments);
int selection_resolve(struct selection *selection);
void selection_end(struct selection *selection);
unsigned int selection_wants(const struct selection *selection);

/* Those that are selected, by id; free() rows->objects. */
int selection_rows(const struct selection *selection, struct view *view, struct rows *rows);

/* The only one of @rows, which an operand named: 0, or fail() if there is none or are several. */
int selection_only(const struct selection *selection, const struct view *view,
		   const struct rows *rows);

#endif /* CLI_LISTS_CHOSEN_H */
