/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The memory of maps, and who owns program arrays: both are in the fdinfo of a descriptor, which
 * takes 10 microseconds for each map.
 *
 * So of the kinds of which there are many the memory is computed, as the kernel does
 * (kernel/bpf/arraymap.c, array_map_mem_usage(), hashtab.c, htab_map_mem_usage()), but for a
 * constant, the size of the map's own structure. Maps of one kind and flags are a group: the
 * constant comes from the fdinfo of one of them, and two others have to agree with it. Where they
 * do not, as on an engine that counts otherwise, each map is asked.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "details.h"
#include "fdinfo.h"

#define BUCKET_SIZE 16 /* struct bucket */
#define ELEM_SIZE 48   /* struct htab_elem, without key and value */

bool map_is_emptied(const struct map *map)
{
	return map->type == BPF_MAP_TYPE_PROG_ARRAY && !map->usercnt;
}

static __u64 up(__u64 size, __u64 to)
{
	return (size + to - 1) / to * to;
}

static __u64 power_of_two(__u32 at_least)
{
	__u64 power = 1;

	while (power < at_least)
		power *= 2;
	return power;
}

/* But for a constant; overflows do no harm, as samples would not agree. */
static __u64 array_memory(const struct map *map, __u64 cpus)
{
	const __u64 values = up(map->value_size, 8) * map->max_entries;

	return map->flags & BPF_F_MMAPABLE ? up(values, sysconf(_SC_PAGESIZE)) : values;
}

static __u64 percpu_array_memory(const struct map *map, __u64 cpus)
{
	return (up(map->value_size, 8) * cpus + sizeof(void *)) * map->max_entries;
}

static __u64 hash_memory(const struct map *map, __u64 cpus)
{
	const __u64 value = up(map->value_size, 8);
	const bool percpu =
		map->type == BPF_MAP_TYPE_PERCPU_HASH || map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	const bool lru =
		map->type == BPF_MAP_TYPE_LRU_HASH || map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	const __u64 elem = ELEM_SIZE + up(map->key_size, 8) + (percpu ? sizeof(void *) : value);
	const __u64 buckets = power_of_two(map->max_entries) * BUCKET_SIZE;

	if (map->flags & BPF_F_NO_PREALLOC)
		return buckets +
		       (elem + sizeof(void *) + (percpu ? 2 * sizeof(void *) + value * cpus : 0)) *
			       map->elements;
	return buckets + (elem + (percpu ? value * cpus : 0)) *
				 (map->max_entries + (percpu || lru ? 0 : cpus));
}

static __u64 (*const formulas[])(const struct map *map, __u64 cpus) = {
	[BPF_MAP_TYPE_ARRAY] = array_memory,   [BPF_MAP_TYPE_PERCPU_ARRAY] = percpu_array_memory,
	[BPF_MAP_TYPE_HASH] = hash_memory,     [BPF_MAP_TYPE_PERCPU_HASH] = hash_memory,
	[BPF_MAP_TYPE_LRU_HASH] = hash_memory, [BPF_MAP_TYPE_LRU_PERCPU_HASH] = hash_memory,
};

static bool has_formula(const struct map *map)
{
	if (map->type >= sizeof(formulas) / sizeof(formulas[0]) || !formulas[map->type])
		return false;
	return !(map->flags & BPF_F_NO_PREALLOC) || map->elements != UNKNOWN;
}

/* A map that is gone stays as it is. */
static int ask(struct map *map)
{
	char text[1024];
	int fd, got;

	if (map_is_emptied(map))
		return 0;
	fd = bpf_map_get_fd_by_id(map->id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	got = fdinfo_read(fd, text, sizeof(text));
	close(fd);
	if (got < 0)
		return got;
	fdinfo_find(text, "memlock", &map->bytes_memlock);
	fdinfo_find(text, "owner_prog_type", &map->owner_prog_type);
	fdinfo_find(text, "owner_jited", &map->owner_jited);
	return 0;
}

static int ask_each(struct map **maps, size_t nr)
{
	int err = 0;

	for (size_t i = 0; i < nr && !err; i++)
		if (maps[i]->bytes_memlock == UNKNOWN)
			err = ask(maps[i]);
	return err;
}

/* The group is in order of size: its ends and its middle differ the most. */
static int compute(struct map **maps, size_t nr, __u64 cpus)
{
	__u64 (*const formula)(const struct map *map, __u64 cpus) = formulas[maps[0]->type];
	struct map *const samples[] = {maps[0], maps[nr / 2], maps[nr - 1]};
	__u64 constant = 0;
	int err;

	for (size_t i = 0; i < 3; i++) {
		err = ask(samples[i]);
		if (err)
			return err;
		if (samples[i]->bytes_memlock == UNKNOWN)
			return ask_each(maps, nr);
		if (!i)
			constant = samples[i]->bytes_memlock - formula(samples[i], cpus);
		else if (samples[i]->bytes_memlock != constant + formula(samples[i], cpus))
			return ask_each(maps, nr);
	}
	for (size_t i = 0; i < nr; i++)
		if (maps[i]->bytes_memlock == UNKNOWN)
			maps[i]->bytes_memlock = constant + formula(maps[i], cpus);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct map *x = *(const struct map *const *)a, *y = *(const struct map *const *)b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->flags != y->flags)
		return x->flags < y->flags ? -1 : 1;
	if (x->max_entries != y->max_entries)
		return x->max_entries < y->max_entries ? -1 : 1;
	return (x->value_size > y->value_size) - (x->value_size < y->value_size);
}

static int in_groups(struct map **maps, size_t nr)
{
	const __u64 cpus = libbpf_num_possible_cpus();
	size_t end;
	int err = 0;

	qsort(maps, nr, sizeof(*maps), compare);
	for (size_t i = 0; i < nr && !err; i = end) {
		for (end = i + 1; end < nr && maps[end]->type == maps[i]->type &&
				  maps[end]->flags == maps[i]->flags;
		     end++)
			;
		err = end - i > 3 && has_formula(maps[i]) ? compute(maps + i, end - i, cpus)
							  : ask_each(maps + i, end - i);
	}
	return err;
}

int map_details(struct look *look, bool memory)
{
	struct objects *objects = look->objects;
	struct map **maps = calloc(objects->nr_maps + 1, sizeof(*maps));
	size_t nr = 0;
	int err;

	if (!maps)
		return -ENOMEM;
	for (size_t i = 0; i < objects->nr_maps; i++)
		if (memory || objects->maps[i].type == BPF_MAP_TYPE_PROG_ARRAY)
			maps[nr++] = &objects->maps[i];
	err = nr > 3 ? in_groups(maps, nr) : ask_each(maps, nr);
	free(maps);
	return err;
}
