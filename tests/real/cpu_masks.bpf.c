// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Sets of CPUs: references that are acquired from a kernel function and given back on each path;
 * an RCU section around a walk of the map.
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, __u32);
} load SEC(".maps");

const volatile __u32 busy_from = 80;
__u32 busy_cpus, first_busy, common;

#define plain(mask) ((const struct cpumask *)(mask))

static __always_inline int mark_busy(struct bpf_cpumask *mask, __u32 cpus, __u32 from)
{
	__u32 *percent, key;

	for (__u32 cpu = 0; cpu < 128; cpu++) {
		if (cpu >= cpus)
			break;
		key = cpu;
		percent = bpf_map_lookup_elem(&load, &key);
		if (!percent)
			return -1;
		if (*percent >= from)
			bpf_cpumask_set_cpu(cpu, mask);
	}
	return 0;
}

SEC("syscall")
int find_busy(void *ctx)
{
	struct bpf_cpumask *busy, *all;
	int result = -1;

	busy = bpf_cpumask_create();
	if (!busy)
		return -1;
	all = bpf_cpumask_create();
	if (!all) {
		bpf_cpumask_release(busy);
		return -1;
	}
	bpf_rcu_read_lock();
	if (mark_busy(busy, 8, busy_from) || mark_busy(all, 8, 0)) {
		bpf_rcu_read_unlock();
		goto out;
	}
	bpf_rcu_read_unlock();
	bpf_cpumask_clear_cpu(0, all);
	busy_cpus = bpf_cpumask_weight(plain(busy));
	if (!bpf_cpumask_empty(plain(busy)))
		first_busy = bpf_cpumask_first(plain(busy));
	if (bpf_cpumask_and(all, plain(all), plain(busy)))
		common = bpf_cpumask_weight(plain(all));
	result = bpf_cpumask_test_cpu(1, plain(busy));
out:
	bpf_cpumask_release(all);
	bpf_cpumask_release(busy);
	return result;
}
