/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Where a dump goes: standard output, from several threads, whole elements at a time, until an end
 * comes: a signal, a reader that goes away, a full disk. Then those who read are told to stop, and
 * what is out is whole elements; only where the reader takes nothing any more is it cut anywhere.
 */
#ifndef CLI_DUMP_SINK_H
#define CLI_DUMP_SINK_H

#include <pthread.h>
#include <stdbool.h>

#include "text.h"

struct sink {
	pthread_mutex_t lock;
	int fd;
	bool patient;	       /* a file, which takes all at once; others may keep us waiting */
	bool never_waits;      /* but not this one: EAGAIN it is instead */
	size_t at_once;	       /* bytes that are worth a write */
	const char *separator; /* between elements: each begins with it but the very first */
	bool begun;
	unsigned long long elements;
	int err;			    /* errno of a write */
	bool gone;			    /* the reader is */
	bool stuck;			    /* it reads too little, and a signal came */
	void (*written)(struct sink *sink); /* called after each piece, under the lock */
};

/* From here on the signals of interrupt.h end the dump, not the process; a second one does. */
void sink_begin(struct sink *sink, const char *separator);

/* Write @text, which has @elements, and empty it; after a signal only what has none. */
void sink_write(struct sink *sink, struct text *text, unsigned long long elements);

/* Whether there is an end: reading on is in vain. */
bool sink_is_over(const struct sink *sink);

/* The exit status; what went wrong is said. */
int sink_end(struct sink *sink);

#endif /* CLI_DUMP_SINK_H */
