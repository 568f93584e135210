/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Verification and loading of programs as people write them: every program of the objects of
 * tests/real, tests/progs and examples that stand in the build directory and that all engines take,
 * with the instructions, types and maps that libbpf made of it for each.
 *
 * All are loaded on every engine, in turns, once for all rows. The mean of a row is geometric: its
 * ratio is the mean of the programs' ratios. "least", "median" and "largest" are the programs at
 * these places when they are ordered by the ratio of the kernel's time and bpftrek's.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "groups.h"
#include "loads.h"
#include "objects.h"

#define ROUNDS 5
#define BATCH_US 300
#define QUICK_OBJECTS 4

enum measure { VERIFY, LOAD, NR_MEASURES };

struct program {
	double us[NR_MEASURES][NR_ENGINES]; /* medians */
};

static struct {
	struct program *programs;
	unsigned int nr, room;
	unsigned int *order[NR_MEASURES]; /* by the ratio, the least first */
	int err;
} gathered;

/* --- Gathering -------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned int nr)
{
	qsort(values, nr, sizeof(values[0]), by_value);
	return values[nr / 2];
}

static struct program *new_program(void)
{
	if (gathered.nr == gathered.room) {
		unsigned int room = gathered.room ? 2 * gathered.room : 1024;
		struct program *programs = reallocarray(gathered.programs, room, sizeof(*programs));

		if (!programs)
			return NULL;
		gathered.programs = programs;
		gathered.room = room;
	}
	return &gathered.programs[gathered.nr];
}

static void measure(void *arg, const union bpf_attr *const programs[NR_ENGINES])
{
	double us[NR_MEASURES][NR_ENGINES][ROUNDS];
	unsigned int rounds = bench_quick() ? 1 : ROUNDS;
	struct program *program = new_program();

	if (!program)
		gathered.err = -ENOMEM;
	for (unsigned int n = 0; n < rounds && !gathered.err; n++)
		for (unsigned int turn = 0; turn < NR_ENGINES; turn++) {
			unsigned int i = (n + turn) % NR_ENGINES;
			struct load load;

			if (!programs[i])
				continue;
			gathered.err = load_batch(&engines[i], programs[i], BATCH_US, &load);
			/* A time of 0 counts as half a microsecond. */
			us[VERIFY][i][n] = load.verify_us > 0.5 ? load.verify_us : 0.5;
			us[LOAD][i][n] = load.load_us;
		}
	if (gathered.err)
		return;
	for (int m = 0; m < NR_MEASURES; m++)
		for (int i = 0; i < NR_ENGINES; i++)
			program->us[m][i] = programs[i] ? median(us[m][i], rounds) : 0;
	gathered.nr++;
}

static enum measure ordered_by;

static int by_ratio(const void *a, const void *b)
{
	const struct program *p = &gathered.programs[*(const unsigned int *)a];
	const struct program *q = &gathered.programs[*(const unsigned int *)b];
	double x = p->us[ordered_by][KERNEL] / p->us[ordered_by][COMPILED];
	double y = q->us[ordered_by][KERNEL] / q->us[ordered_by][COMPILED];

	return (x > y) - (x < y);
}

static int order(void)
{
	for (enum measure m = 0; m < NR_MEASURES; m++) {
		gathered.order[m] = calloc(gathered.nr, sizeof(gathered.order[m][0]));
		if (!gathered.order[m])
			return -ENOMEM;
		for (unsigned int i = 0; i < gathered.nr; i++)
			gathered.order[m][i] = i;
		ordered_by = m;
		qsort(gathered.order[m], gathered.nr, sizeof(gathered.order[m][0]), by_ratio);
	}
	return 0;
}

static int gather(void)
{
	static const char *const places[] = {"../examples/*.bpf.o", "../tests/progs/*.bpf.o",
					     "../tests/real/*.bpf.o"};
	char pattern[PATH_MAX];
	glob_t found = {0};
	unsigned int nr;

	if (gathered.nr || gathered.err)
		return gathered.err;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		beside_executable(pattern, places[i]);
		glob(pattern, i ? GLOB_APPEND : 0, NULL, &found);
	}
	nr = bench_quick() && found.gl_pathc > QUICK_OBJECTS ? QUICK_OBJECTS : found.gl_pathc;
	for (unsigned int i = 0; i < nr && !gathered.err; i++)
		gathered.err = object_programs(found.gl_pathv[i], measure, NULL) ?: gathered.err;
	globfree(&found);
	if (!gathered.err)
		gathered.err = gathered.nr ? order() : -ENOENT;
	return gathered.err;
}

static void forget(void)
{
	for (enum measure m = 0; m < NR_MEASURES; m++)
		free(gathered.order[m]);
	free(gathered.programs);
	memset(&gathered, 0, sizeof(gathered));
}

/* --- Rows ------------------------------------------------------------------------------------- */

struct summary {
	enum measure measure;
	double (*figure)(const struct summary *s, enum contestant who);
	double place; /* among the ordered, 0 to 1 */
};

static double mean(const struct summary *s, enum contestant who)
{
	double logs = 0;

	for (unsigned int i = 0; i < gathered.nr; i++)
		logs += log(gathered.programs[i].us[s->measure][who]);
	return exp(logs / gathered.nr);
}

static double at_place(const struct summary *s, enum contestant who)
{
	unsigned int at = s->place * (gathered.nr - 1);

	return gathered.programs[gathered.order[s->measure][at]].us[s->measure][who];
}

static int set_up(struct contest *c)
{
	return gather();
}

static int run(struct contest *c)
{
	const struct summary *s = c->row->arg;

	c->figure = s->figure(s, c->who);
	return 0;
}

static const struct work summary = {.set_up = set_up, .run = run, .clock = ONCE};

#define SUMMARY(who_, ...)                                                                         \
	.work = &summary, .who = who_, .arg = &(const struct summary)                              \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const struct row rows[] = {
	{"verification, geometric mean", SUMMARY(COMPILED_AND_KERNEL, VERIFY, mean)},
	{"verification, least gain", SUMMARY(COMPILED_AND_KERNEL, VERIFY, at_place, 0)},
	{"verification, median gain", SUMMARY(COMPILED_AND_KERNEL, VERIFY, at_place, 0.5)},
	{"verification, largest gain", SUMMARY(COMPILED_AND_KERNEL, VERIFY, at_place, 1)},
	{"load, geometric mean", SUMMARY(ENGINES, LOAD, mean)},
	{"load, least gain", SUMMARY(COMPILED_AND_KERNEL, LOAD, at_place, 0)},
	{"load, median gain", SUMMARY(COMPILED_AND_KERNEL, LOAD, at_place, 0.5)},
	{"load, largest gain", SUMMARY(COMPILED_AND_KERNEL, LOAD, at_place, 1)},
};

const struct group real_group = {
	.name = "real",
	.title = "Verification and loading of programs that people write",
	.unit = "us a program",
	.unit_ns = 1000,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
	.end = forget,
};
