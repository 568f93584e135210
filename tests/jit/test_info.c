/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What is told of native code is where it is: the bytes are those at its functions' addresses, and
 * its lines lie in the functions that they are of. perf is told the same, where it was asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpftrek/runtime.h>

#include "test.h"
#include "verifier/insn.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))
#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define SUB 5 /* where the second function begins */

static struct trek_runtime *rt;

static const struct bpf_insn insns[] = {
	MOV(R1, 40),   CALL_SUB(3),	OP(ADD, R0, 1),	  MOVX(R6, R0),
	EXIT,	       MOVX(R0, R1),	OP(ADD, R0, 1),	  OPW(MOV, R2, 1),
	MOVXW(R3, R2), OPW(RSH, R3, 5), OPW(LSH, R2, 27), OPXW(OR, R2, R3),
	EXIT,
};

/* Two functions, and a line for each of these instructions. Native code has fewer than there are.
 */
static const uint32_t line_at[] = {0,	    2,	     SUB,     SUB + 1, SUB + 2,
				   SUB + 3, SUB + 4, SUB + 5, SUB + 6, SUB + 7};

static int load(void)
{
	struct bpf_func_info funcs[2] = {{.insn_off = 0}, {.insn_off = SUB}};
	struct bpf_line_info lines[NR(line_at)];
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	int proto, text, types, prog;
	uint32_t size;

	proto = btf__add_func_proto(btf, btf__add_int(btf, "int", 4, BTF_INT_SIGNED));
	funcs[0].type_id = btf__add_func(btf, "main", BTF_FUNC_GLOBAL, proto);
	funcs[1].type_id = btf__add_func(btf, "step", BTF_FUNC_STATIC, proto);
	text = btf__add_str(btf, "a line");
	for (size_t i = 0; i < NR(lines); i++)
		lines[i] = (struct bpf_line_info){line_at[i], text, text, (i + 1) << 10};
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	types = trek_bpf(rt, BPF_BTF_LOAD, &attr, sizeof(attr));
	btf__free(btf);
	assert_true(types >= 0);
	attr = (union bpf_attr){
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = PTR(insns),
		.insn_cnt = NR(insns),
		.license = PTR("Dual BSD/GPL"),
		.prog_btf_fd = types,
		.func_info = PTR(funcs),
		.func_info_cnt = NR(funcs),
		.func_info_rec_size = sizeof(funcs[0]),
		.line_info = PTR(lines),
		.line_info_cnt = NR(lines),
		.line_info_rec_size = sizeof(lines[0]),
	};
	prog = trek_bpf(rt, BPF_PROG_LOAD, &attr, sizeof(attr));
	assert_true(prog >= 0);
	trek_close(rt, types);
	return prog;
}

static int get_info(int prog, struct bpf_prog_info *info)
{
	union bpf_attr attr = {
		.info = {.bpf_fd = prog, .info_len = sizeof(*info), .info = PTR(info)}};

	return trek_bpf(rt, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

static void test_places(void **state)
{
	uint64_t funcs[3] = {0}, lines[NR(line_at) + 1] = {0};
	uint32_t lens[3] = {0};
	uint8_t code[512];
	struct bpf_prog_info info = {0};
	int prog = load();

	assert_int_equal(get_info(prog, &info), 0);
	assert_in_range(info.jited_prog_len, 1, sizeof(code));
	assert_int_equal(info.nr_jited_ksyms, 2);
	assert_int_equal(info.nr_jited_func_lens, 2);
	assert_int_equal(info.nr_jited_line_info, NR(line_at));

	info = (struct bpf_prog_info){
		.jited_prog_len = sizeof(code),
		.jited_prog_insns = PTR(code),
		.nr_jited_ksyms = NR(funcs),
		.jited_ksyms = PTR(funcs),
		.nr_jited_func_lens = NR(lens),
		.jited_func_lens = PTR(lens),
		.nr_jited_line_info = NR(lines),
		.jited_line_info = PTR(lines),
		.jited_line_info_rec_size = sizeof(lines[0]),
	};
	assert_int_equal(get_info(prog, &info), 0);
	assert_int_equal(lens[0] + lens[1], info.jited_prog_len);
	assert_memory_equal((void *)(uintptr_t)funcs[0], code, lens[0]);
	assert_memory_equal((void *)(uintptr_t)funcs[1], code + lens[0], lens[1]);
	for (size_t i = 0; i < NR(line_at); i++) {
		size_t f = line_at[i] >= SUB;

		assert_in_range(lines[i], funcs[f], funcs[f] + lens[f] - 1);
		assert_true(!i || lines[i] > lines[i - 1]);
	}
	assert_true(lines[0] == funcs[0] && lines[2] == funcs[1]);
	assert_int_equal(funcs[2] | lens[2] | lines[NR(line_at)], 0);
	trek_close(rt, prog);
}

/* --- for perf --------------------------------------------------------------------------------- */

static const char *perf_map(void)
{
	static char path[32];

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	return path;
}

/* A runtime that writes it; or why there is none. */
static int open_with_perf_map(struct trek_runtime **with)
{
	const struct trek_runtime_opts opts = {.size = sizeof(opts), .perf_map = 1};

	return trek_runtime_open(&opts, with);
}

static void test_perf_map(void **state)
{
	struct trek_runtime *without = rt;
	struct bpf_prog_info info = {0};
	uint64_t funcs[2];
	uint32_t lens[2];
	char expected[256], *end = expected, text[256] = "";
	FILE *file;

	/* Nobody asked for it. */
	trek_close(rt, load());
	assert_int_equal(access(perf_map(), F_OK), -1);

	file = fopen(perf_map(), "w");
	assert_non_null(file);
	fprintf(file, "1000 10 of another compiler\n");
	fclose(file);
	assert_int_equal(open_with_perf_map(&rt), 0);
	info = (struct bpf_prog_info){.nr_jited_ksyms = 2,
				      .jited_ksyms = PTR(funcs),
				      .nr_jited_func_lens = 2,
				      .jited_func_lens = PTR(lens)};
	assert_int_equal(get_info(load(), &info), 0);
	end += sprintf(end, "1000 10 of another compiler\n");
	for (int i = 0; i < 2; i++) {
		end += sprintf(end, "%" PRIx64 " %x bpf_prog_", funcs[i], lens[i]);
		for (size_t b = 0; b < sizeof(info.tag); b++)
			end += sprintf(end, "%02x", info.tag[b]);
		end += sprintf(end, "_%s\n", i ? "step" : "main");
	}
	file = fopen(perf_map(), "r");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), end - expected);
	assert_string_equal(text, expected);
	fclose(file);
	unlink(perf_map());
	trek_runtime_close(rt);
	rt = without;
}

/* Somebody else was first, and wants to have something written to by us. */
static void test_hostile_perf_map(void **state)
{
	static const char victim[] = "/tmp/trek-perf-victim";
	struct trek_runtime *with;
	struct stat st;
	char target[64];
	int fd;

	snprintf(target, sizeof(target), "%s-%d", victim, getpid());
	assert_int_equal(symlink(target, perf_map()), 0);
	assert_int_equal(open_with_perf_map(&with), -ELOOP);
	assert_int_equal(lstat(target, &st), -1);
	unlink(perf_map());

	fd = open(target, O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(link(target, perf_map()), 0);
	assert_int_equal(open_with_perf_map(&with), -EPERM);
	unlink(perf_map());
	unlink(target);

	assert_int_equal(mkfifo(perf_map(), 0600), 0);
	assert_int_equal(open_with_perf_map(&with), -ENXIO);
	unlink(perf_map());

	assert_int_equal(mkdir(perf_map(), 0700), 0);
	assert_int_equal(open_with_perf_map(&with), -EISDIR);
	rmdir(perf_map());

	/* Another user's, which root could write to. */
	fd = open(perf_map(), O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_true(fd >= 0);
	if (!fchown(fd, 1, 1)) {
		int err = open_with_perf_map(&with);

		assert_true(err == -EPERM || err == -EACCES);
	}
	close(fd);
	unlink(perf_map());
}

static void test_bad_places(void **state)
{
	int prog = load();
	struct bpf_prog_info info = {.nr_jited_ksyms = 1};

	assert_int_equal(get_info(prog, &info), -EFAULT);
	info = (struct bpf_prog_info){.jited_prog_len = 1};
	assert_int_equal(get_info(prog, &info), -EFAULT);
	info = (struct bpf_prog_info){.nr_jited_func_lens = 1};
	assert_int_equal(get_info(prog, &info), -EFAULT);
	info = (struct bpf_prog_info){.nr_jited_line_info = 1, .jited_line_info_rec_size = 8};
	assert_int_equal(get_info(prog, &info), -EFAULT);
	info = (struct bpf_prog_info){.nr_jited_line_info = 1, .jited_line_info_rec_size = 4};
	assert_int_equal(get_info(prog, &info), -EINVAL);
	trek_close(rt, prog);
}

static int setup(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int teardown(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_perf_map),
		cmocka_unit_test(test_hostile_perf_map),
	};

	return cmocka_run_group_tests_name("jited info", tests, setup, teardown);
}
