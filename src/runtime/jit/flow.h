/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where jumps lead, and which registers are still wanted: what an architecture has to know to make
 * one instruction of several.
 */
#ifndef JIT_FLOW_H
#define JIT_FLOW_H

#include "jit/jit.h"

struct jit_flow {
	u16 wanted;	   /* registers, a bit each: some path from here on reads them */
	u16 reads, writes; /* by this instruction */
	bool jumps : 1;	   /* it leads elsewhere, perhaps */
	bool ends : 1;	   /* it never leads to the next one */
	bool target : 1;   /* a jump leads here */
	bool head : 1;	   /* and may do so often: worth a place that is quick to come to */
};

/* Of jit->funcs; makes jit->flow, which the caller frees. 0, or -ENOMEM. */
int jit_find_flow(struct jit *jit);

/* The instruction @n places after the current one, if it is always the next that runs after those
 * between, and nothing else leads to it or to them; NULL if not. */
static inline const struct bpf_insn *jit_following(const struct jit *jit, u32 n)
{
	const struct jit_flow *flow = &jit->flow[jit->idx];

	if (jit->idx + n >= jit->func->end)
		return NULL;
	for (u32 i = 1; i <= n; i++)
		if (flow[i].target)
			return NULL;
	return &jit->insns[jit->idx + n];
}

/* No path on which instruction @insn has been, which is no jump, reads @reg as it left it. */
static inline bool jit_is_dead_after(const struct jit *jit, const struct bpf_insn *insn, u8 reg)
{
	return !(jit->flow[insn - jit->insns + 1].wanted & 1u << reg);
}

#endif /* JIT_FLOW_H */
