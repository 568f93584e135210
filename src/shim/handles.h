/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The runtime's handles as descriptors of this process. Each is a real descriptor, lent by the
 * shim, so that a number is never a file and a handle at the same time.
 */
#ifndef SHIM_HANDLES_H
#define SHIM_HANDLES_H

#include <stdbool.h>

#include "shim.h"

/* The enabled runtime, or NULL. */
struct trek_runtime *shim_runtime(void);

/* The enabled runtime if @fd is one of its handles, else NULL. Signal safe, no locks. */
struct trek_runtime *shim_runtime_of(int fd);

/*
 * The smallest descriptor from @from on that is a handle to wait for (see trek_poll()), -1: none.
 * Signal safe, no locks, and at once where there is none at all.
 */
int shim_next_waitable(int from);
bool shim_waitable(int fd);

/* Before a wait: descriptors of handles that have nothing any more shall not say that they have. */
void shim_settle(void);

/* What libc functions return for a result of the runtime: -1 and errno for negative errno. */
long shim_result(long result);

/* Where a duplicate shall stand, as dup2() and F_DUPFD ask for it. */
struct shim_place {
	int at; /* this number exactly; -1: any from @from on */
	int from;
	bool cloexec;
};

/* trek_dup() into @place. The descriptor; negative errno. */
int shim_dup(struct trek_runtime *rt, int fd, struct shim_place place);

#endif /* SHIM_HANDLES_H */
