/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Findings as JSON: what was looked at, what was found, and what was not looked at and why. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <bpftrek/runtime.h>

#include "audit/report.h"
#include "audit/words.h"
#include "engine.h"

static json_t *finding_json(const struct finding *f)
{
	json_t *finding =
		json_pack("{s:s, s:s, s:s, s:I, s:s}", "severity", severity_names[f->severity],
			  "rule", f->rule->id, "kind", object_kind_names[f->kind], "id",
			  (json_int_t)f->id, "name", f->name);

	json_object_set_new(finding, "message", json_string(f->text));
	json_object_set(finding, "evidence", f->evidence);
	if (f->command)
		json_object_set_new(finding, "command", json_string(f->command));
	return finding;
}

json_t *audit_findings(const struct report *report)
{
	const struct audit *audit = report->audit;
	json_t *findings = json_array();

	for (size_t i = 0; i < audit->nr_findings; i++)
		if (json_array_append_new(findings, finding_json(&audit->findings[i]))) {
			json_decref(findings);
			return NULL;
		}
	return findings;
}

static json_t *rules_json(const struct report *report)
{
	json_t *all = json_array(), *entry;
	const char *reason;
	size_t nr;

	for (const struct rule *const *rule = report->selected; *rule; rule++) {
		nr = 0;
		for (size_t i = 0; i < report->audit->nr_findings; i++)
			nr += report->audit->findings[i].rule == *rule;
		reason = rule_not_checked(report->audit, *rule);
		entry = json_pack("{s:s, s:s, s:s, s:b}", "id", (*rule)->id, "severity",
				  severity_names[(*rule)->severity], "title", (*rule)->title,
				  "checked", !reason);
		if (reason)
			json_object_set_new(entry, "not_checked", json_string(reason));
		else
			json_object_set_new(entry, "findings", json_integer(nr));
		json_array_append_new(all, entry);
	}
	return all;
}

json_t *audit_document(const struct report *report)
{
	const struct objects *objects = report->audit->objects;
	json_t *document, *left_out = json_array();
	json_t *findings = audit_findings(report);
	struct utsname host;
	char *line;

	if (!findings) {
		json_decref(left_out);
		return NULL;
	}

	document = json_pack("{s:s, s:s, s:s}", "bpftrek", trek_version(), "engine", engine_name(),
			     "time", report->time);
	if (report->audit->on_kernel && !uname(&host))
		json_object_set_new(document, "kernel", json_string(host.release));
	json_object_set_new(
		document, "looked_at",
		json_pack("{s:I, s:I, s:I, s:I}", "programs", (json_int_t)objects->nr_programs,
			  "maps", (json_int_t)objects->nr_maps, "links",
			  (json_int_t)objects->nr_links, "pins", (json_int_t)objects->nr_pins));
	for (size_t i = 0; i < objects->nr_left_out; i++) {
		line = escaped(objects->left_out[i]);
		json_array_append_new(left_out, json_string(line ? line : ""));
		free(line);
	}
	json_object_set_new(document, "rules", rules_json(report));
	json_object_set_new(document, "findings", findings);
	json_object_set_new(document, "left_out", left_out);
	return document;
}
