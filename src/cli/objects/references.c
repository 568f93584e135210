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

static int of_program(struct look *look, const struct program *program)
{
	struct reference r = {.from = OBJECT_PROGRAM, .from_id = program->id};
	int err = 0;

	r.to = OBJECT_MAP;
	r.why = USES_MAP;
	for (size_t i = 0; i < program->nr_map_ids && !err; i++) {
		r.to_id = program->map_ids[i];
		err = reference_add(look, &r);
	}
	if (program->btf_id && !err) {
		r.to = OBJECT_BTF;
		r.to_id = program->btf_id;
		r.why = HAS_TYPES;
		err = reference_add(look, &r);
	}
	if (program->attach_prog_id && program->attach_prog_id != UNKNOWN && !err) {
		r.to = OBJECT_PROGRAM;
		r.to_id = program->attach_prog_id;
		r.why = TARGETS;
		err = reference_add(look, &r);
	}
	return err;
}

static int of_map(struct look *look, const struct map *map)
{
	const struct reference r = {
		.from = OBJECT_MAP,
		.from_id = map->id,
		.to = OBJECT_BTF,
		.to_id = map->btf_id,
		.why = HAS_TYPES,
	};

	return map->btf_id ? reference_add(look, &r) : 0;
}

static int of_link(struct look *look, const struct link *link)
{
	struct reference r = {.from = OBJECT_LINK, .from_id = link->id};
	int err = 0;

	if (link->prog_id) {
		r.to = OBJECT_PROGRAM;
		r.to_id = link->prog_id;
		r.why = ATTACHES;
		err = reference_add(look, &r);
	}
	if (link->target_prog_id && link->target_prog_id != UNKNOWN && !err) {
		r.to = OBJECT_PROGRAM;
		r.to_id = link->target_prog_id;
		r.why = TARGETS;
		err = reference_add(look, &r);
	}
	if (link->map_id && link->map_id != UNKNOWN && !err) {
		r.to = OBJECT_MAP;
		r.to_id = link->map_id;
		r.why = link->type == LINK_ITER ? ITERATES : ATTACHES;
		err = reference_add(look, &r);
	}
	return err;
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
	for (size_t i = 0; i < objects->nr_links && !err; i++)
		err = of_link(look, &objects->links[i]);
	if (objects->nr_references)
		qsort(objects->references, objects->nr_references, sizeof(*objects->references),
		      compare);
	return err;
}
