/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions made ready to run, in place: numbers that stood for something become its address,
 * and loads through pointers to BTF types become guarded ones (prog/prog.h). What was never walked
 * can never run and was never looked at: it may call what is not there, as what libbpf makes of a
 * relocation that failed does. It becomes an exit.
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

int rewrite_instructions(struct bpf_verifier_env *env)
{
	const struct bpf_insn never_reached = {.code = BPF_JMP | BPF_EXIT};
	u32 i;
	int err;

	for (i = 0; i < env->nr_insns; i++) {
		struct bpf_insn *insn = &env->insns[i];

		if (!env->aux[i].seen) {
			*insn = never_reached;
		} else if (insn_is_ld_imm64(insn)) {
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
		} else if (BPF_CLASS(insn->code) == BPF_LDX && env->aux[i].probe_load) {
			u8 mode =
				BPF_MODE(insn->code) == BPF_MEMSX ? BPF_PROBE_MEMSX : BPF_PROBE_MEM;

			insn->code = BPF_LDX | BPF_SIZE(insn->code) | mode;
		}
	}
	return 0;
}
