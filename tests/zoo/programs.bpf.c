// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A program of every type, with names that the kernel cuts (15 characters) and BTF that has them
 * whole. None does anything: what a list says of them is what matters. programs.c has the table
 * that says which type and attach type each is loaded with: where libbpf does not know a type's
 * section yet, the section here is called "zoo".
 */
#include "vmlinux.h"

#include "zoo.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct visits {
	__u64 count;
	__u32 last_cpu;
};

MAP(visits_of_programs, BPF_MAP_TYPE_HASH, __u32, struct visits, 64);
MAP(visits_by_cpu, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, 2);

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 8 * 8);
} stacks_of_programs SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u32);
} inner_in_the_slot SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} maps_in_an_array SEC(".maps") = {.values = {&inner_in_the_slot}};

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 16);
	__type(value, __u32);
} pushed_recursively SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, struct visits);
} storage_of_cgroup SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, struct visits);
} storage_of_cgroup_by_cpu SEC(".maps");

struct special {
	__u32 before;
	struct bpf_timer timer;
	__u32 after;
};

/* With members that bpf(2) neither reads nor writes. */
MAP(special_members, BPF_MAP_TYPE_HASH, __u32, struct special, 4);

const volatile __u32 read_only_setting = 7;
__u64 zeroed_counters[4];
__u32 preset_counter = 3;

/* Maps of several kinds, globals, a map in a map. */
SEC("socket")
int socket_filter_with_many_maps(struct __sk_buff *ctx)
{
	__u32 key = 0, *count;
	struct visits *v = bpf_map_lookup_elem(&visits_of_programs, &key);
	__u64 *n = bpf_map_lookup_elem(&visits_by_cpu, &key);
	void *inner = bpf_map_lookup_elem(&maps_in_an_array, &key);

	if (v)
		v->count++;
	if (n)
		++*n;
	if (inner) {
		count = bpf_map_lookup_elem(inner, &key);
		if (count)
			preset_counter = *count;
	}
	zeroed_counters[read_only_setting & 3]++;
	return 0;
}

SEC("raw_tp/bpf_test_finish")
int raw_tracepoint_that_takes_stacks(struct bpf_raw_tracepoint_args *ctx)
{
	bpf_get_stackid(ctx, &stacks_of_programs, 0);
	return 0;
}

/* Counts as missed, once a push: it pushes itself. */
SEC("fentry/bloom_map_push_elem")
int fentry_that_recurs_into_itself(__u64 *ctx)
{
	__u32 value = 1;

	bpf_map_push_elem(&pushed_recursively, &value, 0);
	return 0;
}

SEC("cgroup_skb/ingress")
int cgroup_ingress_with_storages(struct __sk_buff *ctx)
{
	struct visits *v = bpf_get_local_storage(&storage_of_cgroup, 0);
	struct visits *w = bpf_get_local_storage(&storage_of_cgroup_by_cpu, 0);

	v->count++;
	w->count++;
	return 1;
}

/* What freplace puts its own in the place of. */
__attribute__((noinline)) int replaceable_function(struct __sk_buff *ctx)
{
	volatile int result = 1;

	return result;
}

SEC("tc")
int sched_cls_with_replaceable_function(struct __sk_buff *ctx)
{
	return replaceable_function(ctx);
}

NOTHING("kprobe", kprobe_or_uprobe_of_the_zoo, struct pt_regs, 0)
NOTHING("kprobe", uprobe_multi_of_the_zoo, struct pt_regs, 0)
NOTHING("kprobe.multi", kprobe_multi_of_the_zoo, struct pt_regs, 0)
NOTHING("action", sched_act_of_the_zoo, struct __sk_buff, 0)
NOTHING("zoo", tcx_ingress_of_the_zoo, struct __sk_buff, 0)
NOTHING("zoo", netkit_primary_of_the_zoo, struct __sk_buff, 0)
NOTHING("tp/syscalls/sys_enter_settimeofday", tracepoint_of_the_zoo, void, 0)
NOTHING("xdp", xdp_that_passes_everything, struct xdp_md, 2)
NOTHING("xdp.frags", xdp_that_knows_fragments, struct xdp_md, 2)
NOTHING("xdp/devmap", xdp_in_a_slot_of_a_devmap, struct xdp_md, 2)
NOTHING("xdp/cpumap", xdp_in_a_slot_of_a_cpumap, struct xdp_md, 2)
NOTHING("perf_event", perf_event_of_the_zoo, struct bpf_perf_event_data, 0)
NOTHING("cgroup_skb/egress", cgroup_egress_of_the_zoo, struct __sk_buff, 1)
NOTHING("cgroup/sock_create", cgroup_sock_create_of_the_zoo, struct bpf_sock, 1)
NOTHING("cgroup/sock_release", cgroup_sock_release_of_the_zoo, struct bpf_sock, 1)
NOTHING("cgroup/post_bind4", cgroup_post_bind4_of_the_zoo, struct bpf_sock, 1)
NOTHING("cgroup/post_bind6", cgroup_post_bind6_of_the_zoo, struct bpf_sock, 1)
NOTHING("lwt_in", lwt_in_of_the_zoo_program, struct __sk_buff, 0)
NOTHING("lwt_out", lwt_out_of_the_zoo_program, struct __sk_buff, 0)
NOTHING("lwt_xmit", lwt_xmit_of_the_zoo_program, struct __sk_buff, 0)
NOTHING("lwt_seg6local", lwt_seg6local_of_the_zoo, struct __sk_buff, 0)
NOTHING("sockops", sock_ops_of_the_zoo_program, struct bpf_sock_ops, 1)
NOTHING("sk_skb/stream_parser", sk_skb_parser_of_the_zoo, struct __sk_buff, 1)
NOTHING("sk_skb/stream_verdict", sk_skb_stream_verdict_of_the_zoo, struct __sk_buff, 1)
NOTHING("sk_skb", sk_skb_verdict_of_the_zoo, struct __sk_buff, 1)
NOTHING("sk_msg", sk_msg_verdict_of_the_zoo, struct sk_msg_md, 1)
NOTHING("cgroup/dev", cgroup_device_of_the_zoo, struct bpf_cgroup_dev_ctx, 1)
NOTHING("raw_tp.w/bpf_test_finish", raw_tracepoint_writable_of_the_zoo,
	struct bpf_raw_tracepoint_args, 0)
NOTHING("cgroup/bind4", cgroup_bind4_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("cgroup/bind6", cgroup_bind6_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("cgroup/connect4", cgroup_connect4_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("cgroup/connect6", cgroup_connect6_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("zoo", cgroup_connect_unix_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("cgroup/sendmsg4", cgroup_sendmsg4_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("cgroup/recvmsg4", cgroup_recvmsg4_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("cgroup/getpeername4", cgroup_getpeername4_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("cgroup/getsockname6", cgroup_getsockname6_of_the_zoo, struct bpf_sock_addr, 1)
NOTHING("lirc_mode2", lirc_mode2_of_the_zoo, void, 0)
NOTHING("sk_reuseport", sk_reuseport_of_the_zoo, struct sk_reuseport_md, 1)
NOTHING("sk_reuseport/migrate", sk_reuseport_migrate_of_the_zoo, struct sk_reuseport_md, 1)
NOTHING("flow_dissector", flow_dissector_of_the_zoo, struct __sk_buff, 0)
NOTHING("cgroup/sysctl", cgroup_sysctl_of_the_zoo, struct bpf_sysctl, 1)
NOTHING("cgroup/getsockopt", cgroup_getsockopt_of_the_zoo, struct bpf_sockopt, 1)
NOTHING("cgroup/setsockopt", cgroup_setsockopt_of_the_zoo, struct bpf_sockopt, 1)
NOTHING("fentry/bpf_fentry_test1", fentry_on_a_test_function, __u64, 0)
NOTHING("fexit/bpf_fentry_test2", fexit_on_a_test_function, __u64, 0)
NOTHING("fmod_ret/bpf_modify_return_test", fmod_ret_on_a_test_function, __u64, 0)
NOTHING("fentry/bpf_fentry_test5", fsession_on_a_test_function, __u64, 0)
NOTHING("fentry/bpf_multi_func", fentry_on_many_functions, __u64, 0)
NOTHING("tp_btf/bpf_test_finish", tp_btf_of_the_zoo_program, __u64, 0)
NOTHING("iter/task", iterator_over_tasks_of_the_zoo, struct bpf_iter__task, 0)
NOTHING("iter/bpf_prog", iterator_over_programs_of_the_zoo, struct bpf_iter__bpf_prog, 0)
NOTHING("iter/bpf_map_elem", iterator_over_elements_of_the_zoo, struct bpf_iter__bpf_map_elem, 0)
NOTHING("iter/cgroup", iterator_over_cgroups_of_the_zoo, struct bpf_iter__cgroup, 0)
NOTHING("iter.s/task_file", iterator_over_files_of_the_zoo, struct bpf_iter__task_file, 0)
NOTHING("lsm/quotactl", lsm_on_a_hook_that_hardly_runs, __u64, 0)
NOTHING("lsm.s/settime", lsm_that_may_sleep_of_the_zoo, __u64, 0)
NOTHING("lsm_cgroup/socket_post_create", lsm_cgroup_of_the_zoo, __u64, 1)
NOTHING("sk_lookup", sk_lookup_of_the_zoo_program, struct bpf_sk_lookup, 1)
NOTHING("syscall", syscall_that_may_sleep_of_the_zoo, void, 0)
NOTHING("zoo", netfilter_hook_of_the_zoo, struct bpf_nf_ctx, 1)
