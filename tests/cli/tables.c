/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The commands' tables as JSON, for the tests that hold help, manual and completion against them.
 */
#include <jansson.h>

#include "commands.h"

static const char *const kinds[] = {
	[VALUE_TEXT] = "text",	       [VALUE_WORD] = "word",
	[VALUE_LIST] = "list",	       [VALUE_FILE] = "file",
	[VALUE_COMMAND] = "command",   [VALUE_EXECUTABLE] = "executable",
	[VALUE_ITERATOR] = "iterator", [VALUE_FUNCTION] = "function",
	[VALUE_FILL] = "fill",	       [VALUE_VARIABLE] = "variable",
	[VALUE_MAP] = "map",	       [VALUE_PROGRAM] = "program",
	[VALUE_LINK] = "link",	       [VALUE_BTF] = "btf",
};

static json_t *words(const struct value_type *type)
{
	json_t *list = json_array();
	const char *word;

	for (size_t i = 0; (word = value_word(type, i)); i++)
		json_array_append_new(list, json_string(word));
	return list;
}

static json_t *options_of(const struct command *command)
{
	json_t *list = json_array();
	char letter[2] = "";

	for (const struct command_option *o = command->options; o && o->name; o++) {
		letter[0] = o->letter;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s, s:o, s:b, s:s}",
						      "name", o->name, "letter", letter, "argument",
						      o->argument, "kind", kinds[o->value.kind],
						      "words", words(&o->value), "many", o->many,
						      "help", o->help));
	}
	return list;
}

static json_t *operands_of(const struct command *command)
{
	json_t *list = json_array();

	for (const struct operand *o = command->operands; o && o->name; o++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:b, s:b, s:s?}", "name", o->name,
						"kind", kinds[o->value.kind], "optional",
						o->optional, "many", o->many, "help", o->help));
	return list;
}

static json_t *examples_of(const struct command *command)
{
	json_t *list = json_array();

	for (const struct example *e = command->examples; e && e->line; e++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "line", e->line, "help", e->help));
	return list;
}

static void add(json_t *list, const struct command *command)
{
	char path[64], page[64];

	command_path(command, ' ', path, sizeof(path));
	command_path(command, '-', page, sizeof(page));
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:b}",
					      "path", path, "page", page, "summary",
					      command->summary, "text", command->text, "options",
					      options_of(command), "operands", operands_of(command),
					      "examples", examples_of(command), "json",
					      command->json, "group", command->subcommands != NULL,
					      "words_end_options", command->words_end_options));
	for (const struct command *const *c = command->subcommands; c && *c; c++)
		add(list, *c);
}

int main(void)
{
	json_t *list = json_array();
	int err;

	add(list, &bpftrek_command);
	err = json_dumpf(list, stdout, 0);
	json_decref(list);
	return err ? 1 : 0;
}
