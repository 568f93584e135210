/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The shapes: what verifiers find easy (straight on), what they meet every day (branches that join,
 * loops, callbacks, values of maps, calls), and what is dear to them (a stack that is full, numbers
 * of which each path has another one and the end needs to know which).
 *
 * r6 is the context throughout, which has an unknown number at each offset.
 */
#include <string.h>

#include "shapes.h"
#include "verifier/insn.h"

#define EMIT(p, ...)                                                                               \
	do {                                                                                       \
		const struct bpf_insn new_[] = {__VA_ARGS__};                                      \
                                                                                                   \
		memcpy((p)->insns + (p)->nr, new_, sizeof(new_));                                  \
		(p)->nr += sizeof(new_) / sizeof(new_[0]);                                         \
	} while (0)

static void begin_func(struct shaped *p)
{
	p->funcs[p->nr_funcs++] = p->nr;
}

static void straight(struct shaped *p, unsigned int verified, int map)
{
	EMIT(p, LDX(DW, R0, R1, 0), LDX(DW, R2, R1, 8), MOV(R3, 7));
	while (p->nr + 10 < verified)
		EMIT(p, OPX(ADD, R0, R2), OP(AND, R0, 0xffff), OP(LSH, R0, 3), OPX(XOR, R2, R0),
		     OPXW(SUB, R2, R3), OP(RSH, R2, 1), MOVX(R4, R2), OPX(OR, R4, R0));
	EMIT(p, RETURN(0));
}

/*
 * Paths that differ in a number that will be asked for, so that each walks the rest by itself: one
 * path leaves few branches to follow later, of which verifiers bear no more than 8192. Returns what
 * each path may take.
 */
#define MOST_OF_A_PATH 10000

static unsigned int part(struct shaped *p, unsigned int verified)
{
	unsigned int bits = 0;

	while (verified >> bits > MOST_OF_A_PATH)
		bits++;
	/* The estimates below are not exact, and the walk has a limit. */
	if (bits)
		verified = verified / 10 * 8;
	EMIT(p, MOVX(R6, R1), MOV(R9, 0));
	for (unsigned int i = 0; i < bits; i++)
		EMIT(p, LDX(DW, R0, R6, 8), IF(JEQ, R0, (int)i, 1), OP(OR, R9, 1 << i));
	return verified >> bits;
}

static void join(struct shaped *p)
{
	EMIT(p, IF(JEQ, R9, 1 << 30, 0), RETURN(0));
}

/* Both ways join at once, and what they did differently does not matter. */
static void branches(struct shaped *p, unsigned int verified, int map)
{
	unsigned int each = part(p, verified) / 2, i;

	EMIT(p, MOV(R7, 0));
	for (i = 0; p->nr + 10 < each; i++)
		EMIT(p, LDX(DW, R0, R6, 8), IF(JEQ, R0, (int)i, 2), OP(ADD, R7, 1), JA(1),
		     OP(ADD, R7, 2), OP(AND, R0, 15), IF(JGT, R0, 3, 1), OPX(ADD, R7, R0));
	join(p);
}

static void loop(struct shaped *p, unsigned int verified, int map)
{
	const int round = 12;

	EMIT(p, MOVX(R6, R1), MOV(R7, 0), MOV(R8, 0));
	EMIT(p, OP(ADD, R8, 1), LDX(DW, R0, R6, 8), OP(AND, R0, 15), OPX(ADD, R7, R0), MOVX(R1, R8),
	     OP(LSH, R1, 2), OPX(XOR, R7, R1), OP(AND, R7, 0xff), MOVX(R2, R7), OP(ADD, R2, 3),
	     OPX(ADD, R0, R2), IF(JLT, R8, (int)verified / round, -12));
	EMIT(p, RETURN(0));
}

/* A loop with branches in it. */
static void branchy_loop(struct shaped *p, unsigned int verified, int map)
{
	const unsigned int round = 28, each = part(p, verified);

	EMIT(p, MOV(R7, 0), MOV(R8, 0));
	EMIT(p, OP(ADD, R8, 1), LDX(DW, R0, R6, 8), IF(JEQ, R0, 5, 1), OP(ADD, R7, 1),
	     LDX(DW, R0, R6, 16), IF(JEQ, R0, 5, 1), OP(ADD, R7, 1), OP(AND, R0, 15),
	     OPX(ADD, R7, R0), IF(JLT, R8, (int)(each / round), -10));
	join(p);
}

/* The callback of bpf_loop is walked until nothing changes from one round to the next. */
static void callback(struct shaped *p, unsigned int verified, int map)
{
	unsigned int each = part(p, verified) * 4 / 7, call;

	EMIT(p, ST(DW, R10, -8, 0), MOV(R1, 100));
	call = p->nr;
	EMIT(p, LD_FUNC(R2, 0), MOVX(R3, R10), OP(ADD, R3, -8), MOV(R4, 0), CALL(loop));
	join(p);
	p->insns[call].imm = (int)(p->nr - call - 1);
	each += p->nr;
	begin_func(p);
	EMIT(p, MOVX(R6, R2), LDX(DW, R7, R6, 0));
	while (p->nr + 12 < each)
		EMIT(p, OP(ADD, R7, 1), IF(JLT, R7, 1000, 1), MOV(R7, 5), OPX(XOR, R7, R1),
		     OP(AND, R7, 0xff), MOVX(R2, R7), OP(LSH, R2, 1));
	EMIT(p, STX(DW, R6, 0, R7), RETURN(0));
}

/* All of the stack in use, spilled pointers and numbers, at every branch. */
static void stack(struct shaped *p, unsigned int verified, int map)
{
	unsigned int each = part(p, verified) / 5 + 140;
	int i = 0, off;

	for (off = -8; off >= -512; off -= 8)
		EMIT(p, LDX(DW, R0, R6, 0), STX(DW, R10, off, R0));
	while (p->nr < each) {
		off = -8 - i % 60 * 8;
		EMIT(p, LDX(DW, R1, R10, off), IF(JGT, R1, i, 2), OP(ADD, R1, 1), JA(1),
		     OP(ADD, R1, 2), STX(DW, R10, off, R1), STX(DW, R10, -512, R6),
		     LDX(DW, R2, R10, -512), LDX(W, R0, R2, 0), STX(DW, R10, off - 8, R0));
		i++;
	}
	for (off = -8; off >= -504; off -= 8)
		EMIT(p, LDX(DW, R0, R10, off));
	join(p);
}

static void lookups(struct shaped *p, unsigned int verified, int map)
{
	unsigned int each = part(p, verified);
	int i = 0;

	while (p->nr + 25 < each)
		EMIT(p, ST(W, R10, -4, i++ % 4), LD_MAP(R1, map), MOVX(R2, R10), OP(ADD, R2, -4),
		     CALL(map_lookup_elem), IF(JEQ, R0, 0, 6), LDX(W, R1, R0, 0),
		     IF(JGT, R1, 40, 4), OPX(ADD, R0, R1), LDX(DW, R2, R0, 8), OP(ADD, R2, 1),
		     STX(B, R0, 8, R2));
	join(p);
}

/* Eight frames; each function calls the next one some times. */
static void calls(struct shaped *p, unsigned int verified, int map)
{
	const unsigned int nr_frames = 8, own = 6;
	unsigned int times = 1, total, level, i, at[8], pow;

	/* The deepest one is walked times^7 times. */
	do {
		times++;
		for (total = 0, pow = 1, level = 0; level < nr_frames; level++) {
			total += pow * (own + 2 * times);
			pow *= times;
		}
	} while (total < verified && times < 5);
	for (level = 0; level < nr_frames; level++) {
		unsigned int pad = level == nr_frames - 1 && total < verified
					   ? (verified - total) / (pow / times)
					   : 0;

		at[level] = p->nr;
		if (level)
			begin_func(p);
		EMIT(p, MOVX(R6, R1), LDX(DW, R7, R6, 8), STX(DW, R10, -8, R7));
		for (i = 0; i < times && level + 1 < nr_frames; i++)
			EMIT(p, MOVX(R1, R6), CALL_SUB(0));
		for (i = 0; i < pad; i++)
			EMIT(p, OP(ADD, R7, 1));
		EMIT(p, LDX(DW, R7, R10, -8), RETURN(0));
	}
	for (level = 0; level + 1 < nr_frames; level++)
		for (i = 0; i < times; i++) {
			unsigned int call = at[level] + 3 + 2 * i + 1;

			p->insns[call].imm = (int)(at[level + 1] - call - 1);
		}
}

/* Each branch sets another bit of a number, and the end needs to know the number. */
static void no_pruning(struct shaped *p, unsigned int verified, int map)
{
	unsigned int bits = 1;

	/* Each path of bit n is 3 instructions until the next bit, and at last 2. */
	while ((3u << bits) + (6u << bits) < verified)
		bits++;
	EMIT(p, MOVX(R6, R1), MOV(R7, 0));
	for (unsigned int i = 0; i < bits; i++)
		EMIT(p, LDX(DW, R0, R6, 8), IF(JEQ, R0, (int)i, 1), OP(OR, R7, 1 << i));
	EMIT(p, IF(JEQ, R7, 1 << bits, 0), RETURN(0));
}

const struct shape shapes[] = {
	{"straight on", straight},
	{"branches that join", branches},
	{"loop", loop},
	{"loop with branches", branchy_loop},
	{"callback", callback},
	{"full stack", stack},
	{"map lookups", lookups},
	{"calls, 8 deep", calls},
	{"bits, no pruning", no_pruning},
};
const unsigned int nr_shapes = sizeof(shapes) / sizeof(shapes[0]);
