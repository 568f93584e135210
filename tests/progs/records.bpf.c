// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Binary records: 16 bytes for each element. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("iter/bpf_map_elem")
int records(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;
	struct {
		__u32 key;
		__u32 seq;
		__u64 value;
	} record;

	if (!key || !value)
		return 0;
	record.key = *key;
	record.seq = ctx->meta->seq_num;
	record.value = *value;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
