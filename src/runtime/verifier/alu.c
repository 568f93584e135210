/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions that compute. What becomes of scalars is in scalar.c.
 *
 * With a pointer only addition and subtraction make sense: a constant goes into its fixed offset,
 * anything else into its ranges. Whether the result points to something is asked when it is used.
 */
#include <limits.h>

#include "verifier/env.h"

static bool pointer_arithmetic_allowed(u32 type)
{
	switch (base_type(type)) {
	case PTR_TO_CTX:
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MAP_KEY:
	case PTR_TO_STACK:
	case PTR_TO_BTF_ID:
	case PTR_TO_MEM:
	case PTR_TO_BUF:
	case CONST_PTR_TO_DYNPTR:
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
	case PTR_TO_TP_BUFFER:
		return true;
	}
	return false;
}

#define SANE_OFFSET_ADVICE "bound the number before it is added: a pointer stays within 512 MiB"

static int check_offset_sane(struct bpf_verifier_env *env, const struct bpf_reg_state *reg,
			     u32 regno, bool pointer)
{
	if (reg->smin_value <= -BPF_MAX_VAR_OFF || reg->smax_value >= BPF_MAX_VAR_OFF) {
		/* A wide range is refused where it is used; a known offset at once. */
		if (tnum_is_const(reg->var_off) || reg->smin_value == LLONG_MIN)
			return refuse(env, -EINVAL, regno, SANE_OFFSET_ADVICE,
				      "%s %lld is out of the range of pointer offsets",
				      pointer ? "offset" : "adding", (long long)reg->smin_value);
	}
	if (pointer && (reg->off <= -BPF_MAX_VAR_OFF || reg->off >= BPF_MAX_VAR_OFF))
		return refuse(env, -EINVAL, regno, SANE_OFFSET_ADVICE,
			      "offset %d is out of the range of pointer offsets", reg->off);
	return 0;
}

/* dst = pointer op scalar; @dst may be either of them, so both are copies. */
static int pointer_op(struct bpf_verifier_env *env, u32 dst_regno, struct bpf_reg_state ptr,
		      struct bpf_reg_state scalar, u8 op)
{
	struct bpf_reg_state *dst = &cur_regs(env)[dst_regno];
	int err;

	mark_reg_precise(env, &scalar);
	if (ptr.type & PTR_MAYBE_NULL)
		return refuse(env, -EACCES, dst_regno, "compare the pointer with NULL first",
			      "arithmetic on a pointer that may be NULL");
	if (base_type(ptr.type) == CONST_PTR_TO_MAP && reg_is_null(&scalar) && op == BPF_ADD) {
		*dst = ptr;
		return 0;
	}
	if (!pointer_arithmetic_allowed(ptr.type))
		return refuse(env, -EACCES, dst_regno, NULL, "arithmetic on a %s",
			      reg_type_name(ptr.type));
	err = check_offset_sane(env, &scalar, dst_regno, false);
	if (err)
		return err;
	err = check_offset_sane(env, &ptr, dst_regno, true);
	if (err)
		return err;

	*dst = ptr;
	if (tnum_is_const(scalar.var_off)) {
		s64 off = op == BPF_ADD ? ptr.off + scalar.smin_value : ptr.off - scalar.smin_value;

		dst->off = off; /* both are within 2^29 */
		move_packet_pointer(env, dst, scalar.smin_value, true, op == BPF_ADD);
		return check_offset_sane(env, dst, dst_regno, true);
	}
	offset_op(dst, &scalar, op);
	move_packet_pointer(env, dst, scalar.smin_value, false, op == BPF_ADD);
	return check_offset_sane(env, dst, dst_regno, true);
}

static const char *op_name(u8 op)
{
	static const char *const name[16] = {"+=",  "-=",  "*=", "/=", "|=", "&=",   "<<=",
					     ">>=", "neg", "%=", "^=", "=",  "s>>=", "swap"};

	return name[op >> 4] ? name[op >> 4] : "?";
}

/* A number plus a constant stays tied to the numbers that it was equal to. */
static void keep_link(struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op, bool is64)
{
	s64 off = dst->off;

	if (dst->id && is64 && (op == BPF_ADD || op == BPF_SUB) && tnum_is_const(src->var_off) &&
	    src->smin_value > -BPF_MAX_VAR_OFF && src->smin_value < BPF_MAX_VAR_OFF)
		off += op == BPF_ADD ? src->smin_value : -src->smin_value;
	else
		dst->id = 0;
	if (off <= -BPF_MAX_VAR_OFF || off >= BPF_MAX_VAR_OFF)
		dst->id = 0;
	dst->off = dst->id ? off : 0;
}

void reg_add_const(struct bpf_reg_state *reg, s64 number)
{
	struct bpf_reg_state constant;

	reg_mark_const(&constant, number);
	scalar_op(reg, &constant, BPF_ADD, true, false);
}

/* Read-only memory without bounds. */
static bool is_untrusted_mem(const struct bpf_reg_state *reg)
{
	return base_type(reg->type) == PTR_TO_MEM && (reg->type & PTR_UNTRUSTED) &&
	       !(reg->type & PTR_MAYBE_NULL);
}

static int binary_op(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64;
	u8 op = BPF_OP(insn->code);
	struct bpf_reg_state src;
	u32 origin;

	if (BPF_SRC(insn->code) == BPF_X)
		src = cur_regs(env)[insn->src_reg];
	else
		reg_mark_const(&src, (u64)(s64)insn->imm);

	if (dst->type == SCALAR_VALUE && src.type == SCALAR_VALUE) {
		/* The same number on both sides is known better than its range. */
		if (BPF_SRC(insn->code) == BPF_X && insn->src_reg == insn->dst_reg &&
		    (op == BPF_XOR || op == BPF_SUB)) {
			reg_mark_const(dst, 0);
			return 0;
		}
		keep_link(dst, &src, op, is64);
		origin = join_origins(env, dst->origin, src.origin);
		scalar_op(dst, &src, op, is64, insn->off != 0);
		dst->origin = origin;
		return 0;
	}
	if (dst->type != SCALAR_VALUE && src.type != SCALAR_VALUE) {
		if (op == BPF_SUB) {
			reg_mark_unknown(dst);
			if (!is64)
				reg_zero_extend(dst, 4);
			return 0;
		}
		return refuse(env, -EACCES, insn->dst_reg,
			      "subtract pointers only within one packet, or compare them",
			      "R%u %s R%u, both pointers", insn->dst_reg, op_name(op),
			      insn->src_reg);
	}
	if (!is64) {
		if (op == BPF_SUB) {
			reg_mark_unknown(dst);
			reg_zero_extend(dst, 4);
			return 0;
		}
		return refuse(env, -EACCES, insn->dst_reg, "use the 64-bit form",
			      "32-bit arithmetic (%s) with a pointer", op_name(op));
	}
	/* Whatever it points to then, it is looked at with care. */
	if (is_untrusted_mem(dst))
		return 0;
	if (is_untrusted_mem(&src)) {
		reg_mark_unknown(dst);
		return 0;
	}
	if (op != BPF_ADD && op != BPF_SUB)
		return refuse(env, -EACCES, insn->dst_reg, "add to or subtract from it only",
			      "arithmetic (%s) with a pointer", op_name(op));
	if (dst->type == SCALAR_VALUE) {
		if (op == BPF_SUB)
			return refuse(
				env, -EACCES, insn->dst_reg,
				"subtract the number from the pointer, or keep offsets as numbers",
				"a pointer subtracted from a number");
		return pointer_op(env, insn->dst_reg, src, *dst, op);
	}
	if (op == BPF_SUB && base_type(dst->type) == PTR_TO_STACK)
		return refuse(env, -EACCES, insn->dst_reg, "add the negative number",
			      "subtraction from a stack pointer");
	return pointer_op(env, insn->dst_reg, *dst, src, op);
}

static void move_reg(struct bpf_verifier_env *env, struct bpf_reg_state *dst,
		     struct bpf_reg_state *src, bool is64, s16 extend)
{
	bool whole = is64 && !extend;

	if (src->type != SCALAR_VALUE && !whole) {
		reg_mark_unknown(dst);
		if (!is64)
			reg_zero_extend(dst, 4);
		return;
	}
	/* A copy stays the same number as its source if no bit of it is lost. */
	if (!extend && !is64)
		whole = src->umax_value <= UINT_MAX;
	else if (extend && is64)
		whole = src->smin_value >= -(1ll << (extend - 1)) &&
			src->smax_value < (1ll << (extend - 1));
	if (src->type == SCALAR_VALUE && whole && !src->id && !tnum_is_const(src->var_off))
		src->id = ++env->next_id;
	*dst = *src;
	if (src->type != SCALAR_VALUE)
		return;
	if (!whole)
		dst->id = 0;
	if (extend)
		reg_sign_extend(dst, extend / 8);
	if (!is64) {
		if (extend)
			dst->id = 0;
		reg_zero_extend(dst, 4);
	}
}

static int check_mov(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64;
	struct bpf_reg_state *regs = cur_regs(env);
	int err;

	if (BPF_SRC(insn->code) == BPF_K) {
		reg_mark_const(&regs[insn->dst_reg], is64 ? (u64)(s64)insn->imm : (u32)insn->imm);
		return 0;
	}
	err = check_reg_read(env, insn->src_reg);
	if (err)
		return err;
	move_reg(env, &regs[insn->dst_reg], &regs[insn->src_reg], is64, insn->off);
	return 0;
}

static u64 swap_bytes(u64 value, u32 bits)
{
	return __builtin_bswap64(value) >> (64 - bits);
}

static int check_end(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	bool swaps = BPF_CLASS(insn->code) == BPF_ALU64 ||
		     BPF_SRC(insn->code) ==
			     (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? BPF_TO_BE : BPF_TO_LE);
	struct tnum bits = tnum_unknown;
	bool scalar = dst->type == SCALAR_VALUE;
	u32 origin = dst->origin;

	if (scalar && swaps)
		bits = TNUM(swap_bytes(dst->var_off.value, insn->imm),
			    swap_bytes(dst->var_off.mask, insn->imm));
	else if (scalar)
		bits = dst->var_off;
	reg_mark_unknown(dst);
	dst->origin = origin;
	dst->var_off = tnum_cast(bits, insn->imm / 8);
	reg_bounds_sync(dst);
	return 0;
}

static int check_neg(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64;
	struct bpf_reg_state src = *dst;

	reg_mark_unknown(dst);
	if (src.type == SCALAR_VALUE) {
		reg_mark_const(dst, 0);
		scalar_op(dst, &src, BPF_SUB, is64, false);
		dst->origin = src.origin;
	} else if (!is64) {
		reg_zero_extend(dst, 4);
	}
	return 0;
}

static int check_shift_or_div(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	s32 bits = BPF_CLASS(insn->code) == BPF_ALU64 ? 64 : 32;

	if (BPF_SRC(insn->code) != BPF_K)
		return 0;
	switch (BPF_OP(insn->code)) {
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		if (insn->imm < 0 || insn->imm >= bits)
			return refuse(env, -EINVAL, -1, "shift by less than the number has bits",
				      "a shift of a %d-bit number by %d", bits, insn->imm);
		return 0;
	case BPF_DIV:
	case BPF_MOD:
		if (!insn->imm)
			return refuse(env, -EINVAL, -1, "divide by a constant that is not 0",
				      "division by zero");
		return 0;
	}
	return 0;
}

int check_alu_op(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	u8 op = BPF_OP(insn->code);
	int err;

	if (op == BPF_MOV)
		return check_mov(env, insn);
	err = check_reg_read(env, insn->dst_reg);
	if (err)
		return err;
	if (op == BPF_END)
		return check_end(env, insn);
	if (op == BPF_NEG)
		return check_neg(env, insn);
	err = check_shift_or_div(env, insn);
	if (err)
		return err;
	if (BPF_SRC(insn->code) == BPF_X) {
		err = check_reg_read(env, insn->src_reg);
		if (err)
			return err;
	}
	return binary_op(env, insn);
}
