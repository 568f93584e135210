/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The operand MAP of a command that reads one map, and the way from the word to the map. */
#ifndef CLI_MAP_OPERAND_H
#define CLI_MAP_OPERAND_H

#include "cli.h"
#include "dump/elements.h"

/* The operands of such a command. It takes LOAD_OPTIONS, too. */
extern const struct operand map_operands[];

/*
 * Open the map that the line names, on the engine that it asks for and with what it loads there,
 * and have @use read @elements. @map is what to call it. @done: "dumped", which it cannot be if
 * nobody can read it. The exit status, @use's if it came to that.
 */
int with_map(const struct arguments *arguments, const char *done, struct elements *elements,
	     int (*use)(struct elements *elements, const char *map));

#endif /* CLI_MAP_OPERAND_H */
