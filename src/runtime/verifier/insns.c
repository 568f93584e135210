/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions one by one, before anything is known of a program's values: each is one of RFC 9669
 * or of those that Linux added since, with every unused field zero.
 */
#include "verifier/env.h"

static int bad_field(struct bpf_verifier_env *env)
{
	return refuse(env, -EINVAL, -1, "set it to 0: it may mean something one day",
		      "a field that the instruction does not use is not zero");
}

static int bad_opcode(struct bpf_verifier_env *env)
{
	return refuse(env, -EINVAL, -1, "compile for another CPU version (clang -mcpu=v3)",
		      "unknown instruction %#04x", env->insns[env->insn_idx].code);
}

static bool alu_off_known(const struct bpf_insn *insn)
{
	switch (BPF_OP(insn->code)) {
	case BPF_DIV:
	case BPF_MOD: /* signed */
		return insn->off == 0 || insn->off == 1;
	case BPF_MOV: /* sign-extending */
		if (BPF_SRC(insn->code) == BPF_K)
			return insn->off == 0;
		return insn->off == 0 || insn->off == 8 || insn->off == 16 ||
		       (insn->off == 32 && BPF_CLASS(insn->code) == BPF_ALU64);
	}
	return insn->off == 0;
}

static int check_alu(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	u8 op = BPF_OP(insn->code);

	if (op > BPF_END)
		return bad_opcode(env);
	if (op == BPF_END) {
		if (insn->src_reg || insn->off ||
		    (insn->imm != 16 && insn->imm != 32 && insn->imm != 64))
			return bad_field(env);
		if (BPF_CLASS(insn->code) == BPF_ALU64 && BPF_SRC(insn->code) != BPF_TO_LE)
			return bad_field(env);
		return 0;
	}
	if (op == BPF_NEG)
		return BPF_SRC(insn->code) != BPF_K || insn->src_reg || insn->off || insn->imm
			       ? bad_field(env)
			       : 0;
	if (BPF_SRC(insn->code) == BPF_X ? insn->imm : insn->src_reg)
		return bad_field(env);
	if (!alu_off_known(insn))
		return bad_field(env);
	return 0;
}

static int check_call(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	if (BPF_CLASS(insn->code) != BPF_JMP || BPF_SRC(insn->code) != BPF_K)
		return bad_opcode(env);
	if (insn_calls_kfunc(insn) && insn->off > 0 && !env->in->fd_array)
		return refuse(env, -EPROTO, -1, "let its offset be 0, for the built-in types",
			      "a kernel function of other types (%d), and no fd_array", insn->off);
	if (insn->dst_reg || insn->off || insn->src_reg > BPF_PSEUDO_KFUNC_CALL)
		return bad_field(env);
	return 0;
}

static int check_jmp(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	bool is32 = BPF_CLASS(insn->code) == BPF_JMP32;
	u8 op = BPF_OP(insn->code);

	switch (op) {
	case BPF_CALL:
		return check_call(env, insn);
	case BPF_EXIT:
		if (is32 || BPF_SRC(insn->code) != BPF_K)
			return bad_opcode(env);
		return insn->dst_reg || insn->src_reg || insn->off || insn->imm ? bad_field(env)
										: 0;
	case BPF_JA:
		if (BPF_SRC(insn->code) != BPF_K)
			return bad_opcode(env);
		/* A far jump has its distance in imm, a near one in off. */
		return insn->dst_reg || insn->src_reg || (is32 ? insn->off : insn->imm)
			       ? bad_field(env)
			       : 0;
	}
	if (insn_is_may_goto(insn)) {
		env->aux[env->insn_idx].may_goto = true;
		env->has_may_goto = true;
		env->aux[env->insn_idx].prune_point = true;
		return insn->dst_reg || insn->src_reg || insn->imm ? bad_field(env) : 0;
	}
	if (op > BPF_JSLE)
		return bad_opcode(env);
	return (BPF_SRC(insn->code) == BPF_X ? insn->imm : insn->src_reg) ? bad_field(env) : 0;
}

static int check_ld(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	/* Its fields matter where it runs. */
	if (insn_loads_packet(insn) && BPF_SIZE(insn->code) != BPF_DW)
		return 0;
	if (!insn_is_ld_imm64(insn))
		return bad_opcode(env);
	if (env->insn_idx + 1 >= env->nr_insns)
		return refuse(env, -EINVAL, -1,
			      "let it have two instructions, the second one with the high half",
			      "the second half of ld_imm64 is missing");
	if (insn[1].code || insn[1].dst_reg || insn[1].src_reg || insn[1].off || insn->off ||
	    insn->src_reg > BPF_PSEUDO_MAP_IDX_VALUE)
		return bad_field(env);
	return 0;
}

static bool atomic_known(s32 imm)
{
	switch (imm) {
	case BPF_ADD:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
	case BPF_ADD | BPF_FETCH:
	case BPF_AND | BPF_FETCH:
	case BPF_OR | BPF_FETCH:
	case BPF_XOR | BPF_FETCH:
	case BPF_XCHG:
	case BPF_CMPXCHG:
		return true;
	}
	return false;
}

static int check_mem(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	u8 mode = BPF_MODE(insn->code), size = BPF_SIZE(insn->code);

	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		if (mode != BPF_MEM && (mode != BPF_MEMSX || size == BPF_DW))
			return bad_opcode(env);
		return insn->imm ? bad_field(env) : 0;
	case BPF_ST:
		if (mode != BPF_MEM)
			return bad_opcode(env);
		return insn->src_reg ? bad_field(env) : 0;
	}
	if (mode == BPF_MEM)
		return insn->imm ? bad_field(env) : 0;
	if (insn_is_load_acquire(insn) || insn_is_store_release(insn))
		return 0;
	if (mode != BPF_ATOMIC || (size != BPF_W && size != BPF_DW))
		return bad_opcode(env);
	if (!atomic_known(insn->imm))
		return refuse(env, -EINVAL, -1,
			      "use add, and, or, xor, exchange or compare and exchange",
			      "unknown atomic operation %#x", insn->imm);
	return 0;
}

/* The register that the instruction itself sets; -1: none. What a call sets is none of these. */
static int dst_of(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
	case BPF_LDX:
		return insn->dst_reg;
	case BPF_LD:
		return insn_loads_packet(insn) ? -1 : insn->dst_reg;
	case BPF_STX:
		if (insn_is_load_acquire(insn))
			return insn->dst_reg;
		if (insn_is_atomic(insn) && (insn->imm & BPF_FETCH) && insn->imm != BPF_CMPXCHG)
			return insn->src_reg;
	}
	return -1;
}

/* A division by zero or a shift too far: of two mistakes, Linux's answer is to this one. */
static bool has_bad_constant(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code);

	if ((class != BPF_ALU && class != BPF_ALU64) || BPF_SRC(insn->code) != BPF_K)
		return false;
	switch (BPF_OP(insn->code)) {
	case BPF_DIV:
	case BPF_MOD:
		return !insn->imm;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return insn->imm < 0 || insn->imm >= (class == BPF_ALU64 ? 64 : 32);
	}
	return false;
}

static int check_insn(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	int err;

	if (insn->dst_reg >= MAX_BPF_REG)
		return refuse(env, -EINVAL, -1, "use R0 to R10", "R%u is no register",
			      insn->dst_reg);
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		err = check_alu(env, insn);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		err = check_jmp(env, insn);
		break;
	case BPF_LD:
		err = check_ld(env, insn);
		break;
	default:
		err = check_mem(env, insn);
	}
	if (err)
		return err;
	/* What uses src_reg for something else was seen to above. */
	if (insn->src_reg >= MAX_BPF_REG)
		return refuse(env, -EINVAL, -1, "use R0 to R10", "R%u is no register",
			      insn->src_reg);
	if (dst_of(insn) == BPF_REG_10)
		return refuse(env, has_bad_constant(insn) ? -EINVAL : -EACCES, -1,
			      "copy it to another register first",
			      "R10, the frame pointer, is not to be changed");
	return 0;
}

int check_instructions(struct bpf_verifier_env *env)
{
	u32 i;
	int err;

	for (i = 0; i < env->nr_insns; i++) {
		env->insn_idx = i;
		err = check_insn(env, &env->insns[i]);
		if (err)
			return err;
		if (insn_is_ld_imm64(&env->insns[i]))
			env->aux[++i].ld_imm64_second = true;
	}
	return 0;
}
