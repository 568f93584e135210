/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What ThreadSanitizer has to be told of RCU. It sees no order between threads in liburcu, which is
 * not built with it: neither that a reader's section ends before a grace period does, nor that
 * call_rcu() hands an object over to another thread. Here this is said by hand, so that a race of
 * the runtime's own with what is freed still shows. Only in such a build.
 */
#ifndef BASE_RCU_TSAN_H
#define BASE_RCU_TSAN_H

#include <stdlib.h>

#include "base/types.h"

void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

/* Ends of read-side sections, which callbacks come after; and callbacks, which barriers come after.
 */
__attribute__((weak, visibility("hidden"))) char rcu_tsan_readers, rcu_tsan_callbacks;

struct rcu_tsan_call {
	struct rcu_head rcu;
	struct callback_head *head;
	void (*func)(struct callback_head *head);
};

static inline void rcu_tsan_call_back(struct rcu_head *rcu)
{
	struct rcu_tsan_call *call = container_of(rcu, struct rcu_tsan_call, rcu);

	__tsan_acquire(call);
	__tsan_acquire(&rcu_tsan_readers);
	call->func(call->head);
	__tsan_release(&rcu_tsan_callbacks);
	free(call);
}

static inline void rcu_tsan_call_rcu(struct callback_head *head,
				     void (*func)(struct callback_head *head))
{
	struct rcu_tsan_call *call = malloc(sizeof(*call));

	if (!call)
		abort();
	call->head = head;
	call->func = func;
	__tsan_release(call);
	urcu_bp_call_rcu(&call->rcu, rcu_tsan_call_back);
}

static inline void rcu_tsan_read_unlock(void)
{
	__tsan_release(&rcu_tsan_readers);
	urcu_bp_read_unlock();
}

static inline void rcu_tsan_synchronize(void)
{
	urcu_bp_synchronize_rcu();
	__tsan_acquire(&rcu_tsan_readers);
}

static inline void rcu_tsan_barrier(void)
{
	urcu_bp_barrier();
	__tsan_acquire(&rcu_tsan_callbacks);
}

#undef rcu_read_unlock
#undef synchronize_rcu
#undef rcu_barrier
#undef rcu_dereference
#undef rcu_assign_pointer
#define rcu_read_unlock rcu_tsan_read_unlock
#define synchronize_rcu rcu_tsan_synchronize
#define rcu_barrier rcu_tsan_barrier
/* liburcu's are volatile accesses, not atomic ones. */
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

#endif /* BASE_RCU_TSAN_H */
