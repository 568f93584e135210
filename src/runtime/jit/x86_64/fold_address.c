/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The sum of which an address is made, in the access: what compilers make of array[i] is
 *
 *	i <<= 3; t = array; t += i; d = *(u64 *)(t + 0)
 *
 * and the processor's load adds and shifts itself. t and i as they are left must not be wanted.
 */
#include "jit/flow.h"
#include "jit/x86_64/x86_64.h"

/* Reads or writes plain memory, without another meaning: no atomic operation, no guard. */
static bool is_access(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return BPF_MODE(insn->code) == BPF_MEM || BPF_MODE(insn->code) == LOAD_SX;
	case BPF_ST:
	case BPF_STX:
		return BPF_MODE(insn->code) == BPF_MEM;
	}
	return false;
}

/* @access is one, it is none of @reg's value that is stored, and nothing wants @reg after it. */
static bool ends_with(const struct jit *jit, const struct bpf_insn *access, u8 reg)
{
	if (BPF_CLASS(access->code) == BPF_LDX && access->dst_reg == reg)
		return true;
	if (BPF_CLASS(access->code) == BPF_STX && access->src_reg == reg)
		return false;
	return jit_is_dead_after(jit, access, reg);
}

static bool is_access_by(const struct jit *jit, const struct bpf_insn *access, u8 base)
{
	return access && is_access(access) &&
	       base == (BPF_CLASS(access->code) == BPF_LDX ? access->src_reg : access->dst_reg) &&
	       ends_with(jit, access, base);
}

static bool is_sum(const struct bpf_insn *insn, u8 dst, u8 src)
{
	return insn && insn->code == (BPF_ALU64 | BPF_ADD | BPF_X) && insn->dst_reg == dst &&
	       insn->src_reg == src && dst != src;
}

static struct x86_mem sum(u8 base, u8 index, u8 scale, s16 off)
{
	return (struct x86_mem){x86_regs[base], x86_regs[index], scale, off};
}

/* t += i; access of t */
static u32 fold_add(struct jit *jit, const struct bpf_insn *add)
{
	const struct bpf_insn *access = jit_following(jit, 1);

	if (add->dst_reg == add->src_reg || !is_access_by(jit, access, add->dst_reg))
		return 0;
	x86_access(jit, access, sum(add->dst_reg, add->src_reg, 0, access->off));
	return 2;
}

/* t = b; t += i; access of t */
static u32 fold_copy(struct jit *jit, const struct bpf_insn *mov)
{
	const struct bpf_insn *add = jit_following(jit, 1), *access = jit_following(jit, 2);

	if (mov->off || !add || !is_sum(add, mov->dst_reg, add->src_reg) ||
	    !is_access_by(jit, access, mov->dst_reg))
		return 0;
	x86_access(jit, access, sum(mov->src_reg, add->src_reg, 0, access->off));
	return 3;
}

/* i <<= 3; t += i, where t may be made between; access of t, or not */
static u32 fold_scaled(struct jit *jit, const struct bpf_insn *shift)
{
	const struct bpf_insn *next = jit_following(jit, 1), *address = NULL, *access;
	const u8 index = shift->dst_reg;
	u32 nr = 1;
	u8 base;

	if (shift->imm < 1 || shift->imm > 3 || !next)
		return 0;
	base = next->dst_reg;
	if (next->code == (BPF_LD | BPF_IMM | BPF_DW) && next->src_reg != BPF_PSEUDO_FUNC) {
		address = next;
		nr = 3;
	} else if (next->code == (BPF_ALU64 | BPF_MOV | BPF_X) && !next->off) {
		base = next->src_reg;
		nr = 2;
	}
	if (base == index || !is_sum(jit_following(jit, nr), next->dst_reg, index))
		return 0;
	access = jit_following(jit, nr + 1);
	if (is_access_by(jit, access, next->dst_reg) && ends_with(jit, access, index)) {
		if (address)
			x86_emit_ld_imm64(jit, address);
		x86_access(jit, access, sum(base, index, shift->imm, access->off));
		return nr + 2;
	}
	if (!jit_is_dead_after(jit, jit_following(jit, nr), index))
		return 0;
	if (address)
		x86_emit_ld_imm64(jit, address);
	x86_rmx(jit, true, OP_LEA, x86_regs[next->dst_reg], sum(base, index, shift->imm, 0));
	return nr + 1;
}

u32 x86_fold_address(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		return fold_add(jit, insn);
	case BPF_MOV:
		return fold_copy(jit, insn);
	default:
		return fold_scaled(jit, insn);
	}
}
