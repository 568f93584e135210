/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Random instructions, with func_info and line_info, loaded into a runtime that has a few maps.
 * What is accepted is run, in the interpreter, which is compiled with sanitizers: it has to be
 * safe. Not run is what may take long by right: calls that repeat a function millions of times,
 * kfuncs (iterators do the same), may_goto; and what prints.
 *
 * `test_verifier_insns DIR` writes programs to begin with; `fuzz_insns -detect_leaks=0 CORPUS DIR`:
 * what is freed after a grace period would look as if it were lost.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpftrek/runtime.h>

#include "insns.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))
#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_INSNS 512
#define MAX_RECORDS 8
#define MAX_KFUNCS 512

const struct insns_type insns_types[] = {
	{BPF_PROG_TYPE_SYSCALL, 0, NULL},
	{BPF_PROG_TYPE_SOCKET_FILTER, 0, NULL},
	{BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_bpf_map"},
	{BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_bpf_map_elem"},
	{BPF_PROG_TYPE_XDP, 0, NULL},
	{BPF_PROG_TYPE_SCHED_CLS, 0, NULL},
	{BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, NULL},
	{BPF_PROG_TYPE_KPROBE, 0, NULL},
	{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, NULL},
};

unsigned int insns_accepted, insns_run;

static struct trek_runtime *rt;
static int maps[8];
static int nr_maps;
static int program_types; /* a BTF */
static uint32_t attach_ids[NR(insns_types)];
static uint32_t kfuncs[MAX_KFUNCS];
static uint32_t nr_kfuncs;
static char log_text[1 << 16];

static int bpf(int cmd, union bpf_attr *attr)
{
	return trek_bpf(rt, cmd, attr, sizeof(*attr));
}

/* --- what there is ------------------------------------------------------------------------------
 */

static void add_map(uint32_t type, uint32_t key, uint32_t value, uint32_t max, uint32_t flags)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = key,
		.value_size = value,
		.max_entries = max,
		.map_flags = flags,
	};

	if (type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		attr.inner_map_fd = (uint32_t)maps[0];
	maps[nr_maps] = bpf(BPF_MAP_CREATE, &attr);
	if (maps[nr_maps++] < 0)
		abort();
}

/* Text, a format and numbers, for good: the verifier takes them for constants. */
static void freeze(int map)
{
	static const char value[64] = "%d %s\0\0\0%y\0abc\0\0\0\0\0\0\0\0\0\0\x28";
	uint32_t key = 0;
	union bpf_attr attr = {.map_fd = (uint32_t)map, .key = PTR(&key), .value = PTR(value)};

	if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
		abort();
	attr = (union bpf_attr){.map_fd = (uint32_t)map};
	if (bpf(BPF_MAP_FREEZE, &attr))
		abort();
}

/* Bytes behind the head of one type. */
static uint32_t size_of_rest(const struct btf_type *t)
{
	uint32_t nr = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return nr * 12;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return nr * 8;
	}
	return 0;
}

/* Functions of the built-in types: those to attach to, and those that may be kfuncs. */
static void find_functions(void)
{
	size_t size;
	const struct btf_header *head = trek_vmlinux_btf(&size);
	const char *types = (const char *)head + head->hdr_len + head->type_off;
	const char *strings = (const char *)head + head->hdr_len + head->str_off;
	uint32_t id = 1;

	for (uint32_t at = 0; at < head->type_len; id++) {
		const struct btf_type *t = (const void *)(types + at);

		at += sizeof(*t) + size_of_rest(t);
		if (BTF_INFO_KIND(t->info) != BTF_KIND_FUNC)
			continue;
		for (size_t i = 0; i < NR(insns_types); i++)
			if (insns_types[i].function &&
			    !strcmp(strings + t->name_off, insns_types[i].function))
				attach_ids[i] = id;
		if (nr_kfuncs < MAX_KFUNCS)
			kfuncs[nr_kfuncs++] = id;
	}
}

/* The BTF of programs: an int, prototypes with 0 to 2 arguments, functions of each linkage, a
 * structure; names are all the same. */
static void load_types(void)
{
	enum { INT = 1, NONE, ONE, TWO, POINTER };
	static const char strings[] = "\0main\0f.c";
	const uint32_t types[] = {
		1,
		BTF_KIND_INT << 24,
		4,
		BTF_INT_SIGNED << 24 | 32,
		0,
		BTF_KIND_FUNC_PROTO << 24,
		INT,
		0,
		BTF_KIND_FUNC_PROTO << 24 | 1,
		INT,
		1,
		INT,
		0,
		BTF_KIND_FUNC_PROTO << 24 | 2,
		INT,
		1,
		POINTER,
		1,
		INT,
		0,
		BTF_KIND_PTR << 24,
		INT,
		1,
		BTF_KIND_FUNC << 24 | BTF_FUNC_GLOBAL,
		NONE,
		1,
		BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC,
		NONE,
		1,
		BTF_KIND_FUNC << 24 | BTF_FUNC_GLOBAL,
		ONE,
		1,
		BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC,
		ONE,
		1,
		BTF_KIND_FUNC << 24 | BTF_FUNC_GLOBAL,
		TWO,
		1,
		BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC,
		TWO,
		1,
		BTF_KIND_STRUCT << 24 | 1,
		4,
		1,
		INT,
		0,
	};
	struct {
		struct btf_header head;
		char rest[sizeof(types) + sizeof(strings)];
	} raw = {{
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(struct btf_header),
		.type_len = sizeof(types),
		.str_off = sizeof(types),
		.str_len = sizeof(strings),
	}};
	union bpf_attr attr = {.btf = PTR(&raw), .btf_size = sizeof(raw.head) + sizeof(raw.rest)};

	memcpy(raw.rest, types, sizeof(types));
	memcpy(raw.rest + sizeof(types), strings, sizeof(strings));
	program_types = bpf(BPF_BTF_LOAD, &attr);
	if (program_types < 0)
		abort();
}

static void set_up(void)
{
	const struct trek_runtime_opts opts = {
		.size = sizeof(opts), .num_possible_cpus = 2, .interpret = 1};

	if (trek_runtime_open(&opts, &rt))
		abort();
	add_map(BPF_MAP_TYPE_ARRAY, 4, 48, 4, 0);
	add_map(BPF_MAP_TYPE_HASH, 8, 16, 8, 0);
	add_map(BPF_MAP_TYPE_ARRAY, 4, 64, 1, BPF_F_RDONLY_PROG);
	freeze(maps[2]);
	add_map(BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0);
	add_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 65536, 0);
	add_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0);
	add_map(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 48, 4, 0);
	add_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0);
	find_functions();
	load_types();
}

/* --- one program --------------------------------------------------------------------------------
 */

struct program {
	struct insns_head head;
	struct bpf_func_info functions[MAX_RECORDS];
	struct bpf_line_info lines[MAX_RECORDS];
	struct bpf_insn insns[MAX_INSNS];
	uint32_t nr_insns;
};

static void resolve(struct program *p)
{
	for (uint32_t i = 0; i < p->nr_insns; i++) {
		struct bpf_insn *insn = &p->insns[i];

		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
		    (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE))
			insn->imm = maps[(uint32_t)insn->imm % (uint32_t)nr_maps];
		else if (insn->code == (BPF_JMP | BPF_CALL) &&
			 insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
			insn->imm = (int32_t)kfuncs[(uint32_t)insn->imm % nr_kfuncs];
	}
}

static bool read_program(struct program *p, const uint8_t *data, size_t size)
{
	struct insns_function function;
	struct insns_line line;
	size_t need;

	memset(p, 0, sizeof(*p));
	if (size < sizeof(p->head))
		return false;
	memcpy(&p->head, data, sizeof(p->head));
	p->head.nr_functions %= MAX_RECORDS + 1;
	p->head.nr_lines %= MAX_RECORDS + 1;
	data += sizeof(p->head);
	size -= sizeof(p->head);
	need = p->head.nr_functions * sizeof(function) + p->head.nr_lines * sizeof(line);
	if (size < need)
		return false;
	for (int i = 0; i < p->head.nr_functions; i++, data += sizeof(function)) {
		memcpy(&function, data, sizeof(function));
		p->functions[i] = (struct bpf_func_info){function.insn, function.type};
	}
	for (int i = 0; i < p->head.nr_lines; i++, data += sizeof(line)) {
		memcpy(&line, data, sizeof(line));
		p->lines[i] = (struct bpf_line_info){line.insn, 1, 6, (uint32_t)line.line << 10};
	}
	p->nr_insns = (uint32_t)((size - need) / sizeof(p->insns[0]));
	if (p->nr_insns > MAX_INSNS)
		p->nr_insns = MAX_INSNS;
	memcpy(p->insns, data, p->nr_insns * sizeof(p->insns[0]));
	resolve(p);
	return true;
}

static int load(const struct program *p)
{
	size_t type = p->head.type % NR(insns_types);
	uint8_t flags = p->head.flags;
	union bpf_attr attr = {
		.prog_type = insns_types[type].prog_type,
		.expected_attach_type = insns_types[type].attach_type,
		.attach_btf_id = attach_ids[type],
		.insns = PTR(p->insns),
		.insn_cnt = p->nr_insns,
		.license = PTR(flags & INSNS_NOT_GPL ? "BSD" : "GPL"),
		.log_buf = PTR(log_text),
		.log_size = sizeof(log_text),
		.log_level = flags & INSNS_WALK ? 2 : 1,
	};

	if (attr.prog_type == BPF_PROG_TYPE_SYSCALL || flags & INSNS_SLEEPABLE)
		attr.prog_flags |= BPF_F_SLEEPABLE;
	if (flags & INSNS_STRICT)
		attr.prog_flags |= BPF_F_STRICT_ALIGNMENT;
	if (flags & INSNS_STATE_FREQ)
		attr.prog_flags |= BPF_F_TEST_STATE_FREQ;
	if (flags & INSNS_TYPES) {
		attr.prog_btf_fd = (uint32_t)program_types;
		attr.func_info = PTR(p->functions);
		attr.func_info_cnt = p->head.nr_functions;
		attr.func_info_rec_size = sizeof(p->functions[0]);
		attr.line_info = PTR(p->lines);
		attr.line_info_cnt = p->head.nr_lines;
		attr.line_info_rec_size = sizeof(p->lines[0]);
	}
	return bpf(BPF_PROG_LOAD, &attr);
}

static bool may_be_run(const struct program *p)
{
	for (uint32_t i = 0; i < p->nr_insns; i++) {
		const struct bpf_insn *insn = &p->insns[i];

		if (insn->code == (BPF_JMP | 0xe0))
			return false; /* may_goto */
		if (insn->code != (BPF_JMP | BPF_CALL))
			continue;
		if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
			return false;
		if (!insn->src_reg &&
		    (insn->imm == BPF_FUNC_loop || insn->imm == BPF_FUNC_trace_printk ||
		     insn->imm == BPF_FUNC_trace_vprintk))
			return false;
	}
	return true;
}

/* What the info of the program says must be got, too. */
static void ask(int prog)
{
	static struct bpf_insn insns[4 * MAX_INSNS];
	struct bpf_prog_info info = {.xlated_prog_len = sizeof(insns),
				     .xlated_prog_insns = PTR(insns)};
	union bpf_attr attr = {
		.info = {.bpf_fd = (uint32_t)prog, .info_len = sizeof(info), .info = PTR(&info)}};

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		abort();
}

static void iterate(int prog)
{
	union bpf_iter_link_info map = {.map.map_fd = (uint32_t)maps[0]};
	union bpf_attr attr = {
		.link_create = {.prog_fd = (uint32_t)prog, .attach_type = BPF_TRACE_ITER}};
	char text[4096];
	int link = bpf(BPF_LINK_CREATE, &attr), iter;

	if (link < 0) {
		attr.link_create.iter_info = PTR(&map);
		attr.link_create.iter_info_len = sizeof(map);
		link = bpf(BPF_LINK_CREATE, &attr);
	}
	if (link < 0)
		return;
	attr = (union bpf_attr){.iter_create = {.link_fd = (uint32_t)link}};
	iter = bpf(BPF_ITER_CREATE, &attr);
	/* One whose result is 1 shows the same for ever. */
	for (int i = 0; iter >= 0 && i < 16; i++)
		if (trek_read(rt, iter, text, sizeof(text)) <= 0)
			break;
	if (iter >= 0)
		trek_close(rt, iter);
	trek_close(rt, link);
}

static void run(const struct program *p, int prog)
{
	size_t type = p->head.type % NR(insns_types);
	uint8_t data[64] = {0}, ctx[64] = {0};
	union bpf_attr attr = {.test = {.prog_fd = (uint32_t)prog}};

	if (insns_types[type].attach_type == BPF_TRACE_ITER) {
		iterate(prog);
		return;
	}
	if (insns_types[type].prog_type == BPF_PROG_TYPE_SYSCALL ||
	    insns_types[type].prog_type == BPF_PROG_TYPE_RAW_TRACEPOINT) {
		attr.test.ctx_in = PTR(ctx);
		attr.test.ctx_size_in = sizeof(ctx);
	} else {
		attr.test.data_in = PTR(data);
		attr.test.data_size_in = sizeof(data);
	}
	bpf(BPF_PROG_TEST_RUN, &attr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program p;
	int prog;

	if (!rt)
		set_up();
	if (!read_program(&p, data, size))
		return 0;
	prog = load(&p);
	if (prog < 0)
		return 0;
	insns_accepted++;
	ask(prog);
	if (may_be_run(&p)) {
		insns_run++;
		run(&p, prog);
	}
	trek_close(rt, prog);
	return 0;
}
