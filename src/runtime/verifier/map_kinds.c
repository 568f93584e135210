/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What programs may do with each kind of map (kernel: check_map_func_compatibility and
 * check_map_prog_compatibility). The rows are what Linux allows for the kinds and helpers that
 * there are here; a kind without a row allows nothing.
 */
#include "verifier/env.h"

#include "base/kernel_errno.h"

struct map_kind {
	bool sleepable; /* of use to programs that may sleep */
	u8 helpers[8];	/* enum bpf_func_id, 0: no more */
};

#define LOOKUP BPF_FUNC_map_lookup_elem
#define CHANGE BPF_FUNC_map_update_elem, BPF_FUNC_map_delete_elem
#define WALK BPF_FUNC_for_each_map_elem
#define PERCPU BPF_FUNC_map_lookup_percpu_elem
#define PUSH_PEEK BPF_FUNC_map_push_elem, BPF_FUNC_map_peek_elem
#define POP BPF_FUNC_map_pop_elem

static const struct map_kind map_kinds[] = {
	[BPF_MAP_TYPE_HASH] = {true, {LOOKUP, CHANGE, WALK}},
	[BPF_MAP_TYPE_ARRAY] = {true, {LOOKUP, CHANGE, WALK}},
	[BPF_MAP_TYPE_PROG_ARRAY] = {false, {BPF_FUNC_tail_call}},
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = {false,
					   {BPF_FUNC_perf_event_output, BPF_FUNC_perf_event_read,
					    BPF_FUNC_perf_event_read_value}},
	[BPF_MAP_TYPE_PERCPU_HASH] = {true, {LOOKUP, CHANGE, WALK, PERCPU}},
	[BPF_MAP_TYPE_PERCPU_ARRAY] = {true, {LOOKUP, CHANGE, WALK, PERCPU}},
	[BPF_MAP_TYPE_LRU_HASH] = {true, {LOOKUP, CHANGE, WALK}},
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = {true, {LOOKUP, CHANGE, WALK, PERCPU}},
	[BPF_MAP_TYPE_LPM_TRIE] = {false, {LOOKUP, CHANGE}},
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = {true, {LOOKUP}},
	[BPF_MAP_TYPE_HASH_OF_MAPS] = {true, {LOOKUP}},
	[BPF_MAP_TYPE_QUEUE] = {true, {PUSH_PEEK, POP}},
	[BPF_MAP_TYPE_STACK] = {true, {PUSH_PEEK, POP}},
	[BPF_MAP_TYPE_RINGBUF] = {true,
				  {BPF_FUNC_ringbuf_output, BPF_FUNC_ringbuf_reserve,
				   BPF_FUNC_ringbuf_query, BPF_FUNC_ringbuf_reserve_dynptr}},
	[BPF_MAP_TYPE_USER_RINGBUF] = {true, {BPF_FUNC_user_ringbuf_drain}},
	[BPF_MAP_TYPE_BLOOM_FILTER] = {false, {PUSH_PEEK}},
};

static const struct map_kind *kind_of(const struct bpf_map *map)
{
	static const struct map_kind none;

	return map->map_type < ARRAY_SIZE(map_kinds) ? &map_kinds[map->map_type] : &none;
}

int check_map_helper(struct bpf_verifier_env *env, const struct bpf_map *map,
		     const struct bpf_helper *helper)
{
	const struct map_kind *kind = kind_of(map);

	for (size_t i = 0; i < ARRAY_SIZE(kind->helpers) && kind->helpers[i]; i++)
		if (kind->helpers[i] == helper->id)
			return 0;
	return refuse(env, helper->id == WALK ? -ENOTSUPP : -EINVAL, -1,
		      "use a call that is for this kind of map",
		      "%s cannot be used with map '%s' of type %u", helper->name, map->name,
		      map->map_type);
}

int check_map_sleepable(struct bpf_verifier_env *env, const struct bpf_map *map)
{
	if (!env->prog->sleepable || kind_of(map)->sleepable)
		return 0;
	return refuse(env, -EINVAL, -1, "use another kind of map, or do not let the program sleep",
		      "map '%s' of type %u in a program that may sleep", map->name, map->map_type);
}
