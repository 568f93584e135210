/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Jumps. Short ones where the first pass has found the way to be short (jit.c). */
#include "jit/flow.h"
#include "jit/x86_64/x86_64.h"

#include <errno.h>

static void emit_jump_to(struct jit *jit, s32 off)
{
	const u32 target = jit->idx + 1 + off;
	const bool far = jit_is_far(jit, target);

	if (!off)
		return;
	jit_byte(jit, far ? 0xe9 : 0xeb);
	jit_distance(jit, &jit->at[target], far);
}

static void emit_jump_if(struct jit *jit, enum x86_cc cc, u32 target)
{
	const bool far = jit_is_far(jit, target);

	if (far)
		jit_byte(jit, 0x0f);
	jit_byte(jit, (far ? 0x80 : 0x70) | cc);
	jit_distance(jit, &jit->at[target], far);
}

/* As many rounds as the function may go on; from then on it jumps. */
static void emit_may_goto(struct jit *jit, s32 off)
{
	x86_alu_mk(jit, K_CMP, RBP, x86_rounds_slot(jit), 0);
	emit_jump_if(jit, CC_E, jit->idx + 1 + off);
	x86_alu_mk(jit, K_SUB, RBP, x86_rounds_slot(jit), 1);
}

static void emit_compare(struct jit *jit, const struct bpf_insn *insn)
{
	const bool wide = BPF_CLASS(insn->code) == BPF_JMP, bits = BPF_OP(insn->code) == BPF_JSET;
	const u8 dst = x86_regs[insn->dst_reg];

	if (BPF_SRC(insn->code) == BPF_X) {
		x86_rr(jit, wide, bits ? OP_TEST : OP_CMP, x86_regs[insn->src_reg], dst);
	} else if (bits) {
		x86_rr(jit, wide, OP_UNARY, U_TEST, dst);
		jit_bytes(jit, insn->imm, 4);
	} else if (!insn->imm) {
		x86_rr(jit, wide, OP_TEST, dst, dst);
	} else {
		x86_alu_k(jit, wide, K_CMP, dst, insn->imm);
	}
}

static const u8 conditions[16] = {
	[BPF_JEQ >> 4] = CC_E,	 [BPF_JNE >> 4] = CC_NE,  [BPF_JGT >> 4] = CC_A,
	[BPF_JGE >> 4] = CC_AE,	 [BPF_JLT >> 4] = CC_B,	  [BPF_JLE >> 4] = CC_BE,
	[BPF_JSGT >> 4] = CC_G,	 [BPF_JSGE >> 4] = CC_GE, [BPF_JSLT >> 4] = CC_L,
	[BPF_JSLE >> 4] = CC_LE, [BPF_JSET >> 4] = CC_NE,
};

int x86_emit_jmp(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 cc = conditions[BPF_OP(insn->code) >> 4];

	switch (insn->code) {
	case BPF_JMP | BPF_JA:
		emit_jump_to(jit, insn->off);
		return 0;
	case BPF_JMP32 | BPF_JA:
		emit_jump_to(jit, insn->imm);
		return 0;
	case BPF_JMP | BPF_CALL:
		return x86_emit_call(jit, insn);
	case BPF_JMP | BPF_EXIT:
		x86_emit_exit(jit);
		return 0;
	case BPF_JMP | BPF_TAIL_CALL:
		return x86_emit_tail_call(jit);
	case BPF_JMP | BPF_MAY_GOTO:
		emit_may_goto(jit, insn->off);
		return 0;
	}
	if (!cc)
		return -ENOTSUP;
	emit_compare(jit, insn);
	emit_jump_if(jit, cc, jit->idx + 1 + insn->off);
	return 0;
}

/* if (...) goto the one after the next; goto elsewhere */
u32 x86_fold_jump(struct jit *jit, const struct bpf_insn *insn)
{
	const struct bpf_insn *next = insn->off == 1 ? jit_following(jit, 1) : NULL;
	const u8 cc = conditions[BPF_OP(insn->code) >> 4];

	if (!cc || !next || next->code != (BPF_JMP | BPF_JA))
		return 0;
	emit_compare(jit, insn);
	emit_jump_if(jit, cc ^ 1, jit->idx + 2 + next->off);
	return 2;
}

static bool sets_flags(u8 code)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return true;
	}
	return false;
}

/* r op= ...; if (r != 0) goto elsewhere: the operation has compared already */
u32 x86_fold_zero(struct jit *jit, const struct bpf_insn *op)
{
	const struct bpf_insn *next = sets_flags(op->code) ? jit_following(jit, 1) : NULL;
	const bool wide = BPF_CLASS(op->code) == BPF_ALU64;

	if (!next || next->dst_reg != op->dst_reg || next->imm ||
	    (next->code != (BPF_JMP | BPF_JEQ | BPF_K) &&
	     next->code != (BPF_JMP | BPF_JNE | BPF_K) &&
	     (wide || (next->code != (BPF_JMP32 | BPF_JEQ | BPF_K) &&
		       next->code != (BPF_JMP32 | BPF_JNE | BPF_K)))))
		return 0;
	x86_emit_alu(jit, op);
	emit_jump_if(jit, conditions[BPF_OP(next->code) >> 4], jit->idx + 2 + next->off);
	return 2;
}
