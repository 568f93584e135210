/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Random formats and arguments through bpf_snprintf and bpf_seq_printf: on the kernel, in the
 * runtime and in a runtime that interprets. The verdict of the load, what the call returns and
 * every byte of the output are the same. Formats of the one helper are constants, which the runtime
 * parses when it loads the program; those of the other one are that, too, or are found in a map
 * that may change.
 */
#include <stdio.h>

#include "../facts/facts.h"
#include "random_format.h"

#define CASES 2000
#define BATCH 200 /* formats in one map */

/* The value of a map that programs print from and to. */
struct area {
	__u64 ret;
	__u64 args[MAX_ARGS];
	char out[OUT_SIZE];
	char mem[MEM_SIZE];
};

struct result {
	int load;
	__u32 ret;
	char out[OUT_SIZE];
	/* Of bpf_seq_printf with a constant, and with one that is none. */
	struct {
		__s64 ret;
		ssize_t len; /* what reading gives */
		char *text;
	} seq[2];
};

static unsigned int nr_cases = CASES;
static __u64 first_seed = 1;

/* --- on one engine ---------------------------------------------------------------------------- */

static struct {
	int area, formats, changing, one;
} maps;

static void emit_args(struct code *code, const struct random_format *f)
{
	EMIT(code, LD_MAP_VALUE(9, maps.area, offsetof(struct area, args)));
	for (__u32 i = 0; i < f->nr_args; i++) {
		if (is_pointer(f->args[i]))
			EMIT(code, LD_MAP_VALUE(1, maps.area,
						(int)(offsetof(struct area, mem) +
						      (f->args[i] & 0xffff))));
		else
			EMIT(code, LD_IMM64(1, 0, (int)f->args[i], (int)(f->args[i] >> 32)));
		EMIT(code, STX_MEM(DW, 9, 1, (short)(i * 8)));
	}
}

static void set_area(void)
{
	static struct area area;
	const __u32 key = 0;

	fill_mem(area.mem);
	memset(area.out, 0x55, sizeof(area.out));
	assert_int_equal(map_update(maps.area, &key, &area, 0), 0);
}

static void get_area(struct area *area)
{
	const __u32 key = 0;

	assert_int_equal(map_lookup(maps.area, &key, area), 0);
}

static void run_snprintf(const struct random_format *f, int fmt_off, struct result *result)
{
	struct code code = {.n = 0};
	static struct area area;

	emit_args(&code, f);
	EMIT(&code, LD_MAP_VALUE(1, maps.area, offsetof(struct area, out)),
	     MOV64_IMM(2, (int)f->size), LD_MAP_VALUE(3, maps.formats, fmt_off), MOV64_REG(4, 9),
	     MOV64_IMM(5, (int)f->nr_args * 8), CALL(BPF_FUNC_snprintf), EXIT());
	set_area();
	result->load = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	if (result->load >= 0) {
		assert_int_equal(E->run(result->load, &result->ret), 0);
		end(result->load);
		result->load = 0;
	}
	get_area(&area);
	memcpy(result->out, area.out, sizeof(area.out));
}

static void run_seq_printf(const struct random_format *f, int formats, int fmt_off,
			   struct result *result, int which)
{
	static char text[1 << 16];
	static struct area area;
	struct code code = {.n = 0};
	int fd;

	emit_prologue(&code);
	EMIT(&code, LDX_MEM(DW, 2, 6, CTX_KEY), JMP_IMM(BPF_JNE, 2, 0, 2), MOV64_IMM(0, 0), EXIT());
	emit_args(&code, f);
	EMIT(&code, MOV64_REG(1, 8), LD_MAP_VALUE(2, formats, fmt_off),
	     MOV64_IMM(3, (int)f->fmt_size), MOV64_REG(4, 9), MOV64_IMM(5, (int)f->nr_args * 8),
	     CALL(BPF_FUNC_seq_printf), STX_MEM(DW, 9, 0, -8), MOV64_IMM(0, 0), EXIT());
	set_area();
	fd = session("bpf_map_elem", &code, maps.one);
	result->seq[which].len = read_all(fd, text, sizeof(text));
	end(fd);
	get_area(&area);
	result->seq[which].ret = (__s64)area.ret;
	if (result->seq[which].len > 0) {
		result->seq[which].text = malloc((size_t)result->seq[which].len);
		assert_non_null(result->seq[which].text);
		memcpy(result->seq[which].text, text, (size_t)result->seq[which].len);
	}
}

static int new_formats(const struct random_format *f, unsigned int nr, unsigned int flags)
{
	static char formats[BATCH][FMT_SIZE];
	const __u32 key = 0;
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(formats), 1, flags);

	memset(formats, 0, sizeof(formats));
	for (unsigned int i = 0; i < nr; i++)
		memcpy(formats[i], f[i].fmt, sizeof(f[i].fmt));
	assert_int_equal(map_update(map, &key, formats, 0), 0);
	if (flags & BPF_F_RDONLY_PROG)
		assert_int_equal(map_freeze(map), 0);
	return map;
}

static void run_batch(const struct random_format *f, unsigned int nr, struct result *results)
{
	maps.formats = new_formats(f, nr, BPF_F_RDONLY_PROG);
	maps.changing = new_formats(f, nr, 0);
	for (unsigned int i = 0; i < nr; i++) {
		int off = (int)i * FMT_SIZE;

		run_snprintf(&f[i], off, &results[i]);
		run_seq_printf(&f[i], maps.formats, off, &results[i], 0);
		if (!(i % 8))
			run_seq_printf(&f[i], maps.changing, off, &results[i], 1);
	}
	end(maps.formats);
	end(maps.changing);
}

static struct result *run_all(const struct engine *engine, const struct random_format *f)
{
	struct result *results = calloc(nr_cases, sizeof(*results));
	const __u32 key = 0;
	const void *data;
	size_t size;

	assert_non_null(results);
	E = engine;
	data = engine->vmlinux(&size);
	types = btf__new(data, (__u32)size);
	assert_non_null(types);
	maps.area = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct area), 1, 0);
	maps.one = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	assert_int_equal(key, 0);
	for (unsigned int i = 0; i < nr_cases; i += BATCH)
		run_batch(f + i, nr_cases - i < BATCH ? nr_cases - i : BATCH, results + i);
	close_owned(NULL);
	btf__free(types);
	return results;
}

/* --- beside one another ----------------------------------------------------------------------- */

static void same(const struct random_format *f, const struct result *want, const struct result *got)
{
	if (got->load != want->load || got->ret != want->ret)
		fail_msg("\"%s\" with %u arguments in %u bytes: load %d, %d, not load %d, %d",
			 f->fmt, f->nr_args, f->size, got->load, (int)got->ret, want->load,
			 (int)want->ret);
	if (memcmp(got->out, want->out, OUT_SIZE))
		fail_msg("\"%s\" in %u bytes: \"%.300s\", not \"%.300s\"", f->fmt, f->size,
			 got->out, want->out);
	for (int i = 0; i < 2; i++) {
		if (got->seq[i].ret != want->seq[i].ret || got->seq[i].len != want->seq[i].len)
			fail_msg("\"%s\" (%u bytes) with %u arguments, seq %d: %lld, read %zd, not "
				 "%lld, "
				 "read %zd",
				 f->fmt, f->fmt_size, f->nr_args, i, got->seq[i].ret,
				 got->seq[i].len, want->seq[i].ret, want->seq[i].len);
		if (want->seq[i].len > 0 &&
		    memcmp(got->seq[i].text, want->seq[i].text, (size_t)want->seq[i].len))
			fail_msg("\"%s\", seq %d: \"%.*s\", not \"%.*s\"", f->fmt, i,
				 (int)want->seq[i].len, got->seq[i].text, (int)want->seq[i].len,
				 want->seq[i].text);
	}
}

static void compare(const struct engine *a, const struct engine *b)
{
	const struct engine *const engines[2] = {a, b};
	struct random_format *f = calloc(nr_cases, sizeof(*f));
	struct result *results[2];
	uint64_t seed = first_seed;
	unsigned int printed = 0;

	assert_non_null(f);
	for (unsigned int i = 0; i < nr_cases; i++)
		random_format(&seed, &f[i]);
	for (int i = 0; i < 2; i++) {
		const char *why = engines[i]->start();

		if (why) {
			engines[i]->stop();
			free(f);
			skip_because("%s", why);
		}
		results[i] = run_all(engines[i], f);
		engines[i]->stop();
	}
	for (unsigned int i = 0; i < nr_cases; i++) {
		same(&f[i], &results[0][i], &results[1][i]);
		printed += !results[0][i].load && results[0][i].seq[0].len > 0;
	}
	/* Most are formats, or this would test nothing. */
	assert_in_range(printed, nr_cases / 2, nr_cases);
	for (int i = 0; i < 2; i++) {
		for (unsigned int k = 0; k < nr_cases; k++)
			for (int which = 0; which < 2; which++)
				free(results[i][k].seq[which].text);
		free(results[i]);
	}
	free(f);
}

static void kernel_and_native(void **state)
{
	compare(&kernel_engine, &embedded_engine);
}

static void native_and_interpreted(void **state)
{
	compare(&embedded_engine, &interpreted_engine);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_and_native),
		cmocka_unit_test(native_and_interpreted),
	};

	if (argc > 1)
		nr_cases = (unsigned int)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests_name("printf", tests, NULL, NULL);
}
