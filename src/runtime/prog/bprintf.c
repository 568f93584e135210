/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The printf of BPF: what kernel/trace/bpf_trace.c and lib/vsprintf.c make of a format and an array
 * of u64s.
 *
 * Two passes. The first checks the whole format and fetches what pointers point to, so that an
 * error leaves the output alone; the second prints. The first leaves a list of conversions, each
 * with the text before it: a format that another thread changes meanwhile can print nonsense, and
 * no more.
 *
 * Fetched strings and addresses share BIN_ARGS_SIZE bytes with the numbers, as in Linux, where that
 * is how arguments travel: a long string is cut, one argument too many is -ENOSPC.
 *
 * Otherwise than in Linux: %ps, %pS and %pB print the address, as Linux prints one that it has no
 * symbol for; %pI4 and its kin count in the length also where the buffer is full already.
 */
#include "prog/bprintf.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/nofault.h"
#include "prog/ptr_hash.h"

#define BIN_ARGS_SIZE 512
/* The longest number is 20 digits, the longest address an IPv6 one. */
#define NUMBER_SIZE 24
#define ADDRESS_SIZE 40

enum conv_kind {
	CONV_END, /* of the format: text only */
	CONV_NUMBER,
	CONV_CHAR,
	CONV_STRING,
	CONV_SYMBOL,  /* an address by name, with the width */
	CONV_POINTER, /* hashed */
	CONV_ADDRESS, /* raw */
	/* Linux makes text of these before it prints, and forgets the width. */
	CONV_TEXT_STRING,
	CONV_TEXT_SYMBOL,
	CONV_TEXT_IP4,
	CONV_TEXT_IP6,
};

#define FLAG_LEFT 1u
#define FLAG_PLUS 2u
#define FLAG_SPACE 4u
#define FLAG_ZERO 8u
#define FLAG_SIGNED 16u
#define FLAG_HEX 32u
#define FLAG_UPPER 64u

struct conv {
	const char *literal; /* the text before */
	u32 literal_len;
	bool literal_percent; /* it has a %% in it */
	bool wide;	      /* 8 bytes, not 4 */
	bool padded_ip;	      /* %pi4 and %pi6 */
	u8 kind;
	u8 flags;
	s32 width; /* -1: none */
	u32 len;   /* of the string */
	union {
		u64 value;
		const char *string;
	};
};

struct bin_args {
	u32 used;
	char buf[BIN_ARGS_SIZE];
};

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

/* Flags and width. A width is cut at a number that no output reaches. */
static const char *parse_field(const char *p, const char *end, struct conv *conv)
{
	for (;; p++) {
		char c = at(p, end);

		if (c == '0')
			conv->flags |= FLAG_ZERO;
		else if (c == '-')
			conv->flags |= FLAG_LEFT;
		else if (c == '+')
			conv->flags |= FLAG_PLUS;
		else if (c == ' ')
			conv->flags |= FLAG_SPACE;
		else
			break;
	}
	if (is_digit(at(p, end))) {
		conv->width = 0;
		for (; is_digit(at(p, end)); p++)
			if (conv->width < INT_MAX / 10 - 9)
				conv->width = conv->width * 10 + (at(p, end) - '0');
	}
	return p;
}

/* @p is at what follows "%p". Letters and digits after a pointer are swallowed. */
static const char *parse_pointer(const char *p, const char *end, struct conv *conv)
{
	char c = at(p, end);
	char d = c ? at(p + 1, end) : 0;

	conv->wide = true;
	if ((c == 'k' || c == 'u') && d == 's') {
		conv->kind = CONV_TEXT_STRING;
		return is_separator(at(p + 2, end)) ? p + 2 : NULL;
	}
	if (c == 's' || c == 'S') {
		conv->kind = CONV_SYMBOL;
	} else if (c == 'x') {
		conv->kind = CONV_ADDRESS;
	} else if (c == 'B') {
		conv->kind = CONV_TEXT_SYMBOL;
	} else if ((c == 'i' || c == 'I') && (d == '4' || d == '6')) {
		conv->kind = d == '4' ? CONV_TEXT_IP4 : CONV_TEXT_IP6;
		conv->padded_ip = c == 'i';
	} else if (c == 'K' || is_separator(c)) {
		conv->kind = CONV_POINTER;
	} else {
		return NULL;
	}
	while (is_alnum(at(p, end)))
		p++;
	return p;
}

/* @p is behind the '%'. The end of the conversion; NULL: Linux knows no such one. */
static const char *parse_conv(const char *p, const char *end, struct conv *conv)
{
	int longs = 0;

	conv->flags = 0;
	conv->width = -1;
	p = parse_field(p, end, conv);
	switch (at(p, end)) {
	case 'p':
		return parse_pointer(p + 1, end, conv);
	case 's':
		conv->kind = CONV_STRING;
		return is_separator(at(p + 1, end)) ? p + 1 : NULL;
	case 'c':
		conv->kind = CONV_CHAR;
		return p + 1;
	}
	for (; longs < 2 && at(p, end) == 'l'; longs++)
		p++;
	conv->kind = CONV_NUMBER;
	conv->wide = longs > 0;
	switch (at(p, end)) {
	case 'd':
	case 'i':
		conv->flags |= FLAG_SIGNED;
		break;
	case 'u':
		break;
	case 'X':
		conv->flags |= FLAG_HEX | FLAG_UPPER;
		break;
	case 'x':
		conv->flags |= FLAG_HEX;
		break;
	default:
		return NULL;
	}
	return p + 1;
}

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

/* The digits of @v up to @end; where they begin. */
static char *put_digits(char *end, u64 v, u8 flags)
{
	if (flags & FLAG_HEX) {
		const char *digits = flags & FLAG_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";

		do {
			*--end = digits[v & 15];
			v >>= 4;
		} while (v);
		return end;
	}
	while (v >= 100) {
		end -= 2;
		memcpy(end, digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		end -= 2;
		memcpy(end, digit_pairs + v * 2, 2);
	} else {
		*--end = '0' + v;
	}
	return end;
}

static u32 format_symbol(char *buf, u64 address)
{
	char digits[NUMBER_SIZE];
	char *start = put_digits(digits + sizeof(digits), address, FLAG_HEX);
	u32 len = digits + sizeof(digits) - start;

	memcpy(buf, "0x", 2);
	memcpy(buf + 2, start, len);
	return len + 2;
}

static u32 format_ip4(char *buf, const u8 ip[4], bool padded)
{
	u32 len = 0;

	for (int i = 0; i < 4; i++) {
		if (i)
			buf[len++] = '.';
		if (padded || ip[i] >= 100)
			buf[len++] = '0' + ip[i] / 100;
		if (padded || ip[i] >= 10)
			buf[len++] = '0' + ip[i] / 10 % 10;
		buf[len++] = '0' + ip[i] % 10;
	}
	return len;
}

static u32 format_ip6(char *buf, const u8 ip[16], bool padded)
{
	u32 len = 0;

	for (int i = 0; i < 16; i++) {
		if (i && !(i % 2) && !padded)
			buf[len++] = ':';
		buf[len++] = "0123456789abcdef"[ip[i] >> 4];
		buf[len++] = "0123456789abcdef"[ip[i] & 15];
	}
	return len;
}

static int fetch_number(struct conv *conv, u64 arg, struct bin_args *bin)
{
	u32 size = conv->wide ? 8 : 4;
	u32 at = round_up(bin->used, 4);

	if (BIN_ARGS_SIZE - at < size)
		return -ENOSPC;
	bin->used = at + size;
	if (conv->wide)
		conv->value = arg;
	else
		conv->value = conv->flags & FLAG_SIGNED ? (u64)(s32)arg : (u32)arg;
	return 0;
}

static int fetch_string(struct conv *conv, u64 arg, struct bin_args *bin)
{
	char *str = bin->buf + bin->used;
	long len;

	if (bin->used == BIN_ARGS_SIZE)
		return -ENOSPC;
	len = strncpy_from_nofault(str, (const void *)(unsigned long)arg,
				   BIN_ARGS_SIZE - bin->used);
	if (len <= 0) {
		*str = 0;
		len = 1;
	}
	conv->string = str;
	conv->len = len - 1;
	bin->used += len;
	return 0;
}

/* Text that is made here and cut to the room there is. */
static int fetch_text(struct conv *conv, u64 arg, struct bin_args *bin)
{
	char *str = bin->buf + bin->used;
	u32 room = BIN_ARGS_SIZE - bin->used;
	char text[ADDRESS_SIZE];
	u8 ip[16];
	u32 size = conv->kind == CONV_TEXT_IP4 ? 4 : sizeof(ip);

	if (conv->kind == CONV_TEXT_SYMBOL) {
		conv->len = format_symbol(text, arg);
		size = 1;
	} else if (copy_from_nofault(ip, (const void *)(unsigned long)arg, size)) {
		memset(ip, 0, sizeof(ip));
	}
	if (room < size)
		return -ENOSPC;
	if (conv->kind == CONV_TEXT_IP4)
		conv->len = format_ip4(text, ip, conv->padded_ip);
	else if (conv->kind == CONV_TEXT_IP6)
		conv->len = format_ip6(text, ip, conv->padded_ip);
	conv->len = min_of(conv->len, room - 1);
	memcpy(str, text, conv->len);
	conv->string = str;
	bin->used += conv->len + 1;
	return 0;
}

static int fetch(struct conv *conv, u64 arg, struct bin_args *bin)
{
	switch (conv->kind) {
	case CONV_CHAR:
		if (bin->used == BIN_ARGS_SIZE)
			return -ENOSPC;
		bin->used++;
		conv->value = (u8)arg;
		return 0;
	case CONV_STRING:
	case CONV_TEXT_STRING:
		return fetch_string(conv, arg, bin);
	case CONV_TEXT_SYMBOL:
	case CONV_TEXT_IP4:
	case CONV_TEXT_IP6:
		return fetch_text(conv, arg, bin);
	default:
		return fetch_number(conv, arg, bin);
	}
}

/*
 * The first pass. @convs: NULL to check only, or room for MAX_BPRINTF_VARARGS + 1, the last of
 * those written being CONV_END.
 */
static int scan(const char *fmt, u32 fmt_size, const u64 *args, u32 nr_args, struct conv *convs,
		struct bin_args *bin)
{
	const char *end = memchr(fmt, 0, fmt_size);
	const char *literal = fmt;
	struct conv checked, *conv = convs ? convs : &checked;
	u32 nr = 0;
	int err;

	if (!end)
		return -EINVAL;
	conv->literal_percent = false;
	for (const char *p = fmt; p < end;) {
		if (*p != '%') {
			if (!is_text(*p))
				return -EINVAL;
			p++;
			continue;
		}
		if (at(p + 1, end) == '%') {
			conv->literal_percent = true;
			p += 2;
			continue;
		}
		if (nr == nr_args)
			return -EINVAL;
		conv->literal = literal;
		conv->literal_len = p - literal;
		p = parse_conv(p + 1, end, conv);
		if (!p)
			return -EINVAL;
		literal = p;
		if (convs) {
			u64 arg;

			/* A program may have its arguments anywhere. */
			memcpy(&arg, (const u8 *)args + nr * sizeof(arg), sizeof(arg));
			err = fetch(conv, arg, bin);
			if (err)
				return err;
			conv++;
		}
		conv->literal_percent = false;
		nr++;
	}
	conv->kind = CONV_END;
	conv->literal = literal;
	conv->literal_len = end - literal;
	return 0;
}

/* The output: what does not fit is counted only. */
struct text {
	char *buf;
	size_t size;
	size_t len;
};

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

static void put_literal(struct text *text, const struct conv *conv)
{
	const char *p = conv->literal, *end = p + conv->literal_len;

	if (!conv->literal_percent) {
		put(text, p, conv->literal_len);
		return;
	}
	for (; p < end; p++) {
		put(text, p, 1);
		if (*p == '%')
			p++;
	}
}

static void put_padded(struct text *text, const struct conv *conv, const char *str, size_t len)
{
	size_t fill = conv->width > (s64)len ? conv->width - len : 0;

	if (!(conv->flags & FLAG_LEFT))
		put_fill(text, ' ', fill);
	put(text, str, len);
	if (conv->flags & FLAG_LEFT)
		put_fill(text, ' ', fill);
}

static void put_number(struct text *text, const struct conv *conv, u64 value)
{
	char digits[NUMBER_SIZE], sign = 0;
	char *end = digits + sizeof(digits), *start;
	size_t len;

	if (conv->flags & FLAG_SIGNED) {
		if ((s64)value < 0) {
			sign = '-';
			value = -value;
		} else if (conv->flags & FLAG_PLUS) {
			sign = '+';
		} else if (conv->flags & FLAG_SPACE) {
			sign = ' ';
		}
	}
	start = put_digits(end, value, conv->flags);
	len = end - start + (sign != 0);
	if (conv->width > (s64)len && (conv->flags & FLAG_ZERO) && !(conv->flags & FLAG_LEFT)) {
		if (sign)
			put(text, &sign, 1);
		put_fill(text, '0', conv->width - len);
		put(text, start, end - start);
		return;
	}
	if (sign)
		*--start = sign;
	put_padded(text, conv, start, len);
}

/* Linux's shape of an address: all its digits, unless a width asks for something else. */
static void put_address(struct text *text, const struct conv *conv, u64 address)
{
	struct conv hex = {.width = conv->width, .flags = (conv->flags & ~FLAG_SIGNED) | FLAG_HEX};

	if (hex.width < 0) {
		hex.width = 2 * sizeof(void *);
		hex.flags |= FLAG_ZERO;
	}
	put_number(text, &hex, address);
}

static void put_conv(struct text *text, const struct conv *conv)
{
	char buf[ADDRESS_SIZE];

	switch (conv->kind) {
	case CONV_NUMBER:
		put_number(text, conv, conv->value);
		break;
	case CONV_CHAR:
		buf[0] = conv->value;
		put_padded(text, conv, buf, 1);
		break;
	case CONV_STRING:
		put_padded(text, conv, conv->string, conv->len);
		break;
	case CONV_SYMBOL:
		put_padded(text, conv, buf, format_symbol(buf, conv->value));
		break;
	case CONV_POINTER:
		put_address(text, conv, ptr_hash(conv->value));
		break;
	case CONV_ADDRESS:
		put_address(text, conv, conv->value);
		break;
	case CONV_TEXT_STRING:
	case CONV_TEXT_SYMBOL:
	case CONV_TEXT_IP4:
	case CONV_TEXT_IP6:
		put(text, conv->string, conv->len);
		break;
	}
}

int bpf_bprintf_check(const char *fmt, u32 fmt_size, u32 nr_args)
{
	return scan(fmt, fmt_size, NULL, nr_args, NULL, NULL);
}

long bpf_bprintf(char *buf, size_t size, const char *fmt, u32 fmt_size, const u64 *args,
		 u32 nr_args)
{
	struct conv convs[MAX_BPRINTF_VARARGS + 1], *conv;
	struct text text = {.buf = buf, .size = size};
	struct bin_args bin;
	int err;

	if (nr_args > MAX_BPRINTF_VARARGS)
		return -EINVAL;
	bin.used = 0;
	err = scan(fmt, fmt_size, args, nr_args, convs, &bin);
	if (err)
		return err;
	for (conv = convs;; conv++) {
		put_literal(&text, conv);
		if (conv->kind == CONV_END)
			break;
		put_conv(&text, conv);
	}
	if (size)
		buf[min_of(text.len, size - 1)] = 0;
	return text.len;
}
