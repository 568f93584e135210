/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The time that verification takes, of programs made to be verified (shapes.c).
 *
 *   verification  what the engine itself says it took: "verification time N usec" of the log (level
 *                 4). It includes the rewriting of instructions, on both engines.
 *   load          the call BPF_PROG_LOAD: also copying, the program's tag, and making native code;
 *                 elapsed time.
 *   compiling     a load that compiles, less one into a runtime that interprets.
 */
#include <errno.h>
#include <stdlib.h>

#include "bench.h"
#include "groups.h"
#include "loads.h"
#include "made.h"

#define BATCH_US 2000

struct verification {
	const char *shape;
	unsigned int verified;
};

struct verify_state {
	struct made made, interpreted; /* the second one where compiling is measured */
};

static int make(const struct contest *c, const struct engine *engine, struct made *made)
{
	const struct verification *v = c->row->arg;
	unsigned int verified = bench_size(v->verified);

	/* Short of the limit, which is by how much a shape misses its size. */
	return made_new(engine, v->shape, verified - verified / 50, made);
}

static int set_up(struct contest *c)
{
	struct verify_state *state = calloc(1, sizeof(*state));

	c->state = state;
	if (!state)
		return -ENOMEM;
	state->interpreted.map = state->interpreted.types = -1;
	return make(c, c->engine, &state->made);
}

static void tear_down(struct contest *c)
{
	struct verify_state *state = c->state;

	if (state)
		made_free(c->engine, &state->made);
	free(state);
}

static int load_some(const struct contest *c, struct load *load)
{
	const struct verify_state *state = c->state;

	return load_batch(c->engine, &state->made.attr, BATCH_US, load);
}

static int verify_run(struct contest *c)
{
	struct load load;
	int err = load_some(c, &load);

	c->figure = load.verify_us;
	return err;
}

static const struct work verification = {
	.set_up = set_up,
	.run = verify_run,
	.tear_down = tear_down,
	.clock = ITSELF,
};

static int load_run(struct contest *c)
{
	struct load load;
	int err = load_some(c, &load);

	c->figure = load.load_us;
	return err;
}

static const struct work loading = {
	.set_up = set_up,
	.run = load_run,
	.tear_down = tear_down,
	.clock = ITSELF,
};

/* --- Compiling -------------------------------------------------------------------------------- */

static int compiling_set_up(struct contest *c)
{
	int err = set_up(c);
	struct verify_state *state = c->state;

	return err ? err : make(c, &engines[INTERPRETED], &state->interpreted);
}

static void compiling_tear_down(struct contest *c)
{
	struct verify_state *state = c->state;

	if (state)
		made_free(&engines[INTERPRETED], &state->interpreted);
	tear_down(c);
}

static int load_turns(const struct contest *c, const struct engine *engine, const struct made *made)
{
	struct load load;
	int err = 0;

	for (unsigned long i = 0; i < c->turns && !err; i++)
		err = load_once(engine, &made->attr, &load);
	return err;
}

static int compiling_idle(struct contest *c)
{
	const struct verify_state *state = c->state;

	return load_turns(c, &engines[INTERPRETED], &state->interpreted);
}

static int compiling_run(struct contest *c)
{
	const struct verify_state *state = c->state;

	return load_turns(c, c->engine, &state->made);
}

static const struct work compiling = {
	.set_up = compiling_set_up,
	.run = compiling_run,
	.idle = compiling_idle,
	.tear_down = compiling_tear_down,
};

/* --- Rows ------------------------------------------------------------------------------------- */

#define VERIFY(shape, verified, text)                                                              \
	{                                                                                          \
		shape ", " text " instructions", &verification,                                    \
			&(const struct verification){shape, verified}, COMPILED_AND_KERNEL         \
	}
#define LOAD(shape, verified, text)                                                                \
	{                                                                                          \
		shape ", " text ", the whole load", &loading,                                      \
			&(const struct verification){shape, verified}, COMPILED_AND_KERNEL         \
	}
#define COMPILE(shape, verified, text)                                                             \
	{                                                                                          \
		shape ", " text ", making native code", &compiling,                                \
			&(const struct verification){shape, verified}, BY(COMPILED),               \
		{                                                                                  \
			.at_most = 100                                                             \
		}                                                                                  \
	}
/* Both engines walk these to the end also where they are large. */
#define LARGE_SHAPES(...)                                                                          \
	VERIFY("straight on", __VA_ARGS__), VERIFY("branches that join", __VA_ARGS__),             \
		VERIFY("loop", __VA_ARGS__), VERIFY("callback", __VA_ARGS__),                      \
		VERIFY("full stack", __VA_ARGS__), VERIFY("calls, 8 deep", __VA_ARGS__),           \
		VERIFY("bits, no pruning", __VA_ARGS__)
#define ALL_SHAPES(...)                                                                            \
	LARGE_SHAPES(__VA_ARGS__), VERIFY("loop with branches", __VA_ARGS__),                      \
		VERIFY("map lookups", __VA_ARGS__)

static const struct row rows[] = {
	ALL_SHAPES(1000, "1,000"),
	ALL_SHAPES(10000, "10,000"),
	ALL_SHAPES(100000, "100,000"),
	LARGE_SHAPES(1000000, "1,000,000"),
	LOAD("straight on", 1000, "1,000"),
	LOAD("map lookups", 1000, "1,000"),
	LOAD("straight on", 10000, "10,000"),
	LOAD("map lookups", 10000, "10,000"),
	COMPILE("straight on", 1000, "1,000"),
	COMPILE("map lookups", 1000, "1,000"),
};

const struct group verify_group = {
	.name = "verify",
	.title = "Verification of programs made for it",
	.unit = "us a program",
	.unit_ns = 1000,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
};
