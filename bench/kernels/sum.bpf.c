// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The sum of 1,024 numbers in an array of the program's own, each read, changed and written.
 */
#include "kernel.h"

#define NUMBERS 1024

static __u32 numbers[NUMBERS];

static int step(__u64 round, void *data)
{
	__u64 *sum = data;

	for (int i = 0; i < NUMBERS; i++) {
		numbers[i] += i ^ (__u32)round;
		*sum += numbers[i];
	}
	return 0;
}

KERNEL(sum)
{
	__u64 total = 0;

	/* What is left of the last run must not count. clang would make a call of this. */
	for (int i = 0; i < NUMBERS; i++) {
		numbers[i] = 0;
		__asm__ volatile("" ::: "memory");
	}
	repeat(ctx->rounds, step, &total);
	ctx->result = total;
	return 0;
}
