/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* A BTF that is parsed: references, its id, and its types. */
#include <stdlib.h>

#include "base/idr.h"
#include "base/rcu.h"
#include "base/runtime.h"
#include "btf/parse.h"

int btf_alloc_id(struct btf *btf)
{
	struct idr *idr = &btf->rt->btf_idr;
	int id;

	idr_lock(idr);
	id = idr_alloc_cyclic_locked(idr, btf);
	if (id > 0) {
		btf->id = id;
		atomic64_inc(&btf->rt->objects);
	}
	idr_unlock(idr);
	return min_of(id, 0);
}

void btf_get(struct btf *btf)
{
	atomic64_inc(&btf->refcnt);
}

static void free_rcu(struct callback_head *head)
{
	btf_free(container_of(head, struct btf, rcu));
}

void btf_put(struct btf *btf)
{
	if (!btf || !atomic64_dec_and_test(&btf->refcnt))
		return;
	/* Until it is removed it can be found, but a reference can no longer be had. */
	if (btf->id)
		idr_remove(&btf->rt->btf_idr, btf->id);
	call_rcu_head(&btf->rcu, free_rcu);
}

struct btf *btf_get_by_id(struct trek_runtime *rt, u32 id)
{
	struct btf *btf;

	idr_lock(&rt->btf_idr);
	btf = idr_find_locked(&rt->btf_idr, id);
	if (!btf || !atomic64_inc_not_zero(&btf->refcnt))
		btf = ERR_PTR(-ENOENT);
	idr_unlock(&rt->btf_idr);
	return btf;
}

u32 btf_nr_types(const struct btf *btf)
{
	return btf->start_id + btf->nr_types;
}

const struct btf_type *btf_type_by_id(const struct btf *btf, u32 id)
{
	while (id < btf->start_id)
		btf = btf->base_btf;
	id -= btf->start_id;
	return id < btf->nr_types ? btf->types[id] : NULL;
}

const char *btf_name_by_offset(const struct btf *btf, u32 offset)
{
	while (offset < btf->start_str_off)
		btf = btf->base_btf;
	offset -= btf->start_str_off;
	return offset < btf->hdr.str_len ? btf->strings + offset : NULL;
}

const char *btf_type_name(const struct btf *btf, const struct btf_type *t)
{
	return btf_name_by_offset(btf, t->name_off);
}

/* In one step however long the chain: parsing has followed it. */
const struct btf_type *btf_type_skip_modifiers(const struct btf *btf, u32 id, u32 *res_id)
{
	const struct btf_type *t = btf_type_by_id(btf, id);

	if (t && btf_is_modifier(t)) {
		id = btf_resolved_id(btf, id);
		t = btf_type_by_id(btf, id);
	}
	if (res_id)
		*res_id = id;
	return t;
}

const struct btf_type *btf_type_resolve_ptr(const struct btf *btf, u32 id, u32 *res_id)
{
	const struct btf_type *t = btf_type_skip_modifiers(btf, id, NULL);

	if (!t || !btf_type_is_ptr(t))
		return NULL;
	return btf_type_skip_modifiers(btf, t->type, res_id);
}

const struct btf_type *btf_type_id_size(const struct btf *btf, u32 *id, u32 *size)
{
	const struct btf_type *t = btf_type_by_id(btf, *id);
	const struct btf *owner = btf;
	u32 sized = *id, bytes;

	if (t && (btf_is_modifier(t) || btf_kind(t) == BTF_KIND_VAR)) {
		sized = btf_resolved_id(btf, sized);
		t = btf_type_by_id(btf, sized);
	}
	if (!t)
		return NULL;
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
	case BTF_KIND_DATASEC:
		bytes = t->size;
		break;
	case BTF_KIND_PTR:
		bytes = sizeof(void *);
		break;
	case BTF_KIND_ARRAY:
		while (sized < owner->start_id)
			owner = owner->base_btf;
		bytes = owner->lookup->resolved_sizes[sized - owner->start_id];
		break;
	default:
		return NULL;
	}
	*id = sized;
	if (size)
		*size = bytes;
	return t;
}
