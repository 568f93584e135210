/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* FACTS.md, "Map results": what the commands on elements give. Creation is facts_create.c. */
#include <sys/mman.h>
#include <unistd.h>

#include "facts.h"

static void hash_update_flags(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 2);
	int larger = map_new(BPF_MAP_TYPE_HASH, 4, 8, 8, 0);
	__u32 absent = 77, present = 0;
	__u64 value = 1;

	assert_int_equal(map_update(larger, &absent, &value, BPF_EXIST), -ENOENT);
	assert_int_equal(map_update(map, &present, &value, BPF_NOEXIST), -EEXIST);
	assert_int_equal(map_update(map, &present, &value, BPF_EXIST), 0);
	assert_int_equal(map_update(larger, &absent, &value, BPF_NOEXIST), 0);
	assert_int_equal(map_update(map, &present, &value, 3), -EINVAL);
	assert_int_equal(map_update(map, &present, &value, 1u << 20), -EINVAL);
	assert_int_equal(map_update(map, &present, &value, 1ULL << 40), -EINVAL);
	assert_int_equal(map_update(map, &present, &value, BPF_F_LOCK), -EINVAL);
}

static void hash_when_full(void **state)
{
	static const unsigned int flags[] = {0, BPF_F_NO_PREALLOC};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		int map = map_new(BPF_MAP_TYPE_HASH, 4, 8, 4, flags[i]);
		__u64 value = 1;
		__u32 key;

		for (key = 0; key < 4; key++)
			assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
		assert_int_equal(map_update(map, &key, &value, BPF_ANY), -E2BIG);
		assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), -E2BIG);
		assert_int_equal(map_update(map, &key, &value, BPF_EXIST), -ENOENT);
		/* A key that is there has its place. */
		key = 3;
		assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
		assert_int_equal(map_delete(map, &key), 0);
		key = 4;
		assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
	}
}

static void hash_absent(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 2);
	__u32 absent = 77;
	__u64 value;

	assert_int_equal(map_lookup(map, &absent, &value), -ENOENT);
	assert_int_equal(map_delete(map, &absent), -ENOENT);
}

static void hash_get_next_key(void **state)
{
	enum { N = 20 };
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, N);
	int empty = map_of_numbers(BPF_MAP_TYPE_HASH, 0);
	__u32 key, next, first, absent = 77, met = 0;

	assert_int_equal(map_next_key(empty, NULL, &next), -ENOENT);
	assert_int_equal(map_next_key(empty, &absent, &next), -ENOENT);
	assert_int_equal(map_next_key(map, NULL, &first), 0);
	assert_int_equal(map_next_key(map, &absent, &next), 0);
	assert_int_equal(next, first);
	key = first;
	for (int i = 0; i < N; i++) {
		assert_in_range(key, 0, N - 1);
		assert_false(met & 1u << key);
		met |= 1u << key;
		assert_int_equal(map_next_key(map, &key, &key), i == N - 1 ? -ENOENT : 0);
	}
	assert_int_equal(met, (1u << N) - 1);
}

static void array_results(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 4);
	__u32 past = 4, last = 3, far = 0xffffffff;
	__u64 value = 1;

	assert_int_equal(map_update(map, &past, &value, BPF_ANY), -E2BIG);
	assert_int_equal(map_update(map, &far, &value, BPF_ANY), -E2BIG);
	assert_int_equal(map_lookup(map, &past, &value), -ENOENT);
	assert_int_equal(map_lookup(map, &far, &value), -ENOENT);
	assert_int_equal(map_lookup(map, &last, &value), 0);
	assert_int_equal(value, 103);
	assert_int_equal(map_delete(map, &last), -EINVAL);
	assert_int_equal(map_delete(map, &past), -EINVAL);
	assert_int_equal(map_update(map, &last, &value, BPF_NOEXIST), -EEXIST);
	assert_int_equal(map_update(map, &last, &value, BPF_EXIST), 0);
	assert_int_equal(map_update(map, &last, &value, 3), -EINVAL);
	assert_int_equal(map_update(map, &last, &value, BPF_F_LOCK), -EINVAL);
}

static void array_get_next_key(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 4);
	static const struct {
		__u32 key;
		int result;
		__u32 next;
	} cases[] = {{0, 0, 1}, {2, 0, 3}, {3, -ENOENT, 9}, {4, 0, 0}, {0xffffffff, 0, 0}};
	__u32 next = 9;

	assert_int_equal(map_next_key(map, NULL, &next), 0);
	assert_int_equal(next, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__u32 key = cases[i].key;

		next = 9;
		assert_int_equal(map_next_key(map, &key, &next), cases[i].result);
		assert_int_equal(next, cases[i].next);
	}
}

static void bad_pointers(void **state)
{
	static const enum bpf_map_type kinds[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY};
	void *const bad = (void *)8;
	__u64 value = 1;
	__u32 key = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int map = map_of_numbers(kinds[i], 2);

		assert_int_equal(map_lookup(map, bad, &value), -EFAULT);
		assert_int_equal(map_lookup(map, &key, bad), -EFAULT);
		assert_int_equal(map_lookup(map, NULL, &value), -EFAULT);
		assert_int_equal(map_update(map, bad, &value, 0), -EFAULT);
		assert_int_equal(map_update(map, &key, bad, 0), -EFAULT);
		assert_int_equal(map_update(map, &key, NULL, 0), -EFAULT);
		assert_int_equal(map_delete(map, bad), -EFAULT);
		assert_int_equal(map_next_key(map, bad, &key), -EFAULT);
		assert_int_equal(map_next_key(map, NULL, bad), -EFAULT);
	}
	assert_int_equal(map_lookup(9999, &key, &value), -EBADF);
	assert_int_equal(map_lookup(load_trivial_iter("bpf_map"), &key, &value), -EINVAL);
}

static void lookup_flags(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 2);
	union bpf_attr attr = {0};
	__u64 value = 1;
	__u32 key = 0;

	attr.map_fd = (__u32)map;
	attr.key = PTR(&key);
	attr.value = PTR(&value);
	for (__u64 flags = 1; flags < 16; flags++) {
		attr.flags = flags;
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), -EINVAL);
	}
}

static void frozen(void **state)
{
	static const enum bpf_map_type kinds[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY};
	__u64 value = 1;
	__u32 key = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int map = map_of_numbers(kinds[i], 2), again;

		assert_int_equal(map_freeze(map), 0);
		again = map_freeze(map);
		/* Which of the two differs between versions. */
		assert_true(again == -EPERM || again == -EBUSY);
		assert_int_equal(map_update(map, &key, &value, BPF_ANY), -EPERM);
		assert_int_equal(map_delete(map, &key), -EPERM);
		assert_int_equal(map_lookup(map, &key, &value), 0);
		assert_int_equal(map_next_key(map, NULL, &key), 0);
		/* Also through another descriptor. */
		assert_int_equal(map_update(own(E->dup(map)), &key, &value, BPF_ANY), -EPERM);
	}
	assert_int_equal(map_freeze(9999), -EBADF);
	assert_int_equal(map_freeze(load_trivial_iter("bpf_map")), -EINVAL);
}

static void freeze_attr(void **state)
{
	union bpf_attr attr = {0};

	attr.map_fd = (__u32)map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	attr.key = 1;
	assert_int_equal(bpf(BPF_MAP_FREEZE, &attr), -EINVAL);
}

/* The flags of BPF_MAP_CREATE that say what bpf(2) may do. */
static void rdonly_and_wronly(void **state)
{
	int rdonly = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY);
	int wronly = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_WRONLY);
	int for_progs = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY_PROG);
	__u64 value = 1;
	__u32 key = 0;

	assert_int_equal(map_update(rdonly, &key, &value, BPF_ANY), -EPERM);
	assert_int_equal(map_delete(rdonly, &key), -EPERM);
	assert_int_equal(map_freeze(rdonly), -EPERM);
	assert_int_equal(map_lookup(rdonly, &key, &value), 0);
	assert_int_equal(map_update(wronly, &key, &value, BPF_ANY), 0);
	assert_int_equal(map_lookup(wronly, &key, &value), -EPERM);
	assert_int_equal(map_next_key(wronly, NULL, &key), -EPERM);
	assert_int_equal(map_update(for_progs, &key, &value, BPF_ANY), 0);
	assert_int_equal(map_lookup(for_progs, &key, &value), 0);
}

static void lru_evicts(void **state)
{
	int map = map_new(BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0), held = 0;
	__u32 key, next;
	__u64 value = 1;

	for (key = 0; key < 100; key++)
		assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
	for (int err = map_next_key(map, NULL, &next); !err; err = map_next_key(map, &key, &next)) {
		key = next;
		held++;
	}
	assert_int_equal(held, 4);
}

/* --- values for each CPU, by programs ------------------------------------------------------- */

/* r0 = the value of @key and @cpu. */
static void emit_lookup_percpu(struct code *code, int map, int key, int cpu)
{
	EMIT(code, ST_MEM(W, 10, -4, key), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), MOV64_IMM(3, cpu), CALL(BPF_FUNC_map_lookup_percpu_elem));
}

static void values_of_other_cpus(void **state)
{
	static const enum bpf_map_type kinds[] = {
		BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH};
	enum { MAX_CPUS = 1024 };
	const unsigned int cpus = E->cpus();
	__u64 values[MAX_CPUS], expected[MAX_CPUS];
	__u32 key = 2;

	assert_in_range(cpus, 1, MAX_CPUS);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		int map = map_new(kinds[k], 4, 8, 4, 0);
		struct code code = {.n = 0};
		unsigned int ret = 9;

		memset(values, 0, sizeof(values));
		assert_int_equal(map_update(map, &key, values, BPF_ANY), 0);
		emit_lookup_percpu(&code, map, 2, 0);
		EMIT(&code, JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 1), EXIT(),
		     ST_MEM(DW, 0, 0, 41));
		emit_lookup_percpu(&code, map, 2, (int)cpus - 1);
		EMIT(&code, JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 2), EXIT(),
		     LDX_MEM(DW, 1, 0, 0), ALU64_IMM(BPF_ADD, 1, 7), STX_MEM(DW, 0, 1, 0));
		emit_lookup_percpu(&code, map, 2, 1 << 20);
		EMIT(&code, JMP_IMM(BPF_JEQ, 0, 0, 2), MOV64_IMM(0, 3), EXIT());
		emit_lookup_percpu(&code, map, 99, 0);
		EMIT(&code, JMP_IMM(BPF_JEQ, 0, 0, 2), MOV64_IMM(0, 4), EXIT(), MOV64_IMM(0, 0),
		     EXIT());
		assert_int_equal(E->run(load(BPF_PROG_TYPE_SOCKET_FILTER, &code), &ret), 0);
		assert_int_equal(ret, 0);
		memset(expected, 0, sizeof(expected));
		expected[0] = 41;
		expected[cpus - 1] += 7;
		assert_int_equal(map_lookup(map, &key, values), 0);
		assert_memory_equal(values, expected, cpus * sizeof(*values));
	}
}

/* A full LRU map of four, of which a program uses key 0: it is key 1 that has to go for key 4. In a
 * map that small Linux does not promise that. */
static void used_by_a_program(void **state)
{
	static const struct {
		const char *name;
		enum bpf_map_type type;
		int helper, gone; /* gone: who is the first to go */
	} rows[] = {
		{"nothing", BPF_MAP_TYPE_LRU_HASH, 0, 0},
		{"lookup", BPF_MAP_TYPE_LRU_HASH, BPF_FUNC_map_lookup_elem, 1},
		{"update", BPF_MAP_TYPE_LRU_HASH, BPF_FUNC_map_update_elem, 1},
		{"nothing, percpu", BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, 0},
		{"lookup, percpu", BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_FUNC_map_lookup_elem, 1},
		{"update, percpu", BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_FUNC_map_update_elem, 1},
		{"lookup_percpu", BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_FUNC_map_lookup_percpu_elem, 1},
	};
	static __u64 values[1024];

	if (!E->is_private)
		skip_because("its LRU lists are approximate");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int map = map_new(rows[i].type, 4, 8, 4, 0);
		struct code code = {.n = 0};
		const __u32 fifth = 4;
		unsigned int result;

		for (__u32 key = 0; key < 4; key++)
			assert_int_equal(map_update(map, &key, values, BPF_ANY), 0);
		EMIT(&code, ST_MEM(DW, 10, -8, 0), LD_MAP_FD(1, map), MOV64_REG(2, 10),
		     ALU64_IMM(BPF_ADD, 2, -8));
		if (rows[i].helper == BPF_FUNC_map_update_elem)
			EMIT(&code, MOV64_REG(3, 2), MOV64_IMM(4, 0));
		else
			EMIT(&code, MOV64_IMM(3, 0));
		if (rows[i].helper)
			EMIT(&code, CALL(rows[i].helper));
		EMIT(&code, MOV64_IMM(0, 0), EXIT());
		assert_int_equal(E->run(load(BPF_PROG_TYPE_SOCKET_FILTER, &code), &result), 0);
		assert_int_equal(map_update(map, &fifth, values, BPF_ANY), 0);
		for (__u32 key = 0; key < 5; key++) {
			int err = map_lookup(map, &key, values);

			if (err != ((int)key == rows[i].gone ? -ENOENT : 0))
				fail_msg("%s: key %u: %d", rows[i].name, key, err);
		}
	}
}

/* A constant index that is in bounds needs no comparison with NULL. */
static void constant_index(void **state)
{
	static const struct {
		enum bpf_map_type type;
		int index, helper, result;
	} cases[] = {
		{BPF_MAP_TYPE_ARRAY, 3, BPF_FUNC_map_lookup_elem, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 3, BPF_FUNC_map_lookup_elem, 0},
		{BPF_MAP_TYPE_ARRAY, 4, BPF_FUNC_map_lookup_elem, -EACCES},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 4, BPF_FUNC_map_lookup_elem, -EACCES},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 3, BPF_FUNC_map_lookup_percpu_elem, -EACCES},
		{BPF_MAP_TYPE_HASH, 3, BPF_FUNC_map_lookup_elem, -EACCES},
		{BPF_MAP_TYPE_ARRAY, 3, BPF_FUNC_map_lookup_percpu_elem, -EINVAL},
		{BPF_MAP_TYPE_HASH, 3, BPF_FUNC_map_lookup_percpu_elem, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int map = map_new(cases[i].type, 4, 8, 4, 0), ret;

		ret = load(BPF_PROG_TYPE_SOCKET_FILTER,
			   CODE(ST_MEM(W, 10, -8, cases[i].index), LD_MAP_FD(1, map),
				MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8), MOV64_IMM(3, 0),
				CALL(cases[i].helper), LDX_MEM(DW, 0, 0, 0), EXIT()));
		if ((ret < 0 ? ret : 0) != cases[i].result)
			fail_msg("case %zu: %d", i, ret);
	}
}

/* BPF_F_NO_COMMON_LRU: as many elements for each CPU, and at least one. */
static void lru_of_each_cpu(void **state)
{
	const __u32 cpus = E->cpus(), sizes[] = {1, cpus, cpus + 1, 1000 * cpus};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int map = map_new(BPF_MAP_TYPE_LRU_HASH, 4, 8, sizes[i], BPF_F_NO_COMMON_LRU);
		const __u32 each = (sizes[i] + cpus - 1) / cpus;
		struct bpf_map_info info = {0};
		__u64 value = 1;

		info_of(map, &info, sizeof(info));
		assert_int_equal(info.max_entries, each * cpus);
		for (__u32 key = 0; key < each; key++)
			assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), 0);
		for (__u32 key = each; key < 5 * each * cpus && key < 1000; key++) {
			assert_int_equal(map_update(map, &key, &value, BPF_NOEXIST), 0);
			assert_int_equal(map_lookup(map, &key, &value), 0);
		}
	}
}

/* --- BPF_F_ZERO_SEED --------------------------------------------------------------------- */

/* Maps that are filled in the same way are walked in the same order. */
static void zero_seed(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int flags, max;
	} kinds[] = {
		{BPF_MAP_TYPE_HASH, 0, 64},
		{BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 64},
		{BPF_MAP_TYPE_PERCPU_HASH, 0, 64},
		{BPF_MAP_TYPE_LRU_HASH, 0, 2000},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, 2000},
	};
	static __u64 values[1024];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		__u32 key[2], *prev[2] = {NULL};
		struct bpf_map_info info;
		int map[2], n = 0, end;

		for (int k = 0; k < 2; k++) {
			map[k] = map_new(kinds[i].type, 4, 8, kinds[i].max,
					 kinds[i].flags | BPF_F_ZERO_SEED);
			info_of(map[k], &info, sizeof(info));
			assert_int_equal(info.map_flags, kinds[i].flags | BPF_F_ZERO_SEED);
			for (__u32 number = 0; number < 50; number++)
				assert_int_equal(map_update(map[k], &number, values, BPF_ANY), 0);
		}
		do {
			end = map_next_key(map[0], prev[0], &key[0]);
			assert_int_equal(map_next_key(map[1], prev[1], &key[1]), end);
			assert_true(end || key[0] == key[1]);
			prev[0] = &key[0];
			prev[1] = &key[1];
			n += !end;
		} while (!end);
		assert_int_equal(n, 50);
	}
}

/* --- BPF_F_MMAPABLE ---------------------------------------------------------------------- */

static const size_t page = 4096;

static void mmap_shares_values(void **state)
{
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1024, BPF_F_MMAPABLE);
	__u64 *values, value = 7;
	void *addr;
	__u32 key = 3;

	assert_int_equal(map_update(map, &key, &value, BPF_ANY), 0);
	assert_int_equal(E->mmap(map, 2 * page, PROT_READ | PROT_WRITE, 0, &addr), 0);
	values = addr;
	assert_int_equal(values[3], 7);
	values[1023] = 9;
	key = 1023;
	assert_int_equal(map_lookup(map, &key, &value), 0);
	assert_int_equal(value, 9);
	/* The mapping holds the memory when nobody else does. */
	end(map);
	assert_int_equal(values[3], 7);
	munmap(addr, 2 * page);
}

static void mmap_errors(void **state)
{
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1024, BPF_F_MMAPABLE);
	int plain = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1024, 0);
	int hash = map_new(BPF_MAP_TYPE_HASH, 4, 8, 1024, 0);
	int rdonly_prog =
		map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1024, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG);
	void *addr;

	assert_int_equal(E->mmap(map, 3 * page, PROT_READ, 0, &addr), -EINVAL);
	assert_int_equal(E->mmap(map, page, PROT_READ, 2 * (off_t)page, &addr), -EINVAL);
	assert_int_equal(E->mmap(map, page, PROT_READ, page, &addr), 0);
	munmap(addr, page);
	assert_int_equal(E->mmap(9999, page, PROT_READ, 0, &addr), -EBADF);
	/*
	 * Not mmapable: ENOTSUP, says <bpftrek/runtime.h>. Linux tells a map without the flag from
	 * a kind without mmap: EINVAL, and ENOTSUPP, 524, which libc has no name for.
	 */
	assert_int_equal(E->mmap(plain, page, PROT_READ, 0, &addr),
			 E->is_private ? -ENOTSUP : -EINVAL);
	assert_int_equal(E->mmap(hash, page, PROT_READ, 0, &addr), E->is_private ? -ENOTSUP : -524);
	/* Programs take its values for constants. <bpftrek/runtime.h> has one errno for both. */
	assert_int_equal(E->mmap(rdonly_prog, page, PROT_READ | PROT_WRITE, 0, &addr),
			 E->is_private ? -EPERM : -EACCES);
	assert_int_equal(E->mmap(rdonly_prog, page, PROT_READ, 0, &addr), 0);
	munmap(addr, page);
}

static void mmap_and_freeze(void **state)
{
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1024, BPF_F_MMAPABLE);
	void *addr;

	assert_int_equal(E->mmap(map, page, PROT_READ | PROT_WRITE, 0, &addr), 0);
	if (!E->is_private) /* the public interface is not told of munmap(2) */
		assert_int_equal(map_freeze(map), -EBUSY);
	munmap(addr, page);
	if (E->is_private)
		map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1024, BPF_F_MMAPABLE);
	assert_int_equal(map_freeze(map), 0);
	assert_int_equal(E->mmap(map, page, PROT_READ | PROT_WRITE, 0, &addr), -EPERM);
	assert_int_equal(E->mmap(map, page, PROT_READ, 0, &addr), 0);
	munmap(addr, page);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(hash_update_flags),
	cmocka_unit_test(hash_when_full),
	cmocka_unit_test(hash_absent),
	cmocka_unit_test(hash_get_next_key),
	cmocka_unit_test(array_results),
	cmocka_unit_test(array_get_next_key),
	cmocka_unit_test(bad_pointers),
	cmocka_unit_test(lookup_flags),
	cmocka_unit_test(frozen),
	cmocka_unit_test(freeze_attr),
	cmocka_unit_test(rdonly_and_wronly),
	cmocka_unit_test(lru_evicts),
	cmocka_unit_test(lru_of_each_cpu),
	cmocka_unit_test(used_by_a_program),
	cmocka_unit_test(values_of_other_cpus),
	cmocka_unit_test(constant_index),
	cmocka_unit_test(zero_seed),
	cmocka_unit_test(mmap_shares_values),
	cmocka_unit_test(mmap_errors),
	cmocka_unit_test(mmap_and_freeze),
};
const struct section maps_section = {"maps", tests, ARRAY_SIZE(tests)};
