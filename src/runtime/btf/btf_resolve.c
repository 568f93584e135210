/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * References between types: a depth-first walk with a stack of its own. A type is on the stack
 * while what it refers to is being resolved; meeting it again there is a loop. Each type is
 * resolved once, so that all of it takes time in the number of references (kernel: btf_resolve).
 */
#include "btf/parse.h"

enum visit_state {
	NOT_VISITED,
	VISITED,
	RESOLVED,
	HAS_NAMES, /* of a FUNC_PROTO, which is never on the stack */
};

static bool is_sink(const struct btf_verifier_env *env, const struct btf_type *t)
{
	const struct btf_kind_operations *ops = btf_kind_ops(btf_kind(t));

	switch (env->mode) {
	case RESOLVE_PTR:
		return !btf_is_modifier(t) && !btf_type_is_ptr(t);
	case RESOLVE_STRUCT_OR_ARRAY:
		return !btf_is_modifier(t) && !btf_type_is_struct(t) &&
		       btf_kind(t) != BTF_KIND_ARRAY;
	case RESOLVE_TBD:
		break;
	}
	return !ops || !ops->resolve;
}

static int push(struct btf_verifier_env *env, u32 id)
{
	const struct btf_type *t = btf_type_by_id(env->btf, id);
	u8 *state = &env->visit_states[id - env->btf->start_id];

	if (env->depth == MAX_RESOLVE_DEPTH) {
		btf_invalid(env, id, "at the end of a chain of more than %u types",
			    MAX_RESOLVE_DEPTH);
		return -E2BIG;
	}
	if (*state != NOT_VISITED) {
		btf_invalid(env, id, "contains itself");
		return -EEXIST;
	}
	*state = VISITED;
	env->stack[env->depth++] = (struct btf_vertex){.id = id, .t = t};
	if (env->mode == RESOLVE_TBD) {
		if (btf_type_is_ptr(t))
			env->mode = RESOLVE_PTR;
		else if (btf_type_is_struct(t) || btf_kind(t) == BTF_KIND_ARRAY)
			env->mode = RESOLVE_STRUCT_OR_ARRAY;
	}
	return 0;
}

bool btf_is_resolved(const struct btf_verifier_env *env, u32 id)
{
	return id < env->btf->start_id || env->visit_states[id - env->btf->start_id] == RESOLVED;
}

bool btf_has_names(const struct btf_verifier_env *env, u32 id)
{
	return id >= env->btf->start_id && env->visit_states[id - env->btf->start_id] == HAS_NAMES;
}

void btf_set_has_names(struct btf_verifier_env *env, u32 id)
{
	if (id >= env->btf->start_id)
		env->visit_states[id - env->btf->start_id] = HAS_NAMES;
}

int btf_await(struct btf_verifier_env *env, u32 id)
{
	int err;

	if (is_sink(env, btf_type_by_id(env->btf, id)) || btf_is_resolved(env, id))
		return 0;
	err = push(env, id);
	return err ? err : 1;
}

void btf_resolve_done(struct btf_verifier_env *env, u32 resolved_id, u32 resolved_size)
{
	u32 at = env->stack[--env->depth].id - env->btf->start_id;

	env->btf->lookup->resolved_ids[at] = resolved_id;
	env->btf->lookup->resolved_sizes[at] = resolved_size;
	env->visit_states[at] = RESOLVED;
}

int btf_resolve(struct btf_verifier_env *env, u32 id)
{
	struct btf_vertex *v;
	int err;

	env->mode = RESOLVE_TBD;
	err = btf_await(env, id);
	while (err >= 0 && env->depth) {
		v = &env->stack[env->depth - 1];
		err = btf_kind_ops(btf_kind(v->t))->resolve(env, v);
	}
	return err < 0 ? err : 0;
}

/* Tags come right behind the pointer: nothing else stands between it and a tag. */
static int check_type_tag(struct btf_verifier_env *env, u32 id, const struct btf_type *t)
{
	const struct btf_type *next;

	if (!btf_is_modifier(t) || btf_kind(t) == BTF_KIND_TYPE_TAG)
		return 0;
	next = btf_type_by_id(env->btf, t->type);
	if (btf_kind(next) == BTF_KIND_TYPE_TAG)
		return btf_invalid(env, id, "type tag %u must come before it", t->type);
	return 0;
}

int btf_resolve_all(struct btf_verifier_env *env)
{
	u32 id, first = max_of(env->btf->start_id, 1u), end = btf_nr_types(env->btf);
	const struct btf_type *t;
	int err;

	for (id = first; id < end; id++) {
		t = btf_type_by_id(env->btf, id);
		err = btf_resolve(env, id);
		if (!err && btf_type_is_func_proto(t))
			err = btf_func_proto_check(env, id, t);
		if (err)
			return err;
	}
	for (id = first; id < end; id++) {
		err = check_type_tag(env, id, btf_type_by_id(env->btf, id));
		if (err)
			return err;
	}
	return 0;
}
