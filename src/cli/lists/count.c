/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Counting by reading: see count.h. It takes as long as a dump, so it is done only where somebody
 * asks for it; and what comes or goes meanwhile may be counted or not, so the number has a mark.
 */
#include <linux/bpf.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "cli.h"
#include "count.h"
#include "dump/elements.h"

static void count_elements(struct map *map)
{
	struct elements elements;
	unsigned long long count;
	const char *why;
	int fd;

	if (map_is_emptied(map))
		return;
	fd = bpf_map_get_fd_by_id(map->id);
	if (fd < 0)
		return;
	if (!elements_of(&elements, fd, &why) && !elements.only_next &&
	    !count_by_reading(&elements, &count)) {
		map->elements = count;
		map->counted_by_reading = true;
	}
	close(fd);
}

void count_unknown_elements(struct objects *objects, const struct rows *rows)
{
	const struct map *map;

	for (size_t i = 0; i < rows->nr; i++) {
		map = rows->objects[i];
		if (map->elements == UNKNOWN)
			count_elements(&objects->maps[map - objects->maps]);
	}
}

void remark_on_uncounted(const struct objects *objects, const struct rows *rows)
{
	const struct map *map;
	size_t nr = 0;

	if (objects->missing & WANT_ELEMENTS)
		return; /* why has been said */
	for (size_t i = 0; i < rows->nr; i++) {
		map = rows->objects[i];
		nr += map->type == BPF_MAP_TYPE_HASH && map->elements == UNKNOWN;
	}
	if (nr)
		remark("elements of %zu hash%s: left out: this kernel does not count them (Linux "
		       "6.6 does); name the column (--columns +elements) to have them read",
		       nr, nr > 1 ? "es" : "");
}
