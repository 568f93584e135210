/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * verdicts --seed S --count N [--time SECONDS] [--from N] [--only N] [--examples N]
 *          [--embedded-only | --kernel-only] [--inputs N] [--only-wrong] [--print]
 *
 * Ask the kernel and the runtime what they think of random programs. What is printed is a finding;
 * exit status 1 if the runtime accepted what the kernel refuses, or a result is not the one
 * expected. The kernel runs nothing. A seed and a number make a program again: --seed S --only N.
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "verdicts.h"

static uint64_t seed = 1, count = 1000, from, seconds;
static unsigned int examples = 1, inputs = SOME_INPUTS;
static bool embedded_only, kernel_only, only_wrong, print_only;

static const struct option options[] = {
	{"seed", required_argument, NULL, 's'},	   {"count", required_argument, NULL, 'c'},
	{"time", required_argument, NULL, 't'},	   {"from", required_argument, NULL, 'f'},
	{"only", required_argument, NULL, 'o'},	   {"examples", required_argument, NULL, 'x'},
	{"embedded-only", no_argument, NULL, 'e'}, {"kernel-only", no_argument, NULL, 'k'},
	{"only-wrong", no_argument, NULL, 'w'},	   {"inputs", required_argument, NULL, 'i'},
	{"print", no_argument, NULL, 'p'},	   {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			count = strtoull(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoull(optarg, NULL, 0);
			count = UINT64_MAX;
			break;
		case 'f':
			from = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			from = strtoull(optarg, NULL, 0);
			count = 1;
			break;
		case 'x':
			examples = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'e':
			embedded_only = true;
			break;
		case 'k':
			kernel_only = true;
			break;
		case 'i':
			inputs = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'w':
			only_wrong = true;
			break;
		case 'p':
			print_only = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

/* A crash, or a minute without a verdict: say which program it was, then end as one does. */
static void crashed(int sig)
{
	fprintf(stderr, "verdicts: signal %d (%s) with\n", sig, strsignal(sig));
	if (under_judgement)
		print_program(stderr, under_judgement);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Interrupted: the summary of what was done is printed all the same. */
static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
	struct judge judge = {.out = stdout};
	static struct program p;
	const char *why;
	time_t end;

	if (!parse(argc, argv)) {
		fprintf(stderr, "usage: verdicts --seed S --count N [--time SECONDS] [--from N] "
				"[--only N] [--examples N] [--embedded-only | --kernel-only] "
				"[--inputs N] [--only-wrong] [--print]\n");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], crashed);
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	why = judge_open(&judge, !embedded_only, !kernel_only);
	if (why) {
		fprintf(stderr, "verdicts: %s\n", why);
		return 2;
	}
	judge.examples = examples;
	judge.only_wrong = only_wrong;
	judge.inputs = inputs;
	end = time(NULL) + (time_t)seconds;
	for (uint64_t i = 0; i < count && !interrupted; i++) {
		if (seconds && !(i & 15) && time(NULL) >= end)
			break;
		generate(&p, seed, from + i);
		alarm(300);
		if (print_only)
			print_program(stdout, &p);
		else
			judge_program(&judge, &p);
	}
	alarm(0);
	judge_summary(&judge, stdout);
	judge_close(&judge);
	return judge.tally.by[UNSOUND] || judge.tally.by[BOTH_UNSOUND] ||
	       judge.tally.by[OURS_ONLY] || judge.tally.by[DIFFERENT];
}
