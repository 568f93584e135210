/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Rotations, of which compilers make
 *
 *	t = a; t >>= 51; a <<= 13; a |= t
 *
 * or the same with a copy of a. An operation on other registers may stand in between.
 */
#include "jit/flow.h"
#include "jit/x86_64/x86_64.h"

/* Of @reg, by a constant. */
static bool is_shift(const struct bpf_insn *insn, u8 class, u8 op, u8 reg)
{
	return insn && insn->code == (class | op | BPF_K) && insn->dst_reg == reg;
}

static bool is_or(const struct bpf_insn *insn, u8 class, u8 dst, u8 src)
{
	return insn && insn->code == (class | BPF_OR | BPF_X) && insn->dst_reg == dst &&
	       insn->src_reg == src;
}

/* Neither reads @t nor writes it or @a, and is only arithmetic. */
static bool is_apart(const struct jit *jit, const struct bpf_insn *insn, u8 t, u8 a)
{
	const struct jit_flow *flow = &jit->flow[insn - jit->insns];

	return (BPF_CLASS(insn->code) == BPF_ALU || BPF_CLASS(insn->code) == BPF_ALU64) &&
	       !(flow->reads & 1u << t) && !(flow->writes & (1u << t | 1u << a));
}

static void rotate(struct jit *jit, bool wide, u8 to, u8 from, u8 right)
{
	if (to != from && x86_has_bmi2()) {
		x86_rotate_x(jit, wide, to, from, right);
		return;
	}
	x86_mov(jit, to, from);
	x86_shift_k(jit, wide, S_ROR, to, right);
}

u32 x86_fold_rotation(struct jit *jit, const struct bpf_insn *mov)
{
	const struct bpf_insn *first = jit_following(jit, 1), *between = NULL, *second, *join;
	const u8 class = BPF_CLASS(mov->code), t = mov->dst_reg, a = mov->src_reg;
	const u8 width = class == BPF_ALU64 ? 64 : 32;
	u8 op, other, shifted = a, result, gone;
	u32 nr = 2;

	if (mov->off || t == a || !first || first->dst_reg != t)
		return 0;
	op = BPF_OP(first->code);
	if ((op != BPF_RSH && op != BPF_LSH) || first->code != (class | op | BPF_K) ||
	    first->imm <= 0 || first->imm >= width)
		return 0;
	other = op == BPF_RSH ? BPF_LSH : BPF_RSH;
	second = jit_following(jit, nr);
	if (second && second->code == mov->code && !second->off && second->src_reg == a &&
	    second->dst_reg != t) {
		shifted = second->dst_reg;
		second = jit_following(jit, ++nr);
	} else if (second && !is_shift(second, class, other, a) && is_apart(jit, second, t, a)) {
		between = second;
		second = jit_following(jit, ++nr);
	}
	if (!is_shift(second, class, other, shifted) || first->imm + second->imm != width)
		return 0;
	join = jit_following(jit, ++nr);
	if (is_or(join, class, shifted, t)) {
		result = shifted;
		gone = t;
	} else if (is_or(join, class, t, shifted)) {
		result = t;
		gone = shifted;
	} else {
		return 0;
	}
	if (!jit_is_dead_after(jit, join, gone) || (between && x86_emit_alu(jit, between)))
		return 0;
	rotate(jit, class == BPF_ALU64, x86_regs[result], x86_regs[a],
	       op == BPF_RSH ? first->imm : second->imm);
	return nr + 1;
}
