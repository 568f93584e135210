/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The list of known programs: a text file with a tag, 16 hexadecimal digits, at the beginning of
 * each line; what follows after a blank is for the reader (a name). Empty lines, and what follows
 * "#" up to the end of a line, are comments.
 */
#ifndef CLI_AUDIT_ALLOW_H
#define CLI_AUDIT_ALLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/objects.h"

struct allow_list {
	uint64_t *tags; /* ascending */
	size_t nr, room;
};

enum { TAG_TEXT = 17 };

/* 16 digits and a zero byte. */
void tag_text(const uint8_t *tag, char *text);

/* The exit status; allow_list_free() is due in any case. */
int allow_list_read(struct allow_list *list, const char *path);
void allow_list_free(struct allow_list *list);

bool allow_list_has(const struct allow_list *list, const uint8_t *tag);

/* Write the list of all programs there are. The exit status. */
int allow_list_print(const struct objects *objects);

#endif /* CLI_AUDIT_ALLOW_H */
