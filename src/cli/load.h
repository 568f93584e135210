/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * --load OBJECT and --fill NAME=FILE: what a command puts into the engine for as long as it runs,
 * so that the embedded engine has something to show. It is gone when the command ends.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include <stddef.h>

#include <bpf/libbpf.h>

#include "cli.h"

/* NAME=VALUE, as --fill and --set take it. */
struct assignment {
	char *name;
	const char *value;
};

struct loads {
	const char **paths;
	struct bpf_object **objects;
	size_t count;
	struct assignment *fills;
	size_t fill_count;
};

/* The rows of the two in a command's table. */
#define LOAD_OPTIONS                                                                               \
	{.name = "load",                                                                           \
	 .argument = "OBJECT",                                                                     \
	 .value = {VALUE_FILE},                                                                    \
	 .many = true,                                                                             \
	 .help = load_help},                                                                       \
	{                                                                                          \
		.name = "fill", .argument = "NAME=FILE", .value = {VALUE_FILL}, .many = true,      \
		.help = fill_help                                                                  \
	}
extern const char load_help[], fill_help[];

/*
 * What @arguments ask for. @first, unless it is NULL: one that is loaded after all others, and
 * whose maps and variables are looked at before theirs. loads_end() is due in any case.
 */
int loads_read(struct loads *loads, const char *first, const struct arguments *arguments);
void loads_end(struct loads *loads);

/* Do what was asked for, on the engine that is started. The exit status. */
int loads_make(struct loads *loads);

/* The same in three steps, for who has something to do between them. */
int loads_open(struct loads *loads);
int loads_load(struct loads *loads);
int loads_fill(struct loads *loads);

/* Give the objects up, before the engine is stopped. */
void loads_close(struct loads *loads);

/* Take NAME=VALUE apart in place; @option is named if it is none. */
int read_assignment(const char *option, char *text, struct assignment *assignment);

#endif /* CLI_LOAD_H */
