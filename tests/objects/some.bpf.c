/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Some objects for test_objects.c to find. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, __u32);
	__type(value, __u64);
} some_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 7);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__type(key, __u32);
	__type(value, __u64);
} some_array SEC(".maps");

static __noinline long look_up(__u32 key)
{
	return bpf_map_lookup_elem(&some_hash, &key) != 0;
}

SEC("xdp")
int some_filter_with_a_name_that_is_long(struct xdp_md *ctx)
{
	__u32 key = 1;

	return look_up(key) + look_up(ctx->rx_queue_index) +
	       (bpf_map_lookup_elem(&some_array, &key) != 0);
}

SEC("iter/bpf_map")
int some_iterator(void *ctx)
{
	return 0;
}
