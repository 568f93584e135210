// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The functions of each program with their places in its source, out of its BTF. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_FUNCS 8

static const char *string_at(const struct btf *btf, __u32 offset)
{
	if (offset >= BPF_CORE_READ(btf, hdr.str_len))
		return NULL;
	return BPF_CORE_READ(btf, strings) + offset;
}

static __noinline const char *func_name(const struct btf *btf, __u32 type_id)
{
	struct btf_type **types, *type = NULL;

	if (type_id >= BPF_CORE_READ(btf, nr_types))
		return NULL;
	types = BPF_CORE_READ(btf, types);
	bpf_probe_read_kernel(&type, sizeof(type), &types[type_id]);
	return type ? string_at(btf, BPF_CORE_READ(type, name_off)) : NULL;
}

/* Something to be found: a function of its own that is not inlined, and that takes a few lines. */
static __noinline int show_line(struct seq_file *seq, const struct btf *btf,
				const struct bpf_line_info *line)
{
	__u32 column = BPF_CORE_READ(line, line_col);
	const char *file;
	char base[32] = "", path[128] = "";
	int at = 0;

	file = string_at(btf, BPF_CORE_READ(line, file_name_off));
	if (!file)
		return 0;
	bpf_probe_read_kernel_str(path, sizeof(path), file);
	for (int i = 0; i < sizeof(path); i++)
		if (path[i] == '/')
			at = i + 1;
	bpf_probe_read_kernel_str(base, sizeof(base), file + at);
	BPF_SEQ_PRINTF(seq, " (%s line %s)", base, column >> 10 ? "known" : "unknown");
	return 0;
}

SEC("iter/bpf_prog")
int prog_funcs(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_func_info info;
	struct bpf_prog_aux *aux;
	struct btf *btf;
	char name[64];
	__u32 i;

	if (!prog)
		return 0;
	aux = prog->aux;
	btf = aux->btf;
	if (!btf || !aux->func_info)
		return 0;
	bpf_probe_read_kernel_str(name, sizeof(name), aux->name);
	if (bpf_strncmp(name, 10, "prog_funcs"))
		return 0;
	for (i = 0; i < MAX_FUNCS && i < aux->func_info_cnt; i++) {
		if (bpf_probe_read_kernel(&info, sizeof(info), &aux->func_info[i]))
			break;
		if (bpf_probe_read_kernel_str(name, sizeof(name), func_name(btf, info.type_id)) < 0)
			__builtin_memcpy(name, "?", 2);
		BPF_SEQ_PRINTF(seq, "%s", name);
		if (i == 0 && aux->linfo && aux->nr_linfo)
			show_line(seq, btf, aux->linfo);
		BPF_SEQ_PRINTF(seq, "\n");
	}
	return 0;
}
