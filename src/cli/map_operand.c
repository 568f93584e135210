/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Opening the map that a command line names: see map_operand.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "load.h"
#include "map_operand.h"
#include "object_name.h"

struct reading {
	const char *done;
	struct elements *elements;
	int (*use)(struct elements *elements, const char *map);
};

static int read_map(const struct reading *reading, int fd, const char *map)
{
	const char *why = NULL;
	int err;

	err = elements_of(reading->elements, fd, &why);
	if (err == -EOPNOTSUPP)
		return fail("map %s cannot be %s: %s", map, reading->done, why);
	if (err)
		return fail("map %s: %s; --verbose shows what libbpf said", map, strerror(-err));
	return reading->use(reading->elements, map);
}

static int on_engine(const struct reading *reading, struct loads *loads,
		     const struct object_name *name)
{
	int fd, status;

	status = loads_make(loads);
	if (!status)
		status = open_map(name, loads->objects, loads->count, &fd);
	if (!status) {
		status = read_map(reading, fd, name->text);
		close(fd);
	}
	loads_close(loads);
	return status;
}

int with_map(const struct arguments *arguments, const char *done, struct elements *elements,
	     int (*use)(struct elements *elements, const char *map))
{
	const struct reading reading = {.done = done, .elements = elements, .use = use};
	struct object_name name = {0};
	struct loads loads;
	int status;

	status = loads_read(&loads, NULL, arguments);
	if (!status)
		status = read_object_name("map", OBJECT_MAP, operand(arguments, 0), &name);
	if (!status)
		status = engine_start_to_open(loads.count);
	if (!status) {
		status = on_engine(&reading, &loads, &name);
		engine_stop();
	}
	loads_end(&loads);
	return status;
}

const struct operand map_operands[] = {
	{.name = "MAP",
	 .value = {VALUE_MAP},
	 .help = "name NAME, id N or pinned PATH; one word is a name"},
	{0},
};
