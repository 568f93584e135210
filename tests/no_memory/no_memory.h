/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The allocators of a test program that is linked with no_memory.c, for those that let them fail
 * themselves. Each thread has its own.
 */
#ifndef TESTS_NO_MEMORY_H
#define TESTS_NO_MEMORY_H

#include <stdbool.h>

/* From now on the allocation after the next @n fails, and with @all_after every one after it; none
 * if @n is negative. */
void no_memory_begin(long n, bool all_after);
/* None any more. True: one has failed. */
bool no_memory_end(void);

#endif /* TESTS_NO_MEMORY_H */
