/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What kfuncs do when they run: iterators on the stack, strings, sets of CPUs. Each row is a
 * program and what it returns, the same on every engine.
 */
#include "facts.h"

#define K(name) CALL_KFUNC(type_id(#name, BTF_KIND_FUNC))
#define AT(off) MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, off)
#define ADD(dst, src) ALU64_REG(BPF_ADD, dst, src)
#define RETURN_R6 MOV64_REG(0, 6), EXIT()

/* A program that may call all of them. */
static int run_syscall(const struct code *code)
{
	return run_alone(load_syscall(code));
}

/* --- iterators -------------------------------------------------------------------------------- */

#define NUM_NEW(off, start, end)                                                                   \
	AT(off), MOV64_IMM(2, start), MOV64_IMM(3, end), K(bpf_iter_num_new)
#define NUM_NEXT(off) AT(off), K(bpf_iter_num_next)
#define NUM_DESTROY(off) AT(off), K(bpf_iter_num_destroy)
#define BITS_NEXT(off) AT(off), K(bpf_iter_bits_next)
#define BITS_DESTROY(off) AT(off), K(bpf_iter_bits_destroy)

/* The sum of the numbers from @start to @end - 1, 1000 for each. */
static int sum_of(int start, int end)
{
	requires_linux(6, 4);
	return run_syscall(CODE(MOV64_IMM(6, 0), NUM_NEW(-8, start, end), NUM_NEXT(-8),
				JMP_IMM(BPF_JEQ, 0, 0, 4), LDX_MEM(W, 1, 0, 0), ADD(6, 1),
				ALU64_IMM(BPF_ADD, 6, 1000), JMP_IMM(BPF_JA, 0, 0, -8),
				NUM_DESTROY(-8), RETURN_R6));
}

static int new_returns(int start, int end)
{
	return run_syscall(
		CODE(NUM_NEW(-8, start, end), MOV64_REG(6, 0), NUM_DESTROY(-8), RETURN_R6));
}

static void numbers(void **state)
{
	assert_int_equal(sum_of(0, 10), 10045);
	assert_int_equal(sum_of(5, 6), 1005);
	assert_int_equal(sum_of(5, 5), 0);
	assert_int_equal(sum_of(6, 5), 0);
	assert_int_equal(sum_of(-3, 3), 6000 - 3);
	assert_int_equal(sum_of(INT32_MAX - 1, INT32_MAX), (int)(1000u + (INT32_MAX - 1)));
	assert_int_equal(sum_of(INT32_MAX, INT32_MAX), 0);
	assert_int_equal(sum_of(INT32_MIN, INT32_MIN + 1), 1000 + INT32_MIN);
	assert_int_equal(sum_of(INT32_MIN, INT32_MAX), 0);
	assert_int_equal(new_returns(0, 10), 0);
	assert_int_equal(new_returns(3, 3), 0);
	assert_int_equal(new_returns(4, 3), -EINVAL);
	assert_int_equal(new_returns(0, 8 << 20), 0);
	assert_int_equal(new_returns(0, (8 << 20) + 1), -E2BIG);
	assert_int_equal(new_returns(INT32_MIN, INT32_MAX), -E2BIG);
}

static void numbers_end(void **state)
{
	/* NULL at the end, and from then on. */
	assert_int_equal(
		run_syscall(CODE(MOV64_IMM(6, 0), NUM_NEW(-8, 0, 1), NUM_NEXT(-8),
				 JMP_IMM(BPF_JEQ, 0, 0, 1), ALU64_IMM(BPF_ADD, 6, 1), NUM_NEXT(-8),
				 JMP_IMM(BPF_JEQ, 0, 0, 1), ALU64_IMM(BPF_ADD, 6, 1), NUM_NEXT(-8),
				 JMP_IMM(BPF_JEQ, 0, 0, 1), ALU64_IMM(BPF_ADD, 6, 1),
				 NUM_DESTROY(-8), RETURN_R6)),
		1);
	/* One that is made again begins again. */
	assert_int_equal(
		run_syscall(CODE(MOV64_IMM(6, 0), NUM_NEW(-8, 7, 9), NUM_NEXT(-8), NUM_DESTROY(-8),
				 NUM_NEW(-8, 7, 9), NUM_NEXT(-8), JMP_IMM(BPF_JEQ, 0, 0, 1),
				 LDX_MEM(W, 6, 0, 0), NUM_DESTROY(-8), RETURN_R6)),
		7);
	/* What was given is where the next one is given. */
	assert_int_equal(run_syscall(CODE(MOV64_IMM(6, 0), NUM_NEW(-8, 7, 9), NUM_NEXT(-8),
					  JMP_IMM(BPF_JEQ, 0, 0, 5), MOV64_REG(7, 0), NUM_NEXT(-8),
					  LDX_MEM(W, 6, 7, 0), NUM_DESTROY(-8), RETURN_R6)),
			 8);
}

static void loops(void **state)
{
	/* A table of 5 times 4. */
	assert_int_equal(
		run_syscall(CODE(MOV64_IMM(6, 0), NUM_NEW(-8, 0, 5), NUM_NEXT(-8),
				 JMP_IMM(BPF_JEQ, 0, 0, 18), LDX_MEM(W, 7, 0, 0),
				 NUM_NEW(-16, 0, 4), NUM_NEXT(-16), JMP_IMM(BPF_JEQ, 0, 0, 4),
				 LDX_MEM(W, 1, 0, 0), ALU64_REG(BPF_MUL, 1, 7), ADD(6, 1),
				 JMP_IMM(BPF_JA, 0, 0, -8), NUM_DESTROY(-16),
				 JMP_IMM(BPF_JA, 0, 0, -22), NUM_DESTROY(-8), RETURN_R6)),
		(0 + 1 + 2 + 3 + 4) * (0 + 1 + 2 + 3));
}

/* The sum of the bits of @nr words at @off of the value of @map, 1000 for each. */
static int sum_of_bits(int map, int off, int nr)
{
	return run_syscall(CODE(MOV64_IMM(6, 0), AT(-16), LD_MAP_VALUE(2, map, off),
				MOV64_IMM(3, nr), K(bpf_iter_bits_new), BITS_NEXT(-16),
				JMP_IMM(BPF_JEQ, 0, 0, 4), LDX_MEM(W, 1, 0, 0), ADD(6, 1),
				ALU64_IMM(BPF_ADD, 6, 1000), JMP_IMM(BPF_JA, 0, 0, -8),
				BITS_DESTROY(-16), RETURN_R6));
}

static int bits_new(int map, int nr)
{
	return run_syscall(CODE(AT(-16), LD_MAP_VALUE(2, map, 0), MOV64_IMM(3, nr),
				K(bpf_iter_bits_new), MOV64_REG(6, 0), BITS_DESTROY(-16),
				RETURN_R6));
}

static void bits(void **state)
{
	static __u64 words[600] = {0x8000000000000001, 0, 6};
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(words), 1, 0);
	__u32 key = 0;

	requires_linux(6, 11);
	words[510] = 1ull << 63;
	assert_int_equal(map_update(map, &key, words, BPF_ANY), 0);
	assert_int_equal(sum_of_bits(map, 0, 1), 2000 + 63);
	assert_int_equal(sum_of_bits(map, 0, 2), 2000 + 63);
	assert_int_equal(sum_of_bits(map, 0, 3), 4000 + 63 + 129 + 130);
	assert_int_equal(sum_of_bits(map, 8, 1), 0);
	assert_int_equal(sum_of_bits(map, 8, 2), 2000 + 65 + 66);
	assert_int_equal(sum_of_bits(map, 4, 1), 1000 + 31);
	assert_int_equal(sum_of_bits(map, 0, 511), 5000 + 63 + 129 + 130 + 511 * 64 - 1);
	assert_int_equal(sum_of_bits(map, 0, 512), 0);
	assert_int_equal(bits_new(map, 0), -EINVAL);
	assert_int_equal(bits_new(map, 511), 0);
	assert_int_equal(bits_new(map, 512), -E2BIG);
	/* No memory is there. */
	assert_int_equal(
		run_syscall(CODE(AT(-16), MOV64_IMM(2, 0), MOV64_IMM(3, 1), K(bpf_iter_bits_new),
				 MOV64_REG(6, 0), BITS_DESTROY(-16), RETURN_R6)),
		-EINVAL);
	assert_int_equal(run_syscall(CODE(AT(-16), LD_IMM64(2, 0, 0, 0x00dead00), MOV64_IMM(3, 1),
					  K(bpf_iter_bits_new), MOV64_REG(6, 0), BITS_DESTROY(-16),
					  RETURN_R6)),
			 -EFAULT);
	assert_int_equal(
		run_syscall(CODE(AT(-16), LD_IMM64(2, 0, 0, 0x00dead00), MOV64_IMM(3, 9),
				 K(bpf_iter_bits_new), BITS_NEXT(-16), JMP_IMM(BPF_JEQ, 0, 0, 1),
				 MOV64_IMM(0, 1), MOV64_REG(6, 0), BITS_DESTROY(-16), RETURN_R6)),
		0);
}

/* --- strings ---------------------------------------------------------------------------------- */

#define TEXTS 70000u
static int texts; /* a map of one value with all texts, each at an offset of its own */
static unsigned int texts_used;
static char texts_value[TEXTS];

/* r@reg = @text */
static struct code text(int reg, const char *text)
{
	struct code code = {.n = 0};
	unsigned int off = texts_used;

	if (!text) {
		EMIT(&code, MOV64_IMM(reg, 0));
		return code;
	}
	assert_true(off + strlen(text) < TEXTS);
	memcpy(texts_value + off, text, strlen(text) + 1);
	texts_used += strlen(text) + 1;
	EMIT(&code, LD_MAP_VALUE(reg, texts, off));
	return code;
}

/* A call with one text, or @two, each of which may be NULL, then numbers. */
static int string_call(const char *kfunc, const char *first, bool two, const char *second, int n1,
		       int n2)
{
	struct code code = text(1, first), more;
	__u32 key = 0;

	if (two) {
		more = text(2, second);
		code_add(&code, more.insn, more.n);
		EMIT(&code, MOV64_IMM(3, n1));
	} else {
		EMIT(&code, MOV64_IMM(2, n1), MOV64_IMM(3, n2));
	}
	EMIT(&code, CALL_KFUNC(type_id(kfunc, BTF_KIND_FUNC)), EXIT());
	assert_int_equal(map_update(texts, &key, texts_value, BPF_ANY), 0);
	texts_used = 0;
	return run_syscall(&code);
}

static void two_strings(void **state)
{
	static const struct {
		const char *kfunc, *first, *second;
		int n, result;
	} rows[] = {
		{"bpf_strcmp", "abc", "abc", 0, 0},
		{"bpf_strcmp", "abc", "abd", 0, -1},
		{"bpf_strcmp", "abd", "abc", 0, 1},
		{"bpf_strcmp", "ab", "abc", 0, -1},
		{"bpf_strcmp", "abc", "ab", 0, 1},
		{"bpf_strcmp", "", "", 0, 0},
		{"bpf_strcmp", "a\xff", "a\x01", 0, 1},
		{"bpf_strcmp", NULL, "a", 0, -ERANGE},
		{"bpf_strcmp", "a", NULL, 0, -ERANGE},
		{"bpf_strcasecmp", "aBc[", "AbC[", 0, 0},
		{"bpf_strcasecmp", "aBc[", "AbC{", 0, -1},
		{"bpf_strcasecmp", "Z", "a", 0, 1},
		{"bpf_strspn", "abcabx", "abc", 0, 5},
		{"bpf_strspn", "xabc", "abc", 0, 0},
		{"bpf_strspn", "abc", "abc", 0, 3},
		{"bpf_strspn", "abc", "", 0, 0},
		{"bpf_strspn", "", "abc", 0, 0},
		{"bpf_strspn", "abc", NULL, 0, -ERANGE},
		{"bpf_strcspn", "xyzabc", "abc", 0, 3},
		{"bpf_strcspn", "xyz", "abc", 0, 3},
		{"bpf_strcspn", "xyz", "", 0, 3},
		{"bpf_strcspn", "abc", "c", 0, 2},
		{"bpf_strstr", "hello, world", "world", 0, 7},
		{"bpf_strstr", "hello, world", "worlds", 0, -ENOENT},
		{"bpf_strstr", "hello", "", 0, 0},
		{"bpf_strstr", "", "", 0, 0},
		{"bpf_strstr", "", "a", 0, -ENOENT},
		{"bpf_strstr", "aaab", "aab", 0, 1},
		{"bpf_strstr", NULL, "a", 0, -ERANGE},
		{"bpf_strnstr", "hello, world", "world", 12, 7},
		{"bpf_strnstr", "hello, world", "world", 11, -ENOENT},
		{"bpf_strnstr", "hello", "", 0, 0},
		{"bpf_strnstr", "hello", "h", 0, -ENOENT},
		{"bpf_strnstr", "hello", "hello", 5, 0},
		{"bpf_strnstr", "hello", "lo", 100, 3},
	};

	requires_linux(6, 17);
	texts = map_new(BPF_MAP_TYPE_ARRAY, 4, TEXTS, 1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int got = string_call(rows[i].kfunc, rows[i].first, true, rows[i].second, rows[i].n,
				      0);

		if (got != rows[i].result)
			fail_msg("%s of \"%s\" and \"%s\", %d: %d, not %d", rows[i].kfunc,
				 rows[i].first, rows[i].second, rows[i].n, got, rows[i].result);
	}
}

static void one_string(void **state)
{
	static const struct {
		const char *kfunc, *text;
		int n1, n2, result;
	} rows[] = {
		{"bpf_strchr", "hello", 'l', 0, 2},
		{"bpf_strchr", "hello", 'x', 0, -ENOENT},
		{"bpf_strchr", "hello", 0, 0, 5},
		{"bpf_strchr", "he\xffllo", 0xff, 0, 2},
		{"bpf_strchr", NULL, 'l', 0, -ERANGE},
		{"bpf_strchrnul", "hello", 'l', 0, 2},
		{"bpf_strchrnul", "hello", 'x', 0, 5},
		{"bpf_strnchr", "hello", 3, 'l', 2},
		{"bpf_strnchr", "hello", 2, 'l', -ENOENT},
		{"bpf_strnchr", "hello", 9, 'x', -ENOENT},
		{"bpf_strnchr", "hello", 9, 0, 5},
		{"bpf_strnchr", "hello", 0, 'h', -ENOENT},
		{"bpf_strrchr", "hello", 'l', 0, 3},
		{"bpf_strrchr", "hello", 'x', 0, -ENOENT},
		{"bpf_strrchr", "hello", 0, 0, 5},
		{"bpf_strrchr", "hello", 'l' + 256, 0, -ENOENT},
		{"bpf_strlen", "hello", 0, 0, 5},
		{"bpf_strlen", "", 0, 0, 0},
		{"bpf_strlen", NULL, 0, 0, -ERANGE},
		{"bpf_strnlen", "hello", 9, 0, 5},
		{"bpf_strnlen", "hello", 5, 0, 5},
		{"bpf_strnlen", "hello", 3, 0, 3},
		{"bpf_strnlen", "hello", 0, 0, 0},
	};

	requires_linux(6, 17);
	texts = map_new(BPF_MAP_TYPE_ARRAY, 4, TEXTS, 1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int got = string_call(rows[i].kfunc, rows[i].text, false, NULL, rows[i].n1,
				      rows[i].n2);

		if (got != rows[i].result)
			fail_msg("%s of \"%s\", %d, %d: %d, not %d", rows[i].kfunc, rows[i].text,
				 rows[i].n1, rows[i].n2, got, rows[i].result);
	}
}

/* Without an end in 64 KiB, and where nothing is. */
static void endless_strings(void **state)
{
	static const struct {
		const char *kfunc;
		int n1, n2;
		int endless;
	} rows[] = {
		{"bpf_strlen", 0, 0, -E2BIG},	      {"bpf_strnlen", 65535, 0, 65535},
		{"bpf_strnlen", 65536, 0, -E2BIG},    {"bpf_strchr", 'y', 0, -E2BIG},
		{"bpf_strchrnul", 'y', 0, -E2BIG},    {"bpf_strrchr", 'y', 0, -E2BIG},
		{"bpf_strnchr", 65535, 'y', -ENOENT},
	};
	__u32 key = 0;

	requires_linux(6, 17);
	texts = map_new(BPF_MAP_TYPE_ARRAY, 4, TEXTS, 1, 0);
	memset(texts_value, 'x', TEXTS);
	assert_int_equal(map_update(texts, &key, texts_value, BPF_ANY), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int kfunc = type_id(rows[i].kfunc, BTF_KIND_FUNC);

		assert_int_equal(
			run_syscall(CODE(LD_MAP_VALUE(1, texts, 0), MOV64_IMM(2, rows[i].n1),
					 MOV64_IMM(3, rows[i].n2), CALL_KFUNC(kfunc), EXIT())),
			rows[i].endless);
		assert_int_equal(
			run_syscall(CODE(LD_IMM64(1, 0, 0, 0x7e000000), MOV64_IMM(2, rows[i].n1),
					 MOV64_IMM(3, rows[i].n2), CALL_KFUNC(kfunc), EXIT())),
			-ERANGE);
	}
}

/* --- sets of CPUs ----------------------------------------------------------------------------- */

/* r8 = a set, r9 = another one, CPU 0 in the first. */
#define TWO_SETS                                                                                   \
	K(bpf_cpumask_create), JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, -1), EXIT(),                \
		MOV64_REG(8, 0), K(bpf_cpumask_create), JMP_IMM(BPF_JNE, 0, 0, 4),                 \
		MOV64_REG(1, 8), K(bpf_cpumask_release), MOV64_IMM(0, -1), EXIT(),                 \
		MOV64_REG(9, 0), MOV64_IMM(1, 0), MOV64_REG(2, 8), K(bpf_cpumask_set_cpu)
#define DROP_BOTH MOV64_REG(1, 8), K(bpf_cpumask_release), MOV64_REG(1, 9), K(bpf_cpumask_release)
#define OF(set, kfunc) MOV64_REG(1, set), K(kfunc)
#define OF_TWO(a, b, kfunc) MOV64_REG(1, a), MOV64_REG(2, b), K(kfunc)
#define OF_THREE(a, b, c, kfunc) MOV64_REG(1, a), MOV64_REG(2, b), MOV64_REG(3, c), K(kfunc)
#define CPU_OF(cpu, set, kfunc) MOV64_IMM(1, cpu), MOV64_REG(2, set), K(kfunc)

#define SETS(...)                                                                                  \
	run_syscall(CODE(TWO_SETS, __VA_ARGS__, MOV64_REG(6, 0), ALU64_IMM(BPF_AND, 6, 0xffff),    \
			 DROP_BOTH, RETURN_R6))
/* A bool has 8 bits that count. What clang makes of "if (a_bool())" asks for more, so elsewhere
 * than in the kernel the others are zero, whatever r0 was. */
#define BOOL_BITS (E == &kernel_engine ? 0xff : -1)
#define ASK(...)                                                                                   \
	run_syscall(CODE(TWO_SETS, MOV64_IMM(0, -1), __VA_ARGS__, MOV64_REG(6, 0),                 \
			 ALU64_IMM(BPF_AND, 6, BOOL_BITS), DROP_BOTH, RETURN_R6))

static void one_set(void **state)
{
	requires_linux(6, 9);
	assert_int_equal(SETS(OF(8, bpf_cpumask_first)), 0);
	assert_int_equal(SETS(OF(8, bpf_cpumask_weight)), 1);
	assert_int_equal(SETS(OF(9, bpf_cpumask_weight)), 0);
	assert_true(SETS(OF(9, bpf_cpumask_first)) >= (int)E->cpus());
	assert_int_equal(SETS(OF(9, bpf_cpumask_first_zero)), 0);
	assert_int_equal(SETS(OF(8, bpf_cpumask_any_distribute)), 0);
	assert_int_equal(ASK(OF(8, bpf_cpumask_empty)), 0);
	assert_int_equal(ASK(OF(9, bpf_cpumask_empty)), 1);
	assert_int_equal(ASK(OF(9, bpf_cpumask_full)), 0);
	assert_int_equal(ASK(CPU_OF(0, 8, bpf_cpumask_test_cpu)), 1);
	assert_int_equal(ASK(CPU_OF(0, 9, bpf_cpumask_test_cpu)), 0);
	/* There is no such CPU. */
	assert_int_equal(ASK(CPU_OF(-1, 8, bpf_cpumask_test_cpu)), 0);
	assert_int_equal(SETS(CPU_OF(-1, 9, bpf_cpumask_set_cpu), OF(9, bpf_cpumask_weight)), 0);
	assert_int_equal(ASK(CPU_OF(0, 8, bpf_cpumask_test_and_set_cpu)), 1);
	assert_int_equal(ASK(CPU_OF(0, 9, bpf_cpumask_test_and_set_cpu)), 0);
	assert_int_equal(
		SETS(CPU_OF(0, 9, bpf_cpumask_test_and_set_cpu), OF(9, bpf_cpumask_weight)), 1);
	assert_int_equal(ASK(CPU_OF(0, 8, bpf_cpumask_test_and_clear_cpu)), 1);
	assert_int_equal(
		SETS(CPU_OF(0, 8, bpf_cpumask_test_and_clear_cpu), OF(8, bpf_cpumask_weight)), 0);
	assert_int_equal(SETS(CPU_OF(0, 8, bpf_cpumask_clear_cpu), OF(8, bpf_cpumask_weight)), 0);
	assert_int_equal(SETS(OF(8, bpf_cpumask_clear), OF(8, bpf_cpumask_weight)), 0);
	assert_int_equal(ASK(OF(9, bpf_cpumask_setall), CPU_OF(0, 9, bpf_cpumask_test_cpu)), 1);
	assert_int_equal(SETS(OF(9, bpf_cpumask_setall), OF(9, bpf_cpumask_first)), 0);
	/* A set is made empty, whatever was where it is. */
	assert_int_equal(SETS(LDX_MEM(DW, 0, 9, 0)), 0);
	assert_int_equal(SETS(LDX_MEM(DW, 0, 8, 0)), 1);
}

static void two_sets(void **state)
{
	requires_linux(6, 9);
	assert_int_equal(ASK(OF_TWO(8, 9, bpf_cpumask_equal)), 0);
	assert_int_equal(ASK(OF_TWO(8, 8, bpf_cpumask_equal)), 1);
	assert_int_equal(ASK(OF_TWO(8, 9, bpf_cpumask_intersects)), 0);
	assert_int_equal(ASK(OF_TWO(8, 8, bpf_cpumask_intersects)), 1);
	assert_int_equal(ASK(OF_TWO(9, 8, bpf_cpumask_subset)), 1);
	assert_int_equal(ASK(OF_TWO(8, 9, bpf_cpumask_subset)), 0);
	assert_int_equal(ASK(OF_TWO(9, 8, bpf_cpumask_copy), OF_TWO(8, 9, bpf_cpumask_equal)), 1);
	assert_int_equal(SETS(OF_TWO(8, 8, bpf_cpumask_first_and)), 0);
	assert_true(SETS(OF_TWO(8, 9, bpf_cpumask_first_and)) >= (int)E->cpus());
	assert_int_equal(SETS(OF_TWO(8, 8, bpf_cpumask_any_and_distribute)), 0);
	assert_int_equal(ASK(OF_THREE(9, 8, 9, bpf_cpumask_and)), 0);
	assert_int_equal(ASK(OF_THREE(9, 8, 8, bpf_cpumask_and)), 1);
	assert_int_equal(SETS(OF_THREE(9, 8, 8, bpf_cpumask_and), OF(9, bpf_cpumask_weight)), 1);
	assert_int_equal(SETS(OF_THREE(9, 8, 9, bpf_cpumask_or), OF(9, bpf_cpumask_weight)), 1);
	assert_int_equal(SETS(OF_THREE(9, 8, 8, bpf_cpumask_xor), OF(9, bpf_cpumask_weight)), 0);
	assert_int_equal(SETS(OF_THREE(9, 8, 9, bpf_cpumask_xor), OF(9, bpf_cpumask_weight)), 1);
}

/* CPU 0 from bytes at fp - 16. */
#define FILL(size)                                                                                 \
	ST_MEM(DW, 10, -16, 3), ST_MEM(DW, 10, -8, 0), MOV64_REG(1, 9), MOV64_REG(2, 10),          \
		ALU64_IMM(BPF_ADD, 2, -16), MOV64_IMM(3, size), K(bpf_cpumask_populate)

static void from_memory(void **state)
{
	requires_linux(6, 15);
	if (E->cpus() > 64)
		skip_because("there are more CPUs than the test has bytes for");
	assert_int_equal(SETS(FILL(8)), 0);
	assert_int_equal(SETS(FILL(16)), 0);
	assert_int_equal(SETS(FILL(7)), (__u16)-EACCES);
	assert_int_equal(SETS(FILL(0)), (__u16)-EACCES);
	assert_int_equal(SETS(FILL(8), OF(9, bpf_cpumask_first)), 0);
	assert_int_equal(ASK(FILL(8), CPU_OF(0, 9, bpf_cpumask_test_cpu)), 1);
	assert_int_equal(ASK(FILL(7), CPU_OF(0, 9, bpf_cpumask_test_cpu)), 0);
}

/* Held twice, it stays until it was given back twice. */
static void held_twice(void **state)
{
	requires_linux(6, 9);
	assert_int_equal(SETS(OF(8, bpf_cpumask_acquire), MOV64_REG(7, 0), MOV64_REG(1, 8),
			      K(bpf_cpumask_release), MOV64_REG(8, 7), OF(8, bpf_cpumask_weight)),
			 1);
}

/* Memory with a size, where there is none. Linux lets it pass, and is not asked what happens. */
static void memory_that_is_not_there(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 4, 8, 1, 0);

	if (!E->is_private)
		skip_because("it might read at NULL");
	assert_int_equal(
		run_syscall(CODE(ST_MEM(W, 10, -4, 7), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
				 LD_MAP_FD(1, map), CALL(BPF_FUNC_map_lookup_elem), MOV64_REG(1, 0),
				 MOV64_IMM(2, 8), MOV64_REG(3, 10), MOV64_IMM(4, 1),
				 K(bpf_copy_from_user_str), EXIT())),
		-EFAULT);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(numbers),	   cmocka_unit_test(numbers_end),
	cmocka_unit_test(loops),	   cmocka_unit_test(bits),
	cmocka_unit_test(two_strings),	   cmocka_unit_test(one_string),
	cmocka_unit_test(endless_strings), cmocka_unit_test(one_set),
	cmocka_unit_test(two_sets),	   cmocka_unit_test(held_twice),
	cmocka_unit_test(from_memory),	   cmocka_unit_test(memory_that_is_not_there),
};

const struct section kfunc_section = {"kfunc", tests, ARRAY_SIZE(tests)};
