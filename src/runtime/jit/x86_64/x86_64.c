/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Frames, and which file has which instruction.
 *
 * A function that calls nothing and has use for nothing has no frame; one that only keeps registers
 * pushes them. Else from rbp down: the program's stack of 512 bytes, if the function names it; what
 * it keeps of its own, if it does (slots); the registers that it uses and has to give back. The
 * chain of rbp is whole wherever something is called.
 *
 * Measured on an AMD EPYC, in processor time, by `make bench` (compute): the 25 kernels that call
 * no helper take 1.03 times what they take as C at -O2, and 0.75 times what Linux 6.18 takes for
 * them; with the 7 that do, 0.60 times (geometric means). 1.7 ns for a turn of bpf_loop
 * (Linux: 8.3), 0.8 ns for a lookup in an array (1.2), 3.6 ns for three calls of functions (24). To
 * make native code of 1,000 instructions takes 60 us, half of it in system calls.
 */
#include "jit/x86_64/x86_64.h"

#include <errno.h>

#include "prog/helper.h"

const u8 x86_regs[16] = {RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15, RBP};

/* --- frames ----------------------------------------------------------------------------------- */

#define HEAD_ALIGN 32ul

/* Below the stack, in this order. */
enum slot { CALLBACK = 1, LOOP_ARG, ROUNDS = LOOP_ARG + 3, NR_SLOTS = ROUNDS };

static s32 stack_size(const struct jit_func *func)
{
	return func->stack ? MAX_BPF_STACK : 0;
}

static s32 slot(const struct jit_func *func, u32 nr)
{
	return -stack_size(func) - 8 * (s32)nr;
}

s32 x86_loop_slot(const struct jit *jit, u32 arg)
{
	return slot(jit->func, LOOP_ARG + arg - 1);
}

s32 x86_rounds_slot(const struct jit *jit)
{
	return slot(jit->func, ROUNDS);
}

/* r6 to r9 and r12, in this order. */
static u32 kept_registers(const struct jit_func *func, u8 kept[5])
{
	u32 nr = 0;

	for (u32 r = BPF_REG_6; r <= BPF_REG_9; r++)
		if (func->saved & 1u << r)
			kept[nr++] = x86_regs[r];
	if (func->loops)
		kept[nr++] = R12;
	return nr;
}

/* From rbp to the registers that are kept, so that rsp is aligned below them. */
static s32 frame_size(const struct jit_func *func, u32 nr_kept)
{
	const bool slots = func->sets_callback || func->loops || func->may_goto;

	return round_up(stack_size(func) + (slots ? 8 * NR_SLOTS : 0) + 8 * nr_kept, 16) -
	       8 * nr_kept;
}

static bool has_rbp(const struct jit_func *func)
{
	return func->stack || func->calls || func->sets_callback || func->may_goto;
}

/* Load bpf_current. Its distance from the thread's pointer is the same in all threads. */
void x86_load_run(struct jit *jit, u8 reg)
{
	unsigned long thread;

	__asm__("movq %%fs:0, %0" : "=r"(thread));
	jit_byte(jit, X86_FS);
	x86_opcode(jit, true, OP_LOAD, reg, 0);
	jit_byte(jit, (reg & 7) << 3 | 4);
	jit_byte(jit, 0x25);
	jit_bytes(jit, (unsigned long)&bpf_current - thread, 4);
}

/* Helpers of this run call back in the way of native code. rax and r9 to r11 may be used. */
static void set_callback(struct jit *jit)
{
	x86_load_run(jit, R9);
	x86_rm(jit, true, OP_LOAD, R10, R9, offsetof(struct bpf_run_ctx, callback));
	x86_rm(jit, true, OP_STORE, R10, RBP, slot(jit->func, CALLBACK));
	x86_mov_k(jit, R10, (unsigned long)bpf_jit_callback);
	x86_rm(jit, true, OP_STORE, R10, R9, offsetof(struct bpf_run_ctx, callback));
}

static void restore_callback(struct jit *jit)
{
	x86_load_run(jit, R9);
	x86_rm(jit, true, OP_LOAD, R10, RBP, slot(jit->func, CALLBACK));
	x86_rm(jit, true, OP_STORE, R10, R9, offsetof(struct bpf_run_ctx, callback));
}

/* rep stosq: rcx words of rax from rdi on. */
static void clear_stack(struct jit *jit)
{
	x86_mov(jit, R10, RDI);
	x86_mov(jit, R11, RCX);
	x86_rm(jit, true, OP_LEA, RDI, RBP, -MAX_BPF_STACK);
	x86_mov_k(jit, RCX, MAX_BPF_STACK / 8);
	x86_mov_k(jit, RAX, 0);
	jit_bytes(jit, 0xab48f3, 3);
	x86_mov(jit, RDI, R10);
	x86_mov(jit, RCX, R11);
}

void jit_emit_entry(struct jit *jit)
{

	const struct jit_func *func = jit->func;
	u8 kept[5];
	const u32 nr = kept_registers(func, kept);
	const s32 size = frame_size(func, nr);

	if (has_rbp(func)) {
		x86_push(jit, RBP);
		x86_mov(jit, RBP, RSP);
		if (size)
			x86_alu_k(jit, true, K_SUB, RSP, size);
	}
	for (u32 i = 0; i < nr; i++)
		x86_push(jit, kept[i]);
	if (func->may_goto) {
		x86_rm(jit, false, OP_STORE_K, 0, RBP, x86_rounds_slot(jit));
		jit_bytes(jit, BPF_MAX_LOOPS, 4);
	}
	if (func->sets_callback)
		set_callback(jit);
	if (func->stack && jit->prog->aux->reads_unwritten_stack)
		clear_stack(jit);
}

void x86_emit_exit(struct jit *jit)
{
	const struct jit_func *func = jit->func;
	u8 kept[5];
	u32 nr = kept_registers(func, kept);

	if (func->sets_callback)
		restore_callback(jit);
	while (nr)
		x86_pop(jit, kept[--nr]);
	if (has_rbp(func))
		jit_byte(jit, 0xc9); /* leave */
	jit_byte(jit, 0xc3);
}

/*
 * A short loop that lies across more of the processor's lines of decoded instructions than it has
 * to takes up to twice as long; and what is jumped to in the middle of one is the less of a line.
 */
void jit_emit_head(struct jit *jit)
{
	static const u64 nops[] = {
		0x90,	      0x9066,	      0x1f0f,		0x00401f0f,
		0x0000441f0f, 0x0000441f0f66, 0x00000000801f0f, 0x00000000841f0f};
	u32 left = jit->out ? -((unsigned long)jit->home + jit->pos) % HEAD_ALIGN : HEAD_ALIGN - 1;

	while (left) {
		u32 nr = left < ARRAY_SIZE(nops) ? left : ARRAY_SIZE(nops);

		jit_bytes(jit, nops[nr - 1], nr);
		left -= nr;
	}
}

/* --- instructions ----------------------------------------------------------------------------- */

static int emit_ld(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		return x86_emit_ld_imm64(jit, insn);
	case BPF_ABS:
	case BPF_IND:
		return x86_emit_load_packet(jit, insn);
	}
	return -ENOTSUP;
}

static int emit(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return x86_emit_alu(jit, insn);
	case BPF_LD:
		return emit_ld(jit, insn);
	case BPF_LDX:
		return x86_emit_ldx(jit, insn);
	case BPF_ST:
	case BPF_STX:
		return x86_emit_store(jit, insn);
	default:
		return x86_emit_jmp(jit, insn);
	}
}

int jit_emit_insn(struct jit *jit, const struct bpf_insn *insn)
{
	int nr = x86_fold(jit, insn);

	if (!nr)
		nr = emit(jit, insn) ?: insn->code == (BPF_LD | BPF_IMM | BPF_DW) ? 2 : 1;
	return nr;
}
