/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A verdict on one program.
 *
 * The program is loaded alone, so that no other one hides what is said of it, and first with no
 * log but the numbers at its end: writing the walk down takes longer than walking. A second load
 * gets the log of a refusal, or the walk if --verbose asks for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cli.h"
#include "object.h"
#include "verdict.h"

#define ENOTSUPP 524 /* the kernel's own, which no C library knows */

const char *errno_name(int err)
{
	const char *name = err == ENOTSUPP ? "ENOTSUPP" : strerrorname_np(err);

	return name ? name : "?";
}

/* The last line of @log that begins with @word, after that; NULL: there is none. */
static const char *line_of(const char *log, const char *word)
{
	const char *found = NULL;

	for (const char *line = log; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, word, strlen(word)))
			found = line + strlen(word);
	}
	return found;
}

/* "verification time 120 usec", "stack depth 16+64", "processed 12 insns ... total_states 3 ..." */
static void read_numbers(const char *log, struct verdict *verdict)
{
	const char *line = line_of(log, "verification time ");

	if (line)
		verdict->time_us = strtoll(line, NULL, 10);
	line = line_of(log, "processed ");
	if (line) {
		verdict->insns = strtoll(line, NULL, 10);
		line = strstr(line, "total_states ");
	}
	if (line)
		verdict->states = strtoll(line + strlen("total_states "), NULL, 10);
	line = line_of(log, "stack depth ");
	if (line)
		verdict->stack = strndup(line, strspn(line, "0123456789+"));
}

/* What of it the engine keeps with the program. */
static void ask_program(const struct bpf_program *prog, struct verdict *verdict)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	if (!bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		verdict->insns = info.verified_insns;
}

/* From the line with the reason on, what is indented below it. */
static char *copy_details(const char *told)
{
	const char *end = strchrnul(told, '\n');

	while (!strncmp(end, "\n  ", 3))
		end = strchrnul(end + 1, '\n');
	return strndup(told, end - told);
}

static int load(const char *path, int index, __u32 log_level, struct verdict *verdict)
{
	struct bpf_program *prog, *chosen = NULL;
	struct load_error error;
	struct bpf_object *obj;
	int status;

	status = open_object(path, &obj);
	if (status)
		return status;
	bpf_object__for_each_program(prog, obj)
	{
		bpf_program__set_autoload(prog, !index);
		if (!index--)
			chosen = prog;
	}
	if (!chosen)
		status = fail("%s: it changes while it is checked; run it again", path);
	else if (try_load(obj, log_level, &error))
		status = fail("%s: out of memory; free some and run it again", path);
	if (status)
		goto out;
	verdict->err = error.err;
	verdict->by_verifier = error.told;
	if (error.err) {
		verdict->message = strdup(error.told ? error.verdict : error.why);
		verdict->details = error.told ? copy_details(error.told) : NULL;
	} else {
		ask_program(chosen, verdict);
	}
	verdict->log = strdup(error.log);
	free(error.log);
	if (!verdict->log || (error.err && !verdict->message))
		status = fail("%s: out of memory; free some and run it again", path);
out:
	bpf_object__close(obj);
	return status;
}

void free_verdict(struct verdict *verdict)
{
	free(verdict->stack);
	free(verdict->message);
	free(verdict->details);
	free(verdict->log);
}

/* Put the texts of a load with a log in place of those of the one without. */
static void take_log(struct verdict *verdict, struct verdict *logged)
{
	free(verdict->log);
	verdict->log = logged->log;
	logged->log = NULL;
	if (!verdict->err)
		return;
	verdict->by_verifier = logged->by_verifier;
	free(verdict->message);
	free(verdict->details);
	verdict->message = logged->message;
	verdict->details = logged->details;
	logged->message = logged->details = NULL;
}

int get_verdict(const char *path, int index, struct verdict *verdict)
{
	struct verdict logged = {0};
	int status;

	*verdict = (struct verdict){.time_us = -1, .insns = -1, .states = -1};
	status = load(path, index, LOG_NUMBERS, verdict);
	if (status)
		return status;
	read_numbers(verdict->log, verdict);
	if (!verdict->err && !options.verbose)
		return 0;
	status = load(path, index, LOG_NUMBERS | (options.verbose ? LOG_WALK : LOG_ERROR), &logged);
	/* ENOSPC: of a log that is too long the end is there, and no other verdict. */
	if (!status && logged.err != ENOSPC)
		verdict->err = logged.err;
	if (!status)
		take_log(verdict, &logged);
	free_verdict(&logged);
	return status;
}

static bool write_text(FILE *file, const char *text)
{
	const size_t size = text ? strlen(text) + 1 : 0;

	return fwrite(&size, sizeof(size), 1, file) == 1 &&
	       (!size || fwrite(text, 1, size, file) == size);
}

static bool read_text(FILE *file, char **text)
{
	size_t size;

	if (fread(&size, sizeof(size), 1, file) != 1)
		return false;
	*text = size ? malloc(size) : NULL;
	return !size || (*text && fread(*text, 1, size, file) == size);
}

bool write_verdict(FILE *file, const struct verdict *verdict)
{
	return fwrite(verdict, sizeof(*verdict), 1, file) == 1 &&
	       write_text(file, verdict->stack) && write_text(file, verdict->message) &&
	       write_text(file, verdict->details) && write_text(file, verdict->log);
}

bool read_verdict(FILE *file, struct verdict *verdict)
{
	const bool read = fread(verdict, sizeof(*verdict), 1, file) == 1;

	/* They were pointers there. */
	verdict->stack = verdict->message = verdict->details = verdict->log = NULL;
	return read && read_text(file, &verdict->stack) && read_text(file, &verdict->message) &&
	       read_text(file, &verdict->details) && read_text(file, &verdict->log);
}
