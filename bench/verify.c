/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The time that verification takes, beside the kernel's, in one run.
 *
 *     build/bench/verify [--json] [--quick] [--repetitions N] [OBJECT ...]
 *
 * What is measured. Each program is loaded on both engines, again and again:
 *
 *   verify     the time that the engine itself says it took to verify: "verification time N usec"
 *              of the log (level 4), whole microseconds. It includes the rewriting of instructions,
 *              on both engines.
 *   load       the call BPF_PROG_LOAD: also copying, the program's tag, and making native code,
 *              where there is a compiler and it is not off; elapsed time. The log is the same.
 *   memory     how much larger this process was at the most while bpftrek loaded it, in a process
 *              of its own.
 *
 * Programs. Those of the objects that are given, through libbpf, each by itself, with the
 * instructions, types and maps that libbpf made of it for the engine; and the shapes of shapes.c,
 * that are made to take about 1,000 to 1,000,000 verified instructions. A program that only one
 * engine takes is told, and not compared.
 *
 * Noise. Loads of the two engines alternate in batches, and who is first does, too. A number is the
 * median of all loads, in brackets the least. The ratio is of those least times, the kernel's by
 * bpftrek's: above 1, bpftrek is faster. A time of 0 counts as half a microsecond in it.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "engine.h"
#include "objects.h"
#include "shapes.h"
#include "shim.h"

#define PTR(p) ((unsigned long)(p))
#define MAX_REPETITIONS 99
#define MAX_SAMPLES 4096
#define BATCH_US 2000 /* as many loads as fit, but one */
#define LONG_US 3000000
#define LOG_STATS 4

static struct {
	bool json, quick;
	unsigned int repetitions;
} options;

static json_t *results;

struct samples {
	double verify[MAX_SAMPLES], load[MAX_SAMPLES]; /* microseconds */
	unsigned int nr, insns;
	int err;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static unsigned int verified_insns(const struct engine *engine, int prog)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {
		.info = {.bpf_fd = prog, .info = PTR(&info), .info_len = sizeof(info)},
	};

	return engine->bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ? 0 : info.verified_insns;
}

static void load_once(const struct engine *engine, const union bpf_attr *program, struct samples *s)
{
	static char log[1 << 16];
	union bpf_attr attr = *program;
	const char *said;
	double start;
	int prog;

	attr.log_buf = PTR(log);
	attr.log_size = sizeof(log);
	attr.log_level = LOG_STATS;
	start = now();
	prog = engine->bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	s->load[s->nr] = now() - start;
	if (prog < 0) {
		s->err = prog;
		return;
	}
	if (!s->nr)
		s->insns = verified_insns(engine, prog);
	engine->close(prog);
	said = strstr(log, "verification time ");
	s->verify[s->nr++] = said ? atoi(said + strlen("verification time ")) : 0;
}

static void load_batch(const struct engine *engine, const union bpf_attr *program,
		       struct samples *s)
{
	double start = now();

	do
		load_once(engine, program, s);
	while (!s->err && s->nr < MAX_SAMPLES && !options.quick && now() - start < BATCH_US);
}

/* --- Memory ----------------------------------------------------------------------------------- */

/* A line of /proc/self/status, KiB. */
static long status(const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kib = atol(line + strlen(name) + 1);
	if (f)
		fclose(f);
	return kib;
}

static long load_and_look(const struct engine *engine, const union bpf_attr *program)
{
	static struct samples s;
	FILE *f = fopen("/proc/self/clear_refs", "we");
	long before;

	/* What is free is no longer ours, and "the most that it was" begins again. */
	malloc_trim(0);
	if (!f || fputs("5", f) < 0 || fclose(f))
		return 0;
	before = status("VmRSS");
	load_once(engine, program, &s);
	return status("VmHWM") - before;
}

/* KiB; 0: not known. */
static long memory_of(const struct engine *engine, const union bpf_attr *program)
{
	int ends[2];
	long kib = 0;
	pid_t pid;

	if (pipe(ends))
		return 0;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		kib = load_and_look(engine, program);
		_exit(write(ends[1], &kib, sizeof(kib)) != sizeof(kib));
	}
	close(ends[1]);
	if (pid < 0 || read(ends[0], &kib, sizeof(kib)) != sizeof(kib))
		kib = 0;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return kib;
}

/* --- What comes out --------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct summary {
	double median, least;
};

static struct summary summarize(double *values, unsigned int nr)
{
	qsort(values, nr, sizeof(values[0]), compare);
	return (struct summary){values[nr / 2], values[0]};
}

static double ratio(struct summary ours, struct summary theirs)
{
	return (theirs.least > 0.5 ? theirs.least : 0.5) / (ours.least > 0.5 ? ours.least : 0.5);
}

static void print_head(void)
{
	struct utsname host;

	uname(&host);
	printf("microseconds: median (least); ratios: kernel/bpftrek, of the least; Linux %s\n",
	       host.release);
	if (engines[KERNEL].missing)
		printf("the kernel cannot be used: %s\n", engines[KERNEL].missing);
	printf("%-38s%9s%9s%20s%20s%7s%20s%20s%7s%8s\n", "program", "insns", "kernel", "verify",
	       "kernel", "ratio", "load", "kernel", "ratio", "MB");
}

static json_t *to_json(const struct samples *s, struct summary verify, struct summary load)
{
	if (!s->nr)
		return s->err ? json_pack("{s:s}", "refused", strerror(-s->err)) : json_null();
	return json_pack("{s:i, s:f, s:f, s:f, s:f}", "verified_insns", (int)s->insns, "verify_us",
			 verify.median, "verify_least_us", verify.least, "load_us", load.median,
			 "load_least_us", load.least);
}

static void print_one(const struct samples *s, struct summary sum)
{
	if (s->nr)
		printf("%10.0f (%7.0f)", sum.median, sum.least);
	else
		printf("%20s", s->err ? strerrorname_np(-s->err) : "-");
}

static void report(const char *name, struct samples *s, long kib)
{
	struct summary verify[NR_ENGINES] = {0}, load[NR_ENGINES] = {0};
	bool both = s[EMBEDDED].nr && s[KERNEL].nr;

	for (int i = 0; i < NR_ENGINES; i++)
		if (s[i].nr) {
			verify[i] = summarize(s[i].verify, s[i].nr);
			load[i] = summarize(s[i].load, s[i].nr);
		}
	if (options.json) {
		json_array_append_new(
			results,
			json_pack("{s:s, s:o, s:o, s:o, s:o, s:I}", "program", name, "bpftrek",
				  to_json(&s[EMBEDDED], verify[EMBEDDED], load[EMBEDDED]), "kernel",
				  to_json(&s[KERNEL], verify[KERNEL], load[KERNEL]), "verify_ratio",
				  both ? json_real(ratio(verify[EMBEDDED], verify[KERNEL]))
				       : json_null(),
				  "load_ratio",
				  both ? json_real(ratio(load[EMBEDDED], load[KERNEL]))
				       : json_null(),
				  "memory_kib", (json_int_t)kib));
		return;
	}
	printf("%-38s%9u%9u ", name, s[EMBEDDED].insns, s[KERNEL].insns);
	print_one(&s[EMBEDDED], verify[EMBEDDED]);
	print_one(&s[KERNEL], verify[KERNEL]);
	printf("%7.2f", both ? ratio(verify[EMBEDDED], verify[KERNEL]) : 0.0);
	print_one(&s[EMBEDDED], load[EMBEDDED]);
	print_one(&s[KERNEL], load[KERNEL]);
	printf("%7.2f%8.1f\n", both ? ratio(load[EMBEDDED], load[KERNEL]) : 0.0, kib / 1024.0);
	fflush(stdout);
}

static void measure(const char *name, const union bpf_attr *const programs[NR_ENGINES])
{
	static struct samples s[NR_ENGINES];
	long kib = programs[EMBEDDED] ? memory_of(&engines[EMBEDDED], programs[EMBEDDED]) : 0;
	double start;

	for (int i = 0; i < NR_ENGINES; i++)
		s[i].nr = s[i].insns = s[i].err = 0;
	start = now();
	for (unsigned int n = 0; n < options.repetitions; n++) {
		/* What takes seconds is measured well by a few. */
		if (n >= 3 && now() - start > LONG_US)
			break;
		for (unsigned int turn = 0; turn < NR_ENGINES; turn++) {
			unsigned int i = (n + turn) % NR_ENGINES;

			if (!engines[i].missing && programs[i] && !s[i].err)
				load_batch(&engines[i], programs[i], &s[i]);
		}
	}
	report(name, s, kib);
}

/* --- The shapes ------------------------------------------------------------------------------- */

static void die(const struct engine *engine, const char *what, int err)
{
	fprintf(stderr, "verify: %s: %s: %s\n", engine->name, what, strerror(-err));
	exit(1);
}

/* Functions need types, all static but the first. */
static int load_types(const struct engine *engine, const struct shaped *p,
		      struct bpf_func_info *info)
{
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	unsigned int size;
	int proto, fd;

	proto = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	proto = btf__add_func_proto(btf, proto);
	for (unsigned int i = 0; i < p->nr_funcs; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%u", i);
		info[i].insn_off = p->funcs[i];
		info[i].type_id =
			btf__add_func(btf, name, i ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL, proto);
	}
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = engine->bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
	btf__free(btf);
	return fd;
}

static void measure_shape(const struct shape *shape, unsigned int verified,
			  const int maps[NR_ENGINES])
{
	static struct bpf_insn insns[NR_ENGINES][SHAPE_MAX_INSNS];
	struct bpf_func_info info[SHAPE_MAX_FUNCS];
	union bpf_attr attrs[NR_ENGINES] = {0};
	const union bpf_attr *programs[NR_ENGINES] = {0};
	char name[64];

	for (int i = 0; i < NR_ENGINES; i++) {
		struct shaped p = {.insns = insns[i], .nr_funcs = 1};
		int types;

		if (engines[i].missing)
			continue;
		shape->make(&p, verified, maps[i]);
		types = load_types(&engines[i], &p, info);
		if (types < 0)
			die(&engines[i], "BPF_BTF_LOAD", types);
		attrs[i].prog_type = BPF_PROG_TYPE_SYSCALL;
		attrs[i].prog_flags = BPF_F_SLEEPABLE;
		attrs[i].insns = PTR(insns[i]);
		attrs[i].insn_cnt = p.nr;
		attrs[i].license = PTR("Dual BSD/GPL");
		attrs[i].prog_btf_fd = types;
		attrs[i].func_info = PTR(info);
		attrs[i].func_info_cnt = p.nr_funcs;
		attrs[i].func_info_rec_size = sizeof(info[0]);
		programs[i] = &attrs[i];
	}
	snprintf(name, sizeof(name), "%s, %u", shape->name, verified);
	measure(name, programs);
	for (int i = 0; i < NR_ENGINES; i++)
		if (programs[i])
			engines[i].close((int)attrs[i].prog_btf_fd);
}

static int make_map(const struct engine *engine)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 64,
		.max_entries = 4,
		.map_name = "bench",
	};
	int map = engine->bpf(BPF_MAP_CREATE, &attr, sizeof(attr));

	if (map < 0)
		die(engine, "BPF_MAP_CREATE", map);
	return map;
}

static void measure_shapes(void)
{
	static const unsigned int sizes[] = {1000, 10000, 100000, 1000000};
	int maps[NR_ENGINES];

	for (int i = 0; i < NR_ENGINES; i++)
		maps[i] = engines[i].missing ? -1 : make_map(&engines[i]);
	for (unsigned int n = 0; n < (options.quick ? 2 : 4); n++)
		for (unsigned int k = 0; k < nr_shapes; k++)
			/* Short of the limit, which is by how much a shape misses its size. */
			measure_shape(&shapes[k], sizes[n] - sizes[n] / 50, maps);
	for (int i = 0; i < NR_ENGINES; i++)
		if (!engines[i].missing)
			engines[i].close(maps[i]);
}

static void usage(FILE *to)
{
	fprintf(to, "usage: verify [--json] [--quick] [--repetitions N] [OBJECT ...]\n"
		    "  OBJECT           its programs, before those that are made\n"
		    "  --json           one JSON document instead of the table\n"
		    "  --quick          small programs, few loads: does it run?\n"
		    "  --repetitions N  batches of loads of each program, 1 to 99 (9; quick: 2)\n");
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
	if (*end || options.repetitions > MAX_REPETITIONS) {
		usage(stderr);
		exit(2);
	}
	if (!options.repetitions)
		options.repetitions = options.quick ? 2 : 9;
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	engines_start(&shim_handle_ops);
	if (engines[EMBEDDED].missing) {
		fprintf(stderr, "verify: the runtime cannot be used: %s\n",
			engines[EMBEDDED].missing);
		return 1;
	}
	results = json_array();
	if (!results)
		return 1;
	if (!options.json)
		print_head();
	for (; optind < argc; optind++) {
		int err = object_programs(argv[optind], measure);

		if (err) {
			fprintf(stderr, "verify: %s: %s\n", argv[optind], strerror(-err));
			return 1;
		}
	}
	measure_shapes();
	if (options.json) {
		json_dumpf(results, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
		printf("\n");
	}
	json_decref(results);
	engines_stop();
	return 0;
}
