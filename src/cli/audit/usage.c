/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What each object's own look says (held by a process, attached, more references than are seen) is
 * handed on along the references until nothing changes: what a used program uses is used, and what
 * a program uses that somebody unseen may run is perhaps used. The rest is dead, even where it
 * holds itself in a circle (a program that is in the program array which it uses).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "audit/usage.h"

static uint8_t *place(const struct usage *usage, enum object_kind kind, __u32 id)
{
	const struct program *program;
	const struct map *map;

	if (kind == OBJECT_PROGRAM) {
		program = objects_program(usage->objects, id);
		return program ? &usage->programs[program - usage->objects->programs] : NULL;
	}
	if (kind == OBJECT_MAP) {
		map = objects_map(usage->objects, id);
		return map ? &usage->maps[map - usage->objects->maps] : NULL;
	}
	return NULL;
}

static enum use use_of(const struct usage *usage, enum object_kind kind, __u32 id)
{
	const uint8_t *use;

	/* A link is there to attach, and is listed while somebody has it. */
	if (kind == OBJECT_LINK)
		return USED;
	use = place(usage, kind, id);
	return use ? *use : UNSEEN;
}

enum use program_use(const struct usage *usage, __u32 id)
{
	return use_of(usage, OBJECT_PROGRAM, id);
}

enum use map_use(const struct usage *usage, __u32 id)
{
	return use_of(usage, OBJECT_MAP, id);
}

/* The same file may be seen at several places: it is mounted twice, or has hard links. */
static bool seen_before(const struct pin *pins, size_t nth)
{
	struct stat this, other;

	if (lstat(pins[nth].path, &this))
		return false;
	for (size_t i = 0; i < nth; i++)
		if (!lstat(pins[i].path, &other) && this.st_dev == other.st_dev &&
		    this.st_ino == other.st_ino)
			return true;
	return false;
}

uint64_t references_seen(const struct objects *objects, enum object_kind kind, __u32 id)
{
	const struct pin *pins;
	size_t nr_pins, nr;
	uint64_t seen;

	objects_references(objects, kind, id, &nr);
	pins = objects_pins(objects, kind, id, &nr_pins);
	seen = nr;
	for (size_t i = 0; i < nr_pins; i++)
		seen += !seen_before(pins, i);
	return seen;
}

/* What can be said of one object without those that refer to it. */
static enum use own_use(const struct objects *objects, enum object_kind kind, __u32 id,
			uint64_t refcnt)
{
	size_t holders;

	objects_holders(objects, kind, id, &holders);
	if (holders)
		return USED;
	return refcnt == UNKNOWN || refcnt > references_seen(objects, kind, id) ? UNSEEN : DEAD;
}

static void hand_on(struct usage *usage)
{
	const struct objects *objects = usage->objects;
	const struct reference *r;
	bool changed;
	uint8_t *to;
	enum use from;

	do {
		changed = false;
		for (r = objects->references; r < objects->references + objects->nr_references;
		     r++) {
			to = place(usage, r->to, r->to_id);
			from = use_of(usage, r->from, r->from_id);
			if (!to || *to >= from)
				continue;
			*to = from;
			changed = true;
		}
	} while (changed);
}

int usage_find(struct usage *usage, const struct objects *objects)
{
	*usage = (struct usage){
		.objects = objects,
		.programs = calloc(objects->nr_programs + 1, 1),
		.maps = calloc(objects->nr_maps + 1, 1),
	};
	if (!usage->programs || !usage->maps)
		return -ENOMEM;
	for (size_t i = 0; i < objects->nr_programs; i++)
		usage->programs[i] = own_use(objects, OBJECT_PROGRAM, objects->programs[i].id,
					     objects->programs[i].refcnt);
	for (size_t i = 0; i < objects->nr_maps; i++)
		usage->maps[i] =
			own_use(objects, OBJECT_MAP, objects->maps[i].id, objects->maps[i].refcnt);
	hand_on(usage);
	return 0;
}

void usage_attached(struct usage *usage, __u32 prog_id)
{
	uint8_t *use = place(usage, OBJECT_PROGRAM, prog_id);

	if (!use || *use == USED)
		return;
	*use = USED;
	hand_on(usage);
}

void usage_end(struct usage *usage)
{
	free(usage->programs);
	free(usage->maps);
}
