/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The kernel and the runtime behind one interface: maps of the shapes that programs know, BTF for
 * functions, loading, and running on the runtime. Everything made here belongs to a descriptor of
 * this process (or a handle of a runtime in it); nothing is pinned.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpftrek/runtime.h>

#include "verdicts.h"

#define PTR(p) ((uint64_t)(uintptr_t)(p))

/* --- the kernel --------------------------------------------------------------------------------
 */

static int kernel_bpf(struct engine *e, int cmd, union bpf_attr *attr, uint32_t size)
{
	long ret = -1;

	(void)e;
	/* A load that a signal interrupts is tried again, as libbpf does. */
	for (int tries = 0; tries < 5; tries++) {
		ret = syscall(__NR_bpf, cmd, attr, size);
		if (ret >= 0 || errno != EAGAIN || cmd != BPF_PROG_LOAD)
			break;
	}
	return ret < 0 ? -errno : (int)ret;
}

static int kernel_end(struct engine *e, int fd)
{
	(void)e;
	return close(fd) ? -errno : 0;
}

static const char *kernel_open(struct engine *e)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	int fd = kernel_bpf(e, BPF_MAP_CREATE, &attr, sizeof(attr));

	if (fd == -ENOSYS)
		return "the kernel has no bpf(2)";
	if (fd < 0)
		return "bpf(2) of the kernel is not permitted";
	close(fd);
	e->types = btf__parse("/sys/kernel/btf/vmlinux", NULL);
	return e->types ? NULL : "the kernel's BTF cannot be read";
}

static void kernel_close(struct engine *e)
{
	(void)e;
}

const struct engine kernel_engine = {
	.name = "kernel",
	.open = kernel_open,
	.close = kernel_close,
	.bpf = kernel_bpf,
	.end = kernel_end,
};

/* --- the runtime ---------------------------------------------------------------------------------
 */

static int embedded_bpf(struct engine *e, int cmd, union bpf_attr *attr, uint32_t size)
{
	return trek_bpf(e->rt, cmd, attr, size);
}

static ssize_t embedded_read(struct engine *e, int fd, void *buf, size_t size)
{
	return trek_read(e->rt, fd, buf, size);
}

static int embedded_end(struct engine *e, int fd)
{
	return trek_close(e->rt, fd);
}

static int embedded_run(struct engine *e, int prog, void *ctx, uint32_t size, uint32_t *ret)
{
	return trek_prog_run(e->rt, prog, ctx, size, ret);
}

static int embedded_run_packet(struct engine *e, int prog, const void *packet, uint32_t size,
			       void *out, uint32_t *out_size, uint32_t *ret)
{
	union bpf_attr attr = {0};
	int err;

	attr.test.prog_fd = (uint32_t)prog;
	attr.test.data_in = PTR(packet);
	attr.test.data_size_in = size;
	attr.test.data_out = PTR(out);
	attr.test.data_size_out = PACKET_MAX + PACKET_HEADROOM;
	err = trek_bpf(e->rt, BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	*ret = attr.test.retval;
	*out_size = attr.test.data_size_out;
	return err;
}

static const char *embedded_open(struct engine *e)
{
	struct trek_runtime *rt = NULL;
	const void *data;
	size_t size;

	if (trek_runtime_open(NULL, &rt))
		return "the runtime does not open";
	e->rt = rt;
	data = trek_vmlinux_btf(&size);
	e->types = data ? btf__new(data, (uint32_t)size) : NULL;
	return e->types ? NULL : "the runtime's types cannot be read";
}

static void embedded_close(struct engine *e)
{
	if (e->rt)
		trek_runtime_close(e->rt);
	e->rt = NULL;
}

const struct engine embedded_engine = {
	.name = "embedded",
	.open = embedded_open,
	.close = embedded_close,
	.bpf = embedded_bpf,
	.read = embedded_read,
	.run_packet = embedded_run_packet,
	.end = embedded_end,
	.run = embedded_run,
};

/* --- types -------------------------------------------------------------------------------- */

static const struct btf_type *strip(const struct btf *types, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(types, id);

	while (btf_is_mod(t) || btf_is_typedef(t))
		t = btf__type_by_id(types, t->type);
	return t;
}

static int member_offset(const struct btf *types, const struct btf_type *t, const char *member)
{
	const struct btf_member *m = btf_members(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(types, m[i].name_off);
		int offset = (int)(btf_member_bit_offset(t, i) / 8), inner;

		if (!strcmp(name, member))
			return offset;
		if (*name || !btf_is_composite(strip(types, m[i].type)))
			continue;
		inner = member_offset(types, strip(types, m[i].type), member);
		if (inner >= 0)
			return offset + inner;
	}
	return -1;
}

static int function_id(const struct btf *types, const char *name)
{
	int id = btf__find_by_name_kind(types, name, BTF_KIND_FUNC);

	return id < 0 ? 0 : id;
}

static void find_types(struct engine *e)
{
	static const char *const structures[NR_STRUCTURES] = {"bpf_map", "bpf_iter_meta",
							      "seq_file", "btf"};

	for (unsigned int i = 0; i < nr_fields; i++) {
		int id =
			btf__find_by_name_kind(e->types, structures[fields[i].of], BTF_KIND_STRUCT);

		e->offset[i] =
			id < 0 ? -1
			       : member_offset(e->types, btf__type_by_id(e->types, (uint32_t)id),
					       fields[i].name);
	}
	e->target_id[T_ELEM] = function_id(e->types, "bpf_iter_bpf_map_elem");
	e->target_id[T_MAP] = function_id(e->types, "bpf_iter_bpf_map");
	for (int i = 0; i < NR_KFUNCS; i++)
		e->kfunc_id[i] = function_id(e->types, kfunc_names[i]);
}

void agree_on_fields(const struct engine *a, const struct engine *b)
{
	for (unsigned int i = 0; i < nr_fields; i++)
		field_usable[i] = (!a || a->offset[i] >= 0) && (!b || b->offset[i] >= 0);
}

/* --- the programs' own types -------------------------------------------------------------- */

static uint32_t function_type[NR_FUNCTIONS], lock_key_type, lock_value_type;

static int add_function(struct btf *btf, const char *name, enum btf_func_linkage linkage, int ret,
			int arg1, int arg2, int arg3, int arg4)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	int args[] = {arg1, arg2, arg3, arg4};
	int proto = btf__add_func_proto(btf, ret);

	for (int i = 0; i < 4 && args[i]; i++)
		btf__add_func_param(btf, names[i], args[i]);
	return btf__add_func(btf, name, linkage, proto);
}

static struct btf *program_types(void)
{
	struct btf *btf = btf__new_empty();
	int u32, u64, number, pair, pointer, nothing, lock;

	if (!btf)
		return NULL;
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	u64 = btf__add_int(btf, "unsigned long long", 8, 0);
	number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	pair = btf__add_struct(btf, "pair", 16);
	btf__add_field(btf, "a", u64, 0, 0);
	btf__add_field(btf, "b", u64, 64, 0);
	lock = btf__add_struct(btf, "bpf_spin_lock", LOCK_SIZE);
	btf__add_field(btf, "val", u32, 0, 0);
	lock_key_type = (uint32_t)u32;
	lock_value_type = (uint32_t)btf__add_struct(btf, "locked", 24);
	btf__add_field(btf, "a", u64, 0, 0);
	btf__add_field(btf, "lock", lock, LOCK_OFFSET * 8, 0);
	btf__add_field(btf, "b", u32, 96, 0);
	btf__add_field(btf, "c", u64, 128, 0);
	pointer = btf__add_ptr(btf, pair);
	nothing = btf__add_ptr(btf, 0);
	function_type[FN_MAIN] =
		(uint32_t)add_function(btf, "verdict", BTF_FUNC_GLOBAL, number, nothing, 0, 0, 0);
	function_type[FN_STATIC] =
		(uint32_t)add_function(btf, "sub", BTF_FUNC_STATIC, u64, u64, u64, 0, 0);
	function_type[FN_LOOP] =
		(uint32_t)add_function(btf, "turn", BTF_FUNC_STATIC, u64, u64, nothing, 0, 0);
	function_type[FN_ELEM] = (uint32_t)add_function(btf, "element", BTF_FUNC_STATIC, u64,
							nothing, nothing, nothing, nothing);
	function_type[FN_GLOBAL_NUMBERS] =
		(uint32_t)add_function(btf, "numbers", BTF_FUNC_GLOBAL, number, u32, u64, 0, 0);
	function_type[FN_GLOBAL_MEMORY] =
		(uint32_t)add_function(btf, "memory", BTF_FUNC_GLOBAL, number, pointer, 0, 0, 0);
	return btf;
}

static int load_types(struct engine *e)
{
	struct btf *btf = program_types();
	union bpf_attr attr = {0};
	uint32_t size = 0;
	int fd;

	if (!btf)
		return -ENOMEM;
	attr.btf = PTR(btf__raw_data(btf, &size));
	attr.btf_size = size;
	fd = e->bpf(e, BPF_BTF_LOAD, &attr, sizeof(attr));
	btf__free(btf);
	return fd;
}

/* --- maps --------------------------------------------------------------------------------- */

static int map_command(struct engine *e, int cmd, int map, const void *key, const void *value)
{
	union bpf_attr attr = {0};

	attr.map_fd = (uint32_t)map;
	attr.key = PTR(key);
	attr.value = PTR(value);
	return e->bpf(e, cmd, &attr, sizeof(attr));
}

void make_element(enum map map, uint32_t index, uint8_t *key, uint8_t *value)
{
	struct rng r = {map * 977u + index};

	memset(key, 0, map_shapes[map].key);
	if (map_shapes[map].type == BPF_MAP_TYPE_HASH)
		for (uint32_t i = 0; i < map_shapes[map].key; i += 4)
			key[i] = (uint8_t)index; /* as on_stack() of the generator makes keys */
	else
		memcpy(key, &index, 4);
	for (uint32_t i = 0; i < map_shapes[map].value; i += 8) {
		int64_t n = interesting(&r);

		memcpy(value + i, &n,
		       map_shapes[map].value - i < 8 ? map_shapes[map].value - i : 8);
	}
	if (map == M_RODATA)
		memcpy(value, rodata, RODATA_SIZE);
	if (map == M_LOCK)
		memset(value + LOCK_OFFSET, 0, LOCK_SIZE);
}

/* Maps as they are before a run. */
static int fill_map(struct engine *e, enum map map)
{
	bool hash = map_shapes[map].type == BPF_MAP_TYPE_HASH;
	uint8_t key[16], value[RODATA_SIZE];
	int err = 0;

	while (hash && !map_command(e, BPF_MAP_GET_NEXT_KEY, e->maps[map], NULL, key))
		if (map_command(e, BPF_MAP_DELETE_ELEM, e->maps[map], key, NULL))
			break;
	for (uint32_t i = 0; !err && i < (hash ? 2 : map_shapes[map].max); i++) {
		make_element(map, i, key, value);
		err = map_command(e, BPF_MAP_UPDATE_ELEM, e->maps[map], key, value);
	}
	return err;
}

static void set_type(const struct engine *e, enum target target, union bpf_attr *attr)
{
	switch (target) {
	case T_SYSCALL:
		attr->prog_type = BPF_PROG_TYPE_SYSCALL;
		attr->prog_flags = BPF_F_SLEEPABLE;
		break;
	case T_XDP:
		attr->prog_type = BPF_PROG_TYPE_XDP;
		break;
	case T_TC:
		attr->prog_type = BPF_PROG_TYPE_SCHED_CLS;
		break;
	default:
		attr->prog_type = BPF_PROG_TYPE_TRACING;
		attr->expected_attach_type = BPF_TRACE_ITER;
		attr->attach_btf_id = (uint32_t)e->target_id[target];
	}
}

/* For each target an array of its own: its programs take no others. */
static int make_prog_array(struct engine *e, enum target target)
{
	const struct map_shape *shape = &map_shapes[M_PROGS];
	const struct bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
					   {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr attr = {.map_type = shape->type,
			       .key_size = shape->key,
			       .value_size = shape->value,
			       .max_entries = shape->max,
			       .map_name = "verdict"};
	int prog, key = 0, err;

	e->progs[target] = e->bpf(e, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (e->progs[target] < 0)
		return e->progs[target];
	attr = (union bpf_attr){.insns = PTR(nothing),
				.insn_cnt = ARRAY_SIZE(nothing),
				.license = PTR("GPL"),
				.prog_name = "verdict"};
	set_type(e, target, &attr);
	prog = e->bpf(e, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (prog < 0)
		return prog;
	err = map_command(e, BPF_MAP_UPDATE_ELEM, e->progs[target], &key, &prog);
	e->end(e, prog);
	return err;
}

static int make_maps(struct engine *e)
{
	for (int target = 0; target < NR_TARGETS; target++) {
		int err = target == T_SYSCALL ? 0 : make_prog_array(e, (enum target)target);

		if (err)
			return err;
	}
	e->progs[T_SYSCALL] = e->progs[T_MAP]; /* refused: such programs may sleep */
	for (int map = 0; map <= M_RING; map++) {
		union bpf_attr attr = {.map_type = map_shapes[map].type,
				       .key_size = map_shapes[map].key,
				       .value_size = map_shapes[map].value,
				       .max_entries = map_shapes[map].max,
				       .map_flags = map_shapes[map].flags,
				       .map_name = "verdict"};
		int err;

		if (map == M_LOCK) {
			attr.btf_fd = (uint32_t)e->btf;
			attr.btf_key_type_id = lock_key_type;
			attr.btf_value_type_id = lock_value_type;
		}
		e->maps[map] = e->bpf(e, BPF_MAP_CREATE, &attr, sizeof(attr));
		if (e->maps[map] < 0)
			return e->maps[map];
		err = map < NR_DATA_MAPS ? fill_map(e, map) : 0;
		if (!err && map == M_RODATA)
			err = map_command(e, BPF_MAP_FREEZE, e->maps[map], NULL, NULL);
		if (err)
			return err;
	}
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static void dump_maps(struct engine *e, struct outcome *o)
{
	for (int map = 0; map < NR_DATA_MAPS; map++) {
		uint32_t key_size = map_shapes[map].key, value_size = map_shapes[map].value;
		uint8_t rows[16][32 + RODATA_SIZE] = {0};
		size_t n = 0;
		void *before = NULL;

		while (n < 16 &&
		       !map_command(e, BPF_MAP_GET_NEXT_KEY, e->maps[map], before, rows[n])) {
			map_command(e, BPF_MAP_LOOKUP_ELEM, e->maps[map], rows[n], rows[n] + 32);
			before = rows[n++];
		}
		qsort(rows, n, sizeof(rows[0]), by_key);
		for (size_t i = 0; i < n; i++) {
			if (o->maps_len + key_size + value_size > sizeof(o->maps))
				return;
			memcpy(o->maps + o->maps_len, rows[i], key_size);
			memcpy(o->maps + o->maps_len + key_size, rows[i] + 32, value_size);
			o->maps_len += key_size + value_size;
		}
	}
}

/* --- opening ------------------------------------------------------------------------------ */

const char *engine_open(struct engine *e)
{
	const char *why = e->open(e);

	if (why)
		return why;
	find_types(e);
	e->btf = load_types(e);
	if (e->btf < 0)
		return "BTF cannot be loaded";
	return make_maps(e) ? "maps cannot be made" : NULL;
}

void engine_close(struct engine *e)
{
	for (int map = 0; map < NR_MAPS; map++)
		if (e->maps[map] > 0)
			e->end(e, e->maps[map]);
	for (int target = 0; target < NR_TARGETS; target++)
		if (target != T_SYSCALL && e->progs[target] > 0)
			e->end(e, e->progs[target]);
	if (e->btf > 0)
		e->end(e, e->btf);
	memset(e->maps, 0, sizeof(e->maps));
	e->btf = 0;
	btf__free(e->types);
	e->types = NULL;
	e->close(e);
}

void make_input(uint64_t input, uint8_t *ctx)
{
	struct rng r = {input};

	for (int i = 0; i < CTX_SIZE; i += 8) {
		int64_t n = interesting(&r);

		memcpy(ctx + i, &n, 8);
	}
}

uint32_t packet_size(uint64_t input)
{
	return PACKET_MIN + (uint32_t)(input * 11 % (PACKET_MAX - PACKET_MIN + 1));
}

void make_packet(uint64_t input, uint8_t *packet)
{
	struct rng r = {input + 77};

	for (uint32_t i = 0; i < packet_size(input); i++)
		packet[i] = (uint8_t)(chance(&r, 40) ? below(&r, 40) : (uint64_t)interesting(&r));
}

/* --- loading and running ------------------------------------------------------------------ */

static void emit_for(const struct engine *e, const struct program *p, struct bpf_insn *insns)
{
	for (unsigned int i = 0; i < p->n; i++) {
		const struct ins *ins = &p->ins[i];

		insns[i] = ins->insn;
		switch (ins->reloc) {
		case RELOC_FIELD:
			insns[i].off = (int16_t)(insns[i].off + e->offset[ins->what]);
			break;
		case RELOC_MAP:
		case RELOC_MAP_VALUE:
			insns[i].imm =
				ins->what == M_PROGS ? e->progs[p->target] : e->maps[ins->what];
			break;
		case RELOC_KFUNC:
			insns[i].imm = e->kfunc_id[ins->what];
			break;
		}
	}
}

int engine_load(struct engine *e, const struct program *p, char *log)
{
	struct bpf_insn insns[MAX_INS];
	struct bpf_func_info infos[MAX_FUNCS];
	union bpf_attr attr = {.prog_name = "verdict"};

	emit_for(e, p, insns);
	attr.insns = PTR(insns);
	attr.insn_cnt = p->n;
	attr.license = PTR("GPL");
	if (log) {
		log[0] = '\0';
		attr.log_level = 1;
		attr.log_buf = PTR(log);
		attr.log_size = LOG_SIZE;
	}
	set_type(e, p->target, &attr);
	/* Every second one with a state kept at each jump: more to compare. */
	if (p->number & 1)
		attr.prog_flags |= BPF_F_TEST_STATE_FREQ;
	if (p->with_btf) {
		for (unsigned int i = 0; i < p->nr_funcs; i++)
			infos[i] = (struct bpf_func_info){p->funcs[i].at,
							  function_type[p->funcs[i].fn]};
		attr.prog_btf_fd = (uint32_t)e->btf;
		attr.func_info = PTR(infos);
		attr.func_info_rec_size = sizeof(infos[0]);
		attr.func_info_cnt = p->nr_funcs;
	}
	return e->bpf(e, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* Walk M_ITER. A program may ask for the same element again for ever, so reads are counted. */
static int walk(struct engine *e, int prog, struct outcome *o)
{
	union bpf_iter_link_info info = {.map.map_fd = (uint32_t)e->maps[M_ITER]};
	union bpf_attr attr = {0};
	int link, session;
	ssize_t n = 0;

	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = PTR(&info);
	attr.link_create.iter_info_len = sizeof(info);
	link = e->bpf(e, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (link < 0)
		return link;
	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link;
	session = e->bpf(e, BPF_ITER_CREATE, &attr, sizeof(attr));
	e->end(e, link);
	if (session < 0)
		return session;
	for (int reads = 0; reads < 12 && o->out_len < sizeof(o->out); reads++) {
		n = e->read(e, session, o->out + o->out_len, sizeof(o->out) - o->out_len);
		if (n > 0)
			o->out_len += (uint32_t)n;
		else if (n != -EAGAIN)
			break;
	}
	e->end(e, session);
	return n < 0 ? (int)n : 0;
}

/* Nothing runs on the kernel: see verdicts.h. */
void engine_run(struct engine *e, const struct program *p, int prog, uint64_t input,
		struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	for (int map = 0; map < NR_DATA_MAPS; map++)
		if (map != M_RODATA)
			fill_map(e, map);
	if (has_packet(p->target)) {
		uint8_t packet[PACKET_MAX];

		make_packet(input, packet);
		o->err = e->run_packet(e, prog, packet, packet_size(input), o->out, &o->out_len,
				       &o->ret);
		dump_maps(e, o);
		return;
	}
	make_input(input, o->ctx);
	if (p->target == T_SYSCALL)
		o->err = e->run(e, prog, o->ctx, CTX_SIZE, &o->ret);
	else
		o->err = walk(e, prog, o);
	dump_maps(e, o);
}
