/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* One object, for people: a line for each thing that is known of it. */
#ifndef CLI_LISTS_BLOCK_H
#define CLI_LISTS_BLOCK_H

#include "chosen.h"

/*
 * What it refers to, and what refers to it, is named beside its number. Of a terminal that is @room
 * columns wide a list takes as many lines as it needs; @room 0: one.
 */
void block_put(struct text *out, const struct columns *columns, struct view *view,
	       const struct kind *kind, const void *object, size_t room);

#endif /* CLI_LISTS_BLOCK_H */
