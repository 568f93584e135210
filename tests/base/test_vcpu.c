/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Virtual CPUs: never two threads on one, nobody waits for ever, nesting shares. */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rcu.h"
#include "base/runtime.h"
#include "base/vcpu.h"

#define CPUS 3
#define THREADS 6
#define RUNS 3000

static struct trek_runtime rt, other;

/* Written without atomics under the CPU: two threads on one would lose counts. */
static struct {
	volatile int inside;
	u64 runs;
	char pad[112];
} per_cpu[CPUS];
static int collisions;

static void *run_many(void *arg)
{
	for (int i = 0; i < RUNS; i++) {
		struct bpf_run_ctx ctx;

		bpf_run_begin(&ctx, &rt);
		if (per_cpu[ctx.cpu].inside++)
			__atomic_add_fetch(&collisions, 1, __ATOMIC_RELAXED);
		per_cpu[ctx.cpu].runs++;
		if (i % 64 == 0)
			sched_yield();
		per_cpu[ctx.cpu].inside--;
		bpf_run_end(&ctx);
	}
	return NULL;
}

static void two_threads_never_hold_one_cpu(void **state)
{
	pthread_t threads[THREADS];
	u64 runs = 0;

	for (int i = 0; i < CPUS; i++)
		per_cpu[i].runs = 0;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < CPUS; i++)
		runs += per_cpu[i].runs;
	assert_int_equal(collisions, 0);
	assert_int_equal(runs, THREADS * RUNS);
}

static void a_thread_keeps_its_cpu(void **state)
{
	struct bpf_run_ctx ctx;
	u32 cpu;

	bpf_run_begin(&ctx, &rt);
	cpu = ctx.cpu;
	bpf_run_end(&ctx);
	for (int i = 0; i < 100; i++) {
		bpf_run_begin(&ctx, &rt);
		assert_int_equal(ctx.cpu, cpu);
		bpf_run_end(&ctx);
	}
}

/* More levels than CPUs: only the first takes one. */
static void nest(int depth, u32 cpu)
{
	struct bpf_run_ctx ctx, foreign, again;

	bpf_run_begin(&ctx, &rt);
	assert_ptr_equal(bpf_current, &ctx);
	assert_int_equal(ctx.cpu, cpu);
	if (depth) {
		nest(depth - 1, cpu);
	} else {
		bpf_run_begin(&foreign, &other);
		assert_int_equal(foreign.cpu, 0);
		bpf_run_begin(&again, &rt);
		assert_int_equal(again.cpu, cpu);
		bpf_run_end(&again);
		bpf_run_end(&foreign);
	}
	assert_ptr_equal(bpf_current, &ctx);
	bpf_run_end(&ctx);
}

static void nested_runs_share(void **state)
{
	struct bpf_run_ctx ctx;

	assert_null(bpf_current);
	bpf_run_begin(&ctx, &rt);
	nest(2 * CPUS, ctx.cpu);
	bpf_run_end(&ctx);
	assert_null(bpf_current);
	/* All were given back: a run takes each of them. */
	two_threads_never_hold_one_cpu(state);
}

static void a_freed(struct callback_head *head)
{
	__atomic_store_n((int *)(head + 1), 1, __ATOMIC_SEQ_CST);
}

static void a_run_is_a_read_side_section(void **state)
{
	struct {
		struct callback_head head;
		int freed;
	} object = {.freed = 0};
	struct bpf_run_ctx ctx;

	bpf_run_begin(&ctx, &rt);
	call_rcu_head(&object.head, a_freed);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	assert_int_equal(__atomic_load_n(&object.freed, __ATOMIC_SEQ_CST), 0);
	bpf_run_end(&ctx);
	rcu_barrier();
	assert_int_equal(__atomic_load_n(&object.freed, __ATOMIC_SEQ_CST), 1);
}

static __attribute__((noinline)) void run_once(void)
{
	struct bpf_run_ctx ctx;

	bpf_run_begin(&ctx, &other);
	bpf_run_end(&ctx);
}

/* It has nothing on the stack where it ends, which AddressSanitizer would not see go. */
static void *run_and_end(void *arg)
{
	run_once();
	pthread_testcancel();
	return arg;
}

/* It gets its CPU, gives it back, and ends then: others find neither a lock nor a CPU taken. */
static void a_waiter_is_cancelled(void **state)
{
	struct bpf_run_ctx ctx;
	pthread_t waiter, next;
	void *result;
	int mark;

	alarm(60);
	bpf_run_begin(&ctx, &other);
	assert_int_equal(pthread_create(&waiter, NULL, run_and_end, NULL), 0);
	usleep(20000); /* it waits by now; if not, it is cancelled on its way there */
	assert_int_equal(pthread_cancel(waiter), 0);
	usleep(20000);
	bpf_run_end(&ctx);
	assert_int_equal(pthread_join(waiter, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(pthread_create(&next, NULL, run_and_end, &mark), 0);
	assert_int_equal(pthread_join(next, &result), 0);
	assert_ptr_equal(result, &mark);
	alarm(0);
}

/* A thread that runs one program after the other lets those who wait go between them. */
#define TURNS 20
#define RUNS_MEANWHILE (1000 * TURNS)

static bool turns_done;

static void *take_turns(void *arg)
{
	for (int i = 0; i < TURNS; i++) {
		usleep(1000); /* the other one has it again */
		run_once();
	}
	__atomic_store_n(&turns_done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void a_waiter_gets_its_turn(void **state)
{
	struct bpf_run_ctx ctx;
	pthread_t waiter;
	u32 runs = 0;

	assert_int_equal(pthread_create(&waiter, NULL, take_turns, NULL), 0);
	for (; runs < RUNS_MEANWHILE && !__atomic_load_n(&turns_done, __ATOMIC_ACQUIRE); runs++) {
		bpf_run_begin(&ctx, &other);
		for (volatile u32 i = 0; i < 200000; i++)
			;
		bpf_run_end(&ctx);
	}
	assert_int_equal(pthread_join(waiter, NULL), 0);
	assert_in_range(runs, 1, RUNS_MEANWHILE - 1);
}

static void no_cpus_at_all_is_refused(void **state)
{
	assert_null(vcpus_new(0));
	vcpus_free(NULL);
}

static int on_this_cpu[CPUS];

/* Runs of both kinds take turns on each CPU, and nobody is left waiting. */
static void *take_this_cpu(void *arg)
{
	u32 cpu = (u32)(uintptr_t)arg;
	struct bpf_run_ctx ctx;

	for (int i = 0; i < 200; i++) {
		bpf_run_begin_on(&ctx, &rt, cpu);
		if (ctx.cpu != cpu || __atomic_exchange_n(&on_this_cpu[cpu], 1, __ATOMIC_SEQ_CST))
			return arg ? arg : &rt;
		__atomic_store_n(&on_this_cpu[cpu], 0, __ATOMIC_SEQ_CST);
		bpf_run_end(&ctx);
		bpf_run_begin(&ctx, &rt);
		bpf_run_end(&ctx);
	}
	return NULL;
}

static void a_run_on_one_cpu(void **state)
{
	pthread_t threads[2 * CPUS];
	struct bpf_run_ctx ctx, inner;

	bpf_run_begin_on(&ctx, &rt, CPUS - 1);
	assert_int_equal(ctx.cpu, CPUS - 1);
	/* Within a run there is no other CPU to be had. */
	bpf_run_begin_on(&inner, &rt, 0);
	assert_int_equal(inner.cpu, CPUS - 1);
	bpf_run_end(&inner);
	for (u32 i = 0; i < 2 * CPUS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_this_cpu,
						(void *)(uintptr_t)(i % CPUS)),
				 0);
	sched_yield();
	bpf_run_end(&ctx);
	for (u32 i = 0; i < 2 * CPUS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

static int set_up(void **state)
{
	rt.cpus = vcpus_new(CPUS);
	other.cpus = vcpus_new(1);
	return rt.cpus && other.cpus ? 0 : -1;
}

static int tear_down(void **state)
{
	vcpus_free(rt.cpus);
	vcpus_free(other.cpus);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_threads_never_hold_one_cpu),
		cmocka_unit_test(a_thread_keeps_its_cpu),
		cmocka_unit_test(nested_runs_share),
		cmocka_unit_test(a_run_is_a_read_side_section),
		cmocka_unit_test(a_waiter_is_cancelled),
		cmocka_unit_test(a_waiter_gets_its_turn),
		cmocka_unit_test(no_cpus_at_all_is_refused),
		cmocka_unit_test(a_run_on_one_cpu),
	};

	return cmocka_run_group_tests_name("vcpu", tests, set_up, tear_down);
}
