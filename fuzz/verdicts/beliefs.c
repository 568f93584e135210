/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The verifier's states, each copied as it is walked.
 *
 * What a machine holds when it comes to an instruction has to be in one of the states that were
 * walked there, all registers in the same one. That is so by the nature of the walk as long as a
 * path ends only at a state that covers the current one in every number; where numbers that do not
 * matter may differ, it is not. So every number is made to matter here (mark_all_compared): what is
 * judged is the arithmetic of ranges, branches, ids, calls and the stack. That passing over numbers
 * is right is seen elsewhere, by what programs then do.
 *
 * Only the frame that runs is looked at; of what is spilled, whole slots.
 */
#include <string.h>

#include "beliefs.h"
#include "verifier/env.h"

#define MAX_INSNS 1024
#define MAX_STATES 4096
#define MAX_SLOTS (MAX_BPF_STACK / BPF_REG_SIZE)

struct belief {
	u32 next; /* at the same instruction: 1 + index; 0: the last one */
	u16 live;
	u32 nr_slots;
	struct bpf_reg_state regs[BPF_REG_10];
	struct bpf_stack_state stack[MAX_SLOTS];
};

static struct belief beliefs[MAX_STATES];
static u32 nr_beliefs, first[MAX_INSNS];
static bool too_many;

static void watch(struct bpf_verifier_env *env)
{
	const struct bpf_func_state *frame = env->cur->frame[env->cur->curframe];
	struct belief *belief = &beliefs[nr_beliefs];

	mark_all_compared(env);
	if (nr_beliefs == MAX_STATES || env->insn_idx >= MAX_INSNS) {
		too_many = true;
		return;
	}
	belief->live = env->aux[env->insn_idx].live;
	memcpy(belief->regs, frame->regs, sizeof(belief->regs));
	belief->nr_slots = min_of(frame->nr_slots, (u32)MAX_SLOTS);
	if (belief->nr_slots)
		memcpy(belief->stack, frame->stack, belief->nr_slots * sizeof(belief->stack[0]));
	belief->next = first[env->insn_idx];
	first[env->insn_idx] = ++nr_beliefs;
}

void beliefs_begin(void)
{
	nr_beliefs = 0;
	too_many = false;
	memset(first, 0, sizeof(first));
	bpf_check_watch = watch;
}

void beliefs_end(void)
{
	bpf_check_watch = NULL;
}

static bool number_fits(const struct bpf_reg_state *reg, u64 v)
{
	return v >= reg->umin_value && v <= reg->umax_value && (s64)v >= reg->smin_value &&
	       (s64)v <= reg->smax_value && (u32)v >= reg->u32_min_value &&
	       (u32)v <= reg->u32_max_value && (s32)v >= reg->s32_min_value &&
	       (s32)v <= reg->s32_max_value && (v & ~reg->var_off.mask) == reg->var_off.value;
}

/* A pointer is @at bytes from the base of its kind. */
static bool offset_fits(const struct bpf_reg_state *reg, u64 at)
{
	s64 variable = (s64)(at - (u64)(s64)reg->off);

	return variable >= reg->smin_value && variable <= reg->smax_value &&
	       ((u64)variable & ~reg->var_off.mask) == reg->var_off.value;
}

static bool memory_fits(const struct bpf_reg_state *reg, const struct held *held)
{
	switch (base_type(reg->type)) {
	case PTR_TO_MAP_VALUE:
		return held->size == reg->map_ptr->value_size && offset_fits(reg, held->v);
	case PTR_TO_MAP_KEY:
		return held->size == reg->map_ptr->key_size && offset_fits(reg, held->v);
	case PTR_TO_MEM: /* of a global function it begins anywhere */
		return !(reg->type & MEM_RINGBUF) ||
		       (held->size == reg->mem_size && offset_fits(reg, held->v));
	}
	/* A number, too: such programs may look at addresses. */
	return base_type(reg->type) != PTR_TO_STACK;
}

static bool reg_fits(const struct bpf_reg_state *reg, const struct held *held)
{
	u32 type = base_type(reg->type);

	if (type == NOT_INIT) /* it is not read from here on */
		return true;
	switch (held->kind) {
	case HELD_NOTHING:
		return true;
	case HELD_NUMBER:
		if (type == SCALAR_VALUE)
			return number_fits(reg, held->v);
		if (type == PTR_TO_FUNC) /* the witness has its instruction */
			return true;
		/* A helper's pointer, or a walked one, that turned out to be NULL. */
		return type != PTR_TO_STACK && !held->v &&
		       (reg->type & PTR_MAYBE_NULL || type == PTR_TO_BTF_ID);
	case HELD_STACK:
		return type == PTR_TO_STACK ? offset_fits(reg, held->v) : type != PTR_TO_MAP_VALUE;
	case HELD_MEMORY:
		return memory_fits(reg, held);
	default:
		return type != PTR_TO_STACK && type != PTR_TO_MAP_VALUE;
	}
}

static bool slot_fits(const struct bpf_stack_state *slot, const struct held *held)
{
	u32 size = 0, i;
	struct held part = *held;

	while (size < BPF_REG_SIZE && slot->type[size] == STACK_SPILL)
		size++;
	if (size == BPF_REG_SIZE)
		return reg_fits(&slot->spilled, held);
	if (held->kind != HELD_NUMBER)
		return true;
	if (size) {
		part.v &= (1ull << (size * 8)) - 1;
		if (!reg_fits(&slot->spilled, &part))
			return false;
	}
	for (i = 0; i < BPF_REG_SIZE; i++)
		if (slot->type[i] == STACK_ZERO && (u8)(held->v >> (i * 8)))
			return false;
	return true;
}

/* -1: it does; a register, or 10 and a slot of the stack, that does not. */
static int misfit(const struct belief *belief, const struct held *reg, slot_held *stack)
{
	struct held held;
	u32 i;

	for (i = 0; i < BPF_REG_10; i++)
		if ((belief->live & (1u << i)) && !reg_fits(&belief->regs[i], &reg[i]))
			return (int)i;
	for (i = 0; i < belief->nr_slots; i++) {
		held = stack(i);
		if (!slot_fits(&belief->stack[i], &held))
			return (int)(BPF_REG_10 + i);
	}
	return -1;
}

int beliefs_fit(unsigned int insn, const struct held *reg, slot_held *stack)
{
	int wrong = -1;
	u32 at;

	if (too_many || insn >= MAX_INSNS)
		return -1;
	for (at = first[insn]; at; at = beliefs[at - 1].next) {
		wrong = misfit(&beliefs[at - 1], reg, stack);
		if (wrong < 0)
			return -1;
	}
	return max_of(wrong, 0);
}
