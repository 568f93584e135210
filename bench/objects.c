/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * libbpf makes maps, relocates and loads; what it loads is seen on the way. syscall() of this
 * program stands in front of the shim's, which is in a library of its own, and that in front of
 * libc's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "objects.h"

#define PTR(p) ((unsigned long)(p))

/* The load that is waited for, and a copy of what it was given. */
static struct capture {
	struct bpf_object *object;
	union bpf_attr attr;
	void *insns, *funcs, *lines;
	char license[128];
	bool done;
} * capture;

static void *copy(uint64_t from, size_t size)
{
	void *to = size ? malloc(size) : NULL;

	if (to)
		memcpy(to, (const void *)(unsigned long)from, size);
	return to;
}

static void forget(struct capture *c)
{
	free(c->insns);
	free(c->funcs);
	free(c->lines);
	c->insns = c->funcs = c->lines = NULL;
	c->done = false;
}

static void note(struct capture *c, const union bpf_attr *attr, size_t size)
{
	/* libbpf may try again, with a log. */
	forget(c);
	memset(&c->attr, 0, sizeof(c->attr));
	memcpy(&c->attr, attr, size < sizeof(c->attr) ? size : sizeof(c->attr));
	attr = &c->attr;
	c->insns = copy(attr->insns, attr->insn_cnt * sizeof(struct bpf_insn));
	c->funcs = copy(attr->func_info, (size_t)attr->func_info_cnt * attr->func_info_rec_size);
	c->lines = copy(attr->line_info, (size_t)attr->line_info_cnt * attr->line_info_rec_size);
	snprintf(c->license, sizeof(c->license), "%s", (const char *)(unsigned long)attr->license);
	c->attr.insns = PTR(c->insns);
	c->attr.func_info = PTR(c->funcs);
	c->attr.line_info = PTR(c->lines);
	c->attr.license = PTR(c->license);
	c->done = true;
}

/* libbpf also loads little programs of its own, to see what the kernel has: those have no types. */
long syscall(long number, ...)
{
	static long (*next)(long number, ...);
	long a[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_bpf && a[0] == BPF_PROG_LOAD && capture &&
	    ((union bpf_attr *)a[1])->prog_btf_fd)
		note(capture, (union bpf_attr *)a[1], (size_t)a[2]);
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static struct bpf_program *program_at(struct bpf_object *object, unsigned int index)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, object) if (!index--) return prog;
	return NULL;
}

/* Load the program at @index, and no other. False: there are not so many. */
static bool load_one(const struct engine *engine, const char *path, unsigned int index,
		     struct capture *c)
{
	struct bpf_program *prog, *each;

	c->object = bpf_object__open(path);
	if (!c->object)
		return false;
	prog = program_at(c->object, index);
	if (!prog)
		return false;
	bpf_object__for_each_program(each, c->object) bpf_program__set_autoload(each, each == prog);
	capture = c;
	engine_enter(engine);
	if (bpf_object__load(c->object))
		forget(c);
	engine_leave(engine);
	capture = NULL;
	return true;
}

static void unload(const struct engine *engine, struct capture *c)
{
	engine_enter(engine);
	bpf_object__close(c->object);
	engine_leave(engine);
	forget(c);
	c->object = NULL;
}

int object_programs(const char *path,
		    void (*measure)(void *arg, const union bpf_attr *const programs[NR_ENGINES]),
		    void *arg)
{
	struct bpf_object *object = bpf_object__open(path);
	bool more = true;

	if (!object)
		return -errno;
	bpf_object__close(object);
	for (unsigned int index = 0; more; index++) {
		struct capture captures[NR_ENGINES] = {0};
		const union bpf_attr *programs[NR_ENGINES] = {0};
		bool all = true;

		for (int i = 0; i < NR_ENGINES; i++) {
			if (engines[i].missing[0])
				continue;
			more = load_one(&engines[i], path, index, &captures[i]);
			if (captures[i].done)
				programs[i] = &captures[i].attr;
			all &= captures[i].done;
		}
		if (all)
			measure(arg, programs);
		for (int i = 0; i < NR_ENGINES; i++)
			if (captures[i].object)
				unload(&engines[i], &captures[i]);
	}
	return 0;
}
