/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A minute of random programs on the runtime alone, the same ones in the same order every time: no
 * access that must not be, no register or stack slot that holds what the verifier believed
 * impossible, no result but the expected one. `fuzz/verdicts --embedded-only` is this without an
 * end.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"
#include "verdicts.h"

#define SEED 4
#ifdef __SANITIZE_ADDRESS__
#define SECONDS 10 /* what is looked for here does not need a sanitizer */
#else
#define SECONDS 60
#endif
#define FEWEST_PROGRAMS 1000 /* on a machine that has much else to do */

static void nothing_that_must_not_be(void **state)
{
	static struct program p;
	struct judge judge = {.examples = 1, .inputs = SOME_INPUTS, .only_wrong = true};
	time_t end = time(NULL) + SECONDS;
	uint64_t wrong, i;
	size_t size;
	char *text;

	assert_null(judge_open(&judge, false, true));
	judge.out = open_memstream(&text, &size);
	assert_non_null(judge.out);
	for (i = 0; i < FEWEST_PROGRAMS || time(NULL) < end; i++) {
		generate(&p, SEED, i);
		judge_program(&judge, &p);
	}
	fclose(judge.out);
	judge_close(&judge);
	wrong = judge.tally.by[UNSOUND] + judge.tally.by[DIFFERENT];
	if (wrong)
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			printf("# %s\n", line);
	free(text);
	printf("# %llu programs, %llu accepted and run step by step, the results of %llu "
	       "compared\n",
	       (unsigned long long)i, (unsigned long long)judge.tally.both,
	       (unsigned long long)judge.tally.compared);
	assert_int_equal(wrong, 0);
	/* A verifier that refuses everything would pass. */
	assert_true(judge.tally.both * 5 > i);
	assert_true(judge.tally.compared * 10 > i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_must_not_be),
	};

	return cmocka_run_group_tests_name("soundness", tests, NULL, NULL);
}
