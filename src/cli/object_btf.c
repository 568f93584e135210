/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Whether the types of an object hold together, before libbpf works with them.
 *
 * libbpf 1.1 checks that each type is there as a whole. What a type refers to it takes for granted:
 * a wrong name or type id would end the command with SIGSEGV. value.c relies on it, too. After
 * this every name is a string of the table, every type id is a type's, no type holds itself,
 * and members lie inside.
 */
#include <stdbool.h>
#include <stdlib.h>

#include <bpf/btf.h>

#include "cli.h"
#include "object.h"

#define MAX_HEIGHT 32 /* the kernel's and libbpf's limit */

enum { UNSEEN, OPEN, SOUND };

struct check {
	const struct btf *btf;
	unsigned char *seen; /* of each type: UNSEEN, OPEN while what it holds is looked at */
	const char *why;
};

static bool wrong(struct check *check, const char *why)
{
	check->why = why;
	return false;
}

static bool name_is_sound(struct check *check, __u32 offset)
{
	return btf__str_by_offset(check->btf, offset) || wrong(check, "a name lies outside");
}

static bool id_is_sound(struct check *check, __u32 id)
{
	return id < btf__type_cnt(check->btf) || wrong(check, "it refers to a type that is none");
}

static bool holds_sound(struct check *check, __u32 id, int height);

static bool members_are_sound(struct check *check, const struct btf_type *t, int height)
{
	const struct btf_member *m = btf_members(t);
	__s64 at, bits;

	for (int i = 0; i < btf_vlen(t); i++) {
		if (!name_is_sound(check, m[i].name_off) || !holds_sound(check, m[i].type, height))
			return false;
		at = btf_member_bit_offset(t, i);
		bits = btf_member_bitfield_size(t, i);
		if (!bits)
			bits = 8 * btf__resolve_size(check->btf, m[i].type);
		if (bits < 0 || at + bits > 8ll * t->size)
			return wrong(check, "a member lies outside");
	}
	return true;
}

static bool enum_is_sound(struct check *check, const struct btf_type *t)
{
	for (int i = 0; i < btf_vlen(t); i++)
		if (!name_is_sound(check, btf_is_enum(t) ? btf_enum(t)[i].name_off
							 : btf_enum64(t)[i].name_off))
			return false;
	return true;
}

static bool params_are_sound(struct check *check, const struct btf_type *t)
{
	const struct btf_param *p = btf_params(t);

	for (int i = 0; i < btf_vlen(t); i++)
		if (!name_is_sound(check, p[i].name_off) || !id_is_sound(check, p[i].type))
			return false;
	return id_is_sound(check, t->type);
}

static bool section_is_sound(struct check *check, const struct btf_type *t)
{
	const struct btf_var_secinfo *var = btf_var_secinfos(t);
	const struct btf_type *type;

	for (int i = 0; i < btf_vlen(t); i++) {
		if (!id_is_sound(check, var[i].type))
			return false;
		type = btf__type_by_id(check->btf, var[i].type);
		if (!btf_is_var(type) && !btf_is_func(type))
			return wrong(check, "a section holds what is no variable");
	}
	return true;
}

static bool size_is_sound(struct check *check, __u32 size, __u32 largest)
{
	return (size && size <= largest && !(size & (size - 1))) ||
	       wrong(check, "it has an impossible size");
}

static bool kind_is_sound(struct check *check, const struct btf_type *t, int height)
{
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		return size_is_sound(check, t->size, 16);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return size_is_sound(check, t->size, 8) && enum_is_sound(check, t);
	case BTF_KIND_ARRAY:
		return id_is_sound(check, btf_array(t)->index_type) &&
		       holds_sound(check, btf_array(t)->type, height);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return members_are_sound(check, t, height);
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_VAR:
		return holds_sound(check, t->type, height);
	case BTF_KIND_FUNC:
		return id_is_sound(check, t->type) &&
		       (btf_is_func_proto(btf__type_by_id(check->btf, t->type)) ||
			wrong(check, "it is a function of a type that is none"));
	case BTF_KIND_FUNC_PROTO:
		return params_are_sound(check, t);
	case BTF_KIND_DATASEC:
		return section_is_sound(check, t);
	case BTF_KIND_PTR:
	case BTF_KIND_DECL_TAG:
		return id_is_sound(check, t->type);
	default: /* FWD, FLOAT: a name alone */
		return true;
	}
}

/* Whether type @id is sound, and all that a value of it holds. */
static bool holds_sound(struct check *check, __u32 id, int height)
{
	const struct btf_type *t;

	if (!id_is_sound(check, id))
		return false;
	if (!id || check->seen[id] == SOUND)
		return true;
	if (check->seen[id] == OPEN)
		return wrong(check, "it holds itself");
	if (height == MAX_HEIGHT)
		return wrong(check, "it is nested too deeply");
	check->seen[id] = OPEN;
	t = btf__type_by_id(check->btf, id);
	if (!name_is_sound(check, t->name_off) || !kind_is_sound(check, t, height + 1))
		return false;
	check->seen[id] = SOUND;
	return true;
}

int check_object_btf(const char *path)
{
	struct btf *btf = btf__parse_elf(path, NULL);
	struct check check = {.btf = btf};
	int status = 0;

	if (!btf)
		return 0; /* it has none, or libbpf sees what is wrong */
	check.seen = calloc(btf__type_cnt(btf), 1);
	if (!check.seen)
		status = fail("%s: out of memory; free some and run it again", path);
	for (__u32 id = 1; !status && id < btf__type_cnt(btf); id++)
		if (!holds_sound(&check, id, 0))
			status = fail("%s: its types are damaged: type %u: %s; compile it again "
				      "with clang -target bpf -g -c",
				      path, id, check.why);
	free(check.seen);
	btf__free(btf);
	return status;
}
