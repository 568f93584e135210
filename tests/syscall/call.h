/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Short ways to call bpf(2) on a runtime: designated fields of the attributes, the rest zero. */
#ifndef TESTS_SYSCALL_CALL_H
#define TESTS_SYSCALL_CALL_H

#include <bpftrek/runtime.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>

static struct trek_runtime *rt;

/* BPF(BPF_MAP_FREEZE, .map_fd = fd): what trek_bpf returns. */
#define BPF(cmd, ...)                                                                              \
	({                                                                                         \
		union bpf_attr attr_ = {__VA_ARGS__};                                              \
		trek_bpf(rt, cmd, &attr_, sizeof(attr_));                                          \
	})

#define PTR(p) ((uint64_t)(unsigned long)(p))

static inline int map_new(uint32_t type, uint32_t value_size, uint32_t max_entries, uint32_t flags)
{
	return BPF(BPF_MAP_CREATE, .map_type = type, .key_size = 4, .value_size = value_size,
		   .max_entries = max_entries, .map_flags = flags);
}

static const struct bpf_insn return_0[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

static inline int prog_new(uint32_t type)
{
	return BPF(BPF_PROG_LOAD, .prog_type = type, .insns = PTR(return_0), .insn_cnt = 2,
		   .license = PTR("GPL"));
}

/* The id of a function of the built-in types; 0. Reads the raw BTF as any caller could. */
static inline uint32_t vmlinux_func(const char *name)
{
	size_t size;
	const struct btf_header *hdr = trek_vmlinux_btf(&size);
	const char *types = (const char *)hdr + hdr->hdr_len + hdr->type_off;
	const char *strings = (const char *)hdr + hdr->hdr_len + hdr->str_off;
	const struct btf_type *t;
	uint32_t id = 1, off = 0;

	for (; off < hdr->type_len; id++) {
		uint32_t vlen;

		t = (const void *)(types + off);
		vlen = BTF_INFO_VLEN(t->info);
		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && !strcmp(strings + t->name_off, name))
			return id;
		off += sizeof(*t);
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_INT:
		case BTF_KIND_VAR:
		case BTF_KIND_DECL_TAG:
			off += 4;
			break;
		case BTF_KIND_ARRAY:
			off += sizeof(struct btf_array);
			break;
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_DATASEC:
		case BTF_KIND_ENUM64:
			off += vlen * 12;
			break;
		case BTF_KIND_ENUM:
		case BTF_KIND_FUNC_PROTO:
			off += vlen * 8;
			break;
		}
	}
	return 0;
}

/* An iterator program that writes nothing, over the objects of @target ("bpf_iter_bpf_map"). */
static inline int iter_prog_new(const char *target)
{
	return BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_TRACING, .insns = PTR(return_0),
		   .insn_cnt = 2, .license = PTR("GPL"), .expected_attach_type = BPF_TRACE_ITER,
		   .attach_btf_id = vmlinux_func(target));
}

static inline int link_new(int prog)
{
	return BPF(BPF_LINK_CREATE,
		   .link_create = {.prog_fd = prog, .attach_type = BPF_TRACE_ITER});
}

#endif /* TESTS_SYSCALL_CALL_H */
