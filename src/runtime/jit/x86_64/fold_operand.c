/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What is loaded for one operation only: the operation reads memory itself, or changes what is in
 * memory where the result is all that is stored.
 */
#include "jit/flow.h"
#include "jit/x86_64/x86_64.h"

static const struct {
	u16 op;
	u8 which;  /* with a number */
	bool both; /* may have its result in memory */
} operations[16] = {
	[BPF_ADD >> 4] = {OP_ADD | OP_FROM, K_ADD, true},
	[BPF_SUB >> 4] = {OP_SUB | OP_FROM, K_SUB, true},
	[BPF_AND >> 4] = {OP_AND | OP_FROM, K_AND, true},
	[BPF_OR >> 4] = {OP_OR | OP_FROM, K_OR, true},
	[BPF_XOR >> 4] = {OP_XOR | OP_FROM, K_XOR, true},
	[BPF_MUL >> 4] = {OP_IMUL},
};

/* t = *p; t op= other; *p = t */
static u32 fold_in_place(struct jit *jit, const struct bpf_insn *load, const struct bpf_insn *op,
			 const struct bpf_insn *store)
{
	const u8 t = load->dst_reg, base = load->src_reg;
	const bool wide = BPF_SIZE(load->code) == BPF_DW;
	struct x86_mem mem = x86_at(x86_regs[base], load->off);

	if (!store || store->code != (BPF_STX | BPF_MEM | BPF_SIZE(load->code)) ||
	    store->dst_reg != base || store->src_reg != t || store->off != load->off || base == t ||
	    op->dst_reg != t || !operations[BPF_OP(op->code) >> 4].both ||
	    !jit_is_dead_after(jit, store, t))
		return 0;
	if (BPF_SRC(op->code) == BPF_X) {
		if (op->src_reg == t)
			return 0;
		x86_rmx(jit, wide, operations[BPF_OP(op->code) >> 4].op & ~OP_FROM,
			x86_regs[op->src_reg], mem);
		return 3;
	}
	x86_rmx(jit, wide, fits_s8(op->imm) ? OP_ALU_K8 : OP_ALU_K,
		operations[BPF_OP(op->code) >> 4].which, mem);
	jit_bytes(jit, op->imm, fits_s8(op->imm) ? 1 : 4);
	return 3;
}

/* t = *p; dst op= t */
static u32 fold_from(struct jit *jit, const struct bpf_insn *load, const struct bpf_insn *op)
{
	const u8 t = load->dst_reg;

	if (BPF_SRC(op->code) != BPF_X || op->src_reg != t || op->dst_reg == t ||
	    !operations[BPF_OP(op->code) >> 4].op || !jit_is_dead_after(jit, op, t))
		return 0;
	x86_rmx(jit, BPF_SIZE(load->code) == BPF_DW, operations[BPF_OP(op->code) >> 4].op,
		x86_regs[op->dst_reg], x86_at(x86_regs[load->src_reg], load->off));
	return 2;
}

u32 x86_fold_operand(struct jit *jit, const struct bpf_insn *load)
{
	const struct bpf_insn *op = jit_following(jit, 1);

	/* Of one size, without anything above it. */
	if (!op || BPF_CLASS(op->code) != (BPF_SIZE(load->code) == BPF_DW ? BPF_ALU64 : BPF_ALU))
		return 0;
	return fold_from(jit, load, op) ?: fold_in_place(jit, load, op, jit_following(jit, 2));
}
