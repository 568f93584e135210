// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Lists every program, with where it is attached. */
#include "iter.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("iter/bpf_prog")
int progs(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;
	const char *attached;

	if (!prog)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%5s %-16s %4s %9s %s\n", "ID", "NAME", "TYPE", "VERIFIED",
			       "ATTACHES TO");
	aux = prog->aux;
	attached = aux->attach_func_name;
	BPF_SEQ_PRINTF(seq, "%5u %-16s %4d %9u %s\n", aux->id, aux->name, prog->type,
		       aux->verified_insns, attached ? attached : "-");
	return 0;
}
