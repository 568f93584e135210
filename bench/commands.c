/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Whole commands, from their start to their end, against what a user would use instead: bpftrek,
 * and bpftool, both on the kernel, the output to /dev/null. Nothing is pinned: commands find maps
 * by their ids, and what is made is this process's alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench.h"
#include "crowd.h"
#include "groups.h"
#include "shared_maps.h"

#define PTR(p) ((unsigned long)(p))
#define MAX_ARGS 12

extern char **environ;

struct command {
	/* What is there when it runs. 0, or negative errno; @id: of the map to dump. */
	int (*prepare)(uint32_t *id);
	/* By contestant. "@" is the directory of this executable, "%" the map's id. */
	const char *args[NR_CONTESTANTS][MAX_ARGS];
};

/* The arguments of one command, ready to be used. */
struct command_line {
	char *args[MAX_ARGS + 1];
	posix_spawn_file_actions_t files;
};

/* --- What is there ---------------------------------------------------------------------------- */

static int full_map(uint32_t *id)
{
	struct bpf_map_info info = {0};
	union bpf_attr attr = {.info = {.info = PTR(&info), .info_len = sizeof(info)}};
	const struct shared_map *map;
	int err;

	map = shared_map_get(&engines[KERNEL], BPF_MAP_TYPE_HASH, bench_size(1000000), 0, &err);
	if (!map)
		return err;
	attr.info.bpf_fd = map->map;
	err = engine_bpf(&engines[KERNEL], BPF_OBJ_GET_INFO_BY_FD, &attr);
	*id = info.id;
	return err;
}

static int many_programs(uint32_t *id)
{
	return crowd_make(KERNEL, PROGRAMS, bench_size(9900));
}

static int many_maps(uint32_t *id)
{
	return crowd_make(KERNEL, MAPS, bench_size(9900));
}

static void drop_all(void)
{
	shared_maps_free();
	crowd_free();
}

/* --- Running ---------------------------------------------------------------------------------- */

static char *expand(const char *arg, uint32_t id)
{
	char path[PATH_MAX], *made = NULL;

	if (arg[0] == '@') {
		beside_executable(path, arg + 1);
		return strdup(path);
	}
	if (arg[0] == '%')
		return asprintf(&made, "%u", id) < 0 ? NULL : made;
	return strdup(arg);
}

static void tear_down(struct contest *c)
{
	struct command_line *line = c->state;

	if (!line)
		return;
	for (char **arg = line->args; *arg; arg++)
		free(*arg);
	posix_spawn_file_actions_destroy(&line->files);
	free(line);
}

static int set_up(struct contest *c)
{
	const struct command *command = c->row->arg;
	struct command_line *line;
	uint32_t id = 0;
	int err;

	if (engines[KERNEL].missing[0]) {
		snprintf(c->why, sizeof(c->why), "%s", engines[KERNEL].missing);
		return -ENODATA;
	}
	err = command->prepare(&id);
	if (err)
		return err;
	line = calloc(1, sizeof(*line));
	if (!line)
		return -ENOMEM;
	c->state = line;
	err = -posix_spawn_file_actions_init(&line->files);
	for (int fd = 1; fd <= 2 && !err; fd++)
		err = -posix_spawn_file_actions_addopen(&line->files, fd, "/dev/null", O_WRONLY, 0);
	for (int i = 0; command->args[c->who][i] && !err; i++) {
		line->args[i] = expand(command->args[c->who][i], id);
		err = line->args[i] ? 0 : -ENOMEM;
	}
	return err;
}

static int run_once(const struct command_line *line)
{
	int err, status;
	pid_t pid;

	err = -posix_spawnp(&pid, line->args[0], &line->files, NULL, line->args, environ);
	if (err)
		return err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static int run(struct contest *c)
{
	int err = 0;

	for (unsigned long i = 0; i < c->turns && !err; i++)
		err = run_once(c->state);
	return err;
}

static const struct work whole_command = {
	.set_up = set_up,
	.run = run,
	.tear_down = tear_down,
	.clock = ELAPSED,
};

static const struct command dump = {
	full_map,
	{[COMPILED] = {"@../bpftrek", "--on", "kernel", "run", "@iterate.bpf.o", "print_elems",
		       "--map", "id", "%"},
	 [KERNEL] = {"bpftool", "map", "dump", "id", "%"}},
};
static const struct command dump_json = {
	full_map,
	{[COMPILED] = {"@../bpftrek", "--on", "kernel", "run", "@iterate.bpf.o", "json_elems",
		       "--map", "id", "%"},
	 [KERNEL] = {"bpftool", "--json", "map", "dump", "id", "%"}},
};
static const struct command list_programs = {
	many_programs,
	{[COMPILED] = {"@../bpftrek", "--on", "kernel", "run", "@../examples/progs.bpf.o"},
	 [KERNEL] = {"bpftool", "prog", "list"}},
};
static const struct command list_maps = {
	many_maps,
	{[COMPILED] = {"@../bpftrek", "--on", "kernel", "run", "@../examples/maps.bpf.o"},
	 [KERNEL] = {"bpftool", "map", "list"}},
};

#define COMMAND(command) .work = &whole_command, .who = COMPILED_AND_KERNEL, .arg = &command

static const struct row rows[] = {
	{"a HASH of 1,000,000 as text", COMMAND(dump), .goal = {.at_most = 400}},
	{"a HASH of 1,000,000 as JSON", COMMAND(dump_json), .goal = {.at_most = 400}},
	{"9,900 programs", COMMAND(list_programs), .goal = {.at_most = 30}},
	{"9,900 maps", COMMAND(list_maps), .goal = {.at_most = 30}},
};

const struct group commands_group = {
	.name = "commands",
	.title = "Whole commands: what is in the kernel, by bpftrek run and by bpftool",
	.unit = "ms",
	.unit_ns = 1e6,
	.names = {[COMPILED] = "bpftrek", [KERNEL] = "bpftool"},
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
	.end = drop_all,
};
