/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* FUNC, whose vlen is its linkage, and FUNC_PROTO. */
#include "btf/parse.h"

static int func_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	if (btf_vlen(t) > BTF_FUNC_GLOBAL)
		return btf_invalid(env, id, "linkage %u is neither static nor global", btf_vlen(t));
	return 0;
}

static int func_resolve(struct btf_verifier_env *env, struct btf_vertex *v)
{
	const struct btf_type *proto = btf_type_by_id(env->btf, v->t->type);
	const struct btf_param *params;
	u32 i;

	if (!proto || !btf_type_is_func_proto(proto))
		return btf_invalid(env, v->id, "type %u is no FUNC_PROTO", v->t->type);
	/* Any number of functions may share a prototype: looking at it once keeps this linear. */
	if (!btf_has_names(env, v->t->type)) {
		params = btf_params(proto);
		for (i = 0; i < btf_vlen(proto); i++)
			if (!params[i].name_off && params[i].type)
				return btf_invalid(env, v->id, "argument %u has no name", i + 1);
		btf_set_has_names(env, v->t->type);
	}
	btf_resolve_done(env, v->t->type, 0);
	return 0;
}

/* Can a value be of type @id? */
static int check_value(struct btf_verifier_env *env, u32 id, const char *what, u32 value_id)
{
	const struct btf_type *t = btf_type_by_id(env->btf, value_id);
	u32 sized = value_id;
	int err;

	if (!t || btf_is_source_only(t))
		return btf_invalid(env, id, "%s of type %u, which is none", what, value_id);
	err = btf_resolve(env, value_id);
	if (err)
		return err;
	if (!btf_type_id_size(env->btf, &sized, NULL))
		return btf_invalid(env, id, "%s of type %u, which has no size", what, value_id);
	return 0;
}

int btf_func_proto_check(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	const struct btf_param *params = btf_params(t);
	u32 i, nr = btf_vlen(t);
	int err;

	if (t->type) {
		err = check_value(env, id, "a result", t->type);
		if (err)
			return err;
	}
	/* void at the end: variable arguments. */
	if (nr && !params[nr - 1].type) {
		if (params[nr - 1].name_off)
			return btf_invalid(env, id, "argument %u is void, and has a name", nr);
		nr--;
	}
	for (i = 0; i < nr; i++) {
		u32 name_off = params[i].name_off;

		if (name_off && (!btf_name_offset_valid(env->btf, name_off) ||
				 !btf_name_valid_identifier(env->btf, name_off)))
			return btf_invalid(env, id, "the name of argument %u is no identifier",
					   i + 1);
		err = check_value(env, id, "an argument", params[i].type);
		if (err)
			return err;
	}
	return 0;
}

const struct btf_kind_operations btf_func_ops = {
	.name = "FUNC",
	.name_rule = NAME_IDENTIFIER,
	.has_vlen = true,
	.check_meta = func_check_meta,
	.resolve = func_resolve,
};

const struct btf_kind_operations btf_func_proto_ops = {
	.name = "FUNC_PROTO",
	.extra_each = sizeof(struct btf_param),
	.name_rule = NAME_NONE,
	.has_vlen = true,
};
