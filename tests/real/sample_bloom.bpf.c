// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Which samples were seen before: a bloom filter in an ARRAY of 64-bit words, by three hashes. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sample.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define BITS 4096

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BITS / 64);
	__type(key, __u32);
	__type(value, __u64);
} bloom SEC(".maps");

__u32 fresh, again;

static __noinline __u64 splitmix(__u64 x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Set bit @bit, and say whether it was set. */
static __always_inline bool test_and_set(__u32 bit)
{
	__u32 word = bit / 64 % (BITS / 64);
	__u64 mask = 1ull << (bit % 64), *bits;
	bool was;

	bits = bpf_map_lookup_elem(&bloom, &word);
	if (!bits)
		return false;
	was = *bits & mask;
	*bits |= mask;
	return was;
}

static __always_inline __u32 popcount(__u64 x)
{
	x -= (x >> 1) & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + ((x >> 2) & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (x * 0x0101010101010101ull) >> 56;
}

struct count_ctx {
	__u32 bits;
	__u32 full_words;
};

static long count_bits(struct bpf_map *map, __u32 *index, __u64 *word, struct count_ctx *count)
{
	count->bits += popcount(*word);
	if (*word == ~0ull)
		count->full_words++;
	return 0;
}

SEC("iter/bpf_map_elem")
int sample_bloom(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct count_ctx count = {};
	__u32 *index = ctx->key;
	__u64 *sample = ctx->value, hash;
	bool seen = true;

	if (!sample || !index) {
		bpf_for_each_map_elem(&bloom, count_bits, &count, 0);
		BPF_SEQ_PRINTF(seq, "fresh %u again %u, %u of %u bits\n", fresh, again, count.bits,
			       BITS);
		return 0;
	}
	hash = splitmix(*sample);
	for (int i = 0; i < 3; i++) {
		seen &= test_and_set(hash & (BITS - 1));
		hash >>= 16;
	}
	if (seen) {
		again++;
		BPF_SEQ_PRINTF(seq, "%u again: %#llx\n", *index, *sample);
	} else {
		fresh++;
	}
	return 0;
}
