/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* fork(2): a child has a copy of the runtime, which works, frees and ends like any other. */
#include "test.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"

enum { PATIENCE = 20 }; /* seconds, for what takes milliseconds */

static int set_up(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

/* More than a word: an update puts another element in the place of the old one, which is freed. */
struct value {
	uint64_t words[2];
};

static int update(int map, uint64_t value)
{
	struct value both = {{value, value}};
	uint32_t key = 1;

	return BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(&both));
}

static uint64_t look(int map)
{
	struct value both = {{0}};
	uint32_t key = 1;

	BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(&both));
	return both.words[1];
}

/* The status of a child that uses @map, drops it and closes its runtime. */
static int child_status(int map)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		alarm(PATIENCE);
		if (look(map) != 1 || update(map, 2) || update(map, 3) || look(map) != 3)
			_exit(1);
		if (trek_close(rt, map) || trek_close(rt, map) != -EBADF)
			_exit(2);
		trek_runtime_close(rt);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void child_closes_its_copy(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, sizeof(struct value), 4, 0);

	assert_true(map > 0);
	/* Twice: now a thread of liburcu's is there, and something for it to free. */
	assert_int_equal(update(map, 0), 0);
	assert_int_equal(update(map, 1), 0);
	assert_int_equal(child_status(map), 0);
	assert_int_equal(look(map), 1);
	/* The parent's thread goes on: closing the runtime waits for it. */
	assert_int_equal(child_status(map), 0);
	assert_int_equal(trek_close(rt, map), 0);
}

static bool done;

static void *read_over_and_over(void *arg)
{
	char buf[64];
	int it;

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		it = BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = *(int *)arg});
		while (trek_read(rt, it, buf, sizeof(buf)) > 0)
			;
		trek_close(rt, it);
	}
	return NULL;
}

static void fork_beside_runs(void **state)
{
	int link = link_new(iter_prog_new("bpf_iter_bpf_map")), status;
	pthread_t thread;
	pid_t child;

	assert_true(link > 0);
	__atomic_store_n(&done, false, __ATOMIC_RELAXED);
	alarm(PATIENCE);
	assert_int_equal(pthread_create(&thread, NULL, read_over_and_over, &link), 0);
	for (int i = 0; i < 10; i++) {
		child = fork();
		if (!child)
			_exit(0);
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	alarm(0);
}

enum { FORKS = 20 };

static bool begun;
static int forked, failed;

static void fork_here(int sig)
{
	int status = -1, saved_errno = errno;
	pid_t child;

	usleep(20000); /* liburcu's thread sleeps for 10 ms before it waits for this one */
	child = fork();
	if (!child)
		_exit(0);
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	errno = saved_errno;
	__atomic_add_fetch(&forked, 1, __ATOMIC_RELEASE);
}

struct interrupts {
	pthread_t thread; /* that is interrupted */
	int map;
};

static void *interrupt(void *arg)
{
	const struct interrupts *to = arg;

	while (!__atomic_load_n(&begun, __ATOMIC_ACQUIRE))
		usleep(100);
	for (int seen = 0; seen < FORKS; seen++) {
		if (update(to->map, seen)) /* there is something to free again */
			__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
		pthread_kill(to->thread, SIGUSR1);
		while (__atomic_load_n(&forked, __ATOMIC_ACQUIRE) == seen)
			usleep(100);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	return NULL;
}

/*
 * A command on an element is under way mostly, and liburcu's thread waits for its end. It is one
 * that needs no memory: fork(2) waits for the allocator's locks, one of which the interrupted
 * thread may have.
 */
static void fork_within_commands(void **state)
{
	struct sigaction new = {.sa_handler = fork_here}, old;
	struct interrupts to = {pthread_self(),
				map_new(BPF_MAP_TYPE_HASH, sizeof(struct value), 4, 0)};
	pthread_t thread;

	__atomic_store_n(&done, false, __ATOMIC_RELAXED);
	assert_int_equal(sigaction(SIGUSR1, &new, &old), 0);
	assert_int_equal(update(to.map, 0), 0);
	alarm(PATIENCE);
	assert_int_equal(pthread_create(&thread, NULL, interrupt, &to), 0);
	__atomic_store_n(&begun, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&done, __ATOMIC_RELAXED))
		assert_true(look(to.map) < FORKS);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(forked, FORKS);
	assert_int_equal(failed, 0);
	alarm(0);
	sigaction(SIGUSR1, &old, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(child_closes_its_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fork_beside_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fork_within_commands, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
