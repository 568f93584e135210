/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One element of a map, by the operations that its kind has. What a kind lacks is -ENOTSUPP
 * (kernel: bpf_map_copy_value, bpf_map_update_value, map_delete_elem, map_lookup_and_delete_elem).
 */
#include "syscall/map_elem.h"

#include <errno.h>
#include <string.h>

#include "base/rcu.h"
#include "prog/prog.h"

int bpf_map_use_begin(struct bpf_map_use *use, const struct bpf_call *call, u32 fd, u32 need)
{
	int err = 0;

	use->file = file_get_kind(call->rt, fd, &bpf_map_fops);
	if (IS_ERR(use->file))
		return PTR_ERR(use->file);
	use->map = file_object(use->file);
	use->writes = need & FMODE_WRITE;
	if ((file_mode(use->file) & need) != need)
		err = -EPERM;
	else if (use->writes)
		err = bpf_map_write_begin(use->map);
	if (err)
		file_put(use->file);
	return err;
}

void bpf_map_use_end(struct bpf_map_use *use)
{
	if (use->writes)
		bpf_map_write_end(use->map);
	file_put(use->file);
}

int bpf_map_check_lock_flag(const struct bpf_map *map, u64 flags)
{
	if (flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	return flags && !bpf_map_has_spin_lock(map) ? -EINVAL : 0;
}

static int copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	const struct bpf_map_ops *ops = map->ops;

	if (ops->map_object_id) {
		u32 id = 0;
		int err = ops->map_object_id(map, key, &id);

		memcpy(value, &id, sizeof(id));
		return err;
	}
	if (ops->map_copy_value)
		return ops->map_copy_value(map, key, value, flags);
	return ops->map_peek_elem ? ops->map_peek_elem(map, value) : -ENOTSUPP;
}

/* A reference on the object of handle @fd; ERR_PTR. */
static void *object_get(struct bpf_map *map, int fd)
{
	if (map->ops->holds == BPF_MAP_HOLDS_MAPS)
		return bpf_map_get(map->rt, fd);
	return bpf_prog_get(map->rt, fd);
}

static void object_put(struct bpf_map *map, void *object)
{
	if (map->ops->holds == BPF_MAP_HOLDS_MAPS)
		bpf_map_put(object);
	else
		bpf_prog_put(object);
}

static int set_object(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	void *object;
	int fd, err;

	memcpy(&fd, value, sizeof(fd));
	object = object_get(map, fd);
	err = map->ops->map_set_object(map, key, object, flags);
	if (err && !IS_ERR(object))
		object_put(map, object);
	return err;
}

static int update_value(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	const struct bpf_map_ops *ops = map->ops;

	if (ops->map_set_object)
		return set_object(map, key, value, flags);
	if (ops->map_set_value)
		return ops->map_set_value(map, key, value, flags);
	if (ops->map_update_elem)
		return ops->map_update_elem(map, key, value, flags);
	return ops->map_push_elem ? ops->map_push_elem(map, value, flags) : -ENOTSUPP;
}

static int delete_value(struct bpf_map *map, const void *key)
{
	const struct bpf_map_ops *ops = map->ops;

	if (ops->map_set_object)
		return ops->map_set_object(map, key, NULL, 0);
	if (ops->map_delete_elem)
		return ops->map_delete_elem(map, key);
	return map->key_size ? -ENOTSUPP : -EINVAL;
}

static int pop_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	const struct bpf_map_ops *ops = map->ops;

	if (ops->map_pop_elem)
		return ops->map_pop_elem(map, value);
	/* Of the kinds that hold objects, bpf(2) asks it only many at a time. */
	if (ops->map_lookup_and_delete_elem && ops->holds == BPF_MAP_HOLDS_VALUES)
		return ops->map_lookup_and_delete_elem(map, key, value, flags);
	return -ENOTSUPP;
}

int bpf_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	int err;

	rcu_read_lock();
	err = copy_value(map, key, value, flags);
	rcu_read_unlock();
	return err;
}

int bpf_map_update_value(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	int err;

	do {
		rcu_read_lock();
		err = update_value(map, key, value, flags);
		rcu_read_unlock();
	} while (bpf_map_restart(&err));
	return err;
}

int bpf_map_delete_value(struct bpf_map *map, const void *key)
{
	int err;

	rcu_read_lock();
	err = delete_value(map, key);
	rcu_read_unlock();
	return err;
}

int bpf_map_pop_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	int err;

	if (map->ops->map_lookup_and_delete_begin)
		map->ops->map_lookup_and_delete_begin(map);
	rcu_read_lock();
	err = pop_value(map, key, value, flags);
	rcu_read_unlock();
	return err;
}
