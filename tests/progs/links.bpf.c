// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Every link. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("iter/bpf_link")
int links(struct bpf_iter__bpf_link *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_link *link = ctx->link;

	if (link)
		BPF_SEQ_PRINTF(seq, "%4u type=%d prog=%u\n", link->id, link->type,
			       link->prog->aux->id);
	return 0;
}
