/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Compiling what is one number, name or pointer into a step of a plan. */
#include <errno.h>
#include <stdlib.h>

#include "compile.h"

/* The bytes of a bit-field must lie inside, those of its type need not. */
static int check_scalar(struct compiler *c, const struct spot *spot, __u32 size)
{
	if (!spot->bits && spot->shift)
		return plan_wrong(c, "a part of them begins within a byte");
	if (!spot->bits)
		return plan_check_inside(c, spot, size);
	if (spot->bits > 64 || spot->bits > 8 * size)
		return plan_wrong(c, "a bit-field is larger than its type");
	return plan_check_inside(c, spot, (spot->shift + spot->bits + 7) / 8);
}

int plan_compile_int(struct compiler *c, const struct btf_type *t, struct spot spot)
{
	const int encoding = btf_int_encoding(t);
	enum op op = encoding & BTF_INT_BOOL ? STEP_BOOL : STEP_NUMBER;
	struct step *step;
	int err;

	if (!is_power(t->size, 16))
		return plan_wrong(c, "an int has a size that no int has");
	/* The old way to say that a member is a bit-field: the int does. */
	if (!spot.bits && (btf_int_offset(t) || btf_int_bits(t) != 8 * t->size)) {
		if (btf_int_offset(t) + btf_int_bits(t) > 8 * t->size || !btf_int_bits(t))
			return plan_wrong(c, "an int has more bits than bytes for them");
		spot.shift += btf_int_offset(t);
		spot.offset += spot.shift / 8;
		spot.shift %= 8;
		spot.bits = btf_int_bits(t);
	}
	err = check_scalar(c, &spot, t->size);
	if (err)
		return err;
	if (t->size == 16 && !spot.bits)
		op = STEP_INT128;
	step = plan_add_step(c, op, &spot, t->size);
	if (!step)
		return plan_no_step(c);
	step->is_signed = encoding & BTF_INT_SIGNED;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct enum_name *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at; /* the first one that was written */
}

static int add_enum_name(struct compiler *c, __u64 value, const char *name)
{
	struct enum_name *names;
	size_t from;

	if (text_length(&c->literals) > MAX_LITERALS)
		return plan_wrong(c, "they have more names than can be shown");
	if (c->names == c->names_room) {
		size_t room = c->names_room ? 2 * c->names_room : 16;

		names = reallocarray(c->plan->names, room, sizeof(*names));
		if (!names)
			return -ENOMEM;
		c->plan->names = names;
		c->names_room = room;
	}
	from = text_length(&c->literals);
	if (c->style->plain)
		text_plain_string(&c->literals, name, strlen(name));
	else
		text_json_string(&c->literals, name, strlen(name));
	c->plan->names[c->names++] = (struct enum_name){
		.value = value,
		.at = from,
		.length = text_length(&c->literals) - from,
	};
	return 0;
}

static bool enum_is_signed(const struct btf_type *t)
{
	bool negative = btf_kflag(t);

	for (int i = 0; btf_is_enum(t) && i < btf_vlen(t); i++)
		negative |= btf_enum(t)[i].val < 0;
	return negative;
}

int plan_compile_enum(struct compiler *c, const struct btf_type *t, struct spot spot)
{
	const size_t first = c->names;
	struct step *step;
	const char *name;
	__u64 value;
	int err;

	if (!is_power(t->size, 8))
		return plan_wrong(c, "an enum has a size that no enum has");
	err = check_scalar(c, &spot, t->size);
	if (err)
		return err;
	step = plan_add_step(c, STEP_ENUM, &spot, t->size);
	if (!step)
		return plan_no_step(c);
	step->is_signed = enum_is_signed(t);
	step->names = first;
	for (int i = 0; i < btf_vlen(t) && !err; i++) {
		if (btf_is_enum64(t)) {
			value = btf_enum64_value(&btf_enum64(t)[i]);
			name = plan_name_of(c, btf_enum64(t)[i].name_off);
		} else {
			value = (__s64)btf_enum(t)[i].val;
			name = plan_name_of(c, btf_enum(t)[i].name_off);
			if (!step->is_signed)
				value = (__u32)value;
		}
		err = add_enum_name(c, value, name);
	}
	c->lead = text_length(&c->literals);
	step->count = c->names - first;
	qsort(c->plan->names + first, step->count, sizeof(*c->plan->names), compare_names);
	return err;
}

int plan_compile_float(struct compiler *c, const struct btf_type *t, struct spot spot)
{
	int err;

	if (spot.bits)
		return plan_wrong(c, "a float is a bit-field");
	err = plan_check_inside(c, &spot, t->size);
	if (!err && !plan_add_step(c, t->size == 4 || t->size == 8 ? STEP_FLOAT : STEP_BYTES, &spot,
				   t->size))
		err = plan_no_step(c);
	return err;
}

int plan_compile_pointer(struct compiler *c, const struct btf_type *t, struct spot spot)
{
	int err;

	if (spot.bits)
		return plan_wrong(c, "a pointer is a bit-field");
	err = plan_check_inside(c, &spot, sizeof(__u64));
	if (!err && !plan_add_step(c, STEP_POINTER, &spot, sizeof(__u64)))
		err = plan_no_step(c);
	return err;
}
