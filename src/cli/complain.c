/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * How the command says that something is wrong: one line. Names come from files of anyone, so
 * what would break the line or talk to the terminal is replaced.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linux/types.h>

#include "commands.h"
#include "text.h"

void make_printable(char *text)
{
	const char *end = text + strlen(text); /* found once: a log has a hundred million bytes */
	uint32_t code;
	size_t len;

	for (; text < end; text += len) {
		len = utf8_next(text, end - text, &code);
		if (is_unprintable(code) && code != '\n' && code != '\t')
			memset(text, '?', len);
	}
}

static void say(const char *format, va_list args, const char *end)
{
	char line[1024];
	size_t cut = sizeof(line) - sizeof("...");

	if (vsnprintf(line, sizeof(line), format, args) >= (int)sizeof(line))
		strcpy(line + cut, "...");
	for (char *c = line; (c = strpbrk(c, "\n\t"));)
		*c = '?';
	make_printable(line);
	fflush(stdout);
	fprintf(stderr, "bpftrek: %s%s\n", line, end);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args, "");
	va_end(args);
	return 1;
}

void remark(const char *format, ...)
{
	va_list args;

	if (options.quiet)
		return;
	va_start(args, format);
	say(format, args, "");
	va_end(args);
}

int usage_error(const char *format, ...)
{
	char path[64], end[96];
	va_list args;

	command_path(current_command, ' ', path, sizeof(path));
	snprintf(end, sizeof(end), "; see '%s --help'", path);
	va_start(args, format);
	say(format, args, end);
	va_end(args);
	return 2;
}
