/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Loading a program, timed.
 */
#ifndef BENCH_LOADS_H
#define BENCH_LOADS_H

#include "engine.h"

struct load {
	double verify_us; /* "verification time N usec" of the engine's own log */
	double load_us;	  /* the call BPF_PROG_LOAD, elapsed */
};

/* Load and unload once. 0, or negative errno. */
int load_once(const struct engine *engine, const union bpf_attr *program, struct load *load);
/* Again and again for @batch_us, once at least; with --quick once. The least times. */
int load_batch(const struct engine *engine, const union bpf_attr *program, double batch_us,
	       struct load *load);

/*
 * By how many bytes this process was larger at the most while @engine loaded @program, found out in
 * a process of its own. 0: not known.
 */
double load_memory(const struct engine *engine, const union bpf_attr *program);

#endif /* BENCH_LOADS_H */
