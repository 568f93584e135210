/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The columns of a key or value. A struct that would have too many is one column. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

#define MAX_COLUMNS 64 /* of a key or value */
#define MAX_MEMBERS 4096
#define MAX_DEPTH 32

struct making {
	struct columns *columns;
	size_t first;
	const struct btf *btf;
	size_t size;
	bool of_key, only_number;
	size_t members; /* that were looked at */
	const char *why;
};

/* Such a one is shown as JSON. */
static bool holds_others(const struct btf *btf, __u32 type)
{
	const struct btf_type *t = type ? plain_type(btf, type) : NULL;

	return t && (btf_is_composite(t) || (btf_is_array(t) && !is_array_of_char(btf, t)));
}

static int add(struct making *making, const char *name, const struct place *place, bool number)
{
	const struct style style = {.plain = !holds_others(making->btf, place->type),
				    .quoted = making->columns->quoted,
				    .number = number,
				    .whole = making->of_key};
	struct columns *columns = making->columns;
	struct column *all, *column;
	int err;

	if (columns->count - making->first == MAX_COLUMNS)
		return -E2BIG;
	all = reallocarray(columns->all, columns->count + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	columns->all = all;
	column = &all[columns->count];
	memset(column, 0, sizeof(*column));
	err = plan_make(&column->plan, making->btf, place, making->size, &style, &making->why);
	if (err)
		return err;
	columns->count++;
	column->name = strdup(name);
	if (!column->name)
		return -ENOMEM;
	column->of_key = making->of_key;
	column->number = plan_is_number(column->plan);
	return 0;
}

static int add_type(struct making *making, const char *name, const struct place *place, int depth);

static int add_members(struct making *making, const char *name, const struct btf_type *t, __u32 at,
		       int depth)
{
	const struct btf_member *m = btf_members(t);
	const struct btf_type *inner;
	struct place place;
	const char *member;
	char *whole;
	int err = 0;

	if (depth > MAX_DEPTH)
		return -E2BIG;
	for (int i = 0; i < btf_vlen(t) && !err; i++) {
		if (making->members++ == MAX_MEMBERS)
			return -E2BIG;
		member = btf__str_by_offset(making->btf, m[i].name_off);
		place = (struct place){
			.type = m[i].type,
			.at = at + btf_member_bit_offset(t, i),
			.bits = btf_member_bitfield_size(t, i),
		};
		inner = plain_type(making->btf, m[i].type);
		if (!member || !*member) {
			if (inner && btf_is_composite(inner) && !place.bits)
				err = add_members(making, name, inner, place.at, depth + 1);
		} else if (asprintf(&whole, "%s.%s", name, member) < 0) {
			err = -ENOMEM;
		} else {
			err = add_type(making, whole, &place, depth + 1);
			free(whole);
		}
	}
	return err;
}

static int add_variables(struct making *making, const char *name, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	const struct btf_type *var;
	const char *variable;
	struct place place;
	char *whole;
	int err = 0;

	for (int i = 0; i < btf_vlen(t) && !err; i++) {
		var = btf__type_by_id(making->btf, v[i].type);
		if (!var || !btf_is_var(var) || v[i].offset > making->size)
			return -E2BIG; /* which plan_make() explains */
		place = (struct place){.type = var->type, .at = 8 * v[i].offset};
		variable = btf__str_by_offset(making->btf, var->name_off);
		if (asprintf(&whole, "%s.%s", name, variable ? variable : "") < 0)
			return -ENOMEM;
		err = add_type(making, whole, &place, 1);
		free(whole);
	}
	return err;
}

static int add_type(struct making *making, const char *name, const struct place *place, int depth)
{
	const struct btf_type *t = plain_type(making->btf, place->type);

	if (depth > MAX_DEPTH)
		return -E2BIG;
	if (t && btf_is_datasec(t) && !depth)
		return add_variables(making, name, t);
	if (t && btf_is_struct(t) && btf_vlen(t) && !place->bits)
		return add_members(making, name, t, place->at, depth);
	return add(making, name, place, false);
}

static void forget(struct columns *columns, size_t count)
{
	while (columns->count > count) {
		free(columns->all[--columns->count].name);
		plan_free(columns->all[columns->count].plan);
	}
}

static int add_untyped(struct making *making, const char *name)
{
	const struct place place = {.untyped = true};
	char *bytes;
	int err;

	if (making->size != 1 && making->size != 2 && making->size != 4 && making->size != 8)
		return add(making, name, &place, false);
	err = add(making, name, &place, true);
	if (err || making->only_number)
		return err;
	if (asprintf(&bytes, "%s.bytes", name) < 0)
		return -ENOMEM;
	err = add(making, bytes, &place, false);
	free(bytes);
	return err;
}

int columns_add(struct columns *columns, bool of_key, const struct btf *btf, __u32 type,
		size_t size, bool only_number, const char **why)
{
	struct making making = {
		.columns = columns,
		.first = columns->count,
		.btf = btf,
		.size = size,
		.of_key = of_key,
		.only_number = only_number,
	};
	const struct place place = {.type = type};
	const char *name = of_key ? "key" : "value";
	int err;

	if (!type)
		return add_untyped(&making, name);
	err = add_type(&making, name, &place, 0);
	if (err == -E2BIG || (!err && columns->count == making.first)) {
		forget(columns, making.first);
		err = add(&making, name, &place, false);
	}
	if (err)
		forget(columns, making.first);
	*why = making.why;
	return err;
}

void columns_free(struct columns *columns)
{
	forget(columns, 0);
	free(columns->all);
}
