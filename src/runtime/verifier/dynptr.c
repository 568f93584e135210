/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Dynptrs: two slots of the stack that a helper fills and that only helpers look into (kernel:
 * process_dynptr_func and mark_stack_slots_dynptr in kernel/bpf/verifier.c). Each that there is
 * here is a sample of a ring buffer, so it comes with a reference, which its slots carry; until
 * that is given back nobody else may write to them.
 */
#include "verifier/env.h"

#define DYNPTR_SIZE 16 /* struct bpf_dynptr */

/* Where register @regno points to; -EINVAL: not to where a dynptr can be. */
static int dynptr_place(struct bpf_verifier_env *env, u32 regno, s32 *off)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];

	if (reg->type != PTR_TO_STACK)
		return refuse(env, -EACCES, regno,
			      "declare a struct bpf_dynptr as a local variable",
			      "the call needs a dynptr on the stack in R%u, which is a %s", regno,
			      reg_type_name(reg->type));
	if (!tnum_is_const(reg->var_off))
		return refuse(env, -EINVAL, regno, NULL, "a dynptr at an offset that is not known");
	*off = reg->off + (s32)reg->var_off.value;
	if (*off % BPF_REG_SIZE || *off > -DYNPTR_SIZE)
		return refuse(env, -EINVAL, regno, NULL,
			      "a dynptr is %u bytes of stack, aligned to 8", DYNPTR_SIZE);
	return 0;
}

/* The two slots at @off, if they are one dynptr. */
static bool find_dynptr(struct bpf_func_state *frame, s32 off, struct bpf_stack_state *slot[2])
{
	u32 first = (u32)-off / BPF_REG_SIZE - 1; /* the lower address, the higher index */

	if (off >= -BPF_REG_SIZE || first >= frame->nr_slots)
		return false;
	slot[0] = &frame->stack[first];
	slot[1] = &frame->stack[first - 1];
	/* Halves of two that lie next to each other are not one. */
	return slot[0]->type[0] == STACK_DYNPTR && slot[1]->type[0] == STACK_DYNPTR &&
	       slot[0]->spilled.ref_obj_id == slot[1]->spilled.ref_obj_id;
}

static void mark_slot(struct bpf_stack_state *slot, u8 type, u32 ref_obj_id)
{
	u32 i;

	slot->spilled = (struct bpf_reg_state){.ref_obj_id = ref_obj_id};
	for (i = 0; i < BPF_REG_SIZE; i++)
		slot->type[i] = type;
}

int check_new_dynptr(struct bpf_verifier_env *env, u32 regno)
{
	struct bpf_reg_state anything;
	s32 off;
	int err = dynptr_place(env, regno, &off);

	if (err)
		return err;
	reg_mark_unknown(&anything);
	off = cur_regs(env)[regno].off;
	err = stack_write(env, regno, off, BPF_REG_SIZE, &anything);
	return err ? err : stack_write(env, regno, off + BPF_REG_SIZE, BPF_REG_SIZE, &anything);
}

int make_dynptr(struct bpf_verifier_env *env, u32 regno)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_func_state *frame = own_frame(env, env->cur, reg->frameno);
	s32 off = reg->off + (s32)reg->var_off.value;
	u32 first = (u32)-off / BPF_REG_SIZE - 1;
	int id = frame ? acquire_reference(env) : -ENOMEM;

	if (id < 0)
		return id;
	mark_slot(&frame->stack[first], STACK_DYNPTR, id);
	mark_slot(&frame->stack[first - 1], STACK_DYNPTR, id);
	return 0;
}

int check_dynptr(struct bpf_verifier_env *env, u32 regno, u32 *ref_obj_id)
{
	struct bpf_stack_state *slot[2];
	s32 off = 0;
	int err = dynptr_place(env, regno, &off);

	if (err)
		return err;
	if (!find_dynptr(env->cur->frame[cur_regs(env)[regno].frameno], off, slot))
		return refuse(env, -EINVAL, regno,
			      "reserve it with bpf_ringbuf_reserve_dynptr first",
			      "the stack at R%u is not a dynptr", regno);
	*ref_obj_id = slot[0]->spilled.ref_obj_id;
	return 0;
}

int release_dynptr(struct bpf_verifier_env *env, u32 ref_obj_id)
{
	u32 f, i;

	for (f = 0; f <= env->cur->curframe; f++) {
		struct bpf_func_state *frame = env->cur->frame[f];

		for (i = 0; i < frame->nr_slots; i++) {
			if (frame->stack[i].type[0] != STACK_DYNPTR ||
			    frame->stack[i].spilled.ref_obj_id != ref_obj_id)
				continue;
			frame = own_frame(env, env->cur, f);
			if (!frame)
				return -ENOMEM;
			mark_slot(&frame->stack[i], STACK_INVALID, 0);
		}
	}
	return release_reference(env, ref_obj_id);
}
