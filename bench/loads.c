/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * These times are elapsed ones, in which waiting for a CPU is: of a batch it is the least that
 * counts. The log is the same for all, and in the time of the call.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "loads.h"

#define PTR(p) ((unsigned long)(p))
#define LOG_STATS 4

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int load_once(const struct engine *engine, const union bpf_attr *program, struct load *load)
{
	static char log[1 << 16];
	union bpf_attr attr = *program;
	const char *said;
	int prog, tries = 5;
	double start;

	attr.log_buf = PTR(log);
	attr.log_size = sizeof(log);
	attr.log_level = LOG_STATS;
	/* Linux gives up when a signal comes, as the one that stops a process does. libbpf tries
	 * again. */
	do {
		start = now_us();
		prog = engine_bpf(engine, BPF_PROG_LOAD, &attr);
		load->load_us = now_us() - start;
	} while (prog == -EAGAIN && tries--);
	if (prog < 0)
		return prog;
	engine_close(engine, prog);
	said = strstr(log, "verification time ");
	load->verify_us = said ? atoi(said + strlen("verification time ")) : 0;
	return 0;
}

int load_batch(const struct engine *engine, const union bpf_attr *program, double batch_us,
	       struct load *load)
{
	double start = now_us();
	struct load one;
	int err;

	*load = (struct load){.verify_us = INFINITY, .load_us = INFINITY};
	do {
		err = load_once(engine, program, &one);
		load->verify_us = fmin(load->verify_us, one.verify_us);
		load->load_us = fmin(load->load_us, one.load_us);
	} while (!err && !bench_quick() && now_us() - start < batch_us);
	return err;
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
	FILE *f = fopen("/proc/self/clear_refs", "we");
	struct load load;
	long before;

	/* What is free is no longer ours, and "the most that it was" begins again. */
	malloc_trim(0);
	if (!f || fputs("5", f) < 0 || fclose(f))
		return 0;
	before = status("VmRSS");
	load_once(engine, program, &load);
	return status("VmHWM") - before;
}

double load_memory(const struct engine *engine, const union bpf_attr *program)
{
	int ends[2];
	long kib = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return 0;
	fflush(NULL);
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
	return kib * 1024.0;
}
