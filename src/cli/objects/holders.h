/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Processes that have descriptors of objects. */
#ifndef CLI_OBJECTS_HOLDERS_H
#define CLI_OBJECTS_HOLDERS_H

#include "look.h"

/* Records of them from /proc; of those that it shows, and the rest is left out. 0 or -errno. */
int holders_read_proc(struct look *look);

/* One entry for all descriptors that a process has of an object, in order. */
void holders_merge(struct objects *objects);

#endif /* CLI_OBJECTS_HOLDERS_H */
