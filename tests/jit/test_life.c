/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Code stays for as long as it runs: a program is let go by all while threads are in the middle of
 * it, others take its place, and signals arrive there.
 */
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <bpftrek/runtime.h>

#include "test.h"
#include "verifier/insn.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))
#define ROUNDS 6
#define THREADS 2
#define RESULT (8u << 20)

static struct trek_runtime *rt;
static volatile sig_atomic_t ticks;

/* As many rounds as may_goto allows, each with a load and a store of the context. */
static int load(void)
{
	static const struct bpf_insn insns[] = {
		MOV(R0, 0),	    MAY_GOTO(4), OP(ADD, R0, 1), LDX(DW, R2, R1, 0),
		STX(DW, R1, 8, R2), JA(-5),	 EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE,
		.insns = PTR(insns),
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = PTR("Dual BSD/GPL"),
	};
	int prog = trek_bpf(rt, BPF_PROG_LOAD, &attr, sizeof(attr));

	assert_true(prog >= 0);
	return prog;
}

struct runner {
	pthread_t thread;
	pthread_barrier_t *begin;
	int prog;
	uint32_t result;
	uint64_t ctx[2];
};

static void *run(void *arg)
{
	struct runner *r = arg;

	pthread_barrier_wait(r->begin);
	r->ctx[0] = 77;
	if (trek_prog_run(rt, r->prog, r->ctx, sizeof(r->ctx), &r->result))
		r->result = 0;
	return NULL;
}

static void on_tick(int sig)
{
	ticks++;
}

static void test_let_go_while_it_runs(void **state)
{
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0}};
	struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	struct runner runners[THREADS] = {0};
	pthread_barrier_t begin;
	int ran = 0;

	assert_int_equal(sigaction(SIGPROF, &tick, NULL), 0);
	assert_int_equal(setitimer(ITIMER_PROF, &often, NULL), 0);
	for (int round = 0; round < ROUNDS; round++) {
		int prog = load();

		pthread_barrier_init(&begin, NULL, THREADS + 1);
		for (int i = 0; i < THREADS; i++) {
			runners[i] = (struct runner){.begin = &begin, .prog = prog};
			assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]),
					 0);
		}
		pthread_barrier_wait(&begin);
		/* They are in it by then; if not, they find none. */
		usleep(2000);
		trek_close(rt, prog);
		for (int i = 0; i < 20; i++)
			trek_close(rt, load());
		for (int i = 0; i < THREADS; i++) {
			pthread_join(runners[i].thread, NULL);
			if (!runners[i].result)
				continue;
			ran++;
			assert_int_equal(runners[i].result, RESULT);
			assert_int_equal(runners[i].ctx[1], 77);
		}
		pthread_barrier_destroy(&begin);
	}
	setitimer(ITIMER_PROF, &never, NULL);
	assert_true(ticks > 0);
	assert_true(ran > 0);
}

static int set_up(void **state)
{
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_let_go_while_it_runs)};

	return cmocka_run_group_tests_name("life of native code", tests, set_up, tear_down);
}
