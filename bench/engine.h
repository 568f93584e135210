/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Those that run BPF here, each behind bpf(2): a runtime that interprets, a runtime that compiles,
 * and the kernel. All are in use in one process and at one time.
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/bpf.h>

/* The contestants. The last one is no engine: the same work written in C. */
enum contestant { INTERPRETED, COMPILED, KERNEL, PLAIN_C, NR_CONTESTANTS, NR_ENGINES = PLAIN_C };

struct bpf_object;
struct trek_runtime;

struct engine {
	struct trek_runtime *rt; /* NULL: the kernel */
	char missing[128];	 /* why it cannot be used; empty: it can */
};

extern struct engine engines[NR_ENGINES];

/* Open the runtimes, and see what this user and this machine have. Negative errno: no runtime. */
int engines_start(void);
void engines_stop(void);

/* As the functions of <bpftrek/runtime.h>, negative errno included, and of the kernel. */
int engine_bpf(const struct engine *engine, int cmd, union bpf_attr *attr);
ssize_t engine_read(const struct engine *engine, int fd, void *buf, size_t size);
int engine_close(const struct engine *engine, int fd);

/*
 * From now on handles of the runtimes are numbers alone, which libbpf cannot use, or are
 * descriptors again.
 */
void engine_numbers(bool wanted);

/* A map named "bench" of 4-byte keys and @value_size. A handle, or negative errno. */
int engine_map(const struct engine *engine, enum bpf_map_type type, uint32_t value_size,
	       uint32_t max_entries);
/*
 * Keys 0 to @elements - 1 with 8-byte values, @values_each of them (a map's whose CPUs have their
 * own: as many as there can be), the value of each its key and one.
 */
int engine_fill(const struct engine *engine, int map, uint32_t elements, unsigned int values_each);

/* A program named "bench" of two instructions, which returns 0. A handle, or negative errno. */
int engine_program(const struct engine *engine, enum bpf_prog_type type, uint32_t flags);
/*
 * Types for functions that begin at the instructions @starts, the first one global and the others
 * static, and what BPF_PROG_LOAD takes with them. A handle, or negative errno.
 */
int engine_functions(const struct engine *engine, const unsigned int *starts, unsigned int nr,
		     struct bpf_func_info *info);

/* What libbpf does between these goes to @engine. */
void engine_enter(const struct engine *engine);
void engine_leave(const struct engine *engine);

/*
 * Load @program of the object in the file @name, which stands in the directory of this executable,
 * and no other. Negative errno, or 0, the object in @object and the program's handle in @prog.
 */
int engine_load(const struct engine *engine, const char *name, const char *program,
		struct bpf_object **object, int *prog);
/* The same, its map @map made for so many elements. */
int engine_load_sized(const struct engine *engine, const char *name, const char *program,
		      const char *map, uint32_t max_entries, struct bpf_object **object, int *prog);
void engine_unload(const struct engine *engine, struct bpf_object *object);

/* @name below the directory of this executable, in a buffer of PATH_MAX bytes. */
void beside_executable(char *path, const char *name);

#endif /* BENCH_ENGINE_H */
