/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Random programs, the same every time. What the runtime accepts does nothing that must not be, and
 * does what the witness says that it does; where the kernel can be asked, it is of the same
 * opinion. The kernel loads programs and runs none. `fuzz/verdicts` is this without an end.
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
	judge.inputs = SOME_INPUTS;
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
	static bool printed;

	if (printed)
		return;
	printed = true;
	fflush(judge.out);
	for (char *line = strtok(findings, "\n"); line; line = strtok(NULL, "\n"))
		printf("# %s\n", line);
}

static void what_is_accepted_does_nothing_that_must_not_be(void **state)
{
	uint64_t unsound = judge.tally.by[UNSOUND] + judge.tally.by[BOTH_UNSOUND];

	if (unsound)
		print_findings();
	assert_int_equal(unsound, 0);
}

static void results_are_those_of_the_witness(void **state)
{
	if (judge.tally.by[DIFFERENT])
		print_findings();
	assert_int_equal(judge.tally.by[DIFFERENT], 0);
	assert_true(judge.tally.compared > 0);
}

/* A verifier that refuses everything would pass the two above. */
static void many_programs_are_accepted(void **state)
{
	const struct tally *t = &judge.tally;
	uint64_t asked = t->programs - t->unloadable,
		 ours = asked - t->neither - t->by[KERNEL_ONLY];

	printf("# %llu programs: %llu accepted, the results of %llu compared\n",
	       (unsigned long long)asked, (unsigned long long)ours,
	       (unsigned long long)t->compared);
	assert_true(asked > 0);
	assert_true(ours * 100 / asked >= 20);
}

/* Of what the kernel refuses for more than a bound that it misses, at most one in a hundred is
 * accepted; of what it accepts, at least four in five are. */
static void the_kernel_is_of_the_same_opinion(void **state)
{
	const struct tally *t = &judge.tally;
	uint64_t kernel = t->both + t->by[BOTH_UNSOUND] + t->by[KERNEL_ONLY];
	uint64_t refused = t->neither + t->by[OURS_ONLY];

	if (no_kernel)
		skip_because("%s", no_kernel);
	printf("# %llu of %llu that the kernel accepts; %llu of %llu that it refuses, and %llu "
	       "whose bounds it does not see\n",
	       (unsigned long long)t->both, (unsigned long long)kernel,
	       (unsigned long long)t->by[OURS_ONLY], (unsigned long long)refused,
	       (unsigned long long)t->by[CLEVERER]);
	if (t->by[OURS_ONLY])
		print_findings();
	assert_true(t->by[OURS_ONLY] * 100 <= refused);
	assert_true(t->both * 5 >= kernel * 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_accepted_does_nothing_that_must_not_be),
		cmocka_unit_test(results_are_those_of_the_witness),
		cmocka_unit_test(many_programs_are_accepted),
		cmocka_unit_test(the_kernel_is_of_the_same_opinion),
	};

	return cmocka_run_group_tests_name("verdicts", tests, judge_all, close_all);
}
