/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions as native code of x86-64: what its files know of each other.
 *
 *   r0   r1   r2   r3   r4   r5   r6   r7   r8   r9   r10
 *   rax  rdi  rsi  rdx  rcx  r8   rbx  r13  r14  r15  rbp
 *
 * These are the registers in which functions of C take and give, and keep, what BPF's do: a helper
 * is called as it is, and so is a function of the program. r9 to r11 are for use within the code of
 * one instruction; r12 counts the turns of bpf_loop.
 *
 * An instruction's emit function returns 0, or -ENOTSUP. A fold function makes one of several
 * instructions and returns of how many, or 0 and emits nothing.
 */
#ifndef JIT_X86_64_X86_64_H
#define JIT_X86_64_X86_64_H

#include "jit/x86_64/insn.h"

extern const u8 x86_regs[16];

/* Linux 6.15; the headers of the build may be older. */
#define ATOMIC_LOAD_ACQ 0x100
#define ATOMIC_STORE_REL 0x110

#define LOAD_SX 0x80 /* BPF_MEMSX */

/* alu.c */
struct operation {
	bool wide, imm; /* of 64 bits; with insn->imm, else with src */
	u8 dst, src;
	const struct bpf_insn *insn;
};

static inline bool is_power_of_two(s64 imm)
{
	return imm > 0 && !(imm & (imm - 1));
}

/* dst: @src, times @imm. */
void x86_multiply(struct jit *jit, bool wide, u8 dst, u8 src, s32 imm);
int x86_emit_alu(struct jit *jit, const struct bpf_insn *insn);
/* divide.c */
int x86_emit_div(struct jit *jit, const struct operation *o, bool rem);

/* mem.c, atomic.c */
void x86_load(struct jit *jit, u8 size, bool sign, u8 dst, struct x86_mem mem);
void x86_store(struct jit *jit, u8 size, struct x86_mem mem, u8 src);
void x86_access(struct jit *jit, const struct bpf_insn *insn, struct x86_mem mem);
int x86_emit_ldx(struct jit *jit, const struct bpf_insn *insn);
int x86_emit_store(struct jit *jit, const struct bpf_insn *insn);
int x86_emit_ld_imm64(struct jit *jit, const struct bpf_insn *insn);
int x86_emit_atomic(struct jit *jit, const struct bpf_insn *insn);

/* jump.c, call.c */
int x86_emit_jmp(struct jit *jit, const struct bpf_insn *insn);
int x86_emit_call(struct jit *jit, const struct bpf_insn *insn);
int x86_emit_tail_call(struct jit *jit);
int x86_emit_load_packet(struct jit *jit, const struct bpf_insn *insn);

/* fold_*.c */
u32 x86_fold(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_address(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_move(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_operand(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_record(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_rotation(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_mask(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_lookup(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_zero(struct jit *jit, const struct bpf_insn *insn);
u32 x86_fold_jump(struct jit *jit, const struct bpf_insn *insn);

/* x86_64.c */
void x86_emit_exit(struct jit *jit);
/* The frame's: at rbp and what is returned, what bpf_loop was given as r1 to r3, 1 to 3; the rounds
 * that may_goto has left. */
s32 x86_loop_slot(const struct jit *jit, u32 arg);
s32 x86_rounds_slot(const struct jit *jit);
/* Load bpf_current. */
void x86_load_run(struct jit *jit, u8 reg);

#endif /* JIT_X86_64_X86_64_H */
