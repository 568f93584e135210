/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the files of the generator share: a rough model of what each register and stack byte holds,
 * so that about half of the programs are right, and the pieces that programs are put together of.
 *
 * A piece is a function gen_*(g): it appends instructions and updates the model. What is possible
 * now is found by trying; a piece that does not fit does nothing. All leave the path of virtue
 * often and by little: a bound that is one too large, a check that is missing (slip()).
 */
#ifndef FUZZ_VERDICTS_GEN_H
#define FUZZ_VERDICTS_GEN_H

#include <string.h>

#include "verdicts.h"

enum kind {
	K_NONE,
	K_SCALAR,
	K_CTX,
	K_STACK,  /* off is from the frame pointer */
	K_MEM,	  /* size bytes, off from their start: map values, callers' stack, keys */
	K_BTF,	  /* what: enum structure */
	K_MAP,	  /* what: enum map */
	K_OPAQUE, /* a pointer that is only passed on */
};

struct reg {
	enum kind kind;
	bool or_null, rdonly, aligned, trusted;
	int what;
	int64_t off;
	uint64_t umin, umax; /* a scalar's range; what was added to a pointer */
	int64_t size;
	bool packet;
	unsigned int id; /* shared by copies of one maybe-NULL pointer, or of one scalar */
};

struct state {
	struct reg reg[11];
	struct reg spill[64]; /* by slot from the bottom; K_NONE: none */
	uint8_t init[512];
};

#define MAX_PENDING 8
struct gen {
	struct rng r;
	struct program *p;
	struct state s;
	unsigned int protect; /* registers not to be overwritten */
	unsigned int depth;   /* of blocks */
	unsigned int ids;
	enum function fn; /* being generated */
	unsigned int helper_loops;
	int budget;
	/* What is held: no piece that may leave the function; a lock: none that calls either. */
	bool holds, locked;
	unsigned int iterators; /* that are open */
	/* Places that have a dynptr (gen_dynptr.c): of a map's value; of a ring buffer. */
	unsigned int dynptrs, rings;
	/* Functions asked for, and who refers to them. */
	struct pending {
		enum function fn;
		unsigned int ref;
		struct reg arg;
		enum map map;
		bool small;	 /* of gen_small.c */
		bool gives_back; /* its argument, a sample of a ring buffer */
	} pending[MAX_PENDING];
	unsigned int nr_pending;
};

static const struct reg scalar_any
	__attribute__((unused)) = {.kind = K_SCALAR, .umin = 0, .umax = UINT64_MAX};

static inline struct reg scalar(uint64_t umin, uint64_t umax)
{
	return (struct reg){.kind = K_SCALAR, .umin = umin, .umax = umax};
}

static inline bool main_iter(const struct gen *g)
{
	return g->fn == FN_MAIN && is_iterator(g->p->target);
}

/* Something goes wrong on purpose now? */
static inline bool slip(struct gen *g)
{
	return below(&g->r, 1000) < 9;
}

/* --- gen_model.c --- */

struct ins *emit(struct gen *g, uint8_t code, int dst, int src, int off, int32_t imm);
void mov(struct gen *g, int dst, int src);
void load_number(struct gen *g, int dst, int64_t n);
void load_map(struct gen *g, int dst, enum map map);
void load_map_value(struct gen *g, int dst, enum map map, int off);
void exit_with(struct gen *g, int n);
int pick_dst(struct gen *g);
int pick_scalar(struct gen *g);
/* A scalar that may be changed. */
int pick_number(struct gen *g);
/* Where a pointer's region begins and ends, seen from its base. */
bool region(const struct reg *reg, int64_t *low, int64_t *high);
int pick_pointer(struct gen *g, bool write);

/* --- gen_number.c --- */

void alu_imm(struct gen *g, int reg, int op, bool wide, int32_t imm);
void gen_alu(struct gen *g);
void gen_odd_alu(struct gen *g);
void gen_number(struct gen *g);
void gen_copy(struct gen *g);
/* Leave unless what the branch says: `if (reg OP n) goto +2; r0 = 0; exit`. */
void guard(struct gen *g, int reg, int op, bool wide, int32_t n);
/* Make @reg at most @max, one way or another, some of them not quite. */
void bound(struct gen *g, int reg, uint64_t max);

/* --- gen_memory.c --- */

void stack_written(struct gen *g, int64_t at, int64_t size);
void gen_load(struct gen *g);
void gen_store(struct gen *g);
void gen_spill(struct gen *g);
void gen_fill(struct gen *g);
void gen_atomic(struct gen *g);
void gen_ordered(struct gen *g);
void gen_add_constant(struct gen *g);
void gen_variable(struct gen *g);
extern const uint8_t size_codes[4]; /* BPF_B ... BPF_DW */

/* --- gen_flow.c --- */

/* What holds on both of two ways. */
void join(struct state *into, const struct state *other);
void gen_if(struct gen *g);
void gen_loop(struct gen *g);
void gen_trap(struct gen *g);
/* Give a maybe-NULL pointer its check. */
void gen_null_check(struct gen *g);
extern const uint8_t jump_ops[11];

/* --- gen_call.c --- */

void called(struct gen *g, struct reg result);
void call(struct gen *g, int helper, struct reg result);
/* @size initialised bytes below the frame pointer; their place. */
int on_stack(struct gen *g, int size);
enum map pick_map(struct gen *g);
void gen_lookup(struct gen *g);
void gen_update(struct gen *g);
void gen_delete(struct gen *g);
/* r1 = meta->seq of an iterator. */
void seq_argument(struct gen *g);
void gen_seq_write(struct gen *g);
void gen_seq_printf(struct gen *g);
void gen_snprintf(struct gen *g);
void gen_strncmp(struct gen *g);
void gen_probe_read(struct gen *g);

/* --- gen_type.c --- */

void gen_ctx(struct gen *g);
void gen_walk(struct gen *g);
void gen_count(struct gen *g);

/* --- gen_function.c --- */

/* The function that the next instruction refers to; NULL: there are too many. */
struct pending *ask_for(struct gen *g, enum function fn);
void gen_call(struct gen *g);
void load_function(struct gen *g, int reg);
void gen_helper_loop(struct gen *g);

/* --- gen_packet.c, gen_open_iter.c --- */

void gen_packet(struct gen *g);
void gen_packet_join(struct gen *g);
void gen_packet_variable(struct gen *g);
void gen_adjust_head(struct gen *g);
void gen_packet_load(struct gen *g);
void gen_load_bytes(struct gen *g);
void gen_open_iter(struct gen *g);

/* --- gen_dynptr.c --- */

void gen_dynptr_new(struct gen *g);
void gen_dynptr_data(struct gen *g);
void gen_dynptr_copy(struct gen *g);
void gen_dynptr_ring(struct gen *g);

/* --- gen_hold.c --- */

void gen_reserve(struct gen *g);
void gen_lock(struct gen *g);
void gen_tail_call(struct gen *g);
/* r1 = @reg, a sample; it goes back. */
void give_back(struct gen *g, int reg);

/* --- gen_forget.c --- */

void gen_diamond(struct gen *g);
void gen_stride(struct gen *g);
void gen_half(struct gen *g);
void gen_stale(struct gen *g);

/* --- gen_small.c --- */

/* The main function of a syscall program, and one that it calls, but for their ends. */
void gen_small(struct gen *g);
void gen_small_function(struct gen *g);

/* --- gen.c --- */

/* So many of them, at random. */
void gen_pieces(struct gen *g, int count);

#endif /* FUZZ_VERDICTS_GEN_H */
