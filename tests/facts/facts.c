/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the tests of FACTS.md share. */
#include <stdio.h>
#include <sys/utsname.h>

#include "facts.h"

const struct engine *E;
struct btf *types;
char load_log[LOG_SIZE];

#define MAX_OWNED 1024
static int owned[MAX_OWNED];
static unsigned int owned_count;

void requires_linux(int major, int minor)
{
	struct utsname name;
	int a = 0, b = 0;

	if (E->is_private)
		return;
	if (uname(&name) || sscanf(name.release, "%d.%d", &a, &b) != 2 || a < major ||
	    (a == major && b < minor))
		skip_because("Linux does so from %d.%d on", major, minor);
}

int bpf(int cmd, union bpf_attr *attr)
{
	return E->bpf(cmd, attr, sizeof(*attr));
}

int own(int fd)
{
	if (fd < 0)
		return fd;
	assert_true(owned_count < MAX_OWNED);
	owned[owned_count++] = fd;
	return fd;
}

void end(int fd)
{
	for (unsigned int i = 0; i < owned_count; i++) {
		if (owned[i] != fd)
			continue;
		owned[i] = owned[--owned_count];
		assert_int_equal(E->close(fd), 0);
		return;
	}
	fail_msg("%d is not owned", fd);
}

int close_owned(void **state)
{
	int err = 0;

	while (owned_count)
		if (E->close(owned[--owned_count]))
			err = -1;
	return err;
}

int map_try(enum bpf_map_type type, unsigned key, unsigned value, unsigned max, unsigned flags)
{
	union bpf_attr attr = {.map_type = type,
			       .key_size = key,
			       .value_size = value,
			       .max_entries = max,
			       .map_flags = flags,
			       .map_name = "facts"};

	return own(bpf(BPF_MAP_CREATE, &attr));
}

int map_new(enum bpf_map_type type, unsigned key, unsigned value, unsigned max, unsigned flags)
{
	int map = map_try(type, key, value, max, flags);

	if (map < 0)
		fail_msg("no map of type %d: %s", type, strerror(-map));
	return map;
}

static int map_command(int cmd, int map, const void *key, const void *value, __u64 flags)
{
	union bpf_attr attr = {0};

	attr.map_fd = (__u32)map;
	attr.key = PTR(key);
	attr.value = PTR(value);
	attr.flags = flags;
	return bpf(cmd, &attr);
}

int map_update(int map, const void *key, const void *value, __u64 flags)
{
	return map_command(BPF_MAP_UPDATE_ELEM, map, key, value, flags);
}

int map_lookup(int map, const void *key, void *value)
{
	return map_command(BPF_MAP_LOOKUP_ELEM, map, key, value, 0);
}

int map_delete(int map, const void *key)
{
	return map_command(BPF_MAP_DELETE_ELEM, map, key, NULL, 0);
}

int map_next_key(int map, const void *key, void *next)
{
	return map_command(BPF_MAP_GET_NEXT_KEY, map, key, next, 0);
}

int map_freeze(int map)
{
	return map_command(BPF_MAP_FREEZE, map, NULL, NULL, 0);
}

int map_of_numbers(enum bpf_map_type type, unsigned n)
{
	int map = map_new(type, 4, 8, n ? n : 1, 0);

	for (__u32 i = 0; i < n; i++) {
		__u64 value = 100 + i;

		assert_int_equal(map_update(map, &i, &value, BPF_ANY), 0);
	}
	return map;
}

static int load_attr(union bpf_attr *attr, const struct code *code)
{
	int fd = -EAGAIN;

	attr->insns = PTR(code->insn);
	attr->insn_cnt = code->n;
	attr->license = PTR("GPL");
	attr->log_level = 1;
	attr->log_buf = PTR(load_log);
	attr->log_size = sizeof(load_log);
	strcpy(attr->prog_name, "facts");
	/* Linux gives up where a signal is pending; libbpf tries as often. */
	for (int attempt = 0; attempt < 5; attempt++) {
		load_log[0] = '\0';
		fd = bpf(BPF_PROG_LOAD, attr);
		if (fd != -EAGAIN)
			break;
	}
	return own(fd);
}

int load(enum bpf_prog_type type, const struct code *code)
{
	union bpf_attr attr = {.prog_type = type};

	return load_attr(&attr, code);
}

int load_iter(const char *target, const struct code *code)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_TRACING};
	char name[64];

	snprintf(name, sizeof(name), "bpf_iter_%s", target);
	attr.expected_attach_type = BPF_TRACE_ITER;
	attr.attach_btf_id = (__u32)type_id(name, BTF_KIND_FUNC);
	return load_attr(&attr, code);
}

int load_trivial_iter(const char *target)
{
	return load_iter(target, CODE(MOV64_IMM(0, 0), EXIT()));
}

int load_functions(const struct code *code, const unsigned int *starts, unsigned int n)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER}, load_btf = {0};
	struct bpf_func_info info[8] = {0};
	struct btf *btf = btf__new_empty();
	int integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int proto = btf__add_func_proto(btf, integer);
	__u32 size;

	assert_in_range(n, 1, sizeof(info) / sizeof(info[0]));
	for (unsigned int i = 0; i < n; i++) {
		const char name[] = {'f', (char)('0' + i), '\0'};

		info[i].insn_off = starts[i];
		info[i].type_id = (__u32)btf__add_func(
			btf, name, i ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL, proto);
	}
	load_btf.btf = PTR(btf__raw_data(btf, &size));
	load_btf.btf_size = size;
	attr.prog_btf_fd = (__u32)own(bpf(BPF_BTF_LOAD, &load_btf));
	btf__free(btf);
	assert_in_range(attr.prog_btf_fd, 0, INT32_MAX);
	attr.func_info = PTR(info);
	attr.func_info_cnt = n;
	attr.func_info_rec_size = sizeof(info[0]);
	return load_attr(&attr, code);
}

int load_syscall(const struct code *code)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SYSCALL, .prog_flags = BPF_F_SLEEPABLE};

	return load_attr(&attr, code);
}

static void must_be_loaded(int prog)
{
	if (prog < 0)
		fail_msg("does not load: %d\n%s", prog, load_log);
}

int run(int prog)
{
	unsigned int result = 0;

	must_be_loaded(prog);
	assert_int_equal(E->run(prog, &result), 0);
	return (int)result;
}

int run_alone(int prog)
{
	union bpf_attr attr = {0};

	must_be_loaded(prog);
	attr.test.prog_fd = (__u32)prog;
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	return (int)attr.test.retval;
}

int attach(int prog)
{
	union bpf_attr attr = {0};

	attr.link_create.prog_fd = (__u32)prog;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	return own(bpf(BPF_LINK_CREATE, &attr));
}

int attach_map(int prog, int map)
{
	union bpf_iter_link_info info = {.map.map_fd = (__u32)map};
	union bpf_attr attr = {0};

	attr.link_create.prog_fd = (__u32)prog;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = PTR(&info);
	attr.link_create.iter_info_len = sizeof(info);
	return own(bpf(BPF_LINK_CREATE, &attr));
}

int link_update(int link, int prog, unsigned flags, int old_prog)
{
	union bpf_attr attr = {0};

	attr.link_update.link_fd = (__u32)link;
	attr.link_update.new_prog_fd = (__u32)prog;
	attr.link_update.flags = flags;
	attr.link_update.old_prog_fd = (__u32)old_prog;
	return bpf(BPF_LINK_UPDATE, &attr);
}

int iter_create(int link)
{
	union bpf_attr attr = {0};

	attr.iter_create.link_fd = (__u32)link;
	return own(bpf(BPF_ITER_CREATE, &attr));
}

int session(const char *target, const struct code *code, int map)
{
	int prog = load_iter(target, code), link, fd;

	if (prog < 0)
		fail_msg("iter/%s does not load: %s\n%s", target, strerror(-prog), load_log);
	link = map < 0 ? attach(prog) : attach_map(prog, map);
	assert_in_range(link, 0, INT32_MAX);
	fd = iter_create(link);
	assert_in_range(fd, 0, INT32_MAX);
	end(link);
	end(prog);
	return fd;
}

ssize_t read_all(int fd, void *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = E->read(fd, (char *)buf + len, size - len);
		if (!n)
			break;
		if (n < 0 && n != -EAGAIN)
			return n;
		if (n > 0)
			len += (size_t)n;
	}
	return (ssize_t)len;
}

int get_info(int fd, void *info, __u32 *size)
{
	union bpf_attr attr = {0};
	int err;

	attr.info.bpf_fd = (__u32)fd;
	attr.info.info_len = *size;
	attr.info.info = PTR(info);
	err = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	*size = attr.info.info_len;
	return err;
}

void *info_of(int fd, void *info, __u32 size)
{
	memset(info, 0, size);
	assert_int_equal(get_info(fd, info, &size), 0);
	return info;
}

__u32 id_of(int fd)
{
	/* type and id lead the info of a map, a program and a link. */
	struct bpf_map_info info;

	info_of(fd, &info, sizeof(info));
	return info.id;
}

int type_id(const char *name, unsigned kind)
{
	int id = btf__find_by_name_kind(types, name, kind);

	if (id <= 0)
		fail_msg("the engine has no type %s", name);
	return id;
}

static const struct btf_type *strip(__u32 id)
{
	const struct btf_type *t = btf__type_by_id(types, id);

	while (btf_is_mod(t) || btf_is_typedef(t))
		t = btf__type_by_id(types, t->type);
	return t;
}

static int member_offset(const struct btf_type *t, const char *member)
{
	const struct btf_member *m = btf_members(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(types, m[i].name_off);
		int offset = (int)(btf_member_bit_offset(t, i) / 8);

		if (!strcmp(name, member))
			return offset;
		if (!*name && btf_is_composite(strip(m[i].type))) {
			int inner = member_offset(strip(m[i].type), member);

			if (inner >= 0)
				return offset + inner;
		}
	}
	return -1;
}

int field(const char *structure, const char *member)
{
	__u32 id = (__u32)type_id(structure, BTF_KIND_STRUCT);
	int offset = member_offset(btf__type_by_id(types, id), member);

	if (offset < 0)
		fail_msg("struct %s has no %s", structure, member);
	return offset;
}

void emit_prologue(struct code *code)
{
	EMIT(code, MOV64_REG(6, 1), LDX_MEM(DW, 7, 6, CTX_META),
	     LDX_MEM(DW, 8, 7, field("bpf_iter_meta", "seq")));
}

void emit_seq_write(struct code *code, int size)
{
	EMIT(code, MOV64_REG(1, 8), MOV64_IMM(3, size), CALL(BPF_FUNC_seq_write));
}

void emit_count(struct code *code, int map, int offset)
{
	EMIT(code, LD_MAP_VALUE(1, map, offset), LDX_MEM(DW, 2, 1, 0), ALU64_IMM(BPF_ADD, 2, 1),
	     STX_MEM(DW, 1, 2, 0));
}

void emit_return(struct code *code, int value)
{
	EMIT(code, MOV64_IMM(0, value), EXIT());
}

/* The record's head at @at below the frame pointer: session_id, seq_num. */
static void emit_meta(struct code *code, int at)
{
	EMIT(code, LDX_MEM(DW, 1, 7, field("bpf_iter_meta", "session_id")), STX_MEM(DW, 10, 1, at),
	     LDX_MEM(DW, 1, 7, field("bpf_iter_meta", "seq_num")), STX_MEM(DW, 10, 1, at + 8));
}

struct code element_records(void)
{
	struct code code = {.n = 0};

	emit_prologue(&code);
	emit_meta(&code, -32);
	EMIT(&code, ST_MEM(DW, 10, -16, -1), ST_MEM(DW, 10, -8, -1));
	EMIT(&code, LDX_MEM(DW, 1, 6, CTX_KEY), JMP_IMM(BPF_JEQ, 1, 0, 2), LDX_MEM(W, 2, 1, 0),
	     STX_MEM(DW, 10, 2, -16));
	EMIT(&code, LDX_MEM(DW, 1, 6, CTX_VALUE), JMP_IMM(BPF_JEQ, 1, 0, 2), LDX_MEM(DW, 2, 1, 0),
	     STX_MEM(DW, 10, 2, -8));
	EMIT(&code, MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -32));
	emit_seq_write(&code, sizeof(struct element_record));
	emit_return(&code, 0);
	return code;
}

struct code object_records(const char *target)
{
	struct code code = {.n = 0};

	emit_prologue(&code);
	emit_meta(&code, -24);
	EMIT(&code, ST_MEM(DW, 10, -8, -1), LDX_MEM(DW, 1, 6, CTX_OBJECT));
	if (!strcmp(target, "bpf_prog"))
		EMIT(&code, JMP_IMM(BPF_JEQ, 1, 0, 3), LDX_MEM(DW, 1, 1, field("bpf_prog", "aux")),
		     LDX_MEM(W, 2, 1, field("bpf_prog_aux", "id")), STX_MEM(DW, 10, 2, -8));
	else
		EMIT(&code, JMP_IMM(BPF_JEQ, 1, 0, 2), LDX_MEM(W, 2, 1, field(target, "id")),
		     STX_MEM(DW, 10, 2, -8));
	EMIT(&code, MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -24));
	emit_seq_write(&code, sizeof(struct object_record));
	emit_return(&code, 0);
	return code;
}
