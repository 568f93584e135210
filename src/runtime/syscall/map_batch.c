/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The four batch commands: many elements by one call (kernel: generic_map_*_batch in syscall.c,
 * __htab_map_lookup_and_delete_batch).
 *
 * The caller's count says how many elements there is room for, and then how many were done, also
 * where an error stopped in between; it is 0 after -EFAULT in a lookup. A lookup goes on from
 * in_batch (NULL: the beginning) and says in out_batch where the next one goes on; -ENOENT: that
 * was all. Where nothing is behind an in_batch, out_batch is left as it is.
 *
 * What in_batch and out_batch hold. Kinds with BPF_MAP_BATCH_WALK: the position of a walk in 4
 * bytes, so that no deletion of a neighbour makes a lookup lose or repeat an element, and one call
 * takes as many elements as there is room for: there are no buckets to be taken as a whole, which
 * is why -ENOSPC is not seen. The others: the last key that was done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "syscall/map_elem.h"

struct batch {
	const struct bpf_call *call;
	struct bpf_map *map;
	u64 flags; /* of each element */
	u32 max;
	u32 done;
	u32 value_size;
	void *key, *value; /* one element */
};

static u64 nth(u64 array, u32 n, u32 size)
{
	return array + (u64)n * size;
}

static int put_count(const struct batch *b, u32 count)
{
	return bpf_call_write(b->call, offsetof(union bpf_attr, batch.count), &count,
			      sizeof(count));
}

/* --- lookup ----------------------------------------------------------------------------------- */

/* Give the caller the element in b->key and b->value. */
static int put_elem(struct batch *b)
{
	const union bpf_attr *attr = &b->call->attr;
	const u32 key_size = b->map->key_size;

	if (copy_to_user(nth(attr->batch.keys, b->done, key_size), b->key, key_size) ||
	    copy_to_user(nth(attr->batch.values, b->done, b->value_size), b->value, b->value_size))
		return -EFAULT;
	b->done++;
	return 0;
}

static int lookup_by_keys(struct batch *b)
{
	const union bpf_attr *attr = &b->call->attr;
	struct bpf_map *map = b->map;
	bool from_key = attr->batch.in_batch;
	void *prev = malloc(map->key_size);
	int err = 0;

	if (!prev)
		return -ENOMEM;
	if (from_key && copy_from_user(prev, attr->batch.in_batch, map->key_size)) {
		err = -EFAULT;
		goto out;
	}
	while (b->done < b->max) {
		rcu_read_lock();
		err = map->ops->map_get_next_key(map, from_key ? prev : NULL, b->key);
		rcu_read_unlock();
		if (err)
			break;
		memcpy(prev, b->key, map->key_size);
		from_key = true;
		rcu_read_lock();
		err = bpf_map_copy_value(map, b->key, b->value, b->flags);
		rcu_read_unlock();
		if (err == -ENOENT)
			continue; /* gone meanwhile, or an empty place */
		if (err)
			goto out;
		err = put_elem(b);
		if (err)
			goto out;
	}
	if (put_count(b, b->done) ||
	    (b->done && copy_to_user(attr->batch.out_batch, prev, map->key_size)))
		err = -EFAULT;
out:
	free(prev);
	return err;
}

/*
 * 1, and the next element in b->key and b->value; 0: there is none. What a lookup gives is the
 * value that the walk shows: that of another element which got the same key meanwhile may come
 * later.
 */
static int walk_step(struct batch *b, struct bpf_map_walk *walk, bool delete)
{
	struct bpf_map *map = b->map;
	bool more, found;
	int err;

	do {
		err = 0;
		rcu_read_lock();
		more = map->ops->map_walk(map, walk->pos, walk, 1);
		found = more && walk->key;
		if (found)
			memcpy(b->key, walk->key, map->key_size);
		if (found && delete)
			err = map->ops->map_lookup_and_delete_elem(map, b->key, b->value, b->flags);
		else if (found)
			bpf_map_walk_copy(map, walk, b->value, b->flags);
		rcu_read_unlock();
	} while ((more && !found) || err == -ENOENT); /* another was faster */
	return err ? err : more;
}

static bool walk_is_over(struct batch *b, struct bpf_map_walk walk)
{
	bool more;

	do {
		rcu_read_lock();
		more = b->map->ops->map_walk(b->map, walk.pos, &walk, 1);
		rcu_read_unlock();
	} while (more && !walk.key);
	return !more;
}

static int lookup_by_walk(struct batch *b, bool delete)
{
	const union bpf_attr *attr = &b->call->attr;
	struct bpf_map_walk walk = {0};
	u32 pos = 0;
	int err = 1;

	if (attr->batch.in_batch && copy_from_user(&pos, attr->batch.in_batch, sizeof(pos)))
		return -EFAULT;
	walk.pos = pos;
	while (b->done < b->max) {
		err = walk_step(b, &walk, delete);
		if (err <= 0)
			break;
		err = put_elem(b);
		if (err)
			return err;
	}
	/* Past the end: there is nowhere to go on from. */
	if (!err && !b->done && attr->batch.in_batch)
		return -ENOENT;
	if (err >= 0)
		err = b->done < b->max || walk_is_over(b, walk) ? -ENOENT : 0;
	pos = walk.pos;
	if (copy_to_user(attr->batch.out_batch, &pos, sizeof(pos)) || put_count(b, b->done))
		err = -EFAULT;
	return err;
}

static int lookup_batch(struct batch *b)
{
	return b->map->ops->batch == BPF_MAP_BATCH_WALK ? lookup_by_walk(b, false)
							: lookup_by_keys(b);
}

static int lookup_and_delete_batch(struct batch *b)
{
	if (b->map->ops->map_lookup_and_delete_begin)
		b->map->ops->map_lookup_and_delete_begin(b->map);
	return lookup_by_walk(b, true);
}

/* --- update and delete ------------------------------------------------------------------------ */

static int get_key(struct batch *b)
{
	return copy_from_user(b->key, nth(b->call->attr.batch.keys, b->done, b->map->key_size),
			      b->map->key_size);
}

static int update_one(struct batch *b)
{
	int err;

	do {
		rcu_read_lock();
		err = bpf_map_update_value(b->map, b->key, b->value, b->flags);
		rcu_read_unlock();
	} while (bpf_map_restart(&err));
	return err;
}

static int update_batch(struct batch *b)
{
	const u64 values = b->call->attr.batch.values;
	int err = 0;

	for (; b->done < b->max && !err; b->done += !err) {
		err = get_key(b);
		if (!err)
			err = copy_from_user(b->value, nth(values, b->done, b->value_size),
					     b->value_size);
		if (!err)
			err = update_one(b);
	}
	return put_count(b, b->done) ? -EFAULT : err;
}

static int delete_batch(struct batch *b)
{
	int err = 0;

	for (; b->done < b->max && !err; b->done += !err) {
		err = get_key(b);
		rcu_read_lock();
		if (!err)
			err = bpf_map_delete_value(b->map, b->key);
		rcu_read_unlock();
	}
	return put_count(b, b->done) ? -EFAULT : err;
}

/* --- the commands ----------------------------------------------------------------------------- */

static int run_batch(struct batch *b, int (*run)(struct batch *b))
{
	const union bpf_attr *attr = &b->call->attr;
	int err = bpf_map_check_lock_flag(b->map, attr->batch.elem_flags);

	if (err)
		return err;
	if (attr->batch.flags && b->map->ops->batch == BPF_MAP_BATCH_WALK &&
	    (run == lookup_batch || run == lookup_and_delete_batch))
		return -EINVAL;
	b->flags = attr->batch.elem_flags;
	b->max = attr->batch.count;
	b->value_size = bpf_map_value_size(b->map);
	if (!b->max)
		return 0;
	if (put_count(b, 0))
		return -EFAULT;
	b->key = malloc(b->map->key_size);
	b->value = malloc(b->value_size);
	err = b->key && b->value ? run(b) : -ENOMEM;
	free(b->key);
	free(b->value);
	return err;
}

static int do_batch(struct bpf_call *call, u32 need, enum bpf_map_batch least,
		    int (*run)(struct batch *b))
{
	struct bpf_map_use use;
	struct bpf_map *map = bpf_map_use_begin(&use, call->rt, call->attr.batch.map_fd, need);
	int err;

	if (IS_ERR(map))
		return PTR_ERR(map);
	if (map->ops->batch < least)
		err = -ENOTSUPP;
	else
		err = run_batch(&(struct batch){.call = call, .map = map}, run);
	bpf_map_use_end(&use);
	return err;
}

int map_lookup_batch(struct bpf_call *call)
{
	return do_batch(call, FMODE_READ, BPF_MAP_BATCH_KEYS, lookup_batch);
}

int map_lookup_and_delete_batch(struct bpf_call *call)
{
	return do_batch(call, FMODE_READ | FMODE_WRITE, BPF_MAP_BATCH_WALK,
			lookup_and_delete_batch);
}

int map_update_batch(struct bpf_call *call)
{
	return do_batch(call, FMODE_WRITE, BPF_MAP_BATCH_KEYS, update_batch);
}

int map_delete_batch(struct bpf_call *call)
{
	return do_batch(call, FMODE_WRITE, BPF_MAP_BATCH_KEYS_DELETE, delete_batch);
}
