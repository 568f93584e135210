/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Findings for people: a line for each, and below it what to do, as a line for the shell. Colours
 * only on a terminal that has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/report.h"
#include "cli.h"

static const char *const colours[NR_SEVERITIES] = {"2", "36", "33", "1;31"};

static bool is_coloured(void)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") && !(no && *no);
}

/* "map 12 flows". */
static int object_text(const struct finding *f, char *text, size_t size)
{
	return snprintf(text, size, "%s %u%s%s", object_kind_names[f->kind], f->id,
			*f->name ? " " : "", f->name);
}

static void measure(const struct audit *audit, int *rule_width, int *object_width)
{
	const int most = 32;
	int len;

	*rule_width = strlen("RULE");
	*object_width = strlen("OBJECT");
	for (size_t i = 0; i < audit->nr_findings; i++) {
		len = strlen(audit->findings[i].rule->id);
		*rule_width = len > *rule_width ? len : *rule_width;
		len = object_text(&audit->findings[i], NULL, 0);
		len = len > most ? most : len;
		*object_width = len > *object_width ? len : *object_width;
	}
}

static void print_finding(const struct finding *f, int rule_width, int object_width, bool coloured)
{
	char object[512];

	object_text(f, object, sizeof(object));
	if (coloured)
		printf("\033[%sm%-8s\033[0m", colours[f->severity], severity_names[f->severity]);
	else
		printf("%-8s", severity_names[f->severity]);
	printf("  %-*s  %-*s  %s\n", rule_width, f->rule->id, object_width, object, f->text);
	if (f->command && !options.quiet)
		printf("%*s$ %s\n", 10, "", f->command);
}

/* "3 findings (1 high, 2 low); 14 of 16 rules checked". */
static void print_summary(const struct report *report)
{
	const struct audit *audit = report->audit;
	size_t counts[NR_SEVERITIES] = {0}, all = 0, checked = 0;
	const char *between = " (";

	for (size_t i = 0; i < audit->nr_findings; i++)
		counts[audit->findings[i].severity]++;
	for (const struct rule *const *rule = report->selected; *rule; rule++) {
		all++;
		checked += !rule_not_checked(audit, *rule);
	}
	printf("%s%zu finding%s", audit->nr_findings ? "\n" : "", audit->nr_findings,
	       audit->nr_findings == 1 ? "" : "s");
	for (int s = NR_SEVERITIES; s--;) {
		if (!counts[s])
			continue;
		printf("%s%zu %s", between, counts[s], severity_names[s]);
		between = ", ";
	}
	printf("%s; %zu of %zu rules checked\n", audit->nr_findings ? ")" : "", checked, all);
	for (const struct rule *const *rule = report->selected; *rule; rule++)
		if (rule_not_checked(audit, *rule))
			printf("not checked: %s: %s\n", (*rule)->id,
			       rule_not_checked(audit, *rule));
}

int print_findings(const struct report *report)
{
	const struct audit *audit = report->audit;
	const bool coloured = is_coloured();
	int rule_width, object_width;

	measure(audit, &rule_width, &object_width);
	if (audit->nr_findings && !options.quiet)
		printf("%-8s  %-*s  %-*s  FINDING\n", "SEVERITY", rule_width, "RULE", object_width,
		       "OBJECT");
	for (size_t i = 0; i < audit->nr_findings; i++)
		print_finding(&audit->findings[i], rule_width, object_width, coloured);
	if (!options.quiet)
		print_summary(report);
	return finish_output();
}

/* One paragraph, wrapped at 80 columns. */
static void print_paragraph(const char *head, const char *text)
{
	const int width = 78, indent = 2;
	int column = 0;
	size_t len;

	printf("\n%s\n", head);
	for (; *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		if (column && column + 1 + (int)len > width) {
			putchar('\n');
			column = 0;
		}
		column += printf("%*s%.*s", column ? 1 : indent, "", (int)len, text);
	}
	putchar('\n');
}

int explain_rule(const struct rule *rule)
{
	printf("%s (%s): %s\n", rule->id, severity_names[rule->severity], rule->title);
	print_paragraph("What it means", rule->meaning);
	print_paragraph("What to do", rule->remedy);
	return finish_output();
}
