/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * How the command says that something is wrong: one line. Names come from files of anyone, so
 * what would break the line or talk to the terminal is replaced.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

void make_printable(char *text)
{
	unsigned char *c = (unsigned char *)text;

	for (; *c; c++) {
		if ((*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = '?';
		/* U+0080 to U+009F in UTF-8: U+009B is as good as ESC [. */
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
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
