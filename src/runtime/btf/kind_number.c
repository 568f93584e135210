/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* INT and FLOAT. An integer may have fewer bits than its bytes hold: the old form of a bitfield. */
#include "btf/parse.h"

#define BITS_PER_U128 128
#define INT_DATA_MASK 0x0fffffffu

/* Without padding bits: what array elements and members with a bitfield size have to be. */
bool btf_int_is_regular(const struct btf_type *t)
{
	u32 data = btf_int_data(t);
	u32 nr_bits = BTF_INT_BITS(data);
	u32 nr_bytes = BITS_ROUNDUP_BYTES(nr_bits);

	return !BITS_PER_BYTE_MASKED(nr_bits) && !BTF_INT_OFFSET(data) && nr_bytes &&
	       !(nr_bytes & (nr_bytes - 1)) && nr_bytes <= BITS_PER_U128 / 8;
}

static int int_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	u32 data = btf_int_data(t);
	u32 nr_bits = BTF_INT_BITS(data) + BTF_INT_OFFSET(data);
	u32 encoding = BTF_INT_ENCODING(data);

	if (data & ~INT_DATA_MASK)
		return btf_invalid(env, id, "unknown bits in its data 0x%x", data);
	if (nr_bits > BITS_PER_U128)
		return btf_invalid(env, id, "%u bits are more than 128", nr_bits);
	if (BITS_ROUNDUP_BYTES(nr_bits) > t->size)
		return btf_invalid(env, id, "%u bits do not fit %u bytes", nr_bits, t->size);
	if (encoding && encoding != BTF_INT_SIGNED && encoding != BTF_INT_CHAR &&
	    encoding != BTF_INT_BOOL) {
		btf_invalid(env, id, "more than one of signed, char and bool (0x%x)", encoding);
		return -ENOTSUPP;
	}
	return 0;
}

static int int_check_member(struct btf_verifier_env *env, const struct btf_place *place, u32 id,
			    const struct btf_type *t)
{
	u32 struct_size = place->struct_type->size;
	u32 data = btf_int_data(t);
	u32 nr_bits = BTF_INT_BITS(data);
	u32 bits_off = place->bits_off;
	u32 offset, copied;

	if (btf_kflag(place->struct_type)) {
		if (!btf_int_is_regular(t))
			return btf_invalid_member(env, place, "an integer with padding bits");
		if (!place->bitfield_size && BITS_PER_BYTE_MASKED(bits_off))
			return btf_invalid_member(env, place, "not at a byte boundary");
		if (place->bitfield_size > nr_bits)
			return btf_invalid_member(env, place, "more bits than the integer has");
		if (place->bitfield_size)
			nr_bits = place->bitfield_size;
	} else {
		if (__builtin_add_overflow(bits_off, (u32)BTF_INT_OFFSET(data), &bits_off))
			return btf_invalid_member(env, place, "offset overflows");
	}
	offset = BITS_ROUNDDOWN_BYTES(bits_off);
	copied = nr_bits + BITS_PER_BYTE_MASKED(bits_off);
	if (copied > BITS_PER_U128)
		return btf_invalid_member(env, place, "spreads over more than 16 bytes");
	if (struct_size < offset || struct_size - offset < BITS_ROUNDUP_BYTES(copied))
		return btf_invalid_member(env, place, "ends beyond the structure");
	return 0;
}

static int float_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	switch (t->size) {
	case 2:
	case 4:
	case 8:
	case 12:
	case 16:
		return 0;
	}
	return btf_invalid(env, id, "no floating point number has %u bytes", t->size);
}

/* Aligned as on the machine that aligns least: CO-RE moves members between machines. */
static int float_check_member(struct btf_verifier_env *env, const struct btf_place *place, u32 id,
			      const struct btf_type *t)
{
	u32 align_bits = min_of(t->size, 8u) * 8;

	if (place->bits_off % align_bits)
		return btf_invalid_member(env, place, "not aligned");
	return btf_check_bytes_member(env, place, t->size);
}

const struct btf_kind_operations btf_int_ops = {
	.name = "INT",
	.extra = sizeof(u32),
	.check_meta = int_check_meta,
	.check_member = int_check_member,
};

const struct btf_kind_operations btf_float_ops = {
	.name = "FLOAT",
	.check_meta = float_check_meta,
	.check_member = float_check_member,
};
