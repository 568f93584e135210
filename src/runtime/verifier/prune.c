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
 * Three kinds of loops need not be unrolled, because somebody ends them: that of a helper that
 * calls back, one with a may_goto that is not taken in each round (see check_may_goto()), and one
 * that goes on with an iterator (iterator.c). There the current path may end at an open state that
 * covers it, if both are of the same call of the helper, or if an iterator that both have went on
 * between. What will matter on the paths from there is not known yet, so every number is compared;
 * the same of states on the way there, as long as that one is open. Were two calls allowed to cover
 * each other, an outer loop without end could hide between them; for the same reason a state inside
 * a callback is covered only by one inside the same call, or inside a call of which nothing is
 * open.
 */
#include <stdlib.h>
#include <string.h>

#include "verifier/env.h"

enum compare {
	COVERS_AS_USED, /* numbers that were not needed may differ */
	COVERS,
	EXACT,
};

struct comparison {
	struct bpf_verifier_env *env;
	enum compare how;
	u8 frame, place; /* that is compared: see struct bpf_difference */
};

#define FIRST_SLOT 16 /* places below are registers */

static struct bpf_id_pair *find_pair(struct bpf_id_map *ids, struct bpf_id_pair *pairs, u32 id)
{
	u32 i = id * 2654435761u % ID_PAIRS;

	while (pairs[i].comparison == ids->comparison && pairs[i].id != id)
		i = (i + 1) % ID_PAIRS;
	return &pairs[i];
}

static void begin_ids(struct bpf_id_map *ids)
{
	ids->nr = 0;
	if (!++ids->comparison)
		*ids = (struct bpf_id_map){.comparison = 1};
}

/* The relation between registers that share an id in @old must hold in the current state, too. */
static bool ids_match(u32 old, u32 cur, struct comparison *map)
{
	struct bpf_id_map *ids = &map->env->ids;
	struct bpf_id_pair *o, *c;

	if (!old)
		return true;
	if (!cur)
		/* Equal to nothing else: an id that no second register can have. */
		cur = ~ids->nr;
	o = find_pair(ids, ids->old, old);
	if (o->comparison == ids->comparison)
		return o->other == cur;
	c = find_pair(ids, ids->cur, cur);
	if (c->comparison == ids->comparison || ids->nr == ID_PAIRS / 2)
		return false;
	*o = (struct bpf_id_pair){ids->comparison, old, cur};
	*c = (struct bpf_id_pair){ids->comparison, cur, old};
	ids->nr++;
	return true;
}

static bool range_within(const struct bpf_reg_state *old, const struct bpf_reg_state *cur)
{
	return old->umin_value <= cur->umin_value && old->umax_value >= cur->umax_value &&
	       old->smin_value <= cur->smin_value && old->smax_value >= cur->smax_value &&
	       old->u32_min_value <= cur->u32_min_value &&
	       old->u32_max_value >= cur->u32_max_value &&
	       old->s32_min_value <= cur->s32_min_value &&
	       old->s32_max_value >= cur->s32_max_value && tnum_in(old->var_off, cur->var_off);
}

static bool same_range(const struct bpf_reg_state *old, const struct bpf_reg_state *cur)
{
	return range_within(old, cur) && range_within(cur, old);
}

/* Does what is known of a number in the kept state matter? */
static bool matters(const struct bpf_reg_state *old, const struct comparison *map)
{
	return map->how != COVERS_AS_USED || is_precise(map->env, old->origin);
}

/* Comparisons that follow tell the same of each: both have the same base as others, or none has. */
static bool packet_covered(const struct bpf_reg_state *old, const struct bpf_reg_state *cur,
			   struct comparison *map)
{
	bool ranges_fit = old->range == cur->range;

	if (map->how != EXACT && old->range >= 0)
		ranges_fit = old->range <= cur->range;
	return ranges_fit && old->off == cur->off && range_within(old, cur) &&
	       !old->id == !cur->id && ids_match(old->id, cur->id, map);
}

/* Is what @cur may hold among what @old may hold? */
static bool reg_covered(const struct bpf_reg_state *old, const struct bpf_reg_state *cur,
			struct comparison *map)
{
	bool exact = map->how == EXACT;

	if (old->type == NOT_INIT && !exact)
		return true;
	if (old->type != cur->type)
		return false;
	if (exact && !same_range(old, cur))
		return false;
	if (old->type == SCALAR_VALUE) {
		if (!matters(old, map))
			return true;
		if (old->id && cur->id && old->off != cur->off)
			return false;
		return range_within(old, cur) && ids_match(old->id, cur->id, map);
	}
	if (is_packet_pointer(old->type))
		return packet_covered(old, cur, map);
	return old->off == cur->off && old->map_ptr == cur->map_ptr && old->btf_id == cur->btf_id &&
	       range_within(old, cur) && ids_match(old->id, cur->id, map) &&
	       !old->ref_obj_id == !cur->ref_obj_id &&
	       ids_match(old->ref_obj_id, cur->ref_obj_id, map) &&
	       !old->dynptr_id == !cur->dynptr_id && ids_match(old->dynptr_id, cur->dynptr_id, map);
}

static bool spilled_scalar(const struct bpf_stack_state *slot)
{
	return slot->type[0] == STACK_SPILL && slot->spilled.type == SCALAR_VALUE;
}

static u32 spill_size(const struct bpf_stack_state *slot)
{
	u32 size = 0;

	while (size < BPF_REG_SIZE && slot->type[size] == STACK_SPILL)
		size++;
	return size;
}

/* The first @size bytes of a slot as a number; false: a pointer, or bytes never written. */
static bool bytes_as_number(const struct bpf_stack_state *slot, u32 size, struct bpf_reg_state *reg)
{
	bool zero = true;
	u32 i;

	if (slot->type[0] == STACK_SPILL && !spilled_scalar(slot))
		return false;
	for (i = 0; i < size; i++) {
		if (slot->type[i] == STACK_INVALID)
			return false;
		zero = zero && slot->type[i] == STACK_ZERO;
	}
	reg_mark_unknown(reg);
	if (zero)
		reg_mark_const(reg, 0);
	else
		reg_zero_extend(reg, size);
	return true;
}

static bool byte_covered(u8 old, u8 cur, const struct bpf_stack_state *slot)
{
	if (old == STACK_INVALID || old == cur)
		return true;
	/* "Anything" covers what is known; but not a pointer that is still one. */
	if (old == STACK_MISC)
		return cur == STACK_ZERO || (cur == STACK_SPILL && spilled_scalar(slot));
	return old == STACK_ZERO && cur == STACK_SPILL && reg_is_null(&slot->spilled);
}

static bool is_dynptr(const struct bpf_stack_state *slot)
{
	return slot->type[0] == STACK_DYNPTR;
}

static bool is_iter(const struct bpf_stack_state *slot)
{
	return slot->type[0] == STACK_ITER;
}

static bool slot_covered(const struct bpf_stack_state *old, const struct bpf_stack_state *cur,
			 struct comparison *map)
{
	u32 size = spill_size(old), i;
	struct bpf_reg_state number;

	if (is_dynptr(old) || is_dynptr(cur))
		return is_dynptr(old) && is_dynptr(cur) &&
		       old->spilled.dynptr_type == cur->spilled.dynptr_type &&
		       ids_match(old->spilled.dynptr_id, cur->spilled.dynptr_id, map) &&
		       ids_match(old->spilled.ref_obj_id, cur->spilled.ref_obj_id, map);
	/* What is known of it is compared with the references. */
	if (is_iter(old) || is_iter(cur))
		return is_iter(old) && is_iter(cur) && old->spilled.off == cur->spilled.off &&
		       ids_match(old->spilled.ref_obj_id, cur->spilled.ref_obj_id, map);
	if (map->how == COVERS_AS_USED && !is_precise(map->env, old->place))
		return true;
	if (map->how == EXACT) {
		if (memcmp(old->type, cur->type, BPF_REG_SIZE))
			return false;
		return !size || reg_covered(&old->spilled, &cur->spilled, map);
	}
	for (i = size; i < BPF_REG_SIZE; i++)
		if (!byte_covered(old->type[i], cur->type[i], cur))
			return false;
	if (!size)
		return true;
	if (spill_size(cur) == size)
		return reg_covered(&old->spilled, &cur->spilled, map);
	return spilled_scalar(old) && bytes_as_number(cur, size, &number) &&
	       reg_covered(&old->spilled, &number, map);
}

static bool stack_covered(const struct bpf_func_state *old, const struct bpf_func_state *cur,
			  struct comparison *map)
{
	bool exact = map->how == EXACT;
	static const struct bpf_stack_state nothing;
	u32 i;

	for (i = 0; i < max_of(old->nr_slots, exact ? cur->nr_slots : 0); i++) {
		map->place = FIRST_SLOT + i;
		if (!slot_covered(i < old->nr_slots ? &old->stack[i] : &nothing,
				  i < cur->nr_slots ? &cur->stack[i] : &nothing, map))
			return false;
	}
	return true;
}

/* Where frame @f of @state goes on, the registers that matter there. */
static u16 frame_live(const struct bpf_verifier_env *env, const struct bpf_verifier_state *state,
		      u32 f)
{
	const u16 saved = 0x3ff & ~0x3f; /* r6 to r9: what a call leaves alone */
	const struct bpf_insn_aux_data *aux;

	if (f == state->curframe)
		return env->aux[env->insn_idx].live;
	aux = &env->aux[state->frame[f + 1]->callsite];
	/* The helper may call again: the call's own arguments still matter. */
	if (state->frame[f + 1]->callback)
		return aux->live;
	return aux[1].live & saved;
}

static bool frame_covered(const struct bpf_verifier_env *env, const struct bpf_verifier_state *old,
			  const struct bpf_verifier_state *cur, u32 f, struct comparison *map)
{
	const struct bpf_func_state *o = old->frame[f], *c = cur->frame[f];
	u16 live = frame_live(env, cur, f);
	u32 i;

	map->env->compared += 2;
	map->frame = f;
	map->place = 0;
	if (o->subprogno != c->subprogno || (f && o->callsite != c->callsite) ||
	    o->callback != c->callback)
		return false;
	if (o->callback_call != c->callback_call && (map->how == EXACT || !o->callback_call->done))
		return false;
	for (i = 0; i < BPF_REG_10; i++) {
		map->place = 1 + i;
		if ((live & (1 << i)) && !reg_covered(&o->regs[i], &c->regs[i], map))
			return false;
	}
	map->env->compared += o->nr_slots;
	return stack_covered(o, c, map);
}

static bool refs_covered(const struct bpf_verifier_state *old, const struct bpf_verifier_state *cur,
			 struct comparison *map)
{
	u32 i;

	map->env->compared += old->nr_refs;
	for (i = 0; i < old->nr_refs; i++) {
		const struct bpf_reference *o = &old->refs[i], *c = &cur->refs[i];

		if (!ids_match(o->id, c->id, map) || o->iter_btf_id != c->iter_btf_id ||
		    o->iter_drained != c->iter_drained)
			return false;
		/* An iterator that goes on is a change. */
		if (map->how == EXACT && !o->iter_drained && o->iter_depth != c->iter_depth)
			return false;
	}
	return true;
}

/*
 * Did an iterator go on between @old and @cur? Those that the program made after that one may be
 * others in each round.
 */
static bool iter_went_on(const struct bpf_verifier_state *old, const struct bpf_verifier_state *cur)
{
	u32 i;

	for (i = 0; i < min_of(old->nr_refs, cur->nr_refs); i++) {
		if (old->refs[i].id != cur->refs[i].id)
			return false;
		if (old->refs[i].iter_depth != cur->refs[i].iter_depth)
			return true;
	}
	return false;
}

static bool same_frames(const struct bpf_verifier_state *a, const struct bpf_verifier_state *b)
{
	u32 f;

	if (a->curframe != b->curframe)
		return false;
	for (f = 0; f <= a->curframe; f++)
		if (a->frame[f]->subprogno != b->frame[f]->subprogno ||
		    (f && a->frame[f]->callsite != b->frame[f]->callsite))
			return false;
	return true;
}

static bool frames_covered(const struct bpf_verifier_state *old,
			   const struct bpf_verifier_state *cur, struct comparison *map)
{
	u32 f;

	if (old->curframe != cur->curframe || old->locked_map != cur->locked_map ||
	    old->active_rcu_lock != cur->active_rcu_lock ||
	    old->active_preempt_locks != cur->active_preempt_locks ||
	    old->nr_refs != cur->nr_refs || !ids_match(old->locked_id, cur->locked_id, map))
		return false;
	/* What runs changes first. */
	for (f = cur->curframe + 1; f--;)
		if (!frame_covered(map->env, old, cur, f, map))
			return false;
	map->place = 0;
	return refs_covered(old, cur, map);
}

/* --- the last difference ---------------------------------------------------------------------- */

/*
 * Most comparisons fail, and states that come by one after the other differ from a kept one in the
 * same number: the count of a loop, what a path set. So a kept state remembers where the last one
 * failed, beside what a walk over the list of kept states reads anyway, and the next one is looked
 * at there first. It holds once found: a kept state does not change, and what mattered does not
 * stop to. Each rule here is one of reg_covered() and slot_covered(), or less.
 */

/* The register at a place; NULL: there is not one that has the whole of it. */
static const struct bpf_reg_state *reg_at(const struct bpf_func_state *frame, u32 place)
{
	u32 slot = place - FIRST_SLOT;

	if (place < FIRST_SLOT)
		return &frame->regs[place - 1];
	if (slot >= frame->nr_slots || spill_size(&frame->stack[slot]) != BPF_REG_SIZE)
		return NULL;
	return &frame->stack[slot].spilled;
}

static void note_difference(struct bpf_verifier_state *old, const struct comparison *map)
{
	const struct bpf_reg_state *reg = NULL;

	if (map->place)
		reg = reg_at(old->frame[map->frame], map->place);
	old->difference.place = reg && reg->type != NOT_INIT ? map->place : 0;
	if (!old->difference.place)
		return;
	old->difference.frame = map->frame;
	old->difference.as_used = map->how == COVERS_AS_USED;
	old->difference.ranged = reg->type != SCALAR_VALUE || matters(reg, map);
	old->difference.type = reg->type;
	old->difference.umin = reg->umin_value;
	old->difference.umax = reg->umax_value;
}

static bool still_differs(const struct bpf_verifier_state *old,
			  const struct bpf_verifier_state *cur, enum compare how)
{
	const struct bpf_difference *was = &old->difference;
	const struct bpf_reg_state *reg;

	if (!was->place || (how == COVERS_AS_USED && !was->as_used))
		return false;
	if (old->curframe != cur->curframe)
		return true;
	reg = reg_at(cur->frame[was->frame], was->place);
	if (!reg)
		return false;
	if (reg->type != was->type)
		return true;
	if (how == EXACT)
		return reg->umin_value != was->umin || reg->umax_value != was->umax;
	return was->ranged && (reg->umin_value < was->umin || reg->umax_value > was->umax);
}

static bool state_covered(struct bpf_verifier_env *env, struct bpf_verifier_state *old,
			  const struct bpf_verifier_state *cur, enum compare how)
{
	struct comparison map = {.env = env, .how = how};

	if (still_differs(old, cur, how)) {
		env->compared++;
		return false;
	}
	begin_ids(&env->ids);
	if (frames_covered(old, cur, &map))
		return true;
	note_difference(old, &map);
	return false;
}

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

/* --- loops that need not be unrolled ---------------------------------------------------------- */

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
		kept->loop->depth = kept->depth;
		kept->loop->next = env->loops;
		env->loops = kept->loop;
	}
	tell_what_mattered(env, kept, true);
	note_loop(env, kept->loop);
	kept->hits++;
	return 1;
}

/* The current path ends at @kept, all paths from which have ended, if it covers it. */
static bool ends_at_closed(struct bpf_verifier_env *env, struct bpf_verifier_state *kept)
{
	struct bpf_loop *loop = waits_for(kept);

	if (!state_covered(env, kept, env->cur, loop ? COVERS : COVERS_AS_USED))
		return false;
	tell_what_mattered(env, kept, loop);
	if (loop)
		note_loop(env, loop);
	kept->hits++;
	return true;
}

static bool same_call(const struct bpf_verifier_state *old, const struct bpf_verifier_state *cur)
{
	return old->callback_call && old->callback_call == cur->callback_call;
}

/*
 * Each round of a callback begins with what the one before left. After a few of them, which may be
 * all that there are values for, what still changes is not followed any more: it becomes "any
 * number", so that the rounds converge.
 */
#define ROUNDS_FOLLOWED 6

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
	const struct widening all = {.env = env};
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
		if (kept->branches && aux->calls_back) {
			if (same_call(kept, env->cur)) {
				if (!rounds++ && same_call_rounds(kept) >= ROUNDS_FOLLOWED &&
				    widen_state(&all, env->cur, kept))
					return -ENOMEM;
				if (state_covered(env, kept, env->cur, COVERS))
					return end_round(env, kept);
			}
		} else if (kept->branches && aux->may_goto &&
			   kept->may_goto_rounds != env->cur->may_goto_rounds) {
			if (state_covered(env, kept, env->cur, COVERS))
				return end_round(env, kept);
		} else if (kept->branches && aux->iter_next && iter_went_on(kept, env->cur)) {
			if (state_covered(env, kept, env->cur, COVERS))
				return end_round(env, kept);
		} else if (kept->branches) {
			/* Between two rounds of a callback, or of may_goto, somebody counts. */
			if (kept->callback_rounds == env->cur->callback_rounds &&
			    kept->may_goto_rounds == env->cur->may_goto_rounds &&
			    state_covered(env, kept, env->cur, EXACT))
				return refuse(
					env, -EINVAL, -1,
					"count the rounds up to a constant, or use bpf_for or "
					"bpf_loop",
					"a loop without end: nothing changes from one round to "
					"the next");
		} else if (ends_at_closed(env, kept)) {
			return 1;
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
	on->may_goto_rounds++;
	*next = env->insn_idx + 1 + insn->off;
	return begin_round(env, on);
}
