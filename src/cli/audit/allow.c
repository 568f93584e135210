/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Reading and writing the list of known programs. A line that is neither a tag nor a comment is an
 * error: who writes a list means what is in it, and a list that is half understood would blame what
 * is known.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/allow.h"
#include "audit/words.h"
#include "cli.h"

/* What a line may have; a name is at most a few hundred bytes. */
enum { LINE_LENGTH = 4096 };

void tag_text(const uint8_t *tag, char *text)
{
	for (int i = 0; i < 8; i++)
		sprintf(text + 2 * i, "%02x", tag[i]);
}

static uint64_t tag_number(const uint8_t *tag)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | tag[i];
	return number;
}

static int by_number(const void *x, const void *y)
{
	const uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

static int add(struct allow_list *list, uint64_t tag)
{
	const size_t room = list->room ? 2 * list->room : 64;
	uint64_t *more;

	if (list->nr == list->room) {
		more = reallocarray(list->tags, room, sizeof(*more));
		if (!more)
			return fail("out of memory; free some and run it again");
		list->tags = more;
		list->room = room;
	}
	list->tags[list->nr++] = tag;
	return 0;
}

/* A line without its end, @len bytes of which none is zero if it is a good one. */
static int read_line(struct allow_list *list, const char *path, size_t number, char *line,
		     size_t len)
{
	char *end = line;
	uint64_t tag = 0;

	if (strlen(line) == len) {
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t\r");
		if (!*line)
			return 0;
		for (end = line; isxdigit((unsigned char)*end); end++)
			tag = tag << 4 | (isdigit((unsigned char)*end) ? *end - '0'
								       : (*end | 0x20) - 'a' + 10);
		if (end - line == 16 && (!*end || strchr(" \t\r", *end)))
			return add(list, tag);
	}
	return fail(
		"--allow %s: line %zu: '%.40s' is no tag; it begins with 16 hexadecimal digits, "
		"as --print-allow writes it, or with #",
		path, number, line);
}

int allow_list_read(struct allow_list *list, const char *path)
{
	char *line = malloc(LINE_LENGTH);
	FILE *file = fopen(path, "re");
	size_t number = 0, len;
	int status = 0, c;

	if (!line)
		status = fail("out of memory; free some and run it again");
	else if (!file)
		status =
			fail("--allow %s: %s; name a file that can be read", path, strerror(errno));
	for (c = 0; !status && c != EOF;) {
		for (len = 0; len < LINE_LENGTH - 1 && (c = getc(file)) != EOF && c != '\n';)
			line[len++] = c;
		line[len] = '\0';
		number++;
		if (ferror(file))
			status = fail("--allow %s: %s; name a file that can be read", path,
				      strerror(errno));
		else if (len == LINE_LENGTH - 1)
			status = fail("--allow %s: line %zu is longer than %d bytes; it begins "
				      "with 16 hexadecimal digits, as --print-allow writes it",
				      path, number, LINE_LENGTH - 2);
		else
			status = read_line(list, path, number, line, len);
	}
	if (file)
		fclose(file);
	free(line);
	if (list->nr)
		qsort(list->tags, list->nr, sizeof(*list->tags), by_number);
	return status;
}

void allow_list_free(struct allow_list *list)
{
	free(list->tags);
}

bool allow_list_has(const struct allow_list *list, const uint8_t *tag)
{
	const uint64_t number = tag_number(tag);

	return list->nr && bsearch(&number, list->tags, list->nr, sizeof(number), by_number);
}

static int by_tag(const void *x, const void *y)
{
	const struct program *a = *(const struct program *const *)x;
	const struct program *b = *(const struct program *const *)y;
	int order = strcmp(a->name ? a->name : "", b->name ? b->name : "");

	return order ? order : memcmp(a->tag, b->tag, sizeof(a->tag));
}

int allow_list_print(const struct objects *objects)
{
	const struct program **sorted = calloc(objects->nr_programs + 1, sizeof(*sorted));
	const struct program *p, *last = NULL;
	char tag[TAG_TEXT], *name;

	if (!sorted)
		return fail("out of memory; free some and run it again");
	for (size_t i = 0; i < objects->nr_programs; i++)
		sorted[i] = &objects->programs[i];
	qsort(sorted, objects->nr_programs, sizeof(*sorted), by_tag);
	for (size_t i = 0; i < objects->nr_programs; i++) {
		p = sorted[i];
		if (last && !by_tag(&last, &p))
			continue;
		last = p;
		tag_text(p->tag, tag);
		name = escaped(p->name);
		printf("%s %s\n", tag, name ? name : "");
		free(name);
	}
	free(sorted);
	return finish_output();
}
