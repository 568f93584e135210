/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Three kinds of loops need not be unrolled, because somebody ends them: that of a helper that
 * calls back, one with a may_goto that is not taken in each round (see check_may_goto()), and one
 * that goes on with an iterator (iterator.c). There the current path may end at an open state that
 * covers it, if both are of the same call of the helper, or if an iterator that both have went on
 * between. What will matter on the paths from there is not known yet, so every number is compared;
 * the same of states on the way there, as long as that one is open. Were two calls allowed to cover
 * each other, an outer loop without end could hide between them; for the same reason a state inside
 * a callback is covered only by one inside the same call, or inside a call of which nothing is
 * open.
 *
 * A path that ends at a closed state on the way round joins the rest of the round from there. What
 * goes on in that round has to do so in the new one as well (see makes_a_round()): or a half with
 * the iterator and a half without it would make one that never ends, and that nobody walked. A
 * may_goto counts for one call of its function: the next call begins anew.
 *
 * In each round what changed since the one before and was not relied on becomes "any number", so
 * that the rounds converge (kernel: widen_imprecise_scalars in kernel/bpf/verifier.c).
 */
#include <stdlib.h>
#include <string.h>

#include "verifier/prune.h"

/* --- where a path ends ------------------------------------------------------------------------ */

/* A zero is stack that is known, whoever asked for it. */
static bool has_zero_bytes(const struct bpf_stack_state *slot)
{
	return memchr(slot->type, STACK_ZERO, BPF_REG_SIZE);
}

/*
 * The current path ends at @old: what mattered from there on matters on this path, and (@later)
 * what will matter.
 */
static void tell_what_mattered(struct bpf_verifier_env *env, const struct bpf_verifier_state *old,
			       bool later)
{
	void (*tell)(struct bpf_verifier_env * env, u32 origin, u32 place) =
		later ? link_origin : mark_like;
	u32 f, i;

	for (f = 0; f <= old->curframe; f++) {
		const struct bpf_func_state *o = old->frame[f], *c = env->cur->frame[f];

		for (i = 0; i < BPF_REG_10; i++)
			if (o->regs[i].type == SCALAR_VALUE && c->regs[i].type == SCALAR_VALUE)
				tell(env, c->regs[i].origin, o->regs[i].origin);
		for (i = 0; i < min_of(o->nr_slots, c->nr_slots); i++) {
			const struct bpf_stack_state *slot = &o->stack[i];

			if (!later && !is_precise(env, slot->place))
				continue;
			tell(env, c->stack[i].place, slot->place);
			if (c->stack[i].type[0] != STACK_SPILL ||
			    c->stack[i].spilled.type != SCALAR_VALUE)
				continue;
			if (spilled_scalar(slot))
				tell(env, c->stack[i].spilled.origin, slot->spilled.origin);
			if (has_zero_bytes(slot))
				tell(env, c->stack[i].spilled.origin, slot->place);
		}
	}
}

/* What matters in @kept is known only when this loop is closed; NULL: it is known. */
static struct bpf_loop *waits_for(const struct bpf_verifier_state *kept)
{
	struct bpf_loop *loop = kept->in_loop;

	while (loop && loop->closed)
		loop = loop->outer;
	return loop;
}

/* The current path ended in @loop: so did some from all kept states on the way from its first. */
static void note_loop(struct bpf_verifier_env *env, struct bpf_loop *loop)
{
	struct bpf_verifier_state *kept = env->cur->parent;

	for (; kept && kept->depth > loop->depth; kept = kept->parent) {
		if (kept->in_loop && kept->in_loop->depth <= loop->depth)
			break;
		kept->in_loop = loop;
	}
}

/* The current path ends at @kept, which is open and covers it. 1, -ENOMEM. */
static int end_round(struct bpf_verifier_env *env, struct bpf_verifier_state *kept)
{
	if (!kept->loop) {
		kept->loop = calloc(1, sizeof(*kept->loop));
		if (!kept->loop)
			return -ENOMEM;
		kept->loop->first = kept;
		kept->loop->iterates = env->aux[env->insn_idx].iter_next;
		kept->loop->depth = kept->depth;
		kept->loop->next = env->loops;
		env->loops = kept->loop;
	}
	tell_what_mattered(env, kept, true);
	note_loop(env, kept->loop);
	kept->hits++;
	return 1;
}

/*
 * What goes on between two states of one path, and ends some time, outermost first: may_goto in the
 * calls that both are in, or iterators that both have.
 */
struct progress {
	bool made;
	u32 at; /* by which; not made: the first that is another one in the later state, or is gone
		 */
};

static struct progress may_goto_progress(const struct bpf_verifier_state *old,
					 const struct bpf_verifier_state *cur)
{
	u32 f, nr = min_of(old->curframe, cur->curframe) + 1;

	for (f = 0; f < nr && old->frame[f]->call == cur->frame[f]->call; f++)
		if (old->frame[f]->may_goto_rounds != cur->frame[f]->may_goto_rounds)
			return (struct progress){true, f};
	return (struct progress){false, f};
}

static struct progress iter_progress(const struct bpf_verifier_state *old,
				     const struct bpf_verifier_state *cur)
{
	u32 i, nr = min_of(old->nr_refs, cur->nr_refs);

	for (i = 0; i < nr && old->refs[i].id == cur->refs[i].id; i++)
		if (old->refs[i].iter_depth != cur->refs[i].iter_depth)
			return (struct progress){true, i};
	return (struct progress){false, i};
}

bool may_goto_went_on(const struct bpf_verifier_state *old, const struct bpf_verifier_state *cur)
{
	return may_goto_progress(old, cur).made;
}

/*
 * From @kept paths went on to the first state of @loop, and what goes on in each round did so
 * before
 * @kept or behind it. If before, it has to have done so before the current state; if behind, it has
 * to be the same still.
 */
static bool makes_a_round(const struct bpf_verifier_env *env, const struct bpf_loop *loop,
			  const struct bpf_verifier_state *kept)
{
	const struct bpf_verifier_state *first = loop->first;
	struct progress (*progress)(const struct bpf_verifier_state *old,
				    const struct bpf_verifier_state *cur) =
		loop->iterates ? iter_progress : may_goto_progress;
	struct progress then, now;

	/* Both are in the callback, whose end is still to come. */
	if (first->callback_call)
		return true;
	/* What it knew was put aside. */
	if (!first->frame[0])
		return false;
	then = progress(first, kept);
	now = progress(first, env->cur);
	return then.made ? now.made && now.at <= then.at : now.made || now.at >= then.at;
}

bool ends_at_closed(struct bpf_verifier_env *env, struct bpf_verifier_state *kept)
{
	struct bpf_loop *loop = waits_for(kept);

	if (loop && !makes_a_round(env, loop, kept))
		return false;
	if (!state_covered(env, kept, env->cur, loop ? COVERS : COVERS_AS_USED))
		return false;
	tell_what_mattered(env, kept, loop);
	if (loop)
		note_loop(env, loop);
	kept->hits++;
	return true;
}

/* --- rounds ----------------------------------------------------------------------------------- */

struct widening {
	struct bpf_verifier_env *env;
	bool spare_relied; /* what was relied on in the round before */
};

static void widen_reg(const struct widening *w, struct bpf_reg_state *reg,
		      const struct bpf_reg_state *before)
{
	u32 since = reg->since;

	if (reg->type != SCALAR_VALUE || before->type != SCALAR_VALUE || same_range(reg, before))
		return;
	if (w->spare_relied && is_relied_on(w->env, before->origin))
		return;
	reg_mark_unknown(reg);
	reg->since = since;
}

/* The bytes at the beginning of a slot that a spilled register has. */
static void widen_spilled(const struct widening *w, struct bpf_stack_state *slot,
			  const struct bpf_stack_state *before)
{
	u32 size = spill_size(slot);

	widen_reg(w, &slot->spilled, &before->spilled);
	if (slot->spilled.type == SCALAR_VALUE)
		reg_zero_extend(&slot->spilled, size);
}

static int widen_state(const struct widening *w, struct bpf_verifier_state *state,
		       const struct bpf_verifier_state *before)
{
	u32 f, i;

	for (f = 0; f <= state->curframe; f++) {
		const struct bpf_func_state *b = before->frame[f];
		struct bpf_func_state *c = state->frame[f];

		if (c == b)
			continue;
		c = own_frame(w->env, state, f);
		if (!c)
			return -ENOMEM;
		for (i = 0; i < BPF_REG_10; i++)
			widen_reg(w, &c->regs[i], &b->regs[i]);
		for (i = 0; i < min_of(c->nr_slots, b->nr_slots); i++)
			if (c->stack[i].type[0] == STACK_SPILL &&
			    b->stack[i].type[0] == STACK_SPILL &&
			    !memcmp(c->stack[i].type, b->stack[i].type, BPF_REG_SIZE))
				widen_spilled(w, &c->stack[i], &b->stack[i]);
	}
	return 0;
}

/* Of the round before, on this path: open states are. */
static const struct bpf_verifier_state *round_before(const struct bpf_verifier_env *env)
{
	const struct bpf_verifier_state *kept;

	for (kept = env->kept[env->insn_idx]; kept; kept = kept->next)
		if (kept != env->cur->parent && kept->branches && same_frames(kept, env->cur))
			return kept;
	return NULL;
}

int begin_round(struct bpf_verifier_env *env, struct bpf_verifier_state *on)
{
	const struct widening unused = {.env = env, .spare_relied = true};
	const struct bpf_verifier_state *before = round_before(env);

	return before ? widen_state(&unused, on, before) : 0;
}

/*
 * The jump is taken at some time, so any loop around it ends. The path that takes it comes first:
 * a loop around it that has no end when it is always taken shows itself as one, before what comes
 * after the other way can cover it. On that way numbers that change from round to round and were
 * not relied on become "any number", so that the rounds converge.
 */
int check_may_goto(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next)
{
	struct bpf_verifier_state *on = push_path(env, env->insn_idx + 1);

	if (IS_ERR(on))
		return PTR_ERR(on);
	on->frame[on->curframe]->may_goto_rounds++;
	*next = env->insn_idx + 1 + insn->off;
	return begin_round(env, on);
}

static bool same_call(const struct bpf_verifier_state *old, const struct bpf_verifier_state *cur)
{
	return old->callback_call && old->callback_call == cur->callback_call;
}

/* States of the same call that were kept before @kept, and itself: the list has the last one first.
 */
static u32 same_call_rounds(const struct bpf_verifier_state *kept)
{
	const struct bpf_callback_call *call = kept->callback_call;
	u32 nr = 0;

	for (; kept; kept = kept->next)
		nr += kept->callback_call == call;
	return nr;
}

/*
 * Each round of a callback begins with what the one before left. After a few of them, which may be
 * all that there are values for, what still changes is not followed any more: it becomes "any
 * number", so that the rounds converge.
 */
#define ROUNDS_FOLLOWED 6

int ends_round(struct bpf_verifier_env *env, struct bpf_verifier_state *kept, u32 *rounds)
{
	const struct bpf_insn_aux_data *aux = &env->aux[env->insn_idx];
	const struct widening all = {.env = env};

	if (aux->calls_back) {
		if (!same_call(kept, env->cur))
			return 0;
		if (!(*rounds)++ && same_call_rounds(kept) >= ROUNDS_FOLLOWED &&
		    widen_state(&all, env->cur, kept))
			return -ENOMEM;
	} else if (!(aux->may_goto && may_goto_went_on(kept, env->cur)) &&
		   !(aux->iter_next && iter_progress(kept, env->cur).made)) {
		return -ENOENT;
	}
	return state_covered(env, kept, env->cur, COVERS) ? end_round(env, kept) : 0;
}
