/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a program's record did not have. Statistics are kept for each CPU, and no iterator program
 * can add them up on every kernel: without CONFIG_KALLSYMS_ALL it does not find where a CPU has its
 * own. bpf(2) does, 1.5 microseconds for each program.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "arena.h"
#include "details.h"
#include "fdinfo.h"

static bool lacks(const struct program *program)
{
	return program->bytes_jited == UNKNOWN || program->ifindex == UNKNOWN ||
	       program->attach_btf_obj_id == UNKNOWN || program->has_many_maps;
}

static bool lacks_any(const struct program *program)
{
	return lacks(program) || program->run_cnt == UNKNOWN;
}

/* Others may be bound to it meanwhile; those that were there before are told. */
static int ask_maps(struct look *look, struct program *program, int fd)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info), room, *ids;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	room = info.nr_map_ids;
	ids = arena_take(look->objects->arena, room * sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	memset(&info, 0, sizeof(info));
	info.nr_map_ids = room;
	info.map_ids = (uintptr_t)ids;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	program->map_ids = ids;
	program->nr_map_ids = info.nr_map_ids < room ? info.nr_map_ids : room;
	return 0;
}

static int ask(struct look *look, struct program *program, int fd)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	program->ifindex = info.ifindex;
	program->bytes_jited = info.jited_prog_len;
	program->run_cnt = info.run_cnt;
	program->run_time_ns = info.run_time_ns;
	if (size >= offsetof(struct bpf_prog_info, recursion_misses) + sizeof(__u64))
		program->recursion_misses = info.recursion_misses;
	if (size >= offsetof(struct bpf_prog_info, attach_btf_id) + sizeof(__u32)) {
		program->attach_btf_id = info.attach_btf_id;
		program->attach_btf_obj_id = info.attach_btf_obj_id;
	}
	return program->has_many_maps ? ask_maps(look, program, fd) : 0;
}

/* Each program that @asks says so of is asked. */
static int ask_those(struct look *look, bool (*asks)(const struct program *program),
		     int (*ask)(struct look *look, struct program *program, int fd))
{
	struct objects *objects = look->objects;
	int fd, err = 0;

	for (size_t i = 0; i < objects->nr_programs && !err; i++) {
		struct program *program = &objects->programs[i];

		if (!asks(program))
			continue;
		fd = bpf_prog_get_fd_by_id(program->id);
		if (fd < 0 && errno == ENOENT)
			continue; /* it went meanwhile */
		if (fd < 0)
			return -errno;
		err = ask(look, program, fd);
		close(fd);
	}
	return err;
}

int program_details(struct look *look, bool statistics)
{
	return ask_those(look, statistics ? lacks_any : lacks, ask);
}

int program_memory_of(struct look *look, struct program *program, int fd)
{
	char text[1024];
	int got = fdinfo_read(fd, text, sizeof(text));

	if (got < 0)
		return got;
	return fdinfo_find(text, "memlock", &program->bytes_memlock) ? 0 : -ENOTSUP;
}

static bool lacks_memory(const struct program *program)
{
	return program->bytes_memlock == UNKNOWN;
}

int program_memory(struct look *look)
{
	return ask_those(look, lacks_memory, program_memory_of);
}
