/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Reading the elements of a map: how, by the kind of the map.
 *
 * Measured on Linux 6.18 with 1,000,000 elements of a u32 and a u64, per element: a HASH by
 * BPF_MAP_LOOKUP_BATCH 300 ns in one thread and 177 ns in two that take half of the buckets each;
 * by an iterator program with bpf_seq_write() 230 to 250 ns, which is one thread by nature. With 2
 * CPUs' values, by batch, 450 and 250 ns. An ARRAY by batch 212 ns. Batches of 64 elements are as
 * quick as those of 65,536.
 *
 * Batch is also what is right. The kernel's iterator over a hash goes from an element to the next
 * one in its bucket by the element; one that was deleted and used again meanwhile leads into
 * another bucket, and elements are missed (about 2 in a million beside four threads that insert
 * and delete). A batch copies whole buckets, each under its lock: what stays is in it once, and a
 * value belongs to its key. (__htab_map_lookup_and_delete_batch() in kernel/bpf/hashtab.c.)
 *
 * The ways, in the table at the end:
 *
 *   BUCKETS  batches of whole buckets (the kernel's hash kinds; the embedded engine's walks are
 *            exact as well). The place to go on from is the number of a bucket.
 *   KEYS     batches from a key on: arrays, in the order of their keys.
 *   TRIE     the same where a key that is gone means the start; see trie.h.
 *   NEXT     get_next_key and a lookup for each: kinds without batches, or with places that may be
 *            empty, and old kernels (before 5.6). A hash begins again when a key goes meanwhile, so
 *            it ends at last when it has given max_entries.
 *   PEEK     the one element that would be taken next.
 *   NONE     nobody can read it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cli.h"
#include "elements.h"
#include "engine.h"

#ifndef ENOTSUPP
#define ENOTSUPP 524 /* the kernel's own, for commands that a kind of map has not */
#endif

/* Newer than the headers of some hosts. */
#define MAP_TYPE_CGRP_STORAGE 32
#define MAP_TYPE_ARENA 33
#define MAP_TYPE_INSN_ARRAY 34

#define BATCH_BYTES (256u << 10)
#define BATCH_ELEMENTS 4096
#define BUCKET_SIZE sizeof(__u32) /* of its number */

/* What near the end of a reader's buckets is read at once. */
#define FEW_ELEMENTS 64

#define MAX_ROUNDS 16 /* that many times what there can be in a trie ends it */

enum method { UNKNOWN, BUCKETS, KEYS, TRIE, NEXT, PEEK, NONE };

struct way {
	enum method method;
	bool per_cpu;
	bool has_index, always_full;
	bool gives_ids;	 /* values are 32-bit ids of other objects */
	bool of_cookies; /* of sockets: values of another size are not shown, but keys are */
	const char *why; /* NONE */
};

static const struct way *way_of(__u32 map_type);

static __u32 power_of_two(__u32 value)
{
	return value > 1 ? 1u << (32 - __builtin_clz(value - 1)) : 1;
}

int elements_of(struct elements *elements, int fd, const char **why)
{
	struct bpf_map_info *info = &elements->info;
	__u32 size = sizeof(*info);
	int cpus;

	memset(elements, 0, sizeof(*elements));
	if (bpf_obj_get_info_by_fd(fd, info, &size))
		return -errno;
	elements->fd = fd;
	elements->way = way_of(info->type);
	elements->key_size = info->key_size;
	elements->stride = elements->value_size = info->value_size;
	elements->cpus = 1;
	elements->per_cpu = elements->way->per_cpu;
	elements->gives_ids = elements->way->gives_ids;
	elements->has_index = elements->way->has_index;
	elements->always_full = elements->way->always_full;
	elements->has_key = elements->way->method != PEEK;
	elements->has_value = !elements->way->of_cookies || info->value_size == sizeof(__u64);
	if (!elements->has_value)
		elements->stride = elements->value_size = 0;
	elements->only_next = elements->way->method == PEEK;
	if (elements->per_cpu) {
		cpus = libbpf_num_possible_cpus();
		if (cpus < 0)
			return cpus;
		elements->cpus = cpus;
		elements->stride = ((size_t)info->value_size + 7) / 8 * 8;
		elements->value_size = elements->stride * cpus;
	}
	/* The embedded engine goes on from a place in its walk. */
	if (elements->way->method == BUCKETS && engine_is_kernel())
		elements->buckets = power_of_two(info->max_entries);
	*why = elements->way->why;
	return elements->way->method == NONE ? -EOPNOTSUPP : 0;
}

/* --- A reader --------------------------------------------------------------------------------- */

static int make_room(struct reader *reader, __u32 room)
{
	const struct elements *e = reader->elements;
	unsigned char *keys, *values;

	keys = reallocarray(reader->keys, room, e->key_size ? e->key_size : 1);
	if (keys)
		reader->keys = keys;
	values = reallocarray(reader->values, room, e->value_size ? e->value_size : 1);
	if (values)
		reader->values = values;
	if (!keys || !values)
		return -ENOMEM;
	reader->room = room;
	return 0;
}

int reader_begin(struct reader *reader, const struct elements *elements, __u32 from)
{
	const size_t element = elements->key_size + elements->value_size;
	size_t room = element ? BATCH_BYTES / element : 1;

	memset(reader, 0, sizeof(*reader));
	reader->elements = elements;
	reader->until = UINT32_MAX;
	reader->walks = elements->way->method == NEXT;
	reader->cursor_size = elements->key_size > BUCKET_SIZE ? elements->key_size : BUCKET_SIZE;
	reader->in = calloc(1, reader->cursor_size);
	reader->out = calloc(1, reader->cursor_size);
	if (!reader->in || !reader->out)
		return -ENOMEM;
	if (elements->way->method == TRIE && !trie_place_begin(&reader->trie, elements->key_size))
		return -ENOMEM;
	if (from) {
		memcpy(reader->out, &from, sizeof(from));
		reader->begun = true;
	}
	if (room > BATCH_ELEMENTS)
		room = BATCH_ELEMENTS;
	if (elements->info.max_entries && room > elements->info.max_entries)
		room = elements->info.max_entries;
	return make_room(reader, room ? room : 1);
}

void reader_end(struct reader *reader)
{
	free(reader->keys);
	free(reader->values);
	free(reader->in);
	free(reader->out);
	trie_place_end(&reader->trie);
}

__u32 reader_bucket(const struct reader *reader)
{
	__u32 bucket;

	if (reader->over || !reader->elements->buckets)
		return reader->over ? UINT32_MAX : 0;
	memcpy(&bucket, reader->out, sizeof(bucket));
	return bucket;
}

static __u64 flags_of(const struct reader *reader)
{
	return reader->lockless ? 0 : reader->elements->flags;
}

static int lookup_batch(struct reader *reader, __u32 count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = flags_of(reader));
	int err;

	reader->count = count;
	err = bpf_map_lookup_batch(reader->elements->fd, reader->begun ? reader->in : NULL,
				   reader->out, reader->keys, reader->values, &reader->count,
				   &opts);
	return err < 0 ? -errno : 0;
}

/* At most @count elements from reader->in on. */
static int read_batch(struct reader *reader, __u32 count)
{
	int err;

	if (count > reader->room)
		count = reader->room;
	err = lookup_batch(reader, count);
	if (err == -EINVAL && flags_of(reader)) { /* a kernel that does not lock for batches */
		reader->lockless = true;
		err = lookup_batch(reader, count);
	}
	while (err == -ENOSPC) { /* a bucket has more than there is room for */
		count = count > UINT32_MAX / 2 ? UINT32_MAX : 2 * count;
		if (count > reader->room && make_room(reader, count)) {
			reader->count = 0;
			return -ENOMEM;
		}
		err = lookup_batch(reader, count);
	}
	reader->over = err == -ENOENT;
	if (reader->over || (err == -EINTR && reader->count)) /* kernels before 6.14 do so */
		err = 0;
	if (err)
		reader->count = 0;
	return err;
}

static bool has_no_batches(int err)
{
	return err == -ENOTSUPP || err == -EOPNOTSUPP || err == -EINVAL;
}

/* One key after the other, until the buffers are full. */
static int walk(struct reader *reader)
{
	const struct elements *e = reader->elements;
	/* Cgroup storage has no limit, and is no hash; of a trie elements may be read again. */
	const __u64 limit =
		e->info.max_entries && e->way->method != TRIE ? e->info.max_entries : UINT64_MAX;
	unsigned char *key;
	int err;

	reader->count = 0;
	while (reader->count < reader->room) {
		reader->over = reader->given + reader->count == limit;
		if (reader->over)
			return 0;
		key = reader->keys + reader->count * e->key_size;
		err = bpf_map_get_next_key(e->fd, reader->begun ? reader->out : NULL, key);
		reader->over = err && errno == ENOENT;
		if (err)
			return reader->over ? 0 : -errno;
		memcpy(reader->out, key, e->key_size);
		reader->begun = true;
		if (!e->has_value) {
			reader->count++;
			continue;
		}
		err = bpf_map_lookup_elem_flags(e->fd, key,
						reader->values + reader->count * e->value_size,
						flags_of(reader));
		/* It went meanwhile; arrays of descriptors have empty places. */
		if (err && errno != ENOENT)
			return -errno;
		reader->count += !err;
	}
	return 0;
}

static int peek(struct reader *reader)
{
	reader->over = true;
	reader->count = !bpf_map_lookup_elem(reader->elements->fd, NULL, reader->values);
	return reader->count || errno == ENOENT ? 0 : -errno;
}

/* Of what was read, drop each element whose key is among those of @other. */
static void drop_those_of(struct reader *reader, const struct reader *other)
{
	const size_t key_size = reader->elements->key_size;
	const size_t value_size = reader->elements->value_size;
	__u32 kept = 0;

	for (__u32 i = 0, n; i < reader->count; i++) {
		for (n = 0; n < other->count; n++)
			if (!memcmp(reader->keys + i * key_size, other->keys + n * key_size,
				    key_size))
				break;
		if (n < other->count)
			continue;
		memmove(reader->keys + kept * key_size, reader->keys + i * key_size, key_size);
		memmove(reader->values + kept * value_size, reader->values + i * value_size,
			value_size);
		kept++;
	}
	reader->count = kept;
}

/*
 * The batch that was read goes past the last bucket that is this reader's. Which of its elements
 * are of which bucket is not told, but a batch that begins at the first bucket that is not its own
 * has all that belong to others.
 */
static int end_at_last_bucket(struct reader *reader)
{
	const __u32 reached = reader_bucket(reader);
	struct reader others;
	int err;

	err = reader_begin(&others, reader->elements, reader->until);
	others.nearly_over = true;
	while (!err && reader_next(&others) > 0) {
		drop_those_of(reader, &others);
		if (reader_bucket(&others) >= reached)
			break;
	}
	reader->over = true;
	reader_end(&others);
	return err;
}

static int next_batch(struct reader *reader)
{
	int err;

	memcpy(reader->in, reader->out, reader->cursor_size);
	err = read_batch(reader, reader->nearly_over ? FEW_ELEMENTS : reader->room);
	if (!err && reader_bucket(reader) > reader->until && !reader->nearly_over) {
		reader->nearly_over = true;
		err = read_batch(reader, FEW_ELEMENTS);
	}
	if (!err && reader_bucket(reader) > reader->until)
		err = end_at_last_bucket(reader);
	if (!reader->begun && has_no_batches(err)) {
		reader->walks = true;
		return walk(reader);
	}
	reader->begun = true;
	return err;
}

/* From reader->in on. Before Linux 5.13 tries have no batches; key after key they are the same. */
static int read_trie(struct reader *reader)
{
	int err;

	if (!reader->walks) {
		err = read_batch(reader, reader->room);
		if (reader->begun || !has_no_batches(err))
			return err;
		reader->walks = true;
	}
	memcpy(reader->out, reader->in, reader->cursor_size);
	return walk(reader);
}

/* A key to go on from that is still there: what follows it comes after it. */
static int next_of_trie(struct reader *reader)
{
	const size_t key_size = reader->elements->key_size;
	const unsigned char *from;
	__u32 tries = 0;
	int err;

	do {
		from = trie_from(&reader->trie, tries++);
		reader->begun = from;
		if (from)
			memcpy(reader->in, from, key_size);
		err = read_trie(reader);
	} while (!err && from && reader->count &&
		 !trie_is_after(reader->keys, reader->in, key_size));
	if (!err && reader->count)
		reader->count = trie_keep_new(&reader->trie, reader->keys, reader->values,
					      reader->elements->value_size, reader->count);
	/* Who inserts before the reader all the time could keep it for ever. */
	reader->over |= reader->given > MAX_ROUNDS * (__u64)reader->elements->info.max_entries;
	return err;
}

int reader_next(struct reader *reader)
{
	int err;

	reader->count = 0;
	if (reader->over || (reader->begun && reader_bucket(reader) == reader->until))
		return 0;
	if (reader->elements->only_next)
		err = peek(reader);
	else if (reader->elements->way->method == TRIE)
		err = next_of_trie(reader);
	else if (reader->walks)
		err = walk(reader);
	else
		err = next_batch(reader);
	reader->given += reader->count;
	return err ? err : reader->count || !reader->over;
}

int elements_failed(const struct elements *elements, const char *map, int err)
{
	if (err == -ENOMEM)
		return fail("map %s: out of memory; free some and run it again", map);
	if (err == -EPERM)
		return fail("map %s: it may not be read (BPF_F_WRONLY); whoever made it must "
			    "allow that",
			    map);
	if (err == -ENOSPC)
		return fail("map %s: the kernel shows its sockets only in values of 8 bytes, it "
			    "has %u; make it with such values",
			    map, elements->info.value_size);
	return fail("map %s: reading it: %s; --verbose shows what libbpf said", map,
		    strerror(-err));
}

/* --- The kinds -------------------------------------------------------------------------------- */

/* What can be done where nobody can read the elements. */
#define WHO_HAS_IT "'bpftrek map show' tells who has it"
#define BY_ITERATOR(target) "'bpftrek run' a program that iterates over " target " and shows them"

static const struct way ways[] = {
	[BPF_MAP_TYPE_HASH] = {BUCKETS},
	[BPF_MAP_TYPE_PERCPU_HASH] = {BUCKETS, .per_cpu = true},
	[BPF_MAP_TYPE_LRU_HASH] = {BUCKETS},
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = {BUCKETS, .per_cpu = true},
	[BPF_MAP_TYPE_HASH_OF_MAPS] = {BUCKETS, .gives_ids = true},
	[BPF_MAP_TYPE_ARRAY] = {KEYS, .has_index = true, .always_full = true},
	[BPF_MAP_TYPE_PERCPU_ARRAY] = {KEYS, .has_index = true, .always_full = true,
				       .per_cpu = true},
	/* Batches of it end at a place that is empty, before 6.14. */
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = {NEXT, .has_index = true, .gives_ids = true},
	[BPF_MAP_TYPE_LPM_TRIE] = {TRIE},
	[BPF_MAP_TYPE_PROG_ARRAY] = {NEXT, .has_index = true, .gives_ids = true},
	[BPF_MAP_TYPE_STACK_TRACE] = {NEXT},
	[BPF_MAP_TYPE_DEVMAP] = {NEXT, .has_index = true},
	[BPF_MAP_TYPE_DEVMAP_HASH] = {NEXT},
	[BPF_MAP_TYPE_CPUMAP] = {NEXT, .has_index = true},
	[BPF_MAP_TYPE_CGROUP_STORAGE] = {NEXT},
	[BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE] = {NEXT, .per_cpu = true},
	[BPF_MAP_TYPE_STRUCT_OPS] = {NEXT, .has_index = true},
	/* Values are the sockets' cookies, where they have 8 bytes; nobody is shown others. */
	[BPF_MAP_TYPE_SOCKMAP] = {NEXT, .has_index = true},
	[BPF_MAP_TYPE_SOCKHASH] = {NEXT, .of_cookies = true},
	[BPF_MAP_TYPE_REUSEPORT_SOCKARRAY] = {NEXT, .has_index = true},
	[BPF_MAP_TYPE_QUEUE] = {PEEK},
	[BPF_MAP_TYPE_STACK] = {PEEK},
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = {NONE,
					   .why = "nobody is shown the events in it; " WHO_HAS_IT},
	[BPF_MAP_TYPE_CGROUP_ARRAY] = {NONE,
				       .why = "nobody is shown the cgroups in it; " WHO_HAS_IT},
	[BPF_MAP_TYPE_XSKMAP] = {NONE, .why = "nobody is shown the sockets in it; " WHO_HAS_IT},
	[BPF_MAP_TYPE_BLOOM_FILTER] =
		{NONE, .why = "a Bloom filter does not keep what it is given; " WHO_HAS_IT},
	[BPF_MAP_TYPE_RINGBUF] = {NONE, .why = "to read a ring takes its records away from who "
					       "waits for them; " WHO_HAS_IT},
	[BPF_MAP_TYPE_USER_RINGBUF] = {NONE,
				       .why = "only a BPF program can read this ring; " WHO_HAS_IT},
	[BPF_MAP_TYPE_SK_STORAGE] =
		{NONE,
		 .why = "its elements are found with their sockets in hand only; " BY_ITERATOR(
			 "bpf_sk_storage_map")},
	[BPF_MAP_TYPE_INODE_STORAGE] =
		{NONE, .why = "its elements are found with their files in hand only; " WHO_HAS_IT},
	[BPF_MAP_TYPE_TASK_STORAGE] =
		{NONE, .why = "its elements are found with their tasks in hand only; " BY_ITERATOR(
			       "task")},
	[MAP_TYPE_CGRP_STORAGE] =
		{NONE,
		 .why = "its elements are found with their cgroups in hand only; " BY_ITERATOR(
			 "cgroup")},
	[MAP_TYPE_INSN_ARRAY] = {NEXT, .has_index = true, .always_full = true},
	[MAP_TYPE_ARENA] = {NONE, .why = "an arena has pages, not elements; " WHO_HAS_IT},
};

static const struct way *way_of(__u32 map_type)
{
	static const struct way newer = {NEXT};

	if (map_type >= sizeof(ways) / sizeof(ways[0]) || ways[map_type].method == UNKNOWN)
		return &newer;
	return &ways[map_type];
}
