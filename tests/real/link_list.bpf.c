// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Links with their programs: kinds counted in a global array, own ones shown. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TYPES 16

struct counts {
	__u32 links;
	__u32 with_prog;
} counts[TYPES];

static const char *const type_texts = "unspec,raw_tracepoint,tracing,cgroup,iter,netns,xdp,perf";

/* The n-th of a list of words between commas, found a character at a time. */
struct search {
	char text[64];
	char found[16];
	__u32 wanted, word, used;
} search;

static long search_char(__u32 i, void *unused)
{
	char c = search.text[i & 63];

	if (!c || search.word > search.wanted)
		return 1;
	if (c == ',')
		search.word++;
	else if (search.word == search.wanted && search.used < sizeof(search.found) - 1)
		search.found[search.used++ & 15] = c;
	return 0;
}

static __noinline __u32 nth_word(__u32 n)
{
	__builtin_memset(&search, 0, sizeof(search));
	search.wanted = n;
	bpf_probe_read_kernel_str(search.text, sizeof(search.text), type_texts);
	bpf_loop(sizeof(search.text), search_char, NULL, 0);
	return search.used;
}

SEC("iter/bpf_link")
int link_list(struct bpf_iter__bpf_link *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_link *link = ctx->link;
	struct bpf_prog *prog;
	char type[16] = {}, name[16] = {};
	__u32 index;

	if (!link) {
		BPF_SEQ_PRINTF(seq, "iterators: some %d, all with programs %d\n",
			       counts[BPF_LINK_TYPE_ITER].links > 0,
			       counts[BPF_LINK_TYPE_ITER].links ==
				       counts[BPF_LINK_TYPE_ITER].with_prog);
		return 0;
	}
	index = link->type & (TYPES - 1);
	counts[index].links++;
	prog = link->prog;
	if (!prog)
		return 0;
	counts[index].with_prog++;
	BPF_CORE_READ_STR_INTO(&name, prog, aux, name);
	if (bpf_strncmp(name, sizeof(name), "link_list"))
		return 0;
	if (nth_word(index))
		__builtin_memcpy(type, search.found, sizeof(type));
	else
		BPF_SNPRINTF(type, sizeof(type), "type-%u", index);
	BPF_SEQ_PRINTF(seq, "%s of %s, prog type %d, id there %d\n", type, name,
		       BPF_CORE_READ(prog, type), link->id > 0 && BPF_CORE_READ(prog, aux, id) > 0);
	return 0;
}
