/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The kinds of types, and what their checks share. */
#include <stdarg.h>
#include <stdio.h>

#include "btf/parse.h"

int btf_invalid(struct btf_verifier_env *env, u32 id, const char *fmt, ...)
{
	const struct btf_type *t = btf_type_by_id(env->btf, id);
	const struct btf_kind_operations *ops = t ? btf_kind_ops(btf_kind(t)) : NULL;
	const char *name = t ? btf_name_by_offset(env->btf, t->name_off) : NULL;
	char reason[256];
	va_list args;

	if (!env->log || !env->log->level)
		return -EINVAL;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	bpf_log(env->log, "type %u, %s '%.128s': %s\n", id, ops ? ops->name : "unknown kind",
		name ? name : "", reason);
	return -EINVAL;
}

int btf_invalid_member(struct btf_verifier_env *env, const struct btf_place *place,
		       const char *reason)
{
	const char *name = btf_name_by_offset(env->btf, place->member->name_off);

	return btf_invalid(env, place->struct_id, "member '%.64s' at bit %u, type %u: %s",
			   name ? name : "", place->bits_off, place->member->type, reason);
}

bool btf_type_id_in_range(u32 id)
{
	return id <= BTF_MAX_TYPE;
}

bool btf_is_modifier(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return true;
	}
	return false;
}

bool btf_is_source_only(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_VAR:
	case BTF_KIND_DATASEC:
	case BTF_KIND_DECL_TAG:
		return true;
	}
	return false;
}

int btf_check_bytes_member(struct btf_verifier_env *env, const struct btf_place *place, u32 size)
{
	u32 offset = BITS_ROUNDDOWN_BYTES(place->bits_off);
	u32 struct_size = place->struct_type->size;

	if (place->bitfield_size)
		return btf_invalid_member(env, place, "no type for a bitfield");
	if (BITS_PER_BYTE_MASKED(place->bits_off))
		return btf_invalid_member(env, place, "not at a byte boundary");
	if (struct_size < offset || struct_size - offset < size)
		return btf_invalid_member(env, place, "ends beyond the structure");
	return 0;
}

static const struct btf_kind_operations *const kinds[] = {
	[BTF_KIND_INT] = &btf_int_ops,
	[BTF_KIND_PTR] = &btf_ptr_ops,
	[BTF_KIND_ARRAY] = &btf_array_ops,
	[BTF_KIND_STRUCT] = &btf_struct_ops,
	[BTF_KIND_UNION] = &btf_union_ops,
	[BTF_KIND_ENUM] = &btf_enum_ops,
	[BTF_KIND_FWD] = &btf_fwd_ops,
	[BTF_KIND_TYPEDEF] = &btf_typedef_ops,
	[BTF_KIND_VOLATILE] = &btf_volatile_ops,
	[BTF_KIND_CONST] = &btf_const_ops,
	[BTF_KIND_RESTRICT] = &btf_restrict_ops,
	[BTF_KIND_FUNC] = &btf_func_ops,
	[BTF_KIND_FUNC_PROTO] = &btf_func_proto_ops,
	[BTF_KIND_VAR] = &btf_var_ops,
	[BTF_KIND_DATASEC] = &btf_datasec_ops,
	[BTF_KIND_FLOAT] = &btf_float_ops,
	[BTF_KIND_DECL_TAG] = &btf_decl_tag_ops,
	[BTF_KIND_TYPE_TAG] = &btf_type_tag_ops,
	[BTF_KIND_ENUM64] = &btf_enum64_ops,
};

const struct btf_kind_operations *btf_kind_ops(u32 kind)
{
	return kind < ARRAY_SIZE(kinds) ? kinds[kind] : NULL;
}
