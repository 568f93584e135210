/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Native code for programs (kernel: bpf_int_jit_compile in arch/x86/net/bpf_jit_comp.c).
 *
 * What verification leaves (prog/prog.h) is compiled once, when the program is loaded: jit.c lays
 * the functions of the program out and joins them, one folder for each architecture says how an
 * instruction looks there. Nothing is checked again that verification has proved; what the
 * interpreter does with an instruction is what the code does, to the last bit.
 */
#ifndef JIT_JIT_H
#define JIT_JIT_H

#include <endian.h>
#include <string.h>

#include "prog/prog.h"

/*
 * Compile @prog, which has been verified and has no id yet: prog->bpf_func is then native, jited is
 * set, aux->jit says where it lies. -ENOTSUP: this cannot be done here (the architecture, an
 * instruction, a system that lets no memory become executable), the program is as it was and can be
 * interpreted. -ENOMEM.
 */
int bpf_jit_compile(struct bpf_prog *prog);

/* --- between jit.c and the architecture's files ----------------------------------------------- */

struct jit_func {
	u32 start, end;	    /* instructions */
	u32 entry;	    /* where its code begins */
	u16 saved;	    /* registers r6 to r9 that it names, a bit each */
	bool stack;	    /* it names its stack */
	bool calls;	    /* it calls, a function or anything else */
	bool loops;	    /* it calls bpf_loop */
	bool may_goto;	    /* it has one */
	bool sets_callback; /* the main one of a program that hands functions to helpers */
};

/* A distance that is filled in when everything has its place. */
struct jit_jump {
	u32 from; /* the byte behind the distance */
	const u32 *to;
	bool wide; /* it has four bytes, not one */
};

/* A load that may fault, and where to go on, with 0 in which register, if it does. */
struct jit_fault {
	u32 at, resume, reg;
};

struct jit {
	const struct bpf_prog *prog;
	const struct bpf_insn *insns;
	u32 nr;
	u8 *out;	/* the code; NULL in the first pass */
	const u8 *home; /* where it will lie when it runs */
	u32 pos, idx;	/* of the code, and the instruction */
	u32 *at;	/* by instruction: where it is */
	u32 *laid_out;	/* the same, but found out in the first pass: at most that far */
	struct jit_func *funcs, *func; /* all, and the one that is being compiled */
	u32 nr_funcs;
	struct jit_flow *flow; /* by instruction (jit/flow.h) */
	struct jit_jump *jumps;
	u32 nr_jumps;
	struct jit_fault *faults; /* in ascending order; counted in the first pass */
	u32 nr_faults;
};

#define JIT_ROOM 8 /* behind the code, for what jit_bytes() writes beyond it */

/* At most eight, little end first. Written as eight: what is too much is written over. */
static inline void jit_bytes(struct jit *jit, u64 value, u32 nr)
{
	if (jit->out) {
		value = htole64(value);
		memcpy(jit->out + jit->pos, &value, sizeof(value));
	}
	jit->pos += nr;
}

static inline void jit_byte(struct jit *jit, u8 byte)
{
	jit_bytes(jit, byte, 1);
}

/* The function that a call or a ld_imm64 names. */
struct jit_func *jit_func_of(const struct jit *jit, const struct bpf_insn *insn);
/* Whether the distance to @insn may take more than a byte. */
bool jit_is_far(const struct jit *jit, u32 insn);
/* The distance from behind it to @to, one of jit->at or a function's entry. One for each
 * instruction. */
void jit_distance(struct jit *jit, const u32 *to, bool wide);

/* The load to @reg, a number of the processor's, that begins at @at and ends here may fault: then
 * it is over, and 0 was loaded. */
void jit_may_fault(struct jit *jit, u32 at, u8 reg);

/* What the code calls: a function of the program for a helper; a tail call, which gives r0. */
u64 bpf_jit_callback(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);
u64 bpf_jit_run_instead(const struct bpf_prog *next, u64 ctx);

/*
 * The architecture's: the begin of jit->func; what the begin of a loop wants in front of it; and
 * @insn, which is jit->idx, or as many from there on as it makes one of, so long as no jump leads
 * behind the first (jit/flow.h). How many, or -ENOTSUP. A ld_imm64 counts as two.
 */
void jit_emit_entry(struct jit *jit);
void jit_emit_head(struct jit *jit);
int jit_emit_insn(struct jit *jit, const struct bpf_insn *insn);

#endif /* JIT_JIT_H */
