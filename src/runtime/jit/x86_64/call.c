/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Calls: of helpers and kfuncs, which are called as they are; of the program's functions; of the
 * next program. What is done without a call: the CPU's number, the element of an array, bpf_loop.
 */
#include <errno.h>
#include <limits.h>

#include "jit/flow.h"
#include "jit/x86_64/x86_64.h"
#include "map/map.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "prog/prog_array.h"
#include "prog/skb.h"

/* Add @size times what @reg has, which may change, to rax. */
static void add_times(struct jit *jit, u8 reg, u64 size)
{
	if (size == 8) {
		x86_rmx(jit, true, OP_LEA, RAX, (struct x86_mem){RAX, reg, 3, 0});
		return;
	}
	if (is_power_of_two(size)) {
		x86_shift_k(jit, true, S_SHL, reg, __builtin_ctzll(size));
	} else {
		x86_rr(jit, true, OP_IMUL_K, reg, reg);
		jit_bytes(jit, size, 4);
	}
	x86_rr(jit, true, OP_ADD, reg, RAX);
}

/* r2: where the index is. */
static void emit_array_lookup(struct jit *jit, const struct bpf_map *map,
			      struct bpf_map_layout layout)
{
	u32 none;

	x86_rm(jit, false, OP_LOAD, R11, RSI, 0);
	x86_mov_k(jit, RAX, 0);
	x86_alu_k(jit, false, K_CMP, R11, map->max_entries);
	none = x86_jcc(jit, CC_AE);
	x86_mov_k(jit, RAX, (unsigned long)layout.values);
	add_times(jit, R11, layout.elem_size);
	if (map->ops->percpu) {
		x86_load_run(jit, R11);
		x86_rm(jit, false, OP_LOAD, R11, R11, offsetof(struct bpf_run_ctx, cpu));
		add_times(jit, R11, map->percpu_stride);
	}
	x86_here(jit, none);
}

/* What @id does with a map that is known: the kind's own function, with the same arguments. */
static const void *map_function(const struct bpf_map *map, u32 id)
{
	switch (id) {
	case BPF_FUNC_map_lookup_elem:
		return map->ops->map_lookup_elem;
	case BPF_FUNC_map_update_elem:
		return map->ops->map_update_elem;
	case BPF_FUNC_map_delete_elem:
		return map->ops->map_delete_elem;
	default:
		return NULL;
	}
}

static const struct bpf_map *map_of(const struct jit *jit, const struct bpf_insn *call)
{
	return call->off ? jit->prog->aux->used_maps[call->off - 1] : NULL;
}

/* An element of it is found without a call, and @layout says where. */
static bool is_array(const struct bpf_map *map, u32 id, struct bpf_map_layout *layout)
{
	if (!map || id != BPF_FUNC_map_lookup_elem || !map->ops->map_layout)
		return false;
	*layout = map->ops->map_layout(map);
	return layout->elem_size <= INT_MAX && map->percpu_stride <= INT_MAX;
}

static bool emit_map_call(struct jit *jit, const struct bpf_map *map, u32 id)
{
	const void *function = map_function(map, id);
	struct bpf_map_layout layout;

	if (is_array(map, id, &layout))
		emit_array_lookup(jit, map, layout);
	else if (function)
		x86_call(jit, function);
	else
		return false;
	return true;
}

/* r1 = array; call lookup. Nothing needs r1, then. */
u32 x86_fold_lookup(struct jit *jit, const struct bpf_insn *load)
{
	const struct bpf_insn *call = load->dst_reg == BPF_REG_1 ? jit_following(jit, 2) : NULL;
	struct bpf_map_layout layout;

	if (!call || call->code != (BPF_JMP | BPF_CALL) || call->src_reg ||
	    !is_array(map_of(jit, call), call->imm, &layout))
		return 0;
	emit_array_lookup(jit, map_of(jit, call), layout);
	return 3;
}

static void emit_function_call(struct jit *jit, const struct bpf_insn *names)
{
	jit_byte(jit, 0xe8);
	jit_distance(jit, &jit_func_of(jit, names)->entry, true);
}

/* What gives r2 the function that the call at jit->idx is given, if it does so shortly before. */
static const struct bpf_insn *callback_of(const struct jit *jit)
{
	for (u32 i = jit->idx; i > jit->func->start && jit->idx - i < 16; i--) {
		const struct bpf_insn *insn = &jit->insns[i - 1];

		if (jit->flow[i].target)
			return NULL;
		if (jit->flow[i - 1].writes & 1u << BPF_REG_2)
			return insn->src_reg == BPF_PSEUDO_FUNC &&
					       insn->code == (BPF_LD | BPF_IMM | BPF_DW)
				       ? insn
				       : NULL;
	}
	return NULL;
}

/*
 * bpf_loop(nr, function, ctx, flags), as the helper does it: calls of it are what a loop in BPF is
 * made of, and a helper that calls back costs as much as a short turn.
 */
static void emit_loop(struct jit *jit)
{
	const struct bpf_insn *callback = callback_of(jit);
	u32 no_flags, few, again, none, stop, refused[2];

	x86_rr(jit, true, OP_TEST, RCX, RCX);
	no_flags = x86_jcc(jit, CC_E);
	x86_mov_k(jit, R12, -EINVAL);
	refused[0] = x86_jmp(jit);
	x86_here(jit, no_flags);
	x86_alu_k(jit, false, K_CMP, RDI, BPF_MAX_LOOPS);
	few = x86_jcc(jit, CC_BE);
	x86_mov_k(jit, R12, -E2BIG);
	refused[1] = x86_jmp(jit);
	x86_here(jit, few);
	x86_rm(jit, true, OP_STORE, RDI, RBP, x86_loop_slot(jit, 1));
	if (!callback)
		x86_rm(jit, true, OP_STORE, RSI, RBP, x86_loop_slot(jit, 2));
	x86_rm(jit, true, OP_STORE, RDX, RBP, x86_loop_slot(jit, 3));
	x86_mov_k(jit, R12, 0);
	x86_rr(jit, false, OP_TEST, RDI, RDI);
	none = x86_jcc(jit, CC_E);
	again = jit->pos;
	x86_mov(jit, RDI, R12);
	x86_rm(jit, true, OP_LOAD, RSI, RBP, x86_loop_slot(jit, 3));
	x86_alu_k(jit, true, K_ADD, R12, 1);
	if (callback)
		emit_function_call(jit, callback);
	else
		x86_rm(jit, false, OP_CALL_X, 2, RBP, x86_loop_slot(jit, 2));
	x86_rr(jit, true, OP_TEST, RAX, RAX);
	stop = x86_jcc(jit, CC_NE);
	x86_rm(jit, false, OP_CMP, R12, RBP, x86_loop_slot(jit, 1));
	x86_jcc_back(jit, CC_NE, again);
	x86_here(jit, none);
	x86_here(jit, stop);
	x86_here(jit, refused[0]);
	x86_here(jit, refused[1]);
	x86_mov(jit, RAX, R12);
}

static int emit_helper_call(struct jit *jit, const struct bpf_insn *insn)
{
	const struct bpf_map *map = map_of(jit, insn);

	if (insn->imm == BPF_FUNC_get_smp_processor_id) {
		x86_load_run(jit, RAX);
		x86_rm(jit, false, OP_LOAD, RAX, RAX, offsetof(struct bpf_run_ctx, cpu));
		return 0;
	}
	if (insn->imm == BPF_FUNC_loop) {
		emit_loop(jit);
		return 0;
	}
	if (!map || !emit_map_call(jit, map, insn->imm))
		x86_call(jit, bpf_helper_funcs[insn->imm]);
	return 0;
}

static void emit_kfunc_call(struct jit *jit, const struct bpf_kfunc_desc *kfunc)
{
	x86_call(jit, kfunc->func);
	if (kfunc->gives_bool)
		x86_rr(jit, false, OP_MOVZX_B, RAX, RAX);
}

int x86_emit_call(struct jit *jit, const struct bpf_insn *insn)
{
	switch (insn->src_reg) {
	case 0:
		return emit_helper_call(jit, insn);
	case BPF_PSEUDO_CALL:
		emit_function_call(jit, insn);
		return 0;
	case BPF_PSEUDO_CALL_FORMAT:
		x86_mov_k(jit, R9, (unsigned long)jit->prog->aux->formats[insn->off]);
		x86_call(jit, bpf_helper_by_id(insn->imm)->proto.func_of_format);
		return 0;
	case BPF_PSEUDO_KFUNC_CALL:
		emit_kfunc_call(jit, &jit->prog->aux->kfunc_tab->descs[insn->imm]);
		return 0;
	}
	return -ENOTSUP;
}

/* R6: the context. What is not in the packet ends the function, which returns 0. */
int x86_emit_load_packet(struct jit *jit, const struct bpf_insn *insn)
{
	const u8 size = BPF_SIZE(insn->code);
	u32 loaded;

	if (BPF_MODE(insn->code) == BPF_IND) {
		x86_rr(jit, false, OP_STORE, x86_regs[insn->src_reg], RSI);
		if (insn->imm)
			x86_alu_k(jit, false, K_ADD, RSI, insn->imm);
	} else {
		x86_mov_k(jit, RSI, (u32)insn->imm);
	}
	x86_mov(jit, RDI, x86_regs[BPF_REG_6]);
	x86_mov_k(jit, RDX, size == BPF_B ? 1 : size == BPF_H ? 2 : 4);
	x86_call(jit, bpf_skb_load);
	x86_rr(jit, true, OP_TEST, RAX, RAX);
	loaded = x86_jcc(jit, CC_NS);
	x86_mov_k(jit, RAX, 0);
	x86_emit_exit(jit);
	x86_here(jit, loaded);
	return 0;
}

/* r1: the context, r2: the map, r3: the index. What the next one returns is returned. */
int x86_emit_tail_call(struct jit *jit)
{
	u32 none;

	x86_push(jit, RDI);
	x86_push(jit, RDI); /* for the alignment */
	x86_mov(jit, RDI, RSI);
	x86_rr(jit, false, OP_STORE, RDX, RSI);
	x86_call(jit, bpf_prog_array_next);
	x86_pop(jit, RSI);
	x86_pop(jit, RSI);
	x86_rr(jit, true, OP_TEST, RAX, RAX);
	none = x86_jcc(jit, CC_E);
	x86_mov(jit, RDI, RAX);
	x86_call(jit, bpf_jit_run_instead);
	x86_emit_exit(jit);
	x86_here(jit, none);
	return 0;
}
