/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Who uses what, as far as it can be seen.
 *
 * An object exists as long as somebody has a reference: Linux counts one for each open file, pin
 * (inode) and link, for each program that uses a map, for each slot of a map that holds a program
 * or a map, for each program that traces or replaces another. So one that nobody is seen to use is
 * not free: either a pin keeps it, or something that is not seen. The engine's count tells the two
 * apart: with as many references as are seen, there is nobody else.
 *
 * The count is compared only for objects that no process holds: descriptors that were inherited or
 * duplicated share a file, which is one reference.
 */
#ifndef CLI_AUDIT_USAGE_H
#define CLI_AUDIT_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/objects.h"

enum use {
	DEAD,	/* only pins have it, and objects that are dead, too */
	UNSEEN, /* nobody is seen to use it, but there are references beyond those that are seen */
	USED,
};

struct usage {
	const struct objects *objects;
	uint8_t *programs, *maps; /* enum use of objects->programs[i], ->maps[i] */
};

/* What must be gathered for it. */
enum {
	USAGE_WANTS = WANT_PROGRAMS | WANT_MAPS | WANT_LINKS | WANT_HOLDERS | WANT_PINS |
		      WANT_HELD_BY_MAPS
};

/* -ENOMEM; usage_end() is due in any case. */
int usage_find(struct usage *usage, const struct objects *objects);
void usage_end(struct usage *usage);

/* What was found out otherwise: @prog_id is attached. */
void usage_attached(struct usage *usage, __u32 prog_id);

/* An id that is not listed is UNSEEN. */
enum use program_use(const struct usage *usage, __u32 id);
enum use map_use(const struct usage *usage, __u32 id);

/* How many references of others and pins are seen. */
uint64_t references_seen(const struct objects *objects, enum object_kind kind, __u32 id);

#endif /* CLI_AUDIT_USAGE_H */
