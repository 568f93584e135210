/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs as they are found where there are few, and as they are where there are many, whatever
 * their number is here: "ID compared" of each, and "ID FIELD: FEW, MANY" where they differ.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "details.h"

struct seen {
	struct look look;
	struct objects objects;
};

static struct seen *see(void)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		abort();
	seen->objects.arena = arena_new();
	seen->look.objects = &seen->objects;
	return seen;
}

static int see_few(struct seen *seen, unsigned int wanted)
{
	unsigned int sorts = 1u << SORT_PROGRAMS;
	int err = few_read(&seen->look, wanted, SIZE_MAX, &sorts);

	return err ? err : sorts ? -ENOTSUP : 0;
}

static const char *text(const char *name)
{
	return name ? name : "none";
}

static void compare(const struct program *few, const struct program *many)
{
	const struct {
		const char *name;
		__u64 few, many;
	} fields[] = {
#define FIELD(field) {#field, few->field, many->field}
		FIELD(type),
		FIELD(attach_type),
		FIELD(gpl_compatible),
		FIELD(jited),
		FIELD(sleepable),
		FIELD(bytes_xlated),
		FIELD(bytes_jited),
		FIELD(bytes_memlock),
		FIELD(verified_insns),
		FIELD(load_time),
		FIELD(uid),
		FIELD(btf_id),
		FIELD(attach_btf_id),
		FIELD(attach_btf_obj_id),
		FIELD(attach_prog_id),
		FIELD(nr_map_ids),
		FIELD(ifindex),
		FIELD(refcnt),
#undef FIELD
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].few != fields[i].many)
			printf("%u %s: %lld, %lld\n", few->id, fields[i].name,
			       (long long)fields[i].few, (long long)fields[i].many);
	printf("%u compared\n", few->id);
	if (strcmp(text(few->name), text(many->name)))
		printf("%u name: %s, %s\n", few->id, text(few->name), text(many->name));
	if (strcmp(text(few->attach_to), text(many->attach_to)))
		printf("%u attach_to: %s, %s\n", few->id, text(few->attach_to),
		       text(many->attach_to));
	if (memcmp(few->tag, many->tag, sizeof(few->tag)))
		printf("%u tag\n", few->id);
	if (few->nr_map_ids && few->nr_map_ids == many->nr_map_ids &&
	    memcmp(few->map_ids, many->map_ids, few->nr_map_ids * sizeof(*few->map_ids)))
		printf("%u map_ids\n", few->id);
}

int main(void)
{
	struct seen *few = see(), *many = see();
	int err = light_way.read(&many->look, SORT_PROGRAMS);

	if (err) {
		fprintf(stderr, "light skeleton: %s\n", strerror(-err));
		return 1;
	}
	err = see_few(few, WANT_PROGRAMS | WANT_INSIDE | WANT_ATTACH_TO | WANT_MEMORY);
	if (err) {
		fprintf(stderr, "few: %s\n", strerror(-err));
		return 1;
	}
	for (size_t i = 0; i < few->objects.nr_programs; i++)
		for (size_t k = 0; k < many->objects.nr_programs; k++)
			if (few->objects.programs[i].id == many->objects.programs[k].id)
				compare(&few->objects.programs[i], &many->objects.programs[k]);
	objects_free(&few->objects);
	objects_free(&many->objects);
	free(few);
	free(many);
	return 0;
}
