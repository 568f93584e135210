// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Iterators that go wrong, each in its own way; only the one that is run is loaded. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} hash SEC(".maps");

char block[1024];

/* The map is not checked for NULL. */
SEC("iter/bpf_map")
int refused(struct bpf_iter__bpf_map *ctx)
{
	BPF_SEQ_PRINTF(ctx->meta->seq, "%u\n", ctx->map->id);
	return 0;
}

/* The same object for ever. */
SEC("iter/bpf_map")
int stuck(struct bpf_iter__bpf_map *ctx)
{
	return 1;
}

/* 64 KiB for one object; what came before it is output. */
SEC("iter/bpf_map_elem")
int too_much(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *value = ctx->value;

	if (!value)
		return 0;
	if (*value != 1) {
		BPF_SEQ_PRINTF(ctx->meta->seq, "small\n");
		return 0;
	}
	for (int i = 0; i < 64; i++)
		bpf_seq_write(ctx->meta->seq, block, sizeof(block));
	return 0;
}

/* 8 bytes of a 4-byte key. */
SEC("iter/bpf_map_elem")
int wide_key(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *key = ctx->key;

	if (key)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%llu\n", *key);
	return 0;
}

SEC("iter/no_such_target")
int no_target(void *ctx)
{
	return 0;
}

struct bpf_map___other {
	int no_such_field;
} __attribute__((preserve_access_index));

/* A field that no engine has. */
SEC("iter/bpf_map")
int no_field(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map___other *map = (void *)ctx->map;

	if (map)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%d\n", map->no_such_field);
	return 0;
}

/* No iterator. */
SEC("socket")
int no_iterator(void *ctx)
{
	return 0;
}
