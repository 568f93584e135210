/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Instruction cases: CASE(name, expected r0, instructions...), and CASE_CALL with a subprogram. The
 * last instruction, exit, is added by whoever runs them; a jump to it goes past the end of the
 * case. A case uses nothing but registers and its stack, so that it runs anywhere.
 */

/* Moves and constants. */
CASE("mov64 imm is sign-extended", (u64)-1, MOV(R0, -1))
CASE("mov32 imm is zero-extended", 0xffffffff, ALU32_K(MOV, R0, -1))
CASE("mov64 reg", 7, MOV(R1, 7), MOVR(R0, R1))
CASE("mov32 reg clears the upper half", 0x9abcdef0, LD64(R1, 0x123456789abcdef0), MOV(R0, -1),
     ALU32_X(MOV, R0, R1))
CASE("ld_imm64", 0x123456789abcdef0, LD64(R0, 0x123456789abcdef0))
CASE("ld_imm64 with both halves negative", 0xffffffff80000000, LD64(R0, 0xffffffff80000000))
CASE("ld_imm64 low half is no sign", 0x00000000ffffffff, LD64(R0, 0xffffffff))
CASE("movsx 8 to 64", (u64)-128, MOV(R1, 0x80), MOVSX64(R0, R1, 8))
CASE("movsx 8 to 64, positive", 0x7f, MOV(R1, 0xf7f), MOVSX64(R0, R1, 8))
CASE("movsx 16 to 64", (u64)-32768, MOV(R1, 0x8000), MOVSX64(R0, R1, 16))
CASE("movsx 32 to 64", (u64)INT32_MIN, LD64(R1, 0x80000000), MOVSX64(R0, R1, 32))
CASE("movsx 32 to 64, positive", 0x7fffffff, LD64(R1, 0xf7fffffff), MOVSX64(R0, R1, 32))
CASE("movsx 8 to 32", 0xffffff80, MOV(R1, 0x80), MOVSX32(R0, R1, 8))
CASE("movsx 16 to 32", 0xffff8000, MOV(R1, 0x8000), MOVSX32(R0, R1, 16))
CASE("movsx 16 to 32, positive", 0x7fff, LD64(R1, 0xffffffffffff7fff), MOVSX32(R0, R1, 16))
CASE("movsx onto itself", (u64)-1, MOV(R0, 0xff), MOVSX64(R0, R0, 8))

/* Addition, subtraction, multiplication, negation. */
CASE("add64 imm wraps", 0, MOV(R0, -1), ALU64_K(ADD, R0, 1))
CASE("add64 imm is sign-extended", 4, MOV(R0, 5), ALU64_K(ADD, R0, -1))
CASE("add64 reg at INT64_MAX", (u64)INT64_MIN, LD64(R0, INT64_MAX), MOV(R1, 1),
     ALU64_X(ADD, R0, R1))
CASE("add32 imm wraps", 0, MOV(R0, -1), ALU32_K(ADD, R0, 1))
CASE("add32 reg at INT32_MAX", 0x80000000, MOV(R0, INT32_MAX), MOV(R1, 1), ALU32_X(ADD, R0, R1))
CASE("add32 clears the upper half", 1, LD64(R0, 0xff00000000), ALU32_K(ADD, R0, 1))
CASE("add of a register to itself", 42, MOV(R0, 21), ALU64_X(ADD, R0, R0))
CASE("sub64 imm", (u64)-1, MOV(R0, 0), ALU64_K(SUB, R0, 1))
CASE("sub64 reg at INT64_MIN", INT64_MAX, LD64(R0, INT64_MIN), MOV(R1, 1), ALU64_X(SUB, R0, R1))
CASE("sub32 imm", 0xffffffff, MOV(R0, 0), ALU32_K(SUB, R0, 1))
CASE("sub32 reg", 0x7fffffff, LD64(R0, 0x180000000), MOV(R1, 1), ALU32_X(SUB, R0, R1))
CASE("mul64 imm, negative", (u64)-21, MOV(R0, 7), ALU64_K(MUL, R0, -3))
CASE("mul64 reg keeps the low half", 0xffffffffull * 0xffffffffull * 0xffffffffull,
     LD64(R0, 0xfffffffe00000001), LD64(R1, 0xffffffff), ALU64_X(MUL, R0, R1))
CASE("mul64 INT64_MIN by -1", (u64)INT64_MIN, LD64(R0, INT64_MIN), ALU64_K(MUL, R0, -1))
CASE("mul32 imm", (u32)-21, MOV(R0, 7), ALU32_K(MUL, R0, -3))
CASE("mul32 reg", 1, MOV(R0, -1), MOV(R1, -1), ALU32_X(MUL, R0, R1))
CASE("neg64", (u64)-5, MOV(R0, 5), INSN(BPF_ALU64 | BPF_NEG, R0, 0, 0, 0))
CASE("neg64 of INT64_MIN", (u64)INT64_MIN, LD64(R0, INT64_MIN),
     INSN(BPF_ALU64 | BPF_NEG, R0, 0, 0, 0))
CASE("neg32", 0xfffffffb, MOV(R0, 5), INSN(BPF_ALU | BPF_NEG, R0, 0, 0, 0))
CASE("neg32 of INT32_MIN", 0x80000000, MOV(R0, INT32_MIN), INSN(BPF_ALU | BPF_NEG, R0, 0, 0, 0))

/* Division. */
CASE("div64 imm", 14, MOV(R0, 100), ALU64_K(DIV, R0, 7))
CASE("div64 imm is sign-extended and unsigned", 1, MOV(R0, -1), ALU64_K(DIV, R0, -2))
CASE("div64 reg", 0x7fffffffffffffff, MOV(R0, -1), MOV(R1, 2), ALU64_X(DIV, R0, R1))
CASE("div64 by zero", 0, MOV(R0, 5), MOV(R1, 0), ALU64_X(DIV, R0, R1))
CASE("div32 imm", 14, LD64(R0, 0xff00000064), ALU32_K(DIV, R0, 7))
CASE("div32 imm is unsigned", 1, MOV(R0, -1), ALU32_K(DIV, R0, -2))
CASE("div32 reg", 0x7fffffff, MOV(R0, -1), MOV(R1, 2), ALU32_X(DIV, R0, R1))
CASE("div32 by zero", 0, MOV(R0, -1), MOV(R1, 0), ALU32_X(DIV, R0, R1))
CASE("div32 by a zero lower half", 0, MOV(R0, 9), LD64(R1, 0x100000000), ALU32_X(DIV, R0, R1))
CASE("sdiv64 imm", (u64)-14, MOV(R0, -100), SALU64_K(DIV, R0, 7))
CASE("sdiv64 imm, negative divisor", 14, MOV(R0, -100), SALU64_K(DIV, R0, -7))
CASE("sdiv64 reg", (u64)-14, MOV(R0, 100), MOV(R1, -7), SALU64_X(DIV, R0, R1))
CASE("sdiv64 INT64_MIN by -1", (u64)INT64_MIN, LD64(R0, INT64_MIN), MOV(R1, -1),
     SALU64_X(DIV, R0, R1))
CASE("sdiv64 imm INT64_MIN by -1", (u64)INT64_MIN, LD64(R0, INT64_MIN), SALU64_K(DIV, R0, -1))
CASE("sdiv64 by zero", 0, MOV(R0, -5), MOV(R1, 0), SALU64_X(DIV, R0, R1))
CASE("sdiv32 imm", (u32)-14, MOV(R0, -100), SALU32_K(DIV, R0, 7))
CASE("sdiv32 reg ignores upper halves", (u32)-14, LD64(R0, 0x12ffffff9c), LD64(R1, 0x500000007),
     SALU32_X(DIV, R0, R1))
CASE("sdiv32 INT32_MIN by -1", 0x80000000, MOV(R0, INT32_MIN), MOV(R1, -1), SALU32_X(DIV, R0, R1))
CASE("sdiv32 imm INT32_MIN by -1", 0x80000000, MOV(R0, INT32_MIN), SALU32_K(DIV, R0, -1))
CASE("sdiv32 by zero", 0, MOV(R0, -5), MOV(R1, 0), SALU32_X(DIV, R0, R1))
CASE("mod64 imm", 2, MOV(R0, 100), ALU64_K(MOD, R0, 7))
CASE("mod64 reg, unsigned", 15, MOV(R0, -1), MOV(R1, 16), ALU64_X(MOD, R0, R1))
CASE("mod64 by zero leaves the dividend", (u64)-9, MOV(R0, -9), MOV(R1, 0), ALU64_X(MOD, R0, R1))
CASE("mod32 imm", 3, LD64(R0, 0xff0000000a), ALU32_K(MOD, R0, 7))
CASE("mod32 reg", 15, MOV(R0, -1), MOV(R1, 16), ALU32_X(MOD, R0, R1))
CASE("mod32 by zero leaves the lower half", 0xfffffff7, MOV(R0, -9), MOV(R1, 0),
     ALU32_X(MOD, R0, R1))
CASE("smod64 imm has the dividend's sign", (u64)-2, MOV(R0, -100), SALU64_K(MOD, R0, 7))
CASE("smod64 imm, negative divisor", 2, MOV(R0, 100), SALU64_K(MOD, R0, -7))
CASE("smod64 reg", (u64)-2, MOV(R0, -100), MOV(R1, -7), SALU64_X(MOD, R0, R1))
CASE("smod64 INT64_MIN by -1", 0, LD64(R0, INT64_MIN), MOV(R1, -1), SALU64_X(MOD, R0, R1))
CASE("smod64 by zero", (u64)-9, MOV(R0, -9), MOV(R1, 0), SALU64_X(MOD, R0, R1))
CASE("smod32 imm", (u32)-2, MOV(R0, -100), SALU32_K(MOD, R0, 7))
CASE("smod32 reg", (u32)-2, MOV(R0, -100), MOV(R1, 7), SALU32_X(MOD, R0, R1))
CASE("smod32 INT32_MIN by -1", 0, MOV(R0, INT32_MIN), MOV(R1, -1), SALU32_X(MOD, R0, R1))
CASE("smod32 by zero", (u32)-9, MOV(R0, -9), MOV(R1, 0), SALU32_X(MOD, R0, R1))

/* Bits and shifts. */
CASE("or64 imm is sign-extended", 0xffffffff80000001, MOV(R0, 1), ALU64_K(OR, R0, INT32_MIN))
CASE("or64 reg", 0xff00ff, MOV(R0, 0xff), MOV(R1, 0xff0000), ALU64_X(OR, R0, R1))
CASE("or32 imm", 0x80000001, LD64(R0, 0x500000001), ALU32_K(OR, R0, INT32_MIN))
CASE("or32 reg", 3, LD64(R0, 0x500000001), MOV(R1, 2), ALU32_X(OR, R0, R1))
CASE("and64 imm is sign-extended", 0xfffffffffffffff0, MOV(R0, -1), ALU64_K(AND, R0, -16))
CASE("and64 reg", 0x0f, MOV(R0, 0xff), MOV(R1, 0xf0f), ALU64_X(AND, R0, R1))
CASE("and32 imm", 0xfffffff0, MOV(R0, -1), ALU32_K(AND, R0, -16))
CASE("and32 reg", 0xffffffff, MOV(R0, -1), MOV(R1, -1), ALU32_X(AND, R0, R1))
CASE("xor64 imm is sign-extended", (u64)~5, MOV(R0, 5), ALU64_K(XOR, R0, -1))
CASE("xor64 reg with itself", 0, MOV(R0, -7), ALU64_X(XOR, R0, R0))
CASE("xor32 imm", 0xfffffffa, MOV(R0, 5), ALU32_K(XOR, R0, -1))
CASE("xor32 reg", 0xf0, LD64(R0, 0xff000000ff), MOV(R1, 0x0f), ALU32_X(XOR, R0, R1))
CASE("lsh64 imm", 1ull << 63, MOV(R0, 1), ALU64_K(LSH, R0, 63))
CASE("lsh64 reg is taken modulo 64", 2, MOV(R0, 1), MOV(R1, 65), ALU64_X(LSH, R0, R1))
CASE("lsh32 imm", 0x80000000, MOV(R0, 1), ALU32_K(LSH, R0, 31))
CASE("lsh32 reg is taken modulo 32", 2, MOV(R0, 1), MOV(R1, 33), ALU32_X(LSH, R0, R1))
CASE("rsh64 imm", 1, MOV(R0, -1), ALU64_K(RSH, R0, 63))
CASE("rsh64 reg is taken modulo 64", 0x7fffffffffffffff, MOV(R0, -1), MOV(R1, -63),
     ALU64_X(RSH, R0, R1))
CASE("rsh32 imm", 1, MOV(R0, -1), ALU32_K(RSH, R0, 31))
CASE("rsh32 reg", 0x7fffffff, MOV(R0, -1), MOV(R1, 33), ALU32_X(RSH, R0, R1))
CASE("arsh64 imm", (u64)-1, LD64(R0, INT64_MIN), ALU64_K(ARSH, R0, 63))
CASE("arsh64 reg", (u64)-2, MOV(R0, -4), MOV(R1, 65), ALU64_X(ARSH, R0, R1))
CASE("arsh32 imm", 0xffffffff, MOV(R0, INT32_MIN), ALU32_K(ARSH, R0, 31))
CASE("arsh32 reg ignores the upper half", 0x20000000, LD64(R0, 0xff40000000), MOV(R1, 33),
     ALU32_X(ARSH, R0, R1))

/* Byte order. */
CASE("le16", 0xdef0, LD64(R0, 0x123456789abcdef0), LE(R0, 16))
CASE("le32", 0x9abcdef0, LD64(R0, 0x123456789abcdef0), LE(R0, 32))
CASE("le64", 0x123456789abcdef0, LD64(R0, 0x123456789abcdef0), LE(R0, 64))
CASE("be16", 0xf0de, LD64(R0, 0x123456789abcdef0), BE(R0, 16))
CASE("be32", 0xf0debc9a, LD64(R0, 0x123456789abcdef0), BE(R0, 32))
CASE("be64", 0xf0debc9a78563412, LD64(R0, 0x123456789abcdef0), BE(R0, 64))
CASE("bswap16", 0xf0de, LD64(R0, 0x123456789abcdef0), SWAP(R0, 16))
CASE("bswap32", 0xf0debc9a, LD64(R0, 0x123456789abcdef0), SWAP(R0, 32))
CASE("bswap64", 0xf0debc9a78563412, LD64(R0, 0x123456789abcdef0), SWAP(R0, 64))

/* Memory. */
CASE("stx and ldx, 8 bytes", 0x8182838485868788, LD64(R1, 0x8182838485868788), STX(DW, R10, -8, R1),
     LDX(DW, R0, R10, -8))
CASE("ldx 4 bytes is zero-extended", 0x85868788, LD64(R1, 0x8182838485868788), STX(DW, R10, -8, R1),
     LDX(W, R0, R10, -8))
CASE("ldx 2 bytes is zero-extended", 0x8586, LD64(R1, 0x8182838485868788), STX(DW, R10, -8, R1),
     LDX(H, R0, R10, -6))
CASE("ldx 1 byte is zero-extended", 0x81, LD64(R1, 0x8182838485868788), STX(DW, R10, -8, R1),
     LDX(B, R0, R10, -1))
CASE("ldsx 4 bytes", 0xffffffff85868788, LD64(R1, 0x8182838485868788), STX(DW, R10, -8, R1),
     LDSX(W, R0, R10, -8))
CASE("ldsx 2 bytes", 0xffffffffffff8586, LD64(R1, 0x8182838485868788), STX(DW, R10, -8, R1),
     LDSX(H, R0, R10, -6))
CASE("ldsx 1 byte", 0xffffffffffffff81, LD64(R1, 0x8182838485868788), STX(DW, R10, -8, R1),
     LDSX(B, R0, R10, -1))
CASE("ldsx 1 byte, positive", 0x7f, ST(DW, R10, -8, 0x17f), LDSX(B, R0, R10, -8))
CASE("stx 4 bytes leaves its neighbours", 0x81828384ffffffff, LD64(R1, 0x8182838485868788),
     STX(DW, R10, -8, R1), MOV(R2, -1), STX(W, R10, -8, R2), LDX(DW, R0, R10, -8))
CASE("stx 2 bytes leaves its neighbours", 0x81828384ffff8788, LD64(R1, 0x8182838485868788),
     STX(DW, R10, -8, R1), MOV(R2, -1), STX(H, R10, -6, R2), LDX(DW, R0, R10, -8))
CASE("stx 1 byte leaves its neighbours", 0xff82838485868788, LD64(R1, 0x8182838485868788),
     STX(DW, R10, -8, R1), MOV(R2, -1), STX(B, R10, -1, R2), LDX(DW, R0, R10, -8))
CASE("st 8 bytes is sign-extended", (u64)-2, ST(DW, R10, -8, -2), LDX(DW, R0, R10, -8))
CASE("st 4 bytes", 0xfffffffe, ST(DW, R10, -8, 0), ST(W, R10, -8, -2), LDX(DW, R0, R10, -8))
CASE("st 2 bytes", 0xfffe0000, ST(DW, R10, -8, 0), ST(H, R10, -6, -2), LDX(DW, R0, R10, -8))
CASE("st 1 byte", 0xfe00000000000000, ST(DW, R10, -8, 0), ST(B, R10, -1, -2), LDX(DW, R0, R10, -8))
CASE("the lowest stack slot", 77, ST(DW, R10, -512, 77), MOVR(R1, R10), ALU64_K(ADD, R1, -512),
     LDX(DW, R0, R1, 0))

/* Atomics. */
#define ATOMIC_CASE(name, size, op, mem, src, want_mem, want_src)                                  \
	CASE(name " leaves in memory", want_mem, LD64(R1, mem), STX(DW, R10, -8, R1),              \
	     LD64(R2, src), ATOMIC(size, op, R10, -8, R2), LDX(DW, R0, R10, -8))                   \
	CASE(name " leaves in the register", want_src, LD64(R1, mem), STX(DW, R10, -8, R1),        \
	     LD64(R2, src), ATOMIC(size, op, R10, -8, R2), MOVR(R0, R2))
ATOMIC_CASE("atomic add64", DW, BPF_ADD, 0xffffffffffffffff, 0x5, 4, 5)
ATOMIC_CASE("atomic add32", W, BPF_ADD, 0x1ffffffff, 0x700000002, 0x100000001, 0x700000002)
ATOMIC_CASE("atomic and64", DW, BPF_AND, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xf000f000f000f000,
	    0xff00ff00ff00ff00)
ATOMIC_CASE("atomic and32", W, BPF_AND, 0xf0f0f0f0f0f0f0f0, 0xff00ff00, 0xf0f0f0f0f000f000,
	    0xff00ff00)
ATOMIC_CASE("atomic or64", DW, BPF_OR, 0xf0f0f0f000000000, 0x0f, 0xf0f0f0f00000000f, 0x0f)
ATOMIC_CASE("atomic or32", W, BPF_OR, 0xf0f0f0f000000000, 0xff0000000f, 0xf0f0f0f00000000f,
	    0xff0000000f)
ATOMIC_CASE("atomic xor64", DW, BPF_XOR, 0xff, 0xf00000000000000f, 0xf0000000000000f0,
	    0xf00000000000000f)
ATOMIC_CASE("atomic xor32", W, BPF_XOR, 0x1000000ff, 0xf00000000000000f, 0x1000000f0,
	    0xf00000000000000f)
ATOMIC_CASE("atomic fetch_add64", DW, BPF_ADD | BPF_FETCH, 10, 5, 15, 10)
ATOMIC_CASE("atomic fetch_add32", W, BPF_ADD | BPF_FETCH, 0x5ffffffff, 0x700000001, 0x500000000,
	    0xffffffff)
ATOMIC_CASE("atomic fetch_and64", DW, BPF_AND | BPF_FETCH, 0xff, 0x3c, 0x3c, 0xff)
ATOMIC_CASE("atomic fetch_and32", W, BPF_AND | BPF_FETCH, 0xf0000000ff, 0x3c, 0xf00000003c, 0xff)
ATOMIC_CASE("atomic fetch_or64", DW, BPF_OR | BPF_FETCH, 0xf0, 0x0f, 0xff, 0xf0)
ATOMIC_CASE("atomic fetch_or32", W, BPF_OR | BPF_FETCH, 0x9000000f0, 0x0f, 0x9000000ff, 0xf0)
ATOMIC_CASE("atomic fetch_xor64", DW, BPF_XOR | BPF_FETCH, 0xff, 0x0f, 0xf0, 0xff)
ATOMIC_CASE("atomic fetch_xor32", W, BPF_XOR | BPF_FETCH, 0x9000000ff, 0x0f, 0x9000000f0, 0xff)
ATOMIC_CASE("atomic xchg64", DW, BPF_XCHG, 0x1122334455667788, 0x99, 0x99, 0x1122334455667788)
ATOMIC_CASE("atomic xchg32", W, BPF_XCHG, 0x1122334455667788, 0xff00000099, 0x1122334400000099,
	    0x55667788)
CASE("atomic cmpxchg64, equal: memory", 9, ST(DW, R10, -8, 5), MOV(R0, 5), MOV(R1, 9),
     ATOMIC(DW, BPF_CMPXCHG, R10, -8, R1), LDX(DW, R0, R10, -8))
CASE("atomic cmpxchg64, equal: r0", 5, ST(DW, R10, -8, 5), MOV(R0, 5), MOV(R1, 9),
     ATOMIC(DW, BPF_CMPXCHG, R10, -8, R1))
CASE("atomic cmpxchg64, unequal: memory", 5, ST(DW, R10, -8, 5), MOV(R0, 6), MOV(R1, 9),
     ATOMIC(DW, BPF_CMPXCHG, R10, -8, R1), LDX(DW, R0, R10, -8))
CASE("atomic cmpxchg64, unequal: r0", 5, ST(DW, R10, -8, 5), MOV(R0, 6), MOV(R1, 9),
     ATOMIC(DW, BPF_CMPXCHG, R10, -8, R1))
CASE("atomic cmpxchg32, equal lower halves: memory", 0x700000009, LD64(R2, 0x700000005),
     STX(DW, R10, -8, R2), LD64(R0, 0x300000005), MOV(R1, 9), ATOMIC(W, BPF_CMPXCHG, R10, -8, R1),
     LDX(DW, R0, R10, -8))
CASE("atomic cmpxchg32, equal: r0 is zero-extended", 5, LD64(R2, 0x700000005), STX(DW, R10, -8, R2),
     LD64(R0, 0x300000005), MOV(R1, 9), ATOMIC(W, BPF_CMPXCHG, R10, -8, R1))
CASE("atomic cmpxchg32, unequal: r0", 0xfffffffb, MOV(R2, -5), STX(DW, R10, -8, R2), MOV(R0, 6),
     MOV(R1, 9), ATOMIC(W, BPF_CMPXCHG, R10, -8, R1))

/* Jumps that do not depend on values: the rest is tried with all pairs of edge values. */
CASE("ja forward", 1, MOV(R0, 1), JMP_K(JNE, R0, 1, 1), JA(1), MOV(R0, 2))
CASE("ja 0", 2, MOV(R0, 1), JA(0), MOV(R0, 2))
CASE("ja backward", 3, MOV(R0, 1), JA(2), MOV(R0, 3), JA(1), JA(-3))
CASE("gotol forward", 1, MOV(R0, 1), JMP_K(JNE, R0, 1, 1), JA32(1), MOV(R0, 2))
CASE("gotol backward", 3, MOV(R0, 1), JA32(2), MOV(R0, 3), JA32(1), JA32(-3))
CASE("a jump over ld_imm64 counts two", 1, MOV(R0, 1), JMP_K(JNE, R0, 1, 1), JA(2), LD64(R0, 2))
CASE("a loop", 5050, MOV(R0, 0), MOV(R1, 100), ALU64_X(ADD, R0, R1), ALU64_K(SUB, R1, 1),
     JMP_K(JNE, R1, 0, -3))

/* Subprograms: the main one, which calls, and the one that is called. */
CASE_CALL("a call has r1 to r5 and returns r0", 12345,
	  BODY(MOV(R1, 1), MOV(R2, 2), MOV(R3, 3), MOV(R4, 4), MOV(R5, 5), CALL_SUB(0)),
	  BODY(MOVR(R0, R1), ALU64_K(MUL, R0, 10), ALU64_X(ADD, R0, R2), ALU64_K(MUL, R0, 10),
	       ALU64_X(ADD, R0, R3), ALU64_K(MUL, R0, 10), ALU64_X(ADD, R0, R4),
	       ALU64_K(MUL, R0, 10), ALU64_X(ADD, R0, R5), EXIT))
CASE_CALL("r6 to r9 outlive a call", 6789,
	  BODY(MOV(R6, 6000), MOV(R7, 700), MOV(R8, 80), MOV(R9, 9), CALL_SUB(0), MOVR(R0, R6),
	       ALU64_X(ADD, R0, R7), ALU64_X(ADD, R0, R8), ALU64_X(ADD, R0, R9)),
	  BODY(MOV(R6, 1), MOV(R7, 1), MOV(R8, 1), MOV(R9, 1), MOV(R0, 1), EXIT))
CASE_CALL("each frame has a stack of its own", 7,
	  BODY(ST(DW, R10, -8, 7), CALL_SUB(0), LDX(DW, R0, R10, -8)),
	  BODY(ST(DW, R10, -8, 9), MOV(R0, 0), EXIT))
CASE_CALL("a callee writes to its caller's stack", 9,
	  BODY(ST(DW, R10, -8, 7), MOVR(R1, R10), ALU64_K(ADD, R1, -8), CALL_SUB(0),
	       LDX(DW, R0, R10, -8)),
	  BODY(ST(DW, R1, 0, 9), MOV(R0, 0), EXIT))
CASE_CALL("two calls of one subprogram", 42,
	  BODY(MOV(R1, 10), CALL_SUB(0), MOVR(R1, R0), CALL_SUB(0)),
	  BODY(MOVR(R0, R1), ALU64_K(ADD, R0, 16), EXIT))
