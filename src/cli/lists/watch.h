/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Waiting between two looks, until somebody has seen enough. */
#ifndef CLI_LISTS_WATCH_H
#define CLI_LISTS_WATCH_H

#include <linux/types.h>

#include "column.h"
#include "table.h"

enum watch_event { WATCH_NEXT, WATCH_RESIZED, WATCH_END };

/*
 * From now on SIGINT, SIGTERM and SIGHUP end watching; the same one again ends the process. The
 * exit status.
 */
int watch_begin(void);

/* Wait until @until (CLOCK_MONOTONIC), or until something happens. */
enum watch_event watch_wait(__u64 until);
void watch_end(void);

__u64 monotonic_ns(void);

/* The counters of all programs, for rates at the next look. false: no memory. */
bool samples_take(struct samples *samples, const struct objects *objects, __u64 now);

#endif /* CLI_LISTS_WATCH_H */
