// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A count-min sketch of sources in a map with large values, through global functions. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ROWS 4
#define COLUMNS 32

struct sketch {
	__u32 cells[ROWS][COLUMNS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sketch);
} sketches SEC(".maps");

const volatile __u32 heavy = 20;

__noinline __u32 hash_of(__u32 addr, __u32 row)
{
	__u32 hash = addr * 2654435761u + row * 40503u;

	hash ^= hash >> 15;
	hash *= 2246822519u;
	hash ^= hash >> 13;
	return hash % COLUMNS;
}

/* The compiler may know what hash_of() gives; the verifier knows what it is masked with. */
static __always_inline __u32 column_of(__u32 addr, __u32 row)
{
	__u32 column = hash_of(addr, row);

	asm volatile("" : "+r"(column));
	return column & (COLUMNS - 1);
}

__noinline int estimate(const struct sketch *sketch, __u32 addr)
{
	__u32 least = ~0u, cell;

	if (!sketch)
		return 0;
	for (int row = 0; row < ROWS; row++) {
		cell = sketch->cells[row][column_of(addr, row)];
		if (cell < least)
			least = cell;
	}
	return least;
}

__noinline int count(struct sketch *sketch, __u32 addr, __u32 by)
{
	if (!sketch)
		return -1;
	for (int row = 0; row < ROWS; row++)
		sketch->cells[row][column_of(addr, row)] += by;
	return 0;
}

SEC("iter/bpf_map_elem")
int flow_sketch(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct flow_key *key = ctx->key;
	struct flow *flow = ctx->value;
	struct sketch *sketch;
	__u32 zero = 0, addr, sum = 0;

	sketch = bpf_map_lookup_elem(&sketches, &zero);
	if (!sketch)
		return 0;
	if (!key || !flow) {
		for (__u32 net = 0; net < 4; net++) {
			addr = bpf_htonl(0x0a000000 | net << 16);
			BPF_SEQ_PRINTF(seq, "%pI4: %d%s\n", &addr, estimate(sketch, addr),
				       estimate(sketch, addr) > heavy ? " heavy" : "");
		}
		for (int i = 0; i < COLUMNS; i++)
			sum += sketch->cells[1][i];
		BPF_SEQ_PRINTF(seq, "all %u\n", sum);
		return 0;
	}
	addr = key->saddr & bpf_htonl(0xffff0000);
	count(sketch, addr, 1 + (flow->bytes > 1 << 20));
	return 0;
}
