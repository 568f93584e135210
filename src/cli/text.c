/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Numbers and strings as text, quickly: see text.h.
 *
 * Decimal digits are made two at a time from a table: 5 ns for a small number, where snprintf()
 * takes 60.
 */
#include <stdarg.h>
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
	memset(text, 0, sizeof(*text));
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
	if (!size || !text_room(text, size))
		return;
	memcpy(text->at, bytes, size);
	text->at += size;
}

void text_number(struct text *text, uint64_t number)
{
	if (text_room(text, TEXT_SPARE))
		text->at = put_u64(text->at, number);
}

void text_hex(struct text *text, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	if (!text_room(text, 2 * size))
		return;
	for (size_t i = 0; i < size; i++) {
		*text->at++ = hex_digits[byte[i] >> 4];
		*text->at++ = hex_digits[byte[i] & 15];
	}
}

void text_fill(struct text *text, char c, size_t count)
{
	if (!count || !text_room(text, count))
		return;
	memset(text->at, c, count);
	text->at += count;
}

void text_format(struct text *text, const char *format, ...)
{
	va_list args;
	const size_t likely = 64;
	int size;

	if (!text_room(text, likely))
		return;
	va_start(args, format);
	size = vsnprintf(text->at, likely, format, args);
	va_end(args);
	if (size < 0)
		return;
	if ((size_t)size >= likely) {
		if (!text_room(text, size + 1))
			return;
		va_start(args, format);
		vsnprintf(text->at, size + 1, format, args);
		va_end(args);
	}
	text->at += size;
}

const char *text_string(struct text *text)
{
	if (!text_room(text, 1))
		return "";
	*text->at = '\0';
	return text->start;
}

void text_write(struct text *text, FILE *stream)
{
	if (text_length(text))
		fwrite(text->start, 1, text_length(text), stream);
	text_clear(text);
}

size_t utf8_next(const char *bytes, size_t size, uint32_t *code)
{
	/* The least character of a length: fewer would have done for one below it. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *byte = (const unsigned char *)bytes;
	size_t length = 1;
	uint32_t value = *byte;

	*code = value;
	if (value < 0x80)
		return 1;
	*code = NO_CHARACTER;
	if (value >= 0xc2 && value < 0xe0)
		length = 2, value &= 0x1f;
	else if (value >= 0xe0 && value < 0xf0)
		length = 3, value &= 0x0f;
	else if (value >= 0xf0 && value < 0xf5)
		length = 4, value &= 0x07;
	if (length == 1 || length > size)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (byte[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value & ~0x7ffu) == 0xd800)
		return 1;
	*code = value;
	return length;
}

bool is_unprintable(uint32_t code)
{
	/* Controls; marks of direction and of no width; separators; what annotates. */
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0, 0x1f},	  {0x7f, 0x9f},	    {0xad, 0xad},	{0x61c, 0x61c},
		{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},	{0x2060, 0x206f},
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return code == NO_CHARACTER;
}

size_t text_character(const unsigned char *bytes, size_t size)
{
	uint32_t code;
	size_t length;

	if (*bytes >= ' ' && *bytes < 0x7f)
		return 1;
	length = utf8_next((const char *)bytes, size, &code);
	if (code == '\n' || code == '\t')
		return 1;
	return code == NO_CHARACTER || code < ' ' || (code >= 0x7f && code < 0xa0) ? 0 : length;
}

/* How many bytes are neither special to JSON nor beyond ASCII. */
static size_t plain(const char *bytes, size_t size)
{
	size_t i = 0;

	while (i < size && (unsigned char)bytes[i] >= ' ' && (unsigned char)bytes[i] < 0x7f &&
	       bytes[i] != '"' && bytes[i] != '\\')
		i++;
	return i;
}

/* "\u001b" */
static char *put_escape(char *at, uint32_t code)
{
	*at++ = '\\';
	*at++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*at++ = hex_digits[code >> shift & 15];
	return at;
}

static char *put_json_character(char *at, const char *bytes, size_t length, uint32_t code)
{
	if (code == NO_CHARACTER)
		return put_escape(at, 0xfffd);
	if (code == '"' || code == '\\' || code == '\n' || code == '\t') {
		*at++ = '\\';
		*at++ = code == '\n' ? 'n' : code == '\t' ? 't' : code;
		return at;
	}
	if (!is_unprintable(code))
		return mempcpy(at, bytes, length);
	if (code <= 0xffff)
		return put_escape(at, code);
	return put_escape(put_escape(at, 0xd7c0 + (code >> 10)), 0xdc00 + (code & 0x3ff));
}

/* There is room; what needs no care is copied as a whole. */
static inline char *put_characters(char *at, const char *bytes, size_t size,
				   char *(*put)(char *at, const char *bytes, size_t length,
						uint32_t code))
{
	uint32_t code;
	size_t length;

	for (size_t i = 0; i < size; i += length) {
		length = plain(bytes + i, size - i);
		if (length) {
			at = mempcpy(at, bytes + i, length);
			continue;
		}
		length = utf8_next(bytes + i, size - i, &code);
		at = put(at, bytes + i, length, code);
	}
	return at;
}

void text_json_string(struct text *text, const char *bytes, size_t size)
{
	if (!text_room(text, 6 * size + 2))
		return;
	*text->at++ = '"';
	text->at = put_characters(text->at, bytes, size, put_json_character);
	*text->at++ = '"';
}

void text_json_part(struct text *text, const char *bytes, size_t size)
{
	if (text_room(text, 6 * size))
		text->at = put_characters(text->at, bytes, size, put_json_character);
}

static char *put_plain_character(char *at, const char *bytes, size_t length, uint32_t code)
{
	if (!is_unprintable(code))
		return mempcpy(at, bytes, length);
	if (code == '\n' || code == '\t') {
		*at++ = '\\';
		*at++ = code == '\n' ? 'n' : 't';
		return at;
	}
	if (code != NO_CHARACTER && code >= 0x80 && code <= 0xffff)
		return put_escape(at, code);
	*at++ = '\\';
	if (code == NO_CHARACTER || code < 0x80) {
		*at++ = 'x';
		*at++ = hex_digits[(unsigned char)*bytes >> 4];
		*at++ = hex_digits[(unsigned char)*bytes & 15];
		return at;
	}
	*at++ = 'U';
	for (int shift = 28; shift >= 0; shift -= 4)
		*at++ = hex_digits[code >> shift & 15];
	return at;
}

void text_plain_string(struct text *text, const char *bytes, size_t size)
{
	if (text_room(text, 4 * size))
		text->at = put_characters(text->at, bytes, size, put_plain_character);
}

static char *put_quoted_character(char *at, const char *bytes, size_t length, uint32_t code)
{
	if (code == '\n' || code == '\t')
		return mempcpy(at, bytes, length);
	return put_plain_character(at, bytes, length, code);
}

void text_quoted_string(struct text *text, const char *bytes, size_t size)
{
	if (text_room(text, 4 * size))
		text->at = put_characters(text->at, bytes, size, put_quoted_character);
}
