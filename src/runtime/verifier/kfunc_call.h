/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A call of a kfunc: what its arguments (kfunc_args.c) tell about its result (kfunc_call.c). What
 * an argument has to be is said by its type in the built-in BTF and by how its name ends; "__sz",
 * "__ign" and the like are those of Documentation/bpf/kfuncs.rst.
 */
#ifndef VERIFIER_KFUNC_CALL_H
#define VERIFIER_KFUNC_CALL_H

#include "verifier/env.h"

struct kfunc_call {
	const struct btf_kfunc *kfunc;
	const struct btf *btf;
	const struct btf_type *proto;
	u32 ref_obj_id;	   /* of what the last argument that has one points to */
	u32 release_regno; /* the argument that is given back; 0: none */
	bool has_constant; /* an argument "__k" or "__szk": */
	u64 constant;
	u32 mem_size; /* of the memory that it returns, if an argument says; 0: none does */
	bool mem_rdonly;
	u32 iter_id; /* the reference of the iterator that is an argument; 0: none is */
	struct bpf_reg_state dynptr; /* what is known of the last dynptr that is an argument */
	u32 new_dynptr;		     /* the argument where it makes one; 0: it does not */
};

struct kfunc_arg {
	u32 i, regno;
	const struct bpf_reg_state *reg;
	const struct btf_param *param;
	const struct btf_type *type; /* without modifiers */
	const struct btf_type *to;   /* of a pointer: what it points to, without modifiers */
	u32 to_id;
	bool with_size; /* the next argument says how long the memory is */
};

static inline bool kfunc_has(const struct kfunc_call *call, u32 flags)
{
	return call->kfunc->flags & flags;
}

/* Does a trusted pointer have to be one? What is given back was got, so it is. */
static inline bool kfunc_wants_trusted(const struct kfunc_call *call)
{
	return kfunc_has(call, KF_TRUSTED_ARGS | KF_RELEASE);
}

/* All of them; 0 or negative errno. */
int check_kfunc_args(struct bpf_verifier_env *env, struct kfunc_call *call);

#endif /* VERIFIER_KFUNC_CALL_H */
