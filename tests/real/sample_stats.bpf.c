// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Mean, deviation and quantiles of the samples: bpf_loop, an integer square root, 64-bit sums. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sample.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CLASSES 64

struct summary {
	__u64 count, sum, min, max;
	__u64 sum_of_squares; /* of thousandths of the range of 32 bits */
	__u32 classes[CLASSES];
	__u32 zeros, odd;
} summary = {.min = ~0ull};

struct quantile {
	__u64 wanted, passed;
	__u32 class;
};

const volatile __u32 percents[] = {1, 10, 25, 50, 75, 90, 99};

static __noinline __u32 class_of(__u64 value)
{
	__u32 class = 0;

	if (value >> 32) {
		class += 32;
		value >>= 32;
	}
	if (value >> 16) {
		class += 16;
		value >>= 16;
	}
	for (int i = 0; i < 15; i++) {
		if (value < 2)
			break;
		value >>= 1;
		class ++;
	}
	return class;
}

/* Newton's, from above; it never goes below the root but by rounding. */
static __noinline __u64 isqrt(__u64 value)
{
	__u64 root = 1ull << 32, next;

	for (int i = 0; i < 40; i++) {
		next = (root + value / root) / 2;
		if (next >= root)
			break;
		root = next;
	}
	return root;
}

static long find_class(__u32 index, struct quantile *quantile)
{
	if (index >= CLASSES)
		return 1;
	quantile->passed += summary.classes[index];
	quantile->class = index;
	return quantile->passed >= quantile->wanted;
}

static void show_summary(struct seq_file *seq)
{
	struct quantile quantile;
	__u64 mean, variance;

	if (!summary.count)
		return;
	mean = summary.sum / summary.count;
	variance = summary.sum_of_squares / summary.count;
	BPF_SEQ_PRINTF(seq, "n=%llu mean=%llu min=%llu max=%llu rms=%llu zeros=%u odd=%u\n",
		       summary.count, mean, summary.min, summary.max, isqrt(variance),
		       summary.zeros, summary.odd);
	for (int i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		quantile.wanted = summary.count * percents[i] / 100;
		quantile.passed = 0;
		quantile.class = 0;
		bpf_loop(CLASSES, find_class, &quantile, 0);
		BPF_SEQ_PRINTF(seq, "p%u < 2^%u\n", percents[i], quantile.class + 1);
	}
}

SEC("iter/bpf_map_elem")
int sample_stats(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *sample = ctx->value, value;
	__u32 scaled;

	if (!sample) {
		show_summary(ctx->meta->seq);
		return 0;
	}
	value = *sample;
	summary.count++;
	summary.sum += value >> 10;
	if (value < summary.min)
		summary.min = value;
	if (value > summary.max)
		summary.max = value;
	summary.zeros += value == 0;
	summary.odd += value & 1;
	scaled = (value >> 32) / 1000;
	summary.sum_of_squares += (__u64)scaled * scaled;
	summary.classes[class_of(value) & (CLASSES - 1)]++;
	return 0;
}
