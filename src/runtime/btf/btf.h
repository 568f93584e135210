/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BTF, the type format of BPF (Documentation/bpf/btf.rst): parse untrusted bytes, look types up.
 *
 * A struct btf that btf_parse() has made is consistent: every type id, string offset and count in
 * it is in range, names are valid, there are no endless chains of types, every struct's and array's
 * size is known and within limits. What is built on it need not check again.
 */
#ifndef BTF_BTF_H
#define BTF_BTF_H

#include "base/bpf_types.h"
#include "base/log.h"

#define BTF_MAX_SIZE (16u << 20)
#define BTF_MAX_TYPE 0x000fffff
#define BTF_MAX_NAME_OFFSET 0x00ffffff

#define btf_kind(t) BTF_INFO_KIND((t)->info)
#define btf_vlen(t) BTF_INFO_VLEN((t)->info)
#define btf_kflag(t) BTF_INFO_KFLAG((t)->info)

/*
 * Parse @size bytes at @data (kernel memory; copied). @base: NULL, or the BTF that this one
 * extends (a reference is taken). @rt: whose ids it can get; NULL if it shall have none. What is
 * wrong is told in @log (may be NULL), with the type's id and name.
 *
 * A BTF with one reference and no id; else ERR_PTR of what BPF_BTF_LOAD gives:
 * -EINVAL; -EEXIST: a type contains itself; -ENOTSUPP (-524): version, flags or integer encoding;
 * -E2BIG: more than BTF_MAX_SIZE bytes, header fields that are not known and not zero, a chain of
 * more than 32 types that wait for each other; -ENOMEM.
 *
 * Stricter than Linux in two things: BTF_MAX_TYPE or more ids are refused with -E2BIG (Linux drops
 * those types), and a variable larger than its place in a DATASEC is refused also where it stands
 * behind the section (Linux does not look there). Looser in one: members whose type Linux knows by
 * name (bpf_spin_lock, bpf_list_head ...) are members as any other.
 */
struct btf *btf_parse(struct trek_runtime *rt, const void *data, u32 size, struct btf *base,
		      struct bpf_verifier_log *log);

/* Give @btf an id in its runtime. */
int btf_alloc_id(struct btf *btf);
void btf_get(struct btf *btf);
/* Drop a reference. The last one removes the id at once and frees after a grace period. NULL:
 * nothing. */
void btf_put(struct btf *btf);
/* By id, with a reference; ERR_PTR(-ENOENT). */
struct btf *btf_get_by_id(struct trek_runtime *rt, u32 id);

/* The built-in BTF: parse it, name "vmlinux", kernel_btf, id 1, into rt->vmlinux. */
int btf_vmlinux_init(struct trek_runtime *rt);
/* Its bytes. */
extern const unsigned char trek_vmlinux_btf_data[];
extern const size_t trek_vmlinux_btf_len;

u32 btf_nr_types(const struct btf *btf); /* with the base's: valid ids are below it */
/* NULL: no such id. Id 0 is void. */
const struct btf_type *btf_type_by_id(const struct btf *btf, u32 id);
/* NULL: no such offset. */
const char *btf_name_by_offset(const struct btf *btf, u32 offset);
const char *btf_type_name(const struct btf *btf, const struct btf_type *t); /* "" if anonymous */
/* The id of the type of @kind named @name, the smallest if there are several; -ENOENT. O(1). Names
 * of more than 512 bytes, which no identifier has, are not found. */
s32 btf_find_by_name_kind(const struct btf *btf, const char *name, u8 kind);

/* Past typedefs, const, volatile, restrict and type tags, in one step however many there are;
 * @res_id (may be NULL) gets the result's id. NULL: no such id. */
const struct btf_type *btf_type_skip_modifiers(const struct btf *btf, u32 id, u32 *res_id);
/* What a pointer points to, modifiers skipped; NULL if @id is no pointer. */
const struct btf_type *btf_type_resolve_ptr(const struct btf *btf, u32 id, u32 *res_id);
/* The size of a type in bytes (arrays multiplied out), and the sized type itself, whose id *@id
 * becomes; @size may be NULL. NULL, and nothing changed: it has none. */
const struct btf_type *btf_type_id_size(const struct btf *btf, u32 *id, u32 *size);

static inline bool btf_type_is_ptr(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_PTR;
}

static inline bool btf_type_is_struct(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_STRUCT || btf_kind(t) == BTF_KIND_UNION;
}

static inline bool btf_type_is_int(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_INT;
}

static inline bool btf_type_is_any_enum(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_ENUM || btf_kind(t) == BTF_KIND_ENUM64;
}

static inline bool btf_type_is_func(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_FUNC;
}

static inline bool btf_type_is_func_proto(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_FUNC_PROTO;
}

static inline bool btf_type_is_void(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_UNKN;
}

static inline const struct btf_member *btf_members(const struct btf_type *t)
{
	return (const struct btf_member *)(t + 1);
}

static inline const struct btf_param *btf_params(const struct btf_type *t)
{
	return (const struct btf_param *)(t + 1);
}

static inline const struct btf_array *btf_array(const struct btf_type *t)
{
	return (const struct btf_array *)(t + 1);
}

static inline const struct btf_var_secinfo *btf_var_secinfos(const struct btf_type *t)
{
	return (const struct btf_var_secinfo *)(t + 1);
}

static inline u32 btf_int_data(const struct btf_type *t)
{
	return *(const u32 *)(t + 1);
}

static inline u32 btf_member_bit_offset(const struct btf_type *t, const struct btf_member *m)
{
	return btf_kflag(t) ? BTF_MEMBER_BIT_OFFSET(m->offset) : m->offset;
}

static inline u32 btf_member_bitfield_size(const struct btf_type *t, const struct btf_member *m)
{
	return btf_kflag(t) ? BTF_MEMBER_BITFIELD_SIZE(m->offset) : 0;
}

/*
 * What a load of @size bytes at @off of structure @t means (kernel: btf_struct_walk and
 * btf_struct_access). Descends into embedded structures, unions and arrays; beyond the end of a
 * structure, into the elements of the flexible array it ends with.
 */
enum btf_walk_result {
	WALK_SCALAR,	    /* a number */
	WALK_PTR,	    /* a pointer to structure *@next_id (in @btf) */
	WALK_PTR_UNTRUSTED, /* a pointer to something else */
	WALK_STRUCT, /* with size 0: the embedded structure *@next_id at that offset */
};
struct btf_walk {
	u32 next_id;	   /* type id of the structure pointed to, or embedded */
	const char *field; /* name of the member, for messages; "" if it has none */
	/*
	 * Of WALK_PTR, enum bpf_type_flag: MEM_RCU, MEM_PERCPU or MEM_USER if it is tagged "rcu",
	 * "percpu" or "user"; PTR_UNTRUSTED if it was found in a union of several members, any of
	 * which may be the true one. 0: none.
	 */
	u32 tags;
};
/*
 * A walk result, or, with a message in @log (may be NULL), -EACCES: beyond the structure, across
 * the end of a member, or not all of a pointer and nothing else; -EINVAL: begins in a hole between
 * members or takes part of a bitfield, or @t is no structure.
 *
 * WALK_PTR is given for a load of exactly 8 bytes of a pointer to a structure or union that @btf
 * defines. Where @btf has the pointer's target as a declaration only, but a definition of that name
 * elsewhere, it is the definition; without one it is WALK_PTR_UNTRUSTED. Where numbers are concerned, a part may be loaded, or several elements of an
 * array; a bitfield, if all its bits are. @size 0: one byte, and the outermost structure that
 * begins at @off ends the walk.
 */
int btf_struct_walk(const struct btf *btf, const struct btf_type *t, u32 off, u32 size,
		    struct btf_walk *walk, struct bpf_verifier_log *log);

/*
 * Is there a @need_id of @need_btf at @off of structure @id of @btf (kernel: btf_struct_ids_match)?
 * At offset 0 it may be @id itself; else, unless @strict, a structure embedded there, or what that
 * one begins with, and so on. Types of a base BTF are the same in all that extend it.
 */
bool btf_struct_ids_match(const struct btf *btf, u32 id, u32 off, const struct btf *need_btf,
			  u32 need_id, bool strict);

#endif /* BTF_BTF_H */
