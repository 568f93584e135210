// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Bounding boxes of the octants, centres, and the distances of neighbours in the array. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "point.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct box {
	struct point low, high;
	__u32 count;
};

struct box boxes[8];
__u64 longest;
__u32 longest_at;

static __always_inline __u32 octant(const struct point *p)
{
	return (p->x < 0) | (p->y < 0) << 1 | (p->z < 0) << 2;
}

static __always_inline __s32 min_s32(__s32 a, __s32 b)
{
	return a < b ? a : b;
}

static __always_inline __s32 max_s32(__s32 a, __s32 b)
{
	return a > b ? a : b;
}

static __noinline void grow_box(struct box *box, const struct point *p)
{
	if (!box->count++) {
		box->low = box->high = *p;
		return;
	}
	box->low.x = min_s32(box->low.x, p->x);
	box->low.y = min_s32(box->low.y, p->y);
	box->low.z = min_s32(box->low.z, p->z);
	box->high.x = max_s32(box->high.x, p->x);
	box->high.y = max_s32(box->high.y, p->y);
	box->high.z = max_s32(box->high.z, p->z);
}

static __always_inline __u64 distance(__s32 a, __s32 b)
{
	__s64 d = (__s64)a - b;

	return d < 0 ? -d : d;
}

/* In the metric of a city, to the next point. */
static __noinline __u64 to_next(__u32 index, const struct point *p)
{
	__u32 next = (index + 1) % POINT_COUNT;
	struct point *other;

	other = bpf_map_lookup_elem(&points, &next);
	if (!other)
		return 0;
	return distance(p->x, other->x) + distance(p->y, other->y) + distance(p->z, other->z);
}

SEC("iter/bpf_map_elem")
int point_box(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct point *value = ctx->value, point;
	__u32 *index = ctx->key;
	struct box *box;
	__u64 far;

	if (!value || !index) {
		for (int i = 0; i < 8; i++) {
			box = &boxes[i];
			if (!box->count)
				continue;
			BPF_SEQ_PRINTF(seq, "octant %d: %u in %d,%d,%d .. ", i, box->count,
				       box->low.x, box->low.y, box->low.z);
			BPF_SEQ_PRINTF(seq, "%d,%d,%d\n", box->high.x, box->high.y, box->high.z);
		}
		BPF_SEQ_PRINTF(seq, "longest %llu at %u\n", longest, longest_at);
		return 0;
	}
	point = *value;
	grow_box(&boxes[octant(&point) & 7], &point);
	far = to_next(*index, &point);
	if (far > longest) {
		longest = far;
		longest_at = *index;
	}
	BPF_SEQ_PRINTF(seq, "%u (%d %d %d) sum %lld shift %d\n", *index, point.x, point.y, point.z,
		       (__s64)point.x + point.y + point.z, point.x >> 3);
	return 0;
}
