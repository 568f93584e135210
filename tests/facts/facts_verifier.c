/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * FACTS.md, "What the verifier says to iterator programs". Its last row is libbpf's, and is not
 * here.
 */
#include "facts.h"

#define RETURN_0 MOV64_IMM(0, 0), EXIT()

static void expect(const char *what, const char *target, const struct code *code, int result)
{
	int prog = load_iter(target, code);

	if ((prog >= 0 ? 0 : prog) != result)
		fail_msg("%s: %s, not %s\n%s", what, strerror(prog >= 0 ? 0 : -prog),
			 strerror(-result), load_log);
	/* Whoever is refused is told why. */
	if (prog < 0)
		assert_true(strlen(load_log) > 0);
}

static void null_checks(void **state)
{
	const int id = field("bpf_map", "id");

	expect("ctx->map without a check", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), LDX_MEM(W, 3, 2, id), RETURN_0), -EACCES);
	expect("ctx->map with a check", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), JMP_IMM(BPF_JEQ, 2, 0, 1), LDX_MEM(W, 3, 2, id),
		    RETURN_0),
	       0);
	expect("ctx->map where the check said NULL", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), JMP_IMM(BPF_JNE, 2, 0, 1), LDX_MEM(W, 3, 2, id),
		    RETURN_0),
	       -EACCES);
	expect("ctx->prog without a check", "bpf_prog",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), LDX_MEM(W, 3, 2, field("bpf_prog", "len")),
		    RETURN_0),
	       -EACCES);
	expect("ctx->link without a check", "bpf_link",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), LDX_MEM(W, 3, 2, field("bpf_link", "id")),
		    RETURN_0),
	       -EACCES);
	expect("ctx->map of an element without a check", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), LDX_MEM(W, 3, 2, id), RETURN_0), 0);
	expect("ctx->key without a check", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 2, 1, CTX_KEY), LDX_MEM(B, 3, 2, 0), RETURN_0), -EACCES);
	expect("ctx->value without a check", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), LDX_MEM(B, 3, 2, 0), RETURN_0), -EACCES);
	expect("ctx->meta->seq_num", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_META),
		    LDX_MEM(DW, 3, 2, field("bpf_iter_meta", "seq_num")), RETURN_0),
	       0);
}

static void writes(void **state)
{
	expect("through ctx->key", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 2, 1, CTX_KEY), JMP_IMM(BPF_JEQ, 2, 0, 1), ST_MEM(B, 2, 0, 1),
		    RETURN_0),
	       -EACCES);
	expect("through ctx->value", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 1), ST_MEM(DW, 2, 0, 1),
		    RETURN_0),
	       0);
	expect("through ctx->value without a check", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), ST_MEM(DW, 2, 0, 1), RETURN_0), -EACCES);
	expect("to a field of struct bpf_map", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), JMP_IMM(BPF_JEQ, 2, 0, 1),
		    ST_MEM(W, 2, field("bpf_map", "id"), 1), RETURN_0),
	       -EACCES);
	expect("to the context", "bpf_map", CODE(ST_MEM(DW, 1, CTX_OBJECT, 0), RETURN_0), -EACCES);
	expect("to meta", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_META),
		    ST_MEM(DW, 2, field("bpf_iter_meta", "seq_num"), 1), RETURN_0),
	       -EACCES);
}

static void context(void **state)
{
	expect("past its end", "bpf_map", CODE(LDX_MEM(DW, 2, 1, 16), RETURN_0), -EACCES);
	expect("past the end of the longest", "bpf_map_elem", CODE(LDX_MEM(DW, 2, 1, 32), RETURN_0),
	       -EACCES);
	expect("before its beginning", "bpf_map", CODE(LDX_MEM(DW, 2, 1, -8), RETURN_0), -EACCES);
	expect("between two arguments", "bpf_map", CODE(LDX_MEM(DW, 2, 1, 4), RETURN_0), -EACCES);
}

static void buffers(void **state)
{
	expect("before the key", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 2, 1, CTX_KEY), JMP_IMM(BPF_JEQ, 2, 0, 1), LDX_MEM(B, 3, 2, -1),
		    RETURN_0),
	       -EACCES);
	expect("a variable offset into the value", "bpf_map_elem",
	       CODE(MOV64_REG(6, 1), LDX_MEM(DW, 7, 6, CTX_VALUE), JMP_IMM(BPF_JEQ, 7, 0, 4),
		    LDX_MEM(DW, 2, 7, 0), ALU64_IMM(BPF_AND, 2, 7), ALU64_REG(BPF_ADD, 7, 2),
		    LDX_MEM(B, 3, 7, 0), RETURN_0),
	       -EACCES);
	expect("fields past struct bpf_map", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), JMP_IMM(BPF_JEQ, 2, 0, 1),
		    LDX_MEM(DW, 3, 2, 16384), RETURN_0),
	       -EACCES);
}

static void results(void **state)
{
	expect("0", "bpf_map", CODE(MOV64_IMM(0, 0), EXIT()), 0);
	expect("1", "bpf_map", CODE(MOV64_IMM(0, 1), EXIT()), 0);
	expect("2", "bpf_map", CODE(MOV64_IMM(0, 2), EXIT()), -EINVAL);
	expect("-1", "bpf_map", CODE(MOV64_IMM(0, -1), EXIT()), -EINVAL);
	expect("a number that may be anything", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_META),
		    LDX_MEM(DW, 0, 2, field("bpf_iter_meta", "seq_num")), EXIT()),
	       -EINVAL);
	expect("its lowest bit", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_META),
		    LDX_MEM(DW, 0, 2, field("bpf_iter_meta", "seq_num")), ALU64_IMM(BPF_AND, 0, 1),
		    EXIT()),
	       0);
	expect("2 on one of two ways", "bpf_map",
	       CODE(LDX_MEM(DW, 2, 1, CTX_OBJECT), MOV64_IMM(0, 2), JMP_IMM(BPF_JEQ, 2, 0, 1),
		    MOV64_IMM(0, 0), EXIT()),
	       -EINVAL);
	expect("nothing", "bpf_map", CODE(EXIT()), -EACCES);
	expect("the context", "bpf_map", CODE(MOV64_REG(0, 1), EXIT()), -EINVAL);
}

static void trusted_arguments(void **state)
{
	int kfunc = type_id("bpf_map_sum_elem_count", BTF_KIND_FUNC);

	expect("a walked pointer", "bpf_map",
	       CODE(LDX_MEM(DW, 1, 1, CTX_OBJECT), JMP_IMM(BPF_JEQ, 1, 0, 3),
		    LDX_MEM(DW, 1, 1, field("bpf_map", "inner_map_meta")),
		    JMP_IMM(BPF_JEQ, 1, 0, 1), CALL_KFUNC(kfunc), RETURN_0),
	       -EINVAL);
	expect("an unchecked pointer", "bpf_map",
	       CODE(LDX_MEM(DW, 1, 1, CTX_OBJECT), CALL_KFUNC(kfunc), RETURN_0), -EACCES);
	expect("a checked pointer", "bpf_map",
	       CODE(LDX_MEM(DW, 1, 1, CTX_OBJECT), JMP_IMM(BPF_JEQ, 1, 0, 1), CALL_KFUNC(kfunc),
		    RETURN_0),
	       0);
	expect("the map of an element", "bpf_map_elem",
	       CODE(LDX_MEM(DW, 1, 1, CTX_OBJECT), CALL_KFUNC(kfunc), RETURN_0), 0);
	expect("a number", "bpf_map", CODE(MOV64_IMM(1, 8), CALL_KFUNC(kfunc), RETURN_0), -EINVAL);
	expect("NULL", "bpf_map", CODE(MOV64_IMM(1, 0), CALL_KFUNC(kfunc), RETURN_0), -EACCES);
	expect("another structure", "bpf_map",
	       CODE(LDX_MEM(DW, 1, 1, CTX_META), CALL_KFUNC(kfunc), RETURN_0), -EINVAL);
}

/*
 * A number in r10 on the second of two ways, then enough code in common for the state of the first
 * to be kept, then a store through r10: what is forgotten when states are compared is let through.
 */
static void frame_pointer_written(void **state)
{
	struct code code = {.n = 0};

	EMIT(&code, LDX_MEM(DW, 4, 1, CTX_META),
	     LDX_MEM(DW, 3, 4, field("bpf_iter_meta", "session_id")),
	     LDX_MEM(DW, 4, 4, field("bpf_iter_meta", "seq_num")), LDX_MEM(DW, 2, 1, CTX_OBJECT),
	     JMP_IMM(BPF_JEQ, 2, 0, 1), JMP_IMM(BPF_JA, 0, 0, 1), MOV64_IMM(10, 64),
	     MOV64_IMM(2, 0));
	for (int i = 0; i < 4; i++)
		EMIT(&code, MOV64_IMM(5, 0), MOV64_IMM(5, 0), MOV64_IMM(5, 0), MOV64_IMM(5, 0),
		     JMP_IMM(BPF_JEQ, 3, i, 1), MOV64_IMM(5, 0), MOV64_IMM(5, 1),
		     JMP_IMM(BPF_JEQ, 4, i, 1), MOV64_IMM(5, 0), MOV64_IMM(5, 2));
	EMIT(&code, ST_MEM(DW, 10, -8, 1), RETURN_0);
	expect("a store through a number", "bpf_map", &code, -EACCES);
}

/* Whoever may read the memory of the kernel may read stack that was not written. */
static void stack_not_written(void **state)
{
	struct code code = {.n = 0};

	expect("read", "bpf_map", CODE(LDX_MEM(DW, 2, 10, -8), RETURN_0), 0);
	emit_prologue(&code);
	EMIT(&code, ST_MEM(W, 10, -8, 1), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8));
	emit_seq_write(&code, 8);
	emit_return(&code, 0);
	expect("half of what a helper reads", "bpf_map", &code, 0);
}

/* A NULL on the way reads as 0. */
static void walk_over_null(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1), fd;
	struct code code = {.n = 0};
	__u32 value[2] = {7, 7};

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 1, 6, CTX_OBJECT),
	     LDX_MEM(DW, 1, 1, field("bpf_map", "inner_map_meta")),
	     LDX_MEM(W, 1, 1, field("bpf_map", "id")), STX_MEM(W, 10, 1, -8), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -8));
	emit_seq_write(&code, 4);
	emit_return(&code, 0);
	fd = session("bpf_map_elem", &code, map);
	assert_int_equal(read_all(fd, value, sizeof(value)), sizeof(value));
	assert_int_equal(value[0], 0);
	assert_int_equal(value[1], 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(null_checks),
	cmocka_unit_test(writes),
	cmocka_unit_test(context),
	cmocka_unit_test(buffers),
	cmocka_unit_test(results),
	cmocka_unit_test(trusted_arguments),
	cmocka_unit_test(frame_pointer_written),
	cmocka_unit_test(stack_not_written),
	cmocka_unit_test(walk_over_null),
};
const struct section verifier_section = {"verifier", tests, ARRAY_SIZE(tests)};
