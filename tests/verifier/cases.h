/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A case: a program and what becomes of it. The same table is held against the runtime and, where
 * it can be used, against the kernel.
 */
#ifndef TESTS_VERIFIER_CASES_H
#define TESTS_VERIFIER_CASES_H

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>

#include "insn.h"

#define ENOTSUPP 524 /* the kernel's own, which libc has no name for */
#define MAX_CASE_INSNS 64
#define MAX_CASE_FUNCS 4

/* Types of program, what they attach to included: see kinds[] in engine.c. */
enum case_kind {
	SYSCALL, /* the default: a context of any bytes */
	ITER_MAP,
	ITER_ELEM,
	FILTER, /* SOCKET_FILTER */
	ITER_PROG,
	ITER_LINK,
	ITER_PROG_SLEEPABLE,
	XDP,
	XDP_OF_DEVMAP,
	TC, /* SCHED_CLS */
	TC_ACTION,
	CGROUP_INGRESS, /* CGROUP_SKB */
	CGROUP_EGRESS,
	CGROUP_SOMEWHERE, /* CGROUP_SKB, attached to something else */
	LWT_IN,
	LWT_OUT,
	LWT_XMIT,
	LWT_SEG6LOCAL,
	SK_SKB,
	SK_MSG,
	SK_REUSEPORT,
	SK_LOOKUP,
	FLOW_DISSECTOR,
	SOCK_OPS,
	SOCK_CREATE, /* CGROUP_SOCK */
	SOCK_POST_BIND4,
	SOCK_POST_BIND6,
	SOCK_BIND4, /* CGROUP_SOCK_ADDR */
	SOCK_CONNECT4,
	SOCK_CONNECT6,
	SOCK_SENDMSG4,
	SOCK_SENDMSG6,
	SOCK_RECVMSG4,
	SOCK_GETPEERNAME4,
	SOCK_ADDR_SOMEWHERE,
	GETSOCKOPT,
	SETSOCKOPT,
	DEVICE, /* CGROUP_DEVICE */
	SYSCTL,
	KPROBE,
	KPROBE_SLEEPABLE,
	TRACEPOINT,
	TRACEPOINT_SLEEPABLE,
	RAW_TRACEPOINT,
	RAW_TRACEPOINT_WRITABLE,
	PERF_EVENT,
	XDP_STRICT, /* BPF_F_STRICT_ALIGNMENT */
	TC_STRICT,
	NR_KINDS
};

/* A function of the program beside the main one: where it begins, and of what kind it is. */
struct case_func {
	unsigned int insn; /* 0: none */
	enum {
		STATIC,
		STATIC_VOID,
		GLOBAL_INT,
		GLOBAL_VOID,
		GLOBAL_MEM,
		GLOBAL_MAP,
		GLOBAL_ANYTHING, /* void * */
		GLOBAL_NUMBERS,	 /* int * */
		GLOBAL_POINTERS, /* int ** */
		GLOBAL_CTX,
		GLOBAL_DYNPTR,
		GLOBAL_DYNPTR_FWD, /* const, and declared only */
		GLOBAL_SKB,
		GLOBAL_SKB_MEM,
		GLOBAL_SKB_DYNPTR,
		NR_FUNC_KINDS
	} kind;
	const char *tag, *tag2; /* of its argument */
};

/* It depends on the version. */
#define KERNEL_EITHER 2
/* It accepts what can do harm: reads or frees what is not there. */
#define KERNEL_HARMFUL 3

struct verifier_case {
	const char *name;
	struct bpf_insn insns[MAX_CASE_INSNS];
	enum case_kind kind;
	int result; /* of loading: 0 or negative errno */
	/* Where the kernel answers something else on purpose, and why. */
	int kernel_result; /* 1: it accepts; negative: this errno; 0: the same; KERNEL_EITHER */
	const char *why;
	struct case_func funcs[MAX_CASE_FUNCS];
	int license_bsd;
};

struct case_table {
	const char *name;
	const struct verifier_case *cases;
	size_t nr;
};

/* One a line, so that tables that are added side by side do not meet. */
#define CASE_TABLES(T)                                                                             \
	T(insn_cases)                                                                              \
	T(malformed_cases)                                                                         \
	T(value_cases)                                                                             \
	T(memory_cases)                                                                            \
	T(order_cases)                                                                             \
	T(region_cases)                                                                            \
	T(cast_cases)                                                                              \
	T(btf_ptr_cases)                                                                           \
	T(iter_cases)                                                                              \
	T(call_cases)                                                                              \
	T(global_cases)                                                                            \
	T(loop_cases)                                                                              \
	T(rounds_cases)                                                                            \
	T(goto_cases)                                                                              \
	T(precision_cases)                                                                         \
	T(ref_cases)                                                                               \
	T(map_cases)                                                                               \
	T(dynptr_cases)                                                                            \
	T(dynptr_mem_cases)                                                                        \
	T(user_ringbuf_cases)                                                                      \
	T(dynptr_global_cases)                                                                     \
	T(dynptr_kfunc_cases)                                                                      \
	T(dynptr_packet_cases)                                                                     \
	T(packet_cases)                                                                            \
	T(packet_use_cases)                                                                        \
	T(context_cases)                                                                           \
	T(ld_abs_cases)                                                                            \
	T(skb_cases)                                                                               \
	T(trace_cases)                                                                             \
	T(kfunc_cases)                                                                             \
	T(kptr_cases)                                                                              \
	T(open_iter_cases)                                                                         \
	T(open_iter_loop_cases)
#define CASE_TABLE(table) extern const struct case_table table;
CASE_TABLES(CASE_TABLE)
#undef CASE_TABLE

#endif /* TESTS_VERIFIER_CASES_H */
