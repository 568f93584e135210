/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One instruction of the processor for several of BPF, which has two operands where the processor
 * has three, no scaled addresses, no operand in memory and no rotation. Which to look at is decided
 * by the first one's code; jit/flow.h says whether what the others leave behind is wanted.
 */
#include "jit/x86_64/x86_64.h"

u32 x86_fold(struct jit *jit, const struct bpf_insn *insn)
{
	u32 nr;

	switch (insn->code) {
	case BPF_ALU64 | BPF_MOV | BPF_X:
		nr = x86_fold_address(jit, insn) ?: x86_fold_rotation(jit, insn);
		return nr ?: x86_fold_move(jit, insn);
	case BPF_ALU | BPF_MOV | BPF_X:
		return x86_fold_rotation(jit, insn) ?: x86_fold_move(jit, insn);
	case BPF_ALU64 | BPF_MOV | BPF_K:
	case BPF_ALU | BPF_MOV | BPF_K:
		return x86_fold_record(jit, insn);
	case BPF_ALU64 | BPF_ADD | BPF_X:
		return x86_fold_address(jit, insn) ?: x86_fold_zero(jit, insn);
	case BPF_ALU64 | BPF_LSH | BPF_K:
		return x86_fold_address(jit, insn);
	case BPF_ALU64 | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_K:
		return x86_fold_mask(jit, insn) ?: x86_fold_zero(jit, insn);
	case BPF_LD | BPF_IMM | BPF_DW:
		return x86_fold_lookup(jit, insn);
	case BPF_LDX | BPF_MEM | BPF_W:
	case BPF_LDX | BPF_MEM | BPF_DW:
		return x86_fold_operand(jit, insn);
	}
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return BPF_CLASS(insn[1].code) == BPF_JMP || BPF_CLASS(insn[1].code) == BPF_JMP32
			       ? x86_fold_zero(jit, insn)
			       : 0;
	case BPF_JMP:
	case BPF_JMP32:
		return x86_fold_jump(jit, insn);
	}
	return 0;
}
