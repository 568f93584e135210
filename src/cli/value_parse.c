/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* JSON of which no number is rounded. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

/*
 * @text with integers of more than 18 digits in quotes. Only the JSON parser decides what is JSON:
 * a run of digits that stands outside of strings and is no part of a fraction is enough here.
 */
static char *quote_long_integers(const char *text)
{
	char *quoted = malloc(2 * strlen(text) + 1), *out = quoted;
	bool in_string = false;
	size_t len;

	while (quoted && *text) {
		len = in_string ? 0 : strspn(text, "0123456789+-.eE");
		if ((isdigit((unsigned char)*text) || *text == '-') && len > 18 &&
		    strspn(text + 1, "0123456789") == len - 1) {
			*out++ = '"';
			memcpy(out, text, len);
			out += len;
			*out++ = '"';
			text += len;
			continue;
		}
		if (!len)
			len = 1;
		if (*text == '"')
			in_string = !in_string;
		else if (*text == '\\' && text[1])
			len = 2;
		memcpy(out, text, len);
		out += len;
		text += len;
	}
	if (quoted)
		*out = '\0';
	return quoted;
}

json_t *value_parse(const char *text, struct value_error *error)
{
	const size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	char *quoted = quote_long_integers(text);
	json_error_t parse_error;
	json_t *json = NULL;

	error->where[0] = '\0';
	if (!quoted) {
		strcpy(error->why, "out of memory");
		return NULL;
	}
	json = json_loads(quoted, flags, &parse_error);
	if (!json)
		snprintf(error->why, sizeof(error->why), "not JSON: %s", parse_error.text);
	free(quoted);
	return json;
}
