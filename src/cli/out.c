/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Output in the making: see out.h. */
#include <stdarg.h>
#include <stdlib.h>

#include "out.h"

enum { FLUSH_AT = 64 << 10 };

bool out_grow(struct out *out, size_t more)
{
	size_t room;
	char *bytes;

	if (out->failed)
		return false;
	if (out->stream && out->len) {
		out_flush(out);
		if (more <= out->room)
			return true;
	}
	room = out->len + more;
	room = room < 2 * out->room ? 2 * out->room : room;
	if (room < 256 || out->stream)
		room = out->stream && room < FLUSH_AT ? FLUSH_AT : room + 256;
	bytes = realloc(out->bytes, room);
	if (!bytes) {
		out->failed = true;
		return false;
	}
	out->bytes = bytes;
	out->room = room;
	return true;
}

void out_flush(struct out *out)
{
	if (out->len)
		fwrite(out->bytes, 1, out->len, out->stream);
	out->len = 0;
}

void out_free(struct out *out)
{
	free(out->bytes);
	memset(out, 0, sizeof(*out));
}

const char *out_string(struct out *out)
{
	if (!out_need(out, 1))
		return "";
	out->bytes[out->len] = '\0';
	return out->bytes;
}

void out_fill(struct out *out, char c, size_t count)
{
	if (!out_need(out, count))
		return;
	memset(out->bytes + out->len, c, count);
	out->len += count;
}

void out_number(struct out *out, __u64 number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = '0' + number % 10;
		number /= 10;
	} while (number);
	out_put(out, digits + at, sizeof(digits) - at);
}

void out_hex(struct out *out, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < len; i++) {
		out_char(out, digits[byte[i] >> 4]);
		out_char(out, digits[byte[i] & 15]);
	}
}

void out_format(struct out *out, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !out_need(out, len + 1))
		return;
	va_start(args, format);
	vsnprintf(out->bytes + out->len, len + 1, format, args);
	va_end(args);
	out->len += len;
}

size_t utf8_next(const char *bytes, __u32 *code)
{
	/* The least character of a length: fewer would have done for one below it. */
	static const __u32 least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *byte = (const unsigned char *)bytes;
	size_t len = 1;

	*code = *byte;
	if (*byte < 0x80)
		return 1;
	if (*byte >= 0xc2 && *byte < 0xe0)
		len = 2, *code &= 0x1f;
	else if (*byte >= 0xe0 && *byte < 0xf0)
		len = 3, *code &= 0x0f;
	else if (*byte >= 0xf0 && *byte < 0xf5)
		len = 4, *code &= 0x07;
	for (size_t i = 1; i < len; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			len = 1;
		else
			*code = *code << 6 | (byte[i] & 0x3f);
	}
	if (len > 1 && *code >= least[len] && *code <= 0x10ffff && (*code & ~0x7ffu) != 0xd800)
		return len;
	*code = NO_CHARACTER;
	return 1;
}

bool is_unprintable(__u32 code)
{
	/* Controls; marks of direction and of no width; separators; what annotates. */
	static const struct {
		__u32 first, last;
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

/* How many bytes of @name are neither special to JSON nor beyond ASCII. */
static size_t plain(const char *name)
{
	const char *c = name;

	while ((unsigned char)*c >= ' ' && (unsigned char)*c < 0x7f && *c != '"' && *c != '\\')
		c++;
	return c - name;
}

void out_name(struct out *out, const char *name)
{
	size_t len;
	__u32 code;

	for (; *name; name += len) {
		len = plain(name);
		if (len) {
			out_put(out, name, len);
			continue;
		}
		len = utf8_next(name, &code);
		if (!is_unprintable(code))
			out_put(out, name, len);
		else if (code == '\n' || code == '\t')
			out_puts(out, code == '\n' ? "\\n" : "\\t");
		else if (code == NO_CHARACTER || code < 0x80)
			out_format(out, "\\x%02x", (unsigned char)*name);
		else
			out_format(out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
	}
}

void out_json_name(struct out *out, const char *name)
{
	size_t len;
	__u32 code;

	for (; *name; name += len) {
		len = plain(name);
		if (len) {
			out_put(out, name, len);
			continue;
		}
		len = utf8_next(name, &code);
		if (code == NO_CHARACTER)
			out_puts(out, "\\ufffd");
		else if (code == '"' || code == '\\')
			out_char(out, '\\'), out_char(out, code);
		else if (code == '\n' || code == '\t')
			out_puts(out, code == '\n' ? "\\n" : "\\t");
		else if (!is_unprintable(code))
			out_put(out, name, len);
		else if (code > 0xffff)
			out_format(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
				   0xdc00 + (code & 0x3ff));
		else
			out_format(out, "\\u%04x", code);
	}
}

size_t out_width(const char *bytes, size_t len)
{
	size_t width = 0;

	/* Continuation bytes have no width of their own. */
	for (size_t i = 0; i < len; i++)
		width += (bytes[i] & 0xc0) != 0x80;
	return width;
}
