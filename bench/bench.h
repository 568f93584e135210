/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a group of rows says, and what it is given.
 *
 * A group is one file that ends in a table of rows. A row names a work and what it works on; a work
 * is a few functions, which know nothing of repetitions, clocks and tables. For each row every
 * contestant that takes part is set up, and then they run in turns, round by round, with another
 * one first in each round, so that what else the machine does falls on all of them.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "engine.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Who takes part in a row. */
#define BY(who) (1u << (who))
#define OURS (BY(INTERPRETED) | BY(COMPILED))
#define ENGINES (OURS | BY(KERNEL))
#define ALL (ENGINES | BY(PLAIN_C))
#define COMPILED_AND_KERNEL (BY(COMPILED) | BY(KERNEL))

struct row;

/* One contestant at one row. */
struct contest {
	const struct row *row;
	enum contestant who;
	const struct engine *engine; /* NULL: plain C */
	unsigned long turns;	     /* how many times run() and idle() do their work */
	double units;		     /* what one turn counts for; set_up() may set it, 1 at first */
	double figure;		     /* what run() found, of a work that measures itself */
	void *state;		     /* the work's own */
	char why[160];		     /* set_up() may say why nothing can be measured here */
};

/* Functions return 0 or negative errno; -ENODATA: there is nothing to measure here, which is no
 * failure. */
struct work {
	int (*set_up)(struct contest *c);
	int (*run)(struct contest *c);
	/* May be NULL. All that run() does but what the row is about: its time is subtracted. */
	int (*idle)(struct contest *c);
	/* May be NULL. Called after set_up() whatever that returned. */
	void (*tear_down)(struct contest *c);
	enum clock {
		CPU_TIME, /* of this thread, which does not count waiting for a CPU */
		ELAPSED,  /* where other threads or processes do the work */
		ITSELF,	  /* one turn, which leaves the figure in the group's unit in c->figure */
		ONCE,	  /* the same, of what does not differ from one time to the next */
	} clock;
};

/* What is to be reached; 0: nothing is said. */
struct goal {
	double at_most;	     /* in the group's unit */
	double kernel_times; /* the kernel takes so many times as long, or longer */
	double c_times;	     /* plain C's time is exceeded so many times, or less */
};

struct row {
	const char *name;
	const struct work *work;
	const void *arg; /* the work's own */
	unsigned int who;
	struct goal goal;
};

struct group {
	const char *name;  /* one word, for --filter and documents */
	const char *title; /* what is measured */
	const char *unit;  /* "ns an element" */
	double unit_ns;	   /* nanoseconds in it; 1 for what is no time */
	/* Who they are where that is not what contestants are called elsewhere. */
	const char *names[NR_CONTESTANTS];
	const struct row *rows;
	unsigned int nr;
	/* May be NULL: free what the rows share. */
	void (*end)(void);
};

/* Most of what a row is about is much of something; with --quick it is little. */
uint32_t bench_size(uint32_t full);
bool bench_quick(void);
/*
 * The geometric mean of what @c->who came to in the rows of the group so far that were measured
 * with all who take part in @c->row. 0: there is none.
 */
double bench_mean_above(const struct contest *c);

#endif /* BENCH_BENCH_H */
