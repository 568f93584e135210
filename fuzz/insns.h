/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A program as bytes, for fuzz/insns.c: this head, insns_functions and insns_lines records, and
 * instructions to the end. Numbers of maps and kfuncs in the instructions are taken modulo how many
 * there are.
 */
#ifndef FUZZ_INSNS_H
#define FUZZ_INSNS_H

#include <stddef.h>
#include <stdint.h>

enum insns_flags {
	INSNS_SLEEPABLE = 1,
	INSNS_STRICT = 2,     /* BPF_F_STRICT_ALIGNMENT */
	INSNS_STATE_FREQ = 4, /* BPF_F_TEST_STATE_FREQ */
	INSNS_NOT_GPL = 8,
	INSNS_WALK = 16,  /* log level 2 */
	INSNS_TYPES = 32, /* with BTF, func_info and line_info */
};

struct insns_head {
	uint8_t type; /* of insns_types[], modulo how many there are */
	uint8_t flags;
	uint8_t nr_functions, nr_lines;
};

/* A func_info; the type is one of those of the program's BTF (insns.c). */
struct insns_function {
	uint8_t insn, type;
};

struct insns_line {
	uint8_t insn, line;
};

/* The types of program, and what a tracing program attaches to. */
extern const struct insns_type {
	uint32_t prog_type, attach_type;
	const char *function;
} insns_types[];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many of the inputs were accepted, and how many of those were run. */
extern unsigned int insns_accepted, insns_run;

#endif /* FUZZ_INSNS_H */
