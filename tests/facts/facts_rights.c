/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Who may do what to a map, kind by kind: each command through a handle that may only read, or only
 * write, and after BPF_MAP_FREEZE; each access by programs to BPF_F_RDONLY_PROG and
 * BPF_F_WRONLY_PROG maps. Where nothing is refused the result is that of a map without flags.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "kinds.h"

static const struct kind {
	const char *name;
	enum bpf_map_type type;
	unsigned int key, value, max, flags;
	bool of_maps, of_progs;
	bool no_flags; /* its handle is made with all rights */
} kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH, 4, 8, 64, 0},
	{"hash, no prealloc", BPF_MAP_TYPE_HASH, 4, 8, 64, NP},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 1000, 0},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 64, 0},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 1000, 0},
	{"array", BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4, 0},
	{"lpm_trie", LPM, 8, 8, 4, NP},
	{"array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, .of_maps = true},
	{"hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4, 0, .of_maps = true},
	{"prog_array", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, .of_progs = true},
	{"perf_event_array", PERF, 4, 4, 4, 0},
	{"queue", QUEUE, 0, 8, 4, 0},
	{"stack", STACK, 0, 8, 4, 0},
	{"bloom_filter", BLOOM, 0, 8, 4, 0},
	{"ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, .no_flags = true},
	{"user_ringbuf", BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0, .no_flags = true},
};

static int inner, prog; /* what maps of objects are made with and hold */

static int map_of(const struct kind *kind, unsigned int flags)
{
	union bpf_attr attr = {.map_type = kind->type,
			       .key_size = kind->key,
			       .value_size = kind->value,
			       .max_entries = kind->max,
			       .map_flags = kind->flags | flags};
	int map;

	if (kind->of_maps)
		attr.inner_map_fd = (__u32)inner;
	map = own(bpf(BPF_MAP_CREATE, &attr));
	if (map < 0)
		fail_msg("%s with flags %#x: %d", kind->name, flags, map);
	return map;
}

static void make_objects(void)
{
	inner = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, CODE(MOV64_IMM(0, 0), EXIT()));
	assert_true(prog >= 0);
}

/* --- commands --------------------------------------------------------------------------------- */

enum { READS = 1, WRITES = 2 };

static const struct command {
	const char *name;
	int cmd;
	unsigned int needs;
	bool batch;
} commands[] = {
	{"lookup", BPF_MAP_LOOKUP_ELEM, READS},
	{"update", BPF_MAP_UPDATE_ELEM, WRITES},
	{"get_next_key", BPF_MAP_GET_NEXT_KEY, READS},
	{"lookup_batch", BPF_MAP_LOOKUP_BATCH, READS, .batch = true},
	{"update_batch", BPF_MAP_UPDATE_BATCH, WRITES, .batch = true},
	{"lookup_and_delete", BPF_MAP_LOOKUP_AND_DELETE_ELEM, READS | WRITES},
	{"update, again", BPF_MAP_UPDATE_ELEM, WRITES},
	{"delete", BPF_MAP_DELETE_ELEM, WRITES},
	{"update_batch, again", BPF_MAP_UPDATE_BATCH, WRITES, .batch = true},
	{"delete_batch", BPF_MAP_DELETE_BATCH, WRITES, .batch = true},
	{"lookup_and_delete_batch", BPF_MAP_LOOKUP_AND_DELETE_BATCH, READS | WRITES, .batch = true},
};

static int command(const struct kind *kind, const struct command *command, int map)
{
	static char keys[2][16], values[2][8 * 1024];
	__u32 one = 1, out;
	int fd = kind->of_progs ? prog : inner;

	memset(keys, 0, sizeof(keys));
	memset(values, 0, sizeof(values));
	if (kind->type == LPM)
		keys[0][0] = 8;
	if (kind->of_maps || kind->of_progs)
		memcpy(values[0], &fd, sizeof(fd));
	if (command->batch)
		return map_batch(command->cmd, map, &out, keys[0], values[0], &one, 0);
	return map_command(command->cmd, map, kind->key ? keys[0] : NULL,
			   command->cmd == NEXT ? keys[1] : values[0], 0);
}

/* All commands on @map, which is @plain's twin but for what @may not be done. */
static void all_commands(const struct kind *kind, int map, int plain, unsigned int may,
			 const char *how)
{
	for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
		const bool refused = commands[c].needs & ~may;
		int expected = refused ? -EPERM : command(kind, &commands[c], plain);
		int ret = command(kind, &commands[c], map);

		if (ret != expected)
			fail_msg("%s, %s, %s: %d, not %d", kind->name, how, commands[c].name, ret,
				 expected);
	}
}

static int open_by_id(int map, __u32 flags)
{
	union bpf_attr attr = {.map_id = id_of(map), .open_flags = flags};

	attr.map_id = id_of(map);
	attr.next_id = 0;
	attr.open_flags = flags;
	return own(bpf(BPF_MAP_GET_FD_BY_ID, &attr));
}

static int open_pin(int map, __u32 flags)
{
	union bpf_attr attr = {0};
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/rights", E->pin_dir());
	attr.pathname = PTR(path);
	attr.bpf_fd = (__u32)map;
	assert_int_equal(bpf(BPF_OBJ_PIN, &attr), 0);
	attr.bpf_fd = 0;
	attr.file_flags = flags;
	fd = own(bpf(BPF_OBJ_GET, &attr));
	assert_int_equal(E->unlink(path), 0);
	return fd;
}

/* The handle of the map's creation, one by its id, one of its pin. */
static void handles(void **state)
{
	static const struct {
		const char *how;
		__u32 flags;
		unsigned int may;
	} rights[] = {
		{"to read", BPF_F_RDONLY, READS},
		{"to write", BPF_F_WRONLY, WRITES},
		{"both", 0, READS | WRITES},
	};

	make_objects();
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t r = 0; r < ARRAY_SIZE(rights); r++)
			for (int way = kinds[k].no_flags; way < 3; way++) {
				const struct kind *kind = &kinds[k];
				int map = map_of(kind, way ? 0 : rights[r].flags);
				int plain = map_of(kind, 0), handle = map;

				if (way == 1)
					handle = open_by_id(map, rights[r].flags);
				else if (way == 2)
					handle = open_pin(map, rights[r].flags);
				assert_true(handle >= 0);
				all_commands(kind, handle, plain, rights[r].may, rights[r].how);
				/* It is the handle that may not. */
				assert_int_equal(map_freeze(handle),
						 rights[r].may & WRITES ? 0 : -EPERM);
				if (handle != map)
					end(handle);
				end(map);
				end(plain);
			}
}

/* What else a handle is good for: a mapping, and an iterator, which asks for no right. Linux shares
 * no mapping of a descriptor that may not be written. */
static void mappings_and_iterators(void **state)
{
	static const struct {
		__u32 flags;
		int prot, linux_result, result;
	} rows[] = {
		{0, PROT_READ, 0, 0},
		{0, PROT_WRITE, 0, 0},
		{0, PROT_READ | PROT_WRITE, 0, 0},
		{BPF_F_RDONLY, PROT_READ, -EINVAL, 0},
		{BPF_F_RDONLY, PROT_WRITE, -EACCES, -EPERM},
		{BPF_F_RDONLY, PROT_READ | PROT_WRITE, -EACCES, -EPERM},
		{BPF_F_WRONLY, PROT_READ, -EACCES, -EPERM},
		{BPF_F_WRONLY, PROT_WRITE, -EACCES, -EPERM},
		{BPF_F_WRONLY, PROT_READ | PROT_WRITE, -EACCES, -EPERM},
	};
	int reads = load_trivial_iter("bpf_map_elem");
	int writes = load_iter("bpf_map_elem",
			       CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 1),
				    ST_MEM(DW, 2, 0, 1), MOV64_IMM(0, 0), EXIT()));

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 4, BPF_F_MMAPABLE | rows[i].flags);
		void *addr;
		int err = E->mmap(map, 4096, rows[i].prot, 0, &addr);

		if (err != (E->is_private ? rows[i].result : rows[i].linux_result))
			fail_msg("row %zu: %d", i, err);
		if (!err)
			munmap(addr, 4096);
		assert_true(attach_map(reads, map) >= 0);
		assert_true(attach_map(writes, map) >= 0);
	}
}

/* Reading goes on; what changes the map is refused through every handle. */
static void frozen(void **state)
{
	make_objects();
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const struct kind *kind = &kinds[k];
		int map = map_of(kind, 0), plain = map_of(kind, 0), other;

		/* Something is in it. */
		command(kind, &commands[1], map);
		command(kind, &commands[1], plain);
		other = open_by_id(map, 0);
		assert_int_equal(map_freeze(map), 0);
		/* On a map that nothing is done to but what reads. */
		for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
			const bool writes = commands[c].needs & WRITES;
			int expected = writes ? -EPERM : command(kind, &commands[c], plain);

			if (command(kind, &commands[c], map) != expected ||
			    command(kind, &commands[c], other) != expected)
				fail_msg("%s, %s", kind->name, commands[c].name);
		}
		end(other);
		end(map);
		end(plain);
	}
}

/* --- programs --------------------------------------------------------------------------------- */

/* r0 = the value of key 0, or the program ends. */
#define LOOKUP(map)                                                                                \
	ST_MEM(DW, 10, -16, 0), ST_MEM(DW, 10, -8, 0), LD_MAP_FD(1, map), MOV64_REG(2, 10),        \
		ALU64_IMM(BPF_ADD, 2, -16), CALL(BPF_FUNC_map_lookup_elem),                        \
		JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 0), EXIT()
#define DONE MOV64_IMM(0, 0), EXIT()
#define ATOMIC_ADD(dst, src, fetch)                                                                \
	INSN(BPF_STX | BPF_ATOMIC | BPF_DW, dst, src, 0, BPF_ADD | (fetch))

enum access {
	LOOK_UP,
	LOOK_UP_PERCPU,
	READ,
	WRITE,
	ADD,
	FETCH_ADD,
	UPDATE,
	DELETE_KEY,
	AS_KEY,	      /* the value of another map is the key, this one's value to be read */
	AS_VALUE,     /* an update of another map with this one's value */
	PROBE_INTO,   /* bpf_probe_read_kernel into the value */
	DIRECT_READ,  /* by the address that an array's value has */
	DIRECT_WRITE, /* the same */
	WALK,	      /* bpf_for_each_map_elem */
	WALK_READ,
	WALK_WRITE,
};

static int load_access(enum access access, int map, int other)
{
	const unsigned int starts[] = {0, 9};
	struct code code = {.n = 0};

	switch (access) {
	case LOOK_UP:
		EMIT(&code, LOOKUP(map), DONE);
		break;
	case LOOK_UP_PERCPU:
		EMIT(&code, ST_MEM(W, 10, -4, 0), LD_MAP_FD(1, map), MOV64_REG(2, 10),
		     ALU64_IMM(BPF_ADD, 2, -4), MOV64_IMM(3, 0),
		     CALL(BPF_FUNC_map_lookup_percpu_elem), JMP_IMM(BPF_JEQ, 0, 0, 1),
		     LDX_MEM(DW, 1, 0, 0), DONE);
		break;
	case READ:
		EMIT(&code, LOOKUP(map), LDX_MEM(DW, 1, 0, 0), DONE);
		break;
	case WRITE:
		EMIT(&code, LOOKUP(map), ST_MEM(DW, 0, 0, 1), DONE);
		break;
	case ADD:
	case FETCH_ADD:
		EMIT(&code, LOOKUP(map), MOV64_IMM(1, 1),
		     ATOMIC_ADD(0, 1, access == ADD ? 0 : BPF_FETCH), DONE);
		break;
	case UPDATE:
		EMIT(&code, ST_MEM(DW, 10, -16, 0), ST_MEM(DW, 10, -8, 0), LD_MAP_FD(1, map),
		     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -16), MOV64_REG(3, 2), MOV64_IMM(4, 0),
		     CALL(BPF_FUNC_map_update_elem), DONE);
		break;
	case DELETE_KEY:
		EMIT(&code, ST_MEM(DW, 10, -16, 0), LD_MAP_FD(1, map), MOV64_REG(2, 10),
		     ALU64_IMM(BPF_ADD, 2, -16), CALL(BPF_FUNC_map_delete_elem), DONE);
		break;
	case AS_KEY:
		EMIT(&code, LOOKUP(map), LD_MAP_FD(1, other), MOV64_REG(2, 0),
		     CALL(BPF_FUNC_map_lookup_elem), DONE);
		break;
	case AS_VALUE:
		EMIT(&code, LOOKUP(map), LD_MAP_FD(1, other), MOV64_REG(2, 10),
		     ALU64_IMM(BPF_ADD, 2, -16), MOV64_REG(3, 0), MOV64_IMM(4, 0),
		     CALL(BPF_FUNC_map_update_elem), DONE);
		break;
	case PROBE_INTO:
		EMIT(&code, LOOKUP(map), MOV64_REG(1, 0), MOV64_IMM(2, 8), MOV64_IMM(3, 0),
		     CALL(BPF_FUNC_probe_read_kernel), DONE);
		break;
	case DIRECT_READ:
		EMIT(&code, LD_MAP_VALUE(1, map, 0), LDX_MEM(DW, 2, 1, 0), DONE);
		break;
	case DIRECT_WRITE:
		EMIT(&code, LD_MAP_VALUE(1, map, 0), ST_MEM(DW, 1, 0, 1), DONE);
		break;
	default:
		EMIT(&code, LD_MAP_FD(1, map), LD_IMM64(2, BPF_PSEUDO_FUNC, 6, 0), MOV64_IMM(3, 0),
		     MOV64_IMM(4, 0), CALL(BPF_FUNC_for_each_map_elem), DONE);
		if (access == WALK_READ)
			EMIT(&code, LDX_MEM(DW, 1, 3, 0));
		if (access == WALK_WRITE)
			EMIT(&code, ST_MEM(DW, 3, 0, 1));
		EMIT(&code, DONE);
		return load_functions(&code, starts, ARRAY_SIZE(starts));
	}
	return load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
}

static void programs(void **state)
{
	static const struct {
		const char *name;
		unsigned int needs;
	} accesses[] = {
		[LOOK_UP] = {"lookup", 0},
		[LOOK_UP_PERCPU] = {"lookup_percpu, and a read", READS},
		[READ] = {"read", READS},
		[WRITE] = {"write", WRITES},
		[ADD] = {"add", READS | WRITES},
		[FETCH_ADD] = {"fetch and add", READS | WRITES},
		[UPDATE] = {"update", WRITES},
		[DELETE_KEY] = {"delete", WRITES},
		[AS_KEY] = {"as a key", READS},
		[AS_VALUE] = {"as a value", READS},
		[PROBE_INTO] = {"probe_read into", WRITES},
		[DIRECT_READ] = {"direct read", READS},
		[DIRECT_WRITE] = {"direct write", WRITES},
		[WALK] = {"walk", 0},
		[WALK_READ] = {"walk and read", READS},
		[WALK_WRITE] = {"walk and write", WRITES},
	};
	static const struct {
		__u32 flags;
		unsigned int may;
	} rights[] = {
		{0, READS | WRITES},
		{BPF_F_RDONLY_PROG, READS},
		{BPF_F_WRONLY_PROG, WRITES},
	};
	int other = map_new(BPF_MAP_TYPE_HASH, 8, 8, 4, 0);

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t r = 0; r < ARRAY_SIZE(rights); r++) {
			const struct kind *kind = &kinds[k];
			int map, all;

			if (kind->value != 8 || !kind->key)
				continue;
			map = map_of(kind, rights[r].flags);
			all = map_of(kind, 0);
			for (size_t a = 0; a < ARRAY_SIZE(accesses); a++) {
				int plain = load_access(a, all, other), expected = 0;
				int ret = load_access(a, map, other);

				/* An access that this kind has not at all. */
				if (plain < 0)
					expected = plain;
				else if (accesses[a].needs & ~rights[r].may)
					expected = -EACCES;
				if ((ret >= 0 ? 0 : ret) != expected)
					fail_msg("%s, flags %#x, %s: %d, not %d", kind->name,
						 rights[r].flags, accesses[a].name, ret, expected);
				if (plain >= 0)
					end(plain);
				if (ret >= 0)
					end(ret);
			}
			end(map);
			end(all);
		}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(handles),
	cmocka_unit_test(mappings_and_iterators),
	cmocka_unit_test(frozen),
	cmocka_unit_test(programs),
};
const struct section rights_section = {"rights", tests, ARRAY_SIZE(tests)};
