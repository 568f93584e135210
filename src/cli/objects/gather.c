/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Taking a look: each sort of objects in the first way that works, then what hangs on them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "cli.h"
#include "details.h"
#include "engine.h"
#include "holders.h"
#include "look.h"
#include "references.h"

/*
 * An engine within this process is held by it alone, and its pins go with it; nobody who looks at
 * it misses them.
 */
#define KERNEL_ONLY (WANT_HOLDERS | WANT_HOLDERS_OF_FEW | WANT_PINS)

/*
 * Who holds them takes a third of a millisecond for so many, which are few; of ten thousand it
 * takes as much time as all the rest.
 */
#define FEW_OBJECTS 1000

/* So many programs take as long, asked for one by one, as by the iterator. */
#define FEW_FOR_BPF 100

/* So many programs are asked for their statistics in a third of a millisecond. */
#define FEW_PROGRAMS 200

static const struct {
	unsigned int wanted;
	const char *name;
	bool optional; /* an engine may have none: that is no error */
	/* What only the iterator tells. */
	const char *only;
	unsigned int missing;
} sorts[NR_SORTS] = {
	[SORT_PROGRAMS] = {WANT_PROGRAMS, "programs", false, "whole names, targets and references"},
	[SORT_MAPS] = {WANT_MAPS, "maps", false, "elements and references", WANT_ELEMENTS},
	[SORT_LINKS] = {WANT_LINKS, "links", true},
	[SORT_HOLDERS] = {WANT_HOLDERS | WANT_HOLDERS_OF_FEW, "processes that hold objects", true},
};

static int out_of_memory(void)
{
	return fail("objects: out of memory; free some and run it again");
}

static int cannot_read(const char *what, int err)
{
	if (err == -ENOMEM)
		return out_of_memory();
	if (err == -EPERM || err == -EACCES)
		return engine_refused(engine_may(DEED_RUN) ? DEED_ASK : DEED_RUN, what);
	return fail("%s: %s on the %s engine; --verbose shows what libbpf said", what,
		    strerror(-err), engine_name());
}

int look_leave_out(struct look *look, unsigned int wanted, const char *format, ...)
{
	struct objects *objects = look->objects;
	const char *line;
	char text[512];
	va_list args;

	objects->missing |= wanted;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	line = arena_text(objects->arena, text, sizeof(text));
	if (!line || !look_grow(&objects->left_out, objects->nr_left_out, &look->room_left_out,
				sizeof(*objects->left_out)))
		return -ENOMEM;
	objects->left_out[objects->nr_left_out++] = line;
	return 0;
}

static int leave_out_refused(struct look *look, unsigned int wanted, enum engine_deed deed,
			     const char *what, const char *of, const char *whose)
{
	struct refusal refusal;

	engine_refusal(deed, &refusal);
	return look_leave_out(look, wanted, "%s%s%s: left out, %s; %s to see them", what, of, whose,
			      refusal.why, refusal.todo);
}

/* What hangs on objects is left out where it cannot be had. */
static int or_leave_out(struct look *look, unsigned int wanted, const char *what, int err)
{
	if (!err || err == -ENOMEM)
		return err;
	/* Iterators need less. */
	if (err == -EPERM)
		return leave_out_refused(look, wanted, DEED_ASK, what, "", "");
	if (access("/proc/self", F_OK))
		return look_leave_out(look, wanted,
				      "%s: left out: there is no /proc; mount it to see them",
				      what);
	return look_leave_out(look, wanted, "%s: left out: %s on the %s engine", what,
			      strerror(-err), engine_name());
}

/* What a way has put there before it failed is not counted twice. */
void look_forget(struct look *look, enum sort sort)
{
	size_t *const counts[NR_SORTS] = {
		[SORT_PROGRAMS] = &look->objects->nr_programs,
		[SORT_MAPS] = &look->objects->nr_maps,
		[SORT_LINKS] = &look->objects->nr_links,
		[SORT_HOLDERS] = &look->objects->nr_holders,
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
	int err = 0, why;

	do {
		why = err;
		look_forget(look, sort);
		err = (*way)->read(look, sort);
	} while (err && err != -ENOMEM && *++way);
	if (err)
		look_forget(look, sort);
	else if (*way == &syscall_way && sorts[sort].only && why == -EPERM && engine_is_kernel())
		err = leave_out_refused(look, sorts[sort].missing, DEED_RUN, sorts[sort].only,
					" of ", sorts[sort].name);
	else if (*way == &syscall_way && sorts[sort].only)
		err = look_leave_out(look, sorts[sort].missing,
				     "%s of %s: left out: the %s engine does not run the iterator "
				     "that tells (%s)%s",
				     sorts[sort].only, sorts[sort].name, engine_name(),
				     strerror(-why),
				     engine_is_kernel() ? "; it takes Linux 5.8 with its types "
							  "(BTF), not locked down, and CAP_PERFMON"
							: "");
	return err;
}

/* Newer than the headers of some hosts. */
#define MAP_TYPE_INSN_ARRAY 34

/* PROC_PID_INIT_INO, include/linux/proc_ns.h */
#define INIT_PID_NAMESPACE 0xeffffffc

/*
 * Neither an iterator nor /proc shows processes of an outer namespace. Nothing is missing as seen
 * from this one.
 */
static int say_whose(struct look *look)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INIT_PID_NAMESPACE)
		return 0;
	return look_leave_out(look, 0,
			      "processes that hold objects: only those of this PID namespace; run "
			      "it in the host's (--pid=host, hostPID) to see all");
}

static bool are_few(const struct objects *objects)
{
	return objects->nr_programs + objects->nr_maps + objects->nr_links <= FEW_OBJECTS;
}

static int read_wanted(struct look *look, unsigned int wanted, enum sort sort)
{
	int err;

	if (sort == SORT_HOLDERS && !(wanted & WANT_HOLDERS) && !are_few(look->objects)) {
		look->objects->missing |= WANT_HOLDERS;
		return 0;
	}
	err = read_sort(look, sort);
	if (err && sorts[sort].optional)
		err = or_leave_out(look, sorts[sort].wanted, sorts[sort].name, err);
	else if (!err && sort == SORT_HOLDERS)
		err = say_whose(look);
	return err ? cannot_read(sorts[sort].name, err) : 0;
}

static int read_sorts(struct look *look, unsigned int wanted)
{
	unsigned int sorts_wanted = 0;
	int status = 0;

	for (enum sort sort = 0; sort < NR_SORTS; sort++)
		sorts_wanted |= wanted & sorts[sort].wanted ? 1u << sort : 0;
	if (engine_is_kernel() && few_read(look, wanted, FEW_FOR_BPF, &sorts_wanted))
		return out_of_memory();
	if (wanted & WANT_FOR_LINKS && sorts_wanted >> SORT_LINKS & 1) {
		status = read_wanted(look, wanted, SORT_LINKS);
		if (status || !look->objects->nr_links)
			return status;
		sorts_wanted &= ~(1u << SORT_LINKS);
	}
	for (enum sort sort = 0; sort < NR_SORTS && !status; sort++)
		if (sorts_wanted >> sort & 1)
			status = read_wanted(look, wanted, sort);
	return status;
}

/* Every sort of object begins with its id. */
static int by_id(const void *a, const void *b)
{
	const __u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return (x > y) - (x < y);
}

/* Iterators go by id: what they told needs no sorting. */
static void sort_by_id(void *array, size_t nr, size_t size)
{
	const char *object = array;

	for (size_t i = 1; i < nr; i++, object += size)
		if (by_id(object, object + size) > 0)
			return qsort(array, nr, size, by_id);
}

static void sort_all(struct objects *objects)
{
	sort_by_id(objects->programs, objects->nr_programs, sizeof(*objects->programs));
	sort_by_id(objects->maps, objects->nr_maps, sizeof(*objects->maps));
	sort_by_id(objects->links, objects->nr_links, sizeof(*objects->links));
	sort_by_id(objects->btfs, objects->nr_btfs, sizeof(*objects->btfs));
	holders_merge(objects);
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

/* Kinds that have as many elements as there is room for, at all times. */
static void count_arrays(struct objects *objects)
{
	for (size_t i = 0; i < objects->nr_maps; i++) {
		struct map *map = &objects->maps[i];

		if (map->type == BPF_MAP_TYPE_ARRAY || map->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
		    map->type == MAP_TYPE_INSN_ARRAY)
			map->elements = map->max_entries;
	}
}

/* They may have been on: whether they were, only each program's own say. */
static bool wants_statistics(const struct look *look, unsigned int wanted)
{
	return wanted & WANT_STATISTICS || look->objects->statistics ||
	       look->objects->nr_programs <= FEW_PROGRAMS;
}

static int read_details(struct look *look, unsigned int wanted)
{
	int err = 0;

	count_arrays(look->objects);
	if (wanted & WANT_PROGRAMS)
		err = or_leave_out(look, WANT_PROGRAMS, "details of programs",
				   program_details(look, wants_statistics(look, wanted)));
	if (wanted & WANT_PROGRAMS && wanted & WANT_MEMORY && !err)
		err = or_leave_out(look, WANT_MEMORY, "memory of programs", program_memory(look));
	if (wanted & WANT_MAPS && !err)
		err = or_leave_out(look, WANT_MEMORY, "memory of maps",
				   map_details(look, wanted & WANT_MEMORY));
	if (wanted & WANT_LINKS && !err)
		err = or_leave_out(look, WANT_LINK_INFO, "targets of links",
				   link_details(look, wanted & WANT_LINK_INFO));
	if (wanted & WANT_BTFS && !err)
		err = or_leave_out(look, WANT_BTFS, "BTFs", btfs_read(look));
	if (wanted & WANT_PINS && !err)
		err = or_leave_out(look, WANT_PINS, "pins", pins_find(look));
	if (wanted & WANT_HELD_BY_MAPS && !err)
		err = or_leave_out(look, WANT_HELD_BY_MAPS, "what maps hold", elements_find(look));
	return err;
}

int objects_gather(unsigned int wanted, struct objects *objects)
{
	struct look *look = calloc(1, sizeof(*look));
	int status, err;

	memset(objects, 0, sizeof(*objects));
	objects->arena = arena_new();
	if (!look || !objects->arena) {
		free(look);
		return out_of_memory();
	}
	look->objects = objects;
	if (!engine_is_kernel()) {
		if (wanted & WANT_HOLDERS_OF_FEW)
			wanted |= WANT_HOLDERS;
		objects->missing = wanted & KERNEL_ONLY;
		wanted &= ~KERNEL_ONLY;
	}
	objects->statistics = statistics_are_on();
	objects->boot_time_ns = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
	status = read_sorts(look, wanted);
	if (!status) {
		err = own_drop_leftovers(look, wanted & WANT_PROGRAMS);
		if (!err)
			err = read_details(look, wanted);
		sort_all(objects);
		if (!err)
			err = references_find(look);
		status = err ? out_of_memory() : 0;
	}
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
