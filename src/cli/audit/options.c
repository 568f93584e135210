/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* bpftrek audit: its line. */
#include <string.h>

#include "audit/report.h"
#include "audit/request.h"
#include "commands.h"
#include "engine.h"
#include "load.h"

static const char *rule_name(size_t nth)
{
	return rules[nth] ? rules[nth]->id : NULL;
}

/* Whether the comma-separated words of any --@option have @id. */
static bool is_listed(const struct arguments *arguments, const char *option, const char *id)
{
	const size_t len = strlen(id);
	const struct word *word;
	const char *at;

	for (size_t i = 0; (word = option_nth(arguments, option, i)); i++)
		for (at = word->text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
			if (strcspn(at, ",") == len && !strncmp(at, id, len))
				return true;
	return false;
}

static int select_rules(const struct arguments *arguments, struct request *request)
{
	const bool only = option_count(arguments, "only");
	size_t n = 0;

	for (const struct rule *const *rule = rules; *rule && n < MAX_RULES; rule++) {
		if ((only && !is_listed(arguments, "only", (*rule)->id)) ||
		    is_listed(arguments, "ignore", (*rule)->id))
			continue;
		request->selected[n++] = *rule;
		request->wanted |= (*rule)->wanted | (*rule)->useful;
	}
	return n ? 0 : usage_error("--only and --ignore leave no rule");
}

static int read_severity(const struct arguments *arguments, enum severity *severity)
{
	const char *name = option_text(arguments, "fail-on");

	*severity = NR_SEVERITIES;
	for (int s = 0; name && s < NR_SEVERITIES; s++)
		if (!strcmp(name, severity_names[s]))
			*severity = s;
	return 0;
}

static int read_percent(const struct arguments *arguments, const char *name,
			unsigned long long most, unsigned long long *percent)
{
	int status = option_number(arguments, name, 1, percent);

	if (!status && *percent > most)
		return usage_error("--%s %llu: it is at most %llu", name, *percent, most);
	return status;
}

/* What is no report is for people, or a list of its own. */
static int check_form(const struct arguments *arguments)
{
	const bool sarif = option_count(arguments, "sarif"), json = options.json || options.jsonl;
	const char *what = option_count(arguments, "explain")	    ? "--explain"
			   : option_count(arguments, "print-allow") ? "--print-allow"
								    : NULL;

	if (what && (sarif || json))
		return usage_error("%s writes no JSON; leave out --json, --jsonl, --pretty or "
				   "--sarif",
				   what);
	if (sarif && json)
		return usage_error("--sarif is JSON already; leave out --json or --jsonl");
	return 0;
}

static int read_arguments(const struct arguments *arguments, struct request *request)
{
	const char *path = option_text(arguments, "allow");
	int status;

	request->full_percent = 90;
	request->cpu_percent = 5;
	request->sarif = option_count(arguments, "sarif");
	request->print_allow = option_count(arguments, "print-allow");
	status = select_rules(arguments, request);
	if (!status)
		status = read_severity(arguments, &request->fail_on);
	if (!status)
		status = read_percent(arguments, "full", 100, &request->full_percent);
	/* Of one CPU: one that runs on all of them takes more than 100. */
	if (!status)
		status = read_percent(arguments, "cpu", 1000000, &request->cpu_percent);
	if (!status && option_text(arguments, "sample"))
		status = option_number(arguments, "sample", 1, &request->sample_seconds);
	if (!status && request->sample_seconds > 86400)
		status = usage_error("--sample %llu: it is at most 86400, which is a day",
				     request->sample_seconds);
	if (!status && path) {
		request->allow = &request->list;
		status = allow_list_read(&request->list, path);
	}
	return status;
}

static int audit(const struct arguments *arguments)
{
	const char *explain = option_text(arguments, "explain");
	struct request request = {0};
	struct loads loads = {0};
	int status = check_form(arguments);

	if (status)
		return status;
	if (explain)
		return explain_rule(rule_by_id(explain));
	status = read_arguments(arguments, &request);
	if (!status)
		status = loads_read(&loads, NULL, arguments);
	if (!status)
		status = engine_start_to_look(loads.count);
	if (!status) {
		status = loads_make(&loads);
		if (!status)
			status = audit_engine(&request);
		loads_close(&loads);
		engine_stop();
	}
	loads_end(&loads);
	allow_list_free(&request.list);
	return status;
}

static const struct command_option audit_options[] = {
	{
		.name = "only",
		.argument = "RULES",
		.value = {VALUE_LIST, .nth_word = rule_name},
		.many = true,
		.help = "check these rules alone, with commas between them",
	},
	{
		.name = "ignore",
		.argument = "RULES",
		.value = {VALUE_LIST, .nth_word = rule_name},
		.many = true,
		.help = "do not check these rules",
	},
	{
		.name = "explain",
		.argument = "RULE",
		.value = {VALUE_WORD, .nth_word = rule_name},
		.help = "say what a rule means and what to do, and audit nothing",
	},
	{
		.name = "allow",
		.argument = "FILE",
		.value = {VALUE_FILE},
		.help = "the programs that are known: a tag on each line (16 hexadecimal digits), "
			"behind it whatever helps the reader; lines with # are comments. Without "
			"it unknown-program is not checked",
	},
	{
		.name = "print-allow",
		.help = "print the programs that there are as such a file, and audit nothing",
	},
	{
		.name = "full",
		.argument = "PERCENT",
		.help = "from when on a map is nearly full, default 90",
	},
	{
		.name = "cpu",
		.argument = "PERCENT",
		.help = "from how much of one CPU on a program is reported, default 5",
	},
	{
		.name = "sample",
		.argument = "SECONDS",
		.help = "turn run-time statistics on for so long and measure programs. Without it, "
			"run time is looked at only if statistics are on",
	},
	{
		.name = "fail-on",
		.argument = "SEVERITY",
		.value = {VALUE_WORD, (const char *const[]){"note", "low", "medium", "high", NULL}},
		.help = "exit with status 3 if a finding is as grave or graver: note, low, medium "
			"or high",
	},
	{.name = "sarif", .help = "SARIF 2.1.0, for tools that gather what analyzers find"},
	LOAD_OPTIONS,
	{0},
};

static const struct section audit_sections[] = {
	{"RULES", " unused-program       program that nobody is seen to use\n"
		  " unused-map           map that nobody is seen to use\n"
		  " stale-pin            object that only a pin keeps\n"
		  " orphan-map           map of programs that nobody uses\n"
		  " map-without-program  map that only a process has\n"
		  " dead-link            link whose target is gone\n"
		  " unknown-program      program that is not known (--allow)\n"
		  " shared-map-writer    map that programs of others may write to\n"
		  " foreign-descriptor   map that a process of another user may write to\n"
		  " world-open-pin       pinned object that any user may open\n"
		  " group-open-pin       pinned object that a group may open\n"
		  " replaceable-pin      pin that any user may replace\n"
		  " map-nearly-full      map that is nearly full (--full)\n"
		  " run-time-dominator   program that takes much of a CPU (--cpu, --sample)\n"
		  " missed-runs          program that missed events\n"
		  " interpreted-program  program that is interpreted\n"
		  "--explain RULE tells what each means and what to do.\n"},
	{"WHAT NOBODY USES",
	 "An object exists as long as something has a reference to it, so one that nobody is seen "
	 "to use is held by a pin, or by something that is not seen. Linux counts one reference "
	 "for each open file, pin and link, for each program that uses a map, for each slot of a "
	 "map that holds a program or a map, and for each program that traces or replaces "
	 "another. If as many are counted as are seen, and all of them are pins or belong to "
	 "objects that are themselves unused, the object is stale. If more are counted, something "
	 "has it that cannot be listed, and it is never called stale.\n"
	 "Programs that are attached without a link are looked for in all cgroups, at the devices "
	 "and in tc of this network namespace, in its flow dissector, in socket maps and among "
	 "perf events. What sockets, routes and other network namespaces have attached cannot be "
	 "listed; evidence tells where was looked. So that objects which come or go during the "
	 "audit are not blamed, a finding that might come from it counts only if a second look, "
	 "some tenths of a second later, has it, too.\n"},
	{"SARIF",
	 "--sarif writes SARIF 2.1.0: high is level error, medium and low are warning, note is "
	 "note; the severity is in the properties of a result, with evidence and command. An "
	 "object is a logical location (kernel/map/12), a pin the physical one. Rules that were "
	 "not checked are notifications of the invocation.\n"},
	{0},
};

const struct command audit_command = {
	.name = "audit",
	.summary = "find what nobody uses, what others may change, and what is under load",
	.text = "Look at all programs, maps, links and pins of the engine, and report what an "
		"operator should know: objects that nobody uses any more, programs that are not "
		"known, maps that others may write to, pins that any user may open, maps that are "
		"nearly full, programs that take much time. Each finding has a severity (high, "
		"medium, low, note), its evidence and a line for the shell that shows more or "
		"mends it.\n"
		"Unless --on or --load say otherwise, it is the kernel that is audited. What "
		"cannot be known on an engine is not guessed: rules that need it are listed "
		"as not checked. What might come from objects that come or go right now is looked "
		"at twice.\n",
	.options = audit_options,
	.examples =
		(const struct example[]){
			{"bpftrek audit", "everything that is found, the gravest first"},
			{"bpftrek audit --explain stale-pin", "what a rule means"},
			{"bpftrek audit --print-allow > ok && bpftrek audit --allow ok --fail-on "
			 "high",
			 "keep the programs of today, and fail once there is another one"},
			{"bpftrek audit --sarif > audit.sarif", "for other tools"},
			{0}},
	.exit_status = "0 if all is well or --fail-on is not given, 1 if the audit failed, 2 for a "
		       "wrong line, 3 if there is a finding that --fail-on asks for. Rules that "
		       "were not checked find nothing; JSON and SARIF list them.",
	.sections = audit_sections,
	.json = true,
	.run = audit,
};
