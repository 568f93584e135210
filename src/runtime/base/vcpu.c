/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A virtual CPU is a cache line with one word in it, 1 while a thread holds it. A thread begins
 * with the one that it held last, so that threads fewer than CPUs each keep their own: no line is
 * written by two of them, and per-CPU data stays in the cache of the core that used it.
 *
 * Who finds all taken waits. A holder gives its CPU back and then looks for waiters; a waiter
 * counts itself and then looks for a free CPU. Both are sequentially consistent, so that one of the
 * two sees the other.
 *
 * A waiter that was woken needs longer to come than who gave the CPU back needs to take it for
 * another run. It may, so that short runs do not wait for each other one by one; but not for longer
 * than BPF_RUN_SLICE: then it lets a waiter go first.
 *
 * Threads that run programs of two runtimes inside each other, in opposite orders, on all the CPUs
 * of both, wait for each other for ever.
 */
#include "base/vcpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/cancel.h"
#include "base/nofault.h"
#include "base/rcu.h"
#include "base/runtime.h"

#define CACHE_LINE 64

struct vcpu {
	u32 taken;
} __attribute__((aligned(CACHE_LINE)));

struct vcpus {
	u32 num;
	u32 waiters;
	pthread_mutex_t lock; /* of waiting */
	pthread_cond_t freed;
	struct vcpu cpu[];
};

__thread struct bpf_run_ctx *bpf_current __attribute__((tls_model("initial-exec")));

/* A hint, compared and never followed: the runtime may be gone. */
static __thread struct {
	const struct vcpus *cpus;
	u32 cpu;
	u64 slice_end; /* when others that wait go first; 0: not known yet */
} last_run __attribute__((tls_model("initial-exec")));

struct vcpus *vcpus_new(u32 num)
{
	size_t size = sizeof(struct vcpus) + (size_t)num * sizeof(struct vcpu);
	struct vcpus *cpus;

	if (!num)
		return NULL;
	cpus = aligned_alloc(CACHE_LINE, round_up(size, CACHE_LINE));
	if (!cpus)
		return NULL;
	cpus->num = num;
	cpus->waiters = 0;
	for (u32 i = 0; i < num; i++)
		cpus->cpu[i].taken = 0;
	if (pthread_mutex_init(&cpus->lock, NULL))
		goto free_cpus;
	if (pthread_cond_init(&cpus->freed, NULL))
		goto destroy_lock;
	return cpus;

destroy_lock:
	pthread_mutex_destroy(&cpus->lock);
free_cpus:
	free(cpus);
	return NULL;
}

void vcpus_free(struct vcpus *cpus)
{
	if (!cpus)
		return;
	pthread_cond_destroy(&cpus->freed);
	pthread_mutex_destroy(&cpus->lock);
	free(cpus);
}

static bool try_take(struct vcpu *cpu)
{
	return !__atomic_load_n(&cpu->taken, __ATOMIC_SEQ_CST) &&
	       !__atomic_exchange_n(&cpu->taken, 1, __ATOMIC_SEQ_CST);
}

static bool try_take_any(struct vcpus *cpus, u32 first, u32 *cpu)
{
	for (u32 i = 0; i < cpus->num; i++) {
		*cpu = first + i < cpus->num ? first + i : first + i - cpus->num;
		if (try_take(&cpus->cpu[*cpu]))
			return true;
	}
	return false;
}

/* Is @slice_end over, which is BPF_RUN_SLICE after it was asked first? */
static bool slice_is_over(u64 *slice_end)
{
	struct timespec time;
	u64 now;

	clock_gettime(CLOCK_MONOTONIC, &time);
	now = time.tv_sec * 1000000000ull + time.tv_nsec;
	if (!*slice_end)
		*slice_end = now + BPF_RUN_SLICE;
	return now >= *slice_end;
}

static bool has_waiters(const struct vcpus *cpus)
{
	return unlikely(__atomic_load_n(&cpus->waiters, __ATOMIC_RELAXED));
}

/* Who was woken takes the CPU before this thread does again. */
static void let_waiters_go_first(void)
{
	const struct timespec waking = {.tv_nsec = BPF_RUN_SLICE / 4};

	nanosleep(&waking, NULL);
	last_run.slice_end = 0;
}

static u32 take_or_wait(struct vcpus *cpus)
{
	NO_CANCELLATION; /* a waiter would stay counted, and keep the lock */
	int host = sched_getcpu();
	u32 first = last_run.cpus == cpus ? last_run.cpu : host < 0 ? 0 : host;
	u32 cpu;

	/* The programs of this thread are going to load from bad addresses. */
	nofault_thread_init();
	if (has_waiters(cpus) && slice_is_over(&last_run.slice_end))
		let_waiters_go_first();
	if (try_take_any(cpus, first % cpus->num, &cpu))
		return cpu;
	last_run.slice_end = 0;
	pthread_mutex_lock(&cpus->lock);
	__atomic_add_fetch(&cpus->waiters, 1, __ATOMIC_SEQ_CST);
	while (!try_take_any(cpus, first % cpus->num, &cpu))
		pthread_cond_wait(&cpus->freed, &cpus->lock);
	__atomic_sub_fetch(&cpus->waiters, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&cpus->lock);
	return cpu;
}

static void take_this(struct vcpus *cpus, u32 cpu)
{
	NO_CANCELLATION;

	nofault_thread_init();
	if (try_take(&cpus->cpu[cpu]))
		return;
	pthread_mutex_lock(&cpus->lock);
	__atomic_add_fetch(&cpus->waiters, 1, __ATOMIC_SEQ_CST);
	while (!try_take(&cpus->cpu[cpu]))
		pthread_cond_wait(&cpus->freed, &cpus->lock);
	__atomic_sub_fetch(&cpus->waiters, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&cpus->lock);
}

static void give_back(struct vcpus *cpus, u32 cpu)
{
	__atomic_store_n(&cpus->cpu[cpu].taken, 0, __ATOMIC_SEQ_CST);
	if (likely(!__atomic_load_n(&cpus->waiters, __ATOMIC_SEQ_CST)))
		return;
	pthread_mutex_lock(&cpus->lock);
	/* Not every waiter has a use for this one. */
	pthread_cond_broadcast(&cpus->freed);
	pthread_mutex_unlock(&cpus->lock);
}

/* The run on this thread that holds a CPU of @rt already. */
static const struct bpf_run_ctx *outer_run(const struct bpf_run_ctx *outer,
					   const struct trek_runtime *rt)
{
	while (outer && outer->rt != rt)
		outer = outer->outer;
	return outer;
}

/* The run on this thread that already holds a CPU of @rt; NULL: @ctx needs one. */
static inline const struct bpf_run_ctx *init_run(struct bpf_run_ctx *ctx, struct trek_runtime *rt)
{
	ctx->rt = rt;
	ctx->outer = bpf_current;
	ctx->prog = NULL;
	ctx->tail_calls = 0;
	ctx->callback = NULL;
	ctx->depth = ctx->outer ? ctx->outer->depth : 0;
	ctx->waiters = &rt->cpus->waiters;
	ctx->slice_end = 0;
	return outer_run(ctx->outer, rt);
}

static inline void enter_run(struct bpf_run_ctx *ctx)
{
	/* Only now: a thread that waits for a CPU must not hold up grace periods. */
	rcu_read_lock();
	ctx->section = rcu_section();
	bpf_current = ctx;
}

void bpf_run_begin(struct bpf_run_ctx *ctx, struct trek_runtime *rt)
{
	struct vcpus *cpus = rt->cpus;
	const struct bpf_run_ctx *sharing = init_run(ctx, rt);

	if (sharing) {
		ctx->cpu = sharing->cpu;
	} else if (likely(last_run.cpus == cpus && last_run.cpu < cpus->num && !has_waiters(cpus) &&
			  try_take(&cpus->cpu[last_run.cpu]))) {
		ctx->cpu = last_run.cpu;
	} else {
		ctx->cpu = take_or_wait(cpus);
		last_run.cpus = cpus;
		last_run.cpu = ctx->cpu;
	}
	enter_run(ctx);
}

void bpf_run_begin_on(struct bpf_run_ctx *ctx, struct trek_runtime *rt, u32 cpu)
{
	const struct bpf_run_ctx *sharing = init_run(ctx, rt);

	ctx->cpu = sharing ? sharing->cpu : cpu;
	if (!sharing)
		take_this(rt->cpus, cpu);
	enter_run(ctx);
}

void bpf_run_end(struct bpf_run_ctx *ctx)
{
	bpf_current = ctx->outer;
	rcu_read_unlock();
	if (!outer_run(ctx->outer, ctx->rt))
		give_back(ctx->rt->cpus, ctx->cpu);
}

bool bpf_run_is_long(struct bpf_run_ctx *ctx)
{
	return slice_is_over(&ctx->slice_end);
}

void bpf_run_renew(struct bpf_run_ctx *ctx)
{
	NO_CANCELLATION;
	struct trek_runtime *rt = ctx->rt;

	bpf_run_end(ctx);
	if (has_waiters(rt->cpus))
		let_waiters_go_first();
	bpf_run_begin(ctx, rt);
}
