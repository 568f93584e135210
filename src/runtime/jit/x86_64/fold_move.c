/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A copy that something is done to at once: the processor has sums, products and shifts that leave
 * what they are of as it was. And a number of bits that is masked for a shift, which does so
 * itself.
 */
#include <limits.h>

#include "jit/flow.h"
#include "jit/x86_64/x86_64.h"

static u32 lea(struct jit *jit, bool wide, u8 dst, struct x86_mem mem)
{
	x86_rmx(jit, wide, OP_LEA, dst, mem);
	return 2;
}

static u32 shift(struct jit *jit, bool wide, enum x86_shift which, u8 dst, u8 src, u8 bits)
{
	if (!x86_has_bmi2())
		return 0;
	x86_shift_x(jit, wide, which, dst, src, bits);
	return 2;
}

static u32 low_bits(struct jit *jit, u8 dst, u8 src, s32 mask)
{
	if (mask != 0xff && mask != 0xffff)
		return 0;
	x86_rr(jit, false, mask == 0xff ? OP_MOVZX_B : OP_MOVZX_H, dst, src);
	return 2;
}

/* dst = src; dst op= other. The lower halves are enough where only they are operated on. */
u32 x86_fold_move(struct jit *jit, const struct bpf_insn *mov)
{
	const struct bpf_insn *op = jit_following(jit, 1);
	const u8 dst = x86_regs[mov->dst_reg], src = x86_regs[mov->src_reg];
	bool wide;
	u8 other;

	if (mov->off || dst == src || !op || op->dst_reg != mov->dst_reg)
		return 0;
	wide = BPF_CLASS(op->code) == BPF_ALU64;
	if (wide ? BPF_CLASS(mov->code) != BPF_ALU64 : BPF_CLASS(op->code) != BPF_ALU)
		return 0;
	/* Of itself it is as of what it was copied from. */
	other = op->src_reg == mov->dst_reg ? src : x86_regs[op->src_reg];
	switch (op->code & ~BPF_CLASS(op->code)) {
	case BPF_ADD | BPF_K:
		return lea(jit, wide, dst, x86_at(src, op->imm));
	case BPF_SUB | BPF_K:
		return op->imm == INT_MIN ? 0 : lea(jit, wide, dst, x86_at(src, -op->imm));
	case BPF_ADD | BPF_X:
		return lea(jit, wide, dst, (struct x86_mem){src, other, 0, 0});
	case BPF_MUL | BPF_K:
		x86_multiply(jit, wide, dst, src, op->imm);
		return 2;
	case BPF_AND | BPF_K:
		return low_bits(jit, dst, src, op->imm);
	case BPF_LSH | BPF_X:
		return shift(jit, wide, SHLX, dst, src, other);
	case BPF_RSH | BPF_X:
		return shift(jit, wide, SHRX, dst, src, other);
	case BPF_ARSH | BPF_X:
		return shift(jit, wide, SARX, dst, src, other);
	}
	return 0;
}

static bool is_shift_by(const struct bpf_insn *insn, u8 bits)
{
	switch (BPF_OP(insn->code)) {
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return BPF_SRC(insn->code) == BPF_X && insn->src_reg == bits &&
		       insn->dst_reg != bits;
	}
	return false;
}

/* bits &= 63; dst <<= bits */
u32 x86_fold_mask(struct jit *jit, const struct bpf_insn *mask)
{
	const struct bpf_insn *op = jit_following(jit, 1);
	const u8 class = op ? BPF_CLASS(op->code) : 0;

	if ((class != BPF_ALU || mask->imm != 31) && (class != BPF_ALU64 || mask->imm != 63))
		return 0;
	if (!is_shift_by(op, mask->dst_reg) || !jit_is_dead_after(jit, op, mask->dst_reg) ||
	    x86_emit_alu(jit, op))
		return 0;
	return 2;
}
