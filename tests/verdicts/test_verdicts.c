/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Random programs, the same every time, before two verifiers: what the runtime accepts the kernel
 * accepts, and programs that both accept do the same. `fuzz/verdicts` is this without an end.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"
#include "verdicts.h"

#define SEED 20
#define PROGRAMS 4000
#define SECONDS 2.0

static struct judge judge;
static const char *no_kernel;
static char *findings;
static size_t findings_size;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Every case below reads from this one run. */
static int judge_all(void **state)
{
	static struct program p;
	double end;

	no_kernel = judge_open(&judge, true, true);
	if (no_kernel) {
		judge_close(&judge);
		if (judge_open(&judge, false, true))
			return -1;
	}
	judge.out = open_memstream(&findings, &findings_size);
	if (!judge.out)
		return -1;
	judge.examples = 1;
	judge.only_wrong = true;
	end = now() + SECONDS;
	for (uint64_t i = 0; i < PROGRAMS && now() < end; i++) {
		generate(&p, SEED, i);
		judge_program(&judge, &p);
	}
	return 0;
}

static int close_all(void **state)
{
	fclose(judge.out);
	free(findings);
	judge_close(&judge);
	return 0;
}

/* As comments of TAP. */
static void print_findings(void)
{
	fflush(judge.out);
	for (char *line = strtok(findings, "\n"); line; line = strtok(NULL, "\n"))
		printf("# %s\n", line);
}

static void no_program_is_accepted_that_the_kernel_refuses(void **state)
{
	if (no_kernel)
		skip_because("%s", no_kernel);
	if (judge.tally.by[OURS_ONLY] || judge.tally.by[UNSOUND])
		print_findings();
	assert_int_equal(judge.tally.by[OURS_ONLY] + judge.tally.by[UNSOUND], 0);
}

static void programs_that_both_accept_have_equal_results(void **state)
{
	if (no_kernel)
		skip_because("%s", no_kernel);
	if (judge.tally.by[DIFFERENT] && !judge.tally.by[OURS_ONLY] && !judge.tally.by[UNSOUND])
		print_findings();
	assert_int_equal(judge.tally.by[DIFFERENT], 0);
	assert_true(judge.tally.compared > 0);
}

/* A verifier that refuses everything would pass the two above. */
static void many_programs_are_accepted(void **state)
{
	const struct tally *t = &judge.tally;
	uint64_t asked = t->programs - t->unloadable,
		 ours = t->programs - t->unloadable - t->neither - t->by[KERNEL_ONLY];

	printf("# %llu programs: %llu accepted", (unsigned long long)asked,
	       (unsigned long long)ours);
	if (!no_kernel)
		printf(", %llu of %llu that the kernel accepts", (unsigned long long)t->both,
		       (unsigned long long)(t->both + t->by[KERNEL_ONLY]));
	printf("\n");
	assert_true(asked > 0);
	assert_true(ours * 100 / asked >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_program_is_accepted_that_the_kernel_refuses),
		cmocka_unit_test(programs_that_both_accept_have_equal_results),
		cmocka_unit_test(many_programs_are_accepted),
	};

	return cmocka_run_group_tests_name("verdicts", tests, judge_all, close_all);
}
