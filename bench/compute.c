/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Compute kernels (bench/kernels/): one source, compiled to BPF by clang and to the machine by the
 * C compiler. A SYSCALL program, run by BPF_PROG_TEST_RUN; a batch is one run that does the work
 * many times. Every contestant must come to plain C's result.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "bench.h"
#include "groups.h"
#include "kernels/kernel.h"

#define PTR(p) ((unsigned long)(p))
#define COMPARED 100 /* rounds whose results are compared */

struct kernel {
	const char *file, *program;
	int (*plain)(struct kernel_ctx *ctx);
};

struct kernel_state {
	struct bpf_object *object;
	int prog;
};

static int run_rounds(struct contest *c, struct kernel_ctx *ctx)
{
	const struct kernel *kernel = c->row->arg;
	const struct kernel_state *state = c->state;
	union bpf_attr attr = {
		.test = {.ctx_in = PTR(ctx), .ctx_size_in = sizeof(*ctx)},
	};
	int err;

	if (!c->engine)
		return kernel->plain(ctx);
	attr.test.prog_fd = state->prog;
	err = engine_bpf(c->engine, BPF_PROG_TEST_RUN, &attr);
	return err ? err : -(int)attr.test.retval;
}

static int compute_run(struct contest *c)
{
	struct kernel_ctx ctx = {.rounds = c->turns};

	return run_rounds(c, &ctx);
}

static void compute_tear_down(struct contest *c)
{
	struct kernel_state *state = c->state;

	if (state) {
		engine_unload(c->engine, state->object);
		free(state);
	}
}

static int compute_set_up(struct contest *c)
{
	const struct kernel *kernel = c->row->arg;
	struct kernel_ctx ours = {.rounds = COMPARED}, plain = ours;
	struct kernel_state *state;
	char name[64];
	int err;

	if (!c->engine)
		return 0;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	snprintf(name, sizeof(name), "kernels/%s.bpf.o", kernel->file);
	err = engine_load(c->engine, name, kernel->program, &state->object, &state->prog);
	if (err) {
		free(state);
		return err;
	}
	c->state = state;
	err = run_rounds(c, &ours);
	kernel->plain(&plain);
	if (!err && ours.result != plain.result)
		err = -EBADMSG;
	return err;
}

static const struct work compute = {
	.set_up = compute_set_up,
	.run = compute_run,
	.tear_down = compute_tear_down,
};

/* --- All of them ------------------------------------------------------------------------------ */

static int mean_run(struct contest *c)
{
	c->figure = bench_mean_above(c);
	return c->figure ? 0 : -ENODATA;
}

static const struct work mean = {.run = mean_run, .clock = ONCE};

/* --- Rows ------------------------------------------------------------------------------------- */

/* The goal is no helper's: what those do is not in the program. */
#define KERNEL_OF(file_, name_)                                                                    \
	.work = &compute, .arg = &(const struct kernel)                                            \
	{                                                                                          \
		file_, "kernel_" #name_, kernel_##name_                                            \
	}
#define PURE(file_, name_)                                                                         \
	KERNEL_OF(file_, name_), .who = ALL, .goal = {.kernel_times = 1 / 1.15, .c_times = 2}
#define CALLS(file_, name_)                                                                        \
	KERNEL_OF(file_, name_), .who = ENGINES, .goal = {.kernel_times = 1 / 1.15}

int kernel_sum(struct kernel_ctx *ctx);
int kernel_checksum(struct kernel_ctx *ctx);
int kernel_fnv1a(struct kernel_ctx *ctx);
int kernel_jenkins(struct kernel_ctx *ctx);
int kernel_murmur3(struct kernel_ctx *ctx);
int kernel_siphash(struct kernel_ctx *ctx);
int kernel_crc32(struct kernel_ctx *ctx);
int kernel_sort(struct kernel_ctx *ctx);
int kernel_binary_search(struct kernel_ctx *ctx);
int kernel_string_search(struct kernel_ctx *ctx);
int kernel_parser(struct kernel_ctx *ctx);
int kernel_fold_case(struct kernel_ctx *ctx);
int kernel_hex_dump(struct kernel_ctx *ctx);
int kernel_decimal(struct kernel_ctx *ctx);
int kernel_decimal64(struct kernel_ctx *ctx);
int kernel_date(struct kernel_ctx *ctx);
int kernel_modulo(struct kernel_ctx *ctx);
int kernel_common_divisor(struct kernel_ctx *ctx);
int kernel_bloom_filter(struct kernel_ctx *ctx);
int kernel_count_bits(struct kernel_ctx *ctx);
int kernel_reverse_bits(struct kernel_ctx *ctx);
int kernel_byte_order(struct kernel_ctx *ctx);
int kernel_state_machine(struct kernel_ctx *ctx);
int kernel_matrix(struct kernel_ctx *ctx);
int kernel_functions(struct kernel_ctx *ctx);
int kernel_helper_cpu(struct kernel_ctx *ctx);
int kernel_helper_random(struct kernel_ctx *ctx);
int kernel_helper_time(struct kernel_ctx *ctx);
int kernel_lookup_array(struct kernel_ctx *ctx);
int kernel_lookup_hash(struct kernel_ctx *ctx);
int kernel_update_hash(struct kernel_ctx *ctx);
int kernel_loop(struct kernel_ctx *ctx);

static const struct row rows[] = {
	{"sum of 1,024 numbers", PURE("hashes", sum)},
	{"internet checksum, 4 KiB", PURE("hashes", checksum)},
	{"FNV-1a, 4 KiB", PURE("hashes", fnv1a)},
	{"Jenkins one at a time, 4 KiB", PURE("hashes", jenkins)},
	{"MurmurHash3, 4 KiB", PURE("hashes", murmur3)},
	{"SipHash-2-4, 4 KiB", PURE("hashes", siphash)},
	{"CRC-32 by a table, 4 KiB", PURE("hashes", crc32)},
	{"sort of 64 numbers", PURE("order", sort)},
	{"binary search, 128 of 1,024", PURE("order", binary_search)},
	{"string search, 1 KiB", PURE("text", string_search)},
	{"parser of name=number, 64 lines", PURE("text", parser)},
	{"hash without case, 1 KiB", PURE("text", fold_case)},
	{"hexadecimal digits of 1 KiB", PURE("text", hex_dump)},
	{"decimal digits of 64 u32", PURE("divide", decimal)},
	{"decimal digits of 64 u64", PURE("divide", decimal64)},
	{"date and time of 64 timestamps", PURE("divide", date)},
	{"buckets of 128 numbers, modulo a prime", PURE("divide", modulo)},
	{"63 greatest common divisors", PURE("divide", common_divisor)},
	{"Bloom filter, 1,024 words", PURE("bits", bloom_filter)},
	{"bits set in 1,024 words", PURE("bits", count_bits)},
	{"1,024 words reversed", PURE("bits", reverse_bits)},
	{"network byte order, 1,024 headers", PURE("bits", byte_order)},
	{"bytecode interpreter, 256 steps", PURE("machine", state_machine)},
	{"product of 16x16 matrices", PURE("machine", matrix)},
	{"3,072 calls of functions", PURE("calls", functions)},
	{"1,024 bpf_get_smp_processor_id", CALLS("calls", helper_cpu)},
	{"1,024 bpf_get_prandom_u32", CALLS("calls", helper_random)},
	{"1,024 bpf_ktime_get_ns", CALLS("calls", helper_time)},
	{"1,024 lookups, ARRAY", CALLS("calls", lookup_array)},
	{"1,024 lookups, HASH", CALLS("calls", lookup_hash)},
	{"1,024 updates, HASH", CALLS("calls", update_hash)},
	{"1,024 turns of bpf_loop", CALLS("calls", loop)},
	{"geometric mean of all", &mean, NULL, ENGINES, {.kernel_times = 1}},
	{"geometric mean of those with plain C", &mean, NULL, ALL, {.kernel_times = 1}},
};

const struct group compute_group = {
	.name = "compute",
	.title = "Compute kernels: one source as BPF and as C",
	.unit = "us a round",
	.unit_ns = 1000,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
};
