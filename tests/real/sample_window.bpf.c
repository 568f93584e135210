// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A moving window over the samples in a ring, with its minimum, maximum and jumps. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sample.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define WINDOW 16 /* a power of two */

__u64 ring[WINDOW];
__u32 head;
const volatile __u32 window = 8;
const volatile __u32 every = 10;

static __always_inline __u64 back(__u32 steps)
{
	return ring[(head - 1 - steps) & (WINDOW - 1)];
}

static __noinline __u64 window_mean(__u32 length)
{
	__u64 sum = 0;

	if (!length || length > WINDOW)
		return 0;
	for (__u32 i = 0; i < length; i++)
		sum += back(i) / length;
	return sum;
}

SEC("iter/bpf_map_elem")
int sample_window(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *sample = ctx->value, low = ~0ull, high = 0, value;
	__u32 *index = ctx->key, falls = 0;

	if (!sample || !index)
		return 0;
	ring[head++ & (WINDOW - 1)] = *sample;
	if (head < window || (every && *index % every))
		return 0;
	for (__u32 i = 0; i < window && i < WINDOW; i++) {
		value = back(i);
		low = value < low ? value : low;
		high = value > high ? value : high;
		if (i && value > back(i - 1))
			falls++;
	}
	BPF_SEQ_PRINTF(ctx->meta->seq, "%3u: %20llu .. %20llu mean %llu falls %u\n", *index, low,
		       high, window_mean(window), falls);
	return 0;
}
