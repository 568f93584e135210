/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instructions of x86-64 as bytes (Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 2): prefixes, REX, opcode, ModRM, displacement, immediate.
 */
#ifndef JIT_X86_64_INSN_H
#define JIT_X86_64_INSN_H

#include "jit/jit.h"

enum x86_reg {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
};

/* Conditions, as jumps have them. */
enum x86_cc {
	CC_B = 0x2,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_NS = 0x9,
	CC_L = 0xc,
	CC_GE,
	CC_LE,
	CC_G,
};

/* Opcodes: one byte, or two of which the first is 0f. */
enum x86_op {
	OP_ADD = 0x01, /* of a register to a register or memory; | OP_FROM: the other way */
	OP_OR = 0x09,
	OP_AND = 0x21,
	OP_SUB = 0x29,
	OP_XOR = 0x31,
	OP_CMP = 0x39,
	OP_TEST = 0x85,
	OP_XCHG = 0x87,
	OP_STORE_B = 0x88,
	OP_STORE = 0x89,
	OP_LOAD = 0x8b,
	OP_LEA = 0x8d,
	OP_MOVSXD = 0x63,
	OP_IMUL_K = 0x69,
	OP_IMUL_K8 = 0x6b,
	OP_IMUL = 0x0faf,
	OP_CMPXCHG = 0x0fb1,
	OP_MOVZX_B = 0x0fb6,
	OP_MOVZX_H = 0x0fb7,
	OP_MOVSX_B = 0x0fbe,
	OP_MOVSX_H = 0x0fbf,
	OP_XADD = 0x0fc1,
	OP_FROM = 0x02,
	/* With a number in the place of a register. */
	OP_SHIFT_K = 0xc1,
	OP_SHIFT_CL = 0xd3,
	OP_UNARY = 0xf7,
	OP_STORE_B_K = 0xc6,
	OP_STORE_K = 0xc7,
	OP_ALU_K8 = 0x83,
	OP_ALU_K = 0x81,
	OP_CALL_X = 0xff,
};

/* What stands in the place of a register there. */
enum { K_ADD, K_OR, K_SBB = 3, K_AND, K_SUB, K_XOR, K_CMP }; /* OP_ALU_K */
enum { U_TEST, U_NEG = 3, U_MUL, U_IMUL, U_DIV, U_IDIV };    /* OP_UNARY */
enum { S_ROL, S_ROR, S_SHL = 4, S_SHR, S_SAR = 7 };	     /* OP_SHIFT */

/* Shifts of BMI2: by any register, and without flags. The value is the prefix's. */
enum x86_shift { SHLX = 1, SARX, SHRX };
bool x86_has_bmi2(void);

#define X86_LOCK 0xf0
#define X86_16BIT 0x66
#define X86_FS 0x64

static inline bool fits_s8(s64 v)
{
	return v == (s8)v;
}

static inline bool fits_s32(s64 v)
{
	return v == (s32)v;
}

/* The begin of an instruction, put together before it is written. */
struct x86_bytes {
	u64 value;
	u32 nr;
};

static inline void x86_add(struct x86_bytes *bytes, u8 byte)
{
	bytes->value |= (u64)byte << 8 * bytes->nr++;
}

/* @byte: the operand in a register is one byte, which without REX would be ah, ch, dh or bh. */
static inline struct x86_bytes x86_begin(u8 rex, u32 op, bool byte)
{
	struct x86_bytes bytes = {0};

	if (rex != 0x40 || byte)
		x86_add(&bytes, rex);
	if (op > 0xff)
		x86_add(&bytes, op >> 8);
	x86_add(&bytes, op);
	return bytes;
}

static inline void x86_opcode(struct jit *jit, bool wide, u32 op, u8 reg, u8 rm)
{
	struct x86_bytes bytes = x86_begin(0x40 | wide << 3 | (reg >> 3) << 2 | rm >> 3, op, false);

	jit_bytes(jit, bytes.value, bytes.nr);
}

/* Of two registers. @wide: 64 bits, else 32, which clears the upper ones. */
static inline void x86_rr(struct jit *jit, bool wide, u32 op, u8 reg, u8 rm)
{
	const bool byte = (op == OP_MOVZX_B || op == OP_MOVSX_B) && rm >= RSP;
	struct x86_bytes bytes = x86_begin(0x40 | wide << 3 | (reg >> 3) << 2 | rm >> 3, op, byte);

	x86_add(&bytes, 0xc0 | (reg & 7) << 3 | (rm & 7));
	jit_bytes(jit, bytes.value, bytes.nr);
}

/* Memory at base + index * 2^scale + off. The stack pointer is no index: there is none then. */
struct x86_mem {
	u8 base, index, scale;
	s32 off;
};

static inline struct x86_mem x86_at(u8 base, s32 off)
{
	return (struct x86_mem){.base = base, .index = RSP, .off = off};
}

/* Of a register and memory. */
static inline void x86_rmx(struct jit *jit, bool wide, u32 op, u8 reg, struct x86_mem mem)
{
	const u8 mod = !mem.off && (mem.base & 7) != RBP ? 0x00 : fits_s8(mem.off) ? 0x40 : 0x80;
	struct x86_bytes bytes = x86_begin(0x40 | wide << 3 | (reg >> 3) << 2 |
						   (mem.index >> 3) << 1 | mem.base >> 3,
					   op, op == OP_STORE_B && reg >= RSP);

	if (mem.index == RSP && (mem.base & 7) != RSP) {
		x86_add(&bytes, mod | (reg & 7) << 3 | (mem.base & 7));
	} else {
		x86_add(&bytes, mod | (reg & 7) << 3 | 4);
		x86_add(&bytes, mem.scale << 6 | (mem.index & 7) << 3 | (mem.base & 7));
	}
	jit_bytes(jit, bytes.value, bytes.nr);
	if (mod)
		jit_bytes(jit, mem.off, mod == 0x40 ? 1 : 4);
}

static inline void x86_rm(struct jit *jit, bool wide, u32 op, u8 reg, u8 base, s32 off)
{
	x86_rmx(jit, wide, op, reg, x86_at(base, off));
}

/* One of OP_ALU_K. */
static inline void x86_alu_k(struct jit *jit, bool wide, u8 which, u8 reg, s32 imm)
{
	x86_rr(jit, wide, fits_s8(imm) ? OP_ALU_K8 : OP_ALU_K, which, reg);
	jit_bytes(jit, imm, fits_s8(imm) ? 1 : 4);
}

static inline void x86_shift_k(struct jit *jit, bool wide, u8 which, u8 reg, u8 bits)
{
	x86_rr(jit, wide, OP_SHIFT_K, which, reg);
	jit_byte(jit, bits);
}

/* @from by as many bits as @bits has, to @to. VEX: what registers need of REX is inverted in it. */
static inline void x86_shift_x(struct jit *jit, bool wide, enum x86_shift which, u8 to, u8 from,
			       u8 bits)
{
	struct x86_bytes bytes = {0xc4, 1};

	x86_add(&bytes, !(to >> 3) << 7 | 0x40 | !(from >> 3) << 5 | 2);
	x86_add(&bytes, wide << 7 | (~bits & 15) << 3 | which);
	x86_add(&bytes, 0xf7);
	x86_add(&bytes, 0xc0 | (to & 7) << 3 | (from & 7));
	jit_bytes(jit, bytes.value, bytes.nr);
}

/* rorx: @from to the right by @bits, what falls out comes in again, to @to. */
static inline void x86_rotate_x(struct jit *jit, bool wide, u8 to, u8 from, u8 bits)
{
	struct x86_bytes bytes = {0xc4, 1};

	x86_add(&bytes, !(to >> 3) << 7 | 0x40 | !(from >> 3) << 5 | 3);
	x86_add(&bytes, wide << 7 | 0x78 | 3);
	x86_add(&bytes, 0xf0);
	x86_add(&bytes, 0xc0 | (to & 7) << 3 | (from & 7));
	x86_add(&bytes, bits);
	jit_bytes(jit, bytes.value, bytes.nr);
}

static inline void x86_mov(struct jit *jit, u8 to, u8 from)
{
	if (to != from)
		x86_rr(jit, true, OP_STORE, from, to);
}

/* The shortest way to have @value in @reg. */
static inline void x86_mov_k(struct jit *jit, u8 reg, u64 value)
{
	if (!value) {
		x86_rr(jit, false, OP_XOR, reg, reg);
	} else if (value == (u32)value) {
		x86_opcode(jit, false, 0xb8 + (reg & 7), 0, reg);
		jit_bytes(jit, value, 4);
	} else if (fits_s32(value)) {
		x86_rr(jit, true, OP_STORE_K, 0, reg);
		jit_bytes(jit, value, 4);
	} else {
		x86_opcode(jit, true, 0xb8 + (reg & 7), 0, reg);
		jit_bytes(jit, value, 8);
	}
}

static inline void x86_push(struct jit *jit, u8 reg)
{
	x86_opcode(jit, false, 0x50 + (reg & 7), 0, reg);
}

static inline void x86_pop(struct jit *jit, u8 reg)
{
	x86_opcode(jit, false, 0x58 + (reg & 7), 0, reg);
}

/* A jump within the code of one instruction: x86_here() with what it returns is where it leads. */
static inline u32 x86_jcc(struct jit *jit, enum x86_cc cc)
{
	jit_byte(jit, 0x70 | cc);
	jit_byte(jit, 0);
	return jit->pos;
}

static inline u32 x86_jmp(struct jit *jit)
{
	jit_byte(jit, 0xeb);
	jit_byte(jit, 0);
	return jit->pos;
}

static inline void x86_here(struct jit *jit, u32 from)
{
	if (jit->out)
		jit->out[from - 1] = jit->pos - from;
}

static inline void x86_jcc_back(struct jit *jit, enum x86_cc cc, u32 to)
{
	jit_byte(jit, 0x70 | cc);
	jit_byte(jit, to - (jit->pos + 1));
}

/* One of OP_ALU_K, on the 32 bits of memory at @base + @off. */
static inline void x86_alu_mk(struct jit *jit, u8 which, u8 base, s32 off, s8 imm)
{
	x86_rm(jit, false, OP_ALU_K8, which, base, off);
	jit_byte(jit, imm);
}

/* Call code outside of the program. Changes rax where it is far away. */
static inline void x86_call(struct jit *jit, const void *to)
{
	s64 distance = (unsigned long)to - ((unsigned long)jit->home + jit->pos + 5);

	if (jit->out && fits_s32(distance)) {
		jit_byte(jit, 0xe8);
		jit_bytes(jit, distance, 4);
		return;
	}
	/* As long as it can be, until it is known where the code lies. */
	x86_opcode(jit, true, 0xb8 + RAX, 0, RAX);
	jit_bytes(jit, (unsigned long)to, 8);
	x86_rr(jit, false, OP_CALL_X, 2, RAX);
}

#endif /* JIT_X86_64_INSN_H */
