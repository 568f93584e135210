/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Small hosts. To load an iterator takes 1 to 2 milliseconds, however little it finds; to ask
 * bpf(2) for one program 10 microseconds, and for whether there is any, one. So few objects are
 * asked for one by one, as long as that tells all that is wanted: what does not is left to the
 * iterators, and so is everything if anything fails here.
 *
 * Maps are left to them unless links name them, or there are none: a program array may be one that
 * is better not opened (map_is_emptied()), which only the iterator says.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "arena.h"
#include "details.h"
#include "link_info.h"
#include "records.h"

typedef int next_id(__u32 id, __u32 *next);

/* 0: there are no more than @few. */
static int check_few(next_id *next, size_t few)
{
	__u32 id = 0;

	for (size_t nr = 0; !next(id, &id); nr++)
		if (nr == few)
			return -E2BIG;
	return errno == ENOENT ? 0 : -errno;
}

/* The types of the program before, which are most often those of the next: one object's. */
struct last_btf {
	struct btf *btf;
	__u64 id;
};

static const struct btf *btf_of(const struct program *program, struct last_btf *last)
{
	if (last->id == program->btf_id)
		return last->btf;
	btf__free(last->btf);
	last->btf = btf__load_from_kernel_by_id(program->btf_id);
	last->id = last->btf ? program->btf_id : 0;
	return last->btf;
}

/* The name of the function that the program begins with, where bpf(2) cuts it. */
static int find_whole_name(struct look *look, struct program *program, struct last_btf *last,
			   int fd)
{
	struct bpf_func_info func = {0};
	struct bpf_prog_info info = {
		.nr_func_info = 1,
		.func_info_rec_size = sizeof(func),
		.func_info = (uintptr_t)&func,
	};
	__u32 size = sizeof(info);
	const struct btf_type *type;
	const struct btf *btf;
	const char *name;

	if (strlen(program->name) < RECORD_NAME_LEN - 1 || !program->btf_id)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (!info.nr_func_info)
		return 0;
	btf = btf_of(program, last);
	if (!btf)
		return -errno;
	type = btf__type_by_id(btf, func.type_id);
	name = type ? btf__name_by_offset(btf, type->name_off) : NULL;
	if (!name || !*name)
		return 0;
	name = arena_text(look->objects->arena, name, RECORD_TEXT_MAX - 1);
	if (!name)
		return -ENOMEM;
	program->name = name;
	return 0;
}

/*
 * Whose type it attaches to: of the kernel, as attach_names_find() makes sure of, and so of no
 * other program. A member of struct_ops is called otherwise than the type.
 */
static int find_attachment(struct program *program, int fd)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);

	if (!program->attach_btf_id)
		return 0;
	if (program->attach_btf_id == UNKNOWN || program->type == BPF_PROG_TYPE_STRUCT_OPS ||
	    program->type == BPF_PROG_TYPE_EXT)
		return -ENOTSUP;
	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	program->attach_btf_obj_id = info.attach_btf_obj_id;
	program->attach_prog_id = 0;
	return 0;
}

static int read_program(struct look *look, __u32 id, unsigned int wanted, struct last_btf *last)
{
	int fd = bpf_prog_get_fd_by_id(id), err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = program_put(look, fd);
	if (!err && look->program && wanted & WANT_ATTACH_TO)
		err = find_attachment(look->program, fd);
	if (!err && look->program)
		err = find_whole_name(look, look->program, last, fd);
	if (!err && look->program && wanted & WANT_MEMORY)
		err = program_memory_of(look, look->program, fd);
	close(fd);
	return err;
}

/* What went before it was seen from inside is told in part: it is no more than gone. */
static int see_inside(struct look *look)
{
	struct objects *objects = look->objects;
	size_t nr = 0;
	int err = look_inside(look);

	for (size_t i = 0; i < objects->nr_programs && !err; i++)
		if (objects->programs[i].refcnt != UNKNOWN)
			objects->programs[nr++] = objects->programs[i];
	if (!err)
		objects->nr_programs = nr;
	return err;
}

static int read_programs(struct look *look, unsigned int wanted, size_t few)
{
	int err = check_few(bpf_prog_get_next_id, few);
	struct last_btf last = {0};
	__u32 id = 0;

	/* Seen from inside, what they attach to has its name, and memory is one load. */
	if (wanted & WANT_INSIDE)
		wanted &= ~(WANT_ATTACH_TO | WANT_MEMORY);
	while (!err && !bpf_prog_get_next_id(id, &id)) {
		err = read_program(look, id, wanted, &last);
		/* Linux says since 6.0 which type it attaches to. */
		if (!err && wanted & WANT_INSIDE && look->program &&
		    look->program->attach_btf_id == UNKNOWN)
			err = -ENOTSUP;
	}
	btf__free(last.btf);
	if (!err && wanted & WANT_ATTACH_TO)
		err = attach_names_find(look);
	if (!err && wanted & WANT_INSIDE && look->objects->nr_programs)
		err = see_inside(look);
	return err;
}

static int read_links(struct look *look, unsigned int wanted, size_t few)
{
	struct objects *objects = look->objects;
	int err = check_few(bpf_link_get_next_id, few);
	__u32 id = 0;

	while (!err && !bpf_link_get_next_id(id, &id))
		err = object_put(look, SORT_LINKS, id);
	for (size_t i = 0; i < objects->nr_links && !err; i++)
		if (wanted & WANT_INSIDE && objects->links[i].type == LINK_TRACING)
			err = -ENOTSUP;
	return err;
}

static int read_maps(struct look *look, unsigned int wanted, size_t few)
{
	return check_few(bpf_map_get_next_id, 0);
}

static bool has_program(const struct objects *objects, __u32 id)
{
	for (size_t i = 0; i < objects->nr_programs; i++)
		if (objects->programs[i].id == id)
			return true;
	return false;
}

static int read_programs_of_links(struct look *look, unsigned int wanted, size_t few)
{
	struct objects *objects = look->objects;
	int err = wanted & WANT_INSIDE ? -ENOTSUP : 0;
	struct last_btf last = {0};
	bool any = false;

	/* Others have a target of their own. */
	for (size_t i = 0; i < objects->nr_links; i++)
		any |= objects->links[i].type == LINK_TRACING;
	if (!any)
		wanted &= ~WANT_ATTACH_TO;
	for (size_t i = 0; i < objects->nr_links && !err; i++) {
		__u32 id = objects->links[i].prog_id;

		if (id && !has_program(objects, id))
			err = read_program(look, id, wanted, &last);
	}
	btf__free(last.btf);
	return err || !(wanted & WANT_ATTACH_TO) ? err : attach_names_find(look);
}

static bool has_map(const struct objects *objects, __u32 id)
{
	for (size_t i = 0; i < objects->nr_maps; i++)
		if (objects->maps[i].id == id)
			return true;
	return false;
}

static int read_maps_of_links(struct look *look, unsigned int wanted, size_t few)
{
	struct objects *objects = look->objects;
	int err = wanted & (WANT_INSIDE | WANT_ELEMENTS | WANT_MEMORY) ? -ENOTSUP : 0;

	/* Of those that register one. */
	if (!err)
		err = link_details(look, false);
	for (size_t i = 0; i < objects->nr_links && !err; i++) {
		__u64 id = objects->links[i].map_id;

		if (id && id != UNKNOWN && !has_map(objects, id))
			err = object_put(look, SORT_MAPS, id);
	}
	return err;
}

typedef int reader(struct look *look, unsigned int wanted, size_t few);

static reader *const readers[NR_SORTS] = {
	[SORT_PROGRAMS] = read_programs,
	[SORT_MAPS] = read_maps,
	[SORT_LINKS] = read_links,
};

/* Where links are wanted and no more than what they name, if their links are known. */
static reader *const readers_for_links[NR_SORTS] = {
	[SORT_PROGRAMS] = read_programs_of_links,
	[SORT_MAPS] = read_maps_of_links,
};

int few_read(struct look *look, unsigned int wanted, size_t few, unsigned int *sorts)
{
	/* What else is wanted goes by the links. */
	static const enum sort order[] = {SORT_LINKS, SORT_PROGRAMS, SORT_MAPS};
	const struct objects *objects = look->objects;
	reader *read;
	int err;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const enum sort sort = order[i];

		if (!(*sorts >> sort & 1))
			continue;
		read = readers[sort];
		if (wanted & WANT_FOR_LINKS && sort != SORT_LINKS)
			read = *sorts >> SORT_LINKS & 1 ? NULL : readers_for_links[sort];
		err = read ? read(look, wanted, few) : -ENOTSUP;
		if (err == -ENOMEM)
			return err;
		if (err)
			look_forget(look, sort);
		else
			*sorts &= ~(1u << sort);
	}
	/* Nobody holds what is not there. */
	if (*sorts == 1u << SORT_HOLDERS && !(wanted & WANT_BTFS) && !objects->nr_programs &&
	    !objects->nr_maps && !objects->nr_links)
		*sorts = 0;
	return 0;
}
