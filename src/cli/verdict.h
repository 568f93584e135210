/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What an engine's verifier says of one program of an object, and what it counted on the way.
 */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include <stdbool.h>
#include <stdio.h>

struct verdict {
	int err;	  /* errno; 0: the program is accepted */
	bool by_verifier; /* else it did not get as far: its maps, its target, its types */
	/* -1: the engine does not say */
	long long time_us; /* of verification, without writing a log */
	long long insns;   /* instructions walked, over all paths */
	long long states;  /* states kept to compare later ones with */
	char *stack;   /* bytes of stack of each function, "16+64"; NULL: the engine does not say */
	char *message; /* why it is not accepted, one line; NULL: it is */
	char *details; /* if by_verifier: the lines of the log that tell it, whole */
	char *log;     /* of the verifier: if accepted the numbers, with --verbose the walk */
};

/*
 * Load program number @index of the object at @path into the engine that was started, without the
 * other programs, and unload it. The exit status: 0 if there is a verdict, whichever it is.
 */
int get_verdict(const char *path, int index, struct verdict *verdict);

/*
 * From one process to another that has the same program. false: it does not read, or did not write
 * all of it, or there is no memory; what has been read is to be freed in any case.
 */
bool write_verdict(FILE *file, const struct verdict *verdict);
bool read_verdict(FILE *file, struct verdict *verdict);

void free_verdict(struct verdict *verdict);

/* "EACCES". */
const char *errno_name(int err);

#endif /* CLI_VERDICT_H */
