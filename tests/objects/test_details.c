/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What hangs on objects, and what is asked for one by one, against what bpf(2) and
 * /proc/self/fdinfo say of each.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "arena.h"
#include "cli.h"
#include "details.h"
#include "engine.h"
#include "fdinfo.h"
#include "has.h"
#include "holders.h"
#include "look.h"
#include "some.skel.h"
#include "test.h"

#define NOBODY 65534

static __u32 id_of(int fd)
{
	__u32 info[2] = {0}, size = sizeof(info); /* type, id: so the info of each begins */

	assert_int_equal(bpf_obj_get_info_by_fd(fd, info, &size), 0);
	return info[1];
}

static int make_map(__u32 type, __u32 value_size, __u32 max_entries, __u32 flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);

	return bpf_map_create(type, "details", 4, value_size, max_entries, &opts);
}

static int make_program(void)
{
	const struct bpf_insn return_0[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "details", "GPL", return_0, 2, NULL);

	assert_true(fd >= 0);
	return fd;
}

static __u64 fdinfo(int fd, const char *name)
{
	char text[1024];
	__u64 number = UNKNOWN;

	assert_true(fdinfo_read(fd, text, sizeof(text)) > 0);
	fdinfo_find(text, name, &number);
	return number;
}

static const struct {
	__u32 type, flags;
} kinds[] = {
	{BPF_MAP_TYPE_ARRAY, 0},
	{BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 0},
	{BPF_MAP_TYPE_HASH, 0},
	{BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC},
	{BPF_MAP_TYPE_PERCPU_HASH, 0},
	{BPF_MAP_TYPE_PERCPU_HASH, BPF_F_NO_PREALLOC},
	{BPF_MAP_TYPE_LRU_HASH, 0},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 0},
	{BPF_MAP_TYPE_LRU_HASH, BPF_F_NO_COMMON_LRU},
	{BPF_MAP_TYPE_PROG_ARRAY, 0},
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define NR_SIZES 7 /* maps of a kind */

/* Computed for most of them, read for three of each kind. */
static void test_memory(void **state)
{
	char value[4096] = {0}; /* of each CPU */
	int fds[NR_KINDS][NR_SIZES];
	struct objects objects;
	const struct map *map;

	for (size_t k = 0; k < NR_KINDS; k++) {
		for (__u32 i = 0; i < NR_SIZES; i++) {
			fds[k][i] =
				make_map(kinds[k].type,
					 kinds[k].type == BPF_MAP_TYPE_PROG_ARRAY ? 4 : 5 + 9 * i,
					 7 + i * i * 100, kinds[k].flags);
			assert_true(fds[k][i] >= 0);
			for (__u32 key = 0; key < i; key++)
				bpf_map_update_elem(fds[k][i], &key, value, 0);
		}
	}
	assert_int_equal(objects_gather(WANT_MAPS | WANT_MEMORY | WANT_ELEMENTS, &objects), 0);
	assert_int_equal(objects.nr_left_out, 0);
	for (size_t k = 0; k < NR_KINDS; k++) {
		for (int i = 0; i < NR_SIZES; i++) {
			map = objects_map(&objects, id_of(fds[k][i]));
			assert_non_null(map);
			assert_true(map->bytes_memlock != UNKNOWN);
			assert_true(map->bytes_memlock == fdinfo(fds[k][i], "memlock"));
			close(fds[k][i]);
		}
	}
	objects_free(&objects);
}

/* Memory is not looked for unless it is wanted: it takes time. */
static void test_memory_unwanted(void **state)
{
	int fd = make_map(BPF_MAP_TYPE_HASH, 8, 10, 0);
	struct objects objects;

	assert_int_equal(objects_gather(WANT_MAPS, &objects), 0);
	assert_true(objects_map(&objects, id_of(fd))->bytes_memlock == UNKNOWN);
	objects_free(&objects);
	close(fd);
}

static void test_elements(void **state)
{
	int hash = make_map(BPF_MAP_TYPE_HASH, 8, 10, 0);
	int array = make_map(BPF_MAP_TYPE_ARRAY, 8, 10, 0);
	int queue = bpf_map_create(BPF_MAP_TYPE_QUEUE, "details", 0, 8, 4, NULL);
	int stack = bpf_map_create(BPF_MAP_TYPE_STACK, "details", 0, 8, 4, NULL);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int trie = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "details", 8, 8, 4, &opts);
	struct {
		__u32 bits, data;
	} prefix = {32, 0x01020304};
	/* By the kernel, since Linux 6.6; before, who wants to know goes through the map. */
	const bool counts = has_function("bpf_map_sum_elem_count");
	struct objects objects;
	__u64 value = 1;

	assert_true(queue >= 0 && stack >= 0 && trie >= 0);
	for (__u32 key = 0; key < 6; key++) {
		assert_int_equal(bpf_map_update_elem(hash, &key, &value, 0), 0);
		/* Both go around: a queue that has been full. */
		if (key >= 4) {
			assert_int_equal(bpf_map_lookup_and_delete_elem(queue, NULL, &value), 0);
			assert_int_equal(bpf_map_lookup_and_delete_elem(stack, NULL, &value), 0);
		}
		assert_int_equal(bpf_map_update_elem(queue, NULL, &value, 0), 0);
		assert_int_equal(bpf_map_update_elem(stack, NULL, &value, 0), 0);
	}
	assert_int_equal(bpf_map_lookup_and_delete_elem(stack, NULL, &value), 0);
	assert_int_equal(bpf_map_update_elem(trie, &prefix, &value, 0), 0);
	assert_int_equal(objects_gather(WANT_MAPS | WANT_ELEMENTS, &objects), 0);
	assert_true(objects_map(&objects, id_of(hash))->elements == (counts ? 6 : UNKNOWN));
	assert_int_equal(objects_map(&objects, id_of(array))->elements, 10);
	assert_int_equal(objects_map(&objects, id_of(queue))->elements, 4);
	assert_int_equal(objects_map(&objects, id_of(stack))->elements, 3);
	assert_int_equal(objects_map(&objects, id_of(trie))->elements, 1);
	objects_free(&objects);
	close(hash);
	close(array);
	close(queue);
	close(stack);
	close(trie);
}

static size_t held(const struct objects *objects, enum object_kind kind, int fd, int by)
{
	const struct reference *r;
	size_t nr, found = 0;

	r = objects_references(objects, kind, id_of(fd), &nr);
	for (size_t i = 0; i < nr; i++)
		found += r[i].why == HAS_ELEMENT && r[i].from == OBJECT_MAP &&
			 r[i].from_id == id_of(by);
	return found;
}

static void test_held_by_maps(void **state)
{
	int inner = make_map(BPF_MAP_TYPE_ARRAY, 8, 1, 0), program = make_program();
	LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = inner);
	int progs = make_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 100, 0);
	int array = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "details", 4, 4, 5, &opts);
	int hash = bpf_map_create(BPF_MAP_TYPE_HASH_OF_MAPS, "details", 4, 4, 5, &opts);
	struct objects objects;
	__u32 key = 3;

	assert_true(progs >= 0 && array >= 0 && hash >= 0);
	assert_int_equal(bpf_map_update_elem(progs, &key, &program, 0), 0);
	assert_int_equal(bpf_map_update_elem(array, &key, &inner, 0), 0);
	assert_int_equal(bpf_map_update_elem(hash, &key, &inner, 0), 0);
	assert_int_equal(objects_gather(WANT_MAPS | WANT_PROGRAMS | WANT_HELD_BY_MAPS, &objects),
			 0);
	assert_int_equal(held(&objects, OBJECT_PROGRAM, program, progs), 1);
	assert_int_equal(held(&objects, OBJECT_MAP, inner, array), 1);
	assert_int_equal(held(&objects, OBJECT_MAP, inner, hash), 1);
	assert_int_equal(objects_map(&objects, id_of(progs))->owner_prog_type,
			 fdinfo(progs, "owner_prog_type"));
	assert_int_equal(objects_map(&objects, id_of(progs))->owner_jited,
			 fdinfo(progs, "owner_jited"));
	objects_free(&objects);
	close(progs);
	close(array);
	close(hash);
	close(inner);
	close(program);
}

/* Of an id that nobody has any more nothing is known, and that is no error. */
static void test_gone(void **state)
{
	struct program program = {.id = 0x7ffffff0, .bytes_jited = UNKNOWN, .run_cnt = UNKNOWN};
	struct map map = {.id = 0x7ffffff0,
			  .type = BPF_MAP_TYPE_PROG_ARRAY,
			  .bytes_memlock = UNKNOWN,
			  .owner_prog_type = UNKNOWN,
			  .value_size = 4};
	struct link link = {.id = 0x7ffffff0, .type = BPF_LINK_TYPE_ITER};
	struct objects objects = {
		.programs = &program,
		.nr_programs = 1,
		.maps = &map,
		.nr_maps = 1,
		.links = &link,
		.nr_links = 1,
	};
	struct look *look = calloc(1, sizeof(*look));

	assert_non_null(look);
	look->objects = &objects;
	objects.arena = arena_new();
	assert_int_equal(program_details(look, true), 0);
	assert_int_equal(map_details(look, true), 0);
	assert_int_equal(link_details(look, true), 0);
	assert_int_equal(elements_find(look), 0);
	assert_true(program.bytes_jited == UNKNOWN && program.run_cnt == UNKNOWN);
	assert_true(map.bytes_memlock == UNKNOWN && map.owner_prog_type == UNKNOWN);
	assert_null(link.info);
	assert_int_equal(objects.nr_references, 0);
	assert_int_equal(objects.nr_left_out, 0);
	arena_free(objects.arena);
	free(look);
}

static void pin(int fd, const char *directory, const char *name, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void find_pin(const struct objects *objects, enum object_kind kind, int fd,
		     const char *directory, const char *name, mode_t mode)
{
	const struct pin *found;
	char path[128];
	size_t nr;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	found = objects_pins(objects, kind, id_of(fd), &nr);
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(found[i].path, path))
			continue;
		assert_int_equal(found[i].mode & 07777, mode);
		assert_int_equal(found[i].uid, getuid());
		return;
	}
	fail_msg("%s is not among the %zu pins", path, nr);
}

/* A mount namespace of our own, and in it a bpf file system, with a space in its path. */
static size_t nr_lines_with(const struct objects *objects, const char *words)
{
	size_t nr = 0;

	for (size_t i = 0; i < objects->nr_left_out; i++)
		nr += strstr(objects->left_out[i], words) != NULL;
	return nr;
}

/* Whether who is another user for files alone is itself to /proc: not in Linux 5.10. */
static bool nobody_sees_itself(void)
{
	int fd;

	setfsuid(NOBODY);
	fd = open("/proc/self/fdinfo/0", O_RDONLY);
	setfsuid(0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* What /proc shows to another user: itself, and that there are others. */
static void test_holders_of_others(void **state)
{
	struct objects objects = {0};
	const struct holder *holder;
	struct look *look;
	size_t nr;
	int map, err;

	if (!engine_is_kernel() || getuid() || getpid() == 1)
		skip_because("not root, who may be another, beside others");
	if (!nobody_sees_itself())
		skip_because("this kernel hides from a process that acts as another user its own "
			     "descriptors");
	map = make_map(BPF_MAP_TYPE_HASH, 8, 10, 0);
	assert_true(map >= 0);
	look = calloc(1, sizeof(*look));
	objects.arena = arena_new();
	assert_non_null(look);
	assert_non_null(objects.arena);
	look->objects = &objects;
	setfsuid(NOBODY);
	err = syscall_way.read(look, SORT_HOLDERS);
	setfsuid(0);
	assert_int_equal(err, 0);
	holders_merge(&objects);
	holder = objects_holders(&objects, OBJECT_MAP, id_of(map), &nr);
	assert_int_equal(nr, 1);
	assert_int_equal(holder->pid, getpid());
	assert_true(objects.missing & WANT_HOLDERS);
	assert_int_equal(nr_lines_with(&objects, "run it as root"), 1);
	objects_free(&objects);
	free(look);
	close(map);
}

static void test_pins(void **state)
{
	int map, program, link;
	struct some *some;
	char directory[] = "/tmp/bpf pins.XXXXXX", path[128];
	struct objects objects;
	size_t nr;

	if (!engine_is_kernel())
		skip_because("nothing lists the pins of an engine in this process");
	map = make_map(BPF_MAP_TYPE_HASH, 8, 10, 0);
	program = make_program();
	some = some__open_and_load();
	assert_non_null(some);
	assert_int_equal(some__attach(some), 0);
	link = bpf_link__fd(some->links.some_iterator);
	assert_non_null(mkdtemp(directory));
	/* Twice: what is on top counts, once. */
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", directory, "bpf", 0, NULL) || mount("bpf", directory, "bpf", 0, NULL)) {
		rmdir(directory);
		skip_because("no file system can be mounted here");
	}
	snprintf(path, sizeof(path), "%s/deeper", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	pin(map, directory, "map", 0600);
	pin(map, path, "again", 0666);
	pin(program, path, "program", 0640);
	pin(link, path, "link", 0600);
	snprintf(path, sizeof(path), "%s/link", directory);
	assert_int_equal(symlink("/etc/passwd", path), 0);

	assert_int_equal(objects_gather(WANT_PINS, &objects), 0);
	assert_int_equal(nr_lines_with(&objects, directory), 0);
	objects_pins(&objects, OBJECT_MAP, id_of(map), &nr);
	assert_int_equal(nr, 2);
	find_pin(&objects, OBJECT_MAP, map, directory, "map", 0600);
	find_pin(&objects, OBJECT_MAP, map, directory, "deeper/again", 0666);
	find_pin(&objects, OBJECT_PROGRAM, program, directory, "deeper/program", 0640);
	find_pin(&objects, OBJECT_LINK, link, directory, "deeper/link", 0600);
	objects_free(&objects);

	/* What another user may not open, however many, is a line of each directory and mount. */
	pin(map, directory, "too", 0600);
	pin(map, directory, "third", 0600);
	pin(map, directory, "for_all", 0666);
	setfsuid(NOBODY);
	assert_int_equal(objects_gather(WANT_PINS, &objects), 0);
	setfsuid(0);
	find_pin(&objects, OBJECT_MAP, map, directory, "for_all", 0666);
	assert_int_equal(objects.nr_pins, 1);
	assert_true(objects.missing & WANT_PINS);
	assert_int_equal(nr_lines_with(&objects, "/deeper: Permission denied"), 1);
	assert_int_equal(nr_lines_with(&objects, " more: Permission denied"), 1);
	objects_free(&objects);
	assert_int_equal(umount(directory), 0);
	assert_int_equal(umount(directory), 0);
	rmdir(directory);
	some__destroy(some);
	close(map);
	close(program);
}

/* As many as need many reads: each is found once, in order. */
static void test_many(void **state)
{
	struct rlimit limit;
	struct objects objects;
	size_t nr = 1500, found = 0;
	__u32 *ids;
	int *fds;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * nr + 100)
		skip_because("only %llu files may be open", (unsigned long long)limit.rlim_cur);
	fds = calloc(nr, 2 * sizeof(*fds));
	ids = calloc(nr, 2 * sizeof(*ids));
	assert_true(fds && ids);
	for (size_t i = 0; i < nr; i++) {
		fds[2 * i] = make_map(BPF_MAP_TYPE_ARRAY, 8, 1, 0);
		fds[2 * i + 1] = make_program();
		assert_true(fds[2 * i] >= 0);
		ids[2 * i] = id_of(fds[2 * i]);
		ids[2 * i + 1] = id_of(fds[2 * i + 1]);
	}
	assert_int_equal(objects_gather(WANT_MAPS | WANT_PROGRAMS | WANT_STATISTICS, &objects), 0);
	for (size_t i = 0; i < nr; i++) {
		assert_non_null(objects_map(&objects, ids[2 * i]));
		assert_non_null(objects_program(&objects, ids[2 * i + 1]));
		assert_int_equal(objects_program(&objects, ids[2 * i + 1])->run_cnt, 0);
	}
	for (size_t i = 0; i < objects.nr_maps; i++) {
		assert_true(!i || objects.maps[i].id > objects.maps[i - 1].id);
		found += !strcmp(objects.maps[i].name, "details");
	}
	assert_true(found >= nr);
	for (size_t i = 1; i < objects.nr_programs; i++)
		assert_true(objects.programs[i].id > objects.programs[i - 1].id);
	objects_free(&objects);
	for (size_t i = 0; i < 2 * nr; i++)
		close(fds[i]);
	free(fds);
	free(ids);
}

static void assert_uses(const struct program *program, const __u32 *ids, size_t nr)
{
	assert_non_null(program);
	assert_int_equal(program->nr_map_ids, nr);
	assert_memory_equal(program->map_ids, ids, nr * sizeof(*ids));
}

/* More maps than a program can be loaded with are bound to it: all are told, in each way. */
static void test_many_maps(void **state)
{
	enum { NR = 70 };
	static const struct way *const ways[] = {&light_way, &skeleton_way, &syscall_way};
	__u32 ids[NR], program;
	int fd = make_program(), map;
	struct objects objects;
	struct look *look;

	for (size_t i = 0; i < NR; i++) {
		map = make_map(BPF_MAP_TYPE_ARRAY, 8, 1, 0);
		assert_true(map >= 0);
		ids[i] = id_of(map);
		assert_int_equal(bpf_prog_bind_map(fd, map, NULL), 0);
		close(map);
	}
	program = id_of(fd);
	assert_int_equal(objects_gather(WANT_PROGRAMS | WANT_MAPS, &objects), 0);
	assert_uses(objects_program(&objects, program), ids, NR);
	objects_free(&objects);
	assert_int_equal(objects_gather(WANT_PROGRAMS | WANT_INSIDE, &objects), 0);
	assert_uses(objects_program(&objects, program), ids, NR);
	objects_free(&objects);
	for (size_t i = 0; i < 3; i++) {
		memset(&objects, 0, sizeof(objects));
		look = calloc(1, sizeof(*look));
		assert_non_null(look);
		look->objects = &objects;
		objects.arena = arena_new();
		/* Light skeletons are of Linux from 5.17 on. */
		if (!ways[i]->read(look, SORT_PROGRAMS)) {
			assert_int_equal(program_details(look, false), 0);
			assert_uses(objects_program(&objects, program), ids, NR);
		} else {
			assert_ptr_equal(ways[i], &light_way);
		}
		objects_free(&objects);
		free(look);
	}
	close(fd);
}

static int teardown(void **state)
{
	engine_stop();
	return 0;
}

static void test_missing(void **state)
{
	skip_because("this user may not use the kernel");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_memory),
	cmocka_unit_test(test_memory_unwanted),
	cmocka_unit_test(test_elements),
	cmocka_unit_test(test_held_by_maps),
	cmocka_unit_test(test_holders_of_others),
	cmocka_unit_test(test_gone),
	cmocka_unit_test(test_pins),
	cmocka_unit_test(test_many),
	cmocka_unit_test(test_many_maps),
};

int main(int argc, char **argv)
{
	static const struct CMUnitTest without[] = {cmocka_unit_test(test_missing)};

	if (argc != 2)
		return 2;
	if (!engine_start_on(argv[1]))
		return cmocka_run_group_tests_name(argv[1], tests, NULL, teardown);
	return strcmp(argv[1], "kernel") ||
	       cmocka_run_group_tests_name(argv[1], without, NULL, NULL);
}
