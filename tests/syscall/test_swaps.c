/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs that run while what they use is exchanged: the inner map that they look up in, and the
 * program that they call instead of going on. The map of maps and the array of programs have the
 * only references, so that each exchange frees something that may be in use.
 */
#include "test.h"

#include <pthread.h>
#include <stdbool.h>

#include "call.h"

enum { RUNNERS = 3, SWAPS = 1500, ENOUGH = 3000 };

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}
#define MOV(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOVX(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD(d, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define MAP(d, fd) INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)
#define CALL(id) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* r0 = what is at the key on the stack in the map in r1, or the program returns 1. */
#define LOOK_UP                                                                                    \
	MOVX(2, 10), ADD(2, -4), CALL(BPF_FUNC_map_lookup_elem),                                   \
		INSN(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0), MOV(0, 1), EXIT

static struct {
	int prog;
	bool stop;
	long runs, wrong;
} load;

static int set_up(void **state)
{
	load = (__typeof__(load)){0};
	return trek_runtime_open(NULL, &rt);
}

static int tear_down(void **state)
{
	trek_runtime_close(rt);
	return 0;
}

static int load_filter(const struct bpf_insn *insns, uint32_t nr)
{
	return BPF(BPF_PROG_LOAD, .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = PTR(insns),
		   .insn_cnt = nr, .license = PTR("GPL"));
}
#define LOAD(insns) load_filter(insns, sizeof(insns) / sizeof((insns)[0]))

static void *runner(void *arg)
{
	char packet[64] = "";
	uint32_t ret;

	while (!__atomic_load_n(&load.stop, __ATOMIC_RELAXED)) {
		int err = trek_prog_run(rt, load.prog, packet, sizeof(packet), &ret);

		/* 1: there was nothing; else a number that was put in as a whole. */
		if (err || (ret != 1 && ret % 100))
			__atomic_add_fetch(&load.wrong, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&load.runs, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Put what @make makes into @map, over and over, while the program runs. */
static void swap_while_running(int map, int (*make)(uint32_t n))
{
	pthread_t threads[RUNNERS];
	uint32_t key = 0;

	for (int i = 0; i < RUNNERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, runner, NULL), 0);
	for (uint32_t n = 0; n < SWAPS || __atomic_load_n(&load.runs, __ATOMIC_RELAXED) < ENOUGH;
	     n++) {
		int object = make(n);

		assert_true(object >= 0);
		assert_int_equal(BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key),
				     .value = PTR(&object)),
				 0);
		assert_int_equal(trek_close(rt, object), 0);
		if (n % 5 == 4)
			BPF(BPF_MAP_DELETE_ELEM, .map_fd = map, .key = PTR(&key));
	}
	__atomic_store_n(&load.stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < RUNNERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(load.wrong, 0);
}

static int map_with_number(uint32_t n)
{
	int map = map_new(BPF_MAP_TYPE_HASH, 8, 8, 0);
	uint64_t value = n * 100ull;
	uint32_t key = 0;

	if (map >= 0)
		BPF(BPF_MAP_UPDATE_ELEM, .map_fd = map, .key = PTR(&key), .value = PTR(&value));
	return map;
}

static void inner_maps(uint32_t type)
{
	int first = map_with_number(0);
	int map = BPF(BPF_MAP_CREATE, .map_type = type, .key_size = 4, .value_size = 4,
		      .max_entries = 4, .inner_map_fd = first);
	const struct bpf_insn insns[] = {
		INSN(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0),
		MAP(1, map),
		LOOK_UP,
		MOVX(1, 0),
		LOOK_UP,
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 0, 0, 0),
		EXIT,
	};

	assert_true(map >= 0);
	load.prog = LOAD(insns);
	assert_true(load.prog >= 0);
	swap_while_running(map, map_with_number);
}

static void inner_maps_of_an_array(void **state)
{
	inner_maps(BPF_MAP_TYPE_ARRAY_OF_MAPS);
}

static void inner_maps_of_a_hash(void **state)
{
	inner_maps(BPF_MAP_TYPE_HASH_OF_MAPS);
}

static int prog_with_number(uint32_t n)
{
	const struct bpf_insn insns[] = {MOV(0, (int)(n * 100)), EXIT};

	return LOAD(insns);
}

static void programs(void **state)
{
	int map = map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 0);
	const struct bpf_insn insns[] = {
		MAP(2, map), MOV(3, 0), CALL(BPF_FUNC_tail_call), MOV(0, 1), EXIT,
	};

	assert_true(map >= 0);
	load.prog = LOAD(insns);
	assert_true(load.prog >= 0);
	swap_while_running(map, prog_with_number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(inner_maps_of_an_array, set_up, tear_down),
		cmocka_unit_test_setup_teardown(inner_maps_of_a_hash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(programs, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("swaps", tests, NULL, NULL);
}
