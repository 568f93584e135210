/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* An object of the engine as the command line names it. */
#ifndef CLI_OBJECT_NAME_H
#define CLI_OBJECT_NAME_H

#include <stdbool.h>

#include <linux/types.h>

#include <bpf/libbpf.h>

#include "cli.h"
#include "objects.h"

struct object_name {
	enum object_kind kind;
	enum { BY_NAME, BY_ID, BY_PATH, BY_TAG } by;
	const char *text; /* as it was written; NULL: none was named */
	__u32 id;	  /* BY_ID */
};

/*
 * Read it from @word: bpftool's way, and a word alone is a name. @what: the option or operand that
 * it is, for a message.
 */
int read_object_name(const char *what, enum object_kind kind, const struct word *word,
		     struct object_name *name);

/*
 * Whether @word names an object that is called @name. Engines keep 15 bytes of a name, which may be
 * all that they, or who names it, know of it.
 */
bool is_called(const char *name, const char *word);

/* The id of what is pinned at @name, which is BY_PATH. The exit status. */
int find_pinned(const struct object_name *name, __u32 *id);

/*
 * Open a map: the descriptor in @fd. A name is looked up among the maps of @objects first, which
 * this command loaded, then among those of the engine.
 */
int open_map(const struct object_name *name, struct bpf_object *const *objects, size_t count,
	     int *fd);

#endif /* CLI_OBJECT_NAME_H */
