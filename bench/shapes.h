/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs made to be verified: each shape in a size that takes about as many verified instructions
 * as one likes.
 */
#ifndef BENCH_SHAPES_H
#define BENCH_SHAPES_H

#include <linux/bpf.h>

#define SHAPE_MAX_INSNS 1000000
#define SHAPE_MAX_FUNCS 8

/* A SYSCALL program. */
struct shaped {
	struct bpf_insn *insns; /* room for SHAPE_MAX_INSNS */
	unsigned int nr;
	unsigned int funcs[SHAPE_MAX_FUNCS], nr_funcs; /* where the functions begin, main first */
};

struct shape {
	const char *name;
	/* @map: an array, values of 64 bytes. */
	void (*make)(struct shaped *p, unsigned int verified, int map);
};

extern const struct shape shapes[];
extern const unsigned int nr_shapes;

#endif /* BENCH_SHAPES_H */
