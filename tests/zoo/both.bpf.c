// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What both engines have, for the same to be told of it: a map of every kind, programs of many. */
#include "vmlinux.h"

#include "zoo.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct counts {
	__u64 packets;
	__u32 bytes;
};

MAP(both_hash, BPF_MAP_TYPE_HASH, __u32, struct counts, 10);
MAP(both_array, BPF_MAP_TYPE_ARRAY, __u32, struct counts, 3);
MAP(both_percpu_hsh, BPF_MAP_TYPE_PERCPU_HASH, __u32, struct counts, 10);
MAP(both_percpu_arr, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct counts, 2);
MAP(both_lru, BPF_MAP_TYPE_LRU_HASH, __u32, struct counts, 100);
MAP(both_percpu_lru, BPF_MAP_TYPE_LRU_PERCPU_HASH, __u32, __u64, 100);
UNTYPED(both_untyped, BPF_MAP_TYPE_HASH, 3, 5, 10, BPF_F_NO_PREALLOC);
UNTYPED(both_trie, BPF_MAP_TYPE_LPM_TRIE, 8, 4, 10, BPF_F_NO_PREALLOC);
UNTYPED(both_prog_array, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0);
UNTYPED(both_events, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 2, 0);
UNTYPED(both_queue, BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0);
UNTYPED(both_stack, BPF_MAP_TYPE_STACK, 0, 8, 4, 0);
UNTYPED(both_bloom, BPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 10, 0);
UNTYPED(both_ring, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
UNTYPED(both_user_ring, BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0);

struct both_inner_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} both_inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct both_inner_map);
} both_maps SEC(".maps") = {.values = {&both_inner}};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct both_inner_map);
} both_hashed_maps SEC(".maps");

const volatile __u32 both_constant = 7;
struct counts both_zeroed;
__u32 both_preset[3] = {1, 2, 3};

SEC("socket")
int both_socket_filter_with_maps(struct __sk_buff *ctx)
{
	__u32 key = 0;
	struct counts *counts = bpf_map_lookup_elem(&both_hash, &key);

	if (counts)
		counts->packets++;
	both_zeroed.bytes += both_constant + both_preset[key & 1];
	bpf_map_lookup_elem(&both_percpu_arr, &key);
	return 0;
}

NOTHING("xdp", both_xdp_that_passes_everything, struct xdp_md, 2)
NOTHING("tc", both_sched_cls_of_the_zoo, struct __sk_buff, 0)
NOTHING("action", both_sched_act_of_the_zoo, struct __sk_buff, 0)
NOTHING("kprobe", both_kprobe_of_the_zoo, struct pt_regs, 0)
NOTHING("tp/syscalls/sys_enter_settimeofday", both_tracepoint_of_the_zoo, void, 0)
NOTHING("raw_tp/bpf_test_finish", both_raw_tracepoint_of_the_zoo, struct bpf_raw_tracepoint_args, 0)
NOTHING("perf_event", both_perf_event_of_the_zoo, struct bpf_perf_event_data, 0)
NOTHING("cgroup_skb/egress", both_cgroup_egress_of_the_zoo, struct __sk_buff, 1)
NOTHING("lwt_in", both_lwt_in_of_the_zoo, struct __sk_buff, 0)
NOTHING("sk_skb/stream_verdict", both_sk_skb_verdict_of_the_zoo, struct __sk_buff, 1)
NOTHING("flow_dissector", both_flow_dissector_of_the_zoo, struct __sk_buff, 0)
NOTHING("syscall", both_syscall_of_the_zoo, void, 0)
NOTHING("iter/bpf_prog", both_iterator_over_programs, struct bpf_iter__bpf_prog, 0)
NOTHING("iter/bpf_map_elem", both_iterator_over_elements, struct bpf_iter__bpf_map_elem, 0)
