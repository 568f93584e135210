/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Columns: all that is shown of one kind of object, as a table. From it come the terminal's table,
 * JSON, --columns, --sort, what is gathered, what `show` says of one object, help and completion.
 */
#ifndef CLI_LISTS_COLUMN_H
#define CLI_LISTS_COLUMN_H

#include "cell.h"

/* Counters of the program at the time before, for rates: by id. */
struct sample {
	__u32 id;
	__u64 run_cnt, run_time_ns;
};

struct samples {
	struct sample *samples;
	size_t nr;
	__u64 taken_at; /* CLOCK_MONOTONIC */
};

/* What a column looks at. */
struct view {
	const struct objects *objects;
	const struct samples *before; /* NULL: no rates */
	__u64 now;		      /* CLOCK_MONOTONIC when objects were gathered */
	struct text scratch;	      /* of the cell: good until the next one */
};

enum column_traits {
	IN_TABLE = 1 << 0, /* unless --columns says otherwise */
	IN_JSON = 1 << 1,
	IN_WATCH = 1 << 2,   /* in the table of --watch --stats */
	OMIT_ZERO = 1 << 3,  /* 0 is not known, or none */
	OMIT_EMPTY = 1 << 4, /* as bpftool does: an empty list is no member in JSON */
	CUT_INSIDE = 1 << 5, /* where there is little room: its end says as much as its beginning */
	IN_COUNTED = 1 << 6, /* in the table while the engine counts runs */
};

struct column {
	const char *name; /* of --columns, --sort and JSON */
	const char *heading;
	enum cell_kind kind;
	unsigned int traits;
	unsigned int wants; /* of enum objects_wanted, beside the objects themselves */
	/* and if it was asked for by name: what is dear where there is much */
	unsigned int wants_named;
	size_t offset, size; /* where it is in the object, if that is all */
	/* or: */
	void (*get)(struct view *view, const void *object, struct cell *cell);
	/* Members of JSON, if it is not one with the value. */
	void (*json)(struct view *view, const void *object, struct json *json);
	/* Of a terminal that is too narrow: */
	unsigned char least; /* so wide it stays when it is cut; 0: as a list is, or never */
	unsigned char stays; /* the higher, the longer it is there at all */
	const char *help;
};

enum column_room {
	LIST_LEAST = 10,
	HOLDER_LEAST = 12,
	TARGET_LEAST = 16,
	TARGET_OF_LINK_LEAST = 20,
	PATH_LEAST = 20,
	NAME_LEAST = 18, /* the 15 bytes that bpf(2) takes, which name the object, and "..." */
	STAYS_ALWAYS = 255,
};

/* Of wants_named: read the elements of maps that the engine does not count. */
#define WANT_READING (1u << 31)

#define MEMBER(type, member)                                                                       \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)

struct kind {
	enum object_kind kind;
	const char *name;	      /* "program": of messages */
	unsigned int wants;	      /* for there to be any */
	const struct column *columns; /* ends with a zero entry */
	size_t object_size;
	size_t first, count; /* where their array, and how many, are in struct objects */
	/* NULL without types. */
	const char *(*type_name)(__u32 type);
};

extern const struct kind program_kind, map_kind, link_kind, btf_kind;

static inline size_t kind_count(const struct kind *kind, const struct objects *objects)
{
	return *(const size_t *)((const char *)objects + kind->count);
}

static inline const void *kind_object(const struct kind *kind, const struct objects *objects,
				      size_t i)
{
	return *(const char *const *)((const char *)objects + kind->first) + i * kind->object_size;
}

/* All kinds of objects begin with their id. */
static inline __u32 object_id(const void *object)
{
	return *(const __u32 *)object;
}

/*
 * Lists of what is known of an object; if nothing is, but not all of it could be found out,
 * unknown.
 */
void get_sources(const struct view *view, enum object_kind kind, __u32 id, enum object_kind from,
		 enum reference_reason why, struct cell *cell);
void get_pins(const struct view *view, enum object_kind kind, __u32 id, struct cell *cell);
void get_holders(const struct view *view, enum object_kind kind, __u32 id, struct cell *cell);

/* A number that may be UNKNOWN. */
static inline void get_number(struct cell *cell, __u64 number)
{
	cell->number = number;
	if (number == UNKNOWN)
		cell->kind = CELL_UNKNOWN;
}

/* A text that may be NULL. */
static inline void get_text(struct cell *cell, const char *text)
{
	cell->text = text;
	if (!text)
		cell->kind = CELL_UNKNOWN;
}

/* A member of JSON: the name of a type, or as bpftool does its number where that has none. */
void put_type(struct json *json, const char *member, const char *name, __u32 type);

/* The cell; text in it may be in view->scratch. */
void column_get(const struct column *column, struct view *view, const void *object,
		struct cell *cell);

/* Its members of JSON: none if it is not known. */
void column_put_json(const struct column *column, struct view *view, const void *object,
		     struct json *json);

/* By its name, or else its heading, in large or small letters; NULL: there is none. */
const struct column *column_find(const struct kind *kind, const char *name, size_t len);

#endif /* CLI_LISTS_COLUMN_H */
