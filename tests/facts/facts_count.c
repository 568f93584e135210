/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* FACTS.md, "bpf_map_sum_elem_count": what it says after each thing that may happen to a map. */
#include "kinds.h"

/* What the kfunc gives for @map, asked by an iterator over its elements. */
static __s64 count(int map)
{
	int kfunc = type_id("bpf_map_sum_elem_count", BTF_KIND_FUNC), fd;
	struct code code = {.n = 0};
	__s64 value = -1;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 1, 6, CTX_KEY), JMP_IMM(BPF_JNE, 1, 0, 8),
	     LDX_MEM(DW, 1, 6, CTX_OBJECT), CALL_KFUNC(kfunc), STX_MEM(DW, 10, 0, -8),
	     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8));
	emit_seq_write(&code, 8);
	emit_return(&code, 0);
	fd = session("bpf_map_elem", &code, map);
	assert_int_equal(E->read(fd, &value, sizeof(value)), sizeof(value));
	end(fd);
	return value;
}

/* The same, asked by a program that knows nothing of iterators: it is open to every type. */
static __s64 count_by_program(int map)
{
	int kfunc = type_id("bpf_map_sum_elem_count", BTF_KIND_FUNC);

	return run_program(CODE(LD_MAP_FD(1, map), CALL_KFUNC(kfunc), EXIT()));
}

/* --- kinds that count ------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	enum bpf_map_type type;
	unsigned int value, max, flags;
	bool lru, of_maps;
} kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH, 8, 100, 0},
	{"hash, no prealloc", BPF_MAP_TYPE_HASH, 8, 100, NP},
	{"hash of large values", BPF_MAP_TYPE_HASH, 72, 100, 0},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 100, 0},
	{"percpu_hash, no prealloc", BPF_MAP_TYPE_PERCPU_HASH, 8, 100, NP},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 8, 1000, 0, .lru = true},
	{"lru_hash of each CPU", BPF_MAP_TYPE_LRU_HASH, 8, 1000, BPF_F_NO_COMMON_LRU, .lru = true},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 1000, 0, .lru = true},
	{"hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 100, 0, .of_maps = true},
};

enum { BATCH = 20, MAX_CPUS = 1024 };

static const struct kind *kind;
static int inner;
static char values[BATCH * MAX_CPUS * 8];

static int map_of_kind(void)
{
	union bpf_attr attr = {.map_type = kind->type,
			       .key_size = 4,
			       .value_size = kind->value,
			       .max_entries = kind->max,
			       .map_flags = kind->flags};
	int map;

	assert_in_range(E->cpus(), 1, MAX_CPUS);
	memset(values, 0, sizeof(values));
	if (kind->of_maps) {
		inner = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
		attr.inner_map_fd = (__u32)inner;
		for (int i = 0; i < BATCH; i++)
			memcpy(values + i * (int)sizeof(inner), &inner, sizeof(inner));
	}
	map = own(bpf(BPF_MAP_CREATE, &attr));
	assert_true(map >= 0);
	return map;
}

static void assert_count(int map, __s64 expected, const char *after)
{
	__s64 by_program = count_by_program(map), by_iterator = by_program;

	/* Nothing walks the elements of a map of maps. */
	if (!kind->of_maps)
		by_iterator = count(map);
	if (by_program != expected || by_iterator != expected)
		fail_msg("%s, after %s: %lld and %lld, not %lld", kind->name, after,
			 (long long)by_program, (long long)by_iterator, (long long)expected);
}

static int one(int cmd, int map, __u32 key, __u64 flags)
{
	static char out[MAX_CPUS * 72];

	return map_command(cmd, map, &key, cmd == POP ? out : values, flags);
}

static int many(int cmd, int map, __u32 first, __u32 n)
{
	static char out[200 * MAX_CPUS * 8];
	const bool takes = cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH;
	__u32 keys[200], pos;

	for (__u32 i = 0; i < n; i++)
		keys[i] = first + i;
	return map_batch(cmd, map, &pos, keys, takes ? out : values, &n, 0);
}

static void after_commands(void **state)
{
	for (kind = kinds; kind < kinds + ARRAY_SIZE(kinds); kind++) {
		int map = map_of_kind();

		assert_count(map, 0, "nothing");
		for (__u32 i = 0; i < 50; i++)
			assert_int_equal(one(PUSH, map, i, i % 2 ? BPF_NOEXIST : BPF_ANY), 0);
		assert_count(map, 50, "insertions");
		for (__u32 i = 0; i < 20; i++)
			assert_int_equal(one(PUSH, map, i, i % 2 ? BPF_EXIST : BPF_ANY), 0);
		assert_count(map, 50, "updates of what is there");
		assert_int_equal(one(PUSH, map, 7, BPF_NOEXIST), -EEXIST);
		assert_int_equal(one(PUSH, map, 700, BPF_EXIST), -ENOENT);
		assert_int_equal(one(DELETE, map, 700, 0), -ENOENT);
		assert_count(map, 50, "what failed");
		for (__u32 i = 0; i < 20; i++)
			assert_int_equal(one(DELETE, map, i, 0), 0);
		assert_count(map, 30, "deletions");
		assert_int_equal(one(POP, map, 20, 0), kind->of_maps ? -ENOTSUPP : 0);
		assert_int_equal(one(DELETE, map, 20, 0), kind->of_maps ? 0 : -ENOENT);
		assert_count(map, 29, "a lookup and deletion");
		if (kind->value == 72)
			continue;
		assert_int_equal(many(BPF_MAP_UPDATE_BATCH, map, 0, BATCH), 0);
		assert_count(map, 49, "a batch of insertions");
		assert_int_equal(many(BPF_MAP_UPDATE_BATCH, map, 10, 10), 0);
		assert_count(map, 49, "a batch of updates");
		assert_int_equal(many(BPF_MAP_DELETE_BATCH, map, 10, 10), 0);
		assert_int_equal(many(BPF_MAP_DELETE_BATCH, map, 9, 2), -ENOENT);
		assert_count(map, 38, "batches of deletions");
		assert_int_equal(many(BPF_MAP_LOOKUP_AND_DELETE_BATCH, map, 0, 200), -ENOENT);
		assert_count(map, 0, "one that took all");
		assert_int_equal(one(PUSH, map, 3, BPF_ANY), 0);
		assert_count(map, 1, "another");
	}
}

/* Full: refused, or others go for it. */
static void when_full(void **state)
{
	for (kind = kinds; kind < kinds + ARRAY_SIZE(kinds); kind++) {
		int map = map_of_kind(), err;
		const __u32 n = kind->lru ? 3 * kind->max : kind->max;
		__s64 held = 0;
		__u32 key, next;

		for (__u32 i = 0; i < n; i++)
			assert_int_equal(one(PUSH, map, i, BPF_ANY), 0);
		if (!kind->lru)
			assert_int_equal(one(PUSH, map, n, BPF_ANY), -E2BIG);
		for (err = map_next_key(map, NULL, &next); !err; held++) {
			key = next;
			err = map_next_key(map, &key, &next);
		}
		assert_int_equal(err, -ENOENT);
		assert_in_range(held, 1, kind->max);
		if (!kind->lru)
			assert_int_equal(held, kind->max);
		assert_count(map, held, "filling it");
	}
}

/* Programs insert, update and delete: 3 come, 1 goes. */
static void after_programs(void **state)
{
	static const struct {
		int helper, key, flags;
	} calls[] = {
		{BPF_FUNC_map_update_elem, 1, BPF_ANY},
		{BPF_FUNC_map_update_elem, 2, BPF_NOEXIST},
		{BPF_FUNC_map_update_elem, 2, BPF_EXIST},
		{BPF_FUNC_map_update_elem, 2, BPF_NOEXIST},
		{BPF_FUNC_map_update_elem, 3, BPF_ANY},
		{BPF_FUNC_map_delete_elem, 2, 0},
		{BPF_FUNC_map_delete_elem, 9, 0},
	};

	for (kind = kinds; kind < kinds + ARRAY_SIZE(kinds); kind++) {
		struct code code = {.n = 0};
		int map;

		if (kind->of_maps || kind->value == 72)
			continue;
		map = map_of_kind();
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
			EMIT(&code, ST_MEM(DW, 10, -8, calls[i].key), LD_MAP_FD(1, map),
			     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8), MOV64_REG(3, 2),
			     MOV64_IMM(4, calls[i].flags), CALL(calls[i].helper));
		EMIT(&code, MOV64_IMM(0, 0), EXIT());
		run_program(&code);
		assert_count(map, 2, "a program's changes");
	}
}

/* --- kinds that do not ------------------------------------------------------------------------ */

static void the_others_do_not(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, flags;
	} others[] = {
		{BPF_MAP_TYPE_ARRAY, 4, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0},
		{LPM, 8, NP},
		{QUEUE, 0, 0},
		{STACK, 0, 0},
		{BLOOM, 0, 0},
	};
	static char value[MAX_CPUS * 8];
	__u32 key[2] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		int map = map_new(others[i].type, others[i].key, 8, 4, others[i].flags);

		assert_int_equal(map_command(PUSH, map, others[i].key ? key : NULL, value, BPF_ANY),
				 0);
		assert_int_equal(count_by_program(map), 0);
		if (others[i].key == 4)
			assert_int_equal(count(map), 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(after_commands),
	cmocka_unit_test(when_full),
	cmocka_unit_test(after_programs),
	cmocka_unit_test(the_others_do_not),
};
const struct section count_section = {"bpf_map_sum_elem_count", tests, ARRAY_SIZE(tests)};
