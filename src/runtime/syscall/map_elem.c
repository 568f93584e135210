/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Commands on one element of a map, by the operations that its kind has. What a kind lacks is
 * -ENOTSUPP (kernel: map_lookup_elem and the like in kernel/bpf/syscall.c). Keys and values are
 * copied in before and out after the map is touched, so that a bad pointer of the caller's changes
 * nothing.
 *
 * Speed. A command is one RCU section, in which its map and the map's elements are there: no
 * reference is taken, no write counted. Small keys and values are copied by way of the stack. So a
 * lookup writes to nothing that another thread writes to and has no instruction that waits for
 * those before it; where the memory of the map is slow, the CPU begins the next one meanwhile.
 * Every instruction less lets it begin earlier: of a lookup in an array there are 230.
 *
 * Nanoseconds of CPU time a call, beside Linux 6.18's on the same quiet machine of two cores, keys
 * of 4 bytes at random, values of 8 (bench/maps.c; delete and insert: two calls):
 *
 *                                 lookup       update       delete and insert
 *   HASH                 1,000    21 / 1029    26 / 1070   108 / 2023
 *                    1,000,000   188 / 1450   204 / 1538   477 / 2593
 *   PERCPU_HASH          1,000    26 / 1087    28 / 1119   103 / 2089
 *                    1,000,000   223 / 1725   227 / 1646   494 / 2882
 *   LRU_HASH             1,000    20 / 1022    30 / 1277   106 / 2098
 *                    1,000,000   183 / 1458   205 / 1817   418 / 2665
 *   LRU_PERCPU_HASH      1,000    24 / 1075    35 / 1228    98 / 2181
 *                    1,000,000   228 / 1749   232 / 1774   439 / 2933
 *   ARRAY                1,000    13 /  982    14 /  989
 *                    1,000,000    72 / 1106    54 /  997
 *   PERCPU_ARRAY         1,000    16 / 1035    17 / 1043
 *                    1,000,000    97 / 1349    76 / 1273
 */
#include "syscall/map_elem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"
#include "base/rcu.h"
#include "prog/prog.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

struct bpf_map *bpf_map_use_begin(struct bpf_map_use *use, struct trek_runtime *rt, u32 fd,
				  u32 need)
{
	struct file *file = file_get_kind(rt, fd, &bpf_map_fops);
	int err = 0;

	if (IS_ERR(file))
		return (void *)file;
	use->file = file;
	use->writes = need & FMODE_WRITE;
	if ((file_mode(file) & need) != need)
		err = -EPERM;
	else if (use->writes)
		err = bpf_map_write_begin(file_object(file));
	if (!err)
		return file_object(file);
	file_put(file);
	return ERR_PTR(err);
}

void bpf_map_use_end(struct bpf_map_use *use)
{
	if (use->writes)
		bpf_map_write_end(file_object(use->file));
	file_put(use->file);
}

/* The same for a command that is short: in an RCU section, which only an error ends. ERR_PTR. */
static ALWAYS_INLINE struct bpf_map *use_map(const struct trek_runtime *rt, u32 fd, u32 need)
{
	struct bpf_map *map;

	rcu_read_lock();
	map = fd_to_map(rt, fd, need);
	if (likely(!IS_ERR(map))) {
		if (!(need & FMODE_WRITE) || bpf_map_may_write(map))
			return map;
		map = ERR_PTR(-EPERM);
	}
	rcu_read_unlock();
	return map == ERR_PTR(-EBADF) ? ERR_PTR(fd_unknown(rt, fd)) : map;
}

/* --- what callers give ------------------------------------------------------------------------ */

/* As in union bpf_attr. */
struct elem_attr {
	u32 map_fd;
	u32 unused;
	u64 key;
	union {
		u64 value;
		u64 next_key;
	};
	u64 flags;
};

#define SAME_PLACE(field)                                                                          \
	_Static_assert(offsetof(struct elem_attr, field) == offsetof(union bpf_attr, field), "AB"  \
											     "I")
SAME_PLACE(map_fd);
SAME_PLACE(key);
SAME_PLACE(value);
SAME_PLACE(next_key);
SAME_PLACE(flags);

#define UNTIL(field) offsetofend(struct elem_attr, field)

/* bpf_copy_attr(), for which all of it is zero that is not before @end. */
static ALWAYS_INLINE int get_attr(struct elem_attr *attr, u64 uattr, u32 size, u32 end)
{
	int ret;

	nofault_thread_init();
	if (unlikely(size < sizeof(*attr) || size > BPF_ATTR_SIZE || size % 8 != 0))
		return bpf_copy_attr(attr, uattr, size, end);
	if (unlikely(__copy_from_user(attr, uattr, sizeof(*attr))))
		return -EFAULT;
	ret = __check_zeroed_user(uattr + end, size - end);
	return likely(!ret) ? 0 : ret > 0 ? -EINVAL : ret;
}

/* What a command does, with room for a key and for a value, or another key. */
typedef int elem_fn(struct bpf_map *map, const struct elem_attr *attr, void *key, void *value);

static __attribute__((noinline)) int with_memory(struct bpf_map *map, const struct elem_attr *attr,
						 elem_fn *run)
{
	const u64 key_size = round_up((u64)map->key_size, 8);
	u8 *memory = malloc(key_size + max_of(map->key_size, bpf_map_value_size(map)));
	int err;

	if (!memory)
		return -ENOMEM;
	err = run(map, attr, memory, memory + key_size);
	free(memory);
	return err;
}

static ALWAYS_INLINE int with_room(struct bpf_map *map, const struct elem_attr *attr, elem_fn *run)
{
	/* Not to be cleared: that takes longer than a lookup. */
	u64 key[16], value[64];

	if (unlikely(map->key_size > sizeof(key) || bpf_map_value_size(map) > sizeof(value)))
		return with_memory(map, attr, run);
	return run(map, attr, key, value);
}

/* A command without flags, for a handle that lets it do what it @need. */
static ALWAYS_INLINE int run_elem(struct trek_runtime *rt, u64 uattr, u32 size, u32 end, u32 need,
				  elem_fn *run)
{
	LEAVE_ERRNO_ALONE;
	struct elem_attr attr;
	struct bpf_map *map;
	int err = get_attr(&attr, uattr, size, end);

	if (unlikely(err))
		return err;
	map = use_map(rt, attr.map_fd, need);
	if (IS_ERR(map))
		return PTR_ERR(map);
	err = with_room(map, &attr, run);
	rcu_read_unlock();
	return err;
}

/* Into *@key, which becomes NULL in a kind without keys: the caller must give none. */
static ALWAYS_INLINE int get_key(const struct bpf_map *map, u64 ukey, void **key)
{
	if (likely(map->key_size))
		return __copy_from_user(*key, ukey, map->key_size);
	*key = NULL;
	return ukey ? -EINVAL : 0;
}

/* --- look up ---------------------------------------------------------------------------------- */

int bpf_map_copy_other(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	const struct bpf_map_ops *ops = map->ops;
	u32 id = 0;
	int err;

	if (!ops->map_object_id)
		return ops->map_peek_elem ? ops->map_peek_elem(map, value) : -ENOTSUPP;
	err = ops->map_object_id(map, key, &id);
	memcpy(value, &id, sizeof(id));
	return err;
}

/* A kind that tests whether a value is in it is given that value. */
static inline bool lookup_tests(const struct bpf_map *map)
{
	return unlikely(map->ops->map_peek_elem) && !map->ops->map_pop_elem;
}

static ALWAYS_INLINE int lookup_elem(struct bpf_map *map, const struct elem_attr *attr, void *key,
				     void *value)
{
	const u32 size = bpf_map_value_size(map);
	int err = get_key(map, attr->key, &key);

	if (!err && lookup_tests(map))
		err = copy_from_user(value, attr->value, size);
	if (!err)
		err = bpf_map_copy_value(map, key, value, attr->flags);
	if (!err && !lookup_tests(map))
		err = __copy_to_user(attr->value, value, size);
	return err;
}

int map_lookup_elem(struct trek_runtime *rt, u64 uattr, u32 size)
{
	LEAVE_ERRNO_ALONE;
	struct elem_attr attr;
	struct bpf_map *map;
	int err = get_attr(&attr, uattr, size, UNTIL(flags));

	if (unlikely(err))
		return err;
	if (attr.flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	map = use_map(rt, attr.map_fd, FMODE_READ);
	if (IS_ERR(map))
		return PTR_ERR(map);
	err = bpf_map_check_lock_flag(map, attr.flags);
	if (!err)
		err = with_room(map, &attr, lookup_elem);
	rcu_read_unlock();
	return err;
}

static ALWAYS_INLINE int next_key(struct bpf_map *map, const struct elem_attr *attr, void *key,
				  void *next)
{
	int err = 0;

	if (attr->key)
		err = get_key(map, attr->key, &key);
	else
		key = NULL;
	if (!err)
		err = map->ops->map_get_next_key ? map->ops->map_get_next_key(map, key, next)
						 : -ENOTSUPP;
	return err ? err : __copy_to_user(attr->next_key, next, map->key_size);
}

int map_get_next_key(struct trek_runtime *rt, u64 uattr, u32 size)
{
	return run_elem(rt, uattr, size, UNTIL(next_key), FMODE_READ, next_key);
}

/* --- update ----------------------------------------------------------------------------------- */

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

int bpf_map_update_other(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	if (map->ops->map_set_object)
		return set_object(map, key, value, flags);
	return map->ops->map_push_elem ? map->ops->map_push_elem(map, value, flags) : -ENOTSUPP;
}

static ALWAYS_INLINE int update_elem(struct bpf_map *map, const struct elem_attr *attr, void *key,
				     void *value)
{
	int err = get_key(map, attr->key, &key);

	if (!err)
		err = __copy_from_user(value, attr->value, bpf_map_value_size(map));
	return err ? err : bpf_map_update_value(map, key, value, attr->flags);
}

/* What an object keeps alive may be the map itself: it must not come into a map that has just lost
 * its last handle (map_release_uref). Hence with a reference. */
static __attribute__((noinline)) int held_update(struct trek_runtime *rt,
						 const struct elem_attr *attr)
{
	struct bpf_map_use use;
	struct bpf_map *map = bpf_map_use_begin(&use, rt, attr->map_fd, FMODE_WRITE);
	int err;

	if (IS_ERR(map))
		return PTR_ERR(map);
	rcu_read_lock();
	err = bpf_map_check_lock_flag(map, attr->flags & BPF_F_LOCK);
	if (!err)
		err = with_memory(map, attr, update_elem);
	rcu_read_unlock();
	bpf_map_use_end(&use);
	return err;
}

static ALWAYS_INLINE int update(struct trek_runtime *rt, const struct elem_attr *attr)
{
	struct bpf_map *map = use_map(rt, attr->map_fd, FMODE_WRITE);
	int err;

	if (IS_ERR(map))
		return PTR_ERR(map);
	if (unlikely(map->ops->map_set_object)) {
		rcu_read_unlock();
		return held_update(rt, attr);
	}
	err = bpf_map_check_lock_flag(map, attr->flags & BPF_F_LOCK);
	if (!err)
		err = with_room(map, attr, update_elem);
	rcu_read_unlock();
	return err;
}

int map_update_elem(struct trek_runtime *rt, u64 uattr, u32 size)
{
	LEAVE_ERRNO_ALONE;
	struct elem_attr attr;
	int err = get_attr(&attr, uattr, size, UNTIL(flags));

	if (unlikely(err))
		return err;
	do
		err = update(rt, &attr);
	while (bpf_map_restart(&err));
	return err;
}

/* --- delete ----------------------------------------------------------------------------------- */

int bpf_map_delete_other(struct bpf_map *map, const void *key)
{
	if (map->ops->map_set_object)
		return map->ops->map_set_object(map, key, NULL, 0);
	return map->key_size ? -ENOTSUPP : -EINVAL;
}

static ALWAYS_INLINE int delete_elem(struct bpf_map *map, const struct elem_attr *attr, void *key,
				     void *unused)
{
	int err = get_key(map, attr->key, &key);

	return err ? err : bpf_map_delete_value(map, key);
}

int map_delete_elem(struct trek_runtime *rt, u64 uattr, u32 size)
{
	return run_elem(rt, uattr, size, UNTIL(key), FMODE_WRITE, delete_elem);
}

static ALWAYS_INLINE int lookup_and_delete_elem(struct bpf_map *map, const struct elem_attr *attr,
						void *key, void *value)
{
	const struct bpf_map_ops *ops = map->ops;
	int err = get_key(map, attr->key, &key);

	if (err)
		return err;
	if (ops->map_pop_elem)
		err = ops->map_pop_elem(map, value);
	/* Of the kinds that hold objects, bpf(2) asks it only many at a time. */
	else if (ops->map_lookup_and_delete_elem && ops->holds == BPF_MAP_HOLDS_VALUES)
		err = ops->map_lookup_and_delete_elem(map, key, value, attr->flags);
	else
		err = -ENOTSUPP;
	return err ? err : __copy_to_user(attr->value, value, bpf_map_value_size(map));
}

/* Where the kind has to be told before, outside of the section. */
static __attribute__((noinline)) int held_lookup_and_delete(struct trek_runtime *rt,
							    const struct elem_attr *attr)
{
	struct bpf_map_use use;
	struct bpf_map *map = bpf_map_use_begin(&use, rt, attr->map_fd, FMODE_READ | FMODE_WRITE);
	int err;

	if (IS_ERR(map))
		return PTR_ERR(map);
	if (map->ops->map_lookup_and_delete_begin)
		map->ops->map_lookup_and_delete_begin(map);
	rcu_read_lock();
	err = bpf_map_check_lock_flag(map, attr->flags);
	if (!err)
		err = with_room(map, attr, lookup_and_delete_elem);
	rcu_read_unlock();
	bpf_map_use_end(&use);
	return err;
}

int map_lookup_and_delete_elem(struct trek_runtime *rt, u64 uattr, u32 size)
{
	LEAVE_ERRNO_ALONE;
	struct elem_attr attr;
	struct bpf_map *map;
	int err = get_attr(&attr, uattr, size, UNTIL(flags));

	if (unlikely(err))
		return err;
	if (attr.flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	map = use_map(rt, attr.map_fd, FMODE_READ | FMODE_WRITE);
	if (IS_ERR(map))
		return PTR_ERR(map);
	if (map->ops->map_lookup_and_delete_begin) {
		rcu_read_unlock();
		return held_lookup_and_delete(rt, &attr);
	}
	err = bpf_map_check_lock_flag(map, attr.flags);
	if (!err)
		err = with_room(map, &attr, lookup_and_delete_elem);
	rcu_read_unlock();
	return err;
}
