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

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define RCU_TSAN
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(RCU_TSAN)
#include "base/rcu_tsan.h"
#else

#include <urcu/static/urcu-bp.h>

/*
 * The reader's side, inline: the first word of what liburcu has for the thread is the grace
 * period's number in the outermost section, and counts those inside. liburcu's own inline functions
 * look for the thread's variable more often, by a call each time from a shared library, and take
 * the structure for better aligned than it is, which UBSan minds.
 *
 * The variable is not said to be initial-exec: a process that loads liburcu with dlopen(3), uses
 * it, and then loads this library could not, for want of a fixed place for it.
 */
#ifdef CONFIG_RCU_TLS
static inline void rcu_enter(void)
{
	unsigned long *reader = (unsigned long *)(void *)urcu_bp_reader, now;

	if (unlikely(!reader)) {
		urcu_bp_read_lock();
		return;
	}
	cmm_barrier();
	now = READ_ONCE(*reader);
	if (likely(!(now & URCU_BP_GP_CTR_NEST_MASK))) {
		WRITE_ONCE(*reader, READ_ONCE(urcu_bp_gp.ctr));
		urcu_bp_smp_mb_slave();
	} else {
		WRITE_ONCE(*reader, now + URCU_BP_GP_COUNT);
	}
}

static inline void rcu_leave(void)
{
	unsigned long *reader = (unsigned long *)(void *)urcu_bp_reader;

	urcu_bp_smp_mb_slave();
	WRITE_ONCE(*reader, READ_ONCE(*reader) - URCU_BP_GP_COUNT);
	cmm_barrier();
}

#undef rcu_read_lock
#undef rcu_read_unlock
#define rcu_read_lock rcu_enter
#define rcu_read_unlock rcu_leave
#endif

/* What rcu_is_awaited() is asked with: the grace period that this thread's section began in; 0: it
 * is within another one, of the application's, and nobody has anything of its end. */
static inline unsigned long rcu_section(void)
{
	const unsigned long *reader = (const unsigned long *)(const void *)URCU_TLS(urcu_bp_reader);

	if (unlikely((READ_ONCE(*reader) & URCU_BP_GP_CTR_NEST_MASK) != URCU_BP_GP_COUNT))
		return 0;
	return (READ_ONCE(*reader) & URCU_BP_GP_CTR_PHASE) | URCU_BP_GP_COUNT;
}

/* Is a grace period waiting for readers, this one among them? One load, of what is seldom written.
 */
static inline bool rcu_is_awaited(unsigned long section)
{
	return unlikely(READ_ONCE(urcu_bp_gp.ctr) != section) && section;
}

static inline void rcu_readers_gone(void)
{
}

#endif

/* Wait until every reader of now is gone. Not by a reader. liburcu waits by poll(2) with a lock
 * that every other grace period needs. */
static inline void rcu_synchronize(void)
{
	NO_CANCELLATION;

	synchronize_rcu();
	rcu_readers_gone();
}

/* Call @func with @head when every reader of now is gone, in the order of these calls, from any
 * thread. It may defer anew, and must not wait for what is deferred. */
void call_rcu_head(struct callback_head *head, void (*func)(struct callback_head *head));
/* Wait until every reader of now is gone and what was deferred before has been called, most of it
 * by this thread. False: there was nothing. Not by a reader. */
bool rcu_run_deferred(void);

#undef synchronize_rcu
#undef rcu_barrier
#define synchronize_rcu rcu_synchronize
#define rcu_barrier rcu_run_deferred

/* Let what is deferred be freed in children of fork(2), too. Once a process; -ENOMEM. */
int rcu_watch_forks(void);

#endif /* BASE_RCU_H */
