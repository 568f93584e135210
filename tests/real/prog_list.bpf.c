// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Programs with type, tag, and what the verifier found; of those that the test loads. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile char only[16] = "prog_";
const volatile __u32 only_length = 5;

static __always_inline bool wanted(const char *name)
{
	for (__u32 i = 0; i < only_length && i < sizeof(only); i++)
		if (name[i & 15] != only[i])
			return false;
	return true;
}

static __always_inline char hex(__u8 nibble)
{
	return nibble < 10 ? '0' + nibble : 'a' + nibble - 10;
}

static __noinline void show_tag(struct seq_file *seq, const __u8 *tag)
{
	char text[17];

	for (int i = 0; i < 8; i++) {
		text[2 * i] = hex(tag[i] >> 4);
		text[2 * i + 1] = hex(tag[i] & 15);
	}
	text[16] = 0;
	BPF_SEQ_PRINTF(seq, " tag %s", text);
}

static const char *type_name(__u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
		return "socket_filter";
	case BPF_PROG_TYPE_KPROBE:
		return "kprobe";
	case BPF_PROG_TYPE_XDP:
		return "xdp";
	case BPF_PROG_TYPE_TRACING:
		return "tracing";
	case BPF_PROG_TYPE_SYSCALL:
		return "syscall";
	default:
		return "other";
	}
}

SEC("iter/bpf_prog")
int prog_list(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;
	char name[16] = {};
	__u8 tag[8];

	if (!prog)
		return 0;
	aux = prog->aux;
	bpf_probe_read_kernel_str(name, sizeof(name), aux->name);
	if (!wanted(name))
		return 0;
	bpf_probe_read_kernel(tag, sizeof(tag), prog->tag);
	BPF_SEQ_PRINTF(seq, "%-15s %s/%u", name, type_name(prog->type), prog->expected_attach_type);
	if (tag[0] | tag[7])
		show_tag(seq, tag);
	BPF_SEQ_PRINTF(seq, " gpl %d funcs %u attach %s maps %u uid %u access %u/%u\n",
		       BPF_CORE_READ_BITFIELD_PROBED(prog, gpl_compatible), aux->func_info_cnt,
		       aux->attach_func_name, aux->used_map_cnt, BPF_CORE_READ(aux, user, uid.val),
		       aux->max_rdonly_access, aux->max_rdwr_access);
	return 0;
}
