/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What calls do that tell the verifier something, and those that may sleep: sections, casts, copies
 * from memory of a process. Of a socket filter the structure behind its context is read, too.
 */
#include "kinds.h"

static void emit_kfunc(struct code *code, const char *name)
{
	EMIT(code, CALL_KFUNC(type_id(name, BTF_KIND_FUNC)));
}

static void emit_address(struct code *code, int reg, const void *p)
{
	EMIT(code, LD_IMM64(reg, 0, (int)PTR(p), (int)(PTR(p) >> 32)));
}

/* What a program returns that may sleep, or not. */
static int result_of(const struct code *code, bool sleepable)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SYSCALL};
	int prog;

	if (!sleepable)
		return (int)run_program(code);
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.insns = PTR(code->insn);
	attr.insn_cnt = code->n;
	attr.license = PTR("GPL");
	prog = own(bpf(BPF_PROG_LOAD, &attr));
	assert_true(prog >= 0);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (__u32)prog;
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	end(prog);
	return (int)attr.test.retval;
}

static void sections(void **state)
{
	struct code code = {.n = 0};

	emit_kfunc(&code, "bpf_rcu_read_lock");
	emit_kfunc(&code, "bpf_preempt_disable");
	EMIT(&code, MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -8));
	emit_kfunc(&code, "bpf_local_irq_save");
	EMIT(&code, CALL(BPF_FUNC_get_prandom_u32), MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -8));
	emit_kfunc(&code, "bpf_local_irq_restore");
	emit_kfunc(&code, "bpf_preempt_enable");
	emit_kfunc(&code, "bpf_rcu_read_unlock");
	EMIT(&code, MOV64_IMM(0, 7), EXIT());
	assert_int_equal(result_of(&code, false), 7);
	assert_int_equal(result_of(&code, true), 7);
}

/* r0 = r1 as structure @name */
static void emit_cast(struct code *code, const char *name)
{
	EMIT(code, MOV64_IMM(2, name ? type_id(name, BTF_KIND_STRUCT) : 0));
	emit_kfunc(code, "bpf_rdonly_cast");
}

static void casts(void **state)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 4, 24, 77, 0), off = field("bpf_map", "max_entries");
	int values = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	__u64 value = 0x1122334455667788;
	struct code code = {.n = 0};
	int key = 0;

	EMIT(&code, LD_MAP_FD(1, map));
	emit_cast(&code, "bpf_map");
	EMIT(&code, LDX_MEM(W, 0, 0, off), EXIT());
	assert_int_equal(result_of(&code, false), 77);

	/* Nowhere reads as zero. */
	code.n = 0;
	EMIT(&code, MOV64_IMM(1, 0));
	emit_cast(&code, "bpf_map");
	EMIT(&code, LDX_MEM(W, 0, 0, off), EXIT());
	assert_int_equal(result_of(&code, false), 0);
	code.n = 0;
	EMIT(&code, LD_IMM64(1, 0, 0, 0x00ffff00));
	emit_cast(&code, NULL);
	EMIT(&code, LDX_MEM(DW, 0, 0, -64), ALU64_IMM(BPF_ADD, 0, 5), EXIT());
	assert_int_equal(result_of(&code, false), 5);

	/* Memory is read where it is, and after any arithmetic. */
	assert_int_equal(map_update(values, &key, &value, BPF_ANY), 0);
	code.n = 0;
	EMIT(&code, LD_MAP_VALUE(1, values, 0));
	emit_cast(&code, NULL);
	EMIT(&code, ALU64_IMM(BPF_OR, 0, 4), LDX_MEM(W, 0, 0, 0), EXIT());
	assert_int_equal(result_of(&code, false), 0x11223344);
}

/* Copy @size bytes from @from, by the helper, and give the first 4 of them; or the errno. */
static int copied(const void *from, int size)
{
	struct code code = {.n = 0};

	EMIT(&code, ST_MEM(DW, 10, -8, -1), MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -8),
	     MOV64_IMM(2, size));
	emit_address(&code, 3, from);
	EMIT(&code, CALL(BPF_FUNC_copy_from_user), LDX_MEM(W, 1, 10, -8), JMP_IMM(BPF_JNE, 0, 0, 1),
	     MOV64_REG(0, 1), EXIT());
	return result_of(&code, true);
}

/* Copy a string of up to @size bytes from @from over 0xff, by the kfunc: byte @at of what is there
 * then, -1: what it returns. */
static int copied_string(const void *from, int size, int flags, int at)
{
	struct code code = {.n = 0};

	EMIT(&code, ST_MEM(DW, 10, -8, -1), MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -8),
	     MOV64_IMM(2, size));
	emit_address(&code, 3, from);
	EMIT(&code, MOV64_IMM(4, flags));
	emit_kfunc(&code, "bpf_copy_from_user_str");
	if (at >= 0)
		EMIT(&code, LDX_MEM(B, 0, 10, (short)(at - 8)));
	EMIT(&code, EXIT());
	return result_of(&code, true);
}

static void copies(void **state)
{
	static const __u32 number = 0x01020304;

	assert_int_equal(copied(&number, 4), 0x01020304);
	assert_int_equal(copied(&number, 0), -1);
	assert_int_equal(copied(NULL, 4), -EFAULT);

	assert_int_equal(copied_string("abc", 8, 0, -1), 4);
	assert_int_equal(copied_string("abc", 8, 0, 2), 'c');
	assert_int_equal(copied_string("abc", 8, 0, 3), 0);
	assert_int_equal(copied_string("abc", 8, 0, 4), 0xff);
	assert_int_equal(copied_string("abc", 8, 1, 4), 0);
	assert_int_equal(copied_string("abc", 8, 1, 7), 0);
	assert_int_equal(copied_string("abc", 4, 0, -1), 4);
	assert_int_equal(copied_string("abc", 3, 0, -1), 3);
	assert_int_equal(copied_string("abc", 3, 0, 1), 'b');
	assert_int_equal(copied_string("abc", 3, 0, 2), 0);
	assert_int_equal(copied_string("abc", 1, 0, -1), 1);
	assert_int_equal(copied_string("abc", 1, 0, 0), 0);
	assert_int_equal(copied_string("", 8, 0, -1), 1);
	assert_int_equal(copied_string("abc", 0, 0, -1), 0);
	assert_int_equal(copied_string("abc", 0, 0, 0), 0xff);
	assert_int_equal(copied_string("abc", 8, 2, -1), -EINVAL);
	assert_int_equal(copied_string("abc", 8, 3, 0), 0xff);
	assert_int_equal(copied_string(NULL, 8, 0, -1), -EFAULT);
	assert_int_equal(copied_string(NULL, 8, 1, -1), -EFAULT);
	assert_int_equal(copied_string(NULL, 8, 1, 7), 0);
}

/* The length of a packet, by the structure that a filter sees and by the one it runs with. */
static void kernel_context(void **state)
{
	static const char packet[40];
	union bpf_attr attr = {0};
	struct code code = {.n = 0};

	EMIT(&code, LDX_MEM(W, 6, 1, offsetof(struct __sk_buff, len)));
	emit_kfunc(&code, "bpf_cast_to_kern_ctx");
	EMIT(&code, LDX_MEM(W, 0, 0, field("sk_buff", "len")), ALU64_IMM(BPF_LSH, 0, 8),
	     ALU64_REG(BPF_OR, 0, 6), EXIT());
	attr.test.prog_fd = (__u32)load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	attr.test.data_in = PTR(packet);
	attr.test.data_size_in = sizeof(packet);
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	assert_int_equal(attr.test.retval >> 8, attr.test.retval & 0xff);
	assert_int_not_equal(attr.test.retval, 0);
}

/* The statistics of programs: CPU 0 has some, this CPU, too; a CPU that is not there has none. What
 * they count stays zero. A kernel that was built by GCC does not know that each CPU has its own. */
static void statistics(void **state)
{
	struct code code = {.n = 0};
	__u64 found[3] = {9, 9, 9};
	int fd;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 9, 6, CTX_OBJECT), JMP_IMM(BPF_JNE, 9, 0, 2), MOV64_IMM(0, 0),
	     EXIT(), LDX_MEM(DW, 9, 9, (short)field("bpf_prog", "stats")));
	EMIT(&code, MOV64_REG(1, 9), LD_IMM64(2, 0, 1000000, 0), CALL(BPF_FUNC_per_cpu_ptr),
	     JMP_IMM(BPF_JEQ, 0, 0, 1), MOV64_IMM(0, 1), STX_MEM(DW, 10, 0, -24));
	EMIT(&code, MOV64_REG(1, 9), MOV64_IMM(2, 0), CALL(BPF_FUNC_per_cpu_ptr),
	     JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 7), INSN(BPF_JMP | BPF_JA, 0, 0, 1, 0),
	     LDX_MEM(DW, 0, 0, 0), STX_MEM(DW, 10, 0, -16));
	EMIT(&code, MOV64_REG(1, 9), CALL(BPF_FUNC_this_cpu_ptr), LDX_MEM(DW, 0, 0, 8),
	     STX_MEM(DW, 10, 0, -8), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -24));
	emit_seq_write(&code, sizeof(found));
	emit_return(&code, 0);
	fd = load_iter("bpf_prog", &code);
	if (fd == -EACCES && !strcmp(E->name, "kernel"))
		skip_because("its types have no tags");
	assert_true(fd >= 0);
	fd = iter_create(attach(fd));
	assert_int_equal(E->read(fd, found, sizeof(found)), sizeof(found));
	assert_int_equal(found[0], 0);
	assert_int_equal(found[1], 0);
	assert_int_equal(found[2], 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sections),	  cmocka_unit_test(casts),	cmocka_unit_test(copies),
	cmocka_unit_test(kernel_context), cmocka_unit_test(statistics),
};
const struct section region_section = {"sections, casts, copies", tests, ARRAY_SIZE(tests)};
