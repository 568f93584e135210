/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* How far a long dump is: one line, which is written over ten times a second. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"
#include "terminal.h"

#define FIRST_NS 500000000ull
#define EACH_NS 100000000ull
#define CLEAR_LINE "\r\033[K"

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

void progress_begin(struct progress *progress)
{
	progress->wanted = !options.quiet && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) &&
			   !terminal_is_plain();
	progress->start_ns = now_ns();
	progress->next_ns = progress->start_ns + FIRST_NS;
}

void progress_step(struct progress *progress, unsigned long long elements, double part)
{
	const unsigned long long now = progress->wanted ? now_ns() : 0;
	char percent[16] = "";
	double rate;

	if (!progress->wanted || now < progress->next_ns)
		return;
	progress->next_ns = now + EACH_NS;
	progress->shown = true;
	if (part > 0)
		snprintf(percent, sizeof(percent), "%.0f %%, ", 100 * part);
	rate = elements * 1e9 / (now - progress->start_ns);
	fprintf(stderr, CLEAR_LINE "%llu elements, %s%.*f%s a second", elements, percent,
		rate < 1e5 ? 0 : 1, rate < 1e5 ? rate : rate / 1e6, rate < 1e5 ? "" : " million");
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs(CLEAR_LINE, stderr);
	progress->shown = false;
}
