/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions made ready to run, when what never runs is gone (dead_code.c): loads of what can
 * never change become that, numbers that stood for something its address, and loads through
 * pointers to BTF types guarded ones (prog/prog.h).
 */
#include "verifier/env.h"

static void set_imm64(struct bpf_insn *insn, u64 value)
{
	insn[0].imm = (u32)value;
	insn[1].imm = value >> 32;
}

static int rewrite_ld_imm64(struct bpf_verifier_env *env, u32 idx)
{
	const struct bpf_insn_aux_data *aux = &env->aux[idx];
	struct bpf_insn *insn = &env->insns[idx];
	u64 addr;
	int err;

	switch (insn->src_reg) {
	case 0:
		return 0;
	case BPF_PSEUDO_FUNC:
		/* It goes on saying that it is a function's: native code has it elsewhere. */
		set_imm64(insn, (unsigned long)&env->insns[env->subprogs[aux->func_ref].start]);
		return 0;
	case BPF_PSEUDO_BTF_ID: /* any address that is not NULL will do */
		addr = (unsigned long)btf_type_by_id(env->prog->aux->rt->vmlinux, insn->imm);
		break;
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		addr = (u64)(unsigned long)aux->map;
		break;
	default:
		err = aux->map->ops->map_direct_value_addr(aux->map, &addr, aux->map_off);
		if (err)
			return err;
	}
	insn->src_reg = 0;
	set_imm64(insn, addr);
	return 0;
}

/* 1 + the index of the one map that the call may act on; 0: there are several, or none that is
 * known before it runs. */
static u32 map_of_call(const struct bpf_verifier_env *env, u32 idx)
{
	const struct bpf_prog_aux *aux = env->prog->aux;

	for (u32 i = 0; i < aux->used_map_cnt; i++)
		if (aux->used_maps[i] == env->aux[idx].map)
			return i + 1;
	return 0;
}

/* A load from a frozen map that programs may only read, of the same place on every path. */
static bool always_constant(const struct bpf_verifier_env *env, u32 idx)
{
	return BPF_CLASS(env->insns[idx].code) == BPF_LDX && env->aux[idx].loads_constant &&
	       !env->aux[idx].loads_others;
}

/* Instructions that set @dst to @value; how many. */
static u32 set_constant(struct bpf_insn insns[2], u8 dst, u64 value)
{
	u32 imm = value;
	u8 class = value == (u64)(s32)imm ? BPF_ALU64 : BPF_ALU;

	if (value != (u64)(s32)imm && value != imm) {
		insns[0] = (struct bpf_insn){.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst};
		insns[1] = (struct bpf_insn){0};
		set_imm64(insns, value);
		return 2;
	}
	insns[0] =
		(struct bpf_insn){.code = class | BPF_MOV | BPF_K, .dst_reg = dst, .imm = (s32)imm};
	return 1;
}

static int rewrite_constants(struct bpf_verifier_env *env)
{
	struct bpf_insn insns[2];
	struct bpf_patches patches;
	u32 i = 0;
	int err;

	while (i < env->nr_insns && !always_constant(env, i))
		i++;
	if (i == env->nr_insns)
		return 0;
	err = patches_init(env, &patches);
	for (; !err && i < env->nr_insns; i++)
		if (always_constant(env, i))
			err = patch_replace(
				&patches, i, insns,
				set_constant(insns, env->insns[i].dst_reg, env->aux[i].constant));
	if (!err)
		err = patches_apply(env, &patches);
	patches_free(&patches);
	return err;
}

int rewrite_instructions(struct bpf_verifier_env *env)
{
	u32 i;
	int err = rewrite_constants(env);

	if (err)
		return err;

	for (i = 0; i < env->nr_insns; i++) {
		struct bpf_insn *insn = &env->insns[i];

		if (insn_is_ld_imm64(insn)) {
			err = rewrite_ld_imm64(env, i);
			if (err)
				return err;
			i++;
		} else if (insn_calls_kfunc(insn)) {
			insn->imm = env->aux[i].kfunc_index;
		} else if (env->aux[i].helper && env->aux[i].helper->proto.tail_calls) {
			insn->code = BPF_JMP | BPF_TAIL_CALL;
		} else if (insn_is_call(insn) && !insn->src_reg) {
			insn->off = map_of_call(env, i);
			err = rewrite_printf(env, i);
			if (err)
				return err;
		} else if (insn_is_load_acquire(insn) && env->aux[i].probe_load) {
			insn->code = BPF_LDX | BPF_SIZE(insn->code) | BPF_PROBE_MEM;
		} else if (BPF_CLASS(insn->code) == BPF_LDX && env->aux[i].probe_load) {
			u8 mode =
				BPF_MODE(insn->code) == BPF_MEMSX ? BPF_PROBE_MEMSX : BPF_PROBE_MEM;

			insn->code = BPF_LDX | BPF_SIZE(insn->code) | mode;
		} else {
			convert_ctx_access(env, i);
		}
	}
	return 0;
}
