/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the files of the witness share: a machine whose memory is regions. */
#ifndef FUZZ_WITNESS_H
#define FUZZ_WITNESS_H

#include "verdicts.h"

enum { NUMBER, OBJECT, MAP, SEQ, ITER, DYNPTR, MEMORY }; /* what a value is; MEMORY + n: region n */

struct val {
	uint64_t v; /* a number, or the offset in a region */
	int is;
	bool init, taint;
	bool buffer; /* how much of it there is turns out when the program is attached */
};

#define REGION_SIZE 512
#define MAX_REGIONS 160
#define MAX_STEPS 400000
struct region {
	uint32_t start, size; /* [start, size) may be accessed: of a packet, from its head on */
	bool readonly, dead, stack;
	bool held, gone; /* of a ring buffer: reserved; given back */
	int map;	 /* whose element; -1 */
	uint8_t key[16];
	uint8_t data[REGION_SIZE];
	uint8_t taint[REGION_SIZE];
	struct val slot[REGION_SIZE / 8]; /* spilled pointers; init: there is one */
};

/* An open iterator over numbers, and the region that the one at hand is in. */
#define MAX_ITERS 32
struct iter {
	int64_t cur, end;
	bool open;
	int region;
};

#define MAX_DYNPTRS 64
struct dynptr {
	struct val memory; /* a number: there is nothing */
	uint32_t size;
	bool reserved;
};

struct vm {
	const struct program *p;
	struct region region[MAX_REGIONS];
	int nr_regions;
	const char *wrong; /* what must not be; NULL */
	unsigned int at;   /* where */
	bool stopped;	   /* out of steps or room: no verdict */
	bool tainted;
	unsigned int steps;
	struct val ctx[4]; /* of an iterator */
	int packet;	   /* its region */
	struct iter iters[MAX_ITERS];
	unsigned int nr_iters;
	struct dynptr dynptrs[MAX_DYNPTRS];
	unsigned int nr_dynptrs;
	int depth;
	int held, locked;     /* so many samples; 1 + the region whose lock is held */
	bool replaced;	      /* by a tail call, or at an end that is not at an exit */
	int open;	      /* so many iterators and reserved dynptrs */
	bool leaves;	      /* now and then, by may_goto */
	bool believes;	      /* hold what is there against beliefs.h */
	int stack;	      /* the region of the frame that runs */
	struct val asked[11]; /* registers at the question */
	uint8_t *reached;     /* by instruction; NULL */
	uint8_t out[8192];
	uint32_t out_len;
};
extern struct vm vm;

/* --- witness_memory.c --- */

struct val number(uint64_t v);
struct val unknown(uint64_t v);
void wrong(const char *what);
bool over(void);
int new_region(uint32_t size);
struct val pointer(int region);
/* The region that @size bytes at @ptr are in; NULL, and what is wrong. */
struct region *reach(struct val ptr, int64_t off, uint64_t size, bool write);
void forget_slots(struct region *r, int64_t at, uint64_t size);
void store(struct val ptr, int64_t off, uint32_t size, struct val value);
struct val load(struct val ptr, int64_t off, uint32_t size);
/* @size bytes of an argument; taint of any of them taints. */
bool argument(struct val ptr, uint64_t size, uint8_t *out, bool *taint);
void written_by_helper(struct val ptr, uint64_t size);
void read_by_helper(struct val ptr, uint64_t size);

/* --- witness_maps.c --- */

/* The region of an element; -1. */
int find_element(enum map map, const uint8_t *key);
int insert_element(enum map map, const uint8_t *key, const uint8_t *value);
struct val update(enum map map, struct val key_ptr, struct val value_ptr, uint64_t flags);

/* --- witness_hold.c --- */

void free_of_everything(void);
struct val reserve(const struct val *r);
void release_sample(struct val sample);
void take_lock(struct val at, bool take);
void tail_call(const struct val *r);
struct val iter_new(const struct val *r);
struct val iter_next(const struct val *r);
struct val iter_destroy(const struct val *r);

/* --- witness_dynptr.c --- */

struct val dynptr_from_mem(const struct val *r);
struct val dynptr_reserve(const struct val *r);
void dynptr_release(const struct val *r);
struct val dynptr_data(const struct val *r);
struct val dynptr_read(const struct val *r);
struct val dynptr_write(const struct val *r);

/* --- witness_packet.c --- */

void set_up_packet(uint64_t input);
struct val load_field(uint64_t off, uint32_t size);
struct val adjust_head(const struct val *r);
struct val skb_load_bytes(const struct val *r);
void step_packet_load(const struct bpf_insn *i, struct val *reg);

/* --- witness_step.c --- */

void step_alu(const struct bpf_insn *i, struct val *d, struct val s);
bool holds(const struct bpf_insn *i, const struct val *d, const struct val *s);
void step_memory(const struct ins *ins, struct val *reg);
void load_wide(unsigned int pc, struct val *d);

/* --- witness_call.c --- */

bool step_call(unsigned int pc, const struct ins *ins, struct val *reg);

/* --- witness.c --- */

/* One function, from @pc to its exit; r0. */
struct val execute(unsigned int pc, const struct val *args);

#endif /* FUZZ_WITNESS_H */
