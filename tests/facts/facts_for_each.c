/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpf_for_each_map_elem(), kind by kind: what the callback sees, what its result does, what it may
 * do to the map that is walked, walks within walks.
 *
 * The callback of most programs here writes the key and the value of each call into a map of
 * records; then comes what the test is about.
 */
#include "kinds.h"

#define N 6u

struct record {
	__u64 key, value;
};

static const struct kind {
	const char *name;
	enum bpf_map_type type;
	unsigned int flags, max;
	bool array, percpu;
} kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH, 0, N},
	{"hash, no prealloc", BPF_MAP_TYPE_HASH, NP, N},
	/* One that is nearly full may evict. */
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 0, 1000},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 0, N, .percpu = true},
	{"percpu_hash, no prealloc", BPF_MAP_TYPE_PERCPU_HASH, NP, N, .percpu = true},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, 1000, .percpu = true},
	{"array", BPF_MAP_TYPE_ARRAY, 0, N, .array = true},
	{"array to be mapped", BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, N, .array = true},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 0, N, .array = true, .percpu = true},
};

enum { MAX_CPUS = 1024 };

/* --- maps ------------------------------------------------------------------------------------- */

static int map_of(const struct kind *kind, unsigned int n)
{
	int map = map_new(kind->type, 4, 8, kind->max, kind->flags);
	static __u64 values[MAX_CPUS];

	assert_in_range(E->cpus(), 1, MAX_CPUS);
	for (__u32 key = 0; key < n; key++) {
		for (unsigned int cpu = 0; cpu < E->cpus(); cpu++)
			values[cpu] = 100 + key;
		assert_int_equal(map_update(map, &key, values, BPF_ANY), 0);
	}
	return map;
}

/* How many keys there are; and of how many the value, on one CPU, is @value. */
static void look(const struct kind *kind, int map, __u64 value, unsigned int *keys,
		 unsigned int *changed)
{
	static __u64 values[MAX_CPUS];

	*keys = *changed = 0;
	for (__u32 key = 0; key < N; key++) {
		unsigned int differ = 0;

		if (map_lookup(map, &key, values))
			continue;
		++*keys;
		for (unsigned int cpu = 0; cpu < (kind->percpu ? E->cpus() : 1); cpu++)
			if (values[cpu] == value)
				differ++;
			else
				assert_int_equal(values[cpu], 100 + key);
		assert_in_range(differ, 0, 1);
		*changed += differ;
	}
}

/* --- programs --------------------------------------------------------------------------------- */

/* r2 = the function that begins at @start */
static void emit_function(struct code *code, unsigned int start)
{
	EMIT(code, LD_IMM64(2, BPF_PSEUDO_FUNC, 0, 0));
	code->insn[code->n - 2].imm = (__s32)start - (__s32)(code->n - 2) - 1;
}

/* r0 = bpf_for_each_map_elem(@map, @start, r3, @flags) */
static void emit_for_each(struct code *code, int map, unsigned int start, int flags)
{
	EMIT(code, LD_MAP_FD(1, map));
	emit_function(code, start);
	EMIT(code, MOV64_IMM(4, flags), CALL(BPF_FUNC_for_each_map_elem));
}

/* main: a number at fp - 8, which begins as 0, is the callback's context. */
#define MAIN_LENGTH 10u
static void emit_main(struct code *code, int map, int flags)
{
	EMIT(code, ST_MEM(DW, 10, -8, 0), MOV64_REG(3, 10), ALU64_IMM(BPF_ADD, 3, -8));
	emit_for_each(code, map, MAIN_LENGTH, flags);
	EMIT(code, EXIT());
	assert_int_equal(code->n, MAIN_LENGTH);
}

/* The callback's beginning: r6 = the map, r7 = key, r8 = value, and @out has one record more. */
static void emit_record(struct code *code, int out)
{
	EMIT(code, MOV64_REG(6, 1), MOV64_REG(7, 2), MOV64_REG(8, 3), LDX_MEM(DW, 1, 4, 0),
	     STX_MEM(W, 10, 1, -4), ALU64_IMM(BPF_ADD, 1, 1), STX_MEM(DW, 4, 1, 0));
	EMIT(code, LD_MAP_FD(1, out), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
	     CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 4), LDX_MEM(W, 1, 7, 0),
	     STX_MEM(DW, 0, 1, 0), LDX_MEM(DW, 1, 8, 0), STX_MEM(DW, 0, 1, 8));
}

static int load_callback(const struct code *code)
{
	const unsigned int starts[] = {0, MAIN_LENGTH};

	return load_functions(code, starts, ARRAY_SIZE(starts));
}

/* --- tests ------------------------------------------------------------------------------------ */

#define DELETE_IT MOV64_REG(1, 6), MOV64_REG(2, 7), CALL(BPF_FUNC_map_delete_elem)
#define UPDATE_IT                                                                                  \
	ST_MEM(DW, 10, -16, 7), MOV64_REG(1, 6), MOV64_REG(2, 7), MOV64_REG(3, 10),                \
		ALU64_IMM(BPF_ADD, 3, -16), MOV64_IMM(4, BPF_EXIST),                               \
		CALL(BPF_FUNC_map_update_elem)
#define GO_ON MOV64_IMM(0, 0), EXIT()
#define STOP MOV64_IMM(0, 1), EXIT()

/* What the callback is called with, and what is left in the map then. */
static void what_callbacks_do(void **state)
{
	const struct {
		const char *name;
		struct code *code;
		unsigned int seen;    /* calls */
		unsigned int deleted; /* of those that can be */
		unsigned int changed; /* to 7 */
	} rows[] = {
		{"nothing", CODE(GO_ON), N, 0, 0},
		{"stop", CODE(STOP), 1, 0, 0},
		{"delete", CODE(DELETE_IT, GO_ON), N, N, 0},
		{"delete and stop", CODE(DELETE_IT, STOP), 1, 1, 0},
		{"write", CODE(ST_MEM(DW, 8, 0, 7), GO_ON), N, 0, N},
		{"write and stop", CODE(ST_MEM(DW, 8, 0, 7), STOP), 1, 0, 1},
		{"update", CODE(UPDATE_IT, GO_ON), N, 0, N},
		{"update and stop", CODE(UPDATE_IT, STOP), 1, 0, 1},
		{"stop at the third",
		 CODE(MOV64_IMM(0, 0), LDX_MEM(W, 1, 10, -4), JMP_IMM(BPF_JNE, 1, 2, 1),
		      MOV64_IMM(0, 1), EXIT()),
		 3, 0, 0},
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			const struct kind *kind = &kinds[k];
			int map = map_of(kind, N);
			int out = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct record), 16, 0);
			unsigned int keys, changed, met = 0, count;
			struct code code = {.n = 0};
			struct record record;

			emit_main(&code, map, 0);
			emit_record(&code, out);
			code_add(&code, rows[i].code->insn, rows[i].code->n);
			count = (unsigned int)run(load_callback(&code));
			if (count != rows[i].seen)
				fail_msg("%s, %s: %u calls", kind->name, rows[i].name, count);
			for (__u32 n = 0; n < 16; n++) {
				assert_int_equal(map_lookup(out, &n, &record), 0);
				if (n >= rows[i].seen) {
					assert_int_equal(record.value, 0);
					continue;
				}
				assert_in_range(record.key, 0, N - 1);
				assert_int_equal(record.value, 100 + record.key);
				assert_false(met & 1u << record.key);
				met |= 1u << record.key;
				if (kind->array)
					assert_int_equal(record.key, n);
			}
			look(kind, map, 7, &keys, &changed);
			if (keys != N - (kind->array ? 0 : rows[i].deleted) ||
			    changed != rows[i].changed)
				fail_msg("%s, %s: %u keys are left, %u changed", kind->name,
					 rows[i].name, keys, changed);
		}
}

static void empty_and_flags(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (int flags = 0; flags < 4; flags++) {
			struct code code = {.n = 0};
			int result = flags ? -EINVAL : kinds[k].array ? (int)N : 0;

			emit_main(&code, map_of(&kinds[k], 0), flags);
			EMIT(&code, GO_ON);
			assert_int_equal(run(load_callback(&code)), result);
		}
}

/* All that there is goes at the first call: what is not seen then is not there any more. */
static void delete_all_at_once(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		int map = map_of(&kinds[k], N);
		struct code code = {.n = 0};
		unsigned int keys, changed;

		if (kinds[k].array)
			continue;
		emit_main(&code, map, 0);
		EMIT(&code, MOV64_REG(6, 1));
		for (unsigned int key = 0; key < N; key++)
			EMIT(&code, ST_MEM(W, 10, -4, (__s32)key), MOV64_REG(1, 6),
			     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
			     CALL(BPF_FUNC_map_delete_elem));
		EMIT(&code, GO_ON);
		assert_in_range(run(load_callback(&code)), 1, N);
		look(&kinds[k], map, 7, &keys, &changed);
		assert_int_equal(keys, 0);
	}
}

/* A callback that walks, once through another map and once through the same one. */
static void walks_within_walks(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (int same = 0; same < 2; same++) {
			int map = map_of(&kinds[k], N);
			int other = same ? map : map_of(&kinds[k], kinds[k].array ? N : 4);
			unsigned int starts[3] = {0}, calls;
			struct code code = {.n = 0};

			/* Returns calls of the inner callback * 100 + those of the outer one. */
			EMIT(&code, ST_MEM(DW, 10, -8, 0), MOV64_REG(3, 10),
			     ALU64_IMM(BPF_ADD, 3, -8));
			starts[1] = 13;
			starts[2] = 22;
			emit_for_each(&code, map, starts[1], 0);
			EMIT(&code, LDX_MEM(DW, 1, 10, -8), ALU64_IMM(BPF_MUL, 1, 100),
			     ALU64_REG(BPF_ADD, 0, 1), EXIT());
			assert_int_equal(code.n, starts[1]);
			EMIT(&code, MOV64_REG(3, 4));
			emit_for_each(&code, other, starts[2], 0);
			EMIT(&code, GO_ON);
			assert_int_equal(code.n, starts[2]);
			EMIT(&code, LDX_MEM(DW, 1, 4, 0), ALU64_IMM(BPF_ADD, 1, 1),
			     STX_MEM(DW, 4, 1, 0), GO_ON);
			calls = (unsigned int)run(load_functions(&code, starts, 3));
			if (calls != N * (same || kinds[k].array ? N : 4) * 100 + N)
				fail_msg("%s%s: %u", kinds[k].name, same ? ", the same map" : "",
					 calls);
		}
}

/* NULL may be the context, and the map that the callback gets is the one that is walked. */
static void no_context_and_its_map(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		int map = map_of(&kinds[k], N);
		struct code code = {.n = 0};
		unsigned int keys, changed;

		EMIT(&code, MOV64_IMM(3, 0), MOV64_IMM(0, 0), MOV64_IMM(0, 0));
		emit_for_each(&code, map, MAIN_LENGTH, 0);
		EMIT(&code, EXIT());
		EMIT(&code, JMP_IMM(BPF_JEQ, 4, 0, 2), MOV64_IMM(0, 1), EXIT(), MOV64_REG(6, 1),
		     LDX_MEM(W, 1, 2, 0), STX_MEM(W, 10, 1, -4), MOV64_REG(1, 6), MOV64_REG(2, 10),
		     ALU64_IMM(BPF_ADD, 2, -4), CALL(BPF_FUNC_map_lookup_elem),
		     JMP_IMM(BPF_JEQ, 0, 0, 1), ST_MEM(DW, 0, 0, 7), GO_ON);
		assert_int_equal(run(load_callback(&code)), N);
		look(&kinds[k], map, 7, &keys, &changed);
		assert_int_equal(keys, N);
		assert_int_equal(changed, N);
	}
}

/* --- what does not load ----------------------------------------------------------------------- */

static void callbacks_that_are_refused(void **state)
{
	const struct {
		struct code *code;
		int result;
	} rows[] = {
		{CODE(GO_ON), 0},
		{CODE(MOV64_IMM(0, 2), EXIT()), -EINVAL},
		{CODE(MOV64_IMM(0, -1), EXIT()), -EINVAL},
		{CODE(LDX_MEM(DW, 0, 3, 0), EXIT()), -EINVAL},
		{CODE(LDX_MEM(DW, 0, 2, 0), GO_ON), -EACCES}, /* past a key of 4 */
		{CODE(LDX_MEM(DW, 0, 3, 1), GO_ON), -EACCES}, /* past a value of 8 */
		{CODE(ST_MEM(W, 2, 0, 1), GO_ON), -EACCES},   /* a key */
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		int map = map_of(&kinds[k], 0);

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			struct code code = {.n = 0};
			int ret;

			emit_main(&code, map, 0);
			code_add(&code, rows[i].code->insn, rows[i].code->n);
			ret = load_callback(&code);
			if ((ret >= 0 ? 0 : ret) != rows[i].result)
				fail_msg("%s, callback %zu: %d, not %d\n%s", kinds[k].name, i, ret,
					 rows[i].result, load_log);
		}
	}
}

static void kinds_without_elements(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
	} rows[] = {
		{LPM, 8, 8, 4, NP},
		{QUEUE, 0, 8, 4, 0},
		{STACK, 0, 8, 4, 0},
		{BLOOM, 0, 8, 4, 0},
		{PERF, 4, 4, 4, 0},
		{BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0},
		{BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0},
		{BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0},
		{BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0},
		{BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union bpf_attr attr = {.map_type = rows[i].type,
				       .key_size = rows[i].key,
				       .value_size = rows[i].value,
				       .max_entries = rows[i].max,
				       .map_flags = rows[i].flags};
		struct code code = {.n = 0};
		int map;

		if (rows[i].type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
		    rows[i].type == BPF_MAP_TYPE_HASH_OF_MAPS)
			attr.inner_map_fd = (__u32)map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
		map = own(bpf(BPF_MAP_CREATE, &attr));
		assert_true(map >= 0);
		emit_main(&code, map, 0);
		EMIT(&code, GO_ON);
		assert_int_equal(load_callback(&code), -ENOTSUPP);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_callbacks_do),	  cmocka_unit_test(empty_and_flags),
	cmocka_unit_test(delete_all_at_once),	  cmocka_unit_test(walks_within_walks),
	cmocka_unit_test(no_context_and_its_map), cmocka_unit_test(callbacks_that_are_refused),
	cmocka_unit_test(kinds_without_elements),
};
const struct section for_each_section = {"for_each", tests, ARRAY_SIZE(tests)};
