/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The engines behind one call.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpftrek/runtime.h>

#include "engine.h"

static struct trek_runtime *rt;

static int embedded_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	return trek_bpf(rt, cmd, attr, size);
}

static int embedded_close(int fd)
{
	return trek_close(rt, fd);
}

static int kernel_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	int ret = (int)syscall(__NR_bpf, cmd, attr, size);

	return ret < 0 ? -errno : ret;
}

struct engine engines[NR_ENGINES] = {
	[EMBEDDED] = {"bpftrek", embedded_bpf, embedded_close, NULL},
	[KERNEL] = {"kernel", kernel_bpf, close, NULL},
};

int engine_map(const struct engine *engine, enum bpf_map_type type, uint32_t max_entries)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint64_t),
		.max_entries = max_entries,
		.map_name = "bench",
	};

	return engine->bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* As much as the measurement needs, once: a map, and a program that runs. */
static int try(const struct engine *engine)
{
	int map = engine_map(engine, BPF_MAP_TYPE_ARRAY, 1), prog, ret;

	if (map < 0)
		return map;
	prog = engine_program(engine, map, OP_UPDATE, false, TURN_OPS, 1);
	ret = prog;
	if (prog >= 0) {
		ret = engine_run(engine, prog, 0);
		engine->close(prog);
	}
	engine->close(map);
	return ret;
}

struct trek_runtime *engines_runtime(void)
{
	return rt;
}

void engines_start(const struct trek_handle_ops *handles)
{
	const struct trek_runtime_opts opts = {.size = sizeof(opts), .handles = handles};
	int err = trek_runtime_open(&opts, &rt);

	if (err) {
		fprintf(stderr, "no runtime can be opened: %s\n", strerror(-err));
		exit(1);
	}
	for (int i = 0; i < NR_ENGINES; i++) {
		err = try(&engines[i]);
		if (err < 0)
			engines[i].missing = strerror(-err);
	}
}

void engines_stop(void)
{
	trek_runtime_close(rt);
}
