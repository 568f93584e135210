/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Every way to look at objects finds the same ones with the same fields, and what bpf(2) says of
 * them. Other objects may come and go on a kernel; those made here are looked for.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "arena.h"
#include "cli.h"
#include "engine.h"
#include "fdinfo.h"
#include "has.h"
#include "holders.h"
#include "link_info.h"
#include "look.h"
#include "some.skel.h"
#include "test.h"

static struct some *some;
static struct objects looks[3];
static const struct way *ways[] = {&syscall_way, &skeleton_way, &light_way};
static size_t nr_ways;
static bool has_link_iterator; /* since Linux 5.19 */

static bool reads(const struct way *way, enum sort sort)
{
	if (way == &syscall_way)
		return sort != SORT_HOLDERS || engine_is_kernel();
	return sort == SORT_HOLDERS ? engine_is_kernel() : sort != SORT_LINKS || has_link_iterator;
}

static unsigned int nr_read(const struct way *way)
{
	unsigned int nr = 0;

	for (enum sort sort = 0; sort < NR_SORTS; sort++)
		nr += reads(way, sort);
	return nr;
}

static int program_fd(void)
{
	return bpf_program__fd(some->progs.some_filter_with_a_name_that_is_long);
}

static __u32 id_of(int fd)
{
	__u32 info[2] = {0}, size = sizeof(info); /* type, id: so the info of each begins */

	assert_int_equal(bpf_obj_get_info_by_fd(fd, info, &size), 0);
	return info[1];
}

static void take_into(struct look *look, const struct way *way, struct objects *objects)
{
	look->objects = objects;
	objects->arena = arena_new();
	for (enum sort sort = 0; sort < NR_SORTS; sort++)
		if (reads(way, sort))
			assert_int_equal(way->read(look, sort), 0);
	holders_merge(objects);
}

static void take(const struct way *way, struct objects *objects)
{
	struct look *look = calloc(1, sizeof(*look));

	assert_non_null(look);
	take_into(look, way, objects);
	free(look);
}

static int setup(void **state)
{
	__u32 key = 3;
	__u64 value = 4;

	some = some__open_and_load();
	if (!some || some__attach(some))
		return -1;
	if (bpf_map_update_elem(bpf_map__fd(some->maps.some_hash), &key, &value, 0))
		return -1;
	has_link_iterator = has_function("bpf_iter_bpf_link");
	/* Light skeletons are loaded by such a program, since Linux 5.17. */
	nr_ways = engine_is_kernel() && libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SYSCALL, NULL) == 1
			  ? 3
			  : 2;
	for (size_t i = 0; i < nr_ways; i++)
		take(ways[i], &looks[i]);
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < nr_ways; i++)
		objects_free(&looks[i]);
	some__destroy(some);
	engine_stop();
	return 0;
}

static void test_missing(void **state)
{
	skip_because("this user may not use the kernel");
}

#define assert_same(a, b, member)                                                                  \
	do {                                                                                       \
		if ((a)->member != UNKNOWN && (b)->member != UNKNOWN)                              \
			assert_int_equal((a)->member, (b)->member);                                \
	} while (0)

static void compare_programs(const struct program *a, const struct program *b)
{
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->type, b->type);
	assert_memory_equal(a->tag, b->tag, sizeof(a->tag));
	assert_int_equal(a->gpl_compatible, b->gpl_compatible);
	assert_int_equal(a->jited, b->jited);
	assert_int_equal(a->load_time, b->load_time);
	assert_int_equal(a->bytes_xlated, b->bytes_xlated);
	assert_int_equal(a->btf_id, b->btf_id);
	assert_int_equal(strncmp(a->name, b->name, BPF_OBJ_NAME_LEN - 1), 0);
	assert_same(a, b, attach_type);
	assert_same(a, b, sleepable);
	assert_same(a, b, bytes_jited);
	assert_same(a, b, bytes_memlock);
	assert_same(a, b, verified_insns);
	assert_same(a, b, uid);
	assert_same(a, b, attach_btf_id);
	assert_same(a, b, attach_btf_obj_id);
	assert_same(a, b, attach_prog_id);
	assert_same(a, b, ifindex);
	assert_same(a, b, refcnt);
	assert_int_equal(a->nr_map_ids, b->nr_map_ids);
	if (a->nr_map_ids)
		assert_memory_equal(a->map_ids, b->map_ids, a->nr_map_ids * sizeof(__u32));
}

static void compare_maps(const struct map *a, const struct map *b)
{
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->type, b->type);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->key_size, b->key_size);
	assert_int_equal(a->value_size, b->value_size);
	assert_int_equal(a->max_entries, b->max_entries);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->btf_id, b->btf_id);
	assert_same(a, b, frozen);
	assert_same(a, b, elements);
	assert_same(a, b, btf_key_type_id);
	assert_same(a, b, btf_value_type_id);
	assert_same(a, b, btf_vmlinux_value_type_id);
	assert_same(a, b, ifindex);
	assert_same(a, b, map_extra);
	assert_same(a, b, refcnt);
	assert_same(a, b, usercnt);
}

static void test_programs(void **state)
{
	const __u32 filter = id_of(program_fd());
	const __u32 iterator = id_of(bpf_program__fd(some->progs.some_iterator));
	const struct program *by_iterator;

	for (size_t i = 1; i < nr_ways; i++) {
		compare_programs(objects_program(&looks[0], filter),
				 objects_program(&looks[i], filter));
		compare_programs(objects_program(&looks[0], iterator),
				 objects_program(&looks[i], iterator));
		assert_string_equal(objects_program(&looks[i], filter)->name,
				    "some_filter_with_a_name_that_is_long");
		assert_int_equal(objects_program(&looks[i], filter)->nr_map_ids, 2);
		assert_null(objects_program(&looks[i], filter)->attach_to);
		assert_string_equal(objects_program(&looks[i], iterator)->attach_to,
				    "bpf_iter_bpf_map");
	}
	/* bpf(2) does not tell whether it is a program, nor that it is none, */
	assert_true(objects_program(&looks[0], iterator)->attach_prog_id == UNKNOWN);
	/* nor does Linux before 5.11 say whose the type is; */
	by_iterator = objects_program(&looks[1], iterator);
	assert_true(by_iterator->attach_prog_id ==
		    (by_iterator->attach_btf_obj_id == UNKNOWN ? UNKNOWN : 0));
	/* unless it attaches to nothing at all. */
	assert_int_equal(objects_program(&looks[0], filter)->attach_prog_id, 0);
}

static void test_maps(void **state)
{
	const __u32 hash = id_of(bpf_map__fd(some->maps.some_hash));
	const __u32 array = id_of(bpf_map__fd(some->maps.some_array));
	const bool counts = has_function("bpf_map_sum_elem_count"); /* since Linux 6.6 */

	for (size_t i = 1; i < nr_ways; i++) {
		compare_maps(objects_map(&looks[0], hash), objects_map(&looks[i], hash));
		compare_maps(objects_map(&looks[0], array), objects_map(&looks[i], array));
		assert_true(objects_map(&looks[i], hash)->elements == (counts ? 1 : UNKNOWN));
	}
}

static void test_links(void **state)
{
	const __u32 id = id_of(bpf_link__fd(some->links.some_iterator));
	const struct link *link;

	for (size_t i = 0; i < nr_ways; i++) {
		if (!reads(ways[i], SORT_LINKS))
			continue;
		link = objects_link(&looks[i], id);
		assert_non_null(link);
		assert_int_equal(link->type, BPF_LINK_TYPE_ITER);
		assert_int_equal(link->prog_id, id_of(bpf_program__fd(some->progs.some_iterator)));
	}
}

/* This process, with as many descriptors as it has, and no other. */
static void test_holders(void **state)
{
	const int fds[] = {program_fd(), bpf_map__fd(some->maps.some_hash),
			   bpf_link__fd(some->links.some_iterator)};
	const struct holder *holder;
	size_t nr;
	int copy, opened;

	if (!engine_is_kernel())
		skip_because("an engine in this process is of this process");
	copy = dup(fds[1]);
	opened = bpf_link_get_fd_by_id(id_of(fds[2]));
	assert_true(copy >= 0 && opened >= 0);
	for (size_t i = 0; i < nr_ways; i++) {
		objects_free(&looks[i]);
		take(ways[i], &looks[i]);
	}
	close(copy);
	close(opened);
	for (size_t i = 0; i < nr_ways; i++) {
		for (enum object_kind kind = OBJECT_PROGRAM; kind <= OBJECT_LINK; kind++) {
			holder = objects_holders(&looks[i], kind, id_of(fds[kind]), &nr);
			assert_int_equal(nr, 1);
			assert_int_equal(holder->pid, getpid());
			assert_int_equal(holder->fds, kind == OBJECT_PROGRAM ? 1 : 2);
			assert_string_equal(holder->comm, "test_ways");
		}
	}
}

/* What a look makes itself it does not show. */
static void test_own(void **state)
{
	struct objects objects;
	struct look *look;

	for (size_t i = 0; i < nr_ways; i++) {
		look = calloc(1, sizeof(*look));
		assert_non_null(look);
		memset(&objects, 0, sizeof(objects));
		take_into(look, ways[i], &objects);
		for (size_t j = 0; j < look->own.nr[OBJECT_PROGRAM]; j++)
			assert_null(objects_program(&objects, look->own.ids[OBJECT_PROGRAM][j]));
		for (size_t j = 0; j < look->own.nr[OBJECT_MAP]; j++)
			assert_null(objects_map(&objects, look->own.ids[OBJECT_MAP][j]));
		for (size_t j = 0; j < look->own.nr[OBJECT_LINK]; j++)
			assert_null(objects_link(&objects, look->own.ids[OBJECT_LINK][j]));
		/* A program, its types and its link for each iterator; and a map to load it. */
		assert_int_equal(look->own.nr[OBJECT_PROGRAM],
				 ways[i] == &syscall_way ? 0 : nr_read(ways[i]));
		assert_int_equal(look->own.nr[OBJECT_LINK], look->own.nr[OBJECT_PROGRAM]);
		assert_int_equal(look->own.nr[OBJECT_BTF], look->own.nr[OBJECT_PROGRAM]);
		assert_int_equal(look->own.nr[OBJECT_MAP],
				 ways[i] == &light_way ? nr_read(ways[i]) : 0);
		objects_free(&objects);
		free(look);
	}
}

/* Nor what an earlier look has left; but all that could be anything else. */
static void test_leftovers(void **state)
{
	const struct map leftover = {
		.id = 1,
		.type = BPF_MAP_TYPE_ARRAY,
		.name = LOADER_NAME,
		.max_entries = 1,
		.refcnt = 1,
	};
	struct map maps[6];
	const __u32 used = 6;
	struct program program = {.id = id_of(program_fd()), .map_ids = &used, .nr_map_ids = 1};
	struct objects objects = {
		.maps = maps, .nr_maps = 6, .programs = &program, .nr_programs = 1};
	struct look *look = calloc(1, sizeof(*look));

	for (size_t i = 0; i < 6; i++)
		maps[i] = leftover;
	for (size_t i = 0; i < 6; i++)
		maps[i].id = i + 1;
	maps[1].usercnt = 1;
	maps[2].refcnt = 2;
	maps[3].name = "bpftrek_load";
	maps[4].refcnt = UNKNOWN;
	assert_non_null(look);
	look->objects = &objects;
	assert_int_equal(own_drop_leftovers(look, true), 0);
	assert_int_equal(objects.nr_maps, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(maps[i].id, i + 2);
	free(look);
}

static size_t nr_looking_left(const struct objects *objects)
{
	size_t nr = 0;

	for (size_t i = 0; i < objects->nr_maps; i++)
		nr += !strcmp(objects->maps[i].name, LOADER_NAME) && !objects->maps[i].usercnt;
	return nr;
}

/*
 * Whether the look is at programs as well, or not. A map that somebody calls like that is shown as
 * long as another map or a program has it.
 */
static void test_leftovers_of_an_engine(void **state)
{
	static const unsigned int wanted[] = {WANT_MAPS, WANT_MAPS | WANT_PROGRAMS};
	const int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, LOADER_NAME, 4, 8, 1, NULL);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = inner);
	const int outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "outer", 4, 4, 2, &opts);
	const __u32 id = id_of(inner), key = 1;
	struct objects objects;

	assert_true(inner >= 0 && outer >= 0);
	assert_int_equal(bpf_map_update_elem(outer, &key, &inner, 0), 0);
	close(inner);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(objects_gather(wanted[i % 2], &objects), 0);
		assert_non_null(objects_map(&objects, id));
		assert_int_equal(nr_looking_left(&objects), 1);
		objects_free(&objects);
	}
	close(outer);
}

static void test_link_info(void **state)
{
	const __u32 id = id_of(bpf_link__fd(some->links.some_iterator));
	const struct link_info *info;
	const struct link *link;
	struct objects objects;

	assert_int_equal(objects_gather(WANT_LINKS | WANT_LINK_INFO, &objects), 0);
	link = objects_link(&objects, id);
	assert_non_null(link);
	assert_true(link->info_size >= 24);
	info = link->info;
	assert_int_equal(info->id, id);
	assert_int_equal(info->prog_id, link->prog_id);
	assert_int_equal(info->iter.target_name, 0);
	assert_string_equal(link->text, "bpf_map");
	objects_free(&objects);
}

/* Programs and maps for links alone: those that links name are there. */
static void test_for_links(void **state)
{
	const __u32 program = id_of(bpf_program__fd(some->progs.some_iterator));
	struct objects objects;

	assert_int_equal(objects_gather(WANT_LINKS | WANT_FOR_LINKS | WANT_PROGRAMS, &objects), 0);
	assert_non_null(objects_link(&objects, id_of(bpf_link__fd(some->links.some_iterator))));
	assert_non_null(objects_program(&objects, program));
	assert_int_equal(objects.nr_maps, 0);
	objects_free(&objects);
	if (engine_is_kernel())
		return; /* there may be other links */
	assert_int_equal(bpf_link__destroy(some->links.some_iterator), 0);
	some->links.some_iterator = NULL;
	assert_int_equal(objects_gather(WANT_LINKS | WANT_FOR_LINKS | WANT_PROGRAMS, &objects), 0);
	assert_int_equal(objects.nr_links, 0);
	assert_int_equal(objects.nr_programs, 0);
	objects_free(&objects);
}

static void compare_few(unsigned int wanted, const struct objects *all)
{
	const __u32 ids[] = {id_of(program_fd()),
			     id_of(bpf_program__fd(some->progs.some_iterator))};
	struct objects few;

	assert_int_equal(objects_gather(WANT_PROGRAMS | wanted, &few), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct program *a = objects_program(&few, ids[i]);
		const struct program *b = objects_program(all, ids[i]);

		compare_programs(a, b);
		assert_string_equal(a->name, b->name);
		assert_int_equal(a->bytes_memlock, b->bytes_memlock);
		assert_int_equal(a->attach_btf_obj_id, b->attach_btf_obj_id);
		assert_int_equal(!a->attach_to, !b->attach_to);
		if (a->attach_to)
			assert_string_equal(a->attach_to, b->attach_to);
		if (!(wanted & WANT_INSIDE))
			continue;
		assert_int_equal(a->attach_type, b->attach_type);
		assert_int_equal(a->sleepable, b->sleepable);
		assert_int_equal(a->attach_prog_id, b->attach_prog_id);
		assert_int_equal(a->refcnt, b->refcnt);
	}
	objects_free(&few);
}

/* Few programs are asked for one by one: the same but for what an iterator alone sees, which a
 * small one tells. */
static void test_few(void **state)
{
	struct objects all = {0};

	take(&skeleton_way, &all);
	compare_few(WANT_MEMORY | WANT_ATTACH_TO, &all);
	compare_few(WANT_MEMORY | WANT_ATTACH_TO | WANT_INSIDE, &all);
	compare_few(WANT_MEMORY | WANT_INSIDE, &all);
	objects_free(&all);
}

/* Whether the kernel's own types have ids: since Linux 5.11, which says of types whose they are. */
static bool kernel_has_ids(__u32 btf)
{
	struct bpf_btf_info info;
	__u32 size = sizeof(info);
	int fd = bpf_btf_get_fd_by_id(btf);

	memset(&info, 0, sizeof(info));
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	return size > offsetof(struct bpf_btf_info, kernel_btf);
}

static void test_btfs(void **state)
{
	const struct btf_object *btf;
	struct bpf_prog_info info;
	struct objects objects;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	assert_int_equal(bpf_obj_get_info_by_fd(program_fd(), &info, &size), 0);
	assert_int_equal(objects_gather(WANT_BTFS, &objects), 0);
	btf = objects_btf(&objects, info.btf_id);
	assert_non_null(btf);
	assert_false(btf->kernel);
	assert_string_equal(btf->name, "");
	assert_true(btf->size > 100);
	assert_true(objects.btfs[0].kernel == kernel_has_ids(info.btf_id));
	assert_string_equal(objects.btfs[0].name, objects.btfs[0].kernel ? "vmlinux" : "");
	objects_free(&objects);
}

static void test_references(void **state)
{
	const __u32 hash = id_of(bpf_map__fd(some->maps.some_hash));
	const __u32 filter = id_of(program_fd());
	const struct reference *r;
	struct objects objects;
	size_t nr;

	assert_int_equal(objects_gather(WANT_PROGRAMS | WANT_MAPS | WANT_LINKS, &objects), 0);
	r = objects_references(&objects, OBJECT_MAP, hash, &nr);
	assert_int_equal(nr, 1);
	assert_int_equal(r->from, OBJECT_PROGRAM);
	assert_int_equal(r->from_id, filter);
	assert_int_equal(r->why, USES_MAP);
	r = objects_references(&objects, OBJECT_PROGRAM,
			       id_of(bpf_program__fd(some->progs.some_iterator)), &nr);
	assert_int_equal(nr, 1);
	assert_int_equal(r->from, OBJECT_LINK);
	assert_int_equal(r->why, ATTACHES);
	assert_null(objects_references(&objects, OBJECT_PROGRAM, filter, &nr));
	assert_int_equal(nr, 0);
	objects_free(&objects);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_programs),  cmocka_unit_test(test_maps),
	cmocka_unit_test(test_links),	  cmocka_unit_test(test_own),
	cmocka_unit_test(test_leftovers), cmocka_unit_test(test_references),
	cmocka_unit_test(test_holders),	  cmocka_unit_test(test_link_info),
	cmocka_unit_test(test_btfs),	  cmocka_unit_test(test_for_links),
	cmocka_unit_test(test_few),	  cmocka_unit_test(test_leftovers_of_an_engine),
};

int main(int argc, char **argv)
{
	static const struct CMUnitTest without[] = {cmocka_unit_test(test_missing)};

	if (argc != 2)
		return 2;
	if (!engine_start_on(argv[1]))
		return cmocka_run_group_tests_name(argv[1], tests, setup, teardown);
	return strcmp(argv[1], "kernel") ||
	       cmocka_run_group_tests_name(argv[1], without, NULL, NULL);
}
