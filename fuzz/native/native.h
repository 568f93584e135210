/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The same random program in the interpreter and as native code: gen.c makes it, differ.c runs it
 * both ways from the same registers and memory and compares all of them afterwards.
 */
#ifndef FUZZ_NATIVE_NATIVE_H
#define FUZZ_NATIVE_NATIVE_H

#include "base/types.h"

#include <linux/bpf.h>

/*
 * Memory of programs: an area whose middle r1 points to, so that every offset of an instruction
 * leads somewhere. Of it they use what lies within NEAR of the middle and what only the lowest and
 * the highest offsets reach.
 */
#define AREA_LOW (-32768)
#define AREA_HIGH 32767
#define NEAR 128
#define REGS_IN 256    /* ten registers to begin with, where the middle is 0 */
#define REGS_OUT 512   /* the same in the end */
#define STACK_OUT 1024 /* the stack of the main function in the end */
#define STACK_USED 400 /* from r10 down: anything; below it are loop counters and registers */

#define PROGRAM_MAX 8192 /* instructions */
#define NR_ARRAYS 4

/* What the addresses in instructions are of. */
struct world {
	u8 *middle;
	const void *arrays[NR_ARRAYS]; /* maps, whose keys are below ARRAY_ENTRIES */
	const void *progs;	       /* programs to call, at the indices below PROG_ENTRIES */
	u8 *edge;		       /* behind the last byte of a page, where nothing is */
};
#define ARRAY_ENTRIES 5
#define PROG_ENTRIES 4

/* Numbers of helpers that are the fuzzer's own. */
#define HELPER_MIX ((enum bpf_func_id)250)
#define HELPER_CALL_BACK ((enum bpf_func_id)251)

struct program {
	struct bpf_insn insns[PROGRAM_MAX];
	u32 nr;
	bool clear; /* its frames begin with zeroes; it writes all of its stack first if not */
};

u64 random_u64(u64 *state);
void generate(const struct world *world, u64 seed, struct program *program);

struct differ;
struct differ *differ_new(void);
void differ_free(struct differ *differ);
/* The number of instructions of program @seed; 0: the two differ, as standard error says. */
u32 differ_check(struct differ *differ, u64 seed);

#endif /* FUZZ_NATIVE_NATIVE_H */
