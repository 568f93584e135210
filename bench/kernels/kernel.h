/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A compute kernel is written once, and compiled twice: by clang as a BPF program, as users do
 * (-O2 -mcpu=v3), and by the compiler of this build as a function (-O2).
 *
 * KERNEL(name) { ... } is one round of the work, which returns a number that all it did is in. The
 * program, or the function, kernel_name does ctx->rounds of them, and leaves in ctx->result what
 * depends on every one: the results of all contestants are compared. FILL { ... } makes the input
 * of a file's kernels, in arrays of the file: in BPF, memory of a map. A round is a function that
 * verifiers look at by itself, once, whatever goes round it.
 *
 * What is measured is the code that programs become, not what a compiler for BPF cannot know. So
 * lengths are variables, as those of packets and of names are: with a length that is known, gcc 12
 * makes vectors of some loops at -O2, which are four times as fast, and clang unrolls others. And C
 * is not told that rounds are all the same.
 *
 * A kernel is a function here, and a line in bench/compute.c.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct kernel_ctx {
	u64 rounds; /* at most 8 million */
	u64 result;
};

#ifdef __bpf__
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PROGRAM(name)                                                                              \
	SEC("syscall")                                                                             \
	int name(struct kernel_ctx *ctx)
#define FUNCTION __noinline
#define repeat(times, step, data) bpf_loop(times, step, data, 0)
#else
#define PROGRAM(name)                                                                              \
	int name(struct kernel_ctx *ctx);                                                          \
	int name(struct kernel_ctx *ctx)
#define FUNCTION __attribute__((noinline)) static
#define __noinline __attribute__((noinline))
#define barrier_var(var) __asm__ volatile("" : "+r"(var))

static inline void repeat(u64 times, int (*step)(u64 round, void *data), void *data)
{
	for (u64 round = 0; round < times; round++) {
		if (step(round, data))
			break;
		__asm__ volatile("" : : : "memory");
	}
}
#endif

#define FILL FUNCTION int fill(void)

#define KERNEL(name)                                                                               \
	FUNCTION u32 name##_once(void);                                                            \
	static int name##_round(u64 round, void *data)                                             \
	{                                                                                          \
		u64 *result = data;                                                                \
                                                                                                   \
		*result = *result * 31 + name##_once();                                            \
		return 0;                                                                          \
	}                                                                                          \
	PROGRAM(kernel_##name)                                                                     \
	{                                                                                          \
		u64 result = 0;                                                                    \
                                                                                                   \
		fill();                                                                            \
		repeat(ctx->rounds, name##_round, &result);                                        \
		ctx->result = result;                                                              \
		return 0;                                                                          \
	}                                                                                          \
	FUNCTION u32 name##_once(void)

/* A linear congruential generator; its upper bits are the better ones. */
#define NEXT(state) ((state) = (state)*6364136223846793005ull + 1442695040888963407ull)

#endif /* BENCH_KERNEL_H */
