/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Numbers and strings as text, quickly.
 *
 * Decimal digits are made two at a time from a table: 5 ns for a small number, where snprintf()
 * takes 60.
 */
#include <stdlib.h>

#include "text.h"

bool text_begin(struct text *text, size_t room)
{
	memset(text, 0, sizeof(*text));
	return text_grow(text, room);
}

void text_end(struct text *text)
{
	free(text->start);
}

bool text_grow(struct text *text, size_t size)
{
	size_t used = text_length(text), room = text->end - text->start;
	char *start;

	while (room - used < size)
		room = room ? 2 * room : 4096;
	start = text->failed ? NULL : realloc(text->start, room);
	if (!start) {
		text->failed = true;
		return false;
	}
	text->start = start;
	text->at = start + used;
	text->end = start + room;
	return true;
}

/* "00" to "99". */
static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";
static const char hex_digits[] = "0123456789abcdef";

char *put_u64(char *at, uint64_t value)
{
	char digits[20], *first = digits + sizeof(digits);
	size_t count;

	for (; value >= 100; value /= 100)
		memcpy(first -= 2, pairs + 2 * (value % 100), 2);
	if (value >= 10)
		memcpy(first -= 2, pairs + 2 * value, 2);
	else
		*--first = '0' + value;
	count = digits + sizeof(digits) - first;
	memcpy(at, first, count);
	return at + count;
}

char *put_i64(char *at, int64_t value)
{
	if (value >= 0)
		return put_u64(at, value);
	*at++ = '-';
	return put_u64(at, -(uint64_t)value);
}

char *put_i128(char *at, __int128 value, bool is_signed)
{
	unsigned __int128 rest = value;
	char digits[40], *first = digits + sizeof(digits);
	size_t count;

	if (is_signed && value < 0) {
		*at++ = '-';
		rest = -rest;
	}
	do {
		*--first = '0' + (unsigned int)(rest % 10);
		rest /= 10;
	} while (rest);
	count = digits + sizeof(digits) - first;
	memcpy(at, first, count);
	return at + count;
}

char *put_hex(char *at, uint64_t value)
{
	unsigned int shift = value ? (63 - __builtin_clzll(value)) / 4 * 4 : 0;

	*at++ = '0';
	*at++ = 'x';
	for (;; shift -= 4) {
		*at++ = hex_digits[value >> shift & 15];
		if (!shift)
			return at;
	}
}

void text_bytes(struct text *text, const unsigned char *bytes, size_t size, char separator)
{
	char *at;

	if (!text_room(text, 3 * size + 2))
		return;
	at = text->at;
	if (!separator) {
		*at++ = '0';
		*at++ = 'x';
	}
	for (size_t i = 0; i < size; i++) {
		if (separator && i)
			*at++ = separator;
		*at++ = hex_digits[bytes[i] >> 4];
		*at++ = hex_digits[bytes[i] & 15];
	}
	text->at = at;
}

void text_add(struct text *text, const char *bytes, size_t size)
{
	if (!text_room(text, size))
		return;
	memcpy(text->at, bytes, size);
	text->at += size;
}

/* "\u001b" */
static char *put_json_escape(char *at, unsigned char c)
{
	*at++ = '\\';
	switch (c) {
	case '\n':
		*at++ = 'n';
		return at;
	case '\t':
		*at++ = 't';
		return at;
	case '"':
	case '\\':
		*at++ = c;
		return at;
	}
	memcpy(at, "u00", 3);
	at[3] = hex_digits[c >> 4];
	at[4] = hex_digits[c & 15];
	return at + 5;
}

void text_json_string(struct text *text, const char *bytes, size_t size)
{
	char *at;

	if (!text_room(text, 6 * size + 2))
		return;
	at = text->at;
	*at++ = '"';
	for (size_t i = 0; i < size; i++) {
		unsigned char c = bytes[i];

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
			at = put_json_escape(at, c);
		else
			*at++ = c;
	}
	*at++ = '"';
	text->at = at;
}

static bool is_continued(const unsigned char *bytes, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
	return true;
}

size_t text_character(const unsigned char *bytes, size_t size)
{
	unsigned char c = bytes[0];

	if (c < 0x80)
		return (c >= ' ' && c != 0x7f) || c == '\n' || c == '\t';
	if (c < 0xc2)
		return 0;
	if (c < 0xe0) /* U+0080 to U+009F talk to the terminal */
		return size >= 2 && is_continued(bytes, 2) && (c != 0xc2 || bytes[1] >= 0xa0) ? 2
											      : 0;
	if (c < 0xf0) {
		if (size < 3 || !is_continued(bytes, 3) || (c == 0xe0 && bytes[1] < 0xa0) ||
		    (c == 0xed && bytes[1] >= 0xa0))
			return 0;
		return 3;
	}
	if (c > 0xf4 || size < 4 || !is_continued(bytes, 4) || (c == 0xf0 && bytes[1] < 0x90) ||
	    (c == 0xf4 && bytes[1] >= 0x90))
		return 0;
	return 4;
}

void text_plain_string(struct text *text, const char *bytes, size_t size)
{
	const unsigned char *from = (const unsigned char *)bytes;
	size_t length;
	char *at;

	if (!text_room(text, 4 * size))
		return;
	at = text->at;
	for (size_t i = 0; i < size; i += length) {
		length = text_character(from + i, size - i);
		if (length && from[i] != '\n' && from[i] != '\t') {
			memcpy(at, from + i, length);
			at += length;
			continue;
		}
		length = 1;
		*at++ = '\\';
		if (from[i] == '\n' || from[i] == '\t') {
			*at++ = from[i] == '\n' ? 'n' : 't';
			continue;
		}
		*at++ = 'x';
		*at++ = hex_digits[from[i] >> 4];
		*at++ = hex_digits[from[i] & 15];
	}
	text->at = at;
}
