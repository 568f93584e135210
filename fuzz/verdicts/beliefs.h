/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the verifier of the runtime believed at each instruction of the program that was loaded
 * last, to be held against what a machine holds when it comes by.
 */
#ifndef FUZZ_BELIEFS_H
#define FUZZ_BELIEFS_H

#include <stdbool.h>
#include <stdint.h>

/* What a machine holds. */
struct held {
	enum {
		HELD_NOTHING, /* or what nobody can say: fits everything */
		HELD_NUMBER,
		HELD_STACK,  /* v: from the frame pointer */
		HELD_MEMORY, /* v: from the beginning of what size bytes there are */
		HELD_POINTER /* another one */
	} kind;
	uint64_t v;
	uint32_t size;
};

/* Remember the states of what is loaded from now on, until beliefs_end(). */
void beliefs_begin(void);
void beliefs_end(void);

/* Slot @slot of the stack of the frame that runs: 8 bytes, the one below the frame pointer is 0. */
typedef struct held slot_held(unsigned int slot);

/*
 * Is there a state, of those that were walked at instruction @insn, that @reg (r0 to r9) and the
 * stack are one of? Registers that cannot matter any more are not asked for. -1: there is; else
 * what does not fit in the last of them: a register, or 10 and a slot.
 */
int beliefs_fit(unsigned int insn, const struct held *reg, slot_held *stack);

#endif /* FUZZ_BELIEFS_H */
