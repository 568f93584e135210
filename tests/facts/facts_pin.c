/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* BPF_OBJ_PIN and BPF_OBJ_GET, and the reading of pinned iterators. */
#include <stdio.h>

#include "facts.h"

/* @name in the directory for pins; gone at the end of the test. */
static char path[256];

static const char *pin_path(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", E->pin_dir(), name);
	return path;
}

static int unpin(void **state)
{
	static const char *const names[] = {"a", "map", "prog", "link", "nosuch/a"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		E->unlink(pin_path(names[i]));
	return close_owned(state);
}

static int pin(int fd, const char *where)
{
	union bpf_attr attr = {0};

	attr.pathname = PTR(where);
	attr.bpf_fd = (__u32)fd;
	return bpf(BPF_OBJ_PIN, &attr);
}

static int get(const char *where, unsigned int flags)
{
	union bpf_attr attr = {0};

	attr.pathname = PTR(where);
	attr.file_flags = flags;
	return own(bpf(BPF_OBJ_GET, &attr));
}

static void every_kind(void **state)
{
	static const char *const names[] = {"map", "prog", "link"};
	int prog = load_trivial_iter("bpf_map");
	int fds[] = {map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), prog, attach(prog)};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		__u32 id = id_of(fds[i]);
		int again;

		assert_int_equal(pin(fds[i], pin_path(names[i])), 0);
		assert_int_equal(pin(fds[i], path), -EEXIST);
		end(fds[i]);
		/* The pin keeps it. */
		again = get(path, 0);
		assert_true(again >= 0);
		assert_int_equal(id_of(again), id);
		assert_int_equal(E->unlink(path), 0);
		assert_int_equal(get(path, 0), -ENOENT);
		assert_int_equal(id_of(again), id);
	}
}

static void pin_errors(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), prog = load_trivial_iter("bpf_map");
	union bpf_attr attr = {0};

	assert_int_equal(pin(9999, pin_path("a")), -EINVAL);
	assert_int_equal(pin(iter_create(attach(prog)), pin_path("a")), -EINVAL);
	assert_int_equal(pin(map, NULL), -EFAULT);
	assert_int_equal(pin(map, (const char *)8), -EFAULT);
	assert_int_equal(pin(map, ""), -ENOENT);
	/* The runtime's directories are there as soon as somebody pins into them. */
	assert_int_equal(pin(map, pin_path("nosuch/a")), E->is_private ? 0 : -ENOENT);
	E->unlink(path);
	attr.pathname = PTR(pin_path("a"));
	attr.bpf_fd = (__u32)map;
	attr.file_flags = BPF_F_RDONLY;
	assert_int_equal(bpf(BPF_OBJ_PIN, &attr), -EINVAL);
	assert_int_equal(get(path, 0), -ENOENT);
}

static void get_errors(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	union bpf_attr attr = {0};

	assert_int_equal(pin(map, pin_path("map")), 0);
	assert_int_equal(get(path, 1u << 31), -EINVAL);
	assert_int_equal(get(path, BPF_F_RDONLY | BPF_F_WRONLY), -EINVAL);
	assert_int_equal(get(NULL, 0), -EFAULT);
	assert_int_equal(get((const char *)8, 0), -EFAULT);
	attr.pathname = PTR(path);
	attr.bpf_fd = 1;
	assert_int_equal(bpf(BPF_OBJ_GET, &attr), -EINVAL);
	assert_int_equal(get(pin_path("nosuch"), 0), -ENOENT);
	/* A file below what is no directory. */
	assert_int_equal(get(pin_path("map/x"), 0), -ENOTDIR);
}

static void access_modes(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), fd;
	__u32 key = 0;
	__u64 value = 5;

	assert_int_equal(pin(map, pin_path("map")), 0);
	fd = get(path, BPF_F_RDONLY);
	assert_int_equal(map_update(fd, &key, &value, BPF_ANY), -EPERM);
	assert_int_equal(map_lookup(fd, &key, &value), 0);
	assert_int_equal(value, 100);
	fd = get(path, BPF_F_WRONLY);
	assert_int_equal(map_update(fd, &key, &value, BPF_ANY), 0);
	assert_int_equal(map_lookup(fd, &key, &value), -EPERM);
}

/* Opening a pinned iterator opens a session; what is pinned otherwise cannot be opened. */
static void open_of_pins(void **state)
{
	struct code code = element_records();
	int prog = load_iter("bpf_map_elem", &code), link, fd;
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3);
	struct element_record r[5];

	link = attach_map(prog, map);
	assert_int_equal(pin(link, pin_path("link")), 0);
	for (int i = 0; i < 2; i++) {
		fd = own(E->open(path));
		assert_true(fd >= 0);
		assert_int_equal(read_all(fd, r, sizeof(r)), 4 * sizeof(r[0]));
		assert_int_equal(r[2].value, 102);
	}
	/* A session goes on when its pin and its link are gone. */
	fd = own(E->open(path));
	assert_int_equal(E->unlink(path), 0);
	end(link);
	assert_int_equal(read_all(fd, r, sizeof(r)), 4 * sizeof(r[0]));

	assert_int_equal(pin(prog, pin_path("prog")), 0);
	assert_int_equal(own(E->open(path)), -EIO);
	assert_int_equal(own(E->open(pin_path("nosuch"))), -ENOENT);
	assert_int_equal(E->unlink(pin_path("nosuch")), -ENOENT);
}

/* cat of a pinned map prints it where its types are known; here they are not. */
static void open_of_a_pinned_map(void **state)
{
	assert_int_equal(pin(map_of_numbers(BPF_MAP_TYPE_ARRAY, 3), pin_path("map")), 0);
	assert_int_equal(own(E->open(path)), -EIO);
}

#define TEST(name) cmocka_unit_test_teardown(name, unpin)
static const struct CMUnitTest tests[] = {
	TEST(every_kind),   TEST(pin_errors),	TEST(get_errors),
	TEST(access_modes), TEST(open_of_pins), TEST(open_of_a_pinned_map),
};
const struct section pin_section = {"pin", tests, ARRAY_SIZE(tests)};
