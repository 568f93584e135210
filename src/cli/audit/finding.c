/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Findings: reporting them, their order, and which of them a second look confirms. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/finding.h"
#include "audit/words.h"

const char *const severity_names[NR_SEVERITIES] = {"note", "low", "medium", "high"};

const struct rule *rule_by_id(const char *id)
{
	for (const struct rule *const *rule = rules; *rule; rule++)
		if (!strcmp((*rule)->id, id))
			return *rule;
	return NULL;
}

static const char *object_name(const struct objects *objects, enum object_kind kind, __u32 id)
{
	const struct program *program;
	const struct map *map;
	const struct link *link;
	const struct btf_object *btf;

	switch (kind) {
	case OBJECT_PROGRAM:
		program = objects_program(objects, id);
		return program ? program->name : NULL;
	case OBJECT_MAP:
		map = objects_map(objects, id);
		return map ? map->name : NULL;
	case OBJECT_LINK:
		link = objects_link(objects, id);
		return link ? link_type_name(link->type) : NULL;
	case OBJECT_BTF:
		btf = objects_btf(objects, id);
		return btf ? btf->name : NULL;
	default:
		return NULL;
	}
}

static bool make_room(struct audit *audit)
{
	const size_t room = audit->room ? 2 * audit->room : 16;
	struct finding *more;

	if (audit->nr_findings < audit->room)
		return true;
	more = reallocarray(audit->findings, room, sizeof(*more));
	if (!more)
		return false;
	audit->findings = more;
	audit->room = room;
	return true;
}

struct finding *found(struct audit *audit, enum severity severity, enum object_kind kind, __u32 id)
{
	struct finding *finding = NULL;

	if (make_room(audit)) {
		finding = &audit->findings[audit->nr_findings];
		*finding = (struct finding){
			.rule = audit->rule,
			.severity = severity,
			.kind = kind,
			.id = id,
			.name = escaped(object_name(audit->objects, kind, id)),
			.evidence = json_object(),
		};
		audit->nr_findings++;
	}
	if (!finding || !finding->name || !finding->evidence)
		audit->no_memory = true;
	return finding;
}

static void print_into(struct audit *audit, char **text, const char *format, va_list args)
{
	free(*text);
	if (vasprintf(text, format, args) < 0) {
		*text = NULL;
		audit->no_memory = true;
	}
}

void finding_says(struct audit *audit, struct finding *finding, const char *format, ...)
{
	va_list args;

	if (!finding)
		return;
	va_start(args, format);
	print_into(audit, &finding->text, format, args);
	va_end(args);
}

void finding_command(struct audit *audit, struct finding *finding, const char *format, ...)
{
	va_list args;

	if (!finding)
		return;
	va_start(args, format);
	print_into(audit, &finding->command, format, args);
	va_end(args);
}

void finding_path(struct audit *audit, struct finding *finding, const char *path)
{
	if (!finding)
		return;
	free(finding->path);
	finding->path = strdup(path);
	if (!finding->path)
		audit->no_memory = true;
}

void evidence_json(struct audit *audit, struct finding *finding, const char *name, json_t *value)
{
	if (!finding)
		json_decref(value);
	else if (json_object_set_new(finding->evidence, name, value))
		audit->no_memory = true;
}

void evidence_number(struct audit *audit, struct finding *finding, const char *name, uint64_t value)
{
	/* A JSON integer of jansson is signed; what is beyond no counter of a host reaches. */
	evidence_json(audit, finding, name,
		      value == UNKNOWN ? json_null() : json_integer((json_int_t)value));
}

void evidence_text(struct audit *audit, struct finding *finding, const char *name,
		   const char *value)
{
	char *text = escaped(value);

	evidence_json(audit, finding, name, text ? json_string(text) : NULL);
	free(text);
}

json_t *referring_ids(const struct objects *objects, enum object_kind kind, __u32 id,
		      enum object_kind from)
{
	const struct reference *references;
	json_t *ids = json_array();
	size_t nr;

	references = objects_references(objects, kind, id, &nr);
	for (size_t i = 0; i < nr; i++)
		if (references[i].from == from &&
		    json_array_append_new(ids, json_integer(references[i].from_id)))
			break;
	return ids;
}

json_t *pin_paths(const struct objects *objects, enum object_kind kind, __u32 id)
{
	const struct pin *pins;
	json_t *paths = json_array();
	char *path;
	size_t nr;

	pins = objects_pins(objects, kind, id, &nr);
	for (size_t i = 0; i < nr; i++) {
		path = escaped(pins[i].path);
		json_array_append_new(paths, path ? json_string(path) : NULL);
		free(path);
	}
	return paths;
}

static const struct {
	unsigned int wanted;
	const char *reason;
} missing_reasons[] = {
	{WANT_HOLDERS, "which processes hold an object cannot be found out on this engine"},
	{WANT_PINS, "where objects are pinned cannot be found out on this engine"},
	{WANT_ELEMENTS, "how many elements maps have cannot be found out on this engine"},
	{WANT_LINK_INFO, "what links are attached to cannot be found out on this engine"},
	{WANT_STATISTICS, "how often programs run cannot be found out on this engine"},
	{WANT_HELD_BY_MAPS, "what maps of maps and of programs hold cannot be read"},
	{WANT_PROGRAMS | WANT_MAPS | WANT_LINKS | WANT_BTFS, "not all objects can be listed"},
};

const char *rule_not_checked(const struct audit *audit, const struct rule *rule)
{
	const unsigned int missing = audit->objects->missing & rule->wanted;

	for (size_t i = 0; i < sizeof(missing_reasons) / sizeof(missing_reasons[0]); i++)
		if (missing & missing_reasons[i].wanted)
			return missing_reasons[i].reason;
	return rule->not_checked ? rule->not_checked(audit) : NULL;
}

static void rule_run(struct audit *audit, const struct rule *rule)
{
	const struct objects *objects = audit->objects;

	if (rule->applies && !rule->applies(objects))
		return;
	audit->rule = rule;
	for (size_t i = 0; rule->look_at_program && i < objects->nr_programs; i++)
		rule->look_at_program(audit, &objects->programs[i]);
	for (size_t i = 0; rule->look_at_map && i < objects->nr_maps; i++)
		rule->look_at_map(audit, &objects->maps[i]);
	for (size_t i = 0; rule->look_at_link && i < objects->nr_links; i++)
		rule->look_at_link(audit, &objects->links[i]);
	for (size_t i = 0; rule->look_at_pin && i < objects->nr_pins; i++)
		rule->look_at_pin(audit, &objects->pins[i]);
}

void audit_run(struct audit *audit, const struct rule *const *selected)
{
	for (; *selected && !audit->no_memory; selected++)
		if (!rule_not_checked(audit, *selected))
			rule_run(audit, *selected);
}

static int compare_path(const struct finding *a, const struct finding *b)
{
	return strcmp(a->path ? a->path : "", b->path ? b->path : "");
}

static int by_gravity(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->rule != b->rule)
		return strcmp(a->rule->id, b->rule->id);
	return compare_path(a, b);
}

void findings_sort(struct audit *audit)
{
	if (audit->nr_findings)
		qsort(audit->findings, audit->nr_findings, sizeof(*audit->findings), by_gravity);
}

static void finding_free(struct finding *finding)
{
	free(finding->name);
	free(finding->path);
	free(finding->text);
	free(finding->command);
	json_decref(finding->evidence);
}

static int by_object(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;

	if (a->rule != b->rule)
		return strcmp(a->rule->id, b->rule->id);
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return compare_path(a, b);
}

void findings_confirm(struct audit *audit, struct audit *again)
{
	const size_t nr = again->nr_findings;
	struct finding *f;
	size_t kept = 0;

	if (nr)
		qsort(again->findings, nr, sizeof(*f), by_object);
	for (f = audit->findings; f < audit->findings + audit->nr_findings; f++) {
		if (!f->rule->look_twice ||
		    (nr && bsearch(f, again->findings, nr, sizeof(*f), by_object)))
			audit->findings[kept++] = *f;
		else
			finding_free(f);
	}
	audit->nr_findings = kept;
}

void audit_clear(struct audit *audit)
{
	for (size_t i = 0; i < audit->nr_findings; i++)
		finding_free(&audit->findings[i]);
	free(audit->findings);
	audit->findings = NULL;
	audit->nr_findings = audit->room = 0;
}
