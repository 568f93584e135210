/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Findings for people: a line for each, and below it what to do, as a line for the shell. Colours
 * only on a terminal that has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/report.h"
#include "cli.h"
#include "terminal.h"
#include "text.h"

enum { INDENT = 10 }; /* below the rule */

static const char *const colours[NR_SEVERITIES] = {"2", "36", "33", "1;31"};

/*
 * One paragraph, up to @width, which is 0 where one line is as long as can be: the first line is
 * @first columns in, the others are @indent.
 */
static void print_paragraph(const char *text, int first, int indent, int width)
{
	int column = 0, left = first, columns;
	size_t len;

	for (; *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		columns = text_width(text, len);
		if (column && width && column + 1 + columns > width) {
			putchar('\n');
			column = 0;
			left = indent;
		}
		left = column ? 1 : left;
		printf("%*s%.*s", left, "", (int)len, text);
		column += left + columns;
	}
	putchar('\n');
}

static void print_padded(const char *text, int width)
{
	int columns = text_width(text, strlen(text));

	printf("%s%*s", text, columns < width ? width - columns : 0, "");
}

/* "map 12 flows". */
static int object_text(const struct finding *f, char *text, size_t size)
{
	return snprintf(text, size, "%s %u%s%s", object_kind_names[f->kind], f->id,
			*f->name ? " " : "", f->name);
}

/* How wide the columns are, and where the lines end: 0 where they need not, in a pipe. */
struct layout {
	int rule, object, line;
	bool coloured;
};

static void measure(const struct audit *audit, struct layout *layout)
{
	const int most = 32;
	char object[512];
	int len;

	*layout = (struct layout){
		.rule = strlen("RULE"),
		.object = strlen("OBJECT"),
		.line = terminal_size().width,
		.coloured = terminal_is_coloured(),
	};
	for (size_t i = 0; i < audit->nr_findings; i++) {
		len = strlen(audit->findings[i].rule->id);
		layout->rule = len > layout->rule ? len : layout->rule;
		object_text(&audit->findings[i], object, sizeof(object));
		len = text_width(object, strlen(object));
		len = len > most ? most : len;
		layout->object = len > layout->object ? len : layout->object;
	}
}

/* On a terminal a sentence has lines of its own, which it fits. */
static void print_finding(const struct finding *f, const struct layout *layout)
{
	const char *colour = layout->coloured ? colours[f->severity] : "";
	char object[512];

	object_text(f, object, sizeof(object));
	printf("%s%s%s%-8s%s  %-*s  ", *colour ? "\033[" : "", colour, *colour ? "m" : "",
	       severity_names[f->severity], *colour ? "\033[0m" : "", layout->rule, f->rule->id);
	if (layout->line) {
		printf("%s\n", object);
		print_paragraph(f->text, INDENT, INDENT, layout->line);
	} else {
		print_padded(object, layout->object);
		printf("  %s\n", f->text);
	}
	if (f->command && !options.quiet)
		printf("%*s$ %s\n", INDENT, "", f->command);
}

/* The rules from @first on that @reason keeps from being checked. */
static int print_reason(const struct report *report, const struct rule *const *first,
			const char *reason, int width)
{
	struct text line = {0};
	const char *other;
	bool failed;

	text_format(&line, "not checked: %s", (*first)->id);
	for (const struct rule *const *rule = first + 1; *rule; rule++) {
		other = rule_not_checked(report->audit, *rule);
		if (other && !strcmp(other, reason))
			text_format(&line, ", %s", (*rule)->id);
	}
	text_format(&line, ": %s", reason);
	print_paragraph(text_string(&line), 0, INDENT, width);
	failed = line.failed;
	text_end(&line);
	return failed ? fail("out of memory; free some and run it again") : 0;
}

/* A reason once, with all rules that it keeps from being checked. */
static int print_not_checked(const struct report *report, int width)
{
	const struct rule *const *first, *const *rule;
	const char *reason, *other;
	int status = 0;

	for (first = report->selected; *first && !status; first++) {
		reason = rule_not_checked(report->audit, *first);
		for (rule = report->selected; reason && rule < first; rule++) {
			other = rule_not_checked(report->audit, *rule);
			if (other && !strcmp(other, reason))
				reason = NULL;
		}
		if (reason)
			status = print_reason(report, first, reason, width);
	}
	return status;
}

/* "3 findings (1 high, 2 low); 14 of 16 rules checked". */
static int print_summary(const struct report *report, int width)
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
	return print_not_checked(report, width);
}

int print_findings(const struct report *report)
{
	const struct audit *audit = report->audit;
	struct layout layout;
	int status = 0;

	measure(audit, &layout);
	if (audit->nr_findings && !options.quiet)
		printf("%-8s  %-*s  %-*s%s\n", "SEVERITY", layout.rule, "RULE",
		       layout.line ? 0 : layout.object, "OBJECT", layout.line ? "" : "  FINDING");
	for (size_t i = 0; i < audit->nr_findings; i++)
		print_finding(&audit->findings[i], &layout);
	if (!options.quiet)
		status = print_summary(report, layout.line);
	return status ? status : finish_output();
}

int explain_rule(const struct rule *rule)
{
	printf("%s (%s): %s\n", rule->id, severity_names[rule->severity], rule->title);
	printf("\nWhat it means\n");
	print_paragraph(rule->meaning, 2, 2, 78);
	printf("\nWhat to do\n");
	print_paragraph(rule->remedy, 2, 2, 78);
	return finish_output();
}
