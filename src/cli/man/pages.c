/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The manual, written when bpftrek is built: `pages DIRECTORY` writes bpftrek.1, and a page
 * bpftrek-GROUP-NAME.1 for every command, from the commands' tables. In man(7), with what groff
 * and mandoc both know.
 *
 * In running text, what is in `backquotes` and --options are bold; names of operands and values,
 * NAME, are italic. $SOURCE_DATE_EPOCH dates the pages where builds are to be the same every time.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <bpftrek/runtime.h>

#include "commands.h"

#define MAX_LINE 50 /* mandoc(1) finds lines of more than 80 bytes bad style */

struct page {
	FILE *file;
	const struct command *command;
};

/* Text that means itself to roff. */
static void put(const struct page *page, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '\\':
			fputs("\\e", page->file);
			break;
		case '-':
			fputs("\\-", page->file);
			break;
		case '`':
			fputs("\\(ga", page->file);
			break;
		case '\'':
			fputs("\\(aq", page->file);
			break;
		case '^':
			fputs("\\(ha", page->file);
			break;
		case '~':
			fputs("\\(ti", page->file);
			break;
		default:
			putc(text[i], page->file);
		}
	}
}

static void put_in(const struct page *page, char font, const char *text, size_t len)
{
	fprintf(page->file, "\\f%c", font);
	put(page, text, len);
	fputs("\\fR", page->file);
}

static bool is_name(char c)
{
	return isupper((unsigned char)c) || isdigit((unsigned char)c) || c == '_';
}

/* Whether the @len bytes at @name are all of a name in @list, as NAME of "NAME=FILE". */
static bool is_in(const char *list, const char *name, size_t len)
{
	size_t word;

	for (; list && *list; list += word) {
		word = strspn(list, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
		if (word == len && !strncmp(list, name, len))
			return true;
		word += !word;
	}
	return false;
}

static bool is_argument(const struct command *command, const char *name, size_t len)
{
	const struct operand *operand = command->operands;
	const struct command_option *option = command->options;

	for (; operand && operand->name; operand++)
		if (is_in(operand->name, name, len))
			return true;
	for (; option && option->name; option++)
		if (is_in(option->argument, name, len))
			return true;
	return false;
}

/* The end of the word, option or `span` at @text that has a font of its own; @font says which. */
static const char *font_of(const struct page *page, const char *text, const char *end, char *font)
{
	const char *close = *text == '`' ? memchr(text + 1, '`', end - text - 1) : NULL;
	const char *c = text;

	*font = 'B';
	if (close)
		return close + 1;
	if (end - text > 2 && !strncmp(text, "--", 2) && islower((unsigned char)text[2])) {
		for (c += 2; c < end && (islower((unsigned char)*c) || *c == '-');)
			c++;
		return c;
	}
	while (c < end && is_name(*c))
		c++;
	*font = is_argument(page->command, text, c - text) ? 'I' : 'R';
	return c;
}

/* A paragraph of running text, each word in its font. */
static void put_paragraph(const struct page *page, const char *text, size_t len)
{
	const char *end = text + len, *line = text, *next;
	bool begins = true;
	char font;

	while (text < end) {
		if (*text == ' ' && text - line > MAX_LINE) {
			putc('\n', page->file);
			line = ++text;
			continue;
		}
		/* A line that begins so would be a request. */
		if (text == line && *text == '.')
			fputs("\\&", page->file);
		next = begins ? font_of(page, text, end, &font) : text;
		if (next == text)
			put(page, text, ++next - text);
		else if (*text == '`')
			put_in(page, font, text + 1, next - text - 2);
		else if (font == 'R')
			put(page, text, next - text);
		else
			put_in(page, font, text, next - text);
		text = next;
		begins = !isalnum((unsigned char)text[-1]) && text[-1] != '_';
	}
	putc('\n', page->file);
}

static void put_literal(const struct page *page, const char *text, size_t len)
{
	fputs(".EX\n", page->file);
	put(page, text, len);
	fputs("\n.EE\n", page->file);
}

/* Paragraphs, and lines that stay as they are. */
static void put_text(const struct page *page, const char *text)
{
	bool first = true;
	size_t len, indent;

	for (; *text; text += len + (text[len] == '\n'), first = false) {
		len = strcspn(text, "\n");
		indent = strspn(text, " ");
		if (indent) {
			fprintf(page->file, ".RS %zu\n", indent);
			put_literal(page, text + indent, len - indent);
			fputs(".RE\n", page->file);
			continue;
		}
		if (!first)
			fputs(".PP\n", page->file);
		put_paragraph(page, text, len);
	}
}

/* The same under a heading (.TP), which indents one paragraph. */
static void put_text_below(const struct page *page, const char *text)
{
	size_t len = strcspn(text, "\n");

	put_paragraph(page, text, len);
	text += len + (text[len] == '\n');
	if (!*text)
		return;
	fputs(".RS\n", page->file);
	if (*text != ' ')
		fputs(".PP\n", page->file);
	put_text(page, text);
	fputs(".RE\n", page->file);
}

static void put_section(const struct page *page, const char *title)
{
	fprintf(page->file, ".SH %s\n", title);
}

static const char *page_name(const struct command *command)
{
	static char name[64];

	command_path(command, '-', name, sizeof(name));
	return name;
}

static void put_head(const struct page *page)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch ? strtoll(epoch, NULL, 10) : time(NULL);
	const char *name = page_name(page->command);
	char date[16];

	strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&now));
	fprintf(page->file,
		".\\\" Written when bpftrek is built, from the commands' tables.\n.TH ");
	for (const char *c = name; *c; c++)
		putc(toupper((unsigned char)*c), page->file);
	fprintf(page->file, " 1 %s \"bpftrek %s\" \"bpftrek\"\n", date, trek_version());
	put_section(page, "NAME");
	put(page, name, strlen(name));
	fprintf(page->file, " \\- ");
	put_paragraph(page, page->command->summary, strlen(page->command->summary));
}

/* A piece of the synopsis, or a heading: options and words are bold, names italic. */
static void put_piece(const struct page *page, const char *piece)
{
	size_t len;

	for (; *piece; piece += len) {
		for (len = 0; isalnum((unsigned char)piece[len]) ||
			      (piece[len] && strchr("_-", piece[len]));)
			len++;
		if (len && is_name(*piece))
			put_in(page, 'I', piece, len);
		else if (len)
			put_in(page, 'B', piece, len);
		else if (*piece == ' ')
			fputs("\\ ", page->file); /* where no line is broken */
		else
			put(page, piece, 1);
		len += !len;
	}
}

static void put_synopsis(const struct page *page)
{
	char path[64], piece[96];

	put_section(page, "SYNOPSIS");
	command_path(page->command, ' ', path, sizeof(path));
	/* Lines end between pieces alone, and are not stretched. */
	fprintf(page->file, ".nh\n.ad l\n.HP\n");
	put_in(page, 'B', path, strlen(path));
	if (page->command == &bpftrek_command) {
		putc('\n', page->file);
		put_piece(page, "[OPTIONS]");
	}
	for (size_t i = 0; synopsis_piece(page->command, i, piece, sizeof(piece)); i++) {
		/* Neither the line of "..." is a request, nor is its end that of a sentence. */
		fputs("\n\\&", page->file);
		put_piece(page, piece);
		fputs("\\&", page->file);
	}
	fprintf(page->file, "\n.ad\n.hy\n");
}

static void put_heading(const struct page *page, const char *heading)
{
	fprintf(page->file, ".TP\n");
	put_piece(page, heading);
	putc('\n', page->file);
}

static void put_subcommands(const struct page *page)
{
	const struct command *const *c = page->command->subcommands;
	const char *name;

	if (!c)
		return;
	put_section(page, "COMMANDS");
	for (; *c; c++) {
		name = page_name(*c);
		fprintf(page->file, ".TP\n.BR ");
		put(page, name, strlen(name));
		fprintf(page->file, " (1)\n");
		put_paragraph(page, (*c)->summary, strlen((*c)->summary));
	}
}

/* The words that a value is of, each with what it is. */
static void put_words(const struct page *page, const struct value_type *type)
{
	const char *word;

	if (!type->nth_help)
		return;
	fputs(".RS\n", page->file);
	for (size_t i = 0; (word = value_word(type, i)); i++) {
		put_heading(page, word);
		put_text_below(page, type->nth_help(i));
	}
	fputs(".RE\n", page->file);
}

static void put_option(const struct page *page, const struct command_option *option)
{
	char heading[96];

	option_heading(option, heading, sizeof(heading));
	put_heading(page, heading + strspn(heading, " "));
	put_text_below(page, option->help);
	put_words(page, &option->value);
}

/* A command's own options, and those of every command that mean something for it. */
static void put_options(const struct page *page)
{
	const struct operand *operand = page->command->operands;
	const struct command_option *option = page->command->options;

	put_section(page, "OPTIONS");
	for (; operand && operand->name; operand++) {
		if (!operand->help)
			continue;
		put_heading(page, operand->name);
		put_text_below(page, operand->help);
	}
	for (; option && option->name; option++)
		put_option(page, option);
	if (page->command == &bpftrek_command)
		return;
	for (option = bpftrek_command.options; option->name; option++)
		if (!option_is_useless(page->command, option))
			put_option(page, option);
}

static void put_more_sections(const struct page *page)
{
	for (const struct section *s = page->command->sections; s && s->title; s++) {
		put_section(page, s->title);
		put_text(page, s->text);
	}
}

static void put_exit_status(const struct page *page)
{
	put_section(page, "EXIT STATUS");
	put_text(page, page->command->exit_status
			       ?: "0 if all went well, 1 if not, 2 if the command "
				  "line is wrong.");
}

static void put_terms(const struct page *page, const struct term *term)
{
	for (; term && term->name; term++) {
		fprintf(page->file, ".TP\n");
		put_in(page, 'B', term->name, strlen(term->name));
		putc('\n', page->file);
		put_text_below(page, term->text);
	}
}

static void put_environment(const struct page *page)
{
	const struct command *command = page->command;
	bool engine = !command->without_engine && command != &bpftrek_command;

	if (!command->environment && !engine)
		return;
	put_section(page, "ENVIRONMENT");
	put_terms(page, command->environment);
	if (engine)
		put_terms(page, bpftrek_command.environment);
}

static void put_files(const struct page *page)
{
	if (!page->command->files)
		return;
	put_section(page, "FILES");
	put_terms(page, page->command->files);
}

static void put_examples(const struct page *page)
{
	char help[128];

	put_section(page, "EXAMPLES");
	for (const struct example *e = page->command->examples; e->line; e++) {
		snprintf(help, sizeof(help), "%s:", e->help);
		*help = toupper((unsigned char)*help);
		if (e != page->command->examples)
			fputs(".PP\n", page->file);
		put_paragraph(page, help, strlen(help));
		fputs(".PP\n.RS 4\n", page->file);
		put_literal(page, e->line, strlen(e->line));
		fputs(".RE\n", page->file);
	}
}

/* The group, its other commands, and what else the table says. */
static void put_see_also(const struct page *page)
{
	const struct command *command = page->command, *group = command_group(command);
	const char *between = "", *name;

	if (!group && !command->see_also)
		return;
	put_section(page, "SEE ALSO");
	for (; group; group = command_group(group)) {
		name = page_name(group);
		fprintf(page->file, "%s.BR ", between);
		put(page, name, strlen(name));
		fprintf(page->file, " (1)");
		between = ",\n";
	}
	for (const char *s = command->see_also; s && *s;) {
		size_t len = strcspn(s, "(,"), section = strcspn(s + len, ",");

		fprintf(page->file, "%s.BR ", between);
		put(page, s, len);
		fprintf(page->file, " %.*s", (int)section, s + len);
		s += len + section;
		s += strspn(s, ", ");
		between = ",\n";
	}
	putc('\n', page->file);
}

static int write_page(const char *directory, const struct command *command)
{
	struct page page = {.command = command};
	char *path;

	if (asprintf(&path, "%s/%s.1", directory, page_name(command)) < 0)
		return -ENOMEM;
	page.file = fopen(path, "w");
	free(path);
	if (!page.file)
		return -errno;
	put_head(&page);
	put_synopsis(&page);
	put_section(&page, "DESCRIPTION");
	put_text(&page, command->text);
	put_subcommands(&page);
	put_options(&page);
	put_more_sections(&page);
	put_exit_status(&page);
	put_environment(&page);
	put_files(&page);
	put_examples(&page);
	put_see_also(&page);
	return ferror(page.file) | fclose(page.file) ? -EIO : 0;
}

static int write_pages(const char *directory, const struct command *command)
{
	int err = write_page(directory, command);

	for (const struct command *const *c = command->subcommands; c && *c && !err; c++)
		err = write_pages(directory, *c);
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: pages DIRECTORY\n");
		return 2;
	}
	err = mkdir(argv[1], 0777) && errno != EEXIST ? -errno : 0;
	if (!err)
		err = write_pages(argv[1], &bpftrek_command);
	if (err)
		fprintf(stderr, "pages: %s: %s\n", argv[1], strerror(-err));
	return err ? 1 : 0;
}
