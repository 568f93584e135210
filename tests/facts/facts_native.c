/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What must not depend on how a program is executed: how long it goes on, counted in a map by the
 * program itself; and what its info says of native code, where there is some.
 */
#include "facts.h"

#define SOCKET BPF_PROG_TYPE_SOCKET_FILTER
#define LD_FUNC(dst, off) LD_IMM64(dst, BPF_PSEUDO_FUNC, off, 0)
/* One more in the first value of the array. r6 and r7 are changed. */
#define COUNT(map)                                                                                 \
	LD_MAP_VALUE(6, map, 0), LDX_MEM(DW, 7, 6, 0), ALU64_IMM(BPF_ADD, 7, 1),                   \
		STX_MEM(DW, 6, 7, 0)
#define TAIL_CALL(map, index) LD_MAP_FD(2, map), MOV64_IMM(3, index), CALL(BPF_FUNC_tail_call)
#define RETURN(value) MOV64_IMM(0, value), EXIT()

static int counter(void)
{
	return map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
}

/* What a run of @prog adds to @map; its result. */
static __u64 steps_of(int prog, int map, unsigned int *result)
{
	__u64 before = 0, after = 0;

	if (prog < 0)
		fail_msg("does not load: %d\n%s", prog, load_log);
	assert_int_equal(map_lookup(map, &(__u32){0}, &before), 0);
	assert_int_equal(E->run(prog, result), 0);
	assert_int_equal(map_lookup(map, &(__u32){0}, &after), 0);
	return after - before;
}

/* --- how long it goes on ---------------------------------------------------------------------- */

#define DEPTH 8

/* Each function but the last one calls the next one, the first three twice. */
static void nested_calls(void **state)
{
	int map = counter();
	unsigned int starts[DEPTH], result = 0;
	struct code code = {0};

	for (unsigned int i = 0; i < DEPTH; i++) {
		starts[i] = code.n;
		EMIT(&code, COUNT(map));
		if (i + 1 < DEPTH)
			EMIT(&code, CALL_SUBPROG(i < 3 ? 3 : 2));
		if (i < 3)
			EMIT(&code, CALL_SUBPROG(2));
		EMIT(&code, RETURN(5));
	}
	assert_int_equal(steps_of(load_functions(&code, starts, DEPTH), map, &result),
			 1 + 2 + 4 + 5 * 8);
	assert_int_equal(result, 5);
}

/* A function that begins here is what the LD_FUNC() at @from stands for. */
static unsigned int function(struct code *code, unsigned int from)
{
	code->insn[from].imm = (int)(code->n - from - 1);
	return code->n;
}

/* 100 turns, in each of which a loop of 200 ends itself after 50. */
static void nested_loops(void **state)
{
	int map = counter();
	unsigned int starts[3] = {0}, from, result = 0;
	struct code code = {0};

	EMIT(&code, MOV64_IMM(1, 100));
	from = code.n;
	EMIT(&code, LD_FUNC(2, 0), MOV64_IMM(3, 0), MOV64_IMM(4, 0), CALL(BPF_FUNC_loop), EXIT());
	starts[1] = function(&code, from);
	EMIT(&code, MOV64_IMM(1, 200));
	from = code.n;
	EMIT(&code, LD_FUNC(2, 0), MOV64_IMM(3, 0), MOV64_IMM(4, 0), CALL(BPF_FUNC_loop),
	     JMP_IMM(BPF_JEQ, 0, 50, 2), RETURN(1), RETURN(0));
	starts[2] = function(&code, from);
	EMIT(&code, MOV64_REG(8, 1), COUNT(map), JMP_IMM(BPF_JLT, 8, 49, 2), RETURN(1), RETURN(0));
	requires_linux(5, 17);
	assert_int_equal(steps_of(load_functions(&code, starts, 3), map, &result), 5000);
	assert_int_equal(result, 100);
}

static void turns_of_a_loop(void **state)
{
	static const struct {
		int turns, flags, steps, result;
	} rows[] = {
		{0, 0, 0, 0},
		{1 << 20, 0, 1 << 20, 1 << 20},
		{(8 << 20) + 1, 0, 0, -E2BIG},
		{-1, 0, 0, -E2BIG},
		{1, 1, 0, -EINVAL},
	};
	int map = counter();

	requires_linux(5, 17);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int starts[2] = {0}, from, result = 0;
		struct code code = {0};

		EMIT(&code, MOV64_IMM(1, rows[i].turns));
		from = code.n;
		EMIT(&code, LD_FUNC(2, 0), MOV64_IMM(3, 0), MOV64_IMM(4, rows[i].flags),
		     CALL(BPF_FUNC_loop), EXIT());
		starts[1] = function(&code, from);
		EMIT(&code, COUNT(map), RETURN(0));
		assert_int_equal(steps_of(load_functions(&code, starts, 2), map, &result),
				 rows[i].steps);
		assert_int_equal((int)result, rows[i].result);
	}
}

/* A program whose function calls the program again, twice: all that come of it share 33. */
static void tail_calls_that_multiply(void **state)
{
	int map = counter(), progs = map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, 0), prog;
	unsigned int starts[2] = {0}, result = 0;
	struct code code = {0};

	EMIT(&code, MOV64_REG(8, 1), COUNT(map), MOV64_REG(1, 8), CALL_SUBPROG(4), MOV64_REG(1, 8),
	     CALL_SUBPROG(2), RETURN(3));
	starts[1] = code.n;
	EMIT(&code, TAIL_CALL(progs, 0), RETURN(0));
	/* Before, each function counted by itself: what comes of it takes years. */
	requires_linux(6, 12);
	prog = load_functions(&code, starts, 2);
	assert_true(prog >= 0);
	assert_int_equal(steps_of(prog, map, &result), 1);
	assert_int_equal(map_update(progs, &(__u32){0}, &prog, 0), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(steps_of(prog, map, &result), 34);
		assert_int_equal(result, 3);
	}
}

/* --- what its info says of native code -------------------------------------------------------- */

struct native {
	__u8 code[1024];
	__u64 funcs[4], lines[8];
	__u32 lens[4];
	struct bpf_prog_info info;
};

static int get_native(int prog, struct native *n)
{
	union bpf_attr attr = {0};

	attr.info.bpf_fd = (__u32)prog;
	attr.info.info = PTR(&n->info);
	attr.info.info_len = sizeof(n->info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* All of it, or as much as there is room for. */
static void show(int prog, struct native *n, __u32 bytes, __u32 funcs, __u32 lines)
{
	*n = (struct native){.info = {.jited_prog_len = bytes,
				      .jited_prog_insns = PTR(n->code),
				      .nr_jited_ksyms = funcs,
				      .jited_ksyms = PTR(n->funcs),
				      .nr_jited_func_lens = funcs,
				      .jited_func_lens = PTR(n->lens),
				      .nr_jited_line_info = lines,
				      .jited_line_info_rec_size = sizeof(__u64),
				      .jited_line_info = PTR(n->lines)}};
	assert_int_equal(get_native(prog, n), 0);
}

static bool in_function(const struct native *n, __u32 func, __u64 addr)
{
	return addr >= n->funcs[func] && addr < n->funcs[func] + n->lens[func];
}

#define SECOND 5 /* where the second function begins */

/* Two functions, with a line for the first and the third instruction of each. */
static int load_with_lines(void)
{
	const struct code *code = CODE(MOV64_IMM(1, 40), CALL_SUBPROG(3), ALU64_IMM(BPF_ADD, 0, 1),
				       MOV64_REG(6, 0), EXIT(), MOV64_REG(0, 1),
				       ALU64_IMM(BPF_ADD, 0, 1), ALU64_IMM(BPF_MUL, 0, 3), EXIT());
	struct bpf_func_info funcs[2] = {{.insn_off = 0}, {.insn_off = SECOND}};
	struct bpf_line_info lines[4] = {{0}, {2}, {SECOND}, {SECOND + 2}};
	union bpf_attr attr = {.prog_type = SOCKET}, types_attr = {0};
	struct btf *btf = btf__new_empty();
	int proto = btf__add_func_proto(btf, btf__add_int(btf, "int", 4, BTF_INT_SIGNED));
	__u32 text = (__u32)btf__add_str(btf, "text"), size;

	funcs[0].type_id = (__u32)btf__add_func(btf, "main", BTF_FUNC_GLOBAL, proto);
	funcs[1].type_id = (__u32)btf__add_func(btf, "f", BTF_FUNC_STATIC, proto);
	for (__u32 i = 0; i < ARRAY_SIZE(lines); i++) {
		lines[i].file_name_off = lines[i].line_off = text;
		lines[i].line_col = (i + 1) << 10;
	}
	types_attr.btf = PTR(btf__raw_data(btf, &size));
	types_attr.btf_size = size;
	attr.prog_btf_fd = (__u32)own(bpf(BPF_BTF_LOAD, &types_attr));
	btf__free(btf);
	attr.insns = PTR(code->insn);
	attr.insn_cnt = code->n;
	attr.license = PTR("GPL");
	attr.func_info = PTR(funcs);
	attr.func_info_cnt = ARRAY_SIZE(funcs);
	attr.func_info_rec_size = sizeof(funcs[0]);
	attr.line_info = PTR(lines);
	attr.line_info_cnt = ARRAY_SIZE(lines);
	attr.line_info_rec_size = sizeof(lines[0]);
	return own(bpf(BPF_PROG_LOAD, &attr));
}

static void places_of_native_code(void **state)
{
	int prog = load_with_lines();
	struct native all, some;

	assert_true(prog >= 0);
	show(prog, &all, sizeof(all.code), ARRAY_SIZE(all.funcs), ARRAY_SIZE(all.lines));
	if (!all.info.jited_prog_len) {
		/* It is interpreted. */
		assert_int_equal(all.info.nr_jited_ksyms | all.info.nr_jited_func_lens |
					 all.info.nr_jited_line_info,
				 0);
		return;
	}
	assert_int_equal(all.info.nr_jited_ksyms, 2);
	assert_int_equal(all.info.nr_jited_func_lens, 2);
	assert_int_equal(all.info.nr_jited_line_info, 4);
	assert_int_equal(all.lens[0] + all.lens[1], all.info.jited_prog_len);
	assert_true(all.lens[0] && all.lens[1]);
	assert_false(in_function(&all, 0, all.funcs[1]) || in_function(&all, 1, all.funcs[0]));
	assert_true(all.lines[0] == all.funcs[0] && all.lines[2] == all.funcs[1]);
	assert_true(in_function(&all, 0, all.lines[1]) && all.lines[1] > all.lines[0]);
	assert_true(in_function(&all, 1, all.lines[3]) && all.lines[3] > all.lines[2]);
	assert_int_equal(all.funcs[2] | all.lens[2] | all.lines[4], 0);

	show(prog, &some, 3, 1, 3);
	assert_int_equal(some.info.jited_prog_len, all.info.jited_prog_len);
	assert_int_equal(some.info.nr_jited_ksyms, 2);
	assert_int_equal(some.info.nr_jited_func_lens, 2);
	assert_int_equal(some.info.nr_jited_line_info, 4);
	assert_memory_equal(some.code, all.code, 3);
	assert_int_equal(some.code[3] | some.funcs[1] | some.lens[1] | some.lines[3], 0);
	assert_true(some.funcs[0] == all.funcs[0] && some.lines[2] == all.lines[2]);
	assert_int_equal(some.lens[0], all.lens[0]);
}

/* Also a program without types has a function. */
static void native_code_without_types(void **state)
{
	int prog = load(SOCKET, CODE(RETURN(7)));
	struct native n;

	assert_true(prog >= 0);
	show(prog, &n, sizeof(n.code), ARRAY_SIZE(n.funcs), ARRAY_SIZE(n.lines));
	if (!n.info.jited_prog_len)
		return;
	assert_int_equal(n.info.nr_jited_ksyms, 1);
	assert_int_equal(n.info.nr_jited_func_lens, 1);
	assert_int_equal(n.info.nr_jited_line_info, 0);
	assert_int_equal(n.lens[0], n.info.jited_prog_len);
	assert_true(n.funcs[0] != 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(nested_calls),		 cmocka_unit_test(nested_loops),
	cmocka_unit_test(turns_of_a_loop),	 cmocka_unit_test(tail_calls_that_multiply),
	cmocka_unit_test(places_of_native_code), cmocka_unit_test(native_code_without_types),
};

const struct section native_section = {"native", tests, ARRAY_SIZE(tests)};
