/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The measurement of one row.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench.h"

#define MAX_ROUNDS 99

/* What a contestant came to. */
struct outcome {
	unsigned int rounds;		/* 0: nothing; then why[] says why */
	double median, spread, elapsed; /* in the group's unit; half the quartiles' distance */
	char why[160];
};

struct result {
	const struct row *row;
	struct outcome outcomes[NR_CONTESTANTS];
	bool failed; /* what must not fail did */
};

#define MAX_ROWS 512

/* The results of one group, in the order of its rows, those that were left out missing. */
struct group_results {
	const struct group *group;
	struct result results[MAX_ROWS];
	unsigned int nr;
};

struct settings {
	bool quick;
	unsigned int rounds; /* 0: as many as fit in a time, 5 at least */
};

extern struct settings settings;

/* @above: the results of the group so far. */
void measure_row(const struct group_results *above, const struct row *row, struct result *result);

/* The contestant that stands for bpftrek: compiled, or interpreted where nothing is compiled. */
const struct outcome *result_ours(const struct result *r);
/* The kernel's time by bpftrek's, and bpftrek's by plain C's; 0: there is none. */
double result_kernel_times(const struct result *r);
double result_c_times(const struct result *r);

#endif /* BENCH_MEASURE_H */
