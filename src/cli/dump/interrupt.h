/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The signals that end a dump: SIGINT, SIGTERM and SIGHUP. The first one is only noted; whoever
 * works on something long looks here, leaves off, and what is out is made whole. A second one ends
 * the process. Those that are ignored, as under nohup or a shell's &, stay so.
 */
#ifndef CLI_DUMP_INTERRUPT_H
#define CLI_DUMP_INTERRUPT_H

#include <stdbool.h>

/* The signal that came, or 0. Only for is_interrupted() to be quick. */
extern int interrupt_signal;

static inline bool is_interrupted(void)
{
	return __atomic_load_n(&interrupt_signal, __ATOMIC_ACQUIRE);
}

/* When it came, of CLOCK_MONOTONIC. */
unsigned long long interrupt_ns(void);

/* "interrupted" and so on, and the exit status, by the signal that came. */
const char *interrupt_word(void);
int interrupt_status(void);

/* They are noted from here on, and end the process again from there. */
void interrupt_begin(void);
void interrupt_end(void);

#endif /* CLI_DUMP_INTERRUPT_H */
