/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The iterator targets of the runtime, and the arguments of each behind the bpf_iter_meta pointer.
 * Both the registration (iter/bpf_iter.c) and the built-in BTF (btf/vmlinux.c: struct
 * bpf_iter__NAME and the function bpf_iter_NAME) come from this list, so a target is one file that
 * defines NAME_reg_info and one entry here: T(NAME, A(type, argument) ...).
 */
#ifndef ITER_TARGETS_H
#define ITER_TARGETS_H

#include "base/bpf_types.h"

#define BPF_ITER_TARGETS(T, A)                                                                     \
	T(bpf_map, A(struct bpf_map *, map))                                                       \
	T(bpf_map_elem, A(struct bpf_map *, map) A(void *, key) A(void *, value))                  \
	T(bpf_prog, A(struct bpf_prog *, prog))                                                    \
	T(bpf_link, A(struct bpf_link *, link))

/* The context structures: what a program of the target gets in r1. */
#define BPF_ITER_CTX_ARG(type, name)                                                               \
	union {                                                                                    \
		type name;                                                                         \
		__u64 : 64;                                                                        \
	} __attribute__((aligned(8)));
#define BPF_ITER_CTX(target, args)                                                                 \
	struct bpf_iter__##target {                                                                \
		BPF_ITER_CTX_ARG(struct bpf_iter_meta *, meta)                                     \
		args                                                                               \
	};
BPF_ITER_TARGETS(BPF_ITER_CTX, BPF_ITER_CTX_ARG)

#endif /* ITER_TARGETS_H */
