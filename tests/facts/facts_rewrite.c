/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What is left of a program after verification: the info of a program shows the instructions that
 * run, its functions and its lines. What can never run is gone, and all else still leads where it
 * led. Each case is run, too.
 */
#include "facts.h"

#define MAX_INSNS 16
#define MAX_FUNCS 3
#define RANDOM CALL(BPF_FUNC_get_prandom_u32)
#define JA(off) JMP_IMM(BPF_JA, 0, 0, off)
#define GOTOL(imm) INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, imm)
#define MAY_GOTO(off) INSN(BPF_JMP | 0xe0, 0, 0, off, 0)
#define LD_FUNC(dst, off) LD_IMM64(dst, BPF_PSEUDO_FUNC, off, 0)
/* Of a call as it is shown: how far, and the number of the function. */
#define SHOWN_CALL(off, number) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, off, number)

struct rewrite_case {
	const char *what;
	struct bpf_insn insns[MAX_INSNS];
	__u32 n;
	__u32 funcs[MAX_FUNCS]; /* where functions begin, beside the main one; 0: no more */
	__u32 lines;		/* instructions that lines begin at, a bit each */
	struct bpf_insn left[MAX_INSNS];
	__u32 nr_left;
	__u32 funcs_left[MAX_FUNCS + 1];
	/* Each line that is left, where it is now. Lines are numbered as the instructions that
	 * they were given for. */
	struct {
		__u32 at, line;
	} lines_left[MAX_INSNS];
	unsigned int result;
};

static const struct rewrite_case cases[] = {
	{
		.what = "nothing is dead",
		.insns = {RANDOM, JMP_IMM(BPF_JEQ, 0, 7, 1), MOV64_IMM(0, 3), MOV64_IMM(0, 4),
			  EXIT()},
		.n = 5,
		.lines = 0x15,
		.left = {RANDOM, JMP_IMM(BPF_JEQ, 0, 7, 1), MOV64_IMM(0, 3), MOV64_IMM(0, 4),
			 EXIT()},
		.nr_left = 5,
		.lines_left = {{0, 0}, {2, 2}, {4, 4}},
		.result = 4,
	},
	{
		.what = "a branch that is never taken",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JEQ, 0, 7, 1), EXIT(), MOV64_IMM(0, 4),
			  EXIT()},
		.n = 5,
		.lines = 0x1f,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}, {1, 2}},
		.result = 1,
	},
	{
		.what = "a branch that is always taken",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JNE, 0, 7, 2), MOV64_IMM(0, 3),
			  MOV64_IMM(0, 4), EXIT()},
		.n = 5,
		.lines = 0x1f,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}, {1, 4}},
		.result = 1,
	},
	{
		.what = "a line whose beginning is dead goes on",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JNE, 0, 7, 1), MOV64_IMM(0, 3),
			  ALU64_IMM(BPF_ADD, 0, 4), EXIT()},
		.n = 5,
		.lines = 0x05,
		.left = {MOV64_IMM(0, 1), ALU64_IMM(BPF_ADD, 0, 4), EXIT()},
		.nr_left = 3,
		.lines_left = {{0, 0}, {1, 2}},
		.result = 5,
	},
	{
		.what = "a 32-bit comparison",
		.insns = {MOV64_IMM(0, 1), INSN(BPF_JMP32 | BPF_JSGT | BPF_K, 0, 0, 1, -1),
			  MOV64_IMM(0, 3), EXIT()},
		.n = 4,
		.lines = 0x01,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}},
		.result = 1,
	},
	{
		.what = "a dead load of 64 bits",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JEQ, 0, 1, 3), LD_IMM64(0, 0, 1, 2),
			  ALU64_IMM(BPF_ADD, 0, 4), EXIT()},
		.n = 6,
		.lines = 0x15,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}, {1, 4}},
		.result = 1,
	},
	{
		.what = "jumps over dead code, on and back",
		.insns = {MOV64_IMM(6, 0), ALU64_IMM(BPF_ADD, 6, 1), RANDOM,
			  JMP_IMM(BPF_JEQ, 0, 5, 3), JMP_IMM(BPF_JLE, 6, 100, 1), MOV64_IMM(6, 50),
			  JMP_IMM(BPF_JLT, 6, 9, -6), MOV64_IMM(0, 2), EXIT()},
		.n = 9,
		.lines = 0x1ff,
		.left = {MOV64_IMM(6, 0), ALU64_IMM(BPF_ADD, 6, 1), RANDOM,
			 JMP_IMM(BPF_JEQ, 0, 5, 1), JMP_IMM(BPF_JLT, 6, 9, -4), MOV64_IMM(0, 2),
			 EXIT()},
		.nr_left = 7,
		.lines_left = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 6}, {5, 7}, {6, 8}},
		.result = 2,
	},
	{
		.what = "a jump to the next instruction",
		.insns = {MOV64_IMM(0, 1), JA(0), EXIT()},
		.n = 3,
		.lines = 0x03,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}, {1, 1}},
		.result = 1,
	},
	{
		.what = "a jump over nothing but such a jump",
		.insns = {RANDOM, JMP_IMM(BPF_JEQ, 0, 5, 1), JA(1), JA(0), MOV64_IMM(0, 1), EXIT()},
		.n = 6,
		.lines = 0x01,
		.left = {RANDOM, JMP_IMM(BPF_JEQ, 0, 5, 1), JA(0), MOV64_IMM(0, 1), EXIT()},
		.nr_left = 5,
		.lines_left = {{0, 0}},
		.result = 1,
	},
	{
		.what = "a jump over dead code only",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JEQ, 0, 1, 1), JA(1), JA(1), MOV64_IMM(0, 2),
			  EXIT()},
		.n = 6,
		.lines = 0x05,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}, {1, 2}},
		.result = 1,
	},
	{
		.what = "a wide jump",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JEQ, 0, 2, 1), GOTOL(1), MOV64_IMM(0, 2),
			  EXIT()},
		.n = 5,
		.lines = 0x01,
		.left = {MOV64_IMM(0, 1), GOTOL(0), EXIT()},
		.nr_left = 3,
		.lines_left = {{0, 0}},
		.result = 1,
	},
	{
		.what = "may_goto that lead nowhere else",
		.insns = {MOV64_IMM(0, 1), MAY_GOTO(2), MAY_GOTO(1), MAY_GOTO(0), EXIT()},
		.n = 5,
		.lines = 0x11,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}, {1, 4}},
		.result = 1,
	},
	{
		.what = "functions",
		.insns = {CALL_SUBPROG(2), CALL_SUBPROG(3), EXIT(), MOV64_IMM(0, 3), EXIT(),
			  MOV64_IMM(0, 5), EXIT()},
		.n = 7,
		.funcs = {3, 5},
		.lines = 0x29,
		.left = {SHOWN_CALL(2, 1), SHOWN_CALL(3, 2), EXIT(), MOV64_IMM(0, 3), EXIT(),
			 MOV64_IMM(0, 5), EXIT()},
		.nr_left = 7,
		.funcs_left = {0, 3, 5},
		.lines_left = {{0, 0}, {3, 3}, {5, 5}},
		.result = 5,
	},
	{
		.what = "a function that is never called",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JEQ, 0, 1, 1), CALL_SUBPROG(2),
			  CALL_SUBPROG(3), EXIT(), MOV64_IMM(0, 3), EXIT(), MOV64_IMM(0, 5),
			  EXIT()},
		.n = 9,
		.funcs = {5, 7},
		.lines = 0x1ff,
		.left = {MOV64_IMM(0, 1), SHOWN_CALL(1, 1), EXIT(), MOV64_IMM(0, 5), EXIT()},
		.nr_left = 5,
		.funcs_left = {0, 3},
		.lines_left = {{0, 0}, {1, 3}, {2, 4}, {3, 7}, {4, 8}},
		.result = 5,
	},
	{
		.what = "a function that only such a function calls",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JEQ, 0, 1, 1), CALL_SUBPROG(1), EXIT(),
			  CALL_SUBPROG(1), EXIT(), MOV64_IMM(0, 5), EXIT()},
		.n = 8,
		.funcs = {4, 6},
		.lines = 0x51,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.funcs_left = {0},
		.lines_left = {{0, 0}},
		.result = 1,
	},
	{
		.what = "functions whose beginning and end are dead",
		.insns = {CALL_SUBPROG(1), EXIT(), JA(0), MOV64_IMM(0, 1),
			  JMP_IMM(BPF_JEQ, 0, 0, 2), CALL_SUBPROG(2), EXIT(), EXIT(),
			  MOV64_IMM(0, 9), EXIT()},
		.n = 10,
		.funcs = {2, 8},
		.lines = 0x105,
		.left = {SHOWN_CALL(1, 1), EXIT(), MOV64_IMM(0, 1), SHOWN_CALL(1, 2), EXIT(),
			 MOV64_IMM(0, 9), EXIT()},
		.nr_left = 7,
		.funcs_left = {0, 2, 5},
		.lines_left = {{0, 0}, {2, 2}, {5, 8}},
		.result = 9,
	},
	{
		.what = "what is called is not there, and never called",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JNE, 0, 0, 1), CALL(195896080), EXIT()},
		.n = 4,
		.lines = 0x01,
		.left = {MOV64_IMM(0, 1), EXIT()},
		.nr_left = 2,
		.lines_left = {{0, 0}},
		.result = 1,
	},
	{
		.what = "a callback that is never handed out",
		.insns = {MOV64_IMM(0, 1), JMP_IMM(BPF_JEQ, 0, 1, 2), LD_FUNC(2, 3),
			  CALL_SUBPROG(3), EXIT(), MOV64_IMM(0, 0), EXIT(), MOV64_IMM(0, 3),
			  EXIT()},
		.n = 10,
		.funcs = {6, 8},
		.lines = 0x141,
		.left = {MOV64_IMM(0, 1), SHOWN_CALL(1, 1), EXIT(), MOV64_IMM(0, 3), EXIT()},
		.nr_left = 5,
		.funcs_left = {0, 3},
		.lines_left = {{0, 0}, {3, 8}},
		.result = 3,
	},
};

/* A program with its functions, and a line of each number for the instruction of that number. */
static int load_case(const struct rewrite_case *c)
{
	struct bpf_func_info funcs[MAX_FUNCS + 1];
	struct bpf_line_info lines[MAX_INSNS];
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER}, types_attr = {0};
	struct btf *btf = btf__new_empty();
	int proto = btf__add_func_proto(btf, btf__add_int(btf, "int", 4, BTF_INT_SIGNED));
	__u32 nr_funcs = 0, nr_lines = 0, text = (__u32)btf__add_str(btf, "text"), size;

	do {
		funcs[nr_funcs].insn_off = nr_funcs ? c->funcs[nr_funcs - 1] : 0;
		funcs[nr_funcs].type_id =
			(__u32)btf__add_func(btf, nr_funcs ? "f" : "main",
					     nr_funcs ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL, proto);
		nr_funcs++;
	} while (nr_funcs <= MAX_FUNCS && c->funcs[nr_funcs - 1]);
	for (__u32 i = 0; i < c->n; i++)
		if (c->lines & 1u << i)
			lines[nr_lines++] = (struct bpf_line_info){i, text, text, i << 10};
	types_attr.btf = PTR(btf__raw_data(btf, &size));
	types_attr.btf_size = size;
	attr.prog_btf_fd = (__u32)own(bpf(BPF_BTF_LOAD, &types_attr));
	btf__free(btf);
	attr.insns = PTR(c->insns);
	attr.insn_cnt = c->n;
	attr.license = PTR("GPL");
	attr.func_info = PTR(funcs);
	attr.func_info_cnt = nr_funcs;
	attr.func_info_rec_size = sizeof(funcs[0]);
	attr.line_info = PTR(lines);
	attr.line_info_cnt = nr_lines;
	attr.line_info_rec_size = sizeof(lines[0]);
	attr.log_level = 1;
	attr.log_buf = PTR(load_log);
	attr.log_size = sizeof(load_log);
	return own(bpf(BPF_PROG_LOAD, &attr));
}

/* What the info of a program says. */
struct shown {
	struct bpf_insn insns[MAX_INSNS];
	struct bpf_func_info funcs[MAX_FUNCS + 1];
	struct bpf_line_info lines[MAX_INSNS];
	struct bpf_prog_info info;
};

static void show(int prog, struct shown *shown)
{
	__u32 size = sizeof(shown->info);

	memset(shown, 0, sizeof(*shown));
	shown->info.xlated_prog_len = sizeof(shown->insns);
	shown->info.xlated_prog_insns = PTR(shown->insns);
	shown->info.nr_func_info = ARRAY_SIZE(shown->funcs);
	shown->info.func_info_rec_size = sizeof(shown->funcs[0]);
	shown->info.func_info = PTR(shown->funcs);
	shown->info.nr_line_info = ARRAY_SIZE(shown->lines);
	shown->info.line_info_rec_size = sizeof(shown->lines[0]);
	shown->info.line_info = PTR(shown->lines);
	assert_int_equal(get_info(prog, &shown->info, &size), 0);
}

static void print(const char *what, const struct shown *s)
{
	print_message("# %s\n", what);
	for (__u32 i = 0; i < s->info.xlated_prog_len / sizeof(s->insns[0]); i++)
		print_message("#   %u: %02x r%u r%u %d %d\n", i, s->insns[i].code,
			      s->insns[i].dst_reg, s->insns[i].src_reg, s->insns[i].off,
			      s->insns[i].imm);
	for (__u32 i = 0; i < s->info.nr_func_info; i++)
		print_message("#   function at %u\n", s->funcs[i].insn_off);
	for (__u32 i = 0; i < s->info.nr_line_info; i++)
		print_message("#   line %u at %u\n", s->lines[i].line_col >> 10,
			      s->lines[i].insn_off);
}

/* Numbers of helpers are each engine's own. */
static bool same_insn(const struct bpf_insn *a, const struct bpf_insn *b)
{
	struct bpf_insn x = *a;

	if (x.code == (BPF_JMP | BPF_CALL) && !x.src_reg)
		x.imm = b->imm;
	return !memcmp(&x, b, sizeof(x));
}

static bool as_expected(const struct rewrite_case *c, const struct shown *s)
{
	__u32 i, n = 0;

	if (s->info.xlated_prog_len != c->nr_left * sizeof(s->insns[0]))
		return false;
	for (i = 0; i < c->nr_left; i++)
		if (!same_insn(&s->insns[i], &c->left[i]))
			return false;
	do {
		if (n >= s->info.nr_func_info || s->funcs[n].insn_off != c->funcs_left[n])
			return false;
		n++;
	} while (n <= MAX_FUNCS && c->funcs_left[n]);
	if (n != s->info.nr_func_info)
		return false;
	n = 0;
	do {
		if (n >= s->info.nr_line_info || s->lines[n].insn_off != c->lines_left[n].at ||
		    BPF_LINE_INFO_LINE_NUM(s->lines[n].line_col) != c->lines_left[n].line)
			return false;
		n++;
	} while (n < MAX_INSNS && c->lines_left[n].at);
	return n == s->info.nr_line_info;
}

static void dead_code(void **state)
{
	unsigned int differ = 0;

	requires_linux(6, 11);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct rewrite_case *c = &cases[i];
		unsigned int result = ~0u;
		struct shown shown;
		int prog = load_case(c);

		if (prog < 0) {
			print_message("# %s: %d\n%s", c->what, prog, load_log);
			differ++;
			continue;
		}
		show(prog, &shown);
		if (!as_expected(c, &shown)) {
			print(c->what, &shown);
			differ++;
		}
		assert_int_equal(E->run(prog, &result), 0);
		if (result != c->result) {
			print_message("# %s: gives %u\n", c->what, result);
			differ++;
		}
		end(prog);
	}
	assert_int_equal(differ, 0);
}

/* What an address stands for is shown, and never the address. */
static void references(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	const struct code *code =
		CODE(LD_MAP_FD(1, map), LD_IMM64(2, BPF_PSEUDO_FUNC, 8, 0), MOV64_IMM(3, 0),
		     MOV64_IMM(4, 0), CALL(BPF_FUNC_for_each_map_elem), LD_MAP_VALUE(1, map, 4),
		     LDX_MEM(W, 0, 1, 0), EXIT(), MOV64_IMM(0, 0), EXIT());
	const unsigned int starts[] = {0, 11};
	const struct bpf_insn expected[] = {
		LD_IMM64(1, BPF_PSEUDO_MAP_FD, (int)id_of(map), 0),
		LD_IMM64(2, BPF_PSEUDO_FUNC, 8, 1),
		MOV64_IMM(3, 0),
		MOV64_IMM(4, 0),
		CALL(0),
		LD_IMM64(1, BPF_PSEUDO_MAP_VALUE, (int)id_of(map), 4),
		LDX_MEM(W, 0, 1, 0),
		EXIT(),
		MOV64_IMM(0, 0),
		EXIT(),
	};
	int prog = load_functions(code, starts, 2);
	struct shown shown;

	assert_true(prog >= 0);
	show(prog, &shown);
	assert_int_equal(shown.info.xlated_prog_len, sizeof(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (!same_insn(&shown.insns[i], &expected[i])) {
			print("references", &shown);
			fail_msg("instruction %zu", i);
		}
}

/* A load-acquire through a pointer to a structure may have become a guarded load; it is shown as
 * what it was. */
static void acquire_of_a_structure(void **state)
{
	int map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 3);
	const struct bpf_insn acquire = INSN(BPF_STX | BPF_ATOMIC | BPF_W, 0, 1,
					     (short)field("bpf_map", "max_entries"), 0x100);
	const struct code *code = CODE(LD_MAP_FD(1, map), acquire, EXIT());
	unsigned int result = 0;
	struct shown shown;
	int prog;

	requires_linux(6, 15);
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, code);
	assert_true(prog >= 0);
	assert_int_equal(E->run(prog, &result), 0);
	assert_int_equal(result, 3);
	show(prog, &shown);
	assert_memory_equal(&shown.insns[2], &acquire, sizeof(acquire));
}

/* Loads of what can never change give it, whatever they have become. */
static void constants(void **state)
{
	static const __u64 values[] = {
		~0ull, 0x80, 0x7fffffff, 0x80000000, 0xffffffff80000000, 0x123456789abcdef0};
	static const unsigned char loads[] = {BPF_B | BPF_MEM,	BPF_H | BPF_MEM, BPF_W | BPF_MEM,
					      BPF_DW | BPF_MEM, BPF_B | 0x80,	 BPF_H | 0x80,
					      BPF_W | 0x80};
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(values), 1, BPF_F_RDONLY_PROG);

	requires_linux(6, 6);
	assert_int_equal(map_update(map, &(__u32){0}, values, 0), 0);
	assert_int_equal(map_freeze(map), 0);
	for (size_t v = 0; v < ARRAY_SIZE(values); v++)
		for (size_t k = 0; k < ARRAY_SIZE(loads) * 2; k++) {
			/* Its low half, or its high one. */
			const struct code *code = CODE(
				LD_MAP_VALUE(1, map, (int)v * 8),
				INSN(BPF_LDX | loads[k / 2], 0, 1, 0, 0), JMP_IMM(BPF_JA, 0, 0, 0),
				ALU64_IMM(BPF_RSH, 0, k & 1 ? 32 : 0), EXIT());
			unsigned int result = 0;
			__u64 value = values[v];
			int prog = load(BPF_PROG_TYPE_SOCKET_FILTER, code), shift;

			assert_true(prog >= 0);
			shift = 64 - (int[]){32, 16, 8, 64}[(loads[k / 2] & BPF_DW) >> 3];
			value <<= shift;
			value = loads[k / 2] & 0x80 ? (__u64)((__s64)value >> shift)
						    : value >> shift;
			assert_int_equal(E->run(prog, &result), 0);
			assert_int_equal(result, (unsigned int)(k & 1 ? value >> 32 : value));
			end(prog);
		}
}

/* One load, of two places that never change: it stays one. */
static void two_constants(void **state)
{
	static const __u64 values[] = {3, 4};
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(values), 1, BPF_F_RDONLY_PROG);

	assert_int_equal(map_update(map, &(__u32){0}, values, 0), 0);
	assert_int_equal(map_freeze(map), 0);
	for (int taken = 0; taken < 2; taken++) {
		/* How long the packet is nobody knows before. */
		const struct code *code =
			CODE(LDX_MEM(W, 2, 1, 0), LD_MAP_VALUE(1, map, 0),
			     JMP_IMM(taken ? BPF_JGT : BPF_JLE, 2, 8, 2), LD_MAP_VALUE(1, map, 8),
			     LDX_MEM(DW, 0, 1, 0), EXIT());
		unsigned int result = 0;
		int prog = load(BPF_PROG_TYPE_SOCKET_FILTER, code);

		assert_true(prog >= 0);
		assert_int_equal(E->run(prog, &result), 0);
		assert_int_equal(result, taken ? 3 : 4);
		end(prog);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(dead_code),
	cmocka_unit_test(references),
	cmocka_unit_test(constants),
	cmocka_unit_test(two_constants),
	cmocka_unit_test(acquire_of_a_structure),
};
const struct section rewrite_section = {"rewrite", tests, ARRAY_SIZE(tests)};
