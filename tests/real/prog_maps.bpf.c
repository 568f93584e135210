// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The maps that each program uses, and how often each map is used, in a map. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_MAPS 16

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} pmaps_users SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} pmaps_calls SEC(".maps");

static __noinline __u32 count_user(__u32 map_id)
{
	__u32 one = 1, *users;

	users = bpf_map_lookup_elem(&pmaps_users, &map_id);
	if (users)
		return ++*users;
	bpf_map_update_elem(&pmaps_users, &map_id, &one, BPF_NOEXIST);
	return 1;
}

SEC("iter/bpf_prog")
int prog_maps(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;
	struct bpf_map **maps, *map;
	char name[16] = "", map_name[16];
	__u32 zero = 0, count, shown = 0;
	__u64 *calls;

	calls = bpf_map_lookup_elem(&pmaps_calls, &zero);
	if (calls)
		__sync_fetch_and_add(calls, 1);
	if (!prog)
		return 0;
	BPF_CORE_READ_STR_INTO(&name, prog, aux, name);
	if (name[0] != 'p' || name[5] != 'm')
		return 0;
	count = BPF_CORE_READ(prog, aux, used_map_cnt);
	maps = BPF_CORE_READ(prog, aux, used_maps);
	BPF_SEQ_PRINTF(seq, "%s uses %u:", name, count);
	for (__u32 i = 0; i < MAX_MAPS; i++) {
		if (i >= count)
			break;
		if (bpf_probe_read_kernel(&map, sizeof(map), maps + i) || !map)
			continue;
		if (BPF_CORE_READ_STR_INTO(&map_name, map, name) < 0)
			continue;
		BPF_SEQ_PRINTF(seq, " %s:%ux%u%s", map_name, BPF_CORE_READ(map, value_size),
			       BPF_CORE_READ(map, max_entries),
			       count_user(BPF_CORE_READ(map, id)) > 1 ? "+" : "");
		shown++;
	}
	BPF_SEQ_PRINTF(seq, "%s\n", shown == count ? "" : " ...");
	return 0;
}
