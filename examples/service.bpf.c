// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A service that keeps its sessions in a BPF map, and the program that looks into it: who is
 * connected, and what it adds up to.
 */
#include "iter.h"
#include "session.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u64 min_bytes = 0; /* show nothing smaller */
__u64 total_bytes = 0;
__u64 total_sessions = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct session);
} sessions SEC(".maps");

SEC("iter/bpf_map_elem")
int show_sessions(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct session *s = ctx->value;
	__u32 *id = ctx->key;
	char user[sizeof(s->user)];

	if (!id || !s) { /* the call after the last element */
		BPF_SEQ_PRINTF(seq, "%llu sessions, %llu bytes\n", total_sessions, total_bytes);
		return 0;
	}
	if (s->bytes < min_bytes)
		return 0;
	total_sessions++;
	total_bytes += s->bytes;
	__builtin_memcpy(user, s->user, sizeof(user));
	user[sizeof(user) - 1] = 0;
	BPF_SEQ_PRINTF(seq, "session %-5u %-10s %6u requests %12llu bytes\n", *id, user,
		       s->requests, s->bytes);
	return 0;
}
