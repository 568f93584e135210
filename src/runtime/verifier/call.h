/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A call of a helper: what its arguments (call.c) tell about its result (call_result.c).
 */
#ifndef VERIFIER_CALL_H
#define VERIFIER_CALL_H

#include "verifier/env.h"

struct helper_call {
	const struct bpf_helper *helper;
	struct bpf_map *map;
	u64 max_size; /* of the last pair of memory and size */
	u32 alloc_size;
	u32 ref_obj_id; /* of what one of the arguments points to */
	u32 new_dynptr; /* the argument's register; 0: none is made */
	struct bpf_reg_state dynptr; /* what is known of the one that is an argument */
	struct bpf_reg_state percpu; /* the argument of which each CPU has its own */
	const struct btf_field *kptr; /* that an argument points to */
	bool releases_dynptr;
	bool releases;	   /* it */
	bool key_is_there; /* the key is that of an element that cannot be missing */
};

/* R0 after the call. -ENOMEM; -EINVAL: what the helper returns is not supported. */
int set_call_result(struct bpf_verifier_env *env, const struct helper_call *call);

#endif /* VERIFIER_CALL_H */
