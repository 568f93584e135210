/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The few kernel types that these examples read. preserve_access_index makes the loader find the
 * fields where the engine at hand has them, so one object serves every kernel and bpftrek.
 */
#ifndef EXAMPLES_ITER_H
#define EXAMPLES_ITER_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_map {
	__u32 id;
	char name[BPF_OBJ_NAME_LEN];
	enum bpf_map_type map_type;
	__u32 max_entries;
};

struct bpf_prog_aux {
	__u32 id;
	char name[BPF_OBJ_NAME_LEN];
	const char *attach_func_name;
	__u32 verified_insns;
};

struct bpf_prog {
	enum bpf_prog_type type;
	__u8 tag[BPF_TAG_SIZE];
	struct bpf_prog_aux *aux;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

#pragma clang attribute pop

#endif /* EXAMPLES_ITER_H */
