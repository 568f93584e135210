/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * "did you mean": the name that is most like a word, by the edits between them; whether letters are
 * large or small is all one.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "commands.h"

#define MAX_NAME 32 /* longer ones are like nothing */

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters to put in, to take out, to replace, and neighbours to swap (Damerau, Levenshtein). */
static size_t edits(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b), cost;
	size_t rows[MAX_NAME + 1][MAX_NAME + 1];

	if (a_len > MAX_NAME || b_len > MAX_NAME)
		return SIZE_MAX;
	for (size_t i = 0; i <= a_len; i++)
		rows[i][0] = i;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			cost = !same(a[i - 1], b[j - 1]);
			rows[i][j] = min3(rows[i - 1][j] + 1, rows[i][j - 1] + 1,
					  rows[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]) && rows[i - 2][j - 2] + 1 < rows[i][j])
				rows[i][j] = rows[i - 2][j - 2] + 1;
		}
	}
	return rows[a_len][b_len];
}

void nearest_consider(struct nearest *nearest, const char *name)
{
	size_t len = strlen(nearest->word), wrong = edits(nearest->word, name);
	/* Of short words little may be wrong. A beginning is better than one wrong letter. */
	size_t most = len < 3 ? 1 : len < 6 ? 2 : 3;
	size_t distance = wrong > most ? SIZE_MAX : 2 * wrong;

	if (len && wrong && !strncasecmp(name, nearest->word, len))
		distance = 1;
	if (distance < 2 * strlen(name) && distance != SIZE_MAX &&
	    (!nearest->best || distance < nearest->distance)) {
		nearest->best = name;
		nearest->distance = distance;
	}
}
