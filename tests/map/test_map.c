/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What every map does: attributes, ids, references, freezing, counters, types. */
#include "rt.h"

#include <limits.h>

#include "btf/btf.h"

#define HASH BPF_MAP_TYPE_HASH
#define ARRAY BPF_MAP_TYPE_ARRAY
#define LRU BPF_MAP_TYPE_LRU_HASH
#define PERCPU BPF_MAP_TYPE_PERCPU_ARRAY

static void attributes_are_checked_as_linux_does(void **state)
{
	static const struct {
		u32 type, key, value, max, flags;
		int err;
	} rows[] = {
		{HASH, 4, 8, 1, 0, 0},
		{HASH, 4, 8, 1u << 27, BPF_F_NO_PREALLOC, 0},
		{HASH, 4, 8, (1u << 27) + 1, BPF_F_NO_PREALLOC, -E2BIG},
		{HASH, 4, 8, UINT_MAX, 0, -E2BIG},
		{HASH, 4, (4 << 20) - 48 - 5, 1, 0, 0},
		{HASH, 4, (4 << 20) - 48 - 4, 1, 0, -E2BIG},
		{HASH, UINT_MAX, UINT_MAX, 1, 0, -E2BIG},
		{HASH, 1000, 8, 1, 0, 0},
		{HASH, 0, 8, 1, 0, -EINVAL},
		{HASH, 4, 0, 1, 0, -EINVAL},
		{HASH, 4, 8, 0, 0, -EINVAL},
		{HASH, 4, 8, 1, BPF_F_NO_PREALLOC | BPF_F_ZERO_SEED, 0},
		{HASH, 4, 8, 1, BPF_F_MMAPABLE, -EINVAL},
		{HASH, 4, 8, 1, BPF_F_NO_COMMON_LRU, -EINVAL},
		{HASH, 4, 8, 1, BPF_F_STACK_BUILD_ID, -EINVAL},
		{HASH, 4, 8, 1, 1u << 31, -EINVAL},
		{HASH, 4, 8, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, -EINVAL},
		{HASH, 4, 8, 1, BPF_F_RDONLY | BPF_F_WRONLY_PROG, 0},
		{HASH, 4, 8, 1, BPF_F_NUMA_NODE, 0},
		{ARRAY, 4, 8, 1, 0, 0},
		{ARRAY, 4, 1, 1, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG, 0},
		{ARRAY, 4, 8, 1, BPF_F_INNER_MAP, 0},
		{ARRAY, 8, 8, 1, 0, -EINVAL},
		{ARRAY, 0, 8, 1, 0, -EINVAL},
		{ARRAY, 4, 0, 1, 0, -EINVAL},
		{ARRAY, 4, 8, 0, 0, -EINVAL},
		{ARRAY, 4, 0x80000000, 1, 0, -E2BIG},
		{ARRAY, 4, 0x7fffffff, UINT_MAX, 0, -ENOMEM},
		{ARRAY, 4, 0x7fffffff, UINT_MAX, BPF_F_MMAPABLE, -ENOMEM},
		{ARRAY, 4, 8, 1, BPF_F_NO_PREALLOC, -EINVAL},
		{ARRAY, 4, 8, 1, BPF_F_ZERO_SEED, -EINVAL},
		{ARRAY, 4, 8, 1, BPF_F_PRESERVE_ELEMS, -EINVAL},
		{ARRAY, 4, 8, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, -EINVAL},
		{BPF_MAP_TYPE_UNSPEC, 4, 8, 1, 0, -EINVAL},
		{BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1, 0, -EINVAL},
		{12345, 4, 8, 1, 0, -EINVAL},
		{UINT_MAX, 4, 8, 1, 0, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union bpf_attr attr = {
			.map_type = rows[i].type,
			.key_size = rows[i].key,
			.value_size = rows[i].value,
			.max_entries = rows[i].max,
			.map_flags = rows[i].flags,
		};
		struct bpf_map *map = bpf_map_create(&rt, &attr, NULL, NULL);

		if (rows[i].err) {
			if (PTR_ERR(map) != rows[i].err)
				fail_msg("row %zu: %ld", i, PTR_ERR(map));
			continue;
		}
		if (IS_ERR(map))
			fail_msg("row %zu: %ld", i, PTR_ERR(map));
		assert_int_equal(map->max_entries, rows[i].max);
		assert_int_equal(map->map_flags, rows[i].flags & ~(BPF_F_RDONLY | BPF_F_WRONLY));
		bpf_map_put_with_uref(map);
	}
}

static void other_attributes(void **state)
{
	static const struct {
		union bpf_attr attr;
		const char *name;
		int err;
	} rows[] = {
		{{.map_extra = 1}, "", -EINVAL},
		{{.map_ifindex = 1}, "", -EINVAL},
		{{.numa_node = 7}, "", 0},
		{{.map_flags = BPF_F_NUMA_NODE, .numa_node = 7}, "", -EINVAL},
		{{.btf_key_type_id = 1}, "", -EINVAL},
		{{.btf_value_type_id = 1}, "", -EBADF},
		{{.btf_key_type_id = 1, .btf_value_type_id = 1}, "", -EBADF},
		{{.btf_vmlinux_value_type_id = 1}, "", -EINVAL},
		{{.map_flags = 0}, "Az09_.", 0},
		{{.map_flags = 0}, "fifteen_letters", 0},
		{{.map_flags = 0}, "sixteen__letters", -EINVAL},
		{{.map_flags = 0}, "a-b", -EINVAL},
		{{.map_flags = 0}, "a b", -EINVAL},
		{{.map_flags = 0}, "\xc0\xe4\xff", 0},
		{{.map_flags = 0}, "\xbf", -EINVAL},
		{{.map_flags = 0}, "\xd7", -EINVAL},
		{{.map_flags = 0}, "\xf7", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union bpf_attr attr = rows[i].attr;
		struct bpf_map *map;

		attr.map_type = HASH;
		attr.key_size = attr.value_size = attr.max_entries = 4;
		memcpy(attr.map_name, rows[i].name,
		       min_of(strlen(rows[i].name), sizeof(attr.map_name)));
		map = bpf_map_create(&rt, &attr, NULL, NULL);
		if (rows[i].err) {
			if (PTR_ERR(map) != rows[i].err)
				fail_msg("row %zu: %ld", i, PTR_ERR(map));
			continue;
		}
		assert_false(IS_ERR(map));
		assert_string_equal(map->name, rows[i].name);
		bpf_map_put_with_uref(map);
	}
}

static void ids_and_references(void **state)
{
	struct bpf_map *a = new_map(HASH, 4, 4, 4, 0), *b = new_map(ARRAY, 4, 4, 4, 0), *found;
	u32 id = a->id, id_b = b->id;

	assert_int_equal(id_b, id + 1);
	found = bpf_map_get_by_id(&rt, id);
	assert_ptr_equal(found, a);
	assert_int_equal(atomic64_read(&a->refcnt), 2);
	assert_int_equal(atomic64_read(&a->usercnt), 1);
	bpf_map_inc_with_uref(a);
	assert_int_equal(atomic64_read(&a->usercnt), 2);
	bpf_map_put_with_uref(a);
	bpf_map_put_with_uref(a);
	assert_int_equal(atomic64_read(&a->usercnt), 0);

	/* Held by the reference alone, and found in its order. */
	id = 0;
	found = bpf_map_get_curr_or_next(&rt, &id);
	assert_ptr_equal(found, a);
	assert_int_equal(id, a->id);
	bpf_map_put(found);
	bpf_map_put(a);
	assert_int_equal(PTR_ERR(bpf_map_get_by_id(&rt, id)), -ENOENT);
	found = bpf_map_get_curr_or_next(&rt, &id);
	assert_ptr_equal(found, b);
	assert_int_equal(id, id_b);
	bpf_map_put(found);
	id++;
	assert_null(bpf_map_get_curr_or_next(&rt, &id));
	bpf_map_put_with_uref(b);
	assert_int_equal(PTR_ERR(bpf_map_get_by_id(&rt, 0)), -ENOENT);
}

static void freezing(void **state)
{
	struct bpf_map *map = new_map(ARRAY, 4, 4, 4, 0);

	assert_int_equal(bpf_map_write_begin(map), 0);
	assert_int_equal(bpf_map_write_begin(map), 0);
	assert_int_equal(bpf_map_freeze(map), -EBUSY);
	bpf_map_write_end(map);
	assert_int_equal(bpf_map_freeze(map), -EBUSY);
	assert_false(map->frozen);
	bpf_map_write_end(map);
	assert_int_equal(bpf_map_freeze(map), 0);
	assert_true(map->frozen);
	assert_int_equal(bpf_map_freeze(map), -EPERM);
	assert_int_equal(bpf_map_write_begin(map), -EPERM);
	bpf_map_put_with_uref(map);
}

static struct bpf_map *counted;

static void *count_in_runs(void *arg)
{
	for (u32 i = 0; i < 3000; i++) {
		const u32 key = i * 4 + (unsigned long)arg;
		struct bpf_run_ctx ctx;

		if (i % 2)
			bpf_run_begin(&ctx, &rt);
		map_update(counted, &key, &key, BPF_NOEXIST);
		if (i % 3 == 0)
			map_delete(counted, &key);
		if (i % 2)
			bpf_run_end(&ctx);
	}
	return NULL;
}

static void counters_lose_nothing(void **state)
{
	struct bpf_map *array = new_map(ARRAY, 4, 4, 4, 0);
	pthread_t threads[4];

	counted = new_map(HASH, 4, 4, 4 * 3000, 0);
	for (unsigned long i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_in_runs, (void *)i), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(bpf_map_read_elem_count(counted), 4 * 2000);
	assert_int_equal(bpf_map_read_elem_count(array), 0);
	assert_int_equal(bpf_map_value_size(counted), 4);
	bpf_map_put_with_uref(counted);
	bpf_map_put_with_uref(array);
}

/* --- types ----------------------------------------------------------------------------------- */

static const char strings[] = "\0int\0bpf_spin_lock\0val\0kptr\0.data\0x\0plain";

enum { S_INT = 1, S_LOCK = 5, S_VAL = 19, S_KPTR = 23, S_DATA = 28, S_X = 34, S_PLAIN = 36 };

#define T(name, kind, vlen, size) (name), ((u32)BTF_KIND_##kind << 24 | (vlen)), (size)

static const u32 types[] = {
	/* 1 */ T(S_INT, INT, 0, 4),
	32,
	/* 2 */ T(S_INT, INT, 0, 8),
	64,
	/* 3 */ T(S_INT, INT, 0, 4),
	31,
	/* 4 */ T(S_PLAIN, STRUCT, 1, 8),
	S_X,
	2,
	0,
	/* 5 */ T(S_LOCK, STRUCT, 1, 4),
	S_X,
	1,
	0,
	/* 6 */ T(S_VAL, STRUCT, 2, 8),
	S_X,
	1,
	0,
	S_LOCK,
	5,
	32,
	/* 7 */ T(0, ARRAY, 0, 0),
	6,
	1,
	3,
	/* 8 */ T(S_VAL, STRUCT, 1, 24),
	S_X,
	7,
	0,
	/* 9 */ T(S_KPTR, TYPE_TAG, 0, 4),
	/* 10 */ T(0, PTR, 0, 9),
	/* 11 */ T(S_VAL, STRUCT, 1, 8),
	S_X,
	10,
	0,
	/* 12 */ T(S_X, VAR, 0, 1),
	BTF_VAR_GLOBAL_ALLOCATED,
	/* 13 */ T(S_DATA, DATASEC, 1, 4),
	12,
	0,
	4,
	/* 14 */ T(S_X, TYPEDEF, 0, 1),
	/* 15 */ T(0, PTR, 0, 6),
	/* 16 */ T(S_VAL, STRUCT, 1, 8),
	S_X,
	15,
	0,
	/* 17 */ T(S_X, VAR, 0, 5),
	BTF_VAR_GLOBAL_ALLOCATED,
	/* 18 */ T(S_DATA, DATASEC, 1, 4),
	17,
	0,
	4,
};

static struct btf *make_btf(void)
{
	static u8 blob[sizeof(struct btf_header) + sizeof(types) + sizeof(strings)];
	struct btf_header hdr = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(hdr),
		.type_len = sizeof(types),
		.str_off = sizeof(types),
		.str_len = sizeof(strings),
	};

	memcpy(blob, &hdr, sizeof(hdr));
	memcpy(blob + sizeof(hdr), types, sizeof(types));
	memcpy(blob + sizeof(hdr) + sizeof(types), strings, sizeof(strings));
	return btf_parse(&rt, blob, sizeof(blob), NULL, NULL);
}

static void types_must_fit_keys_and_values(void **state)
{
	static const struct {
		u32 type, key_size, value_size, max, key_id, value_id;
		int err;
		u32 lock; /* 1 + its offset */
	} rows[] = {
		{HASH, 4, 8, 4, 1, 2, 0},
		{HASH, 4, 8, 4, 1, 4, 0},
		{HASH, 8, 8, 4, 4, 4, 0},
		{HASH, 4, 4, 4, 14, 14, 0},
		{HASH, 8, 8, 4, 1, 2, -EINVAL}, /* sizes */
		{HASH, 4, 4, 4, 1, 2, -EINVAL},
		{HASH, 4, 8, 4, 99, 2, -EINVAL}, /* no such type */
		{HASH, 4, 8, 4, 1, 99, -EINVAL},
		{HASH, 4, 8, 4, 0, 2, -EINVAL}, /* no key type */
		{ARRAY, 4, 8, 4, 1, 4, 0},
		{ARRAY, 4, 8, 4, 14, 4, 0},
		{ARRAY, 4, 8, 4, 3, 4, -EINVAL}, /* 31 bits */
		{ARRAY, 4, 8, 4, 5, 4, -EINVAL}, /* a struct of 4 bytes */
		{ARRAY, 4, 4, 1, 0, 13, 0},	 /* .data */
		{ARRAY, 4, 4, 2, 0, 13, -EINVAL},
		{ARRAY, 4, 8, 1, 0, 4, -EINVAL},
		{HASH, 4, 4, 1, 0, 13, -EINVAL},
		/* A field that needs a care which it does not get. */
		{HASH, 4, 8, 4, 1, 11, -EOPNOTSUPP},
		/* A lock, at offset 4. */
		{HASH, 4, 8, 4, 1, 6, 0, 5},
		{ARRAY, 4, 8, 4, 1, 6, 0, 5},
		{LRU, 4, 8, 4, 1, 6, -EOPNOTSUPP},
		{PERCPU, 4, 8, 4, 1, 6, -EOPNOTSUPP},
		/* Locks that are none: alone, one of several, a global variable. */
		{HASH, 4, 4, 4, 1, 5, 0},
		{ARRAY, 4, 24, 4, 1, 8, 0},
		{ARRAY, 4, 4, 1, 0, 18, 0},
		/* Behind a pointer they are none of the map's. */
		{HASH, 4, 8, 4, 1, 16, 0},
	};
	struct btf *btf = make_btf();

	assert_false(IS_ERR(btf));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union bpf_attr attr = {
			.map_type = rows[i].type,
			.key_size = rows[i].key_size,
			.value_size = rows[i].value_size,
			.max_entries = rows[i].max,
			.btf_key_type_id = rows[i].key_id,
			.btf_value_type_id = rows[i].value_id,
		};
		struct bpf_map *map = bpf_map_create(&rt, &attr, btf, NULL);

		if (rows[i].err ? PTR_ERR(map) != rows[i].err : IS_ERR(map))
			fail_msg("row %zu: %ld", i, PTR_ERR(map));
		if (IS_ERR(map))
			continue;
		assert_ptr_equal(map->btf, btf);
		assert_int_equal(map->btf_value_type_id, rows[i].value_id);
		assert_int_equal(bpf_map_has_spin_lock(map) ? map->record->spin_lock_off + 1 : 0,
				 rows[i].lock);
		bpf_map_put_with_uref(map);
	}
	rcu_barrier();
	/* Whatever failed and whatever went gave its reference back. */
	assert_int_equal(atomic64_read(&btf->refcnt), 1);

	btf->kernel_btf = true;
	{
		union bpf_attr attr = {
			.map_type = HASH,
			.key_size = 4,
			.value_size = 8,
			.max_entries = 1,
			.btf_key_type_id = 1,
			.btf_value_type_id = 2,
		};

		assert_int_equal(PTR_ERR(bpf_map_create(&rt, &attr, btf, NULL)), -EACCES);
	}
	btf->kernel_btf = false;
	btf_put(btf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_checked_as_linux_does),
		cmocka_unit_test(other_attributes),
		cmocka_unit_test(ids_and_references),
		cmocka_unit_test(freezing),
		cmocka_unit_test(counters_lose_nothing),
		cmocka_unit_test(types_must_fit_keys_and_values),
	};

	return cmocka_run_group_tests_name("map", tests, rt_set_up, rt_tear_down);
}
