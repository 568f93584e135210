/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Open-coded iterators: bpf_iter_NAME_new(), _next() until it gives NULL, _destroy() (kernel:
 * process_iter_arg and process_iter_next_call in kernel/bpf/verifier.c). An iterator is a few slots
 * of the stack that those calls alone look into, and a reference: from new to destroy the program
 * holds it. The slots carry the id of the reference and their number; what is known of the iterator
 * - its type, how often it went on, whether it is at its end - is in the list of references.
 *
 * Each next parts the path. One is given NULL: the iterator is at its end, and stays there. The
 * other is given an element, and goes round: rounds.c ends it where a round begins with nothing new,
 * because an iterator ends some time. Linux lets a write to the slots end the iterator, so that the
 * program is refused where it gives it back, or does not; here it is refused at the write.
 */
#include "verifier/env.h"

static bool is_iter_slot(const struct bpf_stack_state *slot, u32 id, u32 nr)
{
	return slot->type[0] == STACK_ITER && slot->spilled.ref_obj_id == id &&
	       slot->spilled.off == (s32)nr;
}

/* The slot that begins at @off; NULL: there is none. */
static struct bpf_stack_state *slot_at(const struct bpf_func_state *frame, s32 off)
{
	u32 i = (u32)-off / BPF_REG_SIZE - 1; /* the lower address, the higher index */

	return off < 0 && i < frame->nr_slots ? &frame->stack[i] : NULL;
}

static int iter_place(struct bpf_verifier_env *env, u32 regno, u32 size, s32 *off)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (reg->type != PTR_TO_STACK)
		return refuse(env, -EINVAL, regno, "declare the iterator as a local variable",
			      "the call needs an iterator on the stack in R%u, which is a %s",
			      regno, reg_type_name(reg->type));
	if (!tnum_is_const(reg->var_off) || (reg->off + reg->var_off.value) % BPF_REG_SIZE)
		return refuse(env, -EINVAL, regno, "use a local variable for it",
			      "an iterator at an offset that is not known, or not aligned to 8");
	*off = reg->off + (s32)reg->var_off.value;
	/* Right behind the stack the write itself is refused. */
	if (*off && *off > -(s32)size)
		return refuse(env, -EINVAL, regno, "declare its structure as a local variable",
			      "an iterator is %u bytes of stack", size);
	return 0;
}

int make_iter(struct bpf_verifier_env *env, u32 regno, u32 btf_id, u32 size)
{
	struct bpf_func_state *frame;
	struct bpf_reg_state anything;
	s32 off;
	u32 i, j;
	int id, err;

	err = iter_place(env, regno, size, &off);
	reg_mark_unknown(&anything);
	for (i = 0; !err && i < size; i += BPF_REG_SIZE)
		err = stack_write(env, regno, cur_regs(env)[regno].off + (s32)i, BPF_REG_SIZE,
				  &anything);
	if (err)
		return err;
	id = acquire_reference(env);
	if (id < 0)
		return id;
	find_reference(env->cur, id)->iter_btf_id = btf_id;
	frame = env->cur->frame[cur_regs(env)[regno].frameno]; /* its own, since the write */
	for (i = 0; i < size / BPF_REG_SIZE; i++) {
		struct bpf_stack_state *slot = slot_at(frame, off + (s32)i * BPF_REG_SIZE);

		slot->spilled = (struct bpf_reg_state){.ref_obj_id = id, .off = (s32)i};
		for (j = 0; j < BPF_REG_SIZE; j++)
			slot->type[j] = STACK_ITER;
	}
	return 0;
}

int check_iter(struct bpf_verifier_env *env, u32 regno, u32 btf_id, u32 size, u32 *id)
{
	const struct bpf_func_state *frame;
	const struct bpf_stack_state *slot;
	const struct bpf_reference *ref;
	s32 off;
	u32 i;
	int err;

	err = iter_place(env, regno, size, &off);
	if (err)
		return err;
	frame = env->cur->frame[cur_regs(env)[regno].frameno];
	slot = slot_at(frame, off);
	*id = slot && slot->type[0] == STACK_ITER ? slot->spilled.ref_obj_id : 0;
	for (i = 0; *id && i < size / BPF_REG_SIZE; i++) {
		slot = slot_at(frame, off + (s32)i * BPF_REG_SIZE);
		if (!slot || !is_iter_slot(slot, *id, i))
			*id = 0;
	}
	ref = *id ? find_reference(env->cur, *id) : NULL;
	if (ref && ref->iter_btf_id == btf_id)
		return 0;
	return refuse(env, -EINVAL, regno, "make it with its bpf_iter_..._new first",
		      "the stack at R%u is not an iterator of this type", regno);
}

int destroy_iter(struct bpf_verifier_env *env, u32 regno, u32 id)
{
	struct bpf_func_state *frame = own_frame(env, env->cur, cur_regs(env)[regno].frameno);
	u32 i, j;

	if (!frame)
		return -ENOMEM;
	for (i = 0; i < frame->nr_slots; i++) {
		struct bpf_stack_state *slot = &frame->stack[i];

		if (slot->type[0] != STACK_ITER || slot->spilled.ref_obj_id != id)
			continue;
		slot->spilled = (struct bpf_reg_state){.type = NOT_INIT};
		for (j = 0; j < BPF_REG_SIZE; j++)
			slot->type[j] = STACK_INVALID;
	}
	return release_reference(env, id);
}

int check_iter_next(struct bpf_verifier_env *env, u32 id)
{
	struct bpf_reference *iter = find_reference(env->cur, id);
	struct bpf_verifier_state *on;
	struct bpf_reg_state *r0;
	int err;

	if (!iter->iter_drained) {
		on = push_path(env, env->insn_idx + 1);
		if (IS_ERR(on))
			return PTR_ERR(on);
		find_reference(on, id)->iter_depth++;
		r0 = &on->frame[on->curframe]->regs[BPF_REG_0];
		r0->type &= ~(u32)PTR_MAYBE_NULL;
		r0->id = 0;
		r0->since = env->insn_idx;
		err = begin_round(env, on);
		if (err)
			return err;
	}
	iter->iter_drained = true;
	reg_mark_const(&cur_regs(env)[BPF_REG_0], 0);
	return 0;
}
