/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which BTF is accepted. The table says what is expected; where the kernel's BPF_BTF_LOAD can be
 * used, it has to say the same.
 */
#include <stdlib.h>

#include "blob.h"

struct parse_case {
	const char *what;
	int err;
	u32 words[96];
	/*
	 * Linux forgets to check the variables of a section that stand behind it (it goes on with
	 * the next one when it comes back to the section): there we are stricter, and do not
	 * compare.
	 */
	bool stricter;
};

#define CASE(what, err, ...)                                                                       \
	{                                                                                          \
		what, err,                                                                         \
		{                                                                                  \
			__VA_ARGS__, END                                                           \
		}                                                                                  \
	}

/* Types get ids from 1 on, in the order in which they stand. */
static const struct parse_case cases[] = {
	CASE("int", 0, INT32),
	CASE("int without a name", 0, INT(0, 4, 32)),
	CASE("int with any name", 0, INT(18, 4, 32)),
	CASE("int of 3 bytes", 0, INT(1, 3, 24)),
	CASE("int of no bits", 0, INT(1, 0, 0)),
	CASE("int of 128 bits", 0, INT(1, 16, 128)),
	CASE("int of 129 bits", -EINVAL, INT(1, 32, 129)),
	CASE("int of more bits than bytes", -EINVAL, INT(1, 4, 33)),
	CASE("int whose offset and bits exceed it", -EINVAL, INT(1, 4, 1 << 16 | 32)),
	CASE("int data with unknown bits", -EINVAL, INT(1, 4, 1u << 28 | 32)),
	CASE("int signed and char", -ENOTSUPP, INT(1, 4, 3u << 24 | 32)),
	CASE("int unknown encoding", -ENOTSUPP, INT(1, 4, 8u << 24 | 32)),
	CASE("int bool", 0, INT(1, 1, 4u << 24 | 8)),
	CASE("int vlen", -EINVAL, TYPE(1, INT, 0, 1, 4), 32),
	CASE("int kflag", -EINVAL, TYPE(1, INT, 1, 0, 4), 32),
	CASE("int cut off", -EINVAL, TYPE(1, INT, 0, 0, 4)),
	CASE("info with unknown bits", -EINVAL, 1, 1u << 24 | 1u << 16, 4, 32),
	CASE("kind 0", -EINVAL, 1, 0, 4),
	CASE("kind 20", -EINVAL, 1, 20u << 24, 4),
	CASE("kind 31", -EINVAL, 1, 31u << 24, 4),
	CASE("name beyond the strings", -EINVAL, INT(100, 4, 32)),
	{"no types", -EINVAL, {END}},

	CASE("float", 0, TYPE(1, FLOAT, 0, 0, 4)),
	CASE("float without a name", 0, TYPE(0, FLOAT, 0, 0, 12)),
	CASE("float of 10 bytes", -EINVAL, TYPE(1, FLOAT, 0, 0, 10)),
	CASE("float vlen", -EINVAL, TYPE(1, FLOAT, 0, 1, 4)),
	CASE("float member of 12 bytes, aligned", 0, TYPE(1, FLOAT, 0, 0, 12), STRUCT(3, 20, 1), 1,
	     1, 64),
	CASE("float member of 12 bytes at 4", -EINVAL, TYPE(1, FLOAT, 0, 0, 12), STRUCT(3, 16, 1),
	     1, 1, 32),
	CASE("float member past the end", -EINVAL, TYPE(1, FLOAT, 0, 0, 8), STRUCT(3, 12, 1), 1, 1,
	     64),

	CASE("typedef", 0, INT32, NAMED(TYPEDEF, 1, 1)),
	CASE("typedef of void", 0, NAMED(TYPEDEF, 1, 0)),
	CASE("typedef without a name", -EINVAL, INT32, NAMED(TYPEDEF, 0, 1)),
	CASE("typedef beginning with a dot", 0, INT32, NAMED(TYPEDEF, 9, 1)),
	CASE("typedef with a dot", 0, INT32, NAMED(TYPEDEF, 5, 1)),
	CASE("typedef with a Latin-1 letter", 0, INT32, NAMED(TYPEDEF, 12, 1)),
	CASE("typedef beginning with a digit", -EINVAL, INT32, NAMED(TYPEDEF, 15, 1)),
	CASE("typedef with a dash", -EINVAL, INT32, NAMED(TYPEDEF, 18, 1)),
	CASE("typedef of no type", -EINVAL, NAMED(TYPEDEF, 1, 9)),
	CASE("typedef of type 0x100000", -EINVAL, NAMED(TYPEDEF, 1, 0x100000)),
	CASE("typedef of each other", -EEXIST, NAMED(TYPEDEF, 1, 2), NAMED(TYPEDEF, 3, 1)),
	CASE("typedef of itself", -EEXIST, NAMED(TYPEDEF, 1, 1)),
	CASE("const with a name", -EINVAL, INT32, NAMED(CONST, 1, 1)),
	CASE("const kflag", -EINVAL, INT32, TYPE(0, CONST, 1, 0, 1)),
	CASE("volatile vlen", -EINVAL, INT32, TYPE(0, VOLATILE, 0, 1, 1)),
	CASE("restrict", 0, INT32, REF(PTR, 1), REF(RESTRICT, 2)),
	CASE("const func before it", 0, PROTO(0, 0), NAMED(FUNC, 1, 1), REF(CONST, 2)),
	CASE("const func after it", 0, PROTO(0, 0), REF(CONST, 3), NAMED(FUNC, 1, 1)),
	CASE("const var", -EINVAL, INT32, NAMED(VAR, 1, 1), 0, REF(CONST, 2)),
	CASE("const decl tag", -EINVAL, INT32, NAMED(TYPEDEF, 1, 1), NAMED(DECL_TAG, 1, 2), -1,
	     REF(CONST, 3)),

	CASE("pointer to void", 0, REF(PTR, 0)),
	CASE("pointer to const void", 0, REF(PTR, 2), REF(CONST, 0)),
	CASE("pointer to a declaration", 0, NAMED(FWD, 1, 0), REF(PTR, 1)),
	CASE("pointer to a prototype", 0, REF(PTR, 2), PROTO(0, 0)),
	CASE("pointer to each other", -EEXIST, REF(PTR, 2), REF(PTR, 1)),
	CASE("pointer to const pointer to it", -EEXIST, REF(PTR, 2), REF(CONST, 1)),
	CASE("pointer to func before it", 0, PROTO(0, 0), NAMED(FUNC, 1, 1), REF(PTR, 2)),
	CASE("pointer to func after it", -EINVAL, PROTO(0, 0), REF(PTR, 3), NAMED(FUNC, 1, 1)),
	CASE("pointer with a name", -EINVAL, NAMED(PTR, 1, 0)),
	CASE("pointer to itself through a structure", 0, STRUCT(1, 8, 1), 3, 2, 0, REF(PTR, 1)),
	CASE("declaration of a union", 0, TYPE(1, FWD, 1, 0, 0)),
	CASE("declaration with a type", -EINVAL, NAMED(FWD, 1, 1)),
	CASE("declaration without a name", -EINVAL, NAMED(FWD, 0, 0)),

	CASE("type tag", 0, INT32, NAMED(TYPE_TAG, 1, 1), REF(PTR, 2)),
	CASE("type tag kflag", 0, INT32, TYPE(1, TYPE_TAG, 1, 0, 1)),
	CASE("type tag without a name", -EINVAL, INT32, NAMED(TYPE_TAG, 0, 1)),
	CASE("two type tags", 0, INT32, NAMED(TYPE_TAG, 1, 1), NAMED(TYPE_TAG, 3, 2), REF(PTR, 3)),
	CASE("type tag, const", 0, INT32, REF(CONST, 1), NAMED(TYPE_TAG, 1, 2), REF(PTR, 3)),
	CASE("const, type tag", -EINVAL, INT32, NAMED(TYPE_TAG, 1, 1), REF(CONST, 2)),
	CASE("typedef, type tag", -EINVAL, INT32, NAMED(TYPE_TAG, 1, 1), NAMED(TYPEDEF, 3, 2)),
	CASE("type tag, typedef, type tag", -EINVAL, INT32, NAMED(TYPE_TAG, 1, 1),
	     NAMED(TYPEDEF, 1, 2), NAMED(TYPE_TAG, 1, 3)),

	CASE("array", 0, INT32, ARRAY(1, 1, 4)),
	CASE("array of none", 0, INT32, ARRAY(1, 1, 0)),
	CASE("array with a name", -EINVAL, INT32, TYPE(1, ARRAY, 0, 0, 0), 1, 1, 4),
	CASE("array with a size", -EINVAL, INT32, TYPE(0, ARRAY, 0, 0, 4), 1, 1, 4),
	CASE("array with kflag", -EINVAL, INT32, TYPE(0, ARRAY, 1, 0, 0), 1, 1, 4),
	CASE("array of void", -EINVAL, INT32, ARRAY(0, 1, 4)),
	CASE("array of const void", -EINVAL, INT32, REF(CONST, 0), ARRAY(2, 1, 4)),
	CASE("array of a declaration", -EINVAL, INT32, NAMED(FWD, 1, 0), ARRAY(2, 1, 4)),
	CASE("array of prototypes", -EINVAL, INT32, PROTO(0, 0), ARRAY(2, 1, 4)),
	CASE("array of pointers", 0, INT32, REF(PTR, 0), ARRAY(2, 1, 4)),
	CASE("array of itself", -EEXIST, INT32, ARRAY(2, 1, 4)),
	CASE("array indexed by a structure", -EINVAL, STRUCT(1, 4, 0), ARRAY(1, 1, 4)),
	CASE("array indexed by an enum", -EINVAL, TYPE(1, ENUM, 0, 1, 4), 3, 0, ARRAY(1, 1, 4)),
	CASE("array indexed through const", 0, INT32, REF(CONST, 1), ARRAY(1, 2, 4)),
	CASE("array of 2^32 - 4 bytes", 0, INT32, ARRAY(1, 1, 0x3fffffff)),
	CASE("array of 2^32 bytes", -EINVAL, INT32, ARRAY(1, 1, 0x40000000)),
	CASE("array of arrays of 2^32 bytes", -EINVAL, INT32, ARRAY(1, 1, 0x10000),
	     ARRAY(2, 1, 0x4000)),
	CASE("array of 24-bit integers", -EINVAL, INT(1, 4, 24), INT32, ARRAY(1, 2, 2)),
	CASE("array of 32-bit integers of 8 bytes", 0, INT(1, 8, 32), INT32, ARRAY(1, 2, 2)),

	CASE("structure", 0, INT32, STRUCT(1, 8, 2), 3, 1, 0, 1, 1, 32),
	CASE("structure of nothing", 0, STRUCT(1, 0, 0)),
	CASE("structure without names", 0, INT32, STRUCT(0, 4, 1), 0, 1, 0),
	CASE("structure cut off", -EINVAL, INT32, STRUCT(1, 8, 2), 3, 1, 0),
	CASE("structure that contains itself", -EEXIST, STRUCT(1, 4, 1), 3, 1, 0),
	CASE("structure that contains arrays of it", -EEXIST, STRUCT(1, 4, 1), 3, 3, 0, INT32,
	     ARRAY(1, 2, 0)),
	CASE("member name with a dash", -EINVAL, INT32, STRUCT(1, 4, 1), 18, 1, 0),
	CASE("member name beyond the strings", -EINVAL, INT32, STRUCT(1, 4, 1), 99, 1, 0),
	CASE("member of void", -EINVAL, STRUCT(1, 4, 1), 3, 0, 0),
	CASE("member of const void", -EINVAL, REF(CONST, 0), STRUCT(1, 4, 1), 3, 1, 0),
	CASE("member of a declaration", -EINVAL, NAMED(FWD, 1, 0), STRUCT(1, 4, 1), 3, 1, 0),
	CASE("member of a prototype", -EINVAL, PROTO(0, 0), STRUCT(1, 4, 1), 3, 1, 0),
	CASE("member of a var", -EINVAL, INT32, NAMED(VAR, 1, 1), 0, STRUCT(1, 4, 1), 3, 2, 0),
	CASE("members in descending order", -EINVAL, INT32, STRUCT(1, 8, 2), 3, 1, 32, 1, 1, 0),
	CASE("members that overlap", 0, INT32, STRUCT(1, 8, 2), 3, 1, 0, 1, 1, 8),
	CASE("member past the end", -EINVAL, INT32, STRUCT(1, 4, 1), 3, 1, 8),
	CASE("member far past the end", -EINVAL, INT32, STRUCT(1, 4, 1), 3, 1, 0xfffffff0),
	CASE("member after the end, of no bytes", 0, INT32, ARRAY(1, 1, 0), STRUCT(1, 4, 2), 3, 1,
	     0, 1, 2, 32),
	CASE("pointer member at bit 4", -EINVAL, REF(PTR, 0), STRUCT(1, 16, 1), 3, 1, 4),
	CASE("pointer member past the end", -EINVAL, REF(PTR, 0), STRUCT(1, 8, 1), 3, 1, 32),
	CASE("pointer bitfield", -EINVAL, REF(PTR, 0), TYPE(1, STRUCT, 1, 1, 8), 3, 1, BITS(8, 0)),
	CASE("structure member past the end", -EINVAL, STRUCT(1, 8, 0), STRUCT(3, 4, 1), 3, 1, 0),
	CASE("array member past the end", -EINVAL, INT32, ARRAY(1, 1, 2), STRUCT(3, 4, 1), 3, 2, 0),
	CASE("bitfield", 0, INT32, TYPE(1, STRUCT, 1, 2, 4), 3, 1, BITS(3, 0), 1, 1, BITS(29, 3)),
	CASE("bitfield past the end", -EINVAL, INT32, TYPE(1, STRUCT, 1, 1, 4), 3, 1, BITS(8, 25)),
	CASE("bitfield wider than its type", -EINVAL, INT32, TYPE(1, STRUCT, 1, 1, 8), 3, 1,
	     BITS(33, 0)),
	CASE("bitfield of a padded integer", -EINVAL, INT(1, 4, 24), TYPE(1, STRUCT, 1, 1, 4), 3, 1,
	     BITS(3, 0)),
	CASE("kflag member at bit 3, no bitfield", -EINVAL, INT32, TYPE(1, STRUCT, 1, 1, 8), 3, 1,
	     3),
	CASE("old bitfield", 0, INT(1, 4, 3), STRUCT(1, 4, 1), 3, 1, 29),
	CASE("old bitfield past the end", -EINVAL, INT(1, 4, 3), STRUCT(1, 4, 1), 3, 1, 30),
	CASE("128 bits at bit 1", -EINVAL, INT(1, 16, 128), STRUCT(1, 32, 1), 3, 1, 1),
	CASE("union", 0, INT32, UNION(1, 4, 2), 3, 1, 0, 1, 1, 0),
	CASE("union member with an offset", -EINVAL, INT32, UNION(1, 8, 1), 3, 1, 32),
	CASE("const member, as what it is of", -EINVAL, INT32, REF(CONST, 1), STRUCT(1, 4, 1), 3, 2,
	     8),

	CASE("enum", 0, TYPE(1, ENUM, 0, 2, 4), 3, 0, 1, 1),
	CASE("enum of nothing", 0, TYPE(1, ENUM, 0, 0, 4)),
	CASE("enum of 8 bytes", 0, TYPE(1, ENUM, 0, 1, 8), 3, 0),
	CASE("enum of 3 bytes", -EINVAL, TYPE(1, ENUM, 0, 1, 3), 3, 0),
	CASE("enum of 16 bytes", -EINVAL, TYPE(1, ENUM, 0, 1, 16), 3, 0),
	CASE("enum of no bytes", -EINVAL, TYPE(1, ENUM, 0, 1, 0), 3, 0),
	CASE("enum value without a name", -EINVAL, TYPE(1, ENUM, 0, 1, 4), 0, 0),
	CASE("enum value with a dash", -EINVAL, TYPE(1, ENUM, 0, 1, 4), 18, 0),
	CASE("enum64 of nothing", 0, TYPE(1, ENUM64, 0, 0, 8)),
	CASE("enum64", 0, TYPE(1, ENUM64, 0, 1, 8), 3, 0, 1),
	CASE("enum64 signed", 0, TYPE(1, ENUM64, 1, 1, 8), 3, 0, 1),
	CASE("enum64 cut off", -EINVAL, TYPE(1, ENUM64, 0, 1, 8), 3, 0),
	CASE("enum of 1 byte at the end of a kflag structure", -EINVAL, TYPE(1, ENUM, 0, 1, 1), 3,
	     0, TYPE(3, STRUCT, 1, 1, 1), 1, 1, 0),
	CASE("enum bitfield of 33 bits", -EINVAL, TYPE(1, ENUM, 0, 1, 8), 3, 0,
	     TYPE(3, STRUCT, 1, 1, 8), 1, 1, BITS(33, 0)),
	CASE("enum bitfield to the end", 0, TYPE(1, ENUM, 0, 1, 4), 3, 0, TYPE(3, STRUCT, 1, 1, 4),
	     1, 1, BITS(3, 29)),

	CASE("func", 0, PROTO(0, 0), NAMED(FUNC, 1, 1)),
	CASE("func with a named argument", 0, INT32, PROTO(0, 1), 3, 1, NAMED(FUNC, 1, 2)),
	CASE("func global", 0, PROTO(0, 0), TYPE(1, FUNC, 0, 1, 1)),
	CASE("func extern", -EINVAL, PROTO(0, 0), TYPE(1, FUNC, 0, 2, 1)),
	CASE("func of an int", -EINVAL, INT32, NAMED(FUNC, 1, 1)),
	CASE("func of no type", -EINVAL, NAMED(FUNC, 1, 7)),
	CASE("func without a name", -EINVAL, PROTO(0, 0), NAMED(FUNC, 0, 1)),
	CASE("func with an unnamed argument", -EINVAL, INT32, PROTO(0, 1), 0, 1, NAMED(FUNC, 1, 2)),
	CASE("func with variable arguments", 0, INT32, PROTO(0, 2), 1, 1, 0, 0, NAMED(FUNC, 1, 2)),
	CASE("prototype with an unnamed argument", 0, INT32, PROTO(0, 1), 0, 1),
	CASE("prototype with a bad argument name", -EINVAL, INT32, PROTO(0, 1), 18, 1),
	CASE("prototype with an argument name beyond", -EINVAL, INT32, PROTO(0, 1), 99, 1),
	CASE("prototype with variable arguments", 0, INT32, PROTO(1, 1), 0, 0),
	CASE("prototype with named variable arguments", -EINVAL, INT32, PROTO(1, 1), 1, 0),
	CASE("prototype with void between", -EINVAL, INT32, PROTO(1, 2), 0, 0, 1, 1),
	CASE("prototype that gives typedef void", -EINVAL, NAMED(TYPEDEF, 1, 0), PROTO(1, 0)),
	CASE("prototype that gives a declaration", -EINVAL, NAMED(FWD, 1, 0), PROTO(1, 0)),
	CASE("prototype that gives a prototype", -EINVAL, PROTO(2, 0), PROTO(0, 0)),
	CASE("prototype that gives no type", -EINVAL, PROTO(9, 0)),
	CASE("prototype that gives what comes later", 0, PROTO(2, 0), REF(CONST, 3), INT32),
	CASE("prototype with a name", -EINVAL, NAMED(FUNC_PROTO, 1, 0)),
	CASE("prototype with a var", -EINVAL, INT32, NAMED(VAR, 1, 1), 0, PROTO(2, 0)),

	CASE("var", 0, INT32, NAMED(VAR, 1, 1), 0),
	CASE("var global", 0, INT32, NAMED(VAR, 1, 1), 1),
	CASE("var extern", -EINVAL, INT32, NAMED(VAR, 1, 1), 2),
	CASE("var with a dash", -EINVAL, INT32, NAMED(VAR, 18, 1), 1),
	CASE("var of void", -EINVAL, NAMED(VAR, 1, 0), 1),
	CASE("var of a declaration", -EINVAL, NAMED(FWD, 1, 0), NAMED(VAR, 1, 1), 1),
	CASE("var of a var", -EINVAL, INT32, NAMED(VAR, 1, 1), 1, NAMED(VAR, 1, 2), 1),
	CASE("datasec", 0, INT32, NAMED(VAR, 1, 1), 1, TYPE(18, DATASEC, 0, 1, 4), 2, 0, 4),
	{"datasec before its variables",
	 0,
	 {TYPE(1, DATASEC, 0, 1, 8), 2, 0, 8, NAMED(VAR, 1, 3), 1, REF(PTR, 4), INT32, END},
	 true},
	{"datasec before a variable that is larger than its place",
	 -EINVAL,
	 {TYPE(1, DATASEC, 0, 1, 8), 2, 0, 2, NAMED(VAR, 1, 3), 1, REF(PTR, 4), INT32, END},
	 true},
	CASE("datasec of no size", -EINVAL, INT32, NAMED(VAR, 1, 1), 1, TYPE(1, DATASEC, 0, 1, 0),
	     2, 0, 4),
	CASE("datasec without a name", -EINVAL, INT32, NAMED(VAR, 1, 1), 1,
	     TYPE(0, DATASEC, 0, 1, 4), 2, 0, 4),
	CASE("datasec whose variable is smaller than its type", -EINVAL, INT32, NAMED(VAR, 1, 1), 1,
	     TYPE(1, DATASEC, 0, 1, 4), 2, 0, 2),
	CASE("datasec of an int", -EINVAL, INT32, TYPE(1, DATASEC, 0, 1, 4), 1, 0, 4),
	CASE("datasec with a variable past the end", -EINVAL, INT32, NAMED(VAR, 1, 1), 1,
	     TYPE(1, DATASEC, 0, 1, 4), 2, 4, 4),
	CASE("datasec with overlapping variables", -EINVAL, INT32, NAMED(VAR, 1, 1), 1,
	     TYPE(1, DATASEC, 0, 2, 8), 2, 0, 4, 2, 3, 4),

	CASE("decl tag on a var", 0, INT32, NAMED(VAR, 3, 1), 0, NAMED(DECL_TAG, 3, 2), -1),
	CASE("decl tag on a typedef", 0, INT32, NAMED(TYPEDEF, 1, 1), NAMED(DECL_TAG, 1, 2), -1),
	CASE("decl tag kflag", 0, INT32, NAMED(TYPEDEF, 1, 1), TYPE(1, DECL_TAG, 1, 0, 2), -1),
	CASE("decl tag on component 0 of a typedef", -EINVAL, INT32, NAMED(TYPEDEF, 1, 1),
	     NAMED(DECL_TAG, 1, 2), 0),
	CASE("decl tag on an int", -EINVAL, INT32, NAMED(DECL_TAG, 1, 1), -1),
	CASE("decl tag without a text", -EINVAL, INT32, NAMED(TYPEDEF, 1, 1), NAMED(DECL_TAG, 0, 2),
	     -1),
	CASE("decl tag on component -2", -EINVAL, INT32, NAMED(TYPEDEF, 1, 1),
	     NAMED(DECL_TAG, 1, 2), -2),
	CASE("decl tag on a member", 0, INT32, STRUCT(1, 4, 1), 3, 1, 0, NAMED(DECL_TAG, 1, 2), 0),
	CASE("decl tag on a member too many", -EINVAL, INT32, STRUCT(1, 4, 1), 3, 1, 0,
	     NAMED(DECL_TAG, 1, 2), 1),
	CASE("decl tag on an argument", 0, INT32, PROTO(0, 1), 3, 1, NAMED(FUNC, 1, 2),
	     NAMED(DECL_TAG, 1, 3), 0),
	CASE("decl tag on an argument too many", -EINVAL, INT32, PROTO(0, 1), 3, 1,
	     NAMED(FUNC, 1, 2), NAMED(DECL_TAG, 1, 3), 1),
};

static void test_types(void **state)
{
	bool ask = kernel_usable();
	struct blob blob;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		blob_make(&blob, cases[i].words, blob_strings, sizeof(blob_strings));
		err = parse_verdict(blob.bytes, blob.size, NULL);
		if (err != cases[i].err)
			fail_msg("%s: %d, not %d", cases[i].what, err, cases[i].err);
		if (ask && !cases[i].stricter && kernel_load(blob.bytes, blob.size) != err)
			fail_msg("%s: the kernel says otherwise", cases[i].what);
	}
	if (!ask)
		print_message("# the kernel's BPF_BTF_LOAD cannot be used: not compared\n");
}

/* A change of one header field, or of the length, of an otherwise good blob. */
struct header_case {
	const char *what;
	int err;
	u32 at, width, value;
	u32 cut; /* bytes that are missing at the end */
	u32 add; /* bytes put in behind the header */
	u8 fill; /* the first of them */
};

#define FIELD(name) offsetof(struct btf_header, name), sizeof(((struct btf_header *)0)->name)

static const struct header_case header_cases[] = {
	{"good", 0, FIELD(flags), 0, 0, 0, 0},
	{"magic", -EINVAL, FIELD(magic), 0x9feb, 0, 0, 0},
	{"version", -ENOTSUPP, FIELD(version), 2, 0, 0, 0},
	{"flags", -ENOTSUPP, FIELD(flags), 1, 0, 0, 0},
	{"header length 0", -EINVAL, FIELD(hdr_len), 0, 0, 0, 0},
	{"header length beyond the end", -EINVAL, FIELD(hdr_len), 1000, 0, 0, 0},
	{"header longer than known, zero", 0, FIELD(hdr_len), 32, 0, 8, 0},
	{"header longer than known by 3, zero", 0, FIELD(hdr_len), 27, 0, 3, 0},
	{"header longer than known, not zero", -E2BIG, FIELD(hdr_len), 32, 0, 8, 1},
	{"types not aligned", -EINVAL, FIELD(type_off), 1, 0, 0, 0},
	{"gap before the types", -EINVAL, FIELD(type_off), 4, 0, 0, 0},
	{"types overlap the strings", -EINVAL, FIELD(type_len), 20, 0, 0, 0},
	{"gap behind the types", -EINVAL, FIELD(type_len), 12, 0, 0, 0},
	{"no types", -EINVAL, FIELD(type_len), 0, 0, 0, 0},
	{"types too long", -EINVAL, FIELD(type_len), 0xffffffff, 0, 0, 0},
	{"strings beyond the end", -EINVAL, FIELD(str_off), 0xfffffff0, 0, 0, 0},
	{"strings too long", -EINVAL, FIELD(str_len), 0xffffffff, 0, 0, 0},
	{"strings too short", -EINVAL, FIELD(str_len), 4, 0, 0, 0},
	{"cut off by one", -EINVAL, FIELD(flags), 0, 1, 0, 0},
	{"cut off in the header", -EINVAL, FIELD(flags), 0, 50, 0, 0},
	{"cut off before hdr_len", -EINVAL, FIELD(flags), 0, 58, 0, 0},
	{"more at the end", -EINVAL, FIELD(flags), 0, 0, 4, 0},
};

static void test_header(void **state)
{
	static const u32 words[] = {INT32, END};
	bool ask = kernel_usable();
	const struct header_case *c;
	struct blob blob;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(header_cases); i++) {
		c = &header_cases[i];
		blob_make(&blob, words, blob_strings, sizeof(blob_strings));
		memcpy(blob.bytes + c->at, &c->value, c->width);
		memmove(blob.bytes + 24 + c->add, blob.bytes + 24, blob.size - 24);
		memset(blob.bytes + 24, 0, c->add);
		if (c->add)
			blob.bytes[24] = c->fill;
		blob.size += c->add;
		blob.size -= c->cut;
		err = parse_verdict(blob.bytes, blob.size, NULL);
		if (err != c->err)
			fail_msg("%s: %d, not %d", c->what, err, c->err);
		if (ask && kernel_load(blob.bytes, blob.size) != err)
			fail_msg("%s: the kernel says otherwise", c->what);
	}
}

/* --- what nobody thought of ----------------------------------------------------------------- */

static u64 random_state;

static u32 random_u32(u32 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 16) % below;
}

/* One change somewhere in @size bytes. */
static void mutate(unsigned char *bytes, u32 size)
{
	static const u32 values[] = {0,	 1,    2,	   3,	       4,	   8,
				     32, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0x01000020};
	u32 at, value;

	switch (random_u32(4)) {
	case 0:
		bytes[random_u32(size)] ^= 1u << random_u32(8);
		break;
	case 1: /* a word, to a value that means something */
		at = random_u32(size / 4) * 4;
		memcpy(bytes + at, &values[random_u32(ARRAY_SIZE(values))], 4);
		break;
	case 2: /* another kind, with what it had */
		at = random_u32(size / 4) * 4;
		bytes[at + 3] = random_u32(21) | random_u32(2) << 7;
		break;
	case 3: /* a small id, or count */
		at = random_u32(size / 4) * 4;
		value = random_u32(12);
		memcpy(bytes + at, &value, 4);
		break;
	}
}

static void compare_mutations(const char *what, const unsigned char *good, u32 size, u32 rounds,
			      bool ask, u32 *accepted)
{
	unsigned char *bytes = malloc(size);
	u32 i, changes;
	int err, theirs;

	assert_non_null(bytes);
	for (i = 0; i < rounds; i++) {
		memcpy(bytes, good, size);
		for (changes = 1 + random_u32(3); changes; changes--) {
			/* Seldom the header: most changes there end it all. */
			if (random_u32(16))
				mutate(bytes + 24, size - 24);
			else
				mutate(bytes, size);
		}
		err = parse_verdict(bytes, size, NULL);
		*accepted += !err;
		if (!ask)
			continue;
		theirs = kernel_load(bytes, size);
		if (theirs != err) {
			free(bytes);
			fail_msg("%s, changed (round %u): %d, the kernel says %d", what, i, err,
				 theirs);
		}
	}
	free(bytes);
}

/*
 * Good blobs with a few changes: no crash, and the kernel's verdict. Not compared anywhere: members
 * of structures that Linux knows by name (bpf_spin_lock, bpf_timer ...), which no blob here has.
 */
static void test_mutations(void **state)
{
	bool ask = kernel_usable();
	u32 accepted = 0, rounds = 0;
	struct blob blob;
	size_t i;

	random_state = 0x9e3779b97f4a7c15;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].err)
			continue;
		blob_make(&blob, cases[i].words, blob_strings, sizeof(blob_strings));
		compare_mutations(cases[i].what, blob.bytes, blob.size, 200,
				  ask && !cases[i].stricter, &accepted);
		rounds += 200;
	}
	compare_mutations("the built-in BTF", trek_vmlinux_btf_data, trek_vmlinux_btf_len, 1000,
			  ask, &accepted);
	rounds += 1000;
	print_message("# %u of %u changed blobs are good\n", accepted, rounds);
	assert_true(accepted > rounds / 20 && accepted < rounds * 19 / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests_name("btf_parse", tests, NULL, NULL);
}
