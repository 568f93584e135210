/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * How fast bpftrek is, beside the kernel in the same run with the same programs, and beside plain
 * C.
 *
 *     build/bench/bench [--filter GLOB]... [--quick] [--json] [--repetitions N] [--list]
 *                       [--template FILE --write FILE]
 *
 * Rows are measured one after the other; bench.h says how, measure.c with what care. What is made
 * in the kernel hangs on this process's handles and goes with them, also on Ctrl-C.
 *
 * Exit status 1: a row that has to work did not, or a contestant's result was wrong.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "groups.h"
#include "report.h"

/* In the order in which they are measured. */
static const struct group *const groups[] = {
	&iterate_group, &listing_group, &lifetimes_group, &maps_group,	   &compute_group,
	&verify_group,	&real_group,	&memory_group,	  &commands_group, &commands_memory_group,
};

static struct {
	bool json, list;
	const char *filters[32], *template, *write;
	unsigned int nr_filters;
} options;

static struct group_results all[ARRAY_SIZE(groups)];
static struct machine machine;

static bool wanted(const struct group *group, const struct row *row)
{
	char name[256];

	snprintf(name, sizeof(name), "%s:%s", group->name, row->name);
	for (unsigned int i = 0; i < options.nr_filters; i++)
		if (!fnmatch(options.filters[i], name, 0) ||
		    !fnmatch(options.filters[i], group->name, 0) ||
		    !fnmatch(options.filters[i], row->name, 0))
			return true;
	return !options.nr_filters;
}

static void progress(const struct group *group, const struct row *row)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\33[K");
	if (row)
		fprintf(stderr, "%s: %s ...", group->name, row->name);
}

static bool run_group(const struct group *group, struct group_results *results)
{
	bool ok = true;

	results->group = group;
	for (unsigned int i = 0; i < group->nr && results->nr < MAX_ROWS; i++) {
		const struct row *row = &group->rows[i];
		struct result *result = &results->results[results->nr];

		if (!wanted(group, row))
			continue;
		progress(group, row);
		measure_row(results, row, result);
		progress(group, NULL);
		if (!options.json && !results->nr)
			table_head(group);
		if (!options.json)
			table_row(group, result);
		results->nr++;
		ok &= !result->failed;
	}
	if (group->end)
		group->end();
	return ok;
}

static void list_rows(void)
{
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++)
		for (unsigned int i = 0; i < groups[g]->nr; i++)
			if (wanted(groups[g], &groups[g]->rows[i]))
				printf("%s:%s\n", groups[g]->name, groups[g]->rows[i].name);
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: bench [OPTIONS]\n"
		"  --filter GLOB    only the rows whose name, group, or GROUP:NAME matches;\n"
		"                   may be given again\n"
		"  --list           print the rows' names and measure nothing\n"
		"  --quick          little of everything, once: does it run?\n"
		"  --repetitions N  rounds of each row, 1 to 99; default: as time allows, 5 to 25\n"
		"  --json           one JSON document instead of the table\n"
		"  --write FILE     write this document, made of\n"
		"  --template FILE  this one, with every table in its place\n");
}

static void refuse(void)
{
	usage(stderr);
	exit(2);
}

static void parse(int argc, char **argv)
{
	static const struct option longopts[] = {
		{"filter", required_argument, NULL, 'f'},
		{"list", no_argument, NULL, 'l'},
		{"quick", no_argument, NULL, 'q'},
		{"repetitions", required_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"write", required_argument, NULL, 'w'},
		{"template", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "f:lqr:jw:t:h", longopts, NULL)) != -1)
		switch (c) {
		case 'f':
			if (options.nr_filters == ARRAY_SIZE(options.filters))
				refuse();
			options.filters[options.nr_filters++] = optarg;
			break;
		case 'l':
			options.list = true;
			break;
		case 'q':
			settings.quick = true;
			break;
		case 'r':
			settings.rounds = strtoul(optarg, &end, 10);
			if (*end || !settings.rounds || settings.rounds > MAX_ROUNDS)
				refuse();
			break;
		case 'j':
			options.json = true;
			break;
		case 'w':
			options.write = optarg;
			break;
		case 't':
			options.template = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			refuse();
		}
	/* A document has every table. */
	if (optind < argc || !options.write != !options.template ||
	    (options.write && options.nr_filters))
		refuse();
}

int main(int argc, char **argv)
{
	bool ok = true;
	int err;

	parse(argc, argv);
	if (options.list) {
		list_rows();
		return 0;
	}
	err = engines_start();
	if (err) {
		fprintf(stderr, "bench: no runtime can be used: %s\n", strerror(-err));
		return 1;
	}
	machine_look(&machine);
	if (!options.json)
		printf("%s, %u CPUs; %s; %s\n", machine.processor, machine.cpus, machine.kernel,
		       machine.compiler);
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++)
		ok &= run_group(groups[g], &all[g]);
	if (options.json)
		err = json_report(&machine, all, ARRAY_SIZE(groups), stdout);
	else
		table_foot(all, ARRAY_SIZE(groups));
	if (!err && options.write)
		err = document_write(options.template, options.write, &machine, all,
				     ARRAY_SIZE(groups));
	if (err)
		fprintf(stderr, "bench: what was measured cannot be written: %s\n", strerror(-err));
	engines_stop();
	return err || !ok;
}
