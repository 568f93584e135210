// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Values changed through the iterator, and then read again by lookups in the same map. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "point.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __s32 clamp_to = 1000;
const volatile bool swap_axes = true;
__u32 changed;

static __always_inline __s32 clamp(__s32 v)
{
	if (v > clamp_to)
		return clamp_to;
	if (v < -clamp_to)
		return -clamp_to;
	return v;
}

static __always_inline bool same_point(const struct point *a, const struct point *b)
{
	return a->x == b->x && a->y == b->y && a->z == b->z;
}

static long sum_points(struct bpf_map *map, __u32 *index, struct point *point, __s64 *sum)
{
	*sum += point->x;
	*sum -= point->y;
	*sum ^= (__s64)point->z << 3;
	return *index == 62;
}

SEC("iter/bpf_map_elem")
int point_write(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct point *point = ctx->value, *again, before;
	__u32 *index = ctx->key, key;
	__s64 sum = 0;
	long visited;

	if (!point || !index) {
		visited = bpf_for_each_map_elem(&points, sum_points, &sum, 0);
		BPF_SEQ_PRINTF(seq, "changed %u, sum %lld of %ld\n", changed, sum, visited);
		return 0;
	}
	before = *point;
	point->x = clamp(before.x);
	point->y = clamp(before.y);
	point->z = clamp(before.z);
	if (swap_axes && (*index & 1)) {
		point->x ^= point->y;
		point->y ^= point->x;
		point->x ^= point->y;
	}
	key = *index;
	again = bpf_map_lookup_elem(&points, &key);
	if (!again)
		return 0;
	if (!same_point(&before, again))
		changed++;
	BPF_SEQ_PRINTF(seq, "%u: %d %d %d\n", key, again->x, again->y, again->z);
	if (key == 63) {
		again->z = 63;
		bpf_map_update_elem(&points, &key, &before, BPF_EXIST);
	}
	return 0;
}
