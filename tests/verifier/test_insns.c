/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A short run of fuzz/insns.c: programs of the cases, in which something may be changed. They are
 * loaded and, if accepted, run, and nothing else may happen. With a directory as argument the
 * programs are written there instead, for libFuzzer to begin with.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cases.h"
#include "insns.h"
#include "test.h"

#define MAX_INPUT (sizeof(struct insns_head) + 64 + MAX_CASE_INSNS * sizeof(struct bpf_insn))
#define SECONDS 3.0
#define MAX_CHANGES 4 /* to a program */

static const struct case_table *const tables[] = {
#define CASE_TABLE(table) &table,
	CASE_TABLES(CASE_TABLE)
#undef CASE_TABLE
};
#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static unsigned long long rng = 88172645463325252ull;

static unsigned int below(unsigned int n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned int)(rng >> 16) % n;
}

static unsigned char type_of(const struct verifier_case *c)
{
	switch (c->kind) {
	case FILTER:
		return 1;
	case ITER_MAP:
		return 2;
	case ITER_ELEM:
		return 3;
	case XDP:
		return 4;
	case TC:
		return 5;
	case CGROUP_INGRESS:
		return 6;
	case KPROBE:
		return 7;
	case RAW_TRACEPOINT:
		return 8;
	default:
		return 0;
	}
}

static size_t as_input(const struct verifier_case *c, unsigned char *input)
{
	static const struct bpf_insn end;
	struct insns_head head = {.type = type_of(c)};
	unsigned char *at = input + sizeof(head);
	size_t n = MAX_CASE_INSNS;

	while (n && !memcmp(&c->insns[n - 1], &end, sizeof(end)))
		n--;
	if (c->funcs[0].insn) {
		head.flags |= INSNS_TYPES;
		memcpy(at, &(struct insns_function){0, 6}, sizeof(struct insns_function));
		at += sizeof(struct insns_function);
		head.nr_functions = 1;
	}
	for (int i = 0; i < MAX_CASE_FUNCS && c->funcs[i].insn; i++, head.nr_functions++) {
		/* Global ones take a pointer, static ones what they like. */
		struct insns_function function = {(unsigned char)c->funcs[i].insn,
						  c->funcs[i].kind == STATIC ? 7 : 10};

		memcpy(at, &function, sizeof(function));
		at += sizeof(function);
	}
	if (c->license_bsd)
		head.flags |= INSNS_NOT_GPL;
	memcpy(input, &head, sizeof(head));
	memcpy(at, c->insns, n * sizeof(c->insns[0]));
	return (size_t)(at - input) + n * sizeof(c->insns[0]);
}

/* It is walked as long as anything is. */
static bool takes_long(const struct verifier_case *c)
{
	return c->result == -E2BIG;
}

/* A byte, a bit, or an instruction that is twice there, or moved. */
static void change(unsigned char *input, size_t size)
{
	size_t head = sizeof(struct insns_head), insn = sizeof(struct bpf_insn);
	unsigned int nr = (unsigned int)((size - head) / insn);

	switch (below(4)) {
	case 0:
		input[below((unsigned int)size)] = (unsigned char)below(256);
		break;
	case 1:
		input[below((unsigned int)size)] ^= (unsigned char)(1 << below(8));
		break;
	case 2:
		input[head + below((unsigned int)(size - head))]++;
		break;
	default:
		if (nr > 1)
			memmove(input + head + below(nr) * insn, input + head + below(nr) * insn,
				insn);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void programs_and_changed_ones(void **state)
{
	unsigned char input[MAX_INPUT];
	double end = seconds() + SECONDS;
	unsigned int nr = 0;

	while (seconds() < end) {
		const struct case_table *table = tables[below(NR_TABLES)];
		const struct verifier_case *c = &table->cases[below((unsigned int)table->nr)];
		size_t size;

		if (takes_long(c))
			continue;
		size = as_input(c, input);
		for (unsigned int changes = below(MAX_CHANGES + 1); changes; changes--)
			change(input, size);
		LLVMFuzzerTestOneInput(input, size);
		nr++;
	}
	print_message("# %u programs, %u accepted, %u run\n", nr, insns_accepted, insns_run);
	assert_true(insns_run > 0);
}

static int write_inputs(const char *directory)
{
	unsigned char input[MAX_INPUT];
	char path[4096];

	for (size_t t = 0; t < NR_TABLES; t++)
		for (size_t i = 0; i < tables[t]->nr; i++) {
			const struct verifier_case *c = &tables[t]->cases[i];
			size_t size = as_input(c, input);
			FILE *file;

			if (takes_long(c))
				continue;
			snprintf(path, sizeof(path), "%s/%s-%zu", directory, tables[t]->name, i);
			file = fopen(path, "w");
			if (!file || fwrite(input, 1, size, file) != size || fclose(file)) {
				perror(path);
				return 1;
			}
		}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(programs_and_changed_ones)};

	return argc > 1 ? write_inputs(argv[1])
			: cmocka_run_group_tests_name("instructions", tests, NULL, NULL);
}
