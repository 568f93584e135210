/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The arguments of a kfunc. Each is of the first kind in arg_kinds[] (last) that it fits, by its
 * type, by how its name ends, and, where the kfunc can do with several things, by what the program
 * passes (kernel: check_kfunc_args and get_kfunc_ptr_arg_type in kernel/bpf/verifier.c).
 */
#include <string.h>

#include "verifier/kfunc_call.h"
#include "verifier/prog_types.h"

/* As deep as Linux looks whether a structure is made of numbers alone. */
#define MAX_STRUCT_DEPTH 4

/* The name of an argument ends with @suffix. */
static bool name_ends(const struct btf *btf, const struct btf_param *param, const char *suffix)
{
	const char *name = btf_name_by_offset(btf, param->name_off);
	size_t len = name ? strlen(name) : 0, end = strlen(suffix);

	return len >= end && !strcmp(name + len - end, suffix);
}

static bool ends(const struct kfunc_call *call, const struct kfunc_arg *arg, const char *suffix)
{
	return name_ends(call->btf, arg->param, suffix);
}

static bool is_number(const struct btf_type *t)
{
	return btf_type_is_int(t) || btf_type_is_any_enum(t);
}

static int need(struct bpf_verifier_env *env, const struct kfunc_arg *arg, const char *what)
{
	return refuse(env, -EINVAL, arg->regno, NULL, "the call needs %s in R%u, which is a %s",
		      what, arg->regno, reg_type_name(arg->reg->type));
}

/* --- numbers ---------------------------------------------------------------------------------- */

static bool is_ignored(const struct bpf_verifier_env *env, const struct kfunc_call *call,
		       const struct kfunc_arg *arg)
{
	return ends(call, arg, "__ign");
}

static int arg_ignored(struct bpf_verifier_env *env, struct kfunc_call *call,
		       const struct kfunc_arg *arg)
{
	return 0;
}

static bool is_scalar(const struct bpf_verifier_env *env, const struct kfunc_call *call,
		      const struct kfunc_arg *arg)
{
	return is_number(arg->type);
}

static int constant_arg(struct bpf_verifier_env *env, struct kfunc_call *call, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (!tnum_is_const(reg->var_off))
		return refuse(env, -EINVAL, regno,
			      "pass a number that is known when the program is compiled",
			      "the call needs a constant in R%u", regno);
	mark_reg_precise(env, reg);
	call->has_constant = true;
	call->constant = reg->var_off.value;
	return 0;
}

static int arg_scalar(struct bpf_verifier_env *env, struct kfunc_call *call,
		      const struct kfunc_arg *arg)
{
	const char *name = btf_name_by_offset(call->btf, arg->param->name_off);
	bool rdonly = !strcmp(name, "rdonly_buf_size");

	if (arg->reg->type != SCALAR_VALUE)
		return need(env, arg, "a number");
	if (ends(call, arg, "__k"))
		return constant_arg(env, call, arg->regno);
	if (!rdonly && strcmp(name, "rdwr_buf_size"))
		return 0;
	if (!tnum_is_const(arg->reg->var_off) || arg->reg->var_off.value >= BPF_MAX_VAR_SIZ)
		return need(env, arg, "the constant size of what it returns");
	mark_reg_precise(env, arg->reg);
	call->mem_size = arg->reg->var_off.value;
	call->mem_rdonly = rdonly;
	return 0;
}

static bool is_no_pointer(const struct bpf_verifier_env *env, const struct kfunc_call *call,
			  const struct kfunc_arg *arg)
{
	return !arg->to;
}

static int arg_not_supported(struct bpf_verifier_env *env, struct kfunc_call *call,
			     const struct kfunc_arg *arg)
{
	return refuse(env, -EINVAL, arg->regno, NULL,
		      "argument %u of %s is of a kind that is not supported for a %s", arg->regno,
		      call->kfunc->name, reg_type_name(arg->reg->type));
}

/* --- pointers --------------------------------------------------------------------------------- */

static bool keeps_offset(u32 type)
{
	switch (base_type(type)) {
	case SCALAR_VALUE:
	case PTR_TO_STACK:
	case PTR_TO_PACKET:
	case PTR_TO_MAP_KEY:
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MEM:
	case PTR_TO_BUF:
		return true;
	}
	return false;
}

/* Where a pointer may point to beside the beginning (kernel: check_func_arg_reg_off). */
static int check_offset(struct bpf_verifier_env *env, const struct kfunc_call *call,
			const struct kfunc_arg *arg)
{
	const struct bpf_reg_state *reg = arg->reg;
	bool released = kfunc_has(call, KF_RELEASE) && reg->ref_obj_id;
	bool fixed = base_type(reg->type) == PTR_TO_BTF_ID && !(reg->type & PTR_MAYBE_NULL);

	if (reg->type == NOT_INIT)
		return check_reg_read(env, arg->regno);
	if (!released && keeps_offset(reg->type))
		return 0;
	if (released && reg->off)
		return refuse(env, -EINVAL, arg->regno, "pass the pointer that was got",
			      "R%u, which is given back, points %d bytes past its beginning",
			      arg->regno, reg->off);
	if (!tnum_is_const(reg->var_off) || reg->var_off.value || reg->off < 0 ||
	    (reg->off && !fixed))
		return refuse(env, -EACCES, arg->regno, "pass the pointer as it was",
			      "the call is given R%u, a %s that was moved", arg->regno,
			      reg_type_name(reg->type));
	return 0;
}

static bool is_ctx(const struct bpf_verifier_env *env, const struct kfunc_call *call,
		   const struct kfunc_arg *arg)
{
	if (kfunc_has(call, KF_KERN_CTX))
		return true;
	return env->type->ctx_name && btf_type_is_struct(arg->to) &&
	       !strcmp(btf_type_name(call->btf, arg->to), env->type->ctx_name);
}

static int arg_ctx(struct bpf_verifier_env *env, struct kfunc_call *call,
		   const struct kfunc_arg *arg)
{
	int err = check_offset(env, call, arg);

	if (err)
		return err;
	return arg->reg->type == PTR_TO_CTX ? 0 : need(env, arg, "the context");
}

static bool is_absent(const struct bpf_verifier_env *env, const struct kfunc_call *call,
		      const struct kfunc_arg *arg)
{
	return ends(call, arg, "__nullable") && reg_is_null(arg->reg) && !arg->with_size;
}

static int arg_absent(struct bpf_verifier_env *env, struct kfunc_call *call,
		      const struct kfunc_arg *arg)
{
	mark_reg_precise(env, arg->reg);
	return 0;
}

static bool is_irq_flag(const struct bpf_verifier_env *env, const struct kfunc_call *call,
			const struct kfunc_arg *arg)
{
	return ends(call, arg, "__irq_flag");
}

static int arg_irq_flag(struct bpf_verifier_env *env, struct kfunc_call *call,
			const struct kfunc_arg *arg)
{
	return check_irq_flag(env, arg->regno, kfunc_has(call, KF_IRQ_SAVE));
}

static bool is_iterator(const struct bpf_verifier_env *env, const struct kfunc_call *call,
			const struct kfunc_arg *arg)
{
	return !arg->i && kfunc_has(call, KF_ITER_NEW | KF_ITER_NEXT | KF_ITER_DESTROY);
}

static int arg_iterator(struct bpf_verifier_env *env, struct kfunc_call *call,
			const struct kfunc_arg *arg)
{
	int err = check_offset(env, call, arg);

	if (err)
		return err;
	if (kfunc_has(call, KF_ITER_NEW))
		return make_iter(env, arg->regno, arg->to_id, arg->to->size);
	err = check_iter(env, arg->regno, arg->to_id, arg->to->size, &call->iter_id);
	call->ref_obj_id = call->iter_id;
	return err;
}

/* --- dynptrs ---------------------------------------------------------------------------------- */

static bool is_dynptr(const struct bpf_verifier_env *env, const struct kfunc_call *call,
		      const struct kfunc_arg *arg)
{
	return btf_type_is_struct(arg->to) &&
	       !strcmp(btf_type_name(call->btf, arg->to), "bpf_dynptr");
}

static int arg_dynptr(struct bpf_verifier_env *env, struct kfunc_call *call,
		      const struct kfunc_arg *arg)
{
	int err = check_offset(env, call, arg);

	if (!err)
		err = check_dynptr_pointer(env, arg->regno, -EINVAL);
	if (err)
		return err;
	if (!ends(call, arg, "__uninit"))
		return check_dynptr(env, arg->regno, MEM_RDONLY, &call->dynptr);
	/* Linux takes it for a contradiction. */
	if (arg->reg->type == CONST_PTR_TO_DYNPTR)
		return refuse(env, -EFAULT, arg->regno, "declare another struct bpf_dynptr",
			      "a dynptr is made over the one that the function was given");
	call->new_dynptr = arg->regno;
	return check_new_dynptr(env, arg->regno);
}

/* --- structures ------------------------------------------------------------------------------- */

/* The structure that @reg points to in the built-in BTF, 0: none. */
static u32 reg_btf_id(const struct kfunc_call *call, const struct bpf_reg_state *reg)
{
	s32 id;

	if (base_type(reg->type) == PTR_TO_BTF_ID)
		return reg->btf_id;
	if (base_type(reg->type) != CONST_PTR_TO_MAP)
		return 0;
	id = btf_find_by_name_kind(call->btf, "bpf_map", BTF_KIND_STRUCT);
	return id < 0 ? 0 : id;
}

static bool is_struct_pointer(const struct bpf_verifier_env *env, const struct kfunc_call *call,
			      const struct kfunc_arg *arg)
{
	return reg_btf_id(call, arg->reg);
}

/* Flags that say less than that the pointer is good. */
static bool has_unsafe_flags(u32 type)
{
	return type_flag(type) & ~(u32)PTR_TRUSTED;
}

static bool is_trusted(const struct bpf_reg_state *reg)
{
	if (reg->ref_obj_id)
		return true;
	if (has_unsafe_flags(reg->type))
		return false;
	return base_type(reg->type) == CONST_PTR_TO_MAP || (reg->type & PTR_TRUSTED);
}

static int check_trusted(struct bpf_verifier_env *env, const struct kfunc_call *call,
			 const struct kfunc_arg *arg)
{
	if (!kfunc_wants_trusted(call) && !kfunc_has(call, KF_RCU))
		return 0;
	if (is_trusted(arg->reg) || (kfunc_has(call, KF_RCU) && (arg->reg->type & MEM_RCU)))
		return 0;
	return refuse(env, -EINVAL, arg->regno,
		      "use a pointer from the context or from a call, not one found by following "
		      "others",
		      "%s needs a structure that is known to be alive in R%u", call->kfunc->name,
		      arg->regno);
}

static int arg_struct(struct bpf_verifier_env *env, struct kfunc_call *call,
		      const struct kfunc_arg *arg)
{
	const struct bpf_reg_state *reg = arg->reg;
	const char *name = btf_type_name(call->btf, arg->to);
	u32 id = reg_btf_id(call, reg);
	bool strict;
	int err;

	if (!btf_type_is_struct(arg->to))
		return arg_not_supported(env, call, arg);
	err = check_trusted(env, call, arg);
	if (!err)
		err = check_offset(env, call, arg);
	if (err)
		return err;
	if (has_unsafe_flags(reg->type) && !(reg->type & MEM_RCU))
		return refuse(env, -EINVAL, arg->regno, NULL,
			      "the call needs a struct %s in R%u, which may be something else",
			      name, arg->regno);
	/* What is got and given back is the thing itself, not what it begins with. */
	strict = kfunc_has(call, KF_ACQUIRE) || (kfunc_has(call, KF_RELEASE) && reg->ref_obj_id);
	if (!btf_struct_ids_match(call->btf, id, reg->off, call->btf, arg->to_id, strict))
		return refuse(env, -EINVAL, arg->regno, NULL,
			      "the call needs a struct %s in R%u, which points to something else",
			      name, arg->regno);
	return 0;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* A number, or a structure of numbers, and of arrays and structures of such. */
static bool is_plain(const struct btf *btf, const struct btf_type *t, u32 depth)
{
	u32 i;

	if (is_number(t))
		return true;
	if (!btf_type_is_struct(t) || depth == MAX_STRUCT_DEPTH)
		return false;
	for (i = 0; i < btf_vlen(t); i++) {
		const struct btf_type *m =
			btf_type_skip_modifiers(btf, btf_members(t)[i].type, NULL);

		if (m && btf_kind(m) == BTF_KIND_ARRAY) {
			if (!btf_array(m)->nelems)
				return false;
			m = btf_type_skip_modifiers(btf, btf_array(m)->type, NULL);
			if (!m || !is_number(m))
				return false;
		} else if (!m || !is_plain(btf, m, depth + 1)) {
			return false;
		}
	}
	return true;
}

#define KFUNC_MEM_ACCESS (ACCESS_READ | ACCESS_WRITE | ACCESS_OR_NULL | ACCESS_FUNC)

static bool is_mem(const struct bpf_verifier_env *env, const struct kfunc_call *call,
		   const struct kfunc_arg *arg)
{
	return !arg->with_size && is_plain(call->btf, arg->to, 0);
}

static int arg_mem(struct bpf_verifier_env *env, struct kfunc_call *call,
		   const struct kfunc_arg *arg)
{
	u32 id = arg->to_id, size;
	int err = check_offset(env, call, arg);

	if (err)
		return err;
	if (reg_is_null(arg->reg)) {
		mark_reg_precise(env, arg->reg);
		return 0;
	}
	if (!btf_type_id_size(call->btf, &id, &size))
		return arg_not_supported(env, call, arg);
	err = check_call_mem(env, arg->regno, size, size, KFUNC_MEM_ACCESS);
	/* Linux lets memory pass for what is held and given back, and so freed. */
	if (!err && kfunc_has(call, KF_ACQUIRE | KF_RELEASE))
		return arg_not_supported(env, call, arg);
	return err;
}

static bool is_const_str(const struct bpf_verifier_env *env, const struct kfunc_call *call,
			 const struct kfunc_arg *arg)
{
	return ends(call, arg, "__str");
}

static int arg_const_str(struct bpf_verifier_env *env, struct kfunc_call *call,
			 const struct kfunc_arg *arg)
{
	if (arg->reg->type != PTR_TO_MAP_VALUE)
		return need(env, arg, "a constant string");
	return check_const_str(env, arg->regno);
}

static bool is_mem_with_size(const struct bpf_verifier_env *env, const struct kfunc_call *call,
			     const struct kfunc_arg *arg)
{
	return arg->with_size && (is_plain(call->btf, arg->to, 0) || btf_type_is_void(arg->to));
}

/* The next argument, "__sz" or "__szk", says how much. */
static int check_size(struct bpf_verifier_env *env, const struct kfunc_arg *arg)
{
	const struct bpf_reg_state *size = &cur_regs(env)[arg->regno + 1];

	mark_reg_precise(env, size);
	if (size->smin_value < 0)
		return refuse(env, -EACCES, arg->regno + 1,
			      "check that it is not negative, or mask it with '&'",
			      "the size in R%u may be negative", arg->regno + 1);
	if (size->umax_value >= BPF_MAX_VAR_SIZ)
		return refuse(env, -EACCES, arg->regno + 1,
			      "compare it with the size of the memory first",
			      "the size in R%u has no upper bound", arg->regno + 1);
	if (reg_is_null(arg->reg)) {
		mark_reg_precise(env, arg->reg);
		if (!size->umax_value)
			return 0;
		return refuse(env, -EACCES, arg->regno, "pass 0 as the size of what is not there",
			      "NULL with a size that may be %llu",
			      (unsigned long long)size->umax_value);
	}
	return check_call_mem(env, arg->regno, size->umin_value, size->umax_value,
			      KFUNC_MEM_ACCESS);
}

static int arg_mem_with_size(struct bpf_verifier_env *env, struct kfunc_call *call,
			     const struct kfunc_arg *arg)
{
	bool absent = reg_is_null(arg->reg) && ends(call, arg, "__opt");
	int err = check_offset(env, call, arg);

	if (err)
		return err;
	if (absent)
		mark_reg_precise(env, arg->reg);
	else
		err = check_size(env, arg);
	if (!err && name_ends(call->btf, arg->param + 1, "__szk"))
		err = constant_arg(env, call, arg->regno + 1);
	return err;
}

static bool is_anything(const struct bpf_verifier_env *env, const struct kfunc_call *call,
			const struct kfunc_arg *arg)
{
	return true;
}

/* The first that fits. */
static const struct {
	bool (*is)(const struct bpf_verifier_env *env, const struct kfunc_call *call,
		   const struct kfunc_arg *arg);
	int (*check)(struct bpf_verifier_env *env, struct kfunc_call *call,
		     const struct kfunc_arg *arg);
	/* A pointer that the kfunc's flags speak of. */
	bool pointer;
} arg_kinds[] = {
	{is_ignored, arg_ignored},
	{is_scalar, arg_scalar},
	{is_no_pointer, arg_not_supported},
	{is_ctx, arg_ctx, true},
	{is_absent, arg_absent, true},
	{is_iterator, arg_iterator, true},
	{is_irq_flag, arg_irq_flag, true},
	{is_dynptr, arg_dynptr, true},
	{is_struct_pointer, arg_struct, true},
	{is_const_str, arg_const_str, true},
	{is_mem, arg_mem, true},
	{is_mem_with_size, arg_mem_with_size, true},
	{is_anything, arg_not_supported, true},
};

/* What every pointer is asked, whatever it points to. */
static int check_pointer(struct bpf_verifier_env *env, struct kfunc_call *call,
			 const struct kfunc_arg *arg)
{
	const struct bpf_reg_state *reg = arg->reg;

	if ((kfunc_wants_trusted(call) || kfunc_has(call, KF_RCU)) &&
	    (reg_is_null(reg) || (reg->type & PTR_MAYBE_NULL)) && !ends(call, arg, "__nullable"))
		return refuse(env, -EACCES, arg->regno, "compare it with NULL first",
			      "the call is given R%u, which may be NULL", arg->regno);
	if (!reg->ref_obj_id)
		return 0;
	if (kfunc_has(call, KF_RELEASE)) {
		if (call->ref_obj_id)
			return refuse(env, -EFAULT, arg->regno, "pass one of them at a time",
				      "two arguments point to what the program has to give back");
		call->release_regno = arg->regno;
	}
	call->ref_obj_id = reg->ref_obj_id;
	return 0;
}

static int check_arg(struct bpf_verifier_env *env, struct kfunc_call *call,
		     const struct kfunc_arg *arg)
{
	u32 kind = 0;
	int err;

	while (!arg_kinds[kind].is(env, call, arg))
		kind++;
	err = arg_kinds[kind].pointer ? check_pointer(env, call, arg) : 0;
	return err ? err : arg_kinds[kind].check(env, call, arg);
}

static bool says_size(const struct bpf_verifier_env *env, const struct kfunc_call *call, u32 i)
{
	const struct btf_param *param = &btf_params(call->proto)[i];

	return i < btf_vlen(call->proto) && cur_regs(env)[i + 1].type == SCALAR_VALUE &&
	       (name_ends(call->btf, param, "__sz") || name_ends(call->btf, param, "__szk"));
}

int check_kfunc_args(struct bpf_verifier_env *env, struct kfunc_call *call)
{
	struct kfunc_arg arg;
	u32 i;
	int err;

	for (i = 0; i < btf_vlen(call->proto); i++) {
		arg = (struct kfunc_arg){
			.i = i,
			.regno = i + 1,
			.reg = &cur_regs(env)[i + 1],
			.param = &btf_params(call->proto)[i],
		};
		arg.type = btf_type_skip_modifiers(call->btf, arg.param->type, NULL);
		arg.to = btf_type_resolve_ptr(call->btf, arg.param->type, &arg.to_id);
		arg.with_size = arg.to && says_size(env, call, i + 1);
		err = check_arg(env, call, &arg);
		if (err)
			return err;
		/* The size was checked with the memory. */
		i += arg.with_size;
	}
	if (kfunc_has(call, KF_RELEASE) && !call->release_regno)
		return refuse(env, -EINVAL, -1, NULL, "%s is given nothing that the program holds",
			      call->kfunc->name);
	return 0;
}
