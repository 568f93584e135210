/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The walk over a program, path by path, and bpf_check() around it. An instruction takes from 0.1
 * to 1 microsecond, comparisons of states included (docs/performance.md).
 *
 * Behaviour: kernel/bpf/verifier.c.
 */
#include <stdlib.h>
#include <time.h>

#include "verifier/env.h"
#include "verifier/prog_types.h"

void (*bpf_check_watch)(struct bpf_verifier_env *env);

/* What a helper calls back must be known to be a static function, as only func_info says. */
static int check_func_ref(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog)
{
	if (!subprog->func)
		return refuse(env, -EINVAL, -1, "load it with its BTF, func_info included",
			      "a pointer to a function in a program without func_info");
	if (btf_vlen(subprog->func) != BTF_FUNC_STATIC)
		return refuse(env, -EINVAL, -1, "make the callback static",
			      "a pointer to a function that is not static");
	return 0;
}

static int check_ld_imm64(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	const struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];
	int err;

	switch (insn->src_reg) {
	case 0:
		reg_mark_const(dst, (u64)(u32)insn[1].imm << 32 | (u32)insn[0].imm);
		return 0;
	case BPF_PSEUDO_FUNC:
		err = check_func_ref(env, &env->subprogs[aux->func_ref]);
		if (err)
			return err;
		reg_mark_pointer(dst, PTR_TO_FUNC);
		dst->subprogno = aux->func_ref;
		return 0;
	case BPF_PSEUDO_BTF_ID: /* a function: an address to compare with NULL, and no memory */
		reg_mark_pointer(dst, PTR_TO_MEM | MEM_RDONLY);
		dst->mem_size = 0;
		return 0;
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		reg_mark_pointer(dst, CONST_PTR_TO_MAP);
		dst->map_ptr = aux->map;
		return 0;
	}
	reg_mark_pointer(dst, PTR_TO_MAP_VALUE);
	dst->map_ptr = aux->map;
	dst->off = aux->map_off;
	if (may_hold_lock(dst))
		dst->id = ++env->next_id;
	return 0;
}

static int check_jmp(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next)
{
	env->jmps_processed++;
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		*next = env->insn_idx + 1 +
			(BPF_CLASS(insn->code) == BPF_JMP32 ? insn->imm : insn->off);
		return 0;
	case BPF_JCOND:
		return check_may_goto(env, insn, next);
	case BPF_EXIT:
		return check_exit(env, next);
	case BPF_CALL:
		if (insn_calls_subprog(insn))
			return check_subprog_call(env, insn, next);
		if (insn_calls_kfunc(insn))
			return check_kfunc_call(env, insn);
		return check_helper_call(env, insn);
	}
	return check_cond_jmp_op(env, insn, next);
}

/* One instruction. 1: the path ends here. */
static int check_one(struct bpf_verifier_env *env, u32 *next)
{
	const struct bpf_insn *insn = &env->insns[env->insn_idx];

	*next = env->insn_idx + 1;
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return check_alu_op(env, insn);
	case BPF_LDX:
		return check_load(env, insn);
	case BPF_ST:
		return check_store(env, insn);
	case BPF_STX:
		return BPF_MODE(insn->code) == BPF_ATOMIC ? check_atomic(env, insn)
							  : check_store(env, insn);
	case BPF_LD:
		if (insn_loads_packet(insn))
			return check_ld_abs(env, insn, next);
		*next = env->insn_idx + 2;
		return check_ld_imm64(env, insn);
	}
	return check_jmp(env, insn, next);
}

static void note_setter(struct bpf_verifier_env *env, u32 idx, u32 frame)
{
	u16 defs = insn_defs(env, idx);
	u32 i;

	if (frame > env->cur->curframe)
		return;
	for (i = 0; i < BPF_REG_10; i++)
		if (defs & (1 << i))
			env->cur->frame[frame]->regs[i].since = idx;
}

static int check_step(struct bpf_verifier_env *env)
{
	u32 idx = env->insn_idx, frame = env->cur->curframe, next;
	int ret;

	if (++env->insn_processed > BPF_COMPLEXITY_LIMIT_INSNS)
		return refuse(env, -E2BIG, -1, "smaller loops, fewer branches, or bpf_loop",
			      "the walk over the program took more than %d instructions",
			      BPF_COMPLEXITY_LIMIT_INSNS);
	ret = collect_origins(env);
	if (!ret)
		ret = is_state_visited(env);
	if (ret) {
		if (ret > 0 && bpf_log_on(env->log, BPF_LOG_LEVEL2))
			bpf_log(env->log, "%u: covered by a path that was walked\n", idx);
		return ret;
	}
	env->aux[idx].seen = true;
	if (bpf_check_watch)
		bpf_check_watch(env);
	if (bpf_log_on(env->log, BPF_LOG_LEVEL2)) {
		if (env->aux[idx].prune_point)
			log_state(env, env->cur);
		log_insn(env, idx);
	}
	ret = check_one(env, &next);
	if (ret)
		return ret;
	note_setter(env, idx, frame);
	env->insn_idx = next;
	return 0;
}

/* Every path that begins with @subprog. */
static int walk(struct bpf_verifier_env *env, u32 subprog)
{
	int ret;

	ret = init_walk(env, subprog);
	while (!ret) {
		ret = check_step(env);
		/* Whatever came out: what was to be noted could not be. */
		if (env->no_memory)
			ret = -ENOMEM;
		if (ret > 0)
			ret = pop_path(env);
	}
	if (ret == -ENOENT && !env->cur)
		ret = 0;
	free_all_states(env);
	return ret;
}

/* The program, and each global function that a path calls: whichever calls it, it is walked once.
 */
static int walk_all(struct bpf_verifier_env *env)
{
	int err = walk(env, 0);
	u32 i = 1;

	while (!err && i < env->nr_subprogs) {
		struct bpf_subprog_info *subprog = &env->subprogs[i++];

		if (!subprog->called || subprog->walked)
			continue;
		subprog->walked = true;
		err = walk(env, i - 1);
		i = 1;
	}
	return err;
}

static int check_program(struct bpf_verifier_env *env)
{
	int err;

	err = env->type->check ? env->type->check(env) : 0;
	if (!err)
		err = check_instructions(env);
	if (!err)
		err = find_subprogs(env);
	if (!err)
		err = check_btf_info(env);
	if (!err)
		err = check_cfg(env);
	if (!err)
		err = resolve_references(env);
	if (!err)
		find_packet_changes(env);
	if (!err)
		find_sleepers(env);
	if (!err)
		err = compute_live_registers(env);
	if (!err)
		err = walk_all(env);
	if (!err)
		err = check_max_stack_depth(env);
	if (!err)
		err = check_tail_call_stack(env);
	if (!err)
		err = remove_dead_code(env);
	if (!err)
		err = rewrite_instructions(env);
	return err;
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The words are the kernel's: tools read them. Nothing is counted as mark_read here. */
static void tell_statistics(const struct bpf_verifier_env *env, u64 ns)
{
	u32 i;

	if (bpf_log_on(env->log, BPF_LOG_STATS)) {
		bpf_log(env->log, "verification time %llu usec\nstack depth ",
			(unsigned long long)ns / 1000);
		for (i = 0; i < env->nr_subprogs; i++)
			bpf_log(env->log, "%s%u", i ? "+" : "", env->subprogs[i].stack_depth);
		bpf_log(env->log, "%s\n", i ? "" : "0");
	}
	bpf_log(env->log,
		"processed %u insns (limit %d) max_states_per_insn %u total_states %u "
		"peak_states %u mark_read 0\n",
		env->insn_processed, BPF_COMPLEXITY_LIMIT_INSNS, env->max_states_per_insn,
		env->total_states, env->peak_states);
}

int bpf_check(struct bpf_prog *prog, const struct bpf_check_input *in)
{
	struct bpf_id_map ids;
	struct bpf_verifier_env env = {
		.prog = prog,
		.in = in,
		.ids = &ids,
		.log = in->log,
		.type = bpf_prog_type_find(prog->type),
		.insns = prog->insnsi,
		.nr_insns = prog->len,
	};
	u64 start = now_ns();
	int err = -EINVAL;

	ids.comparison = UINT32_MAX;
	if (!env.type || !prog->len)
		goto out;
	env.attach = bpf_prog_attach_find(env.type, prog->expected_attach_type);
	if (!env.attach)
		goto out;
	err = -ENOMEM;
	env.aux = calloc(env.nr_insns, sizeof(*env.aux));
	env.kept = calloc(env.nr_insns, sizeof(struct bpf_verifier_state *));
	if (!env.aux || !env.kept)
		goto out;
	err = check_program(&env);
	prog->aux->verified_insns = env.insn_processed;
	prog->aux->func_cnt = env.nr_subprogs; /* those that are left */
	tell_statistics(&env, now_ns() - start);
out:
	free(env.subprogs);
	free(env.kept);
	free(env.aux);
	return err;
}
