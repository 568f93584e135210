/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the tests of kinds of maps without an element walk share: each command by one call, steps in
 * a map without keys, programs that push and pop.
 */
#ifndef FACTS_KINDS_H
#define FACTS_KINDS_H

#include "facts.h"

#define QUEUE BPF_MAP_TYPE_QUEUE
#define STACK BPF_MAP_TYPE_STACK
#define BLOOM BPF_MAP_TYPE_BLOOM_FILTER
#define LPM BPF_MAP_TYPE_LPM_TRIE
#define PERF BPF_MAP_TYPE_PERF_EVENT_ARRAY
#define NP BPF_F_NO_PREALLOC

#define PUSH BPF_MAP_UPDATE_ELEM
#define PEEK BPF_MAP_LOOKUP_ELEM
#define POP BPF_MAP_LOOKUP_AND_DELETE_ELEM
#define DELETE BPF_MAP_DELETE_ELEM
#define NEXT BPF_MAP_GET_NEXT_KEY
#define FREEZE BPF_MAP_FREEZE

int map_create(enum bpf_map_type type, unsigned int key, unsigned int value, unsigned int max,
	       unsigned int flags, __u64 extra);
int map_command(int cmd, int map, const void *key, void *value, __u64 flags);
int map_batch(int cmd, int map, void *out, const void *keys, const void *values, __u32 *count,
	      __u64 flags);

/* A step in a map without keys. @value: what goes in, and what is to be there afterwards. */
struct step {
	int cmd;
	__u32 in;
	__u64 flags;
	int result;
	__u32 out;
	bool key; /* there is a pointer where there must be none */
};

#define SAME 99 /* @in of what gives something; as @out: nothing was written */

void run_steps(int map, const struct step *steps, size_t n);
/* None of the four works. */
void no_batches(int map);

/* *(u32 *)(fp - 4) = @value; r0 = push(@map, fp - 4, @flags) */
void emit_push(struct code *code, int map, int value, int flags);
/* The same with pop or peek; what is there afterwards is added to r6 * 10. */
void emit_take(struct code *code, int map, int helper);
/* What the program returns. */
unsigned int run_program(const struct code *code);

#endif /* FACTS_KINDS_H */
