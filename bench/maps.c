/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Each operation of the maps that have elements.
 *
 * Maps of 1,000 and of 1,000,000 elements, 4-byte keys, 8-byte values, full but for LRU maps: those
 * have room for twice as many, so that nothing is evicted. Keys are random in order, the same for
 * all. "lookup" reads the value that it found; "update" is of a key that is there; "delete+insert"
 * is one of each, of the same key, counted as one operation. A CPU may begin a lookup before the
 * last one has its value, and wait for the memory of both at once, if the code is short enough. In
 * a "chained lookup" the next key waits for the value, as where one thing is looked up by another.
 *
 *   program  a SYSCALL program, run by BPF_PROG_TEST_RUN, does the operation in a bpf_loop, some in
 *            each turn. The same program without the calls, run just before, is subtracted. What is
 *            left may be about nothing, or less, where a CPU does the operation beside the loop's
 *            own instructions: a lookup in an array, which Linux compiles into the program.
 *   bpf(2)   one call an operation: the system call, and trek_bpf(). Nothing subtracted.
 */
#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "bench.h"
#include "groups.h"
#include "programs.h"

#define PTR(p) ((unsigned long)(p))
#define PROGRAM_OPS 32000

enum place { FROM_PROGRAM, FROM_USER };

struct kind {
	enum bpf_map_type type;
	bool lru;
};

struct operation {
	struct kind kind;
	uint32_t elements;
	enum op op;
};

/* A full map in one engine, with the programs for it: kept until a row needs another. */
static struct subject {
	struct operation of; /* kind and size alone count */
	int map, programs[NR_OPS][2];
	bool made;
	void *value; /* room for one of every CPU */
	uint32_t seed;
} subjects[NR_ENGINES];

static uint32_t program_ops(void)
{
	return bench_quick() ? 2000 : PROGRAM_OPS;
}

static void subject_drop(const struct engine *engine, struct subject *s)
{
	if (!s->made)
		return;
	for (enum op op = 0; op < NR_OPS; op++)
		for (int empty = 0; empty < 2; empty++)
			if (s->programs[op][empty] >= 0)
				engine_close(engine, s->programs[op][empty]);
	engine_close(engine, s->map);
	free(s->value);
	s->made = false;
}

static int fill(const struct engine *engine, const struct subject *s, uint32_t elements)
{
	uint32_t key;
	union bpf_attr attr = {.map_fd = s->map, .key = PTR(&key), .value = PTR(s->value)};
	int err = 0;

	for (key = 0; key < elements && !err; key++)
		err = engine_bpf(engine, BPF_MAP_UPDATE_ELEM, &attr);
	return err;
}

static int subject_make(const struct engine *engine, struct subject *s, const struct operation *of,
			uint32_t elements)
{
	int cpus = libbpf_num_possible_cpus();

	subject_drop(engine, s);
	*s = (struct subject){.of = *of};
	for (enum op op = 0; op < NR_OPS; op++)
		s->programs[op][false] = s->programs[op][true] = -1;
	s->map = engine_map(engine, of->kind.type, sizeof(uint64_t),
			    of->kind.lru ? 2 * elements : elements);
	if (s->map < 0)
		return s->map;
	s->made = true;
	s->value = calloc(cpus > 0 ? cpus : 1, sizeof(uint64_t));
	return s->value ? fill(engine, s, elements) : -ENOMEM;
}

/* The map in c->state. */
static int set_up(struct contest *c)
{
	const struct operation *operation = c->row->arg;
	struct subject *s = &subjects[c->who];

	c->state = s;
	if (s->made && s->of.kind.type == operation->kind.type &&
	    s->of.elements == operation->elements)
		return 0;
	return subject_make(c->engine, s, operation, bench_size(operation->elements));
}

/* --- From a program --------------------------------------------------------------------------- */

static int program_set_up(struct contest *c)
{
	const struct operation *operation = c->row->arg;
	int err = set_up(c), *programs;
	struct subject *s = c->state;

	c->units = program_ops();
	programs = s->programs[operation->op];
	for (int empty = 0; empty < 2 && !err; empty++) {
		if (programs[empty] >= 0)
			continue;
		programs[empty] = op_program(c->engine, s->map, operation->op, empty, program_ops(),
					     bench_size(operation->elements));
		err = programs[empty] < 0 ? programs[empty] : 0;
	}
	return err;
}

static int run_program(struct contest *c, bool empty, uint32_t seed)
{
	const struct operation *operation = c->row->arg;
	const struct subject *s = c->state;
	int failures = 0;

	for (unsigned long i = 0; i < c->turns && !failures; i++)
		failures = op_run(c->engine, s->programs[operation->op][empty], seed + i);
	return failures > 0 ? -EBADMSG : failures;
}

static int program_idle(struct contest *c)
{
	struct subject *s = c->state;

	return run_program(c, true, ++s->seed);
}

static int program_run(struct contest *c)
{
	const struct subject *s = c->state;

	return run_program(c, false, s->seed);
}

static const struct work from_program = {
	.set_up = program_set_up,
	.run = program_run,
	.idle = program_idle,
};

/* --- By bpf(2) -------------------------------------------------------------------------------- */

static int call_run(struct contest *c)
{
	static const int commands[] = {
		[OP_LOOKUP] = BPF_MAP_LOOKUP_ELEM,
		[OP_UPDATE] = BPF_MAP_UPDATE_ELEM,
		[OP_DELETE_INSERT] = BPF_MAP_DELETE_ELEM,
	};
	const struct operation *operation = c->row->arg;
	uint32_t elements = bench_size(operation->elements), key;
	enum op op = operation->op;
	struct subject *s = c->state;
	union bpf_attr attr = {.map_fd = s->map, .key = PTR(&key), .value = PTR(s->value)};
	union bpf_attr delete = {.map_fd = s->map, .key = PTR(&key)};
	union bpf_attr *first = op == OP_DELETE_INSERT ? &delete : &attr;
	int err = 0;

	for (unsigned long i = 0; i < c->turns && !err; i++) {
		key = next_key(&s->seed, elements);
		err = engine_bpf(c->engine, commands[op], first);
		if (op == OP_DELETE_INSERT && !err)
			err = engine_bpf(c->engine, BPF_MAP_UPDATE_ELEM, &attr);
	}
	return err;
}

static const struct work by_call = {.set_up = set_up, .run = call_run};

static void drop_all(void)
{
	for (enum contestant who = 0; who < NR_ENGINES; who++)
		subject_drop(&engines[who], &subjects[who]);
}

/* --- Rows ------------------------------------------------------------------------------------- */

#define OPERATION(kind_, lru_, elements_, op_)                                                     \
	.arg = &(const struct operation)                                                           \
	{                                                                                          \
		.kind = {BPF_MAP_TYPE_##kind_, lru_}, .elements = elements_, .op = op_,            \
	}
#define PROGRAM(kind, lru, elements, size, op, name)                                               \
	{                                                                                          \
#kind " of " size ": " name ", program", &from_program,                            \
			.who = ENGINES, OPERATION(kind, lru, elements, op)                         \
	}
#define CALL(kind, lru, elements, size, op, name)                                                  \
	{                                                                                          \
#kind " of " size ": " name ", bpf(2)", &by_call,                                  \
			.who = COMPILED_AND_KERNEL, OPERATION(kind, lru, elements, op)             \
	}
#define ARRAY_OF(...)                                                                              \
	PROGRAM(__VA_ARGS__, OP_LOOKUP, "lookup"),                                                 \
		PROGRAM(__VA_ARGS__, OP_LOOKUP_CHAINED, "chained lookup"),                         \
		PROGRAM(__VA_ARGS__, OP_UPDATE, "update"), CALL(__VA_ARGS__, OP_LOOKUP, "lookup"), \
		CALL(__VA_ARGS__, OP_UPDATE, "update")
#define HASH_OF(...)                                                                               \
	ARRAY_OF(__VA_ARGS__), PROGRAM(__VA_ARGS__, OP_DELETE_INSERT, "delete+insert"),            \
		CALL(__VA_ARGS__, OP_DELETE_INSERT, "delete+insert")

static const struct row rows[] = {
	HASH_OF(HASH, false, 1000, "1,000"),
	HASH_OF(PERCPU_HASH, false, 1000, "1,000"),
	HASH_OF(LRU_HASH, true, 1000, "1,000"),
	HASH_OF(LRU_PERCPU_HASH, true, 1000, "1,000"),
	ARRAY_OF(ARRAY, false, 1000, "1,000"),
	ARRAY_OF(PERCPU_ARRAY, false, 1000, "1,000"),
	HASH_OF(HASH, false, 1000000, "1,000,000"),
	HASH_OF(PERCPU_HASH, false, 1000000, "1,000,000"),
	HASH_OF(LRU_HASH, true, 1000000, "1,000,000"),
	HASH_OF(LRU_PERCPU_HASH, true, 1000000, "1,000,000"),
	ARRAY_OF(ARRAY, false, 1000000, "1,000,000"),
	ARRAY_OF(PERCPU_ARRAY, false, 1000000, "1,000,000"),
};

const struct group maps_group = {
	.name = "maps",
	.title = "Operations of maps",
	.unit = "ns an operation",
	.unit_ns = 1,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
	.end = drop_all,
};
