/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* --load and --fill: see load.h. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fill.h"
#include "load.h"
#include "object.h"

int loads_begin(struct loads *loads, int argc)
{
	memset(loads, 0, sizeof(*loads));
	loads->paths = calloc(argc + 1, sizeof(*loads->paths));
	loads->objects = calloc(argc + 1, sizeof(struct bpf_object *));
	loads->fills = calloc(argc + 1, sizeof(*loads->fills));
	if (!loads->paths || !loads->objects || !loads->fills)
		return fail("out of memory; free some and run it again");
	return 0;
}

void loads_end(struct loads *loads)
{
	free(loads->fills);
	free(loads->objects);
	free(loads->paths);
}

int read_assignment(const char *command, const char *option, char *text,
		    struct assignment *assignment)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return usage_error(command, "%s '%s': not NAME=VALUE", option, text);
	*equals = '\0';
	assignment->name = text;
	assignment->value = equals + 1;
	return 0;
}

void loads_add(struct loads *loads, const char *path)
{
	loads->paths[loads->count++] = path;
}

void loads_add_first(struct loads *loads, const char *path)
{
	memmove(loads->paths + 1, loads->paths, loads->count * sizeof(*loads->paths));
	loads->paths[0] = path;
	loads->count++;
}

int loads_add_fill(struct loads *loads, const char *command, char *text)
{
	struct assignment *fill = &loads->fills[loads->fill_count++];
	int status;

	status = read_assignment(command, "--fill", text, fill);
	if (!status && *fill->value == '@')
		fill->value++;
	return status;
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
