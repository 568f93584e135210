/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The helpers that act on maps. They run inside a program's RCU section, which is what keeps the
 * values good that lookup returns; the verifier has checked map, key and value.
 */
#include <errno.h>

#include "base/vcpu.h"
#include "map/map.h"
#include "map/spinlock.h"
#include "map/walk.h"

static void *pointer(u64 r)
{
	return (void *)(unsigned long)r;
}

static u64 helper_map_lookup_elem(u64 r1, u64 key, u64 r3, u64 r4, u64 r5)
{
	struct bpf_map *map = pointer(r1);

	return (unsigned long)map->ops->map_lookup_elem(map, pointer(key));
}

static u64 helper_map_update_elem(u64 r1, u64 key, u64 value, u64 flags, u64 r5)
{
	struct bpf_map *map = pointer(r1);

	return map->ops->map_update_elem(map, pointer(key), pointer(value), flags);
}

static u64 helper_map_delete_elem(u64 r1, u64 key, u64 r3, u64 r4, u64 r5)
{
	struct bpf_map *map = pointer(r1);

	return map->ops->map_delete_elem(map, pointer(key));
}

static u64 helper_map_lookup_percpu_elem(u64 r1, u64 key, u64 cpu, u64 r4, u64 r5)
{
	struct bpf_map *map = pointer(r1);

	return (unsigned long)map->ops->map_lookup_percpu_elem(map, pointer(key), cpu);
}

static u64 helper_map_push_elem(u64 r1, u64 value, u64 flags, u64 r4, u64 r5)
{
	struct bpf_map *map = pointer(r1);

	return map->ops->map_push_elem(map, pointer(value), flags);
}

static u64 helper_map_pop_elem(u64 r1, u64 value, u64 r3, u64 r4, u64 r5)
{
	struct bpf_map *map = pointer(r1);

	return map->ops->map_pop_elem(map, pointer(value));
}

static u64 helper_map_peek_elem(u64 r1, u64 value, u64 r3, u64 r4, u64 r5)
{
	struct bpf_map *map = pointer(r1);

	return map->ops->map_peek_elem(map, pointer(value));
}

static u64 helper_spin_lock(u64 lock, u64 r2, u64 r3, u64 r4, u64 r5)
{
	spin_lock(pointer(lock));
	return 0;
}

static u64 helper_spin_unlock(u64 lock, u64 r2, u64 r3, u64 r4, u64 r5)
{
	spin_unlock(pointer(lock));
	return 0;
}

/* Who finds the object there finds it as it was made before. */
static u64 helper_kptr_xchg(u64 field, u64 object, u64 r3, u64 r4, u64 r5)
{
	return __atomic_exchange_n((u64 *)pointer(field), object, __ATOMIC_SEQ_CST);
}

/* The number of elements that the callback was shown; it stops the walk with 1. */
static u64 helper_for_each_map_elem(u64 r1, u64 callback, u64 ctx, u64 flags, u64 r5)
{
	struct bpf_map *map = pointer(r1);
	const struct bpf_map_walk *walk;
	struct bpf_map_walker walker;
	u64 shown = 0;

	if (flags || !map->ops->map_walk)
		return -EINVAL;
	bpf_map_walker_set(&walker, map, 0);
	while ((walk = bpf_map_walker_next(&walker))) {
		void *value = walk->value;

		/* This is one program's run, which ends when it ends. */
		if (unlikely(!walk->key))
			continue;
		if (map->ops->percpu)
			value = bpf_map_percpu_ptr(map, value, bpf_current->cpu);
		shown++;
		if (bpf_current->callback(callback, r1, (unsigned long)walk->key,
					  (unsigned long)value, ctx, 0))
			break;
	}
	return shown;
}

const struct bpf_helper bpf_map_helpers[] = {
	{
		.id = BPF_FUNC_map_lookup_elem,
		.name = "bpf_map_lookup_elem",
		.proto =
			{
				.func = helper_map_lookup_elem,
				.ret_type = RET_PTR_TO_MAP_VALUE_OR_NULL,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY},
				.pkt_access = true,
				.finds_key = true,
			},
	},
	{
		.id = BPF_FUNC_map_update_elem,
		.name = "bpf_map_update_elem",
		.proto =
			{
				.func = helper_map_update_elem,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY,
					     ARG_PTR_TO_MAP_VALUE, ARG_ANYTHING},
				.pkt_access = true,
				.writes_map = true,
			},
	},
	{
		.id = BPF_FUNC_map_delete_elem,
		.name = "bpf_map_delete_elem",
		.proto =
			{
				.func = helper_map_delete_elem,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY},
				.pkt_access = true,
				.writes_map = true,
			},
	},
	{
		.id = BPF_FUNC_map_lookup_percpu_elem,
		.name = "bpf_map_lookup_percpu_elem",
		.proto =
			{
				.func = helper_map_lookup_percpu_elem,
				.ret_type = RET_PTR_TO_MAP_VALUE_OR_NULL,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY, ARG_ANYTHING},
				.pkt_access = true,
			},
	},
	{
		.id = BPF_FUNC_map_push_elem,
		.name = "bpf_map_push_elem",
		.proto =
			{
				.func = helper_map_push_elem,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_VALUE, ARG_ANYTHING},
				.pkt_access = true,
				.writes_map = true,
			},
	},
	{
		.id = BPF_FUNC_map_pop_elem,
		.name = "bpf_map_pop_elem",
		.proto =
			{
				.func = helper_map_pop_elem,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_UNINIT_MAP_VALUE},
				.writes_map = true,
			},
	},
	{
		.id = BPF_FUNC_map_peek_elem,
		.name = "bpf_map_peek_elem",
		.proto =
			{
				.func = helper_map_peek_elem,
				.ret_type = RET_INTEGER,
				/* A Bloom filter is asked for the value that is there. */
				.arg_type = {ARG_CONST_MAP_PTR, MEM_WRITE | ARG_PTR_TO_MAP_VALUE},
			},
	},
	{
		.id = BPF_FUNC_spin_lock,
		.name = "bpf_spin_lock",
		.proto =
			{
				.func = helper_spin_lock,
				.ret_type = RET_VOID,
				.arg_type = {ARG_PTR_TO_SPIN_LOCK},
			},
	},
	{
		.id = BPF_FUNC_spin_unlock,
		.name = "bpf_spin_unlock",
		.proto =
			{
				.func = helper_spin_unlock,
				.ret_type = RET_VOID,
				.arg_type = {ARG_PTR_TO_SPIN_LOCK},
				.unlocks = true,
			},
	},
	{
		.id = BPF_FUNC_kptr_xchg,
		.name = "bpf_kptr_xchg",
		.proto =
			{
				.func = helper_kptr_xchg,
				.ret_type = RET_PTR_TO_BTF_ID_OR_NULL,
				.arg_type = {ARG_KPTR_XCHG_DEST,
					     PTR_MAYBE_NULL | OBJ_RELEASE | ARG_KPTR},
				.acquires = true,
			},
	},
	{
		.id = BPF_FUNC_for_each_map_elem,
		.name = "bpf_for_each_map_elem",
		.proto =
			{
				.func = helper_for_each_map_elem,
				.ret_type = RET_INTEGER,
				.arg_type = {ARG_CONST_MAP_PTR, ARG_PTR_TO_FUNC,
					     ARG_PTR_TO_STACK_OR_NULL, ARG_ANYTHING},
				.callback = BPF_CALLBACK_MAP_ELEM,
			},
	},
};

const size_t bpf_map_helpers_nr = ARRAY_SIZE(bpf_map_helpers);
