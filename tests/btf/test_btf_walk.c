/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What a load at an offset of a structure means: see shapes.h for the structures. */
#include <stdlib.h>

#include "base/func.h"
#include "blob.h"
#include "shapes.h"

static struct btf *btf;

struct walk_case {
	const char *structure;
	u32 off, size;
	int result;
	const char *target; /* WALK_PTR and WALK_STRUCT: name of the structure */
	u32 tags;
};

#define AT(member) offsetof(struct shapes, member)
#define SCALAR(off, size)                                                                          \
	{                                                                                          \
		"shapes", off, size, WALK_SCALAR, NULL, 0                                          \
	}
#define POINTER(off, target, tags)                                                                 \
	{                                                                                          \
		"shapes", off, 8, WALK_PTR, target, tags                                           \
	}
#define ANYWHERE(off)                                                                              \
	{                                                                                          \
		"shapes", off, 8, WALK_PTR_UNTRUSTED, NULL, 0                                      \
	}
#define INSIDE(off, target)                                                                        \
	{                                                                                          \
		"shapes", off, 0, WALK_STRUCT, target, 0                                           \
	}
#define REFUSED(off, size, err)                                                                    \
	{                                                                                          \
		"shapes", off, size, err, NULL, 0                                                  \
	}

/* Where unnamed members and bitfields are. */
#define BITS_AT (AT(matrix) + sizeof(((struct shapes *)0)->matrix))

static const struct walk_case cases[] = {
	/* Numbers: all of them, or a part. */
	SCALAR(AT(number), 4),
	SCALAR(AT(number), 1),
	SCALAR(AT(number) + 2, 2),
	REFUSED(AT(number), 8, -EACCES),
	REFUSED(AT(number) + 2, 4, -EACCES),
	SCALAR(AT(wide) + 4, 4),
	SCALAR(AT(colour), 4),
	SCALAR(AT(tail), 1),
	/* A hole, from its beginning and into it. */
	REFUSED(AT(number) + 4, 4, -EINVAL),
	REFUSED(AT(number) + 4, 1, -EINVAL),
	REFUSED(AT(tail) + 1, 1, -EINVAL),
	/* The end, and beyond; offsets that wrap. */
	REFUSED(sizeof(struct shapes), 1, -EACCES),
	REFUSED(sizeof(struct shapes) - 4, 8, -EACCES),
	REFUSED(0xfffffffc, 8, -EACCES),
	REFUSED(0xffffffff, 1, -EACCES),
	/* Structures in it. */
	SCALAR(AT(inner.x), 4),
	SCALAR(AT(inner.y), 2),
	SCALAR(AT(inner.c) + 2, 4),
	REFUSED(AT(inner.y), 4, -EACCES),
	REFUSED(AT(inner.c) + 4, 4, -EACCES),
	SCALAR(AT(anonymous), 4),
	SCALAR(AT(deep.first.y), 2),
	POINTER(AT(deep.ptr), "target", 0),
	INSIDE(AT(inner), "inner"),
	INSIDE(AT(deep), "deep"),
	REFUSED(AT(deep.ptr), 0, -EACCES),
	/* Arrays: of structures, of numbers with several dimensions, of pointers. */
	SCALAR(AT(many[2].y), 2),
	REFUSED(AT(many[1].y), 4, -EACCES),
	INSIDE(AT(many[1]), "inner"),
	SCALAR(AT(grid[1][2]), 4),
	SCALAR(AT(grid[0][2]), 8),
	REFUSED(AT(grid[1][2]), 8, -EACCES),
	POINTER(AT(ptrs[3]), "target", 0),
	REFUSED(AT(ptrs[1]) + 4, 8, -EACCES),
	ANYWHERE(AT(matrix[1])),
	REFUSED(AT(matrix[1]), 4, -EACCES),
	/* Pointers, whole: to structures, or to something else. */
	POINTER(AT(ptr), "target", 0),
	POINTER(AT(to_const), "target", 0),
	POINTER(AT(to_typedef), "target", 0),
	REFUSED(AT(ptr), 4, -EACCES),
	REFUSED(AT(ptr), 1, -EACCES),
	REFUSED(AT(ptr) + 1, 8, -EACCES),
	REFUSED(AT(ptr) + 4, 4, -EACCES),
	ANYWHERE(AT(nothing)),
	ANYWHERE(AT(to_int)),
	ANYWHERE(AT(declared)),
	REFUSED(AT(nothing), 4, -EACCES),
	REFUSED(AT(declared), 4, -EACCES),
	/* Bitfields: what covers one. */
	SCALAR(BITS_AT, 4),
	SCALAR(BITS_AT, 1),
	SCALAR(BITS_AT, 2),
	SCALAR(BITS_AT + 3, 1),
	SCALAR(BITS_AT + 2, 2),
	REFUSED(BITS_AT + 1, 1, -EINVAL),
	/* Unions: the first member decides; what is found in them is not trusted. */
	SCALAR(AT(u), 4),
	SCALAR(AT(u), 8),
	SCALAR(AT(u) + 4, 4),
	POINTER(AT(single), "target", 0),
	REFUSED(AT(single), 4, -EACCES),
	/* Beyond the end there is a flexible array. */
	{"flex_struct", 4, 4, WALK_SCALAR, NULL, 0},
	{"flex_struct", 4 + 12 * 100 + 4, 2, WALK_SCALAR, NULL, 0},
	{"flex_struct", 4 + 12 * 100 + 4, 4, -EACCES, NULL, 0},
	{"flex_struct", 2, 4, -EACCES, NULL, 0},
	{"flex_int", 4 + 400, 4, WALK_SCALAR, NULL, 0},
	{"flex_int", 0, 8, -EACCES, NULL, 0},
	{"flex_ptr", 8, 8, -EACCES, NULL, 0},
	{"nothing", 0, 1, -EACCES, NULL, 0},
};

static void expect(const struct walk_case *c)
{
	s32 id = btf_find_by_name_kind(btf, c->structure, BTF_KIND_STRUCT);
	struct btf_walk walk;
	int result;

	assert_true(id > 0);
	result = btf_struct_walk(btf, btf_type_by_id(btf, id), c->off, c->size, &walk, NULL);
	if (result != c->result)
		fail_msg("%s, %u bytes at %u: %d, not %d", c->structure, c->size, c->off, result,
			 c->result);
	if (!c->target)
		return;
	if (strcmp(btf_type_name(btf, btf_type_by_id(btf, walk.next_id)), c->target) ||
	    walk.tags != c->tags)
		fail_msg("%s, %u bytes at %u: type %u, tags 0x%x", c->structure, c->size, c->off,
			 walk.next_id, walk.tags);
}

static void test_walk(void **state)
{
	struct btf_walk walk;
	s32 id;
	size_t i;

	id = btf_find_by_name_kind(btf, "shapes", BTF_KIND_STRUCT);
	assert_true(id > 0);
	assert_int_equal(btf_type_by_id(btf, id)->size, sizeof(struct shapes));
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		expect(&cases[i]);
	btf_struct_walk(btf, btf_type_by_id(btf, id), AT(inner.y), 2, &walk, NULL);
	assert_string_equal(walk.field, "y");
}

static void test_no_structure(void **state)
{
	s32 id = btf_find_by_name_kind(btf, "int", BTF_KIND_INT);
	struct btf_walk walk;

	assert_int_equal(btf_struct_walk(btf, btf_type_by_id(btf, id), 0, 4, &walk, NULL), -EINVAL);
}

/* Blobs for what clang does not write. 1 is an int of 4 bytes. */
static void test_handmade(void **state)
{
	static const u32 words[] = {
		/* 1 */ INT32,
		/* 2 */ NAMED(FWD, 3, 0),
		/* 3 */ REF(PTR, 2),
		/* 4, one pointer, to a declaration */ STRUCT(1, 8, 1),
		1,
		3,
		0,
		/* 5, its definition */ STRUCT(3, 16, 1),
		1,
		1,
		0,
		/* 6 */ REF(PTR, 5),
		/* 7, a pointer first in a union */ UNION(5, 8, 2),
		1,
		6,
		0,
		3,
		1,
		0,
		/* 8 */ STRUCT(5, 0, 0),
		/* 9 */ ARRAY(8, 1, 0),
		/* 10, a flexible array of nothing */ STRUCT(9, 4, 2),
		1,
		1,
		0,
		3,
		9,
		32,
		/* 11, declared as a union, defined as a structure */ TYPE(3, FWD, 1, 0, 0),
		/* 12 */ REF(PTR, 11),
		/* 13 */ STRUCT(1, 8, 1),
		1,
		12,
		0,
		/* 14, old bitfield of 3 bits */ INT(1, 4, 3),
		/* 15 */ STRUCT(1, 4, 1),
		1,
		14,
		0,
		END,
	};
	struct btf_walk walk;
	struct blob blob;
	struct btf *own;

	blob_make(&blob, words, blob_strings, sizeof(blob_strings));
	own = btf_parse(NULL, blob.bytes, blob.size, NULL, NULL);
	assert_false(IS_ERR(own));
	assert_int_equal(btf_struct_walk(own, btf_type_by_id(own, 4), 0, 8, &walk, NULL), WALK_PTR);
	assert_int_equal(walk.next_id, 5);
	assert_int_equal(btf_struct_walk(own, btf_type_by_id(own, 7), 0, 8, &walk, NULL), WALK_PTR);
	assert_int_equal(walk.next_id, 5);
	assert_int_equal(walk.tags, PTR_UNTRUSTED);
	assert_int_equal(btf_struct_walk(own, btf_type_by_id(own, 10), 8, 4, &walk, NULL), -EACCES);
	assert_int_equal(btf_struct_walk(own, btf_type_by_id(own, 13), 0, 8, &walk, NULL),
			 WALK_PTR_UNTRUSTED);
	assert_int_equal(btf_struct_walk(own, btf_type_by_id(own, 15), 0, 4, &walk, NULL),
			 WALK_SCALAR);
	btf_put(own);
}

/* Pointers with tags, which not every clang writes. */
static void test_tags(void **state)
{
	/* 1 "a", 3 "rcu", 7 "user", 12 "percpu", 19 "other". */
	static const char strings[] = "\0a\0rcu\0user\0percpu\0other";
	static const struct {
		u32 tag, kflag;
		int result;
		u32 tags;
	} tags[] = {
		{3, 0, WALK_PTR, MEM_RCU},     {3, 1, WALK_PTR, 0},  {7, 0, WALK_PTR, MEM_USER},
		{12, 0, WALK_PTR, MEM_PERCPU}, {19, 0, WALK_PTR, 0},
	};
	struct btf_walk walk;
	struct blob blob;
	struct btf *own;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		const u32 words[] = {
			/* 1 */ STRUCT(1, 8, 1),
			1,
			3,
			0,
			/* 2 */ TYPE(tags[i].tag, TYPE_TAG, tags[i].kflag, 0, 1),
			/* 3 */ REF(PTR, 2),
			END,
		};

		blob_make(&blob, words, strings, sizeof(strings));
		own = btf_parse(NULL, blob.bytes, blob.size, NULL, NULL);
		assert_false(IS_ERR(own));
		assert_int_equal(btf_struct_walk(own, btf_type_by_id(own, 1), 0, 8, &walk, NULL),
				 tags[i].result);
		if (tags[i].result == WALK_PTR) {
			assert_int_equal(walk.next_id, 1);
			assert_int_equal(walk.tags, tags[i].tags);
		}
		btf_put(own);
	}
}

static void test_ids_match(void **state)
{
	s32 shapes = btf_find_by_name_kind(btf, "shapes", BTF_KIND_STRUCT);
	s32 inner = btf_find_by_name_kind(btf, "inner", BTF_KIND_STRUCT);
	s32 deep = btf_find_by_name_kind(btf, "deep", BTF_KIND_STRUCT);
	s32 all = btf_find_by_name_kind(btf, "all_shapes", BTF_KIND_STRUCT);

	assert_true(btf_struct_ids_match(btf, inner, 0, btf, inner, true));
	assert_false(btf_struct_ids_match(btf, deep, 0, btf, inner, true));
	assert_true(btf_struct_ids_match(btf, deep, 0, btf, inner, false));
	assert_true(btf_struct_ids_match(btf, all, 0, btf, shapes, false));
	assert_false(btf_struct_ids_match(btf, inner, 0, btf, deep, false));
	assert_true(btf_struct_ids_match(btf, shapes, AT(inner), btf, inner, false));
	assert_true(btf_struct_ids_match(btf, shapes, AT(many[2]), btf, inner, false));
	assert_true(btf_struct_ids_match(btf, shapes, AT(deep), btf, inner, false));
	assert_true(btf_struct_ids_match(btf, all, AT(deep), btf, inner, false));
	assert_false(btf_struct_ids_match(btf, shapes, AT(inner) + 4, btf, inner, false));
	assert_false(btf_struct_ids_match(btf, shapes, AT(ptr), btf, inner, false));
	assert_false(btf_struct_ids_match(btf, shapes, 1 << 20, btf, inner, false));
	assert_false(btf_struct_ids_match(btf, 0x7fffffff, 0, btf, inner, false));
}

static void test_log(void **state)
{
	s32 id = btf_find_by_name_kind(btf, "shapes", BTF_KIND_STRUCT);
	struct bpf_verifier_log log;
	struct btf_walk walk;
	char text[256] = "";
	u32 actual;

	assert_int_equal(bpf_vlog_init(&log, 1, (unsigned long)text, sizeof(text)), 0);
	btf_struct_walk(btf, btf_type_by_id(btf, id), AT(ptr), 4, &walk, &log);
	assert_int_equal(bpf_vlog_finalize(&log, &actual), 0);
	assert_non_null(strstr(text, "struct shapes"));
	assert_non_null(strstr(text, "pointer ptr"));
}

static int load(const char *path)
{
	static unsigned char bytes[1 << 16];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file)
		return -1;
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	btf = btf_parse(NULL, bytes, size, NULL, NULL);
	return IS_ERR(btf) ? -1 : 0;
}

/* @argv[1]: raw BTF of shapes.bpf.c. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),	  cmocka_unit_test(test_no_structure),
		cmocka_unit_test(test_handmade),  cmocka_unit_test(test_tags),
		cmocka_unit_test(test_ids_match), cmocka_unit_test(test_log),
	};
	int failed;

	if (argc < 2 || load(argv[1]))
		return 1;
	failed = cmocka_run_group_tests_name("btf_walk", tests, NULL, NULL);
	btf_put(btf);
	rcu_barrier();
	return failed;
}
