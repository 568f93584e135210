/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Functions of the program. A static one is walked at each call, with what the caller knows; of a
 * global one see global_func.c.
 *
 * A helper that calls back may do so never or many times. At its call the path parts: one goes on
 * behind the call; one enters the callback, and comes back to the call itself, as if it were made
 * again with what the callback left behind. rounds.c ends that when nothing new comes back.
 */
#include "verifier/env.h"
#include "verifier/prog_types.h"

static struct bpf_func_state *enter(struct bpf_verifier_env *env, struct bpf_verifier_state *state,
				    u32 subprogno)
{
	struct bpf_func_state *callee;

	if (state->curframe + 1 >= MAX_BPF_FRAMES) {
		refuse(env, -E2BIG, -1, "inline some (__always_inline), or call less deeply",
		       "more than %u functions call each other", MAX_BPF_FRAMES);
		return ERR_PTR(-E2BIG);
	}
	callee = new_frame(env);
	if (!callee)
		return ERR_PTR(-ENOMEM);
	callee->call = ++env->next_id;
	callee->callsite = env->insn_idx;
	callee->frameno = ++state->curframe;
	callee->subprogno = subprogno;
	reg_mark_pointer(&callee->regs[BPF_REG_10], PTR_TO_STACK);
	callee->regs[BPF_REG_10].frameno = callee->frameno;
	state->frame[state->curframe] = callee;
	return callee;
}

int check_subprog_call(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next)
{
	u32 subprogno = env->aux[env->insn_idx].func_ref, i;
	struct bpf_func_state *callee;

	if (env->subprogs[subprogno].is_global) {
		*next = env->insn_idx + 1;
		return check_global_call(env, &env->subprogs[subprogno]);
	}
	callee = enter(env, env->cur, subprogno);
	if (IS_ERR(callee))
		return PTR_ERR(callee);
	for (i = BPF_REG_1; i <= BPF_REG_5; i++)
		callee->regs[i] = env->cur->frame[env->cur->curframe - 1]->regs[i];
	for (i = BPF_REG_0; i <= BPF_REG_5; i++)
		env->cur->frame[env->cur->curframe - 1]->regs[i] =
			(struct bpf_reg_state){.type = NOT_INIT};
	*next = env->subprogs[subprogno].start;
	return 0;
}

/* long f(u64 index, void *ctx) */
static void loop_args(struct bpf_verifier_env *env, const struct bpf_reg_state *caller,
		      struct bpf_reg_state *callee)
{
	reg_mark_unknown(&callee[BPF_REG_1]);
	callee[BPF_REG_2] = caller[BPF_REG_3];
}

/* long f(struct bpf_map *map, const void *key, void *value, void *ctx) */
static void map_elem_args(struct bpf_verifier_env *env, const struct bpf_reg_state *caller,
			  struct bpf_reg_state *callee)
{
	struct bpf_map *map = caller[BPF_REG_1].map_ptr;

	reg_mark_pointer(&callee[BPF_REG_1], CONST_PTR_TO_MAP);
	callee[BPF_REG_1].map_ptr = map;
	reg_mark_pointer(&callee[BPF_REG_2], PTR_TO_MAP_KEY);
	callee[BPF_REG_2].map_ptr = map;
	reg_mark_pointer(&callee[BPF_REG_3], PTR_TO_MAP_VALUE);
	callee[BPF_REG_3].map_ptr = map;
	callee[BPF_REG_4] = caller[BPF_REG_3];
}

/* long f(const struct bpf_dynptr *dynptr, void *ctx) */
static void dynptr_args(struct bpf_verifier_env *env, const struct bpf_reg_state *caller,
			struct bpf_reg_state *callee)
{
	reg_mark_pointer(&callee[BPF_REG_1], CONST_PTR_TO_DYNPTR);
	callee[BPF_REG_1].dynptr_type = BPF_DYNPTR_TYPE_LOCAL;
	callee[BPF_REG_1].dynptr_id = ++env->next_id;
	callee[BPF_REG_2] = caller[BPF_REG_3];
}

/* By enum bpf_callback_kind: the registers that the helper sets. */
static void (*const callback_args[])(struct bpf_verifier_env *env,
				     const struct bpf_reg_state *caller,
				     struct bpf_reg_state *callee) = {
	[BPF_CALLBACK_LOOP] = loop_args,
	[BPF_CALLBACK_MAP_ELEM] = map_elem_args,
	[BPF_CALLBACK_DYNPTR] = dynptr_args,
};

/* Which argument is the function? The one that says so. */
static const struct bpf_reg_state *callback_of(const struct bpf_verifier_env *env,
					       const struct bpf_func_proto *proto)
{
	u32 i;

	for (i = 0; i < 5; i++)
		if (base_type(proto->arg_type[i]) == ARG_PTR_TO_FUNC)
			return &cur_regs(env)[i + 1];
	return NULL;
}

int push_callback(struct bpf_verifier_env *env, const struct bpf_func_proto *proto)
{
	struct bpf_callback_call *call = env->cur->callback_call;
	const struct bpf_reg_state *func = callback_of(env, proto);
	struct bpf_verifier_state *state;
	struct bpf_func_state *callee;
	u32 subprogno;

	if (!func || proto->callback >= ARRAY_SIZE(callback_args))
		return refuse(env, -EINVAL, -1, NULL, "a callback that is not supported");
	subprogno = func->subprogno;
	if (proto->callback == BPF_CALLBACK_LOOP && reg_is_null(&cur_regs(env)[BPF_REG_1])) {
		mark_reg_precise(env, &cur_regs(env)[BPF_REG_1]);
		env->cur->callback_call = NULL;
		return 0;
	}
	/* Behind the call, this call is over. */
	env->cur->callback_call = NULL;
	state = push_path(env, env->subprogs[subprogno].start);
	if (IS_ERR(state))
		return PTR_ERR(state);
	callee = enter(env, state, subprogno);
	if (IS_ERR(callee))
		return PTR_ERR(callee);
	state->callback_rounds++;
	callee->callback = proto->callback;
	callee->callback_call = call;
	callback_args[proto->callback](env, state->frame[state->curframe - 1]->regs, callee->regs);
	if (may_hold_lock(&callee->regs[BPF_REG_3]))
		callee->regs[BPF_REG_3].id = ++env->next_id;
	return 0;
}

static int check_callback_result(struct bpf_verifier_env *env, const struct bpf_reg_state *r0)
{
	int err = check_reg_read(env, BPF_REG_0);

	if (err)
		return err;
	mark_reg_precise(env, r0);
	if (r0->type != SCALAR_VALUE)
		return refuse(env, -EACCES, BPF_REG_0, "return 0 to go on, 1 to stop",
			      "a callback returns a %s", reg_type_name(r0->type));
	if (r0->smin_value < 0 || r0->smax_value > 1)
		return refuse(env, -EINVAL, BPF_REG_0, "return 0 to go on, 1 to stop",
			      "a callback returns neither 0 nor 1");
	return 0;
}

static int return_to_caller(struct bpf_verifier_env *env, u32 *next)
{
	struct bpf_verifier_state *state = env->cur;
	const struct bpf_func_state *callee = cur_frame(env);
	const struct bpf_reg_state result = callee->regs[BPF_REG_0];
	int err;

	if (base_type(result.type) == PTR_TO_STACK)
		return refuse(env, -EINVAL, BPF_REG_0,
			      "let who calls own the memory, and pass a pointer to it",
			      "a function returns a pointer to the stack");
	if (callee->callback) {
		err = check_callback_result(env, &result);
		if (!err)
			err = check_not_locked(env, "the end of a callback");
		if (err)
			return err;
		*next = callee->callsite;
		state->callback_call = callee->callback_call;
		return leave_frame(env, state);
	}
	*next = callee->callsite + 1;
	err = leave_frame(env, state);
	if (!err)
		cur_regs(env)[BPF_REG_0] = result;
	return err;
}

static int check_program_result(struct bpf_verifier_env *env)
{
	const struct bpf_reg_state *r0 = &cur_regs(env)[BPF_REG_0];
	const struct bpf_prog_attach *attach = env->attach;
	int err = check_reference_leak(env);
	char text[256];

	if (!err)
		err = check_not_locked(env, "the end");
	if (!err)
		err = check_no_region(env, "the end");
	if (!err)
		err = check_reg_read(env, BPF_REG_0);
	if (err)
		return err;
	if (env->walk_subprog) {
		if (r0->type == SCALAR_VALUE)
			return 1;
		return refuse(env, -EINVAL, BPF_REG_0, "return a number, or make it static",
			      "a global function returns a %s", reg_type_name(r0->type));
	}
	if (!attach->checks_result)
		return 1;
	mark_reg_precise(env, r0);
	if (r0->type == SCALAR_VALUE && r0->smin_value >= attach->result_min &&
	    r0->smax_value <= attach->result_max)
		return 1;
	describe_reg(env, r0, text, sizeof(text));
	return refuse(env, -EINVAL, BPF_REG_0, "check the number before it is returned",
		      "the program returns %s; it must be %d to %d", text, attach->result_min,
		      attach->result_max);
}

int check_exit(struct bpf_verifier_env *env, u32 *next)
{
	return env->cur->curframe ? return_to_caller(env, next) : check_program_result(env);
}

int init_walk(struct bpf_verifier_env *env, u32 subprog)
{
	struct bpf_func_state *frame;

	env->walk_subprog = subprog;
	env->insn_idx = env->subprogs[subprog].start;
	env->cur = new_state(env);
	if (!env->cur)
		return -ENOMEM;
	frame = cur_frame(env);
	frame->subprogno = subprog;
	reg_mark_pointer(&frame->regs[BPF_REG_10], PTR_TO_STACK);
	if (subprog)
		return init_global_args(env, &env->subprogs[subprog]);
	reg_mark_pointer(&frame->regs[BPF_REG_1], PTR_TO_CTX);
	return 0;
}
