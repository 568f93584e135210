/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Dynptrs: what the calls for them return, and what is in the memory afterwards. A test is a list
 * of calls on two dynptrs, A and B, that one program makes one after the other; the memory is a
 * value of 32 bytes that holds 1 to 32.
 */
#include "facts.h"

#define MEMORY 32
#define MAX_CALLS 12

enum { A = -16, B = -32 }; /* where they are, from r10 on */
#define BUFFER -48	   /* 16 bytes */

enum call {
	FROM_MEM, /* dynptr, size, flags: of the memory */
	RESERVE,  /* dynptr, size, flags: a sample */
	DISCARD,  /* dynptr */
	READ,	  /* dynptr, offset, size, flags: to the buffer; its first byte is the result */
	WRITE,	  /* dynptr, offset, size, flags: of the buffer, where 9s are */
	DATA,	  /* dynptr, offset, size: the first byte; -1: NULL */
	ADJUST,	  /* dynptr, start, end */
	SIZE,
	IS_NULL,
	IS_RDONLY,
	CLONE,	/* dynptr, to which */
	SLICE,	/* dynptr, offset, size: the first byte; -1: NULL */
	MEMSET, /* dynptr, offset, size, byte */
	USER,	/* dynptr, offset, size, which of texts[]; -1: an address that is none */
	USER_STR,
	KERNEL, /* dynptr, offset, size: of the memory itself */
	KERNEL_STR,
	COPY, /* dynptr, offset, from which, offset: 4 bytes */
};

struct step {
	enum call call;
	int dynptr, a, b, c;
	int result;
};

static int ring;
static const char texts[][16] = {"abcdefg", "", "twelve bytes"};

static void emit_at(struct code *code, int reg, int off)
{
	EMIT(code, MOV64_REG(reg, 10), ALU64_IMM(BPF_ADD, reg, off));
}

static void emit_kfunc(struct code *code, const char *name)
{
	EMIT(code, CALL_KFUNC(type_id(name, BTF_KIND_FUNC)));
}

/* r0 = *r0, -1 if it is NULL */
static void emit_first_byte(struct code *code)
{
	EMIT(code, JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, -1), INSN(BPF_JMP | BPF_JA, 0, 0, 1, 0),
	     LDX_MEM(B, 0, 0, 0));
}

static void emit_args(struct code *code, const struct step *s)
{
	emit_at(code, 1, s->dynptr);
	EMIT(code, MOV64_IMM(2, s->a), MOV64_IMM(3, s->b));
}

static void emit_call(struct code *code, const struct step *s, int memory)
{
	static const char *const asks[] = {
		[SIZE] = "bpf_dynptr_size",
		[IS_NULL] = "bpf_dynptr_is_null",
		[IS_RDONLY] = "bpf_dynptr_is_rdonly",
	};

	__u64 text;

	switch (s->call) {
	case FROM_MEM:
		EMIT(code, LD_MAP_VALUE(1, memory, 0), MOV64_IMM(2, s->a), MOV64_IMM(3, s->b));
		emit_at(code, 4, s->dynptr);
		EMIT(code, CALL(BPF_FUNC_dynptr_from_mem));
		break;
	case RESERVE:
		EMIT(code, LD_MAP_FD(1, ring), MOV64_IMM(2, s->a), MOV64_IMM(3, s->b));
		emit_at(code, 4, s->dynptr);
		EMIT(code, CALL(BPF_FUNC_ringbuf_reserve_dynptr));
		break;
	case DISCARD:
		emit_args(code, s);
		EMIT(code, CALL(BPF_FUNC_ringbuf_discard_dynptr), MOV64_IMM(0, 0));
		break;
	case READ:
		emit_at(code, 1, BUFFER);
		EMIT(code, MOV64_IMM(2, s->b));
		emit_at(code, 3, s->dynptr);
		EMIT(code, MOV64_IMM(4, s->a), MOV64_IMM(5, s->c), CALL(BPF_FUNC_dynptr_read),
		     JMP_IMM(BPF_JNE, 0, 0, 1), LDX_MEM(B, 0, 10, BUFFER));
		break;
	case WRITE:
		emit_at(code, 1, s->dynptr);
		EMIT(code, MOV64_IMM(2, s->a));
		emit_at(code, 3, BUFFER);
		EMIT(code, ST_MEM(DW, 3, 0, 0x09090909), MOV64_IMM(4, s->b), MOV64_IMM(5, s->c),
		     CALL(BPF_FUNC_dynptr_write));
		break;
	case DATA:
		emit_args(code, s);
		EMIT(code, CALL(BPF_FUNC_dynptr_data));
		emit_first_byte(code);
		break;
	case ADJUST:
		emit_args(code, s);
		emit_kfunc(code, "bpf_dynptr_adjust");
		break;
	case SIZE:
	case IS_NULL:
	case IS_RDONLY:
		emit_at(code, 1, s->dynptr);
		emit_kfunc(code, asks[s->call]);
		/* A bool is in the low byte. */
		if (s->call != SIZE)
			EMIT(code, ALU64_IMM(BPF_AND, 0, 0xff));
		break;
	case CLONE:
		emit_at(code, 1, s->dynptr);
		emit_at(code, 2, s->a);
		emit_kfunc(code, "bpf_dynptr_clone");
		break;
	case SLICE:
		emit_at(code, 1, s->dynptr);
		EMIT(code, MOV64_IMM(2, s->a), MOV64_IMM(3, 0), MOV64_IMM(4, s->b));
		emit_kfunc(code, "bpf_dynptr_slice");
		emit_first_byte(code);
		break;
	case MEMSET:
		emit_args(code, s);
		EMIT(code, MOV64_IMM(4, s->c));
		emit_kfunc(code, "bpf_dynptr_memset");
		break;
	case USER:
	case USER_STR:
		text = s->c < 0 ? 0 : PTR(texts[s->c]);
		emit_args(code, s);
		EMIT(code, LD_IMM64(4, 0, (int)text, (int)(text >> 32)));
		emit_kfunc(code, s->call == USER ? "bpf_probe_read_user_dynptr"
						 : "bpf_probe_read_user_str_dynptr");
		break;
	case KERNEL:
	case KERNEL_STR:
		emit_args(code, s);
		EMIT(code, LD_MAP_VALUE(4, memory, 16));
		emit_kfunc(code, s->call == KERNEL ? "bpf_probe_read_kernel_dynptr"
						   : "bpf_probe_read_kernel_str_dynptr");
		break;
	case COPY:
		emit_at(code, 1, s->dynptr);
		EMIT(code, MOV64_IMM(2, s->a));
		emit_at(code, 3, s->b);
		EMIT(code, MOV64_IMM(4, s->c), MOV64_IMM(5, 4));
		emit_kfunc(code, "bpf_dynptr_copy");
		break;
	}
}

/* @expected: the memory afterwards. */
static void run_calls(const char *name, const struct step *steps, unsigned char *expected)
{
	int memory = map_new(BPF_MAP_TYPE_ARRAY, 4, MEMORY, 1, 0), key = 0, prog, i;
	int results = map_new(BPF_MAP_TYPE_ARRAY, 4, 4 * MAX_CALLS, 1, 0), got[MAX_CALLS];
	unsigned char bytes[MEMORY];
	struct code code = {.n = 0};
	unsigned int retval;

	for (i = 0; i < MEMORY; i++)
		bytes[i] = i + 1;
	assert_int_equal(map_update(memory, &key, bytes, 0), 0);
	for (i = 0; i < MAX_CALLS && steps[i].dynptr; i++) {
		emit_call(&code, &steps[i], memory);
		EMIT(&code, LD_MAP_VALUE(1, results, 4 * i), STX_MEM(W, 1, 0, 0));
	}
	EMIT(&code, MOV64_IMM(0, 0), EXIT());
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	if (prog < 0)
		fail_msg("%s: %d: %s", name, prog, load_log);
	assert_int_equal(E->run(prog, &retval), 0);
	assert_int_equal(map_lookup(results, &key, got), 0);
	assert_int_equal(map_lookup(memory, &key, bytes), 0);
	for (i = 0; i < MAX_CALLS && steps[i].dynptr; i++)
		if (got[i] != steps[i].result)
			fail_msg("%s: call %d gives %d, not %d", name, i, got[i], steps[i].result);
	for (i = 0; i < MEMORY; i++)
		if (bytes[i] != (expected[i] ? expected[i] : i + 1))
			fail_msg("%s: byte %d is %d", name, i, bytes[i]);
}

struct test {
	const char *name;
	struct step steps[MAX_CALLS];
	unsigned char expected[MEMORY]; /* 0: as before */
};

static void run_all(const struct test *tests, size_t nr)
{
	ring = map_new(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	for (size_t i = 0; i < nr; i++) {
		unsigned char expected[MEMORY];

		memcpy(expected, tests[i].expected, MEMORY);
		run_calls(tests[i].name, tests[i].steps, expected);
	}
}

static void dynptr_helpers(void **state)
{
	static const struct test all[] = {
		{"made",
		 {{FROM_MEM, A, 32, 0, 0, 0},
		  {FROM_MEM, B, 32, 1, 0, -EINVAL},
		  {FROM_MEM, B, 0, 0, 0, 0}}},
		{"read",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {READ, A, 0, 8, 0, 1},
		  {READ, A, 7, 1, 0, 8},
		  {READ, A, 7, 2, 0, -E2BIG},
		  {READ, A, 8, 1, 0, -E2BIG},
		  {READ, A, 0, 9, 0, -E2BIG},
		  {READ, A, -1, 1, 0, -E2BIG},
		  {READ, A, 0, 8, 1, -EINVAL},
		  {READ, A, 9, 8, 1, -EINVAL}}},
		{"written",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {WRITE, A, 6, 2, 0, 0},
		  {WRITE, A, 7, 2, 0, -E2BIG},
		  {WRITE, A, 8, 0, 0, 0},
		  {WRITE, A, 9, 0, 0, -E2BIG},
		  {WRITE, A, 0, 4, 1, -EINVAL},
		  {WRITE, A, 8, 4, 1, -E2BIG}},
		 {[6] = 9, 9}},
		{"data",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {DATA, A, 0, 8, 0, 1},
		  {DATA, A, 3, 5, 0, 4},
		  {DATA, A, 4, 5, 0, -1},
		  {DATA, A, -1, 5, 0, -1},
		  {DATA, A, 0, 9, 0, -1}}},
		{"null",
		 {{FROM_MEM, A, 8, 2, 0, -EINVAL},
		  {READ, A, 0, 1, 0, -EINVAL},
		  {READ, A, 0, 1, 1, -EINVAL},
		  {WRITE, A, 0, 1, 0, -EINVAL},
		  {WRITE, A, 0, 0, 0, -EINVAL},
		  {DATA, A, 0, 1, 0, -1}}},
		{"a sample",
		 {{RESERVE, A, 16, 0, 0, 0},
		  {WRITE, A, 8, 8, 0, 0},
		  {READ, A, 8, 8, 0, 9},
		  {DATA, A, 8, 8, 0, 9},
		  {DATA, A, 8, 9, 0, -1},
		  {DISCARD, A, 0, 0, 0, 0}}},
	};

	run_all(all, ARRAY_SIZE(all));
}

static void dynptr_kfuncs(void **state)
{
	static const struct test all[] = {
		{"asked",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {SIZE, A, 0, 0, 0, 8},
		  {IS_NULL, A, 0, 0, 0, 0},
		  {IS_RDONLY, A, 0, 0, 0, 0},
		  {FROM_MEM, A, 8, 1, 0, -EINVAL},
		  {SIZE, A, 0, 0, 0, -EINVAL},
		  {IS_NULL, A, 0, 0, 0, 1},
		  {IS_RDONLY, A, 0, 0, 0, 0}}},
		{"adjusted",
		 {{FROM_MEM, A, 16, 0, 0, 0},
		  {ADJUST, A, 4, 12, 0, 0},
		  {SIZE, A, 0, 0, 0, 8},
		  {READ, A, 0, 8, 0, 5},
		  {READ, A, 1, 8, 0, -E2BIG},
		  {ADJUST, A, 0, 9, 0, -ERANGE},
		  {ADJUST, A, 9, 9, 0, -ERANGE},
		  {ADJUST, A, 5, 4, 0, -EINVAL},
		  {ADJUST, A, 8, 8, 0, 0},
		  {SIZE, A, 0, 0, 0, 0}}},
		{"adjusted twice",
		 {{FROM_MEM, A, 16, 0, 0, 0},
		  {ADJUST, A, 4, 12, 0, 0},
		  {ADJUST, A, 4, 8, 0, 0},
		  {WRITE, A, 0, 4, 0, 0},
		  {DATA, A, 3, 1, 0, 9},
		  {ADJUST, A, -2, -1, 0, -ERANGE}},
		 {[8] = 9, 9, 9, 9}},
		{"null, adjusted",
		 {{FROM_MEM, A, 16, 1, 0, -EINVAL},
		  {ADJUST, A, 0, 0, 0, -EINVAL},
		  {ADJUST, A, 4, 5, 0, -EINVAL}}},
		{"cloned",
		 {{FROM_MEM, A, 16, 0, 0, 0},
		  {ADJUST, A, 4, 12, 0, 0},
		  {CLONE, A, B, 0, 0, 0},
		  {ADJUST, B, 2, 4, 0, 0},
		  {SIZE, A, 0, 0, 0, 8},
		  {SIZE, B, 0, 0, 0, 2},
		  {READ, B, 0, 2, 0, 7},
		  {READ, A, 0, 2, 0, 5}}},
		{"null, cloned",
		 {{FROM_MEM, A, 16, 1, 0, -EINVAL},
		  {CLONE, A, B, 0, 0, -EINVAL},
		  {IS_NULL, B, 0, 0, 0, 1}}},
		{"cloned to itself",
		 {{FROM_MEM, A, 16, 0, 0, 0}, {CLONE, A, A, 0, 0, 0}, {READ, A, 3, 2, 0, 4}}},
		{"cloned over half of itself",
		 {{FROM_MEM, A, 16, 0, 0, 0},
		  {CLONE, A, A - 8, 0, 0, 0},
		  {READ, A - 8, 3, 2, 0, 4},
		  {SIZE, A - 8, 0, 0, 0, 16}}},
		{"a sample, cloned",
		 {{RESERVE, A, 16, 0, 0, 0},
		  {CLONE, A, B, 0, 0, 0},
		  {WRITE, B, 8, 8, 0, 0},
		  {READ, A, 8, 8, 0, 9},
		  {DISCARD, B, 0, 0, 0, 0}}},
		{"slices",
		 {{FROM_MEM, A, 16, 0, 0, 0},
		  {SLICE, A, 0, 16, 0, 1},
		  {SLICE, A, 3, 4, 0, 4},
		  {SLICE, A, 13, 4, 0, -1},
		  {SLICE, A, -1, 1, 0, -1},
		  {FROM_MEM, A, 16, 1, 0, -EINVAL},
		  {SLICE, A, 0, 1, 0, -1}}},
	};

	run_all(all, ARRAY_SIZE(all));
}

static void dynptr_copies(void **state)
{
	static const struct test all[] = {
		{"set",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {MEMSET, A, 4, 4, 7, 0},
		  {MEMSET, A, 5, 4, 8, -E2BIG},
		  {MEMSET, A, 8, 0, 8, 0},
		  {MEMSET, A, 9, 0, 8, -E2BIG},
		  {MEMSET, A, 0, 1, 0x1ff, 0}},
		 {[0] = 0xff, [4] = 7, 7, 7, 7}},
		{"null, set",
		 {{FROM_MEM, A, 8, 1, 0, -EINVAL},
		  {MEMSET, A, 0, 1, 7, -E2BIG},
		  {MEMSET, A, 0, 0, 7, 0}}},
		{"copied",
		 {{FROM_MEM, A, 16, 0, 0, 0},
		  {RESERVE, B, 8, 0, 0, 0},
		  {WRITE, B, 0, 8, 0, 0},
		  {COPY, A, 12, B, 0, 0},
		  {COPY, A, 13, B, 4, -E2BIG},
		  {COPY, A, 12, B, 5, -E2BIG},
		  {COPY, A, 13, B, 5, -E2BIG},
		  {DISCARD, B, 0, 0, 0, 0}},
		 {[12] = 9, 9, 9, 9}},
		{"copied over itself",
		 {{FROM_MEM, A, 16, 0, 0, 0}, {COPY, A, 2, A, 0, 0}},
		 {[2] = 1, 2, 3, 4}},
		{"null, copied",
		 {{FROM_MEM, A, 16, 0, 0, 0},
		  {FROM_MEM, B, 16, 1, 0, -EINVAL},
		  {COPY, A, 0, B, 0, -EINVAL},
		  {COPY, B, 0, A, 0, -EINVAL},
		  {COPY, B, 0, B, 0, -E2BIG}}},
	};

	run_all(all, ARRAY_SIZE(all));
}

static void dynptr_user(void **state)
{
	static const struct test all[] = {
		{"data",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {USER, A, 2, 4, 0, 0},
		  {USER, A, 5, 4, 0, -E2BIG},
		  {USER, A, 0, 8, -1, -EFAULT},
		  {USER, A, 8, 0, 0, 0}},
		 {[2] = 'a', 'b', 'c', 'd'}},
		{"text",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {USER_STR, A, 0, 8, 0, 8},
		  {USER_STR, A, 3, 5, 1, 1},
		  {USER_STR, A, 0, 3, 2, 3},
		  {USER_STR, A, 0, 9, 0, -E2BIG},
		  {USER_STR, A, 0, 8, -1, -EFAULT},
		  {USER_STR, A, 0, 0, 0, 0},
		  {FROM_MEM, B, 2, 0, 0, 0},
		  {USER_STR, B, 0, 2, 0, 2},
		  {MEMSET, B, 1, 1, 5, 0},
		  {MEMSET, A, 2, 6, 5, 0}},
		 {[0] = 'a', 5, 5, 5, 5, 5, 5, 5}},
		{"null",
		 {{FROM_MEM, A, 8, 1, 0, -EINVAL},
		  {USER, A, 0, 4, 0, -E2BIG},
		  {USER_STR, A, 0, 4, 0, -E2BIG},
		  {USER, A, 0, 0, 0, 0},
		  {USER_STR, A, 0, 0, 0, 0}}},
		{"of maps",
		 {{FROM_MEM, A, 8, 0, 0, 0},
		  {KERNEL, A, 0, 4, 0, 0},
		  {KERNEL_STR, A, 4, 4, 0, 4},
		  {MEMSET, A, 7, 1, 1, 0},
		  {KERNEL_STR, A, 4, 5, 0, -E2BIG}},
		 {[0] = 17, 18, 19, 20, 17, 18, 19, 1}},
	};

	run_all(all, ARRAY_SIZE(all));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(dynptr_helpers),
	cmocka_unit_test(dynptr_kfuncs),
	cmocka_unit_test(dynptr_copies),
	cmocka_unit_test(dynptr_user),
};
const struct section dynptr_section = {"dynptr", tests, ARRAY_SIZE(tests)};
