/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Arithmetic but division. The processor does what BPF does, with two registers: what is of 32 bits
 * clears the upper half here as there, and shifts are by as many bits as remain of the number.
 */
#include "jit/x86_64/x86_64.h"

#include <errno.h>

static int emit_simple(struct jit *jit, const struct operation *o, u8 op, u8 which)
{
	if (o->imm)
		x86_alu_k(jit, o->wide, which, o->dst, o->insn->imm);
	else
		x86_rr(jit, o->wide, op, o->src, o->dst);
	return 0;
}

/* A product takes three cycles, a shift and a sum two: what compilers do, too. */
static bool multiply_by_shift(struct jit *jit, bool wide, u8 dst, u8 src, u32 imm)
{
	const bool less = is_power_of_two(imm + 1ull);
	const u8 shifted = dst == src ? R11 : dst;

	if (imm == 3 || imm == 5 || imm == 9) {
		x86_rmx(jit, wide, OP_LEA, dst,
			(struct x86_mem){src, src, __builtin_ctz(imm - 1), 0});
		return true;
	}
	if (!less && !is_power_of_two(imm - 1ull))
		return false;
	x86_mov(jit, shifted, src);
	x86_shift_k(jit, wide, S_SHL, shifted, __builtin_ctz(less ? imm + 1 : imm - 1));
	if (less) {
		x86_rr(jit, wide, OP_SUB, src, shifted);
		x86_mov(jit, dst, shifted);
	} else {
		x86_rr(jit, wide, OP_ADD, dst == src ? shifted : src, dst);
	}
	return true;
}

void x86_multiply(struct jit *jit, bool wide, u8 dst, u8 src, s32 imm)
{
	if (is_power_of_two(imm)) {
		x86_mov(jit, dst, src);
		x86_shift_k(jit, wide, S_SHL, dst, __builtin_ctz(imm));
	} else if (imm < 3 || !multiply_by_shift(jit, wide, dst, src, imm)) {
		x86_rr(jit, wide, fits_s8(imm) ? OP_IMUL_K8 : OP_IMUL_K, dst, src);
		jit_bytes(jit, imm, fits_s8(imm) ? 1 : 4);
	}
}

static int emit_mul(struct jit *jit, const struct operation *o)
{
	if (o->imm)
		x86_multiply(jit, o->wide, o->dst, o->dst, o->insn->imm);
	else
		x86_rr(jit, o->wide, OP_IMUL, o->dst, o->src);
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
		x86_shift_x(jit, o->wide, newer, o->dst, o->dst, o->src);
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

static void emit_bswap(struct jit *jit, u8 dst, s32 bits)
{
	if (bits == 16) {
		jit_byte(jit, X86_16BIT);
		x86_shift_k(jit, false, S_ROL, dst, 8);
		x86_rr(jit, false, OP_MOVZX_H, dst, dst);
	} else {
		x86_opcode(jit, bits == 64, 0x0fc8 + (dst & 7), 0, dst);
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

int x86_emit_alu(struct jit *jit, const struct bpf_insn *insn)
{
	const struct operation o = {
		.wide = BPF_CLASS(insn->code) == BPF_ALU64,
		.imm = BPF_SRC(insn->code) == BPF_K,
		.dst = x86_regs[insn->dst_reg],
		.src = x86_regs[insn->src_reg],
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
		return x86_emit_div(jit, &o, false);
	case BPF_MOD:
		return x86_emit_div(jit, &o, true);
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
