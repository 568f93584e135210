/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A program that is nearly another one: one to three instructions with another offset, number,
 * size, register or operation. Calls stay what they are, or become another helper that is known to
 * be harmless.
 */
#include <string.h>

#include "verdicts.h"

static int small_step(struct rng *r)
{
	static const int steps[] = {1, -1, 2, -2, 4, -4, 8, -8, 16, -16, 3, 7, -7, 32};

	return steps[below(r, ARRAY_SIZE(steps))];
}

static int32_t other_number(struct rng *r, int32_t imm)
{
	switch (below(r, 4)) {
	case 0:
		return (int32_t)interesting(r);
	case 1:
		return (int32_t)((uint32_t)imm ^ 1u << below(r, 32));
	default:
		return (int32_t)((uint32_t)imm + (uint32_t)small_step(r));
	}
}

static void mutate_memory(struct ins *ins, struct rng *r)
{
	static const int sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	struct bpf_insn *i = &ins->insn;
	int class = BPF_CLASS(i->code);

	switch (below(r, 6)) {
	case 0:
	case 1:
		/* A field's neighbours differ from engine to engine. */
		if (ins->reloc != RELOC_FIELD)
			i->off = (int16_t)(i->off + small_step(r));
		break;
	case 2:
		i->code = (uint8_t)((i->code & ~0x18) | sizes[below(r, 4)]);
		break;
	case 3:
		i->dst_reg = below(r, 11) & 15;
		break;
	case 4:
		if (class != BPF_ST && ins->reloc != RELOC_FIELD)
			i->src_reg = below(r, 11) & 15;
		else if (class == BPF_ST)
			i->imm = other_number(r, i->imm);
		break;
	case 5:
		if (class == BPF_LDX && ins->reloc != RELOC_FIELD)
			i->code ^= BPF_MEM ^ BPF_MEMSX;
		else if (class == BPF_STX && BPF_MODE(i->code) == BPF_ATOMIC)
			i->imm ^= BPF_FETCH;
		break;
	}
}

static void mutate_alu(struct bpf_insn *i, struct rng *r)
{
	static const int ops[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,  BPF_AND,
				  BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH};
	bool end = BPF_OP(i->code) == BPF_END;

	switch (below(r, 7)) {
	case 0:
	case 1:
		if (BPF_SRC(i->code) == BPF_K || end)
			i->imm = other_number(r, i->imm);
		else
			i->src_reg = below(r, 10) & 15;
		break;
	case 2:
		if (!end)
			i->code = (uint8_t)((i->code & 0x0f) | ops[below(r, ARRAY_SIZE(ops))]);
		break;
	case 3:
		i->code ^= BPF_ALU ^ BPF_ALU64;
		break;
	case 4:
		i->dst_reg = below(r, 10) & 15;
		break;
	case 5:
		if (BPF_SRC(i->code) == BPF_X && !end) {
			i->code &= (uint8_t)~BPF_X;
			i->src_reg = 0;
			i->imm = (int32_t)interesting(r);
		}
		break;
	case 6:
		if (BPF_OP(i->code) == BPF_DIV || BPF_OP(i->code) == BPF_MOD)
			i->off = !i->off;
		else if (BPF_OP(i->code) == BPF_MOV && BPF_SRC(i->code) == BPF_X)
			i->off = i->off ? 0 : (int16_t)(8 << below(r, 3));
		break;
	}
}

static void mutate_jump(struct ins *ins, struct rng *r)
{
	static const int ops[] = {BPF_JEQ,  BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT,
				  BPF_JSGE, BPF_JLT, BPF_JLE, BPF_JSLT, BPF_JSLE};
	struct bpf_insn *i = &ins->insn;
	int op = BPF_OP(i->code);
	unsigned int n = 0;

	if (op == BPF_EXIT || op == BPF_JA)
		return;
	if (op == BPF_CALL) {
		if (i->src_reg || i->imm == BPF_FUNC_loop || i->imm == BPF_FUNC_for_each_map_elem)
			return;
		while (known_helpers[n])
			n++;
		i->imm = known_helpers[below(r, n)];
		return;
	}
	switch (below(r, 6)) {
	case 0:
	case 1:
		if (BPF_SRC(i->code) == BPF_K)
			i->imm = other_number(r, i->imm);
		else
			i->src_reg = below(r, 10) & 15;
		/* Linux compares a number with itself as with any other. */
		if (BPF_SRC(i->code) == BPF_X && i->src_reg == i->dst_reg)
			i->src_reg = i->src_reg ? i->src_reg - 1 : 1;
		break;
	case 2:
	case 3:
		i->code = (uint8_t)((i->code & 0x0f) | ops[below(r, ARRAY_SIZE(ops))]);
		break;
	case 4:
		i->code ^= BPF_JMP ^ BPF_JMP32;
		break;
	case 5:
		if (i->off > 0) /* backwards stays backwards: loops end */
			i->off = (int16_t)(i->off + (chance(r, 50) ? 1 : i->off > 1 ? -1 : 0));
		break;
	}
}

static void mutate_wide(struct ins *ins, struct rng *r)
{
	if (!is_wide(ins)) {
		ins->insn.imm = other_number(r, ins->insn.imm);
		return;
	}
	if (ins->reloc == RELOC_MAP)
		ins->what = (uint8_t)below(r, NR_MAPS);
	else if (ins->reloc == RELOC_MAP_VALUE)
		ins[1].insn.imm += small_step(r);
	else if (ins->insn.src_reg == 0)
		ins[chance(r, 50)].insn.imm = (int32_t)interesting(r);
}

void mutate(struct program *p, struct rng *r)
{
	unsigned int count = 1 + (unsigned int)below(r, 3);

	for (unsigned int tries = 0; count && tries < 30; tries++) {
		unsigned int at = (unsigned int)below(r, p->n);
		struct ins *ins = &p->ins[at];
		struct ins before = *ins;

		if (ins->locked || (at && is_wide(&p->ins[at - 1])))
			continue;
		switch (BPF_CLASS(ins->insn.code)) {
		case BPF_LD:
			mutate_wide(ins, r);
			break;
		case BPF_LDX:
		case BPF_ST:
		case BPF_STX:
			mutate_memory(ins, r);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			mutate_alu(&ins->insn, r);
			break;
		default:
			mutate_jump(ins, r);
		}
		if (!memcmp(&before, ins, sizeof(before)) && !is_wide(ins))
			continue;
		p->mutations++;
		count--;
	}
}
