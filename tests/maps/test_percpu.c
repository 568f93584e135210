/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Programs in many threads on values of each CPU: no two ever on one virtual CPU at once, and
 * counters without atomics that add up exactly.
 *
 * The program marks its CPU's value as taken, counts, lets the mark go; whoever finds it taken
 * counts that instead. Between the two it does something that takes time.
 */
#include <pthread.h>
#include <stdio.h>

#include "../facts/facts.h"

#define THREADS 8
#define RUNS 4000
#define MAX_CPUS 64

struct counter {
	__u64 taken, runs, collisions;
};

static int prog;
static int failures;

static void *run_many(void *arg)
{
	for (int i = 0; i < RUNS; i++) {
		unsigned int cpu = UINT32_MAX;

		if (E->run(prog, &cpu) || cpu >= E->cpus())
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* r6: this CPU's counter. Calls to a helper lie between taking and letting go. */
static int load_counting(int map)
{
	struct code code = {.n = 0};

	EMIT(&code, ST_MEM(W, 10, -4, 0), LD_MAP_FD(1, map), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 18),
	     MOV64_REG(6, 0));
	EMIT(&code, LDX_MEM(DW, 1, 6, 0), LDX_MEM(DW, 2, 6, 16), ALU64_REG(BPF_ADD, 2, 1),
	     STX_MEM(DW, 6, 2, 16), ALU64_IMM(BPF_ADD, 1, 1), STX_MEM(DW, 6, 1, 0));
	EMIT(&code, LDX_MEM(DW, 7, 6, 8), CALL(BPF_FUNC_ktime_get_ns), CALL(BPF_FUNC_ktime_get_ns),
	     CALL(BPF_FUNC_ktime_get_ns), ALU64_IMM(BPF_ADD, 7, 1), STX_MEM(DW, 6, 7, 8));
	EMIT(&code, LDX_MEM(DW, 1, 6, 0), ALU64_IMM(BPF_SUB, 1, 1), STX_MEM(DW, 6, 1, 0));
	EMIT(&code, CALL(BPF_FUNC_get_smp_processor_id), EXIT());
	EMIT(&code, MOV64_IMM(0, -1), EXIT());
	return load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
}

static void counters_add_up(void **state)
{
	const enum bpf_map_type *type = *state;
	int map = map_try(*type, 4, sizeof(struct counter), 1, 0);
	struct counter counters[MAX_CPUS] = {0};
	pthread_t threads[THREADS];
	__u32 key = 0;
	__u64 runs = 0;

	assert_true(map >= 0 && E->cpus() <= MAX_CPUS);
	assert_int_equal(map_update(map, &key, counters, BPF_ANY), 0);
	prog = load_counting(map);
	if (prog < 0)
		fail_msg("%s\n%s", strerror(-prog), load_log);
	failures = 0;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(map_lookup(map, &key, counters), 0);
	for (unsigned int cpu = 0; cpu < E->cpus(); cpu++) {
		assert_int_equal(counters[cpu].taken, 0);
		assert_int_equal(counters[cpu].collisions, 0);
		runs += counters[cpu].runs;
	}
	assert_int_equal(runs, THREADS * RUNS);
}

static enum bpf_map_type types_of_maps[] = {
	BPF_MAP_TYPE_PERCPU_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH,
	BPF_MAP_TYPE_LRU_PERCPU_HASH,
};

#define COUNTERS(what, i)                                                                          \
	{                                                                                          \
		what, counters_add_up, NULL, close_owned, &types_of_maps[i]                        \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COUNTERS("counters in a percpu_array", 0),
		COUNTERS("counters in a percpu_hash", 1),
		COUNTERS("counters in an lru_percpu_hash", 2),
	};
	int failed;

	E = &embedded_engine;
	if (E->start()) {
		printf("Bail out! the runtime does not start\n");
		return 1;
	}
	failed = cmocka_run_group_tests_name("percpu", tests, NULL, NULL);
	E->stop();
	return failed != 0;
}
