/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every link, with what it ties together (kernel/bpf/syscall.c, bpf_link_get_info_by_fd()). bpf(2)
 * does not say whether the target of a tracing link is a program or a set of types; the link does.
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Of <linux/bpf.h>, in every kernel the same. */
enum { LINK_TRACING = 2, LINK_ITER = 4 };

static __always_inline void read_target(struct bpf_link *link, struct link_record *r)
{
	struct bpf_tracing_link *tracing = (void *)link;
	struct bpf_iter_link *iter = (void *)link;

	if (r->type == LINK_TRACING && bpf_core_field_exists(tracing->tgt_prog)) {
		r->target_prog_id = BPF_CORE_READ(tracing, tgt_prog, aux, id);
		r->head.present |= LINK_HAS_TARGET_PROG;
	} else if (r->type == LINK_ITER && bpf_core_field_exists(iter->aux)) {
		r->map_id = BPF_CORE_READ(iter, aux.map, id);
		r->head.present |= LINK_HAS_MAP;
	}
}

SEC("iter/bpf_link")
int write_links(struct bpf_iter__bpf_link *ctx)
{
	struct link_record r = {};
	struct bpf_link *link = ctx->link;

	if (!link)
		return 0;
	record_begin(&r.head, sizeof(r), RECORD_LINK);
	r.id = link->id;
	r.type = link->type;
	r.prog_id = BPF_CORE_READ(link, prog, aux, id);
	read_target(link, &r);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
