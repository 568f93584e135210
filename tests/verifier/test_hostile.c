/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs that nobody would write: random bytes, random instructions, func_info and line_info that
 * lie, very large ones. Whatever is answered, it is answered, and soon.
 */
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "cases.h"
#include "engine.h"
#include "test.h"

#define PTR(p) ((unsigned long)(p))
#define PROGRAMS 20000

static unsigned long long rng;

static unsigned long long rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)(rnd() >> 16) % n;
}

static int load(union bpf_attr *attr)
{
	int prog = embedded_engine.bpf(BPF_PROG_LOAD, attr, sizeof(*attr));

	if (prog < 0)
		return prog;
	embedded_engine.close(prog);
	return 0;
}

static union bpf_attr program(const struct bpf_insn *insns, unsigned int n)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = PTR(insns),
		.insn_cnt = n,
		.license = PTR("GPL"),
		.log_buf = PTR(embedded_engine.log),
		.log_size = sizeof(embedded_engine.log),
		.log_level = 1,
	};

	return attr;
}

/* Registers and fields that are mostly in range, opcodes that mostly exist. */
static struct bpf_insn any_insn(unsigned int at, unsigned int n)
{
	static const unsigned char codes[] = {0xb7, 0xbf, 0x07, 0x0f, 0x57, 0x77, 0x79, 0x7b, 0x7a,
					      0x61, 0x63, 0x18, 0x85, 0x95, 0x05, 0x15, 0x55, 0x2d,
					      0x66, 0xdb, 0xc3, 0xd7, 0xdc, 0x87, 0x06, 0x91};
	struct bpf_insn insn;

	insn.code = below(8) ? codes[below(sizeof(codes))] : (unsigned char)rnd();
	insn.dst_reg = below(below(8) ? 11 : 16);
	insn.src_reg = below(4) ? below(11) : below(16);
	insn.off = (short)(below(3) ? (int)below(n + 2) - (int)at : (int)rnd());
	insn.imm = (int)(below(3) ? below(n + 2) - at : rnd());
	if (below(3) == 0)
		insn.src_reg = 0;
	if (below(3) == 0)
		insn.imm = 0;
	if (below(3) == 0)
		insn.off = -8;
	return insn;
}

static void random_instructions(void **state)
{
	unsigned int accepted = 0;

	rng = 88172645463325252ull;
	for (unsigned int k = 0; k < PROGRAMS; k++) {
		struct bpf_insn insns[40];
		unsigned int n = 1 + below(40);
		union bpf_attr attr = program(insns, n);

		for (unsigned int i = 0; i < n; i++)
			insns[i] = any_insn(i, n);
		if (below(16) == 0)
			for (unsigned int i = 0; i < n * sizeof(insns[0]); i++)
				((unsigned char *)insns)[i] = (unsigned char)rnd();
		/* Many begin and end as programs do. */
		if (below(2)) {
			insns[0] = (struct bpf_insn)MOV(R0, 0);
			insns[n - 1] = (struct bpf_insn)EXIT;
		}
		attr.log_level = below(4) ? 1 : 2;
		accepted += load(&attr) == 0;
	}
	print_message("# %u of %u accepted\n", accepted, PROGRAMS);
	assert_true(accepted < PROGRAMS / 2);
}

static int types(void)
{
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	unsigned int size;
	int fd;

	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);	 /* 1 */
	btf__add_func_proto(btf, 1);			 /* 2 */
	btf__add_func(btf, "main", BTF_FUNC_GLOBAL, 2);	 /* 3 */
	btf__add_func(btf, "first", BTF_FUNC_STATIC, 2); /* 4 */
	btf__add_func_proto(btf, 0);			 /* 5 */
	btf__add_func_param(btf, "a", 1);
	btf__add_func(btf, "second", BTF_FUNC_GLOBAL, 5); /* 6 */
	btf__add_struct(btf, "s", 8);			  /* 7 */
	btf__add_field(btf, "a", 1, 0, 0);
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = embedded_engine.bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
	btf__free(btf);
	return fd;
}

/* func_info and line_info are right here, and refused once anything is changed. */
static void info_that_lies(void **state)
{
	static const struct bpf_insn insns[] = {CALL_SUB(2), MOV(R0, 0), EXIT, LD64(R0, 1, 0),
						EXIT};
	static const struct {
		struct bpf_func_info func[3];
		unsigned int nr_func;
		struct bpf_line_info line[3];
		unsigned int nr_line;
		int result;
	} cases[] = {
		{{{0, 3}, {3, 4}}, 2, {{0, 1, 1, 1 << 10}, {3, 1, 1, 2 << 10}}, 2, 0},
		{{{0, 3}, {3, 4}}, 2, {{0}}, 0, 0},
		{{{0, 3}}, 1, {{0}}, 0, -EINVAL},
		{{{0, 3}, {3, 4}, {5, 4}}, 3, {{0}}, 0, -EINVAL},
		{{{1, 3}, {3, 4}}, 2, {{0}}, 0, -EINVAL},
		{{{0, 3}, {2, 4}}, 2, {{0}}, 0, -EINVAL},
		{{{3, 3}, {0, 4}}, 2, {{0}}, 0, -EINVAL},
		{{{0, 3}, {3, 1}}, 2, {{0}}, 0, -EINVAL},
		{{{0, 3}, {3, 7}}, 2, {{0}}, 0, -EINVAL},
		{{{0, 3}, {3, 0}}, 2, {{0}}, 0, -EINVAL},
		{{{0, 3}, {3, 1000}}, 2, {{0}}, 0, -EINVAL},
		{{{0, 3}, {3, 6}}, 2, {{0}}, 0, -EINVAL}, /* global, without a result */
		{{{0, 3}, {3, 4}}, 2, {{0, 1, 1, 0}}, 1, -EINVAL},
		{{{0, 3}, {3, 4}}, 2, {{0, 1, 1, 0}, {4, 1, 1, 0}}, 2, -EINVAL},
		{{{0, 3}, {3, 4}}, 2, {{0, 1, 1, 0}, {2, 1, 1, 0}}, 2, -EINVAL},
		{{{0, 3}, {3, 4}}, 2, {{3, 1, 1, 0}, {0, 1, 1, 0}}, 2, -EINVAL},
		{{{0, 3}, {3, 4}}, 2, {{0, 1, 1, 0}, {3, 100000, 1, 0}}, 2, -EINVAL},
		{{{0, 3}, {3, 4}}, 2, {{0, 1, 1, 0}, {3, 1, 1, 0}, {3, 1, 1, 0}}, 3, -EINVAL},
		{{{0, 3}, {3, 4}}, 2, {{0, 1, 1, 0}, {3, 1, 1, 0}, {6, 1, 1, 0}}, 3, -EINVAL},
	};
	int fd = types();

	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union bpf_attr attr = program(insns, 6);
		int ret;

		attr.prog_btf_fd = fd;
		attr.func_info = PTR(cases[i].func);
		attr.func_info_cnt = cases[i].nr_func;
		attr.func_info_rec_size = sizeof(cases[i].func[0]);
		attr.line_info = cases[i].nr_line ? PTR(cases[i].line) : 0;
		attr.line_info_cnt = cases[i].nr_line;
		attr.line_info_rec_size = cases[i].nr_line ? sizeof(cases[i].line[0]) : 0;
		ret = load(&attr);
		if (ret != cases[i].result)
			fail_msg("case %zu: %d, not %d\n%s", i, ret, cases[i].result,
				 embedded_engine.log);
	}
	embedded_engine.close(fd);
}

/* A refusal names the source line. */
static void source_lines(void **state)
{
	static const struct bpf_insn insns[] = {CALL_SUB(2), MOV(R0, 0), EXIT, MOVX(R0, R6), EXIT};
	static const struct bpf_func_info func[] = {{0, 3}, {3, 4}};
	static const struct bpf_line_info line[] = {{0, 1, 5, 7 << 10}, {3, 1, 5, 9 << 10}};
	union bpf_attr attr = program(insns, 5);

	attr.prog_btf_fd = types();
	attr.func_info = PTR(func);
	attr.func_info_cnt = 2;
	attr.func_info_rec_size = sizeof(func[0]);
	attr.line_info = PTR(line);
	attr.line_info_cnt = 2;
	attr.line_info_rec_size = sizeof(line[0]);
	assert_int_equal(load(&attr), -EACCES);
	/* The strings of the types above stand for a file and a line. */
	assert_non_null(strstr(embedded_engine.log,
			       "int:9: in first(): refused: R6 is read, and was not set\n"
			       "  source: main\n"));
	embedded_engine.close((int)attr.prog_btf_fd);
}

static int run(const struct bpf_insn *insns, unsigned int n, unsigned int *result)
{
	union bpf_attr attr = program(insns, n);
	int prog = embedded_engine.bpf(BPF_PROG_LOAD, &attr, sizeof(attr)), err;

	if (prog < 0)
		return prog;
	attr = (union bpf_attr){.test.prog_fd = (unsigned int)prog};
	err = embedded_engine.bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	embedded_engine.close(prog);
	*result = attr.test.retval;
	return err;
}

/* What one run left on the stack, another one does not find. */
static void unwritten_stack_is_zero(void **state)
{
	struct bpf_insn fill[70], look[140];
	unsigned int n = 0, m = 0, result = 1;

	look[m++] = (struct bpf_insn)CALL_SUB(1);
	look[m++] = (struct bpf_insn)EXIT;
	look[m++] = (struct bpf_insn)MOV(R0, 0);
	for (int slot = 8; slot <= 496; slot += 8) {
		fill[n++] = (struct bpf_insn)ST(DW, R10, -slot, -1);
		look[m++] = (struct bpf_insn)LDX(DW, R1, R10, -slot);
		look[m++] = (struct bpf_insn)OPX(OR, R0, R1);
	}
	fill[n++] = (struct bpf_insn)MOV(R0, 0);
	fill[n++] = (struct bpf_insn)EXIT;
	look[m++] = (struct bpf_insn)EXIT;
	assert_int_equal(run(fill, n, &result), 0);
	result = 1;
	assert_int_equal(run(look, m, &result), 0);
	assert_int_equal(result, 0);
}

/* What a helper leaves of a buffer that it was given to fill was in it before: zeroes. */
static void half_filled_buffer_is_zero(void **state)
{
	const struct bpf_insn fill[] = {ST(DW, R10, -56, -1), ST(DW, R10, -48, -1),
					ST(DW, R10, -40, -1), MOV(R0, 0), EXIT};
	const struct bpf_insn look[] = {
		CALL_SUB(1),
		EXIT,
		ST(B, R10, -1, 0),
		MOVX(R1, R10),
		OP(ADD, R1, -64),
		MOV(R2, 48),
		MOVX(R3, R10),
		OP(ADD, R3, -1),
		CALL(probe_read_kernel_str),
		LDX(DW, R0, R10, -56),
		EXIT,
	};
	unsigned int result = 1;

	assert_int_equal(run(fill, sizeof(fill) / sizeof(fill[0]), &result), 0);
	result = 1;
	assert_int_equal(run(look, sizeof(look) / sizeof(look[0]), &result), 0);
	assert_int_equal(result, 0);
}

/* Loops that only may_goto ends: each call of the function has as many rounds. */
static void may_goto_jumps(void **state)
{
	const struct bpf_insn insns[] = {
		CALL_SUB(5),	  MOVX(R6, R0), CALL_SUB(3), OPX(SUB, R0, R6),
		OPX(ADD, R0, R6), EXIT,		MOV(R0, 0),  MAY_GOTO(2),
		OP(ADD, R0, 1),	  JA(-3),	EXIT,
	};
	unsigned int result = 1;

	assert_int_equal(run(insns, sizeof(insns) / sizeof(insns[0]), &result), 0);
	assert_int_equal(result, 1 << 23);
}

/* As many functions as Linux takes, and one more. */
static void functions_without_number(void **state)
{
	struct bpf_insn insns[3 * 257];
	unsigned int result;

	for (unsigned int nr = 255; nr <= 256; nr++) {
		unsigned int n = 0;

		for (unsigned int i = 0; i < nr; i++, n++)
			insns[n] = (struct bpf_insn)CALL_SUB(nr + i);
		insns[n++] = (struct bpf_insn)EXIT;
		for (unsigned int i = 0; i < nr; i++) {
			insns[n++] = (struct bpf_insn)MOV(R0, 0);
			insns[n++] = (struct bpf_insn)EXIT;
		}
		assert_int_equal(run(insns, n, &result), nr == 255 ? 0 : -E2BIG);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- Memory ----------------------------------------------------------------------------------- */

/* A line of /proc/self/status, KiB. */
static long status(const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	long kib = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kib = atol(line + strlen(name) + 1);
	fclose(f);
	return kib;
}

/* KiB that loading took at the most; in a process of its own, where nothing else was. */
static long memory_of_load(union bpf_attr *attr)
{
	int ends[2];
	long kib = 0;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		FILE *f = fopen("/proc/self/clear_refs", "we");
		long before;

		malloc_trim(0);
		/* The peak begins again. */
		if (!f || fputs("5", f) < 0 || fclose(f))
			_exit(1);
		before = status("VmRSS");
		load(attr);
		kib = status("VmHWM") - before;
		_exit(write(ends[1], &kib, sizeof(kib)) != sizeof(kib));
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &kib, sizeof(kib)), sizeof(kib));
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return kib;
}

#if defined(__SANITIZE_ADDRESS__)
#define MOST_KIB LONG_MAX /* what is freed is not given back */
#else
#define MOST_KIB (100 << 10)
#endif

/* The most that can be asked for: calls without number, branches without number, 1,000,000 lines.
 */
static void large_programs(void **state)
{
	enum { N = 1000000 };
	struct bpf_insn *insns = calloc(N, sizeof(*insns));
	union bpf_attr attr = program(insns, N);
	double before = seconds();
	unsigned int i;
	long kib;

	assert_non_null(insns);
	for (i = 0; i < N - 1; i++)
		insns[i] = (struct bpf_insn)MOV(R0, 0);
	insns[N - 1] = (struct bpf_insn)EXIT;
	assert_int_equal(load(&attr), 0);
	attr.log_level = attr.log_buf = attr.log_size = 0;
	kib = memory_of_load(&attr);
	print_message("# %u instructions: %ld MiB\n", N, kib >> 10);
	assert_true(kib > 0 && kib < MOST_KIB);

	/* Each instruction jumps back or on. */
	attr.insn_cnt = 100001;
	insns[0] = (struct bpf_insn)LDX(DW, R0, R1, 0);
	for (i = 1; i < 100000; i++)
		insns[i] = (struct bpf_insn)IF(JEQ, R0, (int)i, -1 - (int)(i & 1));
	insns[100000] = (struct bpf_insn)EXIT;
	assert_true(load(&attr) < 0);

	/* Seven levels, each of which calls the next one sixty times. */
	for (i = 0; i < 7 * 62; i++)
		insns[i] = (struct bpf_insn)CALL_SUB((int)((i / 62 + 1) * 62 - i - 1));
	for (i = 0; i < 7; i++) {
		insns[i * 62 + 60] = (struct bpf_insn)MOV(R0, 0);
		insns[i * 62 + 61] = (struct bpf_insn)EXIT;
	}
	insns[7 * 62] = (struct bpf_insn)MOV(R0, 0);
	insns[7 * 62 + 1] = (struct bpf_insn)EXIT;
	attr.insn_cnt = 7 * 62 + 2;
	assert_int_equal(load(&attr), -E2BIG);
	free(insns);
	assert_true(seconds() - before < 20);
}

static unsigned int put(struct bpf_insn *insns, unsigned int at, const struct bpf_insn *more,
			unsigned int n)
{
	memcpy(insns + at, more, n * sizeof(*more));
	return at + n;
}

#define PUT(...)                                                                                   \
	(at = put(insns, at, (const struct bpf_insn[]){__VA_ARGS__},                               \
		  sizeof((struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn)))

/* Numbers on all of the stack, which read_stack() asks for. */
static unsigned int fill_stack(struct bpf_insn *insns, unsigned int at)
{
	int off;

	for (off = -8; off >= -512; off -= 8)
		PUT(LDX(DW, R0, R6, 0), STX(DW, R10, off, R0));
	return at;
}

static unsigned int read_stack(struct bpf_insn *insns, unsigned int at)
{
	int off;

	for (off = -8; off >= -512; off -= 8)
		PUT(LDX(DW, R0, R10, off), IF(JEQ, R0, 0, 0));
	return at;
}

/* Sums of which each is another number, and all of which are asked for. */
static unsigned int sums(struct bpf_insn *insns, unsigned int at, unsigned int nr)
{
	unsigned int i;

	PUT(MOV(R7, 0));
	for (i = 0; i < nr; i++)
		PUT(LDX(DW, R0, R6, 8), IF(JEQ, R0, (int)i, 2), OP(MUL, R7, 3), OP(ADD, R7, 1));
	PUT(IF(JEQ, R7, 12345, 0));
	return at;
}

static unsigned int full_stack(struct bpf_insn *insns)
{
	unsigned int at = 0;

	PUT(MOVX(R6, R1));
	at = fill_stack(insns, at);
	at = sums(insns, at, 100);
	at = read_stack(insns, at);
	PUT(RETURN(0));
	return at;
}

/* Eight frames, each with all of its stack; what @deepest makes is in the last one. */
static unsigned int frames(struct bpf_insn *insns,
			   unsigned int (*deepest)(struct bpf_insn *insns, unsigned int at))
{
	unsigned int at = 0, frame, call;

	for (frame = 0; frame < 8; frame++) {
		PUT(MOVX(R6, R1));
		at = fill_stack(insns, at);
		if (frame == 7)
			at = deepest(insns, at);
		call = at;
		PUT(MOVX(R1, R6), CALL_SUB(0));
		at = read_stack(insns, at);
		PUT(RETURN(0));
		if (frame == 7)
			insns[call + 1] = (struct bpf_insn)MOV(R0, 0);
		else
			insns[call + 1].imm = (int)(at - call - 2);
	}
	return at;
}

static unsigned int many_sums(struct bpf_insn *insns, unsigned int at)
{
	return sums(insns, at, 100);
}

static unsigned int full_frames(struct bpf_insn *insns)
{
	return frames(insns, many_sums);
}

/* Each round leaves a path that has all eight frames. */
static unsigned int count(struct bpf_insn *insns, unsigned int at)
{
	PUT(MOV(R8, 0), LDX(DW, R0, R6, 8), IF(JEQ, R0, 5, 0), OP(ADD, R8, 1),
	    IF(JLT, R8, 1000000, -4));
	return at;
}

static unsigned int paths_with_frames(struct bpf_insn *insns)
{
	return frames(insns, count);
}

/* What is got in each round is never given back. */
static unsigned int references(struct bpf_insn *insns)
{
	unsigned int at = 0;

	PUT(MOV(R8, 0), OP(ADD, R8, 1), LD_MAP(R1, embedded_engine.maps[MAP_RING]), MOV(R2, 8),
	    MOV(R3, 0), CALL(ringbuf_reserve), IF(JLT, R8, 1000000, -7), RETURN(0));
	return at;
}

/* All that can be held, and then many states. */
static unsigned int references_kept(struct bpf_insn *insns)
{
	unsigned int at = 0, i;

	PUT(MOVX(R6, R1));
	for (i = 0; i < 600; i++)
		PUT(LD_MAP(R1, embedded_engine.maps[MAP_RING]), MOV(R2, 8), MOV(R3, 0),
		    CALL(ringbuf_reserve));
	at = sums(insns, at, 200);
	PUT(RETURN(0));
	return at;
}

/* A loop around sums: its states differ in the count, and in what is on the stack. */
static unsigned int loop_with_stack(struct bpf_insn *insns)
{
	unsigned int at = 0, start;

	PUT(MOVX(R6, R1), MOV(R8, 0));
	at = fill_stack(insns, at);
	start = at;
	PUT(OP(ADD, R8, 1), LDX(DW, R0, R6, 8), IF(JEQ, R0, 7, 1), STX(DW, R10, -512, R8),
	    LDX(DW, R0, R6, 16), IF(JEQ, R0, 7, 1), STX(DW, R10, -504, R8));
	PUT(IF(JLT, R8, 1000000, 0));
	insns[at - 1].off = (short)((int)start - (int)at);
	at = read_stack(insns, at);
	PUT(RETURN(0));
	return at;
}

static unsigned int tight_loop(struct bpf_insn *insns)
{
	unsigned int at = 0;

	PUT(MOVX(R6, R1), MOV(R8, 0));
	at = fill_stack(insns, at);
	PUT(OP(ADD, R8, 1), IF(JLT, R8, 1000000, -2));
	at = read_stack(insns, at);
	PUT(RETURN(0));
	return at;
}

/* All of the stack is equal to one register, and what is told of that is told of all. */
static unsigned int equal_numbers(struct bpf_insn *insns)
{
	unsigned int at = 0, i;
	int off;

	PUT(MOVX(R6, R1), LDX(DW, R7, R6, 0));
	for (off = -8; off >= -512; off -= 8)
		PUT(STX(DW, R10, off, R7));
	for (i = 0; i < 300; i++)
		PUT(LDX(DW, R0, R6, 8), IFX(JGT, R7, R0, 1), OP(ADD, R0, 1),
		    IF(JGT, R7, 5000000 - (int)i, 0));
	at = read_stack(insns, at);
	PUT(RETURN(0));
	return at;
}

/* Every path sets other bits of a number, has numbers on all of its stack, and asks for all. */
static unsigned int bits_with_stack(struct bpf_insn *insns)
{
	unsigned int at = 0, i;

	PUT(MOVX(R6, R1), MOV(R7, 0));
	at = fill_stack(insns, at);
	for (i = 0; i < 11; i++)
		PUT(LDX(DW, R0, R6, 8), IF(JEQ, R0, (int)i, 1), OP(OR, R7, 1 << i),
		    STX(DW, R10, -8 * (int)(i + 1), R7));
	at = read_stack(insns, at);
	PUT(IF(JEQ, R7, 1 << 12, 0), RETURN(0));
	return at;
}

/* As many verified instructions as there may be, in loops with a full stack. */
static unsigned int million(struct bpf_insn *insns)
{
	unsigned int at = 0, i, start;

	PUT(MOVX(R6, R1), MOV(R7, 0));
	at = fill_stack(insns, at);
	for (i = 0; i < 3; i++)
		PUT(LDX(DW, R0, R6, 8), IF(JEQ, R0, (int)i, 1), OP(OR, R7, 1 << i));
	PUT(MOV(R8, 0));
	start = at;
	PUT(OP(ADD, R8, 1), LDX(DW, R0, R6, 8), STX(DW, R10, -256, R8));
	for (i = 0; i < 15; i++)
		PUT(OPX(ADD, R0, R8));
	PUT(IF(JLT, R8, 6200, 0));
	insns[at - 1].off = (short)((int)start - (int)at);
	at = read_stack(insns, at);
	PUT(IF(JEQ, R7, 1 << 12, 0), RETURN(0));
	return at;
}

static void walks_without_end(void **state)
{
	static const struct {
		const char *name;
		unsigned int (*make)(struct bpf_insn *insns);
		int result;
	} shapes[] = {{"full stack", full_stack, 0},
		      {"full frames", full_frames, -EACCES},
		      {"paths with frames", paths_with_frames, -EFAULT},
		      {"references", references, -EINVAL},
		      {"references kept", references_kept, -EINVAL},
		      {"loop with a stack", loop_with_stack, -EFAULT},
		      {"tight loop", tight_loop, -E2BIG},
		      {"equal numbers", equal_numbers, 0},
		      {"bits with a stack", bits_with_stack, 0},
		      {"a million", million, 0}};
	struct bpf_insn *insns = calloc(20000, sizeof(*insns));
	double before, whole = seconds();
	union bpf_attr attr;
	unsigned int i;
	long kib;
	int ret;

	assert_non_null(insns);
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		before = seconds();
		attr = program(insns, shapes[i].make(insns));
		ret = load(&attr);
		before = seconds() - before;
		assert_int_equal(ret, shapes[i].result);
		attr.log_level = attr.log_buf = attr.log_size = 0;
		kib = memory_of_load(&attr);
		print_message("# %s: %d, %.2f s, %ld MiB\n", shapes[i].name, ret, before,
			      kib >> 10);
		assert_true(kib > 0 && kib < MOST_KIB);
	}
	free(insns);
	assert_true(seconds() - whole < 20);
}

/* A map that no longer changes, of one text. */
static int map_of_text(unsigned int size)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = size,
			       .max_entries = 1,
			       .map_flags = BPF_F_RDONLY_PROG};
	int map = embedded_engine.bpf(BPF_MAP_CREATE, &attr, sizeof(attr)), key = 0;
	char *text = calloc(1, size);

	assert_true(map >= 0);
	assert_non_null(text);
	memset(text, 'x', size - 1);
	attr = (union bpf_attr){.map_fd = (unsigned int)map, .key = PTR(&key), .value = PTR(text)};
	assert_int_equal(embedded_engine.bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)), 0);
	free(text);
	attr = (union bpf_attr){.map_fd = (unsigned int)map};
	assert_int_equal(embedded_engine.bpf(BPF_MAP_FREEZE, &attr, sizeof(attr)), 0);
	return map;
}

/* A program is not larger for long texts that it prints. */
static void long_formats(void **state)
{
	enum { CALLS = 400, SIZE = 1 << 20 };
	struct bpf_insn *insns = calloc(CALLS * 8 + 2, sizeof(*insns));
	int map = map_of_text(SIZE);
	unsigned int at = 0, i;
	union bpf_attr attr;
	long kib;

	assert_non_null(insns);
	for (i = 0; i < CALLS; i++)
		PUT(MOV(R1, 0), MOV(R2, 0), LD_VALUE(R3, map, (int)i), MOV(R4, 0), MOV(R5, 0),
		    CALL(snprintf));
	PUT(RETURN(0));
	attr = program(insns, at);
	attr.log_level = attr.log_buf = attr.log_size = 0;
	/* First, while nothing has been freed of which it could be made. */
	kib = memory_of_load(&attr);
	assert_int_equal(load(&attr), 0);
	print_message("# %u formats of %u bytes: %ld MiB\n", CALLS, SIZE, kib >> 10);
	assert_true(kib > 0 && kib < MOST_KIB);
	free(insns);
	embedded_engine.close(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_instructions),	      cmocka_unit_test(info_that_lies),
		cmocka_unit_test(unwritten_stack_is_zero),    cmocka_unit_test(source_lines),
		cmocka_unit_test(half_filled_buffer_is_zero), cmocka_unit_test(may_goto_jumps),
		cmocka_unit_test(functions_without_number),   cmocka_unit_test(large_programs),
		cmocka_unit_test(walks_without_end),	      cmocka_unit_test(long_formats),
	};
	int failed;

	if (engine_start(&embedded_engine))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	engine_stop(&embedded_engine);
	return failed;
}
