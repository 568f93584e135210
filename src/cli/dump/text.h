/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * A piece of output in the making: bytes that grow, and quick ways to write numbers into them.
 *
 * Whoever writes makes room first, once for as much as comes; the put_*() functions do not look.
 * When memory ends, @failed is set and what has no room is left out, so that not each step need
 * look: it is asked for when an element is complete.
 */
#ifndef CLI_DUMP_TEXT_H
#define CLI_DUMP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A number of any kind in any form fits into this. */
#define TEXT_SPARE 64

struct text {
	char *start, *at, *end;
	bool failed;
};

/* false: out of memory. */
bool text_begin(struct text *text, size_t room);
void text_end(struct text *text);

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

/* @size bytes, as many as are text, in quotes and escaped as JSON asks. */
void text_json_string(struct text *text, const char *bytes, size_t size);

/*
 * The same for people: no quotes; what would talk to the terminal, or break the line, is escaped
 * ("\x1b"), and so is what is no UTF-8.
 */
void text_plain_string(struct text *text, const char *bytes, size_t size);

/*
 * How many bytes at @bytes are one character of UTF-8 (RFC 3629) that a terminal shows or that is
 * white: 0 if it is none of these.
 */
size_t text_character(const unsigned char *bytes, size_t size);

#endif /* CLI_DUMP_TEXT_H */
