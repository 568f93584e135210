/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Output in the making: it grows, and goes to a stream by and by if it has one. Lists and their
 * JSON are written with it: stdio takes a lock for each byte and a format string for each number,
 * which for 10,000 objects is most of the time.
 *
 * Nothing here fails on the spot: output that found no memory is `failed`, and the rest of it is
 * dropped; whoever is done with it looks.
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <linux/types.h>

struct out {
	char *bytes; /* @len of them; no NUL at the end but after out_string() */
	size_t len, room;
	FILE *stream; /* NULL: all of it is kept */
	bool failed;
};

/* Make room for @more bytes. false: there is none. */
bool out_grow(struct out *out, size_t more);

static inline bool out_need(struct out *out, size_t more)
{
	return more <= out->room - out->len || out_grow(out, more);
}

static inline void out_put(struct out *out, const char *bytes, size_t len)
{
	if (!len || !out_need(out, len))
		return;
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static inline void out_char(struct out *out, char c)
{
	if (out_need(out, 1))
		out->bytes[out->len++] = c;
}

static inline void out_puts(struct out *out, const char *string)
{
	out_put(out, string, strlen(string));
}

void out_fill(struct out *out, char c, size_t count);
void out_number(struct out *out, __u64 number);
void out_hex(struct out *out, const void *bytes, size_t len);
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A name from outside, for a terminal: what would talk to it, turn the direction of writing or is
 * no UTF-8 is shown as \n, \x1b, \u202e.
 */
void out_name(struct out *out, const char *name);

/* The same for the inside of a JSON string: valid UTF-8 whatever @name is. */
void out_json_name(struct out *out, const char *name);

/* Columns that a terminal shows @len bytes in, which out_name() wrote. */
size_t out_width(const char *bytes, size_t len);

/* All that is kept, with a NUL; "" without memory. Good until more is written. */
const char *out_string(struct out *out);

/* Write to the stream what is there. */
void out_flush(struct out *out);
void out_free(struct out *out);

/*
 * The character at @bytes, of which a NUL ends the string: its length in bytes, and which one it
 * is in @code; of a byte that begins none, 1 and NO_CHARACTER.
 */
#define NO_CHARACTER ((__u32)-1)
size_t utf8_next(const char *bytes, __u32 *code);

/* Whether @code, shown as it is, would do more than be seen. */
bool is_unprintable(__u32 code);

#endif /* CLI_OUT_H */
