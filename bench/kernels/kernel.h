/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A compute kernel: one source, which clang compiles for BPF and the compiler of this build for the
 * machine (-O2), to be measured beside each other.
 *
 * A kernel is one file, NAME.bpf.c, and one line in bench/compute.c and in bench/meson.build. Its
 * function NAME does the work ctx->rounds times, by repeat(), and leaves in ctx->result what
 * depends on the work of every round: the results of all contestants are compared.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <linux/types.h>

struct kernel_ctx {
	__u64 rounds; /* at most 8 million */
	__u64 result;
};

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

#define repeat(times, step, data) bpf_loop(times, step, data, 0)
#define KERNEL(name)                                                                               \
	char _license[] SEC("license") = "Dual BSD/GPL";                                           \
	SEC("syscall")                                                                             \
	int name(struct kernel_ctx *ctx)
#else
static inline void repeat(__u64 times, int (*step)(__u64 round, void *data), void *data)
{
	for (__u64 round = 0; round < times; round++)
		if (step(round, data))
			break;
}

#define KERNEL(name)                                                                               \
	int name(struct kernel_ctx *ctx);                                                          \
	int name(struct kernel_ctx *ctx)
#endif

#endif /* BENCH_KERNEL_H */
