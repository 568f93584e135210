/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Atomic operations. Those that give the old value back have an instruction (add, exchange, compare
 * and exchange) or are tried until nobody was in between.
 */
#include "jit/x86_64/x86_64.h"

#include <errno.h>

static void emit_locked(struct jit *jit, bool wide, u32 op, u8 reg, u8 base, s32 off)
{
	jit_byte(jit, X86_LOCK);
	x86_rm(jit, wide, op, reg, base, off);
}

/* There is none that gives the old value: try until nobody was in between. rax is the processor's
 * for that; r10 keeps what was in it, which base or operand may be. */
static void emit_fetch(struct jit *jit, const struct bpf_insn *insn, bool wide, u32 op)
{
	const u8 dst = x86_regs[insn->dst_reg], src = x86_regs[insn->src_reg];
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
	const u8 dst = x86_regs[insn->dst_reg], src = x86_regs[insn->src_reg];

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
int x86_emit_atomic(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 size = BPF_SIZE(insn->code);

	if (insn->imm == ATOMIC_LOAD_ACQ)
		x86_load(jit, size, false, x86_regs[insn->dst_reg],
			 x86_at(x86_regs[insn->src_reg], insn->off));
	else if (insn->imm == ATOMIC_STORE_REL)
		x86_store(jit, size, x86_at(x86_regs[insn->dst_reg], insn->off),
			  x86_regs[insn->src_reg]);
	else if (size == BPF_W || size == BPF_DW)
		return emit_rmw(jit, insn, size == BPF_DW);
	else
		return -ENOTSUP;
	return 0;
}
