/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs: allocation, references, ids, the tag. Loading, which ties this floor to the verifier
 * and the compiler, is in syscall/prog_load.c.
 */
#ifndef PROG_PROG_H
#define PROG_PROG_H

#include "base/bpf_types.h"
#include "base/vcpu.h"

/* Deepest nesting of calls, and stack of a call tree in bytes (Linux: the same). */
#define MAX_BPF_FRAMES 8
#define MAX_BPF_STACK 512

/* Internal instructions, made after verification and refused from outside: a load that gives 0
 * where the address is bad (kernel: BPF_PROBE_MEM, BPF_PROBE_MEMSX). With BPF_LOAD_ACQ in imm it
 * is a load-acquire, too (kernel: BPF_PROBE_ATOMIC). */
#define BPF_PROBE_MEM 0x20
#define BPF_PROBE_MEMSX 0x40
/* The same of BPF_JMP: bpf_tail_call(), see prog/prog_array.h. */
#define BPF_TAIL_CALL 0xf0

/* A load that extends the sign; the headers of the build may be older. */
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif

/* Internal, too: the src_reg of a call of a printf whose format is known. */
#define BPF_PSEUDO_CALL_FORMAT 3

/* BPF_JCOND; the headers of the build may be older. Goes on BPF_MAX_LOOPS times in one call of a
 * function, then jumps. */
#define BPF_MAY_GOTO 0xe0

#define MAX_TAIL_CALL_CNT 33 /* in one run of a program, those of its subprograms included */

/* A program with room for @len instructions and its aux, one reference, no id; NULL. */
struct bpf_prog *bpf_prog_alloc(struct trek_runtime *rt, u32 len);
int bpf_prog_alloc_id(struct bpf_prog *prog);
void bpf_prog_inc(struct bpf_prog *prog);
/* The last one removes the id at once and frees after a grace period. NULL: nothing. */
void bpf_prog_put(struct bpf_prog *prog);
/* By id, with a reference; ERR_PTR(-ENOENT). */
struct bpf_prog *bpf_prog_by_id(struct trek_runtime *rt, u32 id);
/* The program with the smallest id >= *@id, with a reference; NULL. */
struct bpf_prog *bpf_prog_get_curr_or_next(struct trek_runtime *rt, u32 *id);

/* The tag: SHA-256 over the instructions with the handles of maps (BPF_PSEUDO_MAP_FD, _VALUE, both
 * halves) zeroed, first 8 bytes. Indices of fd_array and BTF ids count, as in Linux 6.18. To be
 * called before verification rewrites them. 0. */
int bpf_prog_calc_tag(struct bpf_prog *prog);

/*
 * Run. The caller is inside bpf_run_begin() and bpf_run_end(); @ctx is the program's r1. r0.
 * Nests (helper callbacks, and programs that run within a run).
 */
static inline u32 bpf_prog_run(const struct bpf_prog *prog, const void *ctx)
{
	struct bpf_run_ctx *run = bpf_current;
	const struct bpf_prog *outer = run->prog;
	u32 outer_tail_calls = run->tail_calls;
	u32 ret;

	run->prog = prog;
	run->tail_calls = 0;
	ret = prog->bpf_func(ctx, prog->insnsi);
	run->prog = outer;
	run->tail_calls = outer_tail_calls;
	return ret;
}

/* Each instruction of @prog runs once at most: it has neither loops nor functions, nor goes on as
 * another program; and few of them are calls, of what is quickly done. */
bool bpf_prog_is_short(const struct bpf_prog *prog);

/* Native code, which jit/ made, and where in it functions and then the lines of aux->linfo begin;
 * then, of each load that may fault, where it is and where to go on. */
struct bpf_jit_image {
	void *code;
	u32 size;
	u32 nr_funcs;
	u32 nr_faults;
	u32 offs[];
};
/* NULL: nothing. */
void bpf_jit_image_free(struct bpf_jit_image *image);

/*
 * The interpreter (interp.c). Instructions are what verification leaves: ld_imm64 holds addresses,
 * a call of a helper its number, of a kfunc an index of aux->kfunc_tab, of a subprogram an offset.
 * One of a helper that prints, with a format that is always the same, has that format's index in
 * aux->formats in its offset, and BPF_PSEUDO_CALL_FORMAT in its src_reg. Two things say more than
 * the interpreter needs: a ld_imm64 of a function keeps its src_reg, and a call of a helper has in
 * its offset 1 + the index in aux->used_maps of the one map that it may act on.
 */
unsigned int bpf_interp_run(const void *ctx, const struct bpf_insn *insn);
/* The same for a program that reads stack which it did not write (aux->reads_unwritten_stack). */
unsigned int bpf_interp_run_cleared(const void *ctx, const struct bpf_insn *insn);
/* The whole of r0, with r1 and r2 given: instruction tests. */
u64 bpf_interp(const struct bpf_insn *insn, u64 r1, u64 r2);

#endif /* PROG_PROG_H */
