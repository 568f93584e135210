// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* How well FNV-1a, murmur3 and a jhash-like mix spread the keys over buckets. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define BUCKETS 64

const volatile __u32 seed = 0x9747b28c;
__u16 fnv_buckets[BUCKETS];
__u16 murmur_buckets[BUCKETS];
__u16 mix_buckets[BUCKETS];

static __noinline __u64 fnv1a(const void *data)
{
	const __u8 *bytes = data;
	__u64 hash = 0xcbf29ce484222325ULL;

	for (int i = 0; i < sizeof(struct flow_key); i++) {
		hash ^= bytes[i];
		hash *= 0x100000001b3ULL;
	}
	return hash;
}

static __always_inline __u32 rol32(__u32 word, __u32 shift)
{
	return (word << shift) | (word >> (32 - shift));
}

static __noinline __u32 murmur3(const __u32 *words, __u32 count)
{
	__u32 hash = seed, k;

	for (__u32 i = 0; i < count && i < 4; i++) {
		k = words[i] * 0xcc9e2d51;
		k = rol32(k, 15) * 0x1b873593;
		hash = rol32(hash ^ k, 13) * 5 + 0xe6546b64;
	}
	hash ^= count * 4;
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	return hash ^ (hash >> 16);
}

static __always_inline __u32 mix(__u32 a, __u32 b, __u32 c)
{
	a -= c, a ^= rol32(c, 4), c += b;
	b -= a, b ^= rol32(a, 6), a += c;
	c -= b, c ^= rol32(b, 8), b += a;
	a -= c, a ^= rol32(c, 16), c += b;
	b -= a, b ^= rol32(a, 19), a += c;
	c -= b, c ^= rol32(b, 4), b += a;
	return c;
}

static __always_inline void show_spread(struct seq_file *seq, const char *name,
					const __u16 *buckets)
{
	__u32 sum = 0, squares = 0, most = 0;

	for (int i = 0; i < BUCKETS; i++) {
		sum += buckets[i];
		squares += buckets[i] * buckets[i];
		if (buckets[i] > most)
			most = buckets[i];
	}
	BPF_SEQ_PRINTF(seq, "%s: %u keys, squares %u, most %u\n", name, sum, squares, most);
}

SEC("iter/bpf_map_elem")
int flow_hash(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct flow_key *from = ctx->key;
	struct flow_key key;
	__u32 words[4], murmur, mixed;
	__u64 fnv;

	if (!from) {
		show_spread(seq, "fnv", fnv_buckets);
		show_spread(seq, "murmur", murmur_buckets);
		show_spread(seq, "mix", mix_buckets);
		return 0;
	}
	key = *from;
	__builtin_memcpy(words, &key, sizeof(words));
	fnv = fnv1a(&key);
	murmur = murmur3(words, 4);
	mixed = mix(words[0], words[1], words[2] ^ words[3]);
	fnv_buckets[(fnv ^ (fnv >> 32)) % BUCKETS]++;
	murmur_buckets[murmur & (BUCKETS - 1)]++;
	mix_buckets[mixed >> 26]++;
	BPF_SEQ_PRINTF(seq, "%016llx %08x %08x\n", fnv, murmur, mixed);
	return 0;
}
