/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Bytes of a BTF type from JSON. One function for each kind of type, in the table at the end;
 * the BTF is sound (object_btf.c), the JSON may be anything.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told.h"
#include "value.h"

#define MAX_DEPTH 32

struct place {
	const struct btf *btf;
	struct value_error *error;
	struct told told;
	bool differs;
	int depth;
};

static int put(struct place *place, __u32 type, const json_t *json, unsigned char *out,
	       size_t size);

static int wrong(struct place *place, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(struct place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(place->error->why, sizeof(place->error->why), format, args);
	va_end(args);
	return -1;
}

/* The error is inside the member or element @name: put that in front of where it is. */
static int inside(struct place *place, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int inside(struct place *place, const char *format, ...)
{
	char name[64], rest[sizeof(place->error->where)];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	strcpy(rest, place->error->where);
	snprintf(place->error->where, sizeof(place->error->where), "%s%.*s", name,
		 (int)(sizeof(rest) - sizeof(name) - 1), rest);
	return -1;
}

static const char *json_kind(const json_t *json)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "a list",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return names[json_typeof(json)];
}

static __u32 skip_modifiers(const struct btf *btf, __u32 type)
{
	const struct btf_type *t = btf__type_by_id(btf, type);

	for (; t && (btf_is_mod(t) || btf_is_typedef(t)); t = btf__type_by_id(btf, type))
		type = t->type;
	return type;
}

/* "0x" and exactly the digits of @size bytes. */
static bool is_hex(const json_t *json, size_t size)
{
	const char *text = json_string_value(json);

	if (!text || strncmp(text, "0x", 2) || json_string_length(json) != 2 + 2 * size)
		return false;
	return strspn(text + 2, "0123456789abcdefABCDEF") == 2 * size;
}

static unsigned int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Two members of a union are given, and do not say the same. */
static int differs(struct place *place)
{
	place->differs = true;
	return wrong(place, "another member of the same union says otherwise");
}

static int put_hex(struct place *place, const json_t *json, unsigned char *out, size_t size)
{
	const char *text = json_string_value(json) + 2;
	unsigned char byte;
	bool agrees = true;

	for (size_t i = 0; i < size; i++) {
		byte = digit(text[2 * i]) << 4 | digit(text[2 * i + 1]);
		agrees &= tell_bytes(&place->told, out + i, &byte, 1);
	}
	return agrees ? 0 : differs(place);
}

/* A whole number, written as one or in quotes, as @bits bits. */
static int read_integer(struct place *place, const json_t *json, bool is_signed, unsigned int bits,
			__u64 *value)
{
	const unsigned int width = bits > 64 ? 64 : bits;
	char digits[24], *end;
	const char *text = digits;
	bool negative;

	if (json_is_integer(json))
		snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(json));
	else if (json_is_string(json))
		text = json_string_value(json);
	else
		return wrong(place, "%s where a whole number belongs", json_kind(json));

	negative = *text == '-';
	if (!isdigit((unsigned char)text[negative]))
		return wrong(place, "\"%.40s\" where a whole number belongs", text);
	errno = 0;
	*value = strtoull(text + negative, &end, 10);
	if (*end)
		return wrong(place,
			     "\"%.40s\" is neither a decimal number nor 0x and %u hex digits", text,
			     (bits + 7) / 8 * 2);
	if (errno)
		goto range;
	if (is_signed) {
		__u64 limit = 1ull << (width - 1);

		if (*value > limit - !negative)
			goto range;
	} else if ((negative && *value) || (width < 64 && *value >> width)) {
		goto range;
	}
	if (negative)
		*value = -*value;
	return 0;
range:
	return wrong(place, "%.40s does not fit %u bits %s", text, bits,
		     is_signed ? "with sign" : "without sign");
}

/* Compilers that do not say it in the type leave it to the values. */
static bool enum_is_signed(const struct btf_type *t)
{
	bool negative = btf_kflag(t);

	for (int i = 0; btf_is_enum(t) && i < btf_vlen(t); i++)
		negative |= btf_enum(t)[i].val < 0;
	return negative;
}

static int read_enum(struct place *place, const struct btf_type *t, const json_t *json,
		     unsigned int bits, __u64 *value)
{
	const char *name = json_string_value(json);

	for (int i = 0; name && i < btf_vlen(t); i++) {
		if (btf_is_enum64(t)) {
			const struct btf_enum64 *e = &btf_enum64(t)[i];

			*value = btf_enum64_value(e);
			if (!strcmp(name, btf__name_by_offset(place->btf, e->name_off)))
				return 0;
		} else {
			const struct btf_enum *e = &btf_enum(t)[i];

			*value = (__s64)e->val;
			if (!strcmp(name, btf__name_by_offset(place->btf, e->name_off)))
				return 0;
		}
	}
	if (name && !isdigit((unsigned char)*name) && *name != '-')
		return wrong(place, "enum %s has no value \"%.40s\"",
			     btf__name_by_offset(place->btf, t->name_off), name);
	return read_integer(place, json, enum_is_signed(t), bits, value);
}

/* An int, enum or pointer of @bits bits as a number. */
static int read_scalar(struct place *place, const struct btf_type *t, const json_t *json,
		       unsigned int bits, __u64 *value)
{
	bool is_bool = btf_is_int(t) && btf_int_encoding(t) & BTF_INT_BOOL;

	if (btf_is_any_enum(t))
		return read_enum(place, t, json, bits, value);
	if (btf_is_ptr(t))
		return read_integer(place, json, false, bits, value);
	if (!btf_is_int(t))
		return wrong(place, "a bit-field of this kind cannot be filled");
	if (!is_bool)
		return read_integer(place, json, btf_int_encoding(t) & BTF_INT_SIGNED, bits, value);
	if (json_is_boolean(json)) {
		*value = json_is_true(json);
		return 0;
	}
	return read_integer(place, json, false, 1, value);
}

static int put_scalar(struct place *place, __u32 type, const json_t *json, unsigned char *out,
		      size_t size)
{
	const struct btf_type *t = btf__type_by_id(place->btf, type);
	__u64 value, above = 0;

	if (read_scalar(place, t, json, size * 8, &value))
		return -1;
	/* The sign of a 128-bit int. */
	if (size > 8 && (__s64)value < 0 && btf_is_int(t) && btf_int_encoding(t) & BTF_INT_SIGNED)
		above = ~0ull;
	if (!tell_bits(&place->told, out, 0, size > 8 ? 64 : size * 8, value) ||
	    (size > 8 && !tell_bits(&place->told, out, 64, size * 8 - 64, above)))
		return differs(place);
	return 0;
}

static int put_float(struct place *place, __u32 type, const json_t *json, unsigned char *out,
		     size_t size)
{
	double d = json_number_value(json);
	float f = d;

	if (!json_is_number(json))
		return wrong(place, "%s where a number belongs", json_kind(json));
	if (size != sizeof(d) && size != sizeof(f))
		return wrong(place, "a float of %zu bytes can be given as 0x.. only", size);
	if (!tell_bytes(&place->told, out, size == sizeof(d) ? (void *)&d : (void *)&f, size))
		return differs(place);
	return 0;
}

int value_is_text(const struct btf *btf, __u32 type)
{
	const struct btf_type *t = btf__type_by_id(btf, skip_modifiers(btf, type));

	if (!t || !btf_is_array(t))
		return 0;
	t = btf__type_by_id(btf, skip_modifiers(btf, btf_array(t)->type));
	return t && btf_is_int(t) && t->size == 1;
}

static int put_array(struct place *place, __u32 type, const json_t *json, unsigned char *out,
		     size_t size)
{
	const struct btf_array *array = btf_array(btf__type_by_id(place->btf, type));
	size_t len = json_string_length(json), each = array->nelems ? size / array->nelems : 0, i;
	json_t *element;

	if (json_is_string(json) && value_is_text(place->btf, type)) {
		if (len > size)
			return wrong(place, "a string of %zu bytes where %zu have room", len, size);
		/* Its NUL, too; what may be behind that is told by nobody. */
		if (!tell_bytes(&place->told, out, json_string_value(json), len + (len < size)))
			return differs(place);
		return 0;
	}
	if (!json_is_array(json))
		return wrong(place, "%s where a list of %u belongs", json_kind(json),
			     array->nelems);
	if (json_array_size(json) != array->nelems)
		return wrong(place, "a list of %zu where one of %u belongs", json_array_size(json),
			     array->nelems);
	json_array_foreach (json, i, element)
		if (put(place, array->type, element, out + i * each, each))
			return inside(place, "[%zu]", i);
	return 0;
}

struct member {
	__u32 type;
	size_t at;   /* bits from the start of the outermost struct */
	size_t bits; /* how many it takes */
	bool is_bitfield;
};

/* The member @name of struct or union @type, or of its anonymous members. */
static bool find_member(const struct btf *btf, __u32 type, const char *name, size_t at, int depth,
			struct member *found)
{
	const struct btf_type *t = btf__type_by_id(btf, skip_modifiers(btf, type));

	if (!t || !btf_is_composite(t) || depth > MAX_DEPTH)
		return false;
	for (int i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const char *member_name = btf__name_by_offset(btf, m->name_off);
		size_t offset = at + btf_member_bit_offset(t, i);
		unsigned int bitfield = btf_member_bitfield_size(t, i);

		if (!*member_name) {
			if (find_member(btf, m->type, name, offset, depth + 1, found))
				return true;
			continue;
		}
		if (strcmp(member_name, name))
			continue;
		found->type = m->type;
		found->at = offset;
		found->is_bitfield = bitfield;
		found->bits = bitfield ? bitfield : 8 * btf__resolve_size(btf, m->type);
		return true;
	}
	return false;
}

static int put_member(struct place *place, const struct member *member, const json_t *json,
		      unsigned char *out)
{
	__u64 value;

	if (!member->is_bitfield)
		return put(place, member->type, json, out + member->at / 8, member->bits / 8);
	if (read_scalar(place,
			btf__type_by_id(place->btf, skip_modifiers(place->btf, member->type)), json,
			member->bits, &value))
		return -1;
	if (!tell_bits(&place->told, out, member->at, member->bits, value))
		return differs(place);
	return 0;
}

static int put_composite(struct place *place, __u32 type, const json_t *json, unsigned char *out,
			 size_t size)
{
	const struct btf_type *t = btf__type_by_id(place->btf, type);
	const char *name, *other_name;
	const json_t *member_json;
	struct member member, other = {0};
	void *iter, *before;

	if (!json_is_object(json))
		return wrong(place, "%s where an object of members belongs", json_kind(json));
	for (iter = json_object_iter((json_t *)json); iter;
	     iter = json_object_iter_next((json_t *)json, iter)) {
		name = json_object_iter_key(iter);
		member_json = json_object_iter_value(iter);
		if (!find_member(place->btf, type, name, 0, 0, &member))
			return wrong(place, "%s %s has no member \"%.40s\"",
				     btf_is_union(t) ? "union" : "struct",
				     btf__name_by_offset(place->btf, t->name_off), name);
		if (member.at + member.bits > 8 * size)
			return wrong(place, "member \"%.40s\" lies outside", name);
		place->differs = false;
		if (!put_member(place, &member, member_json, out))
			continue;
		/* Which one said otherwise: it is in the same place. */
		for (before = json_object_iter((json_t *)json); place->differs && before != iter;
		     before = json_object_iter_next((json_t *)json, before)) {
			other_name = json_object_iter_key(before);
			find_member(place->btf, type, other_name, 0, 0, &other);
			if (member.at < other.at + other.bits && other.at < member.at + member.bits)
				return wrong(place,
					     "\"%.40s\" and \"%.40s\" are of one union "
					     "and differ",
					     other_name, name);
		}
		return inside(place, ".%.40s", name);
	}
	return 0;
}

static int put_section(struct place *place, __u32 type, const json_t *json, unsigned char *out,
		       size_t size)
{
	const struct btf_type *t = btf__type_by_id(place->btf, type), *var = NULL;
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	const char *name;
	json_t *value;
	int i;

	if (!json_is_object(json))
		return wrong(place, "%s where an object of variables belongs", json_kind(json));
	json_object_foreach ((json_t *)json, name, value) {
		for (i = 0; i < btf_vlen(t); i++) {
			var = btf__type_by_id(place->btf, v[i].type);
			if (!strcmp(name, btf__name_by_offset(place->btf, var->name_off)))
				break;
		}
		if (i == btf_vlen(t))
			return wrong(place, "no variable is called \"%.40s\"", name);
		if ((size_t)v[i].offset + v[i].size > size)
			return wrong(place, "variable \"%.40s\" lies outside", name);
		if (put(place, var->type, value, out + v[i].offset, v[i].size))
			return inside(place, ".%.40s", name);
	}
	return 0;
}

static int (*const put_kind[])(struct place *, __u32, const json_t *, unsigned char *, size_t) = {
	[BTF_KIND_INT] = put_scalar,	  [BTF_KIND_ENUM] = put_scalar,
	[BTF_KIND_ENUM64] = put_scalar,	  [BTF_KIND_FLOAT] = put_float,
	[BTF_KIND_ARRAY] = put_array,	  [BTF_KIND_STRUCT] = put_composite,
	[BTF_KIND_UNION] = put_composite, [BTF_KIND_PTR] = put_scalar,
	[BTF_KIND_DATASEC] = put_section,
};

static int put_untyped(struct place *place, const json_t *json, unsigned char *out, size_t size)
{
	__u64 value;

	if (read_integer(place, json, json_integer_value(json) < 0, size * 8, &value))
		return -1;
	return tell_bits(&place->told, out, 0, size * 8, value) ? 0 : differs(place);
}

static int put(struct place *place, __u32 type, const json_t *json, unsigned char *out, size_t size)
{
	const struct btf_type *t;
	unsigned int kind;
	int err;

	if (is_hex(json, size))
		return put_hex(place, json, out, size);
	type = place->btf && type ? skip_modifiers(place->btf, type) : 0;
	t = type ? btf__type_by_id(place->btf, type) : NULL;
	if (!t && json_is_integer(json) && size && size <= 8 && !(size & (size - 1)))
		return put_untyped(place, json, out, size);
	if (!t)
		return wrong(place, "it has no type, so \"0x\" and %zu hex digits belong here",
			     2 * size);
	kind = btf_kind(t);
	if (kind >= sizeof(put_kind) / sizeof(put_kind[0]) || !put_kind[kind])
		return wrong(place,
			     "a value of this kind can be given as \"0x\" and %zu hex digits only",
			     2 * size);
	if (place->depth == MAX_DEPTH)
		return wrong(place, "it is nested too deeply");
	place->depth++;
	err = put_kind[kind](place, type, json, out, size);
	place->depth--;
	return err;
}

int value_from_json(const struct btf *btf, __u32 type, const json_t *json, void *out, size_t size,
		    struct value_error *error)
{
	struct place place = {.btf = btf, .error = error};
	int err;

	error->where[0] = error->why[0] = '\0';
	if (btf && type && btf__resolve_size(btf, type) != (long long)size)
		return wrong(&place, "its type has not the %zu bytes of the map", size);
	if (!told_begin(&place.told, out, size))
		return wrong(&place, "out of memory");
	err = put(&place, type, json, out, size);
	told_end(&place.told);
	return err;
}
