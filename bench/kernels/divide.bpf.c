// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Divisions, most of them by numbers that are known. */
#include "kernel.h"

#define COUNT 64

u32 small_numbers[COUNT];
u64 large_numbers[COUNT];
u32 buckets[128];

FILL
{
	u64 random = 4;

	for (u32 i = 0; i < COUNT; i++) {
		small_numbers[i] = NEXT(random) >> 32;
		large_numbers[i] = NEXT(random) >> 1;
	}
	return 0;
}

KERNEL(decimal)
{
	u32 hash = 0;

	for (u32 i = 0; i < COUNT; i++)
		for (u32 n = small_numbers[i], digit = 0; n && digit < 10; digit++, n /= 10)
			hash = hash * 31 + n % 10;
	return hash;
}

KERNEL(decimal64)
{
	u32 hash = 0, digit;
	u64 n;

	for (u32 i = 0; i < COUNT; i++)
		for (n = large_numbers[i], digit = 0; n && digit < 20; digit++, n /= 10)
			hash = hash * 31 + n % 10;
	return hash;
}

/* Nanoseconds since 1970 to the date and the time of day. */
KERNEL(date)
{
	u32 hash = 0;

	for (u32 i = 0; i < COUNT; i++) {
		u64 seconds = large_numbers[i] / 1000000000;
		u32 days = seconds / 86400 + 719468, time = seconds % 86400;
		u32 era = days / 146097, of_era = days % 146097;
		u32 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
		u32 of_year = of_era - (365 * year + year / 4 - year / 100);
		u32 month = (5 * of_year + 2) / 153;
		u32 day = of_year - (153 * month + 2) / 5 + 1;

		hash = hash * 31 + (year + era * 400) * 512 + month * 32 + day;
		hash = hash * 31 + (time / 3600 << 16 | time / 60 % 60 << 8 | time % 60);
	}
	return hash;
}

/* Into buckets, as a hash table of a prime number of them does. */
KERNEL(modulo)
{
	u32 hash = 0;

	for (u32 i = 0; i < COUNT; i++) {
		u32 bucket = small_numbers[i] % 97;

		barrier_var(bucket); /* verifiers do not know what remainders are less than */
		buckets[bucket & 127] += small_numbers[i] % 1000003;
	}
	for (u32 i = 0; i < COUNT; i++) {
		u32 bucket = large_numbers[i] % 97;

		barrier_var(bucket);
		buckets[bucket & 127] += large_numbers[i] % 1000003;
	}
	for (u32 i = 0; i < 97; i++) {
		hash = hash * 31 + buckets[i];
		buckets[i] = 0;
	}
	return hash;
}

/* By numbers that are not known. */
KERNEL(common_divisor)
{
	u32 hash = 0;

	for (u32 i = 0; i + 1 < COUNT; i++) {
		u32 a = small_numbers[i], b = small_numbers[i + 1];

		for (u32 turn = 0; turn < 48 && b; turn++) {
			u32 rest = a % b;

			a = b;
			b = rest;
		}
		hash = hash * 31 + a;
	}
	return hash;
}
