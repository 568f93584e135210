/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Bytes of a BTF type from JSON, as --fill and --set take them:
 *
 *   int          a number in range, or the same in quotes (64-bit ones too); bool: true, false
 *   enum         the name of a value, or a number
 *   float        a number
 *   pointer      a number
 *   char array   a string, shorter than the array or as long; the rest is zero
 *   array        a list of as many elements
 *   struct       an object of members by name, those of anonymous members too; others are zero
 *   union        an object of one member, or of several that say the same
 *   bit-field    as its int or enum
 *   section      of global variables: an object of them, others are zero
 *   no type      a number, where one of its size is
 *   anything     "0x..": all its bytes, in the order of memory
 */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>
#include <jansson.h>

/* Why a value does not fit, for a message: where in the value, and what is wrong. */
struct value_error {
	char where[128]; /* ".pos[2].x"; empty: the value itself */
	char why[192];
};

/*
 * JSON of @text. Integers of any size are kept: those that JSON libraries round become strings,
 * which value_from_json() takes for numbers. NULL: it is no JSON, @error says why.
 */
json_t *value_parse(const char *text, struct value_error *error);

/*
 * Write @json as @type of @btf to the @size bytes at @out, which are zeroed first. @btf NULL or
 * @type 0: it has no type. 0; -1: @error says why, and what is at @out is not to be used.
 */
int value_from_json(const struct btf *btf, __u32 type, const json_t *json, void *out, size_t size,
		    struct value_error *error);

/* Whether @type is an array of one-byte ints, which a string fills. */
int value_is_text(const struct btf *btf, __u32 type);

#endif /* CLI_VALUE_H */
