/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Links and sessions by bpf(2): create, update, detach, info, fdinfo, and reading. */
#include "test.h"

#include "call.h"

static int map_fd, map_prog, elem_prog, link_fd;

static int set_up(void **state)
{
	int err = trek_runtime_open(NULL, &rt);

	if (err)
		return err;
	map_fd = map_new(BPF_MAP_TYPE_ARRAY, 8, 4, 0);
	map_prog = iter_prog_new("bpf_iter_bpf_map");
	elem_prog = iter_prog_new("bpf_iter_bpf_map_elem");
	link_fd = link_new(map_prog);
	return map_fd < 0 || map_prog < 0 || elem_prog < 0 || link_fd < 0;
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

#define LINK(prog, ...)                                                                            \
	BPF(BPF_LINK_CREATE,                                                                       \
	    .link_create = {.prog_fd = prog, .attach_type = BPF_TRACE_ITER, ##__VA_ARGS__})

static void test_create(void **state)
{
	static unsigned char info[5000];
	int filter = prog_new(BPF_PROG_TYPE_SOCKET_FILTER);
	uint64_t at = PTR(info);

	assert_int_equal(LINK(999), -EBADF);
	assert_int_equal(LINK(map_fd), -EINVAL);
	assert_int_equal(LINK(filter), -EINVAL);
	assert_int_equal(BPF(BPF_LINK_CREATE, .link_create = {.prog_fd = map_prog}), -EINVAL);
	assert_int_equal(LINK(map_prog, .target_fd = 1), -EINVAL);
	assert_int_equal(LINK(map_prog, .flags = 1), -EINVAL);
	assert_int_equal(LINK(map_prog, .iter_info = at), -EINVAL);
	assert_int_equal(LINK(map_prog, .iter_info_len = 4), -EINVAL);
	assert_int_equal(LINK(map_prog, .iter_info = 8, .iter_info_len = 4), -EFAULT);
	assert_int_equal(LINK(map_prog, .iter_info = at, .iter_info_len = 4097), -E2BIG);
	assert_true(LINK(map_prog, .iter_info = at, .iter_info_len = 4096) > 0);
	assert_true(LINK(map_prog, .iter_info = at, .iter_info_len = 1) > 0);
	info[200] = 1;
	assert_int_equal(LINK(map_prog, .iter_info = at, .iter_info_len = 201), -E2BIG);
	assert_true(LINK(map_prog, .iter_info = at, .iter_info_len = 200) > 0);
}

static void test_create_over_elements(void **state)
{
	union bpf_iter_link_info info = {.map = {.map_fd = map_fd}};
	uint64_t at = PTR(&info);

	assert_int_equal(LINK(elem_prog), -EBADF);
	assert_true(LINK(elem_prog, .iter_info = at, .iter_info_len = 4) > 0);
	info.map.map_fd = 0;
	assert_int_equal(LINK(elem_prog, .iter_info = at, .iter_info_len = sizeof(info)), -EBADF);
	info.map.map_fd = 999;
	assert_int_equal(LINK(elem_prog, .iter_info = at, .iter_info_len = sizeof(info)), -EBADF);
	info.map.map_fd = elem_prog;
	assert_int_equal(LINK(elem_prog, .iter_info = at, .iter_info_len = sizeof(info)), -EINVAL);
}

#define UPDATE(...) BPF(BPF_LINK_UPDATE, .link_update = {.link_fd = link_fd, ##__VA_ARGS__})

static void test_update(void **state)
{
	int other = iter_prog_new("bpf_iter_bpf_map");

	assert_int_equal(UPDATE(.new_prog_fd = 999), -EBADF);
	assert_int_equal(
		BPF(BPF_LINK_UPDATE, .link_update = {.link_fd = map_fd, .new_prog_fd = other}),
		-EINVAL);
	assert_int_equal(UPDATE(.new_prog_fd = elem_prog), -EINVAL);
	assert_int_equal(UPDATE(.new_prog_fd = other, .flags = 1), -EINVAL);
	assert_int_equal(UPDATE(.new_prog_fd = other, .old_prog_fd = map_prog), -EINVAL);
	assert_int_equal(
		UPDATE(.new_prog_fd = other, .old_prog_fd = elem_prog, .flags = BPF_F_REPLACE),
		-EPERM);
	assert_int_equal(UPDATE(.new_prog_fd = other, .old_prog_fd = 999, .flags = BPF_F_REPLACE),
			 -EBADF);
	assert_int_equal(
		UPDATE(.new_prog_fd = other, .old_prog_fd = map_prog, .flags = BPF_F_REPLACE), 0);
	/* The link lets go of the first program. */
	assert_int_equal(trek_close(rt, map_prog), 0);
	assert_int_equal(BPF(BPF_PROG_GET_FD_BY_ID, .prog_id = 1), -ENOENT);
	assert_int_equal(UPDATE(.new_prog_fd = other), 0);
}

static void test_detach(void **state)
{
	assert_int_equal(BPF(BPF_LINK_DETACH, .link_detach = {.link_fd = link_fd}), -EOPNOTSUPP);
	assert_int_equal(BPF(BPF_LINK_DETACH, .link_detach = {.link_fd = map_fd}), -EINVAL);
	assert_int_equal(BPF(BPF_LINK_DETACH, .link_detach = {.link_fd = 999}), -EBADF);
}

static int link_info(int fd, struct bpf_link_info *info)
{
	return BPF(BPF_OBJ_GET_INFO_BY_FD,
		   .info = {.bpf_fd = fd, .info_len = sizeof(*info), .info = PTR(info)});
}

static void test_info(void **state)
{
	union bpf_iter_link_info over = {.map = {.map_fd = map_fd}};
	struct bpf_link_info info = {0};
	char name[64];
	int fd;

	assert_int_equal(link_info(link_fd, &info), 0);
	assert_int_equal(info.type, BPF_LINK_TYPE_ITER);
	assert_int_equal(info.id, 1);
	assert_int_equal(info.prog_id, 1);
	assert_int_equal(info.iter.target_name_len, sizeof("bpf_map"));

	memset(name, 'z', sizeof(name));
	info = (struct bpf_link_info){.iter = {.target_name = PTR(name), .target_name_len = 3}};
	assert_int_equal(link_info(link_fd, &info), -ENOSPC);
	assert_string_equal(name, "bp");
	assert_int_equal(name[3], 'z');
	info = (struct bpf_link_info){.iter = {.target_name = PTR(name)}};
	assert_int_equal(link_info(link_fd, &info), -EINVAL);
	info = (struct bpf_link_info){.iter = {.target_name_len = 3}};
	assert_int_equal(link_info(link_fd, &info), -EINVAL);
	info = (struct bpf_link_info){.iter = {.target_name = 8, .target_name_len = 30}};
	assert_int_equal(link_info(link_fd, &info), -EFAULT);

	fd = LINK(elem_prog, .iter_info = PTR(&over), .iter_info_len = sizeof(over));
	info = (struct bpf_link_info){
		.iter = {.target_name = PTR(name), .target_name_len = sizeof(name)}};
	assert_int_equal(link_info(fd, &info), 0);
	assert_string_equal(name, "bpf_map_elem");
	assert_int_equal(info.iter.map.map_id, 1);
}

static void test_fdinfo(void **state)
{
	static const char before[] = "link_type:\titer\nlink_id:\t2\nprog_tag:\t";
	static const char after[] = "\nprog_id:\t2\ntarget_name:\tbpf_map_elem\nmap_id:\t1\n";
	union bpf_iter_link_info over = {.map = {.map_fd = map_fd}};
	int fd = LINK(elem_prog, .iter_info = PTR(&over), .iter_info_len = sizeof(over));
	char text[256];
	ssize_t len = trek_fdinfo(rt, fd, text, sizeof(text));

	assert_int_equal(len, strlen(before) + 16 + strlen(after));
	assert_int_equal(len, strlen(text));
	assert_memory_equal(text, before, strlen(before));
	assert_string_equal(text + strlen(before) + 16, after);
	assert_int_equal(trek_fdinfo(rt, fd, text, len), -ENOSPC);
	assert_int_equal(trek_fdinfo(rt, fd, text, len + 1), len);
	assert_int_equal(trek_fdinfo(rt, fd, text, 0), -ENOSPC);
}

static void test_sessions(void **state)
{
	char buf[16];
	int fd, dup;

	assert_int_equal(BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = 999}), -EBADF);
	assert_int_equal(BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = map_fd}), -EINVAL);
	assert_int_equal(BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = link_fd, .flags = 1}),
			 -EINVAL);
	fd = BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = link_fd});
	assert_true(fd > 0);
	/* A session outlives its link and the program's handle. */
	assert_int_equal(trek_close(rt, link_fd), 0);
	assert_int_equal(trek_close(rt, map_prog), 0);
	assert_int_equal(BPF(BPF_LINK_GET_FD_BY_ID, .link_id = 1), -ENOENT);
	dup = trek_dup(rt, fd);
	assert_int_equal(trek_read(rt, fd, buf, sizeof(buf)), 0);
	assert_int_equal(trek_close(rt, fd), 0);
	assert_int_equal(trek_read(rt, dup, buf, sizeof(buf)), 0);
	assert_int_equal(trek_read(rt, map_fd, buf, sizeof(buf)), -EINVAL);
	assert_int_equal(BPF(BPF_OBJ_GET_INFO_BY_FD,
			     .info = {.bpf_fd = dup, .info_len = 4, .info = PTR(buf)}),
			 -EINVAL);
}

static void test_sessions_over_elements_hold_the_map(void **state)
{
	union bpf_iter_link_info over = {.map = {.map_fd = map_fd}};
	int link = LINK(elem_prog, .iter_info = PTR(&over), .iter_info_len = sizeof(over));
	int fd = BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = link});
	char buf[16];

	assert_int_equal(trek_close(rt, link), 0);
	assert_int_equal(trek_close(rt, map_fd), 0);
	assert_true(BPF(BPF_MAP_GET_FD_BY_ID, .map_id = 1) > 0);
	assert_int_equal(trek_read(rt, fd, buf, sizeof(buf)), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),   TEST(test_create_over_elements),
		TEST(test_update),   TEST(test_detach),
		TEST(test_info),     TEST(test_fdinfo),
		TEST(test_sessions), TEST(test_sessions_over_elements_hold_the_map),
	};

	return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
