/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Values of a BTF type as JSON, or as text for people.
 *
 * A type is compiled once into a plan: a list of steps, each a scalar at its place with the text
 * that stands in front of it, `,"packets":`. Then the plan is run on a million values, which reads
 * no BTF any more: 10 ns for a u32 and a u64, where a walk over the types takes 300.
 *
 * The forms are those that value.h takes, so what this writes --fill reads:
 *
 *   int            a number, of 64 bits too; one of 128 bits that 64 do not hold is "0x.."
 *   bool           true, false
 *   enum           the name of the value, else a number
 *   float          a number; infinite ones and those that are none are "0x.."
 *   pointer        a number
 *   array of char  a string up to its NUL, if it is printable UTF-8 up to there (in keys: and all 0
 *                  from there, for that is what may tell one from another)
 *   array          a list
 *   struct         an object; members of anonymous members are its own, unnamed ones are left out
 *   union          an object of all its members
 *   section        of global variables: an object of them
 *   no type        "0x..": the bytes, in the order of memory
 *
 * The BTF may be anything: what does not lie inside the value, a cycle, or a type that would take
 * more text than any sensible one has, is refused, and the caller shows bytes.
 */
#ifndef CLI_DUMP_PLAN_H
#define CLI_DUMP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include <bpf/btf.h>

#include "text.h"

struct plan;

/* Where in a value there is what. */
struct place {
	bool untyped; /* all the value's bytes */
	__u32 type;
	__u32 at;   /* bits from the value's start */
	__u32 bits; /* of a bit-field; 0: it is none */
};

struct style {
	bool plain;  /* for people: strings without quotes, pointers as 0x1f, bytes as 01 02 */
	bool quoted; /* and there will be quotes around it: newlines and tabs stay */
	bool number; /* what has no type is a number, if it has the size of one */
	bool whole;  /* a string with something behind its NUL is none */
	bool pretty; /* JSON on many lines, */
	int level;   /* and how far they stand to the right */
};

/* The value, or those of all CPUs, of which one is made. */
struct source {
	const unsigned char *bytes;
	size_t stride; /* from one CPU's value to the next one's */
	unsigned int count;
	/* Of numbers the greatest, not the sum. Of the rest it is always the first that is not 0.
	 */
	bool max;
};

/*
 * Make a plan for what is at @place in values of @size bytes. 0; -ENOMEM; -EINVAL: @why says what
 * is wrong with the types. @btf must stay until the plan is made, not longer.
 */
int plan_make(struct plan **made, const struct btf *btf, const struct place *place, size_t size,
	      const struct style *style, const char **why);
void plan_free(struct plan *plan);

/*
 * Add what the plan shows to @text. A signal (interrupt.h) leaves it unfinished, for nobody writes
 * it any more: values may have many megabytes.
 */
void plan_run(const struct plan *plan, struct text *text, const struct source *source);

/* Whether it shows one number and nothing else. */
bool plan_is_number(const struct plan *plan);

/* Whether a sum over CPUs makes sense: it has a number. */
bool plan_has_number(const struct plan *plan);

/* Whether array @t is of char, under whatever name: it is shown as a string where it is one. */
bool is_array_of_char(const struct btf *btf, const struct btf_type *t);

/* The type behind typedefs, const and so on; NULL: there is none. */
const struct btf_type *plain_type(const struct btf *btf, __u32 type);

#endif /* CLI_DUMP_PLAN_H */
