/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Queues and stacks that programs in many threads push into and pop from, on both engines: each
 * number comes out once, or its push said that there was no room.
 *
 * A run takes the next number and pushes it, then pops twice out of three times. For each number it
 * counts how often it was refused and how often it came out.
 */
#include <pthread.h>
#include <stdio.h>

#include "../facts/facts.h"

#define THREADS 8
#define RUNS 4000u
#define ROOM 64
#define NUMBERS (THREADS * RUNS)

struct fate {
	__u32 refused, came_out;
};

static int prog, failures;

static void *run_many(void *arg)
{
	for (unsigned int i = 0; i < RUNS; i++) {
		unsigned int result = 0;

		if (E->run(prog, &result) || result != 1)
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

#define FETCH_ADD(size, dst, src, off)                                                             \
	INSN(BPF_STX | BPF_ATOMIC | BPF_##size, dst, src, off, BPF_ADD | BPF_FETCH)

/* ++ of the half at @offset of the fate of the number at fp - 8. */
static void emit_fate(struct code *code, int fates, int offset)
{
	EMIT(code, LD_MAP_FD(1, fates), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8),
	     CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 2), MOV64_IMM(1, 1),
	     FETCH_ADD(W, 0, 1, offset));
}

static int load_program(int map, int next, int fates)
{
	const int refused = offsetof(struct fate, refused);
	const int came_out = offsetof(struct fate, came_out);
	struct code code = {.n = 0};

	/* r6 = the number, which is also what is pushed. */
	EMIT(&code, LD_MAP_VALUE(1, next, 0), MOV64_IMM(6, 1), FETCH_ADD(DW, 1, 6, 0),
	     STX_MEM(DW, 10, 6, -8), LD_MAP_FD(1, map), MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8),
	     MOV64_IMM(3, 0), CALL(BPF_FUNC_map_push_elem), JMP_IMM(BPF_JEQ, 0, 0, 8));
	emit_fate(&code, fates, refused);
	EMIT(&code, ALU64_IMM(BPF_MOD, 6, 3), JMP_IMM(BPF_JEQ, 6, 0, 14), LD_MAP_FD(1, map),
	     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_pop_elem),
	     JMP_IMM(BPF_JNE, 0, 0, 8));
	emit_fate(&code, fates, came_out);
	EMIT(&code, MOV64_IMM(0, 1), EXIT());
	return load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
}

static void nothing_is_lost_or_doubled(void **state)
{
	const enum bpf_map_type *type = *state;
	int map = map_new(*type, 0, 8, ROOM, 0);
	int next = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	int fates = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct fate), NUMBERS, 0);
	union bpf_attr attr = {0};
	unsigned int refused = 0, left = 0;
	pthread_t threads[THREADS];
	struct fate fate;
	__u64 value;

	prog = load_program(map, next, fates);
	if (prog < 0)
		fail_msg("%s\n%s", strerror(-prog), load_log);
	failures = 0;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);

	/* What is left in it. */
	attr.map_fd = (__u32)map;
	attr.value = PTR(&value);
	for (; !bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr); left++) {
		const __u32 key = (__u32)value;

		assert_in_range(value, 0, NUMBERS - 1);
		assert_int_equal(map_lookup(fates, &key, &fate), 0);
		fate.came_out++;
		assert_int_equal(map_update(fates, &key, &fate, BPF_ANY), 0);
	}
	for (__u32 key = 0; key < NUMBERS; key++) {
		assert_int_equal(map_lookup(fates, &key, &fate), 0);
		if (fate.refused + fate.came_out != 1)
			fail_msg("%u: refused %u times, came out %u times", key, fate.refused,
				 fate.came_out);
		refused += fate.refused;
	}
	/* It was full, and then it was not. */
	assert_in_range(left, 1, ROOM);
	assert_in_range(refused, 1, NUMBERS / 2);
}

static enum bpf_map_type types_of_maps[] = {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK};

static int run_on(const struct engine *engine)
{
	const struct CMUnitTest tests[] = {
		{"queue", nothing_is_lost_or_doubled, NULL, close_owned, &types_of_maps[0]},
		{"stack", nothing_is_lost_or_doubled, NULL, close_owned, &types_of_maps[1]},
	};
	const char *why = engine->start();
	int failed;

	if (why) {
		printf("# without %s: %s\n", engine->name, why);
		engine->stop();
		return engine->is_private;
	}
	E = engine;
	failed = _cmocka_run_group_tests(engine->name, tests, ARRAY_SIZE(tests), NULL, NULL);
	engine->stop();
	return failed;
}

int main(void)
{
	int failed = run_on(&embedded_engine);

	return (failed | run_on(&kernel_engine)) != 0;
}
