/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Maps whose values are objects: maps of maps and arrays of programs. bpf(2) puts them in by
 * descriptor and gets their ids back.
 */
#include <unistd.h>

#include "facts.h"

#define A BPF_MAP_TYPE_ARRAY
#define H BPF_MAP_TYPE_HASH
#define AOM BPF_MAP_TYPE_ARRAY_OF_MAPS
#define HOM BPF_MAP_TYPE_HASH_OF_MAPS
#define PROGS BPF_MAP_TYPE_PROG_ARRAY

static int outer_try(enum bpf_map_type type, int inner, unsigned int flags)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 4,
		.map_flags = flags,
	};

	attr.inner_map_fd = (__u32)inner;
	return own(bpf(BPF_MAP_CREATE, &attr));
}

static int outer_new(enum bpf_map_type type, int inner)
{
	int map = outer_try(type, inner, 0);

	assert_true(map >= 0);
	return map;
}

static int put(int map, __u32 key, int fd, __u64 flags)
{
	return map_update(map, &key, &fd, flags);
}

static int get(int map, __u32 key)
{
	__u32 id = 0;
	int err = map_lookup(map, &key, &id);

	return err ? err : (int)id;
}

static int take(int map, __u32 key)
{
	return map_delete(map, &key);
}

static int lookup_and_delete(int map, __u32 key)
{
	union bpf_attr attr = {0};
	__u32 value;

	attr.map_fd = (__u32)map;
	attr.key = PTR(&key);
	attr.value = PTR(&value);
	return bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr);
}

/* --- creation ---------------------------------------------------------------------------- */

static void outer_attributes(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
		int result;
	} cases[] = {
		{AOM, 4, 4, 4, 0, 0},
		{AOM, 8, 4, 4, 0, -EINVAL},
		{AOM, 0, 4, 4, 0, -EINVAL},
		{AOM, 4, 8, 4, 0, -EINVAL},
		{AOM, 4, 0, 4, 0, -EINVAL},
		{AOM, 4, 4, 0, 0, -EINVAL},
		{AOM, 4, 4, 4, BPF_F_NO_PREALLOC, -EINVAL},
		{AOM, 4, 4, 4, BPF_F_NUMA_NODE, 0},
		{AOM, 4, 4, 4, BPF_F_RDONLY, 0},
		{AOM, 4, 4, 4, BPF_F_WRONLY, 0},
		{AOM, 4, 4, 4, BPF_F_ZERO_SEED, -EINVAL},
		{AOM, 4, 4, 4, BPF_F_RDONLY_PROG, -EINVAL},
		{AOM, 4, 4, 4, BPF_F_WRONLY_PROG, -EINVAL},
		{AOM, 4, 4, 4, BPF_F_MMAPABLE, -EINVAL},
		{AOM, 4, 4, 4, BPF_F_PRESERVE_ELEMS, -EINVAL},
		{AOM, 4, 4, 4, BPF_F_INNER_MAP, -EINVAL},
		{HOM, 4, 4, 4, 0, 0},
		{HOM, 8, 4, 4, 0, 0},
		{HOM, 0, 4, 4, 0, -EINVAL},
		{HOM, 4, 8, 4, 0, -EINVAL},
		{HOM, 4, 4, 0, 0, -EINVAL},
		{HOM, 4, 4, 4, BPF_F_NO_PREALLOC, 0},
		{HOM, 4, 4, 4, BPF_F_NO_COMMON_LRU, -EINVAL},
		{HOM, 4, 4, 4, BPF_F_ZERO_SEED, 0},
		{HOM, 4, 4, 4, BPF_F_RDONLY_PROG, 0},
		{HOM, 4, 4, 4, BPF_F_WRONLY_PROG, 0},
		{HOM, 4, 4, 4, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, -EINVAL},
		{HOM, 4, 4, 4, BPF_F_INNER_MAP, -EINVAL},
		{HOM, 4, 4, 4, BPF_F_MMAPABLE, -EINVAL},
		{PROGS, 4, 4, 4, 0, 0},
		{PROGS, 8, 4, 4, 0, -EINVAL},
		{PROGS, 4, 8, 4, 0, -EINVAL},
		{PROGS, 4, 4, 0, 0, -EINVAL},
		{PROGS, 4, 4, 4, BPF_F_NO_PREALLOC, -EINVAL},
		{PROGS, 4, 4, 4, BPF_F_RDONLY, 0},
		{PROGS, 4, 4, 4, BPF_F_RDONLY_PROG, -EINVAL},
		{PROGS, 4, 4, 4, BPF_F_INNER_MAP, -EINVAL},
	};
	int inner = map_new(A, 4, 8, 4, 0);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = {
			.map_type = cases[i].type,
			.key_size = cases[i].key,
			.value_size = cases[i].value,
			.max_entries = cases[i].max,
			.map_flags = cases[i].flags,
		};
		int ret;

		attr.inner_map_fd = (__u32)inner;
		ret = own(bpf(BPF_MAP_CREATE, &attr));
		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
	}
}

static void inner_kinds(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
		int result;
	} cases[] = {
		{H, 4, 8, 4, 0, 0},
		{A, 4, 8, 4, 0, 0},
		{BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 4, 0, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4, 0, 0},
		{BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0, 0},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 4, 0, 0},
		{BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, BPF_F_NO_PREALLOC, 0},
		{BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0, 0},
		{BPF_MAP_TYPE_STACK, 0, 8, 4, 0, 0},
		{BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 4, 0, 0},
		{BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0},
		{BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0, 0},
		{PROGS, 4, 4, 4, 0, -ENOTSUPP},
	};
	static const enum bpf_map_type outer[] = {AOM, HOM};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < ARRAY_SIZE(outer); k++) {
			int inner = map_new(cases[i].type, cases[i].key, cases[i].value,
					    cases[i].max, cases[i].flags);
			int ret = outer_try(outer[k], inner, 0);

			if ((ret >= 0 ? 0 : ret) != cases[i].result)
				fail_msg("type %d in %d: %d", cases[i].type, outer[k], ret);
			if (ret >= 0)
				assert_int_equal(put(ret, 0, inner, 0), 0);
		}
}

static void no_inner(void **state)
{
	int array = map_new(A, 4, 8, 4, 0);
	int aom = outer_new(AOM, array), hom = outer_new(HOM, array);

	/* One level. */
	assert_int_equal(outer_try(AOM, aom, 0), -EINVAL);
	assert_int_equal(outer_try(AOM, hom, 0), -EINVAL);
	assert_int_equal(outer_try(HOM, aom, 0), -EINVAL);
	assert_int_equal(outer_try(HOM, hom, 0), -EINVAL);
	assert_int_equal(outer_try(AOM, 9999, 0), -EBADF);
	assert_int_equal(outer_try(HOM, 9999, 0), -EBADF);
	assert_int_equal(outer_try(AOM, -1, 0), -EBADF);
	assert_int_equal(outer_try(AOM, load_trivial_iter("bpf_map"), 0), -EINVAL);
	/* What is wrong with the outer map comes first. */
	assert_int_equal(outer_try(AOM, 9999, BPF_F_RDONLY_PROG), -EINVAL);
	/* What the descriptor may do, the map in it need not. */
	assert_true(outer_try(AOM, map_new(A, 4, 8, 4, BPF_F_RDONLY), 0) >= 0);
	assert_true(outer_try(AOM, map_new(A, 4, 8, 4, BPF_F_WRONLY), 0) >= 0);
}

/* --- what fits --------------------------------------------------------------------------- */

static void what_fits(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
	} maps[] = {
		{A, 4, 8, 4, 0},
		{A, 4, 8, 5, 0},
		{A, 4, 16, 4, 0},
		{A, 4, 8, 4, BPF_F_INNER_MAP},
		{A, 4, 8, 5, BPF_F_INNER_MAP},
		{A, 4, 8, 4, BPF_F_RDONLY_PROG},
		{A, 4, 8, 4, BPF_F_RDONLY},
		{H, 4, 8, 4, 0},
		{H, 4, 8, 9, 0},
		{H, 4, 8, 4, BPF_F_NO_PREALLOC},
		{H, 8, 8, 4, 0},
		{BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 5, 0},
	};
	/* Which of them are of one kind: the same letter. */
	static const char kinds[] = "abcddeaffghijj";
	int fds[ARRAY_SIZE(maps)];

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		fds[i] = map_new(maps[i].type, maps[i].key, maps[i].value, maps[i].max,
				 maps[i].flags);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		int aom = outer_new(AOM, fds[i]), hom = outer_new(HOM, fds[i]);

		for (size_t k = 0; k < ARRAY_SIZE(maps); k++) {
			int expected = kinds[i] == kinds[k] ? 0 : -EINVAL;

			if (put(aom, 0, fds[k], 0) != expected ||
			    put(hom, 0, fds[k], 0) != expected)
				fail_msg("%zu into %zu", k, i);
		}
	}
}

static void frozen_maps(void **state)
{
	int inner = map_new(A, 4, 8, 4, 0), outer = outer_new(AOM, inner);

	assert_int_equal(map_freeze(inner), 0);
	assert_int_equal(put(outer, 0, inner, 0), 0);
	assert_int_equal(map_freeze(outer), 0);
	assert_int_equal(put(outer, 0, inner, 0), -EPERM);
	assert_int_equal(take(outer, 0), -EPERM);
	assert_int_equal(get(outer, 0), (int)id_of(inner));
}

/* --- elements ---------------------------------------------------------------------------- */

static void array_of_maps(void **state)
{
	int inner = map_new(A, 4, 8, 4, 0), other = map_new(A, 4, 8, 4, 0);
	int map = outer_new(AOM, inner);
	__u32 key = 1, next;

	assert_int_equal(get(map, 0), -ENOENT);
	assert_int_equal(get(map, 9), -ENOENT);
	assert_int_equal(put(map, 0, inner, BPF_ANY), 0);
	assert_int_equal(get(map, 0), (int)id_of(inner));
	assert_int_equal(put(map, 0, other, BPF_ANY), 0);
	assert_int_equal(get(map, 0), (int)id_of(other));
	assert_int_equal(put(map, 0, inner, BPF_NOEXIST), -EINVAL);
	assert_int_equal(put(map, 0, inner, BPF_EXIST), -EINVAL);
	assert_int_equal(put(map, 0, inner, BPF_F_LOCK), -EINVAL);
	assert_int_equal(put(map, 0, inner, 8), -EINVAL);
	/* In which order they are looked at. */
	assert_int_equal(put(map, 0, 9999, BPF_EXIST), -EINVAL);
	assert_int_equal(put(map, 9, 9999, BPF_ANY), -E2BIG);
	assert_int_equal(put(map, 9, inner, BPF_ANY), -E2BIG);
	assert_int_equal(put(map, 0xffffffff, inner, BPF_ANY), -E2BIG);
	assert_int_equal(put(map, 0, 9999, BPF_ANY), -EBADF);
	assert_int_equal(put(map, 0, load_trivial_iter("bpf_map"), BPF_ANY), -EINVAL);
	assert_int_equal(take(map, 3), -ENOENT);
	assert_int_equal(take(map, 9), -E2BIG);
	assert_int_equal(lookup_and_delete(map, 0), -ENOTSUPP);
	assert_int_equal(take(map, 0), 0);
	assert_int_equal(take(map, 0), -ENOENT);
	assert_int_equal(map_next_key(map, NULL, &next), 0);
	assert_int_equal(next, 0);
	assert_int_equal(map_next_key(map, &key, &next), 0);
	assert_int_equal(next, 2);
	key = 3;
	assert_int_equal(map_next_key(map, &key, &next), -ENOENT);
}

static void hash_of_maps(void **state)
{
	int inner = map_new(A, 4, 8, 4, 0), other = map_new(A, 4, 8, 4, 0);
	int map = outer_new(HOM, inner);
	__u32 next;

	assert_int_equal(map_next_key(map, NULL, &next), -ENOENT);
	assert_int_equal(put(map, 0, inner, BPF_EXIST), -ENOENT);
	assert_int_equal(put(map, 0, inner, BPF_NOEXIST), 0);
	assert_int_equal(put(map, 0, inner, BPF_NOEXIST), -EEXIST);
	assert_int_equal(get(map, 0), (int)id_of(inner));
	assert_int_equal(put(map, 0, other, BPF_EXIST), 0);
	assert_int_equal(get(map, 0), (int)id_of(other));
	assert_int_equal(put(map, 0, other, BPF_ANY), 0);
	assert_int_equal(put(map, 0, inner, 3), -EINVAL);
	assert_int_equal(put(map, 0, inner, BPF_F_LOCK), -EINVAL);
	assert_int_equal(put(map, 0, inner, 8), -EINVAL);
	assert_int_equal(put(map, 0, 9999, BPF_NOEXIST), -EBADF);
	assert_int_equal(put(map, 0, 9999, 3), -EBADF);
	assert_int_equal(put(map, 0, 9999, BPF_F_LOCK), -EINVAL);
	for (__u32 key = 1; key < 4; key++)
		assert_int_equal(put(map, key, inner, BPF_ANY), 0);
	assert_int_equal(put(map, 4, inner, BPF_ANY), -E2BIG);
	assert_int_equal(put(map, 3, other, BPF_ANY), 0);
	assert_int_equal(get(map, 4), -ENOENT);
	assert_int_equal(take(map, 4), -ENOENT);
	assert_int_equal(lookup_and_delete(map, 0), -ENOTSUPP);
	assert_int_equal(lookup_and_delete(map, 4), -ENOTSUPP);
	assert_int_equal(take(map, 0), 0);
	assert_int_equal(put(map, 4, inner, BPF_ANY), 0);
	assert_int_equal(map_next_key(map, NULL, &next), 0);
}

/* Whose last descriptor is closed stays as long as it is in a map, and no longer. */
static int open_id(__u32 id)
{
	union bpf_attr attr = {0};

	attr.map_id = id;
	return own(bpf(BPF_MAP_GET_FD_BY_ID, &attr));
}

static void wait_gone(__u32 id)
{
	/* The kernel lets go of what a program or map had some time after that is gone. */
	for (int i = 0; i < 2000; i++) {
		union bpf_attr attr = {0};

		attr.start_id = id - 1;
		if (bpf(BPF_MAP_GET_NEXT_ID, &attr) || attr.next_id != id)
			return;
		usleep(1000);
	}
	fail_msg("map %u is still there", id);
}

static void held_by_the_outer_map(void **state)
{
	static const enum bpf_map_type outer[] = {AOM, HOM};

	for (size_t i = 0; i < ARRAY_SIZE(outer); i++) {
		int inner = map_new(A, 4, 8, 4, 0), map = outer_new(outer[i], inner);
		int second = map_new(A, 4, 8, 4, 0), third = map_new(A, 4, 8, 4, 0);
		__u32 id = id_of(inner), second_id = id_of(second);
		__u64 value = 7;
		__u32 key = 1;

		assert_int_equal(map_update(inner, &key, &value, 0), 0);
		assert_int_equal(put(map, 1, inner, 0), 0);
		end(inner);
		inner = open_id(id);
		assert_true(inner >= 0);
		value = 0;
		assert_int_equal(map_lookup(inner, &key, &value), 0);
		assert_int_equal(value, 7);
		end(inner);
		assert_int_equal(put(map, 1, second, 0), 0);
		wait_gone(id);
		assert_int_equal(take(map, 1), 0);
		end(second);
		wait_gone(second_id);
		/* What the outer map is like does not hang on the map that it was made with. */
		assert_int_equal(put(map, 1, third, 0), 0);
	}
}

static void types_of_an_outer_map(void **state)
{
	static const enum bpf_map_type kinds[] = {AOM, HOM, PROGS};
	static const int results[] = {-ENOTSUPP, -ENOTSUPP, 0};
	struct btf *btf = btf__new_empty();
	int u32 = btf__add_int(btf, "u32", 4, 0);
	int inner = map_new(A, 4, 8, 4, 0);
	union bpf_attr attr = {0};
	__u32 size;
	int fd;

	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = own(bpf(BPF_BTF_LOAD, &attr));
	btf__free(btf);
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int ret;

		attr = (union bpf_attr){
			.map_type = kinds[i], .key_size = 4, .value_size = 4, .max_entries = 4};
		attr.inner_map_fd = (__u32)inner;
		attr.btf_fd = (__u32)fd;
		attr.btf_key_type_id = (__u32)u32;
		attr.btf_value_type_id = (__u32)u32;
		ret = own(bpf(BPF_MAP_CREATE, &attr));
		if ((ret >= 0 ? 0 : ret) != results[i])
			fail_msg("type %d: %d", kinds[i], ret);
	}
}

/* --- arrays of programs ------------------------------------------------------------------ */

static int load_trivial(enum bpf_prog_type type)
{
	int prog = load(type, CODE(MOV64_IMM(0, 0), EXIT()));

	assert_true(prog >= 0);
	return prog;
}

/* A program that has to do with @map in no other way than that it names it. */
static int load_naming(const char *target, int map)
{
	return load_iter(target, CODE(LD_MAP_FD(2, map), MOV64_IMM(0, 0), EXIT()));
}

static void prog_array(void **state)
{
	int map = map_new(PROGS, 4, 4, 4, 0), array = map_new(A, 4, 8, 4, 0);
	int prog = load_trivial(BPF_PROG_TYPE_SOCKET_FILTER), other = load_trivial_iter("bpf_map");
	__u32 key = 1, next;

	assert_int_equal(put(map, 0, prog, BPF_EXIST), -EINVAL);
	assert_int_equal(put(map, 0, prog, BPF_NOEXIST), -EINVAL);
	assert_int_equal(put(map, 0, 9999, BPF_EXIST), -EINVAL);
	assert_int_equal(put(map, 9, 9999, BPF_ANY), -E2BIG);
	assert_int_equal(put(map, 0, 9999, BPF_ANY), -EBADF);
	assert_int_equal(put(map, 0, array, BPF_ANY), -EINVAL);
	assert_int_equal(put(map, 0, prog, BPF_ANY), 0);
	assert_int_equal(put(map, 0, prog, BPF_ANY), 0);
	assert_int_equal(put(map, 1, other, BPF_ANY), -EINVAL);
	assert_int_equal(get(map, 0), (int)id_of(prog));
	assert_int_equal(get(map, 1), -ENOENT);
	assert_int_equal(get(map, 9), -ENOENT);
	assert_int_equal(take(map, 1), -ENOENT);
	assert_int_equal(take(map, 9), -E2BIG);
	assert_int_equal(lookup_and_delete(map, 0), -ENOTSUPP);
	assert_int_equal(take(map, 0), 0);
	assert_int_equal(take(map, 0), -ENOENT);
	/* It is theirs for good. */
	assert_int_equal(put(map, 1, other, BPF_ANY), -EINVAL);
	assert_int_equal(map_next_key(map, NULL, &next), 0);
	assert_int_equal(map_next_key(map, &key, &next), 0);
	assert_int_equal(next, 2);
	assert_int_equal(map_freeze(map), 0);
	assert_int_equal(put(map, 0, prog, BPF_ANY), -EPERM);
}

/* Which programs an array takes is decided by the first that has to do with it. */
static void prog_array_owner(void **state)
{
	int map = map_new(PROGS, 4, 4, 4, 0);
	int maps = load_trivial_iter("bpf_map"), elems = load_trivial_iter("bpf_map_elem");
	int filter = load_trivial(BPF_PROG_TYPE_SOCKET_FILTER);
	char text[1024];

	assert_true(E->fdinfo(map, text, sizeof(text)) > 0);
	assert_null(strstr(text, "owner_"));
	assert_true(load_naming("bpf_map", map) >= 0);
	assert_true(E->fdinfo(map, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "owner_prog_type:\t26\n"));
	assert_non_null(strstr(text, "owner_jited:\t"));
	assert_int_equal(put(map, 0, filter, 0), -EINVAL);
	assert_int_equal(put(map, 0, elems, 0), -EINVAL);
	assert_int_equal(put(map, 0, maps, 0), 0);
	assert_int_equal(load_naming("bpf_map_elem", map), -EINVAL);
	assert_true(load_naming("bpf_map", map) >= 0);
}

/* The programs stay for those who can change the array, not for those who can only use it. */
static void prog_array_without_handle(void **state)
{
	int map = map_new(PROGS, 4, 4, 4, 0), user = load_naming("bpf_map", map);
	__u32 id = id_of(map);

	assert_true(user >= 0);
	assert_int_equal(put(map, 0, user, 0), 0);
	assert_int_equal(get(map, 0), (int)id_of(user));
	end(map);
	/* In the kernel it is somebody else who does it, later; and some versions lose a reference
	 * to the array when they are told again before that. */
	if (!E->is_private)
		usleep(200000);
	map = open_id(id);
	assert_true(map >= 0);
	assert_int_equal(get(map, 0), -ENOENT);
	end(user);
	end(map);
	wait_gone(id);
}

/* --- programs that use them -------------------------------------------------------------- */

static int load_filter(const struct code *code)
{
	return load(BPF_PROG_TYPE_SOCKET_FILTER, code);
}

/* Number @key of the inner map at key 0 of @map; 1001: no map, 1002: no such element. */
static int load_inner_lookup(int map, int key)
{
	return load_filter(CODE(ST_MEM(W, 10, -4, 0), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
				LD_MAP_FD(1, map), CALL(BPF_FUNC_map_lookup_elem),
				JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 1001), EXIT(),
				ST_MEM(W, 10, -4, key), MOV64_REG(1, 0), MOV64_REG(2, 10),
				ALU64_IMM(BPF_ADD, 2, -4), CALL(BPF_FUNC_map_lookup_elem),
				JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 1002), EXIT(),
				LDX_MEM(DW, 0, 0, 0), EXIT()));
}

static void inner_lookups(void **state)
{
	static const enum bpf_map_type outer[] = {AOM, HOM}, inner[] = {A, H};

	for (size_t i = 0; i < ARRAY_SIZE(outer); i++)
		for (size_t k = 0; k < ARRAY_SIZE(inner); k++) {
			int empty = map_new(inner[k], 4, 8, 1, 0), map, prog;
			int full = map_of_numbers(inner[k], 1);

			map = outer_new(outer[i], empty);
			prog = load_inner_lookup(map, 0);
			assert_int_equal(run(prog), 1001);
			assert_int_equal(put(map, 0, empty, 0), 0);
			assert_int_equal(run(prog), inner[k] == A ? 0 : 1002);
			assert_int_equal(put(map, 0, full, 0), 0);
			assert_int_equal(run(prog), 100);
			/* The array is all that holds it. */
			end(full);
			assert_int_equal(run(prog), 100);
			assert_int_equal(take(map, 0), 0);
			assert_int_equal(run(prog), 1001);
		}
}

/* BPF_F_INNER_MAP: how many elements an inner array has is its own affair, not that of the one that
 * the outer map was made with. */
static void inner_arrays_of_other_lengths(void **state)
{
	static const enum bpf_map_type outer[] = {AOM, HOM};
	static const struct {
		unsigned int max;
		__u32 key;
		unsigned int result;
	} rows[] = {
		{4, 3, 103}, {4, 4, 1002}, {9, 8, 108},	 {9, 9, 1002}, {9, UINT32_MAX, 1002},
		{2, 1, 101}, {2, 2, 1002}, {2, 3, 1002}, {1, 1, 1002},
	};

	for (size_t i = 0; i < ARRAY_SIZE(outer); i++) {
		int map = outer_new(outer[i], map_new(A, 4, 8, 4, BPF_F_INNER_MAP));

		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			int inner = map_new(A, 4, 8, rows[k].max, BPF_F_INNER_MAP);
			unsigned int result;

			for (__u32 key = 0; key < rows[k].max; key++) {
				__u64 value = 100 + key;

				assert_int_equal(map_update(inner, &key, &value, BPF_ANY), 0);
			}
			assert_int_equal(put(map, 0, inner, 0), 0);
			result = run(load_inner_lookup(map, (__s32)rows[k].key));
			if (result != rows[k].result)
				fail_msg("outer %zu, row %zu: %u", i, k, result);
			end(inner);
		}
	}
}

/* No index is in bounds of all of them: what a lookup gives is compared with NULL, whatever the map
 * is long that the outer one was made with. */
static void no_index_is_in_bounds(void **state)
{
	static const struct {
		unsigned int flags;
		int key;
	} rows[] = {{0, 3}, {0, 4}, {BPF_F_INNER_MAP, 3}, {BPF_F_INNER_MAP, 4}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int map = outer_new(AOM, map_new(A, 4, 8, 4, rows[i].flags));
		int prog = load_filter(
			CODE(ST_MEM(W, 10, -4, 0), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
			     LD_MAP_FD(1, map), CALL(BPF_FUNC_map_lookup_elem),
			     JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 0), EXIT(),
			     ST_MEM(W, 10, -4, rows[i].key), MOV64_REG(1, 0), MOV64_REG(2, 10),
			     ALU64_IMM(BPF_ADD, 2, -4), CALL(BPF_FUNC_map_lookup_elem),
			     LDX_MEM(DW, 0, 0, 0), EXIT()));

		assert_int_equal(prog, -EACCES);
	}
}

#define TAIL_CALL(map, index) LD_MAP_FD(2, map), MOV64_IMM(3, index), CALL(BPF_FUNC_tail_call)

static void tail_calls(void **state)
{
	int map = map_new(PROGS, 4, 4, 4, 0);
	int hundred = load_filter(CODE(MOV64_IMM(0, 100), EXIT()));
	int to_0 = load_filter(CODE(TAIL_CALL(map, 0), MOV64_IMM(0, 7), EXIT()));
	int to_9 = load_filter(CODE(TAIL_CALL(map, 9), MOV64_IMM(0, 7), EXIT()));
	int far = load_filter(CODE(LD_MAP_FD(2, map), LD_IMM64(3, 0, 0, 1),
				   CALL(BPF_FUNC_tail_call), MOV64_IMM(0, 7), EXIT()));

	assert_int_equal(run(to_0), 7);
	assert_int_equal(put(map, 0, hundred, 0), 0);
	assert_int_equal(run(to_0), 100);
	assert_int_equal(run(to_9), 7);
	/* Of an index the lower half counts. */
	assert_int_equal(run(far), 100);
	/* The array is all that holds it. */
	end(hundred);
	assert_int_equal(run(to_0), 100);
	assert_int_equal(put(map, 1, to_0, 0), 0);
	assert_int_equal(run(load_filter(CODE(TAIL_CALL(map, 1), MOV64_IMM(0, 8), EXIT()))), 100);
	assert_int_equal(take(map, 0), 0);
	assert_int_equal(run(to_0), 7);
}

/* 33 of them, then the call does nothing. */
static void tail_calls_of_one_run(void **state)
{
	int map = map_new(PROGS, 4, 4, 4, 0), data = map_new(A, 4, 8, 1, 0), self;
	__u32 key = 0;
	__u64 count;

	self = load_filter(CODE(LD_MAP_VALUE(6, data, 0), LDX_MEM(DW, 7, 6, 0),
				ALU64_IMM(BPF_ADD, 7, 1), STX_MEM(DW, 6, 7, 0), TAIL_CALL(map, 0),
				LD_MAP_VALUE(6, data, 0), LDX_MEM(DW, 0, 6, 0), EXIT()));
	assert_true(self >= 0);
	assert_int_equal(put(map, 0, self, 0), 0);
	for (unsigned int i = 1; i < 4; i++) {
		assert_int_equal(run(self), 34 * i);
		assert_int_equal(map_lookup(data, &key, &count), 0);
		assert_int_equal(count, 34 * i);
	}
}

/* A program of the main function and one behind it, at instruction @second. */
static int load_two_functions(const struct code *code, unsigned int second)
{
	const unsigned int starts[] = {0, second};
	int prog = load_functions(code, starts, ARRAY_SIZE(starts));

	assert_true(prog >= 0);
	return prog;
}

static void tail_calls_from_functions(void **state)
{
	int map = map_new(PROGS, 4, 4, 4, 0), prog, self;
	int large = load_filter(CODE(LD_IMM64(0, 0, 5, 256), EXIT()));

	/* It comes back to the function's caller, with all 64 bits. */
	prog = load_two_functions(CODE(CALL_SUBPROG(2), ALU64_IMM(BPF_RSH, 0, 32), EXIT(),
				       TAIL_CALL(map, 1), MOV64_IMM(0, 7), EXIT()),
				  3);
	assert_int_equal(run(prog), 0);
	assert_int_equal(put(map, 1, large, 0), 0);
	assert_int_equal(run(prog), 256);
	/* What they are counted by is the run, not the function. */
	self = load_filter(CODE(TAIL_CALL(map, 0), MOV64_IMM(0, 3), EXIT()));
	assert_int_equal(put(map, 0, self, 0), 0);
	prog = load_two_functions(CODE(MOV64_REG(6, 1), CALL_SUBPROG(5), MOV64_REG(7, 0),
				       MOV64_REG(1, 6), CALL_SUBPROG(2), ALU64_REG(BPF_ADD, 0, 7),
				       EXIT(), TAIL_CALL(map, 0), MOV64_IMM(0, 1000), EXIT()),
				  7);
	assert_int_equal(run(prog), 1003);
}

/* A call of @helper with @map and memory enough for every kind of it. */
static int try_helper(int map, int helper, int value_size)
{
	struct code code = {0};

	EMIT(&code, MOV64_REG(6, 1));
	for (int off = -64; off < 0; off += 8)
		EMIT(&code, ST_MEM(DW, 10, off, 0));
	if (helper == BPF_FUNC_tail_call)
		EMIT(&code, TAIL_CALL(map, 0));
	else
		EMIT(&code, LD_MAP_FD(1, map), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -64),
		     MOV64_REG(3, 10), ALU64_IMM(BPF_ADD, 3, -32), MOV64_IMM(4, 0));
	switch (helper) {
	case BPF_FUNC_map_push_elem:
	case BPF_FUNC_map_lookup_percpu_elem:
		EMIT(&code, MOV64_IMM(3, 0));
		break;
	case BPF_FUNC_ringbuf_output:
		EMIT(&code, MOV64_IMM(3, value_size));
		break;
	case BPF_FUNC_ringbuf_query:
		EMIT(&code, MOV64_IMM(2, 0));
		break;
	}
	if (helper != BPF_FUNC_tail_call)
		EMIT(&code, CALL(helper));
	EMIT(&code, MOV64_IMM(0, 0), EXIT());
	return load_iter("bpf_map", &code);
}

static void helpers_of_each_kind(void **state)
{
	static const int helpers[] = {
		BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem,
		BPF_FUNC_map_delete_elem, BPF_FUNC_map_push_elem,
		BPF_FUNC_map_pop_elem,	  BPF_FUNC_map_peek_elem,
		BPF_FUNC_tail_call,	  BPF_FUNC_ringbuf_output,
		BPF_FUNC_ringbuf_query,	  BPF_FUNC_map_lookup_percpu_elem,
	};
	enum { OK = 0, NO = -EINVAL, NA = -EACCES }; /* NA: it has no keys or values at all */
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
		int results[ARRAY_SIZE(helpers)];
		int sleepable;
	} kinds[] = {
		{H, 4, 8, 4, 0, {OK, OK, OK, NO, NO, NO, NO, NO, NO, NO}, OK},
		{A, 4, 8, 4, 0, {OK, OK, OK, NO, NO, NO, NO, NO, NO, NO}, OK},
		{PROGS, 4, 4, 4, 0, {NO, NO, NO, NO, NO, NO, OK, NO, NO, NO}, NO},
		{BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		 4,
		 4,
		 4,
		 0,
		 {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
		 NO},
		{BPF_MAP_TYPE_PERCPU_HASH,
		 4,
		 8,
		 4,
		 0,
		 {OK, OK, OK, NO, NO, NO, NO, NO, NO, OK},
		 OK},
		{BPF_MAP_TYPE_PERCPU_ARRAY,
		 4,
		 8,
		 4,
		 0,
		 {OK, OK, OK, NO, NO, NO, NO, NO, NO, OK},
		 OK},
		{BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0, {OK, OK, OK, NO, NO, NO, NO, NO, NO, NO}, OK},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH,
		 4,
		 8,
		 4,
		 0,
		 {OK, OK, OK, NO, NO, NO, NO, NO, NO, OK},
		 OK},
		{BPF_MAP_TYPE_LPM_TRIE,
		 8,
		 8,
		 4,
		 BPF_F_NO_PREALLOC,
		 {OK, OK, OK, NO, NO, NO, NO, NO, NO, NO},
		 NO},
		{AOM, 4, 4, 4, 0, {OK, NO, NO, NO, NO, NO, NO, NO, NO, NO}, OK},
		{HOM, 4, 4, 4, 0, {OK, NO, NO, NO, NO, NO, NO, NO, NO, NO}, OK},
		{BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0, {NA, NA, NA, OK, OK, OK, NO, NO, NO, NA}, OK},
		{BPF_MAP_TYPE_STACK, 0, 8, 4, 0, {NA, NA, NA, OK, OK, OK, NO, NO, NO, NA}, OK},
		{BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, {NA, NA, NA, NA, NA, NA, NO, OK, OK, NA}, OK},
		{BPF_MAP_TYPE_USER_RINGBUF,
		 0,
		 0,
		 4096,
		 0,
		 {NA, NA, NA, NA, NA, NA, NO, NO, NO, NA},
		 OK},
		{BPF_MAP_TYPE_BLOOM_FILTER,
		 0,
		 8,
		 4,
		 0,
		 {NA, NA, NA, OK, NO, OK, NO, NO, NO, NA},
		 NO},
	};
	int inner = map_new(A, 4, 8, 4, 0);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		union bpf_attr attr = {
			.map_type = kinds[i].type,
			.key_size = kinds[i].key,
			.value_size = kinds[i].value,
			.max_entries = kinds[i].max,
			.map_flags = kinds[i].flags,
		};
		struct bpf_insn names[] = {LD_MAP_FD(2, 0), MOV64_IMM(0, 0), EXIT()};
		int map, ret;

		attr.inner_map_fd = (__u32)inner;
		map = own(bpf(BPF_MAP_CREATE, &attr));
		assert_true(map >= 0);
		for (size_t k = 0; k < ARRAY_SIZE(helpers); k++) {
			ret = try_helper(map, helpers[k], 8);
			if ((ret >= 0 ? 0 : ret) != kinds[i].results[k])
				fail_msg("type %d, helper %d: %d", kinds[i].type, helpers[k], ret);
		}
		names[0].imm = map;
		attr = (union bpf_attr){.prog_type = BPF_PROG_TYPE_SYSCALL,
					.insns = PTR(names),
					.insn_cnt = ARRAY_SIZE(names),
					.license = PTR("GPL"),
					.prog_flags = BPF_F_SLEEPABLE};
		/* Another array, which is not the other programs' yet. */
		if (kinds[i].type == PROGS)
			names[0].imm = map_new(PROGS, 4, 4, 4, 0);
		ret = own(bpf(BPF_PROG_LOAD, &attr));
		if ((ret >= 0 ? 0 : ret) != kinds[i].sleepable)
			fail_msg("type %d in a program that may sleep: %d", kinds[i].type, ret);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(outer_attributes),
	cmocka_unit_test(inner_kinds),
	cmocka_unit_test(no_inner),
	cmocka_unit_test(what_fits),
	cmocka_unit_test(frozen_maps),
	cmocka_unit_test(array_of_maps),
	cmocka_unit_test(hash_of_maps),
	cmocka_unit_test(held_by_the_outer_map),
	cmocka_unit_test(types_of_an_outer_map),
	cmocka_unit_test(prog_array),
	cmocka_unit_test(prog_array_owner),
	cmocka_unit_test(prog_array_without_handle),
	cmocka_unit_test(inner_lookups),
	cmocka_unit_test(inner_arrays_of_other_lengths),
	cmocka_unit_test(no_index_is_in_bounds),
	cmocka_unit_test(tail_calls),
	cmocka_unit_test(tail_calls_of_one_run),
	cmocka_unit_test(tail_calls_from_functions),
	cmocka_unit_test(helpers_of_each_kind),
};
const struct section objects_section = {"objects", tests, ARRAY_SIZE(tests)};
