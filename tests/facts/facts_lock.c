/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Values with a struct bpf_spin_lock, and BPF_F_LOCK. */
#include <sys/mman.h>

#include "facts.h"

/* LAST */
struct value {
	__u64 a;
	__u32 b, lock;
};

enum shape {
	LAST,	  /* { u64 a; u32 b; lock } */
	FIRST,	  /* { lock; u32 b; u64 a } */
	TWO,	  /* { u64 a; lock; lock } */
	NESTED,	  /* { u64 a; u32 b; struct { lock } } */
	ELEMENTS, /* { u64 a; lock[2] } */
	ONE_OF,	  /* { u64 a; u32 b; lock[1] } */
	IN_UNION, /* { u64 a; u32 b; union { lock } } */
	ALIAS,	  /* { u64 a; u32 b; typedef of lock } */
	BARE,	  /* lock */
};

/* A BTF with a u32, which is type 1, and a value of that shape: its type. */
static int types_with_lock(enum shape shape, int *value, unsigned int *size)
{
	struct btf *btf = btf__new_empty();
	int u32 = btf__add_int(btf, "u32", 4, 0), u64 = btf__add_int(btf, "u64", 8, 0);
	int lock = btf__add_struct(btf, "bpf_spin_lock", 4), inner = lock;
	union bpf_attr attr = {0};
	__u32 length;
	int fd;

	btf__add_field(btf, "val", u32, 0, 0);
	if (shape == NESTED) {
		inner = btf__add_struct(btf, "inner", 4);
		btf__add_field(btf, "lock", lock, 0, 0);
	} else if (shape == IN_UNION) {
		inner = btf__add_union(btf, "inner", 4);
		btf__add_field(btf, "lock", lock, 0, 0);
	} else if (shape == ELEMENTS || shape == ONE_OF) {
		inner = btf__add_array(btf, u32, lock, shape == ELEMENTS ? 2 : 1);
	} else if (shape == ALIAS) {
		inner = btf__add_typedef(btf, "alias", lock);
	}
	*size = 16;
	*value = btf__add_struct(btf, "value", 16);
	switch (shape) {
	case FIRST:
		btf__add_field(btf, "lock", lock, 0, 0);
		btf__add_field(btf, "b", u32, 32, 0);
		btf__add_field(btf, "a", u64, 64, 0);
		break;
	case TWO:
		btf__add_field(btf, "a", u64, 0, 0);
		btf__add_field(btf, "l", lock, 64, 0);
		btf__add_field(btf, "m", lock, 96, 0);
		break;
	case ELEMENTS:
		btf__add_field(btf, "a", u64, 0, 0);
		btf__add_field(btf, "l", inner, 64, 0);
		break;
	case BARE:
		*value = lock;
		*size = 4;
		break;
	default:
		btf__add_field(btf, "a", u64, 0, 0);
		btf__add_field(btf, "b", u32, 64, 0);
		btf__add_field(btf, "l", inner, 96, 0);
	}
	attr.btf = PTR(btf__raw_data(btf, &length));
	attr.btf_size = length;
	fd = own(bpf(BPF_BTF_LOAD, &attr));
	btf__free(btf);
	return fd;
}

static int map_with_lock(enum bpf_map_type type, enum shape shape, unsigned int flags)
{
	union bpf_attr attr = {.map_type = type, .key_size = 4, .max_entries = 4};
	unsigned int size;
	int value;

	attr.btf_fd = (__u32)types_with_lock(shape, &value, &size);
	if ((int)attr.btf_fd < 0)
		return (int)attr.btf_fd;
	attr.btf_key_type_id = 1;
	attr.btf_value_type_id = (__u32)value;
	attr.value_size = size;
	attr.map_flags = flags;
	return own(bpf(BPF_MAP_CREATE, &attr));
}

static int update_locked(int map, __u32 key, __u64 a, __u32 b, __u32 lock, __u64 flags)
{
	struct value value = {a, b, lock};

	return map_update(map, &key, &value, flags);
}

static void creation(void **state)
{
	static const struct {
		enum bpf_map_type type;
		enum shape shape;
		unsigned int flags;
		int result;
		int locked; /* of an update with BPF_F_LOCK */
	} cases[] = {
		{BPF_MAP_TYPE_HASH, LAST, 0, 0, 0},
		{BPF_MAP_TYPE_ARRAY, LAST, 0, 0, 0},
		{BPF_MAP_TYPE_ARRAY, FIRST, 0, 0, 0},
		{BPF_MAP_TYPE_HASH, LAST, BPF_F_NO_PREALLOC, 0, 0},
		{BPF_MAP_TYPE_ARRAY, LAST, BPF_F_MMAPABLE, 0, 0},
		{BPF_MAP_TYPE_ARRAY, NESTED, 0, 0, 0},
		{BPF_MAP_TYPE_ARRAY, ONE_OF, 0, 0, 0},
		{BPF_MAP_TYPE_HASH, LAST, BPF_F_RDONLY_PROG, -EACCES, 0},
		{BPF_MAP_TYPE_ARRAY, LAST, BPF_F_WRONLY_PROG, -EACCES, 0},
		{BPF_MAP_TYPE_LRU_HASH, LAST, 0, -EOPNOTSUPP, 0},
		{BPF_MAP_TYPE_PERCPU_HASH, LAST, 0, -EOPNOTSUPP, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, LAST, 0, -EOPNOTSUPP, 0},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH, LAST, 0, -EOPNOTSUPP, 0},
		/* Plain data. */
		{BPF_MAP_TYPE_ARRAY, BARE, 0, 0, -EINVAL},
		{BPF_MAP_TYPE_ARRAY, ELEMENTS, 0, 0, -EINVAL},
		{BPF_MAP_TYPE_ARRAY, IN_UNION, 0, 0, -EINVAL},
		{BPF_MAP_TYPE_ARRAY, ALIAS, 0, 0, -EINVAL},
		/* Linux says so when the types are loaded. */
		{BPF_MAP_TYPE_ARRAY, TWO, 0, -E2BIG, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int map = map_with_lock(cases[i].type, cases[i].shape, cases[i].flags);

		if ((map < 0 ? map : 0) != cases[i].result)
			fail_msg("case %zu: %d", i, map);
		if (map >= 0)
			assert_int_equal(update_locked(map, 0, 1, 2, 0, BPF_F_LOCK),
					 cases[i].locked);
	}
}

static void flags_and_the_lock_itself(void **state)
{
	static const enum bpf_map_type kinds[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const bool hash = kinds[k] == BPF_MAP_TYPE_HASH;
		int map = map_with_lock(kinds[k], LAST, 0);
		union bpf_attr attr = {.map_fd = (__u32)map, .flags = BPF_F_LOCK};
		struct value value;
		__u32 key = 1;

		attr.key = PTR(&key);
		attr.value = PTR(&value);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | BPF_EXIST),
				 hash ? -ENOENT : 0);
		/* What the caller has there is not taken for a lock that is held. */
		assert_int_equal(update_locked(map, 1, 10, 20, 0xffffffff, BPF_ANY), 0);
		assert_int_equal(update_locked(map, 1, 11, 21, 0xffffffff, BPF_F_LOCK), 0);
		memset(&value, 0xff, sizeof(value));
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), 0);
		assert_int_equal(value.a, 11);
		assert_int_equal(value.b, 21);
		assert_int_equal(value.lock, 0);
		memset(&value, 0xff, sizeof(value));
		assert_int_equal(map_lookup(map, &key, &value), 0);
		assert_int_equal(value.a, 11);
		assert_int_equal(value.lock, 0);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | BPF_NOEXIST), -EEXIST);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | 3), -EINVAL);
		assert_int_equal(update_locked(map, 1, 1, 2, 0, BPF_F_LOCK | 8), -EINVAL);
		assert_int_equal(update_locked(map, 9, 1, 2, 0, BPF_F_LOCK), hash ? 0 : -E2BIG);
		key = 77;
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), -ENOENT);
		attr.flags = BPF_F_LOCK | 1;
		assert_int_equal(bpf(BPF_MAP_LOOKUP_ELEM, &attr), -EINVAL);
		attr.flags = BPF_F_LOCK;
		key = 1;
		assert_int_equal(bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr), hash ? 0 : -ENOTSUPP);
		if (hash)
			assert_int_equal(value.b, 21);
	}
}

static void batches(void **state)
{
	int map = map_with_lock(BPF_MAP_TYPE_HASH, LAST, 0);
	struct value in[3] = {{1, 2, 9}, {3, 4, 9}, {5, 6, 9}}, out[4];
	__u32 keys[4] = {0, 1, 2}, got[4], pos;
	union bpf_attr attr = {0};

	attr.batch.map_fd = (__u32)map;
	attr.batch.elem_flags = BPF_F_LOCK;
	attr.batch.keys = PTR(keys);
	attr.batch.values = PTR(in);
	attr.batch.count = 3;
	assert_int_equal(bpf(BPF_MAP_UPDATE_BATCH, &attr), 0);
	assert_int_equal(bpf(BPF_MAP_UPDATE_BATCH, &attr), 0);
	for (int i = 0; i < 2; i++) {
		memset(out, 0xff, sizeof(out));
		attr.batch.keys = PTR(got);
		attr.batch.values = PTR(out);
		attr.batch.out_batch = PTR(&pos);
		attr.batch.count = 4;
		assert_int_equal(
			bpf(i ? BPF_MAP_LOOKUP_AND_DELETE_BATCH : BPF_MAP_LOOKUP_BATCH, &attr),
			-ENOENT);
		assert_int_equal(attr.batch.count, 3);
		for (int n = 0; n < 3; n++) {
			assert_int_equal(out[n].a, in[got[n]].a);
			assert_int_equal(out[n].b, in[got[n]].b);
			assert_int_equal(out[n].lock, 0);
		}
	}
}

/* --- programs --------------------------------------------------------------------------------- */

enum { LOCK_AT = 12 };

/* r6 and r7: two pointers to value 0 of @map, found one after the other. */
static void emit_lookups(struct code *code, int map)
{
	EMIT(code, ST_MEM(W, 10, -4, 0));
	for (int reg = 6; reg <= 7; reg++)
		EMIT(code, LD_MAP_FD(1, map), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
		     CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JNE, 0, 0, 2), MOV64_IMM(0, 0),
		     EXIT(), MOV64_REG(reg, 0));
}

#define LOCK_OF(reg) MOV64_REG(1, reg), ALU64_IMM(BPF_ADD, 1, LOCK_AT)
#define LOCK(reg) LOCK_OF(reg), CALL(BPF_FUNC_spin_lock)
#define UNLOCK(reg) LOCK_OF(reg), CALL(BPF_FUNC_spin_unlock)
#define RETURN MOV64_IMM(0, 0), EXIT()

static void programs(void **state)
{
	const int map = map_with_lock(BPF_MAP_TYPE_ARRAY, LAST, 0);
	const int plain = map_new(BPF_MAP_TYPE_ARRAY, 4, 16, 4, 0);
	const struct {
		struct code *code;
		int result;
		int map;
	} cases[] = {
		{CODE(LOCK(6), ST_MEM(DW, 6, 0, 1), UNLOCK(6), RETURN), 0, map},
		{CODE(LOCK(6), UNLOCK(6), LOCK(7), UNLOCK(7), RETURN), 0, map},
		{CODE(LOCK(6), LDX_MEM(W, 0, 6, 8), JMP_IMM(BPF_JEQ, 0, 0, 1), ST_MEM(W, 6, 8, 3),
		      UNLOCK(6), RETURN),
		 0, map},
		/* By a copy of the pointer, also from the stack. */
		{CODE(STX_MEM(DW, 10, 6, -16), LOCK(6), LDX_MEM(DW, 8, 10, -16), UNLOCK(8), RETURN),
		 0, map},
		{CODE(MOV64_REG(1, 6), ALU64_IMM(BPF_ADD, 1, 8), CALL(BPF_FUNC_spin_lock),
		      UNLOCK(6), RETURN),
		 -EINVAL, map},
		{CODE(MOV64_REG(1, 6), CALL(BPF_FUNC_spin_lock), UNLOCK(6), RETURN), -EINVAL, map},
		{CODE(LOCK(6), RETURN), -EINVAL, map},
		{CODE(UNLOCK(6), RETURN), -EINVAL, map},
		{CODE(LOCK(6), LOCK(6), UNLOCK(6), RETURN), -EINVAL, map},
		{CODE(LOCK(6), LOCK(7), UNLOCK(7), UNLOCK(6), RETURN), -EINVAL, map},
		{CODE(LOCK(6), UNLOCK(7), RETURN), -EINVAL, map},
		{CODE(LOCK(6), CALL(BPF_FUNC_get_smp_processor_id), UNLOCK(6), RETURN), -EINVAL,
		 map},
		/* Held on one of two ways. */
		{CODE(LDX_MEM(DW, 0, 6, 0), JMP_IMM(BPF_JEQ, 0, 0, 3), LOCK(6), UNLOCK(6), RETURN),
		 -EINVAL, map},
		{CODE(LDX_MEM(DW, 8, 6, 0), LOCK(6), JMP_IMM(BPF_JEQ, 8, 0, 3), UNLOCK(6), RETURN),
		 -EINVAL, map},
		/* In a function, which may unlock what its caller locked. */
		{CODE(LOCK(6), LOCK_OF(6), CALL_SUBPROG(2), RETURN, CALL(BPF_FUNC_spin_unlock),
		      RETURN),
		 0, map},
		{CODE(LOCK_OF(6), CALL_SUBPROG(5), UNLOCK(6), RETURN, CALL(BPF_FUNC_spin_lock),
		      RETURN),
		 0, map},
		/* Not to be touched otherwise. */
		{CODE(LDX_MEM(W, 0, 6, LOCK_AT), RETURN), -EACCES, map},
		{CODE(LDX_MEM(B, 0, 6, LOCK_AT + 3), RETURN), -EACCES, map},
		{CODE(LDX_MEM(DW, 0, 6, 8), RETURN), -EACCES, map},
		{CODE(ST_MEM(W, 6, LOCK_AT, 1), RETURN), -EACCES, map},
		{CODE(LDX_MEM(W, 0, 6, 8), RETURN), 0, map},
		{CODE(LDX_MEM(W, 8, 6, 8), ALU64_IMM(BPF_AND, 8, 15), ALU64_REG(BPF_ADD, 6, 8),
		      ST_MEM(B, 6, 0, 1), RETURN),
		 -EACCES, map},
		{CODE(LDX_MEM(W, 8, 6, 8), ALU64_IMM(BPF_AND, 8, 7), ALU64_REG(BPF_ADD, 6, 8),
		      ST_MEM(B, 6, 4, 1), RETURN),
		 0, map},
		{CODE(LDX_MEM(W, 8, 6, 8), ALU64_IMM(BPF_AND, 8, 7), ALU64_IMM(BPF_ADD, 6, 15),
		      ALU64_REG(BPF_SUB, 6, 8), ST_MEM(B, 6, 0, 1), RETURN),
		 -EACCES, map},
		{CODE(LD_MAP_FD(1, map), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -4),
		      MOV64_REG(3, 6), MOV64_IMM(4, 0), CALL(BPF_FUNC_map_update_elem), RETURN),
		 -EACCES, map},
		/* A map without. */
		{CODE(LOCK(6), UNLOCK(6), RETURN), -EINVAL, plain},
		{CODE(LDX_MEM(W, 0, 6, LOCK_AT), RETURN), 0, plain},
		/* What is no value of a map. */
		{CODE(MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, -4), CALL(BPF_FUNC_spin_lock),
		      RETURN),
		 -EACCES, map},
		{CODE(MOV64_IMM(1, 0), CALL(BPF_FUNC_spin_lock), RETURN), -EACCES, map},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct code code = {.n = 0};
		int prog;

		emit_lookups(&code, cases[i].map);
		code_add(&code, cases[i].code->insn, cases[i].code->n);
		prog = load_iter("bpf_map", &code);
		if ((prog < 0 ? prog : 0) != cases[i].result)
			fail_msg("case %zu: %d, not %d\n%s", i, prog, cases[i].result, load_log);
	}
}

static void types_of_programs(void **state)
{
	static const struct {
		enum bpf_prog_type type;
		int result;
	} types_of[] = {
		{BPF_PROG_TYPE_SOCKET_FILTER, -EINVAL},
		{BPF_PROG_TYPE_KPROBE, -EINVAL},
		{BPF_PROG_TYPE_TRACEPOINT, -EINVAL},
		{BPF_PROG_TYPE_PERF_EVENT, -EINVAL},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, -EINVAL},
		{BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, -EINVAL},
		{BPF_PROG_TYPE_SCHED_CLS, 0},
		{BPF_PROG_TYPE_SCHED_ACT, 0},
		{BPF_PROG_TYPE_XDP, 0},
		{BPF_PROG_TYPE_CGROUP_SKB, 0},
		{BPF_PROG_TYPE_LWT_IN, 0},
		{BPF_PROG_TYPE_LWT_XMIT, 0},
		{BPF_PROG_TYPE_SK_SKB, 0},
		{BPF_PROG_TYPE_SOCK_OPS, 0},
	};
	const int map = map_with_lock(BPF_MAP_TYPE_ARRAY, LAST, 0);
	struct code code = {.n = 0};

	emit_lookups(&code, map);
	EMIT(&code, RETURN);
	for (size_t i = 0; i < ARRAY_SIZE(types_of); i++) {
		int prog = load(types_of[i].type, &code);

		if ((prog < 0 ? prog : 0) != types_of[i].result)
			fail_msg("type %d: %d, not %d", types_of[i].type, prog, types_of[i].result);
	}
}

/* A load that may end the program cannot be made under a lock. */
static void loads_of_packets(void **state)
{
	const int map = map_with_lock(BPF_MAP_TYPE_ARRAY, LAST, 0);
	struct code code = {.n = 0};

	EMIT(&code, STX_MEM(DW, 10, 1, -48));
	emit_lookups(&code, map);
	EMIT(&code, MOV64_REG(8, 6), LDX_MEM(DW, 6, 10, -48),
	     INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), RETURN);
	assert_in_range(load(BPF_PROG_TYPE_SCHED_CLS, &code), 0, INT32_MAX);
	code.n -= 3; /* its return is 2 instructions */
	EMIT(&code, LOCK(8), INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), UNLOCK(8), RETURN);
	assert_int_equal(load(BPF_PROG_TYPE_SCHED_CLS, &code), -EINVAL);
}

/* A program counts under the lock, once for each of 3 elements and once at the end. */
static void a_program_takes_the_lock(void **state)
{
	const int map = map_with_lock(BPF_MAP_TYPE_HASH, LAST, 0);
	struct code code = {.n = 0};
	struct value value = {0};
	__u32 key = 0;
	char out[8];

	assert_int_equal(update_locked(map, 0, 10, 20, 0, BPF_ANY), 0);
	emit_lookups(&code, map);
	EMIT(&code, LOCK(6), LDX_MEM(DW, 1, 6, 0), ALU64_IMM(BPF_ADD, 1, 1), STX_MEM(DW, 6, 1, 0),
	     UNLOCK(6), RETURN);
	assert_int_equal(
		read_all(session("bpf_map_elem", &code, map_of_numbers(BPF_MAP_TYPE_ARRAY, 3)), out,
			 sizeof(out)),
		0);
	assert_int_equal(map_lookup(map, &key, &value), 0);
	assert_int_equal(value.a, 14);
	assert_int_equal(value.lock, 0);
	/* It is free. */
	assert_int_equal(update_locked(map, 0, 1, 2, 0, BPF_F_LOCK), 0);
}

/* What bpf_map_update_elem() with BPF_F_LOCK gives a program, with and without a lock in the value;
 * key 0 is there. */
static void programs_update_with_the_flag(void **state)
{
	static const struct {
		const char *name;
		enum bpf_map_type type;
		bool locks;
	} kinds[] = {
		{"hash with a lock", BPF_MAP_TYPE_HASH, true},
		{"array with a lock", BPF_MAP_TYPE_ARRAY, true},
		{"array", BPF_MAP_TYPE_ARRAY},
		{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY},
		{"hash", BPF_MAP_TYPE_HASH},
		{"lru_hash", BPF_MAP_TYPE_LRU_HASH},
		{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH},
		{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH},
	};
	/* With a lock in a hash, in an array; in an array without; the other hashes: -EINVAL. */
	static const struct {
		int key, flags, results[3];
	} rows[] = {
		{0, BPF_F_LOCK, {0, 0, -EINVAL}},
		{0, BPF_F_LOCK | BPF_EXIST, {0, 0, -EINVAL}},
		{0, BPF_F_LOCK | BPF_NOEXIST, {-EEXIST, -EEXIST, -EEXIST}},
		{0, BPF_F_LOCK | 3, {-EINVAL, -EINVAL, -EINVAL}},
		{0, BPF_F_LOCK | 8, {-EINVAL, -EINVAL, -EINVAL}},
		{1, BPF_F_LOCK | BPF_EXIST, {-ENOENT, 0, -EINVAL}},
		{2, BPF_F_LOCK, {0, 0, -EINVAL}},
		{77, BPF_F_LOCK | BPF_EXIST, {-ENOENT, -E2BIG, -E2BIG}},
	};
	static struct value values[1024];
	int one = map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			int expected = k > 3 ? -EINVAL : rows[i].results[k > 2 ? 2 : k];
			int map = kinds[k].locks ? map_with_lock(kinds[k].type, LAST, 0)
						 : map_new(kinds[k].type, 4, 16, 4, 0);
			struct code code = {.n = 0};
			__u64 got[2] = {0};
			__u32 key = 0;

			memset(values, 0, sizeof(values));
			assert_int_equal(map_update(map, &key, values, BPF_ANY), 0);
			emit_prologue(&code);
			EMIT(&code, ST_MEM(W, 10, -4, rows[i].key), ST_MEM(DW, 10, -24, 7),
			     ST_MEM(DW, 10, -16, -1), LD_MAP_FD(1, map), MOV64_REG(2, 10),
			     ALU64_IMM(BPF_ADD, 2, -4), MOV64_REG(3, 10),
			     ALU64_IMM(BPF_ADD, 3, -24), MOV64_IMM(4, rows[i].flags),
			     CALL(BPF_FUNC_map_update_elem), STX_MEM(DW, 10, 0, -32),
			     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -32));
			emit_seq_write(&code, sizeof(__u64));
			emit_return(&code, 0);
			/* For the one element, and at the end. */
			assert_int_equal(
				read_all(session("bpf_map_elem", &code, one), got, sizeof(got)),
				sizeof(got));
			if ((int)got[0] != expected)
				fail_msg("%s, row %zu: %d, not %d", kinds[k].name, i, (int)got[0],
					 expected);
			key = (__u32)rows[i].key;
			if (got[0])
				continue;
			assert_int_equal(map_lookup(map, &key, values), 0);
			assert_int_equal(values[0].a, 7);
			assert_int_equal(values[0].b, UINT32_MAX);
			assert_int_equal(values[0].lock, 0);
		}
}

/* An iterator that writes could write over the lock. */
static void an_iterator_that_writes(void **state)
{
	const int map = map_with_lock(BPF_MAP_TYPE_HASH, LAST, 0);
	const int reads = load_iter("bpf_map_elem",
				    CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 1),
					 LDX_MEM(W, 0, 2, 8), RETURN));
	const int writes = load_iter("bpf_map_elem",
				     CODE(LDX_MEM(DW, 2, 1, CTX_VALUE), JMP_IMM(BPF_JEQ, 2, 0, 1),
					  ST_MEM(W, 2, 8, 1), RETURN));

	assert_true(attach_map(reads, map) >= 0);
	if (E->is_private)
		assert_int_equal(attach_map(writes, map), -EPERM);
	else
		assert_true(attach_map(writes, map) >= 0);
}

static void what_cannot_be_done(void **state)
{
	const int map = map_with_lock(BPF_MAP_TYPE_ARRAY, LAST, BPF_F_MMAPABLE);
	void *addr;

	assert_int_equal(map_freeze(map), -ENOTSUPP);
	assert_int_equal(E->mmap(map, 4096, PROT_READ, 0, &addr),
			 E->is_private ? -ENOTSUP : -ENOTSUPP);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(creation),
	cmocka_unit_test(flags_and_the_lock_itself),
	cmocka_unit_test(batches),
	cmocka_unit_test(programs),
	cmocka_unit_test(types_of_programs),
	cmocka_unit_test(loads_of_packets),
	cmocka_unit_test(what_cannot_be_done),
	cmocka_unit_test(a_program_takes_the_lock),
	cmocka_unit_test(an_iterator_that_writes),
	cmocka_unit_test(programs_update_with_the_flag),
};
const struct section lock_section = {"lock", tests, ARRAY_SIZE(tests)};
