/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Many objects: each is listed once, in the order of ids, also while others come and go. What would
 * take the square of their number would be felt here: the test takes a second.
 */
#include "test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "call.h"

enum { NR = 20000, THREADS = 4 };

static int handles[NR];

static int set_up(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

/* --- kinds of objects ------------------------------------------------------------------------- */

static int iter_prog;

static int new_map(void)
{
	return map_new(BPF_MAP_TYPE_ARRAY, 4, 1, 0);
}

static int new_prog(void)
{
	return prog_new(BPF_PROG_TYPE_SOCKET_FILTER);
}

static int new_link(void)
{
	return link_new(iter_prog);
}

static const struct kind {
	const char *name, *target;
	int (*create)(void);
	int next_id, by_id;
	unsigned int info_id; /* where in the info the id is */
} kinds[] = {
	{"map", "bpf_iter_bpf_map", new_map, BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID,
	 offsetof(struct bpf_map_info, id)},
	{"program", "bpf_iter_bpf_prog", new_prog, BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID,
	 offsetof(struct bpf_prog_info, id)},
	{"link", "bpf_iter_bpf_link", new_link, BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID,
	 offsetof(struct bpf_link_info, id)},
};

static uint32_t id_of(const struct kind *kind, int fd)
{
	char info[256] = {0};
	uint32_t id;

	assert_int_equal(
		BPF(BPF_OBJ_GET_INFO_BY_FD, .info = {.bpf_fd = fd,
						     .info_len = kind->info_id + sizeof(id),
						     .info = PTR(info)}),
		0);
	memcpy(&id, info + kind->info_id, sizeof(id));
	return id;
}

/* In an order that is neither that of creation nor the opposite one. */
static void shuffle(int *numbers, int nr)
{
	unsigned int seed = 1;

	for (int i = nr - 1; i > 0; i--) {
		int j = rand_r(&seed) % (i + 1), number = numbers[i];

		numbers[i] = numbers[j];
		numbers[j] = number;
	}
}

static void create(const struct kind *kind)
{
	for (int i = 0; i < NR; i++) {
		handles[i] = kind->create();
		assert_true(handles[i] > 0);
	}
}

static void close_all(void)
{
	for (int i = 0; i < NR; i++)
		assert_int_equal(trek_close(rt, handles[i]), 0);
}

/* --- listing ---------------------------------------------------------------------------------- */

/* As bpftool does. How many there are; every one of @must (by id, ascending, @nr) among them. */
static int list(const struct kind *kind, const uint32_t *must, int nr)
{
	uint32_t id = 0;
	int seen = 0, expected = 0, fd;

	for (;;) {
		union bpf_attr attr = {.start_id = id};

		if (trek_bpf(rt, kind->next_id, &attr, sizeof(attr)))
			break;
		assert_true(attr.next_id > id);
		id = attr.next_id;
		while (expected < nr && must[expected] < id)
			fail_msg("%s %u is missing", kind->name, must[expected]);
		if (expected < nr && must[expected] == id)
			expected++;
		fd = BPF(kind->by_id, .map_id = id);
		if (fd < 0)
			continue; /* gone since */
		assert_int_equal(id_of(kind, fd), id);
		assert_int_equal(trek_close(rt, fd), 0);
		seen++;
	}
	assert_int_equal(expected, nr);
	return seen;
}

static uint32_t ids[NR];

static void each_is_listed_once(void **state)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		int others = 0;

		iter_prog = iter_prog_new(kinds[k].target);
		others = list(&kinds[k], NULL, 0);
		create(&kinds[k]);
		for (int i = 0; i < NR; i++)
			ids[i] = id_of(&kinds[k], handles[i]);
		assert_int_equal(list(&kinds[k], ids, NR), NR + others);
		shuffle(handles, NR);
		close_all();
		assert_int_equal(list(&kinds[k], NULL, 0), others);
		trek_close(rt, iter_prog);
	}
}

/* --- listing while others come and go --------------------------------------------------------- */

static bool done;

static void *come_and_go(void *arg)
{
	const struct kind *kind = arg;
	int some[16] = {0};
	unsigned int seed = 1;

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		int i = rand_r(&seed) % 16;

		if (some[i])
			trek_close(rt, some[i]);
		some[i] = kind->create();
	}
	for (int i = 0; i < 16; i++)
		if (some[i])
			trek_close(rt, some[i]);
	return NULL;
}

static void each_that_stays_is_listed(void **state)
{
	pthread_t threads[THREADS];

	iter_prog = iter_prog_new("bpf_iter_bpf_map");
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		__atomic_store_n(&done, false, __ATOMIC_RELAXED);
		for (int i = 0; i < THREADS; i++)
			assert_int_equal(
				pthread_create(&threads[i], NULL, come_and_go, (void *)&kinds[k]),
				0);
		for (int i = 0; i < NR / 10; i++) {
			handles[i] = kinds[k].create();
			assert_true(handles[i] > 0);
			ids[i] = id_of(&kinds[k], handles[i]);
		}
		for (int i = 0; i < 3; i++)
			list(&kinds[k], ids, NR / 10);
		__atomic_store_n(&done, true, __ATOMIC_RELAXED);
		for (int i = 0; i < THREADS; i++)
			assert_int_equal(pthread_join(threads[i], NULL), 0);
		for (int i = 0; i < NR / 10; i++)
			assert_int_equal(trek_close(rt, handles[i]), 0);
	}
}

/* --- iterators -------------------------------------------------------------------------------- */

#define CTX_OBJECT 8
#define CALL(func)                                                                                 \
	{                                                                                          \
		.code = BPF_JMP | BPF_CALL, .imm = (func)                                          \
	}

/* Writes for each object one byte: how many a target shows. The context is a pointer to the meta,
 * whose first member is the seq_file, and the object, NULL at the end. */
static int counting_prog(const char *target)
{
	const struct bpf_insn insns[] = {
		{BPF_LDX | BPF_MEM | BPF_DW, 2, 1, CTX_OBJECT, 0},
		{BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 7, 0},
		{BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 0, 0},
		{BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 0, 0},
		{BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0},
		{BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0},
		{BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8},
		{BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 1},
		CALL(BPF_FUNC_seq_write),
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};

	return BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_TRACING, .insns = PTR(insns),
		   .insn_cnt = sizeof(insns) / sizeof(insns[0]), .license = PTR("GPL"),
		   .expected_attach_type = BPF_TRACE_ITER, .attach_btf_id = vmlinux_func(target));
}

static ssize_t count_by_iterator(int link)
{
	int fd = BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = link});
	ssize_t seen = 0, got;
	char buf[4096];

	assert_true(fd > 0);
	while ((got = trek_read(rt, fd, buf, sizeof(buf))) > 0)
		seen += got;
	assert_int_equal(got, 0);
	assert_int_equal(trek_close(rt, fd), 0);
	return seen;
}

static void each_is_shown_once(void **state)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		ssize_t others;
		int link;

		iter_prog = counting_prog(kinds[k].target);
		link = link_new(iter_prog);
		assert_true(link > 0);
		others = count_by_iterator(link);
		create(&kinds[k]);
		assert_int_equal(count_by_iterator(link), NR + others);
		close_all();
		assert_int_equal(count_by_iterator(link), others);
		trek_close(rt, link);
		trek_close(rt, iter_prog);
	}
}

/* --- pins and handles ------------------------------------------------------------------------- */

static const char *pin_path(int number)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/fs/bpf/many/of/p%d", number);
	return path;
}

static void pins_in_any_order(void **state)
{
	int map = new_map(), order[NR];

	for (int i = 0; i < NR; i++)
		order[i] = i;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < NR; i++)
			assert_int_equal(BPF(BPF_OBJ_PIN, .bpf_fd = map,
					     .pathname = PTR(pin_path(order[i]))),
					 0);
		shuffle(order, NR);
		for (int i = 0; i < NR; i++)
			assert_int_equal(BPF(BPF_OBJ_PIN, .bpf_fd = map,
					     .pathname = PTR(pin_path(order[i]))),
					 -EEXIST);
		for (int i = 0; i < NR; i++) {
			assert_int_equal(trek_unlink(rt, pin_path(order[i])), 0);
			assert_int_equal(trek_unlink(rt, pin_path(order[i])), -ENOENT);
		}
		assert_int_equal(trek_unlink(rt, "/sys/fs/bpf/many"), -ENOENT);
	}
}

/* A number that is closed is the next to be given out, wherever it is. */
static void handles_in_any_order(void **state)
{
	int map = new_map(), low, high;

	for (int i = 0; i < NR; i++) {
		handles[i] = trek_dup(rt, map);
		assert_int_equal(handles[i], map + 1 + i);
	}
	for (int i = 0; i < NR / 2; i++) {
		low = handles[i];
		high = handles[NR - 1 - i];
		assert_int_equal(trek_close(rt, high), 0);
		assert_int_equal(trek_close(rt, low), 0);
		assert_int_equal(trek_dup(rt, map), low);
		assert_int_equal(trek_dup(rt, map), high);
	}
	shuffle(handles, NR);
	close_all();
	assert_int_equal(trek_dup(rt, map), map + 1);
}

/* Closing the runtime finds all of it alive. */
static void all_is_closed_at_once(void **state)
{
	int map = new_map();

	iter_prog = iter_prog_new("bpf_iter_bpf_map");
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		create(&kinds[k]);
	for (int i = 0; i < NR; i++)
		assert_int_equal(BPF(BPF_OBJ_PIN, .bpf_fd = map, .pathname = PTR(pin_path(i))), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_is_listed_once),  TEST(each_that_stays_is_listed),
		TEST(each_is_shown_once),   TEST(pins_in_any_order),
		TEST(handles_in_any_order), TEST(all_is_closed_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
