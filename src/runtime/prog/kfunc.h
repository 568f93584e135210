/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Kfuncs: functions that programs find in the built-in BTF. Sets of them are registered when the
 * first runtime opens (kernel: register_btf_kfunc_id_set).
 */
#ifndef PROG_KFUNC_H
#define PROG_KFUNC_H

#include "base/dynptr.h"
#include "prog/kfuncs.h"

enum btf_kfunc_flags { /* as in include/linux/btf.h */
	KF_ACQUIRE = 1 << 0,
	KF_RELEASE = 1 << 1,
	KF_RET_NULL = 1 << 2,
	KF_TRUSTED_ARGS = 1 << 4,
	KF_SLEEPABLE = 1 << 5,
	KF_DESTRUCTIVE = 1 << 6,
	KF_RCU = 1 << 7,
	KF_ITER_NEW = 1 << 8,
	KF_ITER_NEXT = 1 << 9,
	KF_ITER_DESTROY = 1 << 10,
	KF_RCU_PROTECTED = 1 << 11,
	/* What more the verifier does about a kfunc: to Linux that is in their names. */
	KF_RCU_LOCK = 1 << 16,
	KF_RCU_UNLOCK = 1 << 17,
	KF_PREEMPT_DISABLE = 1 << 18,
	KF_PREEMPT_ENABLE = 1 << 19,
	KF_IRQ_SAVE = 1 << 20,
	KF_IRQ_RESTORE = 1 << 21,
	KF_RDONLY_CAST = 1 << 22,
	KF_KERN_CTX = 1 << 23,
};

struct btf_kfunc {
	const char *name;
	u64 (*func)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);
	u32 flags;
	/* Of the dynptr that it makes; BPF_DYNPTR_TYPE_INVALID: like the one that it is given. */
	enum bpf_dynptr_type new_dynptr;
	/* MEM_RDONLY, MEM_WRITE: what is returned is memory of the dynptr, as long as "__szk"
	 * says, to be read, or written as well; 0: it is not. */
	u32 slice;
};

struct btf_kfunc_id_set {
	const struct btf_kfunc *set;
	size_t nr;
};

/* And what else there is to say of it. */
#define BTF_KFUNC(name_, flags_, ...)                                                              \
	{                                                                                          \
		.name = #name_, .func = (u64(*)(u64, u64, u64, u64, u64))(void (*)(void))name_,    \
		.flags = flags_, __VA_ARGS__                                                       \
	}

/*
 * For programs of @type and those that Linux counts among them, as tracepoints among TRACING;
 * BPF_PROG_TYPE_UNSPEC: of every type.
 */
void register_btf_kfunc_id_set(enum bpf_prog_type type, const struct btf_kfunc_id_set *set);
/* NULL: programs of this type may call no kfunc of that name. */
const struct btf_kfunc *btf_kfunc_find(enum bpf_prog_type type, const char *name);

/* What a program's kfunc calls refer to, by index. */
struct bpf_kfunc_desc_tab {
	u32 nr_descs;
	struct bpf_kfunc_desc {
		u32 func_id; /* type id in the built-in BTF */
		u64 (*func)(u64, u64, u64, u64, u64);
		/* C leaves anything above the lowest byte of the result, which programs do not
		 * expect: it is cleared. */
		bool gives_bool;
	} descs[];
};

#define BPF_KFUNC_PROTO(result, name, ...) result name(__VA_ARGS__);
BPF_KFUNCS(BPF_KFUNC_PROTO)
#undef BPF_KFUNC_PROTO

/* Sets of CPUs (cpumask.c). */
extern const struct btf_kfunc_id_set bpf_cpumask_kfunc_set;
void bpf_cpumask_release_dtor(void *cpumask);
/* Strings at any address (strings.c). */
extern const struct btf_kfunc_id_set bpf_string_kfunc_set;
/* Iterators on the stack (iterators.c). */
extern const struct btf_kfunc_id_set bpf_iterator_kfunc_set;

/* bpf_copy_from_user_str (copy_user.c). */
extern const struct btf_kfunc_id_set bpf_copy_user_kfunc_set;
/* For the verifier alone (marker_kfuncs.c). */
extern const struct btf_kfunc_id_set bpf_marker_kfunc_set;

#endif /* PROG_KFUNC_H */
