/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Taking a look: each sort of objects in the first way that works, then what hangs on them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "cli.h"
#include "engine.h"
#include "look.h"
#include "references.h"

static const struct {
	unsigned int wanted;
	const char *name;
} sorts[NR_SORTS] = {
	[SORT_PROGRAMS] = {WANT_PROGRAMS, "programs"},
	[SORT_MAPS] = {WANT_MAPS, "maps"},
	[SORT_LINKS] = {WANT_LINKS, "links"},
};

static int out_of_memory(void)
{
	return fail("objects: out of memory; free some and run it again");
}

static int cannot_read(const char *what, int err)
{
	if (err == -EPERM || err == -EACCES)
		return engine_refused(what);
	return fail("%s: %s on the %s engine; --verbose shows what libbpf said", what,
		    strerror(-err), engine_name());
}

/* What a way has put there before it failed is not counted twice. */
static void forget(struct look *look, enum sort sort)
{
	size_t *const counts[NR_SORTS] = {
		[SORT_PROGRAMS] = &look->objects->nr_programs,
		[SORT_MAPS] = &look->objects->nr_maps,
		[SORT_LINKS] = &look->objects->nr_links,
	};

	*counts[sort] = 0;
	look->used = 0;
	look->program = NULL;
}

static int read_sort(struct look *look, enum sort sort)
{
	static const struct way *const kernel_ways[] = {&light_way, &skeleton_way, &syscall_way,
							NULL};
	static const struct way *const other_ways[] = {&skeleton_way, &syscall_way, NULL};
	const struct way *const *way = engine_is_kernel() ? kernel_ways : other_ways;
	int err;

	do {
		forget(look, sort);
		err = (*way)->read(look, sort);
	} while (err && err != -ENOMEM && *++way);
	if (err)
		return err == -ENOMEM ? out_of_memory() : cannot_read(sorts[sort].name, err);
	return 0;
}

/* Every sort of object begins with its id. */
static int by_id(const void *a, const void *b)
{
	const __u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return (x > y) - (x < y);
}

static void sort_by_id(void *array, size_t nr, size_t size)
{
	if (nr)
		qsort(array, nr, size, by_id);
}

static unsigned long long nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static bool statistics_are_on(void)
{
	int fd = engine_is_kernel() ? open("/proc/sys/kernel/bpf_stats_enabled", O_RDONLY) : -1;
	char first = '0';

	if (fd < 0)
		return false;
	if (read(fd, &first, 1) != 1)
		first = '0';
	close(fd);
	return first != '0';
}

static int gather(unsigned int wanted, struct look *look)
{
	struct objects *objects = look->objects;
	int status = 0;

	for (enum sort sort = 0; sort < NR_SORTS && !status; sort++)
		if (wanted & sorts[sort].wanted)
			status = read_sort(look, sort);
	if (status)
		return status;
	sort_by_id(objects->programs, objects->nr_programs, sizeof(*objects->programs));
	sort_by_id(objects->maps, objects->nr_maps, sizeof(*objects->maps));
	sort_by_id(objects->links, objects->nr_links, sizeof(*objects->links));
	return references_find(look) ? out_of_memory() : 0;
}

int objects_gather(unsigned int wanted, struct objects *objects)
{
	struct look *look = calloc(1, sizeof(*look));
	int status;

	memset(objects, 0, sizeof(*objects));
	objects->arena = arena_new();
	if (!look || !objects->arena) {
		free(look);
		return out_of_memory();
	}
	look->objects = objects;
	objects->statistics = statistics_are_on();
	/* Nothing here looks for these. */
	objects->missing = wanted & (WANT_HOLDERS | WANT_PINS | WANT_LINK_INFO | WANT_HELD_BY_MAPS |
				     WANT_BTFS);
	objects->boot_time_ns = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
	status = gather(wanted, look);
	free(look);
	return status;
}

void objects_free(struct objects *objects)
{
	free(objects->programs);
	free(objects->maps);
	free(objects->links);
	free(objects->btfs);
	free(objects->references);
	free(objects->holders);
	free(objects->pins);
	free(objects->left_out);
	arena_free(objects->arena);
	memset(objects, 0, sizeof(*objects));
}
