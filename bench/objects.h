/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs of objects, as libbpf hands them to an engine.
 */
#ifndef BENCH_OBJECTS_H
#define BENCH_OBJECTS_H

#include "engine.h"

/*
 * Load each program of the object at @path by itself into every engine that can be used, and call
 * @measure with what BPF_PROG_LOAD was given there. One that not all of them take is passed over.
 * The handles in it are good during the call. 0; negative errno: there is no such object.
 */
int object_programs(const char *path,
		    void (*measure)(void *arg, const union bpf_attr *const programs[NR_ENGINES]),
		    void *arg);

#endif /* BENCH_OBJECTS_H */
