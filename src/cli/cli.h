/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the commands share: the global options, how a command is described, and how it says what
 * is wrong. A function that can fail returns the exit status: 0, or what fail() or usage_error()
 * returned, which have said why.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct options {
	const char *on; /* --on; NULL: $BPFTREK_ON, else what this user may use */
	bool json, jsonl, pretty;
	bool quiet;
	bool verbose;
};

extern struct options options;

struct command {
	const char *name;
	const char *summary; /* one line of `bpftrek --help` */
	const char *help;    /* `bpftrek NAME --help`: usage, what it does, options, an example */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command run_command, check_command, targets_command, btf_command, exec_command,
	version_command;

/*
 * "bpftrek: WHAT: reason; what to do", on one line whatever the arguments hold. Returns 1.
 * The format ends without a newline.
 */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a command line that is wrong; adds where the usage can be read. Returns 2. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Replace in @text what would talk to the terminal; lines and tabs stay. */
void make_printable(char *text);

/*
 * The next option of a command: one of @own (which ends with a zero entry; values from 256 on), or
 * END_OF_OPTIONS, or OPTION_FAILED with the exit status in @status (0 for --help). Global options
 * are taken on the way. Begin with optind = 0.
 */
enum { END_OF_OPTIONS = -1, OPTION_FAILED = -2, OPTION_OWN = 256 };
int next_option(const struct command *command, int argc, char **argv, const struct option *own,
		int *status);

/* Write @document as the options say, and give it up. */
int print_json(json_t *document);

/* What `version` and --version print. */
int print_version(void);

/* Flush standard output; a reader that went away is no error. */
int finish_output(void);

#endif /* CLI_CLI_H */
