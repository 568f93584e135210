/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Deferred free. The runtime uses liburcu's "bulletproof" flavour: any thread of the application
 * may call in, and needs no registration.
 */
#ifndef BASE_RCU_H
#define BASE_RCU_H

#define URCU_INLINE_SMALL_FUNCTIONS
#include <urcu-bp.h>

#include "base/cancel.h"
#include "base/types.h"

_Static_assert(sizeof(struct callback_head) == sizeof(struct rcu_head), "one layout");

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define RCU_TSAN
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(RCU_TSAN)
#include "base/rcu_tsan.h"
#define call_rcu_head rcu_tsan_call_rcu
#else

/* Inline, where the reader's side is. (liburcu lets any program do so with functions as small as
 * these, and has them in no other header.) */
#include <urcu/static/urcu-bp.h>
#undef rcu_read_lock
#undef rcu_read_unlock
#define rcu_read_lock _urcu_bp_read_lock
#define rcu_read_unlock _urcu_bp_read_unlock

#ifdef CONFIG_RCU_TLS
/* Found without a call, also from the shared library. */
extern __thread struct urcu_bp_reader *urcu_bp_reader __attribute__((tls_model("initial-exec")));
#endif

/* Call @func with @head, from a thread of liburcu's, when every reader of now is gone. */
static inline void call_rcu_head(struct callback_head *head, void (*func)(struct callback_head *))
{
	call_rcu((struct rcu_head *)(void *)head, (void (*)(struct rcu_head *))(void *)func);
}

#endif

/* liburcu waits by poll(2) with a lock that every other grace period needs. */
static inline void rcu_synchronize(void)
{
	NO_CANCELLATION;

	synchronize_rcu();
}

static inline void rcu_wait_for_callbacks(void)
{
	NO_CANCELLATION;

	rcu_barrier();
}

#undef synchronize_rcu
#undef rcu_barrier
#define synchronize_rcu rcu_synchronize
#define rcu_barrier rcu_wait_for_callbacks

/* Let what is deferred be freed in children of fork(2), too. Once a process; -ENOMEM. */
int rcu_watch_forks(void);

#endif /* BASE_RCU_H */
