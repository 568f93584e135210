/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the files of the verifier share: the environment of one verification, beside what is known at
 * one point of one path (state.h). The concerns and their files:
 *
 *   insns.c      instructions one by one
 *   cfg.c        subprograms, jumps, reachability, where to compare states
 *   resolve.c    what ld_imm64 and call instructions refer to: maps, kfuncs, helpers, functions
 *   btf_info.c   func_info and line_info
 *   liveness.c   which registers can still matter
 *   precision.c  numbers that mattered on the paths from a kept state
 *   states.c     states: copies, the stack of paths still to go, ends of paths
 *   prune.c      states that are covered by one seen before; loops without end
 *   covered.c    whether a state is;  rounds.c: loops that need not be unrolled
 *   bounds.c     ranges of one scalar, kept consistent
 *   alu.c        arithmetic, of pointers, and in scalar.c of scalars
 *   branch.c     conditional jumps: which way, and what each way tells
 *   memory.c     loads, stores and atomics; memory that a call is given
 *   btf_access.c pointers to structures of the built-in types, followed
 *   stack.c      the stack of a frame
 *   ld_abs.c     loads of packets by offset
 *   lock.c       locks in values of maps;  kptr.c: pointers there to objects
 *   region.c     where a program may not sleep: RCU sections and the like
 *   refs.c       what a program got and has to give back;  dynptr.c: and keeps on its stack
 *   map_kinds.c  what may be done with each kind of map
 *   tail_call.c  programs that are called instead
 *   call.c       helpers;  call_result.c: what they return;  format.c: formats of printf
 *   kfunc_call.c kfuncs;  kfunc_args.c: what they take;  iterator.c: iterators on the stack
 *   subprog.c    functions, callbacks, exits
 *   global_func.c global functions: their arguments, calls of them
 *   packet.c     pointers into packets
 *   prog_types.c program types: context, result; ctx_net.c, ctx_sock.c, ctx_trace.c: each of them
 *   ctx.c        accesses to contexts, by the tables of those
 *   messages.c   what the log says
 *   patch.c      instructions that become none, or others;  dead_code.c: those that never run
 *   rewrite.c    instructions made ready to run
 *   check.c      the walk over the program, and bpf_check()
 *
 * Everything is an over-approximation: a state stands for all that the machine may hold there, and
 * what is not proven safe for all of it is refused.
 */
#ifndef VERIFIER_ENV_H
#define VERIFIER_ENV_H

#include <errno.h>
#include <stdint.h>

#include "base/dynptr.h"
#include "base/func.h"
#include "base/runtime.h"
#include "btf/btf.h"
#include "map/map.h"
#include "map/map_in_map.h"
#include "prog/helper.h"
#include "prog/kfunc.h"
#include "prog/prog.h"
#include "verifier/insn_kinds.h"
#include "verifier/state.h"
#include "verifier/verifier.h"

/* Offsets and sizes beyond these are refused before they can overflow anything. */
#define BPF_MAX_VAR_OFF (1 << 29)
#define BPF_MAX_VAR_SIZ (1u << 29)
#define MAX_USED_MAPS 64
/* Paths that wait at the same time. */
#define MAX_PENDING_PATHS 8192
/* Memory of states, bytes: beyond it the verification ends with -ENOMEM. */
#define MAX_STATE_MEMORY (84ull << 20)
/* When states take so much of it, those that are kept to compare with are forgotten. */
#define KEPT_STATE_MEMORY (40ull << 20)
/* Frames that are not in use, and stay for the next one. */
#define MAX_SPARE_FRAMES 64
/* Nodes of 12 bytes. */
#define MAX_ORIGINS (1u << 21)
/* Numbers of one state that can have ids, and more. */
#define ID_PAIRS 2048u

/* A path that still has to be walked. */
struct bpf_pending_path {
	struct bpf_pending_path *next;
	struct bpf_verifier_state *state;
	u32 insn_idx;
};

/* Of an argument, said by its declaration: "arg:ctx" ... */
enum bpf_arg_tag {
	ARG_TAG_CTX = 1,
	ARG_TAG_NONNULL = 2,
	ARG_TAG_TRUSTED = 4,
	ARG_TAG_NULLABLE = 8,
	ARG_TAG_UNKNOWN = 16,
	ARG_TAG_UNTRUSTED = 32,
};

struct bpf_subprog_info {
	u32 start, end; /* instructions [start, end) */
	u32 stack_depth;
	bool is_global; /* by func_info */
	bool is_callback;
	bool tail_calls;
	bool changes_pkt_data;
	bool might_sleep; /* it, or what it calls */
	bool called; /* a global one: on a path that can be */
	bool walked;
	const struct btf_type *func;  /* FUNC; NULL: no func_info */
	const struct btf_type *proto; /* FUNC_PROTO */
	u32 func_id;
	u8 arg_tags[5]; /* enum bpf_arg_tag */
};

/* What a frame of the function takes, in bytes. */
static inline u32 frame_bytes(const struct bpf_subprog_info *subprog)
{
	return round_up(max_of(subprog->stack_depth, 1u), 16);
}

/* A program may have a million instructions: packed. */
struct bpf_insn_aux_data {
	bool ld_imm64_second : 1;
	bool prune_point : 1; /* several ways lead here: compare states */
	bool calls_back : 1;  /* a helper that calls a function of the program */
	bool may_goto : 1;
	bool iter_next : 1;	 /* a kfunc that parts the path: see iterator.c */
	bool seen : 1;		 /* walked at least once */
	bool probe_load : 1;	 /* reads through a pointer to BTF type at least once */
	bool loads_constant : 1; /* reads what can never change, and */
	bool loads_others : 1;	 /* ... something else, too, or on other paths */
	bool several_maps : 1;	 /* of a call */
	bool prints : 1;	 /* a call with a format: fmt on the last path, and */
	bool several_formats : 1; /* ... another one on others */
	u16 live;     /* registers that may be read from here on before they are written */
	u32 ptr_type; /* of a load or store: what it goes through */
	u32 subprog;  /* that it is in; of a reference to a function: see func_ref */
	u32 func_ref; /* pseudo call or function pointer: which subprogram */
	union {
		u32 map_off;
		u32 fmt_size;
	};
	u32 kfunc_index;
	struct bpf_map *map; /* of a ld_imm64; of a call, if it is always the same */
	const struct bpf_helper *helper;
	const struct btf_kfunc *kfunc;
	union {
		u64 constant; /* that it loads */
		const char *fmt;
	};
};

/*
 * Which ids of one state are which of another: by each of the two (covered.c). It is larger than all
 * that most programs need: the first comparison clears it, before which it holds anything, but for
 * the number of comparisons, UINT32_MAX.
 */
struct bpf_id_map {
	struct bpf_id_pair {
		u32 comparison; /* another one: the pair is none */
		u32 id, other;
	} old[ID_PAIRS], cur[ID_PAIRS];
	u32 comparison;
	u32 nr;
};

struct bpf_prog_type_ops;
struct bpf_prog_attach;

struct bpf_verifier_env {
	struct bpf_prog *prog;
	const struct bpf_check_input *in;
	struct bpf_verifier_log *log;
	const struct bpf_prog_type_ops *type; /* prog_types.h */
	const struct bpf_prog_attach *attach;
	struct bpf_insn *insns;
	u32 nr_insns;
	struct bpf_insn_aux_data *aux; /* by instruction */
	struct bpf_subprog_info *subprogs;
	u32 nr_subprogs;

	struct bpf_verifier_state *cur;
	u32 insn_idx;
	struct bpf_verifier_state **kept; /* by instruction: seen states */
	struct bpf_verifier_state *aside; /* no longer compared with, but still a parent */
	struct bpf_pending_path *pending;
	u32 nr_pending;
	struct bpf_callback_call *callback_calls;
	bool has_may_goto;
	u32 walk_subprog; /* that this walk began with */

	struct bpf_origin *origins;
	u32 nr_origins, max_origins;
	struct bpf_origin_link *links;
	u32 nr_links, max_links;
	struct bpf_loop *loops;
	u32 collect_at, collect_rounds;
	bool no_memory; /* where no error can be told: the walk ends */
	struct bpf_id_map *ids;

	u32 next_id;
	u32 insn_processed;
	u32 jmps_processed;
	u32 prev_insn_processed; /* when the last state was kept */
	u32 prev_jmps_processed;
	u64 state_memory, forget_at;
	struct bpf_func_state *spare[MAX_SPARE_FRAMES];
	u32 nr_spare;
	/* Kept states: ever, the most at once, and the most at one instruction. */
	u32 total_states, nr_states, peak_states, max_states_per_insn;
	u64 compared;  /* places of states, more or less */
	u32 last_line; /* 1 + index of the line_info that the walk told last */
};

/* --- messages.c --- */

/*
 * Say why the program is refused: what (@fmt), at env->insn_idx, what register @regno holds (-1:
 * no register matters), what would do (@advice, may be NULL). Returns @err.
 */
int refuse(struct bpf_verifier_env *env, int err, int regno, const char *advice, const char *fmt,
	   ...) __attribute__((format(printf, 5, 6)));
void log_insn(struct bpf_verifier_env *env, u32 idx);
void log_state(struct bpf_verifier_env *env, const struct bpf_verifier_state *state);
void describe_reg(const struct bpf_verifier_env *env, const struct bpf_reg_state *reg, char *buf,
		  size_t size);
/* Register @regno is a number, and was a pointer to what the program has given back. */
bool was_given_back(const struct bpf_verifier_env *env, u32 regno);
/* Where instruction @idx is: "line 12: p = bpf_ringbuf_reserve(...);". */
void say_place(const struct bpf_verifier_env *env, u32 idx, char *buf, size_t size);
/* "frame pointer offset", "map value" ...: what a type is, without flags. */
const char *reg_type_name(u32 type);

/* --- insns.c, cfg.c, resolve.c, btf_info.c, liveness.c --- */

int check_instructions(struct bpf_verifier_env *env);
int find_subprogs(struct bpf_verifier_env *env);
int check_cfg(struct bpf_verifier_env *env);
/* Where the jump at @idx leads: a may_goto and a conditional one, too. */
s64 jump_target(const struct bpf_verifier_env *env, u32 idx);
/* The instructions that may run after @idx in the same function: up to two. */
u32 insn_successors(const struct bpf_verifier_env *env, u32 idx, u32 succ[2]);
int check_max_stack_depth(struct bpf_verifier_env *env);
int check_helper_allowed(struct bpf_verifier_env *env);
int check_kfunc_allowed(struct bpf_verifier_env *env);
int resolve_references(struct bpf_verifier_env *env);
int check_btf_info(struct bpf_verifier_env *env);
int compute_live_registers(struct bpf_verifier_env *env);
/* Registers that the instruction sets (and those that a call leaves undefined). */
u16 insn_defs(const struct bpf_verifier_env *env, u32 idx);
const struct bpf_subprog_info *subprog_at(const struct bpf_verifier_env *env, u32 insn_idx);

/* --- precision.c --- */

/* Both of two sets of places. */
u32 join_origins(struct bpf_verifier_env *env, u32 a, u32 b);
/* What is known of the number was relied on. */
void mark_precise(struct bpf_verifier_env *env, u32 origin);
void mark_reg_precise(struct bpf_verifier_env *env, const struct bpf_reg_state *reg);
/* Whatever holds of @place, of a kept state, holds of @origin; from now on, too. */
void link_origin(struct bpf_verifier_env *env, u32 origin, u32 place);
/* Every number of the current state has to be compared, relied on or not: fuzz/verdicts. */
void mark_all_compared(struct bpf_verifier_env *env);
/* Whatever holds of @other holds of @origin. */
void mark_like(struct bpf_verifier_env *env, u32 origin, u32 other);
/* Has it to be compared? Was it relied on? */
bool is_precise(const struct bpf_verifier_env *env, u32 origin);
bool is_relied_on(const struct bpf_verifier_env *env, u32 origin);
/* The current state is about to be kept: its numbers become places of their own. */
void new_origins(struct bpf_verifier_env *env);
/* Forget what no state refers to any more, when there is much of it; -ENOMEM. */
int collect_origins(struct bpf_verifier_env *env);
void free_origins(struct bpf_verifier_env *env);

/* --- states.c --- */

struct bpf_func_state *new_frame(struct bpf_verifier_env *env);
/* Frame @f of @state, to be changed; NULL: -ENOMEM. */
struct bpf_func_state *own_frame(struct bpf_verifier_env *env, struct bpf_verifier_state *state,
				 u32 f);
/* The frame that runs is gone, the one that called it runs; -ENOMEM. */
int leave_frame(struct bpf_verifier_env *env, struct bpf_verifier_state *state);
/* A stack that reaches down to @off (negative, not below -MAX_BPF_STACK); -ENOMEM. */
int grow_stack(struct bpf_verifier_env *env, struct bpf_func_state *frame, s32 off);
/* Room for @nr references; -ENOMEM. */
int grow_refs(struct bpf_verifier_env *env, struct bpf_verifier_state *state, u32 nr);
/* With one empty frame. */
struct bpf_verifier_state *new_state(struct bpf_verifier_env *env);
struct bpf_verifier_state *copy_state(struct bpf_verifier_env *env,
				      const struct bpf_verifier_state *state);
void free_state(struct bpf_verifier_env *env, struct bpf_verifier_state *state);
void free_frames(struct bpf_verifier_env *env, struct bpf_verifier_state *state);
/* A copy of the current state that will be walked from @insn_idx later; ERR_PTR. */
struct bpf_verifier_state *push_path(struct bpf_verifier_env *env, u32 insn_idx);
/* The current path has ended; continue with a pending one: its instruction, or -ENOENT. */
int pop_path(struct bpf_verifier_env *env);
void free_all_states(struct bpf_verifier_env *env);

static inline struct bpf_func_state *cur_frame(const struct bpf_verifier_env *env)
{
	return env->cur->frame[env->cur->curframe];
}

static inline struct bpf_reg_state *cur_regs(const struct bpf_verifier_env *env)
{
	return cur_frame(env)->regs;
}

/* Call @fn for each register and each spilled register of @state. */
void for_each_reg(const struct bpf_verifier_state *state,
		  void (*fn)(const struct bpf_reg_state *reg, void *arg), void *arg);
/* The same, to change those that @is says; env->no_memory where that cannot be. */
void change_regs(struct bpf_verifier_env *env, struct bpf_verifier_state *state,
		 bool (*is)(const struct bpf_reg_state *reg, const void *arg),
		 void (*change)(struct bpf_reg_state *reg, const void *arg), const void *arg);

/* --- prune.c --- */

/* 1: covered by a state seen before; 0: go on; -EINVAL: a loop that does not end, -ENOMEM. */
int is_state_visited(struct bpf_verifier_env *env);
/*
 * @on, a path that parts from the current one here, goes round a loop once more: what changes from
 * round to round and was not relied on becomes "any number". -ENOMEM.
 */
int begin_round(struct bpf_verifier_env *env, struct bpf_verifier_state *on);
/* A may_goto: parts the path. Sets *@next. */
int check_may_goto(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next);

/* --- bounds.c --- */

void reg_mark_unknown(struct bpf_reg_state *reg);
void reg_mark_const(struct bpf_reg_state *reg, u64 value);
void reg_set_full_range(struct bpf_reg_state *reg);
/* A pointer with offset 0. */
void reg_mark_pointer(struct bpf_reg_state *reg, u32 type);
void reg_bounds_sync(struct bpf_reg_state *reg);
/* Is there a number within all of the ranges? */
bool reg_bounds_sane(const struct bpf_reg_state *reg);
/* Only the low @size bytes are left, zero-extended; sign-extended to 64 bits. */
void reg_zero_extend(struct bpf_reg_state *reg, u32 size);
void reg_sign_extend(struct bpf_reg_state *reg, u32 size);
/* Its 32-bit ranges are right: make the rest those of a zero-extended value. */
void reg_assign_32_into_64(struct bpf_reg_state *reg);

static inline bool reg_is_const(const struct bpf_reg_state *reg)
{
	return reg->type == SCALAR_VALUE && tnum_is_const(reg->var_off);
}

static inline bool reg_is_null(const struct bpf_reg_state *reg)
{
	return reg_is_const(reg) && !reg->var_off.value;
}

/* --- scalar.c, alu.c, branch.c --- */

/* @dst becomes @dst @op @src, in 64 bits or in 32. */
void scalar_op(struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op, bool is64,
	       bool is_signed);
/* The same of the variable part of a pointer's offset, for BPF_ADD and BPF_SUB. */
void offset_op(struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op);
int check_alu_op(struct bpf_verifier_env *env, const struct bpf_insn *insn);
/* reg += number, of 64 bits. */
void reg_add_const(struct bpf_reg_state *reg, s64 number);
/* Sets *@next to the instruction that the current path goes on with. */
int check_cond_jmp_op(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next);

/* --- memory.c, stack.c --- */

/* -EACCES: register @regno was not written. */
int check_reg_read(struct bpf_verifier_env *env, u32 regno);

int check_load(struct bpf_verifier_env *env, const struct bpf_insn *insn);
int check_store(struct bpf_verifier_env *env, const struct bpf_insn *insn);
int check_atomic(struct bpf_verifier_env *env, const struct bpf_insn *insn);

enum bpf_access {
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_UNINIT = 4,  /* what is there before does not matter */
	ACCESS_OR_NULL = 8, /* who is called looks whether there is any */
	ACCESS_FUNC = 16,   /* it is a function of the program */
};
/* May a call be given register @regno as memory, of between @min and @max bytes? */
int check_call_mem(struct bpf_verifier_env *env, u32 regno, u32 min, u32 max, u32 access);
bool map_is_rdonly(const struct bpf_map *map);

int stack_read(struct bpf_verifier_env *env, u32 regno, s32 off, u32 size,
	       struct bpf_reg_state *result);
int stack_write(struct bpf_verifier_env *env, u32 regno, s32 off, u32 size,
		const struct bpf_reg_state *value);
/* Does register @regno point to @size bytes of stack that hold a number that is known? */
bool stack_const(struct bpf_verifier_env *env, u32 regno, u32 size, u64 *value);
int stack_call_mem(struct bpf_verifier_env *env, u32 regno, u32 min, u32 max, u32 access);

/* --- ld_abs.c --- */

/* Sets *@next. 1: the path is at its end. */
int check_ld_abs(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next);

/* --- btf_access.c --- */

/* Is register @regno a pointer to the structure @btf_id of the built-in types, alive? -EACCES. */
int check_btf_arg(struct bpf_verifier_env *env, u32 regno, u32 btf_id, bool or_null);
/* To one of which each CPU has its own? -EACCES. */
int check_percpu_arg(struct bpf_verifier_env *env, u32 regno);

/* --- global_func.c --- */

int check_global_call(struct bpf_verifier_env *env, struct bpf_subprog_info *subprog);
/* R1 to R5 at the beginning of a walk over @subprog. */
int init_global_args(struct bpf_verifier_env *env, const struct bpf_subprog_info *subprog);

/* --- region.c --- */

/* What is found under RCU stays as it is for now. */
bool in_rcu_section(const struct bpf_verifier_env *env);
/* The call at hand, of @name, may sleep. @err: the program must not; @err_region: not here. */
int check_may_sleep(struct bpf_verifier_env *env, const char *name, int err, int err_region);
/* -EINVAL: a region is open, so not @what. */
int check_no_region(struct bpf_verifier_env *env, const char *what);
/* A call saves the flag of interrupts to where register @regno points, or restores it from there. */
int check_irq_flag(struct bpf_verifier_env *env, u32 regno, bool save);
/* A call of @kfunc begins or ends one of the others, or does neither. */
int check_region_call(struct bpf_verifier_env *env, const struct btf_kfunc *kfunc);
/* Which functions may sleep. */
void find_sleepers(struct bpf_verifier_env *env);

/* --- refs.c --- */

/* The call at hand gives the program something: its id; -ENOMEM, -EINVAL: it holds too much. */
int acquire_reference(struct bpf_verifier_env *env);
/* It takes it back, and no pointer to it is left. -EINVAL: the program does not hold it. */
int release_reference(struct bpf_verifier_env *env, u32 id);
/* NULL: the program does not hold it. */
struct bpf_reference *find_reference(struct bpf_verifier_state *state, u32 id);
/* There was nothing: the pointer is NULL. */
bool forget_reference(struct bpf_verifier_state *state, u32 id);
/* -EINVAL: the program holds something where it ends. */
int check_reference_leak(struct bpf_verifier_env *env);

/* --- lock.c --- */

int check_spin_lock(struct bpf_verifier_env *env, u32 regno);
int check_spin_unlock(struct bpf_verifier_env *env, u32 regno);
/* -EINVAL: a lock is held, so not @what. */
int check_not_locked(struct bpf_verifier_env *env, const char *what);
/* The bytes [@first, @end) of the value that register @regno points to have no lock in them. */
int check_lock_untouched(struct bpf_verifier_env *env, u32 regno, s64 first, s64 end);
/* A pointer to a value with a lock: its id tells it from those to other values. */
bool may_hold_lock(const struct bpf_reg_state *reg);

/* --- kptr.c --- */

/* As check_lock_untouched(), of pointers to objects. */
int check_kptrs_untouched(struct bpf_verifier_env *env, u32 regno, s64 first, s64 end);
/* Does register @regno point to one that holds an object? */
int check_kptr_field(struct bpf_verifier_env *env, u32 regno, const struct btf_field **field);
/* Is it a pointer that @field may have? @err. */
int check_kptr_value(struct bpf_verifier_env *env, u32 regno, const struct bpf_reg_state *reg,
		     const struct btf_field *field);

/* --- map_kinds.c, tail_call.c --- */

/* May a program call @helper with @map? -EINVAL; -ENOTSUPP: a walk over a kind that has none. */
int check_map_helper(struct bpf_verifier_env *env, const struct bpf_map *map,
		     const struct bpf_helper *helper);
/* -EINVAL: the program may sleep, and no such program can use this kind. */
int check_map_sleepable(struct bpf_verifier_env *env, const struct bpf_map *map);

/* The instruction at hand, which may never run, may end its function: @what does. */
int check_ends_with_number(struct bpf_verifier_env *env, const char *what);
/* It is a tail call. */
int note_tail_call(struct bpf_verifier_env *env);
/* The path comes to one. */
int check_tail_call(struct bpf_verifier_env *env);
int check_tail_call_stack(struct bpf_verifier_env *env);

/* --- dynptr.c --- */

/* May register @regno be a pointer to a dynptr? If it cannot, @err. */
int check_dynptr_pointer(struct bpf_verifier_env *env, u32 regno, int err);
/* May it point to where a call makes one? Then, after the call, there is one. */
int check_new_dynptr(struct bpf_verifier_env *env, u32 regno);
int make_dynptr(struct bpf_verifier_env *env, u32 regno, enum bpf_dynptr_type type);
/* The same, of one that is like @parent, and goes with what that stands for. */
int clone_dynptr(struct bpf_verifier_env *env, u32 regno, const struct bpf_reg_state *parent);
/*
 * Does it point to one that may be an argument of @arg_type? *@dynptr: what is known of it:
 * dynptr_type, dynptr_id, ref_obj_id.
 */
int check_dynptr(struct bpf_verifier_env *env, u32 regno, u32 arg_type,
		 struct bpf_reg_state *dynptr);
/* What the dynptrs with this reference stand for is given back: they end, with all slices. */
int release_dynptr(struct bpf_verifier_env *env, u32 ref_obj_id);
/*
 * The bytes [@begin, @end) of the stack that register @regno points to are written to: dynptrs
 * there end. -EINVAL: one has a reference.
 */
int overwrite_dynptrs(struct bpf_verifier_env *env, u32 regno, s32 begin, s32 end);

/* --- iterator.c --- */

/* A call makes an iterator of type @btf_id, of @size bytes, where register @regno points to. */
int make_iter(struct bpf_verifier_env *env, u32 regno, u32 btf_id, u32 size);
/* Does it point to one? *@id: its reference. */
int check_iter(struct bpf_verifier_env *env, u32 regno, u32 btf_id, u32 size, u32 *id);
int destroy_iter(struct bpf_verifier_env *env, u32 regno, u32 id);
/* R0 has what a call of _next gives, which may be NULL: parts the path. */
int check_iter_next(struct bpf_verifier_env *env, u32 id);

/* --- format.c --- */

/* Is R@regno, which points into a value of a map, a string that cannot change? -EACCES, -EINVAL. */
int check_const_str(struct bpf_verifier_env *env, u32 regno);
/* The format of a call of a helper, whose arguments are right. -EINVAL. */
int check_format(struct bpf_verifier_env *env, const struct bpf_func_proto *proto);
/* The call at @idx, rewritten if its format is always the same. -ENOMEM. */
int rewrite_printf(struct bpf_verifier_env *env, u32 idx);

/* --- call.c, kfunc_call.c, subprog.c --- */

int check_helper_call(struct bpf_verifier_env *env, const struct bpf_insn *insn);
int check_kfunc_call(struct bpf_verifier_env *env, const struct bpf_insn *insn);
int check_subprog_call(struct bpf_verifier_env *env, const struct bpf_insn *insn, u32 *next);
/* A path that enters the callback that @proto's call here makes. */
int push_callback(struct bpf_verifier_env *env, const struct bpf_func_proto *proto);
/* 1: the path is at its end; 0: it goes on at *@next. */
int check_exit(struct bpf_verifier_env *env, u32 *next);
/* The first state of a walk that begins with @subprog. */
int init_walk(struct bpf_verifier_env *env, u32 subprog);
void clear_caller_saved(struct bpf_verifier_env *env);

/* --- ctx.c --- */

/* An access to the context, by the table of the program's type: a pointer that a load gives goes to
 * @result. */
int check_ctx_field(struct bpf_verifier_env *env, s32 off, u32 size, bool write,
		    struct bpf_reg_state *result);
/* Make instruction @idx one on the structure that the program runs with. */
void convert_ctx_access(struct bpf_verifier_env *env, u32 idx);

/* --- packet.c --- */

static inline bool is_packet_pointer(u32 type)
{
	return type == PTR_TO_PACKET || type == PTR_TO_PACKET_META;
}

/* Or memory that a dynptr has of one. */
static inline bool is_packet_memory(u32 type)
{
	return is_packet_pointer(type) || (base_type(type) == PTR_TO_MEM &&
					   (type & (DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP)));
}

/* Like decide() of branch.c, for a pointer into a packet and one to its end; no other says
 * anything. */
int decide_packet(const struct bpf_reg_state *dst, const struct bpf_reg_state *src, u8 op);
/* Two registers are compared, and jumps lead to @other: what does each way tell of a packet? */
void compare_packet(struct bpf_verifier_env *env, struct bpf_verifier_state *other,
		    const struct bpf_insn *insn);
/* Something of at least @min was added to or subtracted from @reg. */
void move_packet_pointer(struct bpf_verifier_env *env, struct bpf_reg_state *reg, s64 min,
			 bool fixed, bool add);
/* Are @size bytes at fixed offset @off of register @regno in the packet? */
int check_packet_range(struct bpf_verifier_env *env, u32 regno, s32 off, u32 size, bool write);
/* The packet may be another one: pointers to it become numbers. */
void forget_packet_pointers(struct bpf_verifier_env *env, struct bpf_verifier_state *state);
/* Which functions may change it, themselves or by what they call. */
void find_packet_changes(struct bpf_verifier_env *env);

/* --- patch.c --- */

/* What is to become of the instructions: noted first, then done for all at once. */
struct bpf_patches {
	struct bpf_patch {
		bool patched;  /* else it stays */
		u32 nr, first; /* becomes these of: */
	} *by_insn;
	struct bpf_insn *insns;
	u32 nr_insns, max_insns;
};
/* -ENOMEM; patches_free() then, too. */
int patches_init(struct bpf_verifier_env *env, struct bpf_patches *patches);
void patches_free(struct bpf_patches *patches);
/* Of a ld_imm64, both halves. */
void patch_remove(struct bpf_patches *patches, u32 idx);
/* @insns are final: nothing more is done to them, their jumps stay inside of them. -ENOMEM. */
int patch_replace(struct bpf_patches *patches, u32 idx, const struct bpf_insn *insns, u32 nr);
/* Instructions have other numbers afterwards. -ENOMEM; -ERANGE: a jump is too far. */
int patches_apply(struct bpf_verifier_env *env, const struct bpf_patches *patches);

/* --- dead_code.c, rewrite.c --- */

int remove_dead_code(struct bpf_verifier_env *env);
int rewrite_instructions(struct bpf_verifier_env *env);

#endif /* VERIFIER_ENV_H */
