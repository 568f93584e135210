/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* --fill and --set: what a program finds in its maps and global variables. */
#ifndef CLI_FILL_H
#define CLI_FILL_H

#include <stdbool.h>

#include <bpf/libbpf.h>

/*
 * Put the rows of @file ("-": standard input) into @map of @obj, which is loaded. Every row is
 * read before the first is put. A row of a per-CPU map is the value on every CPU.
 */
int fill_map(const struct bpf_object *obj, const struct bpf_map *map, const char *file);

/*
 * Give global variable @name of @obj, which is not loaded yet, @value. @found: whether it is a
 * variable of this object at all; it is no error here if it is not.
 */
int set_variable(struct bpf_object *obj, const char *name, const char *value, bool *found);

#endif /* CLI_FILL_H */
