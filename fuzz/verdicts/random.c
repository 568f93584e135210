/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Numbers at random, from a seed: splitmix64; and those at which verifiers change their mind.
 */
#include "verdicts.h"

uint64_t rnd(struct rng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint64_t below(struct rng *r, uint64_t n)
{
	return n ? rnd(r) % n : 0;
}

bool chance(struct rng *r, unsigned int percent)
{
	return below(r, 100) < percent;
}

int64_t interesting(struct rng *r)
{
	static const int64_t numbers[] = {
		0,
		1,
		-1,
		2,
		-2,
		3,
		7,
		8,
		15,
		16,
		24,
		31,
		32,
		33,
		47,
		48,
		63,
		64,
		65,
		127,
		128,
		-128,
		255,
		256,
		-256,
		32767,
		32768,
		-32768,
		65535,
		65536,
		INT32_MAX,
		INT32_MIN,
		(int64_t)INT32_MAX + 1,
		UINT32_MAX,
		(int64_t)UINT32_MAX + 1,
		INT64_MAX,
		INT64_MIN,
		INT64_MIN + 1,
		(int64_t)INT32_MIN - 1,
		-4096,
		511,
		512,
	};
	int64_t n;

	switch (below(r, 8)) {
	case 0:
		return (int64_t)(1ull << below(r, 64));
	case 1:
		return (int64_t)((1ull << below(r, 64)) - 1);
	case 2:
		return (int64_t)rnd(r);
	case 3:
		return (int64_t)below(r, 64);
	default:
		n = numbers[below(r, ARRAY_SIZE(numbers))];
		return chance(r, 20) ? (int64_t)((uint64_t)n + below(r, 3) - 1) : n;
	}
}
