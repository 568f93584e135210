/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek run: load an object, attach its iterator program, read the iterator to its end.
 *
 * Whatever the run made goes with its descriptors: nothing is pinned, nothing is left.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "commands.h"
#include "drain.h"
#include "engine.h"
#include "fill.h"
#include "load.h"
#include "object.h"
#include "object_name.h"

struct run {
	const char *program;
	struct object_name map;
	struct loads loads; /* OBJECT first, then those of --load */
	struct assignment *sets;
	size_t set_count;
};

static int read_arguments(struct run *run, const struct arguments *arguments)
{
	const struct word *program = operand(arguments, 1), *map = option_nth(arguments, "map", 0);
	int status;

	run->program = program ? program->text : NULL;
	status = loads_read(&run->loads, operand(arguments, 0)->text, arguments);
	if (!status && map)
		status = read_object_name("--map", OBJECT_MAP, map, &run->map);
	for (size_t i = 0; i < run->set_count && !status; i++)
		status = read_assignment("--set", option_nth(arguments, "set", i)->text,
					 &run->sets[i]);
	return status;
}

/* PROGRAM, or the only iterator program of OBJECT. */
static int choose_program(const struct run *run, struct bpf_program **chosen)
{
	struct bpf_program *prog;
	char names[256] = "";
	size_t count = 0, used;

	if (run->program)
		*chosen = bpf_object__find_program_by_name(run->loads.objects[0], run->program);
	bpf_object__for_each_program(prog, run->loads.objects[0])
	{
		if (!iterator_target(prog))
			continue;
		if (!run->program)
			*chosen = prog;
		used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", count++ ? ", " : "",
			 bpf_program__name(prog));
	}
	if (!count)
		return fail("%s: no iterator program in it; write one in SEC(\"iter/TARGET\")",
			    run->loads.paths[0]);
	if (!run->program && count > 1)
		return fail("%s: several iterator programs; name one of %s", run->loads.paths[0],
			    names);
	if (!*chosen)
		return fail("%s: no program %s in it; name one of %s", run->loads.paths[0],
			    run->program, names);
	if (!iterator_target(*chosen))
		return fail("%s: program %s is no iterator; name one of %s", run->loads.paths[0],
			    run->program, names);
	return 0;
}

/* Targets that walk one map. */
static bool needs_map(const struct bpf_program *prog)
{
	const char *target = iterator_target(prog);

	return !strcmp(target, "bpf_map_elem") || !strcmp(target, "bpf_sk_storage_map");
}

static int check_map_option(const struct run *run, const struct bpf_program *prog)
{
	if (needs_map(prog) && !run->map.text)
		return fail("%s: program %s walks the elements of one map; name it with --map",
			    run->loads.paths[0], bpf_program__name(prog));
	if (!needs_map(prog) && run->map.text)
		return fail("%s: program %s walks %s, not one map; leave out --map",
			    run->loads.paths[0], bpf_program__name(prog), iterator_target(prog));
	return 0;
}

static int set_variables(const struct run *run)
{
	bool found;
	int status;

	for (size_t i = 0; i < run->set_count; i++) {
		found = false;
		for (size_t o = 0; o < run->loads.count && !found; o++) {
			status = set_variable(run->loads.objects[o], run->sets[i].name,
					      run->sets[i].value, &found);
			if (status)
				return status;
		}
		if (!found)
			return fail("--set %s: no such global variable in %s; give one that it has",
				    run->sets[i].name, run->loads.paths[0]);
	}
	return 0;
}

/* Of the programs of OBJECT only @chosen loads. */
static int load_objects(struct run *run, const struct bpf_program *chosen)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, run->loads.objects[0])
		bpf_program__set_autoload(prog, prog == chosen);
	return loads_load(&run->loads);
}

static int explain_attach(const struct run *run, const struct bpf_program *prog, int map, int err)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	const char *type;

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &len))
		return fail(
			"%s: program %s: cannot be attached: %s; --verbose shows what libbpf said",
			run->loads.paths[0], bpf_program__name(prog), strerror(err));
	type = libbpf_bpf_map_type_str(info.type);
	switch (err) {
	case EINVAL:
		return fail("map %s: %s cannot walk a map of type %s; name another map",
			    run->map.text, iterator_target(prog), type ? type : "unknown");
	case EACCES:
		return fail("map %s: program %s uses more of a key or value than its %u and %u "
			    "bytes; name a map that fits the program",
			    run->map.text, bpf_program__name(prog), info.key_size, info.value_size);
	case EPERM:
		return fail("map %s: program %s writes to values, and the map is read-only or "
			    "frozen; name another map",
			    run->map.text, bpf_program__name(prog));
	default:
		return fail("map %s: program %s cannot be attached: %s; name another map",
			    run->map.text, bpf_program__name(prog), strerror(err));
	}
}

static int walk(const struct run *run, const struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	union bpf_iter_link_info info = {0};
	struct bpf_link *link = NULL;
	int map = -1, iterator = -1, status;

	if (run->map.text) {
		status = open_map(&run->map, run->loads.objects, run->loads.count, &map);
		if (status)
			return status;
		info.map.map_fd = map;
		opts.link_info = &info;
		opts.link_info_len = sizeof(info);
	}
	link = bpf_program__attach_iter(prog, &opts);
	if (!link) {
		status = explain_attach(run, prog, map, errno);
		goto out;
	}
	iterator = bpf_iter_create(bpf_link__fd(link));
	if (iterator < 0) {
		status = fail("program %s: no iterator: %s; --verbose shows what libbpf said",
			      bpf_program__name(prog), strerror(errno));
		goto out;
	}
	status = drain_iterator(iterator, bpf_program__name(prog));
out:
	if (iterator >= 0)
		close(iterator);
	bpf_link__destroy(link);
	if (map >= 0)
		close(map);
	return status;
}

static int run_on_engine(struct run *run)
{
	struct bpf_program *prog = NULL;
	int status;

	status = loads_open(&run->loads);
	if (!status)
		status = choose_program(run, &prog);
	if (!status)
		status = check_map_option(run, prog);
	if (!status)
		status = set_variables(run);
	if (!status)
		status = load_objects(run, prog);
	if (!status)
		status = loads_fill(&run->loads);
	if (!status)
		status = walk(run, prog);
	loads_close(&run->loads);
	return status;
}

static int run(const struct arguments *arguments)
{
	size_t sets = option_count(arguments, "set");
	struct run run = {.sets = calloc(sets + 1, sizeof(*run.sets)), .set_count = sets};
	int status;

	if (!run.sets)
		return fail("out of memory; free some and run it again");
	status = read_arguments(&run, arguments);
	if (!status)
		status = engine_start();
	if (!status) {
		status = run_on_engine(&run);
		engine_stop();
	}
	loads_end(&run.loads);
	free(run.sets);
	return status;
}

static const struct operand operands[] = {
	{.name = "OBJECT", .value = {VALUE_FILE}},
	{.name = "PROGRAM", .value = {VALUE_ITERATOR}, .optional = true},
	{0},
};

static const struct command_option run_options[] = {
	{
		.name = "map",
		.argument = "MAP",
		.value = {VALUE_MAP},
		.help = "the map that a program for bpf_map_elem walks: name NAME, id N or pinned "
			"PATH; one word is a name. Maps of OBJECT and of --load come first, then "
			"those of the engine",
	},
	LOAD_OPTIONS,
	{
		.name = "set",
		.argument = "VAR=VALUE",
		.value = {VALUE_VARIABLE},
		.many = true,
		.help = "a global variable of the program, before it is loaded",
	},
	{0},
};

static const struct example examples[] = {
	{"bpftrek run service.bpf.o --map sessions --fill sessions=@sessions.jsonl",
	 "a program that walks one map, which has the rows of a file"},
	{"bpftrek run service.bpf.o --map sessions --set min_bytes=1000000",
	 "with another value of a global variable"},
	{0},
};

const struct command run_command = {
	.name = "run",
	.summary = "run an iterator program and write what it prints",
	.text = "Load OBJECT (.bpf.o), run its iterator program and write the bytes that it emits "
		"to standard output, and nothing else. PROGRAM may be left out where OBJECT has "
		"only one iterator program. What the run loads is gone when it ends.\n"
		"A program that returns 1 asks to be shown the same object again; one that does so "
		"10,000 times on end without output is given up, as is a walk that says nothing "
		"for ten minutes.",
	.operands = operands,
	.options = run_options,
	.examples = examples,
	.run = run,
};
