/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Types of program, as data: what they may attach to, what they may return, and the context that
 * they are given, field by field. A family of types is one file (ctx_net.c, ctx_sock.c,
 * ctx_trace.c); prog_types.c knows the families, ctx.c reads the tables. Which helpers a type may
 * call is said with the helpers.
 */
#ifndef VERIFIER_PROG_TYPES_H
#define VERIFIER_PROG_TYPES_H

#include "verifier/env.h"

/*
 * Accesses to the bytes [off, end) of a context, as programs see it. One of n bytes is such an
 * access if all of it lies in there, its offset is a multiple of n, and n is in the set of sizes
 * (CTX_BYTES_*). What no entry of a table allows is refused; entries may overlap.
 */
struct bpf_ctx_field {
	u16 off, end;
	u8 reads, writes;     /* sets of sizes */
	u16 readers, writers; /* roles of a type or of what it attaches to: who may */
	u32 reg_type;	      /* of what a load gives; 0: a number */
	/* Of tables that convert: where it is in the structure that the program runs with. A
	 * pointer has 8 bytes there, everything else as many as outside. */
	u16 inner_off;
	u8 stored; /* bytes that a store leaves, fewer than it has; 0: all */
};

/* Sizes add up to sets of them. */
#define CTX_BYTES_4 4
#define CTX_BYTES_8 8
#define CTX_NARROW (1 | 2 | 4) /* of a number of 4 bytes */
#define CTX_ANY (1 | 2 | 4 | 8)

#define CTX_EVERYBODY 0xffff

struct bpf_ctx_table {
	const char *name; /* of the structure, in messages */
	const struct bpf_ctx_field *fields;
	u32 nr;
	bool converts; /* programs run with another structure than they see */
};

/* An expected_attach_type, or BPF_ATTACH_ANY for all that are not listed before it. */
struct bpf_prog_attach {
	u8 attach_type;
	bool checks_result; /* r0 at the end of the program must be in: */
	s8 result_min, result_max;
	u16 role; /* one bit: see struct bpf_ctx_field */
};
#define BPF_ATTACH_ANY 0xff

struct bpf_prog_type_ops {
	enum bpf_prog_type type;
	const struct bpf_prog_attach *attach;
	u32 nr_attach;
	const struct bpf_ctx_table *ctx; /* NULL: ctx_access says it */
	/* May a program be loaded with what it says it attaches to? NULL: yes. */
	int (*check)(struct bpf_verifier_env *env);
	/* A context access; what a load of 8 bytes gives goes to @result (an unknown scalar
	 * before). */
	int (*ctx_access)(struct bpf_verifier_env *env, s32 off, u32 size, bool write,
			  struct bpf_reg_state *result);
	bool ctx_is_memory;	/* the context may be given to calls as memory */
	const char *ctx_prefix; /* of the structures that may be called the context by a tag */
	const char *ctx_name;	/* of the structure, as an argument of a global function; NULL */
	const char *kern_ctx; /* of the structure that programs run with, in the built-in types */
	bool packet_read, packet_write; /* of pointers into packets; reads: helpers may, too */
	bool may_sleep;
};

/* The families: each an array of types. */
struct bpf_prog_family {
	const struct bpf_prog_type_ops *types;
	u32 nr;
};
extern const struct bpf_prog_family bpf_net_family, bpf_sock_family, bpf_trace_family;

const struct bpf_prog_type_ops *bpf_prog_type_find(enum bpf_prog_type type);
/* NULL: programs of this type attach to nothing of the kind. */
const struct bpf_prog_attach *bpf_prog_attach_find(const struct bpf_prog_type_ops *ops,
						   u32 attach_type);

#endif /* VERIFIER_PROG_TYPES_H */
