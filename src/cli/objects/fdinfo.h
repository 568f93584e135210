/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the kernel shows of a descriptor in /proc: lines "NAME:\tNUMBER". */
#ifndef CLI_OBJECTS_FDINFO_H
#define CLI_OBJECTS_FDINFO_H

#include <stdbool.h>

#include <linux/types.h>

/* The number called @name in the file @path. */
bool fdinfo_number(const char *path, const char *name, __u64 *number);

/* All of the fdinfo of @fd of this process: its length, or -errno; longer than @size is cut. */
int fdinfo_read(int fd, char *text, size_t size);

/* The number called @name in such a text. */
bool fdinfo_find(const char *text, const char *name, __u64 *number);

#endif /* CLI_OBJECTS_FDINFO_H */
