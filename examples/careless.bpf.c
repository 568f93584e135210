// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What the verifier is for: in the call after the last element there is no value to read. */
#include "iter.h"
#include "session.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("iter/bpf_map_elem")
int careless(struct bpf_iter__bpf_map_elem *ctx)
{
	struct session *s = ctx->value;

	BPF_SEQ_PRINTF(ctx->meta->seq, "%llu\n", s->bytes);
	return 0;
}
