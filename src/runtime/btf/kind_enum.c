/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* ENUM and ENUM64. kflag: the values are signed. */
#include "btf/parse.h"

/* The widest bitfield an enumeration can have, and what Linux takes for a member without one. */
#define ENUM_BITS 32

static int check_enum(struct btf_verifier_env *env, u32 id, const struct btf_type *t, u32 each)
{
	const unsigned char *value = (const void *)(t + 1);
	u32 i, name_off;

	if (!t->size || t->size > 8 || (t->size & (t->size - 1)))
		return btf_invalid(env, id, "no enumeration has %u bytes", t->size);
	for (i = 0; i < btf_vlen(t); i++, value += each) {
		/* Both kinds of values begin with their name. */
		name_off = *(const u32 *)(const void *)value;
		if (!btf_name_offset_valid(env->btf, name_off) || !name_off ||
		    !btf_name_valid_identifier(env->btf, name_off))
			return btf_invalid(env, id, "value %u has no valid name", i);
	}
	return 0;
}

static int enum_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	return check_enum(env, id, t, sizeof(struct btf_enum));
}

static int enum64_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	return check_enum(env, id, t, sizeof(struct btf_enum64));
}

static int enum_check_member(struct btf_verifier_env *env, const struct btf_place *place, u32 id,
			     const struct btf_type *t)
{
	u32 nr_bits = place->bitfield_size;

	if (!btf_kflag(place->struct_type))
		return btf_check_bytes_member(env, place, t->size);
	if (!nr_bits && BITS_PER_BYTE_MASKED(place->bits_off))
		return btf_invalid_member(env, place, "not at a byte boundary");
	if (nr_bits > ENUM_BITS)
		return btf_invalid_member(env, place, "a bitfield of more than 32 bits");
	if (!nr_bits)
		nr_bits = ENUM_BITS;
	/* An offset beside a bitfield size has 24 bits: no overflow. */
	if (BITS_ROUNDUP_BYTES(place->bits_off + nr_bits) > place->struct_type->size)
		return btf_invalid_member(env, place, "ends beyond the structure");
	return 0;
}

const struct btf_kind_operations btf_enum_ops = {
	.name = "ENUM",
	.extra_each = sizeof(struct btf_enum),
	.name_rule = NAME_IDENTIFIER_OR_NONE,
	.has_vlen = true,
	.has_kflag = true,
	.check_meta = enum_check_meta,
	.check_member = enum_check_member,
};

const struct btf_kind_operations btf_enum64_ops = {
	.name = "ENUM64",
	.extra_each = sizeof(struct btf_enum64),
	.name_rule = NAME_IDENTIFIER_OR_NONE,
	.has_vlen = true,
	.has_kflag = true,
	.check_meta = enum64_check_meta,
	.check_member = enum_check_member,
};
