/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What was fetched as text, as lib/vsprintf.c makes it: widths, signs, zeroes, and no byte behind
 * the end of the output.
 */
#include <string.h>

#include "prog/bprintf_steps.h"
#include "prog/digits.h"
#include "prog/ptr_hash.h"

/*
 * Nearly all that is printed is a few bytes, for which a call of memcpy takes longer than the copy:
 * two moves that overlap.
 */
static inline void copy_short(char *dst, const char *src, size_t len)
{
	if (len >= 8) {
		memcpy(dst, src, 8);
		memcpy(dst + len - 8, src + len - 8, 8);
	} else if (len >= 4) {
		memcpy(dst, src, 4);
		memcpy(dst + len - 4, src + len - 4, 4);
	} else if (len) {
		dst[0] = src[0];
		dst[len / 2] = src[len / 2];
		dst[len - 1] = src[len - 1];
	}
}

static void put(struct text *text, const char *str, size_t len)
{
	if (len <= 16 && text->len + len <= text->size)
		copy_short(text->buf + text->len, str, len);
	else if (text->len < text->size)
		memcpy(text->buf + text->len, str, min_of(len, text->size - text->len));
	text->len += len;
}

static void put_fill(struct text *text, char c, size_t len)
{
	if (text->len < text->size)
		memset(text->buf + text->len, c, min_of(len, text->size - text->len));
	text->len += len;
}

void put_literal(struct text *text, const struct format_step *step)
{
	const char *p = step->literal, *end = p + step->literal_len;

	if (!step->literal_percent) {
		put(text, p, step->literal_len);
		return;
	}
	for (; p < end; p++) {
		put(text, p, 1);
		if (*p == '%')
			p++;
	}
}

static void put_padded(struct text *text, const struct format_step *step, const char *str,
		       size_t len)
{
	size_t fill = step->width > (s64)len ? step->width - len : 0;

	if (!(step->flags & FLAG_LEFT))
		put_fill(text, ' ', fill);
	put(text, str, len);
	if (step->flags & FLAG_LEFT)
		put_fill(text, ' ', fill);
}

static void put_number(struct text *text, const struct format_step *step, u64 value)
{
	char buf[CONV_SIZE], *digits = buf + 1, sign = take_sign(step, &value);
	size_t len;

	if (step->flags & FLAG_HEX)
		len = put_hex(digits, value, step->flags & FLAG_UPPER) - digits;
	else
		len = put_decimal(digits, value) - digits;
	if (step->width > (s64)(len + !!sign) && pads_with_zeroes(step)) {
		if (sign)
			put(text, &sign, 1);
		put_fill(text, '0', step->width - len - !!sign);
		put(text, digits, len);
		return;
	}
	buf[0] = sign;
	put_padded(text, step, digits - !!sign, len + !!sign);
}

void put_conv(struct text *text, const struct format_step *step, const struct fetched *fetched)
{
	char buf[CONV_SIZE];

	switch (step->kind) {
	case CONV_NUMBER:
		put_number(text, step, fetched->value);
		break;
	case CONV_CHAR:
		buf[0] = fetched->value;
		put_padded(text, step, buf, 1);
		break;
	case CONV_STRING:
		put_padded(text, step, fetched->string, fetched->len);
		break;
	case CONV_SYMBOL:
		put_padded(text, step, buf, format_symbol(buf, fetched->value));
		break;
	case CONV_POINTER:
		put_number(text, step, ptr_hash(fetched->value));
		break;
	case CONV_TEXT_STRING:
	case CONV_TEXT_SYMBOL:
	case CONV_TEXT_IP4:
	case CONV_TEXT_IP6:
		put(text, fetched->string, fetched->len);
		break;
	}
}
