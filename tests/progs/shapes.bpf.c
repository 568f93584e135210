// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* A map whose values have a member of every kind, and globals of every kind, to be filled and set.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum colour { RED, GREEN = 5, BLUE = -2 };

struct shape {
	__s64 wide;
	__u64 wide_unsigned;
	__s8 narrow;
	bool on;
	char name[6];
	enum colour colour;
	struct {
		__s16 x, y;
	} corners[2];
	union {
		__u32 number;
		__u8 bytes[4];
	};
	__u32 low : 3;
	__s32 middle : 7;
	__u32 high : 22;
	__u32 pad;
};

struct place {
	__u16 row;
	char column[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, struct place);
	__type(value, struct shape);
} shapes SEC(".maps");

/* Without types: bytes alone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 8);
} untyped SEC(".maps");

const volatile __s64 set_wide = 0;
const volatile bool set_on = false;
const volatile enum colour set_colour = RED;
const volatile char set_name[8] = "none";
__u32 set_data = 7;
__s16 set_bss[3];

SEC("iter/bpf_map_elem")
int show_shapes(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct shape *s = ctx->value;
	struct place *p = ctx->key;
	__s32 middle;

	if (!s || !p)
		return 0;
	middle = s->middle;
	BPF_SEQ_PRINTF(seq, "%u%c%c wide=%lld,%llu narrow=%d on=%d ", p->row, p->column[0],
		       p->column[1], s->wide, s->wide_unsigned, s->narrow, s->on);
	BPF_SEQ_PRINTF(seq, "name=%c%c%c%c%c%c colour=%d ", s->name[0], s->name[1], s->name[2],
		       s->name[3], s->name[4], s->name[5], s->colour);
	BPF_SEQ_PRINTF(seq, "corners=%d,%d,%d,%d number=0x%x ", s->corners[0].x, s->corners[0].y,
		       s->corners[1].x, s->corners[1].y, s->number);
	BPF_SEQ_PRINTF(seq, "bits=%u,%d,%u\n", s->low, middle, s->high);
	return 0;
}

SEC("iter/bpf_map_elem")
int show_globals(struct bpf_iter__bpf_map_elem *ctx)
{
	if (ctx->value)
		return 0;
	BPF_SEQ_PRINTF(ctx->meta->seq, "%lld %d %d %s %u %d,%d,%d\n", set_wide, set_on, set_colour,
		       (const char *)set_name, set_data, set_bss[0], set_bss[1], set_bss[2]);
	return 0;
}

SEC("iter/bpf_map_elem")
int show_untyped(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (key && value)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%x: %llx\n", *key, *value);
	return 0;
}
