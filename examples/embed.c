/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A BPF subsystem inside a program of one's own: open a runtime, keep data in a map, and let an
 * iterator program print it. No privilege, no kernel BPF, no libbpf: everything goes through the
 * library's contract, which is bpf(2).
 *
 * The program is written out as instructions here, so that nothing else is needed. Usually clang
 * compiles it and libbpf loads it, as `bpftrek run` does.
 *
 *     cc embed.c $(pkg-config --cflags --libs bpftrek)
 */
#include <bpftrek/runtime.h>

#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSN(code_, dst, src, off_, imm_)                                                          \
	((struct bpf_insn){.code = (code_),                                                        \
			   .dst_reg = (dst),                                                       \
			   .src_reg = (src),                                                       \
			   .off = (off_),                                                          \
			   .imm = (imm_)})
#define MOV(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOV_IMM(dst, imm) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define ADD_IMM(dst, imm) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define LOAD(size, dst, src, off) INSN(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STORE(size, dst, off, src) INSN(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define JEQ_IMM(dst, imm, off) INSN(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, off, imm)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* A 64-bit constant takes two instructions. */
#define LOAD64(dst, value)                                                                         \
	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, (__s32)(__u64)(value)),                         \
		INSN(0, 0, 0, 0, (__s32)((__u64)(value) >> 32))

/* Offsets in struct bpf_iter__bpf_map_elem, the context of programs that visit elements. */
enum { CTX_META = 0, CTX_MAP = 8, CTX_KEY = 16, CTX_VALUE = 24, META_SEQ = 0 };

#define TEXT8(a, b, c, d, e, f, g, h)                                                              \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/* bpf_seq_printf(ctx->meta->seq, "%u: %llu\n", (u64[]){ *key, *value }, 16); return 0; */
static const struct bpf_insn show_element[] = {
	LOAD(BPF_DW, 2, 1, CTX_KEY),
	LOAD(BPF_DW, 3, 1, CTX_VALUE),
	JEQ_IMM(2, 0, 19), /* the call after the last element has neither */
	JEQ_IMM(3, 0, 18),
	LOAD(BPF_W, 2, 2, 0),
	LOAD(BPF_DW, 3, 3, 0),
	STORE(BPF_DW, 10, -16, 2),
	STORE(BPF_DW, 10, -8, 3),
	LOAD64(4, TEXT8('%', 'u', ':', ' ', '%', 'l', 'l', 'u')),
	STORE(BPF_DW, 10, -32, 4),
	MOV_IMM(4, '\n'), /* and the NUL */
	STORE(BPF_DW, 10, -24, 4),
	LOAD(BPF_DW, 1, 1, CTX_META),
	LOAD(BPF_DW, 1, 1, META_SEQ),
	MOV(2, 10),
	ADD_IMM(2, -32),
	MOV_IMM(3, sizeof("%u: %llu\n")),
	MOV(4, 10),
	ADD_IMM(4, -16),
	MOV_IMM(5, 16),
	CALL(BPF_FUNC_seq_printf),
	MOV_IMM(0, 0),
	EXIT(),
};

static __u64 address(const void *ptr)
{
	return (__u64)(unsigned long)ptr;
}

/* The id of function @name in the runtime's types: what an iterator program "attaches" to. */
static int function_id(const char *name)
{
	const struct btf_header *header;
	const struct btf_type *type;
	const char *strings, *at, *end;
	size_t size;
	int id;

	header = trek_vmlinux_btf(&size);
	at = (const char *)header + header->hdr_len + header->type_off;
	end = at + header->type_len;
	strings = (const char *)header + header->hdr_len + header->str_off;
	for (id = 1; at < end; id++) {
		/* How much follows a type depends on its kind: bytes, and bytes for each of vlen.
		 */
		static const struct {
			size_t fixed, each;
		} trailer[NR_BTF_KINDS] = {
			[BTF_KIND_INT] = {4, 0},
			[BTF_KIND_ARRAY] = {sizeof(struct btf_array), 0},
			[BTF_KIND_STRUCT] = {0, sizeof(struct btf_member)},
			[BTF_KIND_UNION] = {0, sizeof(struct btf_member)},
			[BTF_KIND_ENUM] = {0, sizeof(struct btf_enum)},
			[BTF_KIND_FUNC_PROTO] = {0, sizeof(struct btf_param)},
			[BTF_KIND_VAR] = {sizeof(struct btf_var), 0},
			[BTF_KIND_DATASEC] = {0, sizeof(struct btf_var_secinfo)},
			[BTF_KIND_DECL_TAG] = {sizeof(struct btf_decl_tag), 0},
			[BTF_KIND_ENUM64] = {0, sizeof(struct btf_enum64)},
		};
		unsigned int kind;

		type = (const struct btf_type *)at;
		kind = BTF_INFO_KIND(type->info);
		if (kind == BTF_KIND_FUNC && !strcmp(strings + type->name_off, name))
			return id;
		at += sizeof(*type) + trailer[kind].fixed +
		      BTF_INFO_VLEN(type->info) * trailer[kind].each;
	}
	return -ENOENT;
}

static int check(const char *what, int result)
{
	if (result < 0) {
		fprintf(stderr, "embed: %s: %s\n", what, strerror(-result));
		exit(1);
	}
	return result;
}

int main(void)
{
	struct trek_runtime *rt;
	union bpf_iter_link_info target;
	union bpf_attr attr;
	int map, prog, link, iter;
	char text[4096];
	ssize_t n;

	check("trek_runtime_open", trek_runtime_open(NULL, &rt));

	attr = (union bpf_attr){
		.map_type = BPF_MAP_TYPE_HASH,
		.key_size = sizeof(__u32),
		.value_size = sizeof(__u64),
		.max_entries = 100,
		.map_name = "squares",
	};
	map = check("BPF_MAP_CREATE", trek_bpf(rt, BPF_MAP_CREATE, &attr, sizeof(attr)));
	for (__u32 key = 1; key <= 5; key++) {
		__u64 value = (__u64)key * key;

		memset(&attr, 0, sizeof(attr));
		attr.map_fd = map;
		attr.key = address(&key);
		attr.value = address(&value);
		check("BPF_MAP_UPDATE_ELEM",
		      trek_bpf(rt, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)));
	}

	attr = (union bpf_attr){
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_TRACE_ITER,
		.attach_btf_id =
			check("bpf_iter_bpf_map_elem", function_id("bpf_iter_bpf_map_elem")),
		.insns = address(show_element),
		.insn_cnt = sizeof(show_element) / sizeof(show_element[0]),
		.license = address("Dual BSD/GPL"),
		.prog_name = "show_element",
	};
	prog = check("BPF_PROG_LOAD", trek_bpf(rt, BPF_PROG_LOAD, &attr, sizeof(attr)));

	memset(&target, 0, sizeof(target));
	target.map.map_fd = map;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = prog;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = address(&target);
	attr.link_create.iter_info_len = sizeof(target);
	link = check("BPF_LINK_CREATE", trek_bpf(rt, BPF_LINK_CREATE, &attr, sizeof(attr)));

	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = link;
	iter = check("BPF_ITER_CREATE", trek_bpf(rt, BPF_ITER_CREATE, &attr, sizeof(attr)));

	while ((n = trek_read(rt, iter, text, sizeof(text))) > 0 || n == -EAGAIN)
		if (n > 0)
			fwrite(text, 1, n, stdout);
	check("read", (int)n);

	trek_runtime_close(rt);
	return 0;
}
