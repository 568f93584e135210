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

/*
 * cmocka takes SIGSEGV and SIGBUS for itself around each test and puts what was there back without
 * its flags; the guarded loads of the runtime need both. A test that crashes ends its process.
 */
__attribute__((weak)) sighandler_t signal(int sig, sighandler_t handler)
{
	struct sigaction new = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;

	if (sig == SIGSEGV || sig == SIGBUS)
		return SIG_DFL;
	sigemptyset(&new.sa_mask);
	return sigaction(sig, &new, &old) ? SIG_ERR : old.sa_handler;
}

#endif /* TESTS_TEST_H */
