/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * libbpftrek-shim.so: preloaded, it gives the process a runtime of its own before main().
 *
 * The runtime is not closed at the end of the process: threads and later destructors may still use
 * their descriptors, and all that it owns is memory of the process.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shim.h"

__attribute__((constructor)) static void enable(void)
{
	const struct trek_runtime_opts opts = shim_runtime_opts();
	struct trek_runtime *rt;
	int err;

	err = trek_runtime_open(&opts, &rt);
	if (!err)
		err = shim_enable(rt);
	if (!err)
		return;
	/* To go on would be to use the kernel, which is not what was asked for. */
	if (opts.perf_map && err != -ENOMEM)
		fprintf(stderr, "libbpftrek-shim: /tmp/perf-%d.map: %s; unset $BPFTREK_PERF_MAP\n",
			getpid(), strerror(-err));
	else
		fprintf(stderr,
			"libbpftrek-shim: no runtime: %s; free some memory and run it again\n",
			strerror(-err));
	_exit(1);
}
