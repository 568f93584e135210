/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions by name, and code that grows by pieces: the tests of FACTS.md state exactly what is
 * loaded, without a compiler in between. Registers are 0 to 10; sizes are B, H, W and DW.
 */
#ifndef FACTS_INSN_H
#define FACTS_INSN_H

#include <assert.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>

#define INSN(c, d, s, o, i)                                                                        \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

#define MOV64_IMM(dst, imm) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define MOV64_REG(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ALU64_IMM(op, dst, imm) INSN(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, imm)
#define ALU64_REG(op, dst, src) INSN(BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0)
#define LDX_MEM(size, dst, src, off) INSN(BPF_LDX | BPF_MEM | BPF_##size, dst, src, off, 0)
#define STX_MEM(size, dst, src, off) INSN(BPF_STX | BPF_MEM | BPF_##size, dst, src, off, 0)
#define ST_MEM(size, dst, off, imm) INSN(BPF_ST | BPF_MEM | BPF_##size, dst, 0, off, imm)
#define JMP_IMM(op, dst, imm, off) INSN(BPF_JMP | (op) | BPF_K, dst, 0, off, imm)
#define JMP_REG(op, dst, src, off) INSN(BPF_JMP | (op) | BPF_X, dst, src, off, 0)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define CALL_KFUNC(id) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, id)
#define CALL_SUBPROG(off) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, off)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* Two slots each. */
#define LD_IMM64(dst, src, low, high)                                                              \
	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, src, 0, low), INSN(0, 0, 0, 0, high)
#define LD_MAP_FD(dst, fd) LD_IMM64(dst, BPF_PSEUDO_MAP_FD, fd, 0)
#define LD_MAP_VALUE(dst, fd, off) LD_IMM64(dst, BPF_PSEUDO_MAP_VALUE, fd, off)

struct code {
	struct bpf_insn insn[128];
	unsigned int n;
};

static inline void code_add(struct code *code, const struct bpf_insn *insn, unsigned int n)
{
	assert(code->n + n <= sizeof(code->insn) / sizeof(code->insn[0]));
	memcpy(code->insn + code->n, insn, n * sizeof(*insn));
	code->n += n;
}

#define EMIT(code, ...)                                                                            \
	code_add(code, (const struct bpf_insn[]){__VA_ARGS__},                                     \
		 sizeof((const struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn))

/* A whole program in one expression. */
#define CODE(...)                                                                                  \
	(&(struct code){                                                                           \
		.insn = {__VA_ARGS__},                                                             \
		.n = sizeof((const struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn),     \
	})

#endif /* FACTS_INSN_H */
