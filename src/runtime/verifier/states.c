/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * States: what is known at one point of one path. The walk goes on with one of them (env->cur) and
 * leaves others for later (env->pending, the last one first). A kept state counts in @branches the
 * paths that came from it and have not ended; a path that ends tells the chain of its parents.
 *
 * States of one path differ in the frame that runs; the frames that wait for it they share. So a
 * state is about a page however deep the calls are, and all that wait or are kept stay within
 * MAX_STATE_MEMORY: a walk of 1,000,000 instructions takes from 0.1 to 1 second, and less than 100
 * MB, whatever the program does (tests/verifier/test_hostile.c).
 */
#include <stdlib.h>
#include <string.h>

#include "verifier/env.h"

static void *alloc_counted(struct bpf_verifier_env *env, size_t size)
{
	void *mem;

	if (env->state_memory + size > MAX_STATE_MEMORY)
		return NULL;
	mem = malloc(size);
	if (mem)
		env->state_memory += size;
	return mem;
}

static void free_counted(struct bpf_verifier_env *env, void *mem, size_t size)
{
	if (mem)
		env->state_memory -= size;
	free(mem);
}

/* Frames come and go with every jump: some of those that went are at hand. */

static struct bpf_func_state *alloc_frame(struct bpf_verifier_env *env)
{
	if (!env->nr_spare || env->state_memory + sizeof(struct bpf_func_state) > MAX_STATE_MEMORY)
		return alloc_counted(env, sizeof(struct bpf_func_state));
	env->state_memory += sizeof(struct bpf_func_state);
	return env->spare[--env->nr_spare];
}

static void drop_frame(struct bpf_verifier_env *env, struct bpf_func_state *frame)
{
	if (env->nr_spare == MAX_SPARE_FRAMES) {
		free_counted(env, frame, sizeof(*frame));
		return;
	}
	env->state_memory -= sizeof(*frame);
	env->spare[env->nr_spare++] = frame;
}

struct bpf_func_state *new_frame(struct bpf_verifier_env *env)
{
	struct bpf_func_state *frame = alloc_frame(env);

	if (frame)
		*frame = (struct bpf_func_state){.users = 1};
	return frame;
}

/* One state less that has it. */
static void free_frame(struct bpf_verifier_env *env, struct bpf_func_state *frame)
{
	if (!frame || --frame->users)
		return;
	free_counted(env, frame->stack, frame->nr_slots * sizeof(*frame->stack));
	drop_frame(env, frame);
}

int grow_stack(struct bpf_verifier_env *env, struct bpf_func_state *frame, s32 off)
{
	u32 nr = ((u32)-off + BPF_REG_SIZE - 1) / BPF_REG_SIZE;
	struct bpf_stack_state *stack;

	if (nr <= frame->nr_slots)
		return 0;
	stack = alloc_counted(env, nr * sizeof(*stack));
	if (!stack)
		return -ENOMEM;
	if (frame->nr_slots)
		memcpy(stack, frame->stack, frame->nr_slots * sizeof(*stack));
	memset(stack + frame->nr_slots, 0, (nr - frame->nr_slots) * sizeof(*stack));
	free_counted(env, frame->stack, frame->nr_slots * sizeof(*stack));
	frame->stack = stack;
	frame->nr_slots = nr;
	return 0;
}

static struct bpf_func_state *copy_frame(struct bpf_verifier_env *env,
					 const struct bpf_func_state *frame)
{
	struct bpf_func_state *copy = alloc_frame(env);

	if (!copy)
		return NULL;
	*copy = *frame;
	copy->users = 1;
	copy->placed = false;
	copy->stack = NULL;
	if (!frame->nr_slots)
		return copy;
	copy->stack = alloc_counted(env, frame->nr_slots * sizeof(*copy->stack));
	if (!copy->stack) {
		copy->nr_slots = 0;
		free_frame(env, copy);
		return NULL;
	}
	memcpy(copy->stack, frame->stack, frame->nr_slots * sizeof(*copy->stack));
	return copy;
}

struct bpf_func_state *own_frame(struct bpf_verifier_env *env, struct bpf_verifier_state *state,
				 u32 f)
{
	struct bpf_func_state *frame = state->frame[f];

	if (frame->users > 1) {
		frame = copy_frame(env, frame);
		if (!frame) {
			env->no_memory = true;
			return NULL;
		}
		free_frame(env, state->frame[f]);
		state->frame[f] = frame;
	}
	frame->placed = false;
	return frame;
}

int leave_frame(struct bpf_verifier_env *env, struct bpf_verifier_state *state)
{
	free_frame(env, state->frame[state->curframe]);
	state->frame[state->curframe--] = NULL;
	return own_frame(env, state, state->curframe) ? 0 : -ENOMEM;
}

int grow_refs(struct bpf_verifier_env *env, struct bpf_verifier_state *state, u32 nr)
{
	struct bpf_reference *refs;
	u32 room = max_of(nr, 2 * state->max_refs), i;

	if (nr <= state->max_refs)
		return 0;
	refs = alloc_counted(env, room * sizeof(*refs));
	if (!refs)
		return -ENOMEM;
	for (i = 0; i < state->nr_refs; i++)
		refs[i] = state->refs[i];
	free_counted(env, state->refs, state->max_refs * sizeof(*refs));
	state->refs = refs;
	state->max_refs = room;
	return 0;
}

static int copy_refs(struct bpf_verifier_env *env, struct bpf_verifier_state *copy,
		     const struct bpf_verifier_state *state)
{
	u32 i;

	if (grow_refs(env, copy, state->nr_refs))
		return -ENOMEM;
	for (i = 0; i < state->nr_refs; i++)
		copy->refs[i] = state->refs[i];
	copy->nr_refs = state->nr_refs;
	return 0;
}

struct bpf_verifier_state *new_state(struct bpf_verifier_env *env)
{
	struct bpf_verifier_state *state = alloc_counted(env, sizeof(*state));

	if (!state)
		return NULL;
	*state = (struct bpf_verifier_state){0};
	state->frame[0] = new_frame(env);
	if (!state->frame[0]) {
		free_state(env, state);
		return NULL;
	}
	return state;
}

struct bpf_verifier_state *copy_state(struct bpf_verifier_env *env,
				      const struct bpf_verifier_state *state)
{
	struct bpf_verifier_state *copy = alloc_counted(env, sizeof(*copy));
	u32 i;

	if (!copy)
		return NULL;
	*copy = (struct bpf_verifier_state){0};
	copy->curframe = state->curframe;
	copy->parent = state->parent;
	copy->callback_call = state->callback_call;
	copy->callback_rounds = state->callback_rounds;
	copy->locked_map = state->locked_map;
	copy->locked_id = state->locked_id;
	copy->active_rcu_lock = state->active_rcu_lock;
	copy->active_preempt_locks = state->active_preempt_locks;
	if (copy_refs(env, copy, state)) {
		free_state(env, copy);
		return NULL;
	}
	for (i = 0; i < state->curframe; i++) {
		copy->frame[i] = state->frame[i];
		copy->frame[i]->users++;
	}
	copy->frame[i] = copy_frame(env, state->frame[i]);
	if (!copy->frame[i]) {
		free_state(env, copy);
		return NULL;
	}
	return copy;
}

void free_frames(struct bpf_verifier_env *env, struct bpf_verifier_state *state)
{
	u32 i;

	for (i = 0; i < MAX_BPF_FRAMES; i++) {
		free_frame(env, state->frame[i]);
		state->frame[i] = NULL;
	}
	free_counted(env, state->refs, state->max_refs * sizeof(*state->refs));
	state->refs = NULL;
	state->nr_refs = state->max_refs = 0;
}

void free_state(struct bpf_verifier_env *env, struct bpf_verifier_state *state)
{
	if (!state)
		return;
	free_frames(env, state);
	free_counted(env, state, sizeof(*state));
}

struct bpf_verifier_state *push_path(struct bpf_verifier_env *env, u32 insn_idx)
{
	struct bpf_pending_path *path;

	if (env->nr_pending >= MAX_PENDING_PATHS) {
		refuse(env, -EFAULT, -1, "fewer branches, or simpler ones, in a row",
		       "more than %u branches wait to be followed", MAX_PENDING_PATHS);
		return ERR_PTR(-EFAULT);
	}
	path = calloc(1, sizeof(*path));
	if (!path)
		return ERR_PTR(-ENOMEM);
	path->state = copy_state(env, env->cur);
	if (!path->state) {
		free(path);
		return ERR_PTR(-ENOMEM);
	}
	path->insn_idx = insn_idx;
	path->next = env->pending;
	env->pending = path;
	env->nr_pending++;
	if (path->state->parent)
		path->state->parent->branches++;
	return path->state;
}

/* One path less for the kept states that it came from. */
static void path_ended(struct bpf_verifier_state *state)
{
	struct bpf_verifier_state *kept;

	for (kept = state->parent; kept; kept = kept->parent) {
		if (--kept->branches)
			break;
		if (kept->first_of_call)
			kept->callback_call->done = true;
		if (kept->loop) {
			kept->loop->closed = true;
			kept->loop->outer = kept->in_loop;
		}
	}
}

int pop_path(struct bpf_verifier_env *env)
{
	struct bpf_pending_path *path = env->pending;

	path_ended(env->cur);
	free_state(env, env->cur);
	env->cur = NULL;
	if (!path)
		return -ENOENT;
	env->pending = path->next;
	env->nr_pending--;
	env->cur = path->state;
	env->insn_idx = path->insn_idx;
	free(path);
	return 0;
}

static void free_list(struct bpf_verifier_env *env, struct bpf_verifier_state **list)
{
	struct bpf_verifier_state *state;

	while ((state = *list)) {
		*list = state->next;
		free_state(env, state);
	}
}

void free_all_states(struct bpf_verifier_env *env)
{
	struct bpf_pending_path *path;
	struct bpf_callback_call *call;
	struct bpf_loop *loop;
	u32 i;

	free_state(env, env->cur);
	env->cur = NULL;
	while ((path = env->pending)) {
		env->pending = path->next;
		free_state(env, path->state);
		free(path);
	}
	env->nr_pending = 0;
	for (i = 0; env->kept && i < env->nr_insns; i++)
		free_list(env, &env->kept[i]);
	free_list(env, &env->aside);
	env->nr_states = 0;
	while (env->nr_spare)
		free(env->spare[--env->nr_spare]);
	free_origins(env);
	env->forget_at = 0;
	while ((loop = env->loops)) {
		env->loops = loop->next;
		free(loop);
	}
	while ((call = env->callback_calls)) {
		env->callback_calls = call->next;
		free(call);
	}
}

void for_each_reg(const struct bpf_verifier_state *state,
		  void (*fn)(const struct bpf_reg_state *reg, void *arg), void *arg)
{
	u32 f, i;

	for (f = 0; f <= state->curframe; f++) {
		const struct bpf_func_state *frame = state->frame[f];

		for (i = 0; i < MAX_BPF_REG; i++)
			fn(&frame->regs[i], arg);
		for (i = 0; i < frame->nr_slots; i++)
			if (frame->stack[i].type[0] == STACK_SPILL)
				fn(&frame->stack[i].spilled, arg);
	}
}

void change_regs(struct bpf_verifier_env *env, struct bpf_verifier_state *state,
		 bool (*is)(const struct bpf_reg_state *reg, const void *arg),
		 void (*change)(struct bpf_reg_state *reg, const void *arg), const void *arg)
{
	u32 f, i;

	for (f = 0; f <= state->curframe; f++) {
		struct bpf_func_state *frame = state->frame[f];

		for (i = 0; i < MAX_BPF_REG; i++) {
			if (!is(&frame->regs[i], arg))
				continue;
			frame = own_frame(env, state, f);
			if (!frame)
				return;
			change(&frame->regs[i], arg);
		}
		for (i = 0; i < frame->nr_slots; i++) {
			if (frame->stack[i].type[0] != STACK_SPILL ||
			    !is(&frame->stack[i].spilled, arg))
				continue;
			frame = own_frame(env, state, f);
			if (!frame)
				return;
			change(&frame->stack[i].spilled, arg);
		}
	}
}
