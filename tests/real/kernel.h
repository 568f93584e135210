/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What programs declare themselves when the headers of their libbpf are older than the kernel:
 * kernel functions with their types, and loops over an open-coded iterator.
 */
#ifndef REAL_KERNEL_H
#define REAL_KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	__u64 opaque;
};

struct cpumask {
	unsigned long bits[1];
};

struct bpf_cpumask {
	struct cpumask cpumask;
};

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

static __always_inline void end_loop__(struct bpf_iter_num *it)
{
	bpf_iter_num_destroy(it);
}

/* The iterator lives as long as the loop, however it is left. */
#define bpf_for(i, from, to)                                                                       \
	for (struct bpf_iter_num it__ __attribute__((cleanup(end_loop__))),                        \
	     *once__ = (bpf_iter_num_new(&it__, (from), (to)), &it__);                             \
	     once__; once__ = NULL)                                                                \
		for (int *next__, i;                                                               \
		     (next__ = bpf_iter_num_next(&it__)) && (i = *next__, (void)i, 1);)
#define bpf_repeat(times) bpf_for (round__, 0, times)

extern void bpf_rcu_read_lock(void) __weak __ksym;
extern void bpf_rcu_read_unlock(void) __weak __ksym;

extern struct bpf_cpumask *bpf_cpumask_create(void) __weak __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *cpumask) __weak __ksym;
extern void bpf_cpumask_set_cpu(__u32 cpu, struct bpf_cpumask *cpumask) __weak __ksym;
extern void bpf_cpumask_clear_cpu(__u32 cpu, struct bpf_cpumask *cpumask) __weak __ksym;
extern bool bpf_cpumask_test_cpu(__u32 cpu, const struct cpumask *cpumask) __weak __ksym;
extern bool bpf_cpumask_and(struct bpf_cpumask *dst, const struct cpumask *a,
			    const struct cpumask *b) __weak __ksym;
extern __u32 bpf_cpumask_first(const struct cpumask *cpumask) __weak __ksym;
extern __u32 bpf_cpumask_weight(const struct cpumask *cpumask) __weak __ksym;
extern bool bpf_cpumask_empty(const struct cpumask *cpumask) __weak __ksym;

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags,
			       struct bpf_dynptr *dynptr) __weak __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags,
			       struct bpf_dynptr *dynptr) __weak __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *dynptr, __u64 offset, void *buffer,
			      __u64 buffer__szk) __weak __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *dynptr, __u64 offset, void *buffer,
				   __u64 buffer__szk) __weak __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *dynptr, __u64 start, __u64 end) __weak __ksym;
extern __u64 bpf_dynptr_size(const struct bpf_dynptr *dynptr) __weak __ksym;

#endif /* REAL_KERNEL_H */
