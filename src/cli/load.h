/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * --load OBJECT and --fill NAME=FILE: what a command puts into the engine for as long as it runs,
 * so that the embedded engine has something to show. It is gone when the command ends.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include <stddef.h>

#include <bpf/libbpf.h>

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

/* Room for what @argc words can ask for. The exit status; loads_end() is due in any case. */
int loads_begin(struct loads *loads, int argc);
void loads_end(struct loads *loads);

/* A value of --load, a value of --fill of @command. */
void loads_add(struct loads *loads, const char *path);
int loads_add_fill(struct loads *loads, const char *command, char *text);

/* One that is loaded after all others, and whose maps and variables are looked at before theirs. */
void loads_add_first(struct loads *loads, const char *path);

/* Do what was asked for, on the engine that is started. The exit status. */
int loads_make(struct loads *loads);

/* The same in three steps, for who has something to do between them. */
int loads_open(struct loads *loads);
int loads_load(struct loads *loads);
int loads_fill(struct loads *loads);

/* Give the objects up, before the engine is stopped. */
void loads_close(struct loads *loads);

/* Take NAME=VALUE apart in place; @option is named if it is none. */
int read_assignment(const char *command, const char *option, char *text,
		    struct assignment *assignment);

#endif /* CLI_LOAD_H */
