/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What every C test begins with: cmocka, and a skip that says why. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Skip the running test. The summary of `make test` prints the reason. */
#define skip_because(...)                                                                          \
	do {                                                                                       \
		printf("# skipped, because ");                                                     \
		printf(__VA_ARGS__);                                                               \
		printf("\n");                                                                      \
		fflush(stdout);                                                                    \
		skip();                                                                            \
	} while (0)

#endif /* TESTS_TEST_H */
