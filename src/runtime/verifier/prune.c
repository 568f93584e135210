/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Comparing states. Where several ways lead to an instruction, the state is compared with those
 * that were kept there before.
 *
 * A kept state without open branches was walked to the end and found safe. If it covers the current
 * one, so is the current one, and the path ends here. Numbers that did not matter on the paths from
 * the kept state are not compared; those that did then matter on the path that ends, too
 * (precision.c).
 *
 * A kept state with open branches is on the current path. If it is exactly the same, nothing
 * changes from one round to the next: a loop without end. If not, the walk goes round again; a
 * program that is bounded leaves the loop before the limit of instructions.
 *
 * Some loops need not be unrolled: see rounds.c. A state on the way from the first state of one
 * that is still open is compared in every number, since what matters is not known yet.
 */
#include <stdlib.h>

#include "verifier/prune.h"

/*
 * A kept state that covered nothing for so long, and longer if it did before, is not worth the
 * comparisons. A loop with a few branches in it can have a hundred states at one instruction that
 * are needed, each for a path that comes by much later; where comparisons go into millions, that is
 * not what they are for, and all that are kept at one instruction are many. Linux bears 3 misses.
 */
#define MISSES_BORNE 64
#define MISSES_BORNE_LATER 8
#define COMPARED_MUCH 1000000u /* places */

static bool worth_comparing(const struct bpf_verifier_env *env,
			    const struct bpf_verifier_state *kept)
{
	u32 borne = env->compared < COMPARED_MUCH ? MISSES_BORNE : MISSES_BORNE_LATER;

	return kept->misses <= borne + 3 * kept->hits;
}

/*
 * Stop comparing with a kept state that is not worth it. While paths come from it they are counted
 * in it; what it knew is not needed for that.
 */
static void put_aside(struct bpf_verifier_env *env, struct bpf_verifier_state **link)
{
	struct bpf_verifier_state *state = *link;

	*link = state->next;
	env->nr_states--;
	if (state->branches) {
		free_frames(env, state);
		state->next = env->aside;
		env->aside = state;
		return;
	}
	free_state(env, state);
}

/* The states at one instruction: the last ones that were kept come first. */
static void forget_at(struct bpf_verifier_env *env, u32 insn_idx, u32 stay, bool used)
{
	struct bpf_verifier_state **link = &env->kept[insn_idx];
	const struct bpf_insn_aux_data *aux = &env->aux[insn_idx];

	while (*link) {
		/* An open state is what ends the rounds. */
		bool needed =
			(*link)->branches && (aux->calls_back || aux->may_goto || aux->iter_next);

		if (needed || (!used && (*link)->hits) || stay) {
			stay -= stay != 0;
			link = &(*link)->next;
		} else {
			put_aside(env, link);
		}
	}
}

/*
 * There is no room for all that are kept. Those that were of use stay, and the last ones at each
 * instruction, as long as that is enough; what is forgotten costs time alone.
 */
static void forget_states(struct bpf_verifier_env *env)
{
	static const struct {
		u32 stay;
		bool used;
	} rounds[] = {{16, false}, {4, false}, {0, false}, {0, true}};
	u32 i, round;

	for (round = 0; round < ARRAY_SIZE(rounds); round++) {
		if (env->state_memory <= KEPT_STATE_MEMORY / 4 * 3)
			break;
		for (i = 0; i < env->nr_insns; i++)
			forget_at(env, i, rounds[round].stay, rounds[round].used);
	}
	env->forget_at = env->state_memory + KEPT_STATE_MEMORY / 4;
}

/* For statistics alone. */
static void count_states(struct bpf_verifier_env *env, const struct bpf_verifier_state *kept)
{
	u32 nr = 0;

	for (; kept; kept = kept->next)
		nr++;
	env->total_states++;
	env->nr_states++;
	env->max_states_per_insn = max_of(env->max_states_per_insn, nr);
	env->peak_states = max_of(env->peak_states, env->nr_states);
}

static int keep_state(struct bpf_verifier_env *env)
{
	struct bpf_verifier_state **list = &env->kept[env->insn_idx];
	struct bpf_verifier_state *kept;

	if (env->state_memory > max_of(env->forget_at, KEPT_STATE_MEMORY))
		forget_states(env);
	new_origins(env);
	kept = copy_state(env, env->cur);
	if (!kept)
		return -ENOMEM;
	kept->branches = 1;
	kept->depth = env->cur->parent ? env->cur->parent->depth + 1 : 0;
	kept->next = *list;
	*list = kept;
	env->cur->parent = kept;
	count_states(env, kept);
	env->prev_insn_processed = env->insn_processed;
	env->prev_jmps_processed = env->jmps_processed;
	return 0;
}

/* Begin a call of a helper that calls back, unless this is the next round of one. */
static int begin_callback_call(struct bpf_verifier_env *env, bool *first)
{
	struct bpf_callback_call *call;

	*first = !env->cur->callback_call;
	if (!*first)
		return 0;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->next = env->callback_calls;
	env->callback_calls = call;
	env->cur->callback_call = call;
	return 0;
}

/* Nothing changes from one round to the next, and nobody counts: not a callback, not a may_goto. */
static bool is_endless(struct bpf_verifier_env *env, struct bpf_verifier_state *kept)
{
	return kept->callback_rounds == env->cur->callback_rounds &&
	       !(env->has_may_goto && may_goto_went_on(kept, env->cur)) &&
	       state_covered(env, kept, env->cur, EXACT);
}

/*
 * Keeping every state would cost more than it saves: one is kept after 2 jumps and 8 instructions,
 * as Linux does it. Where there are few, another one is cheap, and may be the one that covers much:
 * of the programs in tests/real some take half of the instructions, and none takes more.
 */
#define KEPT_AT_ONCE 6
#define INSNS_BETWEEN 3

int is_state_visited(struct bpf_verifier_env *env)
{
	const struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];
	bool keep = aux->calls_back || aux->may_goto || aux->iter_next, first = false;
	u32 rounds = 0, nr_kept = 0;
	struct bpf_verifier_state **link = &env->kept[env->insn_idx], *kept;
	int err;

	if (!aux->prune_point)
		return 0;
	if (aux->calls_back) {
		err = begin_callback_call(env, &first);
		if (err)
			return err;
	}
	if ((env->in->prog_flags & BPF_F_TEST_STATE_FREQ) ||
	    (env->jmps_processed - env->prev_jmps_processed >= 2 &&
	     env->insn_processed - env->prev_insn_processed >= 8))
		keep = true;

	while ((kept = *link)) {
		if (!kept->branches) {
			if (ends_at_closed(env, kept))
				return 1;
		} else {
			err = ends_round(env, kept, &rounds);
			if (err && err != -ENOENT)
				return err;
			if (err && is_endless(env, kept))
				return refuse(
					env, -EINVAL, -1,
					"count the rounds up to a constant, or use bpf_for or "
					"bpf_loop",
					"a loop without end: nothing changes from one round to "
					"the next");
		}
		if (keep || !kept->branches)
			kept->misses++;
		if (!worth_comparing(env, kept)) {
			put_aside(env, link);
			continue;
		}
		link = &kept->next;
		nr_kept++;
	}
	if (nr_kept < KEPT_AT_ONCE &&
	    env->insn_processed - env->prev_insn_processed >= INSNS_BETWEEN)
		keep = true;
	if (!keep)
		return 0;
	err = keep_state(env);
	if (!err && first)
		env->cur->parent->first_of_call = true;
	return err;
}
