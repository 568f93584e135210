/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Deferred calls, and what fork(2) means for them.
 *
 * What is deferred lies on one stack. Its calls are made by whoever takes the stack as a whole,
 * waits for the readers of that time, and goes through it; one at a time, so that a call never
 * overtakes an earlier one. That is a thread of liburcu's, which the first to push wakes up and
 * which looks every 10 ms at most; or who cannot go on before the calls are made, who takes them
 * over and does not wait for that thread: 15 microseconds instead of 10 ms.
 *
 * fork(): a child has no thread but the one that forked. liburcu's has to stand still meanwhile and
 * to be made anew in the child, and no other may be amid the calls. Otherwise nothing is freed
 * there and who waits for it does so for ever.
 *
 * A thread that forks while it runs a program or a command on an element (it was interrupted by a
 * signal, and the handler forks) is a reader, for which the others may be waiting: they are not
 * waited for, and its child is left as it is. So it is if it was itself waiting for readers.
 *
 * Standing still is waited for by poll(2), in the middle of fork(), which is no place to be
 * cancelled; nor is a grace period, with a lock that every other one needs.
 */
#include "base/rcu.h"

#include <pthread.h>
#include <signal.h>

static struct callback_head *deferred; /* the last one first */
static pthread_mutex_t calling = PTHREAD_MUTEX_INITIALIZER;

/* liburcu calls this, if it is under way, which scheduled says until shortly before it is. */
static struct rcu_head work;
static bool scheduled;

static __thread bool prepared __attribute__((tls_model("initial-exec")));

static struct callback_head *reverse(struct callback_head *head)
{
	struct callback_head *reversed = NULL, *next;

	for (; head; head = next) {
		next = head->next;
		head->next = reversed;
		reversed = head;
	}
	return reversed;
}

bool rcu_run_deferred(void)
{
	NO_CANCELLATION;
	struct callback_head *head, *next;
	sigset_t all, before;
	bool any;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pthread_mutex_lock(&calling);
	head = __atomic_exchange_n(&deferred, NULL, __ATOMIC_SEQ_CST);
	any = head;
	if (any)
		rcu_synchronize();
	for (head = reverse(head); head; head = next) {
		next = head->next;
		head->func(head);
	}
	pthread_mutex_unlock(&calling);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return any;
}

static void run_from_thread(struct rcu_head *head)
{
	/* Who pushes after the stack is taken sees this, and wakes the thread again. */
	__atomic_store_n(&scheduled, false, __ATOMIC_SEQ_CST);
	rcu_run_deferred();
}

void call_rcu_head(struct callback_head *head, void (*func)(struct callback_head *head))
{
	head->func = func;
	head->next = __atomic_load_n(&deferred, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&deferred, &head->next, head, true, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	if (!__atomic_load_n(&scheduled, __ATOMIC_SEQ_CST) &&
	    !__atomic_exchange_n(&scheduled, true, __ATOMIC_SEQ_CST))
		urcu_bp_call_rcu(&work, run_from_thread);
}

/* --- fork ------------------------------------------------------------------------------------- */

static void before_fork(void)
{
	NO_CANCELLATION;

	if (rcu_read_ongoing())
		return;
	/* First the thread, which may be waiting for the lock. */
	call_rcu_before_fork();
	pthread_mutex_lock(&calling);
	rcu_bp_before_fork();
	prepared = true;
}

static void after_fork_parent(void)
{
	NO_CANCELLATION;

	if (!prepared)
		return;
	prepared = false;
	rcu_bp_after_fork_parent();
	pthread_mutex_unlock(&calling);
	call_rcu_after_fork_parent();
}

static void after_fork_child(void)
{
	NO_CANCELLATION;

	if (!prepared)
		return;
	prepared = false;
	rcu_bp_after_fork_child();
	pthread_mutex_unlock(&calling);
	call_rcu_after_fork_child();
}

int rcu_watch_forks(void)
{
	return -pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}
