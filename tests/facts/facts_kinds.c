/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Kinds of maps that have no element walk: what can be made, which helpers take them, and what
 * holds for all of them. What each one does is in a file of its own.
 */
#include "kinds.h"

#define RDONLY_WRONLY_PROG (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)
#define MAX_VALUE (4u << 20)

/* --- shared ------------------------------------------------------------------------------ */

int map_create(enum bpf_map_type type, unsigned int key, unsigned int value, unsigned int max,
	       unsigned int flags, __u64 extra)
{
	union bpf_attr attr = {.map_type = type,
			       .key_size = key,
			       .value_size = value,
			       .max_entries = max,
			       .map_flags = flags,
			       .map_extra = extra};

	return own(bpf(BPF_MAP_CREATE, &attr));
}

int map_command(int cmd, int map, const void *key, void *value, __u64 flags)
{
	union bpf_attr attr = {0};

	attr.map_fd = (__u32)map;
	if (cmd == FREEZE)
		return bpf(cmd, &attr);
	attr.key = PTR(key);
	if (cmd != DELETE) {
		attr.value = PTR(value);
		attr.flags = cmd == NEXT ? 0 : flags;
	}
	return bpf(cmd, &attr);
}

int map_batch(int cmd, int map, void *out, const void *keys, const void *values, __u32 *count,
	      __u64 flags)
{
	union bpf_attr attr = {0};
	int err;

	attr.batch.out_batch = PTR(out);
	attr.batch.keys = PTR(keys);
	attr.batch.values = PTR(values);
	attr.batch.count = *count;
	attr.batch.map_fd = (__u32)map;
	attr.batch.elem_flags = flags;
	err = bpf(cmd, &attr);
	*count = attr.batch.count;
	return err;
}

void run_steps(int map, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__u32 key = 0, value = steps[i].in;
		int err = map_command(steps[i].cmd, map, steps[i].key ? &key : NULL, &value,
				      steps[i].flags);

		if (err != steps[i].result || value != steps[i].out)
			fail_msg("step %zu: %d, value %u; not %d, %u", i, err, value,
				 steps[i].result, steps[i].out);
	}
}

void no_batches(int map)
{
	static const int cmds[] = {BPF_MAP_LOOKUP_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH,
				   BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH};
	__u32 keys[4] = {0}, values[4] = {0}, out, count;

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		count = 1;
		assert_int_equal(map_batch(cmds[i], map, &out, keys, values, &count, 0), -ENOTSUPP);
	}
}

void emit_push(struct code *code, int map, int value, int flags)
{
	EMIT(code, ST_MEM(W, 10, -4, value), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), MOV64_IMM(3, flags), CALL(BPF_FUNC_map_push_elem));
}

void emit_take(struct code *code, int map, int helper)
{
	EMIT(code, ST_MEM(W, 10, -4, 7), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), CALL(helper), ALU64_IMM(BPF_MUL, 6, 10),
	     LDX_MEM(W, 1, 10, -4), ALU64_REG(BPF_ADD, 6, 1));
}

unsigned int run_program(const struct code *code)
{
	int prog = load(BPF_PROG_TYPE_SOCKET_FILTER, code);
	unsigned int ret;

	if (prog < 0)
		fail_msg("does not load: %d\n%s", prog, load_log);
	assert_int_equal(E->run(prog, &ret), 0);
	return ret;
}

/* --- creation ---------------------------------------------------------------------------- */

static void creation(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, value, max, flags;
		__u64 extra;
		int result;
	} cases[] = {
		{QUEUE, 0, 4, 1, 0, 0, 0},
		{QUEUE, 4, 4, 1, 0, 0, -EINVAL},
		{QUEUE, 0, 0, 1, 0, 0, -EINVAL},
		{QUEUE, 0, 4, 0, 0, 0, -EINVAL},
		{QUEUE, 0, 4, 1, 0, 1, -EINVAL},
		{QUEUE, 0, 1, 1, 0, 0, 0},
		{QUEUE, 0, MAX_VALUE, 1, 0, 0, 0},
		{QUEUE, 0, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{QUEUE, 4, MAX_VALUE + 1, 1, 0, 0, -EINVAL},
		{QUEUE, 0, MAX_VALUE, 0xffffffff, 0, 0, -ENOMEM},
		{QUEUE, 0, 4, 1, NP, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_ZERO_SEED, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_MMAPABLE, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_INNER_MAP, 0, -EINVAL},
		{QUEUE, 0, 4, 1, BPF_F_RDONLY, 0, 0},
		{QUEUE, 0, 4, 1, BPF_F_RDONLY_PROG, 0, 0},
		{QUEUE, 0, 4, 1, BPF_F_WRONLY_PROG, 0, 0},
		{QUEUE, 0, 4, 1, RDONLY_WRONLY_PROG, 0, -EINVAL},
		{STACK, 0, 4, 1, 0, 0, 0},
		{STACK, 4, 4, 1, 0, 0, -EINVAL},
		{STACK, 0, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{STACK, 0, 4, 1, NP, 0, -EINVAL},
		{BLOOM, 0, 4, 1, 0, 0, 0},
		{BLOOM, 4, 4, 1, 0, 0, -EINVAL},
		{BLOOM, 0, 0, 1, 0, 0, -EINVAL},
		{BLOOM, 0, 4, 0, 0, 0, -EINVAL},
		{BLOOM, 0, 4, 1, 0, 1, 0},
		{BLOOM, 0, 4, 1, 0, 15, 0},
		{BLOOM, 0, 4, 1, 0, 16, -EINVAL},
		{BLOOM, 0, 4, 1, 0, 1ull << 32, -EINVAL},
		{BLOOM, 0, 4, 1, BPF_F_ZERO_SEED, 0, 0},
		{BLOOM, 0, 4, 1, NP, 0, -EINVAL},
		{BLOOM, 0, 4, 1, BPF_F_MMAPABLE, 0, -EINVAL},
		{BLOOM, 0, 4, 1, BPF_F_RDONLY_PROG, 0, 0},
		{BLOOM, 0, 4, 1, RDONLY_WRONLY_PROG, 0, -EINVAL},
		{BLOOM, 0, MAX_VALUE, 1, 0, 0, 0},
		{BLOOM, 0, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{BLOOM, 4, MAX_VALUE + 1, 1, 0, 0, -E2BIG},
		{LPM, 8, 4, 1, NP, 0, 0},
		{LPM, 8, 4, 1, 0, 0, -EINVAL},
		{LPM, 4, 4, 1, NP, 0, -EINVAL},
		{LPM, 5, 1, 1, NP, 0, 0},
		{LPM, 260, 4, 1, NP, 0, 0},
		{LPM, 261, 4, 1, NP, 0, -EINVAL},
		{LPM, 0, 4, 1, NP, 0, -EINVAL},
		{LPM, 8, 0, 1, NP, 0, -EINVAL},
		{LPM, 8, 4, 0, NP, 0, -EINVAL},
		{LPM, 8, 4, 0xffffffff, NP, 0, 0},
		{LPM, 8, 4, 1, NP, 1, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_ZERO_SEED, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_NO_COMMON_LRU, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_MMAPABLE, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_INNER_MAP, 0, -EINVAL},
		{LPM, 8, 4, 1, NP | BPF_F_RDONLY, 0, 0},
		{LPM, 8, 4, 1, NP | BPF_F_WRONLY_PROG, 0, 0},
		{LPM, 8, 4, 1, NP | RDONLY_WRONLY_PROG, 0, -EINVAL},
		{LPM, 8, MAX_VALUE - 256 - 24, 1, NP, 0, 0},
		{LPM, 8, MAX_VALUE - 256 - 23, 1, NP, 0, -EINVAL},
		{PERF, 4, 4, 1, 0, 0, 0},
		{PERF, 4, 4, 8, BPF_F_PRESERVE_ELEMS, 0, 0},
		{PERF, 4, 4, 0, 0, 0, -EINVAL},
		{PERF, 8, 4, 1, 0, 0, -EINVAL},
		{PERF, 4, 8, 1, 0, 0, -EINVAL},
		{PERF, 4, 4, 1, NP, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_MMAPABLE, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_INNER_MAP, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_RDONLY, 0, 0},
		{PERF, 4, 4, 1, BPF_F_RDONLY_PROG, 0, -EINVAL},
		{PERF, 4, 4, 1, BPF_F_WRONLY_PROG, 0, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = map_create(cases[i].type, cases[i].key, cases[i].value, cases[i].max,
				     cases[i].flags, cases[i].extra);

		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
		if (ret >= 0)
			end(ret);
	}
}

/* What a key or a value must be. */
static void types_of_keys(void **state)
{
	static const struct {
		enum bpf_map_type type;
		unsigned int key, flags;
		enum { NO_KEY, U32_KEY, INT_KEY, STRUCT_KEY } with;
		int result;
	} cases[] = {
		{QUEUE, 0, 0, NO_KEY, -EINVAL},	  {QUEUE, 0, 0, INT_KEY, -EINVAL},
		{STACK, 0, 0, NO_KEY, -EINVAL},	  {BLOOM, 0, 0, NO_KEY, 0},
		{BLOOM, 0, 0, INT_KEY, -EINVAL},  {LPM, 8, NP, NO_KEY, -EINVAL},
		{LPM, 8, NP, INT_KEY, -EINVAL},	  {LPM, 8, NP, STRUCT_KEY, 0},
		{PERF, 4, 0, U32_KEY, -ENOTSUPP}, {PERF, 4, 0, NO_KEY, -ENOTSUPP},
	};
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	int ids[4] = {0}, u32, fd;
	__u32 size;

	u32 = ids[U32_KEY] = btf__add_int(btf, "u32", 4, 0);
	ids[INT_KEY] = btf__add_int(btf, "u64", 8, 0);
	ids[STRUCT_KEY] = btf__add_struct(btf, "key", 8);
	btf__add_field(btf, "prefixlen", u32, 0, 0);
	btf__add_field(btf, "data", u32, 32, 0);
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = own(bpf(BPF_BTF_LOAD, &attr));
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr map = {.map_type = cases[i].type,
				      .key_size = cases[i].key,
				      .value_size = 4,
				      .max_entries = 1,
				      .map_flags = cases[i].flags,
				      .btf_fd = (__u32)fd,
				      .btf_key_type_id = (__u32)ids[cases[i].with],
				      .btf_value_type_id = (__u32)u32};
		int ret = own(bpf(BPF_MAP_CREATE, &map));

		if ((ret >= 0 ? 0 : ret) != cases[i].result)
			fail_msg("case %zu: %d, not %d", i, ret, cases[i].result);
	}
	btf__free(btf);
}

static void info_keeps_map_extra(void **state)
{
	static const __u64 extras[] = {0, 3};
	struct bpf_map_info info;

	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		info_of(map_create(BLOOM, 0, 4, 100, 0, extras[i]), &info, sizeof(info));
		assert_int_equal(info.map_extra, extras[i]);
		assert_int_equal(info.key_size, 0);
	}
}

/* --- programs ---------------------------------------------------------------------------- */

/* A helper called with the map, two words on the stack and no flags. */
static int load_call(int map, int helper)
{
	struct code code = {.n = 0};

	EMIT(&code, ST_MEM(DW, 10, -16, 0), ST_MEM(DW, 10, -8, 0), LD_MAP_FD(1, map),
	     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -16));
	if (helper == BPF_FUNC_map_update_elem)
		EMIT(&code, MOV64_REG(3, 2), MOV64_IMM(4, 0));
	else
		EMIT(&code, MOV64_IMM(3, 0));
	EMIT(&code, CALL(helper), MOV64_IMM(0, 0), EXIT());
	return load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
}

static void helpers_by_kind(void **state)
{
	static const int helpers[] = {BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem,
				      BPF_FUNC_map_delete_elem, BPF_FUNC_map_push_elem,
				      BPF_FUNC_map_pop_elem,	BPF_FUNC_map_peek_elem};
	static const struct {
		enum bpf_map_type type;
		unsigned int key, flags;
		int results[ARRAY_SIZE(helpers)];
	} rows[] = {
#define NO -EINVAL
#define KEY -EACCES /* there is none to be read */
		{QUEUE, 0, 0, {KEY, KEY, KEY, 0, 0, 0}},
		{STACK, 0, 0, {KEY, KEY, KEY, 0, 0, 0}},
		{BLOOM, 0, 0, {KEY, KEY, KEY, 0, NO, 0}},
		{LPM, 8, NP, {0, 0, 0, NO, NO, NO}},
		{PERF, 4, 0, {NO, NO, NO, NO, NO, NO}},
		{BPF_MAP_TYPE_HASH, 4, 0, {0, 0, 0, NO, NO, NO}},
		{BPF_MAP_TYPE_ARRAY, 4, 0, {0, 0, 0, NO, NO, NO}},
		{QUEUE, 0, BPF_F_RDONLY_PROG, {KEY, KEY, KEY, -EACCES, -EACCES, 0}},
		{QUEUE, 0, BPF_F_WRONLY_PROG, {KEY, KEY, KEY, 0, 0, 0}},
		{BLOOM, 0, BPF_F_RDONLY_PROG, {KEY, KEY, KEY, -EACCES, -EACCES, 0}},
		{LPM, 8, NP | BPF_F_RDONLY_PROG, {0, -EACCES, -EACCES, -EACCES, -EACCES, NO}},
#undef KEY
#undef NO
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int map = map_new(rows[i].type, rows[i].key, 4, 4, rows[i].flags);

		for (size_t h = 0; h < ARRAY_SIZE(helpers); h++) {
			int ret = load_call(map, helpers[h]);

			if ((ret >= 0 ? 0 : ret) != rows[i].results[h])
				fail_msg("row %zu, helper %d: %d, not %d", i, helpers[h], ret,
					 rows[i].results[h]);
		}
	}
}

/* --- the same for all -------------------------------------------------------------------- */

static const struct {
	enum bpf_map_type type;
	unsigned int key, flags;
} kinds[] = {{QUEUE, 0, 0}, {STACK, 0, 0}, {BLOOM, 0, 0}, {LPM, 8, NP}};

static void handles_and_freezing(void **state)
{
	__u32 keys[2] = {8}, next[2];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const void *key = kinds[i].key ? keys : NULL;
		enum bpf_map_type type = kinds[i].type;
		int rdonly = map_new(type, kinds[i].key, 4, 4, kinds[i].flags | BPF_F_RDONLY);
		int wronly = map_new(type, kinds[i].key, 4, 4, kinds[i].flags | BPF_F_WRONLY);
		int map = map_new(type, kinds[i].key, 4, 4, kinds[i].flags);
		int next_key = type == LPM ? 0 : type == BLOOM ? -EOPNOTSUPP : -EINVAL;
		__u32 value = 5;

		assert_int_equal(map_command(PUSH, rdonly, key, &value, 0), -EPERM);
		assert_int_equal(map_command(DELETE, rdonly, key, NULL, 0), -EPERM);
		assert_int_equal(map_command(POP, rdonly, key, &value, 0), -EPERM);
		assert_int_equal(map_command(PEEK, rdonly, key, &value, 0), -ENOENT);
		assert_int_equal(map_command(PUSH, wronly, key, &value, 0), 0);
		assert_int_equal(map_command(PEEK, wronly, key, &value, 0), -EPERM);
		assert_int_equal(map_command(POP, wronly, key, &value, 0), -EPERM);
		assert_int_equal(map_command(NEXT, wronly, key, next, 0), -EPERM);

		assert_int_equal(map_command(PUSH, map, key, &value, 0), 0);
		assert_int_equal(map_command(FREEZE, map, NULL, NULL, 0), 0);
		assert_int_equal(map_command(PUSH, map, key, &value, 0), -EPERM);
		assert_int_equal(map_command(POP, map, key, &value, 0), -EPERM);
		assert_int_equal(map_command(DELETE, map, key, NULL, 0), -EPERM);
		assert_int_equal(map_command(PEEK, map, key, &value, 0), 0);
		assert_int_equal(value, 5);
		assert_int_equal(map_command(NEXT, map, NULL, next, 0), next_key);
	}
}

static void bad_value_pointers(void **state)
{
	__u32 key[2] = {8}, value = 5;
	void *bad = (void *)8;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const void *k = kinds[i].key ? key : NULL;
		int map = map_new(kinds[i].type, kinds[i].key, 4, 4, kinds[i].flags);
		int absent = kinds[i].type == BLOOM ? -EFAULT : -ENOENT;

		assert_int_equal(map_command(PUSH, map, k, bad, 0), -EFAULT);
		assert_int_equal(map_command(PEEK, map, k, bad, 0), absent);
		assert_int_equal(map_command(PUSH, map, k, &value, 0), 0);
		assert_int_equal(map_command(PEEK, map, k, bad, 0), -EFAULT);
	}
	/* What was popped and cannot be given is lost. */
	for (size_t i = 0; i < 2; i++) {
		int map = map_new(kinds[i].type, 0, 4, 4, 0);

		assert_int_equal(map_command(PUSH, map, NULL, &value, 0), 0);
		assert_int_equal(map_command(POP, map, NULL, bad, 0), -EFAULT);
		assert_int_equal(map_command(POP, map, NULL, &value, 0), -ENOENT);
	}
}

static void no_element_walk(void **state)
{
	int prog = load_trivial_iter("bpf_map_elem");

	assert_true(prog >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int map = map_new(kinds[i].type, kinds[i].key, 4, 4, kinds[i].flags);

		assert_int_equal(attach_map(prog, map), -EINVAL);
	}
}

static void inside_other_maps(void **state)
{
	static const __u32 index;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		enum bpf_map_type type = kinds[i].type;
		int inner = map_new(type, kinds[i].key, 4, 4, kinds[i].flags);
		int larger = map_new(type, kinds[i].key, 4, 8, kinds[i].flags);
		int wider = map_new(type, kinds[i].key, 8, 4, kinds[i].flags);
		union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
				       .key_size = 4,
				       .value_size = 4,
				       .max_entries = 1,
				       .inner_map_fd = (__u32)inner};
		int outer = own(bpf(BPF_MAP_CREATE, &attr));

		assert_true(outer >= 0);
		assert_int_equal(map_command(PUSH, outer, &index, &inner, 0), 0);
		assert_int_equal(map_command(PUSH, outer, &index, &larger, 0), 0);
		assert_int_equal(map_command(PUSH, outer, &index, &wider, 0), -EINVAL);
		if (type == BLOOM) {
			int other = map_create(type, 0, 4, 4, 0, 7);

			assert_int_equal(map_command(PUSH, outer, &index, &other, 0), 0);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(creation),
	cmocka_unit_test(types_of_keys),
	cmocka_unit_test(info_keeps_map_extra),
	cmocka_unit_test(helpers_by_kind),
	cmocka_unit_test(handles_and_freezing),
	cmocka_unit_test(bad_value_pointers),
	cmocka_unit_test(no_element_walk),
	cmocka_unit_test(inside_other_maps),
};
const struct section kinds_section = {"kinds", tests, ARRAY_SIZE(tests)};
