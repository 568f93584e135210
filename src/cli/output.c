/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Documents on standard output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

int output_failed(int err)
{
	const char *what = "make room";

	if (err == EBADF)
		what = "open it to be written";
	else if (err == EFBIG)
		what = "raise the limit of files (ulimit -f)";
	return fail("standard output: %s; %s and run it again", strerror(err), what);
}

int finish_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	if (errno == EPIPE)
		return 0;
	return output_failed(errno);
}

static int dump(const json_t *document)
{
	size_t flags = JSON_ENCODE_ANY | (options.pretty ? JSON_INDENT(2) : JSON_COMPACT);

	return json_dumpf(document, stdout, flags) || putchar('\n') == EOF;
}

int print_json(json_t *document)
{
	json_t *row;
	size_t i;

	if (!document)
		return fail("JSON: out of memory; free some and run it again");
	if (options.jsonl && json_is_array(document)) {
		options.pretty = false;
		json_array_foreach (document, i, row)
			if (dump(row))
				break;
	} else {
		dump(document);
	}
	json_decref(document);
	return finish_output();
}
