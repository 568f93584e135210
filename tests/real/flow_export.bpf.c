// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Flow records in network byte order, as a collector takes them: a header, then each record. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

typedef __u64 __be64;

struct header {
	__be16 version;
	__be16 length;
	__be32 sequence;
	char name[16];
} __attribute__((packed));

struct record {
	__be32 saddr, daddr;
	__be16 sport, dport;
	__u8 proto;
	/* a hole of three bytes */
	__be32 packets;
	__be64 bytes;
	__be32 first, last;
	__u8 tos;
	/* and one of seven */
};

const volatile __u32 boot_ms = 1000;
__u32 sequence;

static __always_inline void fill(struct record *record, const struct flow_key *key,
				 const struct flow *flow)
{
	__builtin_memset(record, 0, sizeof(*record));
	record->saddr = key->saddr;
	record->daddr = key->daddr;
	record->sport = key->sport;
	record->dport = key->dport;
	record->proto = key->proto;
	record->packets = bpf_htonl(flow->packets);
	record->bytes = bpf_cpu_to_be64(flow->bytes);
	record->first = bpf_htonl(flow->first_ms + boot_ms);
	record->last = bpf_htonl(flow->last_ms + boot_ms);
	record->tos = flow->tos;
}

SEC("iter/bpf_map_elem")
int flow_export(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct flow_key *key = ctx->key;
	struct flow *flow = ctx->value;
	struct header header = {
		.version = bpf_htons(9),
		.length = bpf_htons(sizeof(struct record)),
	};
	struct record record;

	if (!key || !flow)
		return 0;
	if (bpf_probe_read_kernel_str(header.name, sizeof(header.name), ctx->map->name) < 0)
		return 0;
	header.sequence = bpf_htonl(sequence);
	fill(&record, key, flow);
	if (bpf_seq_write(seq, &header, sizeof(header)) ||
	    bpf_seq_write(seq, &record, sizeof(record)))
		return 0;
	sequence++;
	return 0;
}
