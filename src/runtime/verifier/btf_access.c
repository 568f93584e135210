/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Loads through pointers to structures of the built-in types, and what the pointers that are found
 * there may do (kernel: check_ptr_to_btf_access). By the flags of a PTR_TO_BTF_ID:
 *
 *   PTR_TRUSTED    alive as long as the program runs, or as it holds it: calls may be given it
 *   MEM_RCU        alive until the RCU section ends, when it becomes PTR_UNTRUSTED (region.c)
 *   PTR_UNTRUSTED  it may be anything, and so may whatever is found by following it
 *   MEM_PERCPU     each CPU has its own: for bpf_per_cpu_ptr and bpf_this_cpu_ptr alone
 *   MEM_USER       in the address space of a process: for bpf_probe_read_user alone
 *   none           found by following others: to be read, and followed
 *
 * A member that is no pointer to a structure, but a pointer, gives read-only memory without bounds,
 * PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED. Every load through any of these is marked: it runs
 * guarded, because such a pointer may be stale or NULL. A bad one reads as 0.
 */
#include <string.h>

#include "verifier/memory.h"

/* The runtime vouches for what it points to, for as long as the program runs or holds it. */
static bool reg_is_trusted(const struct bpf_reg_state *reg)
{
	if (reg->ref_obj_id)
		return !(reg->type & PTR_MAYBE_NULL);
	return (reg->type & PTR_TRUSTED) && !(reg->type & (PTR_MAYBE_NULL | PTR_UNTRUSTED));
}

/*
 * Members that are as trusted as the structure that they are in. Linux keeps such lists of
 * structures that it has (BTF_TYPE_SAFE_TRUSTED); of those here a program needs this one to print.
 */
static bool member_is_trusted(const struct bpf_reg_state *owner, const struct btf_type *t,
			      const struct btf_walk *walk)
{
	return !strcmp(walk->field, "seq") &&
	       !strcmp(btf_type_name(owner->btf, t), "bpf_iter_meta");
}

/* Of a pointer found at @walk in structure @t, which @owner points to. */
static u32 found_pointer_flags(const struct bpf_verifier_env *env,
			       const struct bpf_reg_state *owner, const struct btf_type *t,
			       const struct btf_walk *walk)
{
	bool rcu = owner->type & MEM_RCU;

	if (owner->type & PTR_UNTRUSTED)
		return PTR_UNTRUSTED;
	if (!rcu && !reg_is_trusted(owner))
		return walk->tags & ~(u32)MEM_RCU;
	if (member_is_trusted(owner, t, walk))
		return walk->tags | PTR_TRUSTED;
	if (!in_rcu_section(env))
		return PTR_UNTRUSTED;
	/* One that others may take away while this is looked at, and so NULL. */
	return walk->tags & MEM_RCU ? walk->tags | PTR_MAYBE_NULL : walk->tags;
}

static int check_btf_address(struct bpf_verifier_env *env, const struct mem_access *a,
			     const struct btf_type *t)
{
	const char *name = btf_type_name(a->reg->btf, t);
	int err;

	/* The program's own maps may be looked into by every one. */
	if (!env->prog->gpl_compatible && cur_regs(env)[a->regno].type != CONST_PTR_TO_MAP)
		return refuse(env, -EINVAL, a->regno,
			      "give the program a licence that is compatible with it",
			      "struct %s may be looked into by GPL programs only", name);
	err = check_fixed_offset(env, a);
	if (err)
		return err;
	if (a->reg->type & MEM_USER)
		return refuse(env, -EACCES, a->regno, "read it with bpf_probe_read_user",
			      "R%u points to a struct %s of a process", a->regno, name);
	if (a->reg->type & MEM_PERCPU)
		return refuse(env, -EACCES, a->regno,
			      "use what bpf_per_cpu_ptr or bpf_this_cpu_ptr gives for it",
			      "R%u points to a struct %s of which each CPU has its own", a->regno,
			      name);
	if (a->write)
		return refuse(env, -EACCES, a->regno,
			      "change it by a kernel function, or keep a copy in a map",
			      "a write into struct %s, which programs may only read", name);
	return 0;
}

int btf_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	const struct btf_type *t = btf_type_by_id(a->reg->btf, a->reg->btf_id);
	const struct bpf_reg_state owner = *a->reg;
	struct btf_walk walk;
	int ret;

	ret = check_btf_address(env, a, t);
	if (ret)
		return ret;
	ret = btf_struct_walk(owner.btf, t, a->off, a->size, &walk, NULL);
	if (ret < 0)
		return refuse(env, ret, a->regno, "read one member, whole, by its name",
			      "%u bytes at offset %d of struct %s are no member of it", a->size,
			      a->off, btf_type_name(owner.btf, t));
	env->aux[env->insn_idx].probe_load = true;
	if (ret == WALK_PTR) {
		reg_mark_pointer(a->result,
				 PTR_TO_BTF_ID | found_pointer_flags(env, &owner, t, &walk));
		a->result->btf = owner.btf;
		a->result->btf_id = walk.next_id;
		if (a->result->type & PTR_MAYBE_NULL)
			a->result->id = ++env->next_id;
	} else if (ret == WALK_PTR_UNTRUSTED) {
		reg_mark_pointer(a->result, PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED);
	}
	return 0;
}

/* Of a structure that is alive, one member. */
int btf_call(struct bpf_verifier_env *env, struct mem_access *a, u32 min, u32 max, u32 access)
{
	const struct btf_type *t = btf_type_by_id(a->reg->btf, a->reg->btf_id);
	struct btf_walk walk;
	int ret;

	if (a->write || !(a->reg->type & PTR_TRUSTED))
		return refuse(env, -EACCES, a->regno, "copy it with bpf_probe_read_kernel first",
			      "R%u, a %s, as memory for a call", a->regno,
			      reg_type_name(a->reg->type));
	ret = check_btf_address(env, a, t);
	if (ret)
		return ret;
	ret = max ? btf_struct_walk(a->reg->btf, t, a->off, max, &walk, NULL) : -EINVAL;
	if (ret < 0)
		return refuse(env, ret, a->regno, "read one member, whole, by its name",
			      "%u bytes at offset %d of struct %s are no member of it", max, a->off,
			      btf_type_name(a->reg->btf, t));
	return 0;
}

/* A program may look into the map it refers to: as into any struct bpf_map. */
int map_ptr_access(struct bpf_verifier_env *env, struct mem_access *a)
{
	struct bpf_reg_state as_btf = *a->reg;
	struct btf *btf = env->prog->aux->rt->vmlinux;
	s32 id = btf ? btf_find_by_name_kind(btf, "bpf_map", BTF_KIND_STRUCT) : -ENOENT;

	if (id < 0)
		return refuse(env, -EACCES, a->regno,
			      "bpf_map_lookup_elem() gives a pointer to a value",
			      "an access to the map itself");
	as_btf.type = PTR_TO_BTF_ID;
	as_btf.btf = btf;
	as_btf.btf_id = id;
	a->reg = &as_btf;
	return btf_access(env, a);
}

int check_btf_arg(struct bpf_verifier_env *env, u32 regno, u32 btf_id, bool or_null)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	const char *name = btf_type_name(btf, btf_type_by_id(btf, btf_id));
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_reg_state there = *reg;

	if (((reg->type & PTR_MAYBE_NULL) && !or_null) || reg_is_null(reg))
		return refuse(env, -EACCES, regno, "compare it with NULL first",
			      "the call needs a struct %s in R%u, which may be NULL", name, regno);
	if (base_type(reg->type) != PTR_TO_BTF_ID)
		return refuse(env, -EACCES, regno, NULL,
			      "the call needs a struct %s in R%u, which is a %s", name, regno,
			      reg_type_name(reg->type));
	there.type &= ~(u32)PTR_MAYBE_NULL;
	if (!reg_is_trusted(&there))
		return refuse(env, -EACCES, regno,
			      "use the pointer from the context, not one found by following others",
			      "the call needs a struct %s that is known to be alive in R%u", name,
			      regno);
	if (!tnum_is_const(reg->var_off) || reg->var_off.value || reg->off < 0 ||
	    !btf_struct_ids_match(btf, reg->btf_id, reg->off, btf, btf_id, reg->off == 0))
		return refuse(env, -EACCES, regno, NULL,
			      "the call needs a struct %s in R%u, which points to something else",
			      name, regno);
	return 0;
}

int check_percpu_arg(struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (base_type(reg->type) == PTR_TO_BTF_ID && (reg->type & MEM_PERCPU) &&
	    !(reg->type & (PTR_MAYBE_NULL | PTR_UNTRUSTED)) && !reg->off &&
	    tnum_is_const(reg->var_off) && !reg->var_off.value)
		return 0;
	return refuse(env, -EACCES, regno, NULL,
		      "the call needs a structure of which each CPU has its own in R%u, which is "
		      "a %s",
		      regno, reg_type_name(reg->type));
}
