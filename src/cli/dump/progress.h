/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * How far a long dump is, on standard error: only where that is a terminal and standard output is
 * none (what is dumped there is progress enough), not with --quiet, and not before half a second.
 */
#ifndef CLI_DUMP_PROGRESS_H
#define CLI_DUMP_PROGRESS_H

#include <stdbool.h>

struct progress {
	bool wanted, shown;
	unsigned long long start_ns, next_ns;
};

void progress_begin(struct progress *progress);

/* @elements are done, @part (0 to 1) of all; 0: it is not known how many there are. */
void progress_step(struct progress *progress, unsigned long long elements, double part);

/* Nothing of it stays on the terminal. */
void progress_end(struct progress *progress);

#endif /* CLI_DUMP_PROGRESS_H */
