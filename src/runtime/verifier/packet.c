/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Pointers into packets. A packet's length is not known before the program runs; what the program
 * finds out by comparing is. A pointer is a base, which is the begin of the packet (id 0) or
 * something variable added to it (an id of its own), plus a fixed offset; its range says how many
 * bytes from its base on are in the packet for certain, and all pointers with the same base share
 * it. The same holds for what is before the packet, which ends where the packet begins.
 *
 * Helpers that move or cut the packet make all of that worthless: see forget_packet_pointers().
 * Behaviour: find_good_pkt_pointers() and what is around it in kernel/bpf/verifier.c.
 */
#include "verifier/env.h"
#include "verifier/prog_types.h"

/* Of packets, beyond which sums could overflow what is compared. */
#define MAX_PACKET_OFF 0xffff

/* Not a range, but what is known where a comparison went the other way. */
enum {
	AT_PKT_END = -1,     /* at the end, or beyond */
	BEYOND_PKT_END = -2, /* at least one byte beyond */
};

static bool is_base(const struct bpf_reg_state *reg)
{
	return reg->type == PTR_TO_PACKET && !reg->id && !reg->off && tnum_is_const(reg->var_off) &&
	       !reg->var_off.value;
}

/* Does @limit end the memory that @reg points into? */
static bool is_limit(const struct bpf_reg_state *reg, const struct bpf_reg_state *limit)
{
	if (reg->type == PTR_TO_PACKET)
		return limit->type == PTR_TO_PACKET_END;
	return reg->type == PTR_TO_PACKET_META && is_base(limit);
}

static u8 mirrored(u8 op)
{
	switch (op) {
	case BPF_JGT:
		return BPF_JLT;
	case BPF_JLT:
		return BPF_JGT;
	case BPF_JGE:
		return BPF_JLE;
	case BPF_JLE:
		return BPF_JGE;
	}
	return op;
}

static bool is_order(u8 op)
{
	return op == BPF_JGT || op == BPF_JGE || op == BPF_JLT || op == BPF_JLE;
}

int decide_packet(const struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op)
{
	const struct bpf_reg_state *reg = dst;

	if (src->type == PTR_TO_PACKET && dst->type == PTR_TO_PACKET_END) {
		reg = src;
		op = mirrored(op);
	} else if (dst->type != PTR_TO_PACKET || src->type != PTR_TO_PACKET_END) {
		return -1;
	}
	if (reg->range >= 0)
		return -1;
	switch (op) {
	case BPF_JGT:
	case BPF_JLE:
		return reg->range == BEYOND_PKT_END ? op == BPF_JGT : -1;
	case BPF_JGE:
	case BPF_JLT:
		return op == BPF_JGE;
	}
	return -1;
}

struct found_range {
	u32 type, id;
	s32 range;
};

static bool has_base(const struct bpf_reg_state *reg, const void *arg)
{
	const struct found_range *found = arg;

	return reg->type == found->type && reg->id == found->id;
}

static void extend_range(struct bpf_reg_state *reg, const void *arg)
{
	const struct found_range *found = arg;

	reg->range = max_of(reg->range, found->range);
}

/* In @state, @reg is not beyond the limit; @before: it is before it. */
static void set_inside(struct bpf_verifier_env *env, struct bpf_verifier_state *state,
		       const struct bpf_reg_state *reg, bool before)
{
	struct found_range found = {
		.type = reg->type,
		.id = reg->id,
		.range = reg->off + before,
	};

	/* Of a byte at the pointer itself Linux takes no notice. */
	if (reg->off <= 0 || reg->umax_value > MAX_PACKET_OFF ||
	    reg->umax_value + reg->off > MAX_PACKET_OFF)
		return;
	change_regs(env, state, has_base, extend_range, &found);
}

/* Nothing is known of what is before the packet there. */
static void set_outside(struct bpf_reg_state *reg, bool beyond)
{
	if (reg->type == PTR_TO_PACKET)
		reg->range = beyond ? BEYOND_PKT_END : AT_PKT_END;
}

void compare_packet(struct bpf_verifier_env *env, struct bpf_verifier_state *other,
		    const struct bpf_insn *insn)
{
	const struct bpf_reg_state *dst = &cur_regs(env)[insn->dst_reg];
	const struct bpf_reg_state *src = &cur_regs(env)[insn->src_reg];
	bool swap = is_limit(src, dst), inside_jumps;
	u32 regno = swap ? insn->src_reg : insn->dst_reg;
	u8 op = BPF_OP(insn->code);
	struct bpf_verifier_state *inside, *outside;
	struct bpf_reg_state reg;
	bool or_equal;

	if (!is_order(op) || (!swap && !is_limit(dst, src)))
		return;
	if (swap)
		op = mirrored(op);
	inside_jumps = op == BPF_JLT || op == BPF_JLE;
	or_equal = op == BPF_JGT || op == BPF_JLE; /* inside; outside is then beyond */
	inside = inside_jumps ? other : env->cur;
	outside = inside_jumps ? env->cur : other;
	reg = cur_regs(env)[regno];
	set_inside(env, inside, &reg, !or_equal);
	set_outside(&outside->frame[outside->curframe]->regs[regno], or_equal);
}

void move_packet_pointer(struct bpf_verifier_env *env, struct bpf_reg_state *reg, s64 min,
			 bool fixed, bool add)
{
	if (!is_packet_pointer(reg->type))
		return;
	/* What is beyond the end need not be so after a step back. */
	if (fixed) {
		if (reg->range < 0 && (add ? min < 0 : min))
			reg->range = 0;
		return;
	}
	reg->id = ++env->next_id;
	/* A step back from where there are so many bytes leads to where there are more. */
	if (add || min < 0 || reg->range < 0)
		reg->range = 0;
}

int check_packet_range(struct bpf_verifier_env *env, u32 regno, s32 off, u32 size, bool write)
{
	const struct bpf_reg_state *reg = &cur_regs(env)[regno];
	const char *advice = "compare 'pointer + size' with the end of the packet, as 64-bit "
			     "pointers, on every way that leads here";

	if (reg->smin_value < 0)
		return refuse(env, -EACCES, regno, "check that the offset is not negative",
			      "an access through R%u that may be before the packet", regno);
	if (reg->range < 0)
		return refuse(env, -EINVAL, regno, advice,
			      "an access through R%u, which is past the end of the packet", regno);
	if (off < 0 || (u64)off + size > (u64)reg->range)
		return refuse(env, -EACCES, regno, advice,
			      "%s of %u bytes at offset %d of a packet of which %d bytes are known "
			      "to be there",
			      write ? "a write" : "a read", size, off, reg->range);
	return 0;
}

/* --- packets that change --- */

static bool is_any_packet_pointer(const struct bpf_reg_state *reg, const void *arg)
{
	return is_packet_memory(reg->type) || reg->type == PTR_TO_PACKET_END;
}

static void make_number(struct bpf_reg_state *reg, const void *arg)
{
	u32 since = reg->since;

	reg_mark_unknown(reg);
	reg->since = since;
}

void forget_packet_pointers(struct bpf_verifier_env *env, struct bpf_verifier_state *state)
{
	change_regs(env, state, is_any_packet_pointer, make_number, NULL);
}

/* Another program may do what it likes with the packet, too. */
static bool helper_changes_packet(const struct bpf_helper *helper)
{
	return helper && (helper->proto.changes_pkt_data || helper->proto.tail_calls);
}

void find_packet_changes(struct bpf_verifier_env *env)
{
	bool more = true;
	u32 i;

	while (more) {
		more = false;
		for (i = 0; i < env->nr_insns; i++) {
			const struct bpf_insn *insn = &env->insns[i];
			bool changes;

			if (insn_is_ld_imm64(insn)) {
				changes = insn_refers_to_func(insn) &&
					  env->subprogs[env->aux[i].func_ref].changes_pkt_data;
			} else {
				changes = insn_calls_subprog(insn)
						  ? env->subprogs[env->aux[i].func_ref]
							    .changes_pkt_data
						  : helper_changes_packet(env->aux[i].helper);
			}
			if (changes && !env->subprogs[env->aux[i].subprog].changes_pkt_data) {
				env->subprogs[env->aux[i].subprog].changes_pkt_data = true;
				more = true;
			}
			i += insn_is_ld_imm64(insn);
		}
	}
}
