/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek audit: look at all objects, let the rules find, look again if a finding might be a
 * coincidence, and report.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "audit/allow.h"
#include "audit/attached.h"
#include "audit/report.h"
#include "audit/usage.h"
#include "commands.h"
#include "engine.h"
#include "load.h"

enum { MAX_RULES = 32, FAILED_ON_FINDINGS = 3 };

/*
 * What is being given up is gone after a grace period: that of sleepable programs is the longest,
 * and takes some tens of milliseconds on an idle host.
 */
static const struct timespec before_second_look = {.tv_nsec = 250000000};

struct request {
	const struct rule *selected[MAX_RULES + 1];
	unsigned int wanted;
	unsigned long long full_percent, cpu_percent, sample_seconds;
	struct allow_list list;
	const struct allow_list *allow; /* NULL: none was given */
	enum severity fail_on;		/* NR_SEVERITIES: never */
	bool sarif, print_allow;
};

/* One look, and what the rules found by it. */
struct look {
	struct objects objects;
	struct usage usage;
	struct attachments attachments;
	struct audit audit;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int out_of_memory(void)
{
	return fail("audit: out of memory; free some and run it again");
}

/* Who uses what, for the rules that are about it, if it can be known. */
static int look_at_usage(struct look *look, unsigned int wanted)
{
	int err;

	if ((wanted & USAGE_WANTS) != USAGE_WANTS || look->objects.missing & USAGE_WANTS)
		return 0;
	err = usage_find(&look->usage, &look->objects);
	if (!err && engine_is_kernel())
		err = attachments_find(&look->attachments, &look->usage);
	return err ? out_of_memory() : 0;
}

static int look_once(struct look *look, const struct request *request)
{
	int status;

	status = objects_gather(request->wanted, &look->objects);
	if (status)
		return status;
	/* Its descriptors are not files of this process. */
	if (!engine_is_kernel())
		look->objects.missing |= request->wanted & WANT_HOLDERS;
	look->audit = (struct audit){
		.objects = &look->objects,
		.on_kernel = engine_is_kernel(),
		.full_percent = request->full_percent,
		.cpu_percent = request->cpu_percent,
		.now_ns = clock_ns(CLOCK_BOOTTIME),
		.allow = request->allow,
		.usage = &look->usage,
		.attachments = &look->attachments,
	};
	return look_at_usage(look, request->wanted);
}

static void look_end(struct look *look)
{
	audit_clear(&look->audit);
	attachments_end(&look->attachments);
	usage_end(&look->usage);
	objects_free(&look->objects);
}

static bool has_to_look_twice(const struct audit *audit)
{
	for (size_t i = 0; i < audit->nr_findings; i++)
		if (audit->findings[i].rule->look_twice)
			return true;
	return false;
}

static int look_again(struct look *look, const struct request *request)
{
	struct look again = {0};
	int status;

	nanosleep(&before_second_look, NULL);
	status = look_once(&again, request);
	if (!status) {
		audit_run(&again.audit, request->selected);
		if (again.audit.no_memory)
			status = out_of_memory();
		else
			findings_confirm(&look->audit, &again.audit);
	}
	look_end(&again);
	return status;
}

/* Turn statistics on, wait, look at the programs before and after. */
static int sample(const struct request *request, struct look *look, struct objects *before)
{
	const struct timespec duration = {.tv_sec = request->sample_seconds};
	struct timespec left = duration;
	uint64_t begun;
	int fd, status;

	fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (fd < 0 && errno == EPERM)
		return engine_refused("--sample");
	if (fd < 0)
		return fail("--sample: statistics cannot be turned on: %s; leave it out",
			    strerror(errno));
	status = objects_gather(WANT_PROGRAMS, before);
	begun = clock_ns(CLOCK_MONOTONIC);
	while (!status && nanosleep(&left, &left) && errno == EINTR)
		;
	if (!status)
		status = look_once(look, request);
	look->audit.before = before;
	look->audit.sample_ns = clock_ns(CLOCK_MONOTONIC) - begun;
	close(fd);
	return status;
}

static int print_report(const struct request *request, struct report *report)
{
	const struct objects *objects = report->audit->objects;
	json_t *document;
	int status;

	if (!request->sarif && !options.json && !options.jsonl) {
		status = print_findings(report);
		for (size_t i = 0; i < objects->nr_left_out && !options.quiet; i++)
			fail("%s", objects->left_out[i]);
		return status;
	}
	document = request->sarif  ? audit_sarif(report)
		   : options.jsonl ? audit_findings(report)
				   : audit_document(report);
	return print_json(document);
}

static int report(const struct request *request, struct audit *audit, time_t begun)
{
	struct report report = {.audit = audit, .selected = request->selected};
	struct tm tm;
	int status;

	if (audit->no_memory)
		return out_of_memory();
	findings_sort(audit);
	if (audit->nr_findings && audit->findings[0].severity >= request->fail_on)
		report.exit_status = FAILED_ON_FINDINGS;
	gmtime_r(&begun, &tm);
	strftime(report.time, sizeof(report.time), "%Y-%m-%dT%H:%M:%SZ", &tm);
	status = print_report(request, &report);
	return status ? status : report.exit_status;
}

static int print_allow_list(void)
{
	struct objects objects = {0};
	int status = objects_gather(WANT_PROGRAMS, &objects);

	if (!status)
		status = allow_list_print(&objects);
	objects_free(&objects);
	return status;
}

static int audit_engine(const struct request *request)
{
	struct objects before = {0};
	struct look look = {0};
	time_t begun = time(NULL);
	int status;

	if (request->print_allow)
		return print_allow_list();
	status = request->sample_seconds ? sample(request, &look, &before)
					 : look_once(&look, request);
	if (!status)
		audit_run(&look.audit, request->selected);
	if (!status && has_to_look_twice(&look.audit))
		status = look_again(&look, request);
	if (!status)
		status = report(request, &look.audit, begun);
	look_end(&look);
	objects_free(&before);
	return status;
}

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

static int read_arguments(const struct arguments *arguments, struct request *request)
{
	const char *path = option_text(arguments, "allow");
	int status;

	request->full_percent = 90;
	request->cpu_percent = 5;
	request->sarif = option_count(arguments, "sarif");
	request->print_allow = option_count(arguments, "print-allow");
	if (request->sarif && (options.json || options.jsonl))
		return usage_error("--sarif is JSON already; leave out --json or --jsonl");
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
	int status;

	if (explain)
		return explain_rule(rule_by_id(explain));
	status = read_arguments(arguments, &request);
	if (!status)
		status = loads_read(&loads, NULL, arguments);
	if (!status)
		status = engine_start();
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

const struct command audit_command = {
	.name = "audit",
	.summary = "find what nobody uses, what others may change, and what is under load",
	.text = "Look at all programs, maps, links and pins of the engine, and report what an "
		"operator should know: objects that nobody uses any more, programs that are not "
		"known, maps that others may write to, pins that any user may open, maps that are "
		"nearly full, programs that take much time. Each finding has a severity (high, "
		"medium, low, note), its evidence and a line for the shell that shows more or "
		"mends it.\n"
		"What cannot be known on an engine is not guessed: rules that need it are listed "
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
		       "wrong line, 3 if there is a finding that --fail-on asks for.",
	.json = true,
	.run = audit,
};
