/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Functions of the program. A static one is walked at each call, with what the caller knows. A
 * global one is walked once, on its own, with all that its prototype allows, and taken at its word
 * where it is called.
 *
 * A helper that calls back may do so never or many times. At its call the path parts: one goes on
 * behind the call; one enters the callback, and comes back to the call itself, as if it were made
 * again with what the callback left behind. prune.c ends that when nothing new comes back.
 */
#include <string.h>

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
	callee->callsite = env->insn_idx;
	callee->frameno = ++state->curframe;
	callee->subprogno = subprogno;
	reg_mark_pointer(&callee->regs[BPF_REG_10], PTR_TO_STACK);
	callee->regs[BPF_REG_10].frameno = callee->frameno;
	state->frame[state->curframe] = callee;
	return callee;
}

/* --- global functions ----------------------------------------------------------------------- */

/* What an argument of a global function is. */
struct global_arg {
	enum {
		GLOBAL_ARG_SCALAR,
		GLOBAL_ARG_CTX,
		GLOBAL_ARG_MEM,
		GLOBAL_ARG_BTF, /* a structure of the built-in types, trusted */
		GLOBAL_ARG_DYNPTR,
		GLOBAL_ARG_ANYWHERE,	  /* memory that may be anywhere, to be read with care */
		GLOBAL_ARG_UNTRUSTED_BTF, /* a structure of the built-in types, that, too */
	} kind;
	bool or_null;
	u32 mem_size, btf_id;
};

static int bad_arg(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog, u32 i,
		   const char *what)
{
	return refuse(env, -EINVAL, -1, "make it static", "argument %u of global function %s %s",
		      i + 1, btf_type_name(env->prog->aux->btf, subprog->func), what);
}

/* May an argument with the tag "ctx" point to @t? */
static bool is_ctx_type(const struct bpf_verifier_env *env, const struct btf_type *t)
{
	const struct bpf_prog_type_ops *type = env->type;
	const char *name = btf_type_name(env->prog->aux->btf, t);

	if (btf_type_is_void(t) || type->ctx_is_memory || !(type->ctx_name || type->ctx_prefix))
		return true;
	if (!btf_type_is_struct(t))
		return false;
	return type->ctx_prefix ? !strncmp(name, type->ctx_prefix, strlen(type->ctx_prefix))
				: !strcmp(name, type->ctx_name);
}

/* Declared is enough. */
static bool is_dynptr_type(const struct btf *btf, const struct btf_type *t)
{
	return (btf_kind(t) == BTF_KIND_STRUCT || (btf_kind(t) == BTF_KIND_FWD && !btf_kflag(t))) &&
	       !strcmp(btf_type_name(btf, t), "bpf_dynptr");
}

/* The structure of the built-in types that has the name of @t. */
static int find_arg_struct(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog,
			   u32 i, const struct btf_type *t, struct global_arg *arg)
{
	const struct btf *btf = env->prog->aux->btf, *vmlinux = env->prog->aux->rt->vmlinux;
	s32 id = btf_type_is_struct(t) ? btf_find_by_name_kind(vmlinux, btf_type_name(btf, t),
							       BTF_KIND_STRUCT)
				       : -ENOENT;

	if (id < 0)
		return refuse(env, -ENOENT, -1, "make it static",
			      "argument %u of global function %s is of a structure that does not "
			      "exist here",
			      i + 1, btf_type_name(btf, subprog->func));
	arg->btf_id = (u32)id;
	return 0;
}

/* Whatever the caller passes: the function looks at it with care. */
static int untrusted_arg(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog,
			 u32 i, const struct btf_type *t, struct global_arg *arg)
{
	if (subprog->arg_tags[i] & ~ARG_TAG_UNTRUSTED)
		return bad_arg(env, subprog, i, "is untrusted, and has other tags");
	arg->kind = GLOBAL_ARG_ANYWHERE;
	if (btf_type_is_void(t) || btf_type_is_int(t) || btf_type_is_any_enum(t))
		return 0;
	arg->kind = GLOBAL_ARG_UNTRUSTED_BTF;
	if (btf_type_is_ptr(t))
		return bad_arg(env, subprog, i, "is untrusted, and no pointer to a structure");
	return find_arg_struct(env, subprog, i, t, arg);
}

static int pointer_arg(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog, u32 i,
		       struct global_arg *arg)
{
	const struct btf *btf = env->prog->aux->btf;
	u32 type_id = btf_params(subprog->proto)[i].type, id;
	const struct btf_type *t = btf_type_resolve_ptr(btf, type_id, &id);
	u8 tags = subprog->arg_tags[i];

	if (!t)
		return bad_arg(env, subprog, i, "is of a kind that is not supported");
	if ((tags & ARG_TAG_CTX) ||
	    (env->type->ctx_name && !strcmp(btf_type_name(btf, t), env->type->ctx_name))) {
		arg->kind = GLOBAL_ARG_CTX;
		if (!is_ctx_type(env, t))
			return bad_arg(env, subprog, i,
				       "is called the context, and is another type");
		return tags & ~ARG_TAG_CTX ? bad_arg(env, subprog, i, "has other tags beside ctx")
					   : 0;
	}
	if (is_dynptr_type(btf, t)) {
		arg->kind = GLOBAL_ARG_DYNPTR;
		return tags ? bad_arg(env, subprog, i, "is a dynptr, and has tags") : 0;
	}
	if (tags & ARG_TAG_TRUSTED) {
		if (tags & ARG_TAG_NONNULL)
			return bad_arg(env, subprog, i, "is trusted, and so is never NULL");
		arg->kind = GLOBAL_ARG_BTF;
		arg->or_null = tags & ARG_TAG_NULLABLE;
		return find_arg_struct(env, subprog, i, t, arg);
	}
	if (tags & ARG_TAG_UNTRUSTED)
		return untrusted_arg(env, subprog, i, t, arg);
	if (tags & ARG_TAG_NULLABLE)
		return bad_arg(env, subprog, i, "may be NULL as it is, without a tag");
	if (!btf_type_id_size(btf, &id, &arg->mem_size) || !arg->mem_size)
		return bad_arg(env, subprog, i, "is of a size that is not known");
	arg->kind = GLOBAL_ARG_MEM;
	arg->or_null = !(tags & ARG_TAG_NONNULL);
	return 0;
}

static int find_global_arg(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog,
			   u32 i, struct global_arg *arg)
{
	const struct btf *btf = env->prog->aux->btf;
	const struct btf_type *t =
		btf_type_skip_modifiers(btf, btf_params(subprog->proto)[i].type, NULL);

	*arg = (struct global_arg){0};
	if (subprog->arg_tags[i] & ARG_TAG_UNKNOWN)
		return refuse(env, -EOPNOTSUPP, -1, "make it static",
			      "argument %u of global function %s has a tag that is not supported",
			      i + 1, btf_type_name(btf, subprog->func));
	if (!t || !(btf_type_is_int(t) || btf_type_is_any_enum(t)))
		return pointer_arg(env, subprog, i, arg);
	arg->kind = GLOBAL_ARG_SCALAR;
	return subprog->arg_tags[i] ? bad_arg(env, subprog, i, "has tags, and is no pointer") : 0;
}

static int check_global_proto(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog)
{
	const struct btf *btf = env->prog->aux->btf;
	const struct btf_type *result;

	result = btf_type_skip_modifiers(btf, subprog->proto->type, NULL);
	if (!result || !(btf_type_is_int(result) || btf_type_is_any_enum(result)))
		return refuse(env, -EINVAL, -1, "make it static, or let it return int",
			      "global function %s returns no number",
			      btf_type_name(btf, subprog->func));
	if (btf_vlen(subprog->proto) > 5)
		return refuse(env, -EINVAL, -1, "pass a pointer to a structure, or make it static",
			      "global function %s has more than 5 arguments",
			      btf_type_name(btf, subprog->func));
	return 0;
}

static int check_mem_arg(struct bpf_verifier_env *env, const struct global_arg *arg, u32 regno,
			 bool changes_packet)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	u32 access = ACCESS_READ | ACCESS_WRITE | ACCESS_FUNC;

	mark_reg_precise(env, reg);
	if (arg->or_null && reg_is_null(reg))
		return 0;
	/* Linux lets the function read what is there no more. */
	if (changes_packet && is_packet_memory(reg->type))
		return refuse(env, -EINVAL, regno, "copy it to the stack first",
			      "the function is given memory of the packet, which it may change");
	if (reg->type == PTR_TO_CTX && reg->off)
		return refuse(env, -EACCES, regno, "pass the context as it is",
			      "the function is given the context, moved by %d bytes", reg->off);
	return check_call_mem(env, regno, arg->mem_size, arg->mem_size,
			      access | (arg->or_null ? ACCESS_OR_NULL : 0))
		       ? -EINVAL
		       : 0;
}

static int check_global_arg(struct bpf_verifier_env *env, const struct global_arg *arg, u32 regno,
			    bool changes_packet)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_reg_state dynptr;
	int err = check_reg_read(env, regno);

	if (err)
		return err;
	switch (arg->kind) {
	case GLOBAL_ARG_SCALAR:
		if (reg->type == SCALAR_VALUE)
			return 0;
		return refuse(env, -EINVAL, regno,
			      "pass a number, or declare the argument as what is passed",
			      "the function takes a number in R%u, not a %s", regno,
			      reg_type_name(reg->type));
	case GLOBAL_ARG_CTX:
		if (reg->type == PTR_TO_CTX && !reg->off && tnum_is_const(reg->var_off) &&
		    !reg->var_off.value)
			return 0;
		return refuse(env, -EINVAL, regno,
			      "pass the context that the program was called with",
			      "the function takes the context in R%u", regno);
	case GLOBAL_ARG_BTF:
		mark_reg_precise(env, reg);
		if (arg->or_null && reg_is_null(reg))
			return 0;
		return check_btf_arg(env, regno, arg->btf_id, arg->or_null);
	case GLOBAL_ARG_ANYWHERE:
	case GLOBAL_ARG_UNTRUSTED_BTF:
		return 0;
	case GLOBAL_ARG_DYNPTR:
		err = check_dynptr_pointer(env, regno, -EINVAL);
		return err ? err : check_dynptr(env, regno, MEM_RDONLY, &dynptr);
	default:
		return check_mem_arg(env, arg, regno, changes_packet);
	}
}

static int check_global_call(struct bpf_verifier_env *env, struct bpf_subprog_info *subprog)
{
	struct global_arg arg;
	u32 i;
	int err;

	err = check_not_locked(env, "a call of a global function");
	if (!err && subprog->might_sleep)
		err = check_may_sleep(env, btf_type_name(env->prog->aux->btf, subprog->func),
				      -EINVAL, -EINVAL);
	if (!err)
		err = check_global_proto(env, subprog);
	for (i = 0; !err && i < btf_vlen(subprog->proto); i++) {
		err = find_global_arg(env, subprog, i, &arg);
		if (!err)
			err = check_global_arg(env, &arg, i + 1, subprog->changes_pkt_data);
	}
	if (err)
		return err;
	subprog->called = true;
	clear_caller_saved(env);
	reg_mark_unknown(&cur_regs(env)[BPF_REG_0]);
	if (subprog->changes_pkt_data)
		forget_packet_pointers(env);
	return 0;
}

static void init_global_arg(struct bpf_verifier_env *env, const struct global_arg *arg,
			    struct bpf_reg_state *reg)
{
	u32 or_null = arg->or_null ? PTR_MAYBE_NULL : 0;

	switch (arg->kind) {
	case GLOBAL_ARG_SCALAR:
		reg_mark_unknown(reg);
		return;
	case GLOBAL_ARG_CTX:
		reg_mark_pointer(reg, PTR_TO_CTX);
		return;
	case GLOBAL_ARG_BTF:
		reg_mark_pointer(reg, PTR_TO_BTF_ID | PTR_TRUSTED | or_null);
		reg->btf = env->prog->aux->rt->vmlinux;
		reg->btf_id = arg->btf_id;
		break;
	case GLOBAL_ARG_ANYWHERE:
		reg_mark_pointer(reg, PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED);
		return;
	case GLOBAL_ARG_UNTRUSTED_BTF:
		reg_mark_pointer(reg, PTR_TO_BTF_ID | PTR_UNTRUSTED);
		reg->btf = env->prog->aux->rt->vmlinux;
		reg->btf_id = arg->btf_id;
		return;
	case GLOBAL_ARG_DYNPTR:
		reg_mark_pointer(reg, CONST_PTR_TO_DYNPTR);
		reg->dynptr_type = BPF_DYNPTR_TYPE_INVALID;
		reg->dynptr_id = ++env->next_id;
		return;
	default:
		reg_mark_pointer(reg, PTR_TO_MEM | or_null);
		reg->mem_size = arg->mem_size;
	}
	if (arg->or_null)
		reg->id = ++env->next_id;
}

static int init_global_args(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog)
{
	struct global_arg arg;
	u32 i;
	int err;

	err = check_global_proto(env, subprog);
	for (i = 0; !err && i < btf_vlen(subprog->proto); i++) {
		err = find_global_arg(env, subprog, i, &arg);
		if (!err)
			init_global_arg(env, &arg, &cur_regs(env)[i + 1]);
		cur_regs(env)[i + 1].since = subprog->start;
	}
	return err;
}

/* --- calls and returns ---------------------------------------------------------------------- */

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
static void loop_args(const struct bpf_reg_state *caller, struct bpf_reg_state *callee)
{
	reg_mark_unknown(&callee[BPF_REG_1]);
	callee[BPF_REG_2] = caller[BPF_REG_3];
}

/* long f(struct bpf_map *map, const void *key, void *value, void *ctx) */
static void map_elem_args(const struct bpf_reg_state *caller, struct bpf_reg_state *callee)
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

/* By enum bpf_callback_kind: the registers that the helper sets. */
static void (*const callback_args[])(const struct bpf_reg_state *caller,
				     struct bpf_reg_state *callee) = {
	[BPF_CALLBACK_LOOP] = loop_args,
	[BPF_CALLBACK_MAP_ELEM] = map_elem_args,
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
	callback_args[proto->callback](state->frame[state->curframe - 1]->regs, callee->regs);
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
