/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* ARRAY. Its size in bytes fits u32, whatever it is an array of. */
#include "btf/parse.h"

static int array_check_meta(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	const struct btf_array *array = btf_array(t);

	if (t->size)
		return btf_invalid(env, id, "has a size of its own, %u", t->size);
	if (!array->type || !btf_type_id_in_range(array->type))
		return btf_invalid(env, id, "no elements of type %u", array->type);
	if (!array->index_type || !btf_type_id_in_range(array->index_type))
		return btf_invalid(env, id, "no index of type %u", array->index_type);
	return 0;
}

static int array_resolve(struct btf_verifier_env *env, struct btf_vertex *v)
{
	const struct btf_array *array = btf_array(v->t);
	u32 index_id = array->index_type, elem_id = array->type, size;
	const struct btf_type *t;
	int err;

	t = btf_type_by_id(env->btf, index_id);
	if (!t || btf_is_source_only(t))
		return btf_invalid(env, v->id, "no index of type %u", array->index_type);
	err = btf_await(env, index_id);
	if (err)
		return err;
	t = btf_type_id_size(env->btf, &index_id, NULL);
	if (!t || !btf_type_is_int(t) || !btf_int_is_regular(t))
		return btf_invalid(env, v->id, "no index of type %u", array->index_type);

	t = btf_type_by_id(env->btf, elem_id);
	if (!t || btf_is_source_only(t))
		return btf_invalid(env, v->id, "no elements of type %u", array->type);
	err = btf_await(env, elem_id);
	if (err)
		return err;
	t = btf_type_id_size(env->btf, &elem_id, &size);
	if (!t)
		return btf_invalid(env, v->id, "elements of type %u have no size", array->type);
	if (btf_type_is_int(t) && !btf_int_is_regular(t))
		return btf_invalid(env, v->id, "elements of type %u have padding bits",
				   array->type);
	if (__builtin_mul_overflow(size, array->nelems, &size))
		return btf_invalid(env, v->id, "%u elements are 4 GiB or more", array->nelems);

	btf_resolve_done(env, elem_id, size);
	return 0;
}

static int array_check_member(struct btf_verifier_env *env, const struct btf_place *place, u32 id,
			      const struct btf_type *t)
{
	u32 size = 0;

	btf_type_id_size(env->btf, &id, &size);
	return btf_check_bytes_member(env, place, size);
}

const struct btf_kind_operations btf_array_ops = {
	.name = "ARRAY",
	.extra = sizeof(struct btf_array),
	.name_rule = NAME_NONE,
	.check_meta = array_check_meta,
	.resolve = array_resolve,
	.check_member = array_check_member,
};
