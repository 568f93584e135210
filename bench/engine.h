/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The two that are measured beside each other: this library and the kernel, both through bpf(2).
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>

struct engine {
	const char *name;
	int (*bpf)(int cmd, union bpf_attr *attr, unsigned int size); /* negative errno */
	int (*close)(int fd);
	const char *missing; /* why it cannot be used; NULL: it can */
};

enum { EMBEDDED, KERNEL, NR_ENGINES };
struct trek_handle_ops;
struct trek_runtime;
extern struct engine engines[NR_ENGINES];

/*
 * Open the runtime, and see whether this user may have the kernel's maps and programs.
 * @handles: of the runtime, NULL: its own numbers.
 */
void engines_start(const struct trek_handle_ops *handles);
void engines_stop(void);
struct trek_runtime *engines_runtime(void);

/* 4-byte keys, 8-byte values. A handle, or negative errno. */
int engine_map(const struct engine *engine, enum bpf_map_type type, uint32_t max_entries);

#define TURN_OPS 8

enum op { OP_LOOKUP, OP_LOOKUP_CHAINED, OP_UPDATE, OP_DELETE_INSERT, NR_OPS };

/*
 * A SYSCALL program that does @op @count times, a multiple of TURN_OPS, on @map with keys below
 * @elements, which follow from its seed; @empty: all of it but the calls. A handle, or negative
 * errno.
 */
int engine_program(const struct engine *engine, int map, enum op op, bool empty, uint32_t count,
		   uint32_t elements);
/* Run it: how many of its operations failed, or negative errno. */
int engine_run(const struct engine *engine, int prog, uint32_t seed);

/* The keys: the upper bits of a linear congruential generator, the same in programs. */
#define KEY_MULTIPLIER 1664525
#define KEY_INCREMENT 1013904223

static inline uint32_t next_key(uint32_t *state, uint32_t elements)
{
	*state = *state * KEY_MULTIPLIER + KEY_INCREMENT;
	return (uint64_t)*state * elements >> 32;
}

#endif /* BENCH_ENGINE_H */
