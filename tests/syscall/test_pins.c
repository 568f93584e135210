/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Pinned paths: what may be a path, what may be pinned, and what comes back. */
#include "test.h"

#include <stdlib.h>

#include "call.h"

#define ROOT "/sys/fs/bpf/"

static int map_fd, link_fd, prog_fd, iter_fd;

static int set_up(void **state)
{
	int err = trek_runtime_open(NULL, &rt);

	if (err)
		return err;
	map_fd = map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0);
	prog_fd = iter_prog_new("bpf_iter_bpf_map");
	link_fd = link_new(prog_fd);
	iter_fd = BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = link_fd});
	return map_fd < 0 || prog_fd < 0 || link_fd < 0 || iter_fd < 0;
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

static int pin(int fd, const char *path)
{
	return BPF(BPF_OBJ_PIN, .bpf_fd = fd, .pathname = PTR(path));
}

static int get(const char *path, uint32_t flags)
{
	return BPF(BPF_OBJ_GET, .pathname = PTR(path), .file_flags = flags);
}

/* With ROOT "there" pinned, and ROOT "dir/there". */
static const struct {
	const char *path;
	int pin; /* what BPF_OBJ_PIN returns */
	int get; /* what BPF_OBJ_GET returned before; 1: a handle */
} paths[] = {
	{"", -ENOENT, -ENOENT},
	{"/", -EPERM, -ENOENT},
	{"x", -EPERM, -ENOENT},
	{"/tmp/x", -EPERM, -ENOENT},
	{"/sys/fs/bpfx", -EPERM, -ENOENT},
	{"/sys/fs/bpf", -EEXIST, -EACCES},
	{ROOT, -EEXIST, -EACCES},
	{ROOT "there", -EEXIST, 1},
	{"/sys/fs/bpf//.///there", -EEXIST, 1},
	{ROOT "dir", -EEXIST, -EACCES},
	{ROOT "dir/there", -EEXIST, 1},
	{ROOT "there/below", -ENOTDIR, -ENOTDIR},
	{ROOT "there/below/too", -ENOTDIR, -ENOTDIR},
	{ROOT "a.b", -EPERM, -ENOENT},
	{ROOT "../x", -EPERM, -ENOENT},
	{ROOT "new/", -ENOENT, -ENOENT},
	{ROOT "there/", -EEXIST, -ENOTDIR},
	{ROOT "there/.", -EEXIST, -ENOTDIR},
	{ROOT "dir//", -EEXIST, -EACCES},
	{ROOT "di", 0, -ENOENT},
	{ROOT "dir0", 0, -ENOENT},
	{ROOT "dir/a/b/c", 0, -ENOENT},
	{ROOT "dir/a/b/c/d", -ENOTDIR, -ENOTDIR},
	{ROOT "dir/a/b", -EEXIST, -EACCES},
};

static void test_paths(void **state)
{
	size_t i;
	int ret;

	assert_int_equal(pin(map_fd, ROOT "there"), 0);
	assert_int_equal(pin(map_fd, ROOT "dir/there"), 0);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ret = get(paths[i].path, 0);
		if (paths[i].get == 1 ? ret <= 0 : ret != paths[i].get)
			fail_msg("get %s: %d", paths[i].path, ret);
		ret = pin(map_fd, paths[i].path);
		if (ret != paths[i].pin)
			fail_msg("pin %s: %d", paths[i].path, ret);
	}
}

static void test_long_paths(void **state)
{
	static char path[8192];
	size_t len = strlen(ROOT);

	strcpy(path, ROOT);
	memset(path + len, 'a', 255);
	assert_int_equal(pin(map_fd, path), 0);
	assert_true(get(path, 0) > 0);
	path[len + 255] = 'a';
	assert_int_equal(pin(map_fd, path), -ENAMETOOLONG);
	assert_int_equal(get(path, 0), -ENAMETOOLONG);
	memset(path + len, '/', 4095 - len);
	path[4094] = 'x';
	assert_int_equal(pin(map_fd, path), 0);
	path[4094] = '/';
	path[4095] = 'x';
	assert_int_equal(pin(map_fd, path), -ENAMETOOLONG);
}

static void test_what_can_be_pinned(void **state)
{
	int btf = BPF(BPF_BTF_GET_FD_BY_ID, .btf_id = 1);

	assert_true(btf > 0);
	assert_int_equal(pin(btf, ROOT "x"), -EINVAL);
	assert_int_equal(pin(iter_fd, ROOT "x"), -EINVAL);
	assert_int_equal(pin(999, ROOT "x"), -EINVAL);
	assert_int_equal(pin(prog_fd, ROOT "prog"), 0);
	assert_int_equal(pin(link_fd, ROOT "link"), 0);
	assert_int_equal(
		BPF(BPF_OBJ_PIN, .bpf_fd = map_fd, .pathname = PTR(ROOT "x"), .file_flags = 1),
		-EINVAL);
	assert_true(get(ROOT "prog", BPF_F_RDONLY) > 0);
	assert_true(get(ROOT "link", 0) > 0);
	assert_int_equal(get(ROOT "link", BPF_F_RDONLY), -EINVAL);
	assert_int_equal(get(ROOT "prog", BPF_F_RDONLY | BPF_F_WRONLY), -EINVAL);
	assert_int_equal(get(ROOT "prog", 1), -EINVAL);
	assert_int_equal(BPF(BPF_OBJ_GET, .pathname = PTR(ROOT "prog"), .bpf_fd = 3), -EINVAL);
}

static void test_a_pin_keeps_the_object(void **state)
{
	uint32_t key = 0;
	uint64_t value = 7;
	int fd;

	assert_int_equal(
		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map_fd, .key = PTR(&key), .value = PTR(&value)),
		0);
	assert_int_equal(pin(map_fd, ROOT "m"), 0);
	assert_int_equal(trek_close(rt, map_fd), 0);
	fd = get(ROOT "m", BPF_F_RDONLY);
	assert_true(fd > 0);
	value = 0;
	assert_int_equal(
		BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = fd, .key = PTR(&key), .value = PTR(&value)), 0);
	assert_int_equal(value, 7);
	assert_int_equal(
		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = fd, .key = PTR(&key), .value = PTR(&value)),
		-EPERM);
	assert_int_equal(trek_close(rt, fd), 0);
	assert_int_equal(trek_unlink(rt, ROOT "m"), 0);
	assert_int_equal(BPF(BPF_MAP_GET_FD_BY_ID, .map_id = 1), -ENOENT);
	assert_int_equal(trek_unlink(rt, ROOT "m"), -ENOENT);
}

static void test_open(void **state)
{
	char buf[8];
	int fd;

	assert_int_equal(pin(map_fd, ROOT "map"), 0);
	assert_int_equal(pin(link_fd, ROOT "d/link"), 0);
	assert_int_equal(trek_open(rt, ROOT "map"), -EIO);
	assert_int_equal(trek_open(rt, ROOT "no"), -ENOENT);
	assert_int_equal(trek_open(rt, "/etc/passwd"), -ENOENT);
	assert_int_equal(trek_open(rt, NULL), -EFAULT);
	fd = trek_open(rt, ROOT "d/link");
	assert_true(fd > 0);
	assert_int_equal(trek_read(rt, fd, buf, sizeof(buf)), 0);
	assert_int_equal(trek_unlink(rt, ROOT "d"), -EISDIR);
	assert_int_equal(trek_unlink(rt, ROOT "d/link/"), -ENOTDIR);
	assert_int_equal(trek_unlink(rt, ROOT "d/link/x"), -ENOTDIR);
	assert_int_equal(trek_unlink(rt, ROOT), -EISDIR);
	assert_int_equal(trek_unlink(rt, ROOT "d/link"), 0);
	/* Directories go with the last that is in them. */
	assert_int_equal(get(ROOT "d", 0), -ENOENT);
}

static void test_many_pins(void **state)
{
	enum { NR = 500 };
	char path[64];
	int i;

	for (i = 0; i < NR; i++) {
		snprintf(path, sizeof(path), ROOT "d%d/m%d", i * 7 % 10, i * 7 % NR);
		assert_int_equal(pin(map_fd, path), 0);
	}
	for (i = 0; i < NR; i++) {
		snprintf(path, sizeof(path), ROOT "d%d/m%d", i % 10, i);
		assert_int_equal(trek_unlink(rt, path), 0);
	}
	assert_int_equal(trek_unlink(rt, path), -ENOENT);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paths),
		TEST(test_long_paths),
		TEST(test_what_can_be_pinned),
		TEST(test_open),
		TEST(test_a_pin_keeps_the_object),
		TEST(test_many_pins),
	};

	return cmocka_run_group_tests_name("pins", tests, NULL, NULL);
}
