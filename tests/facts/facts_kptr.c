/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Values that hold objects: which maps may have them, what updates, deletions and lookups make of
 * them. What is never given back shows where leaks do.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "facts.h"

#define K(name) CALL_KFUNC(type_id(#name, BTF_KIND_FUNC))

/* Or of 8 bytes: the pointer alone. */
struct value {
	__u64 n, mask, tail;
};

struct kind {
	enum bpf_map_type type;
	unsigned int flags;
	bool alone; /* the value is the pointer */
	bool percpu;
	bool array;
};
static const struct kind kinds[] = {
	{BPF_MAP_TYPE_HASH, 0, false, false, false},
	{BPF_MAP_TYPE_HASH, 0, true, false, false},
	{BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, false, false, false},
	{BPF_MAP_TYPE_LRU_HASH, 0, false, false, false},
	{BPF_MAP_TYPE_LRU_HASH, 0, true, false, false},
	{BPF_MAP_TYPE_PERCPU_HASH, 0, false, true, false},
	{BPF_MAP_TYPE_PERCPU_HASH, 0, true, true, false},
	{BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, false, true, false},
	{BPF_MAP_TYPE_ARRAY, 0, false, false, true},
	{BPF_MAP_TYPE_ARRAY, 0, true, false, true},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 0, false, true, true},
	{BPF_MAP_TYPE_PERCPU_ARRAY, 0, true, true, true},
};

static unsigned int value_size(const struct kind *kind)
{
	return kind->alone ? sizeof(__u64) : sizeof(struct value);
}

static int offset(const struct kind *kind)
{
	return kind->alone ? 0 : (int)offsetof(struct value, mask);
}

/* What is in the value beside the pointers. */
enum shape { NUMBERS, ALONE, LOCKED };

static int types_with(const char *tag, const char *structure, enum shape shape, int nr, int *value,
		      unsigned int *size)
{
	struct btf *btf = btf__new_empty();
	/* Keys: type 1. */
	int u32 = btf__add_int(btf, "u32", 4, 0), u64 = btf__add_int(btf, "u64", 8, 0);
	int ptr =
		btf__add_ptr(btf, btf__add_type_tag(btf, tag, btf__add_struct(btf, structure, 8)));
	union bpf_attr attr = {0};
	__u32 length;
	char name[16];
	int fd, lock;

	assert_int_equal(u32, 1);
	lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	btf__add_field(btf, "val", u32, 0, 0);
	*size = shape == ALONE ? 8 * (unsigned int)nr : sizeof(struct value);
	*value = btf__add_struct(btf, "value", *size);
	if (shape == NUMBERS)
		btf__add_field(btf, "n", u64, 0, 0);
	else if (shape == LOCKED)
		btf__add_field(btf, "lock", lock, 0, 0);
	for (int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		btf__add_field(btf, name, ptr, ((shape == ALONE ? 0 : 8) + 8 * (__u32)i) * 8, 0);
	}
	if (shape != ALONE)
		btf__add_field(btf, "tail", u64, 128, 0);
	attr.btf = PTR(btf__raw_data(btf, &length));
	attr.btf_size = length;
	fd = own(bpf(BPF_BTF_LOAD, &attr));
	btf__free(btf);
	return fd;
}

static int map_with(enum bpf_map_type type, unsigned int flags, const char *tag,
		    const char *structure, enum shape shape, int nr)
{
	union bpf_attr attr = {.map_type = type, .key_size = 4, .max_entries = 4};
	unsigned int size;
	int value, fd;

	fd = types_with(tag, structure, shape, nr, &value, &size);
	if (fd < 0)
		return fd;
	attr.btf_fd = (__u32)fd;
	attr.btf_key_type_id = 1;
	attr.btf_value_type_id = (__u32)value;
	attr.value_size = size;
	attr.map_flags = flags;
	return own(bpf(BPF_MAP_CREATE, &attr));
}

static int map_of(const struct kind *kind)
{
	int map = map_with(kind->type, kind->flags, "kptr", "bpf_cpumask",
			   kind->alone ? ALONE : NUMBERS, 1);

	assert_true(map >= 0);
	return map;
}

static void creation(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int flags;
		const char *tag, *structure;
		int nr, result;
		bool plain;
	} cases[] = {
		{BPF_MAP_TYPE_HASH, 0, "kptr", "bpf_cpumask", 1, 0, false},
		{BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, "kptr", "bpf_cpumask", 1, 0, false},
		{BPF_MAP_TYPE_ARRAY, 0, "kptr_untrusted", "bpf_map", 1, 0, false},
		{BPF_MAP_TYPE_ARRAY, 0, "kptr", "bpf_cpumask", 11, 0, false},
		{BPF_MAP_TYPE_ARRAY, 0, "kptr", "bpf_cpumask", 12, -E2BIG, false},
		{BPF_MAP_TYPE_HASH, BPF_F_RDONLY_PROG, "kptr", "bpf_cpumask", 1, -EACCES, false},
		{BPF_MAP_TYPE_ARRAY, BPF_F_WRONLY_PROG, "kptr", "bpf_cpumask", 1, -EACCES, false},
		{BPF_MAP_TYPE_HASH, 0, "kptr", "bpf_map", 1, -ENOENT, false},
		{BPF_MAP_TYPE_HASH, 0, "uptr", "own", 1, -EOPNOTSUPP, false},
		{BPF_MAP_TYPE_HASH, 0, "other", "bpf_cpumask", 1, 0, true},
	};

	requires_linux(6, 18);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int map = map_with(cases[i].type, cases[i].flags, cases[i].tag, cases[i].structure,
				   ALONE, cases[i].nr);
		void *addr;

		if ((map < 0 ? map : 0) != cases[i].result)
			fail_msg("case %zu: %d", i, map);
		if (map < 0)
			continue;
		if (cases[i].flags & BPF_F_MMAPABLE)
			assert_true(E->mmap(map, 4096, PROT_READ, 0, &addr) < 0);
		assert_int_equal(map_freeze(map), cases[i].plain ? 0 : -ENOTSUPP);
	}
}

/* --- programs --------------------------------------------------------------------------------- */

#define NO_ELEMENT 9

/* r6 = the value of key 0, of CPU 0; ends the program where there is none */
static void emit_value(struct code *code, const struct kind *kind, int map)
{
	EMIT(code, ST_MEM(W, 10, -4, 0), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), MOV64_IMM(3, 0));
	EMIT(code, CALL(kind->percpu ? BPF_FUNC_map_lookup_percpu_elem : BPF_FUNC_map_lookup_elem),
	     JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, NO_ELEMENT), EXIT(), MOV64_REG(6, 0));
}

/* Gives back what is in r0; returns whether there was any. */
static void emit_drop(struct code *code)
{
	EMIT(code, JMP_IMM(BPF_JEQ, 0, 0, 3), MOV64_REG(1, 0), K(bpf_cpumask_release),
	     MOV64_IMM(0, 1), EXIT());
}

#define FIELD_OF(kind) MOV64_REG(1, 6), ALU64_IMM(BPF_ADD, 1, offset(kind))

/* A set with CPU 0 in it, for what is there. */
static int load_put(const struct kind *kind, int map)
{
	struct code code = {.n = 0};

	emit_value(&code, kind, map);
	EMIT(&code, K(bpf_cpumask_create), JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, -1), EXIT(),
	     MOV64_REG(7, 0), MOV64_IMM(1, 0), MOV64_REG(2, 7), K(bpf_cpumask_set_cpu),
	     FIELD_OF(kind), MOV64_REG(2, 7), CALL(BPF_FUNC_kptr_xchg));
	emit_drop(&code);
	return load_syscall(&code);
}

static int load_take(const struct kind *kind, int map)
{
	struct code code = {.n = 0};

	emit_value(&code, kind, map);
	EMIT(&code, FIELD_OF(kind), MOV64_IMM(2, 0), CALL(BPF_FUNC_kptr_xchg));
	emit_drop(&code);
	return load_syscall(&code);
}

/* How many CPUs are in it, 0: there is none. */
static int load_peek(const struct kind *kind, int map)
{
	struct code code = {.n = 0};

	emit_value(&code, kind, map);
	EMIT(&code, K(bpf_rcu_read_lock), LDX_MEM(DW, 1, 6, offset(kind)), MOV64_IMM(7, 0),
	     JMP_IMM(BPF_JEQ, 1, 0, 2), K(bpf_cpumask_weight), MOV64_REG(7, 0),
	     K(bpf_rcu_read_unlock), MOV64_REG(0, 7), EXIT());
	return load_syscall(&code);
}

/* An update by a program. */
static int load_update(const struct kind *kind, int map)
{
	struct code code = {.n = 0};

	EMIT(&code, ST_MEM(W, 10, -4, 0), ST_MEM(DW, 10, -32, -1), ST_MEM(DW, 10, -24, -1),
	     ST_MEM(DW, 10, -16, -1), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), MOV64_REG(3, 10), ALU64_IMM(BPF_ADD, 3, -32),
	     MOV64_IMM(4, 0), CALL(BPF_FUNC_map_update_elem), EXIT());
	return load_syscall(&code);
}

/* --- what becomes of what a value holds ------------------------------------------------------- */

static void *bytes_of(const struct kind *kind, size_t *size)
{
	*size = value_size(kind) * (kind->percpu ? E->cpus() : 1);
	return malloc(*size);
}

/* All bits set, in the pointer, too. */
static void update(const struct kind *kind, int map)
{
	__u32 key = 0;
	size_t size;
	void *bytes = bytes_of(kind, &size);

	memset(bytes, 0xff, size);
	assert_int_equal(map_update(map, &key, bytes, 0), 0);
	free(bytes);
}

static void assert_value(const struct kind *kind, const void *bytes)
{
	const struct value *value = bytes;

	if (kind->alone) {
		assert_true(*(const __u64 *)bytes == 0);
		return;
	}
	assert_true(value->n == ~0ull);
	assert_true(value->mask == 0);
	assert_true(value->tail == ~0ull);
}

/* From outside: zeroes where the pointers are. */
static void check_lookup(const struct kind *kind, int map)
{
	union bpf_attr attr = {0};
	__u32 keys[4], key = 0, pos;
	size_t size;
	char *bytes = bytes_of(kind, &size), *all = malloc(4 * size);

	memset(bytes, 0xff, size);
	assert_int_equal(map_lookup(map, &key, bytes), 0);
	for (size_t at = 0; at < size; at += value_size(kind))
		assert_value(kind, bytes + at);
	memset(all, 0xff, 4 * size);
	attr.batch.map_fd = (__u32)map;
	attr.batch.keys = PTR(keys);
	attr.batch.values = PTR(all);
	attr.batch.out_batch = PTR(&pos);
	attr.batch.count = 4;
	assert_int_equal(bpf(BPF_MAP_LOOKUP_BATCH, &attr), kind->array ? 0 : -ENOENT);
	assert_value(kind, all);
	free(bytes);
	free(all);
}

static void held(void **state)
{
	requires_linux(6, 18);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];
		int map = map_of(kind), put = load_put(kind, map), take = load_take(kind, map);
		int peek = load_peek(kind, map), write = load_update(kind, map);
		__u32 key = 0;

		assert_int_equal(run_alone(put), kind->array ? 0 : NO_ELEMENT);
		if (kind->array)
			assert_int_equal(run_alone(take), 1);
		update(kind, map);
		check_lookup(kind, map);
		assert_int_equal(run_alone(peek), 0);
		assert_int_equal(run_alone(put), 0);
		assert_int_equal(run_alone(peek), 1);
		assert_int_equal(run_alone(put), 1);
		check_lookup(kind, map);
		assert_int_equal(run_alone(take), 1);
		assert_int_equal(run_alone(take), 0);
		assert_int_equal(run_alone(peek), 0);
		/* Written over. */
		assert_int_equal(run_alone(put), 0);
		update(kind, map);
		if (run_alone(peek))
			fail_msg("kind %zu: an update keeps the object", i);
		check_lookup(kind, map);
		run_alone(put);
		assert_int_equal(run_alone(write), 0);
		if (!kind->percpu && run_alone(peek))
			fail_msg("kind %zu: an update by a program keeps the object", i);
		run_alone(put);
		/* Gone, and there again. */
		if (!kind->array) {
			assert_int_equal(map_delete(map, &key), 0);
			assert_int_equal(run_alone(peek), NO_ELEMENT);
			update(kind, map);
			assert_int_equal(run_alone(peek), 0);
			run_alone(put);
		}
		/* The map goes, and what it holds. */
		end(map);
	}
}

static void looked_up_and_deleted(void **state)
{
	requires_linux(6, 18);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];
		union bpf_attr attr = {0};
		int map = map_of(kind);
		__u32 key = 0;
		size_t size;
		char *bytes;

		if (kind->array)
			continue;
		update(kind, map);
		assert_int_equal(run_alone(load_put(kind, map)), 0);
		bytes = bytes_of(kind, &size);
		memset(bytes, 0xff, size);
		attr.map_fd = (__u32)map;
		attr.key = PTR(&key);
		attr.value = PTR(bytes);
		assert_int_equal(bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr), 0);
		assert_value(kind, bytes);
		free(bytes);
	}
}

/* Under the lock of a value, which stays where it is: of a HASH, so does the object. */
static void locked(void **state)
{
	static const enum bpf_map_type types_of[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY};

	requires_linux(6, 18);
	for (size_t i = 0; i < ARRAY_SIZE(types_of); i++) {
		struct kind kind = {types_of[i], 0, false, false, i};
		struct value value = {7, ~0ull, 9};
		union bpf_attr attr = {.flags = BPF_F_LOCK};
		int map = map_with(types_of[i], 0, "kptr", "bpf_cpumask", LOCKED, 1);
		int put = load_put(&kind, map), peek = load_peek(&kind, map);
		__u32 key = 0;

		assert_int_equal(map_update(map, &key, &value, 0), 0);
		assert_int_equal(run_alone(put), 0);
		value.tail = 10;
		assert_int_equal(map_update(map, &key, &value, BPF_F_LOCK), 0);
		assert_int_equal(run_alone(peek), types_of[i] == BPF_MAP_TYPE_HASH);
		memset(&value, 0xff, sizeof(value));
		attr.map_fd = (__u32)map;
		attr.key = PTR(&key);
		attr.value = PTR(&value);
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), 0);
		/* The lock, and what is beside it. */
		assert_true(value.n == 0);
		assert_true(value.mask == 0);
		assert_true(value.tail == 10);
		assert_int_equal(run_alone(put), types_of[i] == BPF_MAP_TYPE_HASH);
	}
}

/* As many keys as drive out the first ones, each with an object. */
static void evicted(void **state)
{
	static const enum bpf_map_type types_of[] = {BPF_MAP_TYPE_LRU_HASH,
						     BPF_MAP_TYPE_LRU_PERCPU_HASH};

	requires_linux(6, 18);
	for (size_t i = 0; i < ARRAY_SIZE(types_of); i++) {
		struct kind kind = {types_of[i], 0, false, i, false};
		int map = map_of(&kind), put = load_put(&kind, map);
		size_t size;
		void *bytes = bytes_of(&kind, &size);

		memset(bytes, 0xff, size);
		for (__u32 round = 0; round < 200; round++) {
			__u32 key = round % 7;

			assert_int_equal(map_update(map, &key, bytes, 0), 0);
			if (!key)
				assert_true(run_alone(put) != NO_ELEMENT);
		}
		free(bytes);
	}
}

/* A global variable: a value of which the types say where its variables are. */
static void variables(void **state)
{
	struct btf *btf = btf__new_empty();
	int ptr = btf__add_ptr(
		btf, btf__add_type_tag(btf, "kptr", btf__add_struct(btf, "bpf_cpumask", 8)));
	int var = btf__add_var(btf, "held", BTF_VAR_GLOBAL_ALLOCATED, ptr), map;
	union bpf_attr types_attr = {0};
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 16};
	struct code code = {.n = 0};
	__u32 length;

	requires_linux(6, 18);
	attr.btf_value_type_id = (__u32)btf__add_datasec(btf, ".bss", 16);
	btf__add_datasec_var_info(btf, var, 8, 8);
	types_attr.btf = PTR(btf__raw_data(btf, &length));
	types_attr.btf_size = length;
	attr.btf_fd = (__u32)own(bpf(BPF_BTF_LOAD, &types_attr));
	btf__free(btf);
	attr.max_entries = 1;
	map = own(bpf(BPF_MAP_CREATE, &attr));
	assert_true(map >= 0);
	assert_int_equal(map_freeze(map), -ENOTSUPP);
	EMIT(&code, LD_MAP_VALUE(6, map, 0), K(bpf_cpumask_create), JMP_IMM(BPF_JNE, 0, 0, 2),
	     MOV64_IMM(0, -1), EXIT(), MOV64_REG(1, 6), ALU64_IMM(BPF_ADD, 1, 8), MOV64_REG(2, 0),
	     CALL(BPF_FUNC_kptr_xchg));
	emit_drop(&code);
	map = load_syscall(&code);
	assert_int_equal(run_alone(map), 0);
	assert_int_equal(run_alone(map), 1);
}

/* An inner map has to have the same pointers. */
static void inner(void **state)
{
	int with = map_with(BPF_MAP_TYPE_ARRAY, 0, "kptr", "bpf_cpumask", ALONE, 1);
	int other = map_with(BPF_MAP_TYPE_ARRAY, 0, "kptr_untrusted", "bpf_cpumask", ALONE, 1);
	int same = map_with(BPF_MAP_TYPE_ARRAY, 0, "kptr", "bpf_cpumask", ALONE, 1);
	int plain = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0), outer;
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS, .key_size = 4};
	__u32 key = 0;

	attr.value_size = 4;
	attr.max_entries = 4;
	attr.inner_map_fd = (__u32)with;
	outer = own(bpf(BPF_MAP_CREATE, &attr));
	assert_true(outer >= 0);
	assert_int_equal(map_update(outer, &key, &with, 0), 0);
	assert_int_equal(map_update(outer, &key, &same, 0), 0);
	assert_int_equal(map_update(outer, &key, &other, 0), -EINVAL);
	assert_int_equal(map_update(outer, &key, &plain, 0), -EINVAL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_teardown(creation, close_owned),
	cmocka_unit_test_teardown(held, close_owned),
	cmocka_unit_test_teardown(looked_up_and_deleted, close_owned),
	cmocka_unit_test_teardown(locked, close_owned),
	cmocka_unit_test_teardown(evicted, close_owned),
	cmocka_unit_test_teardown(variables, close_owned),
	cmocka_unit_test_teardown(inner, close_owned),
};

const struct section kptr_section = {"objects in values", tests, ARRAY_SIZE(tests)};
