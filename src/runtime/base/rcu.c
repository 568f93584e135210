/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Deferred free across fork(2). A child has no thread but the one that forked: liburcu's, which
 * frees, has to stand still meanwhile and to be made anew in the child. Otherwise nothing is freed
 * there and rcu_barrier() never returns.
 *
 * A thread that forks while it runs a program or a command on an element (it was interrupted by a
 * signal, and the handler forks) is a reader, for which liburcu's thread may be waiting: that one is
 * not waited for, and its child is left as it is.
 *
 * Standing still is waited for by poll(2), in the middle of fork(), which is no place to be
 * cancelled.
 */
#include "base/rcu.h"

#include <pthread.h>

static __thread bool prepared __attribute__((tls_model("initial-exec")));

static void before_fork(void)
{
	NO_CANCELLATION;

	if (rcu_read_ongoing())
		return;
	call_rcu_before_fork();
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
	call_rcu_after_fork_parent();
}

static void after_fork_child(void)
{
	NO_CANCELLATION;

	if (!prepared)
		return;
	prepared = false;
	rcu_bp_after_fork_child();
	call_rcu_after_fork_child();
}

int rcu_watch_forks(void)
{
	return -pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}
