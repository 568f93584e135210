/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Values with a struct bpf_spin_lock, and BPF_F_LOCK. */
#include "facts.h"

#define ENOTSUPP 524

/* LAST */
struct value {
	__u64 a;
	__u32 b, lock;
};

enum shape {
	LAST,	  /* { u64 a; u32 b; lock } */
	FIRST,	  /* { lock; u32 b; u64 a } */
	TWO,	  /* { u64 a; lock; lock } */
	NESTED,	  /* { u64 a; u32 b; struct { lock } } */
	ELEMENTS, /* { u64 a; lock[2] } */
	ONE_OF,	  /* { u64 a; u32 b; lock[1] } */
	IN_UNION, /* { u64 a; u32 b; union { lock } } */
	ALIAS,	  /* { u64 a; u32 b; typedef of lock } */
	BARE,	  /* lock */
};

/* A BTF with a u32, which is type 1, and a value of that shape: its type. */
static int types_with_lock(enum shape shape, int *value, unsigned int *size)
{
	struct btf *btf = btf__new_empty();
	int u32 = btf__add_int(btf, "u32", 4, 0), u64 = btf__add_int(btf, "u64", 8, 0);
	int lock = btf__add_struct(btf, "bpf_spin_lock", 4), inner = lock;
	union bpf_attr attr = {0};
	__u32 length;
	int fd;

	btf__add_field(btf, "val", u32, 0, 0);
	if (shape == NESTED) {
		inner = btf__add_struct(btf, "inner", 4);
		btf__add_field(btf, "lock", lock, 0, 0);
	} else if (shape == IN_UNION) {
		inner = btf__add_union(btf, "inner", 4);
		btf__add_field(btf, "lock", lock, 0, 0);
	} else if (shape == ELEMENTS || shape == ONE_OF) {
		inner = btf__add_array(btf, u32, lock, shape == ELEMENTS ? 2 : 1);
	} else if (shape == ALIAS) {
		inner = btf__add_typedef(btf, "alias", lock);
	}
	*size = 16;
	*value = btf__add_struct(btf, "value", 16);
	switch (shape) {
	case FIRST:
		btf__add_field(btf, "lock", lock, 0, 0);
		btf__add_field(btf, "b", u32, 32, 0);
		btf__add_field(btf, "a", u64, 64, 0);
		break;
	case TWO:
		btf__add_field(btf, "a", u64, 0, 0);
		btf__add_field(btf, "l", lock, 64, 0);
		btf__add_field(btf, "m", lock, 96, 0);
		break;
	case ELEMENTS:
		btf__add_field(btf, "a", u64, 0, 0);
		btf__add_field(btf, "l", inner, 64, 0);
		break;
	case BARE:
		*value = lock;
		*size = 4;
		break;
	default:
		btf__add_field(btf, "a", u64, 0, 0);
		btf__add_field(btf, "b", u32, 64, 0);
		btf__add_field(btf, "l", inner, 96, 0);
	}
	attr.btf = PTR(btf__raw_data(btf, &length));
	attr.btf_size = length;
	fd = own(bpf(BPF_BTF_LOAD, &attr));
	btf__free(btf);
	return fd;
}

static int map_with_lock(enum bpf_map_type type, enum shape shape, unsigned int flags)
{
	union bpf_attr attr = {.map_type = type, .key_size = 4, .max_entries = 4};
	unsigned int size;
	int value;

	attr.btf_fd = (__u32)types_with_lock(shape, &value, &size);
	if ((int)attr.btf_fd < 0)
		return (int)attr.btf_fd;
	attr.btf_key_type_id = 1;
	attr.btf_value_type_id = (__u32)value;
	attr.value_size = size;
	attr.map_flags = flags;
	return own(bpf(BPF_MAP_CREATE, &attr));
}

static int update_locked(int map, __u32 key, __u64 a, __u32 b, __u32 lock, __u64 flags)
{
	struct value value = {a, b, lock};

	return map_update(map, &key, &value, flags);
}

static void creation(void **state)
{
	static const struct {
		enum bpf_map_type type;
		enum shape shape;
		unsigned int flags;
		int result;
		int locked; /* of an update with BPF_F_LOCK */
	} cases[] = {
		{BPF_MAP_TYPE_HASH, LAST, 0, 0, 0},
		{BPF_MAP_TYPE_ARRAY, LAST, 0, 0, 0},
		{BPF_MAP_TYPE_ARRAY, FIRST, 0, 0, 0},
		{BPF_MAP_TYPE_HASH, LAST, BPF_F_NO_PREALLOC, 0, 0},
		{BPF_MAP_TYPE_ARRAY, LAST, BPF_F_MMAPABLE, 0, 0},
		{BPF_MAP_TYPE_ARRAY, NESTED, 0, 0, 0},
		{BPF_MAP_TYPE_ARRAY, ONE_OF, 0, 0, 0},
		{BPF_MAP_TYPE_HASH, LAST, BPF_F_RDONLY_PROG, -EACCES, 0},
		{BPF_MAP_TYPE_ARRAY, LAST, BPF_F_WRONLY_PROG, -EACCES, 0},
		{BPF_MAP_TYPE_LRU_HASH, LAST, 0, -EOPNOTSUPP, 0},
		{BPF_MAP_TYPE_PERCPU_HASH, LAST, 0, -EOPNOTSUPP, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, LAST, 0, -EOPNOTSUPP, 0},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH, LAST, 0, -EOPNOTSUPP, 0},
		/* Plain data. */
		{BPF_MAP_TYPE_ARRAY, BARE, 0, 0, -EINVAL},
		{BPF_MAP_TYPE_ARRAY, ELEMENTS, 0, 0, -EINVAL},
		{BPF_MAP_TYPE_ARRAY, IN_UNION, 0, 0, -EINVAL},
		{BPF_MAP_TYPE_ARRAY, ALIAS, 0, 0, -EINVAL},
		/* Linux says so when the types are loaded. */
		{BPF_MAP_TYPE_ARRAY, TWO, 0, -E2BIG, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int map = map_with_lock(cases[i].type, cases[i].shape, cases[i].flags);

		if ((map < 0 ? map : 0) != cases[i].result)
			fail_msg("case %zu: %d", i, map);
		if (map >= 0)
			assert_int_equal(update_locked(map, 0, 1, 2, 0, BPF_F_LOCK),
					 cases[i].locked);
	}
}

static void flags_and_the_lock_itself(void **state)
{
	static const enum bpf_map_type kinds[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const bool hash = kinds[k] == BPF_MAP_TYPE_HASH;
		int map = map_with_lock(kinds[k], LAST, 0);
		union bpf_attr attr = {.map_fd = (__u32)map, .flags = BPF_F_LOCK};
		struct value value;
		__u32 key = 1;

		attr.key = PTR(&key);
		attr.value = PTR(&value);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | BPF_EXIST),
				 hash ? -ENOENT : 0);
		/* What the caller has there is not taken for a lock that is held. */
		assert_int_equal(update_locked(map, 1, 10, 20, 0xffffffff, BPF_ANY), 0);
		assert_int_equal(update_locked(map, 1, 11, 21, 0xffffffff, BPF_F_LOCK), 0);
		memset(&value, 0xff, sizeof(value));
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), 0);
		assert_int_equal(value.a, 11);
		assert_int_equal(value.b, 21);
		assert_int_equal(value.lock, 0);
		memset(&value, 0xff, sizeof(value));
		assert_int_equal(map_lookup(map, &key, &value), 0);
		assert_int_equal(value.a, 11);
		assert_int_equal(value.lock, 0);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | BPF_NOEXIST), -EEXIST);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | 3), -EINVAL);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | 8), -EINVAL);
		assert_int_equal(update_locked(map, 9, 1, 2, 0, BPF_F_LOCK), hash ? 0 : -E2BIG);
		key = 77;
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), -ENOENT);
		attr.flags = BPF_F_LOCK | 1;
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), -EINVAL);
		attr.flags = BPF_F_LOCK;
		key = 1;
		assert_int_equal(bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr), hash ? 0 : -ENOTSUPP);
		if (hash)
			assert_int_equal(value.b, 21);
	}
}

static void batches(void **state)
{
	int map = map_with_lock(BPF_MAP_TYPE_HASH, LAST, 0);
	struct value in[3] = {{1, 2, 9}, {3, 4, 9}, {5, 6, 9}}, out[4];
	__u32 keys[4] = {0, 1, 2}, got[4], pos;
	union bpf_attr attr = {0};

	attr.batch.map_fd = (__u32)map;
	attr.batch.elem_flags = BPF_F_LOCK;
	attr.batch.keys = PTR(keys);
	attr.batch.values = PTR(in);
	attr.batch.count = 3;
	assert_int_equal(bpf(BPF_MAP_UPDATE_BATCH, &attr), 0);
	assert_int_equal(bpf(BPF_MAP_UPDATE_BATCH, &attr), 0);
	for (int i = 0; i < 2; i++) {
		memset(out, 0xff, sizeof(out));
		attr.batch.keys = PTR(got);
		attr.batch.values = PTR(out);
		attr.batch.out_batch = PTR(&pos);
		attr.batch.count = 4;
		assert_int_equal(
			bpf(i ? BPF_MAP_LOOKUP_AND_DELETE_BATCH : BPF_MAP_LOOKUP_BATCH, &attr),
			-ENOENT);
		assert_int_equal(attr.batch.count, 3);
		for (int n = 0; n < 3; n++) {
			assert_int_equal(out[n].a, in[got[n]].a);
			assert_int_equal(out[n].b, in[got[n]].b);
			assert_int_equal(out[n].lock, 0);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(creation),
	cmocka_unit_test(flags_and_the_lock_itself),
	cmocka_unit_test(batches),
};
const struct section lock_section = {"lock", tests, ARRAY_SIZE(tests)};
