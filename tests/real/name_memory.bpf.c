// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Copies, comparisons and fills of every size that the compiler expands in its own way. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "name.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct block {
	char bytes[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct block);
} scratch SEC(".maps");

__u32 equal_prefix[17];

#define CHECKSUM(n)                                                                                \
	do {                                                                                       \
		char part[n];                                                                      \
		__builtin_memset(part, 0x5a, n);                                                   \
		__builtin_memcpy(part, block->bytes + (64 - (n)) / 2, n);                          \
		sum = sum * 31 + fold(part, n);                                                    \
	} while (0)

static __always_inline __u32 fold(const char *bytes, __u32 n)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < n; i++)
		sum = (sum << 5 | sum >> 27) ^ (__u8)bytes[i];
	return sum;
}

/* Its own function, since the compiler gives each of these blocks stack of its own. */
static __noinline __u32 checksum_all(const struct block *block, __u32 at)
{
	struct block copy = *block;
	__u32 sum;

	copy.bytes[at & 63] = 0;
	copy.bytes[(at * 7) & 63]++;
	sum = fold(copy.bytes, 32);
	__builtin_memset(&copy, sum, 40);
	return sum * 31 + fold(copy.bytes + 32, 32);
}

static __noinline __u32 checksums(const struct block *block)
{
	__u32 sum = 0;

	CHECKSUM(1);
	CHECKSUM(3);
	CHECKSUM(7);
	CHECKSUM(8);
	CHECKSUM(17);
	CHECKSUM(33);
	return sum;
}

SEC("iter/bpf_map_elem")
int name_memory(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	char *name = ctx->key;
	__u32 *number = ctx->value, zero = 0, one = 1, same;
	struct block *block, *other;

	block = bpf_map_lookup_elem(&scratch, &zero);
	other = bpf_map_lookup_elem(&scratch, &one);
	if (!block || !other)
		return 0;
	if (!name || !number) {
		BPF_SEQ_PRINTF(seq, "end %u\n", checksums(other) || checksums(block));
		return 0;
	}
	__builtin_memset(block, 0, sizeof(*block));
	for (int i = 0; i < 4; i++)
		__builtin_memcpy(block->bytes + 16 * i, name, 16);
	__builtin_memset(block->bytes + 16, *number, 7);
	__builtin_memmove(block->bytes + 30, block->bytes + 28, 12);
	*other = *block;
	other->bytes[*number & 63] ^= 0x20;
	for (same = 0; same < 16; same++)
		if (block->bytes[same] != other->bytes[same])
			break;
	equal_prefix[same]++;
	BPF_SEQ_PRINTF(seq, "%u %08x %08x %08x same %u\n", *number, checksums(block),
		       checksums(other), checksum_all(block, *number), same);
	return 0;
}
