/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A register is wanted before an instruction that reads it, and before one that does not write it
 * and behind which it is wanted. Functions are walked backwards until nothing changes: once, if
 * nothing jumps back; with loops two times or three, as a rule. Where it takes longer, every
 * register is wanted everywhere.
 */
#include "jit/flow.h"

#include <errno.h>
#include <stdlib.h>

#define R(n) (1u << (n))
#define ARGS (R(1) | R(2) | R(3) | R(4) | R(5))
#define ALL 0x7ffu
#define MAX_WALKS 10

/* Linux 6.15; the headers of the build may be older. */
#define ATOMIC_LOAD_ACQ 0x100
#define ATOMIC_STORE_REL 0x110

static void note_alu(struct jit_flow *flow, const struct bpf_insn *insn)
{
	const u8 op = BPF_OP(insn->code);

	flow->writes = R(insn->dst_reg);
	if (op != BPF_MOV)
		flow->reads = R(insn->dst_reg);
	if (BPF_SRC(insn->code) == BPF_X && op != BPF_END && op != BPF_NEG)
		flow->reads |= R(insn->src_reg);
}

static void note_atomic(struct jit_flow *flow, const struct bpf_insn *insn)
{
	flow->reads = R(insn->dst_reg) | R(insn->src_reg);
	if (insn->imm == ATOMIC_LOAD_ACQ)
		flow->writes = R(insn->dst_reg);
	else if (insn->imm == BPF_CMPXCHG)
		flow->writes = R(0);
	else if (insn->imm != ATOMIC_STORE_REL && insn->imm & BPF_FETCH)
		flow->writes = R(insn->src_reg);
	if (insn->imm == BPF_CMPXCHG)
		flow->reads |= R(0);
}

static void note_jmp(struct jit_flow *flow, const struct bpf_insn *insn)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		flow->jumps = flow->ends = true;
		break;
	case BPF_OP(BPF_MAY_GOTO):
		flow->jumps = true;
		break;
	case BPF_CALL:
		flow->reads = ARGS;
		flow->writes = ARGS | R(0);
		break;
	case BPF_EXIT:
		flow->ends = true;
		flow->reads = R(0);
		break;
	case BPF_OP(BPF_TAIL_CALL):
		flow->reads = ARGS;
		break;
	default:
		flow->jumps = true;
		flow->reads = R(insn->dst_reg);
		if (BPF_SRC(insn->code) == BPF_X)
			flow->reads |= R(insn->src_reg);
	}
}

static void note_ld(struct jit_flow *flow, const struct bpf_insn *insn)
{
	if (BPF_MODE(insn->code) == BPF_IMM) {
		flow->writes = insn->code == (BPF_LD | BPF_IMM | BPF_DW) ? R(insn->dst_reg) : 0;
		return;
	}
	flow->reads = R(BPF_REG_6) | R(insn->src_reg);
	flow->writes = ARGS | R(0);
}

static void note(struct jit_flow *flow, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		note_alu(flow, insn);
		break;
	case BPF_LD:
		note_ld(flow, insn);
		break;
	case BPF_LDX:
		flow->reads = R(insn->src_reg);
		flow->writes = R(insn->dst_reg);
		break;
	case BPF_ST:
		flow->reads = R(insn->dst_reg);
		break;
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC)
			note_atomic(flow, insn);
		else
			flow->reads = R(insn->dst_reg) | R(insn->src_reg);
		break;
	default:
		note_jmp(flow, insn);
	}
}

/* Where a jump leads. */
static u32 target_of(const struct jit *jit, u32 i)
{
	const struct bpf_insn *insn = &jit->insns[i];

	return i + 1 + (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);
}

/* Whether another walk may find more. */
static bool walk(struct jit *jit, const struct jit_func *func)
{
	bool changed = false, loops = false;

	for (u32 i = func->end; i-- > func->start;) {
		struct jit_flow *flow = &jit->flow[i];
		u16 wanted = flow->ends ? 0 : flow[1].wanted;

		if (flow->jumps) {
			const u32 target = target_of(jit, i);

			wanted |= jit->flow[target].wanted;
			loops |= target <= i;
		}
		wanted = (wanted & ~flow->writes) | flow->reads;
		changed |= wanted != flow->wanted;
		flow->wanted = wanted;
	}
	return changed && loops;
}

static void find_wanted(struct jit *jit, const struct jit_func *func)
{
	u32 walks = 1;

	while (walk(jit, func) && walks++ < MAX_WALKS)
		;
	for (u32 i = func->start; i < func->end && walks > MAX_WALKS; i++)
		jit->flow[i].wanted = ALL;
}

/* And of them where loops begin, and in a function that has one, what only jumps lead to. */
static void find_targets(struct jit *jit, const struct jit_func *func)
{
	struct jit_flow *flow = jit->flow;
	bool loops = false;

	for (u32 i = func->start; i < func->end; i++)
		if (flow[i].jumps) {
			const u32 target = target_of(jit, i);

			flow[target].target = true;
			flow[target].head |= target <= i && !flow[target].ends;
			loops |= target <= i;
		}
	for (u32 i = func->start + 1; i < func->end && loops; i++)
		flow[i].head |= flow[i].target && flow[i - 1].ends;
}

int jit_find_flow(struct jit *jit)
{
	jit->flow = calloc(jit->nr + 1, sizeof(*jit->flow));
	if (!jit->flow)
		return -ENOMEM;
	for (u32 i = 0; i < jit->nr; i++)
		note(&jit->flow[i], &jit->insns[i]);
	for (u32 f = 0; f < jit->nr_funcs; f++) {
		find_targets(jit, &jit->funcs[f]);
		find_wanted(jit, &jit->funcs[f]);
	}
	return 0;
}
