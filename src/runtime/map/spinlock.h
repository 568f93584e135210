/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A lock for a few instructions. Who has waited for long lets others run: the holder may have been
 * preempted. Not to be taken in a signal handler.
 */
#ifndef MAP_SPINLOCK_H
#define MAP_SPINLOCK_H

#include <sched.h>

#include "base/types.h"

#define SPINS_BEFORE_YIELD 100

static inline void spin_wait(u32 *spins)
{
	if (++*spins < SPINS_BEFORE_YIELD) {
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#endif
	} else {
		sched_yield();
	}
}

struct spinlock {
	u32 taken;
};

static inline bool spin_trylock(struct spinlock *lock)
{
	return !__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_lock(struct spinlock *lock)
{
	u32 spins = 0;

	while (!spin_trylock(lock))
		while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			spin_wait(&spins);
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

#endif /* MAP_SPINLOCK_H */
