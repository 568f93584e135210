/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The compiler of plans: plan.c has the types that hold others, scalars.c the rest. */
#ifndef CLI_DUMP_COMPILE_H
#define CLI_DUMP_COMPILE_H

#include "steps.h"

/* Of the names and texts in a plan. */
#define MAX_LITERALS (16u << 20)

struct compiler {
	const struct btf *btf;
	const struct style *style;
	struct plan *plan;
	size_t room;
	struct text literals;
	size_t lead; /* where in the literals those begin that no step has yet */
	size_t names, names_room;
	__u64 parts, max_parts; /* that one value shows */
	int depth, level;
	const char *why;
};

/* A type at a place: what compile() and those that it calls hand on. */
struct spot {
	__u32 offset, end; /* bytes: where it begins, and what it may not pass */
	__u32 shift, bits; /* of a bit-field */
	__u64 times;	   /* that it is shown for one value */
};

/* Note why the types are refused: -EINVAL. */
int plan_wrong(struct compiler *c, const char *why);

/* A step, with what was put into the literals since the last one in front of it; or NULL, and */
struct step *plan_add_step(struct compiler *c, enum op op, const struct spot *spot, __u32 size);
/* then why not. */
int plan_no_step(const struct compiler *c);

int plan_check_inside(struct compiler *c, const struct spot *spot, __u64 size);

/* "" if there is none. */
const char *plan_name_of(struct compiler *c, __u32 offset);

static inline bool is_power(__u32 size, __u32 max)
{
	return size && size <= max && !(size & (size - 1));
}

int plan_compile_int(struct compiler *c, const struct btf_type *t, struct spot spot);
int plan_compile_enum(struct compiler *c, const struct btf_type *t, struct spot spot);
int plan_compile_float(struct compiler *c, const struct btf_type *t, struct spot spot);
int plan_compile_pointer(struct compiler *c, const struct btf_type *t, struct spot spot);

#endif /* CLI_DUMP_COMPILE_H */
