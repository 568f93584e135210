/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What was never walked can never run, and was never looked at: it may call what is not there, as
 * what libbpf makes of a relocation that failed does. It is taken out, as in Linux, instruction by
 * instruction the same: a branch of which one way is never gone becomes a jump or nothing
 * (opt_hard_wire_dead_code_branches), what is dead goes (opt_remove_dead_code), and then jumps to
 * the next instruction (opt_remove_nops).
 */
#include <stdlib.h>

#include "verifier/env.h"

static const struct bpf_insn never_reached = {.code = BPF_JMP | BPF_EXIT};

static bool is_live(const struct bpf_verifier_env *env, u32 idx)
{
	return env->aux[idx].ld_imm64_second ? env->aux[idx - 1].seen : env->aux[idx].seen;
}

static bool is_branch(const struct bpf_insn *insn)
{
	return insn_is_jump(insn) && insn->code != (BPF_JMP | BPF_JA) &&
	       insn->code != (BPF_JMP32 | BPF_JA);
}

static void hard_wire_branches(struct bpf_verifier_env *env)
{
	for (u32 i = 0; i < env->nr_insns; i++) {
		struct bpf_insn *insn = &env->insns[i];
		struct bpf_insn ja = {.code = BPF_JMP | BPF_JA};

		if (env->aux[i].ld_imm64_second || !env->aux[i].seen || !is_branch(insn))
			continue;
		if (!is_live(env, i + 1))
			ja.off = insn->off;
		else if (is_live(env, jump_target(env, i)))
			continue;
		*insn = is_live(env, i + 1 + ja.off) ? ja : never_reached;
	}
}

/* Something that lives refers to it, though nothing comes there. */
static void keep_as_exit(struct bpf_verifier_env *env, u32 idx)
{
	if (is_live(env, idx))
		return;
	if (insn_is_ld_imm64(&env->insns[idx]))
		env->aux[idx + 1].ld_imm64_second = false;
	env->insns[idx] = never_reached;
	env->aux[idx].seen = true;
}

/* A call that never returns is followed by nothing; a callback may be one that is never called. */
static void keep_what_is_referred_to(struct bpf_verifier_env *env)
{
	for (u32 i = 0; i < env->nr_insns; i++) {
		u32 succ[2], n;

		if (env->aux[i].ld_imm64_second || !env->aux[i].seen)
			continue;
		n = insn_successors(env, i, succ);
		while (n)
			keep_as_exit(env, succ[--n]);
		if (insn_calls_subprog(&env->insns[i]) || insn_refers_to_func(&env->insns[i]))
			keep_as_exit(env, env->subprogs[env->aux[i].func_ref].start);
	}
}

/*
 * Jumps to the next instruction. Linux goes through once; only where a may_goto has gone does it
 * look again at what is before it. @before: of each instruction (and the end), how many live ones
 * are before it; @left: room for those that are looked at and stay.
 */
static void remove_nops(const struct bpf_verifier_env *env, struct bpf_patches *patches,
			const u32 *before, u32 *left)
{
	u32 nr_left = 0;

	for (u32 i = 0; i < env->nr_insns; i++) {
		if (!is_live(env, i))
			continue;
		left[nr_left++] = i;
		while (nr_left) {
			u32 idx = left[nr_left - 1];
			const struct bpf_insn *insn = &env->insns[idx];
			bool may_goto = insn_is_may_goto(insn);

			if (env->aux[idx].ld_imm64_second ||
			    (!may_goto && insn->code != (BPF_JMP | BPF_JA)) || insn->off < 0 ||
			    before[jump_target(env, idx)] > before[i + 1])
				break;
			patch_remove(patches, idx);
			nr_left--;
			if (!may_goto)
				break;
		}
	}
}

int remove_dead_code(struct bpf_verifier_env *env)
{
	u32 *before = calloc((size_t)env->nr_insns + 1, sizeof(*before));
	u32 *left = calloc(env->nr_insns, sizeof(*left));
	struct bpf_patches patches;
	int err = patches_init(env, &patches);
	u32 i;

	if (!before || !left)
		err = -ENOMEM;
	if (err)
		goto out;
	hard_wire_branches(env);
	keep_what_is_referred_to(env);
	for (i = 0; i < env->nr_insns; i++) {
		before[i + 1] = before[i] + is_live(env, i);
		if (!is_live(env, i))
			patch_remove(&patches, i);
	}
	remove_nops(env, &patches, before, left);
	err = patches_apply(env, &patches);
out:
	patches_free(&patches);
	free(before);
	free(left);
	return err;
}
