/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Loading cases: the maps they name, the types they need, the numbers that differ from engine to
 * engine put into their instructions.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpftrek/runtime.h>

#include "engine.h"

#define PTR(p) ((unsigned long)(p))

static struct trek_runtime *rt;

static int embedded_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	return trek_bpf(rt, cmd, attr, size);
}

static int embedded_close(int fd)
{
	return trek_close(rt, fd);
}

static int kernel_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	int ret = (int)syscall(__NR_bpf, cmd, attr, size);

	return ret < 0 ? -errno : ret;
}

struct engine embedded_engine = {.name = "embedded", .bpf = embedded_bpf, .close = embedded_close};
struct engine kernel_engine = {.name = "kernel", .bpf = kernel_bpf, .close = close};

static const struct {
	enum bpf_map_type type;
	unsigned int key, value, max, flags;
	int inner; /* a map before it */
	enum { PLAIN, KPTRS, LOCKED } values;
} shapes[NR_MAPS] = {
	[MAP_ARRAY] = {BPF_MAP_TYPE_ARRAY, 4, 48, 4, 0},
	[MAP_HASH] = {BPF_MAP_TYPE_HASH, 8, 16, 8, 0},
	[MAP_CONST] = {BPF_MAP_TYPE_ARRAY, 4, 64, 1, BPF_F_RDONLY_PROG},
	[MAP_DATA] = {BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0},
	[MAP_RDONLY] = {BPF_MAP_TYPE_ARRAY, 4, 48, 4, BPF_F_RDONLY_PROG},
	[MAP_WRONLY] = {BPF_MAP_TYPE_ARRAY, 4, 48, 4, BPF_F_WRONLY_PROG},
	[MAP_RING] = {BPF_MAP_TYPE_RINGBUF, 0, 0, 65536, 0},
	[MAP_USER_RING] = {BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0},
	[MAP_ARRAY_ANY] = {BPF_MAP_TYPE_ARRAY, 4, 48, 4, BPF_F_INNER_MAP},
	[MAP_OUTER] = {BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, MAP_ARRAY},
	[MAP_OUTER_HASH] = {BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4, 0, MAP_HASH},
	[MAP_ARRAY_PERCPU] = {BPF_MAP_TYPE_PERCPU_ARRAY, 4, 48, 4, 0},
	[MAP_OUTER_PERCPU] = {BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, MAP_ARRAY_PERCPU},
	[MAP_OUTER_ANY] = {BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, MAP_ARRAY_ANY},
	[MAP_PERF] = {BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4, 0},
	[MAP_PROGS] = {BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0},
	[MAP_KPTRS] = {BPF_MAP_TYPE_ARRAY, 4, KPTRS_SIZE, 4, 0, 0, KPTRS},
	[MAP_KPTRS_ONE] = {BPF_MAP_TYPE_ARRAY, 4, KPTRS_SIZE, 1, 0, 0, KPTRS},
	[MAP_KPTRS_PERCPU] = {BPF_MAP_TYPE_PERCPU_ARRAY, 4, KPTRS_SIZE, 4, 0, 0, KPTRS},
	[MAP_KPTRS_LRU] = {BPF_MAP_TYPE_LRU_HASH, 4, KPTRS_SIZE, 4, 0, 0, KPTRS},
	[MAP_KPTRS_OUTER] = {BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, MAP_KPTRS},
	[MAP_LOCKED] = {BPF_MAP_TYPE_HASH, 4, LOCKED_SIZE, 4, 0, 0, LOCKED},
};

static int add_kptr(struct btf *btf, const char *tag, const char *structure)
{
	int to = btf__add_struct(btf, structure, 8);

	return btf__add_ptr(btf, btf__add_type_tag(btf, tag, to));
}

/* The types of a map's keys and values: a handle. */
static int value_types(struct engine *engine, bool locked, union bpf_attr *map)
{
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	int number = btf__add_int(btf, "u64", 8, 0), half = btf__add_int(btf, "u32", 4, 0);
	int mask = add_kptr(btf, "kptr", "bpf_cpumask");
	int any_map = add_kptr(btf, "kptr_untrusted", "bpf_map");
	int any_mask = add_kptr(btf, "kptr_untrusted", "bpf_cpumask"), lock;
	unsigned int size;
	int fd;

	lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	btf__add_field(btf, "val", half, 0, 0);
	map->btf_key_type_id = (__u32)half;
	if (locked) {
		map->btf_value_type_id = (__u32)btf__add_struct(btf, "locked", LOCKED_SIZE);
		btf__add_field(btf, "lock", lock, 0, 0);
		btf__add_field(btf, "mask", mask, LOCKED_MASK * 8, 0);
		btf__add_field(btf, "n", number, 16 * 8, 0);
	} else {
		map->btf_value_type_id = (__u32)btf__add_struct(btf, "kptrs", KPTRS_SIZE);
		btf__add_field(btf, "n", number, 0, 0);
		btf__add_field(btf, "mask", mask, KPTRS_MASK * 8, 0);
		btf__add_field(btf, "map", any_map, KPTRS_MAP * 8, 0);
		btf__add_field(btf, "some", any_mask, KPTRS_SOME * 8, 0);
		btf__add_field(btf, "tail", number, KPTRS_TAIL * 8, 0);
	}
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = engine->bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
	btf__free(btf);
	return fd;
}

static int make_map(struct engine *engine, int map)
{
	int types = -1, fd;
	union bpf_attr attr = {
		.map_type = shapes[map].type,
		.key_size = shapes[map].key,
		.value_size = shapes[map].value,
		.max_entries = shapes[map].max,
		.map_flags = shapes[map].flags,
	};

	if (shapes[map].type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	    shapes[map].type == BPF_MAP_TYPE_HASH_OF_MAPS)
		attr.inner_map_fd = engine->maps[shapes[map].inner];
	memcpy(attr.map_name, "case", 5);
	if (shapes[map].values != PLAIN) {
		types = value_types(engine, shapes[map].values == LOCKED, &attr);
		attr.btf_fd = (__u32)types;
		if (types < 0)
			return types;
	}
	fd = engine->bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (types >= 0)
		engine->close(types);
	return fd;
}

static int fill_const(struct engine *engine, int fd)
{
	char value[64] = "";
	unsigned long long number = 40;
	union bpf_attr attr = {.map_fd = fd};
	int key = 0, err;

	memcpy(value + CONST_FORMAT, "%d %s", 6);
	memcpy(value + CONST_BAD, "%y", 3);
	memcpy(value + CONST_TEXT, "abc", 4);
	memcpy(value + CONST_NUMBER, &number, sizeof(number));
	memcpy(value + CONST_ENDLESS, "abcd", 4);
	attr.key = PTR(&key);
	attr.value = PTR(value);
	err = engine->bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
	if (err)
		return err;
	attr = (union bpf_attr){.map_fd = fd};
	return engine->bpf(BPF_MAP_FREEZE, &attr, sizeof(attr));
}

int kfunc_id(struct engine *engine, int kfunc)
{
#define KFUNC_NAME(name) #name,
	static const char *const names[] = {CASE_KFUNCS(KFUNC_NAME)};
#undef KFUNC_NAME
	int id = btf__find_by_name_kind(engine->vmlinux, names[kfunc - KFUNCS_BEGIN - 1],
					BTF_KIND_FUNC);

	return id < 0 ? 1 : id;
}

/* The byte offset of @name in a structure, anonymous members looked into; -1. */
static int offset_in(const struct btf *btf, int type_id, const char *name)
{
	const struct btf_type *t = btf__type_by_id(btf, type_id);
	const struct btf_member *m = btf_members(t);

	for (int i = 0; i < btf_vlen(t); i++) {
		const char *member = btf__name_by_offset(btf, m[i].name_off);
		int base = (int)btf_member_bit_offset(t, i) / 8, inner;

		if (!strcmp(member, name))
			return base;
		if (member[0] || !btf_is_composite(btf__type_by_id(btf, m[i].type)))
			continue;
		inner = offset_in(btf, m[i].type, name);
		if (inner >= 0)
			return base + inner;
	}
	return -1;
}

static const char *const type_names[TYPE_END - TYPE_FIRST] = {
#define TYPE(name) [TYPE_##name - TYPE_FIRST] = #name
	TYPE(bpf_map),
	TYPE(bpf_prog),
	TYPE(bpf_prog_aux),
	TYPE(bpf_attr),
	TYPE(u64),
	TYPE(bpf_iter_meta),
};

static void find_names(struct engine *engine)
{
	for (int i = 0; i < TYPE_END - TYPE_FIRST; i++)
		engine->types[i] = btf__find_by_name(engine->vmlinux, type_names[i]);
}

static int find_fields(struct engine *engine)
{
	static const struct {
		const char *structure, *field;
	} fields[] = {
		[FIELD_META_SEQ - FIELD_META_SEQ] = {"bpf_iter_meta", "seq"},
		[FIELD_META_SEQ_NUM - FIELD_META_SEQ] = {"bpf_iter_meta", "seq_num"},
		[FIELD_MAP_ID - FIELD_META_SEQ] = {"bpf_map", "id"},
		[FIELD_MAP_INNER - FIELD_META_SEQ] = {"bpf_map", "inner_map_meta"},
		[FIELD_MAP_NAME - FIELD_META_SEQ] = {"bpf_map", "name"},
		[FIELD_MAP_BTF - FIELD_META_SEQ] = {"bpf_map", "btf"},
		[FIELD_MAP_OPS - FIELD_META_SEQ] = {"bpf_map", "ops"},
		[FIELD_MAP_ELEM_COUNT - FIELD_META_SEQ] = {"bpf_map", "elem_count"},
		[FIELD_MAP_FROZEN - FIELD_META_SEQ] = {"bpf_map", "frozen"},
		[FIELD_PROG_AUX - FIELD_META_SEQ] = {"bpf_prog", "aux"},
		[FIELD_PROG_STATS - FIELD_META_SEQ] = {"bpf_prog", "stats"},
		[FIELD_PROG_FUNC - FIELD_META_SEQ] = {"bpf_prog", "bpf_func"},
		[FIELD_PROG_TAG - FIELD_META_SEQ] = {"bpf_prog", "tag"},
		[FIELD_PROG_JITED - FIELD_META_SEQ] = {"bpf_prog", "jited"},
		[FIELD_PROG_LEN - FIELD_META_SEQ] = {"bpf_prog", "len"},
		[FIELD_AUX_PROG - FIELD_META_SEQ] = {"bpf_prog_aux", "prog"},
		[FIELD_AUX_USED_MAPS - FIELD_META_SEQ] = {"bpf_prog_aux", "used_maps"},
		[FIELD_AUX_NAME - FIELD_META_SEQ] = {"bpf_prog_aux", "name"},
		[FIELD_AUX_FUNC_NAME - FIELD_META_SEQ] = {"bpf_prog_aux", "attach_func_name"},
		[FIELD_AUX_OPS - FIELD_META_SEQ] = {"bpf_prog_aux", "ops"},
		[FIELD_LINK_PROG - FIELD_META_SEQ] = {"bpf_link", "prog"},
		[FIELD_LINK_REFCNT - FIELD_META_SEQ] = {"bpf_link", "refcnt"},
		[FIELD_SEQ_BUF - FIELD_META_SEQ] = {"seq_file", "buf"},
		[FIELD_SEQ_PRIVATE - FIELD_META_SEQ] = {"seq_file", "private"},
		[FIELD_BTF_HDR - FIELD_META_SEQ] = {"btf", "hdr"},
		[FIELD_BTF_TYPES - FIELD_META_SEQ] = {"btf", "types"},
		[FIELD_SKB_LEN - FIELD_META_SEQ] = {"sk_buff", "len"},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int id = btf__find_by_name_kind(engine->vmlinux, fields[i].structure,
						BTF_KIND_STRUCT);

		if (id < 0)
			return id;
		engine->fields[i] = (short)offset_in(engine->vmlinux, id, fields[i].field);
		if (engine->fields[i] < 0)
			return -ENOENT;
	}
	engine->iter_map =
		btf__find_by_name_kind(engine->vmlinux, "bpf_iter_bpf_map", BTF_KIND_FUNC);
	engine->iter_elem =
		btf__find_by_name_kind(engine->vmlinux, "bpf_iter_bpf_map_elem", BTF_KIND_FUNC);
	engine->iter_prog =
		btf__find_by_name_kind(engine->vmlinux, "bpf_iter_bpf_prog", BTF_KIND_FUNC);
	engine->iter_link =
		btf__find_by_name_kind(engine->vmlinux, "bpf_iter_bpf_link", BTF_KIND_FUNC);
	find_names(engine);
	return engine->iter_map < 0 || engine->iter_elem < 0 ? -ENOENT : 0;
}

const char *engine_start(struct engine *engine)
{
	const void *data;
	size_t size;
	int map;

	if (engine == &embedded_engine) {
		if (trek_runtime_open(NULL, &rt))
			return "no runtime can be opened";
		data = trek_vmlinux_btf(&size);
		engine->vmlinux = btf__new(data, (unsigned int)size);
	} else {
		engine->vmlinux = btf__load_vmlinux_btf();
	}
	if (!engine->vmlinux)
		return "it has no BTF";
	if (find_fields(engine))
		return "its BTF has no iterators of maps";
	for (map = 0; map < NR_MAPS; map++) {
		engine->maps[map] = make_map(engine, map);
		if (engine->maps[map] < 0)
			return "this user may not create maps";
	}
	return fill_const(engine, engine->maps[MAP_CONST]) ? "a map cannot be frozen" : NULL;
}

void engine_stop(struct engine *engine)
{
	for (int map = 0; map < NR_MAPS; map++)
		if (engine->maps[map] > 0)
			engine->close(engine->maps[map]);
	btf__free(engine->vmlinux);
	if (engine == &embedded_engine)
		trek_runtime_close(rt);
}

static unsigned int length(const struct verifier_case *c)
{
	unsigned int n = MAX_CASE_INSNS;
	static const struct bpf_insn none;

	while (n && !memcmp(&c->insns[n - 1], &none, sizeof(none)))
		n--;
	return n;
}

static void relocate(struct engine *engine, struct bpf_insn *insns, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct bpf_insn *insn = &insns[i];

		if (insn->code == (BPF_LD | BPF_DW | BPF_IMM)) {
			if ((insn->src_reg == BPF_PSEUDO_MAP_FD ||
			     insn->src_reg == BPF_PSEUDO_MAP_VALUE) &&
			    insn->imm >= 0 && insn->imm < NR_MAPS)
				insn->imm = engine->maps[insn->imm];
			else if (insn->src_reg == BPF_PSEUDO_BTF_ID && insn->imm > KFUNCS_BEGIN &&
				 insn->imm < KFUNCS_END)
				insn->imm = kfunc_id(engine, insn->imm);
			i++;
		} else if (insn->code == (BPF_JMP | BPF_CALL) &&
			   insn->src_reg == BPF_PSEUDO_KFUNC_CALL && insn->imm > KFUNCS_BEGIN &&
			   insn->imm < KFUNCS_END) {
			insn->imm = kfunc_id(engine, insn->imm);
		} else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_K) && insn->imm >= TYPE_FIRST &&
			   insn->imm < TYPE_END) {
			insn->imm = engine->types[insn->imm - TYPE_FIRST];
		} else if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
			   insn->imm >= FIELD_META_SEQ && insn->imm < NR_FIELDS_END) {
			insn->imm = engine->fields[insn->imm - FIELD_META_SEQ];
		} else if (insn->off >= FIELD_META_SEQ && insn->off < NR_FIELDS_END &&
			   BPF_CLASS(insn->code) != BPF_JMP) {
			insn->off = engine->fields[insn->off - FIELD_META_SEQ];
		}
	}
}

/* The types of a program with functions; func_info goes to @info. A handle, or negative errno. */
static int load_types(struct engine *engine, const struct verifier_case *c,
		      struct bpf_func_info *info, unsigned int *nr)
{
	static const char *const names[MAX_CASE_FUNCS] = {"first", "second", "third", "fourth"};
	struct btf *btf = btf__new_empty();
	union bpf_attr attr = {0};
	int integer, proto[NR_FUNC_KINDS], i, fd, mem, mem_ptr, skb_ptr, ptr;
	unsigned int size;

	integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	mem = btf__add_struct(btf, "mem", 8);
	btf__add_field(btf, "a", integer, 0, 0);
	btf__add_field(btf, "b", integer, 32, 0);
	ptr = mem_ptr = btf__add_ptr(btf, mem);
	proto[STATIC] = btf__add_func_proto(btf, integer);
	proto[STATIC_VOID] = btf__add_func_proto(btf, 0);
	proto[GLOBAL_INT] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "number", integer);
	proto[GLOBAL_VOID] = btf__add_func_proto(btf, 0);
	ptr = btf__add_ptr(btf, 0);
	proto[GLOBAL_ANYTHING] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "p", ptr);
	ptr = btf__add_ptr(btf, integer);
	proto[GLOBAL_NUMBERS] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "p", ptr);
	ptr = btf__add_ptr(btf, ptr);
	proto[GLOBAL_POINTERS] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "p", ptr);
	ptr = mem_ptr;
	proto[GLOBAL_MEM] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "mem", ptr);
	mem = btf__add_struct(btf, "bpf_map", 8);
	btf__add_field(btf, "id", integer, 0, 0);
	ptr = btf__add_ptr(btf, mem);
	proto[GLOBAL_MAP] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "map", ptr);
	mem = btf__add_struct(btf, "bpf_iter__case", 8);
	btf__add_field(btf, "meta", ptr, 0, 0);
	ptr = btf__add_ptr(btf, mem);
	proto[GLOBAL_CTX] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "ctx", ptr);
	mem = btf__add_struct(btf, "bpf_dynptr", 16);
	ptr = btf__add_ptr(btf, mem);
	proto[GLOBAL_DYNPTR] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "dynptr", ptr);
	mem = btf__add_struct(btf, "__sk_buff", 8);
	btf__add_field(btf, "len", integer, 0, 0);
	skb_ptr = btf__add_ptr(btf, mem);
	proto[GLOBAL_SKB] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "skb", skb_ptr);
	proto[GLOBAL_SKB_MEM] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "skb", skb_ptr);
	btf__add_func_param(btf, "mem", mem_ptr);
	proto[GLOBAL_SKB_DYNPTR] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "skb", skb_ptr);
	btf__add_func_param(btf, "dynptr", ptr);
	ptr = btf__add_fwd(btf, "bpf_dynptr", BTF_FWD_STRUCT);
	ptr = btf__add_ptr(btf, btf__add_const(btf, ptr));
	proto[GLOBAL_DYNPTR_FWD] = btf__add_func_proto(btf, integer);
	btf__add_func_param(btf, "dynptr", ptr);
	info[0].insn_off = 0;
	info[0].type_id = btf__add_func(btf, "main", BTF_FUNC_GLOBAL, proto[STATIC]);
	for (i = 0; i < MAX_CASE_FUNCS && c->funcs[i].insn; i++) {
		info[i + 1].insn_off = c->funcs[i].insn;
		info[i + 1].type_id = btf__add_func(
			btf, names[i],
			c->funcs[i].kind <= STATIC_VOID ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL,
			proto[c->funcs[i].kind]);
		if (c->funcs[i].tag)
			btf__add_decl_tag(btf, c->funcs[i].tag, (int)info[i + 1].type_id, 0);
		if (c->funcs[i].tag2)
			btf__add_decl_tag(btf, c->funcs[i].tag2, (int)info[i + 1].type_id, 0);
	}
	*nr = i + 1;
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = engine->bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
	btf__free(btf);
	return fd;
}

#define KIND(type_, ...)                                                                           \
	{                                                                                          \
		.type = BPF_PROG_TYPE_##type_, __VA_ARGS__                                         \
	}
#define AT(attach_) .attach = BPF_##attach_

static const struct {
	enum bpf_prog_type type;
	unsigned int attach, flags;
} kinds[NR_KINDS] = {
	[SYSCALL] = KIND(SYSCALL, .flags = BPF_F_SLEEPABLE),
	[ITER_MAP] = KIND(TRACING, AT(TRACE_ITER)),
	[ITER_ELEM] = KIND(TRACING, AT(TRACE_ITER)),
	[ITER_PROG] = KIND(TRACING, AT(TRACE_ITER)),
	[ITER_LINK] = KIND(TRACING, AT(TRACE_ITER)),
	[ITER_PROG_SLEEPABLE] = KIND(TRACING, AT(TRACE_ITER), .flags = BPF_F_SLEEPABLE),
	[FILTER] = KIND(SOCKET_FILTER),
	[XDP] = KIND(XDP),
	[XDP_OF_DEVMAP] = KIND(XDP, AT(XDP_DEVMAP)),
	[TC] = KIND(SCHED_CLS),
	[TC_ACTION] = KIND(SCHED_ACT),
	[CGROUP_INGRESS] = KIND(CGROUP_SKB, AT(CGROUP_INET_INGRESS)),
	[CGROUP_EGRESS] = KIND(CGROUP_SKB, AT(CGROUP_INET_EGRESS)),
	[CGROUP_SOMEWHERE] = KIND(CGROUP_SKB, AT(XDP_DEVMAP)),
	[LWT_IN] = KIND(LWT_IN),
	[LWT_OUT] = KIND(LWT_OUT),
	[LWT_XMIT] = KIND(LWT_XMIT),
	[LWT_SEG6LOCAL] = KIND(LWT_SEG6LOCAL),
	[SK_SKB] = KIND(SK_SKB),
	[SK_MSG] = KIND(SK_MSG),
	[SK_REUSEPORT] = KIND(SK_REUSEPORT, AT(SK_REUSEPORT_SELECT)),
	[SK_LOOKUP] = KIND(SK_LOOKUP, AT(SK_LOOKUP)),
	[FLOW_DISSECTOR] = KIND(FLOW_DISSECTOR),
	[SOCK_OPS] = KIND(SOCK_OPS),
	[SOCK_CREATE] = KIND(CGROUP_SOCK, AT(CGROUP_INET_SOCK_CREATE)),
	[SOCK_POST_BIND4] = KIND(CGROUP_SOCK, AT(CGROUP_INET4_POST_BIND)),
	[SOCK_POST_BIND6] = KIND(CGROUP_SOCK, AT(CGROUP_INET6_POST_BIND)),
	[SOCK_BIND4] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_INET4_BIND)),
	[SOCK_CONNECT4] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_INET4_CONNECT)),
	[SOCK_CONNECT6] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_INET6_CONNECT)),
	[SOCK_SENDMSG4] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_UDP4_SENDMSG)),
	[SOCK_SENDMSG6] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_UDP6_SENDMSG)),
	[SOCK_RECVMSG4] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_UDP4_RECVMSG)),
	[SOCK_GETPEERNAME4] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_INET4_GETPEERNAME)),
	[SOCK_ADDR_SOMEWHERE] = KIND(CGROUP_SOCK_ADDR, AT(CGROUP_INET_INGRESS)),
	[GETSOCKOPT] = KIND(CGROUP_SOCKOPT, AT(CGROUP_GETSOCKOPT)),
	[SETSOCKOPT] = KIND(CGROUP_SOCKOPT, AT(CGROUP_SETSOCKOPT)),
	[DEVICE] = KIND(CGROUP_DEVICE),
	[SYSCTL] = KIND(CGROUP_SYSCTL),
	[KPROBE] = KIND(KPROBE),
	[KPROBE_SLEEPABLE] = KIND(KPROBE, .flags = BPF_F_SLEEPABLE),
	[TRACEPOINT] = KIND(TRACEPOINT),
	[TRACEPOINT_SLEEPABLE] = KIND(TRACEPOINT, .flags = BPF_F_SLEEPABLE),
	[RAW_TRACEPOINT] = KIND(RAW_TRACEPOINT),
	[RAW_TRACEPOINT_WRITABLE] = KIND(RAW_TRACEPOINT_WRITABLE),
	[PERF_EVENT] = KIND(PERF_EVENT),
	[XDP_STRICT] = KIND(XDP, .flags = BPF_F_STRICT_ALIGNMENT),
	[TC_STRICT] = KIND(SCHED_CLS, .flags = BPF_F_STRICT_ALIGNMENT),
};

bool engine_is_tracing(enum case_kind kind)
{
	return kinds[kind].type == BPF_PROG_TYPE_TRACING;
}

static bool uses_programs(const struct verifier_case *c)
{
	for (unsigned int i = 0; i < MAX_CASE_INSNS; i++)
		if (c->insns[i].code == (BPF_LD | BPF_DW | BPF_IMM) &&
		    c->insns[i].src_reg == BPF_PSEUDO_MAP_FD && c->insns[i].imm == MAP_PROGS)
			return true;
	return false;
}

int engine_load(struct engine *engine, const struct verifier_case *c)
{
	struct bpf_insn insns[MAX_CASE_INSNS];
	struct bpf_func_info info[MAX_CASE_FUNCS + 1];
	union bpf_attr attr = {0};
	int types = -1, prog;

	/* The programs that use one decide for all others. */
	if (uses_programs(c)) {
		engine->close(engine->maps[MAP_PROGS]);
		engine->maps[MAP_PROGS] = make_map(engine, MAP_PROGS);
	}
	memcpy(insns, c->insns, sizeof(insns));
	attr.insn_cnt = length(c);
	relocate(engine, insns, attr.insn_cnt);
	attr.insns = PTR(insns);
	attr.license = PTR(c->license_bsd ? "BSD" : "GPL");
	if (engine == &embedded_engine) {
		attr.log_buf = PTR(engine->log);
		attr.log_size = sizeof(engine->log);
	}
	/* The kernel says so much about loops that no buffer would do. */
	attr.log_level = engine == &embedded_engine;
	memcpy(attr.prog_name, "case", 5);
	attr.prog_type = kinds[c->kind].type;
	attr.expected_attach_type = kinds[c->kind].attach;
	attr.prog_flags = kinds[c->kind].flags;
	if (attr.prog_type == BPF_PROG_TYPE_TRACING)
		attr.attach_btf_id = c->kind == ITER_MAP    ? engine->iter_map
				     : c->kind == ITER_ELEM ? engine->iter_elem
				     : c->kind == ITER_LINK ? engine->iter_link
							    : engine->iter_prog;
	if (c->funcs[0].insn) {
		types = load_types(engine, c, info, &attr.func_info_cnt);
		if (types < 0)
			return types;
		attr.prog_btf_fd = types;
		attr.func_info = PTR(info);
		attr.func_info_rec_size = sizeof(info[0]);
	}
	engine->log[0] = '\0';
	prog = engine->bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (types >= 0)
		engine->close(types);
	if (prog < 0)
		return prog;
	engine->close(prog);
	return 0;
}
