/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One element of a map as bpf(2) sees it, whatever the kind: values of all CPUs, objects as handles
 * on the way in and ids on the way out, kinds without keys (kernel/bpf/syscall.c).
 */
#ifndef SYSCALL_MAP_ELEM_H
#define SYSCALL_MAP_ELEM_H

#include "base/kernel_errno.h"
#include "map/map.h"
#include "syscall/command.h"

/* A map that a command uses for longer than an RCU section may last: its handle is held, and no
 * freezing begins while it is written to. */
struct bpf_map_use {
	struct file *file;
	bool writes;
};

/* The map of handle @fd, which must allow all of @need (FMODE_*). ERR_PTR, of -EPERM also if it is
 * frozen: nothing is to be ended. */
struct bpf_map *bpf_map_use_begin(struct bpf_map_use *use, struct trek_runtime *rt, u32 fd,
				  u32 need);
void bpf_map_use_end(struct bpf_map_use *use);

/* BPF_F_LOCK, which needs a lock in the values, is all that @flags may have. */
static inline int bpf_map_check_lock_flag(const struct bpf_map *map, u64 flags)
{
	if (likely(!flags))
		return 0;
	return flags == BPF_F_LOCK && bpf_map_has_spin_lock(map) ? 0 : -EINVAL;
}

/*
 * In an RCU section. @key: NULL in kinds without keys. @value: bpf_map_value_size() bytes. What a
 * kind lacks is -ENOTSUPP.
 */
int bpf_map_copy_other(struct bpf_map *map, const void *key, void *value, u64 flags);
int bpf_map_update_other(struct bpf_map *map, const void *key, const void *value, u64 flags);
int bpf_map_delete_other(struct bpf_map *map, const void *key);

static inline int bpf_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	return likely(map->ops->map_copy_value) ? map->ops->map_copy_value(map, key, value, flags)
						: bpf_map_copy_other(map, key, value, flags);
}

static inline int bpf_map_update_value(struct bpf_map *map, const void *key, const void *value,
				       u64 flags)
{
	if (map->ops->map_set_value)
		return map->ops->map_set_value(map, key, value, flags);
	return likely(map->ops->map_update_elem) ? map->ops->map_update_elem(map, key, value, flags)
						 : bpf_map_update_other(map, key, value, flags);
}

static inline int bpf_map_delete_value(struct bpf_map *map, const void *key)
{
	return likely(map->ops->map_delete_elem) ? map->ops->map_delete_elem(map, key)
						 : bpf_map_delete_other(map, key);
}

#endif /* SYSCALL_MAP_ELEM_H */
