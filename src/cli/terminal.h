/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The terminal that standard output goes to, if it does. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct terminal_size {
	size_t width;  /* columns; 0: no end, it is no terminal */
	size_t height; /* lines; 0: no end */
};

struct terminal_size terminal_size(void);

/* Whether terminals here take no escape sequences: $TERM is dumb, empty or not there. */
bool terminal_is_plain(void);

/* Whether it shows colours, and its user has not asked for none ($NO_COLOR). */
bool terminal_is_coloured(void);

#endif /* CLI_TERMINAL_H */
