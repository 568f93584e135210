/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the tests of FACTS.md share: the engine under test, objects that go when the test ends,
 * and the few programs that most of them run. One file of tests for each section of FACTS.md; a
 * section is a table that main.c puts together.
 */
#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "insn.h"
#include "test.h"

#include <bpf/btf.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ENOTSUPP 524 /* the kernel's own, which reaches user space: libc has no name for it */
#define PTR(p) ((__u64)(uintptr_t)(p))

/* The engine under test, and its types. */
extern const struct engine *E;
extern struct btf *types;

struct section {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
};
extern const struct section targets_section, session_section, walk_section, attach_section,
	verifier_section, count_section, ids_section, maps_section, create_section, load_section,
	log_section, btf_section, pin_section, attrs_section, fuzz_section, kinds_section,
	queue_section, bloom_section, lpm_section, perf_section, edges_section, ringbuf_section,
	batch_section, dynptr_section, objects_section, lock_section, for_each_section,
	rights_section, rewrite_section, format_section, kfunc_section, kptr_section,
	test_run_section, packet_section, skb_section, region_section, user_ringbuf_section,
	native_section;

/* Skip unless this is at least that Linux; the embedded engine is the newest that FACTS.md knows.
 */
void requires_linux(int major, int minor);

/* --- bpf(2), and objects that the end of the test closes --------------------------------- */

int bpf(int cmd, union bpf_attr *attr); /* with the whole attr */
int own(int fd);			/* closed at the end of the test; errors pass through */
void end(int fd);			/* closed now */
int close_owned(void **state);

/* A map, or -errno; map_new() asserts that there is one. */
int map_try(enum bpf_map_type type, unsigned key, unsigned value, unsigned max, unsigned flags);
int map_new(enum bpf_map_type type, unsigned key, unsigned value, unsigned max, unsigned flags);
int map_update(int map, const void *key, const void *value, __u64 flags);
int map_lookup(int map, const void *key, void *value);
int map_delete(int map, const void *key);
int map_next_key(int map, const void *key, void *next);
int map_freeze(int map);
/* A HASH or ARRAY of 4-byte keys 0 to n-1 and 8-byte values 100, 101 ... */
int map_of_numbers(enum bpf_map_type type, unsigned n);

/* Programs: a negative errno, or a descriptor. */
#define LOG_SIZE 65536
extern char load_log[LOG_SIZE]; /* of the last load_* */
int load(enum bpf_prog_type type, const struct code *code);
int load_iter(const char *target, const struct code *code);
int load_trivial_iter(const char *target);
/* A SOCKET_FILTER program of several functions, which begin at the instructions @starts: the main
 * one, then static ones. The types that say so come with it. */
int load_functions(const struct code *code, const unsigned int *starts, unsigned int n);

int load_syscall(const struct code *code);

/* What a program returns, which must have been loaded: of a packet of 64 bytes, or of nothing. */
int run(int prog);
int run_alone(int prog);

int attach(int prog);
int attach_map(int prog, int map); /* with link info */
int link_update(int link, int prog, unsigned flags, int old_prog);
int iter_create(int link);
/* A session of @code on @map (-1: the target needs none), all of it asserted. */
int session(const char *target, const struct code *code, int map);
/* Read to the end or an error other than EAGAIN: the bytes, or -errno. */
ssize_t read_all(int fd, void *buf, size_t size);

__u32 id_of(int fd); /* of a map, program or link, from its info */
void *info_of(int fd, void *info, __u32 size);
int get_info(int fd, void *info, __u32 *size);

/* --- types of the engine ----------------------------------------------------------------- */

/* Byte offset of a member, looked for in anonymous members too; asserts that there is one. */
int field(const char *structure, const char *member);
int type_id(const char *name, unsigned kind);

/* --- programs ---------------------------------------------------------------------------- */

/* r6 = ctx, r7 = ctx->meta, r8 = meta->seq. */
void emit_prologue(struct code *code);
/* bpf_seq_write(seq, r2, size), where r2 is set already. */
void emit_seq_write(struct code *code, int size);
/* ++*(u64 *)(value of ARRAY @map at @offset); uses r1, r2. */
void emit_count(struct code *code, int map, int offset);
void emit_return(struct code *code, int value);

#define CTX_META 0
#define CTX_OBJECT 8 /* prog, map, link */
#define CTX_KEY 16
#define CTX_VALUE 24

/* What element_records() writes for a map of 4-byte keys and 8-byte values. */
#define NONE (~0ULL)
struct element_record {
	__u64 session_id, seq_num;
	__u64 key, value; /* NONE: NULL */
};
struct code element_records(void);

/* What object_records() writes: bpf_map, bpf_prog, bpf_link. */
struct object_record {
	__u64 session_id, seq_num;
	__u64 id; /* NONE: NULL */
};
struct code object_records(const char *target);

#endif /* FACTS_FACTS_H */
