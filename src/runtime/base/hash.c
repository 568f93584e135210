/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
#include "base/hash.h"

#include <sys/random.h>
#include <time.h>

u64 hash_seed(const void *salt)
{
	struct timespec now;
	u64 seed;

	if (getrandom(&seed, sizeof(seed), 0) == sizeof(seed))
		return seed;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return mix((unsigned long)salt ^ now.tv_sec, now.tv_nsec | 1);
}
