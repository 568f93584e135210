/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a call of a helper leaves in R0, by what its prototype says that it returns: one entry of
 * result_kinds[] (last).
 */
#include "verifier/call.h"

#define MAX_ERRNO_VALUE 4095

static struct bpf_reg_state *result_reg(const struct bpf_verifier_env *env)
{
	return &cur_regs(env)[BPF_REG_0];
}

static int set_range(struct bpf_verifier_env *env, s64 min, s64 max)
{
	struct bpf_reg_state *r0 = result_reg(env);

	reg_mark_unknown(r0);
	r0->smin_value = min;
	r0->smax_value = max;
	reg_bounds_sync(r0);
	return 0;
}

static int result_integer(struct bpf_verifier_env *env, const struct helper_call *call)
{
	reg_mark_unknown(result_reg(env));
	return 0;
}

static int result_void(struct bpf_verifier_env *env, const struct helper_call *call)
{
	return 0;
}

static int result_length(struct bpf_verifier_env *env, const struct helper_call *call)
{
	return set_range(env, -MAX_ERRNO_VALUE, call->max_size);
}

static int result_cpu(struct bpf_verifier_env *env, const struct helper_call *call)
{
	return set_range(env, 0, (s64)env->prog->aux->rt->num_possible_cpus - 1);
}

static int not_supported(struct bpf_verifier_env *env, const struct helper_call *call)
{
	return refuse(env, -EINVAL, -1, NULL, "what %s returns is not supported",
		      call->helper->name);
}

/* It is the program's to give back, or it may be NULL, or one of several with a lock. */
static int set_identity(struct bpf_verifier_env *env, const struct helper_call *call)
{
	struct bpf_reg_state *r0 = result_reg(env);
	int id;

	if (call->helper->proto.acquires) {
		id = acquire_reference(env);
		if (id < 0)
			return id;
		r0->id = r0->ref_obj_id = id;
	} else if ((r0->type & PTR_MAYBE_NULL) || may_hold_lock(r0)) {
		r0->id = ++env->next_id;
	}
	return 0;
}

static int result_map_value(struct bpf_verifier_env *env, const struct helper_call *call)
{
	const struct bpf_func_proto *proto = &call->helper->proto;
	struct bpf_reg_state *r0 = result_reg(env);
	u32 flags = type_flag(proto->ret_type);

	if (!call->map)
		return not_supported(env, call);
	if (call->key_is_there && proto->finds_key)
		flags &= ~PTR_MAYBE_NULL;
	if (call->map->inner_map_meta) {
		reg_mark_pointer(r0, CONST_PTR_TO_MAP | flags);
		r0->map_ptr = call->map->inner_map_meta;
	} else {
		reg_mark_pointer(r0, PTR_TO_MAP_VALUE | flags);
		r0->map_ptr = call->map;
	}
	return set_identity(env, call);
}

static int result_mem(struct bpf_verifier_env *env, const struct helper_call *call)
{
	const struct bpf_func_proto *proto = &call->helper->proto;
	struct bpf_reg_state *r0 = result_reg(env);

	reg_mark_pointer(r0, PTR_TO_MEM | type_flag(proto->ret_type));
	r0->mem_size = proto->ret_size ? proto->ret_size : call->alloc_size;
	return set_identity(env, call);
}

/* A slice: it is gone when the dynptr is. */
static int result_dynptr_mem(struct bpf_verifier_env *env, const struct helper_call *call)
{
	int err = result_mem(env, call);

	result_reg(env)->ref_obj_id = call->dynptr.ref_obj_id;
	result_reg(env)->dynptr_id = call->dynptr.dynptr_id;
	return err;
}

static int result_btf(struct bpf_verifier_env *env, const struct helper_call *call)
{
	const struct bpf_func_proto *proto = &call->helper->proto;
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	struct bpf_reg_state *r0 = result_reg(env);
	s32 id = -ENOENT;

	if (call->kptr)
		id = call->kptr->btf_id;
	else if (btf && proto->ret_btf)
		id = btf_find_by_name_kind(btf, proto->ret_btf, BTF_KIND_STRUCT);
	if (id < 0)
		return not_supported(env, call);
	reg_mark_pointer(r0, PTR_TO_BTF_ID | type_flag(proto->ret_type));
	r0->btf = btf;
	r0->btf_id = id;
	return set_identity(env, call);
}

/* One CPU's: found by following others, as far as anybody knows. */
static int result_of_cpu(struct bpf_verifier_env *env, const struct helper_call *call)
{
	struct bpf_reg_state *r0 = result_reg(env);

	reg_mark_pointer(r0, PTR_TO_BTF_ID | type_flag(call->helper->proto.ret_type));
	r0->btf = call->percpu.btf;
	r0->btf_id = call->percpu.btf_id;
	return set_identity(env, call);
}

/* By enum bpf_return_type. */
static int (*const result_kinds[])(struct bpf_verifier_env *env, const struct helper_call *call) = {
	[RET_INTEGER] = result_integer,
	[RET_VOID] = result_void,
	[RET_LENGTH] = result_length,
	[RET_CPU] = result_cpu,
	[RET_PTR_TO_MAP_VALUE] = result_map_value,
	[RET_PTR_TO_MEM] = result_mem,
	[RET_PTR_TO_DYNPTR_MEM] = result_dynptr_mem,
	[RET_PTR_TO_BTF_ID] = result_btf,
	[RET_PTR_TO_BTF_ID_OF_CPU] = result_of_cpu,
};

int set_call_result(struct bpf_verifier_env *env, const struct helper_call *call)
{
	u32 kind = base_type(call->helper->proto.ret_type);

	return kind < ARRAY_SIZE(result_kinds) ? result_kinds[kind](env, call)
					       : not_supported(env, call);
}
