/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One access to memory, as memory.c hands it to the file that knows what the pointer points to.
 */
#ifndef VERIFIER_MEMORY_H
#define VERIFIER_MEMORY_H

#include "verifier/env.h"

struct mem_access {
	u32 regno;
	const struct bpf_reg_state *reg;
	s32 off; /* with the pointer's fixed offset */
	u32 size;
	bool write;
	const struct bpf_reg_state *value; /* stored */
	struct bpf_reg_state *result;	   /* loaded; an unknown scalar before */
	bool constant;			   /* loaded, it can never change */
};

/* No variable part, and not before the beginning. */
int check_fixed_offset(struct bpf_verifier_env *env, const struct mem_access *a);

/* --- kptr.c: fields of values that are pointers --- */

/* That all of the access, whose offset is constant, is at; NULL: it touches none. -EACCES. */
int find_kptr(struct bpf_verifier_env *env, const struct mem_access *a,
	      const struct btf_field **field);
int kptr_access(struct bpf_verifier_env *env, struct mem_access *a, const struct btf_field *field);

/* --- btf_access.c: pointers to structures, untrusted memory, and the map itself --- */

int btf_access(struct bpf_verifier_env *env, struct mem_access *a);
int btf_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max, u32 access);
int map_ptr_access(struct bpf_verifier_env *env, struct mem_access *a);

#endif /* VERIFIER_MEMORY_H */
