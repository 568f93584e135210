/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What BTF says of a map's keys and values (kernel: map_check_btf, btf_parse_fields).
 *
 * Fields that the kernel gives a meaning of their own, and that values may not have here, are
 * looked for in whatever the value holds, at any depth; a type is looked at once, so that the work
 * is bounded by the number of types. Those that a value may have are found where they are: a lock,
 * and pointers to objects.
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

/* Others are fields that values may have: see add_kptr(). */
static const char *const special_tags[] = {"percpu_kptr", "uptr"};

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

/* --- the fields that a value may have --------------------------------------------------------- */

#define MAX_DEPTH 16
#define MAX_MEMBERS 10000 /* looked at: types may be used many times over */
#define MAX_DTORS 8

/* Structures that values may hold. */
static struct dtor {
	const char *name;
	void (*func)(void *object);
} dtors[MAX_DTORS];

void bpf_map_register_dtor(const char *name, void (*dtor)(void *object))
{
	u32 i = 0;

	while (dtors[i].name)
		i++;
	dtors[i] = (struct dtor){name, dtor};
}

static void (*find_dtor(const char *name))(void *object)
{
	for (u32 i = 0; i < MAX_DTORS && dtors[i].name; i++)
		if (!strcmp(dtors[i].name, name))
			return dtors[i].func;
	return NULL;
}

struct field_search {
	const struct btf *btf;
	const struct btf *vmlinux;
	u32 size; /* of the value */
	u32 members;
	bool no_lock; /* one would be plain data */
	struct btf_record found;
};

static bool is_spin_lock(const struct btf *btf, const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_STRUCT && t->size == sizeof(struct bpf_spin_lock) &&
	       !strcmp(btf_type_name(btf, t), "bpf_spin_lock");
}

static int add_field(struct field_search *search, const struct btf_field *field)
{
	struct btf_record *found = &search->found;
	const struct btf_field *last = found->nr ? &found->fields[found->nr - 1] : NULL;

	if (last && field->off < last->off + last->size)
		return -EEXIST;
	if (found->nr == BTF_FIELDS_MAX)
		return -E2BIG;
	found->fields[found->nr++] = *field;
	return 0;
}

static int add_lock(struct field_search *search, u64 off)
{
	struct btf_field field = {.type = BPF_SPIN_LOCK, .off = off, .size = sizeof(u32)};

	if (search->no_lock || off % sizeof(u32) || off + sizeof(u32) > search->size)
		return 0;
	if (search->found.spin_lock_off >= 0)
		return -E2BIG;
	search->found.spin_lock_off = (s32)off;
	return add_field(search, &field);
}

/*
 * A pointer with one tag, to a structure: of the built-in types, or of the program's own, which
 * stands for the built-in one of its name. (Of its own, too, in Linux, where programs allocate.)
 * Any other one is plain data.
 */
static int add_kptr(struct field_search *search, const struct btf_type *ptr, u64 off)
{
	const struct btf *btf = search->btf;
	const struct btf_type *tag = btf_type_by_id(btf, ptr->type), *to;
	struct btf_field field = {.off = off, .size = sizeof(u64)};
	s32 id;

	if (!tag || btf_kind(tag) != BTF_KIND_TYPE_TAG)
		return 0;
	if (!strcmp(btf_type_name(btf, tag), "kptr"))
		field.type = BPF_KPTR_REF;
	else if (!strcmp(btf_type_name(btf, tag), "kptr_untrusted"))
		field.type = BPF_KPTR_UNREF;
	else
		return 0;
	to = btf_type_by_id(btf, tag->type);
	if (!to || btf_kind(to) == BTF_KIND_TYPE_TAG)
		return 0;
	to = btf_type_skip_modifiers(btf, tag->type, NULL);
	if (!to || btf_kind(to) != BTF_KIND_STRUCT || off % sizeof(u64) ||
	    off + sizeof(u64) > search->size)
		return 0;
	id = search->vmlinux ? btf_find_by_name_kind(search->vmlinux, btf_type_name(btf, to),
						     BTF_KIND_STRUCT)
			     : -ENOENT;
	if (id < 0)
		return -EOPNOTSUPP;
	field.btf_id = id;
	if (field.type == BPF_KPTR_REF) {
		field.dtor = find_dtor(btf_type_name(btf, to));
		if (!field.dtor)
			return -ENOENT;
	}
	return add_field(search, &field);
}

static int find_in_type(struct field_search *search, u32 id, u64 off, u32 depth);

/* A lock that is one of several is plain data to Linux, too. */
static int find_in_array(struct field_search *search, const struct btf_type *t, u64 off, u32 depth)
{
	const struct btf_array *array = btf_array(t);
	const bool no_lock = search->no_lock;
	u32 id = array->type, size, before;
	int err = 0;

	if (!btf_type_id_size(search->btf, &id, &size))
		return 0;
	if (array->nelems != 1)
		search->no_lock = true;
	for (u32 i = 0; i < array->nelems && !err; i++) {
		before = search->found.nr;
		err = find_in_type(search, array->type, off + (u64)i * size, depth);
		if (search->found.nr == before)
			break; /* nor is there one in the others */
	}
	search->no_lock = no_lock;
	return err;
}

/* What a value is, or a member of it, at @off, with what is in it. What is in a union is plain
 * data. */
static int find_in_type(struct field_search *search, u32 id, u64 off, u32 depth)
{
	const struct btf *btf = search->btf;
	const struct btf_type *t = btf_type_by_id(btf, id);
	int err = 0;

	if (!t)
		return 0;
	if (depth > MAX_DEPTH || search->members++ > MAX_MEMBERS)
		return -E2BIG;
	if (is_spin_lock(btf, t))
		return add_lock(search, off);
	switch (btf_kind(t)) {
	case BTF_KIND_PTR:
		return add_kptr(search, t, off);
	case BTF_KIND_ARRAY:
		return find_in_array(search, t, off, depth + 1);
	case BTF_KIND_STRUCT:
		for (u32 i = 0; i < btf_vlen(t) && !err; i++)
			err = find_in_type(search, btf_members(t)[i].type,
					   off + btf_member_bit_offset(t, &btf_members(t)[i]) / 8,
					   depth + 1);
	}
	return err;
}

/* Variables: one of them may be a pointer. */
static int find_in_section(struct field_search *search, const struct btf_type *t)
{
	const struct btf_type *var;
	int err = 0;

	search->no_lock = true;
	for (u32 i = 0; i < btf_vlen(t) && !err; i++) {
		var = btf_type_by_id(search->btf, btf_var_secinfos(t)[i].type);
		if (var && btf_kind(var) == BTF_KIND_VAR)
			err = find_in_type(search, var->type, btf_var_secinfos(t)[i].offset, 0);
	}
	return err;
}

/* -EACCES, -EOPNOTSUPP: not in this map. */
static int check_record(const struct bpf_map *map, const struct btf_record *record)
{
	if (map->map_flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return -EACCES;
	if (record->spin_lock_off >= 0 && !map->ops->values_may_lock)
		return -EOPNOTSUPP;
	if (record->nr > (record->spin_lock_off >= 0) && !map->ops->values_may_hold)
		return -EOPNOTSUPP;
	return 0;
}

struct btf_record *bpf_map_find_record(const struct bpf_map *map, const struct btf *btf,
				       u32 value_id)
{
	struct field_search search = {.btf = btf, .vmlinux = map->rt->vmlinux};
	const struct btf_type *value = btf_type_by_id(btf, value_id);
	struct btf_record *record;
	int err = 0;

	search.size = map->value_size;
	search.found.spin_lock_off = -1;
	/* A value that is nothing but a lock protects nothing. */
	if (btf_kind(value) == BTF_KIND_DATASEC)
		err = find_in_section(&search, value);
	else if (btf_kind(value) == BTF_KIND_STRUCT && !is_spin_lock(btf, value))
		err = find_in_type(&search, value_id, 0, 0);
	if (err || !search.found.nr)
		return ERR_PTR(err);
	err = check_record(map, &search.found);
	if (err)
		return ERR_PTR(err);
	record = calloc(1, sizeof(*record));
	if (!record)
		return ERR_PTR(-ENOMEM);
	*record = search.found;
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
