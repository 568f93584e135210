/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The table on standard output: a group is a heading and its rows, printed as they come. Columns of
 * contestants that take part in no row of a group are left out.
 */
#include <string.h>

#include "report.h"

#define NAME_WIDTH 50

const char *contestant_name(const struct group *group, enum contestant who)
{
	static const char *const names[NR_CONTESTANTS] = {"interpreted", "compiled", "kernel",
							  "plain C"};

	return group->names[who] ? group->names[who] : names[who];
}

unsigned int group_who(const struct group *group)
{
	unsigned int who = 0;

	for (unsigned int i = 0; i < group->nr; i++)
		who |= group->rows[i].who;
	return who;
}

const char *figure_text(double figure)
{
	static char bufs[8][32];
	static unsigned int next;
	char *buf = bufs[next++ % ARRAY_SIZE(bufs)], digits[32];
	double size = figure < 0 ? -figure : figure;
	int len, at = 0;

	if (size < 1000) {
		snprintf(buf, sizeof(bufs[0]), "%.*f",
			 size < 9.995	? 2
			 : size < 99.95 ? 1
					: 0,
			 figure);
		return buf;
	}
	len = snprintf(digits, sizeof(digits), "%.0f", figure);
	for (int i = 0; i < len && at < (int)sizeof(bufs[0]) - 2; i++) {
		if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

void goal_text(const struct result *r, char *buf, size_t size, bool *met)
{
	const struct goal *goal = &r->row->goal;
	double kernel = result_kernel_times(r), c = result_c_times(r);
	const char *sep = "";
	size_t len = 0;

	*met = result_ours(r)->rounds;
	buf[0] = '\0';
	if (goal->kernel_times && kernel) {
		len += snprintf(buf + len, size - len, ">= %.3gx", goal->kernel_times);
		*met &= kernel >= goal->kernel_times;
		sep = ", ";
	}
	if (goal->at_most) {
		len += snprintf(buf + len, size - len, "%s<= %.3g", sep, goal->at_most);
		*met &= result_ours(r)->median <= goal->at_most;
		sep = ", ";
	}
	if (goal->c_times && c) {
		snprintf(buf + len, size - len, "%s<= %.3g C", sep, goal->c_times);
		*met &= c <= goal->c_times;
	}
}

void table_head(const struct group *group)
{
	unsigned int who = group_who(group);
	char ratio[32];

	printf("\n%s, %s\n%-*s", group->title, group->unit, NAME_WIDTH, "");
	for (enum contestant c = 0; c < NR_CONTESTANTS; c++)
		if (who & BY(c))
			printf("%15s", contestant_name(group, c));
	if (who & BY(KERNEL)) {
		snprintf(ratio, sizeof(ratio), "%s/ours", contestant_name(group, KERNEL));
		printf("%13s", ratio);
	}
	if (who & BY(PLAIN_C))
		printf("%8s", "ours/C");
	printf("  goal\n");
}

static void print_outcome(const struct outcome *o)
{
	char text[48];

	if (!o->rounds)
		snprintf(text, sizeof(text), "-     ");
	else if (o->rounds == 1 || o->median <= 0)
		snprintf(text, sizeof(text), "%s     ", figure_text(o->median));
	else
		snprintf(text, sizeof(text), "%s %3.0f%%", figure_text(o->median),
			 o->spread / o->median * 100);
	printf("%15s", text);
}

static void print_ratio(int width, double ratio)
{
	printf("%*s", width, ratio ? figure_text(ratio) : "-");
}

void table_row(const struct group *group, const struct result *r)
{
	unsigned int who = group_who(group);
	char goal[64];
	bool met;

	printf("%-*s", NAME_WIDTH, r->row->name);
	for (enum contestant c = 0; c < NR_CONTESTANTS; c++)
		if (who & BY(c))
			print_outcome(&r->outcomes[c]);
	if (who & BY(KERNEL))
		print_ratio(13, result_kernel_times(r));
	if (who & BY(PLAIN_C))
		print_ratio(8, result_c_times(r));
	goal_text(r, goal, sizeof(goal), &met);
	if (goal[0])
		printf("  %s%s", goal, bench_quick() ? "" : met ? ": reached" : ": NOT REACHED");
	printf("\n");
	fflush(stdout);
}

/* What is said of the whole machine is not said again of each row. */
static void print_reason(const struct group *group, const struct result *r, enum contestant who)
{
	const char *why = r->outcomes[who].why;

	if (why[0] && (who >= NR_ENGINES || strcmp(why, engines[who].missing)))
		printf("%s:%s: %s: %s\n", group->name, r->row->name, contestant_name(group, who),
		       why);
}

void table_foot(const struct group_results *results, unsigned int nr)
{
	printf("\nA percentage is half the distance of the quartiles.\n");
	for (enum contestant who = 0; who < NR_ENGINES; who++)
		if (engines[who].missing[0])
			printf("%s: cannot be measured: %s\n",
			       contestant_name(results[0].group, who), engines[who].missing);
	for (unsigned int g = 0; g < nr; g++)
		for (unsigned int i = 0; i < results[g].nr; i++)
			for (enum contestant who = 0; who < NR_CONTESTANTS; who++)
				print_reason(results[g].group, &results[g].results[i], who);
}
