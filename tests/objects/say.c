/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What objects need of the command: its options, and to say what is wrong. */
#include <stdarg.h>
#include <stdio.h>

#include "cli.h"

struct options options;

static int say(const char *format, va_list args, int status)
{
	printf("# ");
	vprintf(format, args);
	printf("\n");
	return status;
}

int fail(const char *format, ...)
{
	va_list args;
	int status;

	va_start(args, format);
	status = say(format, args, 1);
	va_end(args);
	return status;
}

int usage_error(const char *format, ...)
{
	va_list args;
	int status;

	va_start(args, format);
	status = say(format, args, 2);
	va_end(args);
	return status;
}
