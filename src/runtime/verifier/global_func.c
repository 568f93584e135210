/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Global functions: walked once, on their own, with all that their prototype allows, and taken at
 * its word where they are called (kernel: btf_prepare_func_args, btf_check_func_arg_match). What an
 * argument is shows from its type in the program's BTF and from its tags ("arg:nonnull").
 */
#include <string.h>

#include "verifier/env.h"
#include "verifier/prog_types.h"

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
	s32 id = btf_type_is_struct(t)
			 ? btf_find_by_name_kind(vmlinux, btf_type_name(btf, t), BTF_KIND_STRUCT)
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

int check_global_call(struct bpf_verifier_env *env, struct bpf_subprog_info *subprog)
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
		forget_packet_pointers(env, env->cur);
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

int init_global_args(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog)
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
