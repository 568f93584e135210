/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Every allocation of the runtime fails once: what asked for it says ENOMEM, nothing is half done,
 * and nothing is left. The allocators are wrapped by the linker (see meson.build), so this reaches
 * each call in the runtime, and none of liburcu's or libc's.
 */
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/rcu.h"
#include "call.h"

static long countdown = -1; /* allocations until the one that fails; negative: none does */
static bool failed;	    /* it has */

static bool fails(void)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

#define WRAP(type, name, params, args, failure)                                                    \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails() ? failure : __real_##name args;                                     \
	}
WRAP(void *, malloc, (size_t n), (n), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *p, size_t n), (p, n), NULL)
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size), NULL)
WRAP(void *, aligned_alloc, (size_t align, size_t n), (align, n), NULL)
WRAP(char *, strdup, (const char *s), (s), NULL)
WRAP(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t off),
     (at, len, prot, flags, fd, off), MAP_FAILED)
WRAP(int, memfd_create, (const char *name, unsigned int flags), (name, flags), -1)
WRAP(int, eventfd, (unsigned int count, int flags), (count, flags), -1)

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}

/* struct { u32 } by the name "value", and the functions of the program: the second is static. */
static const struct {
	struct btf_header header;
	struct btf_type u32;
	uint32_t u32_data;
	struct btf_type value;
	struct btf_member member;
	struct btf_type proto, main, callback;
	/* A lock, and a number with it. */
	struct btf_type lock;
	struct btf_member lock_member;
	struct btf_type locked;
	struct btf_member locked_members[2];
	char strings[32];
} types = {
	.header = {.magic = BTF_MAGIC,
		   .version = BTF_VERSION,
		   .hdr_len = sizeof(struct btf_header),
		   .type_len = 7 * sizeof(struct btf_type) + 4 + 4 * sizeof(struct btf_member),
		   .str_off = 7 * sizeof(struct btf_type) + 4 + 4 * sizeof(struct btf_member),
		   .str_len = sizeof("\0u32\0value\0m\0bpf_spin_lock")},
	.u32 = {.name_off = 1, .info = BTF_KIND_INT << 24, .size = 4},
	.u32_data = 32,
	.value = {.name_off = 5, .info = BTF_KIND_STRUCT << 24 | 1, .size = 4},
	.member = {.name_off = 11, .type = 1},
	.proto = {.info = BTF_KIND_FUNC_PROTO << 24, .type = 1},
	.main = {.name_off = 5, .info = BTF_KIND_FUNC << 24 | BTF_FUNC_GLOBAL, .type = 3},
	.callback = {.name_off = 11, .info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, .type = 3},
	.lock = {.name_off = 13, .info = BTF_KIND_STRUCT << 24 | 1, .size = 4},
	.lock_member = {.name_off = 11, .type = 1},
	.locked = {.name_off = 5, .info = BTF_KIND_STRUCT << 24 | 2, .size = 8},
	.locked_members = {{.name_off = 11, .type = 1}, {.name_off = 5, .type = 6, .offset = 32}},
	.strings = "\0u32\0value\0m\0bpf_spin_lock",
};

static int handles[32], nr_handles;

/* Keep a new handle, to be closed at the end. */
static int keep(int handle)
{
	if (handle >= 0)
		handles[nr_handles++] = handle;
	return handle;
}

#define TRY(call)                                                                                  \
	({                                                                                         \
		int ret_ = (call);                                                                 \
		if (ret_ < 0)                                                                      \
			return ret_;                                                               \
		ret_;                                                                              \
	})

/* A program that looks its key up in @map, in a callback, and writes what it finds. */
static int load_program(int map, int btf)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 7, 1, 16, 0), /* key */
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 8, 1, 0, 0),  /* meta */
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 8, 8, 0, 0),  /* seq */
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 21, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, 1, 7, 0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 1, -8, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 2),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_FUNC, 0, 19),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_loop),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 6, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 8, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 8),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_seq_write),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0), /* the callback */
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	static const struct bpf_func_info funcs[] = {{0, 4}, {27, 5}};
	static char log[4096];

	return BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_TRACING,
		   .expected_attach_type = BPF_TRACE_ITER,
		   .attach_btf_id = vmlinux_func("bpf_iter_bpf_map_elem"), .insns = PTR(insns),
		   .insn_cnt = sizeof(insns) / sizeof(insns[0]), .license = PTR("GPL"),
		   .prog_btf_fd = btf, .func_info = PTR(funcs), .func_info_cnt = 2,
		   .func_info_rec_size = sizeof(funcs[0]), .log_level = 1, .log_buf = PTR(log),
		   .log_size = sizeof(log));
}

/* What a batch command says when it has reached the end. */
static int to_the_end(int ret)
{
	return ret == -ENOENT ? 0 : ret;
}

/* All that allocates of a map whose values are one for each of up to 1024 CPUs. */
static int use_percpu(int prog)
{
	union bpf_iter_link_info target = {0};
	static uint64_t values[4 * 1024];
	uint32_t keys[5], pos;
	int map, link, iter;
	char buf[64];

	map = TRY(keep(map_new(BPF_MAP_TYPE_PERCPU_ARRAY, 8, 4, 0)));
	keys[0] = 3;
	TRY(BPF(BPF_MAP_UPDATE_BATCH,
		.batch = {.map_fd = map, .keys = PTR(keys), .values = PTR(values), .count = 1}));
	TRY(to_the_end(BPF(BPF_MAP_LOOKUP_BATCH, .batch = {.map_fd = map,
							   .out_batch = PTR(&pos),
							   .keys = PTR(keys),
							   .values = PTR(values),
							   .count = 5})));
	target.map.map_fd = map;
	link = TRY(keep(BPF(BPF_LINK_CREATE, .link_create = {.prog_fd = prog,
							     .attach_type = BPF_TRACE_ITER,
							     .iter_info = PTR(&target),
							     .iter_info_len = sizeof(target)})));
	iter = TRY(keep(BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = link})));
	return (int)trek_read(rt, iter, buf, sizeof(buf));
}

/* A program that would be left for another one of @progs. */
static int load_tail_call(int progs)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_FD, 0, progs),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 1),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = PTR(insns),
		   .insn_cnt = sizeof(insns) / sizeof(insns[0]), .license = PTR("GPL"));
}

/* Maps that hold @inner, which has types, and one that holds @prog. */
static int use_objects(int inner, int prog)
{
	static const uint32_t kinds[] = {BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS};
	uint32_t key = 1, ids[5], keys[5], pos;
	int map;

	for (int i = 0; i < 2; i++) {
		map = TRY(keep(BPF(BPF_MAP_CREATE, .map_type = kinds[i], .key_size = 4,
				   .value_size = 4, .max_entries = 4, .inner_map_fd = inner)));
		TRY(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key),
			.value = PTR(&inner)));
		TRY(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key),
			.value = PTR(&inner)));
		TRY(to_the_end(BPF(BPF_MAP_LOOKUP_BATCH, .batch = {.map_fd = map,
								   .out_batch = PTR(&pos),
								   .keys = PTR(keys),
								   .values = PTR(ids),
								   .count = 5})));
	}
	map = TRY(keep(map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 0)));
	TRY(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(&prog)));
	prog = TRY(keep(load_tail_call(map)));
	TRY(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(&prog)));
	return BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(ids));
}

/* Take some elements out of @hash, and one more. */
static int take_some(int hash)
{
	uint32_t keys[5], values[5], pos;

	TRY(BPF(BPF_MAP_LOOKUP_AND_DELETE_BATCH, .batch = {.map_fd = hash,
							   .out_batch = PTR(&pos),
							   .keys = PTR(keys),
							   .values = PTR(values),
							   .count = 5}));
	keys[0] = 199;
	return BPF(BPF_MAP_LOOKUP_AND_DELETE_ELEM, .map_fd = hash, .key = PTR(keys),
		   .value = PTR(values));
}

/* Kinds that have no element walk; in the trie, two entries that part at a fork. */
static int use_without_walk(void)
{
	static const struct {
		uint32_t type, key_size, flags;
	} kinds[] = {
		{BPF_MAP_TYPE_QUEUE, 0, 0},
		{BPF_MAP_TYPE_STACK, 0, 0},
		{BPF_MAP_TYPE_BLOOM_FILTER, 0, 0},
		{BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC},
		{BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 0},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t keys[2][2] = {{32, 1}, {32, 2}}, next[2], value = 7;
		int map = TRY(keep(BPF(BPF_MAP_CREATE, .map_type = kinds[i].type,
				       .key_size = kinds[i].key_size, .value_size = 4,
				       .max_entries = 4, .map_flags = kinds[i].flags)));

		if (kinds[i].type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			continue;
		for (int k = 0; k < 2; k++)
			TRY(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map,
				.key = kinds[i].key_size ? PTR(keys[k]) : 0, .value = PTR(&value)));
		TRY(BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = map,
			.key = kinds[i].key_size ? PTR(keys[0]) : 0, .value = PTR(&value)));
		if (!kinds[i].key_size)
			continue;
		TRY(BPF(BPF_MAP_GET_NEXT_KEY, .map_fd = map, .key = PTR(keys[0]),
			.next_key = PTR(next)));
		TRY(BPF(BPF_MAP_DELETE_ELEM, .map_fd = map, .key = PTR(keys[0])));
	}
	return 0;
}

/* A ring buffer, all of which is mapped. */
static int use_ring(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	int ring = TRY(
		keep(BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = 65536)));
	void *addr;

	TRY(trek_mmap(rt, ring, page, PROT_READ | PROT_WRITE, 0, &addr));
	munmap(addr, page);
	TRY(trek_mmap(rt, ring, 2 * page + 2 * 65536, PROT_READ, 0, &addr));
	munmap(addr, 2 * page + 2 * 65536);
	return trek_poll(rt, ring, 0);
}

/* The other hashes. None has to evict: with what is evicted an update gets by without memory. */
static int use_hashes(void)
{
	static const struct {
		uint32_t type, flags;
	} kinds[] = {
		{BPF_MAP_TYPE_LRU_HASH, 0},
		{BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_F_ZERO_SEED},
		{BPF_MAP_TYPE_PERCPU_HASH, BPF_F_NO_PREALLOC},
	};
	static uint8_t values[4 * 1024 * 8];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t key = 0;
		int map = TRY(keep(map_new(kinds[i].type, 8, 40, kinds[i].flags)));

		for (; key < 40; key++)
			TRY(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key),
				.value = PTR(values)));
		key = 39;
		TRY(BPF(BPF_MAP_LOOKUP_ELEM, .map_fd = map, .key = PTR(&key),
			.value = PTR(values)));
		TRY(BPF(BPF_MAP_LOOKUP_AND_DELETE_ELEM, .map_fd = map, .key = PTR(&key),
			.value = PTR(values)));
	}
	return 0;
}

static int use_everything(void)
{
	union bpf_iter_link_info target = {0};
	uint32_t value = 7;
	int btf, hash, array, prog, link, iter;
	char buf[64];

	btf = TRY(
		keep(BPF(BPF_BTF_LOAD, .btf = PTR(&types),
			 .btf_size = offsetof(__typeof__(types), strings) + types.header.str_len)));
	hash = TRY(keep(BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_HASH, .key_size = 4,
			    .value_size = 4, .max_entries = 100000, .btf_fd = btf,
			    .btf_key_type_id = 1, .btf_value_type_id = 2)));
	array = TRY(keep(map_new(BPF_MAP_TYPE_ARRAY, 8, 4, BPF_F_MMAPABLE)));
	TRY(keep(BPF(BPF_MAP_CREATE, .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
		     .max_entries = 1, .btf_fd = btf, .btf_key_type_id = 1,
		     .btf_value_type_id = 7)));
	for (uint32_t key = 0; key < 200; key++)
		TRY(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = hash, .key = PTR(&key),
			.value = PTR(&value)));
	prog = TRY(keep(load_program(hash, btf)));
	TRY(BPF(BPF_PROG_BIND_MAP, .prog_bind_map = {.prog_fd = prog, .map_fd = array}));
	target.map.map_fd = hash;
	link = TRY(keep(BPF(BPF_LINK_CREATE, .link_create = {.prog_fd = prog,
							     .attach_type = BPF_TRACE_ITER,
							     .iter_info = PTR(&target),
							     .iter_info_len = sizeof(target)})));
	TRY(BPF(BPF_OBJ_PIN, .pathname = PTR("/sys/fs/bpf/link"), .bpf_fd = link));
	iter = TRY(keep(BPF(BPF_ITER_CREATE, .iter_create = {.link_fd = link})));
	TRY(keep(trek_dup(rt, iter)));
	TRY(keep(trek_open(rt, "/sys/fs/bpf/link")));
	TRY(take_some(hash));
	TRY(use_hashes());
	TRY(use_percpu(prog));
	TRY(use_objects(hash, TRY(keep(prog_new(BPF_PROG_TYPE_SOCKET_FILTER)))));
	TRY(use_without_walk());
	TRY(use_ring());
	return (int)trek_read(rt, iter, buf, sizeof(buf));
}

static bool all_is_gone(void)
{
	/* What the runtime itself has are its types. */
	return BPF(BPF_MAP_GET_NEXT_ID, .start_id = 0) == -ENOENT &&
	       BPF(BPF_PROG_GET_NEXT_ID, .start_id = 0) == -ENOENT &&
	       BPF(BPF_LINK_GET_NEXT_ID, .start_id = 0) == -ENOENT &&
	       BPF(BPF_BTF_GET_NEXT_ID, .start_id = 1) == -ENOENT;
}

static void end_everything(void)
{
	int grace_periods = 0;

	while (nr_handles)
		assert_int_equal(trek_close(rt, handles[--nr_handles]), 0);
	trek_unlink(rt, "/sys/fs/bpf/link");
	/* A session, its link, its map: each lets go of the next one after a grace period. */
	while (!all_is_gone()) {
		assert_true(grace_periods++ < 6);
		rcu_barrier();
	}
}

static void test_each_allocation_of_open(void **state)
{
	int err = -1;

	for (long n = 0; err; n++) {
		assert_true(n < 1000);
		failed = false;
		countdown = n;
		err = trek_runtime_open(NULL, &rt);
		countdown = -1;
		assert_int_equal(err, failed ? -ENOMEM : 0);
	}
	trek_runtime_close(rt);
}

static void test_each_allocation_of_use(void **state)
{
	long n = 0;
	int ret;

	assert_int_equal(trek_runtime_open(NULL, &rt), 0);
	/* As it is without: what follows fails for want of memory only. */
	assert_int_equal(use_everything(), 64);
	end_everything();
	do {
		assert_true(n < 10000);
		failed = false;
		countdown = n++;
		ret = use_everything();
		countdown = -1;
		assert_int_equal(ret, failed ? -ENOMEM : 64);
		end_everything();
	} while (failed);
	print_message("# %ld allocations\n", n - 1);
	trek_runtime_close(rt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_of_open),
		cmocka_unit_test(test_each_allocation_of_use),
	};

	return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
