/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Calls of kernel functions: whether the program may make them, what they give back and take, and
 * what they return. Their prototypes are in the built-in BTF, their flags in the table that
 * registered them (prog/kfunc.h). Behaviour: check_kfunc_call() of kernel/bpf/verifier.c.
 */
#include <string.h>

#include "verifier/kfunc_call.h"
#include "verifier/prog_types.h"

/* --- what is returned ------------------------------------------------------------------------- */

static int not_supported(struct bpf_verifier_env *env, const struct kfunc_call *call)
{
	return refuse(env, -EINVAL, -1, NULL, "what %s returns is not supported",
		      call->kfunc->name);
}

/* Of a structure: trusted if the program holds it. Of numbers: as much as the pointer's type says,
 * to be read. */
static int point_result(struct bpf_verifier_env *env, const struct kfunc_call *call,
			struct bpf_reg_state *r0, const struct btf_type *to, u32 to_id)
{
	u32 size = call->mem_size;

	if (btf_type_is_struct(to)) {
		reg_mark_pointer(r0, PTR_TO_BTF_ID);
		r0->btf = call->btf;
		r0->btf_id = to_id;
	} else {
		if (!size && !btf_type_id_size(call->btf, &to_id, &size))
			return not_supported(env, call);
		reg_mark_pointer(r0, PTR_TO_MEM);
		if (!call->mem_size || call->mem_rdonly)
			r0->type |= MEM_RDONLY;
		r0->mem_size = size;
		/* It goes with what it is part of. */
		r0->ref_obj_id = call->ref_obj_id;
	}
	if (kfunc_has(call, KF_RCU_PROTECTED))
		r0->type |= MEM_RCU;
	return 0;
}

/* Memory of a dynptr: it is gone when that is. */
static int slice_result(struct bpf_verifier_env *env, const struct kfunc_call *call,
			struct bpf_reg_state *r0)
{
	/* By enum bpf_dynptr_type: one that is not known may be any, and is of a packet, too. */
	static const u32 slice_flags[] = {
		[BPF_DYNPTR_TYPE_INVALID] = DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP,
		[BPF_DYNPTR_TYPE_LOCAL] = DYNPTR_TYPE_LOCAL,
		[BPF_DYNPTR_TYPE_RINGBUF] = DYNPTR_TYPE_RINGBUF,
		[BPF_DYNPTR_TYPE_SKB] = DYNPTR_TYPE_SKB,
		[BPF_DYNPTR_TYPE_XDP] = DYNPTR_TYPE_XDP,
	};

	if (call->kfunc->slice == MEM_WRITE && !env->type->packet_write)
		return refuse(env, -EINVAL, -1, "use bpf_dynptr_data or bpf_dynptr_write",
			      "%s in a program of a type that may not write to packets",
			      call->kfunc->name);
	if (!call->has_constant)
		return not_supported(env, call);
	reg_mark_pointer(r0, PTR_TO_MEM | PTR_MAYBE_NULL | slice_flags[call->dynptr.dynptr_type] |
				     (call->kfunc->slice & MEM_RDONLY));
	r0->mem_size = call->constant;
	r0->id = ++env->next_id;
	r0->dynptr_id = call->dynptr.dynptr_id;
	r0->ref_obj_id = call->dynptr.ref_obj_id;
	return 0;
}

static int pointer_result(struct bpf_verifier_env *env, const struct kfunc_call *call,
			  struct bpf_reg_state *r0)
{
	const struct btf_type *to;
	u32 to_id;
	int err;

	if (call->kfunc->slice)
		return slice_result(env, call, r0);
	to = btf_type_resolve_ptr(call->btf, call->proto->type, &to_id);
	if (!to)
		return not_supported(env, call);
	/* A pointer to nothing that is known is a number. */
	if (btf_type_is_void(to)) {
		reg_mark_unknown(r0);
		return 0;
	}
	err = point_result(env, call, r0, to, to_id);
	if (err)
		return err;
	if (kfunc_has(call, KF_RET_NULL)) {
		r0->type |= PTR_MAYBE_NULL;
		r0->id = ++env->next_id;
	}
	if (!kfunc_has(call, KF_ACQUIRE))
		return 0;
	err = acquire_reference(env);
	if (err < 0)
		return err;
	r0->id = r0->ref_obj_id = err;
	return 0;
}

/* A structure, or memory, that may be anywhere. */
static int cast_result(struct bpf_verifier_env *env, const struct kfunc_call *call,
		       struct bpf_reg_state *r0)
{
	const struct btf_type *t =
		call->constant <= UINT32_MAX ? btf_type_by_id(call->btf, call->constant) : NULL;

	if (!t || !(btf_type_is_struct(t) || btf_type_is_void(t)))
		return refuse(env, -EINVAL, -1, "use bpf_core_type_id_kernel",
			      "a cast to type %llu, which is no structure of the built-in types",
			      (unsigned long long)call->constant);
	if (btf_type_is_void(t)) {
		reg_mark_pointer(r0, PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED);
		return 0;
	}
	reg_mark_pointer(r0, PTR_TO_BTF_ID | PTR_UNTRUSTED);
	r0->btf = call->btf;
	r0->btf_id = call->constant;
	return 0;
}

/* The structure that the program runs with. */
static int kern_ctx_result(struct bpf_verifier_env *env, const struct kfunc_call *call,
			   struct bpf_reg_state *r0)
{
	const char *name = env->type->kern_ctx;
	s32 id = name ? btf_find_by_name_kind(call->btf, name, BTF_KIND_STRUCT) : -ENOENT;

	if (id < 0)
		return refuse(env, -EINVAL, -1, NULL,
			      "the context of this type of program is no structure here");
	reg_mark_pointer(r0, PTR_TO_BTF_ID | PTR_TRUSTED);
	r0->btf = call->btf;
	r0->btf_id = (u32)id;
	return 0;
}

static int set_result(struct bpf_verifier_env *env, const struct kfunc_call *call)
{
	const struct btf_type *t = btf_type_skip_modifiers(call->btf, call->proto->type, NULL);
	struct bpf_reg_state *r0 = &cur_regs(env)[BPF_REG_0];

	if (!t)
		return not_supported(env, call);
	if (btf_type_is_void(t))
		return 0;
	if (kfunc_has(call, KF_RDONLY_CAST))
		return cast_result(env, call, r0);
	if (kfunc_has(call, KF_KERN_CTX))
		return kern_ctx_result(env, call, r0);
	if (!btf_type_is_int(t) && !btf_type_is_any_enum(t))
		return pointer_result(env, call, r0);
	reg_mark_unknown(r0);
	return 0;
}

static int check_may_call(struct bpf_verifier_env *env, const struct kfunc_call *call)
{
	if (!call->proto || btf_vlen(call->proto) > 5)
		return refuse(env, -EINVAL, -1, NULL, "%s has no prototype that can be called",
			      call->kfunc->name);
	if (kfunc_has(call, KF_RCU_PROTECTED) && !in_rcu_section(env))
		return refuse(env, -EACCES, -1, "call bpf_rcu_read_lock first",
			      "%s outside of an RCU section", call->kfunc->name);
	return kfunc_has(call, KF_SLEEPABLE)
		       ? check_may_sleep(env, call->kfunc->name, -EACCES, -EACCES)
		       : 0;
}

int check_kfunc_call(struct bpf_verifier_env *env, const struct bpf_insn *insn)
{
	struct kfunc_call call = {
		.kfunc = env->aux[env->insn_idx].kfunc,
		.btf = env->prog->aux->rt->vmlinux,
	};
	int err;

	err = check_kfunc_allowed(env);
	if (!err && strncmp(call.kfunc->name, "bpf_iter_num_", strlen("bpf_iter_num_")))
		err = check_not_locked(env, "a call of a kfunc");
	if (err)
		return err;
	call.proto = btf_type_by_id(call.btf, btf_type_by_id(call.btf, insn->imm)->type);
	err = check_may_call(env, &call);
	if (!err)
		err = check_kfunc_args(env, &call);
	if (!err)
		err = check_region_call(env, call.kfunc);
	if (!err && call.release_regno)
		err = release_reference(env, call.ref_obj_id);
	if (!err && kfunc_has(&call, KF_ITER_DESTROY))
		err = destroy_iter(env, BPF_REG_1, call.iter_id);
	if (!err && call.new_dynptr)
		err = call.kfunc->new_dynptr
			      ? make_dynptr(env, call.new_dynptr, call.kfunc->new_dynptr)
			      : clone_dynptr(env, call.new_dynptr, &call.dynptr);
	if (err)
		return err;
	clear_caller_saved(env);
	err = set_result(env, &call);
	return !err && kfunc_has(&call, KF_ITER_NEXT) ? check_iter_next(env, call.iter_id) : err;
}
