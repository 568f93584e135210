/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Instructions to write programs of tests with: OPERATION_SOURCE(what RFC 9669 calls its fields).
 */
#ifndef TESTS_PROG_INSN_H
#define TESTS_PROG_INSN_H

#include <linux/bpf.h>

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define R3 BPF_REG_3
#define R4 BPF_REG_4
#define R5 BPF_REG_5
#define R6 BPF_REG_6
#define R7 BPF_REG_7
#define R8 BPF_REG_8
#define R9 BPF_REG_9
#define R10 BPF_REG_10

#define MODE_MEMSX 0x80

#define INSN(c, d, s, o, i)                                                                        \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

#define ALU64_K(op, d, i) INSN(BPF_ALU64 | BPF_##op | BPF_K, d, 0, 0, i)
#define ALU64_X(op, d, s) INSN(BPF_ALU64 | BPF_##op | BPF_X, d, s, 0, 0)
#define ALU32_K(op, d, i) INSN(BPF_ALU | BPF_##op | BPF_K, d, 0, 0, i)
#define ALU32_X(op, d, s) INSN(BPF_ALU | BPF_##op | BPF_X, d, s, 0, 0)
/* Signed DIV and MOD: offset 1. */
#define SALU64_K(op, d, i) INSN(BPF_ALU64 | BPF_##op | BPF_K, d, 0, 1, i)
#define SALU64_X(op, d, s) INSN(BPF_ALU64 | BPF_##op | BPF_X, d, s, 1, 0)
#define SALU32_K(op, d, i) INSN(BPF_ALU | BPF_##op | BPF_K, d, 0, 1, i)
#define SALU32_X(op, d, s) INSN(BPF_ALU | BPF_##op | BPF_X, d, s, 1, 0)
#define MOV(d, i) ALU64_K(MOV, d, i)
#define MOVR(d, s) ALU64_X(MOV, d, s)
#define MOVSX64(d, s, bits) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, bits, 0)
#define MOVSX32(d, s, bits) INSN(BPF_ALU | BPF_MOV | BPF_X, d, s, bits, 0)
#define LE(d, bits) INSN(BPF_ALU | BPF_END | BPF_TO_LE, d, 0, 0, bits)
#define BE(d, bits) INSN(BPF_ALU | BPF_END | BPF_TO_BE, d, 0, 0, bits)
#define SWAP(d, bits) INSN(BPF_ALU64 | BPF_END, d, 0, 0, bits)
/* Two instructions. */
#define LD64_SRC(d, src, lo, hi)                                                                   \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, src, 0, (__s32)(lo)), INSN(0, 0, 0, 0, (__s32)(hi))
#define LD64(d, v) LD64_SRC(d, 0, (__u32)(v), (__u64)(v) >> 32)
#define LDX(size, d, s, o) INSN(BPF_LDX | BPF_MEM | BPF_##size, d, s, o, 0)
#define LDSX(size, d, s, o) INSN(BPF_LDX | MODE_MEMSX | BPF_##size, d, s, o, 0)
#define STX(size, d, o, s) INSN(BPF_STX | BPF_MEM | BPF_##size, d, s, o, 0)
#define ST(size, d, o, i) INSN(BPF_ST | BPF_MEM | BPF_##size, d, 0, o, i)
#define ATOMIC(size, op, d, o, s) INSN(BPF_STX | BPF_ATOMIC | BPF_##size, d, s, o, op)
#define JMP_K(op, d, i, o) INSN(BPF_JMP | BPF_##op | BPF_K, d, 0, o, i)
#define JMP_X(op, d, s, o) INSN(BPF_JMP | BPF_##op | BPF_X, d, s, o, 0)
#define JMP32_K(op, d, i, o) INSN(BPF_JMP32 | BPF_##op | BPF_K, d, 0, o, i)
#define JMP32_X(op, d, s, o) INSN(BPF_JMP32 | BPF_##op | BPF_X, d, s, o, 0)
#define JA(o) INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define JA32(i) INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, i)
#define CALL(id) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define CALL_SUB(o) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, o)
#define CALL_KFUNC(i) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, i)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#endif /* TESTS_PROG_INSN_H */
