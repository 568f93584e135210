/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The kinds of map: T(enum bpf_map_type, operations). A kind is one file and one line here. */
#ifndef MAP_MAP_TYPES_H
#define MAP_MAP_TYPES_H

#include "map/map.h"

#define BPF_MAP_TYPES(T)                                                                           \
	T(BPF_MAP_TYPE_HASH, htab_map_ops)                                                         \
	T(BPF_MAP_TYPE_LRU_HASH, htab_lru_map_ops)                                                 \
	T(BPF_MAP_TYPE_PERCPU_HASH, htab_percpu_map_ops)                                           \
	T(BPF_MAP_TYPE_LRU_PERCPU_HASH, htab_lru_percpu_map_ops)                                   \
	T(BPF_MAP_TYPE_RINGBUF, ringbuf_map_ops)                                                   \
	T(BPF_MAP_TYPE_USER_RINGBUF, user_ringbuf_map_ops)                                         \
	T(BPF_MAP_TYPE_ARRAY, array_map_ops)                                                       \
	T(BPF_MAP_TYPE_PERCPU_ARRAY, percpu_array_map_ops)                                         \
	T(BPF_MAP_TYPE_ARRAY_OF_MAPS, array_of_maps_map_ops)                                       \
	T(BPF_MAP_TYPE_HASH_OF_MAPS, hash_of_maps_map_ops)                                         \
	T(BPF_MAP_TYPE_QUEUE, queue_map_ops)                                                       \
	T(BPF_MAP_TYPE_STACK, stack_map_ops)                                                       \
	T(BPF_MAP_TYPE_BLOOM_FILTER, bloom_filter_map_ops)                                         \
	T(BPF_MAP_TYPE_LPM_TRIE, lpm_trie_map_ops)                                                 \
	T(BPF_MAP_TYPE_PERF_EVENT_ARRAY, perf_event_array_map_ops)

#define BPF_MAP_OPS_DECLARE(type, ops) extern const struct bpf_map_ops ops;
BPF_MAP_TYPES(BPF_MAP_OPS_DECLARE)
#undef BPF_MAP_OPS_DECLARE

#endif /* MAP_MAP_TYPES_H */
