/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* --help, from a command's table: 80 columns, wrapped here. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define COLUMNS 79     /* a terminal of 80 wraps no line itself */
#define MAX_HEADING 22 /* what is wider has its text below */

static void indent(int columns)
{
	printf("%*s", columns, "");
}

/* One paragraph, from column @column on, its other lines from @left on. Ends the line. */
static void print_paragraph(const char *text, size_t len, int left, int column)
{
	size_t word;
	int start = column;

	if (len && *text == ' ') {
		printf("%.*s\n", (int)len, text);
		return;
	}
	while (len) {
		word = strcspn(text, " \n");
		word = word < len ? word : len;
		if (column > start && column + 1 + (int)word > COLUMNS) {
			putchar('\n');
			indent(left);
			column = start = left;
		} else if (column > start) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)word, text);
		column += word;
		text += word;
		len -= word;
		while (len && *text == ' ')
			text++, len--;
	}
	putchar('\n');
}

/* Paragraphs; @spaced: with an empty line between them, but for lines that stay as they are. */
static void print_text(const char *text, int left, bool spaced)
{
	bool first = true, literal = false;
	size_t len;

	for (; *text; text += len + (text[len] == '\n'), first = false) {
		len = strcspn(text, "\n");
		if (!first && spaced && !(literal && *text == ' '))
			putchar('\n');
		if (!first)
			indent(left);
		literal = *text == ' ';
		print_paragraph(text, len, left, left);
	}
}

void option_heading(const struct command_option *option, char *text, size_t size)
{
	char letter[8] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(text, size, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
		 option->argument ? option->argument : "");
}

static int wider(int width, const char *heading)
{
	int len = strlen(heading);

	return len > width && len <= MAX_HEADING ? len : width;
}

static void print_entry(const char *heading, int width, const char *help)
{
	printf("  %s", heading);
	if ((int)strlen(heading) > width) {
		putchar('\n');
		indent(width + 4);
	} else {
		indent(width + 2 - strlen(heading));
	}
	print_text(help, width + 4, false);
}

bool synopsis_piece(const struct command *command, size_t nth, char *piece, size_t size)
{
	const struct operand *operand = command->operands;
	const struct command_option *option = command->options;

	if (command->subcommands) {
		snprintf(piece, size, "%s", nth ? "..." : "COMMAND");
		return nth < 2;
	}
	if (command->words_end_options && !nth--) {
		snprintf(piece, size, "--");
		return true;
	}
	for (; operand && operand->name; operand++) {
		if (nth--)
			continue;
		snprintf(piece, size, "%s%s%s%s", operand->optional ? "[" : "", operand->name,
			 operand->optional ? "]" : "", operand->many ? "..." : "");
		return true;
	}
	for (; option && option->name; option++) {
		if (nth--)
			continue;
		snprintf(piece, size, "[--%s%s%s]%s", option->name, option->argument ? " " : "",
			 option->argument ? option->argument : "", option->many ? "..." : "");
		return true;
	}
	return false;
}

static void print_usage(const struct command *command)
{
	char path[64], piece[96];
	int left, column;

	command_path(command, ' ', path, sizeof(path));
	column = left = printf("Usage: %s", path);
	if (command == &bpftrek_command)
		column += printf(" [OPTIONS]");
	for (size_t i = 0; synopsis_piece(command, i, piece, sizeof(piece)); i++) {
		if (column + 1 + (int)strlen(piece) > COLUMNS) {
			putchar('\n');
			indent(left);
			column = left;
		}
		column += printf(" %s", piece);
	}
	printf("\n\n");
}

static void print_subcommands(const struct command *command)
{
	const struct command *const *c;
	int width = 0;

	if (!command->subcommands)
		return;
	for (c = command->subcommands; *c; c++)
		width = wider(width, (*c)->name);
	printf("\nCommands:\n");
	for (c = command->subcommands; *c; c++)
		print_entry((*c)->name, width, (*c)->summary);
}

static void print_operands(const struct command *command)
{
	const struct operand *o;
	int width = 0;

	for (o = command->operands; o && o->name; o++)
		width = o->help ? wider(width, o->name) : width;
	if (width)
		printf("\nArguments:\n");
	for (o = command->operands; width && o->name; o++)
		if (o->help)
			print_entry(o->name, width, o->help);
}

/* The words that a value is of, each with what it is. */
static void print_words(const struct value_type *type, int left)
{
	const char *word;
	int width = 0;

	if (!type->nth_help)
		return;
	for (size_t i = 0; (word = value_word(type, i)); i++)
		width = wider(width, word);
	for (size_t i = 0; (word = value_word(type, i)); i++) {
		indent(left);
		printf("%-*s  ", width, word);
		print_text(type->nth_help(i), left + width + 2, false);
	}
}

static void print_options(const struct command *command)
{
	const struct command_option *o;
	char heading[96];
	int width = 0;

	for (o = command->options; o && o->name; o++) {
		option_heading(o, heading, sizeof(heading));
		width = wider(width, heading);
	}
	if (width && command == &bpftrek_command)
		printf("\nOptions, before or after the command:\n");
	else if (width)
		printf("\nOptions:\n");
	for (o = command->options; o && o->name; o++) {
		option_heading(o, heading, sizeof(heading));
		print_entry(heading, width, o->help);
		print_words(&o->value, 8);
	}
}

/* The options that every command takes, by name. */
static void print_other_options(const struct command *command)
{
	char text[256] = "";
	size_t used = 0;

	if (command == &bpftrek_command)
		return;
	for (const struct command_option *o = bpftrek_command.options; o->name; o++)
		if (!option_is_useless(command, o))
			used += snprintf(text + used, sizeof(text) - used, "%s--%s",
					 used ? ", " : "", o->name);
	printf("\nAlso, as 'bpftrek --help' explains them:\n");
	indent(2);
	print_paragraph(text, used, 2, 2);
}

static void print_examples(const struct command *command)
{
	const struct example *e = command->examples;

	printf("\n%s:\n", e[0].line && e[1].line ? "Examples" : "Example");
	for (; e->line; e++) {
		printf("  %s\n", e->line);
		indent(6);
		print_paragraph(e->help, strlen(e->help), 6, 6);
	}
}

int print_help(const struct command *command)
{
	print_usage(command);
	print_text(command->text, 0, true);
	print_operands(command);
	print_subcommands(command);
	print_options(command);
	print_other_options(command);
	if (command->exit_status) {
		printf("\nExit status:\n  ");
		print_text(command->exit_status, 2, true);
	}
	print_examples(command);
	return finish_output();
}

static int help(const struct arguments *arguments)
{
	const struct command *command = &bpftrek_command, *next;
	struct nearest nearest;

	for (size_t i = 0; i < arguments->operand_count; i++, command = next) {
		nearest = (struct nearest){.word = arguments->operands[i].text};
		next = find_subcommand(command, nearest.word);
		if (next)
			continue;
		for (const struct command *const *c = command->subcommands; c && *c; c++)
			nearest_consider(&nearest, (*c)->name);
		if (nearest.best)
			return usage_error("no command '%s', did you mean '%s'?", nearest.word,
					   nearest.best);
		return usage_error("no command '%s'", nearest.word);
	}
	return print_help(command);
}

static const struct operand operands[] = {
	{.name = "COMMAND", .value = {VALUE_COMMAND}, .optional = true, .many = true},
	{0},
};

static const struct example examples[] = {
	{"bpftrek help btf dump", "what `bpftrek btf dump` takes"},
	{0},
};

const struct command help_command = {
	.name = "help",
	.summary = "print what a command does and takes",
	.text = "Print what COMMAND does and takes, as COMMAND --help does; without one, which "
		"commands there are.",
	.operands = operands,
	.examples = examples,
	.without_engine = true,
	.run = help,
};
