/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Writing JSON member by member, without a document in memory: that of 10,000 objects would take
 * longer to build than to gather them. Documents that are small are built with jansson
 * (print_json); both look the same.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>

#include "text.h"

struct json {
	struct text *out;
	bool pretty;
	unsigned int depth;
	bool after_value; /* a comma is due before the next one */
	bool after_name;
};

void json_begin_object(struct json *json);
void json_end_object(struct json *json);
void json_begin_array(struct json *json);
void json_end_array(struct json *json);

/* The name of the member whose value is written next: a word of this program's, which has nothing
 * to escape. */
void json_name(struct json *json, const char *name);

void json_put_number(struct json *json, uint64_t number);
void json_put_signed(struct json *json, int64_t number);
void json_put_real(struct json *json, double number);
void json_put_bool(struct json *json, bool value);
void json_put_text(struct json *json, const char *value);
void json_put_hex(struct json *json, const void *bytes, size_t len);

/* A line ends the document, or the object of JSONL. */
void json_end_line(struct json *json);

#endif /* CLI_JSON_H */
