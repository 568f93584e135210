/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Is what one state stands for among what another one does? (kernel: states_equal in
 * kernel/bpf/verifier.c) Frame by frame, register by register, byte by byte of the stack; where
 * numbers, pointers or references share an id in the one, they have to share one in the other.
 */
#include <string.h>

#include "verifier/prune.h"

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
	struct bpf_id_map *ids = map->env->ids;
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

bool same_range(const struct bpf_reg_state *old, const struct bpf_reg_state *cur)
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

bool spilled_scalar(const struct bpf_stack_state *slot)
{
	return slot->type[0] == STACK_SPILL && slot->spilled.type == SCALAR_VALUE;
}

u32 spill_size(const struct bpf_stack_state *slot)
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

bool same_frames(const struct bpf_verifier_state *a, const struct bpf_verifier_state *b)
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

bool state_covered(struct bpf_verifier_env *env, struct bpf_verifier_state *old,
		   const struct bpf_verifier_state *cur, enum compare how)
{
	struct comparison map = {.env = env, .how = how};

	if (still_differs(old, cur, how)) {
		env->compared++;
		return false;
	}
	begin_ids(env->ids);
	if (frames_covered(old, cur, &map))
		return true;
	note_difference(old, &map);
	return false;
}
