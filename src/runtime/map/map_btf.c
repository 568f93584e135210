/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What BTF says of a map's keys and values (kernel: map_check_btf, btf_parse_fields).
 *
 * Fields that the kernel gives a meaning of their own are looked for in whatever the value holds,
 * at any depth; a type is looked at once, so that the work is bounded by the number of types.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btf.h"
#include "map/map_create.h"

static const char *const special_types[] = {
	"bpf_res_spin_lock", "bpf_timer",   "bpf_wq",	   "bpf_task_work", "bpf_list_head",
	"bpf_list_node",     "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
};

static const char *const special_tags[] = {"kptr_untrusted", "kptr", "percpu_kptr", "uptr"};

static bool name_in(const char *name, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static bool is_special(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_type *to;

	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
		return name_in(btf_type_name(btf, t), special_types, ARRAY_SIZE(special_types));
	case BTF_KIND_PTR:
		to = btf_type_by_id(btf, t->type);
		return to && btf_kind(to) == BTF_KIND_TYPE_TAG &&
		       name_in(btf_type_name(btf, to), special_tags, ARRAY_SIZE(special_tags));
	default:
		return false;
	}
}

/* Types still to be looked at, each at most once in its life. */
struct type_queue {
	const struct btf *btf;
	u32 *ids;
	u32 nr;
	u8 *seen;
};

static void push(struct type_queue *queue, u32 id)
{
	if (id >= btf_nr_types(queue->btf) || queue->seen[id])
		return;
	queue->seen[id] = 1;
	queue->ids[queue->nr++] = id;
}

/* What a value of type @t contains; a pointer's target is none of it. */
static void push_parts(struct type_queue *queue, const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (u32 i = 0; i < btf_vlen(t); i++)
			push(queue, btf_members(t)[i].type);
		break;
	case BTF_KIND_DATASEC:
		for (u32 i = 0; i < btf_vlen(t); i++)
			push(queue, btf_var_secinfos(t)[i].type);
		break;
	case BTF_KIND_ARRAY:
		push(queue, btf_array(t)->type);
		break;
	case BTF_KIND_VAR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		push(queue, t->type);
		break;
	}
}

static int refuse_special_fields(const struct btf *btf, u32 value_id)
{
	struct type_queue queue = {.btf = btf};
	u32 nr_types = btf_nr_types(btf);
	int err = -ENOMEM;

	queue.ids = calloc(nr_types, sizeof(*queue.ids));
	queue.seen = calloc(nr_types, sizeof(*queue.seen));
	if (!queue.ids || !queue.seen)
		goto out;
	err = 0;
	push(&queue, value_id);
	while (queue.nr && !err) {
		const struct btf_type *t = btf_type_by_id(btf, queue.ids[--queue.nr]);

		if (is_special(btf, t))
			err = -EOPNOTSUPP;
		else
			push_parts(&queue, t);
	}
out:
	free(queue.ids);
	free(queue.seen);
	return err;
}

/* --- the lock --------------------------------------------------------------------------------- */

#define MAX_DEPTH 16
#define MAX_MEMBERS 10000 /* looked at: types may be used many times over */

struct lock_search {
	const struct btf *btf;
	u32 size; /* of the value */
	u32 members;
	u32 found;
	u32 off;
};

static bool is_spin_lock(const struct btf *btf, const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_STRUCT && t->size == sizeof(struct bpf_spin_lock) &&
	       !strcmp(btf_type_name(btf, t), "bpf_spin_lock");
}

/* A member of a structure, at @off: the lock, one of a structure that it is, or an array of one. A
 * lock in a union, or one of several in an array, is plain data to Linux, too. */
static int find_in_member(struct lock_search *search, u32 id, u64 off, u32 depth)
{
	const struct btf *btf = search->btf;
	const struct btf_type *t = btf_type_by_id(btf, id);
	int err = 0;

	if (!t)
		return 0;
	if (depth > MAX_DEPTH || search->members++ > MAX_MEMBERS)
		return -E2BIG;
	if (btf_kind(t) == BTF_KIND_ARRAY && btf_array(t)->nelems == 1)
		return find_in_member(search, btf_array(t)->type, off, depth + 1);
	if (is_spin_lock(btf, t)) {
		if (off % sizeof(u32) || off + sizeof(u32) > search->size)
			return 0;
		search->off = off;
		return search->found++ ? -E2BIG : 0;
	}
	if (btf_kind(t) != BTF_KIND_STRUCT)
		return 0;
	for (u32 i = 0; i < btf_vlen(t) && !err; i++)
		err = find_in_member(search, btf_members(t)[i].type,
				     off + btf_member_bit_offset(t, &btf_members(t)[i]) / 8,
				     depth + 1);
	return err;
}

struct btf_record *bpf_map_find_record(const struct bpf_map *map, const struct btf *btf,
				       u32 value_id)
{
	struct lock_search search = {.btf = btf, .size = map->value_size};
	const struct btf_type *value = btf_type_by_id(btf, value_id);
	struct btf_record *record;
	int err = 0;

	/* A value that is nothing but a lock protects nothing. */
	if (btf_kind(value) == BTF_KIND_STRUCT && !is_spin_lock(btf, value))
		err = find_in_member(&search, value_id, 0, 0);
	if (err || !search.found)
		return ERR_PTR(err);
	if (map->map_flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return ERR_PTR(-EACCES);
	if (!map->ops->values_may_lock)
		return ERR_PTR(-EOPNOTSUPP);
	record = calloc(1, sizeof(*record));
	if (!record)
		return ERR_PTR(-ENOMEM);
	record->spin_lock_off = search.off;
	return record;
}

int bpf_map_check_btf(const struct bpf_map *map, const struct btf *btf, u32 key_id, u32 value_id)
{
	const struct btf_type *key = btf_type_by_id(btf, 0);
	const struct btf_type *value;
	u32 size, id = value_id;
	int err;

	if (key_id) {
		key = btf_type_id_size(btf, &key_id, &size);
		if (!key || size != map->key_size)
			return -EINVAL;
	} else if (!map->ops->map_check_btf) {
		return -EINVAL; /* this kind takes no map without a key type */
	}
	value = btf_type_id_size(btf, &id, &size);
	if (!value || size != map->value_size)
		return -EINVAL;
	err = refuse_special_fields(btf, value_id);
	if (!err && map->ops->map_check_btf)
		err = map->ops->map_check_btf(map, btf, key, value);
	return err;
}
