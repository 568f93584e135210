/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The results as one JSON document.
 */
#include <errno.h>

#include <jansson.h>

#include "report.h"

static json_t *outcome_json(const struct outcome *o)
{
	if (!o->rounds)
		return o->why[0] ? json_pack("{s:s}", "missing", o->why) : json_null();
	return json_pack("{s:f, s:f, s:f, s:i}", "median", o->median, "spread", o->spread,
			 "elapsed", o->elapsed, "rounds", (int)o->rounds);
}

static json_t *number_or_null(double number)
{
	return number ? json_real(number) : json_null();
}

static json_t *row_json(const struct result *r)
{
	char goal[64];
	bool met;

	goal_text(r, goal, sizeof(goal), &met);
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "row", r->row->name, "interpreted",
		outcome_json(&r->outcomes[INTERPRETED]), "compiled",
		outcome_json(&r->outcomes[COMPILED]), "kernel", outcome_json(&r->outcomes[KERNEL]),
		"plain_c", outcome_json(&r->outcomes[PLAIN_C]), "kernel_times",
		number_or_null(result_kernel_times(r)), "c_times",
		number_or_null(result_c_times(r)), "goal",
		goal[0] ? json_pack("{s:s, s:b}", "text", goal, "reached", met) : json_null());
}

static json_t *group_json(const struct group_results *g)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < g->nr; i++)
		json_array_append_new(rows, row_json(&g->results[i]));
	return json_pack("{s:s, s:s, s:s, s:o}", "group", g->group->name, "title", g->group->title,
			 "unit", g->group->unit, "rows", rows);
}

int json_report(const struct machine *m, const struct group_results *results, unsigned int nr,
		FILE *to)
{
	json_t *groups = json_array(), *all;
	int err;

	for (unsigned int g = 0; g < nr; g++)
		if (results[g].nr)
			json_array_append_new(groups, group_json(&results[g]));
	all = json_pack("{s:{s:s, s:i, s:s, s:s, s:s}, s:o}", "machine", "processor", m->processor,
			"cpus", (int)m->cpus, "kernel", m->kernel, "compiler", m->compiler, "date",
			m->date, "groups", groups);
	if (!all)
		return -ENOMEM;
	err = json_dumpf(all, to, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ? -EIO : 0;
	json_decref(all);
	return fputc('\n', to) == EOF ? -EIO : err;
}
