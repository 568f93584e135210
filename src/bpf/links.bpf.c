/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Every link, with its program (kernel/bpf/syscall.c, bpf_link_get_info_by_fd()). */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("iter/bpf_link")
int write_links(struct bpf_iter__bpf_link *ctx)
{
	struct link_record r = {.head = {sizeof(r), RECORDS_VERSION, RECORD_LINK}};
	struct bpf_link *link = ctx->link;

	if (!link)
		return 0;
	r.id = link->id;
	r.type = link->type;
	r.prog_id = BPF_CORE_READ(link, prog, aux, id);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
