/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The printf of BPF: %d %u %x %s %p %pI4 ... (kernel: bpf_bprintf_prepare and vsnprintf). A format
 * comes with its arguments as u64s; strings and addresses are read with care, so that a bad pointer
 * prints as Linux prints it and harms nobody.
 */
#ifndef PROG_BPRINTF_H
#define PROG_BPRINTF_H

#include "base/types.h"

#define MAX_BPRINTF_VARARGS 12
#define MAX_BPRINTF_BUF 1024

/* Are @nr_args right for @fmt of @fmt_size bytes with its NUL? 0, -EINVAL ... as
 * bpf_bprintf_prepare; also called by the verifier for constant formats. */
int bpf_bprintf_check(const char *fmt, u32 fmt_size, u32 nr_args);

/*
 * Print into @buf of @size bytes. Returns the length that the whole text has, without a NUL (which
 * is written if size > 0), as snprintf does; or -EINVAL, -E2BIG ..., as the helpers return.
 */
long bpf_bprintf(char *buf, size_t size, const char *fmt, u32 fmt_size, const u64 *args,
		 u32 nr_args);

#endif /* PROG_BPRINTF_H */
