/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The attributes of every command as a hostile caller gives them: too short, too long, with bytes
 * that mean nothing, with pointers to nowhere, and at random. Nothing may crash, and the rules of
 * sizes are Linux's.
 */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "call.h"

#define NR_COMMANDS 48
#define ATTR_KNOWN 152
#define PAGE 4096

static int set_up(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

/* A page of attributes that ends where memory ends. */
static unsigned char *page;

static int map_page(void **state)
{
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? -1 : mprotect(page + PAGE, PAGE, PROT_NONE);
}

static int unmap_page(void **state)
{
	return munmap(page, 2 * PAGE);
}

static int call(int cmd, const void *attr, uint32_t size)
{
	return trek_bpf(rt, cmd, (union bpf_attr *)attr, size);
}

static void test_unknown_commands(void **state)
{
	static const int cmds[] = {-1,
				   1000,
				   0x7fffffff,
				   -0x7fffffff - 1,
				   BPF_PROG_ATTACH,
				   BPF_PROG_QUERY,
				   BPF_ENABLE_STATS,
				   36,
				   37,
				   38};
	size_t i;

	memset(page, 0, PAGE);
	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		assert_int_equal(call(cmds[i], page, 64), -EINVAL);
}

static void test_sizes(void **state)
{
	int cmd;

	for (cmd = 0; cmd < NR_COMMANDS; cmd++) {
		/* More than is known, all of it zero: as if it were not there. */
		memset(page, 0, PAGE);
		if (cmd != BPF_PROG_LOAD) /* no instructions: E2BIG, too */
			assert_int_not_equal(call(cmd, page, PAGE), -E2BIG);
		/* One bit of it set, near and far. */
		page[ATTR_KNOWN] = 1;
		assert_int_equal(call(cmd, page, PAGE), -E2BIG);
		assert_int_equal(call(cmd, page, ATTR_KNOWN + 1), -E2BIG);
		page[ATTR_KNOWN] = 0;
		page[PAGE - 1] = 1;
		assert_int_equal(call(cmd, page, PAGE), -E2BIG);
		/* More than a page. */
		assert_int_equal(call(cmd, page, PAGE + 1), -E2BIG);
		assert_int_equal(call(cmd, page, 0xffffffff), -E2BIG);
		/* Beyond the end of memory, and nowhere at all. */
		assert_int_equal(call(cmd, page + PAGE - 8, 16), -EFAULT);
		assert_int_equal(call(cmd, page + PAGE - 160, 200), -EFAULT);
		assert_int_equal(call(cmd, NULL, 8), -EFAULT);
		assert_int_equal(call(cmd, (void *)-8L, 64), -EFAULT);
		/* Nothing: every field is zero. */
		call(cmd, NULL, 0);
	}
}

/* Where each command's attributes end, by the field that is last (Linux: *_LAST_FIELD). */
static const struct {
	int cmd;
	unsigned int end;
} ends[] = {
	{BPF_MAP_CREATE, 80},	      {BPF_MAP_LOOKUP_ELEM, 32},  {BPF_MAP_UPDATE_ELEM, 32},
	{BPF_MAP_DELETE_ELEM, 16},    {BPF_MAP_GET_NEXT_KEY, 24}, {BPF_MAP_FREEZE, 4},
	{BPF_PROG_BIND_MAP, 12},      {BPF_PROG_GET_NEXT_ID, 8},  {BPF_MAP_GET_NEXT_ID, 8},
	{BPF_BTF_GET_NEXT_ID, 8},     {BPF_LINK_GET_NEXT_ID, 8},  {BPF_PROG_GET_FD_BY_ID, 4},
	{BPF_MAP_GET_FD_BY_ID, 12},   {BPF_BTF_GET_FD_BY_ID, 16}, {BPF_LINK_GET_FD_BY_ID, 4},
	{BPF_OBJ_GET_INFO_BY_FD, 16}, {BPF_LINK_UPDATE, 16},	  {BPF_LINK_DETACH, 4},
	{BPF_ITER_CREATE, 8},	      {BPF_LINK_CREATE, 60},	  {BPF_PROG_LOAD, 148},
	{BPF_BTF_LOAD, 40},
};

/* What is wrong with a field that the command does not have is found before all else. */
static void test_bytes_after_the_last_field(void **state)
{
	size_t i;
	unsigned int at;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		for (at = ends[i].end; at < ATTR_KNOWN; at++) {
			memset(page, 0, PAGE);
			page[at] = 0x80;
			assert_int_equal(call(ends[i].cmd, page, ATTR_KNOWN), -EINVAL);
		}
}

/* What is cut off counts as zero. */
static void test_truncated(void **state)
{
	int fd = map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0), cmd;
	uint32_t key = 0, size;
	uint64_t value = 5;
	union bpf_attr attr = {.map_fd = fd, .key = PTR(&key), .value = PTR(&value), .flags = 99};

	assert_int_equal(call(BPF_MAP_UPDATE_ELEM, &attr, 32), -EINVAL);
	assert_int_equal(call(BPF_MAP_UPDATE_ELEM, &attr, 24), 0);
	assert_int_equal(call(BPF_MAP_UPDATE_ELEM, &attr, 16), -EFAULT);
	for (cmd = 0; cmd < NR_COMMANDS; cmd++)
		for (size = 0; size <= ATTR_KNOWN; size++) {
			memset(page, 0, PAGE);
			call(cmd, page + PAGE - size, size);
		}
}

static void test_a_result_that_has_no_place(void **state)
{
	union bpf_attr attr = {.start_id = 0};

	assert_true(map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0) > 0);
	assert_int_equal(call(BPF_MAP_GET_NEXT_ID, &attr, 4), -EFAULT);
	assert_int_equal(call(BPF_MAP_GET_NEXT_ID, &attr, 8), 0);
	assert_int_equal(attr.next_id, 1);
}

static void test_bad_pointers(void **state)
{
	static const uint64_t bad[] = {0, 8, 1ull << 47, 1ull << 63, ~0ull, ~0ull - 3};
	int fd = map_new(BPF_MAP_TYPE_HASH, 8, 4, 0);
	uint32_t key = 0, i;
	uint64_t value = 5;

	assert_int_equal(
		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = fd, .key = PTR(&key), .value = PTR(&value)), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = fd, .key = bad[i], .value = PTR(&value)),
			-EFAULT);
		assert_int_equal(
			BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = fd, .key = PTR(&key), .value = bad[i]),
			-EFAULT);
		assert_int_equal(
			BPF(BPF_MAP_UPDATE_ELEM, .map_fd = fd, .key = bad[i], .value = PTR(&value)),
			-EFAULT);
		assert_int_equal(
			BPF(BPF_MAP_UPDATE_ELEM, .map_fd = fd, .key = PTR(&key), .value = bad[i]),
			-EFAULT);
		assert_int_equal(BPF(BPF_MAP_DELETE_ELEM, .map_fd = fd, .key = bad[i]), -EFAULT);
		assert_int_equal(BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = fd, .next_key = bad[i]),
				 -EFAULT);
		assert_int_equal(BPF(BPF_OBJ_PIN, .bpf_fd = fd, .pathname = bad[i]), -EFAULT);
		assert_int_equal(BPF(BPF_OBJ_GET, .pathname = bad[i]), -EFAULT);
		assert_int_equal(BPF(BPF_OBJ_GET_INFO_BY_FD,
				     .info = {.bpf_fd = fd, .info_len = 8, .info = bad[i]}),
				 -EFAULT);
		assert_int_equal(BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
				     .insn_cnt = 2, .insns = bad[i], .license = PTR("GPL")),
				 -EFAULT);
		assert_int_equal(BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
				     .insn_cnt = 2, .insns = PTR(return_0), .license = bad[i]),
				 -EFAULT);
		assert_int_equal(BPF(BPF_BTF_LOAD, .btf = bad[i], .btf_size = 100), -EFAULT);
	}
	/* None of it changed the map. */
	assert_int_equal(
		BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = fd, .key = PTR(&key), .value = PTR(&value)), 0);
	assert_int_equal(value, 5);
}

/* Key, value and attributes in the same bytes. */
static void test_overlapping(void **state)
{
	int fd = map_new(BPF_MAP_TYPE_ARRAY, 64, 64, 0);
	union {
		union bpf_attr attr;
		uint32_t key;
	} u = {.attr = {.map_fd = fd}};

	u.attr.key = PTR(&u.attr.flags);
	u.attr.value = PTR(&u.attr);
	assert_int_equal(call(BPF_MAP_UPDATE_ELEM, &u, 32), 0);
	assert_int_equal(call(BPF_MAP_LOOKUP_ELEM, &u, 32), 0);
	assert_int_equal(u.attr.map_fd, fd);
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = fd, .key = PTR(&u.key),
			     .next_key = PTR(&u.key)),
			 0);
	u.attr = (union bpf_attr){.info = {.bpf_fd = fd, .info_len = 16, .info = PTR(&u)}};
	assert_int_equal(call(BPF_OBJ_GET_INFO_BY_FD, &u, 16), 0);
}

/* A field of random attributes: handles, small numbers, addresses good and bad, noise. */
static uint64_t noise(unsigned int *seed)
{
	switch (rand_r(seed) % 8) {
	case 0:
		return rand_r(seed) % 16;
	case 1:
		return PTR(page) + rand_r(seed) % PAGE;
	case 2:
		return PTR(page) + PAGE - rand_r(seed) % 16;
	case 3:
		return PTR("GPL");
	case 4:
		return PTR(return_0);
	case 5:
		return (uint64_t)rand_r(seed) << 33 | rand_r(seed);
	case 6:
		return 1ull << rand_r(seed) % 64;
	default:
		return 0;
	}
}

/* Fields are 4 or 8 bytes; the sums are bounded so that no call asks for much memory or time. */
static void random_attr(unsigned char *attr, int cmd, unsigned int *seed)
{
	unsigned int at;

	for (at = 0; at < ATTR_KNOWN + 8; at += 4) {
		uint64_t value = noise(seed);
		size_t width = rand_r(seed) % 2 && at % 8 == 0 ? 8 : 4;

		if (rand_r(seed) % 3 == 0)
			value = 0;
		memcpy(attr + at, &value, width);
		if (width == 8)
			at += 4;
	}
	if (rand_r(seed) % 2)
		memset(attr + 32, 0, ATTR_KNOWN + 8 - 32);
	if (cmd == BPF_MAP_CREATE) {
		uint32_t *fields = (uint32_t *)attr;

		fields[1] %= 300;
		fields[2] %= 4096;
		fields[3] %= 4096;
	}
	if (cmd == BPF_PROG_TEST_RUN)
		((union bpf_attr *)attr)->test.repeat %= 8;
	if (cmd == BPF_PROG_LOAD)
		((union bpf_attr *)attr)->insn_cnt %= 64;
}

static void test_random(void **state)
{
	enum { ROUNDS = 60000, KEPT = 64 };
	unsigned char attr[ATTR_KNOWN + 8] __attribute__((aligned(8)));
	unsigned int seed = 20240229;
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		int cmd = rand_r(&seed) % NR_COMMANDS;
		uint32_t size = rand_r(&seed) % 4 ? ATTR_KNOWN : rand_r(&seed) % sizeof(attr);

		random_attr(attr, cmd, &seed);
		fd = call(cmd, attr, size);
		if (fd > KEPT)
			trek_close(rt, fd);
		if (i % 16 == 0)
			trek_read(rt, rand_r(&seed) % KEPT, page, rand_r(&seed) % PAGE);
		if (i % 1000 == 0)
			for (fd = 3; fd <= KEPT; fd++)
				trek_close(rt, fd);
	}
}

static void test_random_on_objects(void **state)
{
	enum { ROUNDS = 60000, FIRST = 3, LAST = 40 };
	unsigned char attr[ATTR_KNOWN + 8] __attribute__((aligned(8)));
	unsigned int seed = 19991231;
	uint64_t objects[8] = {0};
	int i, nr = 0, made;

	objects[nr++] = map_new(BPF_MAP_TYPE_HASH, 8, 64, 0);
	objects[nr++] = map_new(BPF_MAP_TYPE_ARRAY, 24, 16, BPF_F_MMAPABLE);
	objects[nr++] = prog_new(BPF_PROG_TYPE_SOCKET_FILTER);
	objects[nr++] = iter_prog_new("bpf_iter_bpf_map");
	objects[nr++] = link_new(objects[3]);
	objects[nr++] = BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = objects[4]});
	objects[nr++] = BPF(BPF_BTF_GET_FD_BY_ID, .btf_id = 1);
	for (i = 0; i < nr; i++)
		assert_true((int)objects[i] > 0);
	for (i = 0; i < ROUNDS; i++) {
		int cmd = rand_r(&seed) % NR_COMMANDS;

		random_attr(attr, cmd, &seed);
		/* The handle is right, at the place where most commands have one or two. */
		memcpy(attr, &objects[rand_r(&seed) % nr], 4);
		if (rand_r(&seed) % 2)
			memcpy(attr + 4, &objects[rand_r(&seed) % nr], 4);
		if (cmd == BPF_MAP_CREATE || cmd == BPF_PROG_LOAD)
			continue;
		made = call(cmd, attr, ATTR_KNOWN);
		if (made > LAST)
			trek_close(rt, made);
		if (i % 64 == 0)
			trek_read(rt, objects[5], page, rand_r(&seed) % PAGE);
	}
	for (i = FIRST; i <= LAST; i++)
		trek_close(rt, i);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_commands),
		TEST(test_sizes),
		TEST(test_bytes_after_the_last_field),
		TEST(test_truncated),
		TEST(test_a_result_that_has_no_place),
		TEST(test_bad_pointers),
		TEST(test_overlapping),
		TEST(test_random),
		TEST(test_random_on_objects),
	};

	return cmocka_run_group_tests_name("attrs", tests, map_page, unmap_page);
}
