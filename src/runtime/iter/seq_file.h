/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * seq_file: the bounded output buffer of a session (kernel: fs/seq_file.c). What does not fit sets
 * count to size, "overflow"; the object whose output it was is shown again later.
 */
#ifndef ITER_SEQ_FILE_H
#define ITER_SEQ_FILE_H

#include <string.h>

#include "base/bpf_types.h"
#include "base/func.h"

struct seq_operations {
	void *(*start)(struct seq_file *m, s64 *pos);
	void (*stop)(struct seq_file *m, void *v);
	void *(*next)(struct seq_file *m, void *v, s64 *pos);
	int (*show)(struct seq_file *m, void *v);
};

#define SEQ_SKIP 1

static inline bool seq_has_overflowed(const struct seq_file *m)
{
	return m->count == m->size;
}

static inline void seq_set_overflow(struct seq_file *m)
{
	m->count = m->size;
}

/* seq_write() of what is neither of a few words nor small enough to be sure that it fits. */
int seq_write_any(struct seq_file *m, const void *data, size_t len);

/*
 * 0, or -1 as in the kernel: the buffer overflowed; one that is full to its last byte counts as if
 * it had. Most records are a few words: two moves that overlap take less time than a call of
 * memcpy, and no register has to be kept.
 */
static inline int seq_write(struct seq_file *m, const void *data, size_t len)
{
	const char *from = data;
	size_t count = m->count;
	char *to = m->buf + count;

	if (unlikely(len - 8 > 8 || len >= m->size - count))
		return seq_write_any(m, data, len);
	memcpy(to, from, 8);
	memcpy(to + len - 8, from + len - 8, 8);
	m->count = count + len;
	return 0;
}
void seq_printf(struct seq_file *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* bpf_seq_printf, bpf_seq_write (iter/seq_helpers.c). */
extern const struct bpf_helper bpf_seq_helpers[];
extern const size_t bpf_seq_helpers_nr;

#endif /* ITER_SEQ_FILE_H */
