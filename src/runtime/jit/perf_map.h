/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * /tmp/perf-PID.map: what perf(1) looks into for the names of code that is in no file (tools/perf:
 * Documentation/jit-interface.txt). A line is added for each function of a program that is
 * compiled, named as in the kernel's list of symbols: bpf_prog_<tag>_<name> (bpf_get_prog_name() in
 * kernel/bpf/core.c). Other compilers of the process may have lines of their own there. Lines stay,
 * also of programs that are gone: perf asks when all is over.
 *
 * Anybody may put something at that path before. It is written to if it is a file of this user's
 * that has no other name, and made if there is none.
 */
#ifndef JIT_PERF_MAP_H
#define JIT_PERF_MAP_H

#include "prog/prog.h"

/* Whether there is one, or can be: 0; -EPERM: what lies there is another's or no plain file;
 * negative errno of open(2). */
int perf_map_check(void);
/* Add @prog, which is compiled. Without a word where that is not possible: it is no reason not to
 * run it. */
void perf_map_add(const struct bpf_prog *prog);

#endif /* JIT_PERF_MAP_H */
