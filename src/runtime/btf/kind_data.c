/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* VAR, a variable, and DATASEC, the section it lies in. */
#include "btf/parse.h"

static int var_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	const struct btf_var *var = (const void *)(t + 1);

	if (!t->type || !btf_type_id_in_range(t->type))
		return btf_invalid(env, id, "no variable of type %u", t->type);
	if (var->linkage != BTF_VAR_STATIC && var->linkage != BTF_VAR_GLOBAL_ALLOCATED)
		return btf_invalid(env, id, "linkage %u is neither static nor global",
				   var->linkage);
	return 0;
}

static int var_resolve(struct btf_verifier_env *env, struct btf_vertex *v)
{
	const struct btf_type *t = btf_type_by_id(env->btf, v->t->type);
	u32 id = v->t->type;
	int err;

	if (!t || btf_is_source_only(t))
		return btf_invalid(env, v->id, "no variable of type %u", id);
	err = btf_await(env, id);
	if (err)
		return err;
	if (btf_is_modifier(t)) {
		u32 behind = btf_resolved_id(env->btf, id);

		if (btf_type_is_ptr(btf_type_by_id(env->btf, behind))) {
			err = btf_await(env, behind);
			if (err)
				return err;
		}
	}
	if (!btf_type_id_size(env->btf, &id, NULL))
		return btf_invalid(env, v->id, "type %u has no size", v->t->type);
	btf_resolve_done(env, id, 0);
	return 0;
}

static int datasec_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	const struct btf_var_secinfo *var = btf_var_secinfos(t);
	u64 end = 0;
	u32 i;

	if (!t->size)
		return btf_invalid(env, id, "is empty");
	for (i = 0; i < btf_vlen(t); i++, var++) {
		if (!var->type || !btf_type_id_in_range(var->type))
			return btf_invalid(env, id, "variable %u has type %u", i, var->type);
		if (var->offset < end || var->offset >= t->size)
			return btf_invalid(env, id,
					   "variable %u at %u: beyond the section, or "
					   "before the end of the variable before it",
					   i, var->offset);
		end = (u64)var->offset + var->size;
		if (!var->size || end > t->size)
			return btf_invalid(env, id, "variable %u of %u bytes at %u does not fit", i,
					   var->size, var->offset);
	}
	return 0;
}

static int datasec_resolve(struct btf_verifier_env *env, struct btf_vertex *v)
{
	const struct btf_var_secinfo *var;
	const struct btf_type *t;
	u32 id, size;
	int err;

	for (; v->next < btf_vlen(v->t); v->next++) {
		var = &btf_var_secinfos(v->t)[v->next];
		t = btf_type_by_id(env->btf, var->type);
		if (!t || btf_kind(t) != BTF_KIND_VAR)
			return btf_invalid(env, v->id, "type %u is no VAR", var->type);
		err = btf_await(env, var->type);
		if (err)
			return err;
		id = t->type;
		if (!btf_type_id_size(env->btf, &id, &size))
			return btf_invalid(env, v->id, "variable %u has no size", var->type);
		if (var->size < size)
			return btf_invalid(env, v->id, "variable %u needs %u bytes, not %u",
					   var->type, size, var->size);
	}
	btf_resolve_done(env, 0, 0);
	return 0;
}

const struct btf_kind_operations btf_var_ops = {
	.name = "VAR",
	.extra = sizeof(struct btf_var),
	.name_rule = NAME_IDENTIFIER,
	.check_meta = var_check_meta,
	.resolve = var_resolve,
};

const struct btf_kind_operations btf_datasec_ops = {
	.name = "DATASEC",
	.extra_each = sizeof(struct btf_var_secinfo),
	.name_rule = NAME_SECTION,
	.has_vlen = true,
	.check_meta = datasec_check_meta,
	.resolve = datasec_resolve,
};
