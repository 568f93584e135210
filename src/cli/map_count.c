/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek map count: how many elements a map has. Since Linux 6.6 the kernel counts those of hashes
 * itself, and a BPF program can ask it; what nobody counts is counted by reading it.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "engine.h"
#include "load.h"
#include "map_operand.h"
#include "objects/objects.h"

struct count {
	__u32 id;
	__u32 max_entries;
	char name[BPF_OBJ_NAME_LEN];
	unsigned long long elements;
	bool by_reading;
};

static int ask_engine(struct count *count)
{
	struct objects objects;
	const struct map *map;
	int status;

	if (!engine_tells()) {
		count->by_reading = true;
		return 0;
	}
	status = objects_gather(WANT_MAPS, &objects);
	map = status ? NULL : objects_map(&objects, count->id);
	count->by_reading = !map || map->elements == UNKNOWN;
	if (!count->by_reading)
		count->elements = map->elements;
	objects_free(&objects);
	return status;
}

static int print(const struct count *count)
{
	if (!options.json && !options.jsonl) {
		printf("%llu\n", count->elements);
		return finish_output();
	}
	return print_json(json_pack("{s:I, s:s%, s:I, s:I, s:s}", "id", (json_int_t)count->id,
				    "name", count->name, strnlen(count->name, sizeof(count->name)),
				    "max_entries", (json_int_t)count->max_entries, "elements",
				    (json_int_t)count->elements, "counted_by",
				    count->by_reading ? "reading" : "engine"));
}

static int count_elements(struct elements *elements, const char *map)
{
	const struct bpf_map_info *info = &elements->info;
	struct count count = {.id = info->id, .max_entries = info->max_entries};
	int err, status;

	if (elements->only_next)
		return fail("map %s cannot be counted: only what is taken next can be seen of it; "
			    "'bpftrek map dump' shows that",
			    map);
	memcpy(count.name, info->name, sizeof(count.name));
	status = elements->always_full ? 0 : ask_engine(&count);
	if (status)
		return status;
	if (count.by_reading || elements->always_full) {
		err = count_by_reading(elements, &count.elements);
		if (err)
			return elements_failed(elements, map, err);
	}
	return print(&count);
}

static int map_count(const struct arguments *arguments)
{
	struct elements elements;

	return with_map(arguments, "counted", &elements, count_elements);
}

static const struct command_option count_options[] = {LOAD_OPTIONS, {0}};

static const struct example examples[] = {
	{"bpftrek map count sessions --load service.bpf.o --fill sessions=sessions.jsonl",
	 "how many rows a file put into a map"},
	{0},
};

const struct command map_count_command = {
	.name = "count",
	.summary = "print how many elements a map has",
	.text = "Print how many elements MAP has now. The kernel counts those of hashes since "
		"Linux 6.6, and answers at once whatever their size; an array has all that it can "
		"have; what nobody counts is read through. JSON tells which it was, \"engine\" or "
		"\"reading\".",
	.operands = map_operands,
	.options = count_options,
	.examples = examples,
	.see_also = "bpf(2)",
	.json = true,
	.run = map_count,
};
