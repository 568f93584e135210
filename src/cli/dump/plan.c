/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Compiling a BTF type into a plan.
 *
 * All bounds are checked here, so that show.c need not: a step reads inside the value, whatever
 * the BTF says. A type is entered with the end of what encloses it, which it may not pass. Types
 * nest 32 deep at most (the kernel's limit), which ends cycles, too. What a plan would show of one
 * value is counted before it is made: unions of large arrays, or empty structs by the million,
 * could ask for more than there is memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "compile.h"

#define MAX_DEPTH 32
#define MAX_STEPS 65536

static int compile(struct compiler *c, __u32 type, struct spot spot);

int plan_wrong(struct compiler *c, const char *why)
{
	c->why = why;
	return -EINVAL;
}

const struct btf_type *plain_type(const struct btf *btf, __u32 type)
{
	const struct btf_type *t = btf__type_by_id(btf, type);

	for (int i = 0; t && (btf_is_mod(t) || btf_is_typedef(t)); i++) {
		if (i > MAX_DEPTH)
			return NULL;
		t = btf__type_by_id(btf, t->type);
	}
	return t && btf_kind(t) != BTF_KIND_UNKN ? t : NULL;
}

/* --- Literals and steps ----------------------------------------------------------------------- */

static void literal(struct compiler *c, const char *string)
{
	text_add(&c->literals, string, strlen(string));
}

static void new_line(struct compiler *c)
{
	if (!c->style->pretty)
		return;
	literal(c, "\n");
	for (int i = 0; i < c->style->level + c->level; i++)
		literal(c, "  ");
}

/* That @times more parts are to be shown. */
static int count(struct compiler *c, __u64 times)
{
	c->parts += times;
	if (c->parts > c->max_parts || text_length(&c->literals) > MAX_LITERALS)
		return plan_wrong(c, "they have more parts than can be shown");
	return 0;
}

struct step *plan_add_step(struct compiler *c, enum op op, const struct spot *spot, __u32 size)
{
	struct plan *plan = c->plan;
	struct step *steps, *step;

	if (plan->count == MAX_STEPS) {
		plan_wrong(c, "they have more parts than can be shown");
		return NULL;
	}
	if (plan->count == c->room) {
		size_t room = c->room ? 2 * c->room : 16;

		steps = reallocarray(plan->steps, room, sizeof(*steps));
		if (!steps)
			return NULL;
		plan->steps = steps;
		c->room = room;
	}
	step = &plan->steps[plan->count++];
	*step = (struct step){
		.op = op,
		.lead = c->lead,
		.lead_length = text_length(&c->literals) - c->lead,
		.offset = spot->offset,
		.size = size,
		.shift = spot->shift,
		.bits = spot->bits,
	};
	c->lead = text_length(&c->literals);
	return step;
}

/* After plan_add_step() gave nothing. */
int plan_no_step(const struct compiler *c)
{
	return c->why ? -EINVAL : -ENOMEM;
}

int plan_check_inside(struct compiler *c, const struct spot *spot, __u64 size)
{
	if (spot->offset + size > spot->end)
		return plan_wrong(c, "a part of them lies outside of the value");
	return 0;
}

const char *plan_name_of(struct compiler *c, __u32 offset)
{
	const char *name = btf__str_by_offset(c->btf, offset);

	return name ? name : "";
}

/* --- What holds others ------------------------------------------------------------------------ */

/* u8 and signed char are numbers, as they are for bpftool. */
bool is_array_of_char(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_type *element = plain_type(btf, btf_array(t)->type);
	const char *name = element ? btf__str_by_offset(btf, element->name_off) : NULL;

	return element && btf_is_int(element) && element->size == 1 &&
	       (btf_int_encoding(element) & BTF_INT_CHAR || (name && !strcmp(name, "char")));
}

static int compile_array(struct compiler *c, const struct btf_type *t, struct spot spot)
{
	const struct btf_array *array = btf_array(t);
	const __s64 size = btf__resolve_size(c->btf, array->type);
	size_t step;
	int err;

	if (spot.bits || size < 0)
		return plan_wrong(c, "an array has elements without a size");
	err = plan_check_inside(c, &spot, (__u64)size * array->nelems);
	if (err)
		return err;
	/* A flexible array has what the value has: nothing, libbpf and the kernel see to that. */
	if (!array->nelems || !size) {
		literal(c, "[]");
		return 0;
	}
	step = c->plan->count;
	if (is_array_of_char(c->btf, t)) {
		if (!plan_add_step(c, STEP_TEXT, &spot, size))
			return plan_no_step(c);
		c->plan->steps[step].count = array->nelems;
		c->plan->steps[step].is_signed =
			btf_int_encoding(plain_type(c->btf, array->type)) & BTF_INT_SIGNED;
		return count(c, spot.times * array->nelems);
	}
	c->level++;
	literal(c, "[");
	new_line(c);
	if (!plan_add_step(c, STEP_ARRAY, &spot, size))
		return plan_no_step(c);
	c->plan->steps[step].count = array->nelems;
	c->plan->steps[step].comma = c->lead;
	literal(c, ",");
	new_line(c);
	c->plan->steps[step].comma_length = text_length(&c->literals) - c->lead;
	c->lead = text_length(&c->literals);

	spot.end = spot.offset + size;
	spot.times *= array->nelems;
	err = compile(c, array->type, spot);
	/* What follows the last scalar of an element, as "}", is of the element. */
	if (!err && c->lead != text_length(&c->literals) &&
	    !plan_add_step(c, STEP_LITERAL, &spot, 0))
		err = plan_no_step(c);
	c->level--;
	if (err)
		return err;
	c->plan->steps[step].next = c->plan->count;
	new_line(c);
	literal(c, "]");
	return 0;
}

static void begin_member(struct compiler *c, const char *name, bool *first)
{
	if (!*first)
		literal(c, ",");
	*first = false;
	new_line(c);
	text_json_string(&c->literals, name, strlen(name));
	literal(c, c->style->pretty ? ": " : ":");
}

static int compile_members(struct compiler *c, const struct btf_type *t, struct spot spot,
			   bool *first)
{
	const struct btf_member *m = btf_members(t);
	const struct btf_type *inner;
	struct spot place;
	const char *name;
	__u32 at;
	int err;

	err = plan_check_inside(c, &spot, t->size);
	for (int i = 0; i < btf_vlen(t) && !err; i++) {
		name = plan_name_of(c, m[i].name_off);
		at = btf_member_bit_offset(t, i);
		if (at / 8 > t->size)
			return plan_wrong(c, "a member lies outside of its struct");
		place = (struct spot){
			.offset = spot.offset + at / 8,
			.end = spot.offset + t->size,
			.shift = at % 8,
			.bits = btf_member_bitfield_size(t, i),
			.times = spot.times,
		};
		inner = plain_type(c->btf, m[i].type);
		if (!*name && inner && btf_is_composite(inner)) {
			if (place.shift || place.bits)
				return plan_wrong(c, "a struct begins within a byte");
			if (c->depth++ == MAX_DEPTH)
				return plan_wrong(c, "they are nested too deeply");
			err = count(c, spot.times);
			if (!err)
				err = compile_members(c, inner, place, first);
			c->depth--;
		} else if (*name) {
			begin_member(c, name, first);
			err = compile(c, m[i].type, place);
		}
	}
	return err;
}

static int compile_composite(struct compiler *c, const struct btf_type *t, struct spot spot)
{
	bool first = true;
	int err;

	if (spot.bits || spot.shift)
		return plan_wrong(c, "a struct begins within a byte");
	c->level++;
	literal(c, "{");
	err = compile_members(c, t, spot, &first);
	c->level--;
	if (!first)
		new_line(c);
	literal(c, "}");
	return err;
}

static int compile_section(struct compiler *c, const struct btf_type *t, struct spot spot)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	const struct btf_type *var;
	struct spot place = spot;
	bool first = true;
	int err = 0;

	c->level++;
	literal(c, "{");
	for (int i = 0; i < btf_vlen(t) && !err; i++) {
		var = btf__type_by_id(c->btf, v[i].type);
		if (!var || !btf_is_var(var) || v[i].offset > spot.end - spot.offset)
			return plan_wrong(c, "a variable lies outside of its section");
		place.offset = spot.offset + v[i].offset;
		begin_member(c, plan_name_of(c, var->name_off), &first);
		err = compile(c, var->type, place);
	}
	c->level--;
	if (!first)
		new_line(c);
	literal(c, "}");
	return err;
}

static int (*const compile_kind[])(struct compiler *, const struct btf_type *, struct spot) = {
	[BTF_KIND_INT] = plan_compile_int,     [BTF_KIND_ENUM] = plan_compile_enum,
	[BTF_KIND_ENUM64] = plan_compile_enum, [BTF_KIND_FLOAT] = plan_compile_float,
	[BTF_KIND_PTR] = plan_compile_pointer, [BTF_KIND_ARRAY] = compile_array,
	[BTF_KIND_STRUCT] = compile_composite, [BTF_KIND_UNION] = compile_composite,
	[BTF_KIND_DATASEC] = compile_section,
};

static int compile(struct compiler *c, __u32 type, struct spot spot)
{
	const struct btf_type *t = plain_type(c->btf, type);
	const __u32 kind = t ? btf_kind(t) : 0;
	int err;

	if (kind >= sizeof(compile_kind) / sizeof(compile_kind[0]) || !compile_kind[kind])
		return plan_wrong(c, "they have a part that is of no type with values");
	if (!btf_is_int(t) && !btf_is_any_enum(t) && spot.shift)
		return plan_wrong(c, "a part of them begins within a byte");
	if (c->literals.failed)
		return -ENOMEM;
	err = count(c, spot.times);
	if (err)
		return err;
	if (c->depth++ == MAX_DEPTH)
		return plan_wrong(c, "they are nested too deeply");
	err = compile_kind[kind](c, t, spot);
	c->depth--;
	return err;
}

int plan_make(struct plan **made, const struct btf *btf, const struct place *place, size_t size,
	      const struct style *style, const char **why)
{
	struct compiler c = {
		.btf = btf,
		.style = style,
		.plan = calloc(1, sizeof(*c.plan)),
		/* Eight bit-fields a byte, in a union of a few. */
		.max_parts = 65536 + 32ull * size,
	};
	struct spot spot = {
		.offset = place->at / 8,
		.end = size,
		.shift = place->at % 8,
		.bits = place->bits,
		.times = 1,
	};
	int err = -ENOMEM;

	if (!c.plan || !text_begin(&c.literals, 64))
		goto out;
	c.plan->plain = style->plain;
	c.plan->quoted = style->quoted;
	c.plan->whole = style->whole;
	if (!place->untyped)
		err = compile(&c, place->type, spot);
	else if (style->number && is_power(size, 8))
		err = plan_add_step(&c, STEP_NUMBER, &spot, size) ? 0 : plan_no_step(&c);
	else
		err = plan_add_step(&c, STEP_BYTES, &spot, size) ? 0 : plan_no_step(&c);
	if (!err && c.lead != text_length(&c.literals) &&
	    !plan_add_step(&c, STEP_LITERAL, &spot, 0))
		err = plan_no_step(&c);
	if (!err && c.literals.failed)
		err = -ENOMEM;
out:
	if (c.plan)
		c.plan->literals = c.literals.start;
	else
		text_end(&c.literals);
	if (why)
		*why = c.why;
	if (err)
		plan_free(c.plan);
	else
		*made = c.plan;
	return err;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	free(plan->steps);
	free(plan->names);
	free(plan->literals);
	free(plan);
}

bool plan_is_number(const struct plan *plan)
{
	return plan->count == 1 && !plan->steps[0].lead_length &&
	       (plan->steps[0].op == STEP_NUMBER || plan->steps[0].op == STEP_INT128 ||
		plan->steps[0].op == STEP_FLOAT);
}

bool plan_has_number(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].op == STEP_NUMBER || plan->steps[i].op == STEP_INT128 ||
		    plan->steps[i].op == STEP_FLOAT)
			return true;
	return false;
}
