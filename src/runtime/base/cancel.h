/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * pthread_cancel(3) ends a thread where it waits. In a run, with a lock, or in liburcu it would
 * take a virtual CPU, the lock or every grace period to come with it: such places put the end off
 * to the next one that can bear it. Cancelling at any moment (PTHREAD_CANCEL_ASYNCHRONOUS) is for
 * code that calls nothing.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <pthread.h>

static inline int cancellation_off(void)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static inline void cancellation_as_before(const int *before)
{
	pthread_setcancelstate(*before, NULL);
}

/* Until the end of the block. */
#define NO_CANCELLATION                                                                            \
	__attribute__((cleanup(cancellation_as_before), unused)) int cancel_state =                \
		cancellation_off()

#endif /* BASE_CANCEL_H */
