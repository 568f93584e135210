/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Iterators over all programs and all maps that there are: those of examples, each of which prints
 * a line. What others have in the kernel is in its time, and little beside those that are made
 * here.
 *
 * A row's unit is one object, or one call.
 */
#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "bench.h"
#include "crowd.h"
#include "groups.h"
#include "session.h"

struct listing {
	enum crowd_of of;
	unsigned int nr;
};

struct listing_state {
	struct bpf_object *object;
	int link;
	char *buf;
	unsigned int least; /* bytes that come, if every object has a line */
};

static const struct {
	const char *object, *program;
} listers[NR_CROWDS] = {
	[PROGRAMS] = {"../examples/progs.bpf.o", "progs"},
	[MAPS] = {"../examples/maps.bpf.o", "maps"},
};

static void tear_down(struct contest *c)
{
	struct listing_state *state = c->state;

	if (!state)
		return;
	if (state->link >= 0)
		engine_close(c->engine, state->link);
	if (state->object)
		engine_unload(c->engine, state->object);
	free(state->buf);
	free(state);
}

static int set_up(struct contest *c)
{
	const struct listing *listing = c->row->arg;
	struct listing_state *state = calloc(1, sizeof(*state));
	unsigned int nr = bench_size(listing->nr);
	int err, prog;

	c->state = state;
	if (!state)
		return -ENOMEM;
	state->link = -1;
	state->buf = malloc(READ_SIZE);
	if (!state->buf)
		return -ENOMEM;
	err = crowd_make(c->who, listing->of, nr);
	if (!err)
		err = engine_load(c->engine, listers[listing->of].object,
				  listers[listing->of].program, &state->object, &prog);
	if (err)
		return err;
	c->units = crowd_size(c->who, listing->of);
	state->least = c->units * sizeof("    1 bench ");
	state->link = session_attach(c->engine, prog, -1);
	return state->link < 0 ? state->link : 0;
}

static int run(struct contest *c)
{
	const struct listing_state *state = c->state;
	ssize_t came = 0;

	for (unsigned long i = 0; i < c->turns && came >= 0; i++) {
		came = session_read(c->engine, state->link, state->buf);
		if (came >= 0 && came < state->least)
			came = -EBADMSG;
	}
	return came < 0 ? came : 0;
}

static const struct work listing = {.set_up = set_up, .run = run, .tear_down = tear_down};

/* --- Counting --------------------------------------------------------------------------------- */

#define PTR(p) ((unsigned long)(p))

struct counting_state {
	struct bpf_object *object;
	int prog;
};

static int counting_set_up(struct contest *c)
{
	uint32_t elements = bench_size(*(const uint32_t *)c->row->arg);
	struct counting_state *state = calloc(1, sizeof(*state));
	int err;

	c->state = state;
	if (!state)
		return -ENOMEM;
	err = engine_load_sized(c->engine, "count.bpf.o", "count", "counted", elements,
				&state->object, &state->prog);
	if (err)
		return err;
	return engine_fill(c->engine, bpf_object__find_map_fd_by_name(state->object, "counted"),
			   elements, 1);
}

static void counting_tear_down(struct contest *c)
{
	struct counting_state *state = c->state;

	if (state && state->object)
		engine_unload(c->engine, state->object);
	free(state);
}

static int counting_run(struct contest *c)
{
	uint32_t elements = bench_size(*(const uint32_t *)c->row->arg);
	const struct counting_state *state = c->state;
	struct {
		uint64_t rounds, counted;
	} ctx = {.rounds = c->turns};
	union bpf_attr attr = {
		.test = {.prog_fd = state->prog, .ctx_in = PTR(&ctx), .ctx_size_in = sizeof(ctx)},
	};
	int err = engine_bpf(c->engine, BPF_PROG_TEST_RUN, &attr);

	return err ? err : ctx.counted == c->turns * elements ? 0 : -EBADMSG;
}

static const struct work counting = {
	.set_up = counting_set_up,
	.run = counting_run,
	.tear_down = counting_tear_down,
};

#define LISTING(of, nr)                                                                            \
	.work = &listing, .who = ENGINES, .arg = &(const struct listing)                           \
	{                                                                                          \
		of, nr                                                                             \
	}
/* Of so many the kernel gives no process the descriptors. */
#define LISTING_OURS(of, nr)                                                                       \
	.work = &listing, .who = OURS, .arg = &(const struct listing)                              \
	{                                                                                          \
		of, nr                                                                             \
	}
#define COUNTING(nr)                                                                               \
	.work = &counting, .who = ENGINES, .arg = &(const uint32_t)                                \
	{                                                                                          \
		nr                                                                                 \
	}

static const struct row rows[] = {
	{"a program, of 1,000", LISTING(PROGRAMS, 1000)},
	{"a program, of 10,000", LISTING(PROGRAMS, 10000)},
	{"a program, of 100,000", LISTING_OURS(PROGRAMS, 100000)},
	{"a map, of 1,000", LISTING(MAPS, 1000)},
	{"a map, of 10,000", LISTING(MAPS, 10000)},
	{"a map, of 100,000", LISTING_OURS(MAPS, 100000)},
	{"bpf_map_sum_elem_count of 1,000 elements", COUNTING(1000)},
	{"bpf_map_sum_elem_count of 1,000,000 elements", COUNTING(1000000)},
};

const struct group listing_group = {
	.name = "listing",
	.title = "Listing programs and maps, counting elements",
	.unit = "ns each",
	.unit_ns = 1,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
	.end = crowd_free,
};
