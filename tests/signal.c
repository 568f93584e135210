/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * In every test, in the place of libc's: cmocka takes SIGSEGV and SIGBUS for itself around each
 * test and puts what was there back without its flags; the guarded loads of the runtime need both.
 * A test that crashes ends its process.
 *
 * Not in a header, as a weak symbol: clang's sanitizers have one of that name, too.
 */
#include <signal.h>

sighandler_t signal(int sig, sighandler_t handler)
{
	struct sigaction new = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;

	if (sig == SIGSEGV || sig == SIGBUS)
		return SIG_DFL;
	sigemptyset(&new.sa_mask);
	return sigaction(sig, &new, &old) ? SIG_ERR : old.sa_handler;
}
