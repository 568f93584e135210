/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What the commands share: the global options, how a command is described, and how it says what
 * is wrong. A function that can fail returns the exit status: 0, or what fail() or usage_error()
 * returned, which have said why.
 *
 * A command is a table. From it come the parsing of its line, `bpftrek CMD --help`, the man page
 * and the completion of the shells: there is no second place where an option is written down. To
 * add a command:
 *
 *   1. Write src/cli/NAME.c (GROUP_NAME.c for `bpftrek GROUP NAME`) that ends with its table:
 *
 *	static const struct command_option options[] = {
 *		{.name = "limit", .argument = "N", .help = "stop after N elements"},
 *		{0},
 *	};
 *	const struct command map_dump_command = {
 *		.name = "dump", .summary = "print what is in a map", .text = "Print ...",
 *		.operands = operands, .options = options, .examples = examples,
 *		.json = true, .run = map_dump,
 *	};
 *
 *   2. Declare the table at the end of commands.h and enter it in its group in commands.c.
 *   3. Add the file to src/cli/meson.build.
 *
 * Text in tables is not wrapped by hand: a line ("...\n") is a paragraph, wrapped where it is
 * shown; a line that begins with a space stays as it is. Each command has an example, no longer
 * than 78 columns. tests/docs runs every one, on the embedded engine unless it says --on kernel, in
 * a directory that has what examples/ holds and makes; where the command takes --load and the
 * example has none, service.bpf.o is loaded and its map `sessions` filled.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* The options that every command takes; those of JSON, only if it says so. */
struct options {
	const char *on; /* --on; NULL: $BPFTREK_ON, else what this user may use */
	bool json, jsonl, pretty;
	bool quiet; /* only what was asked for: no heads of tables, no progress, no notes */
	bool verbose;
};

extern struct options options;

/* What a value is, which is what completes it. */
enum value_kind {
	VALUE_TEXT, /* nothing completes it */
	VALUE_WORD, /* one of .words; the parser refuses others */
	VALUE_LIST, /* some of .words with commas between them; the parser refuses others */
	VALUE_FILE,
	VALUE_COMMAND,	  /* of bpftrek */
	VALUE_EXECUTABLE, /* of $PATH, or a file */
	/* In the files that VALUE_FILE operands and --load name: */
	VALUE_ITERATOR, /* the name of an iterator program */
	VALUE_FUNCTION, /* the name of any program */
	VALUE_FILL,	/* MAP=FILE */
	VALUE_VARIABLE, /* VARIABLE=VALUE */
	/* An object of the engine: a name, or two words, as `id N`. See struct word. */
	VALUE_MAP,
	VALUE_PROGRAM,
	VALUE_LINK,
	VALUE_BTF,
};

struct value_type {
	enum value_kind kind;
	const char *const *words;	     /* of VALUE_WORD and VALUE_LIST, NULL after the last */
	const char *(*nth_word)(size_t nth); /* or this; NULL after the last */
	/* What else word number @nth is called, in large or small letters. */
	const char *(*nth_alias)(size_t nth);
	/* What word number @nth is; NULL: words need no help. */
	const char *(*nth_help)(size_t nth);
	const char *signs; /* "+-": what may stand before a word of VALUE_LIST; NULL: nothing */
};

struct command_option {
	const char *name;     /* "format" of --format */
	char letter;	      /* 'f' of -f, or 0 */
	const char *argument; /* what --help calls the value: "FILE"; NULL: it takes none */
	struct value_type value;
	bool many; /* each time it is given counts; otherwise the last one does */
	const char *help;
};

/* A word that is no option. Those that may be left out come after those that may not. */
struct operand {
	const char *name; /* "OBJECT" */
	struct value_type value;
	bool optional;
	bool many;	  /* the last operand: any number of words */
	const char *help; /* NULL: .text of the command explains it */
};

struct example {
	const char *line; /* as typed: "bpftrek map dump sessions" */
	const char *help; /* what it shows, no more than a line */
};

/* What only the man page has: a section, */
struct section {
	const char *title; /* "CONSISTENCY" */
	const char *text;
};

/* and what a variable of the environment or a file is for. */
struct term {
	const char *name; /* "BPFTREK_ON", "/sys/fs/bpf" */
	const char *text;
};

struct arguments;

/* Tables end with a zero entry. */
struct command {
	const char *name;
	const char *summary; /* one line; begins small, ends without a full stop */
	const char *text;    /* what it does */
	const struct operand *operands;
	const struct command_option *options;
	const struct example *examples;
	const char *exit_status; /* NULL: 0 if all is well, 1 if not, 2 for a wrong line */
	/* In the man page; each may be NULL. */
	const struct section *sections;
	const struct term *environment;
	const struct term *files;
	const char *see_also;	/* other pages: "bpftool-map(8), bpf(2)"; NULL: none */
	bool json;		/* --json, --jsonl and --pretty have a meaning */
	bool without_engine;	/* --on has none */
	bool words_end_options; /* the first operand ends the options */

	/* Either the commands in it, NULL after the last, */
	const struct command *const *subcommands;
	/* or what it does: the exit status. */
	int (*run)(const struct arguments *arguments);
};

/* A value or an operand. */
struct word {
	const char *by; /* of an object: "id", "name", "pinned" or "tag"; NULL: a word alone */
	char *text;
};

/* The line of a command. Options and operands are as its table says. */
struct arguments {
	const struct command *command;
	int argc; /* all words that are no options, NULL after the last */
	char **argv;
	struct word *operands;
	size_t operand_count;
	struct given *given; /* options in their order */
	size_t given_count;
};

/* Operand number @nth, NULL if it is not given. */
const struct word *operand(const struct arguments *arguments, size_t nth);

/* How often --@name is given. */
size_t option_count(const struct arguments *arguments, const char *name);

/* Value number @nth of --@name; NULL if it is not given so often. */
const struct word *option_nth(const struct arguments *arguments, const char *name, size_t nth);

/* The value of --@name, NULL if it is not given. */
const char *option_text(const struct arguments *arguments, const char *name);

/* The value of --@name as a number of at least @min, or *@number stays. The exit status. */
int option_number(const struct arguments *arguments, const char *name, unsigned long long min,
		  unsigned long long *number);

/*
 * "bpftrek: WHAT: reason; what to do", on one line whatever the arguments hold. Returns 1.
 * The format ends without a newline.
 */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a command line that is wrong; adds where its usage can be read. Returns 2. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say in the same way what is no error but should be known, unless --quiet. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Replace in @text what would talk to the terminal, or is no UTF-8; lines and tabs stay. */
void make_printable(char *text);

/* Write @document as the options say, and give it up. */
int print_json(json_t *document);

/* What `version` and --version print. */
int print_version(void);

/* Flush standard output; a reader that went away is no error. */
int finish_output(void);

/* Say that nothing could be written there, errno @err, and what to do. Returns 1. */
int output_failed(int err);

#endif /* CLI_CLI_H */
