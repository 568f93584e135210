/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* --load and --fill: see load.h. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fill.h"
#include "load.h"
#include "object.h"

const char load_help[] =
	"load this one too: its maps and programs exist for as long as the command runs";
const char fill_help[] =
	"put rows into a map of an object that is loaded here; FILE (also @FILE; - is standard "
	"input) has a row on each line:\n"
	"  {\"key\": 1, \"value\": {\"packets\": 7, \"name\": \"eth0\"}}\n"
	"as the map's types say: numbers, true and false, strings for char arrays, lists for "
	"arrays, objects for structs (members that are left out are zero), "
	"members of a union that say the same, names of enum values; or \"0x...\", the bytes "
	"themselves, the only way without types for what is no number";

int read_assignment(const char *option, char *text, struct assignment *assignment)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return usage_error("%s '%s': not NAME=VALUE", option, text);
	*equals = '\0';
	assignment->name = text;
	assignment->value = equals + 1;
	return 0;
}

static int read_fills(struct loads *loads, const struct arguments *arguments)
{
	struct assignment *fill = loads->fills;
	const struct word *word;
	int status = 0;

	for (; !status && (word = option_nth(arguments, "fill", loads->fill_count)); fill++) {
		status = read_assignment("--fill", word->text, fill);
		if (!status && *fill->value == '@')
			fill->value++;
		loads->fill_count++;
	}
	return status;
}

int loads_read(struct loads *loads, const char *first, const struct arguments *arguments)
{
	size_t count = 1 + option_count(arguments, "load");
	const struct word *word;

	memset(loads, 0, sizeof(*loads));
	loads->paths = calloc(count, sizeof(*loads->paths));
	loads->objects = calloc(count, sizeof(struct bpf_object *));
	loads->fills = calloc(1 + option_count(arguments, "fill"), sizeof(*loads->fills));
	if (!loads->paths || !loads->objects || !loads->fills)
		return fail("out of memory; free some and run it again");
	if (first)
		loads->paths[loads->count++] = first;
	for (size_t i = 0; (word = option_nth(arguments, "load", i)); i++)
		loads->paths[loads->count++] = word->text;
	return read_fills(loads, arguments);
}

void loads_end(struct loads *loads)
{
	free(loads->fills);
	free(loads->objects);
	free(loads->paths);
}

int loads_open(struct loads *loads)
{
	int status = 0;

	for (size_t i = 0; i < loads->count && !status; i++)
		status = open_object(loads->paths[i], &loads->objects[i]);
	return status;
}

int loads_load(struct loads *loads)
{
	int status = 0;

	for (size_t i = loads->count; i-- && !status;)
		status = load_object(loads->objects[i], loads->paths[i]);
	return status;
}

int loads_fill(struct loads *loads)
{
	const struct bpf_object *obj;
	struct bpf_map *map;
	int status = 0;

	for (size_t i = 0; i < loads->fill_count && !status; i++) {
		map = NULL;
		for (size_t o = 0; o < loads->count && !map; o++) {
			obj = loads->objects[o];
			map = bpf_object__find_map_by_name(obj, loads->fills[i].name);
		}
		if (!map && !loads->count)
			return fail("--fill %s: no object is loaded; name one that has it with "
				    "--load",
				    loads->fills[i].name);
		if (!map)
			return fail("--fill %s: no such map in %s; name a map of an object that is "
				    "loaded here",
				    loads->fills[i].name, loads->paths[0]);
		status = fill_map(obj, map, loads->fills[i].value);
	}
	return status;
}

int loads_make(struct loads *loads)
{
	int status = loads_open(loads);

	if (!status)
		status = loads_load(loads);
	return status ? status : loads_fill(loads);
}

void loads_close(struct loads *loads)
{
	for (size_t i = 0; i < loads->count; i++)
		bpf_object__close(loads->objects[i]);
}
