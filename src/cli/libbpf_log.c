/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The warnings of libbpf, one after the other, NUL-terminated, in one buffer. It is large enough
 * for the first dozens of them; what is said after that is never the cause.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "cli.h"
#include "libbpf_log.h"

static char said[32768];
static size_t used;
static char *attached;
/* The CO-RE relocation that libbpf is at, and the first that it could not resolve. */
static char relocation[256], unresolved[256];

/*
 * Of all that libbpf tells in passing, only where a relocation failed is worth to be kept:
 * "prog 'P': relo #0: <byte_off> [98] struct bpf_map.field (0:0 @ offset 0)", and later
 * "prog 'P': relo #0: substituting insn #1 w/ invalid insn".
 */
static void follow_relocation(const char *text)
{
	const char *spec = strstr(text, ": <");

	if (spec && !strstr(text, "candidate"))
		spec = strstr(spec, "] ");
	if (spec && *spec == ']')
		snprintf(relocation, sizeof(relocation), "%.*s", (int)strcspn(spec + 2, "("),
			 spec + 2);
	else if (strstr(text, "w/ invalid insn") && !*unresolved)
		snprintf(unresolved, sizeof(unresolved), "%.*s",
			 (int)strlen(relocation) - (*relocation != '\0'), relocation);
}

static int keep(enum libbpf_print_level level, const char *format, va_list args)
{
	static const char prefix[] = "libbpf: ";
	size_t room = sizeof(said) - used;
	char line[2048];
	char *text = line;
	int len;

	/* Most of what is told in passing is never formatted. */
	if (level != LIBBPF_WARN && !strstr(format, "relo #%d"))
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	if (!strncmp(text, prefix, strlen(prefix)))
		text += strlen(prefix);
	text[strcspn(text, "\n")] = '\0';
	len = strlen(text);
	if (level != LIBBPF_WARN) {
		follow_relocation(text);
	} else if (len && len < room) {
		memcpy(said + used, text, len + 1);
		used += len + 1;
	}
	return 0;
}

void libbpf_log_start(void)
{
	libbpf_set_print(keep);
}

void libbpf_log_clear(void)
{
	used = 0;
	*unresolved = '\0';
	free(attached);
	attached = NULL;
}

const char *libbpf_log_find(const char *word)
{
	for (const char *line = said; line < said + used; line += strlen(line) + 1)
		if (!word || strstr(line, word))
			return line;
	return NULL;
}

const char *libbpf_log_unresolved(void)
{
	return *unresolved ? unresolved : NULL;
}

void libbpf_log_attach(const char *text)
{
	free(attached);
	attached = strdup(text);
}

void libbpf_log_print(void)
{
	for (char *line = said; line < said + used; line += strlen(line) + 1) {
		make_printable(line);
		fprintf(stderr, "libbpf: %s\n", line);
	}
	if (attached) {
		make_printable(attached);
		fputs(attached, stderr);
	}
	libbpf_log_clear();
}
