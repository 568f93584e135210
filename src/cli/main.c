/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek(1): the process around the command that the line names (commands.c).
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "completion/complete.h"
#include "libbpf_log.h"

/*
 * A standard descriptor that is closed would become the first thing opened, be it a map into which
 * the output is written then. Take its place with one that can do the contrary of what is asked of
 * it, so that to use it is the error that it should be.
 */
static void hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	int status;

	hold_standard_descriptors();

	/* A parent that ignores SIGPIPE must not turn `| head` into an error. */
	signal(SIGPIPE, SIG_DFL);
	/* A limit of the size of files (ulimit -f) is an error like that of a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	libbpf_log_start();

	if (argc > 1 && !strcmp(argv[1], "__complete"))
		return complete(argc - 2, argv + 2);
	status = command_run(&bpftrek_command, argc, argv);
	if (status && options.verbose)
		libbpf_log_print();
	return status;
}
