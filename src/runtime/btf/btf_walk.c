/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What lies at an offset of a structure: the rules by which loads through BTF pointers are typed
 * (kernel: btf_struct_walk, btf_struct_access). A load may not cross the end of a member, but may
 * take part of a number; of a pointer all of it is taken or nothing. Structures that contain
 * themselves do not parse, so going down comes to an end.
 */
#include <errno.h>
#include <string.h>

#include "base/func.h"
#include "btf/lookup.h"

struct walk {
	const struct btf *btf;
	const struct btf_type *t; /* the structure the walk is in */
	u32 off;		  /* in @t */
	u32 size;
	u32 flags; /* enum bpf_type_flag */
	struct bpf_verifier_log *log;
};

/* A member, or one element of an array member. */
struct field {
	const char *name;
	const struct btf_type *t; /* modifiers skipped */
	u32 id;			  /* of @t */
	u32 off;
	u64 end; /* of the member: for an element, of the whole array */
};

#define refuse(walk, err, fmt, ...)                                                                \
	({                                                                                         \
		if ((walk)->log && (walk)->log->level)                                             \
			bpf_log((walk)->log, "%u bytes at %u of struct %s: " fmt "\n",             \
				(walk)->size, (walk)->off, btf_type_name((walk)->btf, (walk)->t),  \
				##__VA_ARGS__);                                                    \
		-(err);                                                                            \
	})

/*
 * Beyond the end there can only be the elements of a flexible array, of numbers or structures. 0:
 * the walk goes on in an element; WALK_SCALAR + 1: it is a number; -errno.
 */
static int enter_flexible_array(struct walk *walk, const char **name)
{
	const struct btf_member *last;
	const struct btf_type *t;
	u32 off;

	if (!btf_vlen(walk->t))
		goto beyond;
	last = &btf_members(walk->t)[btf_vlen(walk->t) - 1];
	off = btf_member_bit_offset(walk->t, last) / 8;
	t = btf_type_skip_modifiers(walk->btf, last->type, NULL);
	if (btf_kind(t) != BTF_KIND_ARRAY || btf_array(t)->nelems || walk->off < off)
		goto beyond;
	t = btf_type_skip_modifiers(walk->btf, btf_array(t)->type, NULL);
	*name = btf_name_by_offset(walk->btf, last->name_off);
	if (btf_type_is_int(t))
		return WALK_SCALAR + 1;
	if (!btf_type_is_struct(t) || !t->size)
		goto beyond;
	walk->off = (walk->off - off) % t->size;
	walk->t = t;
	return 0;
beyond:
	return refuse(walk, EACCES, "beyond its end, it has %u", walk->t->size);
}

/* The element of @field, an array, that holds offset @off: of several dimensions, all at once. */
static void enter_array(const struct btf *btf, struct field *field, u32 off)
{
	u32 size;

	while (btf_kind(field->t) == BTF_KIND_ARRAY)
		field->t = btf_type_skip_modifiers(btf, btf_array(field->t)->type, &field->id);
	/* Not 0: there is a byte at @off. */
	size = field->t->size;
	if (btf_type_is_ptr(field->t))
		size = sizeof(void *);
	field->off += (off - field->off) / size * size;
}

/*
 * Find the member that the walk's first byte is in. 1: @field; 0: a bitfield, all of which is
 * loaded; -EINVAL: a hole.
 */
static int find_field(struct walk *walk, struct field *field)
{
	const struct btf_type *t = walk->t;
	const struct btf_member *m = btf_members(t);
	u32 i, bit_off, bits, size, id;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		bit_off = btf_member_bit_offset(t, m);
		field->name = btf_name_by_offset(walk->btf, m->name_off);
		field->off = bit_off / 8;
		if ((u64)walk->off + walk->size <= field->off)
			break;
		bits = btf_member_bitfield_size(t, m);
		if (bits) {
			/* "<=": unnamed bitfields before it are not in the BTF. */
			if (walk->off <= field->off &&
			    (bit_off + bits + 7) / 8 <= walk->off + walk->size)
				return 0;
			continue;
		}
		if (walk->off < field->off)
			break;
		id = m->type;
		field->t = btf_type_id_size(walk->btf, &id, &size);
		field->id = id;
		field->end = (u64)field->off + size;
		if (walk->off < field->end) {
			if (btf_kind(field->t) == BTF_KIND_ARRAY)
				enter_array(walk->btf, field, walk->off);
			return 1;
		}
	}
	return refuse(walk, EINVAL, "there is no member");
}

/* The structure that pointer @t points to; a declaration counts as the definition of its name. */
static bool points_to_struct(const struct btf *btf, const struct btf_type *t, u32 *id)
{
	const struct btf_type *to = btf_type_skip_modifiers(btf, t->type, id);
	s32 found;

	if (btf_type_is_struct(to))
		return true;
	if (btf_kind(to) != BTF_KIND_FWD)
		return false;
	found = btf_find_by_name_kind(btf, btf_type_name(btf, to),
				      btf_kflag(to) ? BTF_KIND_UNION : BTF_KIND_STRUCT);
	if (found < 0)
		return false;
	*id = found;
	return true;
}

static int walk_pointer(struct walk *walk, const struct field *field, struct btf_walk *res)
{
	const struct btf_type *tag = btf_type_by_id(walk->btf, field->t->type);
	u32 flag = 0;

	if (walk->off != field->off || walk->size != sizeof(void *))
		return refuse(walk, EACCES, "pointer %s at %u is loaded whole, or not at all",
			      field->name, field->off);
	if (btf_kind(tag) == BTF_KIND_TYPE_TAG && !btf_kflag(tag)) {
		const char *text = btf_type_name(walk->btf, tag);

		if (!strcmp(text, "user"))
			flag = MEM_USER;
		else if (!strcmp(text, "percpu"))
			flag = MEM_PERCPU;
		else if (!strcmp(text, "rcu"))
			flag = MEM_RCU;
	}
	if (!points_to_struct(walk->btf, field->t, &res->next_id))
		return WALK_PTR_UNTRUSTED;
	res->tags = walk->flags | flag;
	return WALK_PTR;
}

int btf_struct_walk(const struct btf *btf, const struct btf_type *t, u32 off, u32 size,
		    struct btf_walk *res, struct bpf_verifier_log *log)
{
	struct walk walk = {btf, t, off, max_of(size, 1u), 0, log};
	struct field field;
	int err;

	*res = (struct btf_walk){.field = ""};
	if (!btf_type_is_struct(t))
		return refuse(&walk, EINVAL, "that is no structure");
	for (;;) {
		/* Which member of a union is the true one nobody knows. */
		if (btf_kind(walk.t) == BTF_KIND_UNION && btf_vlen(walk.t) != 1)
			walk.flags |= PTR_UNTRUSTED;
		if ((u64)walk.off + walk.size > walk.t->size) {
			err = enter_flexible_array(&walk, &res->field);
			if (err)
				return err < 0 ? err : WALK_SCALAR;
			continue;
		}
		err = find_field(&walk, &field);
		if (err < 0)
			return err;
		res->field = field.name;
		if (!err)
			return WALK_SCALAR;
		if (!btf_type_is_struct(field.t))
			break;
		if (!size && walk.off == field.off) {
			res->next_id = field.id;
			return WALK_STRUCT;
		}
		walk.t = field.t;
		walk.off -= field.off;
	}
	if (btf_type_is_ptr(field.t))
		return walk_pointer(&walk, &field, res);
	if ((u64)walk.off + walk.size > field.end && !(walk.flags & PTR_UNTRUSTED))
		return refuse(&walk, EACCES, "member %s ends at %llu", field.name,
			      (unsigned long long)field.end);
	return WALK_SCALAR;
}

static bool same_type(const struct btf *a, u32 a_id, const struct btf *b, u32 b_id)
{
	while (a_id < a->start_id)
		a = a->base_btf;
	while (b_id < b->start_id)
		b = b->base_btf;
	return a == b && a_id == b_id;
}

bool btf_struct_ids_match(const struct btf *btf, u32 id, u32 off, const struct btf *need_btf,
			  u32 need_id, bool strict)
{
	const struct btf_type *t;
	struct btf_walk walk;

	if (off == 0 && same_type(btf, id, need_btf, need_id))
		return true;
	if (strict)
		return false;
	do {
		t = btf_type_by_id(btf, id);
		if (!t || btf_struct_walk(btf, t, off, 0, &walk, NULL) != WALK_STRUCT)
			return false;
		id = walk.next_id;
		off = 0;
	} while (!same_type(btf, id, need_btf, need_id));
	return true;
}
