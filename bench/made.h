/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The shapes of shapes.h, ready to be loaded.
 */
#ifndef BENCH_MADE_H
#define BENCH_MADE_H

#include "engine.h"

struct made {
	union bpf_attr attr; /* for BPF_PROG_LOAD */
	struct bpf_insn *insns;
	struct bpf_func_info *funcs;
	int map, types;
};

/* The shape @name in the size that takes about @verified instructions. 0, or negative errno. */
int made_new(const struct engine *engine, const char *name, unsigned int verified,
	     struct made *made);
/* After made_new() whatever it returned. */
void made_free(const struct engine *engine, struct made *made);

#endif /* BENCH_MADE_H */
