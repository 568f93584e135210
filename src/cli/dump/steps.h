/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What a plan is made of: plan.c compiles it, show.c runs it. */
#ifndef CLI_DUMP_STEPS_H
#define CLI_DUMP_STEPS_H

#include "plan.h"

enum op {
	STEP_NUMBER, /* an integer of up to 64 bits */
	STEP_BOOL,
	STEP_ENUM,
	STEP_POINTER,
	STEP_INT128,
	STEP_FLOAT,
	STEP_TEXT, /* an array of char */
	STEP_BYTES,
	STEP_ARRAY,   /* the steps up to @next, @count times, then this one's @close */
	STEP_LITERAL, /* nothing but what stands in front */
};

struct enum_name {
	__u64 value; /* with its sign extended */
	__u32 at,
		length; /* of the name in plan->literals, with quotes around it where it has them */
};

struct step {
	enum op op;
	__u32 lead, lead_length; /* what stands in front, in plan->literals */
	__u32 offset;		 /* bytes from the value's start; in arrays, of the first element */
	__u32 size;		 /* bytes of the scalar, or of an array's element */
	__u8 shift, bits;	 /* of a bit-field: from the offset's first bit; bits 0: none */
	bool is_signed;
	__u32 count;		   /* of elements, or names */
	__u32 next;		   /* STEP_ARRAY: the step after its last one */
	__u32 names;		   /* STEP_ENUM: the first one in plan->names, sorted by value */
	__u32 comma, comma_length; /* STEP_ARRAY: between elements */
};

struct plan {
	struct step *steps;
	size_t count;
	char *literals;
	struct enum_name *names;
	bool plain, quoted, whole;
};

#endif /* CLI_DUMP_STEPS_H */
