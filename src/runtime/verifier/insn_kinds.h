/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What kind of instruction one is. */
#ifndef VERIFIER_INSN_KINDS_H
#define VERIFIER_INSN_KINDS_H

#include <linux/bpf.h>

#include "base/types.h"

/* Linux 6.15. */
#ifndef BPF_LOAD_ACQ
#define BPF_LOAD_ACQ 0x100
#endif
#ifndef BPF_STORE_REL
#define BPF_STORE_REL 0x110
#endif
/* Linux 6.9: a jump that is taken when a program has gone on often enough. */
#ifndef BPF_JCOND
#define BPF_JCOND 0xe0
#endif

static inline bool insn_is_ld_imm64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* LD_ABS and LD_IND. */
static inline bool insn_loads_packet(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LD &&
	       (BPF_MODE(insn->code) == BPF_ABS || BPF_MODE(insn->code) == BPF_IND);
}

static inline bool insn_is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL);
}

static inline bool insn_calls_subprog(const struct bpf_insn *insn)
{
	return insn_is_call(insn) && insn->src_reg == BPF_PSEUDO_CALL;
}

static inline bool insn_calls_kfunc(const struct bpf_insn *insn)
{
	return insn_is_call(insn) && insn->src_reg == BPF_PSEUDO_KFUNC_CALL;
}

static inline bool insn_is_may_goto(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_JCOND);
}

/* It may continue elsewhere, in the same function. */
static inline bool insn_is_jump(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}

static inline bool insn_refers_to_func(const struct bpf_insn *insn)
{
	return insn_is_ld_imm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC;
}

static inline bool insn_is_atomic(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC;
}

static inline bool insn_is_load_acquire(const struct bpf_insn *insn)
{
	return insn_is_atomic(insn) && insn->imm == BPF_LOAD_ACQ;
}

static inline bool insn_is_store_release(const struct bpf_insn *insn)
{
	return insn_is_atomic(insn) && insn->imm == BPF_STORE_REL;
}

static inline u32 insn_size(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

#endif /* VERIFIER_INSN_KINDS_H */
