// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Every element of an array of structures of 24 bytes. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct flow {
	__u64 bytes;
	__u32 packets;
	__s16 delta;
	__u8 flags;
	char tag[9];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 100);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

SEC("iter/bpf_map_elem")
int array_elems(struct bpf_iter__bpf_map_elem *ctx)
{
	struct flow *flow = ctx->value;
	__u32 *key = ctx->key;
	char tag[sizeof(flow->tag) + 1] = {};

	if (!key || !flow)
		return 0;
	__builtin_memcpy(tag, flow->tag, sizeof(flow->tag));
	BPF_SEQ_PRINTF(ctx->meta->seq, "%u: bytes=%llu packets=%u delta=%d flags=0x%02x tag=%s\n",
		       *key, flow->bytes, flow->packets, flow->delta, flow->flags, tag);
	return 0;
}
