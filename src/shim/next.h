/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The function that a redirected one stands in front of: libc's, or that of a library between.
 * It is looked up when it is first needed, because libraries call close() or mmap() before any
 * constructor of ours has run. Two threads may look it up at once; they find the same.
 */
#ifndef SHIM_NEXT_H
#define SHIM_NEXT_H

#include <dlfcn.h>
#include <stdatomic.h>

#define next(function)                                                                             \
	({                                                                                         \
		static _Atomic(void *) found;                                                      \
		void *function_ = atomic_load_explicit(&found, memory_order_relaxed);              \
		if (!function_) {                                                                  \
			function_ = dlsym(RTLD_NEXT, #function);                                   \
			atomic_store_explicit(&found, function_, memory_order_relaxed);            \
		}                                                                                  \
		(__typeof__(&function))function_;                                                  \
	})

#endif /* SHIM_NEXT_H */
