// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Nothing for each element, a total in the call after the last; the walk's state is in globals. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u64 least = 0;
__u64 elements = 0;
__u64 sum = 0;

SEC("iter/bpf_map_elem")
int total(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *value = ctx->value;

	if (!value) {
		BPF_SEQ_PRINTF(ctx->meta->seq, "elements=%llu sum=%llu last=%llu\n", elements, sum,
			       ctx->meta->seq_num);
		return 0;
	}
	if (*value >= least) {
		elements++;
		sum += *value;
	}
	return 0;
}
