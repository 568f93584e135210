/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Escaping of what comes from outside. UTF-8 as RFC 3629 has it: no surrogates, nothing longer than
 * need be, no C1 control characters, and neither what turns the direction of text nor what is not
 * seen (U+200B to U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

/* How many bytes the printable character at @s has; 0: it is none. */
static size_t printable(const unsigned char *s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n;
	uint32_t c;

	if (*s < 0x80)
		return *s >= ' ' && *s != 0x7f;
	if (*s >= 0xc2 && *s < 0xe0)
		n = 2, c = *s & 0x1f;
	else if (*s >= 0xe0 && *s < 0xf0)
		n = 3, c = *s & 0x0f;
	else if (*s >= 0xf0 && *s < 0xf5)
		n = 4, c = *s & 0x07;
	else
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c < 0xa0 ||
	    (c >= 0x200b && c < 0x2010) || (c >= 0x2028 && c < 0x202f) ||
	    (c >= 0x2066 && c < 0x206a) || c == 0xfeff)
		return 0;
	return n;
}

char *escaped(const char *text)
{
	const unsigned char *s = (const unsigned char *)(text ? text : "");
	char *word = malloc(4 * strlen((const char *)s) + 1), *to = word;
	size_t n;

	while (word && *s) {
		n = printable(s);
		if (*s == '\\') {
			*to++ = '\\';
			*to++ = '\\';
			s++;
		} else if (n) {
			to = mempcpy(to, s, n);
			s += n;
		} else {
			to += sprintf(to, "\\x%02x", *s++);
		}
	}
	if (word)
		*to = '\0';
	return word;
}

static bool is_plain(const char *text)
{
	return *text && *text != '-' && *text != '~' &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "_-./:@%+,=")];
}

static bool is_printable(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = 1;

	for (; *s && n; s += n)
		n = printable(s);
	return n;
}

char *shell_word(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	const bool plain = is_plain(text), simple = is_printable(text);
	char *word = malloc(4 * strlen(text) + sizeof("$''")), *to = word;
	size_t n;

	if (!word)
		return NULL;
	if (plain)
		return strcpy(word, text);
	to = stpcpy(to, simple ? "'" : "$'");
	while (*s) {
		n = printable(s);
		if (*s == '\'')
			to = stpcpy(to, simple ? "'\\''" : "\\'"), s++;
		else if (*s == '\\' && !simple)
			to = stpcpy(to, "\\\\"), s++;
		else if (n)
			to = mempcpy(to, s, n), s += n;
		else
			to += sprintf(to, "\\%03o", *s++);
	}
	strcpy(to, "'");
	return word;
}

char *file_uri(const char *path)
{
	static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-._~/!$&'()*+,;=:@";
	char *uri = malloc(sizeof("file://") + 3 * strlen(path)), *to = uri;

	if (!uri)
		return NULL;
	to = stpcpy(to, "file://");
	for (const unsigned char *s = (const unsigned char *)path; *s; s++) {
		if (strchr(kept, *s))
			*to++ = *s;
		else
			to += sprintf(to, "%%%02X", *s);
	}
	*to = '\0';
	return uri;
}
