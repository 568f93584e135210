/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What BPF_PROG_LOAD accepts, besides instructions: each case is a good attr with one thing
 * changed. The log has a file of its own, facts_log.c.
 */
#include "facts.h"

static const struct bpf_insn trivial[] = {MOV64_IMM(0, 0), EXIT()};
/* Main program: call the subprogram; subprogram at 3. */
static const struct bpf_insn two_functions[] = {CALL_SUBPROG(2), MOV64_IMM(0, 0), EXIT(),
						MOV64_IMM(0, 0), EXIT()};

static union bpf_attr good_attr(void)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_TRACING};

	attr.insns = PTR(trivial);
	attr.insn_cnt = ARRAY_SIZE(trivial);
	attr.license = PTR("GPL");
	attr.expected_attach_type = BPF_TRACE_ITER;
	attr.attach_btf_id = (__u32)type_id("bpf_iter_bpf_map", BTF_KIND_FUNC);
	return attr;
}

/* 0, or the error. */
static int try_load(union bpf_attr *attr)
{
	int ret = own(bpf(BPF_PROG_LOAD, attr));

	return ret >= 0 ? 0 : ret;
}

#define FIELD(name, value, result)                                                                 \
	{                                                                                          \
#name, offsetof(union bpf_attr, name), sizeof(((union bpf_attr *)0)->name), value, \
			result                                                                     \
	}

static void one_field(void **state)
{
	const struct {
		const char *name;
		size_t offset, size;
		__u64 value;
		int result;
	} cases[] = {
		FIELD(prog_type, BPF_PROG_TYPE_TRACING, 0),
		FIELD(prog_type, BPF_PROG_TYPE_UNSPEC, -EINVAL),
		FIELD(prog_type, 9999, -EINVAL),
		FIELD(prog_type, 0xffffffff, -EINVAL),
		FIELD(insn_cnt, 0, -E2BIG),
		FIELD(insn_cnt, 1000001, -E2BIG),
		FIELD(insn_cnt, 0xffffffff, -E2BIG),
		FIELD(insn_cnt, 1, -EINVAL), /* the last is no exit */
		FIELD(insns, 0, -EFAULT),
		FIELD(insns, 8, -EFAULT),
		FIELD(license, 0, -EFAULT),
		FIELD(license, 8, -EFAULT),
		FIELD(license, PTR(""), 0),
		FIELD(license, PTR("BSD"), 0),
		FIELD(kern_version, 12345, 0),
		FIELD(prog_flags, 1u << 31, -EINVAL),
		FIELD(prog_flags, 1u << 12, -EINVAL),
		FIELD(prog_flags, BPF_F_STRICT_ALIGNMENT, 0),
		FIELD(prog_flags, BPF_F_ANY_ALIGNMENT, 0),
		FIELD(prog_flags, BPF_F_TEST_STATE_FREQ, 0),
		FIELD(prog_flags, BPF_F_TEST_RND_HI32, 0),
		FIELD(prog_ifindex, 0x7ffffff0, -EINVAL),
		FIELD(expected_attach_type, 0, -EINVAL),
		FIELD(expected_attach_type, 9999, -EINVAL),
		FIELD(attach_btf_id, 0, -EINVAL),
		FIELD(attach_btf_id, 0x7fffffff, -EINVAL),
		FIELD(attach_btf_id, (__u32)type_id("bpf_map", BTF_KIND_STRUCT), -EINVAL),
		FIELD(attach_btf_id, (__u32)type_id("bpf_map_sum_elem_count", BTF_KIND_FUNC),
		      -EINVAL),
		FIELD(attach_prog_fd, 9999, -EINVAL),
		FIELD(prog_btf_fd, 9999, 0), /* nothing refers to it */
		FIELD(log_level, 16, -EINVAL),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = good_attr();
		int ret;

		memcpy((char *)&attr + cases[i].offset, &cases[i].value, cases[i].size);
		ret = try_load(&attr);
		if (ret != cases[i].result)
			fail_msg("case %zu, %s = %llu: %d, not %d", i, cases[i].name,
				 (unsigned long long)cases[i].value, ret, cases[i].result);
	}
}

static void names(void **state)
{
	static const struct {
		char name[BPF_OBJ_NAME_LEN + 1];
		int result;
	} cases[] = {
		{"", 0},
		{"a.B_9", 0},
		{"123456789012345", 0},
		{"1234567890123456", -EINVAL},
		{"a b", -EINVAL},
		{"\xc3\xa4", -EINVAL},
		{"a%d", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = good_attr();

		memcpy(attr.prog_name, cases[i].name, BPF_OBJ_NAME_LEN);
		if (try_load(&attr) != cases[i].result)
			fail_msg("name %zu", i);
	}
}

static int gpl_of(const char *license)
{
	union bpf_attr attr = good_attr();
	struct bpf_prog_info info;

	attr.license = PTR(license);
	info_of(own(bpf(BPF_PROG_LOAD, &attr)), &info, sizeof(info));
	return info.gpl_compatible;
}

static void licenses(void **state)
{
	static const char *const gpl[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"};
	static const char *const other[] = {
		"", "BSD", "gpl", "GPL ", "GPLv2", "Proprietary", "Dual BSD/GPL or so"};

	for (size_t i = 0; i < ARRAY_SIZE(gpl); i++)
		assert_int_equal(gpl_of(gpl[i]), 1);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		assert_int_equal(gpl_of(other[i]), 0);
}

/* A helper that is for programs under the GPL. */
static void gpl_only_helper(void **state)
{
	struct code code = {.n = 0};
	union bpf_attr attr = good_attr();

	emit_prologue(&code);
	EMIT(&code, ST_MEM(DW, 10, -8, 1), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8));
	emit_seq_write(&code, 8);
	emit_return(&code, 0);
	attr.insns = PTR(code.insn);
	attr.insn_cnt = code.n;
	assert_int_equal(try_load(&attr), 0);
	attr.license = PTR("BSD");
	assert_int_equal(try_load(&attr), -EINVAL);
}

/* Of the instructions: what is refused before and by verification, whatever the type. */
static void instructions(void **state)
{
	static const struct {
		const char *what;
		struct bpf_insn insn[4];
		unsigned int n;
		int result;
	} cases[] = {
		{"no exit", {MOV64_IMM(0, 0)}, 1, -EINVAL},
		{"dead code",
		 {JMP_IMM(BPF_JA, 0, 0, 1), MOV64_IMM(0, 0), MOV64_IMM(0, 0), EXIT()},
		 4,
		 -EINVAL},
		{"a jump out", {MOV64_IMM(0, 0), JMP_IMM(BPF_JA, 0, 0, 5), EXIT()}, 3, -EINVAL},
		{"a jump to itself",
		 {MOV64_IMM(0, 0), JMP_IMM(BPF_JA, 0, 0, -1), EXIT()},
		 3,
		 -EINVAL},
		{"half a load",
		 {MOV64_IMM(0, 0), EXIT(), INSN(BPF_LD | BPF_DW | BPF_IMM, 1, 0, 0, 0)},
		 3,
		 -EINVAL},
		{"opcode 0", {MOV64_IMM(0, 0), INSN(0, 0, 0, 0, 0), EXIT()}, 3, -EINVAL},
		{"opcode 255", {MOV64_IMM(0, 0), INSN(0xff, 0, 0, 0, 0), EXIT()}, 3, -EINVAL},
		{"register 11", {MOV64_IMM(0, 0), MOV64_IMM(11, 0), EXIT()}, 3, -EINVAL},
		{"the frame pointer set", {MOV64_IMM(10, 0), MOV64_IMM(0, 0), EXIT()}, 3, -EACCES},
		{"the frame pointer copied to",
		 {MOV64_REG(10, 1), MOV64_IMM(0, 0), EXIT()},
		 3,
		 -EACCES},
		{"the frame pointer moved",
		 {ALU64_IMM(BPF_ADD, 10, -8), MOV64_IMM(0, 0), EXIT()},
		 3,
		 -EACCES},
		{"the frame pointer loaded",
		 {ST_MEM(DW, 10, -8, 0), LDX_MEM(DW, 10, 10, -8), MOV64_IMM(0, 0), EXIT()},
		 4,
		 -EACCES},
		{"reserved field",
		 {INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 1, 0, 0), EXIT()},
		 2,
		 -EINVAL},
		{"division by a constant 0",
		 {MOV64_IMM(0, 0), ALU64_IMM(BPF_DIV, 0, 0), EXIT()},
		 3,
		 -EINVAL},
		{"a shift by 64", {MOV64_IMM(0, 0), ALU64_IMM(BPF_LSH, 0, 64), EXIT()}, 3, -EINVAL},
		{"a register not set", {MOV64_REG(0, 2), EXIT()}, 2, -EACCES},
		{"stack too deep", {ST_MEM(DW, 10, -520, 0), MOV64_IMM(0, 0), EXIT()}, 3, -EACCES},
		{"stack above", {ST_MEM(DW, 10, 0, 0), MOV64_IMM(0, 0), EXIT()}, 3, -EACCES},
		{"a number as address",
		 {MOV64_IMM(1, 0), LDX_MEM(DW, 0, 1, 0), EXIT()},
		 3,
		 -EACCES},
		{"helper 0", {CALL(0), MOV64_IMM(0, 0), EXIT()}, 3, -EINVAL},
		{"helper 9999", {CALL(9999), MOV64_IMM(0, 0), EXIT()}, 3, -EINVAL},
		{"a map that is none", {LD_MAP_FD(1, 9999), MOV64_IMM(0, 0), EXIT()}, 4, -EBADF},
	};
	unsigned int differ = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = good_attr();
		int ret;

		attr.insns = PTR(cases[i].insn);
		attr.insn_cnt = cases[i].n;
		ret = try_load(&attr);
		if (ret != cases[i].result) {
			print_message("# %s: %d, not %d\n", cases[i].what, ret, cases[i].result);
			differ++;
		}
	}
	assert_int_equal(differ, 0);
}

/* --- func_info and line_info ------------------------------------------------------------- */

static struct program_types {
	int fd;
	__u32 integer, main, sub, structure, proto;
	__u32 file, line; /* string offsets */
} p;

static void load_types(void)
{
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	__u32 size;

	p.integer = (__u32)btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	p.proto = (__u32)btf__add_func_proto(btf, (int)p.integer);
	p.main = (__u32)btf__add_func(btf, "main_prog", BTF_FUNC_GLOBAL, (int)p.proto);
	p.sub = (__u32)btf__add_func(btf, "sub_prog", BTF_FUNC_STATIC, (int)p.proto);
	p.structure = (__u32)btf__add_struct(btf, "s", 4);
	btf__add_field(btf, "f", (int)p.integer, 0, 0);
	p.file = (__u32)btf__add_str(btf, "facts.c");
	p.line = (__u32)btf__add_str(btf, "\treturn 0;");
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	p.fd = own(bpf(BPF_BTF_LOAD, &attr));
	btf__free(btf);
	assert_true(p.fd >= 0);
}

static void func_info(void **state)
{
	load_types();
	struct {
		const char *what;
		struct bpf_func_info info[3];
		__u32 count, size, fd;
		int result;
	} cases[] = {
		{"right", {{0, p.main}, {3, p.sub}}, 2, 8, p.fd, 0},
		{"one too few", {{0, p.main}}, 1, 8, p.fd, -EINVAL},
		{"one too many", {{0, p.main}, {3, p.sub}, {4, p.sub}}, 3, 8, p.fd, -EINVAL},
		{"none", {{0, 0}}, 0, 0, p.fd, 0},
		{"not at the beginning", {{1, p.main}, {3, p.sub}}, 2, 8, p.fd, -EINVAL},
		{"not ascending", {{0, p.main}, {0, p.sub}}, 2, 8, p.fd, -EINVAL},
		{"not where the subprogram is", {{0, p.main}, {4, p.sub}}, 2, 8, p.fd, -EINVAL},
		{"past the end", {{0, p.main}, {9, p.sub}}, 2, 8, p.fd, -EINVAL},
		{"no function", {{0, p.main}, {3, p.integer}}, 2, 8, p.fd, -EINVAL},
		{"a prototype", {{0, p.main}, {3, p.proto}}, 2, 8, p.fd, -EINVAL},
		{"no type", {{0, p.main}, {3, 9999}}, 2, 8, p.fd, -EINVAL},
		{"void", {{0, p.main}, {3, 0}}, 2, 8, p.fd, -EINVAL},
		{"record of 4", {{0, p.main}, {3, p.sub}}, 2, 4, p.fd, -EINVAL},
		{"record of 0", {{0, p.main}, {3, p.sub}}, 2, 0, p.fd, -EINVAL},
		{"record of 10", {{0, p.main}, {3, p.sub}}, 2, 10, p.fd, -EINVAL},
		{"record of 256", {{0, p.main}, {3, p.sub}}, 2, 256, p.fd, -EINVAL},
		{"no BTF", {{0, p.main}, {3, p.sub}}, 2, 8, 9999, -EBADF},
		{"a map as BTF",
		 {{0, p.main}, {3, p.sub}},
		 2,
		 8,
		 (__u32)map_of_numbers(BPF_MAP_TYPE_ARRAY, 1),
		 -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = good_attr();
		int ret;

		attr.insns = PTR(two_functions);
		attr.insn_cnt = ARRAY_SIZE(two_functions);
		attr.prog_btf_fd = cases[i].fd;
		attr.func_info = PTR(cases[i].info);
		attr.func_info_cnt = cases[i].count;
		attr.func_info_rec_size = cases[i].size;
		ret = try_load(&attr);
		if (ret != cases[i].result)
			fail_msg("%s: %d, not %d", cases[i].what, ret, cases[i].result);
	}
}

/* Records longer than known: fine while the rest is zero. */
static void longer_func_info(void **state)
{
	__u32 records[2][4] = {{0}, {3}};
	union bpf_attr attr = good_attr();

	load_types();
	records[0][1] = p.main;
	records[1][1] = p.sub;
	attr.insns = PTR(two_functions);
	attr.insn_cnt = ARRAY_SIZE(two_functions);
	attr.prog_btf_fd = (__u32)p.fd;
	attr.func_info = PTR(records);
	attr.func_info_cnt = 2;
	attr.func_info_rec_size = sizeof(records[0]);
	assert_int_equal(try_load(&attr), 0);
	records[1][3] = 1;
	assert_int_equal(try_load(&attr), -E2BIG);
	/* The size that is known is written back. */
	assert_int_equal(attr.func_info_rec_size, 8);
	attr.func_info_rec_size = sizeof(records[0]);
	attr.func_info = 8;
	assert_int_equal(try_load(&attr), -EFAULT);
}

static void line_info(void **state)
{
	load_types();
	const __u32 line = p.line, file = p.file;
	struct {
		const char *what;
		struct bpf_line_info info[3];
		__u32 count, size;
		int result;
	} cases[] = {
		{"right", {{0, file, line, 1 << 10}, {3, file, line, 2 << 10}}, 2, 16, 0},
		{"more lines",
		 {{0, file, line, 0}, {1, file, line, 0}, {3, file, line, 0}},
		 3,
		 16,
		 0},
		{"none for the subprogram",
		 {{0, file, line, 0}, {1, file, line, 0}},
		 2,
		 16,
		 -EINVAL},
		{"not at the beginning", {{1, file, line, 0}, {3, file, line, 0}}, 2, 16, -EINVAL},
		{"not ascending",
		 {{0, file, line, 0}, {3, file, line, 0}, {1, file, line, 0}},
		 3,
		 16,
		 -EINVAL},
		{"twice the same",
		 {{0, file, line, 0}, {0, file, line, 0}, {3, file, line, 0}},
		 3,
		 16,
		 -EINVAL},
		{"past the end", {{0, file, line, 0}, {9, file, line, 0}}, 2, 16, -EINVAL},
		{"no such line", {{0, file, 99999, 0}, {3, file, line, 0}}, 2, 16, -EINVAL},
		{"no such file", {{0, 99999, line, 0}, {3, file, line, 0}}, 2, 16, -EINVAL},
		{"record of 8", {{0, file, line, 0}, {3, file, line, 0}}, 2, 8, -EINVAL},
		{"record of 18", {{0, file, line, 0}, {3, file, line, 0}}, 2, 18, -EINVAL},
		{"record of 256", {{0, file, line, 0}, {3, file, line, 0}}, 2, 256, -EINVAL},
		{"too many", {{0, file, line, 0}, {3, file, line, 0}}, 0x7fffffff, 16, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf_func_info functions[] = {{0, p.main}, {3, p.sub}};
		union bpf_attr attr = good_attr();
		int ret;

		attr.insns = PTR(two_functions);
		attr.insn_cnt = ARRAY_SIZE(two_functions);
		attr.prog_btf_fd = (__u32)p.fd;
		attr.func_info = PTR(functions);
		attr.func_info_cnt = 2;
		attr.func_info_rec_size = 8;
		attr.line_info = PTR(cases[i].info);
		attr.line_info_cnt = cases[i].count;
		attr.line_info_rec_size = cases[i].size;
		ret = try_load(&attr);
		if (ret != cases[i].result)
			fail_msg("%s: %d, not %d", cases[i].what, ret, cases[i].result);
	}
}

/* Types that are right, and do not fit what is said of them. */
static void types_that_do_not_fit(void **state)
{
	unsigned int differ = 0;
	enum { GLOBAL_VOID, SIX, POINTER, STRUCTURE, LATER, NR };
	static const char *const names[NR] = {"nothing", "six", "pointer", "structure", "later"};
	struct btf *btf = btf__new_empty();
	union bpf_attr load_btf = {0};
	int integer, proto, id, functions[NR], main_id, fd;
	__u32 size, text;
	const struct {
		const char *what;
		int function;
		bool main;
		int result;
	} cases[] = {
		{"the main function returns nothing", GLOBAL_VOID, true, 0},
		{"a function returns nothing", GLOBAL_VOID, false, -EINVAL},
		{"the main function has six arguments", SIX, true, 0},
		{"a function has six arguments", SIX, false, -EINVAL},
		{"the main function returns a pointer", POINTER, true, 0},
		{"a function returns a pointer", POINTER, false, -EINVAL},
		{"a function takes a structure", STRUCTURE, false, -EINVAL},
		{"a function takes a pointer to what has no size", LATER, false, -EINVAL},
	};

	text = (__u32)btf__add_str(btf, "text");
	integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	proto = btf__add_func_proto(btf, integer);
	main_id = btf__add_func(btf, "main_prog", BTF_FUNC_GLOBAL, proto);
	for (int i = 0; i < NR; i++) {
		int result = integer, type = integer;

		if (i == GLOBAL_VOID)
			result = 0;
		else if (i == POINTER)
			result = btf__add_ptr(btf, integer);
		else if (i == STRUCTURE)
			type = btf__add_struct(btf, "s", 4);
		else if (i == LATER)
			type = btf__add_ptr(btf, btf__add_fwd(btf, "f", BTF_FWD_STRUCT));
		id = btf__add_func_proto(btf, result);
		for (int k = 0; k < (i == SIX ? 6 : i >= STRUCTURE); k++)
			btf__add_func_param(btf, "a", type);
		functions[i] = btf__add_func(btf, names[i], BTF_FUNC_GLOBAL, id);
	}
	load_btf.btf = PTR(btf__raw_data(btf, &size));
	load_btf.btf_size = size;
	load_btf.btf_log_buf = PTR(load_log);
	load_btf.btf_log_size = sizeof(load_log);
	load_btf.btf_log_level = 1;
	fd = own(bpf(BPF_BTF_LOAD, &load_btf));
	btf__free(btf);
	if (fd < 0)
		fail_msg("%d: %s", fd, load_log);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__u32 wrong = (__u32)functions[cases[i].function];
		struct bpf_func_info info[] = {{0, cases[i].main ? wrong : (__u32)main_id},
					       {3, cases[i].main ? (__u32)main_id : wrong}};
		struct bpf_line_info lines[] = {{0, text, text, 1 << 10}, {3, text, text, 2 << 10}};
		union bpf_attr attr = good_attr();
		int ret;

		attr.insns = PTR(two_functions);
		attr.insn_cnt = ARRAY_SIZE(two_functions);
		attr.prog_btf_fd = (__u32)fd;
		attr.func_info = PTR(info);
		attr.func_info_cnt = 2;
		attr.func_info_rec_size = sizeof(info[0]);
		attr.line_info = PTR(lines);
		attr.line_info_cnt = 2;
		attr.line_info_rec_size = sizeof(lines[0]);
		ret = try_load(&attr);
		if (ret != cases[i].result) {
			print_message("# %s: %d, not %d\n", cases[i].what, ret, cases[i].result);
			differ++;
		}
	}
	assert_int_equal(differ, 0);
}

/* func_info and line_info without each other, without BTF, and from nowhere. */
static void infos_alone(void **state)
{
	unsigned int differ = 0;
	static const struct bpf_insn wide[] = {LD_IMM64(0, 0, 0, 0), EXIT()};
	struct {
		const char *what;
		__u32 nr_funcs, func_size, nr_lines, line_size, fd, line_at;
		__u64 funcs, lines;
		int result;
	} cases[] = {
		{"lines alone", 0, 0, 1, 16, 1, 0, 0, 1, 0},
		{"functions alone", 1, 8, 0, 0, 1, 0, 1, 0, 0},
		{"both", 1, 8, 1, 16, 1, 0, 1, 1, 0},
		{"lines without BTF", 0, 0, 1, 16, 0, 0, 0, 1, -EBADF},
		{"functions without BTF", 1, 8, 0, 0, 0, 0, 1, 0, -EBADF},
		{"lines in the middle of an instruction", 0, 0, 2, 16, 1, 1, 0, 1, -EINVAL},
		{"lines at the last instruction", 0, 0, 2, 16, 1, 2, 0, 1, 0},
		{"lines at the end", 0, 0, 2, 16, 1, 3, 0, 1, -EINVAL},
		{"lines from nowhere", 0, 0, 1, 16, 1, 0, 0, 8, -EFAULT},
		{"functions from nowhere", 1, 8, 0, 0, 1, 0, 8, 0, -EFAULT},
		{"records of no size", 0, 0, 1, 0, 1, 0, 0, 1, -EINVAL},
		{"records of 252 bytes", 0, 0, 1, 252, 1, 0, 0, 1, 0},
		{"more functions than instructions", 4, 8, 0, 0, 1, 0, 1, 0, -EINVAL},
		{"sizes of what is not there", 0, 4, 0, 4, 1, 0, 0, 0, 0},
	};
	struct bpf_func_info funcs[4] = {{0}};
	char lines[512];

	load_types();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf_line_info line = {0, p.file, p.line, 1 << 10};
		union bpf_attr attr = good_attr();
		int ret;

		memset(lines, 0, sizeof(lines));
		memcpy(lines, &line, sizeof(line));
		line.insn_off = cases[i].line_at;
		if (cases[i].nr_lines > 1)
			memcpy(lines + sizeof(line), &line, sizeof(line));
		funcs[0].type_id = p.main;
		attr.insns = PTR(wide);
		attr.insn_cnt = ARRAY_SIZE(wide);
		attr.prog_btf_fd = cases[i].fd ? (__u32)p.fd : 9999;
		attr.func_info = cases[i].funcs == 1 ? PTR(funcs) : cases[i].funcs;
		attr.func_info_cnt = cases[i].nr_funcs;
		attr.func_info_rec_size = cases[i].func_size;
		attr.line_info = cases[i].lines == 1 ? PTR(lines) : cases[i].lines;
		attr.line_info_cnt = cases[i].nr_lines;
		attr.line_info_rec_size = cases[i].line_size;
		ret = try_load(&attr);
		if (ret != cases[i].result) {
			print_message("# %s: %d, not %d\n", cases[i].what, ret, cases[i].result);
			differ++;
		}
	}
	assert_int_equal(differ, 0);
}

/* --- BPF_PROG_BIND_MAP ------------------------------------------------------------------- */

static int bind(int prog, int map, unsigned int flags)
{
	union bpf_attr attr = {0};

	attr.prog_bind_map.prog_fd = (__u32)prog;
	attr.prog_bind_map.map_fd = (__u32)map;
	attr.prog_bind_map.flags = flags;
	return bpf(BPF_PROG_BIND_MAP, &attr);
}

static void bind_map(void **state)
{
	int prog = load_trivial_iter("bpf_map"), map = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	struct bpf_prog_info info;

	assert_int_equal(bind(prog, map, 1), -EINVAL);
	assert_int_equal(bind(9999, map, 0), -EBADF);
	assert_int_equal(bind(map, map, 0), -EINVAL);
	assert_int_equal(bind(prog, 9999, 0), -EBADF);
	assert_int_equal(bind(prog, prog, 0), -EINVAL);
	assert_int_equal(bind(prog, map, 0), 0);
	assert_int_equal(bind(prog, map, 0), 0); /* again: as it is */
	info_of(prog, &info, sizeof(info));
	assert_int_equal(info.nr_map_ids, 1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_field),
	cmocka_unit_test(names),
	cmocka_unit_test(licenses),
	cmocka_unit_test(gpl_only_helper),
	cmocka_unit_test(instructions),
	cmocka_unit_test(func_info),
	cmocka_unit_test(longer_func_info),
	cmocka_unit_test(line_info),
	cmocka_unit_test(types_that_do_not_fit),
	cmocka_unit_test(infos_alone),
	cmocka_unit_test(bind_map),
};
const struct section load_section = {"load", tests, ARRAY_SIZE(tests)};
