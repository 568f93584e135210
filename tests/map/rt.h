/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* A runtime with no more than maps need. */
#ifndef TESTS_MAP_RT_H
#define TESTS_MAP_RT_H

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "base/rcu.h"
#include "base/runtime.h"
#include "base/vcpu.h"
#include "map/map.h"

#ifndef CPUS
#define CPUS 3
#endif

static struct trek_runtime rt;

static int rt_set_up(void **state)
{
	rt.num_possible_cpus = CPUS;
	rt.cpus = vcpus_new(CPUS);
	return rt.cpus && !idr_init(&rt.map_idr) && !idr_init(&rt.btf_idr) ? 0 : -1;
}

static int rt_tear_down(void **state)
{
	/* A callback may have queued another. */
	for (int i = 0; i < 3; i++)
		rcu_barrier();
	idr_destroy(&rt.map_idr);
	idr_destroy(&rt.btf_idr);
	vcpus_free(rt.cpus);
	return 0;
}

static inline struct bpf_map *new_map(u32 type, u32 key_size, u32 value_size, u32 max_entries,
				      u32 flags)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = max_entries,
		.map_flags = flags,
	};
	struct bpf_map *map = bpf_map_create(&rt, &attr, NULL, NULL);

	assert_false(IS_ERR_OR_NULL(map));
	return map;
}

static inline long map_update(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	long err;

	rcu_read_lock();
	err = map->ops->map_update_elem(map, key, value, flags);
	rcu_read_unlock();
	return err;
}

static inline long map_delete(struct bpf_map *map, const void *key)
{
	long err;

	rcu_read_lock();
	err = map->ops->map_delete_elem(map, key);
	rcu_read_unlock();
	return err;
}

static inline int map_get(struct bpf_map *map, const void *key, void *value)
{
	int err;

	rcu_read_lock();
	err = map->ops->map_copy_value(map, key, value, 0);
	rcu_read_unlock();
	return err;
}

static inline int map_next(struct bpf_map *map, const void *key, void *next)
{
	int err;

	rcu_read_lock();
	err = map->ops->map_get_next_key(map, key, next);
	rcu_read_unlock();
	return err;
}

#endif /* TESTS_MAP_RT_H */
