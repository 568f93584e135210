/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The text is collected in memory of our own and goes to the caller's buffer once, at the end: a
 * caller that changes or unmaps its buffer meanwhile changes nothing (kernel/bpf/log.c).
 *
 * kbuf is a ring in which position p of the text lies at p % len_total. It holds the positions
 * from start_pos to end_pos, at most len_total - 1 of them: the NUL needs a place in the caller's
 * buffer. A fixed log never goes round; what is past its end is counted and not kept.
 */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nofault.h"

#define BPF_LOG_LINE_SIZE 1024 /* lines up to here need no memory */

int bpf_vlog_init(struct bpf_verifier_log *log, u32 level, u64 ubuf, u32 len_total)
{
	memset(log, 0, sizeof(*log));
	if (!!ubuf != !!len_total || (ubuf && !level) || level & ~BPF_LOG_MASK ||
	    len_total > UINT_MAX >> 2)
		return -EINVAL;
	if (ubuf) {
		/* Not touched before it is written: a large buffer costs nothing. */
		log->kbuf = malloc(len_total);
		if (!log->kbuf)
			return -ENOMEM;
	}
	log->level = level;
	log->ubuf = ubuf;
	log->len_total = len_total;
	return 0;
}

static void ring_write(struct bpf_verifier_log *log, u64 pos, const char *text, size_t len)
{
	size_t at = pos % log->len_total;
	size_t first = min_of(len, log->len_total - at);

	memcpy(log->kbuf + at, text, first);
	memcpy(log->kbuf, text + first, len - first);
}

static void append(struct bpf_verifier_log *log, const char *text, size_t len)
{
	u64 end = log->end_pos + len;
	size_t room = log->len_total ? log->len_total - 1 : 0;
	size_t keep = min_of(len, room);

	if (log->level & BPF_LOG_FIXED) {
		keep = log->end_pos < room ? min_of(keep, room - log->end_pos) : 0;
		if (keep)
			ring_write(log, log->end_pos, text, keep);
	} else if (log->kbuf) {
		ring_write(log, end - keep, text + len - keep, keep);
		if (end > room)
			log->start_pos = max_of(log->start_pos, end - room);
	}
	log->end_pos = end;
}

static void bpf_vlog(struct bpf_verifier_log *log, const char *fmt, va_list args)
{
	char line[BPF_LOG_LINE_SIZE];
	char *text = line;
	va_list again;
	int len;

	if (!log || !log->level)
		return;
	va_copy(again, args);
	len = vsnprintf(line, sizeof(line), fmt, args);
	if (len >= (int)sizeof(line)) {
		text = malloc((size_t)len + 1);
		if (text)
			vsnprintf(text, (size_t)len + 1, fmt, again);
		else
			len = sizeof(line) - 1;
	}
	va_end(again);
	if (len > 0)
		append(log, text ? text : line, len);
	if (text != line)
		free(text);
}

void bpf_log(struct bpf_verifier_log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	bpf_vlog(log, fmt, args);
	va_end(args);
}

/* Hand the kept text over; it may lie around the end of the ring. */
static int write_out(const struct bpf_verifier_log *log)
{
	size_t len = log->end_pos - log->start_pos;
	size_t at, first;
	int err;

	if (log->level & BPF_LOG_FIXED)
		len = min_of(len, log->len_total - 1);
	at = log->start_pos % log->len_total;
	first = min_of(len, log->len_total - at);
	err = copy_to_user(log->ubuf, log->kbuf + at, first);
	if (!err)
		err = copy_to_user(log->ubuf + first, log->kbuf, len - first);
	if (!err)
		err = copy_to_user(log->ubuf + len, "", 1);
	return err;
}

int bpf_vlog_finalize(struct bpf_verifier_log *log, u32 *actual)
{
	u64 size;
	int err = 0;

	*actual = 0;
	if (log && log->level) {
		size = log->end_pos ? log->end_pos + 1 : 0; /* with the NUL */
		*actual = min_of(size, (u64)UINT_MAX);
		if (log->kbuf)
			err = write_out(log);
		if (!err && log->ubuf && size > log->len_total)
			err = -ENOSPC;
		free(log->kbuf);
		log->kbuf = NULL;
		log->level = 0;
	}
	return err;
}
