/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The stack of a frame, byte by byte: never written, part of a spilled register, zero, or
 * something. A register that is stored at the beginning of an 8-byte slot comes back as it was; a
 * scalar also if it is stored and read with fewer bytes.
 *
 * What was never written reads as any number. A program that may read such bytes runs with frames
 * that begin as zeros, so that it sees nothing of the process.
 */
#include "verifier/env.h"

/* Where an access begins: between @min and @max, relative to r10. All of it is on the stack. */
static int stack_bounds(struct bpf_verifier_env *env, u32 regno, s32 off, u32 size, s32 *min,
			s32 *max)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_func_state *frame = env->cur->frame[reg->frameno];
	struct bpf_subprog_info *subprog = &env->subprogs[frame->subprogno];

	if (reg->smin_value <= -BPF_MAX_VAR_OFF || reg->smax_value >= BPF_MAX_VAR_OFF)
		return refuse(env, -EACCES, regno, "compare the offset with constants first",
			      "an access to the stack at an offset without bounds");
	if (reg->smin_value + off < -MAX_BPF_STACK || reg->smax_value + off + (s64)size > 0)
		/* The errno says whether it begins on the stack. */
		return refuse(env,
			      reg->smin_value + off < -MAX_BPF_STACK || reg->smin_value + off >= 0
				      ? -EACCES
				      : -EINVAL,
			      regno, "the stack is r10-512 up to r10-1",
			      "an access of %u bytes at offset %lld of the stack", size,
			      (long long)(reg->smin_value + off));
	*min = reg->smin_value + off;
	*max = reg->smax_value + off;
	subprog->stack_depth = max_of(subprog->stack_depth, (u32) - *min);
	return 0;
}

static struct bpf_stack_state *slot_at(const struct bpf_func_state *frame, s32 off)
{
	u32 i = (u32)(-off - 1) / BPF_REG_SIZE;

	return i < frame->nr_slots ? &frame->stack[i] : NULL;
}

static u8 byte_type(const struct bpf_func_state *frame, s32 off)
{
	const struct bpf_stack_state *slot = slot_at(frame, off);

	return slot ? slot->type[off & (BPF_REG_SIZE - 1)] : STACK_INVALID;
}

/* The first of the bytes [@begin, @end) that is of @type; 0: none is. */
static s32 find_byte(const struct bpf_verifier_env *env, u32 regno, s32 begin, s32 end, u8 type)
{
	const struct bpf_func_state *frame = env->cur->frame[cur_regs(env)[regno].frameno];

	while (begin < end && byte_type(frame, begin) != type)
		begin++;
	return begin < end ? begin : 0;
}

/* An iterator, which only calls for it may touch, somewhere in [@begin, @end). */
static int check_no_iter(struct bpf_verifier_env *env, u32 regno, s32 begin, s32 end, int err,
			 const char *what)
{
	s32 off = find_byte(env, regno, begin, end, STACK_ITER);

	if (!off)
		return 0;
	return refuse(env, err, regno, "destroy it first", "%s the iterator at r10%d", what, off);
}

/* Nor a dynptr. */
static int check_no_object(struct bpf_verifier_env *env, u32 regno, s32 begin, s32 end,
			   const char *what)
{
	s32 off = find_byte(env, regno, begin, end, STACK_DYNPTR);

	if (off)
		return refuse(env, -EACCES, regno, "use the calls for dynptrs",
			      "%s the dynptr at r10%d", what, off);
	return check_no_iter(env, regno, begin, end, -EACCES, what);
}

/* [@begin, @end) is written to. */
static int overwrite_objects(struct bpf_verifier_env *env, u32 regno, s32 begin, s32 end)
{
	int err = check_no_iter(env, regno, begin, end, -EINVAL, "a write over");

	return err ? err : overwrite_dynptrs(env, regno, begin, end);
}

static u32 spill_size(const struct bpf_stack_state *slot)
{
	u32 size = 0;

	while (size < BPF_REG_SIZE && slot->type[size] == STACK_SPILL)
		size++;
	return size;
}

/* Are the first @size bytes of the slot the low ones of its register? */
static bool spill_covers(const struct bpf_stack_state *slot, u32 size)
{
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return spill_size(slot) == size;
	return spill_size(slot) >= size;
}

/* The register in the slot is no longer whole: its bytes are just bytes. */
static void scrub_slot(struct bpf_stack_state *slot)
{
	u32 i;

	for (i = 0; i < BPF_REG_SIZE; i++)
		if (slot->type[i] == STACK_SPILL)
			slot->type[i] = STACK_MISC;
}

static bool spills_zero(const struct bpf_stack_state *slot)
{
	return slot->type[0] == STACK_SPILL && reg_is_null(&slot->spilled);
}

/* Are bytes [@begin, @end) all zero? If so, *@origin is what that rests on. */
static bool bytes_zero(struct bpf_verifier_env *env, const struct bpf_func_state *frame, s32 begin,
		       s32 end, u32 *origin)
{
	s32 off;

	*origin = 0;
	for (off = begin; off < end; off++) {
		const struct bpf_stack_state *slot = slot_at(frame, off);
		u8 type = byte_type(frame, off);

		if (type == STACK_ZERO)
			continue;
		if (type != STACK_SPILL || !spills_zero(slot))
			return false;
		*origin = join_origins(env, *origin, slot->spilled.origin);
	}
	return true;
}

/* Bytes [@begin, @end) are read. */
static void read_bytes(struct bpf_verifier_env *env, const struct bpf_func_state *frame, s32 begin,
		       s32 end)
{
	s32 off;

	for (off = begin; off < end; off++) {
		if (byte_type(frame, off) == STACK_INVALID)
			env->prog->aux->reads_unwritten_stack = true;
		if (slot_at(frame, off))
			mark_precise(env, slot_at(frame, off)->place);
	}
}

int stack_read(struct bpf_verifier_env *env, u32 regno, s32 off, u32 size,
	       struct bpf_reg_state *result)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_func_state *frame = env->cur->frame[reg->frameno];
	struct bpf_stack_state *slot;
	s32 min, max;
	u32 origin;
	int err;

	err = stack_bounds(env, regno, off, size, &min, &max);
	if (!err)
		err = check_no_object(env, regno, min, max + (s32)size, "a read of");
	if (err)
		return err;
	read_bytes(env, frame, min, max + size);
	slot = slot_at(frame, min);
	if (min == max && slot && size < BPF_REG_SIZE && slot->type[0] == STACK_SPILL &&
	    slot->spilled.type != SCALAR_VALUE)
		return refuse(env, -EACCES, regno, "read all of its 8 bytes",
			      "a read of a part of a pointer that is stored at r10%d", min);
	if (min == max && slot && !(min & (BPF_REG_SIZE - 1)) && spill_covers(slot, size)) {
		if (spill_size(slot) == size || slot->spilled.type == SCALAR_VALUE)
			*result = slot->spilled; /* the caller cuts it to size */
		return 0;
	}
	if (bytes_zero(env, frame, min, max + size, &origin)) {
		reg_mark_const(result, 0);
		result->origin = origin;
	}
	return 0;
}

static void write_fixed(struct bpf_verifier_env *env, struct bpf_func_state *frame, s32 off,
			u32 size, const struct bpf_reg_state *value)
{
	struct bpf_stack_state *slot = slot_at(frame, off);
	u32 begin = off & (BPF_REG_SIZE - 1), i;
	bool scalar = value->type == SCALAR_VALUE;
	u8 type = reg_is_null(value) ? STACK_ZERO : STACK_MISC;

	if (begin < spill_size(slot))
		scrub_slot(slot);
	if (!begin && (size == BPF_REG_SIZE || scalar)) {
		slot->spilled = *value;
		if (size < BPF_REG_SIZE) {
			if (value->umax_value >> (size * 8))
				slot->spilled.id = 0;
			reg_zero_extend(&slot->spilled, size);
		}
		type = STACK_SPILL;
	} else if (type == STACK_ZERO) {
		mark_reg_precise(env, value);
	}
	for (i = begin; i < begin + size; i++)
		slot->type[i] = type;
	if (size == BPF_REG_SIZE)
		slot->place = 0;
}

/* Somewhere in [@begin, @end): what was known of any byte there may not be so any more. */
static void write_somewhere(struct bpf_func_state *frame, s32 begin, s32 end, bool zero)
{
	s32 off;

	for (off = begin; off < end; off++) {
		struct bpf_stack_state *slot = slot_at(frame, off);
		u8 *type;

		if (!slot)
			continue;
		type = &slot->type[off & (BPF_REG_SIZE - 1)];
		if (zero && *type == STACK_SPILL && spills_zero(slot))
			continue;
		if (*type == STACK_SPILL)
			scrub_slot(slot);
		if (*type == STACK_ZERO && !zero)
			*type = STACK_MISC;
	}
}

int stack_write(struct bpf_verifier_env *env, u32 regno, s32 off, u32 size,
		const struct bpf_reg_state *value)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_func_state *frame = env->cur->frame[reg->frameno];
	struct bpf_reg_state number;
	s32 min, max;
	int err;

	/* Of some pointers no copy is kept. */
	if (value->type == CONST_PTR_TO_DYNPTR) {
		reg_mark_unknown(&number);
		value = &number;
	}
	err = stack_bounds(env, regno, off, size, &min, &max);
	if (!err)
		err = overwrite_objects(env, regno, min, max + (s32)size);
	if (err)
		return err;
	if (value->type == PTR_TO_STACK && frame != cur_frame(env))
		return refuse(
			env, -EINVAL, regno,
			"let who calls own the memory, and pass a pointer to it",
			"a pointer to the stack is stored in the stack of a calling function");
	/* The key is the walk's, and goes with it; Linux lets it be kept. */
	if (value->type == PTR_TO_MAP_KEY && frame != cur_frame(env))
		return refuse(env, -EINVAL, regno, "store the key itself",
			      "a pointer to the key of a walk is kept for after the walk");
	if (min == max && size < BPF_REG_SIZE && value->type != SCALAR_VALUE)
		return refuse(env, -EACCES, regno, "store all of its 8 bytes",
			      "a part of a pointer is stored on the stack");
	frame = own_frame(env, env->cur, reg->frameno);
	if (!frame)
		return -ENOMEM;
	if (min != max) {
		if (reg_is_null(value))
			mark_reg_precise(env, value);
		write_somewhere(frame, min, max + size, reg_is_null(value));
		return 0;
	}
	err = grow_stack(env, frame, min);
	if (!err)
		write_fixed(env, frame, min, size, value);
	return err;
}

int stack_call_mem(struct bpf_verifier_env *env, u32 regno, u32 min, u32 max, u32 access)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	struct bpf_func_state *frame = env->cur->frame[reg->frameno];
	s32 begin, last, off;
	int err;

	/* Of no bytes the place is asked for all the same. */
	if (!max)
		return stack_bounds(env, regno, reg->off, 1, &begin, &last);
	err = stack_bounds(env, regno, reg->off, max, &begin, &last);
	if (!err && (access & ACCESS_UNINIT))
		err = check_no_iter(env, regno, begin, last + (s32)max, -EINVAL,
				    "the call writes over");
	if (!err)
		err = check_no_object(env, regno, begin, last + (s32)max, "the call is given");
	if (err)
		return err;
	if (!(access & ACCESS_UNINIT))
		read_bytes(env, frame, begin, last + max);
	if (!(access & ACCESS_WRITE))
		return 0;
	frame = own_frame(env, env->cur, reg->frameno);
	if (!frame)
		return -ENOMEM;
	err = grow_stack(env, frame, begin);
	if (err)
		return err;
	write_somewhere(frame, begin, last + max, false);
	/* What is written for certain can be read afterwards. */
	for (off = begin; begin == last && off < begin + (s32)min; off++) {
		slot_at(frame, off)->type[off & (BPF_REG_SIZE - 1)] = STACK_MISC;
		if (!((off + 1) & (BPF_REG_SIZE - 1)) && off + 1 - begin >= BPF_REG_SIZE)
			slot_at(frame, off)->place = 0;
	}
	return 0;
}

bool stack_const(struct bpf_verifier_env *env, u32 regno, u32 size, u64 *value)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	const struct bpf_stack_state *slot;
	u32 origin;
	s32 begin;

	if (reg->type != PTR_TO_STACK || !tnum_is_const(reg->var_off))
		return false;
	begin = reg->off + (s32)reg->var_off.value;
	*value = 0;
	if (bytes_zero(env, env->cur->frame[reg->frameno], begin, begin + (s32)size, &origin)) {
		mark_precise(env, origin);
		return true;
	}
	slot = slot_at(env->cur->frame[reg->frameno], begin);
	if ((begin & (BPF_REG_SIZE - 1)) || !slot || spill_size(slot) != size ||
	    !reg_is_const(&slot->spilled))
		return false;
	mark_reg_precise(env, &slot->spilled);
	*value = tnum_cast(slot->spilled.var_off, size).value;
	return true;
}
