/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* bpftrek map dump: what is in a map. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "cli.h"
#include "commands.h"
#include "dump/dump.h"
#include "engine.h"
#include "load.h"
#include "object_name.h"

static const char *const per_cpu_words[] = {
	[EACH_CPU] = "each", [SUM_OF_CPUS] = "sum", [MAX_OF_CPUS] = "max", NULL};

static const char *nth_format(size_t nth)
{
	for (size_t i = 0; formats[i]; i++)
		if (i == nth)
			return formats[i]->name;
	return NULL;
}

static const struct format *choose_format(const struct arguments *arguments)
{
	const char *name = option_text(arguments, "format");

	if (!name && options.jsonl)
		name = "jsonl";
	else if (!name && (options.json || options.pretty))
		name = "json";
	for (size_t i = 0; name && formats[i]; i++)
		if (!strcmp(name, formats[i]->name))
			return formats[i];
	return formats[0];
}

/* What to do with the values of CPUs: what is asked for, else what the format is for. */
static int choose_per_cpu(struct dump *dump, const struct arguments *arguments)
{
	const char *word = option_text(arguments, "percpu");

	dump->per_cpu = dump->format->per_cpu;
	dump->per_cpu_asked = word;
	for (size_t i = 0; word && per_cpu_words[i]; i++)
		if (!strcmp(word, per_cpu_words[i]))
			dump->per_cpu = i;
	if (dump->per_cpu != EACH_CPU && !strcmp(dump->format->name, "raw"))
		return usage_error("--percpu %s: raw bytes are those of each CPU", word);
	return 0;
}

static void note(const char *map, const char *what)
{
	if (!options.quiet)
		fail("map %s: %s", map, what);
}

/* --- Types ------------------------------------------------------------------------------------ */

static void load_types(struct dump *dump, const char *map)
{
	const struct bpf_map_info *info = &dump->elements.info;

	if (info->btf_vmlinux_value_type_id)
		dump->btf = btf__load_vmlinux_btf();
	else if (info->btf_id)
		dump->btf = btf__load_from_kernel_by_id(info->btf_id);
	else
		return;
	if (!dump->btf) {
		note(map, "its types cannot be read, bytes are shown instead; run it as root");
		return;
	}
	dump->value_type = info->btf_vmlinux_value_type_id ? info->btf_vmlinux_value_type_id
							   : info->btf_value_type_id;
	dump->key_type = info->btf_vmlinux_value_type_id ? 0 : info->btf_key_type_id;
}

/* A type that has not the size of what it is said to describe is no help. */
static void check_sizes(struct dump *dump, const char *map)
{
	const struct bpf_map_info *info = &dump->elements.info;

	if (dump->key_type && btf__resolve_size(dump->btf, dump->key_type) != info->key_size) {
		note(map, "the type of its keys has not their size; they are shown as bytes");
		dump->key_type = 0;
	}
	if (dump->value_type &&
	    btf__resolve_size(dump->btf, dump->value_type) != info->value_size) {
		note(map, "the type of its values has not their size; they are shown as bytes");
		dump->value_type = 0;
	}
}

static void release(struct dump *dump)
{
	plan_free(dump->key);
	plan_free(dump->value);
	dump->key = dump->value = NULL;
	columns_free(&dump->columns);
	memset(&dump->columns, 0, sizeof(dump->columns));
}

static int prepare(struct dump *dump, const char *map)
{
	char what[256];
	int err;

	load_types(dump, map);
	check_sizes(dump, map);
	/* Bytes cannot be added up. */
	if (!dump->value_type && !dump->per_cpu_asked)
		dump->per_cpu = EACH_CPU;
	err = dump->format->prepare(dump);
	if (err == -EINVAL) {
		snprintf(what, sizeof(what), "its types are wrong, %s; bytes are shown instead",
			 dump->why);
		note(map, what);
		release(dump);
		dump->key_type = dump->value_type = 0;
		if (!dump->per_cpu_asked)
			dump->per_cpu = EACH_CPU;
		err = dump->format->prepare(dump);
	}
	return err ? fail("map %s: %s; free some and run it again", map, strerror(-err)) : 0;
}

/* --- The command ------------------------------------------------------------------------------ */

static int dump_map(struct dump *dump, int fd, const char *map)
{
	const char *why = NULL;
	int status, err;

	err = elements_of(&dump->elements, fd, &why);
	if (err == -EOPNOTSUPP)
		return fail("map %s: %s; it cannot be dumped", map, why);
	if (err)
		return fail("map %s: %s; --verbose shows what libbpf said", map, strerror(-err));
	if (dump->elements.only_next)
		note(map, "only what is taken next can be seen of it, the rest is behind that");
	status = prepare(dump, map);
	if (!status)
		status = dump_run(dump, map);
	release(dump);
	btf__free(dump->btf);
	return status;
}

static int on_engine(struct dump *dump, struct loads *loads, const struct object_name *name)
{
	int fd, status;

	status = loads_make(loads);
	if (!status)
		status = open_map(name, loads->objects, loads->count, &fd);
	if (!status) {
		status = dump_map(dump, fd, name->text);
		close(fd);
	}
	loads_close(loads);
	return status;
}

static int map_dump(const struct arguments *arguments)
{
	struct dump dump = {.limit = UNLIMITED};
	struct object_name name = {0};
	struct loads loads;
	int status;

	status = loads_read(&loads, NULL, arguments);
	if (!status)
		status = read_object_name("map", OBJECT_MAP, operand(arguments, 0), &name);
	if (!status)
		status = option_number(arguments, "limit", 0, &dump.limit);
	dump.format = choose_format(arguments);
	dump.pretty = options.pretty && !strcmp(dump.format->name, "json");
	if (!status)
		status = choose_per_cpu(&dump, arguments);
	if (!status)
		status = engine_start_to_look(loads.count);
	if (!status) {
		status = on_engine(&dump, &loads, &name);
		engine_stop();
	}
	loads_end(&loads);
	return status;
}

static const struct operand operands[] = {
	{.name = "MAP",
	 .value = {VALUE_MAP},
	 .help = "name NAME, id N or pinned PATH; one word is a name"},
	{0},
};

static const struct command_option dump_options[] = {
	{
		.name = "format",
		.argument = "FORMAT",
		.value = {VALUE_WORD, .nth_word = nth_format},
		.help = "table (the default), json, jsonl (what --fill reads), csv, or raw: the "
			"bytes of each key and value, one after the other, no types",
	},
	{
		.name = "percpu",
		.argument = "HOW",
		.value = {VALUE_WORD, per_cpu_words},
		.help = "values that each CPU has its own of: each of them, the sum of the numbers "
			"in them, or the max. A table and CSV have the sum unless asked, the rest "
			"each",
	},
	{.name = "limit", .argument = "N", .help = "stop after N elements"},
	LOAD_OPTIONS,
	{0},
};

static const struct example examples[] = {
	{"bpftrek map dump sessions --load service.bpf.o --fill sessions=@sessions.jsonl",
	 "a map of an object, with the rows of a file in it"},
	{0},
};

const struct command map_dump_command = {
	.name = "dump",
	.summary = "print what is in a map",
	.text = "Print the keys and values of MAP as its types (BTF) say: structs, enums by name, "
		"strings where arrays of char are some; bytes and numbers where it has no types.\n",
	.operands = operands,
	.options = dump_options,
	.examples = examples,
	.json = true,
	.run = map_dump,
};
