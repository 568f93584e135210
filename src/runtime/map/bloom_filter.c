/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * BLOOM_FILTER (kernel: kernel/bpf/bloom_filter.c): a set of values that says of each "perhaps in"
 * or "not in". Nothing can be taken out.
 *
 * A value has one bit for each hash function, which pushing sets and peeking asks for. Bits are set
 * atomically and never cleared, so no lock is needed: once a push has returned, every peek finds
 * the value.
 *
 * The number of bits is the one that gives the fewest false positives for max_entries values,
 * nr * k / ln 2 (Bloom 1970), where 1 / ln 2 is taken for 7 / 5, rounded up to a power of two. The
 * hash functions are one function with as many seeds: Bob Jenkins' lookup3 (public domain, 2006),
 * as in Linux, so that filters without a random seed (BPF_F_ZERO_SEED) have the same false
 * positives there and here.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "btf/btf.h"
#include "map/area.h"
#include "map/map_create.h"
#include "map/map_types.h"

#define MAX_VALUE_SIZE (4u << 20) /* what kmalloc gives at most */
#define MAX_HASH_FUNCS 15
#define DEFAULT_HASH_FUNCS 5
#define BITS_PER_WORD 64

#define BLOOM_CREATE_FLAG_MASK (BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | BPF_F_ACCESS_MASK)

struct bpf_bloom_filter {
	struct bpf_map map;
	u64 *bits;
	u32 bit_mask; /* their number, a power of two up to 2^32, less 1 */
	u32 hash_seed;
	u32 nr_hash_funcs;
};

static struct bpf_bloom_filter *to_bloom(const struct bpf_map *map)
{
	return container_of(map, struct bpf_bloom_filter, map);
}

/* The order is Linux's: it checks the size before the rest. */
static int bloom_map_alloc_check(const union bpf_attr *attr)
{
	if (attr->value_size > MAX_VALUE_SIZE)
		return -E2BIG;
	if (attr->key_size || !attr->value_size || !attr->max_entries ||
	    attr->map_flags & ~BLOOM_CREATE_FLAG_MASK ||
	    !bpf_map_flags_access_ok(attr->map_flags) || attr->map_extra > MAX_HASH_FUNCS)
		return -EINVAL;
	return 0;
}

static u32 bit_mask_for(u32 max_entries, u32 nr_hash_funcs)
{
	u64 values = (u64)max_entries * nr_hash_funcs;
	u64 nr = values / 5 * 7;

	if (values > UINT_MAX || nr > 1ull << 31)
		return UINT_MAX;
	if (nr <= BITS_PER_WORD)
		return BITS_PER_WORD - 1;
	return (1ull << (64 - __builtin_clzll(nr - 1))) - 1;
}

static u64 bits_size(const struct bpf_bloom_filter *bloom)
{
	return ((u64)bloom->bit_mask + 1) / 8;
}

static u32 random_seed(void)
{
	struct timespec now;
	u32 seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		return seed;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_nsec;
}

static struct bpf_map *bloom_map_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct bpf_bloom_filter *bloom = calloc(1, sizeof(*bloom));

	if (!bloom)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(&bloom->map, rt, attr);
	bloom->nr_hash_funcs = attr->map_extra ? attr->map_extra : DEFAULT_HASH_FUNCS;
	bloom->bit_mask = bit_mask_for(attr->max_entries, bloom->nr_hash_funcs);
	bloom->bits = bpf_map_area_alloc(bits_size(bloom));
	if (!bloom->bits) {
		free(bloom);
		return ERR_PTR(-ENOMEM);
	}
	if (!(attr->map_flags & BPF_F_ZERO_SEED))
		bloom->hash_seed = random_seed();
	return &bloom->map;
}

static void bloom_map_free(struct bpf_map *map)
{
	struct bpf_bloom_filter *bloom = to_bloom(map);

	bpf_map_area_free(bloom->bits, bits_size(bloom));
	free(bloom);
}

static u32 rotl(u32 x, u32 by)
{
	return x << by | x >> (32 - by);
}

/* The next 4 bytes, or as many as there are, the first one lowest. */
static u32 take_word(const u8 **data, u32 *len)
{
	u32 n = min_of(*len, 4u), word = 0;

	if (likely(n == 4))
		memcpy(&word, *data, 4);
	else
		for (u32 i = 0; i < n; i++)
			word |= (u32)(*data)[i] << 8 * i;
	*data += n;
	*len -= n;
	return word;
}

static u32 lookup3(const u8 *data, u32 len, u32 seed)
{
	u32 a = 0xdeadbeef + len + seed, b = a, c = a;

	for (;;) {
		bool last = len <= 12;

		a += take_word(&data, &len);
		b += take_word(&data, &len);
		c += take_word(&data, &len);
		if (last)
			break;
		a = (a - c) ^ rotl(c, 4), c += b;
		b = (b - a) ^ rotl(a, 6), a += c;
		c = (c - b) ^ rotl(b, 8), b += a;
		a = (a - c) ^ rotl(c, 16), c += b;
		b = (b - a) ^ rotl(a, 19), a += c;
		c = (c - b) ^ rotl(b, 4), b += a;
	}
	c = (c ^ b) - rotl(b, 14);
	a = (a ^ c) - rotl(c, 11);
	b = (b ^ a) - rotl(a, 25);
	c = (c ^ b) - rotl(b, 16);
	a = (a ^ c) - rotl(c, 4);
	b = (b ^ a) - rotl(a, 14);
	c = (c ^ b) - rotl(b, 24);
	return c;
}

static u32 bit_of(const struct bpf_bloom_filter *bloom, const void *value, u32 func)
{
	return lookup3(value, bloom->map.value_size, bloom->hash_seed + func) & bloom->bit_mask;
}

static long bloom_map_push_elem(struct bpf_map *map, const void *value, u64 flags)
{
	struct bpf_bloom_filter *bloom = to_bloom(map);

	if (flags != BPF_ANY)
		return -EINVAL;
	for (u32 i = 0; i < bloom->nr_hash_funcs; i++) {
		u32 bit = bit_of(bloom, value, i);
		u64 *word = &bloom->bits[bit / BITS_PER_WORD], mask = 1ull << bit % BITS_PER_WORD;

		/* A full filter has most of them: threads that push need not take the line. */
		if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & mask))
			__atomic_fetch_or(word, mask, __ATOMIC_RELAXED);
	}
	return 0;
}

/* @value is what is asked for; it stays as it is. */
static long bloom_map_peek_elem(struct bpf_map *map, void *value)
{
	struct bpf_bloom_filter *bloom = to_bloom(map);

	for (u32 i = 0; i < bloom->nr_hash_funcs; i++) {
		u32 bit = bit_of(bloom, value, i);
		u64 word = __atomic_load_n(&bloom->bits[bit / BITS_PER_WORD], __ATOMIC_RELAXED);

		if (!(word & 1ull << bit % BITS_PER_WORD))
			return -ENOENT;
	}
	return 0;
}

static long bloom_map_delete_elem(struct bpf_map *map, const void *key)
{
	return -EOPNOTSUPP;
}

static int bloom_map_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	return -EOPNOTSUPP;
}

static u64 bloom_map_mem_usage(const struct bpf_map *map)
{
	return sizeof(struct bpf_bloom_filter) + bits_size(to_bloom(map));
}

static int bloom_map_check_btf(const struct bpf_map *map, const struct btf *btf,
			       const struct btf_type *key, const struct btf_type *value)
{
	return btf_type_is_void(key) ? 0 : -EINVAL;
}

const struct bpf_map_ops bloom_filter_map_ops = {
	.map_alloc_check = bloom_map_alloc_check,
	.map_alloc = bloom_map_alloc,
	.map_free = bloom_map_free,
	.map_delete_elem = bloom_map_delete_elem,
	.map_get_next_key = bloom_map_get_next_key,
	.map_push_elem = bloom_map_push_elem,
	.map_peek_elem = bloom_map_peek_elem,
	.map_mem_usage = bloom_map_mem_usage,
	.map_check_btf = bloom_map_check_btf,
};
