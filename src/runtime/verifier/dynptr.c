/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Dynptrs: two slots of the stack that a call fills and that only calls look into (kernel:
 * process_dynptr_func and mark_stack_slots_dynptr in kernel/bpf/verifier.c). What is in them is a
 * real pointer, so nothing that a program writes may ever be taken for one.
 *
 * Both slots carry the kind, an id that no other dynptr has, and, if there is something to give
 * back, its reference. Pointers into the memory (slices) carry the id and the reference, too.
 *
 * A dynptr with a reference stays until that is given back: nobody else may write to its slots. All
 * of its clones, which have ids of their own and the same reference, go with it, and all slices.
 * One without a reference ends where its slots are written to, and its slices with it.
 *
 * A global function is given a pointer to one that its caller has. What kind it is shows when it is
 * used; it stays what it is until the function returns.
 */
#include "verifier/env.h"

#define DYNPTR_SIZE 16 /* struct bpf_dynptr */

static bool is_dynptr(const struct bpf_stack_state *slot)
{
	return slot->type[0] == STACK_DYNPTR;
}

int check_dynptr_pointer(struct bpf_verifier_env *env, u32 regno, int err)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (reg->type != PTR_TO_STACK && reg->type != CONST_PTR_TO_DYNPTR)
		return refuse(env, err, regno, "declare a struct bpf_dynptr as a local variable",
			      "the call needs a dynptr on the stack in R%u, which is a %s", regno,
			      reg_type_name(reg->type));
	if (reg->type == CONST_PTR_TO_DYNPTR &&
	    (reg->off || !tnum_is_const(reg->var_off) || reg->var_off.value))
		return refuse(env, -EACCES, regno, "pass the pointer that the function was given",
			      "R%u, a pointer to a dynptr, was moved", regno);
	return 0;
}

/* Where register @regno, a pointer to the stack, points to; -EINVAL: to where no dynptr can be. */
static int dynptr_place(struct bpf_verifier_env *env, u32 regno, s32 *off)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (!tnum_is_const(reg->var_off))
		return refuse(env, -EINVAL, regno, "use a local variable for each",
			      "a dynptr at an offset that is not known");
	*off = reg->off + (s32)reg->var_off.value;
	if (*off % BPF_REG_SIZE || *off > -DYNPTR_SIZE)
		return refuse(env, -EINVAL, regno,
			      "declare a struct bpf_dynptr as a local variable",
			      "a dynptr is %u bytes of stack, aligned to 8", DYNPTR_SIZE);
	return 0;
}

/* What is at @off, if it is the beginning of a dynptr; NULL: it is not. */
static const struct bpf_reg_state *find_dynptr(const struct bpf_func_state *frame, s32 off)
{
	u32 first = (u32)-off / BPF_REG_SIZE - 1; /* the lower address, the higher index */

	if (off > -DYNPTR_SIZE || first >= frame->nr_slots)
		return NULL;
	/* Halves of two that lie next to each other are not one. */
	if (!is_dynptr(&frame->stack[first]) || !is_dynptr(&frame->stack[first - 1]) ||
	    frame->stack[first].spilled.dynptr_id != frame->stack[first - 1].spilled.dynptr_id)
		return NULL;
	return &frame->stack[first].spilled;
}

static void mark_slot(struct bpf_stack_state *slot, u8 type, const struct bpf_reg_state *what)
{
	u32 i;

	slot->spilled = *what;
	for (i = 0; i < BPF_REG_SIZE; i++)
		slot->type[i] = type;
}

/* The dynptrs that @is says are no more: their slots are as never written. */
static int end_dynptrs(struct bpf_verifier_env *env,
		       bool (*is)(const struct bpf_reg_state *dynptr, u32 id), u32 id)
{
	static const struct bpf_reg_state nothing;
	u32 f, i;

	for (f = 0; f <= env->cur->curframe; f++) {
		struct bpf_func_state *frame = env->cur->frame[f];

		for (i = 0; i < frame->nr_slots; i++) {
			if (!is_dynptr(&frame->stack[i]) || !is(&frame->stack[i].spilled, id))
				continue;
			frame = own_frame(env, env->cur, f);
			if (!frame)
				return -ENOMEM;
			mark_slot(&frame->stack[i], STACK_INVALID, &nothing);
		}
	}
	return 0;
}

static bool has_id(const struct bpf_reg_state *dynptr, u32 id)
{
	return dynptr->dynptr_id == id;
}

static bool has_reference(const struct bpf_reg_state *dynptr, u32 id)
{
	return dynptr->ref_obj_id == id;
}

struct ended_dynptr {
	u32 id, insn_idx; /* where it ended */
};

/* As Linux has it, what bpf_dynptr_slice() gave stays: the memory does, too. */
static bool is_slice(const struct bpf_reg_state *reg, const void *arg)
{
	const struct ended_dynptr *ended = arg;

	return (reg->type & ~PTR_MAYBE_NULL) == PTR_TO_MEM && reg->dynptr_id == ended->id;
}

static void end_slice(struct bpf_reg_state *reg, const void *arg)
{
	const struct ended_dynptr *ended = arg;

	reg_mark_unknown(reg);
	reg->since = ended->insn_idx;
}

int overwrite_dynptrs(struct bpf_verifier_env *env, u32 regno, s32 begin, s32 end)
{
	struct ended_dynptr ended = {.insn_idx = env->insn_idx};
	u32 frameno = cur_regs(env)[regno].frameno, i;
	int err = 0;

	for (i = (u32)(-end) / BPF_REG_SIZE; !err && i < (u32)(-begin + 7) / BPF_REG_SIZE; i++) {
		/* Ending one may give the state another frame. */
		const struct bpf_func_state *frame = env->cur->frame[frameno];

		if (i >= frame->nr_slots)
			break;
		if (!is_dynptr(&frame->stack[i]))
			continue;
		if (frame->stack[i].spilled.ref_obj_id)
			return refuse(env, -EINVAL, regno, "give it back first",
				      "a write over the dynptr at r10-%u", (i + 1) * BPF_REG_SIZE);
		ended.id = frame->stack[i].spilled.dynptr_id;
		err = end_dynptrs(env, has_id, ended.id);
		change_regs(env, env->cur, is_slice, end_slice, &ended);
	}
	return err;
}

int check_new_dynptr(struct bpf_verifier_env *env, u32 regno)
{
	struct bpf_reg_state anything;
	s32 off;
	int err;

	if (cur_regs(env)[regno].type == CONST_PTR_TO_DYNPTR)
		return refuse(env, -EINVAL, regno, "declare another struct bpf_dynptr",
			      "a dynptr is made over the one that the function was given");
	err = dynptr_place(env, regno, &off);
	if (err)
		return err;
	reg_mark_unknown(&anything);
	off = cur_regs(env)[regno].off;
	err = stack_write(env, regno, off, BPF_REG_SIZE, &anything);
	return err ? err : stack_write(env, regno, off + BPF_REG_SIZE, BPF_REG_SIZE, &anything);
}

static int put_dynptr(struct bpf_verifier_env *env, u32 regno, enum bpf_dynptr_type type, u32 ref)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_func_state *frame = own_frame(env, env->cur, reg->frameno);
	u32 first = (u32) - (reg->off + (s32)reg->var_off.value) / BPF_REG_SIZE - 1;
	const struct bpf_reg_state dynptr = {
		.dynptr_type = type,
		.dynptr_id = ++env->next_id,
		.ref_obj_id = ref,
	};

	if (!frame)
		return -ENOMEM;
	mark_slot(&frame->stack[first], STACK_DYNPTR, &dynptr);
	mark_slot(&frame->stack[first - 1], STACK_DYNPTR, &dynptr);
	return 0;
}

int make_dynptr(struct bpf_verifier_env *env, u32 regno, enum bpf_dynptr_type type)
{
	int ref = 0;

	if (type == BPF_DYNPTR_TYPE_RINGBUF) {
		ref = acquire_reference(env);
		if (ref < 0)
			return ref;
	}
	return put_dynptr(env, regno, type, ref);
}

int clone_dynptr(struct bpf_verifier_env *env, u32 regno, const struct bpf_reg_state *parent)
{
	return put_dynptr(env, regno, parent->dynptr_type, parent->ref_obj_id);
}

int check_dynptr(struct bpf_verifier_env *env, u32 regno, u32 arg_type,
		 struct bpf_reg_state *dynptr)
{
	const struct bpf_reg_state *found = &cur_regs(env)[regno];
	s32 off = 0;
	int err;

	if (found->type == PTR_TO_STACK) {
		err = dynptr_place(env, regno, &off);
		if (err)
			return err;
		found = find_dynptr(env->cur->frame[found->frameno], off);
	} else if (!(arg_type & MEM_RDONLY)) {
		return refuse(env, -EINVAL, regno, "make the call where the dynptr was made",
			      "the call changes the dynptr that the function was given");
	}
	if (!found)
		return refuse(env, -EINVAL, regno,
			      "make it first, with bpf_dynptr_from_mem() or another such call",
			      "the stack at R%u is not a dynptr", regno);
	if ((arg_type & OBJ_RELEASE) && !found->ref_obj_id)
		return refuse(env, -EINVAL, regno,
			      "only what bpf_ringbuf_reserve_dynptr() made is given back",
			      "the dynptr at R%u has nothing to give back", regno);
	*dynptr = *found;
	return 0;
}

int release_dynptr(struct bpf_verifier_env *env, u32 ref_obj_id)
{
	int err = end_dynptrs(env, has_reference, ref_obj_id);

	return err ? err : release_reference(env, ref_obj_id);
}
