// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Numbers in order: sorting few, and finding many among many. */
#include "kernel.h"

#define FEW 64
#define MANY 1024
#define TIMES 128

u32 unsorted[FEW], sorted[FEW], among[MANY], wanted[TIMES], first;

FILL
{
	u64 random = 2;
	u32 last = 0;

	for (u32 i = 0; i < FEW; i++)
		unsorted[i] = NEXT(random) >> 33;
	for (u32 i = 0; i < MANY; i++)
		among[i] = last += NEXT(random) >> 58;
	for (u32 i = 0; i < TIMES; i++)
		wanted[i] = (NEXT(random) >> 32) * last >> 32;
	return 0;
}

/* Batcher's bitonic sort: which numbers are compared does not depend on them. */
KERNEL(sort)
{
	u32 hash = 0;

	for (u32 i = 0; i < FEW; i++)
		sorted[i] = unsorted[i];
	for (u32 run = 2; run <= FEW; run *= 2)
		for (u32 apart = run / 2; apart; apart /= 2)
			for (u32 i = 0; i < FEW; i++) {
				u32 j = (i ^ apart) & (FEW - 1), a = sorted[i], b = sorted[j];

				if (j > i && (i & run ? a < b : a > b)) {
					sorted[i] = b;
					sorted[j] = a;
				}
			}
	for (u32 i = 0; i < FEW; i++)
		hash = hash * 31 + sorted[i];
	return hash;
}

KERNEL(binary_search)
{
	u32 hash = 0;

	for (u32 i = 0; i < TIMES; i++) {
		u32 low = first, number = wanted[i];

		for (u32 step = MANY / 2; step; step /= 2)
			if (among[(low + step) & (MANY - 1)] <= number)
				low += step;
		hash = hash * 31 + low;
	}
	return hash;
}
