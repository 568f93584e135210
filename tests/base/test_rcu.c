/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Deferred calls: once each, in order, after the readers of that time; and fork(2) amid them. */
#include "base/rcu.h"

#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 20 }; /* seconds, for what takes milliseconds */

struct object {
	struct callback_head rcu;
	u32 called; /* the how manieth call this was; 0: none yet */
};

static u32 calls;

static void call(struct callback_head *head)
{
	struct object *o = container_of(head, struct object, rcu);

	__atomic_store_n(&o->called, __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED),
			 __ATOMIC_RELEASE);
}

static u32 called(const struct object *o)
{
	return __atomic_load_n(&o->called, __ATOMIC_ACQUIRE);
}

static int begin(void **state)
{
	alarm(PATIENCE);
	while (rcu_run_deferred())
		;
	calls = 0;
	return 0;
}

static int end(void **state)
{
	alarm(0);
	return 0;
}

static void calls_are_made_in_order(void **state)
{
	enum { NR = 1000 };
	static struct object objects[NR];

	for (int i = 0; i < NR; i++)
		call_rcu_head(&objects[i].rcu, call);
	rcu_run_deferred();
	for (int i = 0; i < NR; i++)
		assert_int_equal(called(&objects[i]), i + 1);
	assert_false(rcu_run_deferred());
}

static void calls_are_made_without_being_waited_for(void **state)
{
	static struct object o;

	for (int i = 0; i < 3; i++) {
		o.called = 0;
		call_rcu_head(&o.rcu, call);
		while (!called(&o))
			usleep(100);
	}
}

static struct object inner;

static void defer_anew(struct callback_head *head)
{
	call_rcu_head(&inner.rcu, call);
}

static void a_call_may_defer(void **state)
{
	static struct object outer;

	call_rcu_head(&outer.rcu, defer_anew);
	rcu_run_deferred();
	rcu_run_deferred();
	assert_true(called(&inner));
}

/* --- readers ---------------------------------------------------------------------------------- */

static bool reading, leave;

static void *read_for_a_while(void *arg)
{
	rcu_read_lock();
	__atomic_store_n(&reading, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&leave, __ATOMIC_ACQUIRE))
		usleep(100);
	rcu_read_unlock();
	return NULL;
}

static pthread_t start_reader(void)
{
	pthread_t reader;

	reading = leave = false;
	assert_int_equal(pthread_create(&reader, NULL, read_for_a_while, NULL), 0);
	while (!__atomic_load_n(&reading, __ATOMIC_ACQUIRE))
		usleep(100);
	return reader;
}

static void *run_deferred(void *arg)
{
	rcu_run_deferred();
	return NULL;
}

static void calls_come_after_readers(void **state)
{
	static struct object o;
	pthread_t reader = start_reader(), waiter;

	call_rcu_head(&o.rcu, call);
	assert_int_equal(pthread_create(&waiter, NULL, run_deferred, NULL), 0);
	usleep(50000);
	assert_false(called(&o));
	__atomic_store_n(&leave, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(waiter, NULL), 0);
	assert_true(called(&o));
	assert_int_equal(pthread_join(reader, NULL), 0);
}

/* --- threads ---------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 5000 };

static void call_and_free(struct callback_head *head)
{
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	free(container_of(head, struct object, rcu));
}

static void *defer_and_run(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct object *o = malloc(sizeof(*o));

		assert_non_null(o);
		call_rcu_head(&o->rcu, call_and_free);
		if (i % 512 == 0)
			rcu_run_deferred();
	}
	return NULL;
}

static void threads_defer_and_run(void **state)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, defer_and_run, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	rcu_run_deferred();
	assert_int_equal(__atomic_load_n(&calls, __ATOMIC_RELAXED), THREADS * ROUNDS);
}

/* --- fork ------------------------------------------------------------------------------------- */

static void expect_success(pid_t child)
{
	int status = -1;

	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* A child makes the calls that were due in its parent, and its own, with and without being waited
 * for. */
static void children_make_calls(void **state)
{
	static struct object before, waited, alone;
	pid_t child;

	call_rcu_head(&before.rcu, call);
	child = fork();
	if (!child) {
		alarm(PATIENCE);
		call_rcu_head(&waited.rcu, call);
		rcu_run_deferred();
		if (!called(&before) || !called(&waited))
			_exit(1);
		call_rcu_head(&alone.rcu, call);
		while (!called(&alone))
			usleep(100);
		_exit(0);
	}
	expect_success(child);
	rcu_run_deferred();
	assert_true(called(&before));
	assert_false(called(&waited));
}

enum { FORKS = 50 };

static int forked;
static bool running, done;

static void fork_here(int sig)
{
	pid_t child = fork();
	int status = -1;

	if (!child)
		_exit(0);
	if (child > 0 && waitpid(child, &status, 0) == child && !status)
		__atomic_add_fetch(&forked, 1, __ATOMIC_RELEASE);
}

/* The object is one that is never freed, and the first fork waits for the first call: fork() waits
 * for the allocator, and a sanitizer's for threads that begin, and would wait here for itself. */
static void *defer_and_run_until_done(void *arg)
{
	static struct object o;

	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		call_rcu_head(&o.rcu, call);
		rcu_run_deferred();
		__atomic_store_n(&running, called(&o), __ATOMIC_RELEASE);
	}
	return NULL;
}

/* A thread that makes the calls is interrupted, and forks. */
static void fork_amid_calls(void **state)
{
	struct sigaction action = {.sa_handler = fork_here}, before;
	pthread_t thread;

	running = done = false;
	forked = 0;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(pthread_create(&thread, NULL, defer_and_run_until_done, NULL), 0);
	while (!__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		usleep(100);
	for (int i = 0; i < FORKS; i++) {
		assert_int_equal(pthread_kill(thread, SIGUSR1), 0);
		while (__atomic_load_n(&forked, __ATOMIC_ACQUIRE) <= i)
			usleep(100);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(thread, NULL), 0);
	sigaction(SIGUSR1, &before, NULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_are_made_in_order), TEST(calls_are_made_without_being_waited_for),
		TEST(a_call_may_defer),	       TEST(calls_come_after_readers),
		TEST(threads_defer_and_run),   TEST(children_make_calls),
		TEST(fork_amid_calls),
	};

	if (rcu_watch_forks())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
