/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Writing to a seq_file. A text fits only if it leaves a byte free, for the NUL (kernel:
 * fs/seq_file.c).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "iter/seq_file.h"

int seq_write_any(struct seq_file *m, const void *data, size_t len)
{
	if (len >= m->size - m->count) {
		seq_set_overflow(m);
		return -1;
	}
	memcpy(m->buf + m->count, data, len);
	m->count += len;
	return 0;
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	size_t left = m->size - m->count;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(m->buf + m->count, left, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= left)
		seq_set_overflow(m);
	else
		m->count += len;
}
