/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Which object is there because of which. */
#include <errno.h>
#include <stdlib.h>

#include "link_info.h"
#include "look.h"
#include "references.h"

int reference_add(struct look *look, const struct reference *reference)
{
	struct objects *objects = look->objects;

	if (!look_grow(&objects->references, objects->nr_references, &look->room_references,
		       sizeof(*reference)))
		return -ENOMEM;
	objects->references[objects->nr_references++] = *reference;
	return 0;
}

/* One more, if there is what it is to: that is not 0, and known. */
static int refer(struct look *look, enum object_kind from, __u32 from_id, enum object_kind to,
		 __u64 to_id, enum reference_reason why)
{
	const struct reference r = {
		.from = from,
		.from_id = from_id,
		.to = to,
		.to_id = to_id,
		.why = why,
	};

	return to_id && to_id != UNKNOWN ? reference_add(look, &r) : 0;
}

static int of_program(struct look *look, const struct program *p)
{
	int err = 0;

	for (size_t i = 0; i < p->nr_map_ids && !err; i++)
		err = refer(look, OBJECT_PROGRAM, p->id, OBJECT_MAP, p->map_ids[i], USES_MAP);
	if (!err)
		err = refer(look, OBJECT_PROGRAM, p->id, OBJECT_BTF, p->btf_id, HAS_TYPES);
	if (!err)
		err = refer(look, OBJECT_PROGRAM, p->id, OBJECT_PROGRAM, p->attach_prog_id,
			    TARGETS);
	return err;
}

static int of_map(struct look *look, const struct map *map)
{
	return refer(look, OBJECT_MAP, map->id, OBJECT_BTF, map->btf_id, HAS_TYPES);
}

static int of_link(struct look *look, const struct link *l)
{
	int err = refer(look, OBJECT_LINK, l->id, OBJECT_PROGRAM, l->prog_id, ATTACHES);

	if (!err)
		err = refer(look, OBJECT_LINK, l->id, OBJECT_MAP, l->map_id,
			    l->type == LINK_ITER ? ITERATES : ATTACHES);
	return err;
}

/*
 * With a program's first link, that takes over the reference which the program had to its target.
 * It is still the program that traces or replaces it.
 */
static int of_target(struct look *look, const struct link *link)
{
	struct program *program;

	if (!link->prog_id || !link->target_prog_id || link->target_prog_id == UNKNOWN)
		return 0;
	program = (struct program *)objects_program(look->objects, link->prog_id);
	/* The program was seen when it had it still, or another link of it has the same target. */
	if (program && program->attach_prog_id == link->target_prog_id)
		return 0;
	if (program && (!program->attach_prog_id || program->attach_prog_id == UNKNOWN))
		program->attach_prog_id = link->target_prog_id;
	return refer(look, OBJECT_PROGRAM, link->prog_id, OBJECT_PROGRAM, link->target_prog_id,
		     TARGETS);
}

static int compare(const void *a, const void *b)
{
	const struct reference *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->to_id != y->to_id)
		return x->to_id < y->to_id ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->from_id > y->from_id) - (x->from_id < y->from_id);
}

int references_find(struct look *look)
{
	struct objects *objects = look->objects;
	int err = 0;

	for (size_t i = 0; i < objects->nr_programs && !err; i++)
		err = of_program(look, &objects->programs[i]);
	for (size_t i = 0; i < objects->nr_maps && !err; i++)
		err = of_map(look, &objects->maps[i]);
	for (size_t i = 0; i < objects->nr_links && !err; i++) {
		err = of_link(look, &objects->links[i]);
		if (!err)
			err = of_target(look, &objects->links[i]);
	}
	if (objects->nr_references)
		qsort(objects->references, objects->nr_references, sizeof(*objects->references),
		      compare);
	return err;
}
