/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a program is told when a helper has no memory: -ENOMEM, and the map is as it was; with
 * memory the same run does it. Kinds that have all their memory from the beginning need none.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "../facts/facts.h"
#include "no_memory.h"

#define ELEMENTS 5000u

struct kind {
	const char *name;
	enum bpf_map_type type;
	unsigned int key, flags;
	enum { ALLOCATES, MAY_ALLOCATE, MAY_DO_WITHOUT, NEEDS_NONE } need;
};

static const struct kind kinds[] = {
	{"hash", BPF_MAP_TYPE_HASH, 8, 0, ALLOCATES},
	{"hash, no prealloc", BPF_MAP_TYPE_HASH, 8, BPF_F_NO_PREALLOC, ALLOCATES},
	{"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 0, MAY_ALLOCATE},
	{"percpu_hash, no prealloc", BPF_MAP_TYPE_PERCPU_HASH, 8, BPF_F_NO_PREALLOC, MAY_ALLOCATE},
	{"lru_hash", BPF_MAP_TYPE_LRU_HASH, 8, 0, MAY_DO_WITHOUT},
	{"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 0, MAY_DO_WITHOUT},
	{"lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC, ALLOCATES},
	{"array", BPF_MAP_TYPE_ARRAY, 4, 0, NEEDS_NONE},
	{"percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0, NEEDS_NONE},
	{"queue", BPF_MAP_TYPE_QUEUE, 0, 0, NEEDS_NONE},
	{"stack", BPF_MAP_TYPE_STACK, 0, 0, NEEDS_NONE},
	{"bloom_filter", BPF_MAP_TYPE_BLOOM_FILTER, 0, 0, NEEDS_NONE},
};

/* What the program puts in: it is mapped. */
static struct {
	__u32 key[2];
	__u64 value;
} * input;

/* r0 = update(@map, input->key, &input->value, BPF_ANY), or push */
static int load_update(const struct kind *kind, int map)
{
	int in = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(*input), 1, BPF_F_MMAPABLE), prog;
	struct code code = {.n = 0};
	void *at;

	EMIT(&code, ST_MEM(W, 10, -4, 0), LD_MAP_FD(1, in), MOV64_REG(2, 10),
	     ALU64_IMM(BPF_ADD, 2, -4), CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JNE, 0, 0, 1),
	     EXIT());
	if (kind->key)
		EMIT(&code, MOV64_REG(2, 0), MOV64_REG(3, 0), ALU64_IMM(BPF_ADD, 3, 8),
		     MOV64_IMM(4, BPF_ANY), LD_MAP_FD(1, map), CALL(BPF_FUNC_map_update_elem));
	else
		EMIT(&code, MOV64_REG(2, 0), ALU64_IMM(BPF_ADD, 2, 8), MOV64_IMM(3, BPF_ANY),
		     LD_MAP_FD(1, map), CALL(BPF_FUNC_map_push_elem));
	EMIT(&code, EXIT());
	prog = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	if (prog < 0)
		fail_msg("%s: %s\n%s", kind->name, strerror(-prog), load_log);
	assert_int_equal(E->mmap(in, sizeof(*input), PROT_READ | PROT_WRITE, 0, &at), 0);
	input = at;
	return prog;
}

/* The n-th element: prefixes lie beside and below one another. */
static void make_input(const struct kind *kind, __u32 n)
{
	memset(input, 0, sizeof(*input));
	input->key[0] = kind->type == BPF_MAP_TYPE_LPM_TRIE ? 16 + n % 16 : n;
	input->key[1] = kind->type == BPF_MAP_TYPE_LPM_TRIE ? n * 2654435761u : 0;
	input->value = n + 1;
}

/* A trie finds what is above, too, but that has another value. Of the values of all CPUs it is one.
 */
static bool is_there(int map)
{
	__u64 values[64] = {0};
	bool found = false;

	if (map_lookup(map, input->key, values))
		return false;
	for (unsigned int cpu = 0; cpu < E->cpus(); cpu++)
		found |= values[cpu] == input->value;
	return found;
}

static int run(int prog)
{
	unsigned int ret = 0;

	assert_int_equal(E->run(prog, &ret), 0);
	return (int)ret;
}

static void updates(void **state)
{
	const struct kind *kind = *state;
	int map = map_new(kind->type, kind->key, 8, ELEMENTS, kind->flags);
	int prog = load_update(kind, map);
	unsigned int refused = 0;

	for (__u32 i = 0; i < ELEMENTS; i++) {
		bool was_short = true;

		make_input(kind, i);
		for (long n = 0; was_short; n++) {
			int ret;

			no_memory_begin(n, true);
			ret = run(prog);
			was_short = no_memory_end();
			if (!was_short || (kind->need == MAY_DO_WITHOUT && !ret)) {
				assert_int_equal(ret, 0);
				break;
			}
			refused++;
			assert_int_equal(ret, -ENOMEM);
			assert_false(kind->key && is_there(map));
		}
		/* What is evicted is an LRU map's own affair. */
		if (kind->key && kind->need != MAY_DO_WITHOUT)
			assert_true(is_there(map));
	}
	if (kind->need == ALLOCATES)
		assert_true(refused);
	if (kind->need == NEEDS_NONE)
		assert_int_equal(refused, 0);
	munmap(input, sizeof(*input));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(kinds)];
	int failed;

	E = &embedded_engine;
	if (E->start()) {
		printf("Bail out! the runtime does not start\n");
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		tests[i] = (struct CMUnitTest){.name = kinds[i].name,
					       .test_func = updates,
					       .teardown_func = close_owned,
					       .initial_state = (void *)&kinds[i]};
	failed = _cmocka_run_group_tests("programs without memory", tests, ARRAY_SIZE(tests), NULL,
					 NULL);
	E->stop();
	return failed != 0;
}
