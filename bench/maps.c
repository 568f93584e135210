/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Each operation of the maps that have elements, beside the kernel's, in one run.
 *
 *     build/bench/maps [--json] [--quick] [--repetitions N]
 *
 * What is measured. Maps of 1,000 and of 1,000,000 elements, 4-byte keys, 8-byte values, full but
 * for LRU maps: those have room for twice as many, so that nothing is evicted. Keys are random in
 * order, the same for both engines. "lookup" reads the value that it found; "update" is of a key
 * that is there; "delete+insert" is one of each, of the same key, counted as one operation.
 * A CPU may begin a lookup before the last one has its value, and wait for the memory of both at
 * once, if the code is short enough. In a "chained lookup"
 * the next key waits for the value, as where one thing is looked up by another (program only).
 *
 *   program    a SYSCALL program, run by BPF_PROG_TEST_RUN, does the operation in a bpf_loop, some
 *              in each turn. The same program without the calls, run just before, is subtracted.
 *              Both are native code, where there is a compiler and it is not off.
 *   user       bpf(2), one call an operation: the system call, and trek_bpf(). Nothing subtracted.
 *
 * Noise. Repetitions of the two engines alternate, and who is first does, too, so that what else
 * the machine does falls on both. The time is that of the thread's CPU, which does not count
 * waiting for one; elapsed time stands beside it. A number is the median of the repetitions, and
 * "+-" half the distance between their quartiles, both in nanoseconds. Nothing is pinned to a CPU.
 * Both engines' maps exist at the same time, and share the caches.
 *
 * How to read it. What is left after the subtraction may be about nothing, or less, where a CPU
 * does the operation beside the loop's own instructions: a lookup in an array, which Linux compiles
 * into the program. The ratio is the kernel's time by bpftrek's: above 1, bpftrek is faster. A time
 * below zero counts as zero in it; where that is bpftrek's own, there is no ratio.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <jansson.h>

#include <bpf/libbpf.h>

#include "engine.h"

#define PTR(p) ((unsigned long)(p))
#define MAX_REPETITIONS 99

enum place { FROM_PROGRAM, FROM_USER, NR_PLACES };

static const char *const place_names[] = {"program", "user"};
static const char *const op_names[] = {"lookup", "chained lookup", "update", "delete+insert"};

static const struct kind {
	const char *name;
	enum bpf_map_type type;
	bool lru, array;
} kinds[] = {
	{"HASH", BPF_MAP_TYPE_HASH, false, false},
	{"PERCPU_HASH", BPF_MAP_TYPE_PERCPU_HASH, false, false},
	{"LRU_HASH", BPF_MAP_TYPE_LRU_HASH, true, false},
	{"LRU_PERCPU_HASH", BPF_MAP_TYPE_LRU_PERCPU_HASH, true, false},
	{"ARRAY", BPF_MAP_TYPE_ARRAY, false, true},
	{"PERCPU_ARRAY", BPF_MAP_TYPE_PERCPU_ARRAY, false, true},
};

static struct {
	bool json, quick;
	unsigned int repetitions, program_ops, user_ops;
} options = {.program_ops = 300000, .user_ops = 100000};

static json_t *results;
static void *value; /* room for one of every CPU */

struct sample {
	double cpu, elapsed; /* nanoseconds an operation */
};

struct measurement {
	struct sample samples[MAX_REPETITIONS];
	unsigned int nr;
	uint64_t failures; /* operations that did not find or change what they should */
};

/* A map in one engine, with the programs for it. */
struct subject {
	const struct engine *engine;
	int map, programs[NR_OPS][2];
};

static void die(const struct engine *engine, const char *what, int err)
{
	fprintf(stderr, "maps: %s: %s: %s\n", engine->name, what, strerror(-err));
	exit(1);
}

static struct sample now(void)
{
	struct timespec cpu, elapsed;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	clock_gettime(CLOCK_MONOTONIC, &elapsed);
	return (struct sample){cpu.tv_sec * 1e9 + cpu.tv_nsec,
			       elapsed.tv_sec * 1e9 + elapsed.tv_nsec};
}

static struct sample since(struct sample start, unsigned int ops)
{
	struct sample end = now();

	return (struct sample){(end.cpu - start.cpu) / ops, (end.elapsed - start.elapsed) / ops};
}

/* --- One repetition --------------------------------------------------------------------------- */

static struct sample run_program(const struct subject *s, int prog, uint32_t seed,
				 uint64_t *failures)
{
	struct sample start = now(), taken;
	int ret = engine_run(s->engine, prog, seed);

	taken = since(start, options.program_ops);
	if (ret < 0)
		die(s->engine, "BPF_PROG_TEST_RUN", ret);
	*failures += ret;
	return taken;
}

static struct sample from_program(const struct subject *s, enum op op, uint32_t seed,
				  uint64_t *failures)
{
	struct sample empty = run_program(s, s->programs[op][true], seed, failures);
	struct sample full = run_program(s, s->programs[op][false], seed, failures);

	return (struct sample){full.cpu - empty.cpu, full.elapsed - empty.elapsed};
}

static struct sample from_user(const struct subject *s, enum op op, uint32_t elements,
			       uint32_t seed, uint64_t *failures)
{
	static const int commands[] = {
		[OP_LOOKUP] = BPF_MAP_LOOKUP_ELEM,
		[OP_UPDATE] = BPF_MAP_UPDATE_ELEM,
		[OP_DELETE_INSERT] = BPF_MAP_DELETE_ELEM,
	};
	uint32_t key;
	union bpf_attr attr = {.map_fd = s->map, .key = PTR(&key), .value = PTR(value)};
	union bpf_attr delete = {.map_fd = s->map, .key = PTR(&key)};
	union bpf_attr *first = op == OP_DELETE_INSERT ? &delete : &attr;
	struct sample start = now();

	for (unsigned int i = 0; i < options.user_ops; i++) {
		key = next_key(&seed, elements);
		*failures += s->engine->bpf(commands[op], first, sizeof(attr)) != 0;
		if (op == OP_DELETE_INSERT)
			*failures += s->engine->bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) != 0;
	}
	return since(start, options.user_ops);
}

static void measure(const struct subject *s, enum place place, enum op op, uint32_t elements,
		    struct measurement *m)
{
	uint32_t seed = m->nr + 1;

	m->samples[m->nr++] = place == FROM_PROGRAM
				      ? from_program(s, op, seed, &m->failures)
				      : from_user(s, op, elements, seed, &m->failures);
}

/* --- What comes out --------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct summary {
	double median, spread, elapsed; /* nanoseconds */
};

static struct summary summarize(const struct measurement *m)
{
	double cpu[MAX_REPETITIONS], elapsed[MAX_REPETITIONS];
	struct summary sum;

	for (unsigned int i = 0; i < m->nr; i++) {
		cpu[i] = m->samples[i].cpu;
		elapsed[i] = m->samples[i].elapsed;
	}
	qsort(cpu, m->nr, sizeof(cpu[0]), compare);
	qsort(elapsed, m->nr, sizeof(elapsed[0]), compare);
	sum.median = cpu[m->nr / 2];
	sum.elapsed = elapsed[m->nr / 2];
	sum.spread = (cpu[m->nr * 3 / 4] - cpu[m->nr / 4]) / 2;
	return sum;
}

static void print_head(void)
{
	struct utsname host;
	FILE *jit = fopen("/proc/sys/net/core/bpf_jit_enable", "re");
	int on = jit ? fgetc(jit) : '?';

	if (jit)
		fclose(jit);
	uname(&host);
	printf("ns an operation, CPU time of the thread (in brackets: elapsed); Linux %s, "
	       "bpf_jit_enable %c\n",
	       host.release, on);
	if (engines[KERNEL].missing)
		printf("the kernel cannot be used: %s\n", engines[KERNEL].missing);
	printf("%-16s%9s  %-8s%-15s%27s%27s%15s\n", "map", "elements", "from", "operation",
	       "bpftrek", "kernel", "kernel/bpftrek");
}

static void print_one(const struct measurement *m)
{
	struct summary sum;

	if (!m->nr) {
		printf("%27s", "not usable");
		return;
	}
	sum = summarize(m);
	printf("%8.1f +-%6.1f (%8.1f)", sum.median, sum.spread, sum.elapsed);
}

static json_t *to_json(const struct measurement *m)
{
	struct summary sum;

	if (!m->nr)
		return json_null();
	sum = summarize(m);
	return json_pack("{s:f, s:f, s:f, s:I}", "cpu_ns", sum.median, "spread_ns", sum.spread,
			 "elapsed_ns", sum.elapsed, "failures", (json_int_t)m->failures);
}

static void report(const struct kind *kind, uint32_t elements, enum place place, enum op op,
		   const struct measurement *m)
{
	double ours = summarize(&m[EMBEDDED]).median;
	bool both = m[KERNEL].nr && ours > 0;
	double theirs = both ? summarize(&m[KERNEL]).median : 0;
	double ratio = theirs > 0 ? theirs / ours : 0;

	if (options.json) {
		json_array_append_new(
			results, json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:o}", "map", kind->name,
					   "elements", (int)elements, "from", place_names[place],
					   "operation", op_names[op], "bpftrek",
					   to_json(&m[EMBEDDED]), "kernel", to_json(&m[KERNEL]),
					   "ratio", both ? json_real(ratio) : json_null()));
		return;
	}
	printf("%-16s%9u  %-8s%-15s", kind->name, elements, place_names[place], op_names[op]);
	print_one(&m[EMBEDDED]);
	print_one(&m[KERNEL]);
	if (both)
		printf("%15.2f", ratio);
	for (int i = 0; i < NR_ENGINES; i++)
		if (m[i].failures)
			printf("  %s: %llu failed", engines[i].name,
			       (unsigned long long)m[i].failures);
	printf("\n");
	fflush(stdout);
}

/* --- One map in both engines ------------------------------------------------------------------ */

static void set_up(struct subject *s, const struct kind *kind, uint32_t elements)
{
	uint32_t key;
	union bpf_attr attr = {.key = PTR(&key), .value = PTR(value)};
	int err;

	s->map = engine_map(s->engine, kind->type, kind->lru ? 2 * elements : elements);
	if (s->map < 0)
		die(s->engine, kind->name, s->map);
	attr.map_fd = s->map;
	for (key = 0; key < elements; key++) {
		err = s->engine->bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
		if (err)
			die(s->engine, "BPF_MAP_UPDATE_ELEM", err);
	}
	for (enum op op = 0; op < NR_OPS; op++)
		for (int empty = 0; empty < 2; empty++) {
			int prog = engine_program(s->engine, s->map, op, empty, options.program_ops,
						  elements);

			if (prog < 0)
				die(s->engine, "BPF_PROG_LOAD", prog);
			s->programs[op][empty] = prog;
		}
}

static void tear_down(struct subject *s)
{
	for (enum op op = 0; op < NR_OPS; op++)
		for (int empty = 0; empty < 2; empty++)
			s->engine->close(s->programs[op][empty]);
	s->engine->close(s->map);
}

static bool is_measured(enum place place, enum op op)
{
	return place == FROM_PROGRAM || op != OP_LOOKUP_CHAINED;
}

static void measure_map(const struct kind *kind, uint32_t elements)
{
	static struct measurement all[NR_PLACES][NR_OPS][NR_ENGINES];
	struct subject subjects[NR_ENGINES];
	/* An array's elements cannot be deleted. */
	enum op nr_ops = kind->array ? OP_DELETE_INSERT : NR_OPS;

	memset(all, 0, sizeof(all));
	for (int i = 0; i < NR_ENGINES; i++) {
		subjects[i].engine = &engines[i];
		if (!engines[i].missing)
			set_up(&subjects[i], kind, elements);
	}
	for (unsigned int n = 0; n < options.repetitions; n++)
		for (enum place place = 0; place < NR_PLACES; place++)
			for (enum op op = 0; op < nr_ops; op++)
				for (unsigned int turn = 0; turn < NR_ENGINES; turn++) {
					unsigned int i = (n + turn) % NR_ENGINES;

					if (!engines[i].missing && is_measured(place, op))
						measure(&subjects[i], place, op, elements,
							&all[place][op][i]);
				}
	for (enum place place = 0; place < NR_PLACES; place++)
		for (enum op op = 0; op < nr_ops; op++)
			if (is_measured(place, op))
				report(kind, elements, place, op, all[place][op]);
	for (int i = 0; i < NR_ENGINES; i++)
		if (!engines[i].missing)
			tear_down(&subjects[i]);
}

static void usage(FILE *to)
{
	fprintf(to, "usage: maps [--json] [--quick] [--repetitions N]\n"
		    "  --json           one JSON document instead of the table\n"
		    "  --quick          small maps, few operations: does it run?\n"
		    "  --repetitions N  of each measurement, 1 to 99 (9; quick: 3)\n");
}

static void parse(int argc, char **argv)
{
	static const struct option longopts[] = {
		{"json", no_argument, NULL, 'j'},
		{"quick", no_argument, NULL, 'q'},
		{"repetitions", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char *end = "";
	int c;

	while ((c = getopt_long(argc, argv, "jqr:h", longopts, NULL)) != -1) {
		switch (c) {
		case 'j':
			options.json = true;
			break;
		case 'q':
			options.quick = true;
			break;
		case 'r':
			options.repetitions = strtoul(optarg, &end, 10);
			if (!options.repetitions)
				end = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind < argc || *end || options.repetitions > MAX_REPETITIONS) {
		usage(stderr);
		exit(2);
	}
	if (options.quick) {
		options.program_ops = 2000;
		options.user_ops = 1000;
	}
	if (!options.repetitions)
		options.repetitions = options.quick ? 3 : 9;
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1000, 1000000};
	int cpus = libbpf_num_possible_cpus();

	parse(argc, argv);
	engines_start(NULL);
	if (engines[EMBEDDED].missing) {
		fprintf(stderr, "maps: the runtime cannot be used: %s\n",
			engines[EMBEDDED].missing);
		return 1;
	}
	value = calloc(cpus > 0 ? cpus : 1, sizeof(uint64_t));
	results = json_array();
	if (!value || !results)
		return 1;
	if (!options.json)
		print_head();
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (int i = 0; i < (options.quick ? 1 : 2); i++)
			measure_map(&kinds[k], sizes[i]);
	if (options.json) {
		json_dumpf(results, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
		printf("\n");
	}
	json_decref(results);
	free(value);
	engines_stop();
	return 0;
}
