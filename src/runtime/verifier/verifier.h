/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The verifier: decides whether a program may run, and prepares it to. Nothing runs that did not
 * pass it. What is accepted can only read and write memory that it was given, in its bounds, ends,
 * and returns what its type allows.
 */
#ifndef VERIFIER_VERIFIER_H
#define VERIFIER_VERIFIER_H

#include "base/bpf_types.h"
#include "base/log.h"

#define BPF_COMPLEXITY_LIMIT_INSNS 1000000

/* Register types; flags (base/func.h) combine with them. */
enum bpf_reg_type {
	NOT_INIT = 0,
	SCALAR_VALUE,
	PTR_TO_CTX,
	CONST_PTR_TO_MAP,
	PTR_TO_MAP_VALUE,
	PTR_TO_MAP_KEY,
	PTR_TO_STACK,
	PTR_TO_PACKET,
	PTR_TO_PACKET_META, /* what a driver or program put before the packet */
	PTR_TO_PACKET_END,
	PTR_TO_TP_BUFFER, /* a tracepoint's own, as far as its programs may write */
	PTR_TO_BTF_ID,
	PTR_TO_MEM,
	PTR_TO_BUF,
	PTR_TO_FUNC,
	CONST_PTR_TO_DYNPTR, /* an argument of a global function, or of a callback */
};

/* An argument of an iterator's context: registered by its target. */
struct bpf_ctx_arg_aux {
	u32 offset;	      /* in the context, bytes */
	u32 reg_type;	      /* enum bpf_reg_type with flags */
	const char *btf_type; /* PTR_TO_BTF_ID: the structure's name in the built-in BTF */
};

/* What loading knows that the verifier does not. */
struct bpf_check_input {
	struct bpf_verifier_log *log;
	/* The map with handle @fd, with a reference; ERR_PTR(-EBADF, -EINVAL). */
	struct bpf_map *(*map_get)(void *arg, int fd);
	void *arg;
	u64 fd_array;	/* user pointer of the attr; 0: none */
	u32 prog_flags; /* BPF_F_STRICT_ALIGNMENT, BPF_F_TEST_STATE_FREQ ... */
};

/*
 * Check @prog and make it ready to run. Before: insnsi and len as given by the caller, type,
 * expected_attach_type, gpl_compatible, aux->btf, func_info and linfo (copied, not yet checked),
 * and for tracing programs aux->attach_btf, attach_btf_id, attach_func_name, attach_func_proto,
 * ctx_arg_info. After: instructions rewritten for execution (prog/prog.h); aux->used_maps with a
 * reference each, kfunc_tab, stack_depth, verified_insns, func_cnt, max_ctx_offset,
 * max_rdonly_access and max_rdwr_access set. On failure what it took stays in aux and goes with the
 * program.
 *
 * 0; -EINVAL, -EACCES, -EPERM, -E2BIG, -ENOMEM ... as Linux.
 */
int bpf_check(struct bpf_prog *prog, const struct bpf_check_input *in);

/*
 * For tests that hold what the verifier believes against what a program does (fuzz/verdicts): told
 * of each state that is walked, before its instruction, env->insn_idx, is checked. NULL: nobody.
 */
struct bpf_verifier_env;
extern void (*bpf_check_watch)(struct bpf_verifier_env *env);

/* Is there anything a program of this type, to be attached to this, can be (prog_types.c)? */
bool bpf_prog_type_known(enum bpf_prog_type type, u32 attach_type);
/* May a program of this type sleep? Of TRACING programs their function says that. */
bool bpf_prog_type_may_sleep(enum bpf_prog_type type);

#endif /* VERIFIER_VERIFIER_H */
