/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The shape of a program, before anything is known of its values: functions begin where calls and
 * function pointers lead; jumps stay in their function and do not hit the second half of a ld_imm64;
 * every instruction can be reached; a function ends with exit or goto. Also the stack that a tree of
 * calls needs.
 */
#include <limits.h>
#include <stdlib.h>

#include "verifier/env.h"

/* --- functions ------------------------------------------------------------------------------ */

const struct bpf_subprog_info *subprog_at(const struct bpf_verifier_env *env, u32 insn_idx)
{
	return &env->subprogs[env->aux[insn_idx].subprog];
}

/* Where a call or a function pointer leads; it is checked to be an instruction. */
static s64 func_target(const struct bpf_verifier_env *env, u32 idx)
{
	return (s64)idx + env->insns[idx].imm + 1;
}

static bool refers_to_subprog(const struct bpf_insn *insn)
{
	return insn_calls_subprog(insn) || insn_refers_to_func(insn);
}

static int mark_starts(struct bpf_verifier_env *env, bool *starts)
{
	s64 target;
	u32 i;

	starts[0] = true;
	for (i = 0; i < env->nr_insns; i++) {
		env->insn_idx = i;
		if (env->aux[i].ld_imm64_second || !refers_to_subprog(&env->insns[i]))
			continue;
		target = func_target(env, i);
		if (target < 0 || target >= env->nr_insns || env->aux[target].ld_imm64_second)
			return refuse(env, -EINVAL, -1, "call the first instruction of a function",
				      "a call of instruction %lld, which is none",
				      (long long)target);
		if (!target && insn_refers_to_func(&env->insns[i]))
			return refuse(env, -EINVAL, -1, "make another function for it",
				      "the main function as a callback");
		starts[target] = true;
	}
	return 0;
}

/* Of a program, the main one included (Linux: the same). */
#define BPF_MAX_SUBPROGS 256u

int find_subprogs(struct bpf_verifier_env *env)
{
	bool *starts = calloc(env->nr_insns, sizeof(*starts));
	u32 i, nr = 0, cur = 0;
	int err = -ENOMEM;

	if (!starts)
		return err;
	err = mark_starts(env, starts);
	if (err)
		goto out;
	for (i = 0; i < env->nr_insns; i++)
		nr += starts[i];
	if (nr > BPF_MAX_SUBPROGS) {
		err = refuse(env, -E2BIG, -1, "inline some (__always_inline), or use tail calls",
			     "%u functions; a program may have %u", nr, BPF_MAX_SUBPROGS);
		goto out;
	}
	env->subprogs = calloc(nr, sizeof(*env->subprogs));
	if (!env->subprogs) {
		err = -ENOMEM;
		goto out;
	}
	env->nr_subprogs = nr;
	for (i = 0; i < env->nr_insns; i++) {
		if (starts[i]) {
			cur = i ? cur + 1 : 0;
			env->subprogs[cur].start = i;
		}
		env->subprogs[cur].end = i + 1;
		env->aux[i].subprog = cur;
	}
	for (i = 0; i < env->nr_insns; i++) {
		if (env->aux[i].ld_imm64_second || !refers_to_subprog(&env->insns[i]))
			continue;
		env->aux[i].func_ref = env->aux[func_target(env, i)].subprog;
		if (insn_refers_to_func(&env->insns[i]))
			env->subprogs[env->aux[i].func_ref].is_callback = true;
	}
out:
	free(starts);
	return err;
}

/* --- jumps ---------------------------------------------------------------------------------- */

static bool ends_function(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_EXIT) || insn->code == (BPF_JMP | BPF_JA) ||
	       insn->code == (BPF_JMP32 | BPF_JA);
}

s64 jump_target(const struct bpf_verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];

	return (s64)idx + 1 + (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);
}

u32 insn_successors(const struct bpf_verifier_env *env, u32 idx, u32 succ[2])
{
	const struct bpf_insn *insn = &env->insns[idx];
	u32 nr = 0;

	if (insn->code == (BPF_JMP | BPF_EXIT))
		return 0;
	if (!ends_function(insn))
		succ[nr++] = idx + (insn_is_ld_imm64(insn) ? 2 : 1);
	if (insn_is_jump(insn))
		succ[nr++] = jump_target(env, idx);
	return nr;
}

static int check_jumps(struct bpf_verifier_env *env)
{
	u32 i;

	for (i = 0; i < env->nr_insns; i++) {
		const struct bpf_subprog_info *subprog = subprog_at(env, i);
		bool last = i + 1 == subprog->end;
		s64 target;

		env->insn_idx = i;
		if (env->aux[i].ld_imm64_second) {
			if (!last)
				continue;
			return refuse(env, -EINVAL, -1, "return from it on every way",
				      "the function ends without exit");
		}
		if (last && !ends_function(&env->insns[i]))
			return refuse(env, -EINVAL, -1, "return from it on every way",
				      "the function ends without exit");
		if (!insn_is_jump(&env->insns[i]))
			continue;
		target = jump_target(env, i);
		if (target < subprog->start || target >= subprog->end)
			return refuse(env, -EINVAL, -1, "jump within the function, and call others",
				      "a jump to instruction %lld, out of the function",
				      (long long)target);
		if (env->aux[target].ld_imm64_second)
			return refuse(env, -EINVAL, -1, "jump to its first half",
				      "a jump into the middle of the ld_imm64 at %lld",
				      (long long)target - 1);
	}
	return 0;
}

/* Mark what can be reached; where two ways meet, states will be compared. */
static int reach(struct bpf_verifier_env *env, u8 *reached, u32 *todo)
{
	u32 nr = 0, succ[3], i, k, n;

	reached[0] = 1;
	todo[nr++] = 0;
	while (nr) {
		i = todo[--nr];
		n = insn_successors(env, i, succ);
		if (refers_to_subprog(&env->insns[i]))
			succ[n++] = env->subprogs[env->aux[i].func_ref].start;
		for (k = 0; k < n; k++) {
			if (reached[succ[k]]) {
				env->aux[succ[k]].prune_point = true;
				continue;
			}
			reached[succ[k]] = 1;
			todo[nr++] = succ[k];
		}
	}
	for (i = 0; i < env->nr_insns; i++) {
		env->insn_idx = i;
		if (!reached[i] && !env->aux[i].ld_imm64_second)
			return refuse(env, -EINVAL, -1, "remove it",
				      "nothing leads to instruction %u", i);
	}
	return 0;
}

int check_cfg(struct bpf_verifier_env *env)
{
	u8 *reached = calloc(env->nr_insns, sizeof(*reached));
	u32 *todo = calloc(env->nr_insns, sizeof(*todo));
	int err = -ENOMEM;
	u32 i;

	if (reached && todo)
		err = check_jumps(env);
	if (!err)
		err = reach(env, reached, todo);
	for (i = 0; !err && i < env->nr_insns; i++) {
		if (insn_calls_subprog(&env->insns[i]))
			env->aux[i + 1].prune_point = true;
		if (i && env->aux[i].subprog != env->aux[i - 1].subprog)
			env->aux[i].prune_point = true;
	}
	free(reached);
	free(todo);
	return err;
}

/* --- stack ---------------------------------------------------------------------------------- */

/*
 * The deepest chain of calls that begins with each function, in frames and in bytes, told from
 * callee to caller until nothing changes: each round sees one frame more, so a chain that is too
 * long, or a recursion, shows itself as growth past the limit.
 */
static bool deepen(struct bpf_verifier_env *env, u32 *frames, u32 *bytes)
{
	bool changed = false;
	u32 i;

	for (i = 0; i < env->nr_insns; i++) {
		u32 caller = env->aux[i].subprog, callee = env->aux[i].func_ref, depth;

		if (env->aux[i].ld_imm64_second || !refers_to_subprog(&env->insns[i]))
			continue;
		depth = frame_bytes(&env->subprogs[caller]) + bytes[callee];
		if (frames[callee] + 1 <= frames[caller] && depth <= bytes[caller])
			continue;
		frames[caller] = max_of(frames[caller], frames[callee] + 1);
		bytes[caller] = max_of(bytes[caller], depth);
		env->insn_idx = i;
		changed = true;
	}
	return changed;
}

int check_max_stack_depth(struct bpf_verifier_env *env)
{
	u32 *frames = calloc(env->nr_subprogs, sizeof(*frames));
	u32 *bytes = calloc(env->nr_subprogs, sizeof(*bytes));
	u32 i, round;
	int err = 0;

	if (!frames || !bytes) {
		err = -ENOMEM;
		goto out;
	}
	for (i = 0; i < env->nr_subprogs; i++) {
		frames[i] = 1;
		bytes[i] = frame_bytes(&env->subprogs[i]);
	}
	for (round = 0; deepen(env, frames, bytes) && round <= MAX_BPF_FRAMES; round++)
		;
	env->prog->aux->stack_depth = bytes[0];
	if (frames[0] > MAX_BPF_FRAMES)
		err = refuse(env, -E2BIG, -1, "inline some (__always_inline), or call less deeply",
			     "more than %u functions call each other", MAX_BPF_FRAMES);
	else if (bytes[0] > MAX_BPF_STACK)
		err = refuse(
			env, -EACCES, -1, "keep less in local variables, or keep it in a map",
			"functions that call each other need %u bytes of stack together; %u are "
			"there",
			bytes[0], MAX_BPF_STACK);
out:
	free(frames);
	free(bytes);
	return err;
}
