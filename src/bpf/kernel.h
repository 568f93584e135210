/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The types of the kernel that the shipped programs read, and no more of them than they read: where
 * a field is, libbpf or the kernel find out when a program is loaded (CO-RE). Fields that are not
 * in every kernel from 5.8 on are read after bpf_core_field_exists() only.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#include <stdbool.h>

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#define __uint(name, val) int(*name)[val]
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "records.h"

/* Of the UAPI: the same in every kernel. */
struct btf_type {
	__u32 name_off;
	__u32 info;
	__u32 size;
};

struct bpf_func_info {
	__u32 insn_off;
	__u32 type_id;
};

/*
 * Linux keeps where it has found a type by name: 31 types, each in a place of its name's own. Two
 * of one place in one program are looked for again and again, 0.3 ms each (kernel/bpf/btf.c,
 * hash_cands()). None of those that begin a path of fields below share one.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct user_struct {
	struct {
		__u32 val;
	} uid;
};

struct btf_header {
	__u32 str_len;
};

struct btf {
	struct btf_type **types;
	const char *strings;
	struct btf_header hdr;
	__u32 nr_types;
	__u32 id;
};

enum bpf_map_type { BPF_MAP_TYPE_UNSPEC };
enum bpf_prog_type { BPF_PROG_TYPE_UNSPEC };
enum bpf_attach_type { BPF_CGROUP_INET_INGRESS };
enum bpf_link_type { BPF_LINK_TYPE_UNSPEC, BPF_LINK_TYPE_TCX = 11 /* 6.6 */ };

struct bpf_map {
	enum bpf_map_type map_type;
	__u32 key_size, value_size, max_entries;
	__u64 map_extra; /* 5.16 */
	__u32 map_flags;
	__u32 id;
	__u32 btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
	struct btf *btf;
	char name[16];
	atomic64_t refcnt, usercnt;
	bool frozen;
	__s64 *elem_count; /* 6.6 */
};

struct bpf_prog;

struct bpf_prog_aux {
	atomic64_t refcnt;
	__u32 used_map_cnt;
	__u32 id;
	__u32 func_cnt;
	__u32 attach_btf_id;
	struct btf *attach_btf;	   /* 5.11 */
	struct bpf_prog *dst_prog; /* 5.10, before: linked_prog */
	bool offload_requested;
	const char *attach_func_name;
	struct bpf_prog **func;
	struct bpf_map **used_maps;
	struct user_struct *user;
	__u64 load_time;
	__u32 verified_insns; /* 5.16 */
	char name[16];
	struct btf *btf;
	struct bpf_func_info *func_info;
	__u32 func_info_cnt;
	bool sleepable; /* until 6.8 */
};

struct bpf_prog {
	__u16 pages;
	__u16 jited : 1;
	__u16 gpl_compatible : 1;
	__u16 sleepable : 1; /* 6.9 */
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	__u32 len;
	__u32 jited_len;
	__u8 tag[8];
	struct bpf_prog_aux *aux;
};

struct bpf_link {
	__u32 id;
	enum bpf_link_type type;
	struct bpf_prog *prog;
};

/* Kinds of links: what stands behind a struct bpf_link. */
struct bpf_tramp_link {
	struct bpf_link link;
};

struct bpf_tracing_link {
	struct bpf_tramp_link link; /* until 5.19 a bpf_link */
	struct bpf_prog *tgt_prog;
};

struct bpf_iter_aux_info {
	struct bpf_map *map;
};

struct bpf_iter_link {
	struct bpf_link link;
	struct bpf_iter_aux_info aux;
};

/* Kinds of maps: what stands behind a struct bpf_map. */
struct bpf_queue_stack {
	struct bpf_map map;
	__u32 head, tail, size;
};

struct lpm_trie {
	struct bpf_map map;
	unsigned long n_entries;
};

struct super_block {
	unsigned long s_magic;
};

struct qstr {
	const char *name;
};

struct dentry {
	struct qstr d_name;
	struct super_block *d_sb;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	void *private_data;
};

struct task_struct {
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
};

#pragma clang attribute pop

/* What programs are given: pointers and numbers, each in 8 bytes, in this order ever since. */
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u64 fd;
	struct file *file;
};

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
};

struct bpf_iter__bpf_link {
	struct bpf_iter_meta *meta;
	struct bpf_link *link;
};

/*
 * Not by initializers: of some clang makes a constant to copy from, and a map for it, which every
 * start would have to make.
 */
static __always_inline void record_begin(struct record *head, __u16 size, __u8 kind)
{
	head->size = size;
	head->version = RECORDS_VERSION;
	head->kind = kind;
}

#endif /* BPF_KERNEL_H */
