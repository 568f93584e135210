/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Completion for every shell, from the commands' tables: the scripts in completion/ pass on what
 * is typed, and show what they are told. Nothing here may fail loudly: who presses Tab is typing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "complete.h"

#define MAX_PATHS 16
#define MAX_GIVEN 64

/* A line as far as it is typed. */
struct partial {
	const struct command *command; /* NULL: there is no such one */
	const struct command *topic;   /* of `bpftrek help`, so far */
	const struct operand *operand; /* the next word that is no option; NULL: none may come */
	bool options_ended;
	const struct command_option *option; /* whose value comes next, or NULL */
	const char *by;			     /* how the value or operand is named, if it is said */
	int number;			     /* of the word */
	int executable;		      /* the number of the word that is another command; -1: none */
	const char *paths[MAX_PATHS]; /* of objects */
	size_t path_count;
	const struct command_option *given[MAX_GIVEN];
	size_t given_count;
};

static void add_path(struct partial *partial, const char *path)
{
	if (partial->path_count < MAX_PATHS)
		partial->paths[partial->path_count++] = path;
}

static void take_value(struct partial *partial, const struct command_option *option,
		       const char *value)
{
	if (!strcmp(option->name, "on"))
		options.on = value;
	if (!strcmp(option->name, "load"))
		add_path(partial, value);
}

static void take_given(struct partial *partial, const struct command_option *option)
{
	if (partial->given_count < MAX_GIVEN)
		partial->given[partial->given_count++] = option;
}

/* "--load", "--load=FILE", "-jq" */
static void take_option(struct partial *partial, const char *word)
{
	const char *equals = strchr(word, '=');
	const struct command_option *option;
	char name[64];

	if (word[1] != '-')
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	option = find_option(partial->command, name);
	if (!option)
		return;
	take_given(partial, option);
	if (option->argument && equals)
		take_value(partial, option, equals + 1);
	else if (option->argument)
		partial->option = option;
}

static void enter(struct partial *partial, const struct command *command)
{
	partial->command = command;
	partial->operand =
		command && command->operands && command->operands->name ? command->operands : NULL;
}

static void take_operand(struct partial *partial, const char *word)
{
	const struct operand *operand = partial->operand;

	if (!operand)
		return;
	if (!partial->by && value_is_named_by(&operand->value, word)) {
		partial->by = word;
		return;
	}
	partial->by = NULL;
	if (operand->value.kind == VALUE_FILE)
		add_path(partial, word);
	else if (operand->value.kind == VALUE_COMMAND && partial->topic)
		partial->topic = find_subcommand(partial->topic, word);
	else if (operand->value.kind == VALUE_EXECUTABLE)
		partial->executable = partial->number;
	partial->options_ended |= partial->command->words_end_options;
	if (!operand->many)
		partial->operand = operand[1].name ? &operand[1] : NULL;
}

static void take_word(struct partial *partial, const char *word)
{
	if (partial->option) {
		if (!partial->by && value_is_named_by(&partial->option->value, word)) {
			partial->by = word;
			return;
		}
		if (!partial->by)
			take_value(partial, partial->option, word);
		partial->option = NULL;
		partial->by = NULL;
	} else if (!partial->options_ended && !strcmp(word, "--")) {
		partial->options_ended = true;
	} else if (!partial->options_ended && word[0] == '-' && word[1]) {
		take_option(partial, word);
	} else if (partial->command->subcommands) {
		enter(partial, find_subcommand(partial->command, word));
	} else {
		take_operand(partial, word);
	}
}

static void offer_commands(struct candidates *candidates, const struct command *group)
{
	for (const struct command *const *c = group->subcommands; c && *c; c++)
		offer(candidates, (*c)->name, (*c)->summary);
}

static bool may_be_given(const struct partial *partial, const struct command_option *option)
{
	if (option_is_useless(partial->command, option))
		return false;
	for (size_t i = 0; i < partial->given_count && !option->many; i++)
		if (partial->given[i] == option)
			return false;
	return true;
}

static void offer_options_of(struct candidates *candidates, const struct partial *partial,
			     const struct command_option *option)
{
	char text[64], help[128];
	size_t first;

	for (; option && option->name; option++) {
		if (!may_be_given(partial, option))
			continue;
		snprintf(text, sizeof(text), "--%s", option->name);
		first = strcspn(option->help, ";\n");
		snprintf(help, sizeof(help), "%.*s", (int)first, option->help);
		offer(candidates, text, help);
	}
}

static void offer_options(struct candidates *candidates, const struct partial *partial)
{
	if (partial->command != &bpftrek_command)
		offer_options_of(candidates, partial, partial->command->options);
	offer_options_of(candidates, partial, bpftrek_command.options);
}

static void offer_words(struct candidates *candidates, const struct value_type *type)
{
	const char *word;

	for (size_t i = 0; (word = value_word(type, i)); i++)
		offer(candidates, word, type->nth_help ? type->nth_help(i) : NULL);
}

/* The part of a word after @length bytes is completed by itself. */
static void go_on_after(struct candidates *candidates, size_t length)
{
	candidates->before = candidates->before ?: candidates->word;
	candidates->word += length;
}

static bool is_in_list(const char *list, const char *end, const char *word, const char *signs)
{
	size_t len;

	for (; list < end; list += len + 1) {
		list += signs && *list && strchr(signs, *list);
		len = strcspn(list, ",");
		if (len == strlen(word) && !strncmp(list, word, len))
			return true;
	}
	return false;
}

/* Words with commas between them; each is offered once. */
static void offer_list(struct candidates *candidates, const struct value_type *type)
{
	const char *list = candidates->word, *comma = strrchr(list, ','), *word;

	if (comma)
		go_on_after(candidates, comma + 1 - list);
	if (*candidates->word && type->signs && strchr(type->signs, *candidates->word))
		go_on_after(candidates, 1);
	for (size_t i = 0; (word = value_word(type, i)); i++)
		if (!is_in_list(list, candidates->word, word, type->signs))
			offer(candidates, word, type->nth_help ? type->nth_help(i) : NULL);
	candidates->goes_on = true;
}

static void offer_fill(struct candidates *candidates, const struct partial *partial)
{
	const char *equals = strchr(candidates->word, '=');

	if (!equals) {
		offer_maps_of_files(candidates, partial->paths, partial->path_count, "=");
		return;
	}
	go_on_after(candidates, equals + 1 + (equals[1] == '@') - candidates->word);
	offer_files(candidates, NULL, NULL);
}

static void offer_named(struct candidates *candidates, const struct partial *partial,
			const struct value_type *type)
{
	static const char *const ways[] = {"id", "name", "pinned", "tag"};
	const char *const *paths = partial->paths;

	if (!partial->by || !strcmp(partial->by, "name")) {
		if (type->kind == VALUE_MAP)
			offer_maps_of_files(candidates, paths, partial->path_count, "");
		if (type->kind == VALUE_PROGRAM)
			offer_programs_of_files(candidates, paths, partial->path_count, false);
	}
	if (partial->by) {
		offer_objects(candidates, type->kind, partial->by);
		return;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (value_is_named_by(type, ways[i]))
			offer(candidates, ways[i], NULL);
	if (value_is_named_by(type, "name"))
		offer_objects(candidates, type->kind, "name");
}

/* false: the shell has to offer files. */
static bool offer_value(struct candidates *candidates, const struct partial *partial,
			const struct value_type *type)
{
	switch (type->kind) {
	case VALUE_TEXT:
		break;
	case VALUE_WORD:
		offer_words(candidates, type);
		break;
	case VALUE_LIST:
		offer_list(candidates, type);
		break;
	case VALUE_FILE:
		if (!candidates->before)
			return false;
		offer_files(candidates, NULL, NULL);
		break;
	case VALUE_COMMAND:
		if (partial->topic)
			offer_commands(candidates, partial->topic);
		break;
	case VALUE_EXECUTABLE:
		break; /* complete() knows it */
	case VALUE_ITERATOR:
	case VALUE_FUNCTION:
		offer_programs_of_files(candidates, partial->paths, partial->path_count,
					type->kind == VALUE_ITERATOR);
		break;
	case VALUE_FILL:
		offer_fill(candidates, partial);
		break;
	case VALUE_VARIABLE:
		if (!strchr(candidates->word, '='))
			offer_variables_of_files(candidates, partial->paths, partial->path_count);
		break;
	case VALUE_MAP:
	case VALUE_PROGRAM:
	case VALUE_LINK:
	case VALUE_BTF:
		offer_named(candidates, partial, type);
		break;
	}
	return true;
}

/* The same for the word that is being typed. */
static bool offer_last(struct candidates *candidates, const struct partial *partial)
{
	const char *word = candidates->word, *equals;
	const struct command_option *option;
	char name[64];

	if (partial->option)
		return offer_value(candidates, partial, &partial->option->value);
	if (*word == '-' && !partial->options_ended && !partial->by) {
		equals = strncmp(word, "--", 2) ? NULL : strchr(word, '=');
		if (!equals) {
			offer_options(candidates, partial);
			return true;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(equals - word - 2), word + 2);
		option = find_option(partial->command, name);
		go_on_after(candidates, equals + 1 - word);
		return !option || offer_value(candidates, partial, &option->value);
	}
	if (partial->command->subcommands)
		offer_commands(candidates, partial->command);
	else if (partial->operand)
		return offer_value(candidates, partial, &partial->operand->value);
	else if (!partial->options_ended)
		offer_options(candidates, partial);
	return true;
}

static bool is_at_executable(const struct partial *partial, const char *word)
{
	return partial->operand && partial->operand->value.kind == VALUE_EXECUTABLE &&
	       !partial->option && (partial->options_ended || *word != '-');
}

/* A directory goes on, too, but the shell may be left to choose among several. */
static bool goes_on(const struct candidates *candidates)
{
	const char *only = candidates->count == 1 ? candidates->list[0].text : "";

	return candidates->goes_on || (*only && only[strlen(only) - 1] == '/');
}

static void print_candidates(const struct candidates *candidates)
{
	const struct candidate *c = candidates->list;
	int before = candidates->before ? candidates->word - candidates->before : 0;

	for (size_t i = 0; i < candidates->count; i++)
		printf("%.*s%s%s%s\n", before, candidates->before ?: "", c[i].text,
		       c[i].help ? "\t" : "", c[i].help ?: "");
	printf(":%s%s%s\n", goes_on(candidates) ? "nospace" : "",
	       goes_on(candidates) && candidates->paths ? " " : "",
	       candidates->paths ? "paths" : "");
}

static void free_candidates(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++) {
		free(candidates->list[i].text);
		free(candidates->list[i].help);
	}
	free(candidates->list);
}

int complete(int argc, char **argv)
{
	struct partial partial = {.topic = &bpftrek_command, .executable = -1};
	struct candidates candidates = {.word = argc ? argv[argc - 1] : ""};
	bool files = false;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0)
		dup2(null, STDERR_FILENO);
	enter(&partial, &bpftrek_command);
	for (; partial.number < argc - 1 && partial.command; partial.number++)
		take_word(&partial, argv[partial.number]);
	if (partial.executable < 0 && is_at_executable(&partial, candidates.word))
		partial.executable = partial.number;
	if (partial.executable < 0 && partial.command)
		files = !offer_last(&candidates, &partial);
	if (partial.executable >= 0)
		printf(":command %d\n", partial.executable);
	else if (files)
		printf(":files\n");
	else
		print_candidates(&candidates);
	free_candidates(&candidates);
	fflush(stdout);
	return 0;
}
