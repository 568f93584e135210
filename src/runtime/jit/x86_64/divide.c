/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Division and remainder (RFC 9669): by zero gives zero, and the remainder is the dividend; the
 * lowest number by -1 gives itself.
 *
 * By a number that is known the processor multiplies (jit/magic.h): 11 ns for a date and the time
 * of day out of nanoseconds, 17 divisions; 26 ns in Linux 6.18, whose compiler divides. r11 gets
 * the quotient.
 */
#include "jit/flow.h"
#include "jit/magic.h"
#include "jit/x86_64/x86_64.h"

/* --- rax and rdx ------------------------------------------------------------------------------ */

/* They are the processor's: they are kept in r10 and r9 where they are still wanted, and for @dst,
 * which gets the result, where it is. */
struct kept {
	bool rax, rdx;
};

static struct kept keep(struct jit *jit, const struct operation *o, bool dst)
{
	const struct kept kept = {
		.rax = o->dst == RAX ? dst : !jit_is_dead_after(jit, o->insn, BPF_REG_0),
		.rdx = o->dst == RDX ? dst : !jit_is_dead_after(jit, o->insn, BPF_REG_3),
	};

	if (kept.rax)
		x86_mov(jit, R10, RAX);
	if (kept.rdx)
		x86_mov(jit, R9, RDX);
	return kept;
}

static void give_back(struct jit *jit, struct kept kept)
{
	if (kept.rax)
		x86_mov(jit, RAX, R10);
	if (kept.rdx)
		x86_mov(jit, RDX, R9);
}

/* --- by what is in a register ----------------------------------------------------------------- */

/* The divisor is in r11. */
static void emit_divide(struct jit *jit, const struct operation *o, bool rem, bool is_signed)
{
	const struct kept kept = keep(jit, o, false);

	x86_mov(jit, RAX, o->dst);
	if (is_signed)
		jit_bytes(jit, o->wide ? 0x9948 : 0x99, 1 + o->wide); /* cqo, cdq */
	else
		x86_mov_k(jit, RDX, 0);
	x86_rr(jit, o->wide, OP_UNARY, is_signed ? U_IDIV : U_DIV, R11);
	x86_mov(jit, o->dst, rem ? RDX : RAX);
	give_back(jit, kept);
}

static void emit_by_register(struct jit *jit, const struct operation *o, bool rem, bool is_signed)
{
	u32 zero, minus_one = 0, done, done_negated = 0;

	x86_rr(jit, o->wide, OP_STORE, o->src, R11);
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
			x86_rr(jit, o->wide, OP_UNARY, U_NEG, o->dst);
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
}

/* --- by a number ------------------------------------------------------------------------------ */

/* rdx: the upper half of the product of r11 and @mul. */
static void emit_mul_high(struct jit *jit, u8 op, u64 mul)
{
	x86_mov_k(jit, RAX, mul);
	x86_rr(jit, true, OP_UNARY, op, R11);
}

static void shift_r11(struct jit *jit, u8 which, u8 bits)
{
	if (bits)
		x86_shift_k(jit, true, which, R11, bits);
}

static void emit_quotient_u32(struct jit *jit, const struct operation *o, bool rem, u32 divisor)
{
	struct jit_magic magic;
	struct kept kept;

	x86_rr(jit, false, OP_STORE, o->dst, R11);
	if (jit_magic_u32(divisor, &magic)) {
		x86_mov_k(jit, R10, magic.mul);
		x86_rr(jit, true, OP_IMUL, R11, R10);
		shift_r11(jit, S_SHR, 32 + magic.after);
		return;
	}
	kept = keep(jit, o, rem);
	emit_mul_high(jit, U_MUL, jit_magic_u32_long(divisor));
	x86_mov(jit, R11, RDX);
	give_back(jit, kept);
}

static void emit_quotient_u64(struct jit *jit, const struct operation *o, bool rem, s32 divisor)
{
	struct jit_magic magic;
	struct kept kept;

	if (divisor < 0) { /* more than half of what there is: 1, or 0 */
		x86_mov_k(jit, R11, 0);
		x86_alu_k(jit, true, K_CMP, o->dst, divisor);
		x86_alu_k(jit, true, K_SBB, R11, -1);
		return;
	}
	magic = jit_magic_u64(divisor);
	x86_mov(jit, R11, o->dst);
	shift_r11(jit, S_SHR, magic.before);
	kept = keep(jit, o, rem);
	emit_mul_high(jit, U_MUL, magic.mul);
	if (magic.add) {
		x86_rr(jit, true, OP_SUB, RDX, R11);
		shift_r11(jit, S_SHR, 1);
		x86_rr(jit, true, OP_ADD, RDX, R11);
		shift_r11(jit, S_SHR, magic.after - 1);
	} else {
		x86_mov(jit, R11, RDX);
		shift_r11(jit, S_SHR, magic.after);
	}
	give_back(jit, kept);
}

static void emit_quotient_s32(struct jit *jit, const struct operation *o, u32 absolute)
{
	struct jit_magic magic = jit_magic_s32(absolute);

	x86_rr(jit, true, OP_MOVSXD, R10, o->dst);
	x86_mov_k(jit, R11, magic.mul);
	x86_rr(jit, true, OP_IMUL, R11, R10);
	shift_r11(jit, S_SAR, 32 + magic.after);
	x86_shift_k(jit, true, S_SHR, R10, 63);
	x86_rr(jit, true, OP_ADD, R10, R11);
}

static void emit_quotient_s64(struct jit *jit, const struct operation *o, bool rem, u32 absolute)
{
	struct jit_magic magic = jit_magic_s64(absolute);
	const struct kept kept = keep(jit, o, rem);

	x86_mov(jit, R11, o->dst);
	emit_mul_high(jit, U_IMUL, magic.mul);
	if (magic.add)
		x86_rr(jit, true, OP_ADD, R11, RDX);
	if (magic.after)
		x86_shift_k(jit, true, S_SAR, RDX, magic.after);
	shift_r11(jit, S_SHR, 63);
	x86_rr(jit, true, OP_ADD, RDX, R11);
	give_back(jit, kept);
}

/* By 2^bits: towards zero, so what is negative is made larger before. Without its last step, the
 * shift: r11 has what that is of. */
static void emit_rounded(struct jit *jit, const struct operation *o, u32 bits)
{
	const u32 width = o->wide ? 64 : 32;

	x86_rr(jit, o->wide, OP_STORE, o->dst, R11);
	x86_shift_k(jit, o->wide, S_SAR, R11, width - 1);
	x86_shift_k(jit, o->wide, S_SHR, R11, width - bits);
	x86_rr(jit, o->wide, OP_ADD, o->dst, R11);
}

/* r11: the quotient by @o->insn->imm, which is neither 0 nor 1 nor -1. */
static void emit_quotient_signed(struct jit *jit, const struct operation *o, bool rem)
{
	const s32 imm = o->insn->imm;
	const u32 absolute = imm < 0 ? -(u32)imm : imm;

	if (is_power_of_two(absolute)) {
		emit_rounded(jit, o, __builtin_ctz(absolute));
		x86_shift_k(jit, o->wide, S_SAR, R11, __builtin_ctz(absolute));
	} else if (o->wide) {
		emit_quotient_s64(jit, o, rem, absolute);
	} else {
		emit_quotient_s32(jit, o, absolute);
	}
	if (imm < 0)
		x86_rr(jit, o->wide, OP_UNARY, U_NEG, R11);
}

static void emit_by_power_of_two(struct jit *jit, const struct operation *o, bool rem)
{
	const u32 power = o->insn->imm;

	if (rem)
		x86_alu_k(jit, o->wide, K_AND, o->dst, power - 1);
	else if (power > 1)
		x86_shift_k(jit, o->wide, S_SHR, o->dst, __builtin_ctz(power));
	else if (!o->wide)
		x86_rr(jit, false, OP_STORE, o->dst, o->dst);
}

/* By 0, or by -1 as a signed number, or by 1 as one. */
static void emit_by_unit(struct jit *jit, const struct operation *o, bool rem)
{
	if (o->insn->imm ? rem : !rem)
		x86_mov_k(jit, o->dst, 0);
	else if (o->insn->imm < 0)
		x86_rr(jit, o->wide, OP_UNARY, U_NEG, o->dst);
	else if (!o->wide)
		x86_rr(jit, false, OP_STORE, o->dst, o->dst);
}

static void emit_by_number(struct jit *jit, const struct operation *o, bool rem, bool is_signed)
{
	const s32 imm = o->insn->imm;

	if (!imm || (is_signed && (imm == 1 || imm == -1))) {
		emit_by_unit(jit, o, rem);
		return;
	}
	if (!is_signed && is_power_of_two(o->wide ? imm : (s64)(u32)imm)) {
		emit_by_power_of_two(jit, o, rem);
		return;
	}
	if (is_signed)
		emit_quotient_signed(jit, o, rem);
	else if (o->wide)
		emit_quotient_u64(jit, o, rem, imm);
	else
		emit_quotient_u32(jit, o, rem, imm);
	if (!rem) {
		x86_rr(jit, o->wide, OP_STORE, R11, o->dst);
		return;
	}
	x86_rr(jit, o->wide, fits_s8(imm) ? OP_IMUL_K8 : OP_IMUL_K, R11, R11);
	jit_bytes(jit, imm, fits_s8(imm) ? 1 : 4);
	x86_rr(jit, o->wide, OP_SUB, R11, o->dst);
}

int x86_emit_div(struct jit *jit, const struct operation *o, bool rem)
{
	const bool is_signed = o->insn->off;

	if (o->imm)
		emit_by_number(jit, o, rem, is_signed);
	else
		emit_by_register(jit, o, rem, is_signed);
	return 0;
}
