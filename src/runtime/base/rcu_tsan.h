/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What ThreadSanitizer has to be told of RCU. It sees no order between threads in liburcu, which is
 * not built with it: that a reader's section ends before a grace period does. Here this is said by
 * hand, so that a race of the runtime's own with what is freed still shows. Only in such a build.
 */
#ifndef BASE_RCU_TSAN_H
#define BASE_RCU_TSAN_H

void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

/* Ends of read-side sections, which the ends of grace periods come after. */
__attribute__((weak, visibility("hidden"))) char rcu_tsan_readers;

static inline void rcu_tsan_read_unlock(void)
{
	__tsan_release(&rcu_tsan_readers);
	urcu_bp_read_unlock();
}

static inline void rcu_readers_gone(void)
{
	__tsan_acquire(&rcu_tsan_readers);
}

/* What these look at is not to be had here: the answer is yes now and then. */
static inline unsigned long rcu_section(void)
{
	return 0;
}

static inline bool rcu_is_awaited(unsigned long section)
{
	static __thread u32 asked;

	return !(++asked % 64);
}

#undef rcu_read_unlock
#undef rcu_dereference
#undef rcu_assign_pointer
#define rcu_read_unlock rcu_tsan_read_unlock
/* liburcu's are volatile accesses, not atomic ones. */
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

#endif /* BASE_RCU_TSAN_H */
