// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A TCP congestion control that nobody chooses: struct_ops with a link. Its name is made unique
 * before it is loaded.
 */
#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct sock;

/* The members that matter, found in the kernel's by name. */
struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

SEC("struct_ops/zoo_slow_start_threshold")
__u32 zoo_slow_start_threshold(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/zoo_avoid_congestion_hardly")
void zoo_avoid_congestion_hardly(__u64 *ctx)
{
}

SEC("struct_ops/zoo_undo_congestion_window")
__u32 zoo_undo_congestion_window(__u64 *ctx)
{
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops congestion_of_the_zoo = {
	.ssthresh = (void *)zoo_slow_start_threshold,
	.cong_avoid = (void *)zoo_avoid_congestion_hardly,
	.undo_cwnd = (void *)zoo_undo_congestion_window,
	.name = "zoo_cong_000000",
};
