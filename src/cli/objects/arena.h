/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Memory for many small things that are given up all at once. */
#ifndef CLI_OBJECTS_ARENA_H
#define CLI_OBJECTS_ARENA_H

#include <stddef.h>

struct arena;

/* NULL without memory. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* @size bytes, aligned for a number, not cleared; NULL without memory. */
void *arena_take(struct arena *arena, size_t size);

/* The first @len bytes of @text up to its NUL, with a NUL behind them. */
const char *arena_text(struct arena *arena, const char *text, size_t len);

#endif /* CLI_OBJECTS_ARENA_H */
