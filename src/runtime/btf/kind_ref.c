/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Kinds that are another type with something added, pointers, and forward declarations. */
#include "btf/parse.h"

static int ref_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	if (!btf_type_id_in_range(t->type))
		return btf_invalid(env, id, "refers to type %u, beyond any", t->type);
	return 0;
}

/*
 * What has no size may be named and pointed to, if it is void, a declaration or a prototype. A FUNC
 * that is resolved already counts as its prototype: Linux has it so, and clang's output does not
 * depend on it.
 */
static int ref_target(struct btf_verifier_env *env, u32 id, u32 *target)
{
	u32 found = *target;
	const struct btf_type *t = btf_type_id_size(env->btf, &found, NULL);

	if (!t) {
		found = *target;
		if (btf_is_resolved(env, found))
			found = btf_resolved_id(env->btf, found);
		t = btf_type_by_id(env->btf, found);
		if (!btf_type_is_void(t) && btf_kind(t) != BTF_KIND_FWD &&
		    !btf_type_is_func_proto(t))
			return btf_invalid(env, id, "refers to type %u, which has no size",
					   *target);
	}
	*target = found;
	return 0;
}

static int ref_resolve(struct btf_verifier_env *env, struct btf_vertex *v)
{
	const struct btf_type *target = btf_type_by_id(env->btf, v->t->type);
	u32 target_id = v->t->type;
	int err;

	if (!target || btf_is_source_only(target))
		return btf_invalid(env, v->id, "refers to type %u, which is none", target_id);
	err = btf_await(env, target_id);
	if (err)
		return err;
	/* A modifier that was resolved for a structure has stopped at the pointer behind it. */
	if (btf_type_is_ptr(v->t) && btf_is_modifier(target)) {
		u32 behind = btf_resolved_id(env->btf, target_id);

		if (btf_type_is_ptr(btf_type_by_id(env->btf, behind))) {
			err = btf_await(env, behind);
			if (err)
				return err;
		}
	}
	err = ref_target(env, v->id, &target_id);
	if (err)
		return err;
	btf_resolve_done(env, target_id, 0);
	return 0;
}

static int modifier_check_member(struct btf_verifier_env *env, const struct btf_place *place,
				 u32 id, const struct btf_type *t)
{
	const struct btf_type *resolved = btf_type_id_size(env->btf, &id, NULL);
	const struct btf_kind_operations *ops = resolved ? btf_kind_ops(btf_kind(resolved)) : NULL;

	if (!ops || !ops->check_member)
		return btf_invalid_member(env, place, "no type for a member");
	return ops->check_member(env, place, id, resolved);
}

static int ptr_check_member(struct btf_verifier_env *env, const struct btf_place *place, u32 id,
			    const struct btf_type *t)
{
	return btf_check_bytes_member(env, place, sizeof(void *));
}

static int fwd_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	if (t->type)
		return btf_invalid(env, id, "a declaration with type %u", t->type);
	return 0;
}

#define MODIFIER(label, rule, kflag)                                                               \
	{                                                                                          \
		.name = label, .name_rule = rule, .has_kflag = kflag,                              \
		.check_meta = ref_check_meta, .resolve = ref_resolve,                              \
		.check_member = modifier_check_member,                                             \
	}

const struct btf_kind_operations btf_typedef_ops = MODIFIER("TYPEDEF", NAME_IDENTIFIER, false);
const struct btf_kind_operations btf_const_ops = MODIFIER("CONST", NAME_NONE, false);
const struct btf_kind_operations btf_volatile_ops = MODIFIER("VOLATILE", NAME_NONE, false);
const struct btf_kind_operations btf_restrict_ops = MODIFIER("RESTRICT", NAME_NONE, false);
/* kflag: the tag is an attribute, not a btf_type_tag. */
const struct btf_kind_operations btf_type_tag_ops = MODIFIER("TYPE_TAG", NAME_NOT_EMPTY, true);

const struct btf_kind_operations btf_ptr_ops = {
	.name = "PTR",
	.name_rule = NAME_NONE,
	.check_meta = ref_check_meta,
	.resolve = ref_resolve,
	.check_member = ptr_check_member,
};

const struct btf_kind_operations btf_fwd_ops = {
	.name = "FWD",
	.name_rule = NAME_IDENTIFIER,
	.has_kflag = true,
	.check_meta = fwd_check_meta,
};
