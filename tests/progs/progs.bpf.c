// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Every program. The full name is that of its function in its own BTF, if it has one. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static const char *full_name(const struct btf *btf, u32 func_id, const char *fallback)
{
	struct btf_type **types;
	struct btf_type *t;
	const char *strings;
	u32 name_off;

	if (!btf)
		return fallback;
	types = btf->types;
	strings = btf->strings;
	bpf_probe_read_kernel(&t, sizeof(t), types + func_id);
	name_off = BPF_CORE_READ(t, name_off);
	if (name_off >= btf->hdr.str_len)
		return fallback;
	return strings + name_off;
}

SEC("iter/bpf_prog")
int progs(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;
	const char *name;
	__u64 tag = 0;

	if (!prog)
		return 0;
	aux = prog->aux;
	bpf_probe_read_kernel(&tag, sizeof(tag), prog->tag);
	name = full_name(aux->btf, aux->func_info ? aux->func_info[0].type_id : 0, aux->name);
	BPF_SEQ_PRINTF(seq, "%4u %-16s type=%d tag=%016llx attach=%s full=%s\n", aux->id, aux->name,
		       prog->type, __builtin_bswap64(tag),
		       aux->attach_func_name ? aux->attach_func_name : "-", name);
	return 0;
}
