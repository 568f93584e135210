/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The source of the built-in BTF. Compiled for the BPF target, never linked: only the type
 * information that clang writes is kept. A function here stands for one whose prototype programs
 * look up by name: bpf_iter_NAME of each iterator target, and each kfunc.
 */
/*
 * Constants of enums without a name, which no declaration can reach: <linux/bpf.h> gets to define
 * them as uapi_..., and an enum further down has them under their names, with those values.
 */
#define BPF_ANY uapi_BPF_ANY
#define BPF_NOEXIST uapi_BPF_NOEXIST
#define BPF_EXIST uapi_BPF_EXIST
#define BPF_F_LOCK uapi_BPF_F_LOCK
#define BPF_F_NO_PREALLOC uapi_BPF_F_NO_PREALLOC
#define BPF_F_RDONLY_PROG uapi_BPF_F_RDONLY_PROG
#define BPF_F_WRONLY_PROG uapi_BPF_F_WRONLY_PROG
#define BPF_F_MMAPABLE uapi_BPF_F_MMAPABLE
#include "base/bpf_types.h"
#include "iter/targets.h"
#include "prog/kfuncs.h"
#include "prog/packet.h"

#pragma clang diagnostic ignored "-Wunused-parameter"

#define FUNC_ARG(type, name) , type name
#define FUNC(target, args)                                                                         \
	int bpf_iter_##target(struct bpf_iter_meta *meta args)                                     \
	{                                                                                          \
		return 0;                                                                          \
	}
BPF_ITER_TARGETS(FUNC, FUNC_ARG)

#define KFUNC(result, name, ...)                                                                   \
	__attribute__((btf_decl_tag("bpf_kfunc"))) result name(__VA_ARGS__)                        \
	{                                                                                          \
		__builtin_unreachable();                                                           \
	}
BPF_KFUNCS(KFUNC)

#undef BPF_ANY
#undef BPF_NOEXIST
#undef BPF_EXIST
#undef BPF_F_LOCK
#undef BPF_F_NO_PREALLOC
#undef BPF_F_RDONLY_PROG
#undef BPF_F_WRONLY_PROG
#undef BPF_F_MMAPABLE

/* In a vmlinux.h they are types, not macros. */
#undef bool
#undef false
#undef true
typedef _Bool bool;

/*
 * Types that programs name. Members by value: behind a pointer in a structure clang writes no more
 * than a forward declaration.
 */
#define CONTEXT(target, args) struct bpf_iter__##target target;
#define NO_ARG(type, name)
struct bpf_vmlinux_types {
	struct bpf_prog_aux prog_aux;
	struct bpf_prog_stats prog_stats;
	struct user_struct user;
	struct bpf_prog prog;
	struct bpf_map map;
	struct lpm_trie trie;
	struct bpf_queue_stack queue_stack;
	struct bpf_link link;
	struct seq_file seq;
	struct btf btf;
	struct btf_type type;
	struct btf_array array;
	struct btf_member member;
	struct btf_param param;
	struct btf_enum enum32;
	struct bpf_insn insn;
	struct __sk_buff skb;
	struct xdp_md xdp;
	struct sk_buff sk_buff;
	struct xdp_buff xdp_buff;
	union bpf_attr attr;
	struct bpf_dynptr dynptr;
	struct bpf_func_info func_info;
	struct bpf_line_info line_info;
	struct bpf_map_info map_info;
	struct bpf_prog_info prog_info;
	struct bpf_link_info link_info;
	struct bpf_cpumask cpumask;
	struct bpf_iter_num iter_num;
	struct bpf_iter_bits iter_bits;
	enum bpf_cmd cmd;
	enum bpf_func_id func_id;
	enum bpf_link_type link_type;
	BPF_ITER_TARGETS(CONTEXT, NO_ARG)
	/* What bpf_helpers.h and programs take for granted of a vmlinux.h. */
	__s8 s8;
	__be16 be16;
	__be32 be32;
	__wsum wsum;
	bool truth;
	enum { false = 0, true = 1 } truths;
	enum {
		BPF_ANY = uapi_BPF_ANY,
		BPF_NOEXIST = uapi_BPF_NOEXIST,
		BPF_EXIST = uapi_BPF_EXIST,
		BPF_F_LOCK = uapi_BPF_F_LOCK,
	} update_flags;
	enum {
		BPF_F_NO_PREALLOC = uapi_BPF_F_NO_PREALLOC,
		BPF_F_RDONLY_PROG = uapi_BPF_F_RDONLY_PROG,
		BPF_F_WRONLY_PROG = uapi_BPF_F_WRONLY_PROG,
		BPF_F_MMAPABLE = uapi_BPF_F_MMAPABLE,
	} map_flags;
};

int bpf_vmlinux_types(struct bpf_vmlinux_types *types)
{
	return 0;
}
