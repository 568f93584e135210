/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Memory. Of bpftrek, it is by how much memory a process has more (resident, and no file's): one
 * that is forked for the purpose, so that what is free in this one does not help, and that has made
 * a little of the same before. Of the kernel, it is what it says itself, "memlock" of fdinfo: what
 * others do cannot be told from ours there.
 *
 * Maps are full. What is for each CPU is there for as many as the machine may have.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include <bpftrek/runtime.h>

#include "bench.h"
#include "groups.h"
#include "loads.h"
#include "made.h"

#define PTR(p) ((unsigned long)(p))
#define ELEMENTS 100000
#define PROGRAMS 2000
#define RUNTIMES 16

/* --- What a process becomes larger by --------------------------------------------------------- */

static long resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long pages = 0, total, files = 0;

	if (f && fscanf(f, "%ld %ld %ld", &total, &pages, &files) != 3)
		pages = files = 0;
	if (f)
		fclose(f);
	return (pages - files) * sysconf(_SC_PAGESIZE);
}

/*
 * How many bytes more a process has that is forked to call @make() for @nr things, for each of
 * them. Figure and error go where those of a row go.
 */
static int growth(struct contest *c, int (*make)(struct contest *c, unsigned int nr),
		  unsigned int nr)
{
	struct {
		long bytes;
		int err;
	} said = {.err = -EIO};
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		malloc_trim(0);
		said.err = make(c, nr / 64 + 1);
		said.bytes = resident();
		if (!said.err)
			said.err = make(c, nr);
		said.bytes = resident() - said.bytes;
		_exit(write(ends[1], &said, sizeof(said)) != sizeof(said));
	}
	close(ends[1]);
	if (pid < 0 || read(ends[0], &said, sizeof(said)) != sizeof(said))
		said.err = pid < 0 ? -EAGAIN : -EIO;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	c->figure = (double)said.bytes / nr;
	return said.err;
}

/* What the kernel says of @fd. */
static int memlock(int fd, double *bytes)
{
	unsigned long long said;
	char path[64], line[128];
	int err = -ENODATA;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && err && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock:\t%llu", &said) == 1) {
			*bytes = said;
			err = 0;
		}
	if (f)
		fclose(f);
	return err;
}

/* --- Elements --------------------------------------------------------------------------------- */

struct kind {
	enum bpf_map_type type;
	uint32_t flags, key_size, value_size;
};

static int make_map(const struct contest *c, uint32_t elements)
{
	const struct kind *kind = c->row->arg;
	union bpf_attr attr = {
		.map_type = kind->type,
		.map_flags = kind->flags,
		.key_size = kind->key_size,
		.value_size = kind->value_size,
		.max_entries = elements,
		.map_name = "bench",
	};

	return engine_bpf(c->engine, BPF_MAP_CREATE, &attr);
}

/* Keys that differ; of a trie, whole addresses. */
static int fill(const struct contest *c, int map, uint32_t elements)
{
	const struct kind *kind = c->row->arg;
	int cpus = libbpf_num_possible_cpus(), err = 0;
	void *value = calloc(cpus > 0 ? cpus : 1, kind->value_size < 8 ? 8 : kind->value_size);
	unsigned char key[64] = {0};
	union bpf_attr attr = {.map_fd = map, .key = PTR(key), .value = PTR(value)};

	if (!value)
		return -ENOMEM;
	if (!kind->key_size)
		attr.key = 0;
	for (uint32_t i = 0; i < elements && !err; i++) {
		if (kind->type == BPF_MAP_TYPE_LPM_TRIE) {
			const uint32_t prefix = 32;

			memcpy(key, &prefix, sizeof(prefix));
			memcpy(key + sizeof(prefix), &i, sizeof(i));
		} else {
			memcpy(key, &i, sizeof(i));
		}
		memcpy(value, &i, sizeof(i));
		err = engine_bpf(c->engine, BPF_MAP_UPDATE_ELEM, &attr);
	}
	free(value);
	return err;
}

static int make_elements(struct contest *c, unsigned int elements)
{
	int map = make_map(c, elements);

	return map < 0 ? map : fill(c, map, elements);
}

static int element_run(struct contest *c)
{
	uint32_t elements = bench_size(ELEMENTS);
	int map, err;

	if (c->engine->rt)
		return growth(c, make_elements, elements);
	map = make_map(c, elements);
	if (map < 0)
		return map;
	err = fill(c, map, elements);
	if (!err)
		err = memlock(map, &c->figure);
	close(map);
	c->figure /= elements;
	return err;
}

static const struct work element = {.run = element_run, .clock = ONCE};

/* --- Programs --------------------------------------------------------------------------------- */

static int load(struct contest *c)
{
	return engine_program(c->engine, BPF_PROG_TYPE_SOCKET_FILTER, 0);
}

static int load_many(struct contest *c, unsigned int nr)
{
	int prog = 0;

	engine_numbers(true);
	for (unsigned int i = 0; i < nr && prog >= 0; i++)
		prog = load(c);
	return prog < 0 ? prog : 0;
}

static int program_run(struct contest *c)
{
	int err, prog;

	if (c->engine->rt)
		return growth(c, load_many, PROGRAMS);
	prog = load(c);
	err = prog < 0 ? prog : memlock(prog, &c->figure);
	if (prog >= 0)
		close(prog);
	return err;
}

static const struct work program = {.run = program_run, .clock = ONCE};

static int verify_run(struct contest *c)
{
	struct made made;
	int err = made_new(c->engine, c->row->arg, bench_size(1000000) / 50 * 49, &made);

	c->figure = err ? 0 : load_memory(c->engine, &made.attr);
	made_free(c->engine, &made);
	return err;
}

static const struct work verification = {.run = verify_run, .clock = ONCE};

/* --- Runtimes --------------------------------------------------------------------------------- */

static int open_many(struct contest *c, unsigned int nr)
{
	int err = 0;

	for (unsigned int i = 0; i < nr && !err; i++) {
		struct trek_runtime *rt;

		err = trek_runtime_open(NULL, &rt);
	}
	return err;
}

static int runtime_run(struct contest *c)
{
	return growth(c, open_many, RUNTIMES);
}

static const struct work runtime = {.run = runtime_run, .clock = ONCE};

#define ELEMENT(type_, ...)                                                                        \
	.work = &element, .who = COMPILED_AND_KERNEL, .arg = &(const struct kind)                  \
	{                                                                                          \
		BPF_MAP_TYPE_##type_, __VA_ARGS__                                                  \
	}
#define VERIFICATION(shape) .work = &verification, .who = BY(COMPILED), .arg = shape

/* Flags, bytes of a key, bytes of a value. */
static const struct row rows[] = {
	{"element of HASH, 4 + 8 bytes", ELEMENT(HASH, 0, 4, 8)},
	{"element of HASH, 16 + 64 bytes", ELEMENT(HASH, 0, 16, 64)},
	{"element of HASH, BPF_F_NO_PREALLOC, 4 + 8 bytes", ELEMENT(HASH, BPF_F_NO_PREALLOC, 4, 8)},
	{"element of PERCPU_HASH, 4 + 8 bytes", ELEMENT(PERCPU_HASH, 0, 4, 8)},
	{"element of LRU_HASH, 4 + 8 bytes", ELEMENT(LRU_HASH, 0, 4, 8)},
	{"element of LRU_PERCPU_HASH, 4 + 8 bytes", ELEMENT(LRU_PERCPU_HASH, 0, 4, 8)},
	{"element of ARRAY, 8 bytes", ELEMENT(ARRAY, 0, 4, 8)},
	{"element of PERCPU_ARRAY, 8 bytes", ELEMENT(PERCPU_ARRAY, 0, 4, 8)},
	{"element of LPM_TRIE, 8 + 8 bytes", ELEMENT(LPM_TRIE, BPF_F_NO_PREALLOC, 8, 8)},
	{"element of QUEUE, 8 bytes", ELEMENT(QUEUE, 0, 0, 8)},
	{"element of STACK, 8 bytes", ELEMENT(STACK, 0, 0, 8)},
	{"element of BLOOM_FILTER, 8 bytes", ELEMENT(BLOOM_FILTER, 0, 0, 8)},
	{"a program of two instructions", &program, NULL, COMPILED_AND_KERNEL},
	{"a runtime", &runtime, NULL, BY(COMPILED)},
	{"loading straight on, 1,000,000", VERIFICATION("straight on")},
	{"loading branches that join, 1,000,000", VERIFICATION("branches that join")},
	{"loading loop, 1,000,000", VERIFICATION("loop")},
	{"loading callback, 1,000,000", VERIFICATION("callback")},
	{"loading full stack, 1,000,000", VERIFICATION("full stack")},
	{"loading calls, 8 deep, 1,000,000", VERIFICATION("calls, 8 deep")},
	{"loading bits, no pruning, 1,000,000", VERIFICATION("bits, no pruning")},
};

const struct group memory_group = {
	.name = "memory",
	.title = "Memory",
	.unit = "bytes",
	.unit_ns = 1,
	.names = {[COMPILED] = "bpftrek"},
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
};
