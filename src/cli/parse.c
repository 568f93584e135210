/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The command line, by the tables: options anywhere (getopt_long(3)), then the operands. What the
 * tables say of values is checked here; a command gets what it can work with.
 */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* An option as it was given. */
struct given {
	const struct command_option *option;
	struct word value;
};

/* What getopt_long() returns for long option number 0 of a command, and for 0 of all commands. */
enum { OWN = 256, GLOBAL = 512 };

/* No error, but all is done: --help. */
#define DONE -1

struct options options;

static const struct {
	const char *name;
	bool *flag;
} flags[] = {
	{"json", &options.json},   {"jsonl", &options.jsonl},	  {"pretty", &options.pretty},
	{"quiet", &options.quiet}, {"verbose", &options.verbose},
};

static size_t count_options(const struct command_option *o)
{
	size_t n = 0;

	while (o && o[n].name)
		n++;
	return n;
}

/* Add @options to what getopt_long() takes. */
static void add_options(const struct command_option *o, int base, struct option *all, char *letters)
{
	size_t n = strlen(letters);

	for (size_t i = 0; o && o[i].name; i++) {
		all[i] = (struct option){o[i].name, o[i].argument ? required_argument : no_argument,
					 NULL, base + (int)i};
		if (!o[i].letter)
			continue;
		letters[n++] = o[i].letter;
		if (o[i].argument)
			letters[n++] = ':';
	}
	letters[n] = '\0';
}

static const struct command_option *by_letter(const struct command_option *o, int letter)
{
	for (; o && o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* Which option getopt_long() means. */
static const struct command_option *returned_option(const struct command *command, int value)
{
	const struct command_option *own;

	if (value >= GLOBAL)
		return &bpftrek_command.options[value - GLOBAL];
	if (value >= OWN)
		return &command->options[value - OWN];
	own = by_letter(command->options, value);
	return own ? own : by_letter(bpftrek_command.options, value);
}

static void consider_options(struct nearest *nearest, const struct command_option *o)
{
	for (; o && o->name; o++)
		nearest_consider(nearest, o->name);
}

static int unknown_option(const struct command *command, const char *word)
{
	struct nearest nearest = {.word = word};

	if (optopt >= OWN)
		return usage_error("option '%s' takes no value", word);
	if (optopt > ' ' && (word[0] != '-' || word[1] != '-'))
		return usage_error("unknown option '-%c'", optopt);
	if (!strncmp(word, "--", 2))
		nearest.word += 2;
	consider_options(&nearest, command->options);
	consider_options(&nearest, bpftrek_command.options);
	if (nearest.best)
		return usage_error("unknown option '%s', did you mean '--%s'?", word, nearest.best);
	return usage_error("unknown option '%s'", word);
}

/* "c, raw or json": all that @type allows. */
static void list_words(const struct value_type *type, char *text, size_t size)
{
	const char *word, *next = value_word(type, 0), *between = "";
	size_t used = 0;

	*text = '\0';
	for (size_t i = 1; (word = next) && used < size; i++) {
		next = value_word(type, i);
		used += snprintf(text + used, size - used, "%s%s",
				 i > 1 && !next ? " or " : between, word);
		between = ", ";
	}
}

/* Whether @word of @len bytes is one that @what, of @type, allows. The exit status. */
static int check_word(const char *what, const struct value_type *type, const char *word, size_t len)
{
	char text[512], given[64];
	struct nearest nearest = {.word = given};
	const char *allowed, *alias;

	snprintf(given, sizeof(given), "%.*s", (int)(len < sizeof(given) ? len : sizeof(given)),
		 word);
	for (size_t i = 0; (allowed = value_word(type, i)); i++) {
		alias = type->nth_alias ? type->nth_alias(i) : NULL;
		if ((strlen(allowed) == len && !strncmp(allowed, word, len)) ||
		    (alias && strlen(alias) == len && !strncasecmp(alias, word, len)))
			return 0;
		nearest_consider(&nearest, allowed);
	}
	if (nearest.best)
		return usage_error("%s '%s': did you mean '%s'?", what, given, nearest.best);
	list_words(type, text, sizeof(text));
	return usage_error("%s '%s': it is %s", what, given, text);
}

static int check_value(const char *what, const struct value_type *type, const char *text)
{
	size_t len;
	int status = 0;

	if (type->kind == VALUE_WORD)
		return check_word(what, type, text, strlen(text));
	for (; type->kind == VALUE_LIST && !status; text += len + 1) {
		text += *text && type->signs && strchr(type->signs, *text);
		len = strcspn(text, ",");
		status = check_word(what, type, text, len);
		if (!text[len])
			break;
	}
	return status;
}

/*
 * The value of type @type that begins with word @text, at argv[*next - 1]: an object of the engine
 * may take the following word too.
 */
static int read_value(const char *what, const struct value_type *type, char *text, int argc,
		      char **argv, int *next, struct word *value)
{
	*value = (struct word){.text = text};
	if (!value_is_named_by(type, text))
		return check_value(what, type, text);
	if (*next >= argc)
		return usage_error("%s: nothing follows '%s'", what, text);
	value->by = text;
	value->text = argv[(*next)++];
	return 0;
}

static int take_option(struct arguments *arguments, const struct command_option *option, int argc,
		       char **argv)
{
	struct given *given = &arguments->given[arguments->given_count];
	char what[64];
	int status;

	if (!strcmp(option->name, "help"))
		return print_help(arguments->command) ?: DONE;
	if (!strcmp(option->name, "version"))
		return print_version() ?: DONE;
	snprintf(what, sizeof(what), "--%s", option->name);
	if (!strcmp(option->name, "on")) {
		options.on = optarg; /* what it may be is checked with $BPFTREK_ON */
		return 0;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(option->name, flags[i].name))
			continue;
		*flags[i].flag = true;
		options.json |= options.pretty && !options.jsonl;
		return 0;
	}
	given->option = option;
	if (!option->argument) {
		arguments->given_count++;
		return 0;
	}
	status = read_value(what, &option->value, optarg, argc, argv, &optind, &given->value);
	if (!status && option->value.kind >= VALUE_MAP && !option->many &&
	    option_count(arguments, option->name))
		return usage_error("%s is given twice", what);
	arguments->given_count++;
	return status;
}

static int read_options(struct arguments *arguments, int argc, char **argv)
{
	const struct command *command = arguments->command;
	size_t own = command == &bpftrek_command ? 0 : count_options(command->options);
	size_t all = own + count_options(bpftrek_command.options);
	struct option *long_options = calloc(all + 1, sizeof(*long_options));
	char *letters = calloc(2 * all + 3, 1);
	int option, status = 0;

	if (!long_options || !letters) {
		status = fail("out of memory; free some and run it again");
		goto out;
	}
	/* '+': a word ends the options. */
	strcpy(letters, command->subcommands || command->words_end_options ? "+:" : ":");
	if (own)
		add_options(command->options, OWN, long_options, letters);
	add_options(bpftrek_command.options, GLOBAL, long_options + own, letters);

	opterr = 0;
	optind = 0;
	while (!status && (option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		if (option == ':')
			status = usage_error("option '%s' needs a value", argv[optind - 1]);
		else if (option == '?')
			status = unknown_option(command, argv[optind - 1]);
		else
			status = take_option(arguments, returned_option(command, option), argc,
					     argv);
	}
out:
	free(letters);
	free(long_options);
	return status;
}

static int read_operands(struct arguments *arguments)
{
	const struct operand *operand = arguments->command->operands;
	int next = 0, status = 0;
	char *word;

	while (next < arguments->argc && !status) {
		word = arguments->argv[next++];
		if (!operand || !operand->name)
			return usage_error("unexpected '%s'", word);
		status = read_value(operand->name, &operand->value, word, arguments->argc,
				    arguments->argv, &next,
				    &arguments->operands[arguments->operand_count++]);
		operand += !operand->many;
	}
	if (!status && operand && operand->name && !operand->optional &&
	    !(operand->many && arguments->operand_count))
		return usage_error("no %s given", operand->name);
	return status;
}

/* Of which groups a command is called @name: "'prog list' or 'map list'". */
static void list_namesakes(const struct command *group, const char *name, char *text, size_t size)
{
	const struct command *last = NULL;
	size_t used = 0;

	*text = '\0';
	for (const struct command *const *c = group->subcommands; *c && used < size; c++) {
		if (!find_subcommand(*c, name))
			continue;
		if (last)
			used += snprintf(text + used, size - used, "%s'%s %s'", used ? ", " : "",
					 last->name, name);
		last = *c;
	}
	if (last && used < size)
		snprintf(text + used, size - used, "%s'%s %s'", used ? " or " : "", last->name,
			 name);
}

static int run_subcommand(const struct command *group, int argc, char **argv)
{
	const struct command *command;
	struct nearest nearest = {.word = argc ? argv[0] : ""};
	char names[256] = "", namesakes[256];
	size_t used = 0;

	command = argc ? find_subcommand(group, argv[0]) : NULL;
	if (command)
		return command_run(command, argc, argv);
	for (const struct command *const *c = group->subcommands; *c; c++) {
		nearest_consider(&nearest, (*c)->name);
		if (used < sizeof(names))
			used += snprintf(names + used, sizeof(names) - used, "%s%s",
					 used ? ", " : "", (*c)->name);
	}
	if (!argc && group == &bpftrek_command)
		return usage_error("no command given");
	if (!argc)
		return usage_error("what to do is missing: %s", names);
	list_namesakes(group, argv[0], namesakes, sizeof(namesakes));
	if (*namesakes)
		return usage_error("unknown command '%s', did you mean %s?", argv[0], namesakes);
	if (nearest.best)
		return usage_error("unknown command '%s', did you mean '%s'?", argv[0],
				   nearest.best);
	return usage_error("unknown command '%s', it is one of %s", argv[0], names);
}

static int run_leaf(struct arguments *arguments)
{
	int status = read_operands(arguments);

	if (status)
		return status;
	if ((options.json || options.jsonl) && !arguments->command->json)
		return usage_error("'%s' writes no JSON, so --json, --jsonl and --pretty mean "
				   "nothing",
				   arguments->command->name);
	return arguments->command->run(arguments);
}

int command_run(const struct command *command, int argc, char **argv)
{
	struct arguments arguments = {
		.command = command,
		.operands = calloc(argc + 1, sizeof(*arguments.operands)),
		.given = calloc(argc + 1, sizeof(*arguments.given)),
	};
	int status;

	current_command = command;
	if (!arguments.operands || !arguments.given)
		status = fail("out of memory; free some and run it again");
	else
		status = read_options(&arguments, argc, argv);
	if (!status) {
		arguments.argc = argc - optind;
		arguments.argv = argv + optind;
		status = command->subcommands
				 ? run_subcommand(command, arguments.argc, arguments.argv)
				 : run_leaf(&arguments);
	}
	free(arguments.given);
	free(arguments.operands);
	return status == DONE ? 0 : status;
}

const struct word *operand(const struct arguments *arguments, size_t nth)
{
	return nth < arguments->operand_count ? &arguments->operands[nth] : NULL;
}

const struct word *option_nth(const struct arguments *arguments, const char *name, size_t nth)
{
	assert(find_option(arguments->command, name));
	for (size_t i = 0; i < arguments->given_count; i++)
		if (!strcmp(arguments->given[i].option->name, name) && !nth--)
			return &arguments->given[i].value;
	return NULL;
}

size_t option_count(const struct arguments *arguments, const char *name)
{
	size_t n = 0;

	while (option_nth(arguments, name, n))
		n++;
	return n;
}

const char *option_text(const struct arguments *arguments, const char *name)
{
	size_t n = option_count(arguments, name);

	return n ? option_nth(arguments, name, n - 1)->text : NULL;
}

int option_number(const struct arguments *arguments, const char *name, unsigned long long min,
		  unsigned long long *number)
{
	const char *text = option_text(arguments, name);
	unsigned long long value;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min)
		return usage_error("--%s '%s': it is a number from %llu on", name, text, min);
	*number = value;
	return 0;
}
