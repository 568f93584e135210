/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The document: a template, in which what a person has to say stands, with the results put in.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static void write_machine(const struct machine *m, FILE *to)
{
	fprintf(to, "%s, %u CPUs; %s; %s; %s.\n", m->processor, m->cpus, m->kernel, m->compiler,
		m->date);
}

static void write_outcome(const struct outcome *o, FILE *to)
{
	if (!o->rounds)
		fprintf(to, " |");
	else if (o->rounds == 1 || o->median <= 0)
		fprintf(to, " %s |", figure_text(o->median));
	else
		fprintf(to, " %s ± %s |", figure_text(o->median), figure_text(o->spread));
}

static void write_ratio(double ratio, FILE *to)
{
	if (ratio)
		fprintf(to, " %s", figure_text(ratio));
	fprintf(to, " |");
}

static bool has_goals(const struct group *group)
{
	static const struct goal none;

	for (unsigned int i = 0; i < group->nr; i++)
		if (memcmp(&group->rows[i].goal, &none, sizeof(none)))
			return true;
	return false;
}

static void write_row(const struct result *r, unsigned int who, bool goals, FILE *to)
{
	char goal[64];
	bool met;

	fprintf(to, "| %s |", r->row->name);
	for (enum contestant c = 0; c < NR_CONTESTANTS; c++)
		if (who & BY(c))
			write_outcome(&r->outcomes[c], to);
	if (who & BY(KERNEL))
		write_ratio(result_kernel_times(r), to);
	if (who & BY(PLAIN_C))
		write_ratio(result_c_times(r), to);
	goal_text(r, goal, sizeof(goal), &met);
	if (goals)
		fprintf(to, " %s%s |", goal, goal[0] && !met ? " (not reached)" : "");
	fprintf(to, "\n");
}

static void write_table(const struct group_results *results, FILE *to)
{
	unsigned int who = group_who(results->group), columns = 1;
	bool goals = has_goals(results->group);

	fprintf(to, "| %s |", results->group->unit);
	for (enum contestant c = 0; c < NR_CONTESTANTS; c++)
		if (who & BY(c)) {
			fprintf(to, " %s |", contestant_name(results->group, c));
			columns++;
		}
	if (who & BY(KERNEL))
		fprintf(to, " %s/ours |", contestant_name(results->group, KERNEL));
	if (who & BY(PLAIN_C))
		fprintf(to, " ours/C |");
	if (goals)
		fprintf(to, " goal |");
	columns += !!(who & BY(KERNEL)) + !!(who & BY(PLAIN_C)) + goals;
	fprintf(to, "\n|");
	for (unsigned int i = 0; i < columns; i++)
		fprintf(to, "---|");
	fprintf(to, "\n");
	for (unsigned int i = 0; i < results->nr; i++)
		write_row(&results->results[i], who, goals, to);
}

static int write_line(const char *line, const struct machine *m,
		      const struct group_results *results, unsigned int nr, FILE *to)
{
	char name[64];

	if (!strcmp(line, "@machine@\n")) {
		write_machine(m, to);
		return 0;
	}
	if (sscanf(line, "@table %63[^@\n]@", name) != 1)
		return fputs(line, to) < 0 ? -EIO : 0;
	for (unsigned int g = 0; g < nr; g++)
		if (!strcmp(results[g].group->name, name)) {
			write_table(&results[g], to);
			return 0;
		}
	return -EINVAL;
}

int document_write(const char *template, const char *path, const struct machine *m,
		   const struct group_results *results, unsigned int nr)
{
	FILE *from = fopen(template, "re"), *to = NULL;
	char line[1024];
	int err = 0;

	if (from)
		to = fopen(path, "we");
	if (!from || !to) {
		err = -errno;
		goto out;
	}
	while (!err && fgets(line, sizeof(line), from))
		err = write_line(line, m, results, nr, to);
	if (!err && (ferror(from) || ferror(to)))
		err = -EIO;
out:
	if (from)
		fclose(from);
	if (to && fclose(to) && !err)
		err = -errno;
	return err;
}
