/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What it costs that objects come, are found and go, of few and of many: a row for each number that
 * is there at one time, so that what grows faster than the number shows. All are closed in the
 * order in which they were made. What is freed later, by another thread, is in nobody's time.
 *
 * "found by id" is what bpftool does to list: BPF_*_GET_NEXT_ID, BPF_*_GET_FD_BY_ID,
 * BPF_OBJ_GET_INFO_BY_FD, close. The kernel has no pins here: they need a file system that others
 * see. A process has too few descriptors for 100,000 of its objects.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>
#include <bpftrek/runtime.h>

#include "bench.h"
#include "crowd.h"
#include "groups.h"
#include "session.h"

#define PTR(p) ((unsigned long)(p))

struct many {
	enum crowd_of of;
	unsigned int nr;
};

/* --- Programs and maps ------------------------------------------------------------------------ */

static int life_set_up(struct contest *c)
{
	const struct many *many = c->row->arg;

	c->units = bench_size(many->nr);
	return 0;
}

static int life_run(struct contest *c)
{
	const struct many *many = c->row->arg;
	int err = 0;

	for (unsigned long i = 0; i < c->turns && !err; i++) {
		crowd_drop(c->who, many->of);
		err = crowd_make(c->who, many->of, c->units);
		crowd_drop(c->who, many->of);
	}
	return err;
}

static const struct work life = {.set_up = life_set_up, .run = life_run};

static const struct {
	int next_id, by_id;
	unsigned int info_size;
} commands[NR_CROWDS] = {
	[PROGRAMS] = {BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, sizeof(struct bpf_prog_info)},
	[MAPS] = {BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, sizeof(struct bpf_map_info)},
};

static int finding_set_up(struct contest *c)
{
	const struct many *many = c->row->arg;
	int err = crowd_make(c->who, many->of, bench_size(many->nr));

	c->units = crowd_size(c->who, many->of);
	return err;
}

static int look_at(const struct engine *engine, enum crowd_of of, uint32_t id)
{
	union bpf_attr by_id = {.map_id = id};
	int fd = engine_bpf(engine, commands[of].by_id, &by_id), err;
	char info[256] = {0};
	union bpf_attr attr = {
		.info = {.bpf_fd = fd, .info_len = commands[of].info_size, .info = PTR(info)},
	};

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd; /* somebody else's, and gone */
	err = engine_bpf(engine, BPF_OBJ_GET_INFO_BY_FD, &attr);
	engine_close(engine, fd);
	return err;
}

static int find_all(const struct engine *engine, enum crowd_of of, unsigned int *nr)
{
	union bpf_attr attr = {0};
	int err;

	for (*nr = 0;; ++*nr) {
		err = engine_bpf(engine, commands[of].next_id, &attr);
		if (!err)
			err = look_at(engine, of, attr.next_id);
		if (err)
			return err == -ENOENT ? 0 : err;
		attr = (union bpf_attr){.start_id = attr.next_id};
	}
}

static int finding_run(struct contest *c)
{
	const struct many *many = c->row->arg;
	unsigned int nr;
	int err = 0;

	engine_numbers(true);
	for (unsigned long i = 0; i < c->turns && !err; i++) {
		err = find_all(c->engine, many->of, &nr);
		if (!err && nr < c->units)
			err = -EBADMSG;
	}
	engine_numbers(false);
	return err;
}

static const struct work finding = {.set_up = finding_set_up, .run = finding_run};

/* --- Links and pins --------------------------------------------------------------------------- */

struct attaching {
	struct bpf_object *object;
	int prog, *links;
};

static void attaching_tear_down(struct contest *c)
{
	struct attaching *state = c->state;

	if (!state)
		return;
	if (state->object)
		engine_unload(c->engine, state->object);
	free(state->links);
	free(state);
}

static int attaching_set_up(struct contest *c)
{
	struct attaching *state = calloc(1, sizeof(*state));

	c->state = state;
	if (!state)
		return -ENOMEM;
	crowd_free(); /* there are descriptors for one crowd */
	c->units = bench_size(*(const unsigned int *)c->row->arg);
	state->links = calloc(c->units, sizeof(*state->links));
	if (!state->links)
		return -ENOMEM;
	return engine_load(c->engine, "../examples/maps.bpf.o", "maps", &state->object,
			   &state->prog);
}

static int attaching_run(struct contest *c)
{
	const struct attaching *state = c->state;
	unsigned int nr = 0;
	int link = 0;

	engine_numbers(true);
	for (unsigned long i = 0; i < c->turns && link >= 0; i++) {
		for (nr = 0; nr < c->units && link >= 0; nr++)
			link = state->links[nr] = session_attach(c->engine, state->prog, -1);
		for (unsigned int j = 0; j < nr; j++)
			if (state->links[j] >= 0)
				engine_close(c->engine, state->links[j]);
	}
	engine_numbers(false);
	return link < 0 ? link : 0;
}

static const struct work attaching = {
	.set_up = attaching_set_up,
	.run = attaching_run,
	.tear_down = attaching_tear_down,
};

static int pinning_set_up(struct contest *c)
{
	int *map = malloc(sizeof(*map));

	c->state = map;
	if (!map)
		return -ENOMEM;
	c->units = bench_size(*(const unsigned int *)c->row->arg);
	engine_numbers(true);
	*map = engine_map(c->engine, BPF_MAP_TYPE_ARRAY, sizeof(uint64_t), 1);
	engine_numbers(false);
	return *map < 0 ? *map : 0;
}

static void pinning_tear_down(struct contest *c)
{
	const int *map = c->state;

	engine_numbers(true);
	if (map && *map >= 0)
		engine_close(c->engine, *map);
	engine_numbers(false);
	free(c->state);
}

static const char *pin_path(unsigned int number)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/fs/bpf/bench/%u", number);
	return path;
}

static int pinning_run(struct contest *c)
{
	const int *map = c->state;
	int err = 0;

	for (unsigned long i = 0; i < c->turns && !err; i++) {
		unsigned int nr = 0;

		for (; nr < c->units && !err; nr++) {
			union bpf_attr attr = {.pathname = PTR(pin_path(nr)), .bpf_fd = *map};

			err = engine_bpf(c->engine, BPF_OBJ_PIN, &attr);
		}
		for (unsigned int j = 0; j < nr && !err; j++)
			err = trek_unlink(c->engine->rt, pin_path(j));
	}
	return err;
}

static const struct work pinning = {
	.set_up = pinning_set_up,
	.run = pinning_run,
	.tear_down = pinning_tear_down,
};

/* --- Runtimes --------------------------------------------------------------------------------- */

static int opening_run(struct contest *c)
{
	struct trek_runtime *rt;
	int err = 0;

	for (unsigned long i = 0; i < c->turns && !err; i++) {
		err = trek_runtime_open(NULL, &rt);
		if (!err)
			trek_runtime_close(rt);
	}
	return err;
}

static const struct work opening = {.run = opening_run};

/* --- Rows ------------------------------------------------------------------------------------- */

#define OF(of, nr)                                                                                 \
	.arg = &(const struct many)                                                                \
	{                                                                                          \
		of, nr                                                                             \
	}
#define NUMBER(nr)                                                                                 \
	.arg = &(const unsigned int)                                                               \
	{                                                                                          \
		nr                                                                                 \
	}
#define OURS_COMPILED BY(COMPILED)

static const struct row rows[] = {
	{"a map, made and closed, of 1,000", &life, OF(MAPS, 1000), COMPILED_AND_KERNEL},
	{"a map, made and closed, of 10,000", &life, OF(MAPS, 10000), COMPILED_AND_KERNEL},
	{"a map, made and closed, of 100,000", &life, OF(MAPS, 100000), OURS_COMPILED},
	{"a program, loaded and closed, of 1,000", &life, OF(PROGRAMS, 1000), ENGINES},
	{"a program, loaded and closed, of 10,000", &life, OF(PROGRAMS, 10000),
	 COMPILED_AND_KERNEL},
	{"a program, loaded and closed, of 100,000", &life, OF(PROGRAMS, 100000), OURS_COMPILED},
	{"a map, found by id, of 1,000", &finding, OF(MAPS, 1000), COMPILED_AND_KERNEL},
	{"a map, found by id, of 10,000", &finding, OF(MAPS, 10000), COMPILED_AND_KERNEL},
	{"a map, found by id, of 100,000", &finding, OF(MAPS, 100000), OURS_COMPILED},
	{"a program, found by id, of 1,000", &finding, OF(PROGRAMS, 1000), COMPILED_AND_KERNEL},
	{"a program, found by id, of 10,000", &finding, OF(PROGRAMS, 10000), COMPILED_AND_KERNEL},
	{"a program, found by id, of 100,000", &finding, OF(PROGRAMS, 100000), OURS_COMPILED},
	{"a link, made and closed, of 1,000", &attaching, NUMBER(1000), COMPILED_AND_KERNEL},
	{"a link, made and closed, of 10,000", &attaching, NUMBER(10000), COMPILED_AND_KERNEL},
	{"a link, made and closed, of 100,000", &attaching, NUMBER(100000), OURS_COMPILED},
	{"a pin, made and removed, of 1,000", &pinning, NUMBER(1000), OURS_COMPILED},
	{"a pin, made and removed, of 100,000", &pinning, NUMBER(100000), OURS_COMPILED},
	{"a runtime, opened and closed", &opening, NULL, OURS_COMPILED, {.at_most = 2000}},
};

const struct group lifetimes_group = {
	.name = "lifetimes",
	.title = "Objects that come, are found and go",
	.unit = "us each",
	.unit_ns = 1e3,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
	.end = crowd_free,
};
