/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Many programs or maps, which are there until they are freed.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "engine.h"

enum crowd_of { PROGRAMS, MAPS, NR_CROWDS };

/*
 * See to it that there are at least @nr in @engine, and none of the other kind: programs of two
 * instructions, ARRAYs of one element. 0, or negative errno: -EMFILE where so many descriptors are
 * not to be had.
 */
int crowd_make(enum contestant engine, enum crowd_of of, unsigned int nr);
/* How many there are that were made here. */
unsigned int crowd_size(enum contestant engine, enum crowd_of of);
/* Free those of one kind, in the order in which they were made. */
void crowd_drop(enum contestant engine, enum crowd_of of);
/* Free all. */
void crowd_free(void);

#endif /* BENCH_CROWD_H */
