/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The parts of the parser. btf_parse.c reads header, strings and the list of types; each type's own
 * data are checked by what kinds.c says of its kind; then btf_resolve.c follows the references
 * between types. What a kind is, is one struct btf_kind_operations in the file named after it.
 */
#ifndef BTF_PARSE_H
#define BTF_PARSE_H

#include "base/kernel_errno.h"
#include "btf/btf.h"
#include "btf/lookup.h"

/* Deepest chain of types that wait for each other to be resolved (Linux: the same). */
#define MAX_RESOLVE_DEPTH 32

#define BITS_PER_BYTE_MASKED(bits) ((bits)&7)
#define BITS_ROUNDDOWN_BYTES(bits) ((bits) >> 3)
#define BITS_ROUNDUP_BYTES(bits) (BITS_ROUNDDOWN_BYTES(bits) + !!BITS_PER_BYTE_MASKED(bits))

/*
 * How far a chain is followed. A pointer's size is known whatever it points to, so that a structure
 * may hold a pointer to itself; a walk that began at a pointer stops at structures, and the
 * reverse.
 */
enum btf_resolve_mode {
	RESOLVE_TBD,
	RESOLVE_PTR,
	RESOLVE_STRUCT_OR_ARRAY,
};

struct btf_vertex {
	u32 id;
	const struct btf_type *t;
	u32 next; /* the member to go on with */
};

struct btf_verifier_env {
	struct btf *btf;
	struct bpf_verifier_log *log;
	u8 *visit_states; /* by type id - start_id */
	enum btf_resolve_mode mode;
	u32 depth;
	struct btf_vertex stack[MAX_RESOLVE_DEPTH];
};

/* Where a structure has a member. */
struct btf_place {
	u32 struct_id;
	const struct btf_type *struct_type;
	const struct btf_member *member;
	u32 bits_off;
	u32 bitfield_size; /* 0: none */
};

enum btf_name_rule {
	NAME_ANY, /* not looked at */
	NAME_NONE,
	NAME_IDENTIFIER,
	NAME_IDENTIFIER_OR_NONE,
	NAME_SECTION,
	NAME_NOT_EMPTY,
};

struct btf_kind_operations {
	const char *name;
	u8 extra;      /* bytes behind struct btf_type */
	u8 extra_each; /* and as many again for each of vlen */
	enum btf_name_rule name_rule;
	bool has_vlen;
	bool has_kflag;
	/* What there is to check without other types; NULL: nothing. */
	int (*check_meta)(struct btf_verifier_env *env, u32 id, const struct btf_type *t);
	/*
	 * The type on top of the stack: look at what it refers to, with btf_await(), and take it
	 * off with btf_resolve_done(). NULL: refers to nothing.
	 */
	int (*resolve)(struct btf_verifier_env *env, struct btf_vertex *v);
	/* A member of this type @t (id @id) at @place; NULL: a structure cannot have one. */
	int (*check_member)(struct btf_verifier_env *env, const struct btf_place *place, u32 id,
			    const struct btf_type *t);
};

extern const struct btf_kind_operations btf_int_ops, btf_float_ops, btf_ptr_ops, btf_typedef_ops,
	btf_const_ops, btf_volatile_ops, btf_restrict_ops, btf_type_tag_ops, btf_fwd_ops,
	btf_array_ops, btf_struct_ops, btf_union_ops, btf_enum_ops, btf_enum64_ops, btf_func_ops,
	btf_func_proto_ops, btf_var_ops, btf_datasec_ops, btf_decl_tag_ops;

/* NULL: no kind of types. @kind: any number. */
const struct btf_kind_operations *btf_kind_ops(u32 kind);

/* --- kinds.c: what several kinds need ------------------------------------------------------- */

/* Say in the log what is wrong with type @id; -EINVAL. */
int btf_invalid(struct btf_verifier_env *env, u32 id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of a member. */
int btf_invalid_member(struct btf_verifier_env *env, const struct btf_place *place,
		       const char *reason);

bool btf_type_id_in_range(u32 id);
bool btf_int_is_regular(const struct btf_type *t); /* kind_number.c */
bool btf_is_modifier(const struct btf_type *t);
/* VAR, DATASEC, DECL_TAG: refer to types, but nothing may refer to them that way. */
bool btf_is_source_only(const struct btf_type *t);
/* Is @place byte aligned, no bitfield, and are there @size bytes? */
int btf_check_bytes_member(struct btf_verifier_env *env, const struct btf_place *place, u32 size);

/* --- btf_parse.c ---------------------------------------------------------------------------- */

/* At once, whatever the references. */
void btf_free(struct btf *btf);

/* --- btf_names.c ---------------------------------------------------------------------------- */

bool btf_name_offset_valid(const struct btf *btf, u32 offset);
bool btf_name_valid_identifier(const struct btf *btf, u32 offset);
bool btf_name_allowed(const struct btf *btf, u32 offset, enum btf_name_rule rule);

/* --- kind_func.c ---------------------------------------------------------------------------- */

/* A FUNC_PROTO's parameters and result. It is not on the stack: nothing waits for it. */
int btf_func_proto_check(struct btf_verifier_env *env, u32 id, const struct btf_type *t);

/* --- btf_resolve.c -------------------------------------------------------------------------- */

/* 1: type @id has to be resolved first, and is on the stack now; 0: go on; -errno. */
int btf_await(struct btf_verifier_env *env, u32 id);
bool btf_is_resolved(const struct btf_verifier_env *env, u32 id);
/* Has the FUNC_PROTO @id been seen to have a name for each argument? */
bool btf_has_names(const struct btf_verifier_env *env, u32 id);
void btf_set_has_names(struct btf_verifier_env *env, u32 id);
void btf_resolve_done(struct btf_verifier_env *env, u32 resolved_id, u32 resolved_size);
/* Resolve @id, unless it is, with nothing on the stack. */
int btf_resolve(struct btf_verifier_env *env, u32 id);
/* Every type, and what holds for all of them together. */
int btf_resolve_all(struct btf_verifier_env *env);

#endif /* BTF_PARSE_H */
