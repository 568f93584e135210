/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Every group of rows. A new one is a file, a line here, and one in main.c.
 */
#ifndef BENCH_GROUPS_H
#define BENCH_GROUPS_H

#include "bench.h"

extern const struct group iterate_group;
extern const struct group listing_group;
extern const struct group lifetimes_group;
extern const struct group maps_group;
extern const struct group compute_group;
extern const struct group verify_group;
extern const struct group real_group;
extern const struct group memory_group;
extern const struct group commands_group;
extern const struct group commands_memory_group;

#endif /* BENCH_GROUPS_H */
