/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The engine that answers bpf(2) of this process: the kernel, or a runtime of our own behind the
 * shim. A command starts it once, before it calls libbpf, and stops it when it is done.
 */
#ifndef CLI_ENGINE_H
#define CLI_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

/* Start the engine that --on, $BPFTREK_ON or this user's rights choose. The exit status. */
int engine_start(void);

/*
 * The same for a command that looks at what is there. Where nobody says which engine it is, and
 * the command @brings nothing along that is there then, it is the kernel: another would be empty.
 * A kernel without iterators will do, it tells of its objects one by one.
 */
int engine_start_to_look(bool brings);

/*
 * The same for a command that opens one map and nothing else, which tells whether this user may:
 * of a pin the file's mode counts, of an id CAP_SYS_ADMIN does.
 */
int engine_start_to_open(bool brings);

/* Whether the engine that was started tells this user of its objects. */
bool engine_tells(void);

/* What --on or $BPFTREK_ON asks for: "kernel", "embedded", or NULL for neither. The exit status. */
int engine_asked(const char **name);

/* Start this one. */
int engine_start_on(const char *name);

/* Every handle of the engine must have been closed. */
void engine_stop(void);

/* "kernel" or "embedded". */
const char *engine_name(void);
bool engine_is_kernel(void);

/* What the kernel asks capabilities for. */
enum engine_deed {
	DEED_RUN,	  /* to load and run what traces: iterators are of it */
	DEED_LOAD_OTHERS, /* to load other programs */
	DEED_OPEN,	  /* to open by its id what others have made */
	DEED_OPEN_PINNED, /* to open what is pinned, where that is not for anybody */
	DEED_ASK,	  /* to list it one by one, or to have runs counted */
};

/* Whether this process has the capabilities. */
bool engine_may(enum engine_deed deed);

/* Of an EPERM of the kernel's: what seems to be why, and what to do, each without an end. */
struct refusal {
	char why[256];
	const char *todo;
};

void engine_refusal(enum engine_deed deed, struct refusal *refusal);

/* Fail with that, and with what else helps. */
int engine_refused(enum engine_deed deed, const char *what);

#endif /* CLI_ENGINE_H */
