/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A piece of output in the making: bytes that grow, and quick ways to write numbers and names into
 * them. stdio takes a lock for each byte and a format string for each number, which is most of the
 * time where there are many.
 *
 * Whoever uses put_*() makes room first, once for as much as comes; the put_*() functions do not
 * look, text_*() do. When memory ends, @failed is set and what has no room is left out, so that not
 * each step need look: it is asked for when an element, or all of it, is complete.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A number of any kind in any form fits into this. */
#define TEXT_SPARE 64

/* All zero is an empty one. */
struct text {
	char *start, *at, *end;
	bool failed;
};

/* Begin with so much room. false: out of memory. */
bool text_begin(struct text *text, size_t room);
void text_end(struct text *text);

static inline void text_clear(struct text *text)
{
	text->at = text->start;
}

static inline size_t text_length(const struct text *text)
{
	return text->at - text->start;
}

/* Room for @size bytes at text->at; false: there is none, and nothing may be written. */
bool text_grow(struct text *text, size_t size);

static inline bool text_room(struct text *text, size_t size)
{
	return size <= (size_t)(text->end - text->at) || text_grow(text, size);
}

/* The decimal digits of @value at @at; where they end. */
char *put_u64(char *at, uint64_t value);
char *put_i64(char *at, int64_t value);
char *put_i128(char *at, __int128 value, bool is_signed);
/* "0x1f". */
char *put_hex(char *at, uint64_t value);

/* Bytes in the order of memory: "0x01020304" (@separator 0), "01 02 03 04" (' '). */
void text_bytes(struct text *text, const unsigned char *bytes, size_t size, char separator);

void text_add(struct text *text, const char *bytes, size_t size);
void text_number(struct text *text, uint64_t number);
/* "01ab" */
void text_hex(struct text *text, const void *bytes, size_t size);
void text_fill(struct text *text, char c, size_t count);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void text_puts(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

static inline void text_char(struct text *text, char c)
{
	if (text_room(text, 1))
		*text->at++ = c;
}

/*
 * @size bytes in quotes and escaped as JSON asks. What is no UTF-8 becomes U+FFFD, so that it is
 * JSON whatever they are; and what is_unprintable() is escaped, so that a terminal can be shown it.
 */
void text_json_string(struct text *text, const char *bytes, size_t size);
/* The same without quotes, for a string in parts, each of whole characters. */
void text_json_part(struct text *text, const char *bytes, size_t size);

/*
 * The same for people: no quotes; what would talk to the terminal, break the line or turn the
 * direction of writing is escaped ("\x1b", "\u202e"), and so is what is no UTF-8 ("\xff").
 */
void text_plain_string(struct text *text, const char *bytes, size_t size);

/* The same for a file with quotes around it: newlines and tabs are what they are. */
void text_quoted_string(struct text *text, const char *bytes, size_t size);

/* A name from outside, for people. */
static inline void text_name(struct text *text, const char *name)
{
	text_plain_string(text, name, strlen(name));
}

/*
 * Columns that a terminal shows @size bytes in, which text_plain_string() wrote: of what is wide,
 * as Chinese or emoji, two, of what is put over the character before it none.
 */
size_t text_width(const char *bytes, size_t size);

/* How many of these bytes are shown in @room columns: whole characters, with what is over them. */
size_t text_fitting(const char *bytes, size_t size, size_t room);

/* All of it, with a NUL; "" without memory. Good until more is written. */
const char *text_string(struct text *text);

/* Write what is there to @stream, and go on with none. */
void text_write(struct text *text, FILE *stream);

/*
 * The character at @bytes, of which there are @size: its length in bytes, and which one it is in
 * @code; of a byte that begins none (RFC 3629), 1 and NO_CHARACTER.
 */
#define NO_CHARACTER UINT32_MAX
size_t utf8_next(const char *bytes, size_t size, uint32_t *code);

/* Whether @code, shown as it is, would do more than be seen. */
bool is_unprintable(uint32_t code);

/*
 * How many bytes at @bytes are one character of UTF-8 that is text: no control, but for white
 * space; 0 if it is none of these.
 */
size_t text_character(const unsigned char *bytes, size_t size);

#endif /* CLI_TEXT_H */
