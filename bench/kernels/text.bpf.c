// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Text: a word that is looked for, lines that are parsed, bytes that become letters. */
#include "kernel.h"

#define SIZE 1024
#define WORD 8

char text_bytes[SIZE], text_lines[SIZE], text_letters[SIZE * 2], text_word[WORD] = "abacabad";
u32 text_len, text_lines_len;
const char text_common[] = "aaabacad", text_digits[] = "0123456789abcdef";

FILL
{
	u64 random = 3;

	for (u32 i = 0; i < SIZE; i++)
		text_bytes[i] = text_common[NEXT(random) >> 61];
	/* name=12345 */
	for (u32 i = 0; i < SIZE; i++) {
		u32 at = i & 15;

		text_lines[i] = at == 15  ? '\n'
				: at == 6 ? '='
				: at < 6  ? 'a' + (NEXT(random) >> 60)
					  : '0' + (NEXT(random) >> 61);
	}
	text_len = text_lines_len = SIZE;
	return 0;
}

/* How often the word is in the text. */
KERNEL(string_search)
{
	u32 len = text_len, found = 0;

	for (u32 i = 0; i + WORD <= SIZE && i + WORD <= len; i++) {
		u32 same = 0;

		while (same < WORD && text_bytes[i + same] == text_word[same])
			same++;
		found = found * 3 + same;
	}
	return found;
}

/* Lines of name=number: a hash of each name, times its number. */
KERNEL(parser)
{
	enum { NAME, NUMBER } state = NAME;
	u32 len = text_lines_len, hash = 0, number = 0, result = 0;

	for (u32 i = 0; i < SIZE && i < len; i++) {
		u8 c = text_lines[i];

		if (c == '\n') {
			result += hash * number;
			hash = number = 0;
			state = NAME;
		} else if (state == NUMBER) {
			if (c < '0' || c > '9')
				return 0;
			number = number * 10 + (c - '0');
		} else if (c == '=') {
			state = NUMBER;
		} else {
			hash = hash * 33 + c;
		}
	}
	return result;
}

/* Letters and digits of HTTP: a hash without regard to upper and lower case. */
KERNEL(fold_case)
{
	u32 len = text_lines_len, hash = 0;

	for (u32 i = 0; i < SIZE && i < len; i++) {
		u8 c = text_lines[i];

		if (c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		hash = hash * 31 + c;
	}
	return hash;
}

KERNEL(hex_dump)
{
	u32 len = text_len, hash = 0;

	for (u32 i = 0; i < SIZE && i < len; i++) {
		u8 c = text_lines[i];

		text_letters[2 * i] = text_digits[c >> 4];
		text_letters[2 * i + 1] = text_digits[c & 15];
	}
	for (u32 i = 0; i < SIZE * 2; i += 64)
		hash = hash * 31 + (u8)text_letters[i];
	return hash;
}
