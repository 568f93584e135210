/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The results in the forms that they come out in.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "measure.h"

/* What the figures are from. */
struct machine {
	char processor[128], kernel[256], compiler[128], date[32];
	unsigned int cpus;
};

/* What @who is called in @group. */
const char *contestant_name(const struct group *group, enum contestant who);

void machine_look(struct machine *m);

/* Who takes part in any row of the group: a set of BY(). */
unsigned int group_who(const struct group *group);
/* A figure with three digits that count, "12.3"; "-" for none. In a buffer of its own. */
const char *figure_text(double figure);
/* "34x, 3.9 ns"; empty where there is no goal. @met: whether it was reached. */
void goal_text(const struct result *r, char *buf, size_t size, bool *met);

/* A table for people, as the rows come. */
void table_head(const struct group *group);
void table_row(const struct group *group, const struct result *r);
void table_foot(const struct group_results *results, unsigned int nr);

/* One document. 0, or negative errno. */
int json_report(const struct machine *m, const struct group_results *results, unsigned int nr,
		FILE *to);

/*
 * Copy @template to @path, with a line "@machine@" and a line "@table NAME@" replaced by what they
 * say, the table of a group. 0, or negative errno.
 */
int document_write(const char *template, const char *path, const struct machine *m,
		   const struct group_results *results, unsigned int nr);

#endif /* BENCH_REPORT_H */
