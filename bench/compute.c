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
	const char *program; /* in kernels/PROGRAM.bpf.o */
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
	snprintf(name, sizeof(name), "kernels/%s.bpf.o", kernel->program);
	err = engine_load(c->engine, name, kernel->program, &state->object, &state->prog);
	if (err) {
		free(state);
		return err;
	}
	c->state = state;
	err = run_rounds(c, &ours);
	if (!err && kernel->plain) {
		kernel->plain(&plain);
		if (ours.result != plain.result)
			err = -EBADMSG;
	}
	return err;
}

static const struct work compute = {
	.set_up = compute_set_up,
	.run = compute_run,
	.tear_down = compute_tear_down,
};

/* The program, its twin in C, who takes part, the goal. */
#define PURE(name_)                                                                                \
	.work = &compute, .who = ALL, .goal = {.kernel_times = 1 / 1.15, .c_times = 2},            \
	.arg = &(const struct kernel)                                                              \
	{                                                                                          \
#name_, name_                                                                      \
	}
#define CALLS(name_)                                                                               \
	.work = &compute, .who = ALL, .goal = {.kernel_times = 1 / 1.15},                          \
	.arg = &(const struct kernel)                                                              \
	{                                                                                          \
#name_, name_                                                                      \
	}

int sum(struct kernel_ctx *ctx);

static const struct row rows[] = {
	{"sum of 1,024 numbers", PURE(sum)},
};

const struct group compute_group = {
	.name = "compute",
	.title = "Compute kernels: one source as BPF and as C",
	.unit = "us a round",
	.unit_ns = 1000,
	.rows = rows,
	.nr = ARRAY_SIZE(rows),
};
