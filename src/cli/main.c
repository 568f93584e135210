/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek(1): the global options, then one command of the table below. Each command is one file.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "libbpf_log.h"

struct options options;

static const struct command *const commands[] = {
	&run_command, &check_command, &targets_command,
	&btf_command, &exec_command,  &version_command,
};

enum { OPTION_ON = 1, OPTION_JSONL };

static const struct option global_options[] = {
	{"on", required_argument, NULL, OPTION_ON},
	{"json", no_argument, NULL, 'j'},
	{"jsonl", no_argument, NULL, OPTION_JSONL},
	{"pretty", no_argument, NULL, 'p'},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void help(void)
{
	printf("Usage: bpftrek [OPTIONS] COMMAND ...\n\n"
	       "Visit every BPF program, map and element with BPF iterator programs: on the Linux\n"
	       "kernel, or on a BPF subsystem inside this process that needs no privilege.\n\n"
	       "Commands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions, before or after the command:\n"
	       "      --on ENGINE   kernel or embedded; default: $BPFTREK_ON, else the kernel "
	       "where\n"
	       "                    this user may use it, else embedded\n"
	       "  -j, --json        one JSON document\n"
	       "      --jsonl       one JSON object per line\n"
	       "  -p, --pretty      JSON that is nice to read\n"
	       "  -q, --quiet       say nothing but errors\n"
	       "  -v, --verbose     on an error, show also what libbpf and the verifier said\n"
	       "  -V, --version     print the version\n"
	       "  -h, --help        print this; after a command, print what the command takes\n\n"
	       "Example:\n"
	       "  bpftrek --on embedded targets\n");
}

/* The options that every command takes. false: @option is none of them. */
static bool take_global(int option)
{
	switch (option) {
	case OPTION_ON:
		options.on = optarg;
		return true;
	case OPTION_JSONL:
		options.jsonl = true;
		return true;
	case 'j':
		options.json = true;
		return true;
	case 'p':
		options.json = options.pretty = true;
		return true;
	case 'q':
		options.quiet = true;
		return true;
	case 'v':
		options.verbose = true;
		return true;
	}
	return false;
}

int next_option(const struct command *command, int argc, char **argv, const struct option *own,
		int *status)
{
	const char *name = command ? command->name : NULL;
	const size_t globals = sizeof(global_options) / sizeof(global_options[0]);
	struct option all[32] = {0};
	size_t n = 0;
	int option;

	for (; own && own[n].name; n++)
		all[n] = own[n];
	memcpy(all + n, global_options, globals * sizeof(all[0]));

	opterr = 0;
	/* '+': a word ends the options of bpftrek itself, and those of a command that runs one. */
	do {
		option = getopt_long(argc, argv,
				     !command || command == &exec_command ? "+:jpqvVh" : ":jpqvVh",
				     all, NULL);
	} while (take_global(option));

	if (option == END_OF_OPTIONS || option >= OPTION_OWN)
		return option;
	if (option == 'h' && command)
		*status = fputs(command->help, stdout) < 0 ? 1 : finish_output();
	else if (option == 'h')
		*status = (help(), finish_output());
	else if (option == 'V')
		*status = print_version();
	else if (option == ':')
		*status = usage_error(name, "option '%s' needs a value", argv[optind - 1]);
	else if (optopt && optopt < 256 && optopt > ' ')
		*status = usage_error(name, "unknown option '-%c'", optopt);
	else
		*status = usage_error(name, "unknown option '%s'", argv[optind - 1]);
	return OPTION_FAILED;
}

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
	libbpf_log_start();

	if (next_option(NULL, argc, argv, NULL, &status) == OPTION_FAILED)
		return status;
	argc -= optind;
	argv += optind;
	if (!argc)
		return usage_error(NULL, "no command given");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i]->name))
			continue;
		optind = 0;
		status = commands[i]->run(argc, argv);
		if (status && options.verbose)
			libbpf_log_print();
		return status;
	}
	return usage_error(NULL, "unknown command '%s'", argv[0]);
}
