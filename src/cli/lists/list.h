/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* `bpftrek KIND list` and `bpftrek KIND show [ONE]`. */
#ifndef CLI_LISTS_LIST_H
#define CLI_LISTS_LIST_H

#include "cli.h"
#include "column.h"

/* @one: an operand names the one object that is shown. The exit status. */
int list_objects(const struct kind *kind, const struct arguments *arguments, bool one);

#endif /* CLI_LISTS_LIST_H */
