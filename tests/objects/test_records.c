/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Streams of records that no program of ours would write: refused, and nothing of them remains. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "look.h"
#include "records.h"
#include "references.h"
#include "test.h"

static struct objects objects;
static struct look *look;

static int setup(void **state)
{
	memset(&objects, 0, sizeof(objects));
	look = calloc(1, sizeof(*look));
	objects.arena = arena_new();
	if (!look || !objects.arena)
		return -1;
	look->objects = &objects;
	return 0;
}

static int teardown(void **state)
{
	objects_free(&objects);
	free(look);
	return 0;
}

static struct map_record map_record(__u32 id)
{
	struct map_record r = {
		.head = {sizeof(r), RECORDS_VERSION, RECORD_MAP}, .id = id, .max_entries = 7};

	memset(r.name, 'm', sizeof(r.name)); /* without a NUL */
	return r;
}

static struct program_record program_record(__u32 id)
{
	struct program_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_PROGRAM}, .id = id};

	return r;
}

static void test_names_end(void **state)
{
	const struct map_record r = map_record(3);

	assert_int_equal(look_put(look, &r, sizeof(r)), 0);
	assert_int_equal(look_end(look), 0);
	assert_int_equal(objects.nr_maps, 1);
	assert_string_equal(objects.maps[0].name, "mmmmmmmmmmmmmmmm");
	/* What is not marked as being there is not known, whatever it holds. */
	assert_true(objects.maps[0].elements == UNKNOWN);
	assert_true(objects.maps[0].frozen == UNKNOWN);
}

/* Byte by byte: a record is taken when it is whole. */
static void test_pieces(void **state)
{
	struct map_record r[2] = {map_record(1), map_record(2)};

	for (size_t i = 0; i < sizeof(r); i++) {
		assert_int_equal(objects.nr_maps, i / sizeof(r[0]));
		assert_int_equal(look_put(look, (char *)r + i, 1), 0);
	}
	assert_int_equal(look_end(look), 0);
	assert_int_equal(objects.nr_maps, 2);
}

static void test_cut(void **state)
{
	const struct map_record r = map_record(1);

	for (size_t size = 1; size < sizeof(r); size++) {
		assert_int_equal(look_put(look, &r, size), 0);
		assert_int_equal(look_end(look), -EBADMSG);
		assert_int_equal(objects.nr_maps, 0);
	}
}

static void test_sizes(void **state)
{
	struct map_record r = map_record(1);

	for (__u32 size = 0; size < sizeof(r); size++) {
		r.head.size = size;
		look->used = 0;
		assert_int_equal(look_put(look, &r, sizeof(r)), -EBADMSG);
		assert_int_equal(objects.nr_maps, 0);
	}
	r.head.size = sizeof(r) + 4;
	look->used = 0;
	assert_int_equal(look_put(look, &r, sizeof(r)), -EBADMSG);
	/* One that says to be longer than all there is. */
	r.head.size = 0xfff8;
	look->used = 0;
	assert_int_equal(look_put(look, &r, sizeof(r)), 0);
	assert_int_equal(look_end(look), -EBADMSG);
	assert_int_equal(objects.nr_maps, 0);
}

static void test_version(void **state)
{
	struct map_record r = map_record(1);

	r.head.version = RECORDS_VERSION + 1;
	assert_int_equal(look_put(look, &r, sizeof(r)), -ENOTSUP);
	assert_int_equal(objects.nr_maps, 0);
}

/* Kinds of a later day are stepped over, and so is what is behind the fields that are known. */
static void test_unknown(void **state)
{
	struct {
		struct map_record r;
		__u64 more;
	} longer = {.r = map_record(5)};
	struct record other = {.size = 8, .version = RECORDS_VERSION};

	for (int kind = 0; kind < 256; kind++) {
		other.kind = kind;
		if (kind < RECORD_PROGRAM || (kind > RECORD_INSIDE && kind < RECORD_NAME) ||
		    kind > RECORD_USED_MAPS)
			assert_int_equal(look_put(look, &other, sizeof(other)), 0);
	}
	longer.r.head.size = sizeof(longer);
	assert_int_equal(look_put(look, &longer, sizeof(longer)), 0);
	assert_int_equal(look_end(look), 0);
	assert_int_equal(objects.nr_maps, 1);
}

/* Texts and lists of no program, of one that is not shown, and lists longer than themselves. */
static void test_of_nothing(void **state)
{
	struct {
		struct record head;
		char text[8];
	} text = {{sizeof(text), RECORDS_VERSION, RECORD_NAME}, "12345678"};
	struct {
		struct record head;
		__u32 ids[2];
	} list = {{sizeof(list), RECORDS_VERSION, RECORD_USED_MAPS, 2}, {4, 5}};
	struct program_record own = program_record(9), shown = program_record(10);

	assert_int_equal(look_put(look, &text, sizeof(text)), 0);
	assert_int_equal(look_put(look, &list, sizeof(list)), 0);
	own_add(&look->own, OBJECT_PROGRAM, 9);
	assert_int_equal(look_put(look, &shown, sizeof(shown)), 0);
	assert_int_equal(look_put(look, &own, sizeof(own)), 0);
	assert_int_equal(look_put(look, &text, sizeof(text)), 0);
	assert_int_equal(look_put(look, &list, sizeof(list)), 0);
	assert_int_equal(objects.nr_programs, 1);
	assert_string_equal(objects.programs[0].name, "");
	assert_int_equal(objects.programs[0].nr_map_ids, 0);

	shown.id = 11;
	assert_int_equal(look_put(look, &shown, sizeof(shown)), 0);
	assert_int_equal(look_put(look, &text, sizeof(text)), 0);
	assert_int_equal(look_put(look, &list, sizeof(list)), 0);
	assert_string_equal(objects.programs[1].name, "12345678");
	assert_int_equal(objects.programs[1].nr_map_ids, 2);
	assert_int_equal(objects.programs[1].map_ids[1], 5);
	for (__u32 count = 3; count; count <<= 1) {
		list.head.present = count;
		look->used = 0;
		assert_int_equal(look_put(look, &list, sizeof(list)), -EBADMSG);
	}
	assert_int_equal(objects.programs[1].nr_map_ids, 2);
}

static void test_holders(void **state)
{
	struct holder_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_HOLDER}};

	memset(r.comm, 'c', sizeof(r.comm));
	for (__u32 kind = 0; kind < 300; kind++) {
		r.object = kind;
		r.id = 1;
		look->used = 0;
		assert_int_equal(look_put(look, &r, sizeof(r)),
				 kind == RECORD_PROGRAM || kind == RECORD_MAP ||
						 kind == RECORD_LINK || kind == RECORD_BTF
					 ? 0
					 : -EBADMSG);
	}
	assert_int_equal(objects.nr_holders, 4);
	assert_int_equal(strlen(objects.holders[0].comm), sizeof(r.comm) - 1);
}

static struct link_record link_record(__u32 id, __u32 target)
{
	struct link_record r = {
		.head = {sizeof(r), RECORDS_VERSION, RECORD_LINK, .present = LINK_HAS_TARGET_PROG},
		.id = id,
		.prog_id = 1,
		.target_prog_id = target,
	};

	return r;
}

/* A program that is seen before it has links, which are seen then: it traces each target once. */
static void test_targets(void **state)
{
	struct program_record program = program_record(1);
	struct link_record link;
	size_t nr[7] = {0};

	program.head.present |= PROGRAM_HAS_ATTACH_ID | PROGRAM_HAS_ATTACH;
	program.attach_btf_id = 1;
	program.attach_prog_id = 5;
	assert_int_equal(look_put(look, &program, sizeof(program)), 0);
	for (__u32 i = 0; i < 3; i++) {
		link = link_record(i + 1, i == 2 ? 6 : 5);
		assert_int_equal(look_put(look, &link, sizeof(link)), 0);
	}
	assert_int_equal(look_end(look), 0);
	assert_int_equal(references_find(look), 0);
	for (size_t i = 0; i < objects.nr_references; i++)
		if (objects.references[i].why == TARGETS)
			nr[objects.references[i].to_id]++;
	assert_int_equal(nr[5], 1);
	assert_int_equal(nr[6], 1);
	assert_int_equal(objects.programs[0].attach_prog_id, 5);
}

/* Any bytes: an error or not, but nothing else. */
static void test_noise(void **state)
{
	unsigned long long rng = 88172645463325252ull;
	struct program_record r;

	for (int round = 0; round < 20000; round++) {
		r = program_record(round);
		for (int i = 0; i < 4; i++) {
			rng ^= rng << 13;
			rng ^= rng >> 7;
			rng ^= rng << 17;
			((char *)&r)[rng % (i < 2 ? sizeof(r.head) : sizeof(r))] ^= rng >> 32;
		}
		if (look_put(look, &r, sizeof(r)))
			look->used = 0;
	}
	look_end(look);
}

/* What is told of a program that is there, and of no other. */
static void test_inside(void **state)
{
	struct program_record known = program_record(4);
	struct inside_record inside = {
		.head = {sizeof(inside), RECORDS_VERSION, RECORD_INSIDE, PROGRAM_HAS_SLEEPABLE},
		.id = 5,
		.refcnt = 7,
		.sleepable = 1,
		.attach_type = 9,
	};

	memset(inside.attach_to, 'a', sizeof(inside.attach_to)); /* without a NUL */
	assert_int_equal(look_put(look, &known, sizeof(known)), 0);
	assert_int_equal(look_put(look, &inside, sizeof(inside)), 0);
	assert_int_equal(objects.nr_programs, 1);
	assert_true(objects.programs[0].refcnt == UNKNOWN);
	assert_null(objects.programs[0].attach_to);

	inside.id = 4;
	assert_int_equal(look_put(look, &inside, sizeof(inside)), 0);
	assert_int_equal(look_end(look), 0);
	assert_int_equal(objects.nr_programs, 1);
	assert_int_equal(objects.programs[0].refcnt, 7);
	assert_int_equal(objects.programs[0].attach_type, 9);
	assert_int_equal(objects.programs[0].sleepable, 1);
	assert_int_equal(strlen(objects.programs[0].attach_to), sizeof(inside.attach_to));
	inside.head.present = 0;
	inside.attach_to[0] = '\0';
	assert_int_equal(look_put(look, &inside, sizeof(inside)), 0);
	assert_true(objects.programs[0].sleepable == UNKNOWN);
	inside.head.size = sizeof(inside) - 8;
	assert_int_equal(look_put(look, &inside, inside.head.size), -EBADMSG);
}

#define on_look(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const struct CMUnitTest tests[] = {
	on_look(test_names_end),  on_look(test_pieces),	 on_look(test_cut),
	on_look(test_sizes),	  on_look(test_version), on_look(test_unknown),
	on_look(test_of_nothing), on_look(test_holders), on_look(test_noise),
	on_look(test_targets),	  on_look(test_inside),
};

int main(void)
{
	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
