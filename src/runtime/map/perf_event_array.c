/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * PERF_EVENT_ARRAY (kernel: kernel/bpf/arraymap.c), as far as objects that declare one are to be
 * loaded: a process has no perf events of its own to put in, so every entry stays empty, and none
 * needs memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "map/array.h"
#include "map/fd_array.h"
#include "map/map_types.h"

static int perf_event_array_alloc_check(const union bpf_attr *attr)
{
	union bpf_attr common = *attr;

	common.map_flags &= ~BPF_F_PRESERVE_ELEMS; /* what this kind has beyond the others */
	return fd_array_alloc_check(&common);
}

static struct bpf_map *perf_event_array_alloc(struct trek_runtime *rt, const union bpf_attr *attr)
{
	struct bpf_map *map = calloc(1, sizeof(*map));

	if (!map)
		return ERR_PTR(-ENOMEM);
	bpf_map_init_from_attr(map, rt, attr);
	return map;
}

static void perf_event_array_free(struct bpf_map *map)
{
	free(map);
}

/* No handle is a perf event's. */
static int perf_event_array_set_value(struct bpf_map *map, const void *key, const void *value,
				      u64 flags)
{
	int err = fd_array_check_set(map, array_index_of(key), flags);

	return err ? err : -EBADF;
}

static long perf_event_array_delete_elem(struct bpf_map *map, const void *key)
{
	return array_index_of(key) < map->max_entries ? -ENOENT : -E2BIG;
}

static u64 perf_event_array_mem_usage(const struct bpf_map *map)
{
	return sizeof(*map);
}

const struct bpf_map_ops perf_event_array_map_ops = {
	.map_alloc_check = perf_event_array_alloc_check,
	.map_alloc = perf_event_array_alloc,
	.map_free = perf_event_array_free,
	.map_delete_elem = perf_event_array_delete_elem,
	.map_get_next_key = array_map_get_next_key,
	.map_set_value = perf_event_array_set_value,
	.map_mem_usage = perf_event_array_mem_usage,
	.map_check_btf = fd_array_check_btf,
};
