/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The table of handles: own numbers, lent numbers, and many threads at once. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "call.h"

/* A lender that counts up from where it is told, and remembers what is out. */
static struct lender {
	int next;
	int fail; /* negative errno: what reserve returns */
	int out;
	int last_released;
} lender;

static int lend(void *arg, int memory)
{
	struct lender *l = arg;

	if (l->fail)
		return l->fail;
	l->out++;
	return l->next++;
}

static void take_back(void *arg, int handle)
{
	struct lender *l = arg;

	l->out--;
	l->last_released = handle;
}

static int not_ours(void *arg, int handle)
{
	return handle == 1 ? -EINVAL : -EBADF;
}

static const struct trek_handle_ops lender_ops = {lend, take_back, not_ours, &lender};

static int open_plain(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int open_lent(void **state)
{
	struct trek_runtime_opts opts = {.size = sizeof(opts), .handles = &lender_ops};

	lender = (struct lender){.next = 100};
	return trek_runtime_open(&opts, &rt);
}

static int close_runtime(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

static int array_new(void)
{
	return map_new(BPF_MAP_TYPE_ARRAY, 8, 1, 0);
}

static void test_own_numbers_are_the_smallest_free(void **state)
{
	assert_int_equal(array_new(), 3);
	assert_int_equal(array_new(), 4);
	assert_int_equal(array_new(), 5);
	assert_int_equal(trek_close(rt, 4), 0);
	assert_int_equal(trek_close(rt, 3), 0);
	assert_int_equal(trek_dup(rt, 5), 3);
	assert_int_equal(array_new(), 4);
	assert_int_equal(array_new(), 6);
}

static void test_what_is_no_handle(void **state)
{
	static const int bad[] = {-1, 0, 2, 3, 63, 64, 1 << 20, 0x7fffffff, -0x7fffffff - 1};
	char buf[8];
	void *addr;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(trek_close(rt, bad[i]), -EBADF);
		assert_int_equal(trek_dup(rt, bad[i]), -EBADF);
		assert_int_equal(trek_read(rt, bad[i], buf, 1), -EBADF);
		assert_int_equal(trek_fdinfo(rt, bad[i], buf, 1), -EBADF);
		assert_int_equal(trek_mmap(rt, bad[i], 4096, 1, 0, &addr), -EBADF);
		assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = bad[i]), -EBADF);
	}
}

static void test_a_dup_keeps_the_object(void **state)
{
	int fd = array_new(), dup = trek_dup(rt, fd);

	assert_int_equal(trek_close(rt, fd), 0);
	assert_int_equal(trek_close(rt, fd), -EBADF);
	assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = dup), 0);
}

static void test_the_table_grows(void **state)
{
	enum { NR = 5000 };
	int fd = array_new(), i;

	for (i = 1; i < NR; i++)
		assert_int_equal(trek_dup(rt, fd), fd + i);
	for (i = 0; i < NR; i++)
		assert_int_equal(trek_close(rt, fd + i), 0);
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_ID, .start_id = 0), -ENOENT);
}

static void test_lent_numbers(void **state)
{
	int fd = array_new();

	assert_int_equal(fd, 100);
	lender.next = 70000;
	assert_int_equal(trek_dup(rt, fd), 70000);
	assert_int_equal(lender.out, 2);
	assert_int_equal(trek_close(rt, 70000), 0);
	assert_int_equal(lender.last_released, 70000);
	assert_int_equal(trek_close(rt, 100), 0);
	assert_int_equal(lender.out, 0);
}

static void test_the_lender_knows_what_is_not_ours(void **state)
{
	assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = 1), -EINVAL);
	assert_int_equal(BPF(BPF_MAP_FREEZE, .map_fd = 2), -EBADF);
	assert_int_equal(trek_close(rt, 1), -EBADF);
}

static void test_a_lender_without_numbers(void **state)
{
	int fd = array_new();

	lender.fail = -EMFILE;
	assert_int_equal(array_new(), -EMFILE);
	assert_int_equal(trek_dup(rt, fd), -EMFILE);
	/* The map of the failed call is gone. */
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_ID, .start_id = 1), -ENOENT);
	lender.fail = 0;
	lender.next = 0x7ffffffe;
	assert_int_equal(array_new(), -EMFILE);
	assert_int_equal(lender.last_released, 0x7ffffffe);
	assert_int_equal(lender.out, 1);
}

/* The number was closed behind the runtime's back, and comes round again. */
static void test_a_number_lent_twice(void **state)
{
	uint32_t key = 0;
	uint64_t value = 7;
	int fd = array_new();

	assert_int_equal(
		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = fd, .key = PTR(&key), .value = PTR(&value)), 0);
	lender.next = fd;
	assert_int_equal(array_new(), fd);
	assert_int_equal(
		BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = fd, .key = PTR(&key), .value = PTR(&value)), 0);
	assert_int_equal(value, 0);
	assert_int_equal(BPF(BPF_MAP_GET_FD_BY_ID, .map_id = 1), -ENOENT);
}

static void test_closing_a_runtime_gives_numbers_back(void **state)
{
	struct trek_runtime_opts opts = {.size = sizeof(opts), .handles = &lender_ops};
	struct trek_runtime *outer = rt;

	lender = (struct lender){.next = 5};
	assert_int_equal(trek_runtime_open(&opts, &rt), 0);
	array_new();
	array_new();
	assert_int_equal(lender.out, 2);
	trek_runtime_close(rt);
	rt = outer;
	assert_int_equal(lender.out, 0);
}

/* Threads that open, use and close handles of their own and of each other. */
static void *use_handles(void *arg)
{
	unsigned int seed = (unsigned long)arg;
	int i;

	for (i = 0; i < 2000; i++) {
		int fd = rand_r(&seed) % 40;

		switch (rand_r(&seed) % 4) {
		case 0:
			array_new();
			break;
		case 1:
			trek_dup(rt, fd);
			break;
		case 2:
			BPF(BPF_MAP_FREEZE, .map_fd = fd);
			break;
		default:
			trek_close(rt, fd);
		}
	}
	return NULL;
}

static void test_many_threads(void **state)
{
	pthread_t threads[4];
	unsigned long i;

	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_handles, (void *)(i + 1)),
				 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 10000; i++)
		trek_close(rt, i);
	assert_int_equal(BPF(BPF_MAP_GET_NEXT_ID, .start_id = 0), -ENOENT);
}

static void test_options(void **state)
{
	struct {
		struct trek_runtime_opts opts;
		uint64_t newer;
	} o = {.opts = {.size = sizeof(o)}};
	struct trek_runtime *other;

	assert_int_equal(trek_runtime_open(&o.opts, &other), 0);
	trek_runtime_close(other);
	o.newer = 1;
	assert_int_equal(trek_runtime_open(&o.opts, &other), -EINVAL);
	o.newer = 0;
	o.opts.size = 0;
	assert_int_equal(trek_runtime_open(&o.opts, &other), -EINVAL);
	o.opts.size = 1 << 20;
	assert_int_equal(trek_runtime_open(&o.opts, &other), -EINVAL);
	o.opts = (struct trek_runtime_opts){.size = sizeof(o.opts), .num_possible_cpus = 100000};
	assert_int_equal(trek_runtime_open(&o.opts, &other), -EINVAL);
	trek_runtime_close(NULL);
}

static void test_errno_is_left_alone(void **state)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 4096,
			       .max_entries = 1,
			       .map_flags = BPF_F_MMAPABLE};
	uint32_t retval;
	char text[8];
	void *at;
	int map;

	errno = 4321;
	map = trek_bpf(rt, BPF_MAP_CREATE, &attr, sizeof(attr));
	assert_true(map >= 0);
	assert_int_equal(trek_mmap(rt, map, 1ul << 60, 1, 0, &at), -EINVAL);
	assert_int_equal(trek_bpf(rt, BPF_MAP_CREATE, (void *)8, 64), -EFAULT);
	assert_true(trek_read(rt, 999, text, sizeof(text)) < 0);
	assert_true(trek_fdinfo(rt, map, text, sizeof(text)) < 0);
	assert_true(trek_prog_run(rt, map, NULL, 0, &retval) < 0);
	assert_true(trek_open(rt, "/nowhere") < 0);
	assert_true(trek_unlink(rt, "/nowhere") < 0);
	assert_true(trek_dup(rt, 999) < 0);
	assert_true(trek_close(rt, 999) < 0);
	assert_int_equal(trek_close(rt, map), 0);
	assert_int_equal(errno, 4321);
}

static int poll_result;

/* The end is waiting already when poll(2) is called. */
static void *wait_and_end(void *ring)
{
	pthread_cancel(pthread_self());
	poll_result = trek_poll(rt, *(int *)ring, 60000);
	return NULL;
}

/* A thread that is cancelled while it waits takes nothing with it. */
static void test_waiting_is_cancelled(void **state)
{
	int ring = BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096);
	struct bpf_map_info info = {0};
	pthread_t thread;
	void *result;

	assert_true(ring > 0);
	assert_int_equal(
		BPF(BPF_OBJ_GET_INFO_BY_FD,
		    .info = {.bpf_fd = ring, .info_len = sizeof(info), .info = PTR(&info)}),
		0);
	poll_result = 1;
	assert_int_equal(pthread_create(&thread, NULL, wait_and_end, &ring), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(poll_result, 1);
	assert_int_equal(trek_close(rt, ring), 0);
	assert_int_equal(BPF(BPF_MAP_GET_FD_BY_ID, .map_id = info.id), -ENOENT);
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, open_plain, close_runtime)
#define LENT(test) cmocka_unit_test_setup_teardown(test, open_lent, close_runtime)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(test_own_numbers_are_the_smallest_free),
		PLAIN(test_what_is_no_handle),
		PLAIN(test_a_dup_keeps_the_object),
		PLAIN(test_the_table_grows),
		LENT(test_lent_numbers),
		LENT(test_the_lender_knows_what_is_not_ours),
		LENT(test_a_lender_without_numbers),
		LENT(test_a_number_lent_twice),
		LENT(test_closing_a_runtime_gives_numbers_back),
		PLAIN(test_many_threads),
		PLAIN(test_errno_is_left_alone),
		PLAIN(test_options),
		PLAIN(test_waiting_is_cancelled),
	};

	return cmocka_run_group_tests_name("handles", tests, NULL, NULL);
}
