/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf_tail_call() to the verifier. If it is made, the program that was called instead ends the
 * function that calls, and nothing is known of what it returns but that it is a number. So the path
 * parts: one goes on behind the call, where the array had no program; one goes on behind the call
 * of this function. Where there is no caller there is nothing to go on with: the other program was
 * verified to end as this one has to.
 *
 * The program that is called may need a whole stack, beside those of the functions that wait: their
 * part is limited, or the tail calls of one run might add up to too much.
 */
#include <stdlib.h>

#include "verifier/env.h"

#define MAX_WAITING_STACK 256 /* bytes (Linux: the same) */

/* What returns, in a program with functions, has to be a number; without types nothing says so. */
int check_ends_with_number(struct bpf_verifier_env *env, const char *what)
{
	u32 subprogno = env->aux[env->insn_idx].subprog;
	const struct bpf_subprog_info *subprog = &env->subprogs[subprogno];
	const struct btf_type *result;

	if (!subprogno)
		return 0;
	if (!subprog->proto)
		return refuse(env, -EINVAL, -1, "load it with its BTF, func_info included",
			      "%s from a function without func_info", what);
	result = btf_type_skip_modifiers(env->prog->aux->btf, subprog->proto->type, NULL);
	if (!result || !(btf_type_is_int(result) || btf_type_is_any_enum(result)))
		return refuse(env, -EINVAL, -1, "let it return int",
			      "%s from a function that returns no number", what);
	return 0;
}

int note_tail_call(struct bpf_verifier_env *env)
{
	env->subprogs[env->aux[env->insn_idx].subprog].tail_calls = true;
	env->prog->aux->tail_call_reachable = true;
	return check_ends_with_number(env, "a tail call");
}

int check_tail_call(struct bpf_verifier_env *env)
{
	struct bpf_func_state *callee = cur_frame(env);
	struct bpf_verifier_state *state;

	int err = check_reference_leak(env);

	if (!err)
		err = check_not_locked(env, "a tail call");
	if (!err)
		err = check_no_region(env, "a tail call");
	if (err)
		return err;
	if (callee->callback)
		return refuse(env, -EINVAL, -1, "return from the callback first",
			      "a tail call from a callback");
	if (!env->cur->curframe)
		return 0;
	state = push_path(env, callee->callsite + 1);
	if (IS_ERR(state))
		return PTR_ERR(state);
	if (leave_frame(env, state))
		return -ENOMEM;
	reg_mark_unknown(&state->frame[state->curframe]->regs[BPF_REG_0]);
	/* The other program may have done what it liked with the packet. */
	forget_packet_pointers(env, state);
	return 0;
}

/* From caller to callee until nothing changes: there is no recursion. */
static bool deepen(const struct bpf_verifier_env *env, u32 *waiting)
{
	bool changed = false;

	for (u32 i = 0; i < env->nr_insns; i++) {
		u32 caller = env->aux[i].subprog, callee = env->aux[i].func_ref, depth;

		if (env->aux[i].ld_imm64_second ||
		    !(insn_calls_subprog(&env->insns[i]) || insn_refers_to_func(&env->insns[i])))
			continue;
		depth = waiting[caller] + frame_bytes(&env->subprogs[caller]);
		if (depth > waiting[callee]) {
			waiting[callee] = depth;
			changed = true;
		}
	}
	return changed;
}

int check_tail_call_stack(struct bpf_verifier_env *env)
{
	u32 *waiting = calloc(env->nr_subprogs, sizeof(*waiting));
	int err = 0;

	if (!waiting)
		return -ENOMEM;
	for (u32 round = 0; deepen(env, waiting) && round <= MAX_BPF_FRAMES; round++)
		;
	for (u32 i = 1; !err && i < env->nr_subprogs; i++) {
		env->insn_idx = env->subprogs[i].start;
		if (env->subprogs[i].tail_calls && waiting[i] >= MAX_WAITING_STACK)
			err = refuse(env, -EACCES, -1, "keep less in local variables",
				     "a function that makes a tail call, when its callers need %u "
				     "bytes of stack; less than %u are allowed",
				     waiting[i], MAX_WAITING_STACK);
	}
	free(waiting);
	return err;
}
