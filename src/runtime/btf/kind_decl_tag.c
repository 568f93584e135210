/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* DECL_TAG: a text on a declaration, or on one of its members or arguments. */
#include "btf/parse.h"

static s32 component(const struct btf_type *t)
{
	return ((const struct btf_decl_tag *)(const void *)(t + 1))->component_idx;
}

static int decl_tag_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	if (component(t) < -1)
		return btf_invalid(env, id, "on component %d", component(t));
	return 0;
}

static int decl_tag_resolve(struct btf_verifier_env *env, struct btf_vertex *v)
{
	const struct btf_type *t = btf_type_by_id(env->btf, v->t->type);
	s32 idx = component(v->t);
	u32 nr = 0;
	int err;

	if (!t || !(btf_type_is_struct(t) || btf_type_is_func(t) || btf_kind(t) == BTF_KIND_VAR ||
		    btf_kind(t) == BTF_KIND_TYPEDEF))
		return btf_invalid(env, v->id, "type %u cannot be tagged", v->t->type);
	err = btf_await(env, v->t->type);
	if (err)
		return err;
	if (btf_type_is_struct(t))
		nr = btf_vlen(t);
	else if (btf_type_is_func(t))
		nr = btf_vlen(btf_type_by_id(env->btf, t->type));
	if (idx != -1 && (u32)idx >= nr)
		return btf_invalid(env, v->id, "on component %d of type %u, which has %u", idx,
				   v->t->type, nr);
	btf_resolve_done(env, v->t->type, 0);
	return 0;
}

const struct btf_kind_operations btf_decl_tag_ops = {
	.name = "DECL_TAG",
	.extra = sizeof(struct btf_decl_tag),
	.name_rule = NAME_NOT_EMPTY,
	.has_kflag = true,
	.check_meta = decl_tag_check_meta,
	.resolve = decl_tag_resolve,
};
