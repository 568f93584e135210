/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Loads and stores. A load through a pointer that may be bad (BPF_PROBE_MEM) has its own place in
 * the table of faults, and what it loads to is 0 before.
 */
#include "jit/x86_64/x86_64.h"

#include <errno.h>

void x86_load(struct jit *jit, u8 size, bool sign, u8 dst, struct x86_mem mem)
{
	switch (size) {
	case BPF_B:
		x86_rmx(jit, sign, sign ? OP_MOVSX_B : OP_MOVZX_B, dst, mem);
		break;
	case BPF_H:
		x86_rmx(jit, sign, sign ? OP_MOVSX_H : OP_MOVZX_H, dst, mem);
		break;
	case BPF_W:
		x86_rmx(jit, sign, sign ? OP_MOVSXD : OP_LOAD, dst, mem);
		break;
	default:
		x86_rmx(jit, true, OP_LOAD, dst, mem);
	}
}

void x86_store(struct jit *jit, u8 size, struct x86_mem mem, u8 src)
{
	if (size == BPF_H)
		jit_byte(jit, X86_16BIT);
	x86_rmx(jit, size == BPF_DW, size == BPF_B ? OP_STORE_B : OP_STORE, src, mem);
}

/* An instruction that reads or writes plain memory, which is at @mem. */
void x86_access(struct jit *jit, const struct bpf_insn *insn, struct x86_mem mem)
{
	const u8 size = BPF_SIZE(insn->code);

	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		x86_load(jit, size, BPF_MODE(insn->code) == LOAD_SX, x86_regs[insn->dst_reg], mem);
		break;
	case BPF_STX:
		x86_store(jit, size, mem, x86_regs[insn->src_reg]);
		break;
	default:
		if (size == BPF_H)
			jit_byte(jit, X86_16BIT);
		x86_rmx(jit, size == BPF_DW, size == BPF_B ? OP_STORE_B_K : OP_STORE_K, 0, mem);
		jit_bytes(jit, insn->imm, size == BPF_B ? 1 : size == BPF_H ? 2 : 4);
	}
}

/* 0 where there is nothing: see jit_may_fault(). */
static void emit_probe(struct jit *jit, const struct bpf_insn *insn, bool sign)
{
	const u8 dst = x86_regs[insn->dst_reg];
	const u32 at = jit->pos;

	x86_load(jit, BPF_SIZE(insn->code), sign, dst, x86_at(x86_regs[insn->src_reg], insn->off));
	jit_may_fault(jit, at, dst);
}

int x86_emit_ldx(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_MEM:
	case LOAD_SX:
		x86_access(jit, insn, x86_at(x86_regs[insn->src_reg], insn->off));
		return 0;
	case BPF_PROBE_MEM:
	case BPF_PROBE_MEMSX:
		emit_probe(jit, insn, BPF_MODE(insn->code) == BPF_PROBE_MEMSX);
		return 0;
	}
	return -ENOTSUP;
}

/* BPF_ST and BPF_STX. */
int x86_emit_store(struct jit *jit, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_MEM:
		x86_access(jit, insn, x86_at(x86_regs[insn->dst_reg], insn->off));
		return 0;
	case BPF_ATOMIC:
		return BPF_CLASS(insn->code) == BPF_STX ? x86_emit_atomic(jit, insn) : -ENOTSUP;
	}
	return -ENOTSUP;
}

/* lea, from the end of the instruction. */
static void begin_near(struct jit *jit, u8 dst)
{
	x86_opcode(jit, true, OP_LEA, dst, 0);
	jit_byte(jit, (dst & 7) << 3 | 5);
}

int x86_emit_ld_imm64(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 dst = x86_regs[insn->dst_reg];
	const u64 value = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;
	s64 distance;

	if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
		return -ENOTSUP;
	if (insn->src_reg == BPF_PSEUDO_FUNC) {
		begin_near(jit, dst);
		jit_distance(jit, &jit_func_of(jit, insn)->entry, true);
		return 0;
	}
	/* What a map has is near as a rule, and three bytes are worth it. */
	distance = value - ((unsigned long)jit->home + jit->pos + 7);
	if (jit->out && value != (u32)value && fits_s32(distance)) {
		begin_near(jit, dst);
		jit_bytes(jit, distance, 4);
		return 0;
	}
	x86_mov_k(jit, dst, value);
	return 0;
}
