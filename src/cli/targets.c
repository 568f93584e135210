/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek targets: what the engine can iterate over.
 *
 * The engine's types say it: a target T is a function bpf_iter_T, whose parameters are what a
 * program's context struct bpf_iter__T holds. Both are there for a target, and only for a target.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "commands.h"
#include "engine.h"

struct declaration {
	char text[256];
};

static void append(void *ctx, const char *format, va_list args)
{
	struct declaration *declaration = ctx;
	size_t len = strlen(declaration->text);

	vsnprintf(declaration->text + len, sizeof(declaration->text) - len, format, args);
}

/* "struct bpf_map *map"; without a name, the type alone. */
static void declare(struct btf_dump *dump, struct declaration *declaration, __u32 type,
		    const char *name)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = name);

	declaration->text[0] = '\0';
	btf_dump__emit_type_decl(dump, type, &opts);
}

/* The target that function @t is for, or NULL. */
static const char *target_of(const struct btf *btf, const struct btf_type *t)
{
	static const char prefix[] = "bpf_iter_";
	const char *name;
	char context[160];

	if (!btf_is_func(t))
		return NULL;
	name = btf__name_by_offset(btf, t->name_off);
	if (strncmp(name, prefix, sizeof(prefix) - 1))
		return NULL;
	name += sizeof(prefix) - 1;
	snprintf(context, sizeof(context), "bpf_iter__%s", name);
	return btf__find_by_name_kind(btf, context, BTF_KIND_STRUCT) > 0 ? name : NULL;
}

static json_t *describe(const struct btf *btf, struct btf_dump *dump,
			struct declaration *declaration, const struct btf_type *func,
			const char *target)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	json_t *arguments = json_array();

	for (int i = 0; i < btf_vlen(proto); i++) {
		const struct btf_param *param = &btf_params(proto)[i];
		const char *name = btf__name_by_offset(btf, param->name_off);

		if (!strcmp(name, "meta"))
			continue;
		declare(dump, declaration, param->type, "");
		json_array_append_new(arguments, json_pack("{s:s, s:s}", "name", name, "type",
							   declaration->text));
	}
	return json_pack("{s:s, s:s+, s:o}", "target", target, "context", "struct bpf_iter__",
			 target, "arguments", arguments);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(json_string_value(json_object_get(*(json_t *const *)a, "target")),
		      json_string_value(json_object_get(*(json_t *const *)b, "target")));
}

/* The targets, sorted by name; NULL without memory. */
static json_t *list_targets(const struct btf *btf)
{
	struct declaration declaration;
	struct btf_dump *dump = btf_dump__new(btf, append, &declaration, NULL);
	json_t *sorted = json_array(), **found = NULL, **larger;
	const struct btf_type *t;
	const char *target;
	size_t count = 0;

	for (__u32 id = 1; dump && id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		target = target_of(btf, t);
		if (!target)
			continue;
		larger = reallocarray(found, count + 1, sizeof(*found));
		if (!larger)
			break;
		found = larger;
		found[count] = describe(btf, dump, &declaration, t, target);
		count += found[count] != NULL;
	}
	if (count)
		qsort(found, count, sizeof(*found), by_name);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(sorted, found[i]);
	free(found);
	btf_dump__free(dump);
	return sorted;
}

static int print_table(json_t *list)
{
	size_t width = strlen("TARGET"), len, i, n;
	json_t *target, *argument;
	const char *type;

	json_array_foreach (list, i, target) {
		len = json_string_length(json_object_get(target, "target"));
		width = len > width ? len : width;
	}
	if (!options.quiet)
		printf("%-*s  CONTEXT\n", (int)width, "TARGET");
	json_array_foreach (list, i, target) {
		printf("%-*s ", (int)width, json_string_value(json_object_get(target, "target")));
		json_array_foreach (json_object_get(target, "arguments"), n, argument) {
			type = json_string_value(json_object_get(argument, "type"));
			printf("%s %s%s%s", n ? "," : "", type,
			       type[strlen(type) - 1] == '*' ? "" : " ",
			       json_string_value(json_object_get(argument, "name")));
		}
		putchar('\n');
	}
	json_decref(list);
	return finish_output();
}

static int list(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	json_t *targets;

	if (!btf)
		return fail("%s engine: its types cannot be read: %s; use --on embedded",
			    engine_name(), strerror(errno));
	targets = list_targets(btf);
	btf__free(btf);
	return options.json || options.jsonl ? print_json(targets) : print_table(targets);
}

static int targets(const struct arguments *arguments)
{
	int status = engine_start();

	if (status)
		return status;
	status = list();
	engine_stop();
	return status;
}

const struct command targets_command = {
	.name = "targets",
	.summary = "list what can be iterated over, with the context that a program gets",
	.text = "List the iterator targets of the engine. A program for target T is in section "
		"SEC(\"iter/T\") and gets a struct bpf_iter__T, which holds `meta` and what the "
		"table shows.",
	.examples = (const struct example[]){{"bpftrek targets", "the targets, as a table"},
					     {"bpftrek --on embedded --json targets",
					      "those of the embedded engine, as JSON"},
					     {0}},
	.json = true,
	.run = targets,
};
