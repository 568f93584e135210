/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the files that end paths share: comparing states (covered.c), loops that need not be
 * unrolled (rounds.c), and which states to keep (prune.c).
 */
#ifndef VERIFIER_PRUNE_H
#define VERIFIER_PRUNE_H

#include "verifier/env.h"

enum compare {
	COVERS_AS_USED, /* numbers that were not needed may differ */
	COVERS,
	EXACT,
};

/* --- covered.c --- */

/* Is all that @cur may be among what @old may be? */
bool state_covered(struct bpf_verifier_env *env, struct bpf_verifier_state *old,
		   const struct bpf_verifier_state *cur, enum compare how);
bool same_range(const struct bpf_reg_state *old, const struct bpf_reg_state *cur);
/* The same functions, called from the same places. */
bool same_frames(const struct bpf_verifier_state *a, const struct bpf_verifier_state *b);
bool spilled_scalar(const struct bpf_stack_state *slot);
/* How many bytes at its beginning a spilled register has. */
u32 spill_size(const struct bpf_stack_state *slot);

/* --- rounds.c --- */

/* Was a may_goto not taken between @old and @cur, in a call that both are in? */
bool may_goto_went_on(const struct bpf_verifier_state *old, const struct bpf_verifier_state *cur);
/* The current path ends at @kept, all paths from which have ended, if it covers it. */
bool ends_at_closed(struct bpf_verifier_env *env, struct bpf_verifier_state *kept);
/*
 * The current path is at an open state again. 1: it ends there, the rounds of a loop that need not
 * be unrolled have come to nothing new; 0: they go on; -ENOENT: it is no such loop; -ENOMEM.
 * *@rounds: how many states of the same call of a helper were asked.
 */
int ends_round(struct bpf_verifier_env *env, struct bpf_verifier_state *kept, u32 *rounds);

#endif /* VERIFIER_PRUNE_H */
