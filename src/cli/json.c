/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Writing JSON: see json.h. */
#include <math.h>
#include <string.h>

#include "json.h"

static void new_line(struct json *json)
{
	text_char(json->out, '\n');
	text_fill(json->out, ' ', 2 * json->depth);
}

/* What stands between this value, or name, and the one before. */
static void separate(struct json *json)
{
	if (json->after_value)
		text_char(json->out, ',');
	if (json->pretty && json->depth && !json->after_name)
		new_line(json);
	json->after_value = true;
	json->after_name = false;
}

static void begin(struct json *json, char bracket)
{
	separate(json);
	text_char(json->out, bracket);
	json->depth++;
	json->after_value = false;
}

static void end(struct json *json, char bracket)
{
	json->depth--;
	if (json->pretty && json->after_value)
		new_line(json);
	text_char(json->out, bracket);
	json->after_value = true;
}

void json_begin_object(struct json *json)
{
	begin(json, '{');
}

void json_end_object(struct json *json)
{
	end(json, '}');
}

void json_begin_array(struct json *json)
{
	begin(json, '[');
}

void json_end_array(struct json *json)
{
	end(json, ']');
}

/* A third of what a list of many objects is. */
void json_name(struct json *json, const char *name)
{
	const size_t size = strlen(name);
	struct text *out = json->out;

	separate(json);
	if (text_room(out, size + 4)) {
		*out->at++ = '"';
		out->at = mempcpy(out->at, name, size);
		*out->at++ = '"';
		*out->at++ = ':';
		if (json->pretty)
			*out->at++ = ' ';
	}
	json->after_value = false;
	json->after_name = true;
}

void json_put_number(struct json *json, uint64_t number)
{
	separate(json);
	text_number(json->out, number);
}

void json_put_signed(struct json *json, int64_t number)
{
	separate(json);
	if (text_room(json->out, TEXT_SPARE))
		json->out->at = put_i64(json->out->at, number);
}

void json_put_real(struct json *json, double number)
{
	separate(json);
	/* Seconds since 1970 keep their microseconds. */
	if (isfinite(number))
		text_format(json->out, "%.16g", number);
	else
		text_puts(json->out, "null");
}

void json_put_bool(struct json *json, bool value)
{
	separate(json);
	text_puts(json->out, value ? "true" : "false");
}

void json_put_text(struct json *json, const char *value)
{
	separate(json);
	text_json_string(json->out, value, strlen(value));
}

void json_put_hex(struct json *json, const void *bytes, size_t len)
{
	separate(json);
	text_char(json->out, '"');
	text_hex(json->out, bytes, len);
	text_char(json->out, '"');
}

void json_end_line(struct json *json)
{
	text_char(json->out, '\n');
	json->after_value = json->after_name = false;
}
