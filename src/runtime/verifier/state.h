/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A state: what is known at one point of one path, registers and stack of each frame, and what the
 * program holds.
 */
#ifndef VERIFIER_STATE_H
#define VERIFIER_STATE_H

#include "base/func.h"
#include "verifier/tnum.h"

#ifndef MAX_BPF_REG
#define MAX_BPF_REG (BPF_REG_10 + 1)
#endif
#define BPF_REG_SIZE 8

struct bpf_map;
struct btf;

/* One register, or a spilled copy of one. All zero is a register that holds nothing. */
struct bpf_reg_state {
	u32 type; /* enum bpf_reg_type with flags */
	/*
	 * Of a pointer: the fixed part of its offset; var_off and the ranges have the rest. Of a
	 * scalar with an id: how much it is more than the number that the id stands for.
	 */
	s32 off;
	union {
		struct bpf_map *map_ptr; /* CONST_PTR_TO_MAP, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY */
		const struct btf *btf;	 /* PTR_TO_BTF_ID */
	};
	union {
		u32 btf_id;    /* PTR_TO_BTF_ID */
		u32 mem_size;  /* PTR_TO_MEM */
		u32 subprogno; /* PTR_TO_FUNC */
		u32 frameno;   /* PTR_TO_STACK: whose */
		/* A slot of a dynptr, CONST_PTR_TO_DYNPTR: enum bpf_dynptr_type. */
		u32 dynptr_type;
		s32 range;     /* PTR_TO_PACKET, _META: bytes behind its base, or see packet.c */
	};
	/*
	 * Registers of one id (not 0) hold the same number, but for off, or the same pointer that
	 * may be NULL.
	 */
	u32 id;
	/* Of a pointer to what the program has to give back: which (refs.c); 0: to nothing such. */
	u32 ref_obj_id;
	/* Of a pointer to a dynptr or into its memory: which (dynptr.c); 0: none. */
	u32 dynptr_id;
	struct tnum var_off;
	s64 smin_value, smax_value;
	u64 umin_value, umax_value;
	s32 s32_min_value, s32_max_value;
	u32 u32_min_value, u32_max_value;
	u32 since;  /* the instruction that set it: for messages alone */
	u32 origin; /* of a scalar: see precision.c */
};

enum bpf_stack_slot_type {
	STACK_INVALID, /* never written */
	STACK_SPILL,   /* part of a spilled register */
	STACK_MISC,    /* written, not followed */
	STACK_ZERO,
	STACK_DYNPTR, /* half of one, all 8 bytes: see dynptr.c */
	STACK_ITER,   /* part of an iterator, all 8 bytes: see iterator.c */
};

/*
 * 8 bytes of stack, in the order of addresses. A spilled register's bytes begin at type[0]. Of a
 * dynptr, spilled says which: dynptr_type, dynptr_id, ref_obj_id; of an iterator: ref_obj_id, and in
 * off the number of the slot.
 */
struct bpf_stack_state {
	struct bpf_reg_state spilled;
	u8 type[BPF_REG_SIZE];
	u32 place; /* an origin, of the bytes themselves: marked if one is read */
};

/* One call of a helper that calls back, however often it does (see subprog.c). */
struct bpf_callback_call {
	struct bpf_callback_call *next;
	bool done; /* every path from it has ended */
};

/*
 * Frames that wait for another one to return hardly change: states share them. The frame that runs
 * belongs to its state alone; any other one has to be made its own (own_frame()) to be changed.
 */
struct bpf_func_state {
	struct bpf_reg_state regs[MAX_BPF_REG];
	u32 users;     /* states */
	u32 collected; /* the round of precision.c's collect_origins() that was here */
	bool placed;   /* its numbers are places of their own since it waits: see new_origins() */
	u32 call;      /* an id of this call of the function; 0: the outermost frame */
	u32 callsite;  /* the calling instruction; of the outermost frame: nothing */
	u32 frameno;
	u32 subprogno;
	enum bpf_callback_kind callback; /* called by a helper */
	struct bpf_callback_call *callback_call;
	u32 may_goto_rounds; /* may_goto that were not taken in it on the way here */
	u32 nr_slots; /* of the stack; slot i has the bytes [r10 - 8 (i + 1), r10 - 8 i) */
	struct bpf_stack_state *stack;
};

/* A loop that need not be unrolled, and begins at a kept state: paths ended there while it was open. */
struct bpf_loop {
	struct bpf_loop *next;
	struct bpf_loop *outer; /* of a closed one: that its first state is in */
	const struct bpf_verifier_state *first; /* of an open one */
	u32 depth;		/* of its first state */
	bool closed;		/* every path from there has ended */
	bool iterates; /* an iterator goes on in each round; else a may_goto, or a helper calls */
};

/* Something that the program holds and has to give back. */
struct bpf_reference {
	u32 id;
	u32 insn_idx; /* where it got it */
	/* Of an iterator (iterator.c): its type; 0: it is none. */
	u32 iter_btf_id;
	u32 iter_depth;	   /* how often it gave something on the way here */
	bool iter_drained; /* it gave NULL */
};

/* What a state that was compared with a kept one had, and that did not cover: see covered.c. */
struct bpf_difference {
	u8 place; /* 1 + register, or FIRST_SLOT + slot; 0: not known */
	u8 frame;
	bool as_used; /* found where numbers that were not needed are passed over */
	bool ranged;  /* umin and umax matter */
	u32 type;     /* of the kept state's register: */
	u64 umin, umax;
};

struct bpf_verifier_state {
	/* Of a kept state, first: what a comparison needs that fails, as most do. */
	struct bpf_verifier_state *next; /* at the same instruction; or put aside */
	u32 branches; /* paths from here that have not ended; 0: all that follows is safe */
	u32 hits, misses;
	u32 callback_rounds; /* calls of callbacks on the way here */
	u32 curframe;
	struct bpf_difference difference;
	/* Back at, or kept at, the call of a helper that calls back: of which call of it. */
	struct bpf_callback_call *callback_call;
	struct bpf_verifier_state *parent; /* the last kept state on the way here */
	u32 depth;			   /* kept: how many there are above */
	struct bpf_loop *loop;		   /* kept: that begins here */
	/* Kept: paths from here ended at the first state of this one, or of one inside of it. */
	struct bpf_loop *in_loop;
	bool first_of_call;		   /* kept: where callback_call began */
	struct bpf_func_state *frame[MAX_BPF_FRAMES];
	u32 nr_refs, max_refs;
	struct bpf_reference *refs; /* in the order in which the program got them */
	/* The lock that is held (see lock.c): in a value of this map, NULL: none. */
	const struct bpf_map *locked_map;
	u32 locked_id;
	/* Regions that are open: see region.c. */
	bool active_rcu_lock;
	u32 active_preempt_locks;
};

#endif /* VERIFIER_STATE_H */
