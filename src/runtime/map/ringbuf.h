/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a ring buffer gives to programs, by the name and contract of the helpers (bpf-helpers(7)).
 * @map is a BPF_MAP_TYPE_RINGBUF. From any thread, and in runs within runs.
 *
 * A sample is memory of the size asked for, at a multiple of 8. It is the caller's until it is
 * submitted or discarded, and whoever got it has to do one of the two: the consumer does not get
 * past it before.
 */
#ifndef MAP_RINGBUF_H
#define MAP_RINGBUF_H

#include "map/map.h"

/* NULL: no room now, or ever; @flags that are not 0. */
void *bpf_ringbuf_reserve(struct bpf_map *map, u64 size, u64 flags);
/* @flags: BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP. Others are not looked at. */
void bpf_ringbuf_submit(void *sample, u64 flags);
void bpf_ringbuf_discard(void *sample, u64 flags);
/* Reserve, copy, submit. -EAGAIN: no room; -EINVAL: unknown @flags. */
long bpf_ringbuf_output(struct bpf_map *map, const void *data, u64 size, u64 flags);
/* BPF_RB_AVAIL_DATA, BPF_RB_RING_SIZE, BPF_RB_CONS_POS, BPF_RB_PROD_POS; 0 for others. */
u64 bpf_ringbuf_query(const struct bpf_map *map, u64 flags);

/* The helpers: for bpf_helpers_register(). */
extern const struct bpf_helper bpf_ringbuf_helpers[];
extern const size_t bpf_ringbuf_helpers_nr;
/* Those of the dynptr form. */
extern const struct bpf_helper bpf_ringbuf_dynptr_helpers[];
extern const size_t bpf_ringbuf_dynptr_helpers_nr;
/* bpf_user_ringbuf_drain, whose map is a BPF_MAP_TYPE_USER_RINGBUF. */
extern const struct bpf_helper bpf_user_ringbuf_helpers[];
extern const size_t bpf_user_ringbuf_helpers_nr;

#endif /* MAP_RINGBUF_H */
