/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * One program, run on one packet by the runtime and by the kernel (BPF_PROG_TEST_RUN): both have to
 * answer the same, and leave the same packet.
 */
#ifndef TESTS_PACKETS_RUN_H
#define TESTS_PACKETS_RUN_H

#include <linux/bpf.h>
#include <stddef.h>

#include "insn.h"

#define MAX_PROGRAM 160
#define MAX_PACKET 4096

struct packet {
	const char *name;
	size_t size;
	unsigned char data[MAX_PACKET];
};
/* What packets.c makes. */
enum { COUNTING, TCP4, UDP6, TAGGED, SHORT, NR_PACKETS };
extern struct packet packets[NR_PACKETS];
void make_packets(void);

struct program {
	struct bpf_insn insns[MAX_PROGRAM];
	unsigned int nr;
};

static inline void emit(struct program *p, const struct bpf_insn *insns, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		p->insns[p->nr++] = insns[i];
}
#define EMIT(p, ...)                                                                               \
	emit(p, (const struct bpf_insn[]){__VA_ARGS__},                                            \
	     sizeof((const struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn))

/*
 * r6 = the context; 64 bytes at r10 - 64 with numbers in them. Then what is under test, which
 * leaves its result in r0. Then the end: r0, the 64 bytes and what the context says of the packet,
 * all of it in one number, which is returned.
 */
void begin(struct program *p);
void finish(struct program *p, enum bpf_prog_type type);

/* NULL, or why the kernel cannot be asked. @interpret: do not compile programs. */
const char *start_engines(int interpret);
void stop_engines(void);

/* Maps of both, by the number that a LD_MAP has: a PERF_EVENT_ARRAY of 4 entries. */
#define MAP_PERF 1

/* Fails the test with @what where they differ. Counts. */
void compare(const struct program *p, enum bpf_prog_type type, const struct packet *packet,
	     const char *what);
extern unsigned int compared;

/* grids.c: each helper with many arguments; sequences.c: programs of several calls;
 * dynptrs.c: dynptrs. */
void grids(void **state);
void loads(void **state);
void sequences(void **state);
void dynptrs(void **state);

#endif /* TESTS_PACKETS_RUN_H */
