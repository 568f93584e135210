/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Virtual CPUs, and what a program that runs can reach.
 *
 * A thread that runs programs holds one of the runtime's virtual CPUs, which no other thread holds
 * meanwhile; per-CPU data and bpf_get_smp_processor_id rest on that. It is inside an RCU read-side
 * section for as long. A run within a run, on the same thread and runtime, shares the CPU, as a
 * program that interrupts another does in the kernel. If all are taken, the thread waits.
 */
#ifndef BASE_VCPU_H
#define BASE_VCPU_H

#include "base/rcu.h"
#include "base/types.h"

/* A structure of which each virtual CPU has its own (__percpu): from one to the next, bytes. */
#define PERCPU_STRIDE 64

struct trek_runtime;
struct bpf_prog;
struct vcpus;

struct bpf_run_ctx {
	struct trek_runtime *rt;
	u32 cpu;
	struct bpf_run_ctx *outer;   /* the run that this one is within; NULL: none */
	const struct bpf_prog *prog; /* that is running now: a tail call changes it */
	u32 tail_calls;		     /* since it was started */
	/* Calls a function of the running program: a helper's callback. Set by what executes it. */
	u64 (*callback)(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);
	u32 depth;	       /* of nested executions on this thread's stack */
	unsigned long section; /* what bpf_run_is_awaited() asks with */
	const u32 *waiters;    /* for a CPU */
	u64 slice_end;	       /* when it is theirs; 0: not known yet */
};

/* The innermost run of this thread; NULL outside of one. */
extern __thread struct bpf_run_ctx *bpf_current __attribute__((tls_model("initial-exec")));

struct vcpus *vcpus_new(u32 num);
void vcpus_free(struct vcpus *cpus);

/* Begin and end a run. @ctx lives on the caller's stack. begin enters, end leaves RCU. */
void bpf_run_begin(struct bpf_run_ctx *ctx, struct trek_runtime *rt);
/* On CPU @cpu, which there is, unless this is a run within a run. */
void bpf_run_begin_on(struct bpf_run_ctx *ctx, struct trek_runtime *rt, u32 cpu);
void bpf_run_end(struct bpf_run_ctx *ctx);

/* Has this run had its CPU for BPF_RUN_SLICE, since it was asked first? */
bool bpf_run_is_long(struct bpf_run_ctx *ctx);
#define BPF_RUN_SLICE 200000 /* nanoseconds: many times what it takes to wake a thread */

/*
 * A run of many programs asks after each, or after a few, whether it has to make room: for a grace
 * period that waits for its RCU section, at once; for a thread that waits for a CPU, when it has
 * had its own for a while. It goes on for as long as nobody waits: no number of programs would be
 * right for quick ones and for slow ones.
 */
static inline bool bpf_run_is_awaited(struct bpf_run_ctx *ctx)
{
	if (rcu_is_awaited(ctx->section))
		return true;
	return unlikely(__atomic_load_n(ctx->waiters, __ATOMIC_RELAXED)) && bpf_run_is_long(ctx);
}
/* Then: end and begin again. What was found under RCU before has to be found again. */
void bpf_run_renew(struct bpf_run_ctx *ctx);

#endif /* BASE_VCPU_H */
