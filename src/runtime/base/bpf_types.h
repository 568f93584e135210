/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The types that BPF programs can see. The runtime is compiled with this header, and btf/vmlinux.c
 * makes the built-in BTF from it, so that the two cannot drift. Structures and fields carry the
 * kernel's names and meanings (include/linux/bpf.h, btf.h, seq_file.h); what a program has no
 * business with is declared here only, and defined in the room that owns it.
 */
#ifndef BASE_BPF_TYPES_H
#define BASE_BPF_TYPES_H

#include <linux/bpf.h>
#include <linux/btf.h>

#include "base/types.h"

struct trek_runtime;
struct bpf_map_ops;
struct bpf_prog_ops;
struct bpf_link_ops;
struct btf_record;
struct seq_operations;
struct bpf_iter_session;
struct bpf_kfunc_desc_tab;
struct bpf_jit_image;
struct bpf_ctx_arg_aux;

/*
 * Tags of the built-in BTF (kernel: include/linux/compiler_types.h): what a pointer with one is good
 * for is the verifier's business (verifier/btf_access.c). In this process they are addresses as any
 * other.
 */
#ifdef __bpf__
#define __percpu __attribute__((btf_type_tag("percpu")))
#else
#define __percpu
#endif

#define MAX_BTF_NAME 56

/* BTF: one set of types. Immutable once it has an id. */
struct btf {
	void *data;              /* header, types and strings as loaded; owned */
	struct btf_type **types; /* by type id - start_id; types[0] of a base BTF is void */
	const char *strings;
	void *nohdr_data;
	struct btf_header hdr;
	u32 nr_types; /* including void in a base BTF; without the base's in a split one */
	u32 types_size;
	u32 data_size;
	atomic64_t refcnt;
	u32 id;
	struct callback_head rcu;
	struct btf *base_btf;
	u32 start_id;
	u32 start_str_off;
	char name[MAX_BTF_NAME];
	bool kernel_btf;
	struct trek_runtime *rt;
	struct btf_lookup *lookup; /* by name; btf/ */
};

/* A map. Every kind of map begins with one and adds what it needs behind it. */
struct bpf_map {
	const struct bpf_map_ops *ops;
	struct bpf_map *inner_map_meta;
	enum bpf_map_type map_type;
	u32 key_size;
	u32 value_size;
	u32 max_entries;
	u64 map_extra;
	u32 map_flags;
	u32 id;
	struct btf_record *record;
	int numa_node;
	u32 btf_key_type_id;
	u32 btf_value_type_id;
	u32 btf_vmlinux_value_type_id;
	struct btf *btf;
	char name[BPF_OBJ_NAME_LEN];
	atomic64_t refcnt;
	atomic64_t usercnt; /* handles, pins and programs' map arrays: what can still write */
	struct callback_head rcu;
	atomic64_t writecnt; /* writers under way; see map_freeze in map/map.c */
	bool frozen;
	u32 nr_elem_counts;
	u64 percpu_stride; /* per-CPU kinds: bytes from one CPU's value to the next one's */
	s64 *elem_count; /* nr_elem_counts counters, a cache line apart; NULL: none */
	struct trek_runtime *rt;
};

/* Kinds of maps: how many elements are in them. The rest of them is in their own files. */
struct lpm_trie {
	struct bpf_map map;
	size_t n_entries;
};

struct bpf_queue_stack {
	struct bpf_map map;
	/* The place behind the newest value, and the oldest's; they are alike when it is empty. */
	u32 head, tail;
	u32 size; /* places, one more than there may be values */
};

struct bpf_prog_stats {
	u64 cnt;
	u64 nsecs;
	u64 misses;
};
/* clang 14 forgets the tag of a pointer to a structure, but not to one by another name. */
typedef struct bpf_prog_stats bpf_prog_stats_t;

struct bpf_func_info_aux {
	u16 linkage;
	bool unreliable;
	bool called;
	bool verified;
};

typedef struct {
	u32 val;
} kuid_t;

/* Linux counts here what a user has; here it is only who that is. */
struct user_struct {
	kuid_t uid;
};

struct bpf_prog_aux {
	atomic64_t refcnt;
	u32 used_map_cnt;
	u32 used_btf_cnt;
	u32 format_cnt;
	u32 max_ctx_offset;
	u32 stack_depth; /* of the whole call tree, in bytes */
	u32 id;
	u32 func_cnt;      /* subprograms, the main one included */
	u32 attach_btf_id; /* of the FUNC in attach_btf that a tracing program attaches to */
	u32 ctx_arg_info_size;
	u32 max_rdonly_access; /* 1 + the largest offset read through a PTR_TO_BUF | MEM_RDONLY */
	u32 max_rdwr_access;   /* the same for a writable PTR_TO_BUF */
	bool reads_unwritten_stack; /* on some path: every frame begins with zeroes */
	bool tail_call_reachable; /* the program has one, or a function of it */
	bool writes_rdwr_buf;  /* the program writes through one: see bpf_map_elem's attach check */
	struct btf *attach_btf;
	const struct bpf_ctx_arg_aux *ctx_arg_info;
	struct bpf_prog *dst_prog;
	bool might_sleep;
	const struct btf_type *attach_func_proto;
	const char *attach_func_name;
	struct bpf_kfunc_desc_tab *kfunc_tab;
	struct bpf_format **formats; /* of its calls of printf, as far as they are known */
	struct bpf_jit_image *jit; /* native code; NULL: none */
	const struct bpf_prog_ops *ops;
	struct bpf_map **used_maps; /* a reference each */
	struct bpf_prog *prog;
	struct user_struct *user;
	u64 load_time; /* CLOCK_BOOTTIME, ns */
	u32 verified_insns;
	char name[BPF_OBJ_NAME_LEN];
	struct btf *btf; /* the program's own types; NULL: none */
	struct bpf_func_info *func_info;
	struct bpf_func_info_aux *func_info_aux;
	struct bpf_line_info *linfo;
	u32 func_info_cnt;
	u32 nr_linfo;
	struct user_struct owner; /* what user points to */
	struct callback_head rcu;
	struct trek_runtime *rt;
};

struct bpf_prog {
	u16 pages;
	u16 jited : 1;
	u16 jit_requested : 1;
	u16 gpl_compatible : 1;
	u16 sleepable : 1;
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	u32 len; /* instructions */
	u32 jited_len;
	u8 tag[BPF_TAG_SIZE];
	bpf_prog_stats_t __percpu *stats;
	unsigned int (*bpf_func)(const void *ctx, const struct bpf_insn *insn);
	struct bpf_prog_aux *aux;
	struct bpf_insn *insnsi; /* what runs: rewritten by verification */
};

struct bpf_link {
	atomic64_t refcnt;
	u32 id; /* 0: not yet, or no longer, to be found by id */
	enum bpf_link_type type;
	const struct bpf_link_ops *ops;
	struct bpf_prog *prog; /* a reference; changed by BPF_LINK_UPDATE, read under RCU */
	u32 flags;
	enum bpf_attach_type attach_type;
	struct callback_head rcu;
	struct trek_runtime *rt;
};

/* The output of a session: see iter/seq_file.h. */
struct seq_file {
	char *buf;
	size_t size;
	size_t from;
	size_t count;
	s64 index;
	const struct seq_operations *op;
	void *private;
};

struct bpf_iter_meta {
	union {
		struct seq_file *seq;
		__u64 : 64;
	} __attribute__((aligned(8)));
	u64 session_id; /* one more for each session of the runtime */
	u64 seq_num;    /* of the object: 0 for the first shown */
};

/* Iterators that programs keep on their stack. */
struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_bits {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

/* Linux: the largest CONFIG_NR_CPUS. */
#define NR_CPUS 8192

/* A set of CPUs, and one that programs hold. */
struct cpumask {
	unsigned long bits[NR_CPUS / (8 * sizeof(unsigned long))];
};
typedef struct cpumask cpumask_t;

typedef struct {
	int refs;
} refcount_t;

struct bpf_cpumask {
	cpumask_t cpumask;
	refcount_t usage;
};

#endif /* BASE_BPF_TYPES_H */
