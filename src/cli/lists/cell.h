/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What stands in one row of one column: a small value that knows what kind of thing it is, from
 * which come its text for people, its JSON, and which of two comes first.
 */
#ifndef CLI_LISTS_CELL_H
#define CLI_LISTS_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "objects.h"
#include "text.h"

enum cell_kind {
	CELL_UNKNOWN,	   /* "-"; left out of JSON */
	CELL_ID,	   /* number */
	CELL_NUMBER,	   /* number */
	CELL_SIZE,	   /* number of bytes; "12K" for people */
	CELL_DURATION,	   /* number of nanoseconds; "1.2ms" */
	CELL_TIME,	   /* number of nanoseconds since 1970 */
	CELL_USER,	   /* number: a uid */
	CELL_FLAG,	   /* number: 0 or 1 */
	CELL_NUMERIC_FLAG, /* the same, which bpftool's JSON has as a number */
	CELL_PERCENT,	   /* real */
	CELL_RATE,	   /* real, a second */
	CELL_TEXT,	   /* text */
	CELL_BYTES,	   /* list of bytes; "ab12" */
	CELL_IDS,	   /* list of __u32 */
	CELL_WORDS,	   /* list of const char * */
	CELL_SOURCES,	   /* list of struct reference: those that come from .from for .why */
	CELL_HOLDERS,	   /* list of struct holder */
	CELL_PINS,	   /* list of struct pin */
	NR_CELL_KINDS
};

struct cell {
	enum cell_kind kind;
	bool approximate; /* "~": found by counting what was there one by one */
	enum object_kind from;
	enum reference_reason why;
	union {
		__u64 number;
		double real;
		const char *text;
		const void *list;
	};
	size_t nr; /* of the list */
};

/* Where numbers stand. */
bool cell_is_right_aligned(enum cell_kind kind);

/* One of the text-like kinds that may be cut where there is little room: not ids, not names. */
bool cell_is_list(enum cell_kind kind);

/* For people. @whole: as exact as can be, for the view of one object; else short. */
void cell_put(struct text *out, const struct cell *cell, bool whole);

/* The value; not of a CELL_UNKNOWN. */
void cell_put_json(struct json *json, const struct cell *cell);

/* What is unknown comes last; lists by how many they are. */
int cell_compare(const struct cell *a, const struct cell *b);

/* A list is empty, a text is "". */
bool cell_is_empty(const struct cell *cell);

#endif /* CLI_LISTS_CELL_H */
