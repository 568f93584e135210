/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The printf of BPF: %d %u %x %s %p %pI4 ... (kernel: bpf_bprintf_prepare and vsnprintf). A format
 * comes with its arguments as u64s; strings and addresses are read with care, so that a bad pointer
 * prints as Linux prints it and harms nobody.
 *
 * Conversions are Linux 6.18's: %d %i %u %x %X, with l or ll, %c %s, %p %pK %px %ps %pS %pB, %pks
 * %pus, %pi4 %pI4 %pi6 %pI6, %%; flags 0 - + and space, and a width. Text may be UTF-8.
 *
 * %p and %pK print 00000000 and 8 digits of a hash that is keyed anew in each process, NULL and
 * error pointers as they are; %px prints the address. There are no symbols here: %ps, %pS and %pB
 * print 0x and the address. Of %pks and %pus both read this process's memory.
 *
 * A format that is known when a program is loaded is parsed then, once: struct bpf_format. Any
 * other one is parsed whenever it is printed. The text is the same.
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
 * is written if size > 0), as snprintf does; or -EINVAL, -E2BIG ..., as the helpers return: then
 * @buf is as it was.
 */
long bpf_bprintf(char *buf, size_t size, const char *fmt, u32 fmt_size, const u64 *args,
		 u32 nr_args);

/* A format that was parsed. It needs the text no longer that it was made of. */
struct bpf_format;

/* A wrong one, too: printing it says so. NULL: no memory. To be given to free(). */
struct bpf_format *bpf_format_new(const char *fmt, u32 fmt_size);

/* As bpf_bprintf() of what @format was made of. */
long bpf_format_print(const struct bpf_format *format, char *buf, size_t size, const u64 *args,
		      u32 nr_args);

/* The same, quicker: no NUL need be written, and what is in @buf behind the text, or on an error in
 * all of it, may be anything. @args lie outside of @buf. */
long bpf_format_print_over(const struct bpf_format *format, char *buf, size_t size, const u64 *args,
			   u32 nr_args);

#endif /* PROG_BPRINTF_H */
