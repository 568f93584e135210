/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The log that BPF_PROG_LOAD and BPF_BTF_LOAD write for their caller: a text in the caller's
 * buffer, always NUL-terminated. Without BPF_LOG_FIXED the buffer holds the end of the text, with
 * it the beginning (kernel/bpf/log.c, since Linux 6.4).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/types.h"

#define BPF_LOG_LEVEL1 1u
#define BPF_LOG_LEVEL2 2u
#define BPF_LOG_STATS 4u
#define BPF_LOG_FIXED 8u
#define BPF_LOG_MASK 15u

struct bpf_verifier_log {
	u32 level; /* 0: nothing is written */
	u64 ubuf;  /* the caller's buffer, len_total bytes; 0: the text is only counted */
	u32 len_total;
	u64 start_pos; /* of what kbuf still holds */
	u64 end_pos;   /* length of the whole text so far, without the NUL */
	char *kbuf;    /* our copy of what the buffer shall hold, len_total bytes, a ring */
};

/* -EINVAL: the three do not fit together. -ENOMEM. */
int bpf_vlog_init(struct bpf_verifier_log *log, u32 level, u64 ubuf, u32 len_total);
void bpf_log(struct bpf_verifier_log *log, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Write the text out and free the log. @actual: the size the buffer would have needed. -ENOSPC:
 * it did not fit (the buffer has a part), -EFAULT.
 */
int bpf_vlog_finalize(struct bpf_verifier_log *log, u32 *actual);

static inline bool bpf_log_on(const struct bpf_verifier_log *log, u32 level)
{
	return log && (log->level & level);
}

#endif /* BASE_LOG_H */
