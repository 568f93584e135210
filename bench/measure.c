/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Contestants in turns, round by round.
 *
 * A sample is the time of a batch: as many turns of the work as take BATCH_NS, which a first,
 * uncounted batch of each contestant finds out; it also warms caches up. In every round each
 * contestant gives one sample, another one is the first, and rounds follow until there are enough
 * of them and a time is over. A figure is the median of the samples. Nothing is pinned to a CPU.
 *
 * The clock is that of the thread's CPU time where the thread does the work, because the machine
 * may be shared: it does not count waiting for a CPU. It does count what others do to the caches
 * and to the clock rate, and so it is the ratios within a row that mean something.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"

#define BATCH_NS 5e6
#define MAX_TURNS 4000000
#define LEAST_ROUNDS 5
#define MOST_ROUNDS 25
#define ROW_NS 0.3e9 /* after so long no round begins that need not be */
/* What takes seconds is measured well by a few. */
#define LEAST_LONG_ROUNDS 3
#define LONG_NS 2e9

struct settings settings;

static const struct group_results *so_far;

struct sample {
	double cpu, elapsed;
};

struct samples {
	struct sample at[MAX_ROUNDS];
	unsigned int nr;
};

uint32_t bench_size(uint32_t full)
{
	return settings.quick && full > 1000 ? 1000 : full;
}

bool bench_quick(void)
{
	return settings.quick;
}

double bench_mean_above(const struct contest *c)
{
	unsigned int nr = 0;
	double logs = 0;

	for (unsigned int i = 0; i < so_far->nr; i++) {
		const struct result *r = &so_far->results[i];
		const struct outcome *o = &r->outcomes[c->who];

		if (r->row->work != c->row->work && !(c->row->who & ~r->row->who) && o->rounds &&
		    o->median > 0) {
			logs += log(o->median);
			nr++;
		}
	}
	return nr ? exp(logs / nr) : 0;
}

static struct sample now(void)
{
	struct timespec cpu, elapsed;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	clock_gettime(CLOCK_MONOTONIC, &elapsed);
	return (struct sample){cpu.tv_sec * 1e9 + cpu.tv_nsec,
			       elapsed.tv_sec * 1e9 + elapsed.tv_nsec};
}

static int timed(struct contest *c, int (*run)(struct contest *c), struct sample *taken)
{
	struct sample start = now(), end;
	int err = run(c);

	end = now();
	*taken = (struct sample){end.cpu - start.cpu, end.elapsed - start.elapsed};
	return err;
}

static int take(struct contest *c, struct sample *taken)
{
	const struct work *work = c->row->work;
	struct sample idle = {0};
	int err = 0;

	if (work->idle)
		err = timed(c, work->idle, &idle);
	if (!err)
		err = timed(c, work->run, taken);
	taken->cpu -= idle.cpu;
	taken->elapsed -= idle.elapsed;
	return err;
}

static bool measures_itself(const struct contest *c)
{
	return c->row->work->clock == ITSELF || c->row->work->clock == ONCE;
}

static void figure_of(const struct contest *c, const struct group *group, struct sample *s)
{
	double per = c->turns * c->units * group->unit_ns;

	s->cpu /= per;
	s->elapsed /= per;
	if (c->row->work->clock == ELAPSED)
		s->cpu = s->elapsed;
	if (measures_itself(c))
		s->cpu = s->elapsed = c->figure;
}

/*
 * Turns for a batch, by one that grows until it takes long enough to tell. What is subtracted from
 * a sample takes its time, too, and may be all of it.
 */
static int calibrate(struct contest *c)
{
	struct sample taken;
	double start, ns;
	int err;

	c->turns = 1;
	for (;;) {
		start = now().elapsed;
		err = take(c, &taken);
		if (err || settings.quick)
			return err;
		ns = now().elapsed - start;
		if (ns > BATCH_NS / 10 || c->turns >= MAX_TURNS / 8)
			break;
		c->turns *= 8;
	}
	if (ns < BATCH_NS)
		c->turns *= BATCH_NS / ns;
	if (c->turns > MAX_TURNS)
		c->turns = MAX_TURNS;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quartile(const struct samples *s, bool elapsed, unsigned int quarter)
{
	double values[MAX_ROUNDS];

	for (unsigned int i = 0; i < s->nr; i++)
		values[i] = elapsed ? s->at[i].elapsed : s->at[i].cpu;
	qsort(values, s->nr, sizeof(values[0]), by_value);
	return values[s->nr * quarter / 4];
}

static void conclude(const struct samples *s, struct outcome *o)
{
	o->rounds = s->nr;
	o->median = quartile(s, false, 2);
	o->spread = (quartile(s, false, 3) - quartile(s, false, 1)) / 2;
	o->elapsed = quartile(s, true, 2);
}

/* Who does not take part any more, and why. Only the kernel may be unable to, and not in between.
 */
static void give_up(const struct contest *c, const char *what, int err, bool between,
		    struct result *result)
{
	struct outcome *o = &result->outcomes[c->who];

	if (c->why[0])
		snprintf(o->why, sizeof(o->why), "%s", c->why);
	else
		snprintf(o->why, sizeof(o->why), "%s: %s", what, strerror(-err));
	if ((c->who != KERNEL && err != -ENODATA) || between)
		result->failed = true;
}

static void leave(struct contest *c)
{
	if (c->row->work->tear_down)
		c->row->work->tear_down(c);
}

/* Whether @who runs. */
static bool begin(struct contest *c, enum contestant who, const struct row *row,
		  struct result *result)
{
	int err;

	*c = (struct contest){.row = row, .who = who, .turns = 1, .units = 1};
	if (!(row->who & BY(who)))
		return false;
	if (who < NR_ENGINES)
		c->engine = &engines[who];
	if (c->engine && c->engine->missing[0]) {
		snprintf(result->outcomes[who].why, sizeof(result->outcomes[who].why), "%s",
			 c->engine->missing);
		return false;
	}
	err = row->work->set_up ? row->work->set_up(c) : 0;
	if (err)
		give_up(c, "cannot be set up", err, false, result);
	/* What measures itself knows what a batch is. */
	if (!err && !measures_itself(c)) {
		err = calibrate(c);
		if (err)
			give_up(c, "does not run", err, false, result);
	}
	if (err)
		leave(c);
	return !err;
}

static bool enough(const struct row *row, unsigned int rounds, double elapsed)
{
	if (row->work->clock == ONCE)
		return rounds >= 1;
	if (settings.rounds)
		return rounds >= settings.rounds;
	if (settings.quick)
		return rounds >= 1;
	return rounds >= MOST_ROUNDS || (rounds >= LEAST_ROUNDS && elapsed > ROW_NS) ||
	       (rounds >= LEAST_LONG_ROUNDS && elapsed > LONG_NS);
}

void measure_row(const struct group_results *above, const struct row *row, struct result *result)
{
	static struct samples samples[NR_CONTESTANTS];
	struct contest contests[NR_CONTESTANTS];
	bool runs[NR_CONTESTANTS];
	double start;
	int err;

	memset(result, 0, sizeof(*result));
	result->row = row;
	so_far = above;
	for (enum contestant who = 0; who < NR_CONTESTANTS; who++) {
		samples[who].nr = 0;
		runs[who] = begin(&contests[who], who, row, result);
	}
	start = now().elapsed;
	for (unsigned int round = 0; !enough(row, round, now().elapsed - start); round++)
		for (unsigned int turn = 0; turn < NR_CONTESTANTS; turn++) {
			enum contestant who = (round + turn) % NR_CONTESTANTS;
			struct sample *s = &samples[who].at[samples[who].nr];

			if (!runs[who])
				continue;
			err = take(&contests[who], s);
			if (err) {
				give_up(&contests[who], "failed", err, samples[who].nr, result);
				runs[who] = false;
				leave(&contests[who]);
				continue;
			}
			figure_of(&contests[who], above->group, s);
			samples[who].nr++;
		}
	for (enum contestant who = 0; who < NR_CONTESTANTS; who++)
		if (runs[who]) {
			conclude(&samples[who], &result->outcomes[who]);
			leave(&contests[who]);
		}
}

const struct outcome *result_ours(const struct result *r)
{
	const struct outcome *compiled = &r->outcomes[COMPILED];

	return compiled->rounds ? compiled : &r->outcomes[INTERPRETED];
}

static double times(const struct outcome *a, const struct outcome *b)
{
	/* What takes nothing, as the difference of two times may, has no ratio. */
	return a->rounds && b->rounds && a->median > 0 && b->median > 0 ? a->median / b->median : 0;
}

double result_kernel_times(const struct result *r)
{
	return times(&r->outcomes[KERNEL], result_ours(r));
}

double result_c_times(const struct result *r)
{
	return times(result_ours(r), &r->outcomes[PLAIN_C]);
}
