/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* A map as the command line names it. */
#ifndef CLI_MAP_NAME_H
#define CLI_MAP_NAME_H

#include <linux/types.h>

#include <bpf/libbpf.h>

#include "cli.h"

struct map_name {
	enum { MAP_BY_NAME, MAP_BY_ID, MAP_BY_PATH } by;
	const char *text; /* as it was written; NULL: no map was named */
	__u32 id;
};

/* Read it from @word. @what: the option or operand that it is, for a message. */
int read_map_name(const char *what, const struct word *word, struct map_name *name);

/*
 * Open it: the descriptor in @fd. A name is looked up among the maps of @objects first, which this
 * command loaded, then among those of the engine.
 */
int open_map(const struct map_name *name, struct bpf_object *const *objects, size_t count, int *fd);

#endif /* CLI_MAP_NAME_H */
