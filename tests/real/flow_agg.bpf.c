// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Sums by service into a second map, shown by walking that map after the last element. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct service {
	__be16 port;
	__u8 proto;
	__u8 pad;
};

struct sums {
	__u64 bytes;
	__u64 packets;
	__u32 flows;
	__u32 longest_ms;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, struct service);
	__type(value, struct sums);
} services SEC(".maps");

struct show_ctx {
	struct seq_file *seq;
	__u64 bytes;
	__u32 flows, shown;
};

const volatile __u64 min_bytes = 1;
__u64 dropped;

static long show_service(struct bpf_map *map, struct service *service, struct sums *sums,
			 struct show_ctx *show)
{
	show->bytes += sums->bytes;
	show->flows += sums->flows;
	if (sums->bytes < min_bytes)
		return 0;
	show->shown++;
	BPF_SEQ_PRINTF(show->seq, "%u/%u: %u flows %llu packets %llu bytes, longest %u.%03us\n",
		       bpf_ntohs(service->port), service->proto, sums->flows, sums->packets,
		       sums->bytes, sums->longest_ms / 1000, sums->longest_ms % 1000);
	return 0;
}

static struct sums *find_sums(const struct service *service)
{
	struct sums *sums, zero = {};

	sums = bpf_map_lookup_elem(&services, service);
	if (sums)
		return sums;
	if (bpf_map_update_elem(&services, service, &zero, BPF_NOEXIST))
		return NULL;
	return bpf_map_lookup_elem(&services, service);
}

SEC("iter/bpf_map_elem")
int flow_agg(struct bpf_iter__bpf_map_elem *ctx)
{
	struct show_ctx show = {};
	struct flow_key *key = ctx->key;
	struct flow *flow = ctx->value;
	struct service service = {};
	struct sums *sums;
	__u32 lasted;

	if (!key || !flow) {
		show.seq = ctx->meta->seq;
		bpf_for_each_map_elem(&services, show_service, &show, 0);
		BPF_SEQ_PRINTF(ctx->meta->seq,
			       "%u of services, %u flows, %llu bytes, dropped %llu\n", show.shown,
			       show.flows, show.bytes, dropped);
		return 0;
	}
	service.port = bpf_ntohs(key->dport) < bpf_ntohs(key->sport) ? key->dport : key->sport;
	service.proto = key->proto;
	sums = find_sums(&service);
	if (!sums) {
		dropped++;
		return 0;
	}
	lasted = flow->last_ms - flow->first_ms;
	__sync_fetch_and_add(&sums->bytes, flow->bytes);
	__sync_fetch_and_add(&sums->packets, flow->packets);
	sums->flows++;
	if (lasted > sums->longest_ms)
		sums->longest_ms = lasted;
	return 0;
}
