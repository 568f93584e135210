/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Objects that are made up, and a rule that looks at them: see world.h. */
#include <stdlib.h>
#include <sys/stat.h>

#include "cli.h"
#include "world.h"

#undef fail /* cmocka's; the command has one, too */

char said[256];

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	return 1;
}

int finish_output(void)
{
	return 0;
}

void world_begin(struct world *w)
{
	*w = (struct world){
		.objects = {.programs = w->programs,
			    .maps = w->maps,
			    .links = w->links,
			    .references = w->references,
			    .holders = w->holders,
			    .pins = w->pins},
		.audit = {.objects = &w->objects,
			  .on_kernel = true,
			  .full_percent = 90,
			  .cpu_percent = 5,
			  .now_ns = 10000000000,
			  .usage = &w->usage,
			  .attachments = &w->attachments,
			  .elsewhere = &w->elsewhere},
	};
}

void world_end(struct world *w)
{
	audit_clear(&w->audit);
	usage_end(&w->usage);
	attachments_end(&w->attachments);
}

struct program *add_program(struct world *w, __u32 id, __u32 type, __u64 refcnt)
{
	struct program *p = &w->programs[w->objects.nr_programs++];

	assert_true(w->objects.nr_programs <= MOST);
	*p = (struct program){.id = id,
			      .type = type,
			      .name = "p",
			      .refcnt = refcnt,
			      .jited = true,
			      .load_time = 1000000000};
	return p;
}

struct map *add_map(struct world *w, __u32 id, __u32 type, __u64 refcnt)
{
	struct map *m = &w->maps[w->objects.nr_maps++];

	assert_true(w->objects.nr_maps <= MOST);
	*m = (struct map){.id = id,
			  .type = type,
			  .name = "m",
			  .refcnt = refcnt,
			  .max_entries = 100,
			  .elements = UNKNOWN};
	return m;
}

void refer(struct world *w, enum object_kind from, __u32 from_id, enum object_kind to, __u32 to_id,
	   enum reference_reason why)
{
	struct reference *r = &w->references[w->objects.nr_references++];

	assert_true(w->objects.nr_references <= MOST);
	*r = (struct reference){
		.from = from, .from_id = from_id, .to = to, .to_id = to_id, .why = why};
}

void hold(struct world *w, enum object_kind kind, __u32 id, __u32 pid)
{
	struct holder *h = &w->holders[w->objects.nr_holders++];

	assert_true(w->objects.nr_holders <= MOST);
	*h = (struct holder){.kind = kind, .id = id, .pid = pid, .fds = 1, .comm = "agent"};
}

void pin_at(struct world *w, enum object_kind kind, __u32 id, const char *path, mode_t mode)
{
	struct pin *p = &w->pins[w->objects.nr_pins++];

	assert_true(w->objects.nr_pins <= MOST);
	*p = (struct pin){.kind = kind, .id = id, .path = path, .mode = S_IFREG | mode};
}

static int by_target(const void *x, const void *y)
{
	const struct reference *a = x, *b = y;

	return a->to != b->to ? (int)a->to - (int)b->to : (int)a->to_id - (int)b->to_id;
}

static int by_pinned(const void *x, const void *y)
{
	const struct pin *a = x, *b = y;

	return a->kind != b->kind ? (int)a->kind - (int)b->kind : (int)a->id - (int)b->id;
}

void run(struct world *w, const struct rule *rule)
{
	const struct rule *const selected[] = {rule, NULL};

	qsort(w->references, w->objects.nr_references, sizeof(w->references[0]), by_target);
	qsort(w->pins, w->objects.nr_pins, sizeof(w->pins[0]), by_pinned);
	audit_clear(&w->audit);
	usage_end(&w->usage);
	assert_int_equal(usage_find(&w->usage, &w->objects), 0);
	for (size_t i = 0; i < w->attachments.nr; i++)
		usage_attached(&w->usage, w->attachments.prog_ids[i]);
	audit_run(&w->audit, selected);
	findings_sort(&w->audit);
	assert_false(w->audit.no_memory);
	for (size_t i = 0; i < w->audit.nr_findings; i++) {
		assert_non_null(w->audit.findings[i].text);
		assert_non_null(w->audit.findings[i].command);
		assert_true(w->audit.findings[i].severity <= rule->severity);
	}
}

const struct finding *blamed(const struct world *w, enum object_kind kind, __u32 id)
{
	const struct finding *f = w->audit.findings;

	for (; f < w->audit.findings + w->audit.nr_findings; f++)
		if (f->kind == kind && f->id == id)
			return f;
	return NULL;
}

const struct finding *only_finding(const struct world *w, enum object_kind kind, __u32 id,
				   enum severity severity)
{
	assert_int_equal(w->audit.nr_findings, 1);
	assert_non_null(blamed(w, kind, id));
	assert_int_equal(w->audit.findings[0].severity, severity);
	return &w->audit.findings[0];
}

json_int_t number(const struct finding *f, const char *name)
{
	const json_t *value = json_object_get(f->evidence, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}
