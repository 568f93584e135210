/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One list. Maps that are so large that the machine may not have the memory are asked for only
 * where it has.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "shared_maps.h"

#define LARGE 1000000
/* What the large maps of all contestants need at one time. */
#define LARGE_NEEDS (4ull << 30)

static struct shared_map shared[128];
static unsigned int nr_shared;

static uint64_t memory_available(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

const struct shared_map *shared_map_get(const struct engine *engine, enum bpf_map_type type,
					uint32_t elements, unsigned int number, int *err)
{
	struct shared_map *s;

	*err = 0;
	for (unsigned int i = 0; i < nr_shared; i++) {
		s = &shared[i];
		if (s->engine == engine && (s->type == type || !engine) &&
		    s->elements == elements && s->number == number)
			return s;
	}
	if (elements > LARGE && memory_available() < LARGE_NEEDS)
		*err = -ENODATA;
	if (nr_shared == ARRAY_SIZE(shared))
		*err = -ENOSPC;
	if (*err)
		return NULL;
	s = &shared[nr_shared];
	*s = (struct shared_map){engine, type, elements, number, -1, NULL};
	if (!engine) {
		s->plain = plain_map_new(elements);
		*err = s->plain ? 0 : -ENOMEM;
	} else {
		s->map = engine_map(engine, type, sizeof(uint64_t), elements);
		*err = s->map < 0 ? s->map : engine_fill(engine, s->map, elements, 1);
	}
	if (!*err) {
		nr_shared++;
		return s;
	}
	if (s->map >= 0)
		engine_close(engine, s->map);
	return NULL;
}

void shared_maps_free(void)
{
	while (nr_shared) {
		struct shared_map *s = &shared[--nr_shared];

		if (s->engine)
			engine_close(s->engine, s->map);
		plain_map_free(s->plain);
	}
}
