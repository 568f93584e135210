// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Atomic operations whose results are used; they came with -mcpu=v3. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sample.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__u64 total, bits_or, bits_and = ~0ull, bits_xor, last;
__u32 lock_word, small_total, contended;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} tickets SEC(".maps");

static __noinline __u32 take_ticket(__u32 queue)
{
	__u32 key = queue & 3, *ticket;

	ticket = bpf_map_lookup_elem(&tickets, &key);
	return ticket ? __sync_fetch_and_add(ticket, 1) : ~0u;
}

SEC("iter/bpf_map_elem")
int sample_atomics(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u64 *sample = ctx->value, before, on_stack = 7;
	__u32 *index = ctx->key, ticket;

	if (!sample || !index) {
		BPF_SEQ_PRINTF(seq, "total %llu or %llx and %llx xor %llx small %u contended %u\n",
			       total, bits_or, bits_and, bits_xor, small_total, contended);
		return 0;
	}
	before = __sync_fetch_and_add(&total, *sample);
	__sync_fetch_and_or(&bits_or, *sample);
	__sync_fetch_and_and(&bits_and, *sample | 0xff00);
	__sync_fetch_and_xor(&bits_xor, *sample);
	__sync_fetch_and_add(&small_total, (__u32)*sample);
	if (__sync_val_compare_and_swap(&lock_word, 0, *index & 1))
		contended++;
	__sync_lock_test_and_set(&lock_word, 0);
	before ^= __sync_lock_test_and_set(&last, *sample);
	__sync_fetch_and_add(&on_stack, *index);
	before += __sync_fetch_and_xor(&on_stack, before);
	ticket = take_ticket(*sample);
	BPF_SEQ_PRINTF(seq, "%u before %llx stack %llx ticket %u\n", *index, before, on_stack,
		       ticket);
	return 0;
}
