/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Calls of kernel functions. Their prototypes are in the built-in BTF; a pointer to a structure
 * must be one that the runtime vouches for: that it handed to the program, or that names a map.
 */
#include "verifier/env.h"

/* The structure that @reg points to in the built-in BTF, 0: none. */
static u32 reg_btf_id(const struct bpf_verifier_env *env, const struct bpf_reg_state *reg)
{
	s32 id;

	if (base_type(reg->type) == PTR_TO_BTF_ID)
		return reg->btf_id;
	if (reg->type != CONST_PTR_TO_MAP)
		return 0;
	id = btf_find_by_name_kind(env->prog->aux->rt->vmlinux, "bpf_map", BTF_KIND_STRUCT);
	return id < 0 ? 0 : id;
}

int check_btf_arg(struct bpf_verifier_env *env, u32 regno, u32 btf_id, bool or_null,
		  int err_untrusted)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const char *name = btf_type_name(btf, btf_type_by_id(btf, btf_id));
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	u32 id = reg_btf_id(env, reg);

	if (((reg->type & PTR_MAYBE_NULL) && !or_null) || reg_is_null(reg))
		return refuse(env, -EACCES, regno, "compare it with NULL first",
			      "the call needs a struct %s in R%u, which may be NULL", name, regno);
	if (!id)
		return refuse(env, err_untrusted, regno, NULL,
			      "the call needs a struct %s in R%u, which is a %s", name, regno,
			      reg_type_name(reg->type));
	if (base_type(reg->type) == PTR_TO_BTF_ID && !(reg->type & PTR_TRUSTED))
		return refuse(env, err_untrusted, regno,
			      "use the pointer from the context, not one found by following others",
			      "the call needs a struct %s that is known to be alive in R%u", name,
			      regno);
	if (!tnum_is_const(reg->var_off) || reg->var_off.value || reg->off < 0 ||
	    !btf_struct_ids_match(btf, id, reg->off, btf, btf_id, reg->off == 0))
		return refuse(env, err_untrusted, regno, NULL,
			      "the call needs a struct %s in R%u, which points to something else",
			      name, regno);
	return 0;
}

static int check_kfunc_arg(struct bpf_verifier_env *env, const struct btf *btf,
			   const struct btf_param *param, u32 regno)
{
	const struct btf_type *t = btf_type_skip_modifiers(btf, param->type, NULL);
	u32 id;
	int err;

	err = check_reg_read(env, regno);
	if (err)
		return err;
	if (t && (btf_type_is_int(t) || btf_type_is_any_enum(t))) {
		if (cur_regs(env)[regno].type == SCALAR_VALUE)
			return 0;
		return refuse(env, -EINVAL, regno, NULL,
			      "the call needs a number in R%u, which is a %s", regno,
			      reg_type_name(cur_regs(env)[regno].type));
	}
	t = btf_type_resolve_ptr(btf, param->type, &id);
	if (!t || !btf_type_is_struct(t))
		return refuse(env, -EINVAL, regno, NULL,
			      "argument %u is of a kind that is not supported", regno);
	return check_btf_arg(env, regno, id, false, -EINVAL);
}

int check_kfunc_call(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const struct btf_kfunc *kfunc = env->aux[env->insn_idx].kfunc;
	const struct btf_type *func, *proto, *result;
	u32 i;
	int err;

	err = check_kfunc_allowed(env);
	if (!err)
		err = check_not_locked(env, "a call of a kfunc");
	if (err)
		return err;
	func = btf_type_by_id(btf, insn->imm);
	proto = btf_type_by_id(btf, func->type);
	if (!proto || btf_vlen(proto) > 5)
		return refuse(env, -EINVAL, -1, NULL, "%s has no prototype that can be called",
			      kfunc->name);
	if (kfunc->flags & ~(u32)(KF_TRUSTED_ARGS | KF_RCU))
		return refuse(env, -EINVAL, -1, NULL, "%s is of a kind that is not supported",
			      kfunc->name);
	for (i = 0; i < btf_vlen(proto); i++) {
		err = check_kfunc_arg(env, btf, &btf_params(proto)[i], i + 1);
		if (err)
			return err;
	}
	clear_caller_saved(env);
	result = btf_type_skip_modifiers(btf, proto->type, NULL);
	if (result && btf_type_is_void(result))
		return 0;
	if (!result || !(btf_type_is_int(result) || btf_type_is_any_enum(result)))
		return refuse(env, -EINVAL, -1, NULL, "what %s returns is not supported",
			      kfunc->name);
	reg_mark_unknown(&cur_regs(env)[BPF_REG_0]);
	return 0;
}
