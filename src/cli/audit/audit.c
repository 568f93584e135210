/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Auditing: look at all objects, let the rules find, look again if a finding might be a
 * coincidence, and report.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "audit/attached.h"
#include "audit/elsewhere.h"
#include "audit/report.h"
#include "audit/request.h"
#include "audit/usage.h"
#include "cli.h"
#include "engine.h"

/*
 * What is being given up is gone after a grace period, that of sleepable programs being the
 * longest; this is several times what one takes on a host that is not overloaded.
 */
static const struct timespec before_second_look = {.tv_nsec = 400000000};

/* One look, and what the rules found by it. */
struct look {
	struct objects objects;
	struct usage usage;
	struct attachments attachments;
	struct elsewhere elsewhere;
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
	if (!err && engine_is_kernel()) {
		elsewhere_find(&look->elsewhere);
		err = attachments_find(&look->attachments, &look->usage);
	}
	return err ? out_of_memory() : 0;
}

static int look_once(struct look *look, const struct request *request)
{
	int status = objects_gather(request->wanted | WANT_INSIDE, &look->objects);

	if (status)
		return status;
	look->audit = (struct audit){
		.objects = &look->objects,
		.on_kernel = engine_is_kernel(),
		.full_percent = request->full_percent,
		.cpu_percent = request->cpu_percent,
		.now_ns = clock_ns(CLOCK_BOOTTIME),
		.allow = request->allow,
		.usage = &look->usage,
		.attachments = &look->attachments,
		.elsewhere = &look->elsewhere,
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

	if (!engine_is_kernel())
		return fail("--sample: the %s engine does not measure programs; leave it out",
			    engine_name());
	fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (fd < 0 && errno == EPERM)
		return engine_refused(DEED_ASK, "--sample");
	if (fd < 0)
		return fail("--sample: statistics cannot be turned on: %s; leave it out",
			    strerror(errno));
	status = objects_gather(WANT_PROGRAMS | WANT_STATISTICS, before);
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

int audit_engine(const struct request *request)
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
