/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a round of a callback or of may_goto leaves, and only a later one asks for. One way through
 * a round leaves it as it was, and ends at what was there before the round: so early that nobody
 * has asked yet. The other way sets a number; where the two meet, the first must not be taken for
 * the second.
 */
#include "cases.h"

/* 4 instructions each: write at fp + base + r, or nothing. */
#define WRITE_AT(r, base) MOVX(R1, R10), OPX(ADD, R1, r), ST(B, R1, base, 0), MOV(R0, 0)
#define NOTHING MOV(R0, 0), MOV(R0, 0), MOV(R0, 0), MOV(R0, 0)
/* Where ways meet, a state is kept. */
#define MEET MOV(R9, 0), MOV(R9, 0), MOV(R9, 0), MOV(R9, 0)

/* bpf_loop over the function behind it, which gets fp - 24: three numbers, that are 0. */
#define ROUNDS(after, ...)                                                                         \
	{                                                                                          \
		ST(DW, R10, -24, 0), ST(DW, R10, -16, 0), ST(DW, R10, -8, 0), MOV(R1, 10),         \
			LD_FUNC(R2, 12), MOVX(R3, R10), OP(ADD, R3, -24), MOV(R4, 0), CALL(loop),  \
			LDX(DW, R7, R10, -24), after, MOV(R0, 0), EXIT, __VA_ARGS__, RETURN(0)     \
	}
#define FUNCS                                                                                      \
	{                                                                                          \
		{                                                                                  \
			17, STATIC                                                                 \
		}                                                                                  \
	}
#define BEGIN MOVX(R6, R2), MOVX(R8, R1), LDX(DW, R7, R6, 0)
/* In one round of ten it becomes @number. */
#define SET(number) IF(JEQ, R8, 3, 1), JA(1), MOV(R7, number), MEET
#define END STX(DW, R6, 0, R7)

/* The third number, which is in 0 to 39 or not: 4 instructions, too. */
#define WRITE_AT_THIRD LDX(DW, R7, R10, -8), MOVX(R1, R10), OPX(ADD, R1, R7), ST(B, R1, -40, 0)

#define IN_NEXT(number) ROUNDS(NOTHING, BEGIN, WRITE_AT(R7, -4), SET(number), END)
#define BEHIND(number) ROUNDS(WRITE_AT(R7, -40), BEGIN, NOTHING, SET(number), END)
/* The second number is what the first was a round before, the third what the second was. */
#define LATER(number)                                                                              \
	ROUNDS(NOTHING, BEGIN, LDX(DW, R9, R6, 16), WRITE_AT(R9, -4), LDX(DW, R9, R6, 8),          \
	       STX(DW, R6, 16, R9), STX(DW, R6, 8, R7), SET(number), END)
#define LATER_BEHIND(number)                                                                       \
	ROUNDS(WRITE_AT_THIRD, BEGIN, LDX(DW, R9, R6, 8), STX(DW, R6, 16, R9), STX(DW, R6, 8, R7), \
	       SET(number), END)
/* If it is 7, a register is read that was not set. */
#define DECIDES(number) ROUNDS(NOTHING, BEGIN, IF(JNE, R7, 7, 1), MOVX(R0, R9), SET(number), END)
#define GOTO_ROUNDS(use, number)                                                                   \
	{                                                                                          \
		MOVX(R6, R1), MOV(R7, 0), MOV(R5, 0), MAY_GOTO(14), use, LDX(DW, R8, R6, 8),       \
			MOVX(R5, R7), SET(number), JA(-15), RETURN(0)                              \
	}

#define TOO_EARLY "Linux ends the rounds before the number has come so far"

static const struct verifier_case cases[] = {
	{"set in a callback, used in the next round", IN_NEXT(3), SYSCALL, 0, 0, NULL, FUNCS},
	{"too large, used in the next round", IN_NEXT(4), SYSCALL, -EACCES, 0, NULL, FUNCS},
	{"set in a callback, used behind the loop", BEHIND(39), SYSCALL, 0, 0, NULL, FUNCS},
	{"too large, used behind the loop", BEHIND(40), SYSCALL, -EACCES, 0, NULL, FUNCS},
	{"set in a callback, and nobody minds", ROUNDS(NOTHING, BEGIN, NOTHING, SET(1000), END),
	 SYSCALL, 0, 0, NULL, FUNCS},
	{"used three rounds later", LATER(3), SYSCALL, 0, 0, NULL, FUNCS},
	{"too large, used three rounds later", LATER(4), SYSCALL, -EACCES, KERNEL_HARMFUL,
	 TOO_EARLY, FUNCS},
	{"used behind the loop, three rounds later", LATER_BEHIND(39), SYSCALL, 0, 0, NULL, FUNCS},
	{"too large, used behind, three rounds later", LATER_BEHIND(40), SYSCALL, -EACCES,
	 KERNEL_HARMFUL, TOO_EARLY, FUNCS},
	{"decides in the next round", DECIDES(6), SYSCALL, 0, 0, NULL, FUNCS},
	{"and wrongly", DECIDES(7), SYSCALL, -EACCES, 0, NULL, FUNCS},
	{"set before may_goto, used in the next round", GOTO_ROUNDS(WRITE_AT(R7, -4), 3)},
	{"too large, used after may_goto", GOTO_ROUNDS(WRITE_AT(R7, -4), 4), SYSCALL, -EACCES},
	{"set before may_goto, used two rounds later", GOTO_ROUNDS(WRITE_AT(R5, -4), 3)},
	{"too large, used two rounds after may_goto", GOTO_ROUNDS(WRITE_AT(R5, -4), 4), SYSCALL,
	 -EACCES},
	{"set before may_goto, and nobody minds", GOTO_ROUNDS(NOTHING, 1000)},
};

const struct case_table rounds_cases = {"rounds", cases, sizeof(cases) / sizeof(cases[0])};
