/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs that do one operation of a map over and over, with keys that are random in order.
 */
#ifndef BENCH_PROGRAMS_H
#define BENCH_PROGRAMS_H

#include "engine.h"

#define TURN_OPS 8

enum op { OP_LOOKUP, OP_LOOKUP_CHAINED, OP_UPDATE, OP_DELETE_INSERT, NR_OPS };

/*
 * A SYSCALL program that does @op @count times, a multiple of TURN_OPS, on @map with keys below
 * @elements, which follow from its seed; @empty: all of it but the calls. A handle, or negative
 * errno.
 */
int op_program(const struct engine *engine, int map, enum op op, bool empty, uint32_t count,
	       uint32_t elements);
/* Run it: how many of its operations failed, or negative errno. */
int op_run(const struct engine *engine, int prog, uint32_t seed);

/* The keys: the upper bits of a linear congruential generator, the same in programs. */
#define KEY_MULTIPLIER 1664525
#define KEY_INCREMENT 1013904223

static inline uint32_t next_key(uint32_t *state, uint32_t elements)
{
	*state = *state * KEY_MULTIPLIER + KEY_INCREMENT;
	return (uint64_t)*state * elements >> 32;
}

#endif /* BENCH_PROGRAMS_H */
