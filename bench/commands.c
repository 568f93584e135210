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
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "crowd.h"
#include "groups.h"

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

/* Maps that have types, as those of programs have: of u32 keys and u64 values. */
static struct typed_map {
	enum bpf_map_type type;
	uint32_t elements; /* a size that --quick makes smaller, too */
	int fd;		   /* 0: not made yet */
} typed_maps[] = {
	{BPF_MAP_TYPE_HASH, 1000000},
	{BPF_MAP_TYPE_PERCPU_HASH, 1000000},
	{BPF_MAP_TYPE_ARRAY, 1000000},
	{BPF_MAP_TYPE_HASH, 100},
};

static int make_typed(struct typed_map *map)
{
	struct btf *btf = btf__new_empty();
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int err = -ENOMEM;

	if (!btf)
		return err;
	opts.btf_key_type_id = btf__add_int(btf, "unsigned int", 4, 0);
	opts.btf_value_type_id = btf__add_int(btf, "unsigned long long", 8, 0);
	err = btf__load_into_kernel(btf);
	if (!err) {
		opts.btf_fd = btf__fd(btf);
		map->fd = bpf_map_create(map->type, "bench", sizeof(uint32_t), sizeof(uint64_t),
					 bench_size(map->elements), &opts);
		err = map->fd < 0 ? map->fd : 0;
	}
	btf__free(btf);
	if (!err)
		err = engine_fill(&engines[KERNEL], map->fd, bench_size(map->elements),
				  map->type == BPF_MAP_TYPE_PERCPU_HASH ? libbpf_num_possible_cpus()
									: 1);
	return err;
}

static int typed_map(struct typed_map *map, uint32_t *id)
{
	struct bpf_map_info info = {0};
	union bpf_attr attr = {.info = {.info = PTR(&info), .info_len = sizeof(info)}};
	int err = map->fd ? 0 : make_typed(map);

	if (err)
		return err;
	attr.info.bpf_fd = map->fd;
	err = engine_bpf(&engines[KERNEL], BPF_OBJ_GET_INFO_BY_FD, &attr);
	*id = info.id;
	return err;
}

static int hash(uint32_t *id)
{
	return typed_map(&typed_maps[0], id);
}

static int percpu_hash(uint32_t *id)
{
	return typed_map(&typed_maps[1], id);
}

static int array(uint32_t *id)
{
	return typed_map(&typed_maps[2], id);
}

static int small_hash(uint32_t *id)
{
	return typed_map(&typed_maps[3], id);
}

/* What this host has, which is to be little: nothing is made before these rows. */
static int as_it_is(uint32_t *id)
{
	return 0;
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
	for (size_t i = 0; i < ARRAY_SIZE(typed_maps); i++) {
		if (typed_maps[i].fd > 0)
			close(typed_maps[i].fd);
		typed_maps[i].fd = 0;
	}
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

static int start(const struct command_line *line, pid_t *pid)
{
	return -posix_spawnp(pid, line->args[0], &line->files, NULL, line->args, environ);
}

static int wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int run_once(const struct command_line *line)
{
	int err, status;
	pid_t pid;

	err = start(line, &pid);
	if (!err)
		err = wait_for(pid, &status);
	if (err)
		return err;
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

static double most_resident(pid_t pid)
{
	unsigned long kib = 0;
	char path[32], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib / 1024.0;
}

/*
 * Asked when it is about to end, which tracing it tells: what wait4(2) says of a child has in it
 * what the parent had. The leak checker of a sanitized command traces it, too, and fails if another
 * does.
 */
static int most_memory(struct contest *c)
{
	int err, status;
	pid_t pid;

	/* One that ends before it is traced is run again. */
	for (int tries = 0;; tries++) {
		setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
		err = start(c->state, &pid);
		unsetenv("LSAN_OPTIONS");
		if (err)
			return err;
		if (!ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT))
			break;
		err = errno;
		wait_for(pid, &status);
		if (tries == 100) {
			snprintf(c->why, sizeof(c->why), "tracing it: %s", strerror(err));
			return -ENODATA;
		}
	}
	while (!(err = wait_for(pid, &status)) && WIFSTOPPED(status)) {
		if (status >> 16 == PTRACE_EVENT_EXIT)
			c->figure = most_resident(pid);
		ptrace(PTRACE_CONT, pid, NULL, status >> 16 ? 0 : WSTOPSIG(status));
	}
	return err ? err : WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static const struct work memory = {
	.set_up = set_up,
	.run = most_memory,
	.tear_down = tear_down,
	.clock = ONCE,
};

#define DUMP(name, what)                                                                           \
	static const struct command name = {                                                       \
		what,                                                                              \
		{[COMPILED] = {"@../bpftrek", "--on", "kernel", "map", "dump", "id", "%"},         \
		 [KERNEL] = {"bpftool", "map", "dump", "id", "%"}},                                \
	}
#define DUMP_JSON(name, what)                                                                      \
	static const struct command name = {                                                       \
		what,                                                                              \
		{[COMPILED] = {"@../bpftrek", "--on", "kernel", "--json", "map", "dump", "id",     \
			       "%"},                                                               \
		 [KERNEL] = {"bpftool", "--json", "map", "dump", "id", "%"}},                      \
	}
DUMP(dump_hash, hash);
DUMP_JSON(dump_hash_json, hash);
DUMP(dump_percpu_hash, percpu_hash);
DUMP_JSON(dump_percpu_hash_json, percpu_hash);
DUMP(dump_array, array);
DUMP_JSON(dump_array_json, array);
DUMP(dump_small, small_hash);

#define LIST(name, what, of)                                                                       \
	static const struct command name = {                                                       \
		what,                                                                              \
		{[COMPILED] = {"@../bpftrek", "--on", "kernel", of, "list"},                       \
		 [KERNEL] = {"bpftool", of, "list"}},                                              \
	}
#define LIST_JSON(name, what, of)                                                                  \
	static const struct command name = {                                                       \
		what,                                                                              \
		{[COMPILED] = {"@../bpftrek", "--on", "kernel", "--json", of, "list"},             \
		 [KERNEL] = {"bpftool", "--json", of, "list"}},                                    \
	}
LIST(list_few_programs, as_it_is, "prog");
LIST_JSON(list_few_programs_json, as_it_is, "prog");
LIST(list_few_maps, as_it_is, "map");
LIST_JSON(list_few_maps_json, as_it_is, "map");
LIST(list_few_links, as_it_is, "link");
LIST_JSON(list_few_links_json, as_it_is, "link");
LIST(list_programs, many_programs, "prog");
LIST_JSON(list_programs_json, many_programs, "prog");
LIST(list_maps, many_maps, "map");
LIST_JSON(list_maps_json, many_maps, "map");

#define COMMAND(command) .work = &whole_command, .who = COMPILED_AND_KERNEL, .arg = &command
#define MEMORY(command) .work = &memory, .who = COMPILED_AND_KERNEL, .arg = &command

static const struct row rows[] = {
	{"the programs of an idle host", COMMAND(list_few_programs),
	 .goal = {.kernel_times = 1 / 3.0}},
	{"the programs of an idle host as JSON", COMMAND(list_few_programs_json),
	 .goal = {.kernel_times = 1 / 3.0}},
	{"the maps of an idle host", COMMAND(list_few_maps), .goal = {.kernel_times = 1 / 3.0}},
	{"the maps of an idle host as JSON", COMMAND(list_few_maps_json),
	 .goal = {.kernel_times = 1 / 3.0}},
	{"the links of an idle host", COMMAND(list_few_links), .goal = {.kernel_times = 1 / 3.0}},
	{"the links of an idle host as JSON", COMMAND(list_few_links_json),
	 .goal = {.kernel_times = 1 / 3.0}},
	{"a HASH of 1,000,000 as text", COMMAND(dump_hash), .goal = {.kernel_times = 10}},
	{"a HASH of 1,000,000 as JSON", COMMAND(dump_hash_json), .goal = {.kernel_times = 10}},
	{"a PERCPU_HASH of 1,000,000 as text", COMMAND(dump_percpu_hash),
	 .goal = {.kernel_times = 8}},
	{"a PERCPU_HASH of 1,000,000 as JSON", COMMAND(dump_percpu_hash_json),
	 .goal = {.kernel_times = 8}},
	{"an ARRAY of 1,000,000 as text", COMMAND(dump_array)},
	{"an ARRAY of 1,000,000 as JSON", COMMAND(dump_array_json)},
	{"a HASH of 100 as text", COMMAND(dump_small), .goal = {.kernel_times = 1 / 3.0}},
	{"9,900 programs", COMMAND(list_programs), .goal = {.kernel_times = 6}},
	{"9,900 programs as JSON", COMMAND(list_programs_json), .goal = {.kernel_times = 6}},
	{"9,900 maps", COMMAND(list_maps), .goal = {.kernel_times = 6}},
	{"9,900 maps as JSON", COMMAND(list_maps_json), .goal = {.kernel_times = 6}},
};

static const struct row memory_rows[] = {
	{"a HASH of 1,000,000 as text", MEMORY(dump_hash), .goal = {.at_most = 20}},
	{"a HASH of 1,000,000 as JSON", MEMORY(dump_hash_json), .goal = {.at_most = 20}},
	{"a PERCPU_HASH of 1,000,000 as JSON", MEMORY(dump_percpu_hash_json),
	 .goal = {.at_most = 20}},
	{"9,900 programs", MEMORY(list_programs), .goal = {.at_most = 20}},
	{"9,900 maps", MEMORY(list_maps), .goal = {.at_most = 20}},
};

const struct group commands_group = {
	.name = "commands",
	.title = "Whole commands: what is in the kernel, by bpftrek and by bpftool",
	.unit = "ms",
	.unit_ns = 1e6,
	.names = {[COMPILED] = "bpftrek", [KERNEL] = "bpftool"},
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
	.end = drop_all,
};

const struct group commands_memory_group = {
	.name = "commands_memory",
	.title = "Whole commands: the most memory that they have at a time (resident)",
	.unit = "MiB",
	.unit_ns = 1,
	.names = {[COMPILED] = "bpftrek", [KERNEL] = "bpftool"},
	.rows = memory_rows,
	.nr = ARRAY_SIZE(memory_rows),
	.end = drop_all,
};
