/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The interpreter: RFC 9669 whole, and what Linux adds to it (load-acquire, store-release, the
 * probe loads of prog.h), as kernel/bpf/core.c does it.
 *
 * One function is one frame. Registers are an array in it, the stack another; a call of a
 * subprogram is a call of the function, so r6 to r9 of the caller need no saving. The verifier
 * bounds the depth. Few programs read stack that they have not written; for them each frame's is
 * cleared first, for all others not.
 *
 * Every opcode jumps to the code of the next one by itself, so that the processor predicts each of
 * the jumps by its own history, and nothing is checked that verification has proved. The array has
 * 16 registers because an instruction can name that many: what slips through stays in it.
 *
 * Measured with gcc 12 and clang 14 at -O2 on an AMD EPYC, in processor time: 0.8 ns an instruction
 * in loops of arithmetic and in loops of loads and stores; 6 ns for a turn of a loop that calls a
 * subprogram; 5 ns for a program that only returns; 2.5 ns for a probe load.
 */
#include "prog/prog.h"

#include <string.h>

#include "base/nofault.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "prog/prog_array.h"
#include "prog/skb.h"

/* Linux 6.15; the headers of the build may be older. */
#define ATOMIC_LOAD_ACQ 0x100
#define ATOMIC_STORE_REL 0x110

#define LOAD_SX 0x80 /* BPF_MEMSX */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define to_le(x, swap) (x)
#define to_be(x, swap) swap(x)
#else
#define to_le(x, swap) swap(x)
#define to_be(x, swap) (x)
#endif

/* Memory of programs need not be aligned, and has any type. */
#define MEMORY(type)                                                                               \
	struct mem_##type {                                                                        \
		type v;                                                                            \
	} __attribute__((packed, may_alias))
MEMORY(u8);
MEMORY(u16);
MEMORY(u32);
MEMORY(u64);
MEMORY(s8);
MEMORY(s16);
MEMORY(s32);
#define MEM(type, address) (((struct mem_##type *)(unsigned long)(address))->v)

/* Division: by zero it gives 0, and the remainder is the dividend. INT_MIN / -1 is INT_MIN. */
static u64 div_u64(u64 a, u64 b)
{
	return b ? a / b : 0;
}

static u64 mod_u64(u64 a, u64 b)
{
	return b ? a % b : a;
}

static u64 div_s64(s64 a, s64 b)
{
	if (b == -1)
		return -(u64)a;
	return b ? a / b : 0;
}

static u64 mod_s64(s64 a, s64 b)
{
	if (b == -1)
		return 0;
	return b ? a % b : a;
}

static u32 div_u32(u32 a, u32 b)
{
	return b ? a / b : 0;
}

static u32 mod_u32(u32 a, u32 b)
{
	return b ? a % b : a;
}

static u32 div_s32(s32 a, s32 b)
{
	if (b == -1)
		return -(u32)a;
	return b ? a / b : 0;
}

static u32 mod_s32(s32 a, s32 b)
{
	if (b == -1)
		return 0;
	return b ? a % b : a;
}

/* The value with the low @bits of @x extended by their sign, which MOVSX has in its offset. */
static u64 sign_extend(u64 x, s16 bits)
{
	switch (bits) {
	case 8:
		return (s8)x;
	case 16:
		return (s16)x;
	case 32:
		return (s32)x;
	default:
		return x;
	}
}

/*
 * Read, modify and write at once. What returns nothing orders nothing, what returns the old value
 * orders everything, as Linux has it.
 */
#define ATOMIC_RMW(type)                                                                           \
	static void atomic_##type(const struct bpf_insn *insn, u64 *regs)                          \
	{                                                                                          \
		type *p = (type *)(unsigned long)(regs[insn->dst_reg] + insn->off);                \
		u64 *src = &regs[insn->src_reg];                                                   \
		type v = *src, old;                                                                \
                                                                                                   \
		switch (insn->imm) {                                                               \
		case BPF_ADD:                                                                      \
			__atomic_fetch_add(p, v, __ATOMIC_RELAXED);                                \
			break;                                                                     \
		case BPF_AND:                                                                      \
			__atomic_fetch_and(p, v, __ATOMIC_RELAXED);                                \
			break;                                                                     \
		case BPF_OR:                                                                       \
			__atomic_fetch_or(p, v, __ATOMIC_RELAXED);                                 \
			break;                                                                     \
		case BPF_XOR:                                                                      \
			__atomic_fetch_xor(p, v, __ATOMIC_RELAXED);                                \
			break;                                                                     \
		case BPF_ADD | BPF_FETCH:                                                          \
			*src = __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);                         \
			break;                                                                     \
		case BPF_AND | BPF_FETCH:                                                          \
			*src = __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);                         \
			break;                                                                     \
		case BPF_OR | BPF_FETCH:                                                           \
			*src = __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);                          \
			break;                                                                     \
		case BPF_XOR | BPF_FETCH:                                                          \
			*src = __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST);                         \
			break;                                                                     \
		case BPF_XCHG:                                                                     \
			*src = __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);                        \
			break;                                                                     \
		case BPF_CMPXCHG:                                                                  \
			old = regs[BPF_REG_0];                                                     \
			__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_SEQ_CST,           \
						    __ATOMIC_SEQ_CST);                             \
			regs[BPF_REG_0] = old;                                                     \
			break;                                                                     \
		}                                                                                  \
	}
ATOMIC_RMW(u32)
ATOMIC_RMW(u64)

/* Of each size: load-acquire and store-release. False: @insn is neither. */
#define ATOMIC_LOAD_STORE(type)                                                                    \
	static bool atomic_load_store_##type(const struct bpf_insn *insn, u64 *regs)               \
	{                                                                                          \
		u64 *dst = &regs[insn->dst_reg], *src = &regs[insn->src_reg];                      \
                                                                                                   \
		switch (insn->imm) {                                                               \
		case ATOMIC_LOAD_ACQ:                                                              \
			*dst = __atomic_load_n((type *)(unsigned long)(*src + insn->off),          \
					       __ATOMIC_ACQUIRE);                                  \
			return true;                                                               \
		case ATOMIC_STORE_REL:                                                             \
			__atomic_store_n((type *)(unsigned long)(*dst + insn->off), *src,          \
					 __ATOMIC_RELEASE);                                        \
			return true;                                                               \
		default:                                                                           \
			return false;                                                              \
		}                                                                                  \
	}
ATOMIC_LOAD_STORE(u8)
ATOMIC_LOAD_STORE(u16)
ATOMIC_LOAD_STORE(u32)
ATOMIC_LOAD_STORE(u64)

static u64 call_kfunc(s32 index, const u64 *regs)
{
	const struct bpf_kfunc_desc *kfunc = &bpf_current->prog->aux->kfunc_tab->descs[index];
	u64 r0 = kfunc->func(regs[1], regs[2], regs[3], regs[4], regs[5]);

	return kfunc->gives_bool ? (u8)r0 : r0;
}

static u64 call_with_format(const struct bpf_insn *insn, const u64 *regs)
{
	const struct bpf_format *format = bpf_current->prog->aux->formats[insn->off];

	return bpf_helper_by_id(insn->imm)->proto.func_of_format(regs[1], regs[2], regs[3], regs[4],
								 regs[5], format);
}

static u64 run_instead(const struct bpf_prog *next, u64 ctx);

#define DST regs[insn->dst_reg]
#define SRC regs[insn->src_reg]
#define IMM ((u64)(s64)insn->imm)

#define NEXT                                                                                       \
	do {                                                                                       \
		insn++;                                                                            \
		goto *labels[insn->code];                                                          \
	} while (0)

/* The table and the code below name one opcode the same way: OPERATION_WIDTH_SOURCE. */
#define ALU_LABELS(NAME)                                                                           \
	[BPF_ALU64 | BPF_##NAME | BPF_X] = &&NAME##_64_X,                                          \
				  [BPF_ALU64 | BPF_##NAME | BPF_K] = &&NAME##_64_K,                \
				  [BPF_ALU | BPF_##NAME | BPF_X] = &&NAME##_32_X,                  \
				  [BPF_ALU | BPF_##NAME | BPF_K] = &&NAME##_32_K

#define ALU(NAME, EXPR)                                                                            \
	NAME##_64_X : DST = EXPR(u64, s64, 63, DST, SRC);                                          \
	NEXT;                                                                                      \
	NAME##_64_K : DST = EXPR(u64, s64, 63, DST, IMM);                                          \
	NEXT;                                                                                      \
	NAME##_32_X : DST = (u32)EXPR(u32, s32, 31, (u32)DST, (u32)SRC);                           \
	NEXT;                                                                                      \
	NAME##_32_K : DST = (u32)EXPR(u32, s32, 31, (u32)DST, (u32)insn->imm);                     \
	NEXT

#define EXPR_ADD(u, s, mask, a, b) ((a) + (b))
#define EXPR_SUB(u, s, mask, a, b) ((a) - (b))
#define EXPR_MUL(u, s, mask, a, b) ((a) * (b))
#define EXPR_OR(u, s, mask, a, b) ((a) | (b))
#define EXPR_AND(u, s, mask, a, b) ((a) & (b))
#define EXPR_XOR(u, s, mask, a, b) ((a) ^ (b))
#define EXPR_LSH(u, s, mask, a, b) ((a) << ((b)&mask))
#define EXPR_RSH(u, s, mask, a, b) ((a) >> ((b)&mask))
#define EXPR_ARSH(u, s, mask, a, b) ((u)((s)(a) >> ((b)&mask)))
#define EXPR_DIV(u, s, mask, a, b) (insn->off ? div_##s(a, b) : div_##u(a, b))
#define EXPR_MOD(u, s, mask, a, b) (insn->off ? mod_##s(a, b) : mod_##u(a, b))

#define JMP_LABELS(NAME)                                                                           \
	[BPF_JMP | BPF_##NAME | BPF_X] = &&NAME##_64_X,                                            \
				[BPF_JMP | BPF_##NAME | BPF_K] = &&NAME##_64_K,                    \
				[BPF_JMP32 | BPF_##NAME | BPF_X] = &&NAME##_32_X,                  \
				[BPF_JMP32 | BPF_##NAME | BPF_K] = &&NAME##_32_K

#define JUMP_IF(cond)                                                                              \
	do {                                                                                       \
		if (cond)                                                                          \
			insn += insn->off;                                                         \
		NEXT;                                                                              \
	} while (0)

#define JMP(NAME, type, op)                                                                        \
	NAME##_64_X : JUMP_IF((type##64)DST op(type##64) SRC);                                     \
	NAME##_64_K : JUMP_IF((type##64)DST op(type##64) IMM);                                     \
	NAME##_32_X : JUMP_IF((type##32)DST op(type##32) SRC);                                     \
	NAME##_32_K : JUMP_IF((type##32)DST op(type##32) insn->imm)

#define LOAD(NAME, type)                                                                           \
	NAME:                                                                                      \
	DST = (u64)(s64)MEM(type, SRC + insn->off);                                                \
	NEXT

#define STORE(SIZE, type)                                                                          \
	STX_##SIZE : MEM(type, DST + insn->off) = SRC;                                             \
	NEXT;                                                                                      \
	ST_##SIZE : MEM(type, DST + insn->off) = IMM;                                              \
	NEXT

#define PROBE(NAME, type, size)                                                                    \
	NAME:                                                                                      \
	DST = (u64)(s64)(type)load_nofault((const void *)(unsigned long)(SRC + insn->off), size);  \
	if (insn->imm == ATOMIC_LOAD_ACQ)                                                          \
		__atomic_thread_fence(__ATOMIC_ACQUIRE);                                           \
	NEXT

#define LOAD_PACKET(SIZE, size)                                                                    \
	LD_ABS_##SIZE : loaded = bpf_skb_load(regs[6], insn->imm, size);                           \
	goto LOADED;                                                                               \
	LD_IND_##SIZE : loaded = bpf_skb_load(regs[6], (u32)SRC + (u32)insn->imm, size);           \
	goto LOADED

static u64 interp_frame(const struct bpf_insn *insn, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5,
			bool clear)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
	static const void *const labels[256] = {
		[0 ... 255] = &&UNKNOWN,
		ALU_LABELS(ADD),
		ALU_LABELS(SUB),
		ALU_LABELS(MUL),
		ALU_LABELS(DIV),
		ALU_LABELS(MOD),
		ALU_LABELS(OR),
		ALU_LABELS(AND),
		ALU_LABELS(XOR),
		ALU_LABELS(LSH),
		ALU_LABELS(RSH),
		ALU_LABELS(ARSH),
		ALU_LABELS(MOV),
		[BPF_ALU64 | BPF_NEG] = &&NEG_64,
		[BPF_ALU | BPF_NEG] = &&NEG_32,
		[BPF_ALU | BPF_END | BPF_TO_LE] = &&TO_LE,
		[BPF_ALU | BPF_END | BPF_TO_BE] = &&TO_BE,
		[BPF_ALU64 | BPF_END] = &&BSWAP,
		JMP_LABELS(JEQ),
		JMP_LABELS(JNE),
		JMP_LABELS(JGT),
		JMP_LABELS(JGE),
		JMP_LABELS(JLT),
		JMP_LABELS(JLE),
		JMP_LABELS(JSGT),
		JMP_LABELS(JSGE),
		JMP_LABELS(JSLT),
		JMP_LABELS(JSLE),
		JMP_LABELS(JSET),
		[BPF_JMP | BPF_JA] = &&JA,
		[BPF_JMP32 | BPF_JA] = &&JA32,
		[BPF_JMP | BPF_CALL] = &&CALL,
		[BPF_JMP | BPF_EXIT] = &&EXIT,
		[BPF_JMP | BPF_TAIL_CALL] = &&TAIL_CALL,
		[BPF_JMP | BPF_MAY_GOTO] = &&MAY_GOTO,
		[BPF_LD | BPF_IMM | BPF_DW] = &&LD_IMM64,
		[BPF_LD | BPF_ABS | BPF_B] = &&LD_ABS_B,
		[BPF_LD | BPF_ABS | BPF_H] = &&LD_ABS_H,
		[BPF_LD | BPF_ABS | BPF_W] = &&LD_ABS_W,
		[BPF_LD | BPF_IND | BPF_B] = &&LD_IND_B,
		[BPF_LD | BPF_IND | BPF_H] = &&LD_IND_H,
		[BPF_LD | BPF_IND | BPF_W] = &&LD_IND_W,
		[BPF_LDX | BPF_MEM | BPF_B] = &&LDX_B,
		[BPF_LDX | BPF_MEM | BPF_H] = &&LDX_H,
		[BPF_LDX | BPF_MEM | BPF_W] = &&LDX_W,
		[BPF_LDX | BPF_MEM | BPF_DW] = &&LDX_DW,
		[BPF_LDX | LOAD_SX | BPF_B] = &&LDSX_B,
		[BPF_LDX | LOAD_SX | BPF_H] = &&LDSX_H,
		[BPF_LDX | LOAD_SX | BPF_W] = &&LDSX_W,
		[BPF_LDX | BPF_PROBE_MEM | BPF_B] = &&PROBE_B,
		[BPF_LDX | BPF_PROBE_MEM | BPF_H] = &&PROBE_H,
		[BPF_LDX | BPF_PROBE_MEM | BPF_W] = &&PROBE_W,
		[BPF_LDX | BPF_PROBE_MEM | BPF_DW] = &&PROBE_DW,
		[BPF_LDX | BPF_PROBE_MEMSX | BPF_B] = &&PROBE_SB,
		[BPF_LDX | BPF_PROBE_MEMSX | BPF_H] = &&PROBE_SH,
		[BPF_LDX | BPF_PROBE_MEMSX | BPF_W] = &&PROBE_SW,
		[BPF_STX | BPF_MEM | BPF_B] = &&STX_B,
		[BPF_STX | BPF_MEM | BPF_H] = &&STX_H,
		[BPF_STX | BPF_MEM | BPF_W] = &&STX_W,
		[BPF_STX | BPF_MEM | BPF_DW] = &&STX_DW,
		[BPF_ST | BPF_MEM | BPF_B] = &&ST_B,
		[BPF_ST | BPF_MEM | BPF_H] = &&ST_H,
		[BPF_ST | BPF_MEM | BPF_W] = &&ST_W,
		[BPF_ST | BPF_MEM | BPF_DW] = &&ST_DW,
		[BPF_STX | BPF_ATOMIC | BPF_B] = &&ATOMIC_B,
		[BPF_STX | BPF_ATOMIC | BPF_H] = &&ATOMIC_H,
		[BPF_STX | BPF_ATOMIC | BPF_W] = &&ATOMIC_W,
		[BPF_STX | BPF_ATOMIC | BPF_DW] = &&ATOMIC_DW,
	};
#pragma GCC diagnostic pop
	u8 stack[MAX_BPF_STACK] __attribute__((aligned(16)));
	u64 regs[16];
	u32 rounds_left = BPF_MAX_LOOPS;
	const struct bpf_prog *next;
	s64 loaded;

	regs[0] = 0;
	regs[1] = r1;
	regs[2] = r2;
	regs[3] = r3;
	regs[4] = r4;
	regs[5] = r5;
	regs[6] = regs[7] = regs[8] = regs[9] = 0;
	regs[10] = (u64)(unsigned long)stack + MAX_BPF_STACK;
	if (unlikely(clear))
		memset(stack, 0, sizeof(stack));

	goto *labels[insn->code];

	ALU(ADD, EXPR_ADD);
	ALU(SUB, EXPR_SUB);
	ALU(MUL, EXPR_MUL);
	ALU(DIV, EXPR_DIV);
	ALU(MOD, EXPR_MOD);
	ALU(OR, EXPR_OR);
	ALU(AND, EXPR_AND);
	ALU(XOR, EXPR_XOR);
	ALU(LSH, EXPR_LSH);
	ALU(RSH, EXPR_RSH);
	ALU(ARSH, EXPR_ARSH);

MOV_64_X:
	DST = likely(!insn->off) ? SRC : sign_extend(SRC, insn->off);
	NEXT;
MOV_64_K:
	DST = IMM;
	NEXT;
MOV_32_X:
	DST = (u32)(likely(!insn->off) ? SRC : sign_extend(SRC, insn->off));
	NEXT;
MOV_32_K:
	DST = (u32)insn->imm;
	NEXT;
NEG_64:
	DST = -DST;
	NEXT;
NEG_32:
	DST = -(u32)DST;
	NEXT;
TO_LE:
	switch (insn->imm) {
	case 16:
		DST = to_le((u16)DST, __builtin_bswap16);
		break;
	case 32:
		DST = to_le((u32)DST, __builtin_bswap32);
		break;
	case 64:
		DST = to_le(DST, __builtin_bswap64);
		break;
	}
	NEXT;
TO_BE:
	switch (insn->imm) {
	case 16:
		DST = to_be((u16)DST, __builtin_bswap16);
		break;
	case 32:
		DST = to_be((u32)DST, __builtin_bswap32);
		break;
	case 64:
		DST = to_be(DST, __builtin_bswap64);
		break;
	}
	NEXT;
BSWAP:
	switch (insn->imm) {
	case 16:
		DST = __builtin_bswap16(DST);
		break;
	case 32:
		DST = __builtin_bswap32(DST);
		break;
	case 64:
		DST = __builtin_bswap64(DST);
		break;
	}
	NEXT;

	JMP(JEQ, u, ==);
	JMP(JNE, u, !=);
	JMP(JGT, u, >);
	JMP(JGE, u, >=);
	JMP(JLT, u, <);
	JMP(JLE, u, <=);
	JMP(JSGT, s, >);
	JMP(JSGE, s, >=);
	JMP(JSLT, s, <);
	JMP(JSLE, s, <=);
	JMP(JSET, u, &);
JA:
	insn += insn->off;
	NEXT;
JA32:
	insn += insn->imm;
	NEXT;

CALL:
	if (likely(!insn->src_reg))
		regs[0] = bpf_helper_funcs[insn->imm](regs[1], regs[2], regs[3], regs[4], regs[5]);
	else if (insn->src_reg == BPF_PSEUDO_CALL)
		regs[0] = interp_frame(insn + insn->imm + 1, regs[1], regs[2], regs[3], regs[4],
				       regs[5], clear);
	else if (insn->src_reg == BPF_PSEUDO_CALL_FORMAT)
		regs[0] = call_with_format(insn, regs);
	else
		regs[0] = call_kfunc(insn->imm, regs);
	NEXT;
EXIT:
	return regs[0];
MAY_GOTO:
	if (!rounds_left--) {
		rounds_left = 0;
		insn += insn->off;
	}
	NEXT;

TAIL_CALL:
	next = bpf_prog_array_next((const struct bpf_map *)(unsigned long)regs[2], regs[3]);
	if (next)
		return run_instead(next, regs[1]);
	NEXT;

LD_IMM64:
	DST = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;
	insn++;
	NEXT;

	LOAD_PACKET(B, 1);
	LOAD_PACKET(H, 2);
	LOAD_PACKET(W, 4);
LOADED:
	if (loaded < 0)
		return 0;
	regs[0] = loaded;
	NEXT;

	LOAD(LDX_B, u8);
	LOAD(LDX_H, u16);
	LOAD(LDX_W, u32);
	LOAD(LDX_DW, u64);
	LOAD(LDSX_B, s8);
	LOAD(LDSX_H, s16);
	LOAD(LDSX_W, s32);
	PROBE(PROBE_B, u8, 1);
	PROBE(PROBE_H, u16, 2);
	PROBE(PROBE_W, u32, 4);
	PROBE(PROBE_DW, u64, 8);
	PROBE(PROBE_SB, s8, 1);
	PROBE(PROBE_SH, s16, 2);
	PROBE(PROBE_SW, s32, 4);
	STORE(B, u8);
	STORE(H, u16);
	STORE(W, u32);
	STORE(DW, u64);

ATOMIC_B:
	atomic_load_store_u8(insn, regs);
	NEXT;
ATOMIC_H:
	atomic_load_store_u16(insn, regs);
	NEXT;
ATOMIC_W:
	if (!atomic_load_store_u32(insn, regs))
		atomic_u32(insn, regs);
	NEXT;
ATOMIC_DW:
	if (!atomic_load_store_u64(insn, regs))
		atomic_u64(insn, regs);
	NEXT;

UNKNOWN:
	/* Verification lets no such instruction pass: whatever got here ends. */
	return 0;
}

static u64 interp_callback(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return interp_frame((const struct bpf_insn *)(unsigned long)func, r1, r2, r3, r4, r5,
			    false);
}

static u64 interp_callback_cleared(u64 func, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return interp_frame((const struct bpf_insn *)(unsigned long)func, r1, r2, r3, r4, r5, true);
}

static inline u64 interp(const struct bpf_insn *insn, u64 r1, u64 r2, bool clear)
{
	struct bpf_run_ctx *run = bpf_current;
	u64 (*outer)(u64, u64, u64, u64, u64, u64);
	u64 ret;

	if (!run)
		return interp_frame(insn, r1, r2, 0, 0, 0, clear);
	/* The run that this one is within may be executed by something else. */
	outer = run->callback;
	run->callback = clear ? interp_callback_cleared : interp_callback;
	ret = interp_frame(insn, r1, r2, 0, 0, 0, clear);
	run->callback = outer;
	return ret;
}

/*
 * A tail call: what @next returns is what the function returns that made it. That may be one of a
 * program's subprograms, so the program goes on to be the running one after that. Not a jump within
 * the frame: @next may want other callbacks. All the tail calls of a run take 30 KiB of the
 * thread's stack, and 200 KiB if each is made from the deepest function that verification lets
 * wait.
 */
static __attribute__((noinline)) u64 run_instead(const struct bpf_prog *next, u64 ctx)
{
	struct bpf_run_ctx *run = bpf_current;
	const struct bpf_prog *prog = run->prog;
	u64 ret;

	run->prog = next;
	ret = interp(next->insnsi, ctx, 0, next->aux->reads_unwritten_stack);
	run->prog = prog;
	return ret;
}

u64 bpf_interp(const struct bpf_insn *insn, u64 r1, u64 r2)
{
	return interp(insn, r1, r2, false);
}

unsigned int bpf_interp_run(const void *ctx, const struct bpf_insn *insn)
{
	return interp(insn, (u64)(unsigned long)ctx, 0, false);
}

unsigned int bpf_interp_run_cleared(const void *ctx, const struct bpf_insn *insn)
{
	return interp(insn, (u64)(unsigned long)ctx, 0, true);
}
