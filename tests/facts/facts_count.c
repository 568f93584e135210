/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* FACTS.md, "bpf_map_sum_elem_count". */
#include "facts.h"

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

static void hash_counts(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 4, 8, 100, 0);
	__u64 value = 0;

	assert_int_equal(count(map), 0);
	for (__u32 i = 0; i < 50; i++)
		assert_int_equal(map_update(map, &i, &value, BPF_ANY), 0);
	assert_int_equal(count(map), 50);
	/* Another value of a key that is there is no more. */
	for (__u32 i = 0; i < 10; i++)
		assert_int_equal(map_update(map, &i, &value, BPF_EXIST), 0);
	assert_int_equal(count(map), 50);
	for (__u32 i = 0; i < 20; i++)
		assert_int_equal(map_delete(map, &i), 0);
	assert_int_equal(count(map), 30);
}

static void hash_without_preallocation_counts(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 4, 8, 100, BPF_F_NO_PREALLOC);
	__u64 value = 0;

	for (__u32 i = 0; i < 50; i++)
		assert_int_equal(map_update(map, &i, &value, BPF_ANY), 0);
	assert_int_equal(map_delete(map, &(__u32){7}), 0);
	assert_int_equal(count(map), 49);
}

static void array_does_not(void **state)
{
	assert_int_equal(count(map_of_numbers(BPF_MAP_TYPE_ARRAY, 7)), 0);
}

/* Open to every program type: here to one that knows nothing of iterators. */
static void any_program_type(void **state)
{
	int kfunc = type_id("bpf_map_sum_elem_count", BTF_KIND_FUNC);
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 5);
	int prog = load(BPF_PROG_TYPE_SOCKET_FILTER,
			CODE(LD_MAP_FD(1, map), CALL_KFUNC(kfunc), EXIT()));
	unsigned int ret = 0;

	if (prog < 0)
		fail_msg("%s\n%s", strerror(-prog), load_log);
	assert_int_equal(E->run(prog, &ret), 0);
	assert_int_equal(ret, 5);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(hash_counts),
	cmocka_unit_test(hash_without_preallocation_counts),
	cmocka_unit_test(array_does_not),
	cmocka_unit_test(any_program_type),
};
const struct section count_section = {"bpf_map_sum_elem_count", tests, ARRAY_SIZE(tests)};
