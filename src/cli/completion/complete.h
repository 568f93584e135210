/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What may stand at the end of a line that is being typed. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli.h"

/* Words that may stand there; those that do not begin as @word does are not kept. */
struct candidates {
	const char *word;   /* what is typed of it so far */
	const char *before; /* what is in front of it in the same word of the shell, "--load=" */
	struct candidate {
		char *text, *help;
	} * list;
	size_t count;
	bool goes_on; /* none of them is all of a word: "NAME=" */
	bool paths;   /* they are */
};

/* Offer @text, which is shown with @help (NULL: without). */
void offer(struct candidates *candidates, const char *text, const char *help);

/* Offer what is in the directory that the word leads to; @takes: which files (NULL: all). */
void offer_files(struct candidates *candidates, bool (*takes)(const char *path, const void *arg),
		 const void *arg);

/* Offer objects of the kernel as @by ("id", "name", "pinned", "tag") names them. */
void offer_objects(struct candidates *candidates, enum value_kind kind, const char *by);

/* Offer what is in the object files at @paths: maps, programs, global variables. */
void offer_maps_of_files(struct candidates *candidates, const char *const *paths, size_t count,
			 const char *after);
void offer_programs_of_files(struct candidates *candidates, const char *const *paths, size_t count,
			     bool iterators);
void offer_variables_of_files(struct candidates *candidates, const char *const *paths,
			      size_t count);

/*
 * `bpftrek __complete WORD...`: the words of a line after bpftrek, the last of which is being
 * typed. Prints a candidate on each line, with a tab and what it is, and at last a line
 *
 *   :		nothing more is to be known
 *   :nospace	what is completed goes on
 *   :paths	they are to be quoted as paths are; also ":nospace paths"
 *   :files	the shell has to offer files
 *   :command N	WORD number N, counted from 0, is a command, the others are what that takes
 */
int complete(int argc, char **argv);

#endif /* CLI_COMPLETE_H */
