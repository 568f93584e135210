/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The engines behind one contract.
 *
 * Everything that is made in them hangs on handles of this process, close-on-exec, and nothing is
 * pinned: however the process ends, nothing is left in the kernel.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <bpftrek/runtime.h>

#include "engine.h"
#include "shim.h"

#define PTR(p) ((unsigned long)(p))
#define BATCH 4096
#define MANY_FILES (1 << 19)
#define FIRST_NUMBER MANY_FILES

struct engine engines[NR_ENGINES];

/*
 * Handles are descriptors that the shim lends, so that libbpf can be given them, but for those of
 * whoever has so many that a process may not have the descriptors: numbers from where none is.
 */
static struct {
	bool wanted;
	int next;
} numbers = {.next = FIRST_NUMBER};

static int reserve(void *arg, int descriptor)
{
	return numbers.wanted ? numbers.next++ : shim_handle_ops.reserve(arg, descriptor);
}

static void release(void *arg, int handle)
{
	if (handle < FIRST_NUMBER)
		shim_handle_ops.release(arg, handle);
}

void engine_numbers(bool wanted)
{
	numbers.wanted = wanted;
}

/* libc's, and not the one of objects.c that stands in front of it and would be in the time. */
static long (*kernel_syscall)(long number, ...);

int engine_bpf(const struct engine *engine, int cmd, union bpf_attr *attr)
{
	long ret;

	if (engine->rt)
		return trek_bpf(engine->rt, cmd, attr, sizeof(*attr));
	ret = kernel_syscall(__NR_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : (int)ret;
}

ssize_t engine_read(const struct engine *engine, int fd, void *buf, size_t size)
{
	ssize_t ret;

	if (engine->rt)
		return trek_read(engine->rt, fd, buf, size);
	ret = read(fd, buf, size);
	return ret < 0 ? -errno : ret;
}

int engine_close(const struct engine *engine, int fd)
{
	return engine->rt ? trek_close(engine->rt, fd) : close(fd) ? -errno : 0;
}

int engine_map(const struct engine *engine, enum bpf_map_type type, uint32_t value_size,
	       uint32_t max_entries)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = sizeof(uint32_t),
		.value_size = value_size,
		.max_entries = max_entries,
		.map_name = "bench",
	};

	return engine_bpf(engine, BPF_MAP_CREATE, &attr);
}

int engine_program(const struct engine *engine, enum bpf_prog_type type, uint32_t flags)
{
	static const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = type,
		.prog_flags = flags,
		.insns = PTR(insns),
		.insn_cnt = 2,
		.license = PTR("Dual BSD/GPL"),
		.prog_name = "bench",
	};

	return engine_bpf(engine, BPF_PROG_LOAD, &attr);
}

int engine_functions(const struct engine *engine, const unsigned int *starts, unsigned int nr,
		     struct bpf_func_info *info)
{
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	unsigned int size;
	int proto, fd;

	proto = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	proto = btf__add_func_proto(btf, proto);
	for (unsigned int i = 0; i < nr; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%u", i);
		info[i].insn_off = starts[i];
		info[i].type_id =
			btf__add_func(btf, name, i ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL, proto);
	}
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = engine_bpf(engine, BPF_BTF_LOAD, &attr);
	btf__free(btf);
	return fd;
}

int engine_fill(const struct engine *engine, int map, uint32_t elements, unsigned int values_each)
{
	static uint32_t keys[BATCH];
	static uint64_t values[BATCH];
	const uint32_t batch = BATCH / values_each;
	int err = 0;

	for (uint32_t done = 0, n; done < elements && !err; done += n) {
		union bpf_attr attr = {
			.batch = {.map_fd = map, .keys = PTR(keys), .values = PTR(values)},
		};

		n = elements - done < batch ? elements - done : batch;
		for (uint32_t i = 0; i < n; i++) {
			keys[i] = done + i;
			for (unsigned int v = 0; v < values_each; v++)
				values[i * values_each + v] = keys[i] + 1ull;
		}
		attr.batch.count = n;
		err = engine_bpf(engine, BPF_MAP_UPDATE_BATCH, &attr);
	}
	return err;
}

void engine_enter(const struct engine *engine)
{
	if (engine->rt)
		shim_enable(engine->rt);
}

void engine_leave(const struct engine *engine)
{
	if (engine->rt)
		shim_disable();
}

void beside_executable(char *path, const char *name)
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - strlen(name) - 2);
	char *end;

	path[len > 0 ? len : 0] = '\0';
	end = strrchr(path, '/');
	strcpy(end ? end + 1 : path, name);
}

int engine_load_sized(const struct engine *engine, const char *name, const char *program,
		      const char *map, uint32_t max_entries, struct bpf_object **object, int *prog)
{
	char path[PATH_MAX];
	struct bpf_program *each, *wanted;
	int err;

	beside_executable(path, name);
	engine_enter(engine);
	*object = bpf_object__open(path);
	if (!*object) {
		err = -errno;
		goto out;
	}
	wanted = bpf_object__find_program_by_name(*object, program);
	bpf_object__for_each_program(each, *object) bpf_program__set_autoload(each, each == wanted);
	err = wanted ? 0 : -ENOENT;
	if (!err && map)
		err = bpf_map__set_max_entries(bpf_object__find_map_by_name(*object, map),
					       max_entries);
	if (!err)
		err = bpf_object__load(*object);
	if (!err) {
		*prog = bpf_program__fd(wanted);
	} else {
		bpf_object__close(*object);
		*object = NULL;
	}
out:
	engine_leave(engine);
	return err;
}

int engine_load(const struct engine *engine, const char *name, const char *program,
		struct bpf_object **object, int *prog)
{
	return engine_load_sized(engine, name, program, NULL, 0, object, prog);
}

void engine_unload(const struct engine *engine, struct bpf_object *object)
{
	engine_enter(engine);
	bpf_object__close(object);
	engine_leave(engine);
}

/* As much as the measurements need, once: a map, and a program of two instructions. */
static int try(const struct engine *engine, bool *compiles)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {0};
	int map = engine_map(engine, BPF_MAP_TYPE_HASH, sizeof(uint64_t), 1), prog, err;

	if (map < 0)
		return map;
	engine_close(engine, map);
	prog = engine_program(engine, BPF_PROG_TYPE_SYSCALL, BPF_F_SLEEPABLE);
	if (prog < 0)
		return prog;
	attr.info.bpf_fd = prog;
	attr.info.info = PTR(&info);
	attr.info.info_len = sizeof(info);
	err = engine_bpf(engine, BPF_OBJ_GET_INFO_BY_FD, &attr);
	*compiles = info.jited_prog_len;
	engine_close(engine, prog);
	return err;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

int engines_start(void)
{
	struct rlimit limit, many = {MANY_FILES, MANY_FILES};
	bool compiles = false;
	int err = 0;

	const struct trek_handle_ops handles = {reserve, release, shim_handle_ops.unknown, NULL};
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);

	if (!libc)
		return -ENOENT;
	kernel_syscall = (long (*)(long, ...))dlsym(libc, "syscall");
	dlclose(libc);
	libbpf_set_print(quiet);
	/* The rows that have many programs need as many descriptors. */
	if (setrlimit(RLIMIT_NOFILE, &many) && !getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (enum contestant who = INTERPRETED; who <= COMPILED && !err; who++) {
		const struct trek_runtime_opts opts = {
			.size = sizeof(opts),
			.handles = &handles,
			.interpret = who == INTERPRETED,
		};

		err = trek_runtime_open(&opts, &engines[who].rt);
		if (!err)
			err = try(&engines[who], &compiles);
	}
	if (err)
		return err;
	if (!compiles)
		snprintf(engines[COMPILED].missing, sizeof(engines[COMPILED].missing),
			 "no native code on this machine");
	err = try(&engines[KERNEL], &compiles);
	if (err)
		snprintf(engines[KERNEL].missing, sizeof(engines[KERNEL].missing), "bpf(2): %s",
			 strerror(-err));
	return 0;
}

void engines_stop(void)
{
	for (enum contestant who = INTERPRETED; who <= COMPILED; who++)
		trek_runtime_close(engines[who].rt);
}
