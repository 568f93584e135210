/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What a program is told when a helper has no memory: -ENOMEM, and the map is as it was; with
 * memory the same run does it. Kinds that have all their memory from the beginning need none.
 * Kfuncs say the same, or give NULL.
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

#define AT(off) MOV64_REG(1, 10), ALU64_IMM(BPF_ADD, 1, off)
#define K(name) CALL_KFUNC(type_id(#name, BTF_KIND_FUNC))

/* An iterator that could not be made has nothing, and is destroyed all the same. */
static void bits(void **state)
{
	int prog = load(BPF_PROG_TYPE_SOCKET_FILTER,
			CODE(ST_MEM(DW, 10, -32, 0), ST_MEM(DW, 10, -24, 1), AT(-16),
			     MOV64_REG(2, 10), ALU64_IMM(BPF_ADD, 2, -32), MOV64_IMM(3, 2),
			     K(bpf_iter_bits_new), MOV64_REG(6, 0), AT(-16), K(bpf_iter_bits_next),
			     JMP_IMM(BPF_JEQ, 0, 0, 1), LDX_MEM(W, 6, 0, 0), AT(-16),
			     K(bpf_iter_bits_destroy), MOV64_REG(0, 6), EXIT()));
	int ret;

	assert_true(prog >= 0);
	no_memory_begin(0, true);
	ret = run(prog);
	assert_true(no_memory_end());
	assert_int_equal(ret, -ENOMEM);
	assert_int_equal(run(prog), 64);
}

/* There is none, and the program is told so. */
static void cpumask(void **state)
{
	int map = map_new(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0), prog, session;
	struct code code = {.n = 0};
	__u64 missing = 0;
	__u32 key = 0;
	char bytes[8];
	ssize_t ret;

	EMIT(&code, K(bpf_cpumask_create), JMP_IMM(BPF_JEQ, 0, 0, 4), MOV64_REG(1, 0),
	     K(bpf_cpumask_release), MOV64_IMM(0, 0), EXIT());
	emit_count(&code, map, 0);
	emit_return(&code, 0);
	prog = load_iter("bpf_link", &code);
	assert_true(prog >= 0);
	session = iter_create(attach(prog));
	assert_true(session >= 0);
	no_memory_begin(0, true);
	ret = E->read(session, bytes, sizeof(bytes));
	assert_true(no_memory_end());
	assert_int_equal(ret, 0);
	assert_int_equal(map_lookup(map, &key, &missing), 0);
	/* One link, and the end. */
	assert_int_equal(missing, 2);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(kinds) + 2] = {
		[ARRAY_SIZE(kinds)] = cmocka_unit_test_teardown(bits, close_owned),
		[ARRAY_SIZE(kinds) + 1] = cmocka_unit_test_teardown(cpumask, close_owned),
	};
	const void *data;
	size_t size;
	int failed;

	E = &embedded_engine;
	if (E->start()) {
		printf("Bail out! the runtime does not start\n");
		return 1;
	}
	data = E->vmlinux(&size);
	types = btf__new(data, (__u32)size);
	assert_non_null(types);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		tests[i] = (struct CMUnitTest){.name = kinds[i].name,
					       .test_func = updates,
					       .teardown_func = close_owned,
					       .initial_state = (void *)&kinds[i]};
	failed = _cmocka_run_group_tests("programs without memory", tests, ARRAY_SIZE(tests), NULL,
					 NULL);
	btf__free(types);
	E->stop();
	return failed != 0;
}
