/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Findings as SARIF 2.1.0 (OASIS, 2020): one run, whose rules are those that were selected. An
 * object is a logical location; the pin that a finding is about, if there is one, the physical
 * one. A rule that was not checked is a notification of the invocation. Section numbers are those
 * of the standard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpftrek/runtime.h>

#include "audit/report.h"
#include "audit/words.h"
#include "engine.h"

/* 3.27.10 */
static const char *const levels[NR_SEVERITIES] = {"note", "warning", "warning", "error"};

/* 3.49 */
static json_t *rule_descriptor(const struct rule *rule)
{
	return json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}", "id", rule->id,
			 "shortDescription", "text", rule->title, "fullDescription", "text",
			 rule->meaning, "help", "text", rule->remedy, "defaultConfiguration",
			 "level", levels[rule->severity], "properties", "severity",
			 severity_names[rule->severity]);
}

static size_t rule_index(const struct report *report, const struct rule *rule)
{
	size_t i = 0;

	while (report->selected[i] != rule)
		i++;
	return i;
}

/* 3.28 and 3.33 */
static json_t *location(const struct finding *f)
{
	json_t *location;
	char full[64], *uri;

	snprintf(full, sizeof(full), "%s/%s/%u", engine_name(), object_kind_names[f->kind], f->id);
	location = json_pack("{s:[{s:s, s:s, s:s}]}", "logicalLocations", "name",
			     *f->name ? f->name : full, "fullyQualifiedName", full, "kind",
			     "resource");
	if (f->path) {
		uri = file_uri(f->path);
		json_object_set_new(
			location, "physicalLocation",
			json_pack("{s:{s:s}}", "artifactLocation", "uri", uri ? uri : ""));
		free(uri);
	}
	return location;
}

/* What makes it the same finding in another run; ids are given anew to what is loaded anew. */
static json_t *fingerprint(const struct finding *f)
{
	char *uri = f->path ? file_uri(f->path) : NULL, *text;
	json_t *value;
	int len;

	len = uri ? asprintf(&text, "%s/%s/%s", object_kind_names[f->kind], f->name, uri)
		  : asprintf(&text, "%s/%s/%u", object_kind_names[f->kind], f->name, f->id);
	free(uri);
	if (len < 0)
		return NULL;
	value = json_pack("{s:s}", "object/v1", text);
	free(text);
	return value;
}

/*
 * 3.11: in a message, brackets make links and braces placeholders, and names may hold them. The
 * caller's to free.
 */
static char *message_text(const struct finding *f)
{
	char *plain, *text = NULL, *to;

	if (asprintf(&plain, "%s %u%s%s: %s", object_kind_names[f->kind], f->id,
		     *f->name ? " " : "", f->name, f->text) < 0)
		return NULL;
	to = text = malloc(2 * strlen(plain) + 1);
	for (const char *c = plain; text && *c; c++) {
		if (*c == '[' || *c == ']' || *c == '\\')
			*to++ = '\\';
		else if (*c == '{' || *c == '}')
			*to++ = *c;
		*to++ = *c;
	}
	if (text)
		*to = '\0';
	free(plain);
	return text;
}

/* 3.27 */
static json_t *result(const struct report *report, const struct finding *f)
{
	json_t *properties = json_pack("{s:s, s:O}", "severity", severity_names[f->severity],
				       "evidence", f->evidence);
	char *text = message_text(f);
	json_t *result;

	if (f->command)
		json_object_set_new(properties, "command", json_string(f->command));
	result = json_pack("{s:s, s:I, s:s, s:{s:s}, s:[o], s:o, s:o}", "ruleId", f->rule->id,
			   "ruleIndex", (json_int_t)rule_index(report, f->rule), "level",
			   levels[f->severity], "message", "text", text ? text : "", "locations",
			   location(f), "partialFingerprints", fingerprint(f), "properties",
			   properties);
	free(text);
	return result;
}

/* 3.58: a rule that was not checked. */
static json_t *not_checked(const struct report *report, const struct rule *rule, const char *reason)
{
	return json_pack("{s:s, s:{s:s+}, s:{s:s, s:I}}", "level", "note", "message", "text",
			 "not checked: ", reason, "associatedRule", "id", rule->id, "index",
			 (json_int_t)rule_index(report, rule));
}

/* 3.20 */
static json_t *invocation(const struct report *report)
{
	const struct objects *objects = report->audit->objects;
	json_t *rules_left_out = json_array(), *left_out = json_array();
	const char *reason;
	char *line;

	for (const struct rule *const *rule = report->selected; *rule; rule++) {
		reason = rule_not_checked(report->audit, *rule);
		if (reason)
			json_array_append_new(rules_left_out, not_checked(report, *rule, reason));
	}
	for (size_t i = 0; i < objects->nr_left_out; i++) {
		line = escaped(objects->left_out[i]);
		json_array_append_new(left_out, json_pack("{s:s, s:{s:s}}", "level", "note",
							  "message", "text", line ? line : ""));
		free(line);
	}
	return json_pack("{s:b, s:i, s:s, s:o, s:o}", "executionSuccessful", 1, "exitCode",
			 report->exit_status, "startTimeUtc", report->time,
			 "toolConfigurationNotifications", rules_left_out,
			 "toolExecutionNotifications", left_out);
}

json_t *audit_sarif(const struct report *report)
{
	json_t *results = json_array(), *descriptors = json_array();

	for (const struct rule *const *rule = report->selected; *rule; rule++)
		json_array_append_new(descriptors, rule_descriptor(*rule));
	for (size_t i = 0; i < report->audit->nr_findings; i++)
		if (json_array_append_new(results, result(report, &report->audit->findings[i]))) {
			json_decref(results);
			json_decref(descriptors);
			return NULL;
		}
	return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[o], s:o}]}", "$schema",
			 "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
			 "sarif-schema-2.1.0.json",
			 "version", "2.1.0", "runs", "tool", "driver", "name", "bpftrek",
			 "semanticVersion", trek_version(), "rules", descriptors, "invocations",
			 invocation(report), "results", results);
}
