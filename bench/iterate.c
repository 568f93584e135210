/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Walking all elements of a map: the same iterator program and the same contents in every engine,
 * read to the end through read(2) or trek_read() into a buffer of 64 KiB, or "in place", with
 * trek_iter_next_chunk(); plain C over an array, and over the elements of a hash table in the order
 * of memory, and at random. Of threads it is the CPU time: where they hinder each other, it grows.
 *
 * Opening the session (BPF_ITER_CREATE) and closing it is in the time, but in the rows that compare
 * sizes: those say what an element takes. What comes out is compared: the sum, or how many bytes
 * there were.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "bench.h"
#include "groups.h"
#include "plain.h"
#include "session.h"
#include "shared_maps.h"

#define PTR(p) ((unsigned long)(p))
#define MAX_THREADS 2
#define MILLION 1000000

struct walk {
	enum bpf_map_type type;
	const char *program;
	uint64_t (*plain)(const struct plain_map *map);
	uint32_t elements;
	unsigned int threads; /* each walks a map of its own */
	bool in_place;	      /* what is written is read without a copy */
};

/* A map, and a program that is attached to it. */
struct walker {
	const struct engine *engine;
	struct bpf_object *object;
	int map, link, bss;
	uint64_t total;	   /* of the program, before the next run */
	uint64_t expected; /* of each run: what is added to the total, or how many bytes are read */
	bool sums, in_place;
	char *buf;
	struct plain_map *plain;
	uint64_t (*plain_walk)(const struct plain_map *map);
};

struct walk_state {
	unsigned int threads;
	struct walker walkers[MAX_THREADS];
};

static int read_total(const struct walker *w, uint64_t *total)
{
	uint32_t key = 0;
	union bpf_attr attr = {.map_fd = w->bss, .key = PTR(&key), .value = PTR(total)};

	return engine_bpf(w->engine, BPF_MAP_LOOKUP_ELEM, &attr);
}

static int walker_set_up(struct walker *w, const struct walk *walk, const struct engine *engine,
			 unsigned int number)
{
	uint32_t elements = bench_size(walk->elements);
	const struct shared_map *map;
	int err, prog;

	*w = (struct walker){.engine = engine, .map = -1, .link = -1};
	w->plain_walk = walk->plain;
	w->in_place = walk->in_place;
	map = shared_map_get(NULL, walk->type, elements, number, &err);
	if (err)
		return err;
	w->plain = map->plain;
	w->expected = walk->plain(w->plain);
	w->sums = !strcmp(walk->program, "sum_elems");
	if (!engine)
		return 0;
	map = shared_map_get(engine, walk->type, elements, number, &err);
	if (err)
		return err;
	w->map = map->map;
	w->buf = malloc(READ_SIZE);
	if (!w->buf)
		return -ENOMEM;
	err = engine_load(engine, "iterate.bpf.o", walk->program, &w->object, &prog);
	if (err)
		return err;
	w->bss = bpf_object__find_map_fd_by_name(w->object, ".bss");
	w->link = session_attach(engine, prog, w->map);
	return w->link < 0 ? w->link : 0;
}

static void walker_tear_down(struct walker *w)
{
	if (w->link >= 0)
		engine_close(w->engine, w->link);
	if (w->object)
		engine_unload(w->engine, w->object);
	free(w->buf);
}

static int walk_once(struct walker *w)
{
	ssize_t came;
	uint64_t total;
	int err;

	if (!w->engine) {
		/* The compiler shall not see that it is the same each time. */
		__asm__ volatile("" ::: "memory");
		return w->plain_walk(w->plain) == w->expected ? 0 : -EBADMSG;
	}
	came = w->in_place && w->engine->rt ? session_read_in_place(w->engine, w->link)
					    : session_read(w->engine, w->link, w->buf);
	if (came < 0)
		return came;
	if (!w->sums)
		return came == w->expected ? 0 : -EBADMSG;
	err = read_total(w, &total);
	if (!err && total - w->total != w->expected)
		err = -EBADMSG;
	w->total = total;
	return err;
}

/* --- The work --------------------------------------------------------------------------------- */

static int walk_set_up(struct contest *c)
{
	const struct walk *walk = c->row->arg;
	struct walk_state *state = calloc(1, sizeof(*state));
	int err = 0;

	c->state = state;
	if (!state)
		return -ENOMEM;
	for (unsigned int i = 0; i < walk->threads && !err; i++) {
		state->threads++;
		err = walker_set_up(&state->walkers[i], walk, c->engine, i);
	}
	/* Of threads it is how long each takes. */
	c->units = bench_size(walk->elements);
	return err;
}

static void walk_tear_down(struct contest *c)
{
	struct walk_state *state = c->state;

	for (unsigned int i = 0; state && i < state->threads; i++)
		walker_tear_down(&state->walkers[i]);
	free(state);
}

static int walk_run(struct contest *c)
{
	struct walk_state *state = c->state;
	int err = 0;

	for (unsigned long i = 0; i < c->turns && !err; i++)
		err = walk_once(&state->walkers[0]);
	return err;
}

/* --- In threads ------------------------------------------------------------------------------- */

struct walk_thread {
	pthread_t id;
	struct walker *walker;
	double ns;
	int err;
};

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void *walk_in_thread(void *arg)
{
	struct walk_thread *t = arg;
	double start;

	/* What a thread's first call does is not of interest. */
	t->err = walk_once(t->walker);
	start = cpu_ns();
	if (!t->err)
		t->err = walk_once(t->walker);
	t->ns = cpu_ns() - start;
	return NULL;
}

static int thread_join(struct contest *c, struct walk_thread *t)
{
	pthread_join(t->id, NULL);
	if (t->ns / c->units > c->figure)
		c->figure = t->ns / c->units;
	return t->err;
}

/* The time of the slower one, for which of two maps is slower is luck: where threads hinder each
 * other, it is longer when they walk at the same time than when one walks after the other. */
static int walk_by_threads(struct contest *c, bool at_once)
{
	struct walk_state *state = c->state;
	struct walk_thread threads[MAX_THREADS];
	unsigned int started = 0;
	int err = 0, other;

	c->figure = 0;
	for (; started < state->threads && !err; started++) {
		struct walk_thread *t = &threads[started];

		*t = (struct walk_thread){.walker = &state->walkers[started]};
		err = -pthread_create(&t->id, NULL, walk_in_thread, t);
		if (err)
			break;
		if (!at_once)
			err = thread_join(c, t);
	}
	for (unsigned int i = 0; at_once && i < started; i++) {
		other = thread_join(c, &threads[i]);
		err = err ? err : other;
	}
	return err;
}

static int walk_run_in_turn(struct contest *c)
{
	return walk_by_threads(c, false);
}

static int walk_run_at_once(struct contest *c)
{
	return walk_by_threads(c, true);
}

static int walk_idle(struct contest *c)
{
	const struct walk_state *state = c->state;
	const struct walker *w = &state->walkers[0];
	int err = 0;

	for (unsigned long i = 0; w->engine && i < c->turns && !err; i++)
		err = session_open_only(w->engine, w->link);
	return err;
}

static const struct work walk_elements = {
	.set_up = walk_set_up,
	.run = walk_run,
	.tear_down = walk_tear_down,
};

static const struct work walk_elements_alone = {
	.set_up = walk_set_up,
	.run = walk_run,
	.idle = walk_idle,
	.tear_down = walk_tear_down,
};

static const struct work walk_in_turn = {
	.set_up = walk_set_up,
	.run = walk_run_in_turn,
	.tear_down = walk_tear_down,
	.clock = ITSELF,
};

static const struct work walk_at_once = {
	.set_up = walk_set_up,
	.run = walk_run_at_once,
	.tear_down = walk_tear_down,
	.clock = ITSELF,
};

#define WALK(work_, who_, type_, program_, plain_, elements_, threads_, in_place_)                 \
	.work = &work_, .who = who_, .arg = &(const struct walk)                                   \
	{                                                                                          \
		BPF_MAP_TYPE_##type_, program_, plain_, elements_, threads_, in_place_             \
	}
#define ONE(who, ...) WALK(walk_elements, who, __VA_ARGS__, 1, false)
#define ALONE(who, ...) WALK(walk_elements_alone, who, __VA_ARGS__, 1, false)
#define IN_PLACE(...) WALK(walk_elements, ALL, __VA_ARGS__, MILLION, 1, true)
#define THREADS(work, ...) WALK(work, ALL, __VA_ARGS__, MILLION, 2, false)
#define SUM_ARRAY(elements) ALONE(ALL, ARRAY, "sum_elems", plain_array_sum, elements)
#define SUM_HASH(elements) ALONE(ALL, HASH, "sum_elems", plain_hash_sum, elements)

static const struct row rows[] = {
	{"ARRAY, sum", ONE(ALL, ARRAY, "sum_elems", plain_array_sum, MILLION),
	 .goal = {.at_most = 4, .kernel_times = 25}},
	{"HASH, sum", ONE(ALL, HASH, "sum_elems", plain_hash_sum, MILLION),
	 .goal = {.at_most = 5, .kernel_times = 40}},
	{"HASH, sum, plain C at random",
	 ONE(BY(PLAIN_C), HASH, "sum_elems", plain_hash_sum_random, MILLION)},
	{"ARRAY, bpf_seq_write of 16 bytes",
	 ONE(ALL, ARRAY, "write_elems", plain_array_write, MILLION),
	 .goal = {.at_most = 10, .kernel_times = 20}},
	{"HASH, bpf_seq_write of 16 bytes",
	 ONE(ALL, HASH, "write_elems", plain_hash_write, MILLION),
	 .goal = {.at_most = 10, .kernel_times = 20}},
	{"ARRAY, bpf_seq_printf \"%u: %llu\\n\"",
	 ONE(ALL, ARRAY, "print_elems", plain_array_print, MILLION),
	 .goal = {.at_most = 30, .kernel_times = 10}},
	{"HASH, bpf_seq_printf \"%u: %llu\\n\"",
	 ONE(ALL, HASH, "print_elems", plain_hash_print, MILLION),
	 .goal = {.at_most = 30, .kernel_times = 10}},
	/* But the kernel's, which has no such way. */
	{"ARRAY, bpf_seq_write, read in place", IN_PLACE(ARRAY, "write_elems", plain_array_write),
	 .goal = {.at_most = 10, .kernel_times = 20}},
	{"HASH, bpf_seq_write, read in place", IN_PLACE(HASH, "write_elems", plain_hash_write),
	 .goal = {.at_most = 10, .kernel_times = 20}},
	{"ARRAY, bpf_seq_printf, read in place", IN_PLACE(ARRAY, "print_elems", plain_array_print),
	 .goal = {.at_most = 30, .kernel_times = 10}},
	{"HASH, bpf_seq_printf, read in place", IN_PLACE(HASH, "print_elems", plain_hash_print),
	 .goal = {.at_most = 30, .kernel_times = 10}},
	{"ARRAY of 1,000, sum", SUM_ARRAY(1000)},
	{"ARRAY of 10,000, sum", SUM_ARRAY(10000)},
	{"ARRAY of 100,000, sum", SUM_ARRAY(100000)},
	{"ARRAY of 1,000,000, sum", SUM_ARRAY(MILLION)},
	{"ARRAY of 10,000,000, sum", ALONE(COMPILED_AND_KERNEL | BY(PLAIN_C), ARRAY, "sum_elems",
					   plain_array_sum, 10 * MILLION)},
	{"HASH of 1,000, sum", SUM_HASH(1000)},
	{"HASH of 10,000, sum", SUM_HASH(10000)},
	{"HASH of 100,000, sum", SUM_HASH(100000)},
	{"HASH of 1,000,000, sum", SUM_HASH(MILLION)},
	{"HASH of 10,000,000, sum",
	 ALONE(BY(COMPILED) | BY(PLAIN_C), HASH, "sum_elems", plain_hash_sum, 10 * MILLION)},
	{"two ARRAYs, sum, a thread after the other",
	 THREADS(walk_in_turn, ARRAY, "sum_elems", plain_array_sum)},
	{"two ARRAYs, sum, two threads at once",
	 THREADS(walk_at_once, ARRAY, "sum_elems", plain_array_sum)},
	{"two HASHes, sum, a thread after the other",
	 THREADS(walk_in_turn, HASH, "sum_elems", plain_hash_sum)},
	{"two HASHes, sum, two threads at once",
	 THREADS(walk_at_once, HASH, "sum_elems", plain_hash_sum)},
};

const struct group iterate_group = {
	.name = "iterate",
	.title = "Iterating over the elements of a map, one million but where it is said",
	.unit = "ns an element",
	.unit_ns = 1,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
	.end = shared_maps_free,
};
