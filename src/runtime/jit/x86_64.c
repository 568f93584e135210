/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions as native code of x86-64.
 *
 *   r0   r1   r2   r3   r4   r5   r6   r7   r8   r9   r10
 *   rax  rdi  rsi  rdx  rcx  r8   rbx  r13  r14  r15  rbp
 *
 * These are the registers in which functions of C take and give, and keep, what BPF's do: a helper
 * is called as it is, and so is a function of the program. r9 to r11 are for use within the code of
 * one instruction; r12 counts the turns of bpf_loop.
 *
 * A frame, in a function that has use for one, from rbp down: the program's stack of 512 bytes, in
 * a program with callbacks the one that was set before, the registers that the function uses and
 * has to give back, what bpf_loop was given, the rounds that may_goto has left. What is not used of
 * it is not touched.
 *
 * Measured on an AMD EPYC, in processor time: 29 us to compile 1,000 instructions; 1.9 ns for a
 * turn of bpf_loop that makes a random number and stores it, 2.4 ns if it looks it up in an array
 * that is in the cache (Linux 6.18, the same program: 8.5 and 8.9 ns); 0.3 ns for a load, guarded
 * or not, and 1.1 ns where the next one waits for it.
 */
#include "jit/x86_64.h"

#include <errno.h>
#include <limits.h>

#include "map/map.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "prog/prog_array.h"
#include "prog/skb.h"

/* Linux 6.15; the headers of the build may be older. */
#define ATOMIC_LOAD_ACQ 0x100
#define ATOMIC_STORE_REL 0x110

#define LOAD_SX 0x80 /* BPF_MEMSX */

static const u8 regs[16] = {RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15, RBP};

/* --- functions -------------------------------------------------------------------------------- */

#define CALLBACK_SLOT (-MAX_BPF_STACK - 8)
#define R12_SLOT (-MAX_BPF_STACK - 48)
#define LOOP_SLOT(arg) (R12_SLOT - 8 * (arg)) /* what bpf_loop was given as r1 to r3 */
#define ROUNDS_SLOT (LOOP_SLOT(3) - 8)
#define FRAME (MAX_BPF_STACK + 80)

static s32 saved_slot(u32 reg)
{
	return CALLBACK_SLOT - 8 * (s32)(reg - BPF_REG_5);
}

/* Load bpf_current. Its distance from the thread's pointer is the same in all threads. */
static void load_run(struct jit *jit, u8 reg)
{
	unsigned long thread;

	__asm__("movq %%fs:0, %0" : "=r"(thread));
	jit_byte(jit, X86_FS);
	x86_opcode(jit, true, OP_LOAD, reg, 0, false);
	jit_byte(jit, (reg & 7) << 3 | 4);
	jit_byte(jit, 0x25);
	jit_bytes(jit, (unsigned long)&bpf_current - thread, 4);
}

/* Helpers of this run call back in the way of native code. rax and r9 to r11 may be used. */
static void set_callback(struct jit *jit)
{
	load_run(jit, R9);
	x86_rm(jit, true, OP_LOAD, R10, R9, offsetof(struct bpf_run_ctx, callback));
	x86_rm(jit, true, OP_STORE, R10, RBP, CALLBACK_SLOT);
	x86_mov_k(jit, R10, (unsigned long)bpf_jit_callback);
	x86_rm(jit, true, OP_STORE, R10, R9, offsetof(struct bpf_run_ctx, callback));
}

static void restore_callback(struct jit *jit)
{
	load_run(jit, R9);
	x86_rm(jit, true, OP_LOAD, R10, RBP, CALLBACK_SLOT);
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
	if (!jit->func->frame)
		return;
	x86_push(jit, RBP);
	x86_mov(jit, RBP, RSP);
	x86_alu_k(jit, true, K_SUB, RSP, FRAME);
	for (u32 r = BPF_REG_6; r <= BPF_REG_9; r++)
		if (jit->func->saved & 1u << r)
			x86_rm(jit, true, OP_STORE, regs[r], RBP, saved_slot(r));
	if (jit->func->loops)
		x86_rm(jit, true, OP_STORE, R12, RBP, R12_SLOT);
	if (jit->func->may_goto) {
		x86_rm(jit, false, OP_STORE_K, 0, RBP, ROUNDS_SLOT);
		jit_bytes(jit, BPF_MAX_LOOPS, 4);
	}
	if (jit->func->sets_callback)
		set_callback(jit);
	if (jit->prog->aux->reads_unwritten_stack)
		clear_stack(jit);
}

static void emit_exit(struct jit *jit)
{
	if (jit->func->sets_callback)
		restore_callback(jit);
	for (u32 r = BPF_REG_6; r <= BPF_REG_9; r++)
		if (jit->func->saved & 1u << r)
			x86_rm(jit, true, OP_LOAD, regs[r], RBP, saved_slot(r));
	if (jit->func->loops)
		x86_rm(jit, true, OP_LOAD, R12, RBP, R12_SLOT);
	if (jit->func->frame)
		jit_byte(jit, 0xc9); /* leave */
	jit_byte(jit, 0xc3);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

struct operation {
	bool wide, imm; /* of 64 bits; with insn->imm, else with src */
	u8 dst, src;
	const struct bpf_insn *insn;
};

static int emit_simple(struct jit *jit, const struct operation *o, u8 op, u8 which)
{
	if (o->imm)
		x86_alu_k(jit, o->wide, which, o->dst, o->insn->imm);
	else
		x86_rr(jit, o->wide, op, o->src, o->dst);
	return 0;
}

static bool is_power_of_two(s64 imm)
{
	return imm > 0 && !(imm & (imm - 1));
}

static int emit_mul(struct jit *jit, const struct operation *o)
{
	const s32 imm = o->insn->imm;

	if (!o->imm) {
		x86_rr(jit, o->wide, OP_IMUL, o->dst, o->src);
	} else if (is_power_of_two(imm)) {
		x86_shift_k(jit, o->wide, S_SHL, o->dst, __builtin_ctz(imm));
	} else {
		x86_rr(jit, o->wide, fits_s8(imm) ? OP_IMUL_K8 : OP_IMUL_K, o->dst, o->dst);
		jit_bytes(jit, imm, fits_s8(imm) ? 1 : 4);
	}
	return 0;
}

static int emit_mov(struct jit *jit, const struct operation *o)
{
	if (o->imm) {
		x86_mov_k(jit, o->dst, o->wide ? (u64)(s64)o->insn->imm : (u32)o->insn->imm);
		return 0;
	}
	switch (o->insn->off) {
	case 8:
		x86_rr(jit, o->wide, OP_MOVSX_B, o->dst, o->src);
		break;
	case 16:
		x86_rr(jit, o->wide, OP_MOVSX_H, o->dst, o->src);
		break;
	case 32:
		x86_rr(jit, o->wide, OP_MOVSXD, o->dst, o->src);
		break;
	case 0:
		if (!o->wide || o->dst != o->src)
			x86_rr(jit, o->wide, OP_STORE, o->src, o->dst);
		break;
	default:
		return -ENOTSUP;
	}
	return 0;
}

/* By as many bits as BPF masks it to, too. Older processors have the number in cl only. */
static int emit_shift(struct jit *jit, const struct operation *o, u8 which, enum x86_shift newer)
{
	const u8 dst = o->dst == RCX ? R11 : o->dst;

	if (o->imm) {
		x86_shift_k(jit, o->wide, which, o->dst, o->insn->imm & (o->wide ? 63 : 31));
		return 0;
	}
	if (x86_has_bmi2()) {
		x86_shift_x(jit, o->wide, newer, o->dst, o->src);
		return 0;
	}
	x86_mov(jit, R11, RCX);
	x86_mov(jit, RCX, o->src);
	x86_rr(jit, o->wide, OP_SHIFT_CL, which, dst);
	x86_mov(jit, RCX, R11);
	return 0;
}

static int emit_neg(struct jit *jit, const struct operation *o)
{
	x86_rr(jit, o->wide, OP_UNARY, U_NEG, o->dst);
	return 0;
}

/* rax and rdx are the processor's for this, the divisor is in r11, and so is the result. */
static void emit_divide(struct jit *jit, const struct operation *o, bool rem, bool is_signed)
{
	x86_mov(jit, R10, RAX);
	x86_mov(jit, R9, RDX);
	x86_mov(jit, RAX, o->dst);
	if (is_signed)
		jit_bytes(jit, o->wide ? 0x9948 : 0x99, 1 + o->wide); /* cqo, cdq */
	else
		x86_mov_k(jit, RDX, 0);
	x86_rr(jit, o->wide, OP_UNARY, is_signed ? U_IDIV : U_DIV, R11);
	x86_mov(jit, R11, rem ? RDX : RAX);
	x86_mov(jit, RAX, R10);
	x86_mov(jit, RDX, R9);
	x86_mov(jit, o->dst, R11);
}

/* By zero gives zero, and the remainder is the dividend; the lowest number by -1 gives itself. */
static int emit_div(struct jit *jit, const struct operation *o, bool rem)
{
	const bool is_signed = o->insn->off;
	const s32 imm = o->insn->imm;
	u32 zero, minus_one = 0, done, done_negated = 0;

	if (o->imm && !is_signed && is_power_of_two(imm)) {
		if (rem)
			x86_alu_k(jit, o->wide, K_AND, o->dst, imm - 1);
		else if (imm > 1)
			x86_shift_k(jit, o->wide, S_SHR, o->dst, __builtin_ctz(imm));
		else if (!o->wide)
			x86_rr(jit, false, OP_STORE, o->dst, o->dst);
		return 0;
	}
	if (o->imm)
		x86_mov_k(jit, R11, o->wide ? (u64)(s64)imm : (u32)imm);
	else
		x86_rr(jit, o->wide, OP_STORE, o->src, R11);
	if (o->imm && imm && imm != -1) {
		emit_divide(jit, o, rem, is_signed);
		return 0;
	}
	x86_rr(jit, o->wide, OP_TEST, R11, R11);
	zero = x86_jcc(jit, CC_E);
	if (is_signed) {
		x86_alu_k(jit, o->wide, K_CMP, R11, -1);
		minus_one = x86_jcc(jit, CC_E);
	}
	emit_divide(jit, o, rem, is_signed);
	done = x86_jmp(jit);
	if (is_signed) {
		x86_here(jit, minus_one);
		if (rem)
			x86_mov_k(jit, o->dst, 0);
		else
			emit_neg(jit, o);
		done_negated = x86_jmp(jit);
	}
	x86_here(jit, zero);
	if (!rem)
		x86_mov_k(jit, o->dst, 0);
	else if (!o->wide)
		x86_rr(jit, false, OP_STORE, o->dst, o->dst);
	x86_here(jit, done);
	if (is_signed)
		x86_here(jit, done_negated);
	return 0;
}

static void emit_bswap(struct jit *jit, u8 dst, s32 bits)
{
	if (bits == 16) {
		jit_byte(jit, X86_16BIT);
		x86_shift_k(jit, false, S_ROL, dst, 8);
		x86_rr(jit, false, OP_MOVZX_H, dst, dst);
	} else {
		x86_opcode(jit, bits == 64, 0x0fc8 + (dst & 7), 0, dst, false);
	}
}

static int emit_end(struct jit *jit, const struct operation *o)
{
	const s32 bits = o->insn->imm;

	if (bits != 16 && bits != 32 && bits != 64)
		return -ENOTSUP;
	/* This machine's own order: what is above goes. */
	if (BPF_CLASS(o->insn->code) == BPF_ALU && BPF_SRC(o->insn->code) == BPF_TO_LE) {
		if (bits == 16)
			x86_rr(jit, false, OP_MOVZX_H, o->dst, o->dst);
		else if (bits == 32)
			x86_rr(jit, false, OP_STORE, o->dst, o->dst);
		return 0;
	}
	emit_bswap(jit, o->dst, bits);
	return 0;
}

static int emit_alu(struct jit *jit, const struct bpf_insn *insn)
{
	const struct operation o = {
		.wide = BPF_CLASS(insn->code) == BPF_ALU64,
		.imm = BPF_SRC(insn->code) == BPF_K,
		.dst = regs[insn->dst_reg],
		.src = regs[insn->src_reg],
		.insn = insn,
	};

	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		return emit_simple(jit, &o, OP_ADD, K_ADD);
	case BPF_SUB:
		return emit_simple(jit, &o, OP_SUB, K_SUB);
	case BPF_AND:
		return emit_simple(jit, &o, OP_AND, K_AND);
	case BPF_OR:
		return emit_simple(jit, &o, OP_OR, K_OR);
	case BPF_XOR:
		return emit_simple(jit, &o, OP_XOR, K_XOR);
	case BPF_MUL:
		return emit_mul(jit, &o);
	case BPF_DIV:
		return emit_div(jit, &o, false);
	case BPF_MOD:
		return emit_div(jit, &o, true);
	case BPF_LSH:
		return emit_shift(jit, &o, S_SHL, SHLX);
	case BPF_RSH:
		return emit_shift(jit, &o, S_SHR, SHRX);
	case BPF_ARSH:
		return emit_shift(jit, &o, S_SAR, SARX);
	case BPF_NEG:
		return emit_neg(jit, &o);
	case BPF_MOV:
		return emit_mov(jit, &o);
	case BPF_END:
		return emit_end(jit, &o);
	}
	return -ENOTSUP;
}

/* --- memory ----------------------------------------------------------------------------------- */

static void emit_load(struct jit *jit, u8 size, bool sign, u8 dst, u8 base, s32 off)
{
	switch (size) {
	case BPF_B:
		x86_rm(jit, sign, sign ? OP_MOVSX_B : OP_MOVZX_B, dst, base, off);
		break;
	case BPF_H:
		x86_rm(jit, sign, sign ? OP_MOVSX_H : OP_MOVZX_H, dst, base, off);
		break;
	case BPF_W:
		x86_rm(jit, sign, sign ? OP_MOVSXD : OP_LOAD, dst, base, off);
		break;
	default:
		x86_rm(jit, true, OP_LOAD, dst, base, off);
	}
}

static void emit_store(struct jit *jit, u8 size, u8 base, s32 off, u8 src)
{
	if (size == BPF_H)
		jit_byte(jit, X86_16BIT);
	x86_rm(jit, size == BPF_DW, size == BPF_B ? OP_STORE_B : OP_STORE, src, base, off);
}

/* 0 where there is nothing: what is loaded to is 0 before, and stays so. */
static void emit_probe(struct jit *jit, const struct bpf_insn *insn, bool sign)
{
	const u8 dst = regs[insn->dst_reg], base = regs[insn->src_reg];
	const u8 into = dst == base ? R11 : dst;
	u32 at;

	x86_mov_k(jit, into, 0);
	at = jit->pos;
	emit_load(jit, BPF_SIZE(insn->code), sign, into, base, insn->off);
	jit_may_fault(jit, at);
	x86_mov(jit, dst, into);
}

static int emit_ldx(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_MEM:
	case LOAD_SX:
		emit_load(jit, BPF_SIZE(insn->code), BPF_MODE(insn->code) == LOAD_SX,
			  regs[insn->dst_reg], regs[insn->src_reg], insn->off);
		return 0;
	case BPF_PROBE_MEM:
	case BPF_PROBE_MEMSX:
		emit_probe(jit, insn, BPF_MODE(insn->code) == BPF_PROBE_MEMSX);
		return 0;
	}
	return -ENOTSUP;
}

static int emit_st(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 size = BPF_SIZE(insn->code);

	if (BPF_MODE(insn->code) != BPF_MEM)
		return -ENOTSUP;
	if (size == BPF_H)
		jit_byte(jit, X86_16BIT);
	x86_rm(jit, size == BPF_DW, size == BPF_B ? OP_STORE_B_K : OP_STORE_K, 0,
	       regs[insn->dst_reg], insn->off);
	jit_bytes(jit, insn->imm, size == BPF_B ? 1 : size == BPF_H ? 2 : 4);
	return 0;
}

/* --- atomic operations ------------------------------------------------------------------------ */

static void emit_locked(struct jit *jit, bool wide, u32 op, u8 reg, u8 base, s32 off)
{
	jit_byte(jit, X86_LOCK);
	x86_rm(jit, wide, op, reg, base, off);
}

/* There is none that gives the old value: try until nobody was in between. rax is the processor's
 * for that; r10 keeps what was in it, which base or operand may be. */
static void emit_fetch(struct jit *jit, const struct bpf_insn *insn, bool wide, u32 op)
{
	const u8 dst = regs[insn->dst_reg], src = regs[insn->src_reg];
	const u8 base = dst == RAX ? R10 : dst, operand = src == RAX ? R10 : src;
	u32 again;

	x86_mov(jit, R10, RAX);
	x86_rm(jit, wide, OP_LOAD, RAX, base, insn->off);
	again = jit->pos;
	x86_mov(jit, R11, RAX);
	x86_rr(jit, wide, op, operand, R11);
	emit_locked(jit, wide, OP_CMPXCHG, R11, base, insn->off);
	x86_jcc_back(jit, CC_NE, again);
	if (src == RAX)
		return;
	x86_mov(jit, src, RAX);
	x86_mov(jit, RAX, R10);
}

static int emit_rmw(struct jit *jit, const struct bpf_insn *insn, bool wide)
{
	const u8 dst = regs[insn->dst_reg], src = regs[insn->src_reg];

	switch (insn->imm) {
	case BPF_ADD:
		emit_locked(jit, wide, OP_ADD, src, dst, insn->off);
		return 0;
	case BPF_AND:
		emit_locked(jit, wide, OP_AND, src, dst, insn->off);
		return 0;
	case BPF_OR:
		emit_locked(jit, wide, OP_OR, src, dst, insn->off);
		return 0;
	case BPF_XOR:
		emit_locked(jit, wide, OP_XOR, src, dst, insn->off);
		return 0;
	case BPF_ADD | BPF_FETCH:
		emit_locked(jit, wide, OP_XADD, src, dst, insn->off);
		return 0;
	case BPF_AND | BPF_FETCH:
		emit_fetch(jit, insn, wide, OP_AND);
		return 0;
	case BPF_OR | BPF_FETCH:
		emit_fetch(jit, insn, wide, OP_OR);
		return 0;
	case BPF_XOR | BPF_FETCH:
		emit_fetch(jit, insn, wide, OP_XOR);
		return 0;
	case BPF_XCHG:
		x86_rm(jit, wide, OP_XCHG, src, dst, insn->off);
		return 0;
	case BPF_CMPXCHG:
		emit_locked(jit, wide, OP_CMPXCHG, src, dst, insn->off);
		/* Where it succeeds, the processor leaves all of rax as it was. */
		if (!wide)
			x86_rr(jit, false, OP_STORE, RAX, RAX);
		return 0;
	}
	return -ENOTSUP;
}

/* The processor's loads acquire and its stores release. */
static int emit_atomic(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 size = BPF_SIZE(insn->code);

	if (insn->imm == ATOMIC_LOAD_ACQ)
		emit_load(jit, size, false, regs[insn->dst_reg], regs[insn->src_reg], insn->off);
	else if (insn->imm == ATOMIC_STORE_REL)
		emit_store(jit, size, regs[insn->dst_reg], insn->off, regs[insn->src_reg]);
	else if (size == BPF_W || size == BPF_DW)
		return emit_rmw(jit, insn, size == BPF_DW);
	else
		return -ENOTSUP;
	return 0;
}

static int emit_stx(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_MEM:
		emit_store(jit, BPF_SIZE(insn->code), regs[insn->dst_reg], insn->off,
			   regs[insn->src_reg]);
		return 0;
	case BPF_ATOMIC:
		return emit_atomic(jit, insn);
	}
	return -ENOTSUP;
}

static int emit_ld_imm64(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 dst = regs[insn->dst_reg];

	if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
		return -ENOTSUP;
	if (insn->src_reg == BPF_PSEUDO_FUNC) {
		/* lea, from the instruction pointer. */
		x86_opcode(jit, true, OP_LEA, dst, 0, false);
		jit_byte(jit, (dst & 7) << 3 | 5);
		jit_distance(jit, &jit_func_of(jit, insn)->entry, true);
		return 0;
	}
	x86_mov_k(jit, dst, (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32);
	return 0;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Add @size times what @reg has, which may change, to rax. */
static void add_times(struct jit *jit, u8 reg, u64 size)
{
	if (size == 8) { /* lea rax, [rax + 8 * reg] */
		jit_byte(jit, 0x48 | (reg >> 3) << 1);
		jit_bytes(jit, 0x048d, 2);
		jit_byte(jit, 0xc0 | (reg & 7) << 3);
		return;
	}
	if (is_power_of_two(size)) {
		x86_shift_k(jit, true, S_SHL, reg, __builtin_ctzll(size));
	} else {
		x86_rr(jit, true, OP_IMUL_K, reg, reg);
		jit_bytes(jit, size, 4);
	}
	x86_rr(jit, true, OP_ADD, reg, RAX);
}

/* r2: where the index is. */
static void emit_array_lookup(struct jit *jit, const struct bpf_map *map,
			      struct bpf_map_layout layout)
{
	u32 none, done;

	x86_rm(jit, false, OP_LOAD, R11, RSI, 0);
	x86_alu_k(jit, false, K_CMP, R11, map->max_entries);
	none = x86_jcc(jit, CC_AE);
	x86_mov_k(jit, RAX, (unsigned long)layout.values);
	add_times(jit, R11, layout.elem_size);
	if (map->ops->percpu) {
		load_run(jit, R11);
		x86_rm(jit, false, OP_LOAD, R11, R11, offsetof(struct bpf_run_ctx, cpu));
		add_times(jit, R11, map->percpu_stride);
	}
	done = x86_jmp(jit);
	x86_here(jit, none);
	x86_mov_k(jit, RAX, 0);
	x86_here(jit, done);
}

/* What @id does with a map that is known: the kind's own function, with the same arguments. */
static const void *map_function(const struct bpf_map *map, u32 id)
{
	switch (id) {
	case BPF_FUNC_map_lookup_elem:
		return map->ops->map_lookup_elem;
	case BPF_FUNC_map_update_elem:
		return map->ops->map_update_elem;
	case BPF_FUNC_map_delete_elem:
		return map->ops->map_delete_elem;
	default:
		return NULL;
	}
}

static bool emit_map_call(struct jit *jit, const struct bpf_map *map, u32 id)
{
	const void *function = map_function(map, id);

	if (id == BPF_FUNC_map_lookup_elem && map->ops->map_layout) {
		struct bpf_map_layout layout = map->ops->map_layout(map);

		if (layout.elem_size <= INT_MAX && map->percpu_stride <= INT_MAX) {
			emit_array_lookup(jit, map, layout);
			return true;
		}
	}
	if (function)
		x86_call(jit, function);
	return function;
}

/*
 * bpf_loop(nr, function, ctx, flags), as the helper does it: calls of it are what a loop in BPF is
 * made of, and a helper that calls back costs as much as a short turn.
 */
static void emit_loop(struct jit *jit)
{
	u32 no_flags, few, again, end, refused[2];

	x86_rr(jit, true, OP_TEST, RCX, RCX);
	no_flags = x86_jcc(jit, CC_E);
	x86_mov_k(jit, R12, -EINVAL);
	refused[0] = x86_jmp(jit);
	x86_here(jit, no_flags);
	x86_alu_k(jit, false, K_CMP, RDI, BPF_MAX_LOOPS);
	few = x86_jcc(jit, CC_BE);
	x86_mov_k(jit, R12, -E2BIG);
	refused[1] = x86_jmp(jit);
	x86_here(jit, few);
	x86_rm(jit, true, OP_STORE, RDI, RBP, LOOP_SLOT(1));
	x86_rm(jit, true, OP_STORE, RSI, RBP, LOOP_SLOT(2));
	x86_rm(jit, true, OP_STORE, RDX, RBP, LOOP_SLOT(3));
	x86_mov_k(jit, R12, 0);
	again = jit->pos;
	x86_rm(jit, false, OP_CMP, R12, RBP, LOOP_SLOT(1));
	end = x86_jcc(jit, CC_E);
	x86_mov(jit, RDI, R12);
	x86_rm(jit, true, OP_LOAD, RSI, RBP, LOOP_SLOT(3));
	x86_alu_k(jit, true, K_ADD, R12, 1);
	x86_rm(jit, false, OP_CALL_X, 2, RBP, LOOP_SLOT(2));
	x86_rr(jit, true, OP_TEST, RAX, RAX);
	x86_jcc_back(jit, CC_E, again);
	x86_here(jit, end);
	x86_here(jit, refused[0]);
	x86_here(jit, refused[1]);
	x86_mov(jit, RAX, R12);
}

static int emit_helper_call(struct jit *jit, const struct bpf_insn *insn)
{
	const struct bpf_map *map = insn->off ? jit->prog->aux->used_maps[insn->off - 1] : NULL;

	if (insn->imm == BPF_FUNC_get_smp_processor_id) {
		load_run(jit, RAX);
		x86_rm(jit, false, OP_LOAD, RAX, RAX, offsetof(struct bpf_run_ctx, cpu));
		return 0;
	}
	if (insn->imm == BPF_FUNC_loop) {
		emit_loop(jit);
		return 0;
	}
	if (!map || !emit_map_call(jit, map, insn->imm))
		x86_call(jit, bpf_helper_funcs[insn->imm]);
	return 0;
}

static int emit_call(struct jit *jit, const struct bpf_insn *insn)
{
	switch (insn->src_reg) {
	case 0:
		return emit_helper_call(jit, insn);
	case BPF_PSEUDO_CALL:
		jit_byte(jit, 0xe8);
		jit_distance(jit, &jit_func_of(jit, insn)->entry, true);
		return 0;
	case BPF_PSEUDO_KFUNC_CALL:
		x86_call(jit, jit->prog->aux->kfunc_tab->descs[insn->imm].func);
		return 0;
	}
	return -ENOTSUP;
}

/* R6: the context. What is not in the packet ends the function, which returns 0. */
static int emit_load_packet(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 size = BPF_SIZE(insn->code);
	u32 loaded;

	if (BPF_MODE(insn->code) == BPF_IND) {
		x86_rr(jit, false, OP_STORE, regs[insn->src_reg], RSI);
		if (insn->imm)
			x86_alu_k(jit, false, K_ADD, RSI, insn->imm);
	} else {
		x86_mov_k(jit, RSI, (u32)insn->imm);
	}
	x86_mov(jit, RDI, regs[BPF_REG_6]);
	x86_mov_k(jit, RDX, size == BPF_B ? 1 : size == BPF_H ? 2 : 4);
	x86_call(jit, bpf_skb_load);
	x86_rr(jit, true, OP_TEST, RAX, RAX);
	loaded = x86_jcc(jit, CC_NS);
	x86_mov_k(jit, RAX, 0);
	emit_exit(jit);
	x86_here(jit, loaded);
	return 0;
}

static int emit_ld(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		return emit_ld_imm64(jit, insn);
	case BPF_ABS:
	case BPF_IND:
		return emit_load_packet(jit, insn);
	}
	return -ENOTSUP;
}

/* r1: the context, r2: the map, r3: the index. What the next one returns is returned. */
static int emit_tail_call(struct jit *jit)
{
	u32 none;

	x86_push(jit, RDI);
	x86_push(jit, RDI); /* for the alignment */
	x86_mov(jit, RDI, RSI);
	x86_rr(jit, false, OP_STORE, RDX, RSI);
	x86_call(jit, bpf_prog_array_next);
	x86_pop(jit, RSI);
	x86_pop(jit, RSI);
	x86_rr(jit, true, OP_TEST, RAX, RAX);
	none = x86_jcc(jit, CC_E);
	x86_mov(jit, RDI, RAX);
	x86_call(jit, bpf_jit_run_instead);
	emit_exit(jit);
	x86_here(jit, none);
	return 0;
}

/* --- jumps ------------------------------------------------------------------------------------ */

static void emit_jump_to(struct jit *jit, s32 off)
{
	const u32 target = jit->idx + 1 + off;
	const bool far = jit_is_far(jit, target);

	if (!off)
		return;
	jit_byte(jit, far ? 0xe9 : 0xeb);
	jit_distance(jit, &jit->at[target], far);
}

static void emit_jump_if(struct jit *jit, enum x86_cc cc, s32 off)
{
	const u32 target = jit->idx + 1 + off;
	const bool far = jit_is_far(jit, target);

	if (far)
		jit_byte(jit, 0x0f);
	jit_byte(jit, (far ? 0x80 : 0x70) | cc);
	jit_distance(jit, &jit->at[target], far);
}

/* As many rounds as the function may go on; from then on it jumps. */
static void emit_may_goto(struct jit *jit, s32 off)
{
	x86_alu_mk(jit, K_CMP, RBP, ROUNDS_SLOT, 0);
	emit_jump_if(jit, CC_E, off);
	x86_alu_mk(jit, K_SUB, RBP, ROUNDS_SLOT, 1);
}

static void emit_compare(struct jit *jit, const struct bpf_insn *insn)
{
	const bool wide = BPF_CLASS(insn->code) == BPF_JMP, bits = BPF_OP(insn->code) == BPF_JSET;
	const u8 dst = regs[insn->dst_reg];

	if (BPF_SRC(insn->code) == BPF_X) {
		x86_rr(jit, wide, bits ? OP_TEST : OP_CMP, regs[insn->src_reg], dst);
	} else if (bits) {
		x86_rr(jit, wide, OP_UNARY, U_TEST, dst);
		jit_bytes(jit, insn->imm, 4);
	} else if (!insn->imm) {
		x86_rr(jit, wide, OP_TEST, dst, dst);
	} else {
		x86_alu_k(jit, wide, K_CMP, dst, insn->imm);
	}
}

static int emit_jmp(struct jit *jit, const struct bpf_insn *insn)
{
	static const u8 conditions[16] = {
		[BPF_JEQ >> 4] = CC_E,	 [BPF_JNE >> 4] = CC_NE,  [BPF_JGT >> 4] = CC_A,
		[BPF_JGE >> 4] = CC_AE,	 [BPF_JLT >> 4] = CC_B,	  [BPF_JLE >> 4] = CC_BE,
		[BPF_JSGT >> 4] = CC_G,	 [BPF_JSGE >> 4] = CC_GE, [BPF_JSLT >> 4] = CC_L,
		[BPF_JSLE >> 4] = CC_LE, [BPF_JSET >> 4] = CC_NE,
	};
	const u8 cc = conditions[BPF_OP(insn->code) >> 4];

	switch (insn->code) {
	case BPF_JMP | BPF_JA:
		emit_jump_to(jit, insn->off);
		return 0;
	case BPF_JMP32 | BPF_JA:
		emit_jump_to(jit, insn->imm);
		return 0;
	case BPF_JMP | BPF_CALL:
		return emit_call(jit, insn);
	case BPF_JMP | BPF_EXIT:
		emit_exit(jit);
		return 0;
	case BPF_JMP | BPF_TAIL_CALL:
		return emit_tail_call(jit);
	case BPF_JMP | BPF_MAY_GOTO:
		emit_may_goto(jit, insn->off);
		return 0;
	}
	if (!cc)
		return -ENOTSUP;
	emit_compare(jit, insn);
	emit_jump_if(jit, cc, insn->off);
	return 0;
}

int jit_emit_insn(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return emit_alu(jit, insn);
	case BPF_LD:
		return emit_ld(jit, insn);
	case BPF_LDX:
		return emit_ldx(jit, insn);
	case BPF_ST:
		return emit_st(jit, insn);
	case BPF_STX:
		return emit_stx(jit, insn);
	default:
		return emit_jmp(jit, insn);
	}
}
