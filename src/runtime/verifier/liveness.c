/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which registers can matter after an instruction: may the register be read before it is written
 * again? If not, two states that differ in it are the same. Found by going backwards over the whole
 * program until nothing changes, and answered with "perhaps" where it is not clear.
 */
#include <stdlib.h>

#include "verifier/env.h"

#define R(n) (1u << (n))
#define CALLER_SAVED (R(0) | R(1) | R(2) | R(3) | R(4) | R(5))
#define ARGS (R(1) | R(2) | R(3) | R(4) | R(5))

/* Of going over the program: as many as backward jumps nest, in what compilers write. */
#define MAX_ROUNDS 100

struct flow {
	u16 uses;
	u16 defs;
};

static void flow_of_alu(const struct bpf_insn *insn, struct flow *f)
{
	u16 dst = R(insn->dst_reg), src = BPF_SRC(insn->code) == BPF_X ? R(insn->src_reg) : 0;

	if (BPF_OP(insn->code) == BPF_END || BPF_OP(insn->code) == BPF_NEG)
		src = 0;
	f->defs = dst;
	f->uses = BPF_OP(insn->code) == BPF_MOV ? src : dst | src;
}

static u16 helper_args(const struct bpf_func_proto *proto)
{
	u16 uses = 0;
	u32 i;

	for (i = 0; i < 5 && proto->arg_type[i] != ARG_DONTCARE; i++)
		uses |= R(i + 1);
	return uses;
}

static u16 kfunc_args(const struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const struct btf_type *func = btf ? btf_type_by_id(btf, insn->imm) : NULL;
	const struct btf_type *proto = func ? btf_type_by_id(btf, func->type) : NULL;

	return proto ? (u16)(ARGS & ((R(btf_vlen(proto) + 1)) - 1)) : ARGS;
}

static void flow_of_call(const struct bpf_verifier_env *env, u32 idx, struct flow *f)
{
	const struct bpf_insn *insn = &env->insns[idx];
	u32 start;

	f->defs = CALLER_SAVED;
	if (insn_calls_subprog(insn)) {
		start = env->subprogs[env->aux[idx].func_ref].start;
		f->uses = env->aux[start].live & ARGS;
		/* Of a function that is checked on its own, every argument. */
		if (env->subprogs[env->aux[idx].func_ref].is_global)
			f->uses = ARGS;
	} else if (insn_calls_kfunc(insn)) {
		f->uses = kfunc_args(env, insn);
	} else if (!env->aux[idx].helper) {
		f->uses = ARGS;
	} else {
		f->uses = helper_args(&env->aux[idx].helper->proto);
	}
}

static void flow_of_jmp(const struct bpf_verifier_env *env, u32 idx, struct flow *f)
{
	const struct bpf_insn *insn = &env->insns[idx];

	switch (BPF_OP(insn->code)) {
	case BPF_JA:
	case BPF_JCOND:
		return;
	case BPF_CALL:
		flow_of_call(env, idx, f);
		return;
	case BPF_EXIT:
		f->uses = R(0);
		return;
	}
	f->uses = R(insn->dst_reg);
	if (BPF_SRC(insn->code) == BPF_X)
		f->uses |= R(insn->src_reg);
}

static void flow_of_mem(const struct bpf_insn *insn, struct flow *f)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		f->defs = R(insn->dst_reg);
		if (!insn_loads_packet(insn))
			return;
		f->defs = CALLER_SAVED;
		f->uses = R(6);
		if (BPF_MODE(insn->code) == BPF_IND)
			f->uses |= R(insn->src_reg);
		return;
	case BPF_LDX:
		f->defs = R(insn->dst_reg);
		f->uses = R(insn->src_reg);
		return;
	case BPF_ST:
		f->uses = R(insn->dst_reg);
		return;
	}
	if (insn_is_load_acquire(insn)) {
		f->defs = R(insn->dst_reg);
		f->uses = R(insn->src_reg);
		return;
	}
	f->uses = R(insn->dst_reg) | R(insn->src_reg);
	if (insn_is_atomic(insn) && (insn->imm & BPF_FETCH)) {
		f->defs = insn->imm == BPF_CMPXCHG ? R(0) : R(insn->src_reg);
		if (insn->imm == BPF_CMPXCHG)
			f->uses |= R(0);
	}
}

static struct flow flow_of(const struct bpf_verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];
	struct flow f = {0};

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		flow_of_alu(insn, &f);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		flow_of_jmp(env, idx, &f);
		break;
	default:
		flow_of_mem(insn, &f);
	}
	return f;
}

u16 insn_defs(const struct bpf_verifier_env *env, u32 idx)
{
	return flow_of(env, idx).defs;
}

static bool update(struct bpf_verifier_env *env, u32 idx)
{
	struct bpf_insn_aux_data *aux = &env->aux[idx];
	struct flow f = flow_of(env, idx);
	u16 live = 0;
	u32 succ[2], n, i;
	bool changed;

	n = insn_successors(env, idx, succ);
	for (i = 0; i < n; i++)
		live |= env->aux[succ[i]].live;
	live = (live & ~f.defs) | f.uses;
	changed = live != aux->live;
	aux->live = live;
	return changed;
}

int compute_live_registers(struct bpf_verifier_env *env)
{
	bool changed = true;
	u32 i, round;

	for (round = 0; changed && round < MAX_ROUNDS; round++) {
		changed = false;
		for (i = env->nr_insns; i--;)
			if (!env->aux[i].ld_imm64_second && update(env, i))
				changed = true;
	}
	/* A shape that would take very long to follow: everything may matter everywhere. */
	for (i = 0; changed && i < env->nr_insns; i++)
		env->aux[i].live = 0x3ff;
	return 0;
}
