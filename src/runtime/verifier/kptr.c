/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pointers in values of maps (kernel: check_map_kptr_access, process_kptr_func,
 * map_kptr_match_type), which map/fields.c tells of. A program loads one as a whole, at a constant
 * offset:
 *
 *   kptr            the object is held by the value, and another program may take it out: good as
 *                   long as the RCU section is open, else untrusted. bpf_kptr_xchg alone puts one
 *                   there, which the program holds until then, and gives the program what was there
 *   kptr_untrusted  whatever programs stored there: untrusted
 *
 * Either may be NULL. Nothing else touches these 8 bytes.
 */
#include "verifier/memory.h"

/* The first that the bytes [@first, @end) have some of; NULL. */
static const struct btf_field *kptr_within(const struct bpf_map *map, s64 first, s64 end)
{
	const struct btf_record *record = map->record;

	for (u32 i = 0; record && i < record->nr; i++) {
		const struct btf_field *field = &record->fields[i];

		if (field->type != BPF_SPIN_LOCK && first < (s64)field->off + field->size &&
		    end > field->off)
			return field;
	}
	return NULL;
}

static const char *struct_name(const struct bpf_verifier_env *env, const struct btf_field *field)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;

	return btf_type_name(btf, btf_type_by_id(btf, field->btf_id));
}

int check_kptrs_untouched(struct bpf_verifier_env *env, u32 regno, s64 first, s64 end)
{
	const struct bpf_map *map = cur_regs(env)[regno].map_ptr;
	const struct btf_field *field = kptr_within(map, first, end);

	if (!field)
		return 0;
	return refuse(env, -EACCES, regno, "give the call other memory, or a part of the value",
		      "the call is given memory that has the pointer at offset %u of the values of "
		      "map '%s'",
		      field->off, map->name);
}

int find_kptr(struct bpf_verifier_env *env, const struct mem_access *a,
	      const struct btf_field **field)
{
	const struct bpf_map *map = a->reg->map_ptr;
	s64 first = a->off + a->reg->smin_value, end = a->off + a->reg->smax_value + a->size;

	*field = kptr_within(map, first, end);
	if (!*field ||
	    (tnum_is_const(a->reg->var_off) && first == (*field)->off && a->size == sizeof(u64)))
		return 0;
	return refuse(env, -EACCES, a->regno, "access it as a whole, and nothing beside it",
		      "an access to a part of the pointer at offset %u of the values of map '%s'",
		      (*field)->off, map->name);
}

int check_kptr_value(struct bpf_verifier_env *env, u32 regno, const struct bpf_reg_state *reg,
		     const struct btf_field *field)
{
	const struct btf *btf = env->prog->aux->rt->vmlinux;
	u32 flags = PTR_MAYBE_NULL | PTR_TRUSTED | MEM_RCU;

	if (field->type == BPF_KPTR_UNREF)
		flags |= PTR_UNTRUSTED;
	if (base_type(reg->type) == PTR_TO_BTF_ID && !(type_flag(reg->type) & ~flags) &&
	    tnum_is_const(reg->var_off) && !reg->var_off.value && reg->off >= 0 &&
	    btf_struct_ids_match(reg->btf, reg->btf_id, reg->off, btf, field->btf_id,
				 field->type == BPF_KPTR_REF))
		return 0;
	return refuse(env, -EACCES, regno, "put there NULL, or a pointer to such a structure",
		      "R%u, a %s, for a field that has a pointer to a struct %s", regno,
		      reg_type_name(reg->type), struct_name(env, field));
}

static int check_kptr_store(struct bpf_verifier_env *env, const struct mem_access *a,
			    const struct btf_field *field, const struct bpf_insn *insn)
{
	if (field->type == BPF_KPTR_REF)
		return refuse(env, -EACCES, a->regno, "put it there with bpf_kptr_xchg",
			      "a write over the pointer at offset %u of the values of map '%s', "
			      "which holds an object",
			      field->off, a->reg->map_ptr->name);
	if (reg_is_null(a->value))
		return 0;
	if (BPF_CLASS(insn->code) == BPF_ST)
		return refuse(env, -EACCES, a->regno, "store 0, or a pointer from a register",
			      "the number %d for a field that has a pointer to a struct %s",
			      insn->imm, struct_name(env, field));
	return check_kptr_value(env, insn->src_reg, a->value, field);
}

int kptr_access(struct bpf_verifier_env *env, struct mem_access *a, const struct btf_field *field)
{
	const struct bpf_insn *insn = &env->insns[env->insn_idx];
	u32 type = PTR_TO_BTF_ID | PTR_MAYBE_NULL;

	if (BPF_MODE(insn->code) != BPF_MEM)
		return refuse(env, -EACCES, a->regno, "use bpf_kptr_xchg, or a plain load",
			      "an atomic operation on the pointer at offset %u of the values of "
			      "map '%s'",
			      field->off, a->reg->map_ptr->name);
	if (a->write)
		return check_kptr_store(env, a, field, insn);
	type |= field->type == BPF_KPTR_REF && in_rcu_section(env) ? MEM_RCU : PTR_UNTRUSTED;
	reg_mark_pointer(a->result, type);
	a->result->btf = env->prog->aux->rt->vmlinux;
	a->result->btf_id = field->btf_id;
	a->result->id = ++env->next_id;
	return 0;
}

int check_kptr_field(struct bpf_verifier_env *env, u32 regno, const struct btf_field **field)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	const struct bpf_map *map = reg->map_ptr;
	s64 off = reg->off + (s64)reg->var_off.value;

	if (reg->type != PTR_TO_MAP_VALUE)
		return refuse(env, -EACCES, regno,
			      "pass the address of a pointer in a map's value, not NULL",
			      "R%u is no pointer to a field that holds an object", regno);
	if (!tnum_is_const(reg->var_off))
		return refuse(env, -EINVAL, regno, "use a constant offset",
			      "R%u, a field of a value, with a variable offset", regno);
	if (!kptr_within(map, 0, map->value_size))
		return refuse(env, -EINVAL, regno,
			      "let the map have a value with a pointer with the tag \"kptr\"",
			      "the values of map '%s' have no pointer to an object", map->name);
	*field = kptr_within(map, off, off + 1);
	if (!*field || (*field)->off != off)
		return refuse(env, -EACCES, regno, NULL,
			      "no pointer is at offset %lld of the values of map '%s'",
			      (long long)off, map->name);
	if ((*field)->type != BPF_KPTR_REF)
		return refuse(
			env, -EACCES, regno, "load and store it",
			"the pointer at offset %lld of the values of map '%s' holds no object",
			(long long)off, map->name);
	return 0;
}
