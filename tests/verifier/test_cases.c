/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Every case against one engine. `test_cases embedded` says what the runtime's verifier does,
 * `test_cases kernel` that the table is right.
 */
#include <string.h>
#include <sys/resource.h>

#include "cases.h"
#include "engine.h"
#include "test.h"

static struct engine *engine;
static const char *missing;

static int expected(const struct verifier_case *c)
{
	if (engine != &kernel_engine || !c->kernel_result)
		return c->result;
	return c->kernel_result > 0 ? 0 : c->kernel_result;
}

static void run_table(void **state)
{
	const struct case_table *table = *state;
	unsigned int wrong = 0;

	if (missing)
		skip_because("of the %s: %s", engine->name, missing);
	for (size_t i = 0; i < table->nr; i++) {
		const struct verifier_case *c = &table->cases[i];
		int ret = engine_load(engine, c);

		if (ret == expected(c) ||
		    (engine == &kernel_engine && c->kernel_result == KERNEL_EITHER))
			continue;
		wrong++;
		print_message("# %s: %d, not %d\n%s", c->name, ret, expected(c), engine->log);
	}
	print_message("# %s: %zu cases\n", table->name, table->nr);
	assert_int_equal(wrong, 0);
}

/* A refusal begins with one line that says what, and goes on with what would be accepted. */
static void messages(void **state)
{
	static const struct verifier_case c = {
		"", {LDX(DW, R2, R1, CTX_MAP), LDX(W, R0, R2, FIELD_MAP_ID), RETURN(0)}, ITER_MAP};

	if (engine == &kernel_engine)
		skip_because("messages are our own");
	assert_int_equal(engine_load(engine, &c), -EACCES);
	assert_non_null(strstr(engine->log,
			       "instruction 1: refused: a read through R2, which may be "
			       "NULL\n"));
	assert_non_null(strstr(engine->log, "  R2 is a pointer to a structure bpf_map, or NULL "
					    "(since instruction 0)\n"));
	assert_non_null(strstr(engine->log, "  to be accepted: compare it with NULL first\n"));
}

#define CASE_TABLE(table) &table,
static const struct case_table *const tables[] = {CASE_TABLES(CASE_TABLE)};
#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static int linux_result(const struct verifier_case *c)
{
	switch (c->kernel_result) {
	case KERNEL_EITHER:
	case 0:
		return c->result;
	case KERNEL_HARMFUL:
	case 1:
		return 0;
	}
	return c->kernel_result;
}

/*
 * What the tables add up to. Of what Linux accepts we refuse what may do harm, and one in a hundred
 * at most of the rest; where we are not of one mind there is a reason.
 */
static void agreement(void **state)
{
	unsigned int nr = 0, refused = 0, harmful = 0, missed = 0, alone = 0;

	for (size_t i = 0; i < NR_TABLES; i++) {
		for (size_t k = 0; k < tables[i]->nr; k++) {
			const struct verifier_case *c = &tables[i]->cases[k];
			int theirs = linux_result(c);

			nr++;
			refused += theirs < 0;
			harmful += c->kernel_result == KERNEL_HARMFUL;
			missed += c->result < 0 && !theirs && c->kernel_result != KERNEL_HARMFUL;
			alone += !c->result && theirs < 0;
			if (!theirs != !c->result)
				assert_non_null(c->why);
		}
	}
	print_message("# %u programs: Linux refuses %u, of which %u are accepted here; it accepts "
		      "%u, of which are refused %u that may do harm, and %u\n",
		      nr, refused, alone, nr - refused, harmful, missed);
	assert_true(missed * 100 <= nr - refused);
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct CMUnitTest tests[NR_TABLES + 2] = {cmocka_unit_test(messages),
						  cmocka_unit_test(agreement)};
	int failed;

	engine = argc > 1 && !strcmp(argv[1], "kernel") ? &kernel_engine : &embedded_engine;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	missing = engine_start(engine);
	if (missing && engine == &embedded_engine)
		return 1;
	for (size_t i = 0; i < NR_TABLES; i++)
		tests[i + 2] = (struct CMUnitTest){tables[i]->name, run_table, NULL, NULL,
						   (void *)tables[i]};
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	engine_stop(engine);
	return failed;
}
