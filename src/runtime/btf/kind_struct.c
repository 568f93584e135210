/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* STRUCT and UNION. Members stand in the order of their offsets and within the size. */
#include "btf/parse.h"

static struct btf_place place_of(u32 id, const struct btf_type *t, const struct btf_member *m)
{
	return (struct btf_place){
		.struct_id = id,
		.struct_type = t,
		.member = m,
		.bits_off = btf_member_bit_offset(t, m),
		.bitfield_size = btf_member_bitfield_size(t, m),
	};
}

static int struct_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);
	struct btf_place place;
	u32 i, last = 0;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		place = place_of(id, t, m);
		if (!btf_name_offset_valid(env->btf, m->name_off))
			return btf_invalid(env, id,
					   "member %u has name offset %u, beyond the "
					   "strings",
					   i, m->name_off);
		if (m->name_off && !btf_name_valid_identifier(env->btf, m->name_off))
			return btf_invalid_member(env, &place, "the name is no identifier");
		if (!m->type || !btf_type_id_in_range(m->type))
			return btf_invalid_member(env, &place, "no such type");
		if (btf_kind(t) == BTF_KIND_UNION && place.bits_off)
			return btf_invalid_member(env, &place, "not at the union's start");
		if (place.bits_off < last)
			return btf_invalid_member(env, &place, "before the member before it");
		if (BITS_ROUNDUP_BYTES(place.bits_off) > t->size)
			return btf_invalid_member(env, &place, "beyond the structure");
		last = place.bits_off;
	}
	return 0;
}

static int struct_resolve(struct btf_verifier_env *env, struct btf_vertex *v)
{
	const struct btf_kind_operations *ops;
	const struct btf_member *m;
	const struct btf_type *t;
	struct btf_place place;
	int err;

	for (; v->next < btf_vlen(v->t); v->next++) {
		m = &btf_members(v->t)[v->next];
		place = place_of(v->id, v->t, m);
		t = btf_type_by_id(env->btf, m->type);
		if (!t || btf_is_source_only(t))
			return btf_invalid_member(env, &place, "no such type");
		err = btf_await(env, m->type);
		if (err)
			return err;
		ops = btf_kind_ops(btf_kind(t));
		if (!ops->check_member)
			return btf_invalid_member(env, &place, "no type for a member");
		err = ops->check_member(env, &place, m->type, t);
		if (err)
			return err;
	}
	btf_resolve_done(env, 0, 0);
	return 0;
}

static int struct_check_member(struct btf_verifier_env *env, const struct btf_place *place, u32 id,
			       const struct btf_type *t)
{
	return btf_check_bytes_member(env, place, t->size);
}

#define STRUCTURE(label)                                                                           \
	{                                                                                          \
		.name = label, .extra_each = sizeof(struct btf_member),                            \
		.name_rule = NAME_IDENTIFIER_OR_NONE, .has_vlen = true, .has_kflag = true,         \
		.check_meta = struct_check_meta, .resolve = struct_resolve,                        \
		.check_member = struct_check_member,                                               \
	}

const struct btf_kind_operations btf_struct_ops = STRUCTURE("STRUCT");
const struct btf_kind_operations btf_union_ops = STRUCTURE("UNION");
