/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Each hangs on its handle alone.
 */
#include <errno.h>
#include <stdlib.h>

#include "crowd.h"

static struct crowd {
	int *handles;
	unsigned int nr, room;
} crowds[NR_ENGINES][NR_CROWDS];

static int make_program(const struct engine *engine)
{
	return engine_program(engine, BPF_PROG_TYPE_SOCKET_FILTER, 0);
}

static int make_map(const struct engine *engine)
{
	return engine_map(engine, BPF_MAP_TYPE_ARRAY, sizeof(uint64_t), 1);
}

static int (*const make_one[NR_CROWDS])(const struct engine *engine) = {
	[PROGRAMS] = make_program,
	[MAPS] = make_map,
};

void crowd_drop(enum contestant engine, enum crowd_of of)
{
	struct crowd *crowd = &crowds[engine][of];

	for (unsigned int i = 0; i < crowd->nr; i++)
		engine_close(&engines[engine], crowd->handles[i]);
	free(crowd->handles);
	*crowd = (struct crowd){0};
}

int crowd_make(enum contestant engine, enum crowd_of of, unsigned int nr)
{
	struct crowd *crowd = &crowds[engine][of];
	int handle = 0;

	/* A process may have so many descriptors of each, but perhaps not of both. */
	crowd_drop(engine, of == PROGRAMS ? MAPS : PROGRAMS);
	if (nr > crowd->room) {
		int *handles = reallocarray(crowd->handles, nr, sizeof(*handles));

		if (!handles)
			return -ENOMEM;
		crowd->handles = handles;
		crowd->room = nr;
	}
	engine_numbers(true);
	while (handle >= 0 && crowd->nr < nr) {
		handle = make_one[of](&engines[engine]);
		if (handle >= 0)
			crowd->handles[crowd->nr++] = handle;
	}
	engine_numbers(false);
	return handle < 0 ? handle : 0;
}

unsigned int crowd_size(enum contestant engine, enum crowd_of of)
{
	return crowds[engine][of].nr;
}

void crowd_free(void)
{
	for (enum contestant engine = 0; engine < NR_ENGINES; engine++)
		for (enum crowd_of of = 0; of < NR_CROWDS; of++)
			crowd_drop(engine, of);
}
