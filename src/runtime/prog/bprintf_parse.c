/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Formats into steps: which conversions Linux knows, and what may stand where (kernel:
 * bpf_bprintf_prepare in kernel/bpf/helpers.c).
 *
 * Linux goes through a format as it fetches its arguments, so that an argument that does not fit
 * counts before an error behind it: where a format is wrong, its steps end there, and say so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prog/bprintf_steps.h"

#define NO_WIDTH (-1)
#define MAX_WIDTH ((1 << 23) - 1)

/* ASCII but for its control characters, and whatever UTF-8 is made of. */
static bool is_text(unsigned char c)
{
	return (c >= ' ' && c != 0x7f) || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The kernel's ctype knows Latin-1, and so finds letters in the bytes of UTF-8. */
static bool is_alnum(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

/* May @c stand behind a conversion that ends before it: the end, a space, punctuation? */
static bool is_separator(unsigned char c)
{
	return !c || (is_text(c) && !is_alnum(c) && !(c >= 0x80 && c < 0xa0));
}

/* The format is changed by others, perhaps: never look behind the end that was found first. */
static char at(const char *p, const char *end)
{
	return p < end ? *p : 0;
}

/* Flags and width: 32 bits of it, and no more than MAX_WIDTH. A negative one is none. */
static const char *parse_field(const char *p, const char *end, struct format_step *step)
{
	for (;; p++) {
		char c = at(p, end);

		if (c == '0')
			step->flags |= FLAG_ZERO;
		else if (c == '-')
			step->flags |= FLAG_LEFT;
		else if (c == '+')
			step->flags |= FLAG_PLUS;
		else if (c == ' ')
			step->flags |= FLAG_SPACE;
		else
			break;
	}
	if (is_digit(at(p, end))) {
		u32 width = 0;

		for (; is_digit(at(p, end)); p++)
			width = width * 10 + (at(p, end) - '0');
		step->width = min_of((s32)width, MAX_WIDTH);
	}
	return p;
}

/* Linux's shape of an address: all its digits, unless a width asks for something else. */
static void make_address(struct format_step *step)
{
	step->flags |= FLAG_HEX;
	if (step->width == NO_WIDTH) {
		step->width = 2 * sizeof(void *);
		step->flags |= FLAG_ZERO;
	}
}

/* @p is at what follows "%p". Letters and digits after a pointer are swallowed. */
static const char *parse_pointer(const char *p, const char *end, struct format_step *step)
{
	char c = at(p, end);
	char d = c ? at(p + 1, end) : 0;

	step->flags |= FLAG_WIDE;
	if ((c == 'k' || c == 'u') && d == 's') {
		step->kind = CONV_TEXT_STRING;
		return is_separator(at(p + 2, end)) ? p + 2 : NULL;
	}
	if (c == 's' || c == 'S') {
		step->kind = CONV_SYMBOL;
	} else if (c == 'x') {
		step->kind = CONV_NUMBER;
		make_address(step);
	} else if (c == 'B') {
		step->kind = CONV_TEXT_SYMBOL;
	} else if ((c == 'i' || c == 'I') && (d == '4' || d == '6')) {
		step->kind = d == '4' ? CONV_TEXT_IP4 : CONV_TEXT_IP6;
		if (c == 'i')
			step->flags |= FLAG_PADDED_IP;
	} else if (c == 'K' || is_separator(c)) {
		step->kind = CONV_POINTER;
		make_address(step);
	} else {
		return NULL;
	}
	while (is_alnum(at(p, end)))
		p++;
	return p;
}

/* @p is behind the '%'. The end of the conversion; NULL: Linux knows no such one. */
static const char *parse_conv(const char *p, const char *end, struct format_step *step)
{
	int longs = 0;

	p = parse_field(p, end, step);
	switch (at(p, end)) {
	case 'p':
		return parse_pointer(p + 1, end, step);
	case 's':
		step->kind = CONV_STRING;
		return is_separator(at(p + 1, end)) ? p + 1 : NULL;
	case 'c':
		step->kind = CONV_CHAR;
		return p + 1;
	}
	for (; longs < 2 && at(p, end) == 'l'; longs++)
		p++;
	step->kind = CONV_NUMBER;
	step->flags |= longs ? FLAG_WIDE : 0;
	switch (at(p, end)) {
	case 'd':
	case 'i':
		step->flags |= FLAG_SIGNED;
		break;
	case 'u':
		break;
	case 'X':
		step->flags |= FLAG_HEX | FLAG_UPPER;
		break;
	case 'x':
		step->flags |= FLAG_HEX;
		break;
	default:
		return NULL;
	}
	return p + 1;
}

/* The text at *@at_, up to @end (NULL: there is none), and the conversion behind it, which *@at_ is
 * then behind. False: there is none, or none that Linux knows. */
static bool parse_step(const char **at_, const char *end, struct format_step *step)
{
	const char *p = *at_;

	*step = (struct format_step){.literal = p, .width = NO_WIDTH, .kind = CONV_INVALID};
	if (!end)
		return false;
	for (; p < end; p++) {
		if (*p == '%' && at(p + 1, end) != '%')
			break;
		if (*p == '%') {
			step->literal_percent = true;
			p++;
		} else if (!is_text(*p)) {
			return false;
		}
	}
	step->literal_len = min_of(p, end) - step->literal;
	if (p >= end) {
		step->kind = CONV_END;
		return false;
	}
	p = parse_conv(p + 1, end, step);
	if (!p) {
		step->kind = CONV_INVALID;
		return false;
	}
	*at_ = p;
	return true;
}

u32 parse_format(const char *fmt, u32 fmt_size, struct format_step steps[MAX_BPRINTF_VARARGS + 1])
{
	const char *end = memchr(fmt, 0, fmt_size);
	u32 nr = 0;

	while (parse_step(&fmt, end, &steps[nr])) {
		if (nr == MAX_BPRINTF_VARARGS) {
			steps[nr].kind = CONV_INVALID;
			break;
		}
		nr++;
	}
	return nr;
}

int bpf_bprintf_check(const char *fmt, u32 fmt_size, u32 nr_args)
{
	const char *end = memchr(fmt, 0, fmt_size);
	struct format_step step;
	u32 nr = 0;

	while (parse_step(&fmt, end, &step))
		if (nr++ == nr_args)
			return -EINVAL;
	return step.kind == CONV_END ? 0 : -EINVAL;
}

/* --- formats that are kept -------------------------------------------------------------------- */

/* More than this at once is seldom printed. */
#define MAX_ROOM 4096

static enum plain_kind plain_kind(const struct format_step *step)
{
	if (step->kind == CONV_END)
		return PLAIN_END;
	if (step->width >= 0)
		return PLAIN_NOT;
	if (step->kind != CONV_NUMBER || (step->flags & (FLAG_PLUS | FLAG_SPACE | FLAG_UPPER)))
		return PLAIN_NOT;
	if (step->flags & FLAG_HEX)
		return PLAIN_HEX;
	return step->flags & FLAG_SIGNED ? PLAIN_SIGNED : PLAIN_UNSIGNED;
}

static char *copy_literal(char *to, const struct format_step *step)
{
	for (u32 i = 0; i < step->literal_len; i++) {
		*to++ = step->literal[i];
		i += step->literal[i] == '%';
	}
	return to;
}

/* All strings together have BIN_ARGS_SIZE bytes. */
static u32 room_of(const struct bpf_format *format)
{
	u64 room = PRINT_SLACK + (format->strings ? BIN_ARGS_SIZE : 0);

	for (u32 i = 0; i <= format->nr_convs; i++)
		room += format->steps[i].literal_len + CONV_SIZE +
			(u64)max_of(format->steps[i].width, 0);
	return room <= MAX_ROOM ? room : 0;
}

struct bpf_format *bpf_format_new(const char *fmt, u32 fmt_size)
{
	struct format_step steps[MAX_BPRINTF_VARARGS + 1];
	u32 nr = parse_format(fmt, fmt_size, steps);
	size_t steps_size = (nr + 1) * sizeof(steps[0]), literals_size = PRINT_SLACK;
	struct bpf_format *format;
	char *to;

	for (u32 i = 0; i <= nr; i++)
		literals_size += steps[i].literal_len;
	format = calloc(1, sizeof(*format) + steps_size + literals_size);
	if (!format)
		return NULL;
	to = (char *)format->steps + steps_size;
	for (u32 i = 0; i <= nr; i++) {
		struct format_step *step = &format->steps[i];
		char *literal = to;

		*step = steps[i];
		to = copy_literal(to, step);
		step->literal = literal;
		step->literal_len = to - literal;
		step->literal_percent = false;
		step->plain = plain_kind(step);
		step->wide = step->flags & FLAG_WIDE;
		format->strings |= step_reads_memory(step);
	}
	format->plain = true;
	for (u32 i = 0; i <= nr; i++)
		format->plain &= format->steps[i].plain != PLAIN_NOT;
	format->nr_convs = nr;
	format->room = room_of(format);
	return format;
}
