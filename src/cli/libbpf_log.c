/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The warnings of libbpf, one after the other, NUL-terminated, in one buffer. It is large enough
 * for the first dozens of them; what is said after that is never the cause.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "libbpf_log.h"

static char said[32768];
static size_t used;
static char *attached;

static int keep(enum libbpf_print_level level, const char *format, va_list args)
{
	static const char prefix[] = "libbpf: ";
	size_t room = sizeof(said) - used;
	char line[2048];
	char *text = line;
	int len;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	if (!strncmp(text, prefix, strlen(prefix)))
		text += strlen(prefix);
	text[strcspn(text, "\n")] = '\0';
	len = strlen(text);
	if (len && len < room) {
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

void libbpf_log_attach(const char *text)
{
	free(attached);
	attached = strdup(text);
}

void libbpf_log_print(void)
{
	for (const char *line = said; line < said + used; line += strlen(line) + 1)
		fprintf(stderr, "libbpf: %s\n", line);
	if (attached)
		fputs(attached, stderr);
	libbpf_log_clear();
}
